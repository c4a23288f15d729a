//! The manifest: what a plugin tells the engine before it runs, in a custom section of its module.
//!
//! It is JSON, put together at compile time by [`macro@crate::plugin`] from the row type and never written by hand.

use serde::{Deserialize, Serialize};

/// Name of the custom section.
pub const SECTION: &str = "logparser-manifest";

/// Version of the contract that this SDK speaks; the engine must offer the same major, at least this minor.
pub const CONTRACT: &str = "1.0";

/// The manifest as the engine reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the contract, `major.minor`.
    pub contract: String,
    /// Name of the KPI family.
    pub name: String,
    /// Version of the plugin.
    pub version: String,
    /// Heading of its section.
    pub title: String,
    /// Whether batches carry the activity of the stream.
    pub activity: bool,
    /// How often these events occur is wanted.
    #[serde(default)]
    pub counted: Vec<String>,
    /// Records of these events are wanted, whatever their severity.
    pub events: Vec<String>,
    /// Records of at least this severity are wanted, whatever their event.
    pub severity: Option<u8>,
    /// The columns, in the order of a batch.
    pub columns: Vec<ManifestColumn>,
}

/// One column that a plugin wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestColumn {
    /// `time`, `previous`, `minute`, `event`, `severity`, `signature`, or the name of an attribute. Where the manifest
    /// names a least severity, only records of at least that severity have a signature.
    pub name: String,
    /// Whether `name` is that of an attribute.
    pub attribute: bool,
    /// What the column holds: `time`, `previous`, `minute`, `event`, `severity`, `symbol`, `key` or `integer`.
    pub holds: String,
}

/// Length of the parts together.
#[doc(hidden)]
pub const fn length(parts: &[&str]) -> usize {
    let (mut total, mut part) = (0, 0);
    while part < parts.len() {
        total += parts[part].len();
        part += 1;
    }
    total
}

/// The parts together, at compile time.
#[doc(hidden)]
pub const fn concat<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut bytes = [0; N];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let text = parts[part].as_bytes();
        let mut i = 0;
        while i < text.len() {
            bytes[at] = text[i];
            at += 1;
            i += 1;
        }
        part += 1;
    }
    bytes
}

/// Joins constant texts, of which some are known only as associated constants.
#[doc(hidden)]
#[macro_export]
macro_rules! const_concat {
    ($($part:expr),* $(,)?) => {{
        const PARTS: &[&str] = &[$($part),*];
        const BYTES: [u8; $crate::manifest::length(PARTS)] = $crate::manifest::concat(PARTS);
        match ::core::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("parts of UTF-8 make UTF-8"),
        }
    }};
}
