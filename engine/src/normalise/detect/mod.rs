//! Which format a log seems to have. Every candidate is a `[format]` section as a profile would hold it, read by the
//! profile's own reader, and tried on the lines by the reader of records; so what is proposed is what will be.

mod apart;
mod derive;
mod lack;
mod members;
mod naming;
mod order;
mod prefix;
mod sample;
mod stamp;
mod values;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::severity::Severities;
use super::trial::{LineKind, each_line, is_stray};
use super::{Normaliser, Record, Start, Want, Wanted};
use crate::profile::{self, Format, KNOWN, Layout};
pub use apart::{Apart, detect_apart};
use derive::{Derived, derive};
use lack::begins_with_clock;
pub use lack::{Lack, lack};
use members::{json_section, logfmt_section};
use order::forms;
pub use sample::Sample;
pub use stamp::find as find_stamp;

/// Lines that are looked at of each file: enough to know all that there are, and read in a moment.
pub const LINES_MAX: usize = 2_000;
/// Candidates whose score is this near to the best one's are shown, too.
const NEAR: f64 = 0.05;
/// Candidates that are shown.
const CANDIDATES_MAX: usize = 3;
/// Where a named layout is this good, no pattern of one's own is needed.
const GOOD: f64 = 0.9;
/// Bytes by which lines are known that begin alike, and digits among them: those of a date or a time.
const BEGIN_BYTES: usize = 12;
const BEGIN_DIGITS_MIN: usize = 4;
/// A severity that no word has: records with it have a word that is not known, or none.
const NO_SEVERITY: u8 = 24;

/// How lines fit a format.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fit {
    /// Lines that are not blank.
    pub lines: u64,
    pub records: u64,
    /// Lines that go on with a record.
    pub joined: u64,
    /// Records whose severity is a known word.
    pub with_severity: u64,
    /// Records with a logger that could be one, and records with one that could not.
    pub with_logger: u64,
    pub with_odd_logger: u64,
    pub with_body: u64,
    /// Records without a severity that hold a word for that of an error.
    pub loud: u64,
}

/// A format that a log may have.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The section as a profile holds it.
    pub section: String,
    /// Other words for `kind` that mean the same.
    pub also: Vec<&'static str>,
    /// By sample.
    pub fits: Vec<Fit>,
    pub total: Fit,
    format: Format,
    score: f64,
}

impl Fit {
    /// The share of lines that the format explains.
    pub fn explained(&self) -> f64 {
        if self.lines == 0 { 0.0 } else { (self.records + self.joined) as f64 / self.lines as f64 }
    }

    /// How well the format fits: what it explains, and whether its fields hold what they should.
    fn score(&self) -> f64 {
        if self.records == 0 {
            return 0.0;
        }
        let share = |count: u64| count as f64 / self.records as f64;
        let fields = 0.6 + 0.25 * share(self.with_severity) + 0.15 * share(self.with_logger);
        self.explained() * share(self.with_body) * (fields - 0.5 * share(self.with_odd_logger)).max(0.0)
    }

    fn add(&mut self, other: &Fit) {
        self.lines += other.lines;
        self.records += other.records;
        self.joined += other.joined;
        self.with_severity += other.with_severity;
        self.with_logger += other.with_logger;
        self.with_odd_logger += other.with_odd_logger;
        self.with_body += other.with_body;
        self.loud += other.loud;
    }
}

/// The formats that explain most of these lines, the best first; none where no time is in them.
pub fn detect(samples: &[Sample]) -> Vec<Candidate> {
    let lines: Vec<&str> = samples.iter().flat_map(Sample::heads).collect();
    let seen = samples.iter().map(|sample| sample.changed).max().unwrap_or_default();
    let severities = Severities::new(&Default::default(), Some(NO_SEVERITY));
    let stamped: Vec<_> = lines.iter().filter_map(|line| Some((*line, stamp::find(line)?))).collect();
    let forms = forms(&stamped, seen);
    let members = [json_section(&lines, &severities, seen), logfmt_section(&lines, &severities, seen)];
    let of_members = members.iter().flatten().next().map(|(_, local)| *local);
    let local = of_members.unwrap_or_else(|| stamped.iter().any(|(_, stamp)| !stamp.has_offset));
    let encoding = samples.iter().find_map(|sample| sample.encoding);
    let in_zone = |keys: &str, zone: Option<&str>| section(keys, encoding, zone);
    let section = |keys: &str| in_zone(keys, local.then_some("UTC"));
    let mut found = Vec::new();
    let abroad = words::line(&words::of_second_lines(lines.iter().copied(), &severities));
    for known in &KNOWN {
        let own = format!("kind = \"{}\"\n", known.name);
        let timed = forms.iter().map(|form| format!("{own}{}", stamp_line(form)));
        for keys in std::iter::once(own.clone()).chain(timed) {
            if !abroad.is_empty() && known.is_of_two_lines() {
                take(&mut found, section(&format!("{keys}{abroad}")), samples, "");
            }
            take(&mut found, section(&keys), samples, known.name);
        }
    }
    members.into_iter().flatten().for_each(|(keys, _)| take(&mut found, section(&keys), samples, ""));
    let best = found.iter().map(|candidate: &Candidate| candidate.score).fold(0.0, f64::max);
    if best < GOOD {
        for Derived { pattern, timestamp, words, zone } in derive(&lines, &severities, seen) {
            let pattern = format!("kind = \"pattern\"\npattern = {}\n", toml::Value::String(pattern));
            let keys = format!("{pattern}{}{}", stamp_line(&timestamp), words::line(&words));
            take(&mut found, in_zone(&keys, zone.as_deref().or(local.then_some("UTC"))), samples, "");
        }
    }
    rank(found)
}

fn stamp_line(form: &str) -> String {
    format!("timestamp = {}\n", toml::Value::String(form.to_owned()))
}

fn section(keys: &str, encoding: Option<&str>, zone: Option<&str>) -> String {
    let encoding = encoding.map(|encoding| format!("encoding = \"{encoding}\"\n")).unwrap_or_default();
    let zone = zone.map(|zone| format!("zone = \"{zone}\"\n")).unwrap_or_default();
    format!("[format]\n{keys}{encoding}{zone}")
}

/// Adds a candidate that explains anything; one that reads as another before it only lends its name.
fn take(found: &mut Vec<Candidate>, section: String, samples: &[Sample], name: &'static str) {
    let Ok(format) = profile::read_format(&section) else { return };
    if let Some(same) = found.iter_mut().find(|other| reads_alike(&other.format, &format)) {
        if !name.is_empty() && !same.also.contains(&name) && !same.section.contains(&format!("\"{name}\"")) {
            same.also.push(name);
        }
        return;
    }
    let Some(fits) = samples.iter().map(|sample| fit(&format, sample)).collect::<Option<Vec<Fit>>>() else {
        return;
    };
    let mut total = Fit::default();
    fits.iter().for_each(|fit| total.add(fit));
    let is_xml = matches!(format.layout, Layout::Logfmt { .. }) && is_xml(samples);
    // Any line with a time is syslog of a kind; where nobody is named, it is rather something else.
    let nobody = matches!(format.layout, Layout::Syslog { .. }) && total.with_logger * 2 < total.records;
    // A place for severities that holds none means that the pattern is another's.
    let severities = matches!(&format.layout, Layout::Pattern { pattern, .. } if pattern.contains("{severity}"));
    let odd = severities && total.with_severity * 2 < total.records;
    let score = total.score() - if odd { 2.0 * NEAR } else { 0.0 };
    if score > 0.0 && !nobody && !is_xml {
        found.push(Candidate { section, also: Vec::new(), fits, total, format, score });
    }
}

/// Whether most lines begin with an element of XML: it has pairs as logfmt has, but its text stands elsewhere.
fn is_xml(samples: &[Sample]) -> bool {
    let is_element = |line: &&str| {
        line.strip_prefix('<').is_some_and(|rest| rest.starts_with(|c: char| "/?!".contains(c) || c.is_alphabetic()))
    };
    let heads = || samples.iter().flat_map(Sample::heads);
    heads().filter(is_element).count() * 2 > heads().count()
}

/// Whether two formats make the same records of all lines.
fn reads_alike(a: &Format, b: &Format) -> bool {
    let parts = |format: &Format| (format.layout.clone(), format.severities.clone(), format.severity_default);
    parts(a) == parts(b)
}

/// The best, and those that are nearly as good; of equally good ones the first that was tried.
fn rank(mut found: Vec<Candidate>) -> Vec<Candidate> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let Some(best) = found.first().map(|best| best.score) else { return found };
    found.retain(|candidate| candidate.score >= best - NEAR);
    // The same pattern with a time format that reads the same lines is no other candidate.
    let mut seen: BTreeSet<String> = BTreeSet::new();
    found.retain(|candidate| seen.insert(shape(&candidate.format.layout)));
    found.truncate(CANDIDATES_MAX);
    found
}

/// What tells one candidate from another: what stands where, and the order of year, month and day.
fn shape(layout: &Layout) -> String {
    let order = |form: &str| match form {
        "auto" | "rfc3339" => "Ymd".to_owned(),
        form if form.starts_with("epoch") => "Ymd".to_owned(),
        form => form
            .replace('y', "Y")
            .replace('B', "b")
            .chars()
            .filter(|c| "Ymdbej".contains(*c))
            .collect::<String>()
            .replace('e', "d"),
    };
    match layout {
        Layout::Pattern { pattern, timestamp } => format!("{pattern} {}", order(timestamp)),
        Layout::Json { fields, timestamp } => format!("json {fields:?} {}", order(timestamp)),
        Layout::Logfmt { fields, timestamp } => format!("logfmt {fields:?} {}", order(timestamp)),
        Layout::Syslog { timestamp } => format!("syslog {}", order(timestamp)),
    }
}

/// How lines fit a format; `None` where it does not compile.
fn fit(format: &Format, sample: &Sample) -> Option<Fit> {
    let mut marked = Format { severity_default: Some(NO_SEVERITY), ..format.clone() };
    if matches!(format.layout, Layout::Pattern { .. }) {
        // Of text, a number is no word for a severity.
        marked.severities.extend((0..=7).map(|number: u8| (number.to_string(), NO_SEVERITY)));
    }
    let of_two_lines = matches!(&format.layout, Layout::Pattern { pattern, .. } if pattern.contains('\n'));
    let normaliser = Normaliser::compile(&[marked], &[], &everything()).ok()?;
    let text = sample.bytes();
    let mut fit = Fit::default();
    let mut begins = BTreeSet::new();
    let start = Start { seen: Some(sample.changed), closed: true, ..Start::default() };
    let mut records = normaliser.open(text, start);
    while let Ok(Some(record)) = records.next() {
        begins.insert(record.offset);
        fit.records += 1;
        fit.with_severity += u64::from(record.severity != NO_SEVERITY);
        let line = text[record.offset as usize..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        fit.loud += u64::from(record.severity == NO_SEVERITY && is_loud(record, line));
        let has_body = !record.body().trim().is_empty() || !record.exception().is_empty();
        // Of two lines, the second says what the record is, or is none of its head.
        fit.with_body += u64::from(has_body && (!of_two_lines || record.severity != NO_SEVERITY));
        match record.logger() {
            // A place in the code, as zap's `caller`, is no name.
            logger if logger.is_empty() || is_place(logger) => {}
            logger if logger.contains(char::is_whitespace) || logger.len() > 200 => fit.with_odd_logger += 1,
            _ => fit.with_logger += 1,
        }
    }
    // By how lines begin: those that are heads, and those that go on.
    let mut begins_of: BTreeMap<Option<Vec<u8>>, (u64, u64)> = BTreeMap::new();
    each_line(&normaliser, text, &begins, |_, _, line, kind| {
        fit.lines += 1;
        match kind {
            LineKind::Record => begins_of.entry(begin(line)).or_default().0 += 1,
            LineKind::Joins if !is_stray(line) && !begins_with_clock(line.strip_prefix(b"[").unwrap_or(line)) => {
                begins_of.entry(begin(line)).or_default().1 += 1
            }
            _ => {}
        }
    });
    // Where most lines that begin as heads do are none, their time is read wrongly.
    let goes_on =
        |(begin, (heads, joined)): &(&Option<Vec<u8>>, &(u64, u64))| begin.is_none() || *heads == 0 || joined <= heads;
    fit.joined = begins_of.iter().filter(goes_on).map(|(_, (_, joined))| joined).sum();
    Some(fit)
}

/// How a line begins, each digit and each letter as any other; nothing where no time can be in it.
fn begin(line: &[u8]) -> Option<Vec<u8>> {
    let any = |byte: &u8| match byte {
        b'0'..=b'9' => b'0',
        b'a'..=b'z' | b'A'..=b'Z' => b'a',
        other => *other,
    };
    let begin: Vec<u8> = line.get(..BEGIN_BYTES)?.iter().map(any).collect();
    (begin.iter().filter(|byte| **byte == b'0').count() >= BEGIN_DIGITS_MIN).then_some(begin)
}

/// Whether a word for the severity of an error stands somewhere in a record, whose head is in this line.
fn is_loud(record: &Record, line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let text = [&line, record.body(), record.exception().lines().next().unwrap_or_default()];
    let mut words = text.into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.any(words::is_alarm)
}

/// Whether a text is a file and a line of it, `a/b.go:7`.
fn is_place(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(_, line)| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Everything of every record.
pub fn everything() -> Wanted {
    let all = Want { severity_min: Some(1), text: true, ..Want::default() };
    Wanted { plugins: vec![all] }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::{prop_assert, proptest};

    use super::{Sample, detect, fit};
    use crate::normalise::explain::why_no_record;
    use crate::profile::{KNOWN, known, read_format};

    fn sample(text: String) -> [Sample; 1] {
        [Sample::new("a.log".to_owned(), text.as_bytes(), 0)]
    }

    #[test]
    fn every_known_layout_is_detected_by_its_sample() {
        for layout in &KNOWN {
            let found = detect(&sample(format!("{}\n{}\n", layout.sample, layout.sample)));
            let best = found.first().unwrap_or_else(|| panic!("nothing for {}", layout.name));
            let named = best.section.contains(&format!("kind = \"{}\"", layout.name));
            assert!(named || best.also.contains(&layout.name), "{}: {}", layout.name, best.section);
            assert!(best.total.explained() >= 1.0, "{}", layout.name);
        }
    }

    #[test]
    fn where_most_lines_that_begin_as_heads_are_none_they_do_not_fit() {
        let keys = "pattern = \"{timestamp} {body}\"\ntimestamp = \"%H:%M %d.%m.%Y\"\nzone = \"UTC\"";
        let format = read_format(&format!("[format]\nkind = \"pattern\"\n{keys}\n")).expect("a format");
        let counts = |text: &str| {
            let [sample] = sample(text.to_owned());
            let fit = fit(&format, &sample).expect("a fit");
            (fit.lines, fit.records, fit.joined)
        };
        let head = "08:15 12.10.2026 a\n  at c\nto d and e and f\n";
        let odd = "08:15 12.13.2026 b\n";
        assert_eq!(counts(&format!("{head}{odd}")), (4, 1, 3));
        assert_eq!(counts(&format!("{head}{odd}{odd}")), (5, 1, 2));
    }

    #[test]
    fn records_of_another_layout_are_no_lines_that_go_on() {
        let log = "2026-10-12 08:00:00 INFO beat\n08:00:01.123 [main] ERROR com.acme.Db - failed\n".repeat(9);
        let found = detect(&sample(log));
        assert!(!found.is_empty() && found.iter().all(|candidate| candidate.total.joined == 0), "{found:?}");
    }

    #[test]
    fn of_two_layouts_in_a_file_that_of_most_lines_is_proposed() {
        let most = "2026-10-12 08:00:00,123 INFO  [7] App.Main - Started\n".repeat(12);
        let rest = "2026-10-12 08:03:00.0010|FATAL|App.Main|Unhandled exception\n".repeat(5);
        for log in [format!("{most}{rest}"), format!("{rest}{most}")] {
            let best = detect(&sample(log)).into_iter().next().expect("a format");
            assert_eq!((best.total.records, best.total.joined, best.total.with_severity), (12, 0, 12));
        }
    }

    #[test]
    fn one_line_that_begins_otherwise_hinders_no_pattern() {
        let line = |thread: &str| format!("{thread}:2026-10-12 08:00:00 INFO Acme.Core - Started\n");
        let log = line("main").repeat(19) + &line("pool:3");
        let best = detect(&sample(log)).into_iter().next().expect("a format");
        assert_eq!(best.total.records, 19, "{}", best.section);
    }

    #[test]
    fn elements_of_xml_are_no_logfmt() {
        let event = "<log4j:event logger=\"A.B\" timestamp=\"1791784109658\" level=\"INFO\" thread=\"1\">";
        let lines = format!("{event}\n<log4j:message>Started</log4j:message>\n</log4j:event>\n").repeat(9);
        let one = format!("{event}<log4j:message>Started</log4j:message></log4j:event>\n").repeat(9);
        for log in [lines, one] {
            let found = detect(&sample(log));
            assert!(found.iter().all(|candidate| !candidate.section.contains("logfmt")), "{found:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(lines in vec("[0-9 :,.{}\\[\\]|TZ+=\"/Octéä-]{0,40}", 0..12), junk in any::<String>()) {
            let text = lines.join("\n") + &junk;
            for candidate in detect(&sample(text.clone())) {
                prop_assert!(read_format(&candidate.section).is_ok(), "{}", candidate.section);
                prop_assert!((0.0..=1.0).contains(&candidate.total.explained()));
            }
            for name in ["log4net", "json", "logfmt", "syslog"] {
                let format = known(name).expect("a layout").format();
                for line in text.lines() {
                    prop_assert!(!why_no_record(&format, line).is_empty());
                }
            }
        }
    }
}
