//! What a fetch did, for each instance and in all.

use super::cause::Cause;
use crate::catalog::{Change, InstanceId, Outcome, Reach};

/// What became of the listed files of an instance. Every path counts once, `closed` counts generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct FileCounts {
    /// Nothing new.
    pub unchanged: u64,
    /// Bytes were added to what is stored.
    pub appended: u64,
    /// A file that was not known before.
    pub new: u64,
    /// A known content under another name, moved or copied.
    pub renamed: u64,
    /// Known name, other content; the old content is nowhere else.
    pub rewritten: u64,
    /// Generations that no listed file shows any more.
    pub closed: u64,
    /// Files that could not be taken, refused names included.
    pub failed: u64,
}

/// How the fetch of one instance went.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InstanceOutcome {
    pub name: String,
    pub state: Reach,
    /// The first trouble; `None` exactly when the instance was reached.
    pub cause: Option<Cause>,
    pub files: FileCounts,
    /// Bytes of log files that were not stored before.
    pub bytes_new: u64,
    /// Bytes of all bodies that were received, listings and overlaps included.
    pub bytes_wire: u64,
    /// HTTP requests, retries included; 0 for folders.
    pub requests: u64,
}

/// Sums over the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Totals {
    pub instances: u64,
    pub reached: u64,
    pub partial: u64,
    pub unreachable: u64,
    pub files: FileCounts,
    pub bytes_new: u64,
    pub bytes_wire: u64,
    pub requests: u64,
}

/// How the fetch of the fleet went.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FetchSummary {
    /// In the order of the profile.
    pub instances: Vec<InstanceOutcome>,
    pub totals: Totals,
    /// The caller asked to stop before every instance was done.
    pub stopped: bool,
}

impl FileCounts {
    fn add(&mut self, other: &FileCounts) {
        self.unchanged += other.unchanged;
        self.appended += other.appended;
        self.new += other.new;
        self.renamed += other.renamed;
        self.rewritten += other.rewritten;
        self.closed += other.closed;
        self.failed += other.failed;
    }
}

impl Totals {
    fn add(&mut self, outcome: &InstanceOutcome) {
        self.instances += 1;
        match outcome.state {
            Reach::Reached => self.reached += 1,
            Reach::Partial => self.partial += 1,
            Reach::Unreachable => self.unreachable += 1,
        }
        self.files.add(&outcome.files);
        self.bytes_new += outcome.bytes_new;
        self.bytes_wire += outcome.bytes_wire;
        self.requests += outcome.requests;
    }
}

impl InstanceOutcome {
    /// The outcome as the catalog keeps it. Times are µs since 1970 UTC, the first by the local clock.
    pub(super) fn change(&self, instance: InstanceId, asked_us: i64, server_date_us: Option<i64>) -> Change {
        let outcome = Outcome {
            reach: self.state,
            cause: self.cause.as_ref().map(|cause| (cause.class.as_str().to_owned(), cause.text.clone())),
            files: serde_json::to_string(&self.files).expect("a struct of numbers is always JSON"),
            asked_us,
            server_date_us,
        };
        Change::Finish { instance, outcome }
    }
}

impl FetchSummary {
    pub(super) fn new(instances: Vec<InstanceOutcome>, stopped: bool) -> FetchSummary {
        let mut totals = Totals::default();
        instances.iter().for_each(|outcome| totals.add(outcome));
        FetchSummary { instances, totals, stopped }
    }
}

/// What became of one listed path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileOutcome {
    Unchanged,
    Appended,
    New,
    Renamed,
    Rewritten,
    Failed,
}

impl FileCounts {
    pub(super) fn count(&mut self, outcome: FileOutcome) {
        let counter = match outcome {
            FileOutcome::Unchanged => &mut self.unchanged,
            FileOutcome::Appended => &mut self.appended,
            FileOutcome::New => &mut self.new,
            FileOutcome::Renamed => &mut self.renamed,
            FileOutcome::Rewritten => &mut self.rewritten,
            FileOutcome::Failed => &mut self.failed,
        };
        *counter += 1;
    }
}
