//! A table, as texts.

use serde::Serialize;

use super::page::plural;
use crate::format::{Formatter, visible};
use crate::model::{Cell, Table};

/// Longer tables open on demand, so that the page stays one that can be read.
const ROWS_OPEN_MAX: usize = 25;

/// What the templates `table` and `grid` see.
#[derive(Debug, Serialize)]
pub(super) struct TableView {
    pub(super) title: String,
    /// Whether it opens on demand.
    pub(super) folded: bool,
    /// `200 rows`
    size: String,
    columns: Vec<ColumnView>,
    rows: Vec<RowView>,
    /// What stands beneath; empty where there is nothing.
    pub(super) note: String,
    /// `34 more rows are not shown.`; empty where all are.
    left_out: String,
}

#[derive(Debug, Serialize)]
struct ColumnView {
    title: String,
    class: &'static str,
}

#[derive(Debug, Serialize)]
struct RowView {
    /// The first cell, which names the row.
    head: CellView,
    cells: Vec<CellView>,
}

/// A cell, with what the style has to know of it.
#[derive(Debug, Serialize)]
struct CellView {
    text: String,
    class: &'static str,
}

/// The heading of a column that is no plugin's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heading<'a> {
    /// Aligned by what its cells are.
    Of(&'a str),
    /// Aligned as numbers, though its cells are texts: sizes.
    Sizes(&'a str),
}

impl Heading<'_> {
    fn title(&self) -> &str {
        match self {
            Self::Of(title) | Self::Sizes(title) => title,
        }
    }
}

impl TableView {
    /// The table of a plugin.
    pub(super) fn new(table: &Table, formatter: &Formatter) -> Self {
        let headings: Vec<_> = table.columns.iter().map(|column| Heading::Of(&column.title)).collect();
        let mut view = Self::of(&table.title, &headings, &table.rows, formatter);
        view.note = table.note.as_deref().map(visible).unwrap_or_default();
        if table.rows_left_out > 0 {
            let rows = plural(table.rows_left_out, "more row is", "more rows are");
            view.left_out = format!("{rows} not shown.");
        }
        view
    }

    /// A table from its parts.
    pub(super) fn of(title: &str, headings: &[Heading<'_>], rows: &[Vec<Cell>], formatter: &Formatter) -> Self {
        let alignment = |(column, heading): (usize, &Heading<'_>)| match heading {
            Heading::Of(_) if column == 0 || !is_numeric(rows, column) => "",
            Heading::Of(_) | Heading::Sizes(_) => "n",
        };
        let classes: Vec<_> = headings.iter().enumerate().map(alignment).collect();
        let columns = headings.iter().zip(&classes);
        let columns = columns.map(|(heading, class)| ColumnView { title: visible(heading.title()), class });
        Self {
            title: visible(title),
            folded: rows.len() > ROWS_OPEN_MAX,
            size: plural(rows.len() as u64, "row", "rows"),
            columns: columns.collect(),
            rows: rows.iter().map(|row| RowView::new(row, &classes, formatter)).collect(),
            note: String::new(),
            left_out: String::new(),
        }
    }
}

impl RowView {
    fn new(row: &[Cell], classes: &[&'static str], formatter: &Formatter) -> Self {
        let cell = |(column, class): (usize, &&'static str)| {
            CellView::new(row.get(column).unwrap_or(&Cell::None), class, formatter)
        };
        let mut cells = classes.iter().enumerate().map(cell);
        let nothing = || CellView::new(&Cell::None, "", formatter);
        Self { head: cells.next().unwrap_or_else(nothing), cells: cells.collect() }
    }
}

impl CellView {
    fn new(cell: &Cell, column_class: &'static str, formatter: &Formatter) -> Self {
        let class = match (cell, column_class) {
            (Cell::Record { .. }, _) => "where",
            (Cell::Time(_), _) => "time",
            (cell, "n") if !cell.has_value() => "n none",
            (cell, _) if !cell.has_value() => "none",
            (_, class) => class,
        };
        Self { text: formatter.cell(cell), class }
    }
}

/// Whether a column holds numbers and nothing else.
fn is_numeric(rows: &[Vec<Cell>], column: usize) -> bool {
    let cells = || rows.iter().filter_map(|row| row.get(column)).filter(|cell| **cell != Cell::None);
    let number = |cell: &Cell| matches!(cell, Cell::Integer(_) | Cell::Float(_) | Cell::Duration(_) | Cell::Percent(_));
    cells().next().is_some() && cells().all(number)
}
