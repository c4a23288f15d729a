//! Random histories of a few files: whatever happened between the runs, every byte that was ever shown to one is
//! stored, once, in the generation of the life it belongs to; also where it was sealed between two runs.
//!
//! `LOGPARSER_HISTORIES=1000` plays more of them; a failure names the seed.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::packed::gzip;
use super::scene::{Content, Scene};
use super::server::{Ranges, State, lines, ok};
use crate::catalog::Reach;

const HISTORIES: u64 = 24;
const RUNS: usize = 10;
const KEPT: u64 = 4;

/// A file's life, whatever it is called and wherever it was copied to.
#[derive(Default)]
struct Life {
    bytes: Vec<u8>,
    /// Bytes that a run could see.
    shown: usize,
}

/// What happens, and to which lives.
struct History {
    random: u64,
    lives: Vec<Life>,
    /// The life behind each name, and how much of it the file has.
    names: BTreeMap<String, (usize, usize)>,
    /// The second file of a rotation and all behind it are compressed.
    packs: bool,
    /// A copytruncate that has copied and will cut.
    half_copied: bool,
    deleted: Vec<(usize, usize, i64)>,
}

impl History {
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 8) % bound
    }

    /// A new life; its first bytes name it, behind a banner that many share.
    fn born(&mut self, state: &mut State, name: &str, empty: bool) {
        let life = self.lives.len();
        self.lives.push(Life::default());
        self.names.insert(name.to_owned(), (life, 0));
        state.write(name, "");
        if !empty {
            self.grow(state, name);
        }
    }

    fn grow(&mut self, state: &mut State, name: &str) {
        let Some(&(life, length)) = self.names.get(name) else { return };
        if length < self.lives[life].bytes.len() {
            return; // a copy does not grow
        }
        let mut more = Vec::new();
        if length == 0 {
            if self.below(3) == 0 {
                more.extend(lines("banner", 5_000));
            }
            more.extend(format!("this is life {life}\n").into_bytes());
        }
        let longest = [20, 300, 3_000, 9_000][self.below(4) as usize];
        let bytes = self.below(longest) as usize;
        more.extend(lines(&format!("{life} at {length}"), bytes));
        state.append(name, &more);
        self.lives[life].bytes.extend(more);
        self.names.insert(name.to_owned(), (life, self.lives[life].bytes.len()));
    }

    fn rename(&mut self, state: &mut State, from: &str, to: &str) {
        if let Some(life) = self.names.remove(from) {
            state.rename(from, to);
            self.names.insert(to.to_owned(), life);
        }
    }

    fn rotated(&self, number: u64) -> String {
        let packed = if self.packs && number > 1 { ".gz" } else { "" };
        format!("app.{number}.log{packed}")
    }

    fn shift(&mut self, state: &mut State) {
        let last = self.rotated(KEPT);
        self.names.remove(&last);
        state.files.remove(&last);
        for number in (1..KEPT).rev() {
            let (from, to) = (self.rotated(number), self.rotated(number + 1));
            self.rename(state, &from, &to);
            if let Some(file) = state.files.get_mut(&to).filter(|_| to.ends_with(".gz") && !from.ends_with(".gz")) {
                file.bytes = gzip(&file.bytes);
            }
        }
    }

    fn copy(&mut self, state: &mut State) {
        self.shift(state);
        let copy = state.files["app.log"].clone();
        state.files.insert("app.1.log".to_owned(), copy);
        let life = self.names["app.log"];
        self.names.insert("app.1.log".to_owned(), life);
    }

    fn step(&mut self, state: &mut State) {
        match self.below(16) {
            0..6 => self.grow(state, "app.log"),
            6 | 7 if !self.half_copied => {
                self.shift(state);
                self.rename(state, "app.log", "app.1.log");
                let empty = self.below(2) == 0;
                self.born(state, "app.log", empty);
            }
            8 if !self.half_copied => {
                self.copy(state);
                self.born(state, "app.log", true);
            }
            9 if !self.half_copied => {
                self.copy(state);
                self.half_copied = true;
            }
            9 | 10 if self.half_copied => {
                self.born(state, "app.log", true);
                self.half_copied = false;
            }
            10 | 11 => self.born(state, "app.log", false),
            12 => {
                let name = format!("other-{}.log", self.below(3));
                self.born(state, &name, false);
            }
            13 => {
                let name = format!("other-{}.log", self.below(3));
                if let (Some((life, length)), Some(file)) = (self.names.remove(&name), state.files.remove(&name)) {
                    self.deleted.push((life, length, file.modified_s));
                }
            }
            14 => {
                if let Some((life, length, modified_s)) = self.deleted.pop() {
                    let name = format!("back-{life}.log");
                    state.write(&name, &self.lives[life].bytes[..length]);
                    state.files.get_mut(&name).expect("it was just written").modified_s = modified_s;
                    self.names.insert(name, (life, length));
                }
            }
            _ => {
                let name = format!("other-{}.log", self.below(3));
                self.grow(state, &name);
            }
        }
    }

    /// Growth and rotation, which lose nothing.
    fn step_gently(&mut self, state: &mut State) {
        if self.below(2) == 0 || self.half_copied || self.names.contains_key(&self.rotated(KEPT)) {
            self.grow(state, "app.log");
        } else {
            self.shift(state);
            self.rename(state, "app.log", "app.1.log");
            let empty = self.below(2) == 0;
            self.born(state, "app.log", empty);
        }
    }

    /// Lets the files change right after the next listing.
    fn race(&mut self, state: &mut State) {
        let mut later = State { files: state.files.clone(), now_s: state.now_s + 600, ..State::default() };
        for _ in 0..=self.below(3) {
            self.step_gently(&mut later);
        }
        state.after_listing = Some(Box::new(|state| state.files = later.files));
    }

    /// Lets the network and the server fail at some of the next requests.
    fn trouble(&mut self, state: &mut State) {
        for _ in 0..=self.below(3) {
            let to = ["/files", ".log", ".log"][self.below(3) as usize];
            match self.below(5) {
                0 => state.bend(to, ok("503 Service Unavailable", "Retry-After: 0\r\n", b"")),
                1 => state.bend(to, ok("403 Forbidden", "", b"")),
                2 => state.bend(to, ok("200 OK", "Content-Type: text/html\r\n", b"<html><title>Please log in</title>")),
                3 => state.cut(to),
                _ => state.cuts.push_back(self.below(6_000) as usize),
            }
        }
    }

    /// A run saw what is there now.
    fn show(&mut self) {
        for &(life, length) in self.names.values() {
            self.lives[life].shown = self.lives[life].shown.max(length);
        }
    }

    fn expected(&self) -> Vec<Content> {
        let shown = self.lives.iter().filter(|life| life.shown > 0);
        let mut expected: Vec<_> = shown.map(|life| Content(life.bytes[..life.shown].to_vec())).collect();
        expected.sort();
        expected
    }
}

fn play(seed: u64) {
    let scene = Scene::new();
    let mut history = History {
        random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        lives: Vec::new(),
        names: BTreeMap::new(),
        packs: false,
        half_copied: false,
        deleted: Vec::new(),
    };
    let mut state = scene.server.state();
    let ranges = [Ranges::Honoured, Ranges::Ignored, Ranges::IgnoredChunked, Ranges::Early(700), Ranges::Capped(6_000)];
    state.ranges = ranges[history.below(5) as usize];
    state.no_sizes = history.below(4) == 0;
    state.sizes_only = !state.no_sizes && history.below(3) == 0;
    history.packs = history.below(2) == 0;
    history.born(&mut state, "app.log", false);
    drop(state);
    let mut log = format!("seed {seed}");
    for run in 0..RUNS {
        let mut state = scene.server.state();
        for _ in 0..history.below(6) {
            state.now_s += 1;
            history.step(&mut state);
        }
        let (racy, troubled) = (history.below(3) == 0, history.below(3) == 0);
        let shown = format!("{:?}", sizes(&state));
        if racy {
            history.race(&mut state);
        }
        if troubled {
            history.trouble(&mut state);
        }
        drop(state);
        history.show();
        if racy || troubled {
            // Whatever this run makes of it, the next one puts it right.
            let outcome = scene.fetch();
            let _ = write!(log, "\n\nrun {run}, racing or in trouble: {shown}\n{:?}\n{outcome:?}", scene.requests());
            scene.server.state().calm();
        }
        if history.below(2) == 0 {
            scene.keep(history.below(2) as i64 * 2);
        }
        let outcome = scene.fetch();
        let (names, requests, stored) = (&history.names, scene.requests(), scene.stored());
        let _ = write!(log, "\n\nrun {run}: {names:?}\n{requests:?}\n{outcome:?}\n{stored:?}");
        assert_eq!(outcome.state, Reach::Reached, "{log}");
        let mut stored: Vec<_> = stored.into_iter().map(|found| found.bytes).collect();
        stored.retain(|bytes| !bytes.0.is_empty());
        stored.sort();
        assert!(stored == history.expected(), "{log}\nexpected: {:?}", history.expected());
        let again = scene.fetch();
        assert_eq!((again.bytes_new, again.files.closed, again.requests), (0, 0, 1), "{log}");
    }
}

fn sizes(state: &State) -> BTreeMap<&str, usize> {
    state.files.iter().map(|(name, file)| (name.as_str(), file.bytes.len())).collect()
}

#[test]
fn whatever_happens_each_byte_is_stored_once() {
    let count = std::env::var("LOGPARSER_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(HISTORIES);
    for seed in 0..count {
        play(seed);
    }
}
