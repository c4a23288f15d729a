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

mod body;
mod clock;
mod detect;
mod ends;
mod epoch;
mod exception;
mod explain;
mod fault;
mod fields;
mod frame;
mod head;
mod heads;
mod json;
mod layout;
mod lines;
mod logfmt;
mod loose;
mod mask;
mod names;
mod nested;
mod pattern;
mod record;
mod records;
mod rules;
mod severity;
mod signature;
mod suggest;
mod swar;
mod symbol;
mod syslog;
mod tally;
mod template;
#[cfg(test)]
mod tests;
mod timestamp;
mod trial;
mod wanted;
mod year;

use std::io::Read;

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use crate::profile::{EventRule, Format, SignatureRule};
use clock::Clock;
pub use detect::{Candidate, Fit, Sample, detect};
pub use fault::{RuleFault, RulePlace, RuleProblem};
use head::{Head, Scanned};
use heads::Heads;
use layout::Layout;
use lines::Buffers;
pub use record::{Record, Value};
pub use records::{Passed, Records};
use rules::Rules;
use severity::Severities;
pub use severity::range_name;
pub use signature::{Signatures, of_message};
pub use suggest::{Suggestion, Unnamed};
pub use symbol::symbol;
pub use tally::Tally;
pub use template::TemplateFault;
pub use trial::{RecordSeen, Seen, Trial, try_lines};
pub use wanted::{Want, Wanted};

/// Raised when the same text and profile give other records than before.
const VERSION: u32 = 2;

/// The format and the event rules of a profile, compiled for what the plugins want.
#[derive(Debug)]
pub struct Normaliser {
    layout: Layout,
    severities: Severities,
    rules: Rules,
    attributes: Vec<String>,
    signatures: Signatures,
    /// Positions of an exception's attributes, where anybody wants one.
    thrown: Option<[Option<usize>; 3]>,
    /// The plugins that want a record for its severity, by severity.
    by_severity: [u64; 25],
    buffers: Buffers,
}

/// Where the reading of a source starts, and what is known before.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Zone of times that carry none.
    pub zone: Tz,
    /// Where the source begins in its generation: at the begin of a line.
    pub offset: u64,
    /// The greatest time before it: resolves an hour that the zone repeats, and times without a year.
    pub latest: Option<i64>,
    /// When the generation was seen first: resolves times without a year where none was before them.
    pub seen: Option<i64>,
    /// Nothing will follow: an unterminated last line is taken as it is, instead of being left for later.
    pub closed: bool,
}

impl Normaliser {
    /// Compiles a format and its rules.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn compile(format: &Format, rules: &[EventRule], wanted: &Wanted) -> Result<Self, Vec<RuleFault>> {
        let mut faults = Vec::new();
        if wanted.plugins.len() > wanted::PLUGINS_MAX {
            let what = RuleProblem::TooManyKpis(wanted.plugins.len());
            faults.push(RuleFault { place: RulePlace::Kpis, what });
        }
        let layout = Layout::compile(&format.layout).map_err(|more| faults.extend(more));
        let attributes = wanted.attributes(rules);
        let rules = Rules::compile(rules, wanted, &attributes).map_err(|more| faults.extend(more));
        let thrown = exception::ATTRIBUTES.map(|name| attributes.iter().position(|known| known == name));
        match (layout, rules) {
            (Ok(layout), Ok(rules)) if faults.is_empty() => Ok(Self {
                layout,
                severities: Severities::new(&format.severities, format.severity_default),
                rules,
                signatures: Signatures::compile(&[], &attributes)?,
                thrown: Some(thrown).filter(|thrown| thrown.iter().any(Option::is_some)),
                attributes,
                by_severity: wanted.by_severity(),
                buffers: Buffers::default(),
            }),
            _ => Err(faults),
        }
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
        Signatures::compile(rules, &self.attributes)
    }

    /// Appends a record's signature, what makes two errors the same; gives the position of the rule behind it, where
    /// there is one.
    pub fn sign(&self, record: &Record, into: &mut String) -> Option<usize> {
        self.signatures.write(record, into)
    }

    /// Digest of everything that shapes records, except zones, which belong to instances. What shapes signatures has a
    /// digest of its own.
    pub fn digest(format: &Format, rules: &[EventRule]) -> [u8; 32] {
        let mut digest = Sha256::new();
        // The types write every field by name, quoted: no two profiles look the same.
        let Format { layout, zone: _, severities, severity_default } = format;
        let shape = format!("{layout:?} {severities:?} {severity_default} {rules:?}");
        digest.update(VERSION.to_le_bytes());
        digest.update(shape.as_bytes());
        digest.finalize().into()
    }

    /// Names of the attributes that any plugin wants, sorted: positions are what [`Record::attribute`] takes.
    pub fn attributes(&self) -> &[String] {
        &self.attributes
    }

    /// Names of the events that rules give and any plugin wants, sorted: positions are [`Record::event`].
    pub fn events(&self) -> &[String] {
        &self.rules.events
    }

    /// Starts to read a source.
    pub fn open<R: Read>(&self, source: R, start: Start) -> Records<'_, R> {
        Records::new(self, source, start)
    }

    /// Whether a line does not join the record before it. Its first 64 KiB are enough; a line end may follow.
    pub fn is_head(&self, line: &[u8]) -> bool {
        self.scan_alone(line) != Scanned::Joins
    }

    /// Whether a record begins with a line.
    pub fn begins_record(&self, line: &[u8]) -> bool {
        self.scan_alone(line) == Scanned::Head
    }

    fn scan_alone(&self, line: &[u8]) -> Scanned {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (mut clock, mut heads) = (Clock::new(Tz::UTC, None, Some(0)), Heads::new());
        self.scan(line, false, &mut clock, &mut heads, &mut Head::default())
    }

    #[inline(always)]
    fn scan(&self, line: &[u8], is_cut: bool, clock: &mut Clock, heads: &mut Heads, into: &mut Head) -> Scanned {
        let is_idle = |severity, logger: &[u8]| self.wanted_for(severity) == 0 && self.rules.of(logger).is_empty();
        let severities = &self.severities;
        match &self.layout {
            Layout::Pattern(pattern) => pattern.scan(line, clock, severities, heads, is_idle, into),
            Layout::Json(json, others) => {
                let scanned = json.scan(line, is_cut, clock, severities, into);
                match others {
                    Some(others) if scanned == Scanned::Head && into.body.span.end == 0 => {
                        others.scan(line, is_cut, clock, severities, into)
                    }
                    _ => scanned,
                }
            }
            other => other.scan_rarer(line, is_cut, clock, severities, into),
        }
    }

    /// The plugins that want a record for its severity.
    #[inline(always)]
    fn wanted_for(&self, severity: u8) -> u64 {
        self.by_severity[usize::from(severity).min(self.by_severity.len() - 1)]
    }
}
