//! Partials that were just computed: the first report of a store is folded from them, and need not read back what was only
//! written.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::catalog::{InstanceId, Partial, Update};

/// States that are kept; those of further instances are read from the catalog.
const BYTES_MAX: usize = 8 << 20;

/// The states of instances of which there are no others.
pub struct Fresh {
    /// By work and instance, by day: several KPIs may have one work.
    states: BTreeMap<(i64, InstanceId), BTreeMap<i32, Vec<u8>>>,
    /// Bytes for which there is room.
    room: usize,
}

impl Fresh {
    /// With room, or without: where the catalog holds partials already, some of them may be of days that are no more.
    pub fn new(has_room: bool) -> Self {
        Self { states: BTreeMap::new(), room: if has_room { BYTES_MAX } else { 0 } }
    }

    /// Keeps all partials of an instance, if there is room.
    pub fn keep(&mut self, update: Update) {
        let bytes: usize = update.partials.iter().map(|partial| partial.state.len() + size_of::<Partial>()).sum();
        let Some(room) = self.room.checked_sub(bytes) else { return };
        self.room = room;
        for partial in update.partials {
            self.states.entry((partial.work, update.instance)).or_default().insert(partial.day, partial.state);
        }
    }

    /// The states of a work's partials on some days, in their order, each with its day; none where the instance was not kept.
    pub fn states(&self, work: i64, instance: InstanceId, days: &Range<i32>) -> Option<Vec<(i32, Vec<u8>)>> {
        let states = self.states.get(&(work, instance))?;
        Some(states.range(days.start..days.end.max(days.start)).map(|(day, state)| (*day, state.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(instance: i64, bytes: usize) -> Update {
        let partial = |(work, day)| Partial { work, day, coverage: 0, state: vec![day as u8; bytes] };
        Update {
            instance: InstanceId(instance),
            layout: 1,
            scans: BTreeMap::new(),
            days: BTreeMap::new(),
            // Two KPIs have the first work.
            partials: [(1, 3), (1, 5), (1, 3), (1, 5), (2, 3)].into_iter().map(partial).collect(),
            symbols: Vec::new(),
        }
    }

    #[test]
    fn an_instance_is_kept_as_a_whole_or_not_at_all() {
        let mut fresh = Fresh::new(true);
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
        let mut fresh = Fresh::new(false);
        fresh.keep(update(1, 2));
        assert_eq!(fresh.states(1, InstanceId(1), &(0..9)), None);
    }
}
