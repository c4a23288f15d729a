//! A table and the order of its rows.

use serde::{Deserialize, Serialize};

use super::Cell;

/// Rows of cells under named columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Unique in the section, in kebab-case.
    pub id: String,
    /// What the table shows.
    pub title: String,
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// The rows, each with one cell a column.
    pub rows: Vec<Vec<Cell>>,
    /// Number of rows that a limit cut off at the end.
    pub rows_left_out: u64,
    /// A remark beneath.
    pub note: Option<String>,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Unique in the table, in kebab-case.
    pub id: String,
    /// The heading.
    pub title: String,
}

/// How the rows of a table are ordered and cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// Position of the column that decides, from 0; it orders descending.
    pub by: usize,
    /// Number of rows to keep at most.
    pub limit: Option<usize>,
}

impl Table {
    /// The table with its rows ordered by `rank`, then cut.
    ///
    /// Rows are ordered by the deciding column, descending, as [`Cell::compare`] has it: numbers as numbers, rows
    /// without a value last. Ties are ordered by the text of the first column, ascending, then by the texts of the
    /// others, so that the order of arrival never shows.
    pub fn ranked(mut self, rank: Rank) -> Self {
        let decides = |row: &[Cell]| row.get(rank.by).cloned().unwrap_or(Cell::None);
        self.rows.sort_by(|a, b| {
            let texts = || a.iter().map(Cell::plain).cmp(b.iter().map(Cell::plain));
            decides(b).compare(&decides(a)).then_with(texts)
        });
        if let Some(limit) = rank.limit
            && self.rows.len() > limit
        {
            self.rows_left_out += (self.rows.len() - limit) as u64;
            self.rows.truncate(limit);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, Cell)]) -> Table {
        Table {
            id: "top".into(),
            title: "Top".into(),
            columns: ["name", "count"].map(|id| Column { id: id.into(), title: id.into() }).to_vec(),
            rows: rows.iter().map(|(name, cell)| vec![Cell::text(*name), cell.clone()]).collect(),
            rows_left_out: 0,
            note: None,
        }
    }

    fn names(table: &Table) -> Vec<String> {
        table.rows.iter().map(|row| row[0].plain()).collect()
    }

    #[test]
    fn rows_are_ranked_descending_with_ties_by_name() {
        let rows = [("d", Cell::None), ("b", Cell::Integer(9)), ("a", Cell::Integer(9)), ("c", Cell::Integer(10))];
        let ranked = table(&rows).ranked(Rank { by: 1, limit: None });
        assert_eq!(names(&ranked), ["c", "a", "b", "d"]);
        let mut turned = rows;
        turned.reverse();
        assert_eq!(table(&turned).ranked(Rank { by: 1, limit: None }), ranked);
    }

    #[test]
    fn a_limit_says_how_many_it_cut() {
        let rows = [("a", Cell::Integer(1)), ("b", Cell::Integer(2)), ("c", Cell::Integer(3))];
        let ranked = table(&rows).ranked(Rank { by: 1, limit: Some(2) });
        assert_eq!(names(&ranked), ["c", "b"]);
        assert_eq!(ranked.rows_left_out, 1);
        assert_eq!(table(&rows).ranked(Rank { by: 1, limit: Some(3) }).rows_left_out, 0);
    }

    #[test]
    fn a_column_that_is_not_there_orders_by_name() {
        let rows = [("b", Cell::Integer(1)), ("a", Cell::Integer(2))];
        assert_eq!(names(&table(&rows).ranked(Rank { by: 9, limit: None })), ["a", "b"]);
    }
}
