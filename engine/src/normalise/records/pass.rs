//! Records whose heads are known, told without being taken one by one.

use std::io::{self, Read};
use std::ops::Range;

use super::super::head::Fate;
use super::super::layout::Layout;
use super::super::passing::{Passing, Progress, Told};
use super::Records;

impl<R: Read> Records<'_, R> {
    /// Passes records in the order of their times, as long as their heads are known and they have one line; false where the
    /// next is none, or begins with one whose text somebody may want. Those are passed whose times are in a span, none before the one before it. `tell` is told of all,
    /// idle ones together where each is at most `pause_us` behind the one before it; it gives whether to go on.
    ///
    /// # Errors
    /// What the source gave.
    #[inline]
    pub fn pass(&mut self, span: Range<i64>, pause_us: i64, tell: impl FnMut(Told<'_>) -> bool) -> io::Result<bool> {
        let head = &self.both[self.turn & 1];
        let is_to_be_read = head.in_gap || head.fate == Fate::Open || self.skipped != 0;
        let may_begin = !is_to_be_read && span.contains(&head.time);
        if self.undecided != 0 || self.may_have_mark || (self.pending.is_some() && !may_begin) {
            return Ok(false);
        }
        if matches!(self.format.layout, Layout::Json(..)) {
            // No line joins a record: the next begins one, if there is any.
            self.lines.release();
            if self.lines.peek()?.is_none() {
                return Ok(false);
            }
        }
        let Some(dated) = self.clock.dated() else { return Ok(false) };
        let is_plain = self.lines.source().wide() == Some(None);
        let passing = Passing {
            known: (),
            dated,
            normaliser: self.normaliser,
            format: self.format,
            pause_us,
            span,
            offset: is_plain.then(|| self.lines.offset()),
            minutes: &mut self.minutes,
            record: &mut self.record,
            tell,
            progress: Progress::BEGIN,
        };
        match (&self.format.layout, self.pending) {
            (Layout::Pattern(pattern), Some(line)) => {
                let Some(known) = pattern.by_head(&self.heads, head.fate) else { return Ok(false) };
                let mut passing = passing.by(known);
                let Some((passed, line)) = self.lines.pass(line, &mut passing) else { return Ok(false) };
                let Some(last) = passing.finish() else { return Ok(false) };
                self.tally.invalid_utf8 += passing.progress.lossy;
                self.note_passed(passed + 1, last);
                // The last of them ends where the next head is, whatever that says.
                self.turn ^= 1;
                let offset = self.offset();
                self.lines.begin(line);
                if self.extend()? {
                    self.tally.last_record_offset = Some(offset);
                }
                self.tally.records_cut += u64::from(self.lines.is_cut());
                Ok(true)
            }
            (Layout::Json(..), _) => {
                let mut passing = passing.by(&self.heads.ways);
                let passed = self.lines.pass_alone(&mut passing);
                let Some(last) = passing.finish() else { return Ok(false) };
                self.note_passed(passed, last);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn note_passed(&mut self, passed: u64, last: i64) {
        self.clock.pass(last);
        self.pending = None;
        self.tally.records += passed;
        self.record.time = last;
    }
}
