//! The story: what the target application does on every instance, and the truth about it.
//!
//! A [`Story`] yields the events of one instance in time order. A working day is a pure function of (seed,
//! instance, day), so any part of a story can be told again, and telling it in steps is telling it at once.
//! [`Renderer`] writes events as log lines; [`Truth`] counts them while they are made, never by reading lines.

mod author;
mod character;
mod folder;
mod plan;
mod random;
mod render;
mod summary;
mod template;
mod truth;
pub mod words;

pub use author::{Author, LogSink, Rotation};
pub use folder::{FolderPlan, write_fleet};
pub use random::Random;
pub use render::{Layout, Renderer};
pub use summary::{More, Quantiles, Summary, mean};
pub use truth::{InstanceTruth, Truth, WeekHours};

use character::Character;

/// What a story depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorySettings {
    /// Another seed is another fleet.
    pub seed: u64,
    /// First day of the story, in days since 1970-01-01 UTC.
    pub first_day: i32,
    /// Level of activity: records of an average instance on a working day, noise included.
    pub records_per_day: u32,
}

impl Default for StorySettings {
    /// A week that begins on Monday, 2026-10-12, as in the samples.
    fn default() -> Self {
        Self { seed: 1, first_day: crate::calendar::day_of(2026, 10, 12), records_per_day: 200 }
    }
}

/// Severity of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// One thing that happened, and that the application writes a record about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// What the variable parts of the text are drawn from.
    pub salt: u64,
    /// The user of the session that it belongs to.
    pub user: u16,
    pub thread: u8,
    pub what: What,
}

/// What happened. Numbers are rows of the tables in [`words`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    SessionStart { session: u32, version: u8 },
    SessionEnd { session: u32 },
    Action { wording: u8 },
    RestartRequested { service: u8 },
    RestartCompleted { service: u8, took_ms: u32 },
    RestartTimedOut { service: u8 },
    Error { wording: u8 },
    Noise { wording: u8, severity: Severity },
}

/// The endless story of one instance.
#[derive(Debug, Clone)]
pub struct Story {
    settings: StorySettings,
    index: u32,
    character: Character,
    next_day: i32,
    today: Vec<Event>,
    told: usize,
}

impl Story {
    /// The story of instance number `index`, from its first day on.
    #[must_use]
    pub fn new(settings: &StorySettings, index: u32) -> Self {
        Self {
            character: Character::of(settings.seed, index),
            settings: settings.clone(),
            index,
            next_day: settings.first_day,
            today: Vec::new(),
            told: 0,
        }
    }
}

impl Iterator for Story {
    type Item = Event;

    /// Never ends: every instance works again one day.
    fn next(&mut self) -> Option<Event> {
        while self.told == self.today.len() {
            self.today.clear();
            self.told = 0;
            plan::plan_day(&self.settings, self.index, &self.character, self.next_day, &mut self.today);
            self.next_day += 1;
        }
        self.told += 1;
        Some(self.today[self.told - 1])
    }
}

/// The name of instance number `index`.
#[must_use]
pub fn instance_name(index: u32) -> String {
    format!("WS-{index:04}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::DAY_MS;

    #[test]
    fn a_seed_is_one_story_and_another_seed_another() {
        let settings = StorySettings::default();
        let one: Vec<Event> = Story::new(&settings, 3).take(2000).collect();
        assert_eq!(one, Story::new(&settings, 3).take(2000).collect::<Vec<_>>());
        assert_ne!(one, Story::new(&settings, 4).take(2000).collect::<Vec<_>>());
        let other = StorySettings { seed: 2, ..settings };
        assert_ne!(one, Story::new(&other, 3).take(2000).collect::<Vec<_>>());
    }

    #[test]
    fn events_come_in_time_order_whatever_the_activity() {
        for records_per_day in [20, 200, 20_000] {
            let settings = StorySettings { records_per_day, ..StorySettings::default() };
            for index in 0..60 {
                let mut last_ms = i64::from(settings.first_day) * DAY_MS;
                for event in Story::new(&settings, index).take(3 * records_per_day as usize) {
                    assert!(event.time_ms >= last_ms, "instance {index}: {event:?}");
                    last_ms = event.time_ms;
                }
            }
        }
    }

    #[test]
    fn eight_percent_of_the_records_matter() {
        let settings = StorySettings::default();
        let events: Vec<Event> = (0..40).flat_map(|index| Story::new(&settings, index).take(1000)).collect();
        let matter = events.iter().filter(|event| !matches!(event.what, What::Noise { .. })).count();
        let share = matter as f64 / events.len() as f64;
        assert!((0.06..0.11).contains(&share), "{share}");
    }
}
