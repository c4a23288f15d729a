//! Texts with variable parts, taken apart once and filled many times.

use super::random::Random;
use super::words::PROFILES;

/// One part of a text.
#[derive(Debug, Clone)]
enum Piece {
    Text(&'static str),
    Number { low: u32, high: u32 },
    Hex { digits: u32 },
    Guid,
    Profile,
    User,
    Clock,
}

/// A text that was taken apart.
#[derive(Debug, Clone)]
pub struct Template(Vec<Piece>);

/// What a text may refer to beside random parts.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    pub user: u16,
    /// Milliseconds since midnight.
    pub day_ms: u32,
}

impl Template {
    /// Takes a text of [`super::words`] apart.
    ///
    /// # Panics
    /// On a variable part that does not exist: the texts are constants of this crate.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, tail)) = rest.split_once('{') {
            let (name, tail) = tail.split_once('}').expect("a brace in `words` is closed");
            if !literal.is_empty() {
                pieces.push(Piece::Text(literal));
            }
            pieces.push(piece(name));
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest));
        }
        Self(pieces)
    }

    /// Writes the text; equal `random` gives equal parts.
    pub fn fill(&self, random: &mut Random, context: Context, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Number { low, high } => push_number(out, random.between(*low, *high)),
                Piece::Hex { digits } => push_hex(out, random.next_u64(), *digits, HEX_UPPER),
                Piece::Guid => push_guid(out, random),
                Piece::Profile => {
                    let chosen = random.between(0, PROFILES.len() as u32 - 1) as usize;
                    out.extend_from_slice(PROFILES[chosen].as_bytes());
                }
                Piece::User => push_user(out, context.user),
                Piece::Clock => push_clock(out, context.day_ms),
            }
        }
    }
}

fn piece(name: &'static str) -> Piece {
    match name {
        "guid" => Piece::Guid,
        "profile" => Piece::Profile,
        "user" => Piece::User,
        "clock" => Piece::Clock,
        _ => ranged(name).unwrap_or_else(|| panic!("`words` uses an unknown part {{{name}}}")),
    }
}

fn ranged(name: &str) -> Option<Piece> {
    if let Some(digits) = name.strip_prefix("hex") {
        return Some(Piece::Hex { digits: digits.parse().ok()? });
    }
    let (low, high) = name.split_once('-')?;
    Some(Piece::Number { low: low.parse().ok()?, high: high.parse().ok()? })
}

const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";
/// Digits of session ids and GUIDs.
pub const HEX_LOWER: &[u8; 16] = b"0123456789abcdef";

/// The lowest `digits` hexadecimal digits of a number, most significant first.
pub fn push_hex(out: &mut Vec<u8>, bits: u64, digits: u32, alphabet: &[u8; 16]) {
    for digit in (0..digits).rev() {
        out.push(alphabet[(bits >> (digit * 4) & 15) as usize]);
    }
}

fn push_guid(out: &mut Vec<u8>, random: &mut Random) {
    let (high, low) = (random.next_u64(), random.next_u64());
    push_hex(out, high >> 32, 8, HEX_LOWER);
    for (bits, digits) in [(high >> 16, 4), (high, 4), (low >> 48, 4), (low, 12)] {
        out.push(b'-');
        push_hex(out, bits, digits, HEX_LOWER);
    }
}

/// A user's name: `u` and the number.
pub fn push_user(out: &mut Vec<u8>, user: u16) {
    out.push(b'u');
    push_number(out, u32::from(user));
}

/// A number in decimal digits.
pub fn push_number(out: &mut Vec<u8>, number: u32) {
    let mut digits = [0; 10];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// A number below 100 as two digits.
pub fn two_digits(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

/// `hh:mm:ss`.
fn push_clock(out: &mut Vec<u8>, day_ms: u32) {
    let seconds = day_ms / 1000;
    out.extend_from_slice(&two_digits(seconds / 3600));
    out.push(b':');
    out.extend_from_slice(&two_digits(seconds / 60 % 60));
    out.push(b':');
    out.extend_from_slice(&two_digits(seconds % 60));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &'static str) -> String {
        let context = Context { user: 1234, day_ms: 3_723_004 };
        let mut out = Vec::new();
        Template::new(text).fill(&mut Random::new(1), context, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fills_every_kind_of_part() {
        assert_eq!(filled("plain"), "plain");
        assert_eq!(filled("{user} at {clock}!"), "u1234 at 01:02:03!");
        assert_eq!(filled("[{7-7}][{0-0}]"), "[7][0]");
        let hex = filled("{hex8}");
        assert!(hex.len() == 8 && hex.bytes().all(|b| HEX_UPPER.contains(&b)));
        let guid = filled("{guid}");
        let parts: Vec<usize> = guid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
    }

    #[test]
    #[should_panic(expected = "unknown part {name}")]
    fn refuses_an_unknown_part() {
        let _ = Template::new("a {name}");
    }
}
