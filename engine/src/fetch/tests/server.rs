//! A small HTTP server over files in memory: one thread a connection, every request recorded, every answer bendable.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// 2024-01-01; the server's clock starts here and moves as the test says.
const START_S: i64 = 1_704_067_200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub bytes: Vec<u8>,
    pub modified_s: i64,
}

/// How requests for files are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ranges {
    #[default]
    Honoured,
    /// Every answer is the whole file.
    Ignored,
    /// The same, without a length: chunks until the end.
    IgnoredChunked,
    /// Parts begin up to so many bytes earlier than asked.
    Early(u64),
    /// Parts have at most so many bytes, and `/*`.
    Capped(u64),
    /// Parts begin later than asked.
    Late,
    /// Parts without Content-Range.
    Bare,
}

/// How an answer tells where its body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    #[default]
    Length,
    /// A length that may not be the body's.
    Promised(usize),
    Chunked,
    /// Not at all: the body ends with the connection.
    Close,
}

/// An answer as it goes over the wire.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub bytes: Vec<u8>,
    /// Ends the connection.
    pub cut: bool,
    /// Silence before it.
    pub wait: Duration,
    /// Pause between the bytes of the body.
    pub drip: Option<Duration>,
}

/// What happens to the files between two requests.
pub type Meanwhile = Box<dyn FnOnce(&mut State) + Send>;

#[derive(Default)]
pub struct State {
    pub files: BTreeMap<String, File>,
    pub now_s: i64,
    pub ranges: Ranges,
    /// The body begins at the offset that the URL names, and has at most so many bytes.
    pub offsets: Option<usize>,
    /// A header that every request must have, and its value.
    pub wanted_header: Option<(&'static str, String)>,
    /// No file may be read, whoever asks.
    pub denied: bool,
    /// Leave times and ETags out of the listing.
    pub sizes_only: bool,
    /// Leave sizes out of the listing.
    pub no_sizes: bool,
    /// Answers to the next requests whose path ends so.
    pub bent: VecDeque<(String, Answer)>,
    /// The next answers that are as usual break off after so many bytes of their body.
    pub cuts: VecDeque<usize>,
    /// Runs once, right after the next listing was made.
    pub after_listing: Option<Meanwhile>,
    /// Runs once, right after the next answer with a file's begin.
    pub after_look: Option<Meanwhile>,
    /// Connections are secured so.
    pub secure: Option<Arc<ServerConfig>>,
    /// `PATH RANGE` of every request; a method that is not GET stands before it.
    pub requests: Vec<String>,
}

impl State {
    pub fn write(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        let file = File { bytes: bytes.into(), modified_s: self.now_s };
        self.files.insert(name.to_owned(), file);
    }

    pub fn append(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        let now_s = self.now_s;
        let file = self.files.get_mut(name).expect("a file");
        file.bytes.extend_from_slice(bytes.as_ref());
        file.modified_s = now_s;
    }

    pub fn rename(&mut self, from: &str, to: &str) {
        let file = self.files.remove(from).expect("a file");
        self.files.insert(to.to_owned(), file);
    }

    /// Compresses a file as `logrotate` does: time and content stay.
    pub fn pack(&mut self, from: &str, to: &str) {
        self.rename(from, to);
        let file = self.files.get_mut(to).expect("it was just renamed");
        file.bytes = if to.ends_with(".zst") { zstd(&file.bytes) } else { gzip(&file.bytes) };
    }

    pub fn bend(&mut self, ending: &str, bytes: Vec<u8>) {
        self.bent.push_back((ending.to_owned(), Answer { bytes, ..Answer::default() }));
    }

    /// Ends a connection in the place of an answer.
    pub fn cut(&mut self, ending: &str) {
        self.bent.push_back((ending.to_owned(), Answer { cut: true, ..Answer::default() }));
    }

    /// What was to go wrong and did not, will not; what was to happen to the files does.
    pub fn calm(&mut self) {
        self.bent.clear();
        self.cuts.clear();
        if let Some(then) = self.after_listing.take() {
            then(self);
        }
    }

    fn listing(&self) -> String {
        let items = self.files.iter().map(|(name, file)| {
            let mut item = serde_json::json!({ "name": name });
            if !self.no_sizes {
                item["size"] = file.bytes.len().into();
            }
            if !self.sizes_only {
                item["mtime"] = file.modified_s.into();
            }
            item
        });
        serde_json::json!({ "files": items.collect::<Vec<_>>() }).to_string()
    }
}

pub struct Server {
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub fn start() -> Server {
        Server::start_as(None)
    }

    pub fn start_as(secure: Option<Arc<ServerConfig>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let scheme = if secure.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { now_s: START_S, secure, ..State::default() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                let secure = shared.lock().expect("no test panics with the lock held").secure.clone();
                thread::spawn(move || match secure {
                    None => serve(stream, &shared),
                    Some(secure) => serve_secure(stream, secure, &shared),
                });
            }
        });
        Server { address, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with the lock held")
    }
}

fn serve_secure(stream: TcpStream, secure: Arc<ServerConfig>, state: &Mutex<State>) {
    let connection = ServerConnection::new(secure).expect("a server's settings");
    let closer = stream.try_clone().expect("a socket");
    serve(StreamOwned::new(connection, stream), state);
    // What the other side was told last is lost where something that it sent is left unread.
    let _ = closer.shutdown(Shutdown::Write);
    let _ = closer.set_read_timeout(Some(Duration::from_secs(1)));
    let _ = io::copy(&mut &closer, &mut io::sink());
}

fn serve(stream: impl Read + Write, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    while let Some((path, range, headers)) = request(&mut reader) {
        let mut state = state.lock().expect("no test panics with the lock held");
        let known = state.wanted_header.as_ref().is_none_or(|(name, value)| headers.get(*name) == Some(value));
        state.requests.push(format!("{path} {range}").trim_end().to_owned());
        let bent = state.bent.iter().position(|(ending, _)| path.ends_with(ending.as_str()));
        let answer = match bent.and_then(|index| state.bent.remove(index)) {
            Some((_, answer)) => answer,
            None if !known => Answer { bytes: ok("401 Unauthorized", "", b""), ..Answer::default() },
            None => usual(&mut state, &path, &range),
        };
        drop(state);
        if send(reader.get_mut(), &answer).is_err() || answer.cut {
            return;
        }
    }
    // What is no request has an answer too; where nothing came, nobody is there to get it.
    let _ = reader.get_mut().write_all(&ok("400 Bad Request", "", b""));
}

fn usual(state: &mut State, path: &str, range: &str) -> Answer {
    let mut bytes = answer(state, path, range);
    let cut = state.cuts.pop_front();
    if let Some(kept) = cut {
        bytes.truncate(body_of(&bytes) + kept);
    }
    Answer { bytes, cut: cut.is_some(), ..Answer::default() }
}

/// Where the body of an answer begins.
fn body_of(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |end| end + 4)
}

fn send(stream: &mut impl Write, answer: &Answer) -> io::Result<()> {
    thread::sleep(answer.wait);
    let Some(pause) = answer.drip else {
        stream.write_all(&answer.bytes)?;
        return stream.flush();
    };
    let body = body_of(&answer.bytes);
    stream.write_all(&answer.bytes[..body])?;
    answer.bytes[body..].iter().try_for_each(|byte| {
        thread::sleep(pause);
        stream.write_all(&[*byte])
    })
}

fn request(reader: &mut impl BufRead) -> Option<(String, String, BTreeMap<String, String>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = match line.split_once(' ')? {
        ("GET", rest) => rest.split(' ').next()?.to_owned(),
        _ => line.trim_end().to_owned(),
    };
    let mut range = String::new();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Some((path, range, headers));
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        match name.to_ascii_lowercase().as_str() {
            "range" => range = value.trim().to_owned(),
            "accept-encoding" => assert_eq!(value.trim(), "identity"),
            _ => {}
        }
    }
}

fn answer(state: &mut State, path: &str, range: &str) -> Vec<u8> {
    let date = chrono::DateTime::from_timestamp(state.now_s, 0).expect("a time").format("%a, %d %b %Y %H:%M:%S GMT");
    let head = format!("Date: {date}\r\nContent-Type: application/json\r\n");
    if path == "/files" {
        let listing = state.listing();
        if let Some(then) = state.after_listing.take() {
            then(state);
        }
        return ok("200 OK", &head, listing.as_bytes());
    }
    if state.denied {
        return ok("403 Forbidden", &head, b"");
    }
    let (path, offset) = path.split_once("?offset=").unwrap_or((path, "0"));
    let name = decoded(path.strip_prefix("/files/").unwrap_or(path));
    let Some(file) = state.files.get(&name) else {
        return ok("404 Not Found", &head, b"");
    };
    if let Some(most) = state.offsets {
        let from = offset.parse::<usize>().expect("a number").min(file.bytes.len());
        return ok("200 OK", &head, &file.bytes[from..file.bytes.len().min(from.saturating_add(most))]);
    }
    let answer = body(state.ranges, &file.bytes, range, &head);
    if range.starts_with("bytes=0-")
        && let Some(then) = state.after_look.take()
    {
        then(state);
    }
    answer
}

fn body(ranges: Ranges, bytes: &[u8], range: &str, head: &str) -> Vec<u8> {
    let asked = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let (Some((from, to)), false) = (asked, matches!(ranges, Ranges::Ignored | Ranges::IgnoredChunked)) else {
        if ranges == Ranges::IgnoredChunked {
            return message("200 OK", head, Framing::Chunked, bytes);
        }
        return ok("200 OK", head, bytes);
    };
    let from: usize = from.parse().expect("a number");
    let mut to = to.parse::<usize>().map_or(bytes.len(), |last| (last + 1).min(bytes.len()));
    if from >= bytes.len() {
        let head = format!("{head}Content-Range: bytes */{}\r\n", bytes.len());
        return ok("416 Range Not Satisfiable", &head, b"");
    }
    let (from, total) = match ranges {
        Ranges::Early(by) => (from.saturating_sub(by as usize), bytes.len().to_string()),
        Ranges::Late => ((from + 1).min(to - 1), bytes.len().to_string()),
        Ranges::Capped(most) => {
            to = to.min(from + most as usize);
            (from, "*".to_owned())
        }
        _ => (from, bytes.len().to_string()),
    };
    let place = match ranges {
        Ranges::Bare => String::new(),
        _ => format!("Content-Range: bytes {from}-{}/{total}\r\n", to - 1),
    };
    ok("206 Partial Content", &format!("{head}{place}"), &bytes[from..to])
}

pub fn ok(status: &str, head: &str, body: &[u8]) -> Vec<u8> {
    message(status, head, Framing::Length, body)
}

/// An answer with these lines in its head, each with its end.
pub fn message(status: &str, head: &str, framing: Framing, body: &[u8]) -> Vec<u8> {
    let framed = match framing {
        Framing::Length => format!("Content-Length: {}\r\n", body.len()),
        Framing::Promised(length) => format!("Content-Length: {length}\r\n"),
        Framing::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
        Framing::Close => String::new(),
    };
    let mut answer = format!("HTTP/1.1 {status}\r\n{head}{framed}\r\n").into_bytes();
    if framing != Framing::Chunked {
        answer.extend_from_slice(body);
        return answer;
    }
    for chunk in body.chunks(1000) {
        answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        answer.extend_from_slice(chunk);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"0\r\n\r\n");
    answer
}

fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let digits = std::str::from_utf8(&rest[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
            rest = &rest[2..];
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// So many bytes of numbered lines that begin with a word of their own.
pub fn lines(word: &str, bytes: usize) -> Vec<u8> {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < bytes {
        writeln!(text, "{word} line {number}").expect("writing to a String cannot fail");
        number += 1;
    }
    text.truncate(bytes);
    text.into_bytes()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).expect("memory")
}
