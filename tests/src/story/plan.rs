//! The plan of one working day of one instance: its sessions, and what happens in them.

use super::character::Character;
use super::random::Random;
use super::words::{ACTIONS, AUDIO_ROUTER, CORRUPT_STORE, CRASH, ERRORS, NEWEST, NEWEST_ONLY, NOISE};
use super::{Event, Severity, StorySettings, What};
use crate::calendar::{DAY_MS, HOUR_MS, weekday_of};

/// Length of a working day, and the part of it in which sessions run.
const WORK_MS: i64 = 11 * HOUR_MS;
const WORK_PERCENT: i64 = 70;
/// Nothing happens later than this after the day's beginning, so that days never overlap.
const WORK_MS_MAX: i64 = 22 * HOUR_MS;
/// Longest mean session; busy days have shorter ones.
const SESSION_MS: i64 = 28 * 60_000;

/// Steps of a session: what users do or suffer.
const STEPS_MIN: u32 = 5;
const STEPS_MAX: u32 = 14;
/// Background records after a step; with these, 8 % of all records matter.
const NOISE_MIN: u32 = 8;
const NOISE_MAX: u32 = 20;
/// Noise comes in bursts: at most this long between two records of one.
const NOISE_GAP_MS_MAX: i64 = 1500;

/// Records of an average session, from the constants above (measured by a test).
const SESSION_RECORDS: u32 = 139;
/// Chance that somebody works on a weekend, per mille.
const WEEKEND_PER_MILLE: u32 = 200;

/// Chances of a step, per mille; the rest are user actions.
const CRASH_PER_MILLE: u32 = 4;
const CORRUPT_PER_MILLE: u32 = 2;
const ERROR_PER_MILLE: u32 = 105;
const RESTART_PER_MILLE: u32 = 140;
/// Chance of a step, per mille, that the application vanishes without a word.
const VANISH_PER_MILLE: u32 = 3;
/// Share of the newest version's errors that are its own, per mille.
const NEWEST_ONLY_PER_MILLE: u32 = 300;

/// The application gives a restart up after this long, and says so.
const RESTART_TIMEOUT_MS: u32 = 60_000;
const RESTART_FAILS_PER_MILLE: u32 = 90;
/// Impatient users ask again while a restart is under way.
const RESTART_RETRY_PER_MILLE: u32 = 60;
const RESTART_MS_MIN: u32 = 450;
const RESTART_MS_SPREAD: u64 = 12_050;
/// The newest version needs this much longer for the audio router.
const SLOW_RESTART_TIMES: u32 = 2;

/// Records that one average instance writes in the given days at an activity of one record a working day.
#[must_use]
pub fn working_days(first_day: i32, days: u32) -> f64 {
    let weekend = f64::from(WEEKEND_PER_MILLE) / 1000.0;
    (first_day..first_day + days as i32).map(|day| if weekday_of(day) < 5 { 1.0 } else { weekend }).sum()
}

/// Appends the events of one day, in time order.
pub fn plan_day(settings: &StorySettings, index: u32, character: &Character, day: i32, out: &mut Vec<Event>) {
    let mut random = Random::of(&[settings.seed, u64::from(index), day as u64]);
    let sessions = sessions_of_day(settings, character, day, &mut random);
    if sessions == 0 {
        return;
    }
    let slot_ms = WORK_MS / i64::from(sessions);
    let session_ms = (slot_ms * WORK_PERCENT / 100).min(SESSION_MS);
    let begin_ms = i64::from(day) * DAY_MS + i64::from(character.first_hour) * HOUR_MS;
    let mut planner = Planner {
        character,
        version: character.version(day - settings.first_day),
        step_ms: session_ms / i64::from((STEPS_MIN + STEPS_MAX) / 2),
        limit_ms: begin_ms + WORK_MS_MAX,
        user: character.user,
        restarting_until_ms: 0,
        now_ms: begin_ms,
        random,
        out,
    };
    for session in 0..i64::from(sessions) {
        planner.wait_until(begin_ms + session * slot_ms, slot_ms - session_ms);
        if planner.now_ms >= planner.limit_ms {
            break;
        }
        planner.session();
    }
}

fn sessions_of_day(settings: &StorySettings, character: &Character, day: i32, random: &mut Random) -> u32 {
    let off_duty = weekday_of(day) >= 5 && !random.happens(WEEKEND_PER_MILLE);
    if off_duty || character.is_silent(day - settings.first_day) {
        return 0;
    }
    let records = u64::from(settings.records_per_day) * u64::from(character.busy_percent);
    // Never quite nothing: a story that waits for an event must meet one.
    let sessions_percent = (records / u64::from(SESSION_RECORDS)).max(1);
    let odd_one = random.between(0, 99) < (sessions_percent % 100) as u32;
    (sessions_percent / 100) as u32 + u32::from(odd_one)
}

struct Planner<'a> {
    character: &'a Character,
    version: u8,
    /// Mean time between two steps.
    step_ms: i64,
    limit_ms: i64,
    user: u16,
    restarting_until_ms: i64,
    now_ms: i64,
    random: Random,
    out: &'a mut Vec<Event>,
}

/// How a step leaves its session.
#[derive(PartialEq, Eq)]
enum After {
    GoesOn,
    IsOver,
}

impl Planner<'_> {
    fn wait_until(&mut self, time_ms: i64, jitter_ms: i64) {
        // Even a restarted application needs some seconds.
        let earliest_ms = self.now_ms.max(self.restarting_until_ms) + 5000;
        self.now_ms = earliest_ms.max(time_ms) + self.up_to(jitter_ms);
    }

    fn session(&mut self) {
        let first = self.out.len();
        let session = self.random.next_u64() as u32;
        self.user = if self.random.happens(80) { self.character.colleague } else { self.character.user };
        self.say(What::SessionStart { session, version: self.version });
        let steps = self.random.between(STEPS_MIN, STEPS_MAX);
        let ended = (0..steps).all(|_| self.noise_and_step() == After::GoesOn);
        if ended {
            self.wait_until(0, self.step_ms);
            self.say(What::SessionEnd { session });
        }
        // Restarts are answered while other things go on: their outcome was said ahead of its time.
        self.out[first..].sort_by_key(|event| event.time_ms);
    }

    fn noise_and_step(&mut self) -> After {
        let gap_ms = self.step_ms / 5 + self.up_to(self.step_ms * 8 / 5);
        let next_ms = self.now_ms + gap_ms;
        let noise = self.random.between(NOISE_MIN, NOISE_MAX);
        let pause_ms_max = NOISE_GAP_MS_MAX.min(gap_ms / i64::from(noise));
        for _ in 0..noise {
            self.now_ms += self.up_to(pause_ms_max);
            self.noise();
        }
        self.now_ms = next_ms;
        self.step()
    }

    fn noise(&mut self) {
        let wording = self.random.between(0, NOISE.len() as u32 - 1) as u8;
        let severity = match self.random.between(0, 4) {
            0 | 1 => Severity::Debug,
            2 | 3 => Severity::Info,
            _ => Severity::Warn,
        };
        self.say(What::Noise { wording, severity });
    }

    fn step(&mut self) -> After {
        let idle = self.now_ms > self.restarting_until_ms;
        if idle && self.random.happens(VANISH_PER_MILLE) {
            return After::IsOver;
        }
        if idle && self.random.happens(CRASH_PER_MILLE * self.character.fatals_times) {
            self.error(CRASH);
            return After::IsOver;
        }
        let chance = self.random.between(0, 999);
        let corrupt = CORRUPT_PER_MILLE * self.character.fatals_times;
        let error = corrupt + ERROR_PER_MILLE * self.character.errors_times;
        if chance < corrupt {
            self.error(CORRUPT_STORE);
        } else if chance < error {
            let wording = self.choose_error();
            self.error(wording);
        } else if chance < error + RESTART_PER_MILLE && idle {
            self.restart();
        } else {
            let wording = self.random.between(0, ACTIONS.len() as u32 - 1) as u8;
            self.say(What::Action { wording });
        }
        After::GoesOn
    }

    fn error(&mut self, wording: usize) {
        self.say(What::Error { wording: wording as u8 });
    }

    fn choose_error(&mut self) -> usize {
        if usize::from(self.version) == NEWEST && self.random.happens(NEWEST_ONLY_PER_MILLE) {
            return NEWEST_ONLY;
        }
        let total: u32 = ERRORS.iter().map(|one| one.weight).sum();
        let mut left = self.random.between(0, total - 1);
        for (row, one) in ERRORS.iter().enumerate() {
            if left < one.weight {
                return row;
            }
            left -= one.weight;
        }
        unreachable!("`left` is below the sum of the weights")
    }

    fn restart(&mut self) {
        let service = u8::from(self.random.happens(250));
        let failed = self.random.happens(RESTART_FAILS_PER_MILLE);
        let took_ms = if failed { RESTART_TIMEOUT_MS } else { self.restart_ms(service) };
        let asked_ms = self.now_ms;
        self.say(What::RestartRequested { service });
        if took_ms > 4000 && self.random.happens(RESTART_RETRY_PER_MILLE) {
            self.now_ms = asked_ms + 1500 + self.up_to(2000);
            self.say(What::RestartRequested { service });
        }
        self.now_ms = asked_ms + i64::from(took_ms);
        self.restarting_until_ms = self.now_ms;
        self.say(if failed { What::RestartTimedOut { service } } else { What::RestartCompleted { service, took_ms } });
        self.now_ms = asked_ms;
    }

    /// Most restarts are quick, few are slow.
    fn restart_ms(&mut self, service: u8) -> u32 {
        let draw = u64::from(self.random.between(0, 999));
        let took_ms = RESTART_MS_MIN + (draw.pow(3) * RESTART_MS_SPREAD / 1_000_000_000) as u32;
        let slow = usize::from(self.version) == NEWEST && usize::from(service) == AUDIO_ROUTER;
        if slow { took_ms * SLOW_RESTART_TIMES } else { took_ms }
    }

    fn up_to(&mut self, time_ms: i64) -> i64 {
        i64::from(self.random.between(0, time_ms.max(0) as u32))
    }

    fn say(&mut self, what: What) {
        let event = Event {
            time_ms: self.now_ms,
            salt: self.random.next_u64(),
            user: self.user,
            thread: self.random.between(1, 40) as u8,
            what,
        };
        self.out.push(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::Story;

    #[test]
    fn an_average_session_has_as_many_records_as_the_plan_assumes() {
        let settings = StorySettings::default();
        let mut records = 0;
        let mut sessions = 0;
        for index in 0..100 {
            for event in Story::new(&settings, index).take(20_000) {
                records += 1;
                sessions += u32::from(matches!(event.what, What::SessionStart { .. }));
            }
        }
        let mean = records / sessions;
        assert!(mean.abs_diff(SESSION_RECORDS) <= 3, "{mean}");
    }

    #[test]
    fn no_session_ends_or_crashes_while_a_restart_is_under_way() {
        let settings = StorySettings { records_per_day: 4000, ..StorySettings::default() };
        for index in 0..20 {
            let mut pending = false;
            for event in Story::new(&settings, index).take(20_000) {
                match event.what {
                    What::RestartRequested { .. } => pending = true,
                    What::RestartCompleted { .. } | What::RestartTimedOut { .. } => pending = false,
                    What::SessionStart { .. } | What::SessionEnd { .. } => assert!(!pending),
                    _ => {}
                }
            }
        }
    }
}
