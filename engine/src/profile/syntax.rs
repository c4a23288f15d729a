//! Faults of the TOML itself, as many as can be told apart.

use toml::de::{DeTable, Error};

use super::raw::Document;
use super::text::Span;

/// What the parser says about a key that is given twice: the rest of the text is then still what it seems to be.
/// Should the parser's words change, such a fault is shown without the others; a test would notice.
const DUPLICATE_KEY: &str = "duplicate key";

/// Lines that are wrong by themselves: with more of them, the file is hardly meant to be TOML.
const LINES_MAX: usize = 20;

/// Records what the parser found; whether the text is worth a closer look.
pub(super) fn report(doc: Document<'_>, errors: &[Error]) -> bool {
    for error in errors.iter().filter(|error| error.message() == DUPLICATE_KEY) {
        doc.fault(&error.span().unwrap_or_default(), "the key is given twice", "keep one of them");
    }
    let Some(mut first) = first_of(errors) else { return true };
    // The parser stumbles on after an error. So every wrong line is shown, blanked, and the rest read again, up to
    // a line that is right by itself: there, something that was opened further up has swallowed it.
    let mut text = doc.text.content.clone();
    for _ in 0..LINES_MAX {
        let (span, message) = first;
        let line = line_at(&text, span.start);
        let alone = &text[line.clone()];
        if DeTable::parse_recoverable(alone).1.is_empty() {
            let help = "the line itself is right: further up, a `[`, `{` or quote is opened and not closed";
            doc.fault(&span, message, help);
            break;
        }
        doc.fault(&span, message, help_for(alone));
        text.replace_range(line.clone(), &" ".repeat(line.len()));
        match first_of(&DeTable::parse_recoverable(&text).1) {
            Some(next) => first = next,
            None => break,
        }
    }
    false
}

fn first_of(errors: &[Error]) -> Option<(Span, String)> {
    let errors = errors.iter().filter(|error| error.message() != DUPLICATE_KEY);
    let first = errors.min_by_key(|error| error.span().map_or(0, |span| span.start))?;
    Some((first.span().unwrap_or_default(), first.message().to_owned()))
}

/// The line that an offset is in, without its end.
fn line_at(text: &str, offset: usize) -> Span {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    start..end
}

/// What is most often meant, told from what the line says.
fn help_for(line: &str) -> &'static str {
    if line.contains('"') && line.contains('\\') {
        return "in \"…\" a backslash is written twice; in '…' it stands for itself: 'C:\\logs'";
    }
    "a line reads `name = \"text\"`, `name = 5`, `name = [\"a\", \"b\"]` or `[section]`"
}
