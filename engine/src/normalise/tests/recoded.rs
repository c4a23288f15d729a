//! Logs whose encoding changes midway.

use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::strategy::{Just, Strategy};

use super::{START, Slow, Start, compile, line, log4net, must_grow, read, serilog};

/// How a part of a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Utf8,
    Latin,
    Little,
    Big,
}

impl Written {
    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.into(),
            Self::Latin => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
            Self::Little => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Big => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }
}

/// Parts of a log, each with its mark or without.
fn parts() -> impl Strategy<Value = Vec<u8>> {
    let written = select(vec![Written::Utf8, Written::Latin, Written::Little, Written::Big]);
    let rest = prop_oneof![
        6 => Just(String::new()),
        1 => Just("\u{4e0a}\u{4e0d}\u{8db3}\r\n".to_owned()),
        1 => Just("Gr\u{f6}\u{df}e".to_owned()),
        1 => Just("\n\n}\r\n".to_owned()),
        1 => Just("\0".repeat(9)),
        1 => Just("\u{3000}".repeat(9)),
    ];
    let part = (written, 0..4u8, proptest::collection::vec(line(), 0..5), rest);
    let part = part.prop_map(|(written, mark, lines, rest)| {
        let mark = if mark == 0 { "\u{feff}" } else { "" };
        written.bytes(&format!("{mark}{}{rest}", lines.concat()))
    });
    // A byte more or less puts all units behind it out of step.
    let torn = proptest::collection::vec(any::<u8>(), 0..2);
    proptest::collection::vec((part, torn).prop_map(|(part, torn)| [part, torn].concat()), 1..6)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_split_into_reads_gives_the_same(log in parts(), sizes in proptest::collection::vec(1usize..300, 1..20), closed: bool) {
        for format in [log4net(), serilog()] {
            let normaliser = compile(&format);
            let start = Start { closed, ..START };
            let whole = read(&normaliser, &log[..], start);
            prop_assert!(whole.1.end_of_records <= log.len() as u64);
            prop_assert_eq!(whole, read(&normaliser, Slow { text: &log, sizes: sizes.clone(), reads: 0 }, start));
        }
    }

    #[test]
    fn one_that_grows_gives_what_the_whole_gives(log in parts(), cuts in proptest::collection::vec(0.0..1.0f64, 1..5)) {
        for format in [log4net(), serilog()] {
            must_grow(&compile(&format), &log, &cuts)?;
        }
    }

    #[test]
    fn every_line_is_read_whatever_it_is_written_in(
        parts in proptest::collection::vec((select(vec![Written::Utf8, Written::Little]), 1..4usize), 1..6),
        is_marked: bool,
    ) {
        let mut log = if is_marked { parts[0].0.bytes("\u{feff}") } else { Vec::new() };
        let (mut offsets, mut recoded) = (Vec::new(), 0);
        for (written, count) in &parts {
            for _ in 0..*count {
                offsets.push(log.len() as u64);
                log.extend(written.bytes("2026-10-12 05:14:19,000 [2] ERROR A - caf\u{e9}\r\n"));
                log.extend(written.bytes("   at Shell.Run() in C:\\Shell.cs:line 246\r\n"));
                recoded += 2 * u64::from(*written != parts[0].0);
            }
        }
        if is_marked && parts[0].0 == Written::Little {
            // It is a character of the first line.
            offsets[0] = 0;
        }
        let normaliser = compile(&log4net());
        let (records, tally) = read(&normaliser, &log[..], Start { closed: true, ..START });
        let texts = "(\"A\", \"caf\u{e9}\", \"   at Shell.Run() in C:\\\\Shell.cs:line 246\") A ERROR: caf\u{e9}";
        prop_assert!(records.iter().all(|record| record.ends_with(texts)), "{records:#?}");
        let read: Vec<u64> = records.iter().map(|record| record.split(' ').next().unwrap().parse().unwrap()).collect();
        prop_assert_eq!(read, offsets);
        prop_assert_eq!(tally.lines_recoded, recoded);
        let others: Vec<_> = tally.faults().into_iter().filter(|(kind, count)| *count > 0 && *kind != "other-encoding").collect();
        prop_assert_eq!(others, []);
    }
}

#[test]
fn a_text_that_needs_more_bytes_than_its_line_is_cut_and_counted() {
    let normaliser = compile(&log4net());
    let head = "2026-10-12 05:14:19,000 [2] ERROR A - ";
    let log = format!("{head}\u{4e0d}\r\n").into_bytes();
    let wide = Written::Little.bytes(&format!("{head}{}\r\n", "\u{4e0d}".repeat(100)));
    let (records, tally) = read(&normaliser, &[log, wide].concat()[..], START);
    assert_eq!((records.len(), tally.records_cut, tally.lines_recoded), (2, 1, 1));
    assert!(records[1].contains(&"\u{4e0d}".repeat(70)), "{}", records[1]);
}
