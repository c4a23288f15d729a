//! From bytes to the records that matter.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use memchr::{memchr, memchr_iter};

use super::stamp::{Clock, STAMP_BYTES};
use super::tally::Tally;

/// Small enough to stay in the second-level cache between the system's copy and the scan.
const BUFFER_BYTES: usize = 256 * 1024;
/// `2026-10-12 05:08:31,905 [3] INFO  ` and a logger of one letter.
const RECORD_BYTES_MIN: usize = 36;

/// Reads files through one buffer.
#[derive(Debug)]
pub struct Scanner {
    buffer: Vec<u8>,
    /// Where it is filled from: what is copied to a place that is no multiple of 64 takes five times as long on some processors.
    begin: usize,
    clock: Clock,
}

impl Default for Scanner {
    fn default() -> Self {
        let buffer = vec![0; BUFFER_BYTES];
        Self { begin: buffer.as_ptr().align_offset(64), buffer, clock: Clock::default() }
    }
}

impl Scanner {
    /// Reads one file to its end.
    pub fn read(&mut self, path: &Path, tally: &mut Tally) -> io::Result<()> {
        let mut file = File::open(path)?;
        let begin = self.begin;
        let mut held = 0;
        loop {
            let read = file.read(&mut self.buffer[begin + held..])?;
            tally.bytes += read as u64;
            if read == 0 {
                // A last line without its end counts: nobody is writing any more.
                self.lines(held, true, tally);
                return Ok(());
            }
            held += read;
            let used = self.lines(held, false, tally);
            self.buffer.copy_within(begin + used..begin + held, begin);
            held -= used;
            if begin + held == self.buffer.len() {
                self.buffer.resize(held * 2, 0);
            }
        }
    }

    /// Scans the lines of the first `held` bytes; returns how many bytes whole lines took.
    fn lines(&mut self, held: usize, at_end: bool, tally: &mut Tally) -> usize {
        let bytes = &self.buffer[self.begin..][..held];
        let mut start = 0;
        let mut records = 0;
        let mut last: Option<&[u8; STAMP_BYTES]> = None;
        let end = (at_end && held > 0 && bytes[held - 1] != b'\n').then_some(held);
        for newline in memchr_iter(b'\n', bytes).chain(end) {
            let line = &bytes[start..newline];
            start = newline + 1;
            // A line of a message or of a stack trace may begin with a digit, and be long.
            let Some(stamp) = line.first_chunk().filter(|stamp| line.len() >= RECORD_BYTES_MIN && is_stamp(stamp))
            else {
                continue;
            };
            records += 1;
            last = Some(stamp);
            if let Some(record) = Record::that_matters(line) {
                let at = self.clock.read(stamp);
                record.count(at, tally);
            }
        }
        tally.records += records;
        if let Some(stamp) = last {
            tally.last_ms = Some(self.clock.read(stamp).time_ms);
        }
        start.min(held)
    }
}

/// Whether these are the begin of a record: `2026-10-12 05:08:31,905`.
#[inline]
fn is_stamp(text: &[u8; STAMP_BYTES]) -> bool {
    text[0].is_ascii_digit()
        && [text[4], text[7], text[10], text[13], text[16], text[19]] == [b'-', b'-', b' ', b':', b':', b',']
}

/// A record that some KPI counts.
struct Record<'a> {
    severity: u8,
    /// Logger, ` - ` and body.
    text: &'a [u8],
}

impl<'a> Record<'a> {
    #[inline]
    fn that_matters(line: &'a [u8]) -> Option<Self> {
        let close = match (line[26], line[27]) {
            (b']', _) => 26,
            (_, b']') => 27,
            _ => 25 + memchr(b']', &line[25..])?,
        };
        let severity = *line.get(close + 2)?;
        let text = line.get(close + 8..)?;
        let failed = severity == b'E' || severity == b'F';
        // The loggers of `count`; those of all other records are none of its business.
        let counts = |begin: &[u8]| begin == b"App." || begin == b"Svc.";
        if !failed && !text.get(..4).is_some_and(counts) {
            return None;
        }
        Some(Self { severity, text })
    }

    fn count(&self, at: super::stamp::Stamp, tally: &mut Tally) {
        if self.severity == b'E' || self.severity == b'F' {
            tally.error(at, self.severity == b'F', self.text);
        } else if self.text.starts_with(b"App.Ui - ") {
            tally.interaction(at);
        } else if let Some(body) = self.text.strip_prefix(b"App.Session - Session ") {
            count_session(body, at, tally);
        } else if let Some(body) = self.text.strip_prefix(b"Svc.Control - Service restart ") {
            count_restart(body, tally);
        }
    }
}

/// `39292d22 started by u2951 version 4.2.1` or `39292d22 ended by u2951`.
fn count_session(body: &[u8], at: super::stamp::Stamp, tally: &mut Tally) {
    let Some(verb) = memchr(b' ', body).map(|end| &body[end + 1..]) else {
        return;
    };
    if let Some(rest) = verb.strip_prefix(b"started by ") {
        let user_end = memchr(b' ', rest).unwrap_or(rest.len());
        let (user, rest) = rest.split_at(user_end);
        let version = rest.strip_prefix(b" version ").unwrap_or(b"");
        tally.session_start(at, user, version);
    } else if verb.starts_with(b"ended by ") {
        tally.session_end(at);
    }
}

/// `requested: X`, `completed: X in 498 ms` or `timed out: X`.
fn count_restart(body: &[u8], tally: &mut Tally) {
    match body.first() {
        Some(b'r') => tally.restart_requested(),
        Some(b't') => tally.restart_failed(),
        Some(b'c') => {
            let Some(text) = body.strip_suffix(b" ms") else {
                return;
            };
            let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit());
            let took = &text[text.len() - digits.count()..];
            tally.restart_completed(super::stamp::number(took).into());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_across_the_buffer_and_an_unfinished_one_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        let long = "x".repeat(BUFFER_BYTES);
        let text = format!(
            "2026-10-12 05:08:31,905 [39] INFO  App.Ui - {long}\n   at stack\n2026-10-12 05:08:31,906 [3] INFO  App.Ui - b"
        );
        std::fs::write(&path, text).unwrap();
        let mut tally = Tally::default();
        tally.open_instance();
        Scanner::default().read(&path, &mut tally).unwrap();
        tally.close_instance("A");
        let kpis = tally.into_kpis();
        assert_eq!(kpis.summary.records, 2);
        assert_eq!(kpis.summary.interactions_per_day["2026-10-12"], 2);
    }
}
