//! `logparser run --every`: run after run, until someone asks to stop.
//!
//! Runs begin at the first one's begin and a whole number of intervals; one that takes longer leaves out those that it
//! overlaps. Each run is on its own: it reads the profile anew, holds the store's lock only while it works, and whatever
//! ends it, a panic included, the next one begins all the same. Only a profile or a command line that is wrong from the
//! start ends the command: someone is there to read that.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use chrono::{DateTime, Local, Utc};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::progress::{Voice, complain};
use super::run::{Stages, once};
use super::stop::Stop;
use super::{Days, Done, Failed, How, out};

/// Runs again and again.
pub fn every(how: &How, days: &Days, interval: Duration) -> Result<Done, Failed> {
    let voice = Voice::new(how);
    let stop = Stop::on_signals(voice);
    let clock = Builder::new_current_thread().enable_time().build();
    let clock = clock.map_err(|cause| Failed::other(format_args!("cannot wait: {cause}"), "free some memory"))?;
    let start = Instant::now();
    let mut number = 1;
    loop {
        let began = Utc::now();
        let heading = format!("run {number}, {}", local(began));
        voice.say(&heading);
        match guarded(how, days, &voice, &stop) {
            Ok(summary) if how.json => tell(number, began, summary),
            Ok(_) => {}
            Err(Failed::Stopped) => {}
            Err(failed @ (Failed::Profile(_) | Failed::Usage { .. })) if number == 1 => return Err(failed),
            Err(failed) => {
                if how.quiet {
                    complain(&heading);
                }
                complain(&failed.to_string());
                if how.json {
                    tell(number, began, json!({ "complete": false, "error": failed.to_string() }));
                }
            }
        }
        let ran = u32::try_from(start.elapsed().as_nanos() / interval.as_nanos()).unwrap_or(u32::MAX - 1);
        let next = interval.saturating_mul(ran + 1);
        if !stop.is_asked() {
            let missed = ran + 1 - number;
            if missed > 0 {
                voice.say(&format!("the run took longer than the interval: {missed} left out"));
            }
            voice.say(&format!("next run {}", local(Utc::now() + next.saturating_sub(start.elapsed()))));
        }
        wait(&clock, start + next, &stop);
        if stop.is_asked() {
            voice.say("stopped");
            return Ok(Done::Whole);
        }
        number = ran + 2;
    }
}

/// A run whose panic is a failure like others.
fn guarded(how: &How, days: &Days, voice: &Voice, stop: &Stop) -> Result<Value, Failed> {
    // Nothing outlives a run but the store, which is safe whatever ends it.
    let run = AssertUnwindSafe(|| once(how, &Stages { fetch: true, report: Some(days) }, voice, stop));
    panic::catch_unwind(run)
        .unwrap_or_else(|panic| {
            let what = format!("a fault inside LogParser ended the run: {}", words(panic.as_ref()));
            Err(Failed::other(
                what,
                "please report it with the lines above; the next run takes up where this one ended",
            ))
        })
        .map(|ran| ran.summary)
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason")
}

/// One line of JSON for a run.
fn tell(number: u32, began: DateTime<Utc>, mut summary: Value) {
    summary["run"] = number.into();
    summary["began"] = began.to_rfc3339_opts(chrono::SecondsFormat::Secs, true).into();
    out(&summary.to_string());
}

fn wait(clock: &Runtime, until: Instant, stop: &Stop) {
    clock.block_on(async {
        tokio::select! {
            () = tokio::time::sleep_until(until.into()) => {}
            () = stop.asked() => {}
        }
    });
}

fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}
