//! A format of the profile, compiled: how its lines are read, and which files have it.

use chrono_tz::Tz;
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};
use globset::GlobSet;

use super::Start;
use super::clock::Clock;
use super::fault::RuleFault;
use super::heads::Heads;
use super::layout::Layout;
use super::rules::{Names, Rules};
use super::severity::Severities;
use super::shape::Wide;
use super::spare::{Lent, Spares};
use super::text::Texts;
use super::wanted::Wanted;
use crate::profile::{self, EventRule, ForTags};

/// Formats of a profile at most: one bit each.
pub const FORMATS_MAX: usize = 64;

/// A compiled format.
#[derive(Debug)]
pub struct Format {
    pub layout: Layout,
    pub severities: Severities,
    pub rules: Rules,
    /// How bytes of its records become text.
    pub texts: Texts,
    /// Whether it is UTF-16, where the profile says it.
    pub wide: Option<Option<Wide>>,
    /// Zone of times that carry none, at instances without a zone of their own.
    pub zone: Tz,
    tags: ForTags,
    files: Option<GlobSet>,
    heads: Spares<Heads>,
}

impl Format {
    /// Compiles the format at a position, with the rules that hold for it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(
        position: usize,
        format: &profile::Format,
        rules: &[EventRule],
        wanted: &Wanted,
        names: &Names,
    ) -> Result<Self, Vec<RuleFault>> {
        let texts = Texts::new(format.encoding.filter(|encoding| ![UTF_8, UTF_16LE, UTF_16BE].contains(encoding)));
        let mut faults = Vec::new();
        let layout = Layout::compile(position, &format.layout, texts).map_err(|more| faults.extend(more));
        let holds = |rule: &EventRule| {
            rule.formats.is_empty() || format.name.as_ref().is_some_and(|name| rule.formats.contains(name))
        };
        let rules = Rules::compile(rules, holds, texts, wanted, names);
        let rules = rules.map_err(|more| faults.extend(more));
        match (layout, rules) {
            (Ok(layout), Ok(rules)) => Ok(Self {
                layout,
                severities: Severities::new(&format.severities, format.severity_default),
                rules,
                texts,
                wide: format.encoding.map(|encoding| match encoding {
                    encoding if encoding == UTF_16LE => Some(Wide::Little),
                    encoding if encoding == UTF_16BE => Some(Wide::Big),
                    _ => None,
                }),
                zone: format.zone,
                tags: format.tags.clone(),
                files: format.files.as_ref().map(|files| files.set.clone()),
                heads: Spares::default(),
            }),
            _ => Err(faults),
        }
    }

    /// A clock for the times of a source.
    pub fn clock(&self, start: &Start) -> Clock {
        Clock::new(start.zone.unwrap_or(self.zone), start.latest, start.seen)
    }

    /// Heads for a source, with those that others had.
    pub fn heads(&self) -> Lent<'_, Heads> {
        self.heads.lend(Heads::new, |_| true)
    }

    /// Whether the format is meant for a file of an instance.
    pub fn is_meant(&self, tags: &[String], file: &str) -> bool {
        self.tags.allow(tags) && self.files.as_ref().is_none_or(|files| files.is_match(file))
    }
}
