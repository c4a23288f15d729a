//! What sets one instance apart from the others, for the whole story.

use super::random::Random;
use super::words::NEWEST;

/// Share of instances that run the new version, by day of the roll-out, and where it stays.
const ROLLOUT_PERCENT_PER_DAY: i32 = 9;
const ROLLOUT_PERCENT_MAX: i32 = 80;
/// A silent instance comes back after this many days.
const SILENT_DAYS: i32 = 21;

/// Habits of one instance and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Character {
    pub user: u16,
    /// Who sits there once in a while.
    pub colleague: u16,
    /// Activity in per cent of the average.
    pub busy_percent: u32,
    /// Hour (UTC) at which the work begins; a night shift crosses midnight.
    pub first_hour: u32,
    /// Errors, in multiples of the average.
    pub errors_times: u32,
    /// Fatals and crashes, in multiples of the average.
    pub fatals_times: u32,
    /// Day of the story from which nothing is heard for three weeks.
    silent_from: Option<i32>,
    old_version: u8,
    /// 0..100: lower ranks get the new version first.
    rollout_rank: i32,
}

impl Character {
    /// The character of instance number `index`.
    #[must_use]
    pub fn of(seed: u64, index: u32) -> Self {
        let mut random = Random::of(&[seed, u64::from(index), 0xC4A2]);
        let first_hour = if random.happens(40) { 18 } else { random.between(3, 6) };
        Self {
            user: random.between(1000, 9999) as u16,
            colleague: random.between(1000, 9999) as u16,
            // Evenly spread by index, not drawn: a fleet of any size has the same mean activity.
            busy_percent: 60 + index * 37 % 81,
            first_hour,
            errors_times: if random.happens(15) { 6 } else { 1 },
            fatals_times: if random.happens(50) { 8 } else { 1 },
            silent_from: random.happens(30).then(|| random.between(2, 5) as i32),
            old_version: [0, 1, 1, 2, 2, 2, 2, 2, 2, 3][random.between(0, 9) as usize],
            rollout_rank: random.between(0, 99) as i32,
        }
    }

    /// Whether the instance is off on a day of the story (0 is the first).
    #[must_use]
    pub fn is_silent(&self, story_day: i32) -> bool {
        self.silent_from.is_some_and(|from| (from..from + SILENT_DAYS).contains(&story_day))
    }

    /// The version that sessions of a day of the story run.
    #[must_use]
    pub fn version(&self, story_day: i32) -> u8 {
        let reached_percent = (story_day * ROLLOUT_PERCENT_PER_DAY).min(ROLLOUT_PERCENT_MAX);
        if self.rollout_rank < reached_percent { NEWEST as u8 } else { self.old_version }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_version_spreads_and_never_goes_back() {
        let fleet: Vec<Character> = (0..400).map(|index| Character::of(1, index)).collect();
        let mut before = 0;
        for day in 0..20 {
            let updated = fleet.iter().filter(|one| one.version(day) == NEWEST as u8).count();
            assert!(updated >= before);
            before = updated;
        }
        assert!((280..360).contains(&before), "{before}");
    }

    #[test]
    fn a_fleet_has_silent_flooding_and_night_instances() {
        let fleet: Vec<Character> = (0..200).map(|index| Character::of(1, index)).collect();
        assert!(fleet.iter().any(|one| one.is_silent(5) && !one.is_silent(0)));
        assert!(fleet.iter().any(|one| one.errors_times > 1));
        assert!(fleet.iter().any(|one| one.fatals_times > 1));
        assert!(fleet.iter().any(|one| one.first_hour == 18));
    }
}
