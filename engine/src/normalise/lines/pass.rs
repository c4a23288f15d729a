//! Goes over lines that need no closer look, without leaving the buffer.

use std::io::Read;

#[cfg(target_arch = "x86_64")]
use super::super::ends::is_wide;
use super::{AHEAD_BYTES, Line, Lines, WINDOW_BYTES};

/// Knows lines that need no closer look.
pub trait Passes {
    /// Begins at a line that is one of them. `ahead` is what begins with the line.
    fn begin(&mut self, ahead: &[u8; AHEAD_BYTES]) -> bool;

    /// Whether the line behind is one of them too. It has so many bytes, with the carriage return that may end it, and stands
    /// `ahead_by` bytes behind the first, with which `text` begins; `ahead` is what begins with the line.
    fn goes_on(&mut self, text: &[u8], ahead: &[u8; AHEAD_BYTES], bytes: usize, ahead_by: usize) -> bool;

    /// Whether the last line that went on waits for what comes behind it.
    fn holds(&self) -> bool;

    /// Whether that line was not one of them after all, for what should have come behind it did not.
    fn gives_back(&mut self) -> bool;
}

/// Knows lines that are records alone and need no closer look.
pub trait PassesAlone {
    /// Whether the next line is one of them. A text begins with it, it has so many bytes, with the carriage return that may end
    /// it, and stands `ahead_by` bytes behind the first.
    fn goes_on(&mut self, text: &[u8], bytes: usize, ahead_by: usize) -> bool;
}

impl<R: Read> Lines<'_, R> {
    /// Goes on over lines, each the begin of a record and the end of the one before: those that lie in the buffer behind the one
    /// that comes next, and that pass. Gives how many lines it took, and the last; none where
    /// nothing is known of the one that comes next.
    // By itself, so that the processor's registers are free for it.
    #[inline(never)]
    pub fn pass(&mut self, line: Line, passes: &mut impl Passes) -> Option<(u64, Line)> {
        #[cfg(target_arch = "x86_64")]
        if is_wide() {
            // SAFETY: the processor has what the function needs.
            return unsafe { self.pass_wide(line, passes) };
        }
        self.pass_anywhere(line, passes)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn pass_wide(&mut self, line: Line, passes: &mut impl Passes) -> Option<(u64, Line)> {
        self.pass_anywhere(line, passes)
    }

    #[inline(always)]
    fn pass_anywhere(&mut self, line: Line, passes: &mut impl Passes) -> Option<(u64, Line)> {
        let begin = self.buffer[self.at..].first_chunk().filter(|_| !self.excess.is_cut)?;
        if !passes.begin(begin) {
            return None;
        }
        let (mut next, mut passed) = (self.at + line.taken(), 0);
        // The first end of the first window is that of the line that it begins at.
        let (mut first, mut last, mut is_searched) = (1, None, true);
        loop {
            let (places, base) = self.ends.ahead();
            let text = &self.buffer[self.at..];
            let (mut here, mut goes_on) = (0, true);
            for place in places.get(first..).unwrap_or_default() {
                let end = base + usize::from(*place);
                let ahead = self.buffer[next..].first_chunk();
                if !ahead.is_some_and(|ahead| passes.goes_on(text, ahead, end - next, next - self.at)) {
                    goes_on = false;
                    break;
                }
                next = end + 1;
                here += 1;
            }
            passed += here;
            // What waits for the line behind it is not left behind in a window.
            let goes_over = goes_on && is_searched && !passes.holds() && self.goes_over(next);
            let given_back = usize::from(!goes_over && passes.gives_back());
            passed -= given_back;
            let ends = (first + here - given_back).min(places.len());
            if ends > 0 {
                let end = |position: usize| base + usize::from(places[position]);
                let start = match (ends.checked_sub(2), last) {
                    (Some(before), _) => end(before) + 1,
                    (None, Some((_, before))) => before + 1,
                    (None, None) => self.at,
                };
                last = Some((start, end(ends - 1)));
            }
            if goes_over {
                is_searched = self.search();
                first = 0;
                continue;
            }
            let Some((start, end)) = last.filter(|_| passed > 0 || first == 0) else { return Some((0, line)) };
            // Taking the last one leads to the end behind its own, which may be in the window before.
            self.ends.go_to_last(ends);
            self.offset += (start - self.at) as u64;
            self.at = start;
            return Some((passed as u64, self.whole(end - start)));
        }
    }

    /// Whether lines are passed on in the next window, the first of which begins at `next`: none spans more than two.
    #[inline(always)]
    fn goes_over(&self, next: usize) -> bool {
        self.searched < self.filled && self.searched - next <= WINDOW_BYTES
    }

    /// Skips lines, each a record: those that lie in the buffer from the one that comes next on, which was looked at, and that
    /// pass. Gives how many lines it took.
    #[inline(never)]
    pub fn pass_alone(&mut self, passes: &mut impl PassesAlone) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if is_wide() {
            // SAFETY: the processor has what the function needs.
            return unsafe { self.pass_alone_wide(passes) };
        }
        self.pass_alone_anywhere(passes)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn pass_alone_wide(&mut self, passes: &mut impl PassesAlone) -> u64 {
        self.pass_alone_anywhere(passes)
    }

    #[inline(always)]
    fn pass_alone_anywhere(&mut self, passes: &mut impl PassesAlone) -> u64 {
        if self.excess.is_cut {
            return 0;
        }
        let (mut next, mut passed) = (self.at, 0);
        loop {
            let (places, base) = self.ends.ahead();
            let mut here = 0;
            for place in places {
                let end = base + usize::from(*place);
                if !passes.goes_on(&self.buffer[next..], end - next, next - self.at) {
                    break;
                }
                next = end + 1;
                here += 1;
            }
            let is_all = here == places.len();
            self.ends.advance_by(here);
            passed += here;
            if !(is_all && self.goes_over(next) && self.search()) {
                break;
            }
        }
        self.offset += (next - self.at) as u64;
        self.at = next;
        passed as u64
    }
}
