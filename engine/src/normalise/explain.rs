//! Why a line begins no record: found by the format's own reader, which is given ever more of the format.

use serde_json::Value;

use super::Normaliser;
use super::detect::{everything, find_stamp};
use super::template::{Piece, parse_line};
use crate::profile::{Fields, Format, Layout};

/// Characters of a line that a reason repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// The end of a sentence that begins with "the line".
pub fn why_no_record(format: &Format, line: &str) -> String {
    match &format.layout {
        Layout::Pattern { pattern, timestamp } => of_pattern(format, pattern, timestamp, line),
        Layout::Json { fields, .. } => of_json(fields, line),
        Layout::Logfmt { fields, timestamp } => {
            let named = |name: &&String| line.split_whitespace().any(|pair| pair.starts_with(&format!("{name}=")));
            match fields.timestamp.iter().find(named) {
                Some(name) => format!("has a time in \"{name}\" that does not read as `timestamp = \"{timestamp}\"`"),
                None => format!("has no field \"{}\"", fields.timestamp.join("\" or \"")),
            }
        }
        Layout::Syslog { timestamp } => of_time(timestamp, line),
    }
}

fn of_pattern(format: &Format, pattern: &str, timestamp: &str, line: &str) -> String {
    // A second line is looked at only behind a first one that fits.
    let pattern = pattern.split('\n').next().unwrap_or_default();
    let Ok(pieces) = parse_line(pattern) else { return "cannot be read: the pattern is wrong".to_owned() };
    let mut so_far = String::new();
    let mut place = None;
    for piece in &pieces {
        match piece {
            Piece::Place { name, .. } => {
                so_far += &format!("{{{name}}}");
                place = Some(name.as_str());
            }
            Piece::Literal(text) => {
                so_far += &text.replace('{', "{{").replace('}', "}}");
                if place.is_none() && !line.starts_with(text.trim_end()) {
                    return format!("does not begin with \"{}\"", shown(text));
                }
                if !fits(format, &so_far, timestamp, line) {
                    let at_begin = pattern.starts_with("{timestamp}");
                    return match place {
                        Some("timestamp") | None => of_time_before(timestamp, text, at_begin, line),
                        Some(name) => format!("has no \"{}\" behind `{{{name}}}`", shown(text)),
                    };
                }
            }
        }
    }
    match place {
        Some("timestamp") => of_time(timestamp, line),
        _ => "does not end where the pattern ends".to_owned(),
    }
}

/// Whether a line fits the beginning of a pattern.
fn fits(format: &Format, beginning: &str, timestamp: &str, line: &str) -> bool {
    let mut pattern = beginning.to_owned();
    // What follows is left open.
    pattern += if beginning.contains("{body}") { "{*}" } else { "{body}" };
    let layout = Layout::Pattern { pattern, timestamp: timestamp.to_owned() };
    let format = Format { layout, ..format.clone() };
    // Where the beginning holds no time yet, nothing can be told from it.
    let compiled = Normaliser::compile(&[format], &[], &everything());
    compiled.is_ok_and(|normaliser| normaliser.begins_record(line.as_bytes())) || !beginning.contains("{timestamp}")
}

fn of_time_before(timestamp: &str, literal: &str, at_begin: bool, line: &str) -> String {
    match find_stamp(line).filter(|stamp| !at_begin || stamp.start == 0) {
        Some(stamp) if stamp.forms.iter().any(|form| alike(form, timestamp)) => {
            format!("has no \"{}\" behind its time", shown(literal))
        }
        _ => of_time(timestamp, line),
    }
}

fn of_time(timestamp: &str, line: &str) -> String {
    match find_stamp(line) {
        None => "has no time".to_owned(),
        Some(stamp) => {
            let time = shown(&line[stamp.start..stamp.end]);
            let form = &stamp.forms[0];
            if alike(form, timestamp) {
                return format!("has its time \"{time}\" at another place");
            }
            format!("has the time \"{time}\", which is no `timestamp = \"{timestamp}\"` but \"{form}\"")
        }
    }
}

fn alike(one: &str, other: &str) -> bool {
    let loose = |form: &str| {
        form.replace("%3f", "%f").replace("%.3f", "%.f").replace(".%f", "%.f").replace("%:z", "%z").replace("%-", "%")
    };
    loose(one) == loose(other)
}

fn of_json(fields: &Fields, line: &str) -> String {
    let document: Value = match serde_json::from_str(line.trim()) {
        Ok(document) => document,
        Err(error) => return format!("is no JSON: {error}"),
    };
    if !document.is_object() {
        return "is JSON, but no object".to_owned();
    }
    let member = |name: &String| {
        if name.starts_with('/') { document.pointer(name) } else { document.get(name.as_str()) }
            .or_else(|| document.pointer(&format!("/{}", name.replace('.', "/"))))
    };
    match fields.timestamp.iter().find_map(|name| Some((name, member(name)?))) {
        None => format!("has no field \"{}\"", fields.timestamp.join("\" or \"")),
        Some((name, value)) => format!("has in \"{name}\" no time that can be read: {}", shown(&value.to_string())),
    }
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::why_no_record;
    use crate::profile::read_format;

    #[test]
    fn reasons_name_what_does_not_fit() {
        let log4 = "kind = \"log4net\"";
        let brackets = "kind = \"pattern\"\npattern = \"[{timestamp}] {body}\"\ntimestamp = \"%Y-%m-%d %H:%M\"";
        for (format, line, why) in [
            (log4, "   at A.B()", "has no time"),
            (log4, "2026-10-12 05:48:29,658 INFO x", "has no \" [\" behind its time"),
            (log4, "2026-10-12 05:48:29,658 [1] INFO App x", "has no \" - \" behind `{logger}`"),
            (
                log4,
                "12.10.2026 05:48:29 [1] INFO App - x",
                "has the time \"12.10.2026 05:48:29\", which is no `timestamp = \"%Y-%m-%d %H:%M:%S,%3f\"` but \
                 \"%d.%m.%Y %H:%M:%S\"",
            ),
            (
                log4,
                "x 2026-10-12 05:48:29,658 [1] INFO App - x",
                "has its time \"2026-10-12 05:48:29,658\" at another place",
            ),
            (brackets, "2026-10-12 05:48 x", "does not begin with \"[\""),
            (brackets, "[2026-10-12 05:48 x", "has no \"] \" behind its time"),
            ("kind = \"glog\"", "Running on machine: ws-0001", "has no time"),
            ("kind = \"glog\"", "I1012 05:48:29.658000 4711 a.cc] x", "has no \":\" behind `{logger}`"),
            ("kind = \"json\"", "{\"@t\": 5", "is no JSON: EOF while parsing an object at line 1 column 8"),
            ("kind = \"json\"", "[]", "is JSON, but no object"),
            ("kind = \"json\"", "{}", "has no field \"@t\""),
            ("kind = \"json\"", "{\"@t\": \"soon\"}", "has in \"@t\" no time that can be read: \"soon\""),
        ] {
            let format = read_format(&format!("[format]\n{format}\n")).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(why_no_record(&format, line), why, "{line}");
        }
    }
}
