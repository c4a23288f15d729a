//! Time formats: from chrono's letters to a scanner of fixed places.
//!
//! Nearly all logs write `%Y-%m-%d %H:%M:%S` in some order, with a fraction and perhaps an offset behind it. Such a
//! format becomes a [`Fixed`]: everything up to the seconds stands in fixed places. Where the date comes first, as it nearly
//! always does, it is compared as a whole with that of the line before. Any other format is [`Loose`].

use chrono::NaiveDate;

use super::epoch::Unit;
use super::fault::RuleProblem;
use super::loose::Loose;
use super::swar;

/// Longest head of a [`Fixed`].
const HEAD_BYTES_MAX: usize = 24;
/// Digits of a microsecond; further ones are dropped.
const MICRO_DIGITS: usize = 6;
/// Microseconds of a minute and of a day.
pub const MINUTE_US: i64 = 60_000_000;
pub const DAY_US: i64 = 1440 * MINUTE_US;
/// Bytes of `05:08:`, and where they are in a word.
const CLOCK_BYTES: usize = 6;
const CLOCK: u64 = u64::MAX >> (64 - 8 * CLOCK_BYTES);

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
    /// Where `05:08:` begins behind a date of eight to sixteen bytes.
    hour: Option<usize>,
    fraction: Fraction,
    /// For [`swar::seconds`], where nothing but three digits follows the seconds.
    millis: Option<u64>,
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
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fraction {
    /// Either of these comes first; none where the digits follow at once.
    separators: Option<[u8; 2]>,
    digits_min: usize,
    digits_max: usize,
    /// The whole of it may be missing.
    optional: bool,
}

/// What tells the offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
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

/// A date that was read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Date {
    /// Year, month, day; zeros are no date.
    date: [u32; 3],
    /// Local microseconds of its midnight.
    pub start_us: i64,
    /// The words of a head with this date: its first, the one before the hour, and the one from there on, with zeros for
    /// digits. No head has other zeros.
    head: [u64; 3],
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

impl Tail {
    /// The offset in minutes; 0 where there is none.
    #[inline(always)]
    pub fn offset_min(&self) -> i16 {
        // An offset is less than a day.
        self.offset_us.map_or(0, |us| (us / MINUTE_US) as i16)
    }
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
        let has_three = (fraction.digits_min, fraction.digits_max, fraction.optional) == (3, 3, false);
        let separator = fraction.separators.filter(|[a, b]| has_three && a == b && offset == Offset::None);
        let millis = separator.map(|[separator, _]| swar::seconds_shape(separator));
        let bytes = head_bytes(&head);
        let date = bytes.checked_sub(CLOCK_BYTES).filter(|bytes| (8..=16).contains(bytes));
        let clock = [Some(&Part::Number(3)), None, Some(&Part::Number(4)), None];
        let is_clock =
            |(part, number): (&Part, Option<&Part>)| number.map_or(part.bytes() == 1, |number| part == number);
        let ends_so = head.len() > 4 && head[head.len() - 4..].iter().zip(clock).all(is_clock);
        Self { bytes, hour: date.filter(|_| ends_so), head, fraction, millis, offset }
    }

    /// Local microseconds of a time of a date that was read before, and the rest of it.
    #[inline(always)]
    pub fn read_on(&self, date: &Date, text: &[u8]) -> Option<(i64, Tail)> {
        const OVER: u64 = u64::from_le_bytes([0x7d, 0x76, 0x7f, 0x7a, 0x76, 0x7f, 0, 0]);
        let head: &[u8; HEAD_BYTES_MAX + 8] = text.first_chunk()?;
        let at = self.hour?;
        let differs = swar::eight(head, 0)? ^ date.head[0] | swar::eight(head, at - 8)? ^ date.head[1];
        let clock = (swar::eight(head, at)? ^ date.head[2]) & CLOCK;
        let is_no_clock = swar::are_no_digits(clock, OVER);
        // Each byte becomes ten times the one before it and itself.
        let pairs = clock.wrapping_mul(0x0a01);
        let (hour, minute) = (pairs >> 8 & 0xff, pairs >> 32 & 0xff);
        let (no_tail, tail) = match self.millis {
            Some(shape) => {
                let (no_tail, micros) = swar::seconds(swar::eight(head, at + CLOCK_BYTES)?, shape);
                (no_tail, Tail { micros, offset_us: None, end: at + 2 * CLOCK_BYTES })
            }
            None => (0, self.tail(text)?),
        };
        let is_one = differs | is_no_clock | no_tail == 0 && hour < 24;
        is_one.then(|| (date.start_us + (hour * 60 + minute).cast_signed() * MINUTE_US + tail.micros, tail))
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
            *last = Date { date: [year, month, day], start_us: i64::from(epoch_days) * DAY_US, head: [0; 3] };
        }
        last.head = self.hour.and_then(|at| self.words(text, at)).unwrap_or_default();
        Some(last.start_us + i64::from(hour * 60 + minute) * MINUTE_US)
    }

    /// The words of a head, as in [`Date`].
    fn words(&self, text: &[u8], hour: usize) -> Option<[u64; 3]> {
        let clock = swar::eight(text, hour)? & CLOCK;
        let [_, _, a, _, _, b, ..] = clock.to_le_bytes();
        let clock = u64::from_le_bytes([b'0', b'0', a, b'0', b'0', b, 0, 0]);
        Some([swar::eight(text, 0)?, swar::eight(text, hour - 8)?, clock])
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
        if let Some(found) = tail.strip_prefix('%').and_then(Self::of_letters) {
            return found;
        }
        let separator = tail.bytes().next().filter(|byte| byte.is_ascii() && *byte != b'%');
        let letters = separator.and_then(|_| tail[1..].strip_prefix('%')).and_then(Self::of_letters);
        match (letters, separator) {
            (Some((fraction, rest)), Some(byte)) if fraction.separators.is_none() => {
                (Self { separators: Some([byte; 2]), ..fraction }, rest)
            }
            _ => (Self::default(), tail),
        }
    }

    /// The fraction that letters behind a `%` mean, such as `3f`, `f` or `.f`, and the rest.
    pub fn of_letters(letters: &str) -> Option<(Self, &str)> {
        let digits = letters.strip_prefix('.').unwrap_or(letters);
        let dotted = digits.len() < letters.len();
        let separators = dotted.then_some([b'.'; 2]);
        if let Some(rest) = digits.strip_prefix('f') {
            return Some((Self { separators, digits_min: 1, digits_max: usize::MAX, optional: dotted }, rest));
        }
        let count = digits.bytes().next().filter(|digit| (b'1'..=b'9').contains(digit))?;
        let count = usize::from(count - b'0');
        let rest = digits[1..].strip_prefix('f')?;
        Some((Self { separators, digits_min: count, digits_max: count, optional: false }, rest))
    }

    /// Microseconds, and where they end.
    #[inline(always)]
    pub fn read(&self, text: &[u8], from: usize) -> Option<(i64, usize)> {
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
        if let Some((micros, count)) = swar::fraction(text, at)
            && count <= self.digits_max
        {
            return (count >= self.digits_min).then_some((micros, at + count));
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
    pub fn read(self, text: &[u8], from: usize) -> Option<(Option<i64>, usize)> {
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
mod tests;
