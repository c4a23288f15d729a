//! Symbols: texts as numbers of one size.

use sha2::{Digest, Sha256};
use twox_hash::XxHash3_64;

/// The symbol of a text: the first 8 bytes, big endian, of its SHA-256. It is never 0, which means "no text".
pub fn symbol(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    let first = digest.first_chunk().expect("a SHA-256 has 32 bytes");
    u64::from_be_bytes(*first).max(1)
}

/// The key of a text that is only told from others: its XXH3, 64 bits, never 0. Most texts that become keys are new, for
/// which a symbol would take ten times as long.
pub fn key(text: &str) -> u64 {
    XxHash3_64::oneshot(text.as_bytes()).max(1)
}

#[cfg(test)]
mod tests {
    use super::{key, symbol};

    #[test]
    fn a_key_is_the_known_hash() {
        // As the reference implementation gives them without a seed.
        assert_eq!(key(""), 0x2d06_8005_38d3_94c2);
        assert_eq!(key("a"), 0xe6c6_32b6_1e96_4e1f);
        assert_eq!(key("abc"), 0x78af_5f94_892f_3950);
    }

    #[test]
    fn a_symbol_is_the_begin_of_a_known_digest() {
        // SHA-256 of the empty text and of "abc", as FIPS 180-4's examples give them.
        assert_eq!(symbol(""), 0xe3b0_c442_98fc_1c14);
        assert_eq!(symbol("abc"), 0xba78_16bf_8f01_cfea);
    }
}
