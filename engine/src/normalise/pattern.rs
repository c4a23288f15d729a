//! Line patterns: `{timestamp} [{thread}] {severity} {logger} - {body}`.
//!
//! A pattern is compiled to steps that each find the end of one field. A space of the pattern fits one or more spaces,
//! at the end of a line none as well. A field is as short as what follows it allows; the last one takes the rest. A
//! severity may stand directly before the time, and is letters then. A line end of the pattern is one of the log: what is
//! behind it belongs to the second line.

mod gap;
mod second;

use super::body::Span;
use super::clock::Clock;
use super::colour;
use super::fault::{RuleFault, RulePlace, RuleProblem};
use super::fields::Path;
use super::head::{Fate, Field, Head, Scanned};
use super::heads::Heads;
use super::passing::ByHead;
use super::severity::Severities;
use super::swar;
use super::template::{self, Piece};
use super::text::Texts;
use super::timestamp::TimeFormat;
pub use gap::Gap;

/// Fields before the body are looked for in this part of a line: enough for any head, and a bound for the search.
pub const HEAD_BYTES_MAX: usize = 64 << 10;

/// A compiled line pattern.
#[derive(Debug)]
pub struct Pattern {
    steps: Vec<Step>,
    /// The names of the steps' fields; empty where a step is none.
    names: Vec<String>,
    time: TimeFormat,
    /// The steps up to the time and the last field that says nothing, such as a thread.
    first_steps: usize,
    /// What stands behind them and before the body repeats.
    repeats: bool,
    /// The first steps, where they are no more than that, and what follows repeats.
    gap: Option<Gap>,
    /// Steps of the second line, where a head has one.
    second: Option<Vec<Step>>,
}

#[derive(Debug)]
enum Step {
    Literal(Literal),
    Timestamp,
    /// A field and the literal that ends it.
    Field(Name, Literal),
    /// A severity directly before the time: letters.
    Letters,
    /// A field in brackets of which nothing is kept, before the logger: brackets that follow at once belong to it, for no
    /// logger begins with one.
    Brackets(Literal),
    /// A field and the literal that ends the line.
    Closing(Name, Literal),
    /// A field that takes the rest.
    Rest(Name),
}

/// What a field is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Severity,
    Logger,
    Body,
    Other,
}

/// Text between fields; a run of spaces is one.
#[derive(Debug)]
struct Literal {
    text: Box<[u8]>,
    /// Its bytes, where there are no more than eight, as they nearly always stand in a line.
    packed: u64,
    mask: u64,
    ends_blank: bool,
}

impl Pattern {
    /// Compiles a pattern and its time format, of the format at a position.
    ///
    /// # Errors
    /// All that is wrong with either.
    pub fn compile(position: usize, pattern: &str, timestamp: &str, texts: Texts) -> Result<Self, Vec<RuleFault>> {
        let fault = |place, what| RuleFault { place, what };
        let steps = both(pattern, texts).map_err(|what| fault(RulePlace::Pattern(position), what));
        let time = TimeFormat::compile(timestamp).map_err(|what| fault(RulePlace::Timestamp(position), what));
        match (steps, time) {
            (Ok(((steps, names), second)), Ok(time)) => {
                let says_nothing = |step: &Step| {
                    matches!(step, Step::Literal(_) | Step::Timestamp | Step::Field(Name::Other, _) | Step::Brackets(_))
                };
                let first_steps = steps.iter().take_while(|step| says_nothing(step)).count();
                let has_time = steps[..first_steps].iter().any(|step| matches!(step, Step::Timestamp));
                let repeats = has_time && second.is_none() && matches!(steps.last(), Some(Step::Rest(Name::Body)));
                let gap = Gap::of(&steps[..first_steps]).filter(|_| repeats);
                Ok(Self { steps, names, time, first_steps, repeats, gap, second: second.map(|(steps, _)| steps) })
            }
            (steps, time) => Err(steps.err().into_iter().chain(time.err()).collect()),
        }
    }

    /// Reads a line; where it is a head, `into` holds its fields. `fate` gives what a severity and logger decide.
    #[inline(always)]
    pub fn scan(
        &self,
        line: &[u8],
        clock: &mut Clock,
        severities: &Severities,
        heads: &mut Heads,
        fate: impl Fn(u8, &[u8]) -> Fate,
        into: &mut Head,
    ) -> Scanned {
        if let (Some(gap), Some(dated)) = (&self.gap, clock.dated())
            && let Some(time) = dated.read(line)
            && let Some(at) = gap.end(line, dated.end())
            && heads.read(line, at, into)
        {
            (into.time, into.in_gap, into.offset_min) = (time, false, dated.offset_min());
            return Scanned::Head;
        }
        self.scan_steps(line, clock, severities, heads, fate, into)
    }

    /// The same, step by step.
    #[inline(never)]
    fn scan_steps(
        &self,
        line: &[u8],
        clock: &mut Clock,
        severities: &Severities,
        heads: &mut Heads,
        fate: impl Fn(u8, &[u8]) -> Fate,
        into: &mut Head,
    ) -> Scanned {
        let mut walk = Walk { line, at: 0, has_time: false, clock, severities };
        let (first, rest) = self.steps.split_at(self.first_steps);
        if !self.follow(first, &mut walk, into) {
            return walk.no_head();
        }
        if self.repeats && heads.read(line, walk.at, into) {
            return Scanned::Head;
        }
        self.scan_rest(rest, &mut walk, heads, fate, into)
    }

    /// Knows lines by heads that were read before, where the layout is simple enough for that; `first` is what the first
    /// line decides.
    pub fn by_head<'a>(&self, heads: &'a Heads, first: Fate) -> Option<ByHead<'a>> {
        Some(ByHead { gap: self.gap?, heads: heads.known()?, first, held: None })
    }

    /// Reads what is behind the first steps, where it is not known yet.
    #[inline(never)]
    fn scan_rest(
        &self,
        steps: &[Step],
        walk: &mut Walk<'_>,
        heads: &mut Heads,
        fate: impl Fn(u8, &[u8]) -> Fate,
        into: &mut Head,
    ) -> Scanned {
        let (line, from) = (walk.line, walk.at);
        walk.severities.read_none(into);
        (into.logger, into.body) = (Field::default(), Field::default());
        if !self.follow(steps, walk, into) || walk.at != line.len() {
            return walk.no_head();
        }
        let is_known = into.unknown_severity == Span::default();
        let decides = is_known && self.second.is_none();
        into.fate = if decides { fate(into.severity, into.logger.span.of(line)) } else { Fate::Open };
        if is_known && self.repeats && (into.body.span.start as usize) < line.len() {
            heads.keep(line, from, into);
        }
        Scanned::Head
    }

    /// The field of a head line that has this name in the pattern.
    pub fn find(&self, line: &[u8], path: &Path) -> Option<Field> {
        let (Path::Dotted(wanted) | Path::Pointer(wanted)) = path;
        let step = self.names.iter().position(|name| name.as_bytes() == &**wanted)?;
        let mut clock = Clock::new(chrono_tz::Tz::UTC, None, None);
        let mut start = 0;
        for step in &self.steps[..step] {
            start = match step {
                Step::Field(_, literal) => literal.find(line, start)?.1,
                Step::Letters => letters_end(line, start)?,
                Step::Brackets(literal) => literal.close(line, start)?.1,
                Step::Literal(literal) => literal.end(line, start)?,
                Step::Timestamp => start + clock.read(&self.time, &line[start..])?.end,
                Step::Closing(..) | Step::Rest(_) => return None,
            };
        }
        let end = match &self.steps[step] {
            Step::Field(_, literal) => literal.find(line, start)?.0,
            Step::Letters => letters_end(line, start)?,
            Step::Brackets(literal) => {
                let end = literal.close(line, start)?.0;
                // The last of them is the nearest to the logger.
                start += line[start..end].iter().rposition(|byte| *byte == b'[').map_or(0, |at| at + 1);
                end
            }
            Step::Closing(_, literal) => literal.find_last(line, start)?,
            Step::Rest(_) => line.len(),
            Step::Literal(_) | Step::Timestamp => return None,
        };
        Some(trim(line, start, end))
    }

    /// Finds the fields of these steps; false where one does not fit.
    #[inline(always)]
    fn follow(&self, steps: &[Step], walk: &mut Walk<'_>, into: &mut Head) -> bool {
        let line = walk.line;
        let head = &line[..line.len().min(HEAD_BYTES_MAX)];
        for step in steps {
            let (name, start, end) = match step {
                Step::Field(name, literal) => {
                    let Some((end, next)) = literal.find(head, walk.at) else { return false };
                    (*name, std::mem::replace(&mut walk.at, next), end)
                }
                Step::Rest(name) => (*name, std::mem::replace(&mut walk.at, line.len()), line.len()),
                Step::Letters => {
                    let Some(end) = letters_end(head, walk.at) else { return false };
                    (Name::Severity, std::mem::replace(&mut walk.at, end), end)
                }
                Step::Brackets(literal) => {
                    let Some((_, next)) = literal.close(head, walk.at) else { return false };
                    walk.at = next;
                    continue;
                }
                Step::Literal(literal) => {
                    let Some(end) = literal.end(head, walk.at) else { return false };
                    walk.at = end;
                    continue;
                }
                Step::Timestamp => {
                    let Some(stamp) = walk.clock.read(&self.time, &head[walk.at..]) else { return false };
                    (into.time, into.in_gap, into.offset_min) = (stamp.time, stamp.in_gap, stamp.offset_min);
                    walk.has_time = true;
                    walk.at += stamp.end;
                    continue;
                }
                Step::Closing(name, literal) => {
                    let Some(end) = literal.find_last(line, walk.at) else { return false };
                    (*name, std::mem::replace(&mut walk.at, line.len()), end)
                }
            };
            match name {
                Name::Severity => walk.severities.read(trim(line, start, end), line, into),
                Name::Logger => into.logger = trim(line, start, end),
                Name::Body => into.body = Field::plain(start, end),
                Name::Other => {}
            }
        }
        true
    }
}

/// A line that is being read, up to `at`.
struct Walk<'a> {
    line: &'a [u8],
    at: usize,
    has_time: bool,
    clock: &'a mut Clock,
    severities: &'a Severities,
}

impl Walk<'_> {
    /// A line with a time that does not fit is no continuation.
    #[cold]
    fn no_head(&self) -> Scanned {
        if self.has_time { Scanned::Unparsed } else { Scanned::Joins }
    }
}

/// Where letters end; none where there are none. Out of the way of the other steps.
#[inline(never)]
fn letters_end(line: &[u8], from: usize) -> Option<usize> {
    let letters = line.get(from..)?.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    (letters > 0).then_some(from + letters)
}

/// A field without the padding that stands on one side or the other.
#[inline(always)]
fn trim(line: &[u8], start: usize, end: usize) -> Field {
    match &line[start..end] {
        padded @ ([b' ', ..] | [.., b' ']) => {
            let start = start + padded.len() - padded.trim_ascii_start().len();
            Field::plain(start, start + line[start..end].trim_ascii_end().len())
        }
        [0x1b, ..] => {
            let (start, end) = colour::bare(line, start, end);
            Field::plain(start, end)
        }
        _ => Field::plain(start, end),
    }
}

/// Steps, and the names of their fields.
type Named = (Vec<Step>, Vec<String>);

/// The steps of a pattern's first line, and those of a second one.
fn both(pattern: &str, texts: Texts) -> Result<(Named, Option<Named>), RuleProblem> {
    let (first, second) = pattern.split_once('\n').map_or((pattern, None), |(first, second)| (first, Some(second)));
    if second.is_some_and(|second| second.contains('\n')) {
        return Err(RuleProblem::ManyLines);
    }
    let named = steps(first, texts)?;
    if !named.0.iter().any(|step| matches!(step, Step::Timestamp)) {
        return Err(RuleProblem::NoTimestamp);
    }
    Ok((named, second.map(|second| steps(second, texts)).transpose()?))
}

/// The steps of a line of a pattern.
fn steps(pattern: &str, texts: Texts) -> Result<Named, RuleProblem> {
    let pieces = template::parse_line(pattern)?;
    let (mut steps, mut names) = (Vec::new(), Vec::new());
    let mut pieces = pieces.into_iter().peekable();
    while let Some(piece) = pieces.next() {
        let name = match piece {
            Piece::Literal(text) => {
                steps.push(Step::Literal(Literal::new(texts.encode(&text))));
                names.push(String::new());
                continue;
            }
            Piece::Place { name, kind: Some(kind) } => {
                return Err(RuleProblem::TypedField(format!("{name}:{kind}")));
            }
            Piece::Place { name, kind: None } => name,
        };
        let known = match name.as_str() {
            "timestamp" => {
                steps.push(Step::Timestamp);
                names.push(String::new());
                continue;
            }
            "severity" => Name::Severity,
            "logger" => Name::Logger,
            "body" => Name::Body,
            _ => Name::Other,
        };
        names.push(name);
        steps.push(match pieces.next_if(|next| matches!(next, Piece::Literal(_))) {
            Some(Piece::Literal(text)) if pieces.peek().is_some() => {
                let literal = Literal::new(texts.encode(&text));
                let is_logger = |next: &Piece| matches!(next, Piece::Place { name, .. } if name == "logger");
                if known == Name::Other && text == "] " && pieces.peek().is_some_and(is_logger) {
                    Step::Brackets(literal)
                } else {
                    Step::Field(known, literal)
                }
            }
            None if pieces.peek().is_some() => Step::Letters,
            Some(Piece::Literal(text)) => Step::Closing(known, Literal::new(texts.encode(&text))),
            _ => Step::Rest(known),
        });
    }
    Ok((steps, names))
}

impl Literal {
    fn new(mut text: Vec<u8>) -> Self {
        text.dedup_by(|a, b| *a == b' ' && *b == b' ');
        let is_short = text.len() <= 8;
        let mask = if is_short { u64::MAX >> (64 - 8 * text.len()) } else { 0 };
        // What no bytes can equal sends a long literal the slow way.
        let packed = if is_short { swar::pack(&text) } else { 1 };
        Self { ends_blank: text.ends_with(b" "), text: text.into(), packed, mask }
    }

    /// Where the literal ends, if it stands at `at`.
    #[inline(always)]
    fn end(&self, line: &[u8], at: usize) -> Option<usize> {
        match swar::eight(line, at) {
            Some(bytes) if bytes & self.mask == self.packed => {
                let end = at + self.text.len();
                // A branch, not a calculation: the next field need not wait for it.
                Some(if self.ends_blank { swar::skip(line, end, b' ') } else { end })
            }
            _ => self.end_spaced(line, at),
        }
    }

    /// The same where spaces within the literal are many, or the line ends soon.
    fn end_spaced(&self, line: &[u8], mut at: usize) -> Option<usize> {
        for &byte in &self.text {
            if line.get(at) != Some(&byte) {
                // Editors and loggers drop spaces at the end of a line.
                return (byte == b' ' && at == line.len()).then_some(at);
            }
            at += 1;
            if byte == b' ' {
                at = swar::skip(line, at, b' ');
            }
        }
        Some(at)
    }

    /// Begin and end of the literal where it stands first.
    #[inline(always)]
    fn find(&self, line: &[u8], from: usize) -> Option<(usize, usize)> {
        let first = *self.text.first()?;
        let mut at = from;
        loop {
            at = swar::find(line, at, first)?;
            if let Some(end) = self.end(line, at) {
                return Some((at, end));
            }
            at += 1;
        }
    }

    /// The same behind the last of brackets that follow each other, which all end with the literal.
    #[inline(always)]
    fn close(&self, line: &[u8], from: usize) -> Option<(usize, usize)> {
        let mut found = self.find(line, from)?;
        while line.get(found.1) == Some(&b'[') {
            found = self.find(line, found.1)?;
        }
        Some(found)
    }

    /// Begin of the literal that ends the line.
    fn find_last(&self, line: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let (start, end) = self.find(line, at)?;
            if end == line.len() {
                return Some(start);
            }
            at = start + 1;
        }
    }
}

#[cfg(test)]
mod tests;
