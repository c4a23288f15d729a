//! What 32 bytes may be, compared at once.

use std::array;

/// Bytes of a form.
pub const FORM_BYTES: usize = 32;

/// For each byte of a text the least that it may be, and how far it may lie above that, in turn as in a circle: any byte
/// lies at most 255 above any other.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
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
        // Without a branch: so the processor does them at once, as many as it can.
        let beyond = |at: usize| text[at].wrapping_sub(self.least[at]).saturating_sub(self.most[at]);
        (0..FORM_BYTES).fold(0, |all, at| all | beyond(at)) == 0
    }
}

#[cfg(test)]
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
            let fits = |at: usize| text[at].wrapping_sub(least[at]) <= most[at];
            prop_assert_eq!(form.fits(&text), (0..FORM_BYTES).all(fits));
            prop_assert_eq!(form.fits(&text) || other.is_some(), true);
        }
    }
}
