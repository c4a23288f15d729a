//! The profile: one TOML file, turned once into checked settings.
//!
//! `raw` mirrors the file, key by key, each value with its place; `resolve` turns it into the types of this
//! module, section by section, and collects every fault on the way; `fault` renders faults with line, caret and
//! help. Later stages see only [`Profile`], in which every path is absolute, every name is known and every number
//! is in range.

mod access;
mod api;
mod asked;
mod auth;
mod example;
mod fault;
mod file;
mod fleet;
mod fleet_list;
mod format;
mod inventory;
mod keep;
mod known;
mod kpi;
mod limits;
mod paging;
mod pattern;
mod period;
mod places;
mod raw;
mod resolve;
mod rest;
mod secret;
mod signature;
mod suggest;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod tls;
mod url;
mod value;
mod veil;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono_tz::Tz;
use encoding_rs::Encoding;
use globset::GlobSet;

pub use access::NoAccess;
pub use asked::NoInstance;
pub use example::EXAMPLE;
pub use fault::{Fault, Faults};
pub use fleet::INSTANCES_MAX;
pub use inventory::{Entry, Inventory, InventoryAnswer, InventoryState};
pub use known::{KNOWN, Known, known};
pub use kpi::EMBEDDED_PLUGINS;
pub use period::{parse_day, parse_period};
pub use places::Places;
pub use resolve::{load, load_without_fleet, read_events, read_format};
pub use rest::{Auth, ClientCertificate, FetchKind, Limits, ListKind, Paging, Rest, Tls, TlsVersion};
pub use secret::{Revealed, Secret};
pub use tls::PemFile;
pub use value::parse_interval;
pub use veil::{HIDDEN, Veil};

/// Checked settings of one fleet and its report.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The profile's file, as named by the user.
    pub path: PathBuf,
    /// Title of the report.
    pub title: String,
    /// Folder that holds the mirror and the catalog.
    pub store: PathBuf,
    /// Folder that reports are published in.
    pub output: PathBuf,
    /// Where logs come from.
    pub source: Source,
    /// Zones of instances without a zone of their own, by tag.
    pub zones: BTreeMap<String, Tz>,
    /// All instances, in the order of their names; names are unique. Those of an inventory are among them once it was
    /// asked or looked up.
    pub instances: Vec<Instance>,
    /// Who names more instances.
    pub inventory: Option<Inventory>,
    /// Globs over file names (the whole listed name): a file is taken when `include` matches and `exclude` does not.
    pub files: FileFilter,
    /// The layouts of log lines, at least one. Of several that are meant for a file, the first that fits it is taken.
    pub formats: Vec<Format>,
    /// Event rules, in the order of the file: the first that matches names the record.
    pub events: Vec<EventRule>,
    /// How long what was fetched is kept.
    pub keep: Keep,
    /// Rules for signatures, in the order of the file: the first that fits gives the signature.
    pub signatures: Vec<SignatureRule>,
    /// What the report covers.
    pub report: ReportSettings,
    /// Every KPI that is switched on, in the order in which its section appears.
    pub kpis: Vec<Kpi>,
    /// Where all this stands in the file, for faults that a later stage finds.
    pub places: Places,
}

/// One installation of the target application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Unique name, shown in the report.
    pub name: String,
    /// REST: base address that replaces `{address}` in templates, without a trailing slash. Folder: empty.
    pub address: String,
    /// Words that support groups instances by.
    pub tags: Vec<String>,
    /// Zone of log times that carry none, where the instance itself says it; see [`Profile::zone_of`].
    pub zone: Option<Tz>,
}

/// Where logs come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Every instance answers REST queries.
    Rest(Box<Rest>),
    /// A folder with one subfolder of log files an instance, for bundles that users send in.
    Folder(PathBuf),
}

/// Which listed files are log files.
#[derive(Debug, Clone, Default)]
pub struct FileFilter {
    pub include: GlobSet,
    pub exclude: GlobSet,
    /// Files that may be compressed; their first bytes tell whether they are.
    pub decode: GlobSet,
}

impl FileFilter {
    /// Whether a file of this name is a log.
    pub fn takes(&self, path: &str) -> bool {
        self.include.is_match(path) && !self.exclude.is_match(path)
    }
}

/// How a line becomes a record.
#[derive(Debug, Clone)]
pub struct Format {
    /// What event rules call it.
    pub name: Option<String>,
    /// Only instances with one of these tags have it.
    pub tags: ForTags,
    /// Only files with such names have it; none: all.
    pub files: Option<Globs>,
    /// None: the first bytes of a file tell UTF-16, and all else is UTF-8.
    pub encoding: Option<&'static Encoding>,
    pub layout: Layout,
    /// Zone of times that carry none, for instances without a zone of their own.
    pub zone: Tz,
    /// Severity words of this format beyond the common ones (upper case), as OpenTelemetry numbers.
    pub severities: BTreeMap<String, u8>,
    /// Severity of a record that names none, or in a word that is unknown. None: INFO, and unknown words are told.
    pub severity_default: Option<u8>,
}

/// Tags of which an instance must have one; empty: it may have any.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForTags(pub Vec<String>);

impl ForTags {
    /// Whether an instance with these tags is meant.
    pub fn allow(&self, tags: &[String]) -> bool {
        self.0.is_empty() || self.0.iter().any(|tag| tags.contains(tag))
    }
}

/// Names of files.
#[derive(Debug, Clone)]
pub struct Globs {
    /// As they are written.
    pub texts: Vec<String>,
    pub set: GlobSet,
}

/// How a line is laid out. `timestamp` is a time format: chrono's letters, or `rfc3339`, `auto` or `epoch …`.
#[derive(Debug, Clone, PartialEq)]
pub enum Layout {
    /// A pattern such as `{timestamp} [{thread}] {severity} {logger} - {body}`.
    Pattern { pattern: String, timestamp: String },
    /// One JSON object a line.
    Json { fields: Fields, timestamp: String },
    /// Pairs of a key and a value.
    Logfmt { fields: Fields, timestamp: String },
    /// syslog of RFC 5424, or of RFC 3164 with such times.
    Syslog { timestamp: String },
}

/// The fields of a line that hold the parts of a record; of several names of one part, the first that is there counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    pub timestamp: Vec<String>,
    pub severity: Vec<String>,
    pub logger: Vec<String>,
    pub body: Vec<String>,
    pub exception: Vec<String>,
}

/// Names what matters and takes attributes out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRule {
    /// The event's name, such as `session.start`.
    pub name: String,
    /// Exact logger; `None`: any.
    pub logger: Option<String>,
    /// Least severity of a record that the rule looks at.
    pub severity_min: Option<u8>,
    /// Body pattern with captures; `None`: any body.
    pub body: Option<String>,
    /// Severity that the record gets instead of its own.
    pub severity: Option<u8>,
    /// Names of the formats whose records it looks at; empty: all.
    pub formats: Vec<String>,
    /// Attributes, perhaps with a type behind a colon, that stand in other fields of the line.
    pub fields: BTreeMap<String, String>,
}

/// How long what was fetched is kept, in days; none: for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// The bytes of logs that are not listed any more, by their newest record.
    pub logs_days: Option<u32>,
    /// What was computed from them; at least as long.
    pub partials_days: Option<u32>,
    /// Instances that are no longer in the profile, since they were last asked.
    pub instances_days: Option<u32>,
}

/// Gives errors their signature. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRule {
    /// The signature, with what the body captures in braces; [`SIGNATURE_PLACE`] is the one without the rule.
    pub name: String,
    /// Exact logger.
    pub logger: Option<String>,
    /// Least severity.
    pub severity_min: Option<u8>,
    /// Exact error code.
    pub code: Option<String>,
    /// Type of an exception or of what caused it, with its namespace or without.
    pub exception: Option<String>,
    /// Body pattern with captures.
    pub body: Option<String>,
}

/// The place in the name of a signature rule for the signature without it.
pub const SIGNATURE_PLACE: &str = "signature";

/// What the report covers.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportSettings {
    /// Zone of days and hours; none: that of each instance.
    pub zone: Option<Tz>,
    pub period: Period,
}

impl Profile {
    /// Zone of an instance's clock: its own, or that of the first of its tags that has one.
    pub fn zone_of(&self, instance: &Instance) -> Option<Tz> {
        instance.zone.or_else(|| instance.tags.iter().find_map(|tag| self.zones.get(tag)).copied())
    }

    /// Zone of an instance's days and hours, and whether nobody said so: then it is that of the first format that its tags
    /// do not rule out, and its times may tell another offset.
    pub fn days_of(&self, instance: &Instance) -> (Tz, bool) {
        let known = self.report.zone.or_else(|| self.zone_of(instance));
        let is_meant = |format: &&Format| format.tags.allow(&instance.tags);
        let zone = || self.formats.iter().find(is_meant).map_or_else(|| self.zone(), |format| format.zone);
        (known.unwrap_or_else(zone), known.is_none())
    }

    /// Zone where nothing else says one.
    pub fn zone(&self) -> Tz {
        self.formats.first().map(|format| format.zone).unwrap_or_default()
    }
}

impl ReportSettings {
    /// Name of the zone: an IANA name, or `instance`.
    pub fn zone_name(&self) -> &'static str {
        self.zone.map_or(EACH_INSTANCE, |zone| zone.name())
    }
}

/// The report's zone where days are those of each instance.
pub const EACH_INSTANCE: &str = "instance";

/// The days of a report, in its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Period {
    /// The last `n` days up to and including the day of the newest record.
    LastDays(u32),
    /// The calendar month before that of the newest record.
    LastMonth,
    /// Everything that is stored.
    All,
    /// Half-open, days since 1970-01-01.
    Days { from: i32, to: i32 },
}

/// One KPI family that is switched on.
#[derive(Debug, Clone, PartialEq)]
pub struct Kpi {
    /// The name in `[kpi.NAME]`.
    pub name: String,
    pub plugin: PluginFile,
    /// The plugin's own settings, as a JSON object.
    pub settings: serde_json::Value,
}

/// Where a plugin's code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginFile {
    /// One of the plugins inside the binary.
    Embedded(String),
    /// A file named by the profile.
    Path(PathBuf),
}
