//! Random histories of the files of a few instances: whatever happened between the runs and during them, every byte
//! that was ever shown to one is stored, once, in the generation of the life it belongs to; and where a life may have
//! lost bytes, its gap says so. Between two runs, some of it is sealed.
//!
//! `LOGPARSER_HISTORIES=1000` plays more of them; a failure names the seed.

use std::fmt::Write;
use std::panic::catch_unwind;
use std::time::Duration;

use super::life::{History, Went};
use super::rest_settings;
use super::scene::{Folder, generations, keep, killed, profile, run};
use super::server::Server;
use crate::catalog::Reach;
use crate::fetch::FetchSummary;
use crate::profile::{Profile, Source};

const HISTORIES: u64 = 24;
const RUNS: usize = 10;
const NAMES: [&str; 3] = ["one", "two", "three"];

/// An instance, and what happens there.
struct Place {
    name: &'static str,
    server: Server,
    history: History,
}

/// All of them, and the store that they are fetched into.
struct Stage {
    seed: u64,
    places: Vec<Place>,
    profile: Profile,
    log: String,
    _folder: Folder,
}

impl Stage {
    fn new(seed: u64) -> Stage {
        let place = |(number, name)| {
            let server = Server::start();
            let history = History::new(seed + 1_000_000 * number as u64, &mut server.state());
            Place { name, server, history }
        };
        let places: Vec<Place> = NAMES.into_iter().enumerate().map(place).collect();
        let instances: Vec<_> = places.iter().map(|place| (place.name, place.server.address.as_str())).collect();
        let folder = Folder::new();
        let profile = profile(&folder.0.join("store"), Source::Rest(Box::new(rest_settings())), &instances);
        Stage { seed, places, profile, log: format!("seed {seed}"), _folder: folder }
    }

    /// Lets ten minutes pass.
    fn wait(&self) {
        for place in &self.places {
            let mut state = place.server.state();
            state.now_s += 600;
            state.requests.clear();
        }
    }

    fn fetch(&mut self, what: &str) -> FetchSummary {
        self.wait();
        let summary = run(&self.profile);
        for (place, outcome) in self.places.iter().zip(&summary.instances) {
            let requests = place.server.state().requests.clone();
            let _ = write!(self.log, "\n\n{what}, {}: {outcome:?}\n{requests:?}", place.name);
        }
        summary
    }

    /// What is stored must be what the histories lead to.
    fn judge(&mut self, went: impl Fn(usize) -> Went) {
        for (number, place) in self.places.iter_mut().enumerate() {
            let stored = generations(&self.profile.store, place.name);
            let state = place.server.state();
            let shown: Vec<_> = state.files.iter().map(|(name, file)| (name, file.bytes.len())).collect();
            let _ = write!(self.log, "\n{}: {shown:?}", place.name);
            for (one, bytes) in &stored {
                let _ = write!(self.log, "\n  {} live {} gap {:?}: {bytes:?}", one.path, one.live, one.gap);
            }
            if let Err(why) = place.history.judge(went(number), &state, &stored) {
                panic!("{}\n\nseed {}, instance {}: {why}", self.log, self.seed, place.name);
            }
        }
    }

    /// A run that can go well does; and with nothing new, it is one request an instance.
    fn fetch_well(&mut self, round: usize) {
        let summary = self.fetch(&format!("run {round}"));
        assert!(summary.instances.iter().all(|one| one.state == Reach::Reached), "{}", self.log);
        self.judge(|_| Went::Well);
        let again = self.fetch(&format!("run {round}, nothing new"));
        let quiet = again.instances.iter().all(|one| (one.bytes_new, one.files.closed, one.requests) == (0, 0, 1));
        assert!(quiet, "{}", self.log);
    }

    /// Files may be listed, and none may be read.
    fn fetch_denied(&mut self, round: usize) {
        for place in &mut self.places {
            let mut state = place.server.state();
            (0..place.history.below(4)).for_each(|_| place.history.step_on(&mut state));
            state.denied = true;
        }
        self.fetch(&format!("run {round}, denied"));
        self.judge(|_| Went::Denied);
        self.places.iter().for_each(|place| place.server.state().denied = false);
    }

    /// Files change while they are read, and requests fail.
    fn fetch_somehow(&mut self, round: usize) {
        for place in &mut self.places {
            let mut state = place.server.state();
            match place.history.below(4) {
                0 | 1 => place.history.race(&mut state),
                2 => place.history.trouble(&mut state),
                _ => {}
            }
        }
        let summary = self.fetch(&format!("run {round}, somehow"));
        self.calm();
        self.judge(|number| Went::Somehow { listed: summary.instances[number].state != Reach::Unreachable });
    }

    /// The run ends anywhere, as if it were killed.
    fn fetch_killed(&mut self) {
        self.wait();
        let after = Duration::from_micros(200 * self.places[0].history.below(150));
        killed(&self.profile, after);
        let _ = write!(self.log, "\n\nkilled after {after:?}");
        self.judge(|_| Went::Somehow { listed: false });
    }

    fn calm(&self) {
        self.places.iter().for_each(|place| place.server.state().calm());
    }

    fn play(&mut self) {
        for round in 0..RUNS {
            let kind = self.places[0].history.below(8);
            if kind == 0 {
                self.fetch_denied(round);
                continue;
            }
            for place in &mut self.places {
                let mut state = place.server.state();
                (0..place.history.below(6)).for_each(|_| place.history.step(&mut state));
                place.history.tell_apart(&mut state);
            }
            match kind {
                1..4 => self.fetch_somehow(round),
                4 => self.fetch_killed(),
                _ => {}
            }
            if self.places[0].history.below(2) == 0 {
                keep(&self.profile, self.places[0].history.below(2) as i64 * 2);
            }
            // What two lives have in common is told apart at once; else it may be too late.
            if kind > 4 || self.places[0].history.banners || self.places[0].history.below(2) == 0 {
                self.fetch_well(round);
            }
        }
        self.fetch_well(RUNS);
    }
}

#[test]
fn whatever_happens_each_byte_is_stored_once() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let seeds = match number("LOGPARSER_HISTORY") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LOGPARSER_HISTORIES").unwrap_or(HISTORIES),
    };
    // Each prints its own log; the others are played all the same.
    let failed: Vec<u64> = seeds.filter(|seed| catch_unwind(|| Stage::new(*seed).play()).is_err()).collect();
    assert!(failed.is_empty(), "histories that failed: {failed:?}");
}
