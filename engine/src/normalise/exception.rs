//! Exceptions: what a stack trace says, whichever language wrote it.
//!
//! A trace is read line by line: a line names an exception, or a frame, or is left out. Frames belong to the exception
//! that was named last; what .NET, Java and Python write between exceptions says which one caused which.

use super::frame;
use super::named::{PANIC, any_type, before_frames, cause, class, exception_type, panic, uncaught};

/// Frames that tell one error from another; deeper ones differ by what called.
const FRAMES_MAX: usize = 3;
/// More causes are not told apart.
const CHAIN_MAX: usize = 16;
/// Before each exception where .NET tells several causes again, one by one.
const ONE_BY_ONE: &str = "---> (Inner Exception #";

/// An exception, and where it was thrown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Thrown<'a> {
    /// Its type; empty where frames follow that no exception was named before.
    pub kind: &'a str,
    /// What follows the type in its line: as a rule a colon and the message.
    pub rest: &'a str,
    /// The file that its line says it was thrown in.
    pub file: &'a str,
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

/// What the attributes hold, in their order; empty ones are none.
pub fn attributes(chain: &[Thrown<'_>]) -> Option<[String; 3]> {
    let first = chain.first()?;
    let mut stack = String::new();
    for (position, thrown) in chain.iter().enumerate() {
        let before = if position == 0 { "" } else { "\ncaused by " };
        stack.extend([before, thrown.kind]);
        thrown.frames.iter().for_each(|frame| stack.extend(["\nat ", frame]));
    }
    Some([first.kind.to_owned(), first.message().to_owned(), stack.trim_start().to_owned()])
}

/// The exceptions of a record: first the one that was logged, last the one that began it all.
pub fn chain<'a>(body: &'a str, exception: &'a str) -> Vec<Thrown<'a>> {
    let mut trace = Trace::default();
    if exception.is_empty() && memchr::memchr(b'\n', body.as_bytes()).is_none() {
        // Most messages are one line: it may name an exception, but no frames follow.
        trace.read_name(body.trim());
        return trace.chain;
    }
    lines(body).chain(lines(exception)).all(|line| trace.read(line));
    trace.chain
}

/// What a field for an exception says in which none is named: its message, if it is a line. Objects, and what stands for no
/// error, are none.
pub fn message(field: &str) -> Option<&str> {
    let text = field.trim();
    let says_nothing = ["", "false", "true", "<nil>", "nil", "null"].contains(&text) || text.starts_with(['{', '[']);
    (!says_nothing && !text.contains('\n')).then_some(text)
}

/// The lines of a text as [`str::lines`] gives them; these are found faster.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, behind) = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(end) => (rest[..end].strip_suffix('\r').unwrap_or(&rest[..end]), &rest[end + 1..]),
            None => (rest, ""),
        };
        rest = behind;
        Some(line)
    })
}

/// The types of all causes that .NET tells one by one: of several, the chain has the first.
pub fn causes<'a>(body: &'a str, exception: &'a str) -> impl Iterator<Item = &'a str> {
    let told = [body, exception].into_iter().filter_map(|text| text.find(ONE_BY_ONE).map(|at| &text[at..]));
    told.flat_map(|told| told.split("---> ")).filter_map(|text| {
        let line = text.lines().next().unwrap_or_default();
        let line =
            line.strip_prefix("(Inner Exception #").and_then(|rest| rest.split_once(") ")).map_or(line, |it| it.1);
        any_type(line).map(|(kind, _)| kind)
    })
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
    /// What is named before frames, but not at the begin of a line: what ended a native program, or a type behind a
    /// message.
    ended_by: Option<(&'a str, &'a str)>,
    /// The line before, but empty ones.
    before: &'a str,
    /// The message of the exception named last is the next line.
    awaits_message: bool,
    /// How deep in a group of exceptions of Python the lines are.
    depth: usize,
    /// The stack of another thread began: its frames do not count.
    is_other_thread: bool,
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
        let before = self.before;
        if !line.is_empty() {
            self.before = line;
        }
        if self.suppressed.is_some_and(|start| indent >= start) {
            return true;
        }
        self.suppressed = line.starts_with("Suppressed: ").then_some(indent.max(1));
        if line.starts_with(ONE_BY_ONE) {
            return false;
        }
        let Some((line, indent)) = self.within_group(line, indent) else { return false };
        if line.is_empty() || self.suppressed.is_some() || self.read_python(line, indent) || self.read_message(line) {
            return true;
        }
        if self.read_cause(line, before) || self.read_name(line) {
            return true;
        }
        if line.starts_with("--- ") && line.ends_with(" ---") {
            // The inner exception's frames end, in whatever language Windows speaks.
            let is_inner = line.contains("inner exception") || line.contains("internen Ausnahme");
            self.now -= usize::from(is_inner && self.now > 0);
        } else if line.starts_with("goroutine ") {
            self.is_go = true;
        } else if line.starts_with("Thread ") && line.contains(" Crashed:") {
            self.chain.iter_mut().for_each(|thrown| thrown.frames.clear());
            self.is_other_thread = false;
        } else if self.is_numbered && line.starts_with("at ") {
            return true;
        } else if let Some(frame) = frame::name(line, self.is_go && indent == 0) {
            let number = frame::number(line);
            self.is_numbered |= line.starts_with(|char: char| char.is_ascii_digit());
            let has_frames = self.chain.get(self.now).is_some_and(|thrown| !thrown.frames.is_empty());
            self.is_other_thread |= number == Some(0) && has_frames;
            if !self.is_other_thread {
                self.add(frame, line, before);
            }
        } else if self.chain.is_empty() {
            self.ended_by = before_frames(line).or(self.ended_by);
        }
        true
    }

    /// Reads a line that says what caused the exception before, which may stand behind a message; false where it says
    /// none, or none is before.
    fn read_cause(&mut self, line: &'a str, before: &'a str) -> bool {
        let Some((kind, rest)) = cause(line) else { return false };
        if self.chain.is_empty() {
            let is_type = |(kind, _): &(&str, &str)| exception_type(kind).is_some();
            let Some((kind, rest)) = class(before).or(self.ended_by.filter(is_type)) else { return false };
            self.name(kind, rest);
        }
        self.name(kind, rest);
        true
    }

    /// Reads a line that begins with an exception; false where it does not.
    fn read_name(&mut self, line: &'a str) -> bool {
        if let Some((kind, rest)) = exception_type(line) {
            self.name(kind, rest);
        } else if let Some((message, file)) = panic(line) {
            self.name(PANIC, message);
            self.awaits_message = message.is_empty();
            self.chain.iter_mut().skip(self.now).for_each(|thrown| thrown.file = file);
        } else if self.chain.is_empty()
            && let Some((kind, rest)) = uncaught(line)
        {
            self.name(kind, rest);
            self.awaits_message = rest.is_empty();
        } else {
            return false;
        }
        true
    }

    /// Reads the message of an exception in whose line it does not stand; false where none is awaited.
    fn read_message(&mut self, line: &'a str) -> bool {
        if !std::mem::take(&mut self.awaits_message) {
            return false;
        }
        let Some(thrown) = self.chain.last_mut() else { return false };
        let message = match line.strip_prefix("what():") {
            None if thrown.kind == PANIC && frame::name(line, false).is_none() => Some(line),
            message => message,
        };
        thrown.rest = message.unwrap_or_default().trim();
        message.is_some()
    }

    /// A line without what draws the tree of a group of exceptions of Python; none where the second of its exceptions
    /// begins: the first says enough.
    fn within_group(&mut self, line: &'a str, indent: usize) -> Option<(&'a str, usize)> {
        if let Some(begin) = line.strip_prefix("+ ").filter(|line| line.starts_with("Exception Group Traceback")) {
            self.depth = self.depth.max(1);
            return Some((begin, 0));
        }
        if self.depth == 0 {
            return Some((line, indent));
        }
        if line.starts_with("+-+-") {
            self.depth += 1;
            return Some(("", 0));
        }
        if line.starts_with("+--") {
            return None;
        }
        let inner = line.strip_prefix('|').unwrap_or(line);
        let inner = inner.strip_prefix(' ').unwrap_or(inner);
        Some((inner.trim(), inner.len() - inner.trim_start().len()))
    }

    /// An exception that the one before was caused by, and those that its line goes on with: .NET may write them all
    /// into one.
    fn name(&mut self, kind: &'a str, rest: &'a str) {
        let (rest, inner) = rest.split_once(" ---> ").map_or((rest, None), |(rest, inner)| (rest, Some(inner)));
        if self.chain.len() < CHAIN_MAX {
            self.chain.push(Thrown { kind, rest, ..Thrown::default() });
        }
        self.now = self.chain.len() - 1;
        self.is_other_thread = false;
        if let Some((kind, rest)) = inner.and_then(any_type) {
            self.name(kind, rest);
        }
    }

    /// Adds the frame of a line. One of a native program needs no name before it.
    fn add(&mut self, frame: String, line: &str, before: &'a str) {
        if self.chain.is_empty() {
            let class = if frame::is_of_class(line) { class(before) } else { None };
            let named = class.or(self.ended_by.take()).or_else(|| frame::is_native(line).then_some(("", "")));
            if let Some((kind, rest)) = named {
                self.name(kind, rest);
            }
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
        if line.strip_prefix("Exception Group ").unwrap_or(line).starts_with("Traceback (most recent call last)") {
            // The message of the record may have named the exception already.
            if self.depth < 2 && self.chain.iter().all(|thrown| thrown.frames.is_empty()) {
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
            // What came before is the cause, but what a group holds.
            self.chain.truncate(CHAIN_MAX - 1);
            let place = if self.depth < 2 { 0 } else { self.chain.len() };
            self.chain.insert(place, Thrown { kind: &line[..end], rest: &line[end..], frames, file: "" });
        }
        true
    }
}
