//! Where lines end, found for a window of text at a time.
//!
//! A search from line to line waits for the line before, and mispredicts where it ends. Here 64 bytes at a time become
//! a mask of line ends, whatever they hold, and the places are written down without a branch: the search runs ahead of
//! the scan of the lines.

/// Small enough for places of 16 bits, and to stay in the first-level cache until the lines are scanned.
pub const WINDOW_BYTES: usize = 8 << 10;
/// Bytes of a mask.
const BLOCK_BYTES: usize = 64;
/// Line ends of a block that are written at once; lines of a log are rarely so short that there are more.
const AT_ONCE: usize = 2;

/// Whether the processor has `avx2,bmi1,bmi2,popcnt`: it compares 32 bytes at once, and counts and finds bits.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn is_wide() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
}

/// The line ends of a window.
#[derive(Debug, Default)]
pub struct Ends {
    /// Places within the window; a few more than there may be line ends.
    places: Box<[u16]>,
    found: usize,
    next: usize,
    /// Where the window begins.
    start: usize,
}

impl Ends {
    /// No line end.
    pub fn new() -> Self {
        Self { places: vec![0; WINDOW_BYTES + AT_ONCE].into(), found: 0, next: 0, start: 0 }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        (self.found, self.next) = (0, 0);
    }

    /// The line end that comes next.
    #[inline(always)]
    pub fn peek(&self) -> Option<usize> {
        (self.next < self.found).then(|| self.start + usize::from(self.places[self.next]))
    }

    /// The line ends that come next, as places behind the first byte that is given, too.
    #[inline(always)]
    pub fn ahead(&self) -> (&[u16], usize) {
        (&self.places[self.next..self.found], self.start)
    }

    /// Goes on to the line end behind that.
    #[inline(always)]
    pub fn advance(&mut self) {
        self.next = self.next.wrapping_add(1);
    }

    /// Goes on to the last of so many line ends; to that before the window, which is no more, where there are none.
    #[inline(always)]
    pub fn go_to_last(&mut self, count: usize) {
        self.next = self.next.wrapping_add(count).wrapping_sub(1);
    }

    /// Goes on by so many line ends.
    #[inline(always)]
    pub fn advance_by(&mut self, count: usize) {
        self.next += count;
    }

    /// Goes over to a window of [`WINDOW_BYTES`] at most that begins at `start`; true where a byte of it is NUL.
    pub fn find(&mut self, window: &[u8], start: usize) -> bool {
        (self.found, self.next, self.start) = (0, 0, start);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("popcnt")
        {
            // SAFETY: the processor has what the function needs.
            return unsafe { self.find_widest(window) };
        }
        #[cfg(target_arch = "x86_64")]
        if is_wide() {
            // SAFETY: the processor has what the function needs.
            return unsafe { self.find_wide(window) };
        }
        self.find_anywhere(window, line_ends)
    }

    #[inline(always)]
    fn find_anywhere(&mut self, window: &[u8], line_ends: impl Fn(&[u8; BLOCK_BYTES]) -> (u64, u64)) -> bool {
        let (blocks, rest) = window.as_chunks::<BLOCK_BYTES>();
        let (mut base, mut zeros) = (0, 0);
        for block in blocks {
            ask_for(block.as_ptr().wrapping_add(WINDOW_BYTES));
            let (ends, more) = line_ends(block);
            zeros |= more;
            self.note(ends, base);
            base += BLOCK_BYTES as u16;
        }
        let mut last = [u8::MAX; BLOCK_BYTES];
        last[..rest.len()].copy_from_slice(rest);
        let (ends, more) = line_ends(&last);
        self.note(ends, base);
        zeros | more != 0
    }

    /// The same with the instructions of newer processors, which count and find bits at once.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn find_wide(&mut self, window: &[u8]) -> bool {
        self.find_anywhere(window, |block| line_ends_avx2(block))
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512bw,bmi1,popcnt")]
    fn find_widest(&mut self, window: &[u8]) -> bool {
        self.find_anywhere(window, |block| line_ends_avx512(block))
    }

    #[inline(always)]
    fn note(&mut self, mut mask: u64, base: u16) {
        let count = mask.count_ones() as usize;
        let mut write = |slot: &mut u16| {
            // Of an empty mask, it is a place that does not count.
            *slot = base + mask.trailing_zeros() as u16;
            mask &= mask.wrapping_sub(1);
        };
        self.places[self.found..self.found + AT_ONCE].iter_mut().for_each(&mut write);
        if count > AT_ONCE {
            self.places[self.found + AT_ONCE..self.found + count].iter_mut().for_each(&mut write);
        }
        self.found += count;
    }
}

/// Has what lies there brought into the first-level cache: the next window, while this one is scanned. What was just read
/// from a file is not always in a near one.
#[inline(always)]
fn ask_for(_place: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it is a hint and reads nothing, whatever lies there, and SSE belongs to every processor of this architecture.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(_place.cast());
    }
}

/// A bit for each line end of a block, and a number that is not 0 where a byte of it is NUL.
#[inline(always)]
fn line_ends(block: &[u8; BLOCK_BYTES]) -> (u64, u64) {
    #[cfg(target_arch = "x86_64")]
    return line_ends_sse2(block);
    #[cfg(not(target_arch = "x86_64"))]
    line_ends_anywhere(block)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn line_ends_sse2(block: &[u8; BLOCK_BYTES]) -> (u64, u64) {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8, _mm_setzero_si128,
    };

    let (sixteens, _) = block.as_chunks::<16>();
    // SAFETY: these only calculate, and SSE2 belongs to every processor of this architecture.
    unsafe {
        let mut least = _mm_set1_epi8(-1);
        let ends = sixteens.iter().rev().fold(0, |mask, bytes| {
            let number = u128::from_le_bytes(*bytes);
            let bytes = _mm_set_epi64x((number >> 64) as i64, number as i64);
            least = _mm_min_epu8(least, bytes);
            let equal = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\n'.cast_signed())));
            mask << 16 | u64::from(equal.cast_unsigned())
        });
        (ends, u64::from(_mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128())).cast_unsigned()))
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn line_ends_avx2(block: &[u8; BLOCK_BYTES]) -> (u64, u64) {
    use std::arch::x86_64::{
        _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_set1_epi8,
        _mm256_setzero_si256,
    };

    let (halves, _) = block.as_chunks::<32>();
    let mut least = _mm256_set1_epi8(-1);
    let ends = halves.iter().rev().fold(0, |mask, bytes| {
        // SAFETY: 32 bytes are there, and the load asks for no alignment.
        let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        least = _mm256_min_epu8(least, bytes);
        let equal = _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\n'.cast_signed())));
        mask << 32 | u64::from(equal.cast_unsigned())
    });
    let zeros = _mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256()));
    (ends, u64::from(zeros.cast_unsigned()))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw")]
#[inline]
fn line_ends_avx512(block: &[u8; BLOCK_BYTES]) -> (u64, u64) {
    use std::arch::x86_64::{_mm512_cmpeq_epi8_mask, _mm512_loadu_si512, _mm512_set1_epi8, _mm512_testn_epi8_mask};

    // SAFETY: 64 bytes are there, and the load asks for no alignment.
    let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    let ends = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'\n'.cast_signed()));
    (ends, _mm512_testn_epi8_mask(bytes, bytes))
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn line_ends_anywhere(block: &[u8; BLOCK_BYTES]) -> (u64, u64) {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    const NEWLINES: u64 = u64::from_le_bytes([b'\n'; 8]);
    // Brings the high bits of eight bytes together in the highest byte.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    // The high bit of each byte that is 0.
    let zero = |bytes: u64| !(((bytes & LOW) + LOW) | bytes | LOW);
    let (eights, _) = block.as_chunks::<8>();
    eights.iter().rev().fold((0, 0), |(mask, zeros), bytes| {
        let bytes = u64::from_le_bytes(*bytes);
        (mask << 8 | zero(bytes ^ NEWLINES).wrapping_mul(GATHER) >> 56, zeros | zero(bytes))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Just;

    use super::*;

    fn all(text: &[u8]) -> Vec<usize> {
        let mut ends = Ends::new();
        let mut found = Vec::new();
        for (number, window) in text.chunks(WINDOW_BYTES).enumerate() {
            ends.find(window, number * WINDOW_BYTES);
            while let Some(end) = ends.peek() {
                found.push(end);
                ends.advance();
            }
        }
        found
    }

    #[test]
    fn a_window_may_be_full_of_line_ends_or_have_none() {
        let bytes = 2 * WINDOW_BYTES + 5;
        assert_eq!(all(&vec![b'\n'; bytes]), (0..bytes).collect::<Vec<_>>());
        assert_eq!(all(&vec![b'\r'; bytes]), Vec::<usize>::new());
    }

    #[test]
    fn a_byte_that_is_nul_is_told_wherever_it_stands() {
        for bytes in [1, 63, 64, 65, 200, WINDOW_BYTES] {
            assert!(!Ends::new().find(&vec![b'x'; bytes], 0), "{bytes}");
            for at in [0, bytes / 2, bytes - 1] {
                let mut window = vec![b'x'; bytes];
                window[at] = 0;
                assert!(Ends::new().find(&window, 0), "{at} of {bytes}");
            }
        }
    }

    proptest! {
        #[test]
        fn ends_are_where_a_plain_search_finds_them(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>(), Just(0x8a)], 0..400),
        ) {
            prop_assert_eq!(all(&text), memchr::memchr_iter(b'\n', &text).collect::<Vec<_>>());
            for block in text.as_chunks().0 {
                let ((ends, zeros), (others, more)) = (line_ends(block), line_ends_anywhere(block));
                prop_assert_eq!((ends, zeros != 0), (others, more != 0));
                prop_assert_eq!(zeros != 0, block.contains(&0));
            }
        }
    }
}
