//! What the report could see of the fleet, and what plugins are told of each instance.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use chrono::DateTime;
use logparser_reports::model::{
    Cell, Coverage, Gap, Highlight, InstanceCoverage, InstanceState, InventoryCoverage, Level, UnparsedExample,
};

use crate::calendar::SECOND_US;
use crate::catalog::{InstanceRow, Reach, Summary};
use crate::fold::Member;
use crate::normalise::UNKNOWN_SEVERITY;
use crate::profile::{Instance, Profile};

/// A clock that is off by less is not worth a word: the `Date` of HTTP counts whole seconds.
const SKEW_MS_MIN: i64 = 5_000;
/// Examples of unparsed lines in a report.
const EXAMPLES_MAX: usize = 10;
/// One in so many instances that could not be reached needs attention before all else; a few are always switched off.
const UNREACHED_ONE_IN: u64 = 3;
/// One in so many instances that write severities which nobody knows: no slip, but a format that lacks
/// words.
const UNKNOWN_SEVERITIES_ONE_IN: u64 = 10;
/// Entries of the inventory that are named, of those that are not taken.
const REFUSED_MAX: usize = 20;

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
        facts.extend(self.skew_ms().filter(|skew| *skew != 0).map(|skew| ("clock-skew-ms", skew)));
        Member { name: self.instance.name.clone(), tags: self.instance.tags.clone(), facts }
    }

    /// How far the instance's clock is ahead, in whole seconds; 0 where that is not worth a word.
    fn skew_ms(&self) -> Option<i64> {
        let row = self.row?;
        let skew_ms = (row.server_date_us? - row.reached_us?) / 1000;
        Some(if skew_ms.abs() >= SKEW_MS_MIN { skew_ms / 1000 * 1000 } else { 0 })
    }

    fn gaps(&self) -> impl Iterator<Item = Gap> {
        let time = |micros: Option<i64>| micros.and_then(DateTime::from_timestamp_micros);
        let gaps = self.summary.gaps.values().map(|loss| (loss, false));
        gaps.chain(self.summary.damage.iter().map(|loss| (loss, true))).map(move |(loss, in_store)| Gap {
            instance: self.instance.name.clone(),
            file: loss.file.clone(),
            listed: loss.live,
            in_store,
            bytes: (loss.gap > 0).then_some(loss.gap),
            last_before: time(loss.last_before),
            first_after: time(loss.first_after),
        })
    }

    /// `through` is the time of the fleet's newest record.
    fn coverage(&self, days: &Range<i32>, through: Option<i64>) -> InstanceCoverage {
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
            cause_class: row.and_then(|row| row.cause.as_ref()).map(|(class, _)| class.clone()),
            last_record: self.summary.last_time.and_then(DateTime::from_timestamp_micros),
            lag_seconds: through.zip(self.summary.last_time).map(|(through, last)| lag_seconds(through, last)),
            clock_skew_ms: self.skew_ms(),
            fetched: row.and_then(|row| serde_json::from_str(row.files.as_ref()?).ok()),
            faults: self.summary.faults.clone(),
            records,
            lines_unparsed: self.summary.unparsed,
            files: self.summary.files,
            bytes: self.summary.bytes,
            gaps: (self.summary.gaps.len() + self.summary.damage.len()) as u64,
            gap_bytes: self.summary.gaps.values().chain(&self.summary.damage).map(|loss| loss.gap).sum(),
        }
    }
}

/// An instance whose clock runs ahead of the fleet is not behind it.
fn lag_seconds(through: i64, last: i64) -> u64 {
    u64::try_from(through.saturating_sub(last)).unwrap_or(0) / SECOND_US.unsigned_abs()
}

/// The report's coverage of the days; `through` is the time of the fleet's newest record.
/// `damaged` names instances, by position, whose logs are damaged in the store.
pub fn coverage(
    fleet: &[Seen<'_>],
    days: &Range<i32>,
    through: Option<i64>,
    damaged: &BTreeMap<usize, String>,
) -> Coverage {
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
    let mut instances: Vec<_> = fleet.iter().map(|seen| seen.coverage(days, through)).collect();
    for (&position, what) in damaged {
        let instance = &mut instances[position];
        if instance.is_reached() {
            instance.state = InstanceState::Partial;
        }
        instance.cause = Some(what.clone());
        instance.cause_class = Some("store".to_owned());
    }
    Coverage::of(instances, examples, fleet.iter().flat_map(Seen::gaps).collect())
}

/// What needs attention before any number does: that a large part of the fleet was not reached, or not in whole, and that
/// its errors may not be seen.
pub fn attention(coverage: &Coverage) -> impl Iterator<Item = Highlight> {
    let asked = coverage.instances.iter().filter(|one| one.is_reached() || one.cause.is_some()).count() as u64;
    let finding = move |level, states: &[InstanceState], what: &str| {
        let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
        for one in coverage.instances.iter().filter(|one| states.contains(&one.state)) {
            one.cause_class.as_deref().into_iter().for_each(|class| *causes.entry(class).or_default() += 1);
        }
        let count = causes.values().sum::<u64>();
        let who = match (count, asked) {
            (1, 1) => "The instance could not be".to_owned(),
            _ if count == asked => format!("None of the {asked} instances could be"),
            _ => format!("{count} of {asked} instances could not be"),
        };
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|(_, count)| Reverse(*count));
        let causes: Vec<_> = causes.into_iter().map(|(class, count)| format!("{class} {count}")).collect();
        (count > 0 && count * UNREACHED_ONE_IN >= asked).then(|| Highlight {
            kpi: String::new(),
            level,
            sentence: vec![Cell::text(format!("{who} {what}: {}", causes.join(", ")))],
            value: Cell::Percent(count as f64 / asked as f64),
            baseline: Cell::Percent(1.0 / UNREACHED_ONE_IN as f64),
            sample: Some(asked),
            rule: format!("one in {UNREACHED_ONE_IN} of the instances that the last fetch asked, or more"),
        })
    };
    let unreached = [InstanceState::NeverSeen, InstanceState::Unreachable];
    let unreached = finding(Level::Critical, &unreached, "reached");
    let partial = finding(Level::Warning, &[InstanceState::Partial], "read in whole");
    unreached.into_iter().chain(partial).chain(unknown_severities(coverage))
}

/// That many instances write severities that are no known words: among them may be those of
/// errors.
fn unknown_severities(coverage: &Coverage) -> Option<Highlight> {
    let records = coverage.faults.get(UNKNOWN_SEVERITY)?;
    let writes = |one: &&InstanceCoverage| one.faults.contains_key(UNKNOWN_SEVERITY);
    let writing = coverage.instances.iter().filter(writes).count() as u64;
    let heard = coverage.instances.iter().filter(|one| one.files > 0).count() as u64;
    (writing * UNKNOWN_SEVERITIES_ONE_IN >= heard).then(|| Highlight {
        kpi: String::new(),
        level: Level::Warning,
        sentence: vec![Cell::text(format!(
            "Severities that are no known words count as INFO, on {writing} of {heard} instances: errors among them are not \
             seen; logparser format test tells the words"
        ))],
        value: Cell::Integer(i64::try_from(*records).unwrap_or(i64::MAX)),
        baseline: Cell::Integer(0),
        sample: Some(heard),
        rule: format!("one in {UNKNOWN_SEVERITIES_ONE_IN} of the instances with logs, or more"),
    })
}

/// What is amiss with the inventory of the profile, if anything is.
pub fn inventory(profile: &Profile) -> Option<InventoryCoverage> {
    let state = profile.inventory.as_ref()?.state.as_ref()?;
    let (cause_class, cause) = state.cause.clone().unzip();
    // Where all is well its time is that of the last fetch, and says nothing.
    let answered = cause.as_ref().and_then(|_| DateTime::from_timestamp_micros(state.answered_us));
    let amiss = cause.is_some() || !state.refused.is_empty();
    amiss.then(|| InventoryCoverage {
        cause,
        cause_class,
        answered,
        refused: state.refused.iter().take(REFUSED_MAX).cloned().collect(),
        refused_left_out: state.refused.len().saturating_sub(REFUSED_MAX) as u64,
    })
}
