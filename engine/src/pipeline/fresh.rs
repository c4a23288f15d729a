//! Partials that were just computed: a first report is folded from them, and need not read back what was only written.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::catalog::{InstanceId, Update};

/// States that are kept; those of further instances are read from the catalog.
const BYTES_MAX: usize = 8 << 20;

/// A day, and the state of a work's partial on it.
type DayState = (i32, Vec<u8>);

/// The states of instances of which there are no others.
#[derive(Default)]
pub struct Fresh {
    /// By work and instance, in the order of the days.
    states: BTreeMap<(i64, InstanceId), Vec<DayState>>,
    bytes: usize,
}

impl Fresh {
    /// Keeps all partials of an instance, if there is room.
    pub fn keep(&mut self, update: Update) {
        let bytes: usize = update.partials.iter().map(|partial| partial.state.len() + size_of::<DayState>()).sum();
        if self.bytes + bytes > BYTES_MAX {
            return;
        }
        self.bytes += bytes;
        for partial in update.partials {
            self.states.entry((partial.work, update.instance)).or_default().push((partial.day, partial.state));
        }
    }

    /// The states of a work's partials on some days, in their order, each with its day; none where the instance was not kept.
    pub fn states(&self, work: i64, instance: InstanceId, days: &Range<i32>) -> Option<Vec<DayState>> {
        let states = self.states.get(&(work, instance))?;
        Some(states.iter().filter(|(day, _)| days.contains(day)).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Partial;

    fn update(instance: i64, bytes: usize) -> Update {
        let partial = |(work, day)| Partial { work, day, coverage: 0, state: vec![day as u8; bytes] };
        Update {
            instance: InstanceId(instance),
            layout: 1,
            scans: BTreeMap::new(),
            days: BTreeMap::new(),
            partials: [(1, 3), (1, 5), (2, 3)].into_iter().map(partial).collect(),
            symbols: Vec::new(),
        }
    }

    #[test]
    fn an_instance_is_kept_as_a_whole_or_not_at_all() {
        let mut fresh = Fresh::default();
        fresh.keep(update(1, 2));
        fresh.keep(update(2, BYTES_MAX / 2));
        fresh.keep(update(3, 1));
        let days = |work, instance, days: Range<i32>| {
            let states = fresh.states(work, InstanceId(instance), &days)?;
            Some(states.iter().map(|(day, state)| (*day, state.len())).collect::<Vec<_>>())
        };
        assert_eq!(days(1, 1, 0..9), Some(vec![(3, 2), (5, 2)]));
        assert_eq!(days(1, 1, 4..9), Some(vec![(5, 2)]));
        assert_eq!(days(2, 1, 4..9), Some(vec![]));
        assert_eq!((days(1, 2, 0..9), days(2, 2, 0..9)), (None, None), "no room");
        assert_eq!(days(2, 3, 0..9), Some(vec![(3, 1)]));
    }
}
