//! What the report could see of the fleet, and what plugins are told of each instance.

use std::ops::Range;

use chrono::DateTime;
use logparser_reports::model::{Coverage, InstanceCoverage, InstanceState, UnparsedExample};

use crate::catalog::{InstanceRow, Reach, Summary};
use crate::fold::Member;
use crate::profile::Instance;

/// A clock that is off by less is not worth a word: the `Date` of HTTP counts whole seconds.
const SKEW_MS_MIN: i64 = 5_000;
/// Examples of unparsed lines in a report.
const EXAMPLES_MAX: usize = 10;

/// An instance of the profile with all that is known of it.
pub struct Seen<'a> {
    pub instance: &'a Instance,
    pub row: Option<&'a InstanceRow>,
    pub summary: Summary,
}

impl Seen<'_> {
    /// What plugins are told.
    pub fn member(&self) -> Member {
        let mut facts = Vec::new();
        if let Some(reach) = self.row.and_then(|row| row.reach) {
            facts.push(("reached", i64::from(reach != Reach::Unreachable)));
        }
        facts.extend(self.summary.last_time.map(|time| ("last-record", time)));
        facts.extend(self.skew_ms().map(|skew| ("clock-skew-ms", skew)));
        Member { name: self.instance.name.clone(), tags: self.instance.tags.clone(), facts }
    }

    /// How far the instance's clock is ahead, in whole seconds, where that is worth a word.
    fn skew_ms(&self) -> Option<i64> {
        let row = self.row?;
        let skew_ms = (row.server_date_us? - row.reached_us?) / 1000;
        (skew_ms.abs() >= SKEW_MS_MIN).then_some(skew_ms / 1000 * 1000)
    }

    fn coverage(&self, days: &Range<i32>) -> InstanceCoverage {
        let records = self.summary.days.range(days.clone()).map(|(_, records)| records).sum();
        let row = self.row;
        let state = match row.and_then(|row| row.reach) {
            None => InstanceState::NeverSeen,
            Some(Reach::Unreachable) if row.is_some_and(|row| row.reached_us.is_none()) => InstanceState::NeverSeen,
            Some(Reach::Unreachable) => InstanceState::Unreachable,
            Some(Reach::Partial) => InstanceState::Partial,
            Some(Reach::Reached) if records == 0 => InstanceState::Silent,
            Some(Reach::Reached) => InstanceState::Reached,
        };
        InstanceCoverage {
            name: self.instance.name.clone(),
            tags: self.instance.tags.clone(),
            state,
            cause: row.and_then(|row| row.cause.as_ref()).map(|(_, text)| text.clone()),
            last_record: self.summary.last_time.and_then(DateTime::from_timestamp_micros),
            records,
            lines_unparsed: self.summary.unparsed,
            files: self.summary.files,
            bytes: self.summary.bytes,
            gaps: self.summary.gap_bytes,
        }
    }
}

/// The report's coverage of the days.
pub fn coverage(fleet: &[Seen<'_>], days: &Range<i32>) -> Coverage {
    let example = |seen: &Seen<'_>| {
        let name = seen.instance.name.clone();
        seen.summary.examples.first().map(|(file, offset, text)| UnparsedExample {
            instance: name,
            file: file.clone(),
            offset: *offset,
            text: text.clone(),
        })
    };
    let examples = fleet.iter().filter_map(example).take(EXAMPLES_MAX).collect();
    Coverage::of(fleet.iter().map(|seen| seen.coverage(days)).collect(), examples)
}
