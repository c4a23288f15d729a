//! Lines that name their fields, JSON and logfmt: which names stand for which part of a record.

use super::clock::{Clock, Stamp};
use super::head::{Fate, Field, Head};
use super::json::unescape;
use super::severity::Severities;
use super::timestamp::TimeFormat;
use crate::profile::Fields;

/// Parts of a record that fields hold: timestamp, severity, logger, body, exception.
pub const PARTS: usize = 5;

/// A field that is looked for.
#[derive(Debug)]
pub struct Target {
    /// The part that it holds.
    pub part: usize,
    /// Of two fields of one part that stands first in the profile which has the lesser.
    pub rank: usize,
    pub path: Path,
}

/// Where a field stands.
#[derive(Debug, Clone)]
pub enum Path {
    /// Names with dots between them, each a name of its own or a part of one: `log.level`.
    Dotted(Box<[u8]>),
    /// A JSON pointer, `/log/level`; without the first slash, and as it stands in a line.
    Pointer(Box<[u8]>),
}

/// Fields by part, each with its rank.
pub type Found = [Option<(usize, Field)>; PARTS];

impl Path {
    pub fn new(text: &str) -> Self {
        match text.strip_prefix('/') {
            Some(pointer) => Self::Pointer(pointer.as_bytes().into()),
            None => Self::Dotted(text.as_bytes().into()),
        }
    }

    /// What is left of the path behind a name; nothing where the name is all of it.
    pub fn behind<'p>(path: &'p [u8], separator: u8, name: &[u8]) -> Option<&'p [u8]> {
        match path.strip_prefix(name)? {
            [] => Some(&[]),
            [first, rest @ ..] if *first == separator => Some(rest),
            _ => None,
        }
    }
}

/// All fields of a layout.
pub fn targets(fields: &Fields) -> Vec<Target> {
    let parts = [&fields.timestamp, &fields.severity, &fields.logger, &fields.body, &fields.exception];
    let of = |(part, names): (usize, &Vec<String>)| {
        let target = move |(rank, name): (usize, &String)| Target { part, rank, path: Path::new(name) };
        names.iter().enumerate().map(target).collect::<Vec<_>>()
    };
    parts.into_iter().enumerate().flat_map(of).collect()
}

/// Takes a field for a part, unless a better one is there: one of another name that is empty is none.
pub fn offer(found: &mut Found, target: &Target, field: Field) {
    let slot = &mut found[target.part];
    if slot
        .is_none_or(|(rank, before)| target.rank == rank || (field.is_empty(), target.rank) < (before.is_empty(), rank))
    {
        *slot = Some((target.rank, field));
    }
}

/// Writes what was found as the head of a record; none where its time cannot be read.
pub fn head(
    found: &Found,
    line: &[u8],
    time: &TimeFormat,
    clock: &mut Clock,
    severities: &Severities,
    into: &mut Head,
) -> Option<()> {
    let [timestamp, severity, logger, body, exception] = found.map(|slot| slot.map(|(_, field)| field));
    let stamp = stamp(timestamp?, line, time, clock)?;
    (into.time, into.in_gap, into.offset_min) = (stamp.time, stamp.in_gap, stamp.offset_min);
    match severity {
        Some(field) => severities.read(field, line, into),
        None => severities.read_none(into),
    }
    into.logger = logger.unwrap_or_default();
    into.body = body.unwrap_or_default();
    into.exception = exception.unwrap_or_default();
    into.fate = Fate::Open;
    Some(())
}

/// Reads a time that must be all of its field.
fn stamp(field: Field, line: &[u8], time: &TimeFormat, clock: &mut Clock) -> Option<Stamp> {
    let mut plain = String::new();
    let text = if field.escaped {
        unescape(field.span.of(line), &mut plain);
        plain.as_bytes()
    } else {
        field.span.of(line)
    };
    clock.read(time, text).filter(|stamp| stamp.end == text.len())
}
