//! Messages that are written as templates, with their values beside them: `Session {Id} started` and `"Id":"39292d22"`.
//!
//! Serilog's JSON formatters leave it to the reader to put them together. That is done where somebody looks at a
//! record, and for nobody else.

use super::body::Span;
use super::head::Field;
use super::json::{blank, expect, string, value};
use super::text::Texts;

/// The fields of a line that hold templates.
const TEMPLATES: [&str; 2] = ["@mt", "MessageTemplate"];
/// The field that holds the values, where they do not stand beside the template.
const VALUES: &[u8] = b"Properties";

/// Whether a line's body stands in a field that holds a template.
pub fn is_template(line: &[u8], body: Field) -> bool {
    let before = line.get(..body.span.start as usize).unwrap_or_default();
    let name = before.strip_suffix(b"\"").map(<[u8]>::trim_ascii_end).and_then(|before| before.strip_suffix(b":"));
    let name = name.map(<[u8]>::trim_ascii_end).and_then(|name| name.strip_suffix(b"\""));
    name.is_some_and(|name| {
        let is = |known: &&str| name.strip_suffix(known.as_bytes()).is_some_and(|before| before.ends_with(b"\""));
        TEMPLATES.iter().any(is)
    })
}

/// Appends a template with the values that a line has for its places: strings as their text, others as they stand. A
/// place without a value stays. True where a value held bytes that are no text.
pub fn render(template: &str, line: &[u8], texts: Texts, into: &mut String) -> bool {
    let mut is_lossy = false;
    let mut members = None;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, behind) = rest.split_at(at);
        into.push_str(before);
        let brace = &behind[..1];
        if let Some(doubled) = behind[1..].strip_prefix(brace) {
            into.push_str(brace);
            rest = doubled;
            continue;
        }
        let place = place(behind);
        let field = place.and_then(|(name, _)| {
            let members = members.get_or_insert_with(|| Members::of(line));
            members.value(line, name)
        });
        match (place, field) {
            (Some((_, bytes)), Some(field)) => {
                is_lossy |= texts.push(field, line, into);
                rest = &behind[bytes..];
            }
            _ => {
                into.push_str(brace);
                rest = &behind[1..];
            }
        }
    }
    into.push_str(rest);
    is_lossy
}

/// The name of the place that a text begins with, and how many bytes it takes: `{Id}`, `{@User}`, `{Took,8:0.000}`.
fn place(text: &str) -> Option<(&str, usize)> {
    let inside = text.strip_prefix('{')?;
    let inside = &inside[..inside.find('}')?];
    let name = inside.strip_prefix(['@', '$']).unwrap_or(inside);
    let name = name.split([',', ':']).next()?;
    let is_name = |char: char| char.is_alphanumeric() || char == '_' || char == '.';
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, inside.len() + 2))
}

/// The members of a line's object, and of the object in it that holds values.
struct Members(Vec<(Span, Field)>);

impl Members {
    fn of(line: &[u8]) -> Self {
        let mut members = Self(Vec::new());
        members.read(line, blank(line, 0));
        let values = members.0.iter().find(|(name, _)| name.of(line) == VALUES).map(|(_, field)| field.span);
        if let Some(values) = values {
            members.read(line, values.start as usize);
        }
        members
    }

    /// Reads the object at a place, as far as it goes.
    fn read(&mut self, line: &[u8], at: usize) -> Option<()> {
        let mut at = expect(line, at, b'{')?;
        loop {
            let name = string(line, expect(line, blank(line, at), b'"')?)?.span;
            let start = blank(line, expect(line, blank(line, name.end as usize + 1), b':')?);
            let (field, end) = value(line, start)?;
            // Without a field, it is `null`.
            self.0.push((name, field.unwrap_or(Field::plain(start, end))));
            at = expect(line, blank(line, end), b',')?;
        }
    }

    fn value(&self, line: &[u8], name: &str) -> Option<Field> {
        self.0.iter().find(|(known, _)| known.of(line) == name.as_bytes()).map(|(_, field)| *field)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    const LINE: &[u8] = br#" { "@mt" : "x", "Id":"51\"1", "User":{"Name":"u"},"N":12.50,"Z":null,"0":true,"a_1":[1, 2],
        "Properties":{"Took":0.5,"Id":"other"} } "#;

    fn rendered(template: &str) -> String {
        let mut text = String::new();
        render(template, LINE, Texts::new(None), &mut text);
        text
    }

    #[test]
    fn places_take_their_values() {
        for (template, expected) in [
            ("Session {Id} of {@User}", "Session 51\"1 of {\"Name\":\"u\"}"),
            ("{$Id}{N:0.000},{N,8},{N,-8:0},{0}", "51\"112.50,12.50,12.50,true"),
            ("{Z} {a_1} {Took:l}", "null [1, 2] 0.5"),
            ("{{Id}} {{{Id}}} }} {{", "{Id} {51\"1} } {"),
            ("{None} {Id {} { Id} {Id-x} {@} {Id", "{None} {Id {} { Id} {Id-x} {@} {Id"),
            ("} {Name} {", "} {Name} {"),
            ("", ""),
        ] {
            assert_eq!(rendered(template), expected, "{template}");
        }
    }

    #[test]
    fn the_field_of_a_template_is_known() {
        for (line, expected) in
            [(r#"{"@mt" : "x"}"#, true), (r#"{"MessageTemplate":"x"}"#, true), (r#"{"a@mt":"x"}"#, false), ("x", false)]
        {
            let at = line.find('x').unwrap_or_default();
            assert_eq!(is_template(line.as_bytes(), Field::plain(at, at + 1)), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn text_without_braces_stays_and_nothing_breaks(text in "[^{}]{0,20}", any in "[{}@$,:Id0 ]{0,20}", line: Vec<u8>) {
            prop_assert_eq!(&rendered(&text), &text);
            rendered(&any);
            render(&any, &line, Texts::new(None), &mut String::new());
        }
    }
}
