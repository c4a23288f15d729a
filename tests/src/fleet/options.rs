//! What a simulated fleet is like.

use std::time::Duration;

use crate::calendar::{DAY_MS, HOUR_MS};
use crate::story::{Layout, Rotation, StorySettings};

/// The fleet is met at noon of its last day, in the middle of the work.
const NOON_MS: i64 = 12 * HOUR_MS;

/// Options of a fleet.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    pub instances: u32,
    pub layout: Layout,
    pub story: StorySettings,
    /// Days of history, the one on which the fleet is met included.
    pub days: u32,
    pub rotation: Rotation,
    /// The servers stop by themselves after this long, whatever became of their owner.
    pub lifetime: Duration,
}

impl Default for FleetOptions {
    /// 200 instances on the Friday of their first week, with log files as small as the samples'.
    fn default() -> Self {
        Self {
            instances: 200,
            layout: Layout::Log4net,
            story: StorySettings::default(),
            days: 5,
            rotation: Rotation { file_bytes_max: 40_000, files_max: 10 },
            lifetime: Duration::from_secs(15 * 60),
        }
    }
}

impl FleetOptions {
    /// The fleet's time when it is met, milliseconds since 1970 UTC.
    #[must_use]
    pub fn start_ms(&self) -> i64 {
        let last_day = i64::from(self.story.first_day) + i64::from(self.days) - 1;
        last_day * DAY_MS + NOON_MS
    }
}
