//! Text of log files becomes records.
//!
//! A [`Normaliser`] is compiled once from the profile's format and event rules, for what the plugins want; all threads
//! share it. It opens sources: anything that reads, from any line of a file on. The records come one after the other,
//! and what nobody wants costs no more than finding its end, its time, and who wrote it how gravely.
//!
//! ```text
//! lines ──► head line? (pattern or json, clock, severity) ──► record ──► wanted? (rules, body) ──► signature
//! ```
//!
//! A line longer than 1 MiB, or a record, counts with its first 64 KiB. No text makes it panic, hang, or grow further.

mod alike;
mod body;
mod clock;
mod colour;
mod detect;
mod ends;
mod epoch;
mod exception;
mod explain;
mod fault;
mod fields;
mod form;
mod format;
mod frame;
mod head;
mod heads;
mod joints;
mod json;
mod layout;
mod lines;
mod logfmt;
mod loose;
mod mask;
mod named;
mod names;
mod nested;
mod passing;
mod pattern;
mod recoded;
mod record;
mod records;
mod rendered;
mod rules;
mod severity;
mod shape;
mod signature;
mod spare;
mod stray;
mod suggest;
mod swar;
mod symbol;
mod syslog;
mod tally;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod timestamp;
mod trial;
mod wanted;
mod ways;
mod wide;
mod year;

use std::io::{self, BufRead, BufReader, Read};

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use crate::profile::{self, EventRule, SignatureRule};
pub use alike::Alike;
use body::Span;
use clock::Clock;
pub use detect::{Apart, Candidate, Fit, Lack, Sample, detect, detect_apart, lack};
pub use fault::{RuleFault, RulePlace, RuleProblem};
use format::{FORMATS_MAX, Format};
use head::{Fate, Head, Scanned};
use heads::Heads;
use layout::Layout;
use lines::LineSpares;
pub use passing::{Passed, Told};
pub use record::{Record, Value};
pub use records::Records;
use rules::{Names, Rule, Rules};
pub use severity::range_name;
pub use shape::Shape;
pub use signature::{Signatures, of_message};
pub use suggest::{Suggestion, Unnamed};
pub use swar::same;
pub use symbol::{key, symbol};
pub use tally::{Tally, UNKNOWN_SEVERITY};
pub use template::TemplateFault;
pub use trial::{RecordSeen, Seen, Trial, try_lines};
pub use wanted::{Want, Wanted};
use wide::Decoder;

/// What is read of new bytes to see whether they continue the last record.
const HEAD_LINE_BYTES_MAX: u64 = 64 << 10;
/// A byte order mark, where it stands in the middle of a file that others were joined to.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// The colours of a head begin within these bytes.
const COLOURED_BYTES_MAX: usize = 256;

/// Raised when the same text and profile give other records than before.
const VERSION: u32 = 7;

/// The formats and the event rules of a profile, compiled for what the plugins want.
#[derive(Debug)]
pub struct Normaliser {
    formats: Vec<Format>,
    names: Names,
    signatures: Signatures,
    /// Positions of an exception's attributes, where anybody wants one.
    thrown: Option<[Option<usize>; 3]>,
    /// The plugins that want a record for its severity, by severity.
    by_severity: [u64; 25],
    /// The plugins that want something of a record's text beside what a rule takes out of it.
    of_text: u64,
    spares: LineSpares,
}

/// Where the reading of a source starts, and what is known before.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Zone of times that carry none; none: that of the format.
    pub zone: Option<Tz>,
    /// Where the source begins in its generation: at the begin of a line.
    pub offset: u64,
    /// Up to here it was read before, and faults were counted.
    pub counted: u64,
    /// The greatest time before it: resolves an hour that the zone repeats, times without a year, and records without a
    /// time.
    pub latest: Option<i64>,
    /// When the generation was seen first: resolves the last two where no time was before them.
    pub seen: Option<i64>,
    /// Nothing will follow: an unterminated last line is taken as it is, instead of being left for later.
    pub closed: bool,
    /// The formats that may be its, as [`Normaliser::formats_of`] gives them.
    pub formats: u64,
    /// What was settled of the generation before.
    pub shape: Shape,
}

impl Start {
    /// The begin of a file that may still grow, in whichever format fits it.
    pub const BEGIN: Self = Self {
        zone: None,
        offset: 0,
        counted: 0,
        latest: None,
        seen: None,
        closed: false,
        formats: u64::MAX,
        shape: Shape { format: None, wide: None },
    };
}

impl Default for Start {
    fn default() -> Self {
        Self::BEGIN
    }
}

impl Normaliser {
    /// Compiles formats, and the rules that hold for each.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn compile(formats: &[profile::Format], rules: &[EventRule], wanted: &Wanted) -> Result<Self, Vec<RuleFault>> {
        let mut faults = Vec::new();
        if wanted.plugins.len() > wanted::PLUGINS_MAX {
            let what = RuleProblem::TooManyKpis(wanted.plugins.len());
            faults.push(RuleFault { place: RulePlace::Kpis, what });
        }
        if formats.len() > FORMATS_MAX {
            let what = RuleProblem::TooManyFormats(formats.len());
            faults.push(RuleFault { place: RulePlace::Formats, what });
        }
        let names = Names::new(rules, wanted);
        let mut compiled = Vec::new();
        for (position, format) in formats.iter().enumerate() {
            match Format::compile(position, format, rules, wanted, &names) {
                Ok(format) => compiled.push(format),
                // A rule that is wrong is so in every format that it holds for.
                Err(more) => more.into_iter().for_each(|fault| {
                    if !faults.contains(&fault) {
                        faults.push(fault);
                    }
                }),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let thrown = exception::ATTRIBUTES.map(|name| names.attributes.iter().position(|known| known == name));
        Ok(Self {
            formats: compiled,
            signatures: Signatures::compile(&[], &names.attributes)?,
            thrown: Some(thrown).filter(|thrown| thrown.iter().any(Option::is_some)),
            names,
            by_severity: wanted.by_severity(),
            of_text: wanted.plugins_that(|want| {
                want.text || want.attributes.iter().any(|name| exception::ATTRIBUTES.contains(&name.as_str()))
            }),
            spares: LineSpares::default(),
        })
    }

    /// The same, with rules for signatures.
    ///
    /// # Errors
    /// Every rule that is wrong.
    pub fn with_signatures(self, rules: &[SignatureRule]) -> Result<Self, Vec<RuleFault>> {
        Ok(Self { signatures: self.signatures(rules)?, ..self })
    }

    /// Compiles rules for signatures of the records that this one reads.
    ///
    /// # Errors
    /// Every rule that is wrong.
    pub fn signatures(&self, rules: &[SignatureRule]) -> Result<Signatures, Vec<RuleFault>> {
        Signatures::compile(rules, &self.names.attributes)
    }

    /// Appends a record's signature, what makes two errors the same; gives the position of the rule behind it, where
    /// there is one. `alike` holds what became of messages before.
    pub fn sign(&self, record: &Record, alike: &mut Alike, into: &mut String) -> Option<usize> {
        self.signatures.write(record, alike, into)
    }

    /// Digest of everything that shapes records, except zones, which belong to instances. What shapes signatures has a
    /// digest of its own.
    pub fn digest(formats: &[profile::Format], rules: &[EventRule]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(VERSION.to_le_bytes());
        // The types write every field by name, quoted: no two profiles look the same.
        for format in formats {
            let profile::Format { name, tags, files, encoding, layout, zone: _, severities, severity_default } = format;
            let files = files.as_ref().map(|files| &files.texts);
            let encoding = encoding.map(encoding_rs::Encoding::name);
            let shape =
                format!("{name:?} {tags:?} {files:?} {encoding:?} {layout:?} {severities:?} {severity_default:?}");
            digest.update(shape.as_bytes());
        }
        digest.update(format!("{rules:?}").as_bytes());
        digest.finalize().into()
    }

    /// The formats that are meant for a file of an instance, as bits by position; all, where none is.
    pub fn formats_of(&self, tags: &[String], file: &str) -> u64 {
        let meant = self.formats.iter().enumerate().filter(|(_, format)| format.is_meant(tags, file));
        match meant.map(|(position, _)| 1 << position).sum() {
            0 => u64::MAX,
            meant => meant,
        }
    }

    /// Names of the attributes that any plugin wants, sorted: positions are what [`Record::attribute`] takes.
    pub fn attributes(&self) -> &[String] {
        &self.names.attributes
    }

    /// Names of the events that rules give and any plugin wants, sorted: positions are [`Record::event`].
    pub fn events(&self) -> &[String] {
        &self.names.events
    }

    /// The position of the format that a text has, of those that are meant for its file.
    pub fn format_of(&self, file: &str, text: &[u8]) -> usize {
        let formats = self.formats_of(&[], file);
        let mut records = self.open(text, Start { formats, seen: Some(0), closed: true, ..Start::default() });
        // Memory gives no error.
        let _ = records.peek_time();
        records.into_tally().shape.format.map_or(formats.trailing_zeros() as usize, usize::from)
    }

    /// Starts to read a source.
    pub fn open<R: Read>(&self, source: R, start: Start) -> Records<'_, R> {
        Records::new(self, source, start)
    }

    /// Whether a source begins with a line that joins the record before it, or may do so once it is whole.
    ///
    /// # Errors
    /// What the source gave.
    pub fn continues<R: Read>(&self, source: R, start: Start) -> io::Result<bool> {
        let wide = Some(start.shape.wide.flatten());
        let decoder = Decoder::new(source, start.offset, 0, wide, start.closed).take(HEAD_LINE_BYTES_MAX);
        let mut line = Vec::new();
        let bytes = BufReader::new(decoder).read_until(b'\n', &mut line)?;
        let is_whole = line.ends_with(b"\n") || bytes as u64 == HEAD_LINE_BYTES_MAX || start.closed;
        let format = start.shape.format.and_then(|position| self.formats.get(usize::from(position)));
        Ok(!is_whole || format.is_some_and(|format| !self.is_head(format, &line)))
    }

    /// Whether a line does not join the record before it. Its first 64 KiB are enough; a line end may follow.
    fn is_head(&self, format: &Format, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let is_plain_head = |line: &[u8]| {
            self.scan_alone(format, line) != Scanned::Joins
                || uncovered(line).is_some_and(|(_, line)| self.scan_alone(format, &line) == Scanned::Head)
        };
        is_plain_head(line) || recoded::of_wide(line, format.texts).is_some_and(|(_, line)| is_plain_head(&line))
    }

    /// Whether a line of the first format goes on with the record before it.
    fn joins(&self, line: &[u8]) -> bool {
        self.formats.first().is_some_and(|format| format.layout.has_joins() && !self.is_head(format, line))
    }

    /// Whether a record of the first format begins with a line.
    fn begins_record(&self, line: &[u8]) -> bool {
        self.formats.first().is_some_and(|format| self.scan_alone(format, line) == Scanned::Head)
    }

    fn scan_alone(&self, format: &Format, line: &[u8]) -> Scanned {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (mut clock, mut heads) = (Clock::new(Tz::UTC, None, Some(0)), Heads::new());
        self.scan(format, line, false, &mut clock, &mut heads, &mut Head::default())
    }

    #[inline(always)]
    fn scan(
        &self,
        format: &Format,
        line: &[u8],
        is_cut: bool,
        clock: &mut Clock,
        heads: &mut Heads,
        into: &mut Head,
    ) -> Scanned {
        let fate = |severity, logger: &[u8]| self.fate(&format.rules, severity, format.rules.of(logger));
        let severities = &format.severities;
        match &format.layout {
            Layout::Pattern(pattern) => pattern.scan(line, clock, severities, heads, fate, into),
            Layout::Json(json, others) => {
                let scanned = json.scan(line, is_cut, clock, &mut heads.joints, severities, into);
                if let Some(others) = others
                    && scanned == Scanned::Head
                    && into.body.span.end == 0
                {
                    return others.scan(line, is_cut, clock, severities, into);
                }
                if scanned == Scanned::Head && !into.logger.escaped && into.unknown_severity == Span::default() {
                    into.fate = fate(into.severity, into.logger.span.of(line));
                    heads.ways.learn(json, line, is_cut, into.fate);
                }
                scanned
            }
            other => other.scan_rarer(line, is_cut, clock, severities, into),
        }
    }

    /// What becomes of a record of a severity, by the rules that look at its logger.
    #[inline(always)]
    fn fate(&self, all: &Rules, severity: u8, rules: &[u32]) -> Fate {
        if rules.is_empty() && self.wanted_for(severity) == 0 {
            return Fate::Idle;
        }
        let Some(rule) = all.blind(rules, severity) else { return Fate::Open };
        let fits = all.at(rule);
        match self.wanted_for(fits.severity.unwrap_or(severity)) | fits.wanted {
            0 if fits.counted != 0 => Fate::Counted { rule },
            wanted if self.wants_no_text(wanted) => Fate::Blind { severity, rule },
            _ => Fate::Open,
        }
    }

    /// Writes into a record of a severity what follows from the rule that fits it, if any: its own severity and event, and who
    /// wants it.
    #[inline(always)]
    fn settle(&self, record: &mut Record, severity: u8, rule: Option<&Rule>) {
        let severity = rule.and_then(|rule| rule.severity).unwrap_or(severity);
        let wanted = self.wanted_for(severity) | rule.map_or(0, |rule| rule.wanted);
        (record.wanted, record.severity) = (wanted, severity);
        record.counted = rule.map_or(0, |rule| rule.counted);
        record.event = rule.and_then(|rule| rule.event).filter(|_| wanted | record.counted != 0);
    }

    /// Whether none of these plugins wants something of a record's text beside what a rule takes out of it.
    #[inline(always)]
    fn wants_no_text(&self, plugins: u64) -> bool {
        plugins & self.of_text == 0
    }

    /// The plugins that want a record for its severity.
    #[inline(always)]
    fn wanted_for(&self, severity: u8) -> u64 {
        self.by_severity[usize::from(severity).min(self.by_severity.len() - 1)]
    }
}

/// Whether something may hide the head that a line is.
#[inline(always)]
fn may_hide_head(line: &[u8]) -> bool {
    let begin = &line[..line.len().min(COLOURED_BYTES_MAX)];
    matches!(line.first(), Some(0 | 0xef)) || memchr::memchr(colour::ESCAPE, begin).is_some()
}

/// Bytes at the begin of a line that may hide a head, and the line without them: NUL of a hole in the file, marks of files
/// that were joined, and colours with the blanks behind them, which are blanks further on. None where nothing hides one.
fn uncovered(line: &[u8]) -> Option<(usize, Vec<u8>)> {
    let mut at = 0;
    loop {
        at += match &line[at..] {
            [0, ..] => 1,
            rest if rest.starts_with(MARK) => MARK.len(),
            [b' ', ..] if at > 0 && line[at - 1] != 0 => 1,
            rest if colour::sequence(rest) > 0 => colour::sequence(rest),
            _ => break,
        };
    }
    may_hide_head(line).then(|| {
        let mut bare = line[at..].to_vec();
        colour::blank(&mut bare);
        (at, bare)
    })
}
