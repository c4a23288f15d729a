//! Stretches of activity without a pause longer than the idle timeout.

use crate::{Save, Time};

/// First and last record of each stretch, in the order of time. Which stretches there are depends on the records'
/// times alone, never on the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Save)]
pub(super) struct Spans(Vec<(Time, Time)>);

impl Spans {
    /// Takes in a stretch, and joins all that are no longer apart.
    pub fn join(&mut self, first: Time, last: Time, idle_us: i64) {
        let from = self.0.partition_point(|span| span.1.0.saturating_add(idle_us) < first.0);
        let to = self.0.partition_point(|span| span.0.0 <= last.0.saturating_add(idle_us));
        let joined = match self.0.get(from..to) {
            Some([only]) => (first.min(only.0), last.max(only.1)),
            Some([head, .., tail]) => (first.min(head.0), last.max(tail.1)),
            _ => (first, last),
        };
        self.0.splice(from..to, [joined]);
    }

    pub fn iter(&self) -> impl Iterator<Item = (Time, Time)> + '_ {
        self.0.iter().copied()
    }
}
