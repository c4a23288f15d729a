//! Symbols: texts as numbers of one size.

use sha2::{Digest, Sha256};

/// The symbol of a text: the first 8 bytes, big endian, of its SHA-256. It is never 0, which means "no text".
pub fn symbol(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    let first = digest.first_chunk().expect("a SHA-256 has 32 bytes");
    u64::from_be_bytes(*first).max(1)
}

#[cfg(test)]
mod tests {
    use super::symbol;

    #[test]
    fn a_symbol_is_the_begin_of_a_known_digest() {
        // SHA-256 of the empty text and of "abc", as FIPS 180-4's examples give them.
        assert_eq!(symbol(""), 0xe3b0_c442_98fc_1c14);
        assert_eq!(symbol("abc"), 0xba78_16bf_8f01_cfea);
    }
}
