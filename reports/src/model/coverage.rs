//! What the report could see, and what not.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::acquired::{self, CauseCount, FilesFetched, Gap, LagCount};

/// Gaps in a report: more say no more, and the file stays one that can be sent.
const GAPS_MAX: usize = 1_000;

/// What the report could see of the fleet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Number of instances in the profile.
    pub instances_expected: u64,
    /// Number of instances that answered, in whole or in part.
    pub reached: u64,
    /// Number of the reached instances of which not everything could be taken.
    pub partial: u64,
    /// Number of instances that did not answer this time; what they told before is in the report.
    pub unreachable: u64,
    /// Number of the reached instances without a record in the window.
    pub silent: u64,
    /// Number of instances that have never answered.
    pub never_seen: u64,
    /// What is amiss with the inventory that names instances; `null` where nothing is, or there is none.
    pub inventory: Option<InventoryCoverage>,
    /// Number of records in the window.
    pub records: u64,
    /// Number of lines that fit no rule of the format.
    pub lines_unparsed: u64,
    /// Number of log files.
    pub files: u64,
    /// Size of the log files, in bytes.
    pub bytes: u64,
    /// Time of the newest record.
    pub data_through: Option<DateTime<Utc>>,
    /// Why instances were not reached in whole, the most frequent class first.
    pub causes: Vec<CauseCount>,
    /// How far instances are behind the fleet.
    pub lags: Vec<LagCount>,
    /// What the last fetch made of the files of all instances.
    pub files_fetched: FilesFetched,
    /// What was wrong in the text of the logs, by kind.
    pub faults: BTreeMap<String, u64>,
    /// What was lost before it was read, newest first, at most 1000.
    pub gaps: Vec<Gap>,
    /// Number of gaps beyond those.
    pub gaps_left_out: u64,
    /// The instances, ordered by name.
    pub instances: Vec<InstanceCoverage>,
    /// Examples of lines that fit no rule of the format.
    pub unparsed: Vec<UnparsedExample>,
}

/// What is amiss with the inventory that names instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryCoverage {
    /// Why it could not be asked: the instances are those of its last answer.
    pub cause: Option<String>,
    /// Class of the cause, as for instances.
    pub cause_class: Option<String>,
    /// When it answered last; `null` where there is no cause.
    pub answered: Option<DateTime<Utc>>,
    /// Entries that are not taken, and why; at most 20.
    pub refused: Vec<String>,
    /// Number of such entries beyond those.
    pub refused_left_out: u64,
}

/// What the report could see of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceCoverage {
    /// Name in the profile.
    pub name: String,
    /// Tags in the profile.
    pub tags: Vec<String>,
    /// How far it was reached.
    pub state: InstanceState,
    /// Why it was not reached in whole.
    pub cause: Option<String>,
    /// Class of the cause: `connect`, `timeout`, `status`, `damaged` …
    pub cause_class: Option<String>,
    /// Time of its newest record.
    pub last_record: Option<DateTime<Utc>>,
    /// How much older that is than the newest record of the fleet, in seconds.
    pub lag_seconds: Option<u64>,
    /// How far its clock is ahead of LogParser's, in milliseconds, negative where it is behind; 0 where that is less
    /// than 5 s, `null` where it was never measured.
    pub clock_skew_ms: Option<i64>,
    /// What the last fetch made of its files.
    pub fetched: Option<FilesFetched>,
    /// What was wrong in the text of its logs, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Number of its records in the window.
    pub records: u64,
    /// Number of its lines that fit no rule of the format.
    pub lines_unparsed: u64,
    /// Number of its log files.
    pub files: u64,
    /// Size of its log files, in bytes.
    pub bytes: u64,
    /// Number of places at which bytes were lost before they were read.
    pub gaps: u64,
    /// Number of bytes that were lost there at least.
    pub gap_bytes: u64,
}

/// How far an instance was reached, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// It has never answered.
    NeverSeen,
    /// It did not answer this time.
    Unreachable,
    /// It answered, but not everything was transferred.
    Partial,
    /// It was reached, but has no record in the window.
    Silent,
    /// It was reached.
    Reached,
}

/// A line that fits no rule of the format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnparsedExample {
    /// Name of the instance.
    pub instance: String,
    /// Name of the log file.
    pub file: String,
    /// Byte offset of the line in its file.
    pub offset: u64,
    /// The line, possibly cut.
    pub text: String,
}

impl Coverage {
    /// Orders the instances by name and counts them.
    ///
    /// A partial instance without a record in the window counts as silent too, since silence is about records.
    pub fn of(mut instances: Vec<InstanceCoverage>, unparsed: Vec<UnparsedExample>, mut gaps: Vec<Gap>) -> Self {
        instances.sort_by(|a, b| a.name.cmp(&b.name));
        let age = |gap: &Gap| std::cmp::Reverse(gap.last_before.or(gap.first_after));
        gaps.sort_by(|a, b| age(a).cmp(&age(b)).then_with(|| (&a.instance, &a.file).cmp(&(&b.instance, &b.file))));
        let gaps_left_out = gaps.len().saturating_sub(GAPS_MAX) as u64;
        gaps.truncate(GAPS_MAX);
        let count = |test: fn(&InstanceCoverage) -> bool| instances.iter().filter(|i| test(i)).count() as u64;
        let sum = |part: fn(&InstanceCoverage) -> u64| instances.iter().map(part).sum();
        Self {
            instances_expected: instances.len() as u64,
            reached: count(InstanceCoverage::is_reached),
            partial: count(|i| i.state == InstanceState::Partial),
            unreachable: count(|i| i.state == InstanceState::Unreachable),
            silent: count(|i| i.is_reached() && i.records == 0),
            never_seen: count(|i| i.state == InstanceState::NeverSeen),
            inventory: None,
            records: sum(|i| i.records),
            lines_unparsed: sum(|i| i.lines_unparsed),
            files: sum(|i| i.files),
            bytes: sum(|i| i.bytes),
            data_through: instances.iter().filter_map(|i| i.last_record).max(),
            causes: acquired::causes(&instances),
            lags: acquired::lags(&instances),
            files_fetched: FilesFetched::sum(instances.iter().filter_map(|i| i.fetched.as_ref())),
            faults: acquired::faults(&instances),
            gaps,
            gaps_left_out,
            instances,
            unparsed,
        }
    }
}

impl InstanceCoverage {
    /// Whether the instance answered, in whole or in part.
    pub fn is_reached(&self) -> bool {
        !matches!(self.state, InstanceState::NeverSeen | InstanceState::Unreachable)
    }
}
