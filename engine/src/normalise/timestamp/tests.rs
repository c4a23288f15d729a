//! Formats of times, each with a time in it.

use chrono::NaiveDateTime;

use super::super::year::Anchor;
use super::*;

/// 2026-11-01.
const SEEN: Anchor = Anchor::UpTo(1_793_491_200_000_000);

/// The instant in microseconds, the offset in minutes, and what follows the time.
fn read(format: &TimeFormat, text: &str) -> Option<(i64, Option<i64>, String)> {
    let bytes = text.as_bytes();
    let (minute, tail) = match format {
        TimeFormat::Fixed(fixed) | TimeFormat::Auto(fixed) => {
            (fixed.minute(bytes, &mut Date::default())?, fixed.tail(bytes)?)
        }
        TimeFormat::Epoch(unit) => unit.read(bytes)?,
        TimeFormat::Loose(loose) => loose.read(bytes, SEEN)?,
    };
    Some((minute + tail.micros, tail.offset_us.map(|us| us / MINUTE_US), text[tail.end..].to_owned()))
}

fn micros(text: &str) -> i64 {
    text.parse::<NaiveDateTime>().expect("a local time").and_utc().timestamp_micros()
}

#[test]
fn formats_read_times() {
    let cases = [
        ("%Y-%m-%d %H:%M:%S,%3f", "2026-10-12 05:08:31,905 x", "2026-10-12T05:08:31.905", None, " x", true),
        ("%Y-%m-%d %H:%M:%S%.3f", "2026-10-12 05:08:31.905", "2026-10-12T05:08:31.905", None, "", true),
        ("%F %T,%f", "2026-10-12 05:08:31,1234567]", "2026-10-12T05:08:31.123456", None, "]", true),
        ("%F %T%.f", "2026-10-12 05:08:31]", "2026-10-12T05:08:31", None, "]", true),
        ("%F %T", "2026-10-12 05:08:60", "2026-10-12T05:09:00", None, "", true),
        ("%d/%m/%Y %H:%M:%S", "12/10/2026 05:08:31 x", "2026-10-12T05:08:31", None, " x", true),
        ("%Y%m%d%H%M%S%3f", "20261012050831905 x", "2026-10-12T05:08:31.905", None, " x", true),
        ("%FT%T%.fZ", "2026-10-12T05:08:31.5Z x", "2026-10-12T05:08:31.5", Some(0), " x", true),
        ("%FT%T%:z", "2026-10-12T05:08:31-03:30 x", "2026-10-12T05:08:31", Some(-210), " x", true),
        ("%FT%T %z", "2026-10-12T05:08:31 +0200 x", "2026-10-12T05:08:31", Some(120), " x", true),
        ("%FT%T%z", "2026-10-12T05:08:31+02 x", "2026-10-12T05:08:31", Some(120), " x", true),
        ("%d %b %Y %I:%M:%S %p", "12 Oct 2026 05:08:31 PM x", "2026-10-12T17:08:31", None, " x", false),
        ("%s%.3f", "1791781711.905 x", "2026-10-12T05:08:31.905", Some(0), " x", false),
        ("epoch ms", "1791781711905 x", "2026-10-12T05:08:31.905", Some(0), " x", false),
        ("%m/%d/%Y %I:%M:%S %p", "10/12/2026 1:05:09 PM x", "2026-10-12T13:05:09", None, " x", false),
        ("%m/%d/%Y %r", "1/2/2026 12:05:09\u{202f}AM", "2026-01-02T00:05:09", None, "", false),
        ("%m/%d/%y %l:%M %P", "10/12/26  1:05 p.m.", "2026-10-12T13:05:00", None, "", false),
        ("%d.%m.%Y %H:%M:%S", "12.10.2026 05:08:31;", "2026-10-12T05:08:31", None, ";", true),
        ("%-d.%-m.%Y %k:%M:%S,%f", "2.1.2026 5:08:31,1", "2026-01-02T05:08:31.1", None, "", false),
        ("%b %d, %Y %I:%M:%S %p", "Oct 12, 2026 5:08:31 AM x", "2026-10-12T05:08:31", None, " x", false),
        ("%b %d, %Y %I:%M:%S %p", "Okt. 12, 2026 5:08:31 NACHM. x", "2026-10-12T17:08:31", None, " x", false),
        ("%b %d, %Y %I:%M:%S %p", "M\u{e4}rz 12, 2026 12:08:31 vorm.", "2026-03-12T00:08:31", None, "", false),
        ("%d. %B %Y %R", "1. M\u{e4}rz 2026 05:08 x", "2026-03-01T05:08:00", None, " x", false),
        ("%d.%b.%y %R", "12.Okt.26 05:08", "2026-10-12T05:08:00", None, "", false),
        ("%d.%b.%y %R", "12.Mai.26 05:08", "2026-05-12T05:08:00", None, "", false),
        ("%c", "Mon Oct  5 05:08:31 2026", "2026-10-05T05:08:31", None, "", false),
        ("%a %b %e %T %Z %Y", "Mon Oct 12 05:08:31 UTC 2026", "2026-10-12T05:08:31", Some(0), "", false),
        ("%a %b %e %T %Z %Y", "Mo. Sept 12 05:08:31 CEST 2026", "2026-09-12T05:08:31", Some(120), "", false),
        ("%a %b %e %T %Z %Y", "Mon Oct 12 05:08:31 CST 2026", "2026-10-12T05:08:31", None, "", false),
        ("%T %Z on %F", "05:08:31 GMT+02:00 on 2026-10-12", "2026-10-12T05:08:31", Some(120), "", false),
        ("%b %e %T", "Oct  2 05:08:31 x", "2026-10-02T05:08:31", None, " x", false),
        ("%b %d %T%.f", "Dec 24 05:08:31.123456789", "2025-12-24T05:08:31.123456", None, "", false),
        ("%m-%d %T.%3f", "10-12 05:08:31.905", "2026-10-12T05:08:31.905", None, "", false),
        ("%Y/%j %R", "2026/285 05:08", "2026-10-12T05:08:00", None, "", false),
        ("%y%m%d %H%M%S", "261012 050831", "2026-10-12T05:08:31", None, "", false),
        ("%F %T,%1f", "2026-10-12 05:08:31,9 x", "2026-10-12T05:08:31.9", None, " x", true),
        ("%F %T%.9f", "2026-10-12 05:08:31.123456789", "2026-10-12T05:08:31.123456", None, "", true),
        ("%Y-%m-%d %-H:%M:%S %z", "2026-10-12 5:08:31 -0330", "2026-10-12T05:08:31", Some(-210), "", false),
        ("%a, %d %b %Y %T %z", "Mon, 12 Oct 2026 05:08:31 +0200", "2026-10-12T05:08:31", Some(120), "", false),
    ];
    for (format, text, local, offset, rest, fixed) in cases {
        let compiled = TimeFormat::compile(format).unwrap();
        assert_eq!(matches!(compiled, TimeFormat::Fixed(_)), fixed, "{format}");
        assert_eq!(read(&compiled, text), Some((micros(local), offset, rest.to_owned())), "{format}");
    }
}

#[test]
fn other_texts_are_no_times() {
    let cases = [
        ("%F %T,%3f", "2026-10-12 05:08:31,90"),
        ("%F %T,%3f", "2026-10-12 05:08:31.905"),
        ("%F %T,%3f", "2026-13-12 05:08:31,905"),
        ("%F %T,%3f", "2026-02-29 05:08:31,905"),
        ("%F %T,%3f", "2026-10-12 24:08:31,905"),
        ("%F %T,%3f", "2026-10-12 05:08:61,905"),
        ("%F %T,%3f", "2026-10-12 05:08:3"),
        ("%F %T,%3f", "2026-10-12"),
        ("%F %T,%3f", ""),
        ("%F %T%z", "2026-10-12 05:08:31"),
        ("%F %T%z", "2026-10-12 05:08:31+24"),
        ("%FT%TZ", "2026-10-12T05:08:31+00:00"),
        ("%d %b %Y %T", "12 Oktoberfest 2026 05:08:31"),
        ("%d %b %Y %I:%M %p", "12 Oct 2026 1:08 nachher"),
        ("%d %b %Y %I:%M %p", "12 Oct 2026 13:08 PM"),
        ("%d %b %Y %I:%M %p", "12 Oct 2026 1:08 XM"),
        ("%d %b %Y %I:%M %p", "12 Oct 2026 1:08"),
        ("%b %e %T", "Feb 30 05:08:31"),
        ("%b %e %T", "Oct 12 05:08:61"),
        ("%b %e %T", "Oct 12 25:08:31"),
        ("epoch", "x"),
    ];
    for (format, text) in cases {
        assert_eq!(read(&TimeFormat::compile(format).unwrap(), text), None, "{format} on {text}");
    }
}

#[test]
fn rfc3339_is_read_in_all_its_forms() {
    let format = TimeFormat::rfc3339();
    let cases = [
        ("2026-10-12T05:08:31.9050000Z", "2026-10-12T05:08:31.905", Some(0)),
        ("2026-10-12t05:08:31z", "2026-10-12T05:08:31", Some(0)),
        ("2026-10-12 05:08:31,9+02:00", "2026-10-12T05:08:31.9", Some(120)),
        ("2026-10-12T05:08:31", "2026-10-12T05:08:31", None),
    ];
    for (text, local, offset) in cases {
        assert_eq!(read(&format, text), Some((micros(local), offset, String::new())), "{text}");
    }
}

#[test]
fn a_format_that_tells_no_instant_is_refused() {
    for format in ["%H:%M:%S", "%m/%d %I:%M", "", "time", "%Y-%m-%d", "%Y %d %H:%M"] {
        let fault = TimeFormat::compile(format).unwrap_err();
        assert_eq!(fault, RuleProblem::PartialTime(format.to_owned()), "{format}");
    }
    for format in ["%Q", "%F %T %", "%F %T %U"] {
        let fault = TimeFormat::compile(format).unwrap_err();
        assert_eq!(fault, RuleProblem::NoTimeFormat(format.to_owned()), "{format}");
    }
}
