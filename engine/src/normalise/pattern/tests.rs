use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::*;

const LOG4NET: &str = "{timestamp} [{thread}] {severity} {logger} - {body}";

/// `severity|logger|body` of a head line.
fn scan(pattern: &str, line: &str) -> String {
    let pattern = Pattern::compile(0, pattern, "%Y-%m-%d %H:%M:%S,%3f", Texts::new(None)).unwrap();
    let severities = Severities::new(&BTreeMap::new(), None);
    let text = |field: Field| String::from_utf8_lossy(field.span.of(line.as_bytes())).into_owned();
    let mut head = Head::default();
    let (mut clock, mut heads) = (Clock::new(Tz::UTC, None, None), Heads::new());
    match pattern.scan(line.as_bytes(), &mut clock, &severities, &mut heads, |_, _| Fate::Open, &mut head) {
        Scanned::Head => format!("{}|{}|{}", head.severity, text(head.logger), text(head.body)),
        Scanned::Joins => "joins".to_owned(),
        Scanned::Unparsed => "unparsed".to_owned(),
    }
}

#[test]
fn lines_are_heads_or_join_or_fit_nothing() {
    let cases = [
        (
            LOG4NET,
            "2026-10-12 05:10:56,078 [38] WARN  Core.Loop - Watcher: no - change",
            "13|Core.Loop|Watcher: no - change",
        ),
        (LOG4NET, "2026-10-12 05:10:56,078 [38] DEBUG Core.Loop - ", "5|Core.Loop|"),
        (LOG4NET, "2026-10-12 05:10:56,078 [38] DEBUG Core.Loop -", "5|Core.Loop|"),
        (LOG4NET, "2026-10-12 05:10:56,078   [38]   WARN    Core.Loop   -   Watcher", "13|Core.Loop|Watcher"),
        ("{timestamp}; a long literal; {body}", "2026-10-12 05:10:56,078;  a long literal; x", "9||x"),
        ("{timestamp}; a long literal; {body}", "2026-10-12 05:10:56,078; a long literal, x", "unparsed"),
        (LOG4NET, "2026-10-12 05:10:56,078 [38] NEWS A B - c", "9|A B|c"),
        (LOG4NET, "2026-10-12 05:10:56,078 [38] DEBUG Core.Loop", "unparsed"),
        (LOG4NET, "2026-10-12 05:10:56,078", "unparsed"),
        (LOG4NET, "2026-10-12 05:10:56,07", "joins"),
        (LOG4NET, "   at Shell.Run() in C:\\Shell.cs:line 246", "joins"),
        (LOG4NET, "", "joins"),
        ("[{timestamp}][{severity}]{logger}: {body}", "[2026-10-12 05:10:56,078][INFO ]A.B: x", "9|A.B|x"),
        ("{timestamp} [{logger}]{body}", "2026-10-12 05:10:56,078 [  A.B ]x", "9|A.B|x"),
        ("{severity} {timestamp} {body}", "ERR  2026-10-12 05:10:56,078   x y", "17||x y"),
        ("{severity} {timestamp} {body}", "ERR  at 2026-10-12 05:10:56,078 x y", "joins"),
        ("{severity}{timestamp} {body}", "E2026-10-12 05:10:56,078 x y", "17||x y"),
        ("<{severity}{timestamp}> {body}", "<Warn2026-10-12 05:10:56,078> x y", "13||x y"),
        ("{severity}{timestamp} {body}", "2026-10-12 05:10:56,078 x y", "joins"),
        ("{severity}{timestamp} {body}", "E 2026-10-12 05:10:56,078 x y", "joins"),
        ("{severity}{timestamp} {body}", "E2026-10-12 05:10:56,078,x y", "unparsed"),
        ("{severity}{timestamp} {body}", "E", "joins"),
        ("{timestamp}", "2026-10-12 05:10:56,078", "9||"),
        ("{timestamp}", "2026-10-12 05:10:56,078 x", "unparsed"),
        ("{timestamp} <{body}> end", "2026-10-12 05:10:56,078 <a> end> end", "9||a> end"),
        ("{timestamp} <{body}> end", "2026-10-12 05:10:56,078 <a> end.", "unparsed"),
    ];
    for (pattern, line, expected) in cases {
        assert_eq!(scan(pattern, line), expected, "{pattern} on {line}");
    }
}

#[test]
fn fields_around_a_severity_before_the_time_are_found() {
    let line = b"<W2026-10-12 05:10:56,078 7> x";
    let pattern = Pattern::compile(0, "<{severity}{timestamp} {id}> {body}", "%F %T,%3f", Texts::new(None)).unwrap();
    for (name, expected) in [("severity", &b"W"[..]), ("id", b"7"), ("body", b"x")] {
        assert_eq!(pattern.find(line, &Path::new(name)).map(|field| field.span.of(line)), Some(expected), "{name}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let faults = Pattern::compile(0, "{severity} {body", "%H:%M", Texts::new(None)).unwrap_err();
    let places: Vec<_> = faults.iter().map(|fault| fault.place).collect();
    assert_eq!(places, [RulePlace::Pattern(0), RulePlace::Timestamp(0)]);
    let what = |pattern: &str| Pattern::compile(0, pattern, "%F %T", Texts::new(None)).unwrap_err().remove(0).what;
    assert_eq!(what("{severity} {body}"), RuleProblem::NoTimestamp);
    assert_eq!(what("{timestamp} {body:int}"), RuleProblem::TypedField("body:int".to_owned()));
}
