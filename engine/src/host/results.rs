//! What a plugin tells through the imported `results` and `log`, within limits.

use wasmtime::{Result, bail};

use super::bindings::logparser::plugin::{log, results};
use super::running::StoreData;
use super::{Cell, Heatmap, Highlight, ITEMS_MAX, Metric, RESULT_BYTES_MAX, ROWS_MAX, Series, Table};

/// Longest remark of a plugin that is kept.
const WORDS_MAX: usize = 2_000;

/// What one plugin told.
#[derive(Default)]
pub struct Told {
    /// The results, in their order.
    pub items: Vec<Item>,
    /// What the plugin wrote for its developer.
    pub log: Vec<String>,
    pub(super) last_error: Option<String>,
    rows: usize,
    bytes: usize,
}

/// One result.
#[derive(Debug)]
pub enum Item {
    /// One number.
    Metric(Metric),
    /// A table with its rows.
    Table(Table, Vec<Vec<Cell>>),
    /// A chart.
    Series(Series),
    /// Values by row and column.
    Heatmap(Heatmap),
    /// Something that needs attention.
    Highlight(Highlight),
    /// A paragraph.
    Text(String),
}

impl Told {
    fn push(&mut self, item: Item, bytes: usize) -> Result<()> {
        self.take(bytes)?;
        if self.items.len() == ITEMS_MAX {
            bail!("it told more than {ITEMS_MAX} results");
        }
        self.items.push(item);
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > RESULT_BYTES_MAX {
            bail!("its results take more than {RESULT_BYTES_MAX} bytes");
        }
        Ok(())
    }
}

/// About how much of a person's attention a cell takes.
fn size(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => 16 + text.len(),
        _ => 16,
    }
}

impl results::Host for StoreData {
    fn show_metric(&mut self, metric: Metric) -> Result<()> {
        let bytes = size(&metric.value) + metric.title.len() + metric.note.as_ref().map_or(0, String::len);
        self.told.push(Item::Metric(metric), bytes)
    }

    fn show_table(&mut self, table: Table) -> Result<()> {
        let bytes = table.columns.iter().map(|column| column.title.len()).sum();
        self.told.push(Item::Table(table, Vec::new()), bytes)
    }

    fn show_row(&mut self, cells: Vec<Cell>) -> Result<()> {
        self.told.take(cells.iter().map(size).sum())?;
        self.told.rows += 1;
        if self.told.rows > ROWS_MAX {
            bail!("it told more than {ROWS_MAX} rows");
        }
        match self.told.items.last_mut() {
            Some(Item::Table(table, rows)) if table.columns.len() == cells.len() => rows.push(cells),
            Some(Item::Table(table, _)) => {
                bail!("a row of {} cells in table `{}` of {} columns", cells.len(), table.id, table.columns.len())
            }
            _ => bail!("it told a row without a table before it"),
        }
        Ok(())
    }

    fn show_series(&mut self, series: Series) -> Result<()> {
        let length = match &series.axis {
            results::Axis::Days(days) => days.len(),
            results::Axis::Labels(labels) => labels.len(),
            results::Axis::Symbols(symbols) => symbols.len(),
        };
        if let Some(points) = series.points.iter().find(|points| points.values.len() != length) {
            bail!("series `{}`: {} values of `{}` on {length} places", series.id, points.values.len(), points.name);
        }
        let bytes = 16 * length * (series.points.len() + 1);
        self.told.push(Item::Series(series), bytes)
    }

    fn show_heatmap(&mut self, heatmap: Heatmap) -> Result<()> {
        if heatmap.values.len() != heatmap.rows.len() * heatmap.columns.len() {
            bail!("heatmap `{}`: {} values do not fill it", heatmap.id, heatmap.values.len());
        }
        let bytes = 16 * heatmap.values.len();
        self.told.push(Item::Heatmap(heatmap), bytes)
    }

    fn show_highlight(&mut self, highlight: Highlight) -> Result<()> {
        let bytes = highlight.sentence.iter().map(size).sum::<usize>() + highlight.rule.len();
        self.told.push(Item::Highlight(highlight), bytes)
    }

    fn show_text(&mut self, text: String) -> Result<()> {
        let bytes = text.len();
        self.told.push(Item::Text(text), bytes)
    }
}

impl log::Host for StoreData {
    fn message(&mut self, level: log::Level, mut text: String) -> Result<()> {
        text.truncate(text.floor_char_boundary(WORDS_MAX));
        if matches!(level, log::Level::Error) {
            self.told.last_error = Some(text.clone());
        }
        self.told.take(text.len())?;
        self.told.log.push(text);
        Ok(())
    }
}
