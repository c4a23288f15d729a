//! Results to look into.

use std::collections::BTreeMap;

use crate::results::{Item, Results};
use crate::{Cell, Metric};

/// What a plugin told, to look into.
#[derive(Debug)]
pub struct Told {
    /// The results, in their order.
    pub items: Results,
    /// The texts behind symbols.
    pub(super) texts: BTreeMap<u64, String>,
    pub(super) names: Vec<String>,
}

impl Told {
    /// The metric of an id.
    ///
    /// # Panics
    /// When there is none.
    pub fn metric(&self, id: &str) -> &Metric {
        let found = self.items.items().iter().find_map(|item| match item {
            Item::Metric(metric) if metric.id == id => Some(metric),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("no metric `{id}` in {:#?}", self.items))
    }

    /// The metric's value as text.
    pub fn value(&self, id: &str) -> String {
        self.text(&self.metric(id).value)
    }

    /// The rows of a table, each cell as text.
    ///
    /// # Panics
    /// When there is no such table.
    pub fn rows(&self, id: &str) -> Vec<Vec<String>> {
        let found = self.items.items().iter().find_map(|item| match item {
            Item::Table(table, rows) if table.id == id => Some(rows),
            _ => None,
        });
        let rows = found.unwrap_or_else(|| panic!("no table `{id}` in {:#?}", self.items));
        rows.iter().map(|row| row.iter().map(|cell| self.text(cell)).collect()).collect()
    }

    /// The values of a series by the name of its points.
    ///
    /// # Panics
    /// When there is no such series.
    pub fn series(&self, id: &str) -> BTreeMap<&str, &[Option<f64>]> {
        let found = self.items.items().iter().find_map(|item| match item {
            Item::Series(series) if series.id == id => Some(series),
            _ => None,
        });
        let series = found.unwrap_or_else(|| panic!("no series `{id}` in {:#?}", self.items));
        series.points.iter().map(|points| (points.name.as_str(), points.values.as_slice())).collect()
    }

    /// A value of a heatmap; `row` and `column` are its labels.
    ///
    /// # Panics
    /// When there is no such heatmap, row or column.
    pub fn heat(&self, id: &str, row: &str, column: &str) -> Option<f64> {
        let found = self.items.items().iter().find_map(|item| match item {
            Item::Heatmap(heatmap) if heatmap.id == id => Some(heatmap),
            _ => None,
        });
        let heatmap = found.unwrap_or_else(|| panic!("no heatmap `{id}` in {:#?}", self.items));
        let at = |labels: &[String], label| labels.iter().position(|known| known == label).expect("a known label");
        heatmap.values[at(&heatmap.rows, row) * heatmap.columns.len() + at(&heatmap.columns, column)]
    }

    /// The paragraphs.
    pub fn texts(&self) -> Vec<&str> {
        let texts = self.items.items().iter().filter_map(|item| match item {
            Item::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The sentences of all highlights.
    pub fn highlights(&self) -> Vec<String> {
        let sentences = self.items.items().iter().filter_map(|item| match item {
            Item::Highlight(highlight) => Some(&highlight.sentence),
            _ => None,
        });
        sentences.map(|cells| cells.iter().map(|cell| self.text(cell)).collect()).collect()
    }

    /// A cell as plain text.
    pub fn text(&self, cell: &Cell) -> String {
        match cell {
            Cell::None => "–".to_owned(),
            Cell::Boolean(value) => value.to_string(),
            Cell::Integer(value) | Cell::Time(value) => value.to_string(),
            Cell::Float(value) | Cell::Duration(value) | Cell::Percent(value) => value.to_string(),
            Cell::Text(text) => text.clone(),
            Cell::Symbol(symbol) => self.texts.get(symbol).cloned().unwrap_or_else(|| format!("#{symbol:x}")),
            Cell::Instance(id) => self.names[*id as usize].clone(),
            Cell::Record(at) => format!("{}@{}", at.generation, at.offset),
        }
    }
}
