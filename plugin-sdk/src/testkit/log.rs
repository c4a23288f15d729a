//! A log made of words.

use std::collections::BTreeMap;

use super::DAY_US;

/// The log of one instance, in stream order.
#[derive(Debug, Default, Clone)]
pub struct Log {
    pub(super) entries: Vec<Entry>,
}

/// One record.
#[derive(Debug, Default, Clone)]
pub struct Entry {
    pub(super) time: i64,
    pub(super) severity: u8,
    pub(super) event: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) texts: BTreeMap<String, String>,
    pub(super) integers: BTreeMap<String, i64>,
}

impl Log {
    /// Adds a record at a UTC time such as `2026-10-12 08:00:00` or `2026-10-12 08:00:00.250`; its severity is INFO.
    pub fn at(&mut self, time: &str) -> &mut Entry {
        self.at_time(self::time(time))
    }

    /// Adds a record at a time in microseconds.
    pub fn at_time(&mut self, time: i64) -> &mut Entry {
        self.entries.push(Entry { time, severity: 9, ..Entry::default() });
        self.entries.last_mut().expect("an entry was pushed")
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Entry {
    /// Names the event.
    pub fn event(&mut self, name: &str) -> &mut Self {
        self.event = Some(name.to_owned());
        self
    }

    /// Sets the OpenTelemetry severity number.
    pub fn severity(&mut self, number: u8) -> &mut Self {
        self.severity = number;
        self
    }

    /// Sets the signature.
    pub fn signature(&mut self, text: &str) -> &mut Self {
        self.signature = Some(text.to_owned());
        self
    }

    /// Sets a text attribute.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.texts.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets a number, or a duration in milliseconds.
    pub fn integer(&mut self, name: &str, value: i64) -> &mut Self {
        self.integers.insert(name.to_owned(), value);
        self
    }
}

/// The symbol or key that stands for a text in this kit (FNV-1a).
pub fn symbol(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)).max(1)
}

/// A UTC time such as `2026-10-12 08:00:00.250` in microseconds.
///
/// # Panics
/// When the text is no such time.
pub fn time(text: &str) -> i64 {
    let numbers: Vec<i64> = text.split(['-', ' ', 'T', ':', '.']).map(|part| part.parse().expect("digits")).collect();
    let millis = numbers.get(6).copied().unwrap_or(0);
    let seconds = numbers[3] * 3600 + numbers[4] * 60 + numbers[5];
    i64::from(civil(numbers[0], numbers[1], numbers[2])) * DAY_US + seconds * 1_000_000 + millis * 1000
}

/// A date such as `2026-10-12` in days since 1970-01-01.
///
/// # Panics
/// When the text is no such date.
pub fn day(text: &str) -> i32 {
    let numbers: Vec<i64> = text.split('-').map(|part| part.parse().expect("digits")).collect();
    civil(numbers[0], numbers[1], numbers[2])
}

/// Days since 1970-01-01 of a date in the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
/// algorithms").
fn civil(year: i64, month: i64, day: i64) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).expect("a date of our times")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_those_of_the_calendar() {
        assert_eq!((day("1970-01-01"), day("2000-03-01"), day("2026-10-12")), (0, 11_017, 20_738));
        assert_eq!(time("1970-01-01 00:00:01.250"), 1_250_000);
        assert_eq!(time("2026-10-12 08:30:00"), 20_738 * DAY_US + 30_600_000_000);
    }
}
