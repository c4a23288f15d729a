//! One plugin as one thread sees it: the batch in the making, and the plugin instance.

use std::ops::Range;
use std::slice;

use super::batches::{Batches, Days};
use crate::host::{Batch, Column, Plugin, PluginFault, Running};
use crate::normalise::Normaliser;

/// Observes days for one plugin.
pub struct Observer<'p> {
    plugin: &'p Plugin,
    pub batches: Batches,
    running: Option<Running>,
    /// What was saved of the first day of the batch.
    before: Option<Vec<u8>>,
}

impl<'p> Observer<'p> {
    /// An observer whose plugin instance starts when it is first needed.
    pub fn new(plugin: &'p Plugin, normaliser: &Normaliser) -> Self {
        Self { plugin, batches: Batches::new(&plugin.manifest, normaliser), running: None, before: None }
    }

    /// Begins a day, behind what was saved of it: only the first day of a batch goes on from something.
    pub fn begin_day(&mut self, before: Option<Vec<u8>>) {
        debug_assert!(before.is_none() || self.batches.days() == 0, "a later day of a batch begins empty");
        self.before = self.before.take().or(before);
        self.batches.begin_day();
    }

    /// Hands the batch over, and gives the state of each of its days: where the plugin has a fault, only of those before
    /// the day that it comes with.
    pub fn flush(&mut self, days: &Days) -> (Vec<Vec<u8>>, Option<PluginFault>) {
        let Self { plugin, batches, running, before } = self;
        let before = before.take();
        batches.flush(days, plugin.manifest.activity, |batch| {
            let alone = batch.days.len() == 1;
            let again = Batch { ..batch };
            match observe(plugin, running, before.as_deref(), batch) {
                Ok(states) => (states, None),
                Err(fault) if alone => (Vec::new(), Some(fault)),
                Err(_) => one_by_one(plugin, running, before, &again),
            }
        })
    }

    /// Forgets the batch, after a fault.
    pub fn reset(&mut self) {
        self.batches.clear();
        (self.running, self.before) = (None, None);
    }
}

/// One call. An error on the way drops the plugin instance, for after a trap it is damaged.
fn observe(
    plugin: &Plugin,
    place: &mut Option<Running>,
    before: Option<&[u8]>,
    batch: Batch<'_>,
) -> Result<Vec<Vec<u8>>, PluginFault> {
    let mut running = place.take().map_or_else(|| Running::start(plugin), Ok)?;
    let states = running.observe(before, batch)?;
    *place = Some(running);
    Ok(states)
}

/// A call for each day, so that a fault costs no day before it, and what only all together are too much for is none.
fn one_by_one(
    plugin: &Plugin,
    place: &mut Option<Running>,
    mut before: Option<Vec<u8>>,
    batch: &Batch<'_>,
) -> (Vec<Vec<u8>>, Option<PluginFault>) {
    let mut states = Vec::new();
    let (mut row, mut time) = (0, 0);
    let counted = batch.counts.len() / batch.days.len().max(1);
    for (at, day) in batch.days.iter().enumerate() {
        let (rows, times) = (row..row + day.rows as usize, time..time + 2 * day.spans as usize);
        (row, time) = (rows.end, times.end);
        let columns: Vec<Column<'_>> = batch.columns.iter().map(|column| part(column, rows.clone())).collect();
        let counts = &batch.counts[at * counted..][..counted];
        let one = Batch { days: slice::from_ref(day), columns: &columns, counts, activity: &batch.activity[times] };
        match observe(plugin, place, before.take().as_deref(), one) {
            Ok(state) => states.extend(state),
            Err(fault) => return (states, Some(fault)),
        }
    }
    (states, None)
}

fn part<'a>(column: &Column<'a>, rows: Range<usize>) -> Column<'a> {
    match column {
        Column::Signed(values) => Column::Signed(&values[rows]),
        Column::Unsigned(values) => Column::Unsigned(&values[rows]),
        Column::Words(values) => Column::Words(&values[rows]),
        Column::Bytes(values) => Column::Bytes(&values[rows]),
    }
}
