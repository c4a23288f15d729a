//! How a plugin speaks: results that the engine renders without knowing the plugin.

use crate::{Axis, Cell, Chart, Heatmap, Highlight, Metric, Points, Series, State, Table, TableColumn};
use crate::{Instance, Rank, Symbol, Time};

/// What a plugin tells, in the order in which the section shows it.
#[derive(Debug, Default)]
pub struct Results {
    items: Vec<Item>,
}

/// One result.
#[derive(Debug)]
pub enum Item {
    /// One number.
    Metric(Metric),
    /// A table with its rows.
    Table(Table, Vec<Vec<Cell>>),
    /// A chart over days or labels.
    Series(Series),
    /// Values by row and column.
    Heatmap(Heatmap),
    /// Something that needs attention.
    Highlight(Highlight),
    /// A paragraph.
    Text(String),
}

impl Results {
    /// Shows a number. A value of [`Cell::None`] is shown as "no data".
    pub fn metric(&mut self, id: &str, title: &str, value: impl Into<Cell>) -> &mut Metric {
        let value = value.into();
        let state = if matches!(value, Cell::None) { State::NoData } else { State::Ok };
        let (id, title) = (id.to_owned(), title.to_owned());
        self.items.push(Item::Metric(Metric { id, title, value, state, sample: None, note: None }));
        match self.items.last_mut() {
            Some(Item::Metric(metric)) => metric,
            _ => unreachable!("a metric was pushed last"),
        }
    }

    /// Shows a table; `columns` are pairs of id and title.
    pub fn table(
        &mut self,
        id: &str,
        title: &str,
        columns: &[(&str, &str)],
        rank: Option<Rank>,
        rows: impl IntoIterator<Item = Vec<Cell>>,
    ) -> &mut Table {
        let column = |&(id, title): &(&str, &str)| TableColumn { id: id.to_owned(), title: title.to_owned() };
        let columns = columns.iter().map(column).collect();
        let table = Table { id: id.to_owned(), title: title.to_owned(), columns, rank, note: None };
        self.items.push(Item::Table(table, rows.into_iter().collect()));
        match self.items.last_mut() {
            Some(Item::Table(table, _)) => table,
            _ => unreachable!("a table was pushed last"),
        }
    }

    /// Shows a chart.
    pub fn series(&mut self, series: Series) {
        self.items.push(Item::Series(series));
    }

    /// Shows lines or bars over the days of a window.
    pub fn by_day(&mut self, id: &str, title: &str, chart: Chart, unit: &str, lines: Vec<Points>, days: Vec<i32>) {
        self.series(Series {
            id: id.to_owned(),
            title: title.to_owned(),
            chart,
            unit: unit.to_owned(),
            axis: Axis::Days(days),
            points: lines,
        });
    }

    /// Shows values by row and column.
    pub fn heatmap(&mut self, heatmap: Heatmap) {
        self.items.push(Item::Heatmap(heatmap));
    }

    /// Names something that needs attention.
    pub fn highlight(&mut self, highlight: Highlight) {
        self.items.push(Item::Highlight(highlight));
    }

    /// Shows a paragraph.
    pub fn text(&mut self, text: impl Into<String>) {
        self.items.push(Item::Text(text.into()));
    }

    /// All that was told.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Hands everything to the engine.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn tell(self) {
        use crate::bindings::logparser::plugin::results as host;
        for item in self.items {
            match item {
                Item::Metric(metric) => host::show_metric(&metric),
                Item::Table(table, rows) => {
                    host::show_table(&table);
                    rows.iter().for_each(|cells| host::show_row(cells));
                }
                Item::Series(series) => host::show_series(&series),
                Item::Heatmap(heatmap) => host::show_heatmap(&heatmap),
                Item::Highlight(highlight) => host::show_highlight(&highlight),
                Item::Text(text) => host::show_text(&text),
            }
        }
    }
}

/// A number with its noun: `1 instance`, `3 instances`.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

impl Metric {
    /// Names the number of observations behind the value.
    pub fn sample(&mut self, sample: u64) -> &mut Self {
        self.sample = Some(sample);
        self
    }

    /// Adds a remark on what was left out or counted beside it; several are joined.
    pub fn note(&mut self, note: impl Into<String>) -> &mut Self {
        let note = note.into();
        self.note = Some(match self.note.take() {
            Some(before) => format!("{before}; {note}"),
            None => note,
        });
        self
    }
}

impl Table {
    /// Sets the remark below the table.
    pub fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.note = Some(note.into());
        self
    }
}

impl Points {
    /// Points of a name; none: no data, which is not zero.
    pub fn new(name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self { name: name.to_owned(), values: values.into_iter().collect() }
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Symbol> for Cell {
    fn from(value: Symbol) -> Self {
        Self::Symbol(value.0)
    }
}

impl From<Time> for Cell {
    fn from(value: Time) -> Self {
        Self::Time(value.0)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

impl From<&Instance> for Cell {
    fn from(value: &Instance) -> Self {
        Self::Instance(value.id)
    }
}

impl Cell {
    /// A duration in milliseconds, where there is one.
    pub fn duration(milliseconds: Option<f64>) -> Self {
        milliseconds.map_or(Self::None, Self::Duration)
    }

    /// `part` of `whole` as a share between 0 and 1; none where there is no whole.
    pub fn share(part: u64, whole: u64) -> Self {
        if whole == 0 { Self::None } else { Self::Percent(part as f64 / whole as f64) }
    }
}
