//! Body patterns of event rules: does a message fit, and what does it say at the named places.

use super::fault::RuleProblem;
use super::swar;
use super::template::{self, Piece};

/// A part of a text, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
}

impl Span {
    /// Texts are shorter than 4 GiB: a record is cut long before.
    #[inline(always)]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The bytes of the part, as far as the text goes.
    #[inline(always)]
    pub fn of(self, text: &[u8]) -> &[u8] {
        let end = text.len().min(self.end as usize);
        text.get(self.start as usize..end).unwrap_or_default()
    }
}

/// What a capture took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Captured {
    /// Nothing.
    #[default]
    None,
    /// Text, as a part of the body.
    Text(Span),
    /// A number.
    Int(i64),
}

/// A compiled body pattern.
#[derive(Debug)]
pub struct BodyPattern {
    prefix: Box<[u8]>,
    captures: Vec<Capture>,
}

#[derive(Debug)]
struct Capture {
    /// Position of the attribute; none where nobody wants it.
    attribute: Option<usize>,
    kind: Kind,
    /// What stands behind it.
    literal: Box<[u8]>,
}

/// What a capture takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Int,
    /// A duration, with the power of ten that makes it milliseconds.
    Duration(u32),
}

impl BodyPattern {
    /// Compiles a pattern. `attribute` gives the position of a name that somebody wants.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(text: &str, attribute: impl Fn(&str) -> Option<usize>) -> Result<Self, RuleProblem> {
        let mut pattern = Self { prefix: Box::default(), captures: Vec::new() };
        for piece in template::parse(text)? {
            match piece {
                Piece::Literal(text) => match pattern.captures.last_mut() {
                    Some(capture) => capture.literal = text.into_bytes().into(),
                    None => pattern.prefix = text.into_bytes().into(),
                },
                Piece::Place { name, kind } => {
                    let kind = Kind::compile(&name, kind.as_deref())?;
                    pattern.captures.push(Capture { attribute: attribute(&name), kind, literal: Box::default() });
                }
            }
        }
        Ok(pattern)
    }

    /// Whether a capture takes the attribute at this position.
    pub fn takes(&self, attribute: usize) -> bool {
        self.captures.iter().any(|capture| capture.attribute == Some(attribute))
    }

    /// Whether the pattern fits the whole body; then `into` holds what its captures took.
    #[inline]
    pub fn captures(&self, body: &[u8], into: &mut [Captured]) -> bool {
        // Most patterns fail here.
        swar::begins(body, &self.prefix) && self.rest(body, into)
    }

    fn rest(&self, body: &[u8], into: &mut [Captured]) -> bool {
        let mut at = self.prefix.len();
        for (position, capture) in self.captures.iter().enumerate() {
            let is_last = position + 1 == self.captures.len();
            let Some(end) = capture.end(body, at, is_last) else { return false };
            let Some(value) = capture.kind.read(body, at, end) else { return false };
            if let Some(attribute) = capture.attribute {
                into[attribute] = value;
            }
            at = end + capture.literal.len();
        }
        at == body.len()
    }
}

impl Capture {
    /// Where the captured text ends: before the first place at which the literal fits, for the last one before the
    /// body's end.
    fn end(&self, body: &[u8], from: usize, is_last: bool) -> Option<usize> {
        if is_last {
            let end = body.len().checked_sub(self.literal.len())?;
            return (end >= from && swar::same(&body[end..], &self.literal)).then_some(end);
        }
        let first = *self.literal.first()?;
        let mut at = from;
        loop {
            at = swar::find(body, at, first)?;
            if swar::begins(&body[at..], &self.literal) {
                return Some(at);
            }
            at += 1;
        }
    }
}

impl Kind {
    /// The kind of a name, by what stands behind its colon.
    ///
    /// # Errors
    /// [`RuleProblem::UnknownType`].
    pub fn compile(name: &str, kind: Option<&str>) -> Result<Self, RuleProblem> {
        Ok(match kind {
            None => Self::Text,
            Some("int") => Self::Int,
            Some("ms") => Self::Duration(0),
            Some("s") => Self::Duration(3),
            Some(kind) => return Err(RuleProblem::UnknownType { name: name.to_owned(), kind: kind.to_owned() }),
        })
    }

    /// Reads a part of a text.
    pub fn read(self, body: &[u8], start: usize, end: usize) -> Option<Captured> {
        match self {
            Self::Text => Some(Captured::Text(Span::new(start, end))),
            Self::Int => decimal(&body[start..end], 0, false).map(Captured::Int),
            Self::Duration(shift) => decimal(&body[start..end], shift, true).map(Captured::Int),
        }
    }
}

/// A decimal number times 10 to the power of `shift`; digits beyond that are rounded, half away from zero.
fn decimal(text: &[u8], shift: u32, fraction: bool) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] | digits => (1, digits),
    };
    let point = swar::find(digits, 0, b'.').filter(|_| fraction).unwrap_or(digits.len());
    let (whole, part) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    let is_number = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    if whole.is_empty() || (point < digits.len() && part.is_empty()) || !is_number(whole) || !is_number(part) {
        return None;
    }
    let shifted = (0..shift as usize).map(|position| part.get(position).copied().unwrap_or(b'0'));
    let mut number: i64 = 0;
    for digit in whole.iter().copied().chain(shifted) {
        number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    let rounds_up = part.get(shift as usize).is_some_and(|digit| *digit >= b'5');
    Some(sign * number.checked_add(i64::from(rounds_up))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a pattern takes of a body, attribute by attribute in the order of their names.
    fn take(pattern: &str, body: &str) -> Option<Vec<String>> {
        let names = ["a", "b", "d"];
        let pattern = BodyPattern::compile(pattern, |name| names.iter().position(|other| *other == name)).unwrap();
        let mut into = [Captured::None; 3];
        let show = |captured: Captured| match captured {
            Captured::None => "-".to_owned(),
            Captured::Text(span) => String::from_utf8_lossy(span.of(body.as_bytes())).into_owned(),
            Captured::Int(number) => format!("#{number}"),
        };
        pattern.captures(body.as_bytes(), &mut into).then(|| into.map(show).into())
    }

    #[test]
    fn patterns_fit_whole_bodies() {
        let cases: &[(&str, &str, Option<[&str; 3]>)] = &[
            ("started", "started", Some(["-", "-", "-"])),
            ("started", "started again", None),
            ("", "", Some(["-", "-", "-"])),
            ("{*}", "", Some(["-", "-", "-"])),
            ("Session {a} by {b}", "Session 12 by u by v", Some(["12", "u by v", "-"])),
            ("Session {a} by {b}", "Session 12 with u", None),
            ("{a}: {*} in {d:ms} ms", "x: done in 498 ms", Some(["x", "-", "#498"])),
            ("{a}: {*} in {d:ms} ms", "x: done in no ms", None),
            ("{a} ms ms", "1 ms ms ms", Some(["1 ms", "-", "-"])),
            ("{a} end", " end", Some(["", "-", "-"])),
            ("took {d:s}s", "took 2.8486s", Some(["-", "-", "#2849"])),
            ("took {d:s}s", "took -3s", Some(["-", "-", "#-3000"])),
            ("{other} {a}", "x y", Some(["y", "-", "-"])),
            ("{d:int}", "9223372036854775808", None),
            ("{d:int}", "1.5", None),
            ("{d:ms}", "12.5", Some(["-", "-", "#13"])),
            ("{d:ms}", "12.", None),
            ("{d:ms}", ".5", None),
            ("Ø{a}ø", "Øxø", Some(["x", "-", "-"])),
            ("{{{a}}}", "{x}", Some(["x", "-", "-"])),
            ("{a}xx{b}", "aax", None),
        ];
        for (pattern, body, expected) in cases {
            let expected = expected.map(|texts| texts.map(str::to_owned).to_vec());
            assert_eq!(take(pattern, body), expected, "{pattern} on {body}");
        }
    }

    #[test]
    fn an_unknown_type_is_named() {
        let fault = BodyPattern::compile("{a:hours}", |_| None).unwrap_err();
        assert_eq!(fault, RuleProblem::UnknownType { name: "a".into(), kind: "hours".into() });
    }
}
