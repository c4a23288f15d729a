//! What stands behind the minute: seconds, their fraction, and the offset.

use super::super::swar;
use super::MINUTE_US;

/// Digits of a microsecond; further ones are dropped.
const MICRO_DIGITS: usize = 6;

/// Digits behind the seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fraction {
    /// Either of these comes first; none where the digits follow at once.
    pub(super) separators: Option<[u8; 2]>,
    pub(super) digits_min: usize,
    pub(super) digits_max: usize,
    /// The whole of it may be missing.
    pub(super) optional: bool,
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
        offset_min(self.offset_us)
    }
}

#[inline(always)]
pub(super) fn offset_min(offset_us: Option<i64>) -> i16 {
    // An offset is less than a day.
    offset_us.map_or(0, |us| (us / MINUTE_US) as i16)
}

impl Fraction {
    /// The fraction at the begin of what follows `%S`, and the rest.
    pub(super) fn compile(tail: &str) -> (Self, &str) {
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

/// The number that digits make.
pub(super) fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}
