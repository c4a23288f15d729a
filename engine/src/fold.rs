//! Folds partials into results: the days of an instance into one state, the instances into a fleet.
//!
//! Where partials come from is a [`PartialRunner`]'s business: the local one reads what the analysis put into the
//! catalog.

use std::ops::Range;

use crate::calendar;
use crate::host::{Fact, Instance, Plugin, PluginFault, Running, Told, Window};

/// Days behind the window that are folded too: a session that began in it may end in the week after.
const DAYS_BEHIND: i32 = 7;
/// States that cross the boundary at once; of more, these are appended to one first. So a plugin holds no more than
/// these, and what it makes of all.
const STATES_MAX: usize = 64;
/// Bytes of these, where there are several.
const STATES_BYTES_MAX: usize = 4 << 20;

/// Provides partials.
pub trait PartialRunner {
    /// What can go wrong with getting them.
    type Error;

    /// The partials of a plugin over days of an instance, both by position, in the order of the days.
    ///
    /// # Errors
    /// Trouble with where they come from.
    fn partials(&self, plugin: usize, instance: usize, days: Range<i32>) -> Result<Vec<Vec<u8>>, Self::Error>;
}

/// An instance as plugins are told of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Numbers that the engine knows of it.
    pub facts: Vec<(&'static str, i64)>,
}

/// A fault of a plugin, and the stage in which it came.
#[derive(Debug, Clone)]
pub struct FoldFault {
    /// What went wrong.
    pub fault: PluginFault,
    /// The instance, or the stage.
    pub place: String,
}

/// The window over days, half-open, with its context.
pub fn window(days: &Range<i32>, data_through: Option<i64>) -> Window {
    Window {
        first_day: days.start,
        end_day: days.end,
        context_first_day: days.start.saturating_sub(days.end.saturating_sub(days.start)),
        context_end_day: days.end.saturating_add(DAYS_BEHIND),
        data_through: data_through.unwrap_or(i64::MIN),
    }
}

/// Folds everything that a plugin knows of the members, who are in the order of their names.
///
/// # Errors
/// The outer error is the runner's; the inner one is a fault of the plugin, which then has no results.
pub fn fold<R: PartialRunner>(
    plugin: &Plugin,
    position: usize,
    members: &[Member],
    window: Window,
    runner: &R,
) -> Result<Result<Told, FoldFault>, R::Error> {
    let context = window.context_first_day..window.context_end_day;
    let mut folding = match Folding::start(plugin, window) {
        Ok(folding) => folding,
        Err(fault) => return Ok(Err(FoldFault { fault, place: "the start of the report".to_owned() })),
    };
    for (instance, member) in members.iter().enumerate() {
        let days = runner.partials(position, instance, context.clone())?;
        if let Err(fault) = folding.add(instance, member, &days) {
            return Ok(Err(FoldFault { fault, place: format!("instance {}", member.name) }));
        }
    }
    Ok(folding.report().map_err(|fault| FoldFault { fault, place: "the report".to_owned() }))
}

/// A fleet in the making.
struct Folding {
    running: Running,
    fleet: crate::host::FleetState,
}

impl Folding {
    fn start(plugin: &Plugin, window: Window) -> Result<Self, PluginFault> {
        let mut running = Running::start(plugin)?;
        let fleet = running.fleet(window)?;
        Ok(Self { running, fleet })
    }

    fn add(&mut self, id: usize, member: &Member, days: &[Vec<u8>]) -> Result<(), PluginFault> {
        let mut first: Vec<Vec<u8>> = Vec::new();
        let mut rest = days;
        loop {
            let (now, later) = rest.split_at(fitting(&first, rest));
            if later.is_empty() {
                break;
            }
            first = vec![self.running.append(&slices(first.iter().chain(now)))?];
            rest = later;
        }
        let tags: Vec<&str> = member.tags.iter().map(String::as_str).collect();
        let facts: Vec<Fact<'_>> = member.facts.iter().map(|&(name, value)| Fact { name, value }).collect();
        let id = u32::try_from(id).expect("a fleet has fewer than 2³² instances");
        let instance = Instance { id, name: &member.name, tags: &tags, facts: &facts };
        self.running.add(&self.fleet, instance, &slices(first.iter().chain(rest)))
    }

    fn report(self) -> Result<Told, PluginFault> {
        self.running.report(&self.fleet)
    }
}

/// How many states cross together with those before them: one at least, where there is any.
fn fitting(first: &[Vec<u8>], rest: &[Vec<u8>]) -> usize {
    let mut bytes: usize = first.iter().map(Vec::len).sum();
    let mut fits = |state: &Vec<u8>| {
        bytes += state.len();
        bytes <= STATES_BYTES_MAX
    };
    let most = rest.len().min(STATES_MAX - first.len());
    rest[..most].iter().take_while(|state| fits(state)).count().max(1).min(most)
}

fn slices<'a>(states: impl Iterator<Item = &'a Vec<u8>>) -> Vec<&'a [u8]> {
    states.map(Vec::as_slice).collect()
}

/// The days of a window, as dates.
pub fn dates(days: &Range<i32>) -> Option<(chrono::NaiveDate, chrono::NaiveDate)> {
    Some((calendar::date(days.start)?, calendar::date(days.end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_cross_together_up_to_a_number_and_a_size() {
        let states = |count: usize, bytes: usize| vec![vec![0; bytes]; count];
        assert_eq!(fitting(&[], &[]), 0);
        assert_eq!(fitting(&[], &states(STATES_MAX + 9, 1)), STATES_MAX);
        assert_eq!(fitting(&states(1, 1), &states(STATES_MAX, 1)), STATES_MAX - 1);
        assert_eq!(fitting(&[], &states(9, STATES_BYTES_MAX / 4)), 4);
        assert_eq!(fitting(&states(1, STATES_BYTES_MAX / 2), &states(9, STATES_BYTES_MAX / 4)), 2);
        assert_eq!(fitting(&states(1, 1), &states(9, 2 * STATES_BYTES_MAX)), 1);
    }
}
