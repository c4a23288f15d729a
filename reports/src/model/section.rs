//! What one KPI of the profile told.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Item;

/// The results of one KPI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Name of the KPI in the profile: `[kpi.NAME]`.
    pub kpi: String,
    /// Name of the plugin.
    pub plugin: String,
    /// Version of the plugin.
    pub version: String,
    /// The heading.
    pub title: String,
    /// Whether the results are whole.
    #[serde(flatten)]
    pub state: SectionState,
    /// The results, in the order in which they were told.
    pub items: Vec<Item>,
}

/// Whether the results of a section are whole; in JSON the section's key `state`, with its details beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum SectionState {
    /// Everything that was reached is in them.
    Ok,
    /// Some instances are missing, or days of them.
    Partial {
        /// Names of the instances that are not in the results, or not in whole.
        instances_failed: Vec<String>,
        /// Days of which logs are missing, because they are no longer kept or are damaged; of at least one of the
        /// instances, or of any where none is named. Without days, the instances are missing in whole.
        #[serde(default)]
        days_missing: Vec<NaiveDate>,
    },
    /// There was nothing to compute from.
    NoData,
    /// The plugin failed; the rest of the report does not depend on it.
    Failed {
        /// What happened.
        what: String,
        /// Where: the instance, the day, the call.
        place: String,
        /// What to do about it.
        help: String,
    },
}
