//! A case as it stands in its file: what the server shows and does at each run, and what is expected of the run.
//!
//! `cases/GROUP/NAME.toml` holds one history. Each run states how it ends: its outcome in the coverage (`reach`, `files`),
//! its `requests`, and what is `stored`. A case that lacks one of them is refused, and so are unknown keys.

use std::time::Duration;

use serde::Deserialize;

use super::certificates::Secure;
use super::scene::{self, Stored};
use super::server::{Answer, Framing, Ranges, State, gzip, lines, message, zstd};
use crate::catalog::{Gap, Reach};
use crate::fetch::{CauseClass, FileCounts};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Of the list in `cases.rs`.
    pub fault: String,
    /// `[api]` and `[limits]` of the profile, over those of every case.
    #[serde(default)]
    pub api: toml::Table,
    #[serde(default)]
    pub limits: toml::Table,
    /// Instances at an address where nobody listens, after the one that is told about.
    #[serde(default)]
    pub dead: usize,
    /// The server speaks TLS, and how; see `Scene::of_profile` for the files beside the profile.
    pub secure: Option<Secure>,
    /// The history is played with each of these servers.
    #[serde(default = "one_plain_server")]
    pub servers: Vec<Manner>,
    #[serde(rename = "run")]
    pub runs: Vec<Run>,
    /// Once more, with nothing new: one request, and nothing is stored.
    #[serde(default = "yes")]
    pub settles: bool,
}

/// How a server always answers.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Manner {
    pub ranges: Ranges,
    pub no_sizes: bool,
    pub sizes_only: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What happened since the run before; ten minutes have passed at its end.
    #[serde(default, rename = "do")]
    pub before: Vec<Step>,
    /// From now on the server proves itself so.
    pub secure: Option<Secure>,
    /// What happens right after the listing was made.
    #[serde(default)]
    pub after_listing: Vec<Step>,
    /// What happens right after the first look at a file's begin.
    #[serde(default)]
    pub after_look: Vec<Step>,
    /// Answers to come, each instead of the usual one; all must be asked for.
    #[serde(default)]
    pub answers: Vec<Bent>,
    pub reach: Reach,
    pub cause: Option<CauseClass>,
    /// A part of the cause's text.
    #[serde(default)]
    pub says: String,
    /// What is left out of it is none.
    pub files: FileCounts,
    pub bytes_new: Option<u64>,
    pub requests: Requests,
    pub stored: Expected,
}

/// All requests of a run, in their order.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Requests {
    Alike(Vec<String>),
    /// For each of the servers.
    Each(Vec<Vec<String>>),
}

/// What is stored after a run.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Expected {
    AsShown(Shown),
    /// All generations, in the order of their opening.
    Generations(Vec<Generation>),
}

/// The word for the server's files, each once and live.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    Shown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    pub path: String,
    pub is: Content,
    #[serde(default)]
    pub closed: bool,
    pub gap: Option<Gap>,
    /// Only a part of this is stored, from its beginning and not nothing; how much depends on time.
    #[serde(default)]
    pub in_part: bool,
}

/// Something that happens to the files of the server.
#[derive(Deserialize, Clone)]
#[serde(untagged, deny_unknown_fields)]
pub enum Step {
    Write {
        write: String,
        is: Content,
    },
    Append {
        append: String,
        is: Content,
    },
    Rename {
        rename: String,
        to: String,
    },
    Copy {
        copy: String,
        to: String,
    },
    /// Compresses it as `logrotate` does: time and content stay.
    Pack {
        pack: String,
        to: String,
    },
    Remove {
        remove: String,
    },
    /// The file's time, by so many seconds from now.
    Date {
        date: String,
        by_s: i64,
    },
    /// The server's clock jumps.
    Clock {
        clock_s: i64,
    },
}

/// One answer that is not the usual one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bent {
    /// End of the path that is asked for.
    to: String,
    #[serde(default = "ok")]
    status: String,
    #[serde(default)]
    headers: Vec<String>,
    #[serde(default)]
    body: Content,
    /// `Content-Length`, where it is not that of the body.
    length: Option<usize>,
    /// How the end of the body is told.
    #[serde(default)]
    framing: Framing,
    /// The connection ends behind the body.
    #[serde(default)]
    cut: bool,
    /// One byte at a time, with this pause.
    drip_ms: Option<u64>,
    /// Silence before the answer.
    #[serde(default)]
    wait_ms: u64,
    #[serde(default = "once")]
    times: usize,
}

/// Bytes, piece by piece.
#[derive(Deserialize, Clone, Default)]
pub struct Content(Vec<Piece>);

#[derive(Deserialize, Clone)]
#[serde(untagged, deny_unknown_fields)]
enum Piece {
    Text(String),
    /// So many bytes of numbered lines that begin with the word.
    Lines(String, usize),
    Repeat {
        repeat: String,
        times: usize,
    },
    Hex {
        hex: String,
    },
    /// Compressed.
    Gzip {
        gzip: Content,
    },
    Zstd {
        zstd: Content,
    },
    /// The first so many bytes of something.
    First {
        first: usize,
        of: Content,
    },
    /// All of something but its last bytes, so many.
    AllBut {
        all_but: usize,
        of: Content,
    },
    /// Something with one byte that is not as it was, so many bytes before its end.
    Damaged {
        damaged: usize,
        of: Content,
    },
}

fn one_plain_server() -> Vec<Manner> {
    vec![Manner::default()]
}

fn yes() -> bool {
    true
}

fn once() -> usize {
    1
}

fn ok() -> String {
    "200 OK".to_owned()
}

impl Requests {
    /// Those with one of the servers.
    pub fn of(&self, server: usize) -> &[String] {
        match self {
            Requests::Alike(requests) => requests,
            Requests::Each(requests) => &requests[server],
        }
    }
}

impl Content {
    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(Piece::bytes).collect()
    }
}

impl Piece {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Piece::Text(text) => text.clone().into_bytes(),
            Piece::Lines(word, bytes) => lines(word, *bytes),
            Piece::Repeat { repeat, times } => repeat.repeat(*times).into_bytes(),
            Piece::Hex { hex } => hex
                .as_bytes()
                .chunks(2)
                .map(|pair| str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
                .map(|byte| byte.expect("pairs of hexadecimal digits"))
                .collect(),
            Piece::Gzip { gzip: of } => gzip(&of.bytes()),
            Piece::Zstd { zstd: of } => zstd(&of.bytes()),
            Piece::First { first, of } => of.bytes()[..*first].to_vec(),
            Piece::AllBut { all_but, of } => {
                let mut bytes = of.bytes();
                bytes.truncate(bytes.len() - all_but);
                bytes
            }
            Piece::Damaged { damaged, of } => {
                let mut bytes = of.bytes();
                let at = bytes.len() - damaged;
                bytes[at] ^= 1;
                bytes
            }
        }
    }
}

impl Step {
    pub fn happen(&self, state: &mut State) {
        match self {
            Step::Write { write, is } => state.write(write, is.bytes()),
            Step::Append { append, is } => state.append(append, is.bytes()),
            Step::Rename { rename, to } => state.rename(rename, to),
            Step::Copy { copy, to } => {
                let file = state.files[copy].clone();
                state.files.insert(to.clone(), file);
            }
            Step::Pack { pack, to } => state.pack(pack, to),
            Step::Remove { remove } => drop(state.files.remove(remove).expect("a file to remove")),
            Step::Date { date, by_s } => {
                let modified_s = state.now_s + by_s;
                state.files.get_mut(date).expect("a file").modified_s = modified_s;
            }
            Step::Clock { clock_s } => state.now_s += clock_s,
        }
    }
}

impl Bent {
    pub fn answers(&self) -> impl Iterator<Item = (String, Answer)> {
        let headers: String = self.headers.iter().map(|line| format!("{line}\r\n")).collect();
        let framing = self.length.map_or(self.framing, Framing::Promised);
        let answer = Answer {
            bytes: message(&self.status, &headers, framing, &self.body.bytes()),
            cut: self.cut,
            wait: Duration::from_millis(self.wait_ms),
            drip: self.drip_ms.map(Duration::from_millis),
        };
        std::iter::repeat_n((self.to.clone(), answer), self.times)
    }
}

impl Generation {
    /// What must be stored, seeing what is.
    pub fn stored(&self, found: Option<&Stored>) -> Stored {
        let mut bytes = self.is.bytes();
        if self.in_part {
            let count = found.map_or(0, |found| found.bytes.0.len());
            bytes.truncate(count.clamp(1, bytes.len() - 1));
        }
        Stored { path: self.path.clone(), live: !self.closed, gap: self.gap, bytes: scene::Content(bytes) }
    }
}
