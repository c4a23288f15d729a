//! The switchboard of faults: what may go wrong on an instance, as data. A new fault is a variant and its arms.

use std::time::Duration;

use axum::http::{StatusCode, header};
use chrono::{TimeDelta, Utc};

use super::answer::{Answer, Conditions, Target};
use super::files::Files;
use super::pour::Pace;
use crate::story::Random;

/// One thing that is wrong with an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Connections are refused.
    Down,
    /// The listing is an HTML page with status 200, as a login proxy answers.
    Nonsense,
    /// The listing's JSON stops in the middle; its length says so too.
    TruncatedJson,
    /// A file `random.log` of this many random bytes appears, and stays.
    RandomBytes { bytes: usize },
    /// Every file comes whole, with status 200.
    IgnoreRange,
    /// Bodies of files break off after this many bytes, short of the promised length.
    ShortBody { bytes: usize },
    /// Bodies of files come in small steps.
    SlowDrip { step_bytes: usize, pause: Duration },
    /// The next requests are answered with status 500.
    Error500 { times: u32 },
    /// The server's clock is ahead by so much, or behind.
    ClockOff { seconds: i64 },
}

/// The file of [`Fault::RandomBytes`].
pub const RANDOM_FILE: &str = "random.log";

impl Fault {
    /// What the fault does to the files when it comes up.
    pub fn strike(&self, files: &mut Files, now_ms: i64) {
        if let Self::RandomBytes { bytes } = self {
            let mut random = Random::new(*bytes as u64);
            files.edit(RANDOM_FILE, now_ms, |content| {
                content.clear();
                content.extend((0..*bytes).map(|_| random.next_u64() as u8));
            });
        }
    }

    /// What the server overhears.
    pub fn mishear(&self, conditions: &mut Conditions) {
        if *self == Self::IgnoreRange {
            conditions.range = None;
        }
    }

    /// What is said instead of an answer.
    pub fn instead(&mut self, target: &Target) -> Option<Answer> {
        match self {
            Self::Error500 { times } if *times > 0 => {
                *times -= 1;
                Some(Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "the log service is not itself today"))
            }
            Self::Nonsense if *target == Target::Listing => Some(Answer::document(
                StatusCode::OK,
                "text/html; charset=utf-8",
                "<!DOCTYPE html><title>Sign in</title><h1>Please sign in to continue</h1>",
            )),
            _ => None,
        }
    }

    /// What becomes of a good answer.
    pub fn bend(&self, target: &Target, answer: &mut Answer) {
        let is_file = matches!(target, Target::File(_));
        match self {
            Self::TruncatedJson if *target == Target::Listing => {
                answer.body.truncate(answer.body.len() / 2);
                answer.promised_bytes = answer.body.len();
            }
            Self::ShortBody { bytes } if is_file => answer.body.truncate(*bytes),
            Self::SlowDrip { step_bytes, pause } if is_file => {
                answer.pace = Pace { step_bytes: *step_bytes, pause: *pause };
            }
            Self::ClockOff { seconds } => {
                let date = Utc::now() + TimeDelta::seconds(*seconds);
                answer.headers.push((header::DATE, date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()));
            }
            _ => {}
        }
    }
}
