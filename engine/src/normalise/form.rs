//! What 32 bytes may be, compared at once.

use std::array;

/// Bytes of a form.
pub const FORM_BYTES: usize = 32;

/// For each byte of a text the least that it may be, and how far it may lie above that, in turn as in a circle: any byte
/// lies at most 255 above any other.
#[derive(Debug, Clone, Copy)]
#[repr(align(16))]
pub struct Form {
    pub least: [u8; FORM_BYTES],
    pub most: [u8; FORM_BYTES],
}

impl Default for Form {
    /// That of no line: none holds its own end.
    fn default() -> Self {
        Self { least: [b'\n'; FORM_BYTES], most: [0; FORM_BYTES] }
    }
}

impl Form {
    /// The same, but for the bytes of a text that `set` marks with 255 in place of 0: they may be no other.
    pub fn with(&self, text: &[u8; FORM_BYTES], set: &[u8; FORM_BYTES]) -> Self {
        // Written as a whole, for it is read as a whole right after.
        let least = array::from_fn(|at| (self.least[at] & !set[at]) | (text[at] & set[at]));
        Self { least, most: array::from_fn(|at| self.most[at] & !set[at]) }
    }

    /// Whether a text has this form.
    #[inline(always)]
    pub fn fits(&self, text: &[u8; FORM_BYTES]) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.fits_sse2(text);
        #[cfg(not(target_arch = "x86_64"))]
        self.fits_anywhere(text)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn fits_sse2(&self, text: &[u8; FORM_BYTES]) -> bool {
        use std::arch::x86_64::{
            _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_setzero_si128, _mm_sub_epi8,
            _mm_subs_epu8,
        };

        // SAFETY: these only calculate, and SSE2 belongs to every processor of this architecture.
        unsafe {
            let half = |of: &[u8; FORM_BYTES], half: usize| {
                let number = u128::from_le_bytes(of.as_chunks().0[half]);
                _mm_set_epi64x((number >> 64) as i64, number as i64)
            };
            let beyond = |at| _mm_subs_epu8(_mm_sub_epi8(half(text, at), half(&self.least, at)), half(&self.most, at));
            let beyond = _mm_or_si128(beyond(0), beyond(1));
            _mm_movemask_epi8(_mm_cmpeq_epi8(beyond, _mm_setzero_si128())) == 0xffff
        }
    }

    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn fits_anywhere(&self, text: &[u8; FORM_BYTES]) -> bool {
        let mut bytes = text.iter().zip(&self.least).zip(&self.most);
        bytes.all(|((byte, least), most)| byte.wrapping_sub(*least) <= *most)
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use proptest::sample::select;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_compared_one_by_one(
            least: [u8; FORM_BYTES],
            most in proptest::array::uniform32(select(vec![0, 1, 9, u8::MAX])),
            above: [u8; FORM_BYTES],
            other in proptest::option::of((0..FORM_BYTES, any::<u8>())),
        ) {
            let form = Form { least, most };
            let mut text = array::from_fn(|at| least[at].wrapping_add(above[at] % most[at].max(1)));
            if let Some((at, byte)) = other {
                text[at] = byte;
            }
            prop_assert_eq!(form.fits(&text), form.fits_anywhere(&text));
            prop_assert_eq!(form.fits(&text) || other.is_some(), true);
        }
    }
}
