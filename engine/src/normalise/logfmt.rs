//! logfmt: `ts=2026-10-12T05:08:31Z level=info msg="Session started" user=u1`.
//!
//! A value is a word, or stands in quotes with JSON's escapes; a key without a value says nothing. A line that has no
//! time belongs to the record before it.

use super::clock::Clock;
use super::fields::{Found, PARTS, Path, Target, head, offer, targets};
use super::head::{Field, Head, Scanned};
use super::json::string;
use super::severity::Severities;
use super::timestamp::TimeFormat;
use crate::profile::Fields;

/// A logfmt layout.
#[derive(Debug)]
pub struct Logfmt {
    targets: Vec<Target>,
    time: TimeFormat,
}

impl Logfmt {
    pub fn new(fields: &Fields, time: TimeFormat) -> Self {
        Self { targets: targets(fields), time }
    }

    /// Reads a line; where it is a head, `into` holds its fields.
    pub fn scan(&self, line: &[u8], clock: &mut Clock, severities: &Severities, into: &mut Head) -> Scanned {
        let mut found = Found::default();
        pairs(line, |key, field| {
            self.targets.iter().filter(|target| is(&target.path, key)).for_each(|target| {
                // Of two fields of one name the first counts: a message's own words come last.
                if found[target.part].is_none_or(|(rank, _)| target.rank != rank) {
                    offer(&mut found, target, field);
                }
            });
        });
        match head(&found, line, &self.time, clock, severities, into) {
            Some(()) => Scanned::Head,
            None if found[..PARTS][0].is_some() => Scanned::Unparsed,
            None => Scanned::Joins,
        }
    }
}

/// The field of a line by its key.
pub fn find(line: &[u8], path: &Path) -> Option<Field> {
    let mut found = None;
    pairs(line, |key, field| found = found.or(is(path, key).then_some(field)));
    found
}

fn is(path: &Path, key: &[u8]) -> bool {
    matches!(path, Path::Dotted(name) | Path::Pointer(name) if **name == *key)
}

/// Visits the pairs of a line, as far as it is logfmt.
fn pairs(line: &[u8], mut visit: impl FnMut(&[u8], Field)) {
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let key_bytes = line[at..].iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'=').count();
        let (key, behind) = (&line[at..at + key_bytes], at + key_bytes);
        if key.is_empty() || key.contains(&b'"') {
            return;
        }
        if line.get(behind) != Some(&b'=') {
            at = behind;
            continue;
        }
        let start = behind + 1;
        if line.get(start) == Some(&b'"') {
            let Some(field) = string(line, start + 1) else {
                // The quote is not closed, or the line was cut.
                visit(key, Field { escaped: true, ..Field::plain(start + 1, line.len()) });
                return;
            };
            visit(key, field);
            at = field.span.end as usize + 1;
        } else {
            let bytes = line[start..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
            visit(key, Field::plain(start, start + bytes));
            at = start + bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn all(line: &str) -> Vec<String> {
        let mut all = Vec::new();
        pairs(line.as_bytes(), |key, field| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            all.push(format!("{}={}", text(key), text(field.span.of(line.as_bytes()))));
        });
        all
    }

    #[test]
    fn pairs_are_found() {
        let cases: [(&str, &[&str]); 7] = [
            ("a=1  b=\"x y\" c d=", &["a=1", "b=x y", "d="]),
            (r#"m="say \"no\" = 1" e=x=y"#, &[r#"m=say \"no\" = 1"#, "e=x=y"]),
            ("m=\"open x", &["m=open x"]),
            ("   at Shell.Run() in x", &[]),
            ("=1", &[]),
            ("\"a\"=1", &[]),
            ("", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(all(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(line in "[ab=\"\\\\ \u{e9}]{0,40}") {
            prop_assert_eq!(all(&line), all(&line));
        }
    }
}
