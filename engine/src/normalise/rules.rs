//! Event rules: which one names a record, found by its logger.

use std::collections::{BTreeMap, BTreeSet};

use super::body::{BodyPattern, Captured, Kind, Span};
use super::fault::{RuleFault, RulePlace, RuleProblem};
use super::fields::Path;
use super::layout::Layout;
use super::record::Detail;
use super::signature;
use super::swar::Key;
use super::text::Texts;
use super::wanted::Wanted;
use crate::profile::EventRule;

/// Names that positions stand for, sorted.
#[derive(Debug)]
pub struct Names {
    /// Events that rules give and somebody wants or counts.
    pub events: Vec<String>,
    /// Attributes that somebody wants.
    pub attributes: Vec<String>,
}

impl Names {
    /// The names of all rules.
    pub fn new(rules: &[EventRule], wanted: &Wanted) -> Self {
        let asked: BTreeSet<&String> =
            wanted.plugins.iter().flat_map(|want| want.events.iter().chain(&want.counted)).collect();
        let named: BTreeSet<&String> =
            rules.iter().map(|rule| &rule.name).filter(|name| asked.contains(name)).collect();
        Self { events: named.into_iter().cloned().collect(), attributes: wanted.attributes(rules) }
    }
}

/// The compiled event rules of a format.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Rules by logger, in their order; found by the hash of the logger.
    slots: Vec<Option<Slot>>,
    shift: u32,
    /// Rules for loggers that no rule names.
    others: Box<[u32]>,
}

/// A compiled event rule.
#[derive(Debug)]
pub struct Rule {
    severity_min: u8,
    body: Option<BodyPattern>,
    /// Attributes that stand in other fields of the line.
    fields: Vec<FieldRule>,
    /// Severity that the record gets instead of its own.
    pub severity: Option<u8>,
    /// Position of the event's name; none where nobody wants or counts it.
    pub event: Option<u16>,
    /// The plugins that want the event, as bits.
    pub wanted: u64,
    /// The plugins that count it.
    pub counted: u64,
    /// It tells which error a record is, or whose name its signature leaves out.
    shapes_signature: bool,
    /// Nothing of a record's text makes a difference to it.
    reads_nothing: bool,
}

/// An attribute that a field of the line holds.
#[derive(Debug)]
struct FieldRule {
    attribute: usize,
    kind: Kind,
    path: Path,
}

#[derive(Debug)]
struct Slot {
    key: Key,
    logger: Box<[u8]>,
    rules: Box<[u32]>,
}

impl Rules {
    /// Compiles those rules that hold, for what is wanted. Loggers stand in lines as these texts.
    ///
    /// # Errors
    /// Every rule that is wrong.
    pub fn compile(
        rules: &[EventRule],
        holds: impl Fn(&EventRule) -> bool,
        texts: Texts,
        wanted: &Wanted,
        names: &Names,
    ) -> Result<Self, Vec<RuleFault>> {
        let Names { events, attributes } = names;
        let attribute = |name: &str| attributes.binary_search_by(|known| known.as_str().cmp(name)).ok();
        let has_signatures = wanted.plugins.iter().any(|want| want.text);
        let shaping = [signature::CODE].into_iter().chain(signature::USERS).filter(|_| has_signatures);
        let shaping: Vec<usize> = shaping.filter_map(attribute).collect();
        let mut faults = Vec::new();
        let (mut compiled, mut held) = (Vec::new(), Vec::new());
        for (position, rule) in rules.iter().enumerate().filter(|(_, rule)| holds(rule)) {
            held.push(rule);
            let body = rule.body.as_deref().map(|body| BodyPattern::compile(body, attribute)).transpose();
            match body.and_then(|body| Ok((body, fields(rule, attribute)?))) {
                Ok((body, fields)) => compiled.push(Rule {
                    shapes_signature: shaping.iter().any(|attribute| takes(&body, &fields, *attribute)),
                    reads_nothing: body.is_none() && fields.is_empty(),
                    severity_min: rule.severity_min.unwrap_or(0),
                    body,
                    fields,
                    severity: rule.severity,
                    event: events.binary_search(&rule.name).ok().map(|event| event as u16),
                    wanted: wanted.plugins_that(|want| want.events.contains(&rule.name)),
                    counted: wanted.plugins_that(|want| want.counted.contains(&rule.name)),
                }),
                Err(what) => faults.push(RuleFault { place: RulePlace::Body(position), what }),
            }
        }
        if faults.is_empty() { Ok(Self::dispatched(compiled, &held, texts)) } else { Err(faults) }
    }

    fn dispatched(compiled: Vec<Rule>, rules: &[&EventRule], texts: Texts) -> Self {
        let named: BTreeSet<&str> = rules.iter().filter_map(|rule| rule.logger.as_deref()).collect();
        // As the text is, and as it stands in a file.
        let both =
            named.iter().flat_map(|logger| [(logger.as_bytes().to_vec(), *logger), (texts.encode(logger), logger)]);
        let loggers: BTreeMap<Vec<u8>, &str> = both.collect();
        // Three slots of four are free: few searches take more than one step.
        let size = (loggers.len() * 4).next_power_of_two().max(2);
        let mut slots: Vec<Option<Slot>> = (0..size).map(|_| None).collect();
        let shift = u64::BITS - size.ilog2();
        for (written, logger) in loggers {
            let key = Key::new(&written);
            let mut slot = (key.hash() >> shift) as usize;
            while slots[slot].is_some() {
                slot = (slot + 1) % size;
            }
            let rules = candidates(&compiled, rules, Some(logger));
            slots[slot] = Some(Slot { key, logger: written.into(), rules });
        }
        let others = candidates(&compiled, rules, None);
        Self { rules: compiled, slots, shift, others }
    }

    /// The rules that look at a logger.
    #[inline(always)]
    pub fn of(&self, logger: &[u8]) -> &[u32] {
        let key = Key::new(logger);
        let mut slot = (key.hash() >> self.shift) as usize;
        while let Some(known) = &self.slots[slot] {
            if known.key == key && (!key.is_partial() || *known.logger == *logger) {
                return &known.rules;
            }
            slot = (slot + 1) % self.slots.len();
        }
        &self.others
    }

    /// The rule that fits a record of this severity, where that is sure without a look at its text, and where it takes
    /// nothing out of it.
    #[inline(always)]
    pub fn blind(&self, candidates: &[u32], severity: u8) -> Option<u16> {
        let position = *candidates.first()?;
        let rule = &self.rules[position as usize];
        u16::try_from(position).ok().filter(|_| rule.reads_nothing && severity >= rule.severity_min)
    }

    /// The rule at a position.
    #[inline(always)]
    pub fn at(&self, position: u16) -> &Rule {
        &self.rules[usize::from(position)]
    }

    /// The first of these rules that fits; `captures` then holds what it took.
    pub fn first(&self, candidates: &[u32], severity: u8, body: &[u8], captures: &mut [Captured]) -> Option<&Rule> {
        candidates.iter().map(|candidate| &self.rules[*candidate as usize]).find(|rule| {
            severity >= rule.severity_min
                && rule.body.as_ref().is_none_or(|pattern| {
                    let fits = pattern.captures(body, captures);
                    if !fits {
                        captures.fill(Captured::None);
                    }
                    fits
                })
        })
    }
}

impl Rule {
    /// Takes the attributes out of other fields of the head line; true where a value held bytes that are no text.
    pub fn take_fields(&self, layout: &Layout, texts: Texts, line: &[u8], detail: &mut Detail) -> bool {
        let mut is_lossy = false;
        for FieldRule { attribute, kind, path } in &self.fields {
            let Some(field) = layout.find(line, path) else { continue };
            let start = detail.text.len() - detail.logger_end;
            is_lossy |= texts.push(field, line, &mut detail.text);
            let value = &detail.text.as_bytes()[detail.logger_end..];
            detail.captures[*attribute] = match kind {
                Kind::Text => Captured::Text(Span::new(start, value.len())),
                kind => kind.read(value, start, value.len()).unwrap_or_default(),
            };
        }
        is_lossy
    }
}

/// Whether a rule takes the attribute at a position.
fn takes(body: &Option<BodyPattern>, fields: &[FieldRule], attribute: usize) -> bool {
    body.as_ref().is_some_and(|body| body.takes(attribute)) || fields.iter().any(|field| field.attribute == attribute)
}

/// What a rule takes out of other fields, as far as somebody wants it.
fn fields(rule: &EventRule, attribute: impl Fn(&str) -> Option<usize>) -> Result<Vec<FieldRule>, RuleProblem> {
    let mut fields = Vec::new();
    for (name, path) in &rule.fields {
        let (name, kind) = name.split_once(':').map_or((name.as_str(), None), |(name, kind)| (name, Some(kind)));
        let kind = Kind::compile(name, kind)?;
        fields.extend(attribute(name).map(|attribute| FieldRule { attribute, kind, path: Path::new(path) }));
    }
    Ok(fields)
}

/// The rules that can make a difference to records of a logger, in their order.
fn candidates(compiled: &[Rule], rules: &[&EventRule], logger: Option<&str>) -> Box<[u32]> {
    let mut candidates: Vec<u32> = Vec::new();
    for (position, rule) in rules.iter().enumerate() {
        if rule.logger.is_none() || rule.logger.as_deref() == logger {
            candidates.push(position as u32);
            if rule.body.is_none() && rule.severity_min.is_none() {
                // It fits everything: later rules never get a turn.
                break;
            }
        }
    }
    // A rule that nobody wants or counts only keeps later ones from the record: behind the last other one it does nothing.
    let matters = |position: &u32| {
        let rule = &compiled[*position as usize];
        rule.wanted | rule.counted != 0 || rule.severity.is_some() || rule.shapes_signature
    };
    candidates.truncate(candidates.iter().rposition(matters).map_or(0, |last| last + 1));
    candidates.into()
}
