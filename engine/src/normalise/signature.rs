//! Signatures: what makes two errors the same.
//!
//! A rule of the profile that fits gives its name. Else it is `{logger} {SEVERITY}: ` and then the first that there is
//! of: the record's error code; the type of its exception, what caused it, and the topmost frames without line
//! numbers; the first line of the message with its variable parts masked.

use sha2::{Digest, Sha256};

use super::alike::Alike;
use super::body::{BodyPattern, Captured};
use super::colour;
use super::exception::{self, Thrown, lines};
use super::fault::{RuleFault, RulePlace, RuleProblem};
use super::mask;
use super::named::{cause, exception_type};
use super::record::{Record, Value};
use super::records::first_line;
use super::severity::range_name;
use super::template::{self, Piece};
use crate::profile::{SIGNATURE_PLACE, SignatureRule};

/// Raised when a record gets another signature than before.
const VERSION: u32 = 11;

/// What is looked at of a message.
const MESSAGE_BYTES_MAX: usize = 4096;
/// What is kept of it when it is masked: a signature is a line to read.
const SIGNATURE_BYTES_MAX: usize = 1024;
/// The attribute that says which error it is.
pub const CODE: &str = "error.code";
/// Attributes that hold a user's name.
pub const USERS: [&str; 3] = ["user.id", "user.name", "enduser.id"];
/// Shorter names are as often a part of something else.
const USER_BYTES_MIN: usize = 2;

/// Gives signatures by the rules of a profile.
#[derive(Debug, Default)]
pub struct Signatures {
    rules: Vec<Rule>,
    /// Position of the attribute that holds the error code.
    code: Option<usize>,
    /// Positions of the attributes that hold users' names.
    users: Vec<usize>,
}

/// A compiled rule.
#[derive(Debug)]
struct Rule {
    conditions: SignatureRule,
    body: Option<BodyPattern>,
    /// What the body captures.
    captures: usize,
    name: Vec<Part>,
}

/// A part of a rule's name.
#[derive(Debug)]
enum Part {
    Text(String),
    /// What the body captured at a position.
    Captured(usize),
    /// The signature without the rule.
    Default,
}

impl Signatures {
    /// Compiles rules; `attributes` are those that records carry, sorted.
    ///
    /// # Errors
    /// Every rule that is wrong.
    pub fn compile(rules: &[SignatureRule], attributes: &[String]) -> Result<Self, Vec<RuleFault>> {
        let attribute = |name: &str| attributes.iter().position(|known| known == name);
        let mut faults = Vec::new();
        let mut compiled = Vec::new();
        for (position, rule) in rules.iter().enumerate() {
            match Rule::compile(rule) {
                Ok(rule) => compiled.push(rule),
                Err(what) => faults.push(RuleFault { place: RulePlace::Signature(position), what }),
            }
        }
        let users = USERS.iter().filter_map(|name| attribute(name)).collect();
        if faults.is_empty() { Ok(Self { rules: compiled, code: attribute(CODE), users }) } else { Err(faults) }
    }

    /// Digest of everything that shapes signatures, beside the records.
    pub fn digest(rules: &[SignatureRule]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(VERSION.to_le_bytes());
        // The types write every field by name, quoted: no two profiles look the same.
        digest.update(format!("{rules:?}").as_bytes());
        digest.finalize().into()
    }

    /// Appends a record's signature; gives the position of the rule behind it, where there is one. `alike` holds what became of
    /// messages before.
    pub fn write(&self, record: &Record, alike: &mut Alike, into: &mut String) -> Option<usize> {
        let code = self.code.map_or(Value::None, |code| record.attribute(code));
        let start = into.len();
        let fitting = |(position, rule): (usize, &Rule)| rule.fit(record, code).map(|captures| (position, captures));
        let found = self.rules.iter().enumerate().find_map(fitting);
        match &found {
            Some((position, captures)) => {
                for part in &self.rules[*position].name {
                    match part {
                        Part::Text(text) => into.push_str(text),
                        Part::Captured(capture) => push_captured(captures[*capture], record, into),
                        Part::Default => self.write_default(record, code, alike, into),
                    }
                }
                cut(start, into);
            }
            None => self.write_default(record, code, alike, into),
        }
        found.map(|(position, _)| position)
    }

    fn write_default(&self, record: &Record, code: Value<'_>, alike: &mut Alike, into: &mut String) {
        into.extend([record.logger(), " ", range_name(record.severity), ": "]);
        match code {
            Value::Text(code) if !code.trim().is_empty() => return into.push_str(code.trim()),
            Value::Int(code) => return into.push_str(&code.to_string()),
            _ => {}
        }
        let users = self.users.iter().filter_map(|user| match record.attribute(*user) {
            Value::Text(name) if name.len() >= USER_BYTES_MIN => Some(name),
            _ => None,
        });
        let users: Vec<&str> = users.collect();
        let (body, exception) = (record.body(), record.exception());
        let write = |into: &mut String| write_error(body, exception, &users, into);
        if users.is_empty() { alike.write(body, exception, into, write) } else { write(into) }
    }
}

impl Rule {
    fn compile(rule: &SignatureRule) -> Result<Self, RuleProblem> {
        let name = template::parse(&rule.name)?;
        let mut captured: Vec<String> = Vec::new();
        let mut parts = Vec::new();
        for piece in name {
            parts.push(match piece {
                Piece::Literal(text) => Part::Text(text),
                Piece::Place { name, .. } if name == SIGNATURE_PLACE => Part::Default,
                Piece::Place { name, .. } => {
                    captured.push(name);
                    Part::Captured(captured.len() - 1)
                }
            });
        }
        let position = |name: &str| captured.iter().position(|known| known == name);
        let body = rule.body.as_deref().map(|body| BodyPattern::compile(body, position)).transpose()?;
        Ok(Self { conditions: rule.clone(), body, captures: captured.len(), name: parts })
    }

    /// What the body captures, where the rule fits.
    fn fit(&self, record: &Record, code: Value<'_>) -> Option<Vec<Captured>> {
        let SignatureRule { logger, severity_min, code: wanted, exception, .. } = &self.conditions;
        let is_code = |wanted: &String| match code {
            Value::Text(code) => code.trim() == wanted,
            Value::Int(code) => code.to_string() == *wanted,
            Value::None => false,
        };
        let is_thrown = |kind: &String| {
            let is_kind = |thrown: &str| {
                thrown.strip_suffix(kind.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.'))
            };
            let (body, exception) = (record.body(), record.exception());
            exception::chain(body, exception).iter().any(|thrown| is_kind(thrown.kind))
                || exception::causes(body, exception).any(is_kind)
        };
        let fits = logger.as_ref().is_none_or(|logger| record.logger() == logger)
            && severity_min.is_none_or(|least| record.severity >= least)
            && wanted.as_ref().is_none_or(is_code);
        if !fits {
            return None;
        }
        let mut captures = vec![Captured::None; self.captures];
        let body = first_line(record.body().as_bytes());
        let fits = self.body.as_ref().is_none_or(|pattern| pattern.captures(body, &mut captures));
        (fits && exception.as_ref().is_none_or(is_thrown)).then_some(captures)
    }
}

fn push_captured(captured: Captured, record: &Record, into: &mut String) {
    match captured {
        Captured::Text(span) => {
            let text = record.body().get(span.start as usize..span.end as usize).unwrap_or_default();
            into.extend(text.chars().map(|char| if char.is_control() { ' ' } else { char }));
        }
        Captured::Int(number) => into.push_str(&number.to_string()),
        Captured::None => {}
    }
}

/// Appends what a message says, or an exception, with its variable parts masked.
pub(super) fn write_error(body: &str, exception: &str, users: &[&str], into: &mut String) {
    let chain = exception::chain(body, exception);
    let thrown = chain.iter().rfind(|thrown| !thrown.frames.is_empty());
    match (chain.first(), thrown) {
        (Some(first), Some(thrown)) => {
            if first.kind.is_empty() {
                mask_line(body, users, into);
            }
            write_thrown(first, thrown, chain.last(), into);
        }
        // Without a stack, the message says more than the type.
        (Some(first), None)
            if !lines(body).any(|line| exception_type(line).or_else(|| cause(line.trim_start())).is_some()) =>
        {
            into.push_str(first.kind);
            if first.rest.starts_with(|char: char| char != ':' && char != ' ') {
                into.push_str(": ");
            }
            mask_line(first.rest, users, into);
            if !first.file.is_empty() {
                into.extend([" at ", first.file]);
            }
        }
        _ => mask_line(body, users, into),
    }
}

/// Appends the type that was logged, the type that began it, and where that was thrown.
fn write_thrown(first: &Thrown<'_>, thrown: &Thrown<'_>, last: Option<&Thrown<'_>>, into: &mut String) {
    let start = into.len();
    into.push_str(first.kind);
    if let Some(last) = last.filter(|last| last.kind != first.kind) {
        into.extend([" caused by ", last.kind]);
    }
    for frame in &thrown.frames {
        into.extend([" at ", frame]);
    }
    cut(start, into);
}

/// The signature of a plain message: its first line, masked.
pub fn of_message(message: &str) -> String {
    let mut text = String::new();
    mask_line(message, &[], &mut text);
    text
}

/// Appends the first line of a message, masked.
fn mask_line(message: &str, users: &[&str], into: &mut String) {
    let line = lines(message).next().unwrap_or_default();
    let coloured = memchr::memchr(colour::ESCAPE, line.as_bytes()).map(|_| colour::without(line));
    let line = coloured.as_deref().unwrap_or(line).trim();
    // A message that stands in quotes as a whole is no value within another.
    let quoted = line.strip_prefix('"').and_then(|line| line.strip_suffix('"'));
    let line = quoted.filter(|line| !line.contains('"')).unwrap_or(line);
    let start = into.len();
    mask::write(&line[..line.floor_char_boundary(MESSAGE_BYTES_MAX)], users, into);
    cut(start, into);
}

fn cut(start: usize, into: &mut String) {
    into.truncate(into.floor_char_boundary(start + SIGNATURE_BYTES_MAX));
}
