//! What needs attention.

use serde::{Deserialize, Serialize};

use super::Cell;

/// A sentence about something that needs attention, with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Highlight {
    /// Name of the KPI in the profile that it comes from; empty where it is about the coverage.
    pub kpi: String,
    /// How urgent it is.
    pub level: Level,
    /// The sentence, in pieces; [`Highlight::spaced`] says how they are joined.
    pub sentence: Vec<Cell>,
    /// The value that made the rule fire.
    pub value: Cell,
    /// What the value is held against.
    pub baseline: Cell,
    /// Number of observations behind the value.
    pub sample: Option<u64>,
    /// The rule that fired, with its settings.
    pub rule: String,
}

/// How urgent a highlight is, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Someone should act now.
    Critical,
    /// Someone should look at it.
    Warning,
    /// Worth knowing.
    Info,
}

impl Highlight {
    /// Whether a space belongs between two pieces of a sentence: not where one of them brings its own, and not
    /// inside of brackets or before a punctuation mark.
    pub fn spaced(left: &str, right: &str) -> bool {
        let (Some(end), Some(start)) = (left.chars().next_back(), right.chars().next()) else {
            return false;
        };
        let closed = end.is_whitespace() || matches!(end, '(' | '[' | '“' | '„');
        let follows = start.is_whitespace() || matches!(start, ',' | '.' | ';' | ':' | '!' | '?' | ')' | ']' | '”');
        !closed && !follows
    }

    /// The sentence as a plain text, to order by.
    pub fn plain(&self) -> String {
        let mut sentence = String::new();
        for piece in self.sentence.iter().map(Cell::plain) {
            if Self::spaced(&sentence, &piece) {
                sentence.push(' ');
            }
            sentence.push_str(&piece);
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_as_a_sentence() {
        let pieces = |pieces: &[&str]| Highlight {
            kpi: "errors".into(),
            level: Level::Info,
            sentence: pieces.iter().map(|piece| Cell::text(*piece)).collect(),
            value: Cell::None,
            baseline: Cell::None,
            sample: None,
            rule: String::new(),
        };
        assert_eq!(pieces(&["Instance", "s-1", "is silent", "."]).plain(), "Instance s-1 is silent.");
        assert_eq!(pieces(&["Instance ", "s-1", ", and more"]).plain(), "Instance s-1, and more");
        assert_eq!(pieces(&["New (", "2.1", ")", "", "now"]).plain(), "New (2.1) now");
    }
}
