//! What stands between the values of JSON lines, such as `, "@m": `.
//!
//! A program writes the same fields in the same order, line by line. Each joint is read once; where it comes again at
//! the same place, one comparison stands for finding its name and looking that up.

use super::swar::eight;

/// Fields of a line whose joints are kept.
const PLACES: usize = 16;
/// Longer joints are not kept.
const BYTES_MAX: usize = 24;

/// The joints of the line before, each by the place of the value behind it.
#[derive(Debug, Default)]
pub struct Joints([Joint; PLACES]);

/// A joint. The free one is empty.
#[derive(Debug, Clone, Copy, Default)]
struct Joint {
    /// Its first eight bytes, those behind them, and its last: they overlap where it is short.
    text: [u64; 3],
    /// Where the three begin.
    places: [u8; 3],
    /// Which of their bits count, where it has no eight.
    mask: u64,
    bytes: u8,
    /// Position of the name in the layout, where it is wanted.
    wanted: Option<u8>,
}

impl Joints {
    /// None yet.
    pub fn new() -> Self {
        Self([Joint::default(); PLACES])
    }

    /// Where the value begins that a known joint at `at` leads to, and which field it is.
    #[inline(always)]
    pub fn read(&self, line: &[u8], place: usize, at: usize) -> Option<(Option<usize>, usize)> {
        let joint = self.0.get(place)?;
        let rest = line.get(at..)?;
        let differs = |part: usize| Some(eight(rest, usize::from(joint.places[part]))? ^ joint.text[part]);
        let differ = (differs(0)? | differs(1)? | differs(2)?) & joint.mask;
        let bytes = usize::from(joint.bytes);
        // A blank behind it would still belong to the joint.
        let fits = differ == 0 && rest.get(bytes).is_some_and(|byte| *byte > b' ') && bytes != 0;
        fits.then_some((joint.wanted.map(usize::from), at + bytes))
    }

    /// Keeps what stands before a value.
    pub fn keep(&mut self, text: &[u8], place: usize, wanted: Option<usize>) {
        let Some(joint) = self.0.get_mut(place).filter(|_| text.len() <= BYTES_MAX) else { return };
        let last = text.len().saturating_sub(8);
        let places = [0, last.min(8), last];
        let mut padded = [0; BYTES_MAX];
        padded[..text.len()].copy_from_slice(text);
        *joint = Joint {
            text: places.map(|place| eight(&padded, place).unwrap_or(0)),
            places: places.map(|place| place as u8),
            mask: u64::MAX >> ((8 - text.len().min(8)) * 8),
            bytes: text.len() as u8,
            wanted: wanted.map(|position| position as u8),
        };
    }
}
