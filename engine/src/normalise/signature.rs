//! Signatures: what makes two errors the same.
//!
//! `{logger} {SEVERITY}: ` and then, where the record has an exception with a stack, its type and topmost frames
//! without line numbers; else the first line of the message with its variable parts masked.

use super::mask;
use super::severity::range_name;

/// Raised when a record gets another signature than before.
pub const VERSION: u32 = 2;

/// Frames that tell one error from another; deeper ones differ by what called.
const FRAMES_MAX: usize = 3;
/// What is looked at of a message.
const MESSAGE_BYTES_MAX: usize = 4096;
/// What is kept of it when it is masked: a signature is a line to read.
const MASKED_BYTES_MAX: usize = 1024;
/// How exception types end in .NET, Java and Python.
const TYPE_ENDS: [&str; 3] = ["Exception", "Error", "Throwable"];
/// What stands before the type of an inner exception in .NET and Java.
const INNER_MARKS: [&str; 2] = ["---> ", "Caused by: "];

/// Appends the signature of a record with these fields.
pub fn write(logger: &str, severity: u8, body: &str, exception: &str, into: &mut String) {
    into.extend([logger, " ", range_name(severity), ": "]);
    let exception = exception.lines().map(str::trim);
    // The message may itself be the exception's first line.
    let named = exception.clone().chain(body.lines()).find_map(exception_type);
    let mut frames = exception.filter_map(frame).take(FRAMES_MAX).peekable();
    match named {
        Some((name, _)) if frames.peek().is_some() => {
            into.push_str(name);
            for frame in frames {
                into.extend([" at ", &frame[..frame.floor_char_boundary(MASKED_BYTES_MAX)]]);
            }
        }
        // Without a stack, the message says more than the type.
        Some((name, rest)) if !body.lines().any(|line| exception_type(line).is_some()) => {
            into.push_str(name);
            masked(rest, into);
        }
        _ => masked(body, into),
    }
}

/// The signature of a plain message: its first line, masked.
pub fn of_message(message: &str) -> String {
    let mut text = String::new();
    masked(message, &mut text);
    text
}

/// Appends the first line of a message, masked.
fn masked(message: &str, into: &mut String) {
    let line = message.lines().next().unwrap_or_default();
    let start = into.len();
    mask::write(&line[..line.floor_char_boundary(MESSAGE_BYTES_MAX)], &[], into);
    into.truncate(into.floor_char_boundary(start + MASKED_BYTES_MAX));
}

/// The type at the begin of a line such as `System.NullReferenceException: message`, and what follows it.
fn exception_type(line: &str) -> Option<(&str, &str)> {
    let line = INNER_MARKS.iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
    let in_name = |char: char| char.is_ascii_alphanumeric() || "_.$+`".contains(char);
    let (name, rest) = line.split_at(line.find(|char| !in_name(char)).unwrap_or(line.len()));
    let is_type = TYPE_ENDS.iter().any(|end| name.ends_with(end) && name.len() > end.len());
    (is_type && (rest.is_empty() || rest.starts_with(':') || rest.starts_with(" ("))).then_some((name, rest))
}

/// The method of a stack line such as `at Shell.Run(String name) in C:\Shell.cs:line 246`.
fn frame(line: &str) -> Option<&str> {
    let frame = line.strip_prefix("at ")?;
    Some(match frame.split_once('(') {
        Some((method, _)) => method.trim_end(),
        // A frame without a name, such as `at /app/main.js:10:5`.
        None => frame.trim_end_matches(|char: char| char.is_ascii_digit() || char == ':'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(body: &str, exception: &str) -> String {
        let mut text = String::new();
        write("A.B", 18, body, exception, &mut text);
        text
    }

    #[test]
    fn messages_and_exceptions_have_signatures() {
        let stack = "   at N.C.M(String[] a) in C:\\x\\C.cs:line 7\r\n  at N.D.<R>b__0()\n at N.E.Q()\n at N.F.Z()";
        let java = "Caused by: java.io.IOException: no\n\tat a.b.C.d(C.java:12)\n\t... 5 more";
        let cases = [
            ("no 5", String::new(), "A.B ERROR: no <*>"),
            ("no 5\nline 2", String::new(), "A.B ERROR: no <*>"),
            ("", String::new(), "A.B ERROR: "),
            (
                "it failed 7",
                format!("System.IO.E2Exception: x 5\n{stack}"),
                "A.B ERROR: System.IO.E2Exception at N.C.M at N.D.<R>b__0 at N.E.Q",
            ),
            ("System.XError: 5", stack.to_owned(), "A.B ERROR: System.XError at N.C.M at N.D.<R>b__0 at N.E.Q"),
            ("it failed 7", stack.to_owned(), "A.B ERROR: it failed <*>"),
            ("it failed 7", java.to_owned(), "A.B ERROR: java.io.IOException at a.b.C.d"),
            ("it failed", "ValueError: bad 5".to_owned(), "A.B ERROR: ValueError: bad <*>"),
            ("a.BError: 5", String::new(), "A.B ERROR: a.BError: <*>"),
            ("it failed 7", "Error: what 5".to_owned(), "A.B ERROR: it failed <*>"),
            ("it failed 7", "W32Exception (0x80004005): no".to_owned(), "A.B ERROR: W32Exception (<*>): no"),
        ];
        for (body, exception, expected) in cases {
            assert_eq!(signature(body, &exception), expected, "{body} | {exception}");
        }
    }

    #[test]
    fn a_long_message_has_a_short_signature() {
        let length = signature(&"ø ".repeat(10_000), "").len();
        assert!((1_000..1_100).contains(&length), "{length}");
    }
}
