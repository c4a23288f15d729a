//! Templates: text with named places, `Session {session.id} ended by {user.id}`.
//!
//! `{*}` is a place without a name, `{name:type}` has a type, `{{` and `}}` are braces of the text itself.

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Literal(String),
    /// A place; the name is `*` where it has none.
    Place {
        /// Its name.
        name: String,
        /// What stands behind the colon.
        kind: Option<String>,
    },
}

/// Why a text is no template. Columns are characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// `{` without `}`.
    #[error("the `{{` at character {0} is not closed")]
    Unclosed(usize),
    /// `}` without `{`.
    #[error("the `}}` at character {0} closes nothing")]
    Unopened(usize),
    /// `{}`.
    #[error("the place at character {0} has no name")]
    NoName(usize),
    /// Two places without text between them.
    #[error("nothing stands between the place at character {0} and the one before it")]
    Adjacent(usize),
    /// One name twice.
    #[error("`{{{0}}}` stands there twice")]
    Twice(String),
}

impl TemplateFault {
    /// What would be right.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unclosed(_) | Self::Unopened(_) => "write `{{` and `}}` for braces of the text itself",
            Self::NoName(_) => "give it a name, or write `{*}` for text that is not needed",
            Self::Adjacent(_) => "put the text between them that ends the first, or join them",
            Self::Twice(_) => "give the second another name, or write `{*}`",
        }
    }
}

/// Takes a template apart; no two literals follow each other.
///
/// # Errors
/// The first [`TemplateFault`].
pub fn parse(text: &str) -> Result<Vec<Piece>, TemplateFault> {
    pieces(text, |_, _| false)
}

/// The same of a line's pattern, in which a severity may stand directly before the time: its letters end where that
/// begins.
///
/// # Errors
/// The first [`TemplateFault`].
pub fn parse_line(text: &str) -> Result<Vec<Piece>, TemplateFault> {
    pieces(text, |before, name| (before, name) == ("severity", "timestamp"))
}

fn pieces(text: &str, may_touch: fn(&str, &str) -> bool) -> Result<Vec<Piece>, TemplateFault> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars().zip(1..).peekable();
    while let Some((char, column)) = chars.next() {
        let doubled = chars.next_if(|(next, _)| *next == char && (char == '{' || char == '}')).is_some();
        match char {
            '{' if !doubled => {
                let mut inner = String::new();
                loop {
                    match chars.next() {
                        Some(('}', _)) => break,
                        Some((other, _)) if other != '{' => inner.push(other),
                        _ => return Err(TemplateFault::Unclosed(column)),
                    }
                }
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(place(&inner, column, &pieces, may_touch)?);
            }
            '}' if !doubled => return Err(TemplateFault::Unopened(column)),
            _ => literal.push(char),
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn place(
    inner: &str,
    column: usize,
    before: &[Piece],
    may_touch: fn(&str, &str) -> bool,
) -> Result<Piece, TemplateFault> {
    let (name, kind) = inner.split_once(':').map_or((inner, None), |(name, kind)| (name, Some(kind)));
    let (name, kind) = (name.trim().to_owned(), kind.map(|kind| kind.trim().to_owned()));
    if name.is_empty() {
        return Err(TemplateFault::NoName(column));
    }
    if matches!(before.last(), Some(Piece::Place { name: before, .. }) if !may_touch(before, &name)) {
        return Err(TemplateFault::Adjacent(column));
    }
    let same = |piece: &Piece| matches!(piece, Piece::Place { name: other, .. } if *other == name);
    if name != "*" && before.iter().any(same) {
        return Err(TemplateFault::Twice(name));
    }
    Ok(Piece::Place { name, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_taken_apart() {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        let place = |name: &str, kind: Option<&str>| Piece::Place { name: name.into(), kind: kind.map(str::to_owned) };
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(parse("a {{b}} c").unwrap(), [literal("a {b} c")]);
        assert_eq!(
            parse("{a} took {*}, {d:ms} ms").unwrap(),
            [
                place("a", None),
                literal(" took "),
                place("*", None),
                literal(", "),
                place("d", Some("ms")),
                literal(" ms")
            ]
        );
    }

    #[test]
    fn faults_name_their_place() {
        let cases = [
            ("x {a", TemplateFault::Unclosed(3)),
            ("ä {a{b}", TemplateFault::Unclosed(3)),
            ("x a} y", TemplateFault::Unopened(4)),
            ("{}", TemplateFault::NoName(1)),
            ("{ :ms}", TemplateFault::NoName(1)),
            ("{a}{b}", TemplateFault::Adjacent(4)),
            ("{a} {a:int}", TemplateFault::Twice("a".to_owned())),
        ];
        for (text, fault) in cases {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn only_a_severity_touches_the_time_of_a_line() {
        assert_eq!(parse("{severity}{timestamp}"), Err(TemplateFault::Adjacent(11)));
        assert_eq!(parse_line("{severity}{timestamp}").map(|pieces| pieces.len()), Ok(2));
        for text in ["{logger}{timestamp}", "{timestamp}{severity}", "{*}{timestamp}"] {
            assert!(matches!(parse_line(text), Err(TemplateFault::Adjacent(_))), "{text}");
        }
    }
}
