//! Goes over lines that need no closer look, without leaving the buffer.

use std::io::Read;

use super::{AHEAD_BYTES, Line, Lines};

/// Knows lines that need no closer look.
pub trait Passes {
    /// Begins at a line that is one of them. `ahead` is what begins with the line.
    fn begin(&mut self, ahead: &[u8; AHEAD_BYTES]) -> bool;

    /// Whether the line behind is one of them too. It has so many bytes, with the carriage return that may end it, and stands
    /// `ahead_by` bytes behind the first.
    fn goes_on(&mut self, ahead: &[u8; AHEAD_BYTES], bytes: usize, ahead_by: usize) -> bool;
}

impl<R: Read> Lines<'_, R> {
    /// Goes on over lines, each the begin of a record and the end of the one before: those that are known to lie in the
    /// buffer behind the one that comes next, and that pass. Gives how many lines it took, and the last; none where
    /// nothing is known of the one that comes next.
    // By itself, so that the processor's registers are free for it.
    #[inline(never)]
    pub fn pass(&mut self, line: Line, passes: &mut impl Passes) -> Option<(u64, Line)> {
        let begin = self.buffer[self.at..].first_chunk().filter(|_| !self.excess.is_cut)?;
        if !passes.begin(begin) {
            return None;
        }
        let (places, base) = self.ends.ahead();
        let (mut start, mut next) = (self.at, self.at + line.taken());
        let mut passed = 0;
        for place in places.get(1..).unwrap_or_default() {
            let end = base + usize::from(*place);
            let ahead = self.buffer[next..].first_chunk();
            if !ahead.is_some_and(|ahead| passes.goes_on(ahead, end - next, next - self.at)) {
                break;
            }
            (start, next) = (next, end + 1);
            passed += 1;
        }
        self.ends.advance_by(passed);
        self.offset += (start - self.at) as u64;
        self.at = start;
        Some((passed as u64, if passed == 0 { line } else { self.whole(next - 1 - start) }))
    }

    /// Skips lines, each a record: those that are known to lie in the buffer from the one that comes next on, and that pass.
    /// `passes` is given what begins with the line, its bytes with the carriage return that may end it, and how many there
    /// are before it. Gives how many lines it took.
    #[inline(never)]
    pub fn pass_whole(&mut self, mut passes: impl FnMut(&[u8], usize, usize) -> bool) -> u64 {
        if self.excess.is_cut {
            return 0;
        }
        let (places, base) = self.ends.ahead();
        let (mut next, mut passed) = (self.at, 0);
        for place in places {
            let end = base + usize::from(*place);
            if !passes(&self.buffer[next..], end - next, next - self.at) {
                break;
            }
            next = end + 1;
            passed += 1;
        }
        self.ends.advance_by(passed);
        self.offset += (next - self.at) as u64;
        self.at = next;
        passed as u64
    }
}
