//! JSON lines: one object a line, of which a few top-level fields are wanted.
//!
//! No tree is built: the line is scanned once from brace to brace, nested values are stepped over, and a string keeps
//! its escapes until somebody reads it. Field names are compared as they stand in the line; of two fields of one name
//! the last counts. Numbers and `true` or `false` are text, `null` is no value.

use std::ops::Range;

use super::body::Span;
use super::clock::{Clock, Stamp};
use super::head::{Fate, Field, Head, Scanned};
use super::joints::Joints;
use super::severity::Severities;
use super::swar;
use super::text::push_lossy;
use super::timestamp::TimeFormat;

/// The fields of a JSON layout, by name.
#[derive(Debug)]
pub struct Json {
    /// In the order of [`Fields`]; an empty name is never found.
    names: [Name; 5],
    time: TimeFormat,
}

#[derive(Debug)]
struct Name {
    text: Box<[u8]>,
    /// Its first bytes: what most comparisons need.
    packed: u64,
}

/// What a value is to the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Time,
    /// Severity or logger, which decide what becomes of a record.
    Key,
    Other,
}

/// Values by the position of their name.
type Fields = [Option<Field>; 5];

const TIMESTAMP: usize = 0;
const SEVERITY: usize = 1;
const LOGGER: usize = 2;
const BODY: usize = 3;
const EXCEPTION: usize = 4;

impl Json {
    /// A layout whose fields have these names: timestamp, severity, logger, body, exception.
    pub fn new(names: [&str; 5], time: TimeFormat) -> Self {
        let name = |text: &str| Name { text: text.as_bytes().into(), packed: swar::pack(text.as_bytes()) };
        Self { names: names.map(name), time }
    }

    /// Reads a line; where it is a head, `into` holds its fields. A line that was cut counts as far as it goes.
    #[inline(always)]
    pub fn scan(
        &self,
        line: &[u8],
        is_cut: bool,
        clock: &mut Clock,
        joints: &mut Joints,
        severities: &Severities,
        into: &mut Head,
    ) -> Scanned {
        let (mut fields, mut stamp) = (Fields::default(), None);
        if self.fields(line, is_cut, clock, joints, &mut fields, &mut stamp).is_none() && !is_cut {
            return Scanned::Unparsed;
        }
        let stamp = stamp.or_else(|| self.stamp(fields[TIMESTAMP]?, line, clock));
        let Some(stamp) = stamp else { return Scanned::Unparsed };
        (into.time, into.in_gap, into.offset_min) = (stamp.time, stamp.in_gap, stamp.offset_min);
        match fields[SEVERITY] {
            Some(field) => severities.read(field, line, into),
            None => severities.read_none(into),
        }
        into.logger = fields[LOGGER].unwrap_or_default();
        into.body = fields[BODY].unwrap_or_default();
        into.exception = fields[EXCEPTION].unwrap_or_default();
        into.fate = Fate::Open;
        Scanned::Head
    }

    /// The values of the object that a line is, and what each is to the layout.
    pub fn values(&self, line: &[u8]) -> Option<Vec<(Part, Range<usize>)>> {
        let (mut at, mut values) = (0, Vec::new());
        while let Some((wanted, start)) = self.joint(line, values.len(), at)? {
            at = value(line, start)?.1;
            let part = match wanted {
                Some(TIMESTAMP) => Part::Time,
                Some(SEVERITY | LOGGER) => Part::Key,
                _ => Part::Other,
            };
            values.push((part, start..at));
        }
        Some(values)
    }

    #[inline(always)]
    fn stamp(&self, field: Field, line: &[u8], clock: &mut Clock) -> Option<Stamp> {
        let text = field.span.of(line);
        if field.escaped {
            // Some writers escape the `+` of an offset.
            let mut plain = String::new();
            unescape(text, &mut plain);
            return clock.read(&self.time, plain.as_bytes()).filter(|stamp| stamp.end == plain.len());
        }
        clock.read(&self.time, text).filter(|stamp| stamp.end == text.len())
    }

    /// Finds the wanted fields of the object that a line is; none where it is no object. Its time may be read at once:
    /// it is then in `stamp`.
    #[inline(always)]
    fn fields(
        &self,
        line: &[u8],
        is_cut: bool,
        clock: &mut Clock,
        joints: &mut Joints,
        fields: &mut Fields,
        stamp: &mut Option<Stamp>,
    ) -> Option<()> {
        let mut at = 0;
        for place in 0.. {
            if line.get(at..) == Some(b"}") && place > 0 {
                break;
            }
            let (wanted, start) = match joints.read(line, place, at) {
                Some(known) => known,
                None => match self.joint(line, place, at)? {
                    Some((wanted, start)) => {
                        joints.keep(&line[at..start], place, wanted);
                        (wanted, start)
                    }
                    None => break,
                },
            };
            if wanted == Some(TIMESTAMP) {
                fields[TIMESTAMP] = None;
                *stamp = self.stamp_at(line, start, clock);
                if let Some(stamp) = stamp {
                    at = start + stamp.end + 2;
                    continue;
                }
            }
            let (field, next) = match value(line, start) {
                None if is_cut && line.get(start) == Some(&b'"') => {
                    (Some(Field { span: Span::new(start + 1, line.len()), escaped: true }), line.len())
                }
                other => other?,
            };
            if let Some(position) = wanted {
                fields[position] = field;
            }
            at = next;
        }
        Some(())
    }

    /// The time in the string at `start`. No time has a quote or a backslash in it: where one ends at a quote, the
    /// string does.
    #[inline(always)]
    fn stamp_at(&self, line: &[u8], start: usize, clock: &mut Clock) -> Option<Stamp> {
        let text = line.get(start..)?.strip_prefix(b"\"")?;
        clock.read(&self.time, text).filter(|stamp| text.get(stamp.end) == Some(&b'"'))
    }

    /// What stands behind a value, or at the begin: the field that follows, if it is wanted, and where its value
    /// begins; the inner none at the end of the object.
    fn joint(&self, line: &[u8], place: usize, at: usize) -> Option<Option<(Option<usize>, usize)>> {
        let at = blank(line, at);
        let open = if place == 0 { b'{' } else { b',' };
        let next = line.get(at).map(|byte| (*byte == open, blank(line, at + 1)));
        let at = match next? {
            (true, at) if place == 0 && line.get(at) == Some(&b'}') => return is_blank(line, at + 1).map(|()| None),
            (true, at) => at,
            (false, _) if place > 0 && line[at] == b'}' => return is_blank(line, at + 1).map(|()| None),
            (false, _) => return None,
        };
        let name = string(line, expect(line, at, b'"')?)?;
        let at = expect(line, blank(line, name.span.end as usize + 1), b':')?;
        Some(Some((self.position(name.span.of(line)), blank(line, at))))
    }

    #[inline(always)]
    fn position(&self, name: &[u8]) -> Option<usize> {
        let packed = swar::pack(name);
        self.names.iter().position(|known| {
            known.packed == packed
                && known.text.len() == name.len()
                && !name.is_empty()
                && (name.len() <= 8 || *known.text == *name)
        })
    }
}

/// Position behind white space.
#[inline(always)]
pub fn blank(line: &[u8], mut at: usize) -> usize {
    while matches!(line.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

fn is_blank(line: &[u8], at: usize) -> Option<()> {
    (blank(line, at) == line.len()).then_some(())
}

/// Position behind a byte that must stand there.
#[inline(always)]
pub fn expect(line: &[u8], at: usize, byte: u8) -> Option<usize> {
    (line.get(at) == Some(&byte)).then_some(at + 1)
}

/// The string whose first byte behind the quote is at `start`.
#[inline(always)]
pub fn string(line: &[u8], start: usize) -> Option<Field> {
    let mut at = start;
    let mut escaped = false;
    loop {
        at = swar::find_either_far(line, at, b'"', b'\\')?;
        if line[at] == b'"' {
            return Some(Field { span: Span::new(start, at), escaped });
        }
        escaped = true;
        at += 2;
    }
}

/// A value, `None` for `null`, and the position behind it.
#[inline(always)]
pub fn value(line: &[u8], at: usize) -> Option<(Option<Field>, usize)> {
    match line.get(at)? {
        b'"' => string(line, at + 1).map(|field| (Some(field), field.span.end as usize + 1)),
        b'{' | b'[' => nested(line, at).map(|end| (Some(Field::plain(at, end)), end)),
        _ => {
            let rest = &line[at..];
            let is_bare = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
            let bytes = rest.iter().take_while(is_bare).count();
            let field = (&rest[..bytes] != b"null").then(|| Field::plain(at, at + bytes));
            (bytes > 0).then_some((field, at + bytes))
        }
    }
}

/// Position behind the object or array at `at`.
fn nested(line: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    loop {
        match line.get(at)? {
            b'"' => at = string(line, at + 1)?.span.end as usize,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Appends the text of a string's inside. What is no UTF-8 and no character becomes U+FFFD; true where that was so.
pub fn unescape(inside: &[u8], into: &mut String) -> bool {
    let mut lossy = false;
    let mut rest = inside;
    loop {
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        lossy |= push_lossy(&rest[..plain], into);
        let Some((&letter, behind)) = rest.get(plain + 1..).and_then(|rest| rest.split_first()) else { return lossy };
        rest = behind;
        into.push(match letter {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let (char, used) = escaped_char(rest);
                lossy |= char.is_none();
                rest = &rest[used..];
                char.unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            // `"`, `\`, `/`, and whatever else was escaped without need.
            other if other.is_ascii() => char::from(other),
            _ => {
                lossy = true;
                char::REPLACEMENT_CHARACTER
            }
        });
    }
}

/// The character behind `\u`, and how many bytes it took.
fn escaped_char(text: &[u8]) -> (Option<char>, usize) {
    let unit = |from: usize| {
        let digits = std::str::from_utf8(text.get(from..from + 4)?).ok()?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    match unit(0) {
        None => (None, 0),
        Some(high @ 0xd800..=0xdbff) => match unit(6).filter(|_| text[4..].starts_with(b"\\u")) {
            Some(low @ 0xdc00..=0xdfff) => (char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 10),
            _ => (None, 4),
        },
        Some(unit) => (char::from_u32(unit), 4),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono_tz::Tz;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use proptest::sample::select;

    use super::*;

    /// `severity|logger|body|exception` of a line.
    fn scan(line: &[u8], is_cut: bool) -> String {
        scan_behind(&mut Joints::new(), line, is_cut)
    }

    fn scan_behind(joints: &mut Joints, line: &[u8], is_cut: bool) -> String {
        let json = Json::new(["@t", "@l", "SourceContext", "@m", "@x"], TimeFormat::rfc3339());
        let severities = Severities::new(&BTreeMap::new(), None);
        let text = |field: Field| {
            let mut text = String::new();
            let span = field.span.of(line);
            if field.escaped {
                unescape(span, &mut text)
            } else {
                push_lossy(span, &mut text)
            };
            text
        };
        let mut head = Head::default();
        match json.scan(line, is_cut, &mut Clock::new(Tz::UTC, None, None), joints, &severities, &mut head) {
            Scanned::Head => {
                format!("{}|{}|{}|{}", head.severity, text(head.logger), text(head.body), text(head.exception))
            }
            Scanned::Joins => "joins".to_owned(),
            Scanned::Unparsed => "unparsed".to_owned(),
        }
    }

    const TIME: &str = r#""@t":"2026-10-12T05:08:31.9050000Z""#;

    #[test]
    fn fields_are_found_in_any_order_and_nested_ones_are_not() {
        let cases = [
            (r#"{TIME}"#, "9|||"),
            (r#"  { TIME , "@m" : "a\"b\\" , "SourceContext":"C" }  "#, r#"9|C|a"b\|"#),
            (r#"{"@l":"Error","@m":"x","@x":"one\r\n\ttwo \u00d8\ud83d\ude00",TIME}"#, "17||x|one\r\n\ttwo Ø😀"),
            (r#"{"p":{"@m":"no","q":["}",{"@l":"Fatal"}]},"@m":"yes",TIME}"#, "9||yes|"),
            (r#"{TIME,"@m":{"a":[1,2]},"@l":null,"SourceContext":12.5e3}"#, r#"9|12.5e3|{"a":[1,2]}|"#),
            (r#"{TIME,"@m":"a","@m":"b","@i":true}"#, "9||b|"),
            (r#"{"@t":"2026-10-12T05:08:31\u002B02:00"}"#, "9|||"),
            (r#"{}"#, "unparsed"),
            (r#"{"@t":"2026-10-12T05:08:31 "}"#, "unparsed"),
            (r#"{"@t":"yesterday","@m":"x"}"#, "unparsed"),
            (r#"{TIME,"@m":"x""#, "unparsed"),
            (r#"{TIME,"@m":"x"} {"#, "unparsed"),
            (r#"{TIME,"@m":"x" "@l":"y"}"#, "unparsed"),
            (r#"{TIME,"@m":}"#, "unparsed"),
            (r#"{TIME,"@m":"x\"#, "unparsed"),
            (r#"{TIME,"@m":[1}"#, "unparsed"),
            (r#"[TIME]"#, "unparsed"),
            ("", "unparsed"),
        ];
        for (line, expected) in cases {
            assert_eq!(scan(line.replace("TIME", TIME).as_bytes(), false), expected, "{line}");
        }
    }

    #[test]
    fn a_cut_line_counts_as_far_as_it_goes() {
        let line = format!("{{{TIME},\"@l\":\"Error\",\"@m\":\"a long");
        assert_eq!(scan(line.as_bytes(), true), "17||a long|");
        assert_eq!(scan(b"{\"@l\":\"Error\"", true), "unparsed");
    }

    #[test]
    fn broken_escapes_become_replacement_characters() {
        let cases = [
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\u12", "\u{fffd}12"),
            (r"\ud83d\u0041", "\u{fffd}A"),
        ];
        for (inside, expected) in cases {
            let mut text = String::new();
            assert!(unescape(inside.as_bytes(), &mut text), "{inside}");
            assert_eq!(text, expected, "{inside}");
        }
    }

    proptest! {
        #[test]
        fn what_a_json_library_writes_is_read(body: String, logger in any::<Option<String>>(), extra: Vec<String>) {
            let value = serde_json::json!({
                "@m": body, "SourceContext": logger, "@t": "2026-10-12T05:08:31Z", "z": { "@m": extra },
            });
            let expected = format!("9|{}|{body}|", logger.unwrap_or_default());
            prop_assert_eq!(scan(value.to_string().as_bytes(), false), expected);
        }

        #[test]
        fn a_known_joint_is_read_as_a_new_one(
            lines in proptest::collection::vec(proptest::collection::vec((
                select(vec!["\"@t\":", "\"@t\": ", "\"@m\":", "\"@m\" : ", "\"@l\":", "\"@i\": ", "\"SourceContext\":", "\"a longer name than is kept\":"]),
                select(vec!["\"2026-10-12T05:08:31.9050000Z\"", " \"2026-10-12T05:08:31Z\"", "\"2026-10-12T05:08:31Z \"", "\"a\\\"b\"", "1", "null", "{\"@m\":[1]}", "\"Warning\"", ""]),
                select(vec![",", ", ", " ,", ",,", ""]),
            ), 0..7), 1..20),
            cut: bool,
        ) {
            let mut joints = Joints::new();
            for fields in lines {
                let fields: String = fields.iter().map(|(name, value, comma)| format!("{name}{value}{comma}")).collect();
                for line in [format!("{{{}}}", fields.trim_end_matches([',', ' '])), format!("{{{fields}}} ")] {
                    prop_assert_eq!(scan_behind(&mut joints, line.as_bytes(), cut), scan(line.as_bytes(), cut), "{}", line);
                }
            }
        }

        #[test]
        fn no_bytes_break_it(line: Vec<u8>, cut: bool, json in "[{}\\[\\]\",:\\\\a@mu0 ]{0,60}") {
            scan(&line, cut);
            let text = scan(json.as_bytes(), cut);
            prop_assert!(!text.is_empty());
        }
    }
}
