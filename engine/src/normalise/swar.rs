//! Searches in short stretches of text, eight bytes at a time.
//!
//! Fields of log lines are so short that the call of a vectorised search costs more than it saves, and a loop over
//! bytes ends at another place in every line, which a processor cannot predict. These take the same path whatever the
//! length, up to eight bytes.

const LOW: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Eight bytes from `at`; none where there are fewer.
#[inline(always)]
pub fn eight(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..).and_then(|rest| rest.first_chunk()).map(|bytes| u64::from_le_bytes(*bytes))
}

/// A byte, eight times.
#[inline(always)]
pub fn eight_times(byte: u8) -> u64 {
    LOW * u64::from(byte)
}

/// High bits of the bytes that equal `byte`; right up to the first of them.
#[inline(always)]
fn equal(bytes: u64, byte: u8) -> u64 {
    zeros(bytes ^ eight_times(byte))
}

/// High bits of the bytes that are zero; right up to the first of them.
#[inline(always)]
fn zeros(bytes: u64) -> u64 {
    bytes.wrapping_sub(LOW) & !bytes & HIGH
}

/// Position of the first `byte` from `from`.
#[inline(always)]
pub fn find(text: &[u8], from: usize, byte: u8) -> Option<usize> {
    find_either(text, from, byte, byte)
}

/// The same, where it is one of eight bytes, of a byte that is given eight times.
#[inline(always)]
pub fn find_near(text: &[u8], from: usize, bytes: u64) -> Option<usize> {
    let found = zeros(eight(text, from)? ^ bytes);
    (found != 0).then(|| from + found.trailing_zeros() as usize / 8)
}

/// Position of the first `a` or `b` from `from`.
#[inline(always)]
pub fn find_either(text: &[u8], from: usize, a: u8, b: u8) -> Option<usize> {
    let mut at = from;
    while let Some(bytes) = eight(text, at) {
        let found = equal(bytes, a) | equal(bytes, b);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    rest.iter().position(|&byte| byte == a || byte == b).map(|found| at + found)
}

/// The same, where a stretch of more than eight bytes is likely.
#[inline(always)]
pub fn find_either_far(text: &[u8], from: usize, a: u8, b: u8) -> Option<usize> {
    let mut at = from;
    while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let found = either_of_sixteen(bytes, a, b);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += 16;
    }
    find_either(text, at, a, b)
}

/// A bit for each of sixteen bytes that is `a` or `b`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn either_of_sixteen(bytes: &[u8; 16], a: u8, b: u8) -> u32 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};

    // SAFETY: sixteen bytes are there, the load asks for no alignment, and SSE2 belongs to every processor of this architecture.
    unsafe {
        let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
        let equal = |byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed()));
        _mm_movemask_epi8(_mm_or_si128(equal(a), equal(b))).cast_unsigned()
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn either_of_sixteen(bytes: &[u8; 16], a: u8, b: u8) -> u32 {
    (0..16).fold(0, |found, at| found | u32::from(bytes[at] == a || bytes[at] == b) << at)
}

/// Position behind a run of `byte` that may be empty.
#[inline(always)]
pub fn skip(text: &[u8], from: usize, byte: u8) -> usize {
    let mut at = from;
    while let Some(bytes) = eight(text, at) {
        let run = (bytes ^ (LOW * u64::from(byte))).trailing_zeros() as usize / 8;
        at += run;
        if run < 8 {
            return at;
        }
    }
    at + text.get(at..).map_or(0, |rest| rest.iter().take_while(|&&other| other == byte).count())
}

/// Up to eight bytes as a number; texts without NUL that differ give numbers that differ.
#[inline(always)]
pub fn pack(text: &[u8]) -> u64 {
    let wide = |at: usize| {
        let bytes = text.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
    };
    match text.len() {
        0 => 0,
        // The two halves overlap in equal bits.
        length @ 4..=8 => wide(0) | wide(length - 4) << ((length - 4) * 8),
        length @ 1..=3 => {
            let at = |at: usize| u64::from(text[at]) << (at * 8);
            at(0) | at(length / 2) | at(length - 1)
        }
        _ => eight(text, 0).unwrap_or(0),
    }
}

/// Whether texts are equal. Most that are compared are so short that the call of a comparison costs more.
#[inline(always)]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let Some(last) = a.len().checked_sub(8) else { return pack(a) == pack(b) };
    let mut at = 0;
    while at < last && eight(a, at) == eight(b, at) {
        at += 8;
    }
    // The last eight bytes may overlap with those before.
    at >= last && eight(a, last) == eight(b, last)
}

/// Whether a text begins with another.
#[inline(always)]
pub fn begins(text: &[u8], with: &[u8]) -> bool {
    text.get(..with.len()).is_some_and(|begin| same(begin, with))
}

/// The numbers of `05:08:` or `31,905`, whose bytes are known to be such: of the first two digits, of the next two, and
/// of the last byte.
#[inline(always)]
pub fn pairs(text: u64) -> (i64, i64, i64) {
    let digits = text & u64::from_le_bytes([0x0f; 8]);
    // Each byte becomes ten times the one before it and itself.
    let pairs = digits.wrapping_mul(0x0a01);
    let byte = |of: u64, at: u32| (of >> (8 * at) & 0xff).cast_signed();
    (byte(pairs, 1), byte(pairs, 4), byte(digits, 5))
}

/// The number of three digits such as those behind the thousandths of a second, of which only the digits' bits are left.
#[inline(always)]
pub fn micros(digits: u64) -> i64 {
    pairs(digits).0 * 10 + (digits >> 16 & 0x0f).cast_signed()
}

/// Microseconds that the digits from `at` on are as a fraction, and their number; none where they may be more than seven.
#[inline(always)]
pub fn fraction(text: &[u8], at: usize) -> Option<(i64, usize)> {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    const OVER: u64 = u64::from_le_bytes([0x76; 8]);
    let digits = eight(text, at)? ^ ZEROS;
    // What carries over from one byte is behind the first that is no digit.
    let others = (digits | digits.wrapping_add(OVER)) & HIGH;
    let count = others.trailing_zeros() / 8;
    let digits = digits & (1u64.checked_shl(count * 8)?).wrapping_sub(1);
    let digit = |at: u32| (digits >> (8 * at) & 0xff).cast_signed();
    let (high, low) = (digit(0) * 100 + digit(1) * 10 + digit(2), digit(3) * 100 + digit(4) * 10 + digit(5));
    Some((high * 1000 + low, count as usize))
}

/// A text's length and its bytes at both ends: up to 16 bytes, that is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    first: u64,
    last: u64,
    bytes: usize,
}

impl Key {
    /// The key of a text.
    #[inline(always)]
    pub fn new(text: &[u8]) -> Self {
        let last = text.len().checked_sub(8).map_or(0, |at| eight(text, at).unwrap_or(0));
        Self { first: pack(text), last, bytes: text.len() }
    }

    /// Whether texts of equal keys may differ.
    #[inline(always)]
    pub fn is_partial(self) -> bool {
        self.bytes > 16
    }

    /// A number whose high bits are well mixed.
    #[inline(always)]
    pub fn hash(self) -> u64 {
        // Odd numbers from the golden ratio and from the square root of 3.
        const A: u64 = 0x9e37_79b9_7f4a_7c15;
        const B: u64 = 0xbb67_ae85_84ca_a73b;
        (self.first ^ self.bytes as u64).wrapping_mul(A) ^ self.last.wrapping_mul(B)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn searches_find_what_plain_loops_find(text in "[ab ]{0,40}", from in 0usize..44) {
            let text = text.as_bytes();
            let rest = text.get(from..).unwrap_or_default();
            let plain = |wanted: &[u8]| rest.iter().position(|byte| wanted.contains(byte)).map(|at| from + at);
            prop_assert_eq!(find(text, from, b'a'), plain(b"a"));
            let near = plain(b"a").filter(|at| at - from < 8 && text.len() >= from + 8);
            prop_assert_eq!(find_near(text, from, eight_times(b'a')), near);
            prop_assert_eq!(find_either(text, from, b'a', b'b'), plain(b"ab"));
            prop_assert_eq!(find_either_far(text, from, b'a', b'b'), plain(b"ab"));
            prop_assert_eq!(skip(text, from, b' '), from + rest.iter().take_while(|byte| **byte == b' ').count());
        }

        #[test]
        fn searches_are_right_for_any_bytes(text: Vec<u8>, byte: u8) {
            prop_assert_eq!(find(&text, 0, byte), text.iter().position(|other| *other == byte));
        }

        #[test]
        fn a_fraction_is_its_digits(digits in "[0-9]{0,10}", behind: Vec<u8>) {
            let text = [digits.as_bytes(), b"Z", &behind].concat();
            let six = format!("{digits:0<6}");
            let expected = Some((six[..6].parse().expect("digits"), digits.len()));
            prop_assert_eq!(fraction(&text, 0), expected.filter(|_| digits.len() < 8 && text.len() >= 8));
        }

        #[test]
        fn texts_are_compared_to_their_ends(text in "[ab]{0,40}", other in "[ab]{0,40}", at in 0usize..41, byte: u8) {
            let (mut changed, at) = (text.clone().into_bytes(), at % (text.len() + 1));
            changed.truncate(at);
            prop_assert!(begins(text.as_bytes(), &changed) && same(text.as_bytes(), text.as_bytes()));
            changed.push(byte);
            for other in [&changed[..], other.as_bytes()] {
                prop_assert_eq!(begins(text.as_bytes(), other), text.as_bytes().starts_with(other));
                prop_assert_eq!(same(text.as_bytes(), other), text.as_bytes() == other);
            }
        }

        #[test]
        fn packed_texts_are_the_bytes(text in proptest::collection::vec(any::<u8>(), 0..=8)) {
            let mut bytes = [0; 8];
            bytes[..text.len()].copy_from_slice(&text);
            prop_assert_eq!(pack(&text), u64::from_le_bytes(bytes));
        }
    }
}
