//! Which members of JSON lines, or keys of logfmt, hold the parts of a record, where no named layout has them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::severity::Severities;
use super::stamp;

/// Lines that are looked at.
const LINES_MAX: usize = 200;
/// Tables within each other.
const DEPTH_MAX: usize = 3;

/// What the parts of a record are called, the likeliest first; compared by their letters alone, in lower case.
const TIMES: [&str; 12] =
    ["timestamp", "time", "ts", "t", "date", "datetime", "asctime", "eventtime", "created", "at", "when", "logtime"];
const SEVERITIES: [&str; 10] =
    ["level", "severity", "loglevel", "levelname", "lvl", "l", "priority", "severitytext", "logseverity", "sev"];
const LOGGERS: [&str; 15] = [
    "logger",
    "loggername",
    "sourcecontext",
    "source",
    "category",
    "component",
    "module",
    "class",
    "name",
    "target",
    "channel",
    "context",
    "subsystem",
    "caller",
    "service",
];
const BODIES: [&str; 13] = [
    "message",
    "msg",
    "m",
    "body",
    "text",
    "renderedmessage",
    "messagetemplate",
    "mt",
    "event",
    "log",
    "description",
    "info",
    "original",
];
const EXCEPTIONS: [&str; 9] =
    ["exception", "stacktrace", "stack", "x", "excinfo", "error", "err", "backtrace", "trace"];

/// The values of each member over the lines, by its pointer.
type Members = BTreeMap<String, Vec<String>>;

/// A section for JSON lines; none where most lines are none, or no time is in them.
pub fn json_section(lines: &[&str], severities: &Severities) -> Option<String> {
    let looked = &lines[..lines.len().min(LINES_MAX)];
    let mut members = Members::new();
    let mut objects = 0;
    for line in looked {
        if let Ok(object @ Value::Object(_)) = serde_json::from_str::<Value>(line.trim()) {
            objects += 1;
            collect(&object, "", 0, &mut members);
        }
    }
    (objects * 2 > looked.len()).then(|| {
        section("json", &members, severities, |pointer| match pointer[1..].split('/').count() {
            1 => unescaped(&pointer[1..]),
            _ => pointer.to_owned(),
        })
    })?
}

/// A section for logfmt; none where most lines are none, or no time is in them.
pub fn logfmt_section(lines: &[&str], severities: &Severities) -> Option<String> {
    let looked = &lines[..lines.len().min(LINES_MAX)];
    let mut members = Members::new();
    let mut fitting = 0;
    for line in looked {
        let pairs = pairs(line);
        fitting += usize::from(pairs.len() >= 2);
        for (key, value) in pairs {
            members.entry(format!("/{key}")).or_default().push(value);
        }
    }
    (fitting * 2 > looked.len()).then(|| section("logfmt", &members, severities, |pointer| pointer[1..].to_owned()))?
}

fn collect(value: &Value, pointer: &str, depth: usize, members: &mut Members) {
    match value {
        Value::Object(inner) if depth < DEPTH_MAX => {
            for (key, value) in inner {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(value, &format!("{pointer}/{key}"), depth + 1, members);
            }
        }
        Value::Object(_) | Value::Array(_) | Value::Null => {}
        Value::String(text) => members.entry(pointer.to_owned()).or_default().push(text.clone()),
        other => members.entry(pointer.to_owned()).or_default().push(other.to_string()),
    }
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

/// Pairs of a line of logfmt, quotes taken off.
fn pairs(line: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = line.trim();
    while let Some((key, behind)) = rest.split_once('=') {
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Vec::new();
        }
        let (value, more) = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => behind.split_once(' ').unwrap_or((behind, "")),
        };
        found.push((key.to_owned(), value.to_owned()));
        rest = more.trim_start();
    }
    found
}

fn section(kind: &str, members: &Members, severities: &Severities, name: impl Fn(&str) -> String) -> Option<String> {
    let most = members.values().map(Vec::len).max().unwrap_or(0);
    let is_time = |value: &str| stamp::find(value).is_some_and(|stamp| stamp.start == 0 && stamp.end == value.len());
    let all = |values: &[String], fits: &dyn Fn(&str) -> bool| values.iter().all(|value| fits(value));
    let pick = |keys: &[&str], least: usize, fits: &dyn Fn(&str) -> bool| {
        let fitting = members.iter().filter(|(_, values)| values.len() >= least && all(values, fits));
        let ranked =
            fitting.filter_map(|(pointer, _)| Some((keys.iter().position(|key| *key == letters(pointer))?, pointer)));
        ranked.min().map(|(_, pointer)| pointer.clone())
    };
    let half = most / 2 + 1;
    let unnamed =
        || members.iter().find(|(_, values)| values.len() >= half && all(values, &is_time)).map(|(p, _)| p.clone());
    let timestamp = pick(&TIMES, half, &is_time).or_else(unnamed)?;
    let words = |value: &str| value.contains(' ') && !is_time(value);
    let spoken =
        || members.iter().find(|(_, values)| values.len() >= half && all(values, &words)).map(|(p, _)| p.clone());
    let body = pick(&BODIES, half, &|_| true).or_else(spoken)?;
    let severity =
        pick(&SEVERITIES, half, &|value| severities.knows(value)).or_else(|| pick(&SEVERITIES, half, &|_| true));
    let logger = pick(&LOGGERS, half, &|value| !value.contains(char::is_whitespace));
    let exception = pick(&EXCEPTIONS, 1, &|_| true);
    let parts = [
        ("timestamp", Some(&timestamp)),
        ("severity", severity.as_ref()),
        ("logger", logger.as_ref()),
        ("body", Some(&body)),
        ("exception", exception.as_ref()),
    ];
    let fields = parts
        .into_iter()
        .filter_map(|(part, pointer)| Some(format!("{part} = {}", toml::Value::String(name(pointer?)))));
    let mut text = format!("kind = \"{kind}\"\nfields = {{ {} }}\n", fields.collect::<Vec<_>>().join(", "));
    let form = members[&timestamp]
        .iter()
        .find_map(|value| stamp::find(value))
        .and_then(|stamp| stamp.forms.into_iter().next());
    if let Some(form) = form.filter(|form| form != "rfc3339" && !form.starts_with("epoch")) {
        text += &super::stamp_line(&form);
    }
    Some(text)
}

/// The last step of a pointer, by its letters alone.
fn letters(pointer: &str) -> String {
    let last = pointer.rsplit(['/', '.']).next().unwrap_or_default();
    last.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}
