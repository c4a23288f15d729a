//! Texts with placeholders in braces, before another stage compiles them: URL templates and line patterns.
//!
//! `{{` and `}}` stand for the braces themselves.

use super::text::Span;

/// One `{…}` of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder<'a> {
    /// With its braces.
    pub span: Span,
    /// What stands before the colon.
    pub name: &'a str,
    /// What stands behind the colon.
    pub kind: Option<&'a str>,
}

/// A brace without its partner.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclosed(pub Span);

/// All placeholders of a text, from left to right.
pub(super) fn placeholders(text: &str) -> Result<Vec<Placeholder<'_>>, Unclosed> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = text[at..].find(['{', '}']) {
        let start = at + offset;
        if text[start..].starts_with("{{") || text[start..].starts_with("}}") {
            at = start + 2;
            continue;
        }
        let inside = text[start..].strip_prefix('{').and_then(|rest| rest.find(['{', '}']));
        let end = match inside.map(|length| start + 1 + length) {
            Some(end) if text[end..].starts_with('}') => end,
            _ => return Err(Unclosed(start..start + 1)),
        };
        let (name, kind) = match text[start + 1..end].split_once(':') {
            Some((name, kind)) => (name, Some(kind)),
            None => (&text[start + 1..end], None),
        };
        found.push(Placeholder { span: start..end + 1, name, kind });
        at = end + 1;
    }
    Ok(found)
}

/// Whether a placeholder may have this name: letters, digits and `_`, in parts with `.` or `-` between them.
pub(super) fn is_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.split(['.', '-']).all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names_and_kinds() {
        let found = placeholders("{{x}} {a.b} in {d:ms}{*}").expect("placeholders");
        let found: Vec<_> = found.iter().map(|p| (p.span.clone(), p.name, p.kind)).collect();
        assert_eq!(found, [(6..11, "a.b", None), (15..21, "d", Some("ms")), (21..24, "*", None)]);
    }

    #[test]
    fn braces_need_a_partner() {
        assert_eq!(placeholders("a {b"), Err(Unclosed(2..3)));
        assert_eq!(placeholders("é} b"), Err(Unclosed(2..3)));
        assert_eq!(placeholders("{a{b}"), Err(Unclosed(0..1)));
    }

    #[test]
    fn names_are_words_with_dots() {
        assert!(["a", "_x", "user.id", "app-name.2"].into_iter().all(is_name));
        assert!(["", "2a", "a b", "a..b", "a.", "*", "é"].into_iter().all(|name| !is_name(name)));
    }
}
