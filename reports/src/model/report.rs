//! The report as a whole.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Coverage, Highlight, Section};

/// The version of the schema that this crate writes.
pub const SCHEMA: u32 = 2;

/// Everything that a report tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of the schema, [`SCHEMA`].
    pub schema: u32,
    /// The heading: usually the name of the fleet.
    pub title: String,
    /// The days that the report covers.
    pub window: Window,
    /// Time of the newest record that the report knows of.
    pub data_through: Option<DateTime<Utc>>,
    /// What needs attention, in the order of [`Report::rank_highlights`].
    pub highlights: Vec<Highlight>,
    /// What the report could see.
    pub coverage: Coverage,
    /// The KPI families, in the order of the profile.
    pub sections: Vec<Section>,
}

/// The days that a report covers: `from` up to but without `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
    /// Number of days.
    pub days: u32,
    /// The zone in which days and hours are meant: an IANA name, or `instance` for the zone of each instance.
    pub zone: String,
}

impl Window {
    /// The window from `from` up to but without `to`.
    pub fn new(from: NaiveDate, to: NaiveDate, zone: impl Into<String>) -> Self {
        let days = u32::try_from((to - from).num_days()).unwrap_or(0);
        Self { from, to, days, zone: zone.into() }
    }
}

impl Report {
    /// Orders the highlights: by level, most urgent first, then by the order of the sections behind the coverage, then by
    /// text.
    pub fn rank_highlights(&mut self) {
        let sections = &self.sections;
        let place = |kpi: &str| sections.iter().position(|section| section.kpi == kpi).unwrap_or(usize::MAX);
        self.highlights.sort_by_cached_key(|highlight| {
            let place = (!highlight.kpi.is_empty()).then(|| place(&highlight.kpi));
            (highlight.level, place, highlight.plain(), highlight.rule.clone(), highlight.value.plain())
        });
    }
}
