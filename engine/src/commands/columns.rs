//! Tables for a terminal: columns as wide as they have to be, whatever the script, and no text that acts on it.

use logparser_reports::format::visible;
use unicode_width::UnicodeWidthStr;

/// A longer cell is cut, unless it is in the last column: what follows would leave the screen.
const CELL_COLUMNS_MAX: usize = 60;

/// Between two columns.
const GAP: &str = "  ";

/// Where the text of a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// The colour of a text, where there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Faint,
    Good,
    Warn,
    Bad,
}

impl Paint {
    /// As terminals have it.
    fn code(self) -> &'static str {
        match self {
            Paint::Plain => "",
            Paint::Faint => "2",
            Paint::Good => "32",
            Paint::Warn => "33",
            Paint::Bad => "31",
        }
    }

    fn on(self, text: &str, colour: bool) -> String {
        if !colour || self == Paint::Plain || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", self.code())
    }
}

/// Rows under a head.
#[derive(Debug)]
pub struct Columns {
    sides: Vec<Side>,
    lines: Vec<Line>,
}

#[derive(Debug)]
enum Line {
    Row(Vec<(String, Paint)>),
    /// Belongs to the row above it, and stands under its last cell.
    Note(String, Paint),
}

impl Columns {
    /// With the names of the columns, and the side on which the text of each stands.
    pub fn new<const N: usize>(head: [(&str, Side); N]) -> Columns {
        let sides = head.iter().map(|(_, side)| *side).collect();
        let names = head.iter().map(|(name, _)| ((*name).to_owned(), Paint::Faint)).collect();
        Columns { sides, lines: vec![Line::Row(names)] }
    }

    /// Adds a row; it has as many cells as the head.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.painted(cells.map(|cell| (cell, Paint::Plain)));
    }

    /// The same, with colours.
    pub fn painted<const N: usize>(&mut self, cells: [(String, Paint); N]) {
        let shown = |(at, (cell, paint)): (usize, (String, Paint))| {
            (if at + 1 == N { inert(&cell) } else { cut(&inert(&cell)) }, paint)
        };
        self.lines.push(Line::Row(cells.into_iter().enumerate().map(shown).collect()));
    }

    /// Adds a line to the last row.
    pub fn note(&mut self, text: &str, paint: Paint) {
        self.lines.push(Line::Note(inert(text), paint));
    }

    /// Whether there are no rows under the head.
    pub fn is_empty(&self) -> bool {
        self.lines.len() == 1
    }

    /// The table as lines.
    pub fn render(&self, colour: bool) -> String {
        let mut widths = vec![0; self.sides.len()];
        for line in &self.lines {
            if let Line::Row(cells) = line {
                cells.iter().zip(&mut widths).for_each(|((cell, _), width)| *width = cell.width().max(*width));
            }
        }
        let indent: usize = widths.iter().rev().skip(1).map(|width| width + GAP.len()).sum();
        let mut table = String::new();
        for line in &self.lines {
            match line {
                Line::Row(cells) => table += &self.row_text(cells, &widths, colour),
                Line::Note(text, paint) => table.extend([" ".repeat(indent), paint.on(text, colour)]),
            }
            table.push('\n');
        }
        table
    }

    fn row_text(&self, cells: &[(String, Paint)], widths: &[usize], colour: bool) -> String {
        let mut text = String::new();
        // Blanks that nothing follows are left out.
        let mut owed = 0;
        for (at, (cell, paint)) in cells.iter().enumerate() {
            let blanks = widths[at] - cell.width();
            let (before, behind) = if self.sides[at] == Side::Left { (0, blanks) } else { (blanks, 0) };
            owed += before + if at == 0 { 0 } else { GAP.len() };
            if !cell.is_empty() {
                text.extend([" ".repeat(std::mem::take(&mut owed)), paint.on(cell, colour)]);
            }
            owed += behind;
        }
        text
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
    use super::{Columns, Paint, Side};

    #[test]
    fn columns_are_as_wide_as_what_is_seen() {
        let mut table = Columns::new([("FILE", Side::Left), ("SIZE", Side::Right), ("WHY", Side::Left)]);
        table.row(["日誌.log".to_owned(), "5".to_owned(), "new".to_owned()]);
        table.row(["a\u{1b}[2J.log".to_owned(), "1,234".to_owned(), String::new()]);
        let expected = ["FILE             SIZE  WHY", "日誌.log            5  new", "a\\u{1b}[2J.log  1,234"];
        assert_eq!(table.render(false).lines().collect::<Vec<_>>(), expected);
        let mut long = Columns::new([("A", Side::Left), ("B", Side::Left)]);
        long.row(["x".repeat(100), "y".to_owned()]);
        assert_eq!(long.render(false).lines().nth(1), Some(&*format!("{}…  y", "x".repeat(59))));
        let mut coloured = Columns::new([("A", Side::Right), ("B", Side::Left)]);
        coloured.painted([("ä".to_owned(), Paint::Bad), ("b".to_owned(), Paint::Plain)]);
        coloured.note("c", Paint::Good);
        let faint = |text: &str| format!("\u{1b}[2m{text}\u{1b}[0m");
        let expected = format!("{}  {}\n\u{1b}[31mä\u{1b}[0m  b\n   \u{1b}[32mc\u{1b}[0m\n", faint("A"), faint("B"));
        assert_eq!(coloured.render(true), expected);
    }
}
