//! JSON lines whose fields stand within others, or go by several names.
//!
//! The paths that are looked for are followed from object to object; all else is stepped over as [`super::json`] does.

use super::clock::Clock;
use super::fields::{Found, Path, Target, head, offer, targets};
use super::head::{Field, Head, Scanned};
use super::json::{blank, expect, string, value};
use super::severity::Severities;
use super::timestamp::TimeFormat;
use crate::profile::Fields;

/// A JSON layout of any fields.
#[derive(Debug)]
pub struct Nested {
    targets: Vec<Target>,
    time: TimeFormat,
}

/// A field that is looked for, and what of its path is left.
type Left<'p> = (&'p Target, &'p [u8], u8);

impl Nested {
    pub fn new(fields: &Fields, time: TimeFormat) -> Self {
        Self { targets: targets(fields), time }
    }

    /// Reads a line; where it is a head, `into` holds its fields. A line that was cut counts as far as it goes.
    pub fn scan(
        &self,
        line: &[u8],
        is_cut: bool,
        clock: &mut Clock,
        severities: &Severities,
        into: &mut Head,
    ) -> Scanned {
        let mut found = Found::default();
        let whole = walk(line, is_cut, self.targets.iter().map(left).collect(), &mut found);
        if whole.is_none() && !is_cut {
            return Scanned::Unparsed;
        }
        head(&found, line, &self.time, clock, severities, into).map_or(Scanned::Unparsed, |()| Scanned::Head)
    }
}

/// The field of a line at a path.
pub fn find(line: &[u8], path: &Path) -> Option<Field> {
    let target = Target { part: 0, rank: 0, path: path.clone() };
    let mut found = Found::default();
    walk(line, true, vec![left(&target)], &mut found);
    found[0].map(|(_, field)| field)
}

fn left(target: &Target) -> Left<'_> {
    match &target.path {
        Path::Dotted(path) => (target, path, b'.'),
        Path::Pointer(path) => (target, path, b'/'),
    }
}

/// Finds fields in the object that a line is; none where it is no object.
fn walk(line: &[u8], is_cut: bool, wanted: Vec<Left<'_>>, found: &mut Found) -> Option<()> {
    let end = object(line, blank(line, 0), is_cut, &wanted, found)?;
    (blank(line, end) == line.len()).then_some(())
}

/// Finds fields in the object at a place, and gives where it ends.
fn object(line: &[u8], at: usize, is_cut: bool, wanted: &[Left<'_>], found: &mut Found) -> Option<usize> {
    let mut at = blank(line, expect(line, at, b'{')?);
    if line.get(at) == Some(&b'}') {
        return Some(at + 1);
    }
    loop {
        let name = string(line, expect(line, at, b'"')?)?;
        at = blank(line, expect(line, blank(line, name.span.end as usize + 1), b':')?);
        let (field, next) = match value(line, at) {
            None if is_cut && line.get(at) == Some(&b'"') => {
                (Some(Field { escaped: true, ..Field::plain(at + 1, line.len()) }), line.len())
            }
            // An object that was cut may still hold what is looked for.
            None if is_cut && line.get(at) == Some(&b'{') => (Some(Field::plain(at, line.len())), line.len()),
            other => other?,
        };
        let mut within = Vec::new();
        for (target, path, separator) in wanted {
            match (Path::behind(path, *separator, name.span.of(line)), field) {
                (Some([]), Some(field)) => offer(found, target, field),
                (Some(rest), Some(_)) if line.get(at) == Some(&b'{') => within.push((*target, rest, *separator)),
                _ => {}
            }
        }
        // How deep this goes is bounded by the paths.
        if !within.is_empty() {
            object(line, at, is_cut, &within, found);
        }
        at = blank(line, next);
        match line.get(at)? {
            b',' => at = blank(line, at + 1),
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono_tz::Tz;
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    fn scan(line: &[u8], is_cut: bool) -> String {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let fields = Fields {
            timestamp: names(&["@timestamp", "time"]),
            severity: names(&["log.level"]),
            logger: names(&["/log/logger"]),
            body: names(&["message", "mt"]),
            exception: names(&["error.stack_trace"]),
        };
        let nested = Nested::new(&fields, TimeFormat::compile("auto").unwrap());
        let mut head = Head::default();
        let severities = Severities::new(&BTreeMap::new(), None);
        match nested.scan(line, is_cut, &mut Clock::new(Tz::UTC, None, None), &severities, &mut head) {
            Scanned::Head => {
                let text = |field: Field| String::from_utf8_lossy(field.span.of(line)).into_owned();
                format!("{}|{}|{}|{}", head.severity, text(head.logger), text(head.body), text(head.exception))
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn fields_are_found_by_their_paths() {
        let cases = [
            (r#"{"@timestamp":"2026-10-12T05:08:31Z","log.level":"WARN","message":"a"}"#, "13||a|"),
            (r#"{"log":{"level":"ERROR","logger":"A.B","x":{"level":"INFO"}},"message":"a","time":0}"#, "17|A.B|a|"),
            (r#"{"time":1791781711905,"log":{"level":null},"mt":"b","message":"a"}"#, "9||a|"),
            (r#"{"time":"1791781711.9","mt":"b","error":{"stack_trace":"at\nx"},"log":7}"#, "9||b|at\\nx"),
            (r#"{"time":0,"log":{"level":"ERROR"},"message":"a"} x"#, "Unparsed"),
            (r#"{"time":"soon","message":"a"}"#, "Unparsed"),
            (r#"{"log":{"time":0},"message":"a"}"#, "Unparsed"),
            (r#"[]"#, "Unparsed"),
            ("", "Unparsed"),
        ];
        for (line, expected) in cases {
            assert_eq!(
                scan(line.replace("\\n", "\\\\n").replace("\\\\n", "\\n").as_bytes(), false),
                expected,
                "{line}"
            );
        }
        assert_eq!(scan(br#"{"time":0,"log":{"level":"ERROR","logger":"A"#, true), "17|A||");
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(line: Vec<u8>, cut: bool, json in "[{}\\[\\]\",:\\\\alogvetim.0 ]{0,60}") {
            scan(&line, cut);
            prop_assert!(!scan(json.as_bytes(), cut).is_empty());
        }
    }
}
