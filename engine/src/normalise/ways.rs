//! Ways through lines of JSON: what stands in a line beside its time, its texts and its numbers.
//!
//! A program writes a few kinds of lines, each with the same fields and the same logger and severity. What decides over
//! their records is read once; a line that goes the same way needs only its time to be read, and its texts to be skipped.

use std::array;
use std::mem;

use super::form::{FORM_BYTES, Form};
use super::head::Fate;
use super::json::{Json, Part};
use super::swar;

/// Longest stretch between two values that change.
const STRETCH_BYTES_MAX: usize = 2 * FORM_BYTES;
/// Digits of a number that changes.
const DIGITS_MAX: usize = 7;
/// Places that are kept, and stretches at each: more than a log has of lines that repeat.
const PLACES_MAX: usize = 128;
const STRETCHES_MAX: usize = 32;
/// Lines that are looked at for ways that are not known yet: a log whose lines all differ is not looked at for ever.
const LOOKS_MAX: u32 = 4096;

/// The ways that were gone.
#[derive(Debug, Default)]
pub struct Ways {
    /// The first is where each line begins.
    places: Vec<Place>,
    looks: u32,
}

/// A place in lines.
#[derive(Debug, Default)]
struct Place {
    /// What may stand there.
    stretches: Vec<Stretch>,
    /// By the bytes that are left of the line: the position of the stretch that may end it.
    ends: Vec<u8>,
}

/// What stands between two values that change, or behind the last of them.
#[derive(Debug)]
struct Stretch {
    text: Vec<u8>,
    forms: [Form; 2],
    then: Then,
}

/// What comes behind a stretch, with the place behind that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Time(usize),
    /// The inside of a string.
    Text(usize),
    Digits(usize),
    /// The line's end: this becomes of its record.
    End(Fate),
}

/// One of them, with the place that it leads to.
type Next = fn(usize) -> Then;

impl Ways {
    /// What becomes of the record whose line has so many bytes, and where its time begins, of so many bytes; none where no way
    /// that is known leads through it. `text` begins with the line.
    #[inline(always)]
    pub fn walk(&self, text: &[u8], bytes: usize, time_bytes: usize) -> Option<(Fate, usize)> {
        let line = text.get(..bytes)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (mut place, mut at, mut time) = (self.places.first()?, 0, 0);
        loop {
            let here: &[u8; STRETCH_BYTES_MAX] = text.get(at..)?.first_chunk()?;
            let stretch = place.stretch(here, line.len() - at)?;
            at += stretch.text.len();
            let next = match stretch.then {
                Then::Time(next) => {
                    (time, at) = (at, at + time_bytes);
                    next
                }
                Then::Text(next) => {
                    // It stands in the line: what is behind that, if it leads there, is found to be so below.
                    at = swar::find_either_far(text, at, b'"', b'\\').filter(|end| text[*end] == b'"')?;
                    next
                }
                Then::Digits(next) => {
                    at += swar::fraction(text, at).map(|(_, digits)| digits).filter(|digits| *digits > 0)?;
                    next
                }
                Then::End(fate) => return (at == line.len()).then_some((fate, time)),
            };
            place = &self.places[next];
            if at > line.len() {
                return None;
            }
        }
    }

    /// Takes the way of a line of whose record `fate` becomes, unless that is open.
    #[inline]
    pub fn learn(&mut self, json: &Json, line: &[u8], is_cut: bool, fate: Fate) {
        if fate != Fate::Open && self.looks < LOOKS_MAX && !is_cut {
            self.looks += 1;
            self.add(json, line, fate);
        }
    }

    #[cold]
    fn add(&mut self, json: &Json, line: &[u8], fate: Fate) -> Option<()> {
        let values = json.values(line).filter(|_| self.places.len() < PLACES_MAX)?;
        if values.iter().filter(|(part, _)| *part == Part::Time).count() != 1 {
            return None;
        }
        let mut steps: Vec<(&[u8], Next)> = Vec::new();
        let mut from = 0;
        for (part, value) in values {
            let is_string = line[value.start] == b'"';
            let is_number = line[value.clone()].iter().all(u8::is_ascii_digit) && value.len() <= DIGITS_MAX;
            let then: Next = match part {
                Part::Time if is_string => Then::Time,
                Part::Time => return None,
                Part::Other if is_string => Then::Text,
                Part::Other if is_number => Then::Digits,
                _ => continue,
            };
            steps.push((&line[from..value.start + usize::from(is_string)], then));
            from = value.end - usize::from(is_string);
        }
        let is_short = |text: &[u8]| (1..=STRETCH_BYTES_MAX).contains(&text.len());
        if !steps.iter().all(|(text, _)| is_short(text)) || !is_short(&line[from..]) {
            return None;
        }
        let mut place = 0;
        if self.places.is_empty() {
            self.places.push(Place::default());
        }
        for (text, then) in steps {
            let new = self.places.len();
            let (Then::Time(next) | Then::Text(next) | Then::Digits(next)) =
                self.places[place].keep(text, then(new))?
            else {
                return None;
            };
            if next == new {
                self.places.push(Place::default());
            }
            place = next;
        }
        self.places[place].keep(&line[from..], Then::End(fate)).map(|_| ())
    }
}

impl Place {
    /// The stretch that stands here, where so many bytes are left of the line.
    #[inline(always)]
    fn stretch(&self, here: &[u8; STRETCH_BYTES_MAX], left: usize) -> Option<&Stretch> {
        // How a line ends differs from line to line: its length tells it without a guess.
        match self.ends.get(left).and_then(|end| self.stretches.get(usize::from(*end))) {
            Some(stretch) if stretch.stands(here) => Some(stretch),
            _ => self.stretches.iter().find(|stretch| stretch.stands(here)),
        }
    }

    /// Keeps a stretch and what comes behind it, or gives what was kept before; none where there are too many.
    fn keep(&mut self, text: &[u8], then: Then) -> Option<Then> {
        let is_same =
            |known: &&Stretch| known.text == text && mem::discriminant(&known.then) == mem::discriminant(&then);
        if let Some(known) = self.stretches.iter().find(is_same) {
            return Some(known.then);
        }
        if self.stretches.len() >= STRETCHES_MAX {
            return None;
        }
        if matches!(then, Then::End(_)) {
            self.ends.resize(STRETCH_BYTES_MAX + 1, u8::MAX);
            self.ends[text.len()] = self.stretches.len() as u8;
        }
        self.stretches.push(Stretch { forms: forms(text), text: text.into(), then });
        Some(then)
    }
}

impl Stretch {
    #[inline(always)]
    fn stands(&self, here: &[u8; STRETCH_BYTES_MAX]) -> bool {
        let [first, second] = &self.forms;
        let (halves, _) = here.as_chunks();
        first.fits(&halves[0]) && (self.text.len() <= FORM_BYTES || second.fits(&halves[1]))
    }
}

/// The forms of a text and of what follows it.
fn forms(text: &[u8]) -> [Form; 2] {
    array::from_fn(|half| {
        let byte = |at: usize| text.get(half * FORM_BYTES + at).copied();
        Form {
            least: array::from_fn(|at| byte(at).unwrap_or(0)),
            most: array::from_fn(|at| if byte(at).is_some() { 0 } else { u8::MAX }),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono_tz::Tz;
    use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
    use proptest::sample::select;

    use super::super::body::Span;
    use super::super::clock::Clock;
    use super::super::head::{Head, Scanned};
    use super::super::joints::Joints;
    use super::super::severity::Severities;
    use super::super::timestamp::TimeFormat;
    use super::*;

    /// What a line is and what becomes of its record, read as if it were the first; with how long its time is.
    fn scan(line: &[u8]) -> (Scanned, i64, Fate, Option<usize>) {
        let (json, severities) = (layout(), Severities::new(&BTreeMap::new(), None));
        let (mut head, mut clock) = (Head::default(), Clock::new(Tz::UTC, None, None));
        let scanned = json.scan(line, false, &mut clock, &mut Joints::new(), &severities, &mut head);
        let is_known = !head.logger.escaped && head.unknown_severity == Span::default();
        let fate = match head.logger.span.of(line) {
            [b'C', ..] if is_known && head.severity < 17 => Fate::Idle,
            [b'A', ..] if is_known => Fate::Blind { severity: head.severity, rule: 7 },
            _ => Fate::Open,
        };
        (scanned, head.time, fate, clock.dated().map(|dated| dated.end()))
    }

    fn layout() -> Json {
        Json::new(["@t", "@l", "logger", "@m", "@x"], TimeFormat::rfc3339())
    }

    /// The fields of a line in an order that few lines have.
    fn line() -> impl Strategy<Value = String> {
        let fields = (
            select(vec!["05:08:31.905Z", "05:08:32.905Z", "05:08:31.905+02:00", "05:08", ""]),
            select(vec![r#""Core.Loop""#, r#""Core.Lo\u006fp""#, r#""App""#, r#""Net""#, "null", "7", r#""""#]),
            select(vec![r#""a text""#, r#""another, longer \"text\"""#, r#""""#, "null", "17", r#"{"@l":"Fatal"}"#]),
            select(vec![r#""Debug""#, r#""Error""#, r#""odd""#, "null", "17", "13"]),
            select(vec!["1", "12", "12.5", "-3", "true", "null", "12345678", r#"[1, "}"]"#, ""]),
            select(vec![", ", ",", " ,", ""]),
            any::<[bool; 3]>(),
        );
        fields.prop_map(|(time, logger, body, severity, number, comma, [with_severity, with_number, swapped])| {
            let mut fields = vec![format!(r#""@t": "2026-10-12T{time}""#), format!(r#""@m": {body}"#)];
            fields.push(format!(r#""logger": {logger}"#));
            fields.extend(with_number.then(|| format!(r#""Thread": {number}"#)));
            fields.extend(with_severity.then(|| format!(r#""@l": {severity}"#)));
            if swapped {
                fields.swap(1, 2);
            }
            format!("{{{}}}", fields.join(comma))
        })
    }

    proptest! {
        #[test]
        fn a_way_gives_what_a_closer_look_gives(
            lines in proptest::collection::vec(line(), 1..30),
            change in (any::<usize>(), select(b"\"\\{}[],: x0\n\xff".to_vec()), 0..3),
        ) {
            let mut ways = Ways::default();
            let mut all: Vec<Vec<u8>> = lines.iter().map(|line| line.clone().into_bytes()).collect();
            for line in &lines {
                let mut line = line.clone().into_bytes();
                let (at, byte, how) = (change.0 % line.len(), change.1, change.2);
                match how {
                    0 => line[at] = byte,
                    1 => line.insert(at, byte),
                    _ => drop(line.remove(at)),
                }
                all.push(line);
            }
            for line in all.iter().chain(&all) {
                let (scanned, time, fate, time_bytes) = scan(line);
                if let Some(time_bytes) = time_bytes {
                    // Other lines follow, with strings of their own.
                    let text = [line.as_slice(), b"\n", lines.concat().as_bytes(), &[b'x'; 99]].concat();
                    if let Some((found, at)) = ways.walk(&text, line.len(), time_bytes) {
                        let mut clock = Clock::new(Tz::UTC, None, None);
                        let read = clock.read(&TimeFormat::rfc3339(), &text[at..]).map(|stamp| stamp.time);
                        prop_assert_eq!((Scanned::Head, read, found), (scanned, Some(time), fate));
                    }
                }
                if scanned == Scanned::Head {
                    ways.learn(&layout(), line, false, fate);
                }
            }
        }
    }

    #[test]
    fn lines_of_a_few_kinds_go_ways_that_are_known() {
        let line = |logger: &str, body: &str, end: &str| {
            format!(r#"{{"@t":"2026-10-12T05:08:31.905Z","@m":"{body}","logger":"{logger}","Thread":12{end}}}"#)
        };
        let mut ways = Ways::default();
        let kinds =
            [("Core.Loop", ""), ("Core.Loop", r#","@l":"Debug""#), ("Core.Loop", r#","@l":"Trace""#), ("App", "")];
        for (logger, end) in kinds {
            let line = line(logger, "first", end);
            ways.learn(&layout(), line.as_bytes(), false, scan(line.as_bytes()).2);
        }
        for (logger, end) in kinds {
            let line = line(logger, "another text, which is longer", end);
            let text = format!("{line}\r\n{}", "x".repeat(99));
            let expected = (scan(line.as_bytes()).2, 7);
            assert_eq!(ways.walk(text.as_bytes(), line.len() + 1, 24), Some(expected), "{line}");
        }
        let escaped = line("App", r#"a \"text\""#, "") + &"x".repeat(99);
        assert_eq!(ways.walk(escaped.as_bytes(), escaped.len() - 99, 24), None, "a text with escapes is read closer");
    }
}
