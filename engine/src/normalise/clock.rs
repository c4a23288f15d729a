//! Reads the times of one source, in the order of its lines.
//!
//! The time of the line before is kept as it is written, and the zone's offset of its day: reading a time like it costs a
//! comparison, and its digits. Of formats that end otherwise, and on days on which an offset changes, all of it is read.
//! An hour that a zone repeats in autumn is resolved by the order of the lines: it is the first pass until the time steps
//! back. An hour that it skips in spring has no instant: such a time is taken with the offset before it, and marked.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::epoch::Unit;
use super::timestamp::{DAY_US, Date, Dated, Fixed, MINUTE_US, TimeFormat};
use super::year::Anchor;

const SECOND_US: i64 = 1_000_000;
const QUARTER_US: i64 = 900 * SECOND_US;
/// Threads write their lines a little out of order: only more than this is a step back of the clock.
const DISORDER_US: i64 = 5 * SECOND_US;
/// Quarters of an hour in which a time before a gap is looked for: Samoa skipped a whole day.
const GAP_QUARTERS_MAX: i64 = 26 * 4;

/// A time that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Microseconds since 1970 UTC.
    pub time: i64,
    /// Where it ends in the text.
    pub end: usize,
    /// The zone skipped this local time.
    pub in_gap: bool,
    /// Minutes between UTC and the clock that wrote it, where the time tells them; 0 where it does not, or is in UTC.
    pub offset_min: i16,
}

/// Reads the times of one source.
#[derive(Debug)]
pub struct Clock {
    zone: Tz,
    /// The date that was read last.
    date: Date,
    /// Local microseconds of the minute that was asked for last.
    minute: i64,
    /// What the zone says of that minute; none until it is asked.
    local: Option<Local>,
    /// Local microseconds of the day asked for last, and its offset where it has only one.
    day: (i64, Option<i64>),
    /// The greatest time so far: what resolves a repeated hour, a time without a year, and a record without a time.
    latest: i64,
    /// When the source was seen first: what resolves these where no time was before them.
    seen: Option<i64>,
}

/// Offsets of a local minute from UTC, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Local {
    Once(i64),
    Twice { first: i64, second: i64 },
    Never { before: i64 },
}

impl Clock {
    /// A clock for times of a zone, behind a source whose greatest time so far is `latest`, and that was there at
    /// `seen`.
    pub fn new(zone: Tz, latest: Option<i64>, seen: Option<i64>) -> Self {
        Self {
            zone,
            date: Date::default(),
            minute: 0,
            local: None,
            day: (1, None),
            latest: latest.unwrap_or(i64::MIN),
            seen,
        }
    }

    /// Takes note of a record's time.
    #[inline(always)]
    pub fn pass(&mut self, time: i64) {
        self.latest = self.latest.max(time);
    }

    /// The greatest time so far.
    pub fn latest(&self) -> Option<i64> {
        (self.latest != i64::MIN).then_some(self.latest)
    }

    /// The time of a record that tells none: the greatest so far, or when the source was seen first.
    pub fn untold(&self) -> Option<Stamp> {
        let time = self.latest().or(self.seen)?;
        Some(Stamp { time, end: 0, in_gap: false, offset_min: 0 })
    }

    /// Reads the time at the begin of a text.
    #[inline(always)]
    pub fn read(&mut self, format: &TimeFormat, text: &[u8]) -> Option<Stamp> {
        match format {
            TimeFormat::Fixed(fixed) => self.fixed(fixed, text),
            TimeFormat::Auto(fixed) => match self.fixed(fixed, text) {
                None => self.other(format, text),
                stamp => stamp,
            },
            TimeFormat::Epoch(_) | TimeFormat::Loose(_) => self.other(format, text),
        }
    }

    #[inline(never)]
    fn other(&mut self, format: &TimeFormat, text: &[u8]) -> Option<Stamp> {
        let (minute, tail) = match format {
            TimeFormat::Fixed(_) | TimeFormat::Auto(_) => Unit::BySize.read(text)?,
            TimeFormat::Epoch(unit) => unit.read(text)?,
            TimeFormat::Loose(loose) => loose.read(text, self.anchor())?,
        };
        self.turn(minute);
        let (time, in_gap) = self.instant(tail.micros, tail.offset_us);
        Some(Stamp { time, end: tail.end, in_gap, offset_min: tail.offset_min() })
    }

    fn anchor(&self) -> Anchor {
        match self.latest() {
            None => Anchor::UpTo(self.seen.unwrap_or_default()),
            Some(latest) => Anchor::Near(latest),
        }
    }

    #[inline(always)]
    fn fixed(&mut self, fixed: &Fixed, text: &[u8]) -> Option<Stamp> {
        match self.dated().and_then(|dated| Some((dated.read(text)?, dated))) {
            Some((time, dated)) => {
                Some(Stamp { time, end: dated.end(), in_gap: false, offset_min: dated.offset_min() })
            }
            None => self.fixed_anew(fixed, text),
        }
    }

    #[inline(never)]
    fn fixed_anew(&mut self, fixed: &Fixed, text: &[u8]) -> Option<Stamp> {
        let minute = fixed.minute(text, &mut self.date)?;
        self.turn(minute);
        let tail = fixed.tail(text)?;
        self.date.written = fixed.written(text, &tail);
        let (time, in_gap) = self.instant(tail.micros, tail.offset_us);
        Some(Stamp { time, end: tail.end, in_gap, offset_min: tail.offset_min() })
    }

    /// The times like the one read last whose instants are beyond doubt: because the offset stands in them, or changes not
    /// on their date.
    #[inline(always)]
    pub fn dated(&self) -> Option<Dated<'_>> {
        let (start, offset) = self.day;
        self.date.written.dated(self.date.start_us, offset.filter(|_| start == self.date.start_us))
    }

    fn turn(&mut self, minute: i64) {
        if minute != self.minute {
            (self.minute, self.local) = (minute, None);
        }
    }

    /// The instant of a time in the minute, and whether its zone skipped it.
    #[inline(always)]
    fn instant(&mut self, micros: i64, offset_us: Option<i64>) -> (i64, bool) {
        let local = self.minute + micros;
        if let Some(offset_us) = offset_us {
            return (local - offset_us, false);
        }
        match self.local {
            Some(Local::Once(offset)) => (local - offset, false),
            _ => self.seldom(local),
        }
    }

    fn seldom(&mut self, local: i64) -> (i64, bool) {
        if self.local.is_none() {
            self.local = self.ask();
        }
        match self.local.unwrap_or_else(|| offsets(self.zone, local)) {
            Local::Once(offset) => (local - offset, false),
            Local::Never { before } => (local - before, true),
            Local::Twice { first, second } => {
                let stepped_back = local - first < self.latest.saturating_sub(DISORDER_US);
                // The day before a fold has the first offset throughout.
                let is_near = local - first <= self.latest.saturating_add(DAY_US);
                let was_second = is_near && offset_us(self.zone, self.latest) == Some(second);
                (local - if stepped_back || was_second { second } else { first }, false)
            }
        }
    }

    /// What the zone says of the minute; none where it says several things, because its offset had seconds.
    fn ask(&mut self) -> Option<Local> {
        let start = self.minute - self.minute.rem_euclid(DAY_US);
        if start != self.day.0 {
            // Where midnight, noon and the next midnight agree, nothing changes in between.
            let [first, noon, last] = [0, DAY_US / 2, DAY_US].map(|us| offsets(self.zone, start + us));
            let same = first == noon && noon == last;
            self.day = (start, if let Local::Once(offset) = first { same.then_some(offset) } else { None });
        }
        if let Some(offset) = self.day.1 {
            return Some(Local::Once(offset));
        }
        let [first, last] = [0, MINUTE_US - 1].map(|us| offsets(self.zone, self.minute + us));
        (first == last).then_some(first)
    }
}

/// Offsets of a local time.
fn offsets(zone: Tz, local_us: i64) -> Local {
    let micros = |offset: chrono_tz::TzOffset| i64::from(offset.fix().local_minus_utc()) * SECOND_US;
    let mapped = |local_us| match naive(local_us).map(|naive| zone.offset_from_local_datetime(&naive)) {
        Some(MappedLocalTime::Single(offset)) => Some(Local::Once(micros(offset))),
        Some(MappedLocalTime::Ambiguous(a, b)) => {
            // The greater offset is the earlier instant.
            let (a, b) = (micros(a), micros(b));
            Some(Local::Twice { first: a.max(b), second: a.min(b) })
        }
        Some(MappedLocalTime::None) => None,
        None => Some(Local::Once(0)),
    };
    let before = |quarters: i64| match mapped(local_us - quarters * QUARTER_US)? {
        Local::Once(before) | Local::Twice { second: before, .. } => Some(before),
        Local::Never { before } => Some(before),
    };
    mapped(local_us)
        .unwrap_or_else(|| Local::Never { before: (1..=GAP_QUARTERS_MAX).find_map(before).unwrap_or_default() })
}

/// Offset at an instant.
fn offset_us(zone: Tz, time: i64) -> Option<i64> {
    let offset = zone.offset_from_utc_datetime(&naive(time)?);
    Some(i64::from(offset.fix().local_minus_utc()) * SECOND_US)
}

fn naive(local_us: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(local_us).map(|instant| instant.naive_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop_assert_eq, proptest};
    use proptest::sample::select;

    use super::*;

    const FORMATS: [&str; 8] = [
        "%Y-%m-%d %H:%M:%S,%3f",
        "%d/%m/%Y %H:%M:%S.%f",
        "%d.%m.%Y %H.%M.%S",
        "%Y%m%d %H:%M:%S,%3f",
        "%Y%m%d%H%M%S",
        "%H:%M:%S %d.%m.%Y",
        "%FT%T%.f%:z",
        "%FT%T%.9f%:z",
    ];

    /// A time of one of two days or so, and a byte that may be put into its text.
    fn written() -> impl Strategy<Value = (i64, Option<(usize, u8)>)> {
        let byte = (0usize..40, select(b"0123456789: ,-\0/\xff".to_vec()));
        ((0..200_000_000i64), proptest::option::weighted(0.2, byte))
    }

    proptest! {
        #[test]
        fn what_was_read_before_changes_no_time(
            format in select(FORMATS.to_vec()),
            times in proptest::collection::vec(written(), 1..40),
            is_long: bool,
        ) {
            let compiled = TimeFormat::compile(format).unwrap();
            let mut clock = Clock::new(Tz::Asia__Kathmandu, None, None);
            for (millis, byte) in times {
                let time = DateTime::from_timestamp_millis(1_791_781_711_905 + millis).unwrap();
                let mut text = time.format(format).to_string().into_bytes();
                text.extend_from_slice(if is_long { b" and what stands behind it in a line" } else { b"" });
                if let Some((at, byte)) = byte {
                    let at = at % text.len();
                    text[at] = byte;
                }
                let alone = Clock::new(Tz::Asia__Kathmandu, None, None).read(&compiled, &text);
                prop_assert_eq!(clock.read(&compiled, &text), alone, "{}", String::from_utf8_lossy(&text));
            }
        }

        #[test]
        fn nothing_is_read_of_what_is_no_time(text: Vec<u8>, is_late: bool) {
            let compiled = TimeFormat::compile(FORMATS[0]).unwrap();
            let mut clock = Clock::new(Tz::UTC, None, None);
            if is_late {
                clock.read(&compiled, b"2026-10-12 05:08:31,905 x");
            }
            let zeros = [0; 40];
            prop_assert_eq!((clock.read(&compiled, &text), clock.read(&compiled, &zeros)), (None, None));
        }
    }

    fn read_all(zone: Tz, latest: Option<i64>, lines: &[&str]) -> Vec<(String, bool)> {
        let format = TimeFormat::compile("%Y-%m-%d %H:%M:%S").unwrap();
        let mut clock = Clock::new(zone, latest, None);
        let mut read = |line: &&str| {
            let stamp = clock.read(&format, line.as_bytes()).unwrap();
            clock.pass(stamp.time);
            let utc = DateTime::from_timestamp_micros(stamp.time).unwrap();
            (utc.format("%dT%H:%M:%S").to_string(), stamp.in_gap)
        };
        lines.iter().map(&mut read).collect()
    }

    fn times(zone: Tz, latest: Option<i64>, lines: &[&str]) -> Vec<String> {
        read_all(zone, latest, lines).into_iter().map(|(time, _)| time).collect()
    }

    #[test]
    fn a_repeated_hour_is_resolved_by_the_order_of_lines() {
        let lines = [
            "2026-10-25 01:59:00",
            "2026-10-25 02:00:00",
            "2026-10-25 02:59:58",
            "2026-10-25 02:59:55",
            "2026-10-25 02:00:01",
            "2026-10-25 02:59:59",
            "2026-10-25 03:00:00",
        ];
        let expected =
            ["24T23:59:00", "25T00:00:00", "25T00:59:58", "25T00:59:55", "25T01:00:01", "25T01:59:59", "25T02:00:00"];
        assert_eq!(times(Tz::Europe__Berlin, None, &lines), expected);
    }

    #[test]
    fn a_source_goes_on_in_the_pass_that_it_was_in() {
        let second_pass = DateTime::parse_from_rfc3339("2026-10-25T01:10:00Z").unwrap().timestamp_micros();
        let lines = ["2026-10-25 02:10:00", "2026-10-25 02:11:00"];
        assert_eq!(times(Tz::Europe__Berlin, Some(second_pass), &lines), ["25T01:10:00", "25T01:11:00"]);
        assert_eq!(times(Tz::Europe__Berlin, None, &lines), ["25T00:10:00", "25T00:11:00"]);
    }

    #[test]
    fn a_skipped_hour_takes_the_offset_before_it_and_is_marked() {
        let lines = ["2026-03-29 01:59:59", "2026-03-29 02:30:00", "2026-03-29 03:00:00"];
        let expected = [("29T00:59:59", false), ("29T01:30:00", true), ("29T01:00:00", false)];
        assert_eq!(read_all(Tz::Europe__Berlin, None, &lines), expected.map(|(time, gap)| (time.to_owned(), gap)));
        // A midnight that Brazil skipped, and a day that Samoa did.
        assert_eq!(times(Tz::America__Sao_Paulo, None, &["2018-11-04 00:30:00"]), ["04T03:30:00"]);
        assert_eq!(times(Tz::Pacific__Apia, None, &["2011-12-30 12:00:00"]), ["30T22:00:00"]);
    }

    #[test]
    fn southern_zones_and_zones_without_whole_hours_are_right() {
        assert_eq!(times(Tz::Australia__Lord_Howe, None, &["2026-04-05 01:45:00"]), ["04T14:45:00"]);
        assert_eq!(times(Tz::Asia__Kathmandu, None, &["2026-10-12 05:45:00"]), ["12T00:00:00"]);
        assert_eq!(times(Tz::America__St_Johns, None, &["2010-11-07 00:00:30"]), ["07T02:30:30"]);
        let sydney = ["2026-04-05 02:59:59", "2026-04-05 02:00:00", "2026-10-04 01:59:59", "2026-10-04 02:30:00"];
        let expected = [("04T15:59:59", false), ("04T16:00:00", false), ("03T15:59:59", false), ("03T16:30:00", true)];
        assert_eq!(read_all(Tz::Australia__Sydney, None, &sydney), expected.map(|(time, gap)| (time.to_owned(), gap)));
    }

    #[test]
    fn half_an_hour_may_be_repeated_or_skipped() {
        let lines = ["2026-04-05 01:29:59", "2026-04-05 01:59:59", "2026-04-05 01:30:00", "2026-04-05 02:00:00"];
        let expected = ["04T14:29:59", "04T14:59:59", "04T15:00:00", "04T15:30:00"];
        assert_eq!(times(Tz::Australia__Lord_Howe, None, &lines), expected);
        let lines = ["2026-10-04 01:59:59", "2026-10-04 02:15:00", "2026-10-04 02:30:00"];
        let expected = [("03T15:29:59", false), ("03T15:45:00", true), ("03T15:30:00", false)];
        assert_eq!(read_all(Tz::Australia__Lord_Howe, None, &lines), expected.map(|(at, gap)| (at.to_owned(), gap)));
    }

    #[test]
    fn offsets_with_seconds_are_right_to_the_second() {
        // Liberia was 44 minutes and 30 seconds behind UTC, and then no more: a minute of which half was skipped.
        let lines = ["1972-01-06 23:59:59", "1972-01-07 00:44:29", "1972-01-07 00:44:30", "1972-01-07 00:45:00"];
        let expected = [("07T00:44:29", false), ("07T01:28:59", true), ("07T00:44:30", false), ("07T00:45:00", false)];
        assert_eq!(read_all(Tz::Africa__Monrovia, None, &lines), expected.map(|(at, gap)| (at.to_owned(), gap)));
    }

    #[test]
    fn the_minute_of_another_day_is_not_taken_for_this_one() {
        let lines = ["2026-03-28 12:00:01", "2026-03-29 12:00:01", "2026-03-28 12:00:01", "1970-01-01 00:00:00"];
        let expected = ["28T11:00:01", "29T10:00:01", "28T11:00:01", "31T23:00:00"];
        assert_eq!(times(Tz::Europe__Berlin, None, &lines), expected);
    }
}
