//! Time formats: from chrono's letters to a scanner of fixed places.
//!
//! Nearly all logs write `%Y-%m-%d %H:%M:%S` in some order, with a fraction and perhaps an offset behind it. Such a
//! format becomes a [`Fixed`]: everything up to the minute stands in fixed places and is compared with the line before
//! as a whole, so that only seconds and fraction are read. Any other format is left to chrono.

use chrono::format::{Item, Parsed, StrftimeItems, parse_and_remainder};
use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::fault::RuleProblem;

/// Longest beginning that [`Fixed`] compares: three words of eight bytes.
pub const HEAD_BYTES_MAX: usize = 24;
/// Shortest one: year, month, day, hour and minute without anything between.
pub const HEAD_BYTES_MIN: usize = 12;
/// No time is longer; chrono is shown no more of a line.
const CHRONO_BYTES_MAX: usize = 80;
/// Digits of a microsecond; further ones are dropped.
const MICRO_DIGITS: usize = 6;
const MINUTE_US: i64 = 60_000_000;

/// A compiled time format.
#[derive(Debug)]
pub enum TimeFormat {
    /// The usual order, fixed places.
    Fixed(Fixed),
    /// Anything else.
    Chrono {
        /// The parts of the format.
        items: Vec<Item<'static>>,
        /// It ends in a `Z` that stands for UTC.
        utc: bool,
    },
}

/// Date, hour and minute in fixed places, then seconds, fraction and offset.
#[derive(Debug)]
pub struct Fixed {
    head: Vec<Part>,
    /// Bytes of the head: where the seconds begin.
    pub bytes: usize,
    fraction: Fraction,
    offset: Offset,
}

/// A part of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Byte(u8),
    /// The letter between date and time in RFC 3339, which allows others than `T`.
    DateEnd,
    /// A number at this place of year, month, day, hour, minute.
    Number(usize),
}

/// Digits behind the seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Fraction {
    /// Either of these comes first; none where the digits follow at once.
    separators: Option<[u8; 2]>,
    digits_min: usize,
    digits_max: usize,
    /// The whole of it may be missing.
    optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offset {
    None,
    /// `Z`.
    Utc,
    /// `+02:00`, `+0200`, `+02` or `Z`, perhaps behind a space.
    Needed {
        space: bool,
    },
    /// The same, or nothing.
    Optional,
}

/// A date, and its days since 1970-01-01.
#[derive(Debug, Clone, Copy, Default)]
pub struct Date {
    /// Year, month, day; zeros are no date.
    date: [u32; 3],
    epoch_days: i32,
}

/// What stands behind the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Seconds and fraction.
    pub micros: i64,
    /// Offset from UTC in microseconds, where the time tells it.
    pub offset_us: Option<i64>,
    /// Where the time ends.
    pub end: usize,
}

impl TimeFormat {
    /// Compiles a format of chrono's letters; in the usual order, `%f` is a fraction of any length.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(format: &str) -> Result<Self, RuleProblem> {
        if let Some(fixed) = Fixed::compile(format) {
            return Ok(Self::Fixed(fixed));
        }
        let items = StrftimeItems::new(format).parse_to_owned();
        let items = items.map_err(|_| RuleProblem::NoTimeFormat(format.to_owned()))?;
        let utc = format.ends_with('Z') && !format.ends_with("%Z");
        // Any instant serves: what is written must be readable again.
        let sample = DateTime::from_timestamp_nanos(1_791_781_711_905_000_000).format_with_items(items.iter());
        let mut text = String::new();
        let written = std::fmt::Write::write_fmt(&mut text, format_args!("{sample}"));
        if format.is_empty() || written.is_err() || chrono_time(&items, utc, text.as_bytes()).is_none() {
            return Err(RuleProblem::PartialTime(format.to_owned()));
        }
        Ok(Self::Chrono { items, utc })
    }

    /// RFC 3339, with any number of fraction digits; without an offset, the time is local.
    pub fn rfc3339() -> Self {
        let date = [Part::Number(0), Part::Byte(b'-'), Part::Number(1), Part::Byte(b'-'), Part::Number(2)];
        let time = [Part::DateEnd, Part::Number(3), Part::Byte(b':'), Part::Number(4), Part::Byte(b':')];
        let fraction = Fraction { separators: Some(*b".,"), digits_min: 1, digits_max: usize::MAX, optional: true };
        let head: Vec<Part> = date.into_iter().chain(time).collect();
        Self::Fixed(Fixed { bytes: head_bytes(&head), head, fraction, offset: Offset::Optional })
    }
}

/// Reads a time by chrono: local microseconds of its minute, and the rest.
#[cold]
pub fn chrono_time(items: &[Item<'_>], utc: bool, text: &[u8]) -> Option<(i64, Tail)> {
    let text = &text[..text.len().min(CHRONO_BYTES_MAX)];
    let text = text.utf8_chunks().next()?.valid();
    let mut parsed = Parsed::new();
    let rest = parse_and_remainder(&mut parsed, text, items.iter()).ok()?;
    let offset = match parsed.offset() {
        Some(seconds) => Some(seconds),
        None => (utc || parsed.timestamp().is_some()).then_some(0),
    };
    let local: NaiveDateTime = parsed.to_naive_datetime_with_offset(offset.unwrap_or(0)).ok()?;
    let local = local.and_utc().timestamp_micros();
    let micros = local.rem_euclid(MINUTE_US);
    let offset_us = offset.map(|seconds| i64::from(seconds) * 1_000_000);
    Some((local - micros, Tail { micros, offset_us, end: text.len() - rest.len() }))
}

impl Fixed {
    fn compile(format: &str) -> Option<Self> {
        let format = format.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M");
        let (head, tail) = format.split_once("%S")?;
        let head = parts(head)?;
        let bytes = head_bytes(&head);
        let each_once = (0..5).all(|number| head.iter().filter(|part| **part == Part::Number(number)).count() == 1);
        if !each_once || bytes > HEAD_BYTES_MAX {
            return None;
        }
        let (fraction, rest) = Fraction::compile(tail);
        let offset = match rest {
            "" => Offset::None,
            "Z" => Offset::Utc,
            "%z" | "%:z" | "%#z" => Offset::Needed { space: false },
            " %z" | " %:z" | " %#z" => Offset::Needed { space: true },
            _ => return None,
        };
        Some(Self { head, bytes, fraction, offset })
    }

    /// Local microseconds of the minute that the head tells; `last` is the date of the time before.
    pub fn minute(&self, text: &[u8], last: &mut Date) -> Option<i64> {
        let mut numbers = [0; 5];
        let mut at = 0;
        for part in &self.head {
            match *part {
                Part::Byte(byte) if text.get(at) == Some(&byte) => {}
                Part::DateEnd if matches!(text.get(at), Some(b'T' | b't' | b' ' | b'_')) => {}
                Part::Number(number) => {
                    numbers[number] = digits(text.get(at..at + part.bytes())?)?;
                }
                _ => return None,
            }
            at += part.bytes();
        }
        let [year, month, day, hour, minute] = numbers;
        if hour >= 24 || minute >= 60 {
            return None;
        }
        if last.date != [year, month, day] {
            let epoch_days = NaiveDate::from_ymd_opt(year as i32, month, day)?.to_epoch_days();
            *last = Date { date: [year, month, day], epoch_days };
        }
        Some((i64::from(last.epoch_days) * 1440 + i64::from(hour * 60 + minute)) * MINUTE_US)
    }

    /// Reads what stands behind the head.
    #[inline(always)]
    pub fn tail(&self, text: &[u8]) -> Option<Tail> {
        let at = self.bytes;
        let tens = text.get(at)?.wrapping_sub(b'0');
        let ones = text.get(at + 1)?.wrapping_sub(b'0');
        // A leap second is the first of the next minute.
        if tens > 6 || ones > 9 || (tens == 6 && ones != 0) {
            return None;
        }
        let seconds = i64::from(tens) * 10 + i64::from(ones);
        let (fraction, at) = self.fraction.read(text, at + 2)?;
        let micros = seconds * 1_000_000 + fraction;
        let (offset_us, end) = match self.offset {
            Offset::None => (None, at),
            other => other.read(text, at)?,
        };
        Some(Tail { micros, offset_us, end })
    }
}

impl Part {
    fn bytes(self) -> usize {
        match self {
            Self::Byte(_) | Self::DateEnd => 1,
            Self::Number(number) => {
                if number == 0 {
                    4
                } else {
                    2
                }
            }
        }
    }
}

fn head_bytes(head: &[Part]) -> usize {
    head.iter().map(|part| part.bytes()).sum()
}

/// The head's parts; none where a letter has no fixed place.
fn parts(head: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut bytes = head.bytes();
    while let Some(byte) = bytes.next() {
        parts.push(if byte == b'%' {
            match bytes.next()? {
                b'%' => Part::Byte(b'%'),
                letter => Part::Number(b"YmdHM".iter().position(|known| *known == letter)?),
            }
        } else {
            Part::Byte(byte)
        });
    }
    Some(parts)
}

/// The number that digits make.
fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

impl Fraction {
    /// The fraction at the begin of what follows `%S`, and the rest.
    fn compile(tail: &str) -> (Self, &str) {
        const FIXED: [(&str, usize); 3] = [("%3f", 3), ("%6f", 6), ("%9f", 9)];
        const DOTTED: [(&str, usize); 3] = [("%.3f", 3), ("%.6f", 6), ("%.9f", 9)];
        let any = |separators, optional| Self { separators, digits_min: 1, digits_max: usize::MAX, optional };
        let exactly = |separators, digits| Self { separators, digits_min: digits, digits_max: digits, optional: false };
        let starts = |(letters, _): &&(&str, usize)| tail.starts_with(letters);
        if let Some(rest) = tail.strip_prefix("%.f") {
            return (any(Some([b'.'; 2]), true), rest);
        }
        if let Some((letters, digits)) = DOTTED.iter().find(starts) {
            return (exactly(Some([b'.'; 2]), *digits), &tail[letters.len()..]);
        }
        let separator = tail.bytes().next().filter(|byte| byte.is_ascii() && *byte != b'%');
        let separators = separator.map(|byte| [byte; 2]);
        let letters = &tail[usize::from(separator.is_some())..];
        if let Some(rest) = letters.strip_prefix("%f") {
            return (any(separators, false), rest);
        }
        match FIXED.iter().find(|(fixed, _)| letters.starts_with(fixed)) {
            Some((fixed, digits)) => (exactly(separators, *digits), &letters[fixed.len()..]),
            None => (Self::default(), tail),
        }
    }

    /// Microseconds, and where they end.
    #[inline(always)]
    fn read(&self, text: &[u8], from: usize) -> Option<(i64, usize)> {
        if self.digits_max == 0 {
            return Some((0, from));
        }
        let mut at = from;
        if let Some(separators) = &self.separators {
            if !text.get(at).is_some_and(|byte| separators.contains(byte)) {
                return self.optional.then_some((0, from));
            }
            at += 1;
        }
        let start = at;
        let mut micros = 0;
        while at - start < self.digits_max
            && let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9)
        {
            if at - start < MICRO_DIGITS {
                micros = micros * 10 + i64::from(digit);
            }
            at += 1;
        }
        let count = at - start;
        const SCALE: [i64; MICRO_DIGITS + 1] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
        (count >= self.digits_min).then(|| (micros * SCALE[count.min(MICRO_DIGITS)], at))
    }
}

impl Offset {
    /// The offset in microseconds, and where it ends.
    fn read(self, text: &[u8], from: usize) -> Option<(Option<i64>, usize)> {
        let space = self == Self::Needed { space: true } && text.get(from) == Some(&b' ');
        let at = from + usize::from(space);
        let sign = match text.get(at) {
            Some(b'Z' | b'z') => return Some((Some(0), at + 1)),
            Some(b'+') if self != Self::Utc => 1,
            Some(b'-') if self != Self::Utc => -1,
            _ => return (self == Self::Optional).then_some((None, from)),
        };
        let two = |at: usize| text.get(at..at + 2).and_then(digits).filter(|number| *number < 60);
        let hours = two(at + 1)?;
        let colon = usize::from(text.get(at + 3) == Some(&b':'));
        let minutes = two(at + 3 + colon);
        let end = at + 3 + minutes.map_or(0, |_| 2 + colon);
        let offset_us = sign * i64::from(hours * 60 + minutes.unwrap_or(0)) * MINUTE_US;
        (hours < 24).then_some((Some(offset_us), end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instant in microseconds, the offset in minutes, and what follows the time.
    fn read(format: &TimeFormat, text: &str) -> Option<(i64, Option<i64>, String)> {
        let bytes = text.as_bytes();
        let (minute, tail) = match format {
            TimeFormat::Fixed(fixed) => (fixed.minute(bytes, &mut Date::default())?, fixed.tail(bytes)?),
            TimeFormat::Chrono { items, utc } => chrono_time(items, *utc, bytes)?,
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
            ("%d %b %Y %T", "12 Oktober 2026 05:08:31"),
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
        for format in ["%H:%M:%S", "%b %d %H:%M:%S", "", "time", "%Y-%m-%d"] {
            let fault = TimeFormat::compile(format).unwrap_err();
            assert_eq!(fault, RuleProblem::PartialTime(format.to_owned()), "{format}");
        }
        assert_eq!(TimeFormat::compile("%Q").unwrap_err(), RuleProblem::NoTimeFormat("%Q".to_owned()));
    }
}
