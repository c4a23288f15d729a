//! Tables for a terminal: columns as wide as they have to be, whatever the script, and no text that acts on it.

use logparser_reports::format::visible;
use unicode_width::UnicodeWidthStr;

/// A longer cell is cut, unless it is in the last column: what follows would leave the screen.
const CELL_COLUMNS_MAX: usize = 60;

/// Where the text of a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// Rows under a head.
#[derive(Debug)]
pub struct Columns {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// With the names of the columns, and the side on which the text of each stands.
    pub fn new<const N: usize>(head: [(&str, Side); N]) -> Columns {
        let sides = head.iter().map(|(_, side)| *side).collect();
        Columns { sides, rows: vec![head.iter().map(|(name, _)| (*name).to_owned()).collect()] }
    }

    /// Adds a row; it has as many cells as the head.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        let last = N - 1;
        let cells = cells.into_iter().enumerate();
        self.rows.push(cells.map(|(at, cell)| if at == last { inert(&cell) } else { cut(&inert(&cell)) }).collect());
    }

    /// Whether there are no rows under the head.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// The table as lines.
    pub fn render(&self) -> String {
        let width = |at: usize| self.rows.iter().map(|row| row[at].width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.sides.len()).map(width).collect();
        let mut table = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                let blanks = " ".repeat(widths[at] - cell.width());
                let gap = if at == 0 { "" } else { "  " };
                match self.sides[at] {
                    Side::Left => line.extend([gap, cell, &blanks]),
                    Side::Right => line.extend([gap, &blanks, cell]),
                }
            }
            table += line.trim_end();
            table.push('\n');
        }
        table
    }
}

/// A text on one line, with everything visible.
pub fn inert(text: &str) -> String {
    visible(text).replace('\n', "\\n").replace('\t', "\\t")
}

fn cut(text: &str) -> String {
    if text.width() <= CELL_COLUMNS_MAX {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() + 1 >= CELL_COLUMNS_MAX {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::{Columns, Side};

    #[test]
    fn columns_are_as_wide_as_what_is_seen() {
        let mut table = Columns::new([("FILE", Side::Left), ("SIZE", Side::Right), ("WHY", Side::Left)]);
        table.row(["日誌.log".to_owned(), "5".to_owned(), "new".to_owned()]);
        table.row(["a\u{1b}[2J.log".to_owned(), "1,234".to_owned(), String::new()]);
        let expected = ["FILE             SIZE  WHY", "日誌.log            5  new", "a\\u{1b}[2J.log  1,234"];
        assert_eq!(table.render().lines().collect::<Vec<_>>(), expected);
        let mut long = Columns::new([("A", Side::Left), ("B", Side::Left)]);
        long.row(["x".repeat(100), "y".to_owned()]);
        assert_eq!(long.render().lines().nth(1), Some(&*format!("{}…  y", "x".repeat(59))));
    }
}
