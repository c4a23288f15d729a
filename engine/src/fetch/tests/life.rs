//! What happens to the files of an instance in a random history.

mod judge;

use std::collections::{BTreeMap, BTreeSet};

use super::server::{Ranges, State, lines, ok};
use crate::catalog::Gap;

/// Files of a rotation, the live one not counted.
const KEPT: u64 = 4;

/// What two files of one program may begin with: longer than the ends by which a file is known.
const BANNER_BYTES: usize = 5_000;

/// Long enough for the line that names a life.
const NAMED_BYTES: usize = 40;

/// A file's life, whatever it is called and wherever it was copied to.
#[derive(Default)]
struct Life {
    bytes: Vec<u8>,
    /// Bytes of it that are in the store.
    stored: usize,
    /// Listed bytes, as far as a listing told them of a name that is known to show it.
    listed: usize,
    live: bool,
    /// What it is called in the store, and whether the store knows that it was called otherwise before.
    path: String,
    moved: bool,
    /// Where it is not told, it cannot be foretold.
    gap: Option<Option<Gap>>,
}

/// What a listing said of a name.
struct Row {
    life: usize,
    size: usize,
    settled: bool,
    /// It may have been asked for in vain although it looked as before, which unsettles it.
    doubted: bool,
}

/// How a run went, as far as the history knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// Everything that is there could be seen.
    Well,
    /// The listing could be seen, and no file.
    Denied,
    /// Nobody knows; the listing was read, or not.
    Somehow { listed: bool },
}

/// What happens, and to which lives.
pub struct History {
    random: u64,
    lives: Vec<Life>,
    /// The life behind each name, and how much of it the file has.
    names: BTreeMap<String, (usize, usize)>,
    /// What the last run saw; `None` where it went somehow.
    seen: Option<BTreeMap<String, Row>>,
    /// What the next listing shows, where files change behind it.
    shown: Option<BTreeMap<String, (usize, usize)>>,
    /// The names that a life was read under.
    known: BTreeSet<(String, usize)>,
    /// Each size that a name was listed with, and of which life.
    sizes: BTreeSet<(String, usize, usize)>,
    /// The second file of a rotation and all behind it are compressed, and end so.
    packing: Option<&'static str>,
    /// Several lives begin alike. Then a part of one may tell nothing, so every run that fails is made good at once.
    pub banners: bool,
    sizes_told: bool,
    sizes_only: bool,
    /// A copytruncate that has copied and will cut.
    half_copied: bool,
    deleted: Vec<(usize, usize, i64)>,
}

impl History {
    pub fn new(seed: u64, state: &mut State) -> History {
        let mut history = History {
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            lives: Vec::new(),
            names: BTreeMap::new(),
            seen: Some(BTreeMap::new()),
            shown: None,
            known: BTreeSet::new(),
            sizes: BTreeSet::new(),
            packing: None,
            banners: seed.is_multiple_of(2),
            sizes_told: true,
            sizes_only: false,
            half_copied: false,
            deleted: Vec::new(),
        };
        let ranges =
            [Ranges::Honoured, Ranges::Ignored, Ranges::IgnoredChunked, Ranges::Early(700), Ranges::Capped(6_000)];
        state.ranges = ranges[history.below(5) as usize];
        state.no_sizes = history.below(4) == 0;
        state.sizes_only = !state.no_sizes && history.below(3) == 0;
        (history.sizes_told, history.sizes_only) = (!state.no_sizes, state.sizes_only);
        history.packing = [None, None, Some(".gz"), Some(".zst")][history.below(4) as usize];
        history.born(state, "app.log", false);
        history
    }

    pub fn below(&mut self, bound: u64) -> u64 {
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
        let longest = [20, 300, 3_000, 9_000][self.below(4) as usize];
        let bytes = self.below(longest) as usize;
        let mut more = lines(&format!("{life} at {length}"), bytes);
        if length == 0 {
            let banner = if self.banners && self.below(3) == 0 { lines("banner", BANNER_BYTES) } else { Vec::new() };
            more = [banner, named(life), more].concat();
        }
        self.write_on(state, name, &more);
    }

    /// A copy, and what is compressed, does not grow.
    fn write_on(&mut self, state: &mut State, name: &str, more: &[u8]) -> bool {
        let (life, length) = self.names[name];
        let grows = length == self.lives[life].bytes.len() && name.ends_with(".log");
        if grows {
            state.append(name, more);
            self.lives[life].bytes.extend(more);
            self.names.insert(name.to_owned(), (life, length + more.len()));
        }
        grows
    }

    /// Another life of the same size, which only its time tells.
    fn rewrite(&mut self, state: &mut State, name: &str) {
        let size = self.names.get(name).map_or(0, |(_, length)| *length);
        if size >= NAMED_BYTES && !self.sizes_only {
            self.born(state, name, true);
            let (life, _) = self.names[name];
            let mut bytes = [named(life), lines(&format!("{life} again"), size)].concat();
            bytes.truncate(size);
            self.write_on(state, name, &bytes);
        }
    }

    fn rename(&mut self, state: &mut State, from: &str, to: &str) {
        if let Some(life) = self.names.remove(from) {
            state.rename(from, to);
            self.names.insert(to.to_owned(), life);
        }
    }

    fn remove(&mut self, state: &mut State, name: &str) {
        if let (Some((life, length)), Some(file)) = (self.names.remove(name), state.files.remove(name)) {
            self.deleted.push((life, length, file.modified_s));
        }
    }

    /// One that was deleted is there again, under another name.
    fn come_back(&mut self, state: &mut State) {
        if let Some((life, length, modified_s)) = self.deleted.pop() {
            let name = format!("back-{life}.log");
            state.write(&name, &self.lives[life].bytes[..length]);
            state.files.get_mut(&name).expect("it was just written").modified_s = modified_s;
            self.names.insert(name, (life, length));
        }
    }

    fn rotated(&self, number: u64) -> String {
        let end = self.packing.filter(|_| number > 1).unwrap_or_default();
        format!("app.{number}.log{end}")
    }

    fn shift(&mut self, state: &mut State) {
        let last = self.rotated(KEPT);
        self.names.remove(&last);
        state.files.remove(&last);
        for number in (1..KEPT).rev() {
            let (from, to) = (self.rotated(number), self.rotated(number + 1));
            if self.names.contains_key(&from) && from.ends_with(".log") && !to.ends_with(".log") {
                state.pack(&from, &to);
                let life = self.names.remove(&from).expect("it is there");
                self.names.insert(to, life);
            } else {
                self.rename(state, &from, &to);
            }
        }
    }

    fn rotate(&mut self, state: &mut State) {
        self.shift(state);
        self.rename(state, "app.log", "app.1.log");
        let empty = self.below(2) == 0;
        self.born(state, "app.log", empty);
    }

    fn copy(&mut self, state: &mut State) {
        self.shift(state);
        if let Some(life) = self.names.get("app.log").copied() {
            let copy = state.files["app.log"].clone();
            state.files.insert("app.1.log".to_owned(), copy);
            self.names.insert("app.1.log".to_owned(), life);
        }
    }

    /// Something happens.
    pub fn step(&mut self, state: &mut State) {
        state.now_s += 1;
        let other = format!("other-{}.log", self.below(3));
        let any = if self.below(2) == 0 { "app.log" } else { &other };
        match self.below(20) {
            0..6 => self.grow(state, "app.log"),
            6..9 if !self.half_copied => self.rotate(state),
            9 if !self.half_copied => {
                self.copy(state);
                self.born(state, "app.log", true);
            }
            10 if !self.half_copied => {
                self.copy(state);
                self.half_copied = true;
            }
            6..11 => {
                self.born(state, "app.log", true);
                self.half_copied = false;
            }
            11 | 12 => self.born(state, any, false),
            // Cut to nothing; it may be longer than before when it is seen again.
            13 => {
                self.born(state, any, true);
                (0..self.below(4)).for_each(|_| self.grow(state, any));
            }
            14 | 15 => self.rewrite(state, any),
            16 if !self.half_copied => self.remove(state, any),
            16 | 17 => self.remove(state, &other),
            18 => self.come_back(state),
            _ => self.grow(state, &other),
        }
    }

    /// Growth alone.
    pub fn step_on(&mut self, state: &mut State) {
        state.now_s += 1;
        let other = format!("other-{}.log", self.below(3));
        let any = if self.below(2) == 0 { "app.log" } else { &other };
        self.grow(state, any);
    }

    /// Growth and rotation, which lose nothing.
    fn step_gently(&mut self, state: &mut State) {
        if self.below(2) == 0 || self.half_copied || self.names.contains_key(&self.rotated(KEPT)) {
            self.grow(state, "app.log");
        } else {
            self.rotate(state);
        }
    }

    /// A listing of sizes alone cannot tell a rewrite of one size: there is none.
    pub fn tell_apart(&mut self, state: &mut State) {
        let names = if self.sizes_only { self.names.clone() } else { BTreeMap::new() };
        for (name, (life, _)) in names {
            while {
                let size = state.files[&name].bytes.len();
                let other = |(own, then, of): &(String, usize, usize)| (own, *then) == (&name, size) && *of != life;
                size > 0 && self.sizes.iter().any(other) && self.write_on(state, &name, b"+\n")
            } {}
            let size = state.files[&name].bytes.len();
            self.sizes.insert((name, size, life));
        }
    }

    /// Lets the files change right after the next listing.
    pub fn race(&mut self, state: &mut State) {
        self.shown = Some(self.names.clone());
        let mut later = State { files: state.files.clone(), now_s: state.now_s + 600, ..State::default() };
        for _ in 0..=self.below(3) {
            self.step_gently(&mut later);
        }
        state.after_listing = Some(Box::new(|state| state.files = later.files));
    }

    /// Lets the network and the server fail at some of the next requests.
    pub fn trouble(&mut self, state: &mut State) {
        for _ in 0..=self.below(3) {
            let to = ["/files", ".log", ".log", self.packing.unwrap_or(".log")][self.below(4) as usize];
            match self.below(5) {
                0 => state.bend(to, ok("503 Service Unavailable", "Retry-After: 0\r\n", b"")),
                1 => state.bend(to, ok("403 Forbidden", "", b"")),
                2 => state.bend(to, ok("200 OK", "Content-Type: text/html\r\n", b"<html><title>Please log in</title>")),
                3 => state.cut(to),
                _ => state.cuts.push_back(NAMED_BYTES + self.below(6_000) as usize),
            }
        }
    }
}

fn named(life: usize) -> Vec<u8> {
    format!("this is life {life}\n").into_bytes()
}
