//! Numbers, shares and sizes.

use super::NO_VALUE;

/// Separates groups of three digits: a narrow no-break space, neither comma nor point anywhere.
const GROUP_SEPARATOR: char = '\u{202f}';
/// From here on a number is written with an exponent: a float has no more exact digits.
const PLAIN_MAX: f64 = 1e15;

/// An integer with grouped digits: `1 234 567`.
pub fn integer(value: i64) -> String {
    signed(value < 0, &group(&value.unsigned_abs().to_string()))
}

/// A count with grouped digits.
pub fn count(value: u64) -> String {
    group(&value.to_string())
}

/// A number to three or four significant digits, without idle zeros: `0.00123`, `12.35`, `1 234.6`.
pub fn float(value: f64) -> String {
    if !value.is_finite() {
        return NO_VALUE.to_owned();
    }
    let size = value.abs();
    if size >= PLAIN_MAX || (size > 0.0 && size < 1e-6) {
        return signed(value < 0.0, &format!("{size:.2e}"));
    }
    let decimals = match size {
        0.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 1.0 => 2,
        // Three significant digits: 0.0123 has one zero behind the point.
        _ => 2 + (-size.log10().floor()) as usize,
    };
    fixed(value, decimals)
}

/// A share between 0 and 1 as a percentage with one decimal.
///
/// Only all is `100%` and only nothing is `0%`: what would round to them is `>99.9%` or `<0.1%`.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NO_VALUE.to_owned();
    }
    let tenths = (share * 1000.0).round();
    if share > 0.0 && tenths == 0.0 {
        return "<0.1%".to_owned();
    }
    if share < 1.0 && tenths == 1000.0 {
        return ">99.9%".to_owned();
    }
    if tenths == 0.0 || tenths == 1000.0 {
        return format!("{}%", tenths / 10.0);
    }
    let digits = format!("{:.1}", tenths.abs() / 10.0);
    format!("{}%", signed(tenths < 0.0, &group_decimal(&digits)))
}

/// A size in decimal units: `351 MB`, `8.1 MB`, `512 bytes`.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if size < 1000 {
        return format!("{size} bytes");
    }
    let mut value = size as f64 / 1000.0;
    let mut unit = 0;
    // 999.5 would be written as 1000.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = if value < 9.95 { 1 } else { 0 };
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// A number with at most `decimals` decimals, without idle zeros.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => &digits,
    };
    signed(value < 0.0 && digits != "0", &group_decimal(digits))
}

pub(super) fn signed(negative: bool, digits: &str) -> String {
    // U+2212 is as wide as a digit; a hyphen is not.
    format!("{}{digits}", if negative { "−" } else { "" })
}

fn group_decimal(digits: &str) -> String {
    match digits.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", group(whole)),
        None => group(digits),
    }
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(GROUP_SEPARATOR);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that the cases can be written with a plain space.
    fn spaced(text: String) -> String {
        text.replace(GROUP_SEPARATOR, " ")
    }

    #[test]
    fn integers_are_grouped() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1 000"),
            (-1_234_567, "−1 234 567"),
            (i64::MIN, "−9 223 372 036 854 775 808"),
        ];
        for (value, words) in cases {
            assert_eq!(spaced(integer(value)), words);
        }
        assert_eq!(spaced(count(u64::MAX)), "18 446 744 073 709 551 615");
    }

    #[test]
    fn floats_have_no_idle_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (2.0, "2"),
            (12.3456, "12.35"),
            (1234.56, "1 234.6"),
            (0.0123456, "0.0123"),
            (-0.5, "−0.5"),
            (1e-9, "1.00e-9"),
            (-1e300, "−1.00e300"),
            (f64::INFINITY, "—"),
        ];
        for (value, words) in cases {
            assert_eq!(spaced(float(value)), words, "{value}");
        }
    }

    #[test]
    fn only_all_is_all_and_only_nothing_is_nothing() {
        let cases = [
            (0.0, "0%"),
            (1.0, "100%"),
            (0.98, "98.0%"),
            (0.9999, ">99.9%"),
            (0.0001, "<0.1%"),
            (0.0005, "0.1%"),
            (-0.25, "−25.0%"),
            (12.5, "1 250.0%"),
            (f64::NAN, "—"),
        ];
        for (value, words) in cases {
            assert_eq!(spaced(percent(value)), words, "{value}");
        }
    }

    #[test]
    fn sizes_carry_their_unit() {
        let cases = [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (8_123_456, "8.1 MB"),
            (351_000_000, "351 MB"),
            (999_950_000, "1.0 GB"),
            (u64::MAX, "18 EB"),
        ];
        for (size, words) in cases {
            assert_eq!(bytes(size), words);
        }
    }
}
