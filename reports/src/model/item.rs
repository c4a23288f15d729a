//! What a section consists of.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Cell, Table};

/// One result of a plugin; in JSON with its `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Item {
    /// One number.
    Metric(Metric),
    /// Rows under columns.
    Table(Table),
    /// Values along days or labels.
    Series(Series),
    /// Values by row and column.
    Heatmap(Heatmap),
    /// A paragraph.
    Text {
        /// The paragraph, without markup.
        text: String,
    },
}

/// One number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Unique in the section, in kebab-case.
    pub id: String,
    /// What the number is.
    pub title: String,
    /// The number; none unless the state is ok.
    pub value: Cell,
    /// Whether there is a number.
    pub state: MetricState,
    /// Number of observations behind the value.
    pub sample: Option<u64>,
    /// What was left out or counted beside it.
    pub note: Option<String>,
}

/// Whether a metric has a number: zero is not unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetricState {
    /// There is one.
    Ok,
    /// Nothing in the window tells it.
    NoData,
    /// It has no meaning for this fleet.
    NotApplicable,
}

/// Values along days or labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Unique in the section, in kebab-case.
    pub id: String,
    /// What the series shows.
    pub title: String,
    /// How it is drawn.
    pub chart: Chart,
    /// Unit of the values; [`crate::format::Unit`] lists those that are shown in a form of their own.
    pub unit: String,
    /// What the points stand on.
    pub axis: Axis,
    /// The lines or groups of bars.
    pub points: Vec<Points>,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chart {
    /// A line, interrupted where there is no data.
    Line,
    /// Bars from zero.
    Bar,
}

/// What the points of a series stand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// `{"days": ["2026-10-12"]}`: days in the report's zone, in any order, with gaps where they are left out.
    Days(Vec<NaiveDate>),
    /// `{"labels": ["2.14.3"]}`: names, in the order in which they are shown.
    Labels(Vec<String>),
}

impl Axis {
    /// Number of places on the axis.
    pub fn len(&self) -> usize {
        match self {
            Self::Days(days) => days.len(),
            Self::Labels(labels) => labels.len(),
        }
    }

    /// Whether there is no place at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The values of one line, or of one bar in each group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// What the values are of.
    pub name: String,
    /// One value for each place on the axis; none: no data, which is not zero.
    pub values: Vec<Option<f64>>,
}

/// Values by row and column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heatmap {
    /// Unique in the section, in kebab-case.
    pub id: String,
    /// What the heatmap shows.
    pub title: String,
    /// Unit of the values, as in [`Series::unit`].
    pub unit: String,
    /// Names of the rows, from the top.
    pub rows: Vec<String>,
    /// Names of the columns, from the left.
    pub columns: Vec<String>,
    /// The values, row after row; none: no data, which is not zero.
    pub values: Vec<Option<f64>>,
}

impl Heatmap {
    /// The value at a row and a column, from 0.
    pub fn value(&self, row: usize, column: usize) -> Option<f64> {
        self.values.get(row * self.columns.len() + column).copied().flatten()
    }
}
