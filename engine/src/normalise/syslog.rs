//! syslog, as daemons write it into files or send it: RFC 5424 and the older RFC 3164, line by line.
//!
//! ```text
//! <34>1 2026-10-12T05:08:31.905Z host app 4711 ID47 [origin ip="10.0.0.1"] message
//! <34>Oct 12 05:08:31 host app[4711]: message
//! 2026-10-12T05:08:31.905+02:00 host app[4711]: message
//! ```
//!
//! The number in front tells the severity, and is missing in most files. The application is the record's logger. A `-` in
//! the place of the time, which RFC 5424 allows, is a record all the same: its time is the greatest before it.

use super::body::Span;
use super::clock::{Clock, Stamp};
use super::fields::Path;
use super::head::{Fate, Field, Head, Scanned};
use super::severity::{self, SYSLOG, Severities};
use super::swar;
use super::timestamp::TimeFormat;

/// What stands for a part that is missing.
const NIL: &[u8] = b"-";
const MARK: &[u8] = b"\xef\xbb\xbf";
/// The greatest number in front: facility 23, severity 7.
const PRIORITY_MAX: usize = 191;

/// A syslog layout.
#[derive(Debug)]
pub struct Syslog {
    /// The times of RFC 3164.
    old: TimeFormat,
    /// Those of RFC 5424, which newer daemons write in the older form, too.
    new: TimeFormat,
}

/// The parts of a line.
#[derive(Debug, Default)]
struct Message {
    stamp: Option<Stamp>,
    /// It says that it has no time.
    is_timeless: bool,
    severity: Option<u8>,
    host: Span,
    app: Span,
    pid: Span,
    id: Span,
    /// Structured data, with its brackets.
    data: Span,
    body: Span,
}

impl Syslog {
    /// A layout in which the older form has times of this format.
    pub fn new(old: TimeFormat) -> Self {
        Self { old, new: TimeFormat::rfc3339() }
    }

    /// Reads a line; where it is a head, `into` holds its fields.
    pub fn scan(&self, line: &[u8], clock: &mut Clock, severities: &Severities, into: &mut Head) -> Scanned {
        let mut message = Message::default();
        let whole = self.read(line, clock, &mut message);
        let stamp = if message.is_timeless { clock.untold() } else { message.stamp };
        match (stamp, whole) {
            (Some(stamp), Some(())) => {
                (into.time, into.in_gap, into.offset_min) = (stamp.time, stamp.in_gap, stamp.offset_min);
                into.is_timeless = message.is_timeless;
                into.severity = message.severity.unwrap_or(severities.default);
                into.logger = Field { span: message.app, escaped: false };
                into.body = Field { span: message.body, escaped: false };
                (into.exception, into.fate) = (Field::default(), Fate::Open);
                Scanned::Head
            }
            (None, _) if message.severity.is_none() => Scanned::Joins,
            _ => Scanned::Unparsed,
        }
    }

    /// A part of a line by its name, or a parameter of its structured data: `ip`, or `origin.ip`.
    pub fn find(&self, line: &[u8], path: &Path) -> Option<Field> {
        let mut message = Message::default();
        self.read(line, &mut Clock::new(chrono_tz::UTC, None, None), &mut message)?;
        let (Path::Dotted(name) | Path::Pointer(name)) = path;
        let span = match &**name {
            b"host" => message.host,
            b"app" => message.app,
            b"pid" => message.pid,
            b"msgid" => message.id,
            name => return parameter(line, message.data, name),
        };
        Some(Field { span, escaped: false }).filter(|_| span.end > span.start)
    }

    fn read(&self, line: &[u8], clock: &mut Clock, into: &mut Message) -> Option<()> {
        let mut at = 0;
        if line.first() == Some(&b'<') {
            let end = swar::find(&line[..line.len().min(5)], 1, b'>')?;
            let digits = std::str::from_utf8(&line[1..end]).ok()?;
            let priority = digits.parse().ok().filter(|priority: &usize| *priority <= PRIORITY_MAX)?;
            into.severity = Some(SYSLOG[priority % SYSLOG.len()]);
            at = end + 1;
            if line[at..].starts_with(b"1 ") {
                return self.read_new(line, at + 2, clock, into);
            }
        }
        let rest = &line[at..];
        let stamp = clock.read(&self.old, rest).or_else(|| clock.read(&self.new, rest))?;
        into.stamp = Some(stamp);
        (into.host, at) = word(line, at + stamp.end + 1).filter(|_| rest.get(stamp.end) == Some(&b' '))?;
        if into.severity.is_none() && !may_be_host(into.host.of(line)) {
            return None;
        }
        let (app, pid, body) = tag(line, at);
        (into.app, into.pid, into.body) = (app, pid, Span::new(body, line.len()));
        Some(())
    }

    fn read_new(&self, line: &[u8], at: usize, clock: &mut Clock, into: &mut Message) -> Option<()> {
        let (time, mut at) = word(line, at)?;
        into.is_timeless = time.of(line) == NIL;
        if !into.is_timeless {
            into.stamp = clock.read(&self.new, time.of(line)).filter(|stamp| stamp.end == time.of(line).len());
            into.stamp?;
        }
        for part in [&mut into.host, &mut into.app, &mut into.pid, &mut into.id] {
            let span;
            (span, at) = word(line, at)?;
            *part = if span.of(line) == NIL { Span::default() } else { span };
        }
        let end = data(line, at)?;
        into.data = Span::new(at, end);
        let body = end + usize::from(line.get(end) == Some(&b' '));
        let mark = if line[body..].starts_with(MARK) { MARK.len() } else { 0 };
        into.body = Span::new(body + mark, line.len());
        (body == line.len() || body > end).then_some(())
    }
}

/// Whether a word behind a time may be the name of a machine. Other loggers have a thread, a severity or a mark there.
fn may_be_host(word: &[u8]) -> bool {
    !matches!(word.first(), None | Some(b'[' | b'|' | b'-' | b'+' | b'{')) && !severity::is_shouted(word)
}

/// The word at a place, and the place behind the space that ends it.
fn word(line: &[u8], at: usize) -> Option<(Span, usize)> {
    let end = swar::find(line, at, b' ').unwrap_or(line.len());
    (at < end).then(|| (Span::new(at, end), (end + 1).min(line.len())))
}

/// Who wrote a line of the older form, under which process number, and where the message begins.
fn tag(line: &[u8], at: usize) -> (Span, Span, usize) {
    let none = (Span::default(), Span::default(), at);
    let ends = |byte: &u8| matches!(byte, b':' | b'[' | b' ');
    let Some(end) = line[at..].iter().position(ends).map(|end| at + end).filter(|end| *end > at) else { return none };
    let (pid, behind) = match line[end] {
        b'[' => match swar::find(line, end, b']') {
            Some(close) => (Span::new(end + 1, close), close + 1),
            None => return none,
        },
        _ => (Span::default(), end),
    };
    match line[behind..] {
        [b':', b' ', ..] => (Span::new(at, end), pid, behind + 2),
        [b':', ..] => (Span::new(at, end), pid, behind + 1),
        _ => none,
    }
}

/// Where structured data end.
fn data(line: &[u8], from: usize) -> Option<usize> {
    if line.get(from) == Some(&b'-') {
        return Some(from + 1);
    }
    let mut at = from;
    while line.get(at) == Some(&b'[') {
        let mut quoted = false;
        loop {
            at += 1;
            match line.get(at)? {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b']' if !quoted => break,
                _ => {}
            }
        }
        at += 1;
    }
    (at > from).then_some(at)
}

/// A parameter of structured data, by its name, or by the element's and its name.
fn parameter(line: &[u8], data: Span, name: &[u8]) -> Option<Field> {
    let end = (data.end as usize).min(line.len());
    let mut at = data.start as usize;
    let mut element: &[u8] = &[];
    while at < end {
        match line[at] {
            b'[' => {
                let bytes = line[at + 1..end].iter().take_while(|byte| !matches!(byte, b' ' | b']')).count();
                element = &line[at + 1..at + 1 + bytes];
                at += 1 + bytes;
            }
            b' ' | b']' => at += 1,
            _ => {
                let equal = swar::find(&line[..end], at, b'=')?;
                let known = &line[at..equal];
                let value = super::json::string(&line[..end], equal + 2)?;
                let full = name.strip_prefix(element).and_then(|rest| rest.strip_prefix(b"."));
                if name == known || full == Some(known) {
                    return Some(value);
                }
                at = value.span.end as usize + 1;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono_tz::Tz;
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    fn syslog() -> Syslog {
        Syslog::new(TimeFormat::compile("%b %e %T").unwrap())
    }

    /// `severity|logger|body` of a line.
    fn scan(line: &[u8]) -> String {
        let text = |field: Field| String::from_utf8_lossy(field.span.of(line)).into_owned();
        let mut head = Head::default();
        let mut clock = Clock::new(Tz::UTC, None, Some(1_793_491_200_000_000));
        match syslog().scan(line, &mut clock, &Severities::new(&BTreeMap::new(), None), &mut head) {
            Scanned::Head => format!("{}|{}|{}", head.severity, text(head.logger), text(head.body)),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn both_forms_are_read() {
        let cases = [
            ("<34>Oct 11 22:14:15 mymachine su[23]: 'su root' failed", "18|su|'su root' failed"),
            ("Oct  1 22:14:15 mymachine sshd(pam_unix)[23]: failed: x", "9|sshd(pam_unix)|failed: x"),
            ("Oct  1 22:14:15 mymachine kernel:no space", "9|kernel|no space"),
            ("Oct  1 22:14:15 mymachine -- MARK --", "9||-- MARK --"),
            ("Oct  1 22:14:15 mymachine", "9||"),
            ("2026-10-11T22:14:15.003+02:00 host app: x", "9|app|x"),
            (
                "<165>1 2026-10-11T22:14:15.003Z h evntslog - ID47 [e@1 iut=\"3\" a=\"]\\\"\"][b] \u{feff}A b",
                "10|evntslog|A b",
            ),
            ("<15>1 2026-10-11T22:14:15Z - - - - -", "5||"),
            ("<15>1 2026-10-11T22:14:15Z h app 7 - - x", "5|app|x"),
            ("<15>1 - h app 7 - - x", "5|app|x"),
            ("<15>1 -- h app 7 - - x", "Unparsed"),
            ("<15>1 -", "Unparsed"),
            ("<15>1 2026-10-11T22:14:15Z h app 7 - [x", "Unparsed"),
            ("<15>1 2026-10-11T22:14:15Z h app 7 - -x", "Unparsed"),
            ("<192>Oct 11 22:14:15 h a: x", "Joins"),
            ("<13>hello", "Unparsed"),
            ("Oct 11 22:14:15", "Unparsed"),
            // Of other loggers.
            ("2026-10-12 05:08:31,905 [39] INFO  App.Session - Session 39292d22 started", "Unparsed"),
            ("2026-10-12 05:08:31,905 - app.db - ERROR - Query failed: x", "Unparsed"),
            ("2026-10-12 05:08:31.905 +02:00 [ERR] Query failed: x", "Unparsed"),
            ("2026-10-12 05:08:31.905 | ERROR    | app.db:run:12 - Query failed", "Unparsed"),
            ("2026-10-12T05:08:31.905+02:00  INFO 4711 --- [main] c.e.Main : Started", "Unparsed"),
            ("<13>Oct 11 22:14:15 - app: x", "10|app|x"),
            ("  at Shell.Run()", "Joins"),
            ("", "Joins"),
        ];
        for (line, expected) in cases {
            assert_eq!(scan(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn parts_and_parameters_are_found_by_name() {
        let line = "<165>1 2026-10-11T22:14:15Z h app 7 - [e@1 iut=\"3\" a=\"x\\\"y\"][b a=\"2\"] A b";
        let find = |name: &str| {
            let field = syslog().find(line.as_bytes(), &Path::new(name));
            field.map(|field| String::from_utf8_lossy(field.span.of(line.as_bytes())).into_owned())
        };
        let cases = [
            ("host", Some("h")),
            ("pid", Some("7")),
            ("msgid", None),
            ("iut", Some("3")),
            ("a", Some("x\\\"y")),
            ("b.a", Some("2")),
            ("e@1.a", Some("x\\\"y")),
            ("c", None),
        ];
        for (name, expected) in cases {
            assert_eq!(find(name).as_deref(), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(line: Vec<u8>, rest in "[-\\[\\]\"=a \\\\:<>1]{0,40}") {
            scan(&line);
            let long = format!("<15>1 2026-10-11T22:14:15Z h a 7 - {rest}");
            prop_assert!(!scan(long.as_bytes()).is_empty());
            syslog().find(long.as_bytes(), &Path::new("a.a"));
            scan(format!("Oct  1 22:14:15 {rest}").as_bytes());
        }
    }
}
