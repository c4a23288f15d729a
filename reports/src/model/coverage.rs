//! What the report could see, and what not.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the report could see of the fleet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Number of instances in the profile.
    pub instances_expected: u64,
    /// Number of instances that answered, in whole or in part.
    pub reached: u64,
    /// Number of instances that did not answer this time; what they told before is in the report.
    pub unreachable: u64,
    /// Number of the reached instances without a record in the window.
    pub silent: u64,
    /// Number of instances that have never answered.
    pub never_seen: u64,
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
    /// The instances, ordered by name.
    pub instances: Vec<InstanceCoverage>,
    /// Examples of lines that fit no rule of the format.
    pub unparsed: Vec<UnparsedExample>,
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
    /// Time of its newest record.
    pub last_record: Option<DateTime<Utc>>,
    /// Number of its records in the window.
    pub records: u64,
    /// Number of its lines that fit no rule of the format.
    pub lines_unparsed: u64,
    /// Number of its log files.
    pub files: u64,
    /// Size of its log files, in bytes.
    pub bytes: u64,
    /// Bytes that were possibly lost between two transfers.
    pub gaps: u64,
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
    pub fn of(mut instances: Vec<InstanceCoverage>, unparsed: Vec<UnparsedExample>) -> Self {
        instances.sort_by(|a, b| a.name.cmp(&b.name));
        let count = |test: fn(&InstanceCoverage) -> bool| instances.iter().filter(|i| test(i)).count() as u64;
        let sum = |part: fn(&InstanceCoverage) -> u64| instances.iter().map(part).sum();
        Self {
            instances_expected: instances.len() as u64,
            reached: count(InstanceCoverage::is_reached),
            unreachable: count(|i| i.state == InstanceState::Unreachable),
            silent: count(|i| i.is_reached() && i.records == 0),
            never_seen: count(|i| i.state == InstanceState::NeverSeen),
            records: sum(|i| i.records),
            lines_unparsed: sum(|i| i.lines_unparsed),
            files: sum(|i| i.files),
            bytes: sum(|i| i.bytes),
            data_through: instances.iter().filter_map(|i| i.last_record).max(),
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
