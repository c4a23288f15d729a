//! A section of a report, read by the ids of what it holds.

use std::collections::BTreeMap;

use logparser_reports::model::{Axis, Cell, Heatmap, Item, Metric, Section, Series, Table};

/// The figures of a section.
pub struct Figures(pub Section);

impl Figures {
    fn find<'a, T>(&'a self, id: &str, fits: impl Fn(&'a Item) -> Option<T>) -> T {
        let found = self.0.items.iter().find_map(fits);
        found.unwrap_or_else(|| panic!("nothing of the id {id} in the section {}", self.0.kpi))
    }

    /// A metric.
    pub fn metric(&self, id: &str) -> &Metric {
        self.find(id, |item| match item {
            Item::Metric(metric) if metric.id == id => Some(metric),
            _ => None,
        })
    }

    /// A metric that is a whole number.
    pub fn count(&self, id: &str) -> u64 {
        count(&self.metric(id).value)
    }

    /// A metric that is a time span, in milliseconds.
    pub fn duration_ms(&self, id: &str) -> f64 {
        match &self.metric(id).value {
            Cell::Duration(value) => *value,
            other => panic!("{id} is {other:?}"),
        }
    }

    /// A table.
    pub fn table(&self, id: &str) -> &Table {
        self.find(id, |item| match item {
            Item::Table(table) if table.id == id => Some(table),
            _ => None,
        })
    }

    /// Two columns of a table, the second one of whole numbers.
    pub fn counts(&self, id: &str, name: &str, number: &str) -> Vec<(String, u64)> {
        let table = self.table(id);
        let column = |id: &str| table.columns.iter().position(|column| column.id == id).expect("a column of the table");
        let (name, number) = (column(name), column(number));
        table.rows.iter().map(|row| (row[name].plain(), count(&row[number]))).collect()
    }

    fn series(&self, id: &str) -> &Series {
        self.find(id, |item| match item {
            Item::Series(series) if series.id == id => Some(series),
            _ => None,
        })
    }

    /// One line of a chart, by the days or labels where it is not zero.
    pub fn line(&self, id: &str, name: &str) -> BTreeMap<String, u64> {
        let series = self.series(id);
        let places: Vec<String> = match &series.axis {
            Axis::Days(days) => days.iter().map(ToString::to_string).collect(),
            Axis::Labels(labels) => labels.clone(),
        };
        let points = series.points.iter().find(|points| points.name == name).expect("a line of the chart");
        let known = places.into_iter().zip(&points.values).filter_map(|(place, value)| Some((place, (*value)? as u64)));
        known.filter(|(_, value)| *value > 0).collect()
    }

    /// A heatmap.
    pub fn heatmap(&self, id: &str) -> &Heatmap {
        self.find(id, |item| match item {
            Item::Heatmap(heatmap) if heatmap.id == id => Some(heatmap),
            _ => None,
        })
    }
}

fn count(cell: &Cell) -> u64 {
    match cell {
        Cell::Integer(value) => u64::try_from(*value).expect("a count"),
        other => panic!("{other:?} is no count"),
    }
}
