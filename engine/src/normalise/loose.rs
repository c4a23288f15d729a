//! Times in any order of their parts: names of months, hours of half a day, no year, no leading zeros.
//!
//! A format is read part by part. It is more forgiving than it looks: numbers may lack their leading zero or have a
//! space instead, a space stands for any white space, and names may be short or long and of any case.

use chrono::NaiveDate;

use super::epoch::Unit;
use super::fault::RuleProblem;
use super::names;
use super::timestamp::{Fraction, MINUTE_US, Offset, Tail};
use super::year::{Anchor, infer};

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 1440 * MINUTE_US;

/// A compiled time format.
#[derive(Debug)]
pub struct Loose(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Byte(u8),
    /// White space, also the narrow one that newer runtimes write before AM and PM.
    Blank,
    Year,
    /// The last two digits of it.
    ShortYear,
    Month,
    MonthName,
    Day,
    DayOfYear,
    /// Its name: it tells nothing that the date does not.
    Weekday,
    Hour,
    HalfDayHour,
    /// AM or PM.
    HalfDay,
    Minute,
    Second,
    Fraction(Fraction),
    Offset,
    ZoneName,
    Epoch,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Told {
    year: Option<i32>,
    month: u32,
    day: u32,
    day_of_year: u32,
    hour: u32,
    afternoon: Option<bool>,
    minute: u32,
    /// Of the minute: seconds and fraction.
    micros: i64,
    offset_us: Option<i64>,
    epoch_us: Option<i64>,
}

impl Loose {
    /// Compiles a format of chrono's letters; `%f` is a fraction of any length.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(format: &str) -> Result<Self, RuleProblem> {
        let mut parts = Vec::new();
        compile(format, &mut parts).ok_or_else(|| RuleProblem::NoTimeFormat(format.to_owned()))?;
        let has = |part: Part| parts.contains(&part);
        let date = has(Part::DayOfYear) || has(Part::Day) && (has(Part::Month) || has(Part::MonthName));
        let hour = has(Part::Hour) || has(Part::HalfDayHour) && has(Part::HalfDay);
        if has(Part::Epoch) || date && hour && has(Part::Minute) {
            return Ok(Self(parts));
        }
        Err(RuleProblem::PartialTime(format.to_owned()))
    }

    /// Reads the time at the begin of a text: local microseconds of its minute, and the rest.
    pub fn read(&self, text: &[u8], anchor: Anchor) -> Option<(i64, Tail)> {
        let mut told = Told::default();
        let mut at = 0;
        for part in &self.0 {
            at = told.take(*part, text, at)?;
        }
        let (local_us, offset_us) = match told.epoch_us {
            Some(epoch_us) => (epoch_us + told.micros, Some(0)),
            None => (told.local_us(anchor)?, told.offset_us),
        };
        let micros = local_us.rem_euclid(MINUTE_US);
        Some((local_us - micros, Tail { micros, offset_us, end: at }))
    }
}

/// Appends the parts of a format; none where a letter is unknown.
fn compile(format: &str, into: &mut Vec<Part>) -> Option<()> {
    let mut rest = format;
    while let Some(char) = rest.chars().next() {
        if char != '%' {
            rest = &rest[char.len_utf8()..];
            match char {
                ' ' | '\t' if into.last() == Some(&Part::Blank) => {}
                ' ' | '\t' => into.push(Part::Blank),
                // It may be that of a short name.
                '.' if into.last() == Some(&Part::MonthName) => {}
                // It stands for UTC where it ends the format, as in `%FT%TZ`.
                'Z' if rest.is_empty() && !into.is_empty() => into.push(Part::ZoneName),
                char => into.extend(char.encode_utf8(&mut [0; 4]).bytes().map(Part::Byte)),
            }
            continue;
        }
        if let Some((fraction, behind)) = Fraction::of_letters(&rest[1..]) {
            into.push(Part::Fraction(fraction));
            rest = behind;
            continue;
        }
        // How numbers are padded makes no difference.
        let letters = rest[1..].trim_start_matches(['-', '_', '0', ':', '#']);
        let letter = letters.chars().next()?;
        rest = &letters[letter.len_utf8()..];
        into.push(match letter {
            'Y' => Part::Year,
            'y' => Part::ShortYear,
            'm' => Part::Month,
            'b' | 'B' | 'h' => Part::MonthName,
            'd' | 'e' => Part::Day,
            'j' => Part::DayOfYear,
            'a' | 'A' => Part::Weekday,
            'H' | 'k' => Part::Hour,
            'I' | 'l' => Part::HalfDayHour,
            'p' | 'P' => Part::HalfDay,
            'M' => Part::Minute,
            'S' => Part::Second,
            'z' => Part::Offset,
            'Z' => Part::ZoneName,
            's' => Part::Epoch,
            'n' | 't' => Part::Blank,
            '%' => Part::Byte(b'%'),
            'F' => return compile(&format!("%Y-%m-%d{rest}"), into),
            'T' | 'X' => return compile(&format!("%H:%M:%S{rest}"), into),
            'R' => return compile(&format!("%H:%M{rest}"), into),
            'r' => return compile(&format!("%I:%M:%S %p{rest}"), into),
            'D' | 'x' => return compile(&format!("%m/%d/%y{rest}"), into),
            'v' => return compile(&format!("%e-%b-%Y{rest}"), into),
            'c' => return compile(&format!("%a %b %e %T %Y{rest}"), into),
            _ => return None,
        });
    }
    Some(())
}

impl Told {
    /// Reads a part at a place, and gives where it ends.
    fn take(&mut self, part: Part, text: &[u8], at: usize) -> Option<usize> {
        let number = |digits_min: usize, digits_max: usize, into: &mut u32| {
            let at = if digits_min == 1 && text.get(at) == Some(&b' ') { at + 1 } else { at };
            let digits = text.get(at..)?.iter().take(digits_max).take_while(|byte| byte.is_ascii_digit());
            let end = at + digits.count();
            *into = text[at..end].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
            (end - at >= digits_min).then_some(end)
        };
        let mut value = 0;
        match part {
            Part::Byte(byte) => (text.get(at) == Some(&byte)).then_some(at + 1),
            Part::Blank => blank(text, at),
            Part::Year => {
                let end = number(4, 4, &mut value);
                self.year = Some(value as i32);
                end
            }
            Part::ShortYear => {
                let end = number(2, 2, &mut value);
                // As POSIX has it.
                self.year = Some(value as i32 + if value < 69 { 2000 } else { 1900 });
                end
            }
            Part::Month => number(1, 2, &mut self.month),
            Part::Day => number(1, 2, &mut self.day),
            Part::DayOfYear => number(1, 3, &mut self.day_of_year),
            Part::Hour => number(1, 2, &mut self.hour),
            Part::HalfDayHour => {
                let end = number(1, 2, &mut self.hour);
                if !(1..=12).contains(&self.hour) {
                    return None;
                }
                self.hour %= 12;
                end
            }
            Part::Minute => number(1, 2, &mut self.minute),
            Part::Second => {
                let end = number(1, 2, &mut value);
                self.micros += i64::from(value) * SECOND_US;
                // A leap second is the first of the next minute.
                end.filter(|_| value <= 60)
            }
            Part::Fraction(fraction) => {
                let (micros, end) = fraction.read(text, at)?;
                self.micros += micros;
                Some(end)
            }
            Part::MonthName => {
                let (month, end) = names::month(text, at)?;
                self.month = month;
                Some(end)
            }
            Part::Weekday => names::word(text, at),
            Part::HalfDay => {
                let (afternoon, end) = names::half_day(text, at)?;
                self.afternoon = Some(afternoon);
                Some(end)
            }
            Part::Offset => {
                let (offset_us, end) = (Offset::Needed { space: true }).read(text, at)?;
                self.offset_us = offset_us;
                Some(end)
            }
            Part::ZoneName => {
                let end = names::word(text, at)?;
                self.offset_us = names::zone(&text[at..end]);
                let has_offset = matches!(text.get(end), Some(b'+' | b'-')) && self.offset_us == Some(0);
                if !has_offset {
                    return Some(end);
                }
                let (offset_us, end) = (Offset::Needed { space: false }).read(text, end)?;
                self.offset_us = offset_us;
                Some(end)
            }
            Part::Epoch => {
                let whole = text.get(at..)?;
                let whole = &whole[..whole.iter().position(|byte| *byte == b'.').unwrap_or(whole.len())];
                let (minute, tail) = Unit::Seconds.read(whole)?;
                self.epoch_us = Some(minute + tail.micros);
                Some(at + tail.end)
            }
        }
    }

    /// Local microseconds since 1970.
    fn local_us(&self, anchor: Anchor) -> Option<i64> {
        let Self { year, month, day, day_of_year, hour, afternoon, minute, micros, .. } = *self;
        if hour >= 24 || minute >= 60 {
            return None;
        }
        let hour = if afternoon == Some(true) && hour < 12 { hour + 12 } else { hour };
        let in_day_us = i64::from(hour * 60 + minute) * MINUTE_US + micros;
        let date = |year: i32| match day_of_year {
            0 => NaiveDate::from_ymd_opt(year, month, day),
            day => NaiveDate::from_yo_opt(year, day),
        };
        let date = match year {
            Some(year) => date(year),
            None => infer(date, in_day_us, anchor),
        }?;
        Some(i64::from(date.to_epoch_days()) * DAY_US + in_day_us)
    }
}

/// Position behind white space, of which there must be some.
fn blank(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += match text.get(at..)? {
            [b' ' | b'\t', ..] => 1,
            // No-break spaces, U+00A0 and U+202F.
            [0xc2, 0xa0, ..] => 2,
            [0xe2, 0x80, 0xaf, ..] => 3,
            _ => return (at > from).then_some(at),
        };
    }
}
