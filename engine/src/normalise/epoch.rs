//! Times as numbers since 1970 UTC, in whatever unit, whole or with a fraction.

use super::timestamp::{MINUTE_US, Tail};

/// No log is older or newer: years 1 to 9999.
const MICROS_MIN: i128 = -62_135_596_800_000_000;
const MICROS_MAX: i128 = 253_402_300_799_999_999;
/// A number of more digits is no time.
const DIGITS_MAX: usize = 20;
/// Digits of a fraction that count.
const FRACTION_DIGITS: u32 = 9;

/// What a number since 1970 counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
    /// Its size tells: seconds up to the year 5138, then milliseconds, and so on.
    BySize,
}

impl Unit {
    /// The unit of a time format such as `epoch ms`.
    pub fn of(format: &str) -> Option<Self> {
        Some(match format {
            "epoch" => Self::BySize,
            "epoch s" => Self::Seconds,
            "epoch ms" => Self::Millis,
            "epoch us" => Self::Micros,
            "epoch ns" => Self::Nanos,
            _ => return None,
        })
    }

    fn nanos(self, number: i128) -> i128 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
            Self::BySize => match number.abs() {
                ..100_000_000_000 => 1_000_000_000,
                100_000_000_000..100_000_000_000_000 => 1_000_000,
                100_000_000_000_000..100_000_000_000_000_000 => 1_000,
                _ => 1,
            },
        }
    }

    /// Reads the number at the begin of a text: microseconds of its minute, and the rest.
    pub fn read(self, text: &[u8]) -> Option<(i64, Tail)> {
        let sign = usize::from(text.first() == Some(&b'-'));
        let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let whole = digits(sign);
        if !(1..=DIGITS_MAX).contains(&whole) {
            return None;
        }
        let mut end = sign + whole;
        let mut number = read(&text[sign..end]);
        let nanos = self.nanos(number);
        let mut part = 0;
        if text.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            let fraction = digits(end + 1);
            let counted = &text[end + 1..end + 1 + fraction.min(FRACTION_DIGITS as usize)];
            part = read(counted) * 10_i128.pow(FRACTION_DIGITS - counted.len() as u32);
            end += 1 + fraction;
        }
        number = number * nanos + part * nanos / 10_i128.pow(FRACTION_DIGITS);
        let micros = (if sign == 1 { -number } else { number }).div_euclid(1_000);
        let micros = (MICROS_MIN..=MICROS_MAX).contains(&micros).then_some(micros as i64)?;
        let within = micros.rem_euclid(MINUTE_US);
        Some((micros - within, Tail { micros: within, offset_us: Some(0), end }))
    }
}

fn read(digits: &[u8]) -> i128 {
    digits.iter().fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_units_are_times() {
        let time = 1_791_781_711_905_250;
        let cases = [
            (Unit::Seconds, "1791781711.90525 x", Some((time, 16))),
            (Unit::Millis, "1791781711905.25", Some((time, 16))),
            (Unit::Micros, "1791781711905250", Some((time, 16))),
            (Unit::Nanos, "1791781711905250999", Some((time, 19))),
            (Unit::BySize, "1791781711.9052509999999", Some((time, 24))),
            (Unit::BySize, "1791781711905.25", Some((time, 16))),
            (Unit::BySize, "1791781711905250", Some((time, 16))),
            (Unit::BySize, "1791781711905250000", Some((time, 19))),
            (Unit::Seconds, "-1.5", Some((-1_500_000, 4))),
            (Unit::Seconds, "17.", Some((17_000_000, 2))),
            (Unit::Seconds, "99999999999999999999", None),
            (Unit::Seconds, "999999999999999999999", None),
            (Unit::Seconds, "x", None),
            (Unit::Seconds, "", None),
        ];
        for (unit, text, expected) in cases {
            let read = unit.read(text.as_bytes()).map(|(minute, tail)| (minute + tail.micros, tail.end));
            assert_eq!(read, expected, "{unit:?} {text}");
        }
    }
}
