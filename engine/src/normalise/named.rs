//! The exception that a line names, whichever language wrote it.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// How exception types end in .NET, Java, JavaScript and Python.
const TYPE_ENDS: [&str; 3] = ["Exception", "Error", "Throwable"];
/// What stands before the type of one that caused another.
const CAUSED: [&str; 3] = ["---> ", "Caused by: ", "[cause]: "];
/// What else may stand before the type of an exception in its line.
const BEFORE_TYPE: [&str; 5] =
    ["Unhandled exception. ", "Unhandled Exception: ", "Uncaught exception: ", "Uncaught ", "panic: "];
/// What panics of Go and Rust are called.
pub const PANIC: &str = "panic";
/// What C++ and Objective-C say of an exception that nobody caught, and what ends its type.
const UNCAUGHT: [(&str, &str); 4] = [
    ("terminate called after throwing an instance of '", "'"),
    ("terminating due to uncaught exception of type ", ": "),
    ("terminating with uncaught exception of type ", ": "),
    ("due to uncaught exception '", "', reason"),
];
/// One of these stands in every line that says so; most lines have none.
static UNCAUGHT_MARKS: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| ["uncaught exception ", "terminate called "].map(Finder::new));
/// One of these stands in every line that names a type.
static TYPE_END_MARKS: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| TYPE_ENDS.map(Finder::new));
/// One of these stands in every line that says what ended a native program.
static ENDED_MARKS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| ["SIG", "0x"].map(Finder::new));
static SANITIZER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Sanitizer: "));
/// What stands in a line of a panic of Rust.
const PANICKED: &str = " panicked at ";
static PANICKED_MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PANICKED));

/// The type at the begin of a line such as `System.NullReferenceException: message`, and what follows it.
pub fn exception_type(line: &str) -> Option<(&str, &str)> {
    let line = type_begin(line);
    let (name, rest) = line.split_at(name_end(line));
    let is_type = TYPE_ENDS.iter().any(|end| name.ends_with(end) && name.len() > end.len());
    (is_type && (rest.is_empty() || rest.starts_with(':') || rest.starts_with(" ("))).then_some((name, rest))
}

/// A line without what stands before the type of an exception.
fn type_begin(line: &str) -> &str {
    let line = line.trim_start();
    if !matches!(line.as_bytes(), [b'E' | b'-' | b'C' | b'[' | b'U' | b'p', ..]) {
        return line;
    }
    match line.strip_prefix("Exception in thread \"").and_then(|rest| rest.split_once("\" ")) {
        Some((_, line)) => line,
        None => CAUSED.iter().chain(&BEFORE_TYPE).find_map(|before| line.strip_prefix(before)).unwrap_or(line),
    }
}

/// The type that stands where nothing but a type can, whatever its end: `com.acme.DbFailure: no`
pub fn any_type(text: &str) -> Option<(&str, &str)> {
    exception_type(text).or_else(|| {
        let (name, rest) = text.split_at(name_end(text));
        let is_part = |part: &str| part.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_');
        let is_end = ["", ":"].contains(&rest) || rest.starts_with(": ");
        (is_end && name.contains('.') && name.split('.').all(is_part)).then_some((name, rest))
    })
}

/// The type of an exception whose line says that it caused another.
pub fn cause(line: &str) -> Option<(&str, &str)> {
    CAUSED.iter().find_map(|before| line.strip_prefix(before)).and_then(any_type)
}

/// The class that a line begins with and that is an exception, if frames or a cause follow at once. Hosts and files are
/// no classes; a type that the message names is a surer one.
pub fn class(line: &str) -> Option<(&str, &str)> {
    let is_class = |name: &str| name.rsplit('.').next().is_some_and(|class| class.starts_with(char::is_uppercase));
    let (name, rest) = any_type(type_begin(line)).filter(|(name, _)| is_class(name))?;
    type_within(line).is_none_or(|(kind, _)| TYPE_ENDS.contains(&kind)).then_some((name, rest))
}

/// What is named in a line, if frames follow it: a type behind a message, or what ended a native program; at last the
/// bare word `Error`.
pub fn before_frames(line: &str) -> Option<(&str, &str)> {
    let within = type_within(line);
    within.filter(|(kind, _)| !TYPE_ENDS.contains(kind)).or_else(|| ended_by(line)).or(within)
}

/// The type within a line, behind a message, and what follows it: `Failed|System.IO.IOException: Disk full`. Of several
/// it is the outermost, which comes first; one with a namespace goes before others, and those before the bare word.
fn type_within(line: &str) -> Option<(&str, &str)> {
    TYPE_END_MARKS.iter().find(|mark| mark.find(line.as_bytes()).is_some())?;
    // What .NET joins behind it are the causes.
    let end = line.find(" ---> ").unwrap_or(line.len());
    let mut best: Option<(usize, &str, &str)> = None;
    let mut at = 0;
    while at < end {
        let bytes = name_end(&line[at..]);
        let (name, rest) = line[at..].split_at(bytes);
        let is_end =
            [": ", " ---> ", " [", " (0x"].iter().any(|end| rest.starts_with(end)) || ["", ":"].contains(&rest);
        if is_end
            && !line[..at].ends_with(['/', '\\'])
            && let Some(end) = TYPE_ENDS.iter().find(|end| name.ends_with(**end))
        {
            let rank = if name.contains('.') { 2 } else { usize::from(name.len() > end.len()) };
            if best.is_none_or(|(known, ..)| rank > known) {
                best = Some((rank, name, rest));
            }
        }
        at += bytes + rest.chars().next().map_or(0, char::len_utf8);
    }
    best.map(|(_, name, rest)| (name, rest))
}

/// Where a type's name ends that a text begins with.
fn name_end(text: &str) -> usize {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.$+`".contains(&byte);
    text.bytes().position(|byte| !is_of_name(byte)).unwrap_or(text.len())
}

/// The type of an exception of C++ or Objective-C that ended the program, and what its line says of it.
pub fn uncaught(line: &str) -> Option<(&str, &str)> {
    UNCAUGHT_MARKS.iter().find(|mark| mark.find(line.as_bytes()).is_some())?;
    UNCAUGHT.iter().find_map(|(before, end)| {
        let rest = &line[line.find(before)? + before.len()..];
        let (kind, rest) = rest.split_at(rest.find(end).unwrap_or(rest.len()));
        Some((kind, rest.strip_prefix("', reason").unwrap_or(rest.trim_start_matches('\''))))
    })
}

/// The message of a panic of Rust, which is empty where the next line holds it, and the file that it happened in.
pub fn panic(line: &str) -> Option<(&str, &str)> {
    PANICKED_MARK.find(line.as_bytes())?;
    let (_, place) = line[line.find("thread '")?..].split_once(PANICKED)?;
    let quoted = place.strip_prefix('\'');
    let (message, place) = match quoted.and_then(|it| it.rsplit_once("', ").or_else(|| it.rsplit_once("': "))) {
        // As it was before Rust 1.73, and as loggers still have it.
        Some(quoted) => quoted,
        None => {
            let (place, message) = place.split_once(": ").unwrap_or((place, ""));
            (message, place)
        }
    };
    let place = place.trim_end_matches(|char: char| char.is_ascii_digit() || char == ':');
    Some((message, place.rsplit(['/', '\\']).next().unwrap_or(place)))
}

/// What ended a native program, `panic`, a sanitizer, the signal or the code, and what it says.
fn ended_by(line: &str) -> Option<(&str, &str)> {
    if line.starts_with("panic: ") {
        return Some(line.split_at(PANIC.len()));
    }
    if let Some(at) = SANITIZER.find(line.as_bytes()) {
        let start = line[..at].rfind(' ').map_or(0, |blank| blank + 1);
        return Some(line[start..].split_at(at + "Sanitizer".len() - start));
    }
    ENDED_MARKS.iter().find(|mark| mark.find(line.as_bytes()).is_some())?;
    let is_mark = |char: char| !char.is_ascii_alphanumeric();
    let is_signal = |word: &&str| {
        (5..=9).contains(&word.len()) && word.starts_with("SIG") && word.bytes().all(|b| b.is_ascii_uppercase())
    };
    let is_code = |word: &&str| word.len() == 10 && ["0xC0", "0xc0", "0xE0", "0xe0", "0x80"].contains(&&word[..4]);
    let word = line.split(is_mark).find(|word| word.is_ascii() && (is_signal(word) || is_code(word)));
    word.map(|word| (word, ""))
}
