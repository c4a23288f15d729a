//! Which members of JSON lines, or keys of logfmt, hold the parts of a record, where no named layout has them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::severity::{SYSLOG, Severities, range_name};
use super::order::forms;
use super::stamp::{self, Stamp};
use super::words;

/// Lines that are looked at.
const LINES_MAX: usize = 200;
/// Tables within each other.
const DEPTH_MAX: usize = 3;

/// What the parts of a record are called, the likeliest first; compared by their letters alone, in lower case.
const TIMES: [&str; 14] = [
    "timestamp",
    "time",
    "ts",
    "t",
    "date",
    "datetime",
    "asctime",
    "eventtime",
    "created",
    "at",
    "when",
    "logtime",
    "sourcerealtimetimestamp",
    "realtimetimestamp",
];
const SEVERITIES: [&str; 10] =
    ["level", "severity", "loglevel", "levelname", "lvl", "l", "priority", "severitytext", "logseverity", "sev"];
const LOGGERS: [&str; 17] = [
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
    "syslogidentifier",
    "facility",
];
const BODIES: [&str; 14] = [
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
    "shortmessage",
];
const EXCEPTIONS: [&str; 10] =
    ["exception", "stacktrace", "stack", "x", "excinfo", "error", "err", "backtrace", "trace", "fullmessage"];

/// The values of each member over the lines, by its pointer.
type Members = BTreeMap<String, Vec<String>>;

/// A section for JSON lines, and whether its times lack a zone; none where most lines are none, or no time is in them.
pub fn json_section(lines: &[&str], severities: &Severities, seen: i64) -> Option<(String, bool)> {
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
        section("json", &members, severities, seen, |pointer| match pointer[1..].split('/').count() {
            1 => unescaped(&pointer[1..]),
            _ => pointer.to_owned(),
        })
    })?
}

/// A section for logfmt, and whether its times lack a zone; none where most lines are none, or no time is in them.
pub fn logfmt_section(lines: &[&str], severities: &Severities, seen: i64) -> Option<(String, bool)> {
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
    (fitting * 2 > looked.len())
        .then(|| section("logfmt", &members, severities, seen, |pointer| pointer[1..].to_owned()))?
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

fn section(
    kind: &str,
    members: &Members,
    severities: &Severities,
    seen: i64,
    name: impl Fn(&str) -> String,
) -> Option<(String, bool)> {
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
    let by_value = |fits: &dyn Fn(&str) -> bool| {
        let fitting = |(_, values): &(&String, &Vec<String>)| values.len() >= half && all(values, fits);
        members.iter().find(fitting).map(|(pointer, _)| pointer.clone())
    };
    let timestamp = pick(&TIMES, half, &is_time).or_else(|| by_value(&is_time))?;
    let severity = pick(&SEVERITIES, half, &|value| severities.knows(value))
        .or_else(|| by_value(&|value| words::is_severity(value, severities)))
        .or_else(|| pick(&SEVERITIES, half, &|_| true));
    let is_free = |pointer: &String| *pointer != timestamp && Some(pointer) != severity.as_ref();
    let logger = pick(&LOGGERS, half, &|value| !value.contains(char::is_whitespace)).filter(is_free);
    let body = pick(&BODIES, half, &|_| true)
        .or_else(|| by_value(&|value| value.contains(' ') && !is_time(value)))
        .or_else(|| {
            // What differs most says most.
            let says = |(pointer, values): &(&String, &Vec<String>)| {
                let is_number = |value: &str| value.parse::<f64>().is_ok() || ["true", "false"].contains(&value);
                let is_free = is_free(pointer) && Some(*pointer) != logger.as_ref();
                is_free && values.len() >= half && !values.iter().any(|value| is_number(value) || is_time(value))
            };
            let size = |values: &[String]| {
                let distinct: BTreeSet<&String> = values.iter().collect();
                (distinct.len(), values.iter().map(String::len).sum::<usize>())
            };
            let found = members.iter().filter(says).max_by_key(|(pointer, values)| (size(values), Reverse(*pointer)));
            found.map(|(pointer, _)| pointer.clone())
        })?;
    let logger = logger.filter(|logger| *logger != body);
    let severity = severity.filter(|severity| *severity != body);
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
    let stamped: Vec<(&str, Stamp)> =
        members[&timestamp].iter().filter_map(|value| Some((value.as_str(), stamp::find(value)?))).collect();
    let form = forms(&stamped, seen).into_iter().next();
    if let Some(form) = form.filter(|form| form != "rfc3339" && !form.starts_with("epoch")) {
        text += &super::stamp_line(&form);
    }
    let said = severity.iter().flat_map(|pointer| &members[pointer]).map(String::as_str);
    let said: Vec<&str> = said.filter(|word| words::is_severity(word, severities)).collect();
    text += &words::line(&words::unknown(said, severities));
    // Of the systemd journal and of GELF it is known what they mean.
    let is_told = severity.as_deref().is_some_and(|it| letters(it) == "priority") || letters(&body) == "shortmessage";
    if kind == "json" && !is_told {
        text += &numbers(severity.iter().flat_map(|pointer| &members[pointer]));
    }
    Some((text, stamped.iter().any(|(_, stamp)| !stamp.has_offset)))
}

/// A line on severities that are small numbers: what they mean is told by nothing in the log.
fn numbers<'v>(values: impl Iterator<Item = &'v String>) -> String {
    let words: Option<BTreeMap<usize, &str>> = values
        .map(|value| Some((value.parse().ok()?, range_name(*SYSLOG.get(value.parse::<usize>().ok()?)?))))
        .collect();
    let words = words.unwrap_or_default().into_iter();
    let words: Vec<String> = words.map(|(value, word)| format!("\"{value}\" = \"{}\"", word.to_lowercase())).collect();
    if words.is_empty() {
        return String::new();
    }
    format!(
        "# Severities are numbers, read as syslog means them; .NET and Windows mean others. Where these do, say so:\n\
         # severities = {{ {} }}\n",
        words.join(", ")
    )
}

/// The last step of a pointer, by its letters alone.
fn letters(pointer: &str) -> String {
    let last = pointer.rsplit(['/', '.']).next().unwrap_or_default();
    last.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}
