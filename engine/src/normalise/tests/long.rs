//! Lines and records that are longer than what is kept of them.

use std::io::{self, Read};

use super::super::Start;
use super::super::lines::{CUT_BYTES, LINE_BYTES_MAX};
use super::{START, Slow, UTC, compile, log4net, read};

#[test]
fn lines_and_records_that_are_too_long_are_cut() {
    let head = "2026-10-12 05:14:19,000 [2] ERROR A - ";
    let whole = LINE_BYTES_MAX - head.len();
    let long_line = |body: usize| format!("{head}{}\n{head}next\n", "x".repeat(body));
    let many_lines = |lines: usize| format!("{head}b\n{}{head}next\n", "   at frame\n".repeat(lines));
    let long_join = format!("{head}b\n at {}\n at x\n{head}next\n", "x".repeat(3 * LINE_BYTES_MAX));
    let cases = [
        (long_line(whole), 0, whole),
        (long_line(whole + 1), 1, CUT_BYTES - head.len()),
        (long_line(20 * LINE_BYTES_MAX), 1, CUT_BYTES - head.len()),
        (many_lines(LINE_BYTES_MAX / 12 - 10), 0, 1),
        (many_lines(LINE_BYTES_MAX / 12 + 10), 1, 1),
        (long_join, 1, 1),
    ];
    for (text, cut, body_bytes) in cases {
        for size in [usize::MAX, 10_007] {
            let normaliser = compile(&log4net());
            let source = Slow { text: text.as_bytes(), sizes: vec![size], reads: 0 };
            let mut records = normaliser.open(source, UTC);
            assert_eq!(records.next().unwrap().unwrap().body().len(), body_bytes);
            let next = records.next().unwrap().unwrap();
            assert_eq!((next.body(), next.offset), ("next", text.rfind(head).unwrap() as u64));
            assert!(records.next().unwrap().is_none());
            let tally = records.into_tally();
            assert_eq!((tally.records_cut, tally.end_of_records), (cut, text.len() as u64));
        }
    }
}

/// A head, then one byte again and again, then a line end and a whole record.
struct Endless {
    head: &'static [u8],
    /// Two bytes, over and over.
    fill: Vec<u8>,
    left: u64,
    tail: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.head.is_empty() {
            return self.head.read(buffer);
        }
        if self.left > 0 {
            let bytes = buffer.len().min(self.fill.len() - 1).min(self.left as usize);
            // It goes on where the read before left it.
            let from = (self.left % 2) as usize;
            buffer[..bytes].copy_from_slice(&self.fill[from..from + bytes]);
            self.left -= bytes as u64;
            return Ok(bytes);
        }
        let bytes = self.tail.as_slice().read(buffer)?;
        self.tail.drain(..bytes);
        Ok(bytes)
    }
}

#[test]
fn a_line_of_a_gigabyte_passes_in_bounded_memory() {
    const BYTES: u64 = 1 << 30;
    const HEAD: &str = "2026-10-12 05:14:19,000 [2] ERROR A - b";
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let next = format!("\n{HEAD}\n{HEAD}\n");
    let endless = |head: Vec<u8>, fill: &[u8; 2], tail: Vec<u8>| Endless {
        head: head.leak(),
        fill: fill.repeat(32 << 10),
        left: BYTES,
        tail,
    };
    let cases = [
        (endless(HEAD.into(), b"xx", next.clone().into()), 3, 0),
        (endless(wide(HEAD), b"x\0", wide(&next)), 3, 0),
        (endless(Vec::new(), b"\0\0", next[1..].into()), 2, 1),
    ];
    for (source, expected, holes) in cases {
        let normaliser = compile(&log4net());
        let bytes = source.head.len() as u64 + BYTES + source.tail.len() as u64;
        // The reader's buffer is what grows with a line.
        let mut records = normaliser.open(source, UTC);
        let mut count = 0;
        while records.next().unwrap().is_some() {
            count += 1;
            assert!(records.held_bytes_max() <= 4 * LINE_BYTES_MAX, "{} bytes held", records.held_bytes_max());
        }
        let tally = records.into_tally();
        assert_eq!((count, tally.end_of_records, tally.holes), (expected, bytes, holes));
        assert_eq!(tally.records_cut, u64::from(holes == 0));
    }
}

#[test]
fn a_hole_of_any_length_ends_a_line_and_counts_once() {
    let head = "2026-10-12 05:14:19,000 [2] ERROR A - ";
    let normaliser = compile(&log4net());
    for bytes in [8, 100, 4096, 9000, 300_000, 3 * LINE_BYTES_MAX] {
        let hole = "\0".repeat(bytes);
        let cases = [
            (format!("{head}torn{hole}{head}next\n"), &["torn", "next"][..]),
            (format!("{head}torn\n{hole}\n{head}next\n"), &["torn", "next"]),
            (format!("{head}torn{hole}\n"), &["torn"]),
            (format!("{head}torn{hole}"), &["torn"]),
            (format!("{head}torn\n{hole}"), &["torn"]),
        ];
        for (text, bodies) in cases {
            for sizes in [vec![usize::MAX], vec![10_007], vec![bytes + 3, 5], vec![42, 3, 1]] {
                if bytes > 9000 && sizes.contains(&1) {
                    continue;
                }
                let source = Slow { text: text.as_bytes(), sizes: sizes.clone(), reads: 0 };
                let mut records = normaliser.open(source, Start { closed: true, ..UTC });
                let mut seen = Vec::new();
                while let Some(record) = records.next().unwrap() {
                    seen.push(record.body().to_owned());
                }
                let tally = records.into_tally();
                assert_eq!(
                    (seen, tally.holes),
                    (bodies.iter().map(|body| (*body).to_owned()).collect(), 1),
                    "{bytes} {sizes:?}"
                );
                assert_eq!((tally.end_of_records, tally.lines_unterminated), (text.len() as u64, 0));
            }
        }
    }
}

#[test]
fn a_long_line_without_an_end_is_left_or_cut() {
    let text = format!("2026-10-12 05:14:19,000 [2] ERROR A - {}", "x".repeat(3 * LINE_BYTES_MAX));
    let normaliser = compile(&log4net());
    let (records, tally) = read(&normaliser, text.as_bytes(), START);
    assert_eq!((records.len(), tally.end_of_records), (0, 0));
    let (records, tally) = read(&normaliser, text.as_bytes(), Start { closed: true, ..START });
    assert_eq!((records.len(), tally.end_of_records, tally.records_cut), (1, text.len() as u64, 1));
}
