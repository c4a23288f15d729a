//! Time formats: from chrono's letters to a scanner of fixed places.
//!
//! Nearly all logs write `%Y-%m-%d %H:%M:%S` in some order, with a fraction and perhaps an offset behind it. Such a
//! format becomes a [`Fixed`]: everything up to the seconds stands in fixed places. All of it is compared at once with what a
//! time of the date before may be. Any other format is [`Loose`].

use chrono::NaiveDate;

use super::epoch::Unit;
use super::fault::RuleProblem;
use super::form::{FORM_BYTES, Form};
use super::loose::Loose;
use super::swar;
use tail::digits;

mod tail;

pub use tail::{Fraction, Offset, Tail};

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
    /// How far each byte of a text may lie above that of midnight.
    most: [u8; FORM_BYTES],
    /// What stands behind the head at midnight, where all of it stands in fixed places.
    rest: Vec<u8>,
    /// Which bits of `31,905` are then digits of the time, and where it ends.
    fixed_rest: Option<(u64, usize)>,
    fraction: Fraction,
    offset: Offset,
}

/// Times of a date that stand in fixed places, and what stands behind them.
#[derive(Debug, Clone, Copy)]
pub struct Dated<'a> {
    form: &'a Form,
    hour: u8,
    digits: u64,
    /// The instant of midnight.
    midnight_us: i64,
    /// Where the text of a known form ends.
    pub end: u8,
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
    /// Where the hour stands in a text of this date; none where it cannot be compared at once.
    hour: Option<usize>,
    /// Head, seconds and three digits behind them, as far as they stand in fixed places.
    form: Form,
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
        let mut new = Self {
            head: Vec::new(),
            bytes,
            hour: ends_so.then(|| bytes - CLOCK_BYTES),
            most: [u8::MAX; FORM_BYTES],
            rest: Vec::new(),
            fixed_rest: None,
            fraction,
            offset,
        };
        let most = new.most.iter_mut().zip(head.iter().flat_map(|part| part.most()));
        most.for_each(|(most, part)| *most = *part);
        new.head = head;
        let three = match fraction {
            Fraction { separators: Some([a, b]), digits_min: 3, digits_max: 3, optional: false } if a == b => Some(a),
            _ => None,
        };
        if (three.is_some() || fraction.digits_max == 0) && matches!(offset, Offset::None | Offset::Utc) {
            new.goes_on(b"00", &[5, 9]);
            if let Some(separator) = three {
                new.goes_on(&[separator, b'0', b'0', b'0'], &[0, 9, 9, 9]);
            }
            let digits = if three.is_some() { 0x0f0f_0f00_0f0f } else { 0x0f0f };
            if offset == Offset::Utc {
                new.goes_on(b"Z", &[0]);
            }
            new.fixed_rest = Some((digits, bytes + new.rest.len()));
        }
        new
    }

    /// Adds what stands behind all else in fixed places: its least bytes, and how far they may lie above that.
    fn goes_on(&mut self, least: &[u8], most: &[u8]) {
        let places = self.most.iter_mut().skip(self.bytes + self.rest.len());
        places.zip(most).for_each(|(place, most)| *place = *most);
        self.rest.extend_from_slice(least);
    }

    /// Expects a literal behind the time; true where it then belongs to what is compared at once.
    pub fn expect(&mut self, literal: &[u8]) -> bool {
        let fits = self.fixed_rest.is_some() && self.bytes + self.rest.len() + literal.len() <= FORM_BYTES;
        if fits {
            self.goes_on(literal, &vec![0; literal.len()]);
        }
        fits
    }

    /// Local microseconds of a time of a date that was read before, and the rest of it.
    #[inline(always)]
    pub fn read_on(&self, date: &Date, text: &[u8]) -> Option<(i64, Tail)> {
        let head: &[u8; FORM_BYTES] = text.first_chunk()?;
        let at = date.hour?;
        let minute_us = minute_us(swar::eight(head, at)?)?;
        let tail = match self.fixed_rest {
            Some((digits, end)) => {
                let micros = second_us(swar::eight(head, at + CLOCK_BYTES)? & digits);
                Tail { micros, offset_us: (self.offset == Offset::Utc).then_some(0), end }
            }
            None => self.tail(text)?,
        };
        date.form.fits(head).then(|| (date.start_us + minute_us + tail.micros, tail))
    }

    /// Times of a date that was read before, whose offset is known, if they and all behind them stand in fixed places.
    #[inline(always)]
    pub fn dated<'a>(&self, date: &'a Date, offset_us: Option<i64>) -> Option<Dated<'a>> {
        let (digits, _) = self.fixed_rest?;
        let offset_us = if self.offset == Offset::Utc { 0 } else { offset_us? };
        let (hour, end) = (date.hour? as u8, (self.bytes + self.rest.len()) as u8);
        Some(Dated { form: &date.form, hour, digits, midnight_us: date.start_us - offset_us, end })
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
            *last = Date { date, start_us, hour: self.hour, form: Form::default() };
        }
        // Also of the same date, whose end may be another letter.
        let zero = |(at, most): (usize, &u8)| if *most == 0 { text[at] } else { b'0' };
        let zeros = self.most[..self.bytes].iter().enumerate().map(zero);
        last.form.most = self.most;
        last.form.least.iter_mut().zip(zeros.chain(self.rest.iter().copied())).for_each(|(least, byte)| *least = byte);
        Some(last.start_us + i64::from(hour * 60 + minute) * MINUTE_US)
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

impl Dated<'_> {
    /// The instant of the time at the begin of a text, if it has the form.
    #[inline(always)]
    pub fn read<const BYTES: usize>(&self, text: &[u8; BYTES]) -> Option<i64> {
        // A number that is too small to lead out of the text.
        let at = usize::from(self.hour % 32);
        let minute_us = minute_us(swar::eight(text, at)?)?;
        let second_us = second_us(swar::eight(text, at + CLOCK_BYTES)? & self.digits);
        self.form.fits(text.first_chunk()?).then_some(self.midnight_us + minute_us + second_us)
    }
}

/// Microseconds of `05:08:`, whose digits are such; none where there is no such hour.
#[inline(always)]
fn minute_us(text: u64) -> Option<i64> {
    let (hour, minute, _) = swar::pairs(text);
    (hour < 24).then_some((hour * 60 + minute) * MINUTE_US)
}

/// Microseconds of `31,905`, whose digits are such.
#[inline(always)]
fn second_us(text: u64) -> i64 {
    let (seconds, hundredths, thousandth) = swar::pairs(text);
    (seconds * 1000 + hundredths * 10 + thousandth) * 1000
}

impl Part {
    /// How far each of its bytes may lie above that of a text of the same date at midnight.
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
