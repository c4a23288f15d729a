//! A file that a person wrote: where its lines are, and how one of them is shown with a caret.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

/// Bytes from the start of a text.
pub(super) type Span = Range<usize>;

/// Widest line that is shown whole; most terminals and mails take it beside the line number.
const LINE_COLUMNS_MAX: usize = 100;
/// What is left of a longer line before the caret.
const BEFORE_COLUMNS: usize = 40;
/// A tab is shown as this many blanks, so that the caret stands right whatever the terminal does.
const TAB: &str = "    ";

/// The text of a file and the name that the user knows it by.
pub(super) struct Text {
    pub file: String,
    pub content: String,
    /// Place among the files of one profile: faults of the profile come before those of its list.
    pub rank: usize,
    line_starts: Vec<usize>,
}

impl Text {
    pub fn new(file: String, content: String, rank: usize) -> Self {
        let line_starts = std::iter::once(0).chain(content.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, content, rank, line_starts }
    }

    /// Line and column of an offset, from 1; a column is a character.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let offset = self.shown(offset);
        let line = self.line_starts.partition_point(|&start| start <= offset) - 1;
        (line + 1, self.content[self.line_starts[line]..offset].chars().count() + 1)
    }

    /// The line of a span's start, with a caret under the span.
    pub fn snippet(&self, span: &Span) -> Snippet {
        let start = self.shown(span.start);
        let line = self.line_starts.partition_point(|&start_of| start_of <= start) - 1;
        let line_start = self.line_starts[line];
        let shown = self.content[line_start..].lines().next().unwrap_or_default();
        let from = (start - line_start).min(shown.len());
        let to = self.shown(span.end).saturating_sub(line_start).clamp(from, shown.len());
        Snippet::new(&conceal(shown), from..to)
    }

    /// The nearest offset that has something to show: not behind the end, not inside a character.
    fn shown(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.content.trim_end().len());
        while !self.content.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text of {}", self.file)
    }
}

/// One line, cut to what fits, and the columns that the caret marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snippet {
    pub line: String,
    pub caret_at: usize,
    pub caret_columns: usize,
}

impl Snippet {
    fn new(line: &str, marked: Span) -> Self {
        let long = tail(line, LINE_COLUMNS_MAX).1;
        let (before, cut) =
            if long { tail(&line[..marked.start], BEFORE_COLUMNS) } else { (&line[..marked.start], false) };
        let mut shown =
            Self { line: if cut { "…".to_owned() } else { String::new() }, caret_at: 0, caret_columns: 0 };
        let mut used = usize::from(cut) + before.chars().map(|c| shown.push(c)).sum::<usize>();
        shown.caret_at = used;
        for (at, c) in line[marked.start..].char_indices() {
            if long && used + columns(c) > LINE_COLUMNS_MAX {
                shown.line.push('…');
                break;
            }
            let width = shown.push(c);
            used += width;
            if marked.start + at < marked.end {
                shown.caret_columns += width;
            }
        }
        shown.caret_columns = shown.caret_columns.max(1);
        shown
    }

    /// Adds a character as it is shown; returns its columns.
    fn push(&mut self, c: char) -> usize {
        match c {
            '\t' => self.line.push_str(TAB),
            c if hidden(c) => self.line.push(char::REPLACEMENT_CHARACTER),
            c => self.line.push(c),
        }
        columns(c)
    }
}

/// The end of a text that fits into `columns_max`, and whether something before it was cut off.
fn tail(text: &str, columns_max: usize) -> (&str, bool) {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += columns(c);
        if used > columns_max {
            return (&text[at + c.len_utf8()..], true);
        }
    }
    (text, false)
}

fn columns(c: char) -> usize {
    match c {
        '\t' => TAB.len(),
        c if hidden(c) => 1,
        c => c.width().unwrap_or(1),
    }
}

/// Characters that would move the caret, reverse the line or ring the bell.
pub(super) fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Keys that somebody may write a secret behind.
const SECRET_KEYS: [&str; 4] = ["password", "token", "value", "key"];

/// Stars instead of the user and password of every URL, and of what stands where a secret would: a fault is printed
/// where anyone may read it. Rather too many than too few, as a password may hold anything. Replaces byte by byte,
/// so that offsets stay what they are.
pub(super) fn conceal(text: &str) -> String {
    let mut concealed = text.to_owned();
    for key in SECRET_KEYS {
        for (at, _) in text.match_indices(key) {
            let behind = text[at + key.len()..].trim_start_matches([' ', '\t', '"', '\'']);
            let Some(value) = behind.strip_prefix('=').map(str::trim_start) else { continue };
            let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let quotes = value.len() - value.trim_start_matches(quote).len();
            let opening = if quotes == 3 { 3 } else { 1 };
            let start = text.len() - value.len() + opening;
            let end = value[opening..].rfind(quote).map_or(text.len(), |at| start + at);
            concealed.replace_range(start..end, &"*".repeat(end - start));
        }
    }
    let mut from = 0;
    while let Some(at) = concealed[from..].find("://") {
        let before = concealed[..from + at].trim_end_matches(|c: char| c.is_ascii_alphanumeric());
        let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '\''));
        let start = from + at + "://".len();
        let end = quote.and_then(|quote| concealed[start..].find(quote)).map_or(concealed.len(), |at| start + at);
        if let Some(at) = concealed[start..end].rfind('@') {
            concealed.replace_range(start..start + at, &"*".repeat(at));
        }
        from = end;
    }
    concealed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line, and under it the caret.
    fn shown(content: &str, marked: &str) -> String {
        let text = Text::new("a".to_owned(), content.to_owned(), 0);
        let at = content.find(marked).expect("the marked words");
        let snippet = text.snippet(&(at..at + marked.len()));
        format!("{}\n{}{}", snippet.line, " ".repeat(snippet.caret_at), "^".repeat(snippet.caret_columns))
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_caret_aligned() {
        assert_eq!(shown("\tx = 1", "x"), "    x = 1\n    ^");
        assert_eq!(shown("名前 = 'é' # e", "= "), "名前 = 'é' # e\n     ^^");
        assert_eq!(shown("a = 's\u{202e}x' = 2", "2"), "a = 's\u{fffd}x' = 2\n            ^");
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let line = format!("{}MARK{}", "a".repeat(500), "b".repeat(500));
        let cut = shown(&line, "MARK");
        let expected = format!("…{}MARK{}…\n{}^^^^", "a".repeat(40), "b".repeat(55), " ".repeat(41));
        assert_eq!(cut, expected);
        let wide = format!("{}MARK", "字".repeat(500));
        assert_eq!(shown(&wide, "MARK"), format!("…{}MARK\n{}^^^^", "字".repeat(20), " ".repeat(41)));
    }

    #[test]
    fn places_count_characters_from_one() {
        let text = Text::new("a".to_owned(), "é\r\nüx\n\n".to_owned(), 0);
        assert_eq!(text.place(0), (1, 1));
        assert_eq!(text.place("é\r\nü".len()), (2, 2));
        assert_eq!(text.place(usize::MAX), (2, 3), "behind the end: the last thing that can be shown");
        assert_eq!(Text::new("a".to_owned(), String::new(), 0).place(5), (1, 1));
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(conceal("a = \"http://me:pässw/rd@h:1/\""), "a = \"http://************@h:1/\"");
        assert_eq!(conceal("'http://h/', 'http://u:p\"w,@h@x', z@"), "'http://h/', 'http://********@x', z@");
        assert_eq!(conceal("A,http://u:p,w@h"), "A,http://*****@h");
        assert_eq!(conceal("{ token = \"äb\\\"c\" }"), "{ token = \"******\" }");
        assert_eq!(conceal("'password'='ab"), "'password'='**");
        assert_eq!(conceal("key = \"\"\"-----BEGIN"), "key = \"\"\"**********");
        assert_eq!(conceal("token = { env = \"A\" }"), "token = { env = \"A\" }");
    }
}
