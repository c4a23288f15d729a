//! Time formats: from chrono's letters to a scanner of fixed places.
//!
//! Nearly all logs write `%Y-%m-%d %H:%M:%S` in some order, with a fraction and perhaps an offset behind it. Such a
//! format becomes a [`Fixed`]: everything up to the seconds stands in fixed places. Where the clock ends that, a time is
//! compared as a whole with the one before. Any other format is [`Loose`].

use chrono::NaiveDate;

use super::epoch::Unit;
use super::fault::RuleProblem;
use super::loose::Loose;
use tail::digits;

mod minutes;
mod tail;
mod written;

pub use minutes::{Minutes, Moment};
pub use tail::{Fraction, Offset, Tail};
pub use written::{Dated, Written};

/// Longest head of a [`Fixed`].
const HEAD_BYTES_MAX: usize = 24;
/// Microseconds of a minute and of a day.
pub const MINUTE_US: i64 = 60_000_000;
pub const DAY_US: i64 = 1440 * MINUTE_US;
/// Bytes of `05:08:` and of `31,905`.
const CLOCK_BYTES: usize = 6;

/// A compiled time format.
#[derive(Debug)]
pub enum TimeFormat {
    /// The usual order, fixed places.
    Fixed(Fixed),
    /// RFC 3339, or a number since 1970 whose size tells its unit.
    Auto(Fixed),
    /// A number since 1970.
    Epoch(Unit),
    /// Anything else.
    Loose(Loose),
}

/// Date, hour and minute in fixed places, then seconds, fraction and offset.
#[derive(Debug)]
pub struct Fixed {
    head: Vec<Part>,
    /// Bytes of the head: where the seconds begin.
    bytes: usize,
    /// Where `05:08:` begins, if the head ends with it.
    hour: Option<usize>,
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

/// A date that was read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Date {
    /// Year, month, day; zeros are no date.
    date: [u32; 3],
    /// Local microseconds of its midnight.
    pub start_us: i64,
    /// How the last time of it was written.
    pub written: Written,
}

impl TimeFormat {
    /// Compiles a format of chrono's letters, in which `%f` is a fraction of any length; or one of the words `auto`,
    /// `rfc3339`, and `epoch` with its unit or without.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(format: &str) -> Result<Self, RuleProblem> {
        if let Some(unit) = Unit::of(format) {
            return Ok(Self::Epoch(unit));
        }
        match (format, Fixed::compile(format)) {
            ("auto", _) => Ok(Self::Auto(Fixed::rfc3339())),
            ("rfc3339", _) => Ok(Self::rfc3339()),
            (_, Some(fixed)) => Ok(Self::Fixed(fixed)),
            (_, None) => Loose::compile(format).map(Self::Loose),
        }
    }

    /// RFC 3339, with any number of fraction digits; without an offset, the time is local.
    pub fn rfc3339() -> Self {
        Self::Fixed(Fixed::rfc3339())
    }
}

impl Fixed {
    fn rfc3339() -> Self {
        let date = [Part::Number(0), Part::Byte(b'-'), Part::Number(1), Part::Byte(b'-'), Part::Number(2)];
        let time = [Part::DateEnd, Part::Number(3), Part::Byte(b':'), Part::Number(4), Part::Byte(b':')];
        let fraction = Fraction { separators: Some(*b".,"), digits_min: 1, digits_max: usize::MAX, optional: true };
        let head: Vec<Part> = date.into_iter().chain(time).collect();
        Self::new(head, fraction, Offset::Optional)
    }

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
        Some(Self::new(head, fraction, offset))
    }

    fn new(head: Vec<Part>, fraction: Fraction, offset: Offset) -> Self {
        let bytes = head_bytes(&head);
        let clock = [Some(&Part::Number(3)), None, Some(&Part::Number(4)), None];
        let is_clock =
            |(part, number): (&Part, Option<&Part>)| number.map_or(part.bytes() == 1, |number| part == number);
        let ends_so = head.len() > 4 && head[head.len() - 4..].iter().zip(clock).all(is_clock);
        Self { bytes, hour: ends_so.then(|| bytes - CLOCK_BYTES), head, fraction, offset }
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
            let (date, start_us) = ([year, month, day], i64::from(epoch_days) * DAY_US);
            *last = Date { date, start_us, written: Written::default() };
        }
        Some(last.start_us + i64::from(hour * 60 + minute) * MINUTE_US)
    }

    /// How the time at the begin of a text is written: one that nothing is like, where nothing can be compared with it.
    pub fn written(&self, text: &[u8], tail: &Tail) -> Written {
        Written::of(self, text, tail).unwrap_or_default()
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
    /// How far each of its bytes may lie above that of a time of the same date at midnight.
    fn most(&self) -> &'static [u8] {
        match self {
            Self::Byte(_) | Self::DateEnd => &[0],
            Self::Number(0) => &[0; 4],
            Self::Number(3) => &[2, 9],
            Self::Number(4) => &[5, 9],
            Self::Number(_) => &[0; 2],
        }
    }

    fn bytes(self) -> usize {
        self.most().len()
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

#[cfg(test)]
mod tests;
