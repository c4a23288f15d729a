//! Times of records: `2026-10-12 05:08:31,905`, with the minute cached.

use crate::calendar::{DAY_MS, day_of, weekday_of};

/// Length of a time.
pub const STAMP_BYTES: usize = 23;
/// The part up to the minute.
const MINUTE_BYTES: usize = 16;

/// The instant of a record.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Days since 1970-01-01.
    pub day: i32,
    pub weekday: usize,
    pub hour: usize,
}

/// Reads times; those of one minute share most of the work.
#[derive(Debug)]
pub struct Clock {
    text: [u8; MINUTE_BYTES],
    minute: Stamp,
}

impl Default for Clock {
    fn default() -> Self {
        Self { text: [0; MINUTE_BYTES], minute: Stamp { time_ms: 0, day: 0, weekday: 0, hour: 0 } }
    }
}

impl Clock {
    /// The instant that a record's first [`STAMP_BYTES`] bytes tell.
    #[inline]
    pub fn read(&mut self, text: &[u8; STAMP_BYTES]) -> Stamp {
        if text[..MINUTE_BYTES] != self.text {
            self.turn(text);
        }
        let seconds = number(&text[17..19]);
        let millis = number(&text[20..23]);
        Stamp { time_ms: self.minute.time_ms + i64::from(seconds * 1000 + millis), ..self.minute }
    }

    fn turn(&mut self, text: &[u8; STAMP_BYTES]) {
        self.text.copy_from_slice(&text[..MINUTE_BYTES]);
        let day = day_of(number(&text[..4]) as i32, number(&text[5..7]), number(&text[8..10]));
        let (hour, minute) = (number(&text[11..13]), number(&text[14..16]));
        self.minute = Stamp {
            time_ms: i64::from(day) * DAY_MS + i64::from(hour * 60 + minute) * 60_000,
            day,
            weekday: weekday_of(day),
            // A digit too many must not reach an index.
            hour: (hour % 24) as usize,
        };
    }
}

/// The number that decimal digits make.
pub fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0u32, |sum, digit| sum.wrapping_mul(10).wrapping_add(u32::from(digit.wrapping_sub(b'0'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_time_with_and_without_the_cache() {
        let mut clock = Clock::default();
        let stamp = clock.read(b"2026-10-12 05:08:31,905");
        assert_eq!(stamp.time_ms, 1_791_781_711_905);
        assert_eq!((stamp.weekday, stamp.hour), (0, 5));
        let later = clock.read(b"2026-10-12 05:08:59,999");
        assert_eq!(later.time_ms - stamp.time_ms, 28_094);
    }
}
