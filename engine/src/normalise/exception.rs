//! Exceptions: what a stack trace says, whichever language wrote it.
//!
//! A trace is read line by line: a line names an exception, or a frame, or is left out. Frames belong to the exception
//! that was named last; what .NET, Java and Python write between exceptions says which one caused which.

use super::frame;

/// Frames that tell one error from another; deeper ones differ by what called.
const FRAMES_MAX: usize = 3;
/// More causes are not told apart.
const CHAIN_MAX: usize = 16;
/// How exception types end in .NET, Java and Python.
const TYPE_ENDS: [&str; 3] = ["Exception", "Error", "Throwable"];
/// What may stand before the type of an exception in its line.
const BEFORE_TYPE: [&str; 7] = [
    "---> ",
    "Caused by: ",
    "Unhandled exception. ",
    "Unhandled Exception: ",
    "Uncaught exception: ",
    "Uncaught ",
    "panic: ",
];

/// An exception, and where it was thrown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Thrown<'a> {
    /// Its type.
    pub kind: &'a str,
    /// What follows the type in its line: as a rule a colon and the message.
    pub rest: &'a str,
    /// The topmost frames, without arguments, places in files, and what the compiler numbered.
    pub frames: Vec<String>,
}

impl<'a> Thrown<'a> {
    /// What it says.
    pub fn message(&self) -> &'a str {
        self.rest.trim_start_matches(':').trim()
    }
}

/// The attributes that exceptions have, by OpenTelemetry's names: type and message of the one that was logged, and the
/// topmost frames of all.
pub const ATTRIBUTES: [&str; 3] = ["exception.type", "exception.message", "exception.stacktrace"];

/// What the attributes hold, in their order.
pub fn attributes(chain: &[Thrown<'_>]) -> Option<[String; 3]> {
    let first = chain.first()?;
    let mut stack = String::new();
    for (position, thrown) in chain.iter().enumerate() {
        let before = if position == 0 { "" } else { "\ncaused by " };
        stack.extend([before, thrown.kind]);
        thrown.frames.iter().for_each(|frame| stack.extend(["\nat ", frame]));
    }
    Some([first.kind.to_owned(), first.message().to_owned(), stack])
}

/// The exceptions of a record: first the one that was logged, last the one that began it all.
pub fn chain<'a>(body: &'a str, exception: &'a str) -> Vec<Thrown<'a>> {
    let mut trace = Trace::default();
    if exception.is_empty() && memchr::memchr(b'\n', body.as_bytes()).is_none() {
        // Most messages are one line: it may name an exception, but frames have nothing before them to belong to.
        if let Some((kind, rest)) = exception_type(body.trim()) {
            trace.name(kind, rest);
        }
        return trace.chain;
    }
    body.lines().chain(exception.lines()).all(|line| trace.read(line));
    trace.chain
}

/// A stack trace as far as it was read.
#[derive(Default)]
struct Trace<'a> {
    chain: Vec<Thrown<'a>>,
    /// The exception that frames belong to.
    now: usize,
    /// Where a suppressed exception of Java begins; it goes on as long as its lines stand behind that.
    suppressed: Option<usize>,
    /// Frames of a traceback of Python: the topmost comes last, and the exception after it.
    traceback: Option<Vec<String>>,
    /// What a native program says before its frames: the signal or the code that ended it.
    ended_by: Option<(&'a str, &'a str)>,
    /// The stack of a goroutine began: its frames are bare calls.
    is_go: bool,
    /// Frames have numbers, as Rust's do: lines with `at` are places in files.
    is_numbered: bool,
}

impl<'a> Trace<'a> {
    /// Reads a line; false where nothing new can follow.
    fn read(&mut self, line: &'a str) -> bool {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if self.suppressed.is_some_and(|start| indent >= start) {
            return true;
        }
        self.suppressed = line.starts_with("Suppressed: ").then_some(indent.max(1));
        if line.starts_with("---> (Inner Exception #") {
            // .NET tells the causes again, one by one.
            return false;
        }
        if line.is_empty() || self.suppressed.is_some() || self.read_python(line, indent) {
            return true;
        }
        if let Some((kind, rest)) = exception_type(line) {
            self.name(kind, rest);
        } else if line.starts_with("--- ") && line.ends_with(" ---") {
            // The inner exception's frames end, in whatever language Windows speaks.
            let is_inner = line.contains("inner exception") || line.contains("internen Ausnahme");
            self.now -= usize::from(is_inner && self.now > 0);
        } else if line.starts_with("goroutine ") {
            self.is_go = true;
        } else if self.is_numbered && line.starts_with("at ") {
            return true;
        } else if let Some(frame) = frame::name(line, self.is_go && indent == 0) {
            self.is_numbered |= line.starts_with(|char: char| char.is_ascii_digit());
            self.add(frame);
        } else if self.chain.is_empty() {
            self.ended_by = ended_by(line).or(self.ended_by);
        }
        true
    }

    /// An exception that the one before was caused by, and those that its line goes on with: .NET may write them all
    /// into one.
    fn name(&mut self, kind: &'a str, rest: &'a str) {
        let (rest, inner) = rest.split_once(" ---> ").map_or((rest, None), |(rest, inner)| (rest, Some(inner)));
        if self.chain.len() < CHAIN_MAX {
            self.chain.push(Thrown { kind, rest, frames: Vec::new() });
        }
        self.now = self.chain.len() - 1;
        if let Some((kind, rest)) = inner.and_then(exception_type) {
            self.name(kind, rest);
        }
    }

    fn add(&mut self, frame: String) {
        if self.chain.is_empty()
            && let Some((kind, rest)) = self.ended_by.take()
        {
            self.name(kind, rest);
        }
        if let Some(thrown) = self.chain.get_mut(self.now)
            && thrown.frames.len() < FRAMES_MAX
            && !frame::is_plumbing(&frame)
        {
            thrown.frames.push(frame);
        }
    }

    /// Reads a line of a traceback of Python; false where it is none.
    fn read_python(&mut self, line: &'a str, indent: usize) -> bool {
        if line.starts_with("Traceback (most recent call last)") {
            // The message of the record may have named the exception already.
            if self.chain.iter().all(|thrown| thrown.frames.is_empty()) {
                self.chain.clear();
            }
            self.traceback = Some(Vec::new());
            return true;
        }
        let Some(frames) = &mut self.traceback else { return false };
        if let Some(frame) = frame::of_python(line) {
            frames.push(frame);
        } else if indent == 0 {
            let frames = std::mem::take(frames).into_iter().rev().take(FRAMES_MAX).collect();
            self.traceback = None;
            let end = line.find(|char: char| !char.is_alphanumeric() && !"_.".contains(char)).unwrap_or(line.len());
            // What came before is the cause.
            self.chain.truncate(CHAIN_MAX - 1);
            self.chain.insert(0, Thrown { kind: &line[..end], rest: &line[end..], frames });
        }
        true
    }
}

/// The type at the begin of a line such as `System.NullReferenceException: message`, and what follows it.
pub fn exception_type(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let line = match line.strip_prefix("Exception in thread \"").and_then(|rest| rest.split_once("\" ")) {
        Some((_, line)) => line,
        None => BEFORE_TYPE.iter().find_map(|before| line.strip_prefix(before)).unwrap_or(line),
    };
    let in_name = |char: char| char.is_ascii_alphanumeric() || "_.$+`".contains(char);
    let (name, rest) = line.split_at(line.find(|char| !in_name(char)).unwrap_or(line.len()));
    let is_type = TYPE_ENDS.iter().any(|end| name.ends_with(end) && name.len() > end.len());
    (is_type && (rest.is_empty() || rest.starts_with(':') || rest.starts_with(" ("))).then_some((name, rest))
}

/// What ended a native program, `panic`, the signal or the code, and what it says.
fn ended_by(line: &str) -> Option<(&str, &str)> {
    if line.starts_with("panic: ") {
        return Some(line.split_at("panic".len()));
    }
    if let Some((_, place)) = line.split_once("' panicked at ") {
        // Behind the place there may be the message; else it stands in the next line, and the place is left.
        return Some(("panic", place.split_once(": ").map_or("", |(_, message)| message)));
    }
    let is_mark = |char: char| !char.is_ascii_alphanumeric();
    let is_signal = |word: &&str| {
        (5..=9).contains(&word.len()) && word.starts_with("SIG") && word.bytes().all(|b| b.is_ascii_uppercase())
    };
    let is_code = |word: &&str| word.len() == 10 && ["0xC0", "0xc0", "0xE0", "0xe0", "0x80"].contains(&&word[..4]);
    let word = line.split(is_mark).find(|word| word.is_ascii() && (is_signal(word) || is_code(word)));
    word.map(|word| (word, ""))
}
