//! The layouts of lines behind one scan.

use super::clock::Clock;
use super::fault::{RuleFault, RulePlace};
use super::fields::Path;
use super::head::{Field, Head, Scanned};
use super::json::Json;
use super::logfmt::{self, Logfmt};
use super::nested::{self, Nested};
use super::pattern::Pattern;
use super::severity::Severities;
use super::syslog::Syslog;
use super::text::Texts;
use super::timestamp::TimeFormat;
use crate::profile::{self, Fields};

/// How a line becomes the head of a record.
#[derive(Debug)]
pub enum Layout {
    Pattern(Pattern),
    /// Fields of the object itself, by one name each. Where the message goes by another name, the second one looks
    /// for it.
    Json(Json, Option<Nested>),
    Nested(Nested),
    Logfmt(Logfmt),
    Syslog(Syslog),
}

impl Layout {
    /// Compiles the layout of the format at a position.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn compile(position: usize, layout: &profile::Layout, texts: Texts) -> Result<Self, Vec<RuleFault>> {
        let time = |format: &str| {
            TimeFormat::compile(format).map_err(|what| vec![RuleFault { place: RulePlace::Timestamp(position), what }])
        };
        Ok(match layout {
            profile::Layout::Pattern { pattern, timestamp } => {
                Self::Pattern(Pattern::compile(position, pattern, timestamp, texts)?)
            }
            profile::Layout::Json { fields, timestamp } => match plain(fields) {
                Some(names) => {
                    let others = fields.body.len() > 1;
                    let others = others.then(|| time(timestamp).map(|time| Nested::new(fields, time))).transpose()?;
                    Self::Json(Json::new(names, time(timestamp)?), others)
                }
                None => Self::Nested(Nested::new(fields, time(timestamp)?)),
            },
            profile::Layout::Logfmt { fields, timestamp } => Self::Logfmt(Logfmt::new(fields, time(timestamp)?)),
            profile::Layout::Syslog { timestamp } => Self::Syslog(Syslog::new(time(timestamp)?)),
        })
    }

    /// Reads a line of a layout that is not built for speed.
    #[inline(never)]
    pub fn scan_rarer(
        &self,
        line: &[u8],
        is_cut: bool,
        clock: &mut Clock,
        severities: &Severities,
        into: &mut Head,
    ) -> Scanned {
        match self {
            Self::Nested(nested) => nested.scan(line, is_cut, clock, severities, into),
            Self::Logfmt(logfmt) => logfmt.scan(line, clock, severities, into),
            Self::Syslog(syslog) => syslog.scan(line, clock, severities, into),
            Self::Pattern(_) | Self::Json(..) => Scanned::Unparsed,
        }
    }

    /// Whether lines that are no head belong to the record before them.
    #[inline(always)]
    pub fn has_joins(&self) -> bool {
        !matches!(self, Self::Json(..) | Self::Nested(_))
    }

    /// The pattern of heads of two lines, where this is one.
    #[inline(always)]
    pub fn of_two_lines(&self) -> Option<&Pattern> {
        match self {
            Self::Pattern(pattern) => Some(pattern).filter(|pattern| pattern.has_second()),
            _ => None,
        }
    }

    /// Another field of a head line.
    pub fn find(&self, line: &[u8], path: &Path) -> Option<Field> {
        match self {
            Self::Pattern(pattern) => pattern.find(line, path),
            Self::Json(..) | Self::Nested(_) => nested::find(line, path),
            Self::Logfmt(_) => logfmt::find(line, path),
            Self::Syslog(syslog) => syslog.find(line, path),
        }
    }
}

/// The first names, where none is a path and only the message has others.
fn plain(fields: &Fields) -> Option<[&str; 5]> {
    let Fields { timestamp, severity, logger, body, exception } = fields;
    let all = [timestamp, severity, logger, body, exception];
    let names = all.map(|names| names.first().map_or("", String::as_str));
    let single = all.iter().enumerate().all(|(part, names)| part == 3 || names.len() <= 1);
    let is_plain = |name: &&str| !name.contains('.') && !name.starts_with('/');
    (single && names.iter().all(is_plain)).then_some(names)
}
