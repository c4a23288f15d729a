//! Bytes of records become text.
//!
//! Encodings in which `\n` and the other marks of a layout are the bytes that they are in ASCII need no decoding before
//! the lines: only what somebody wants to see of a record is decoded.

use encoding_rs::Encoding;

use super::head::Field;
use super::json::unescape;

/// How bytes become text.
#[derive(Debug, Clone, Copy)]
pub struct Texts(Option<&'static Encoding>);

impl Texts {
    /// Texts of an encoding; UTF-8 without one.
    pub fn new(encoding: Option<&'static Encoding>) -> Self {
        Self(encoding)
    }

    /// Appends a field's text; true where some of it was no text.
    pub fn push(self, field: Field, held: &[u8], into: &mut String) -> bool {
        let bytes = field.span.of(held);
        if bytes.is_empty() {
            return false;
        }
        let Some(encoding) = self.0.filter(|encoding| !is_utf8_after_all(bytes, encoding)) else {
            return if field.escaped { unescape(bytes, into) } else { push_lossy(bytes, into) };
        };
        let (text, is_lossy) = encoding.decode_without_bom_handling(bytes);
        if field.escaped {
            return unescape(text.as_bytes(), into) | is_lossy;
        }
        into.push_str(&text);
        is_lossy
    }

    /// How a text of the profile stands in a file.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self.0 {
            Some(encoding) => encoding.encode(text).0.into_owned(),
            None => text.as_bytes().to_vec(),
        }
    }

    /// The same, with `?` for each character that the encoding lacks.
    pub fn encode_plainly(self, text: &str) -> Vec<u8> {
        let Some(encoding) = self.0 else { return text.as_bytes().to_vec() };
        let lacks = |char: char| encoding.encode(char.encode_utf8(&mut [0; 4])).2;
        let plain: String = text.chars().map(|char| if lacks(char) { '?' } else { char }).collect();
        encoding.encode(&plain).0.into_owned()
    }
}

/// Whether a text is UTF-8 although its encoding has a byte for each character: of a fleet some instances may write the one, and
/// some the other. What is written in such an encoding hardly ever happens to be UTF-8 whose letters it has, too.
fn is_utf8_after_all(bytes: &[u8], encoding: &'static Encoding) -> bool {
    if bytes.is_ascii() || !encoding.is_single_byte() {
        return false;
    }
    let Ok(text) = simdutf8::basic::from_utf8(bytes) else { return false };
    // Dashes, quotes, currencies and emoji are written in any language.
    let is_sign = |char: &char| matches!(*char, '\u{2000}'..='\u{20cf}' | '\u{1f000}'..);
    let letters: String = text.chars().filter(|char| !is_sign(char)).collect();
    !encoding.encode(&letters).2
}

/// Appends bytes as text; true where some were no UTF-8.
pub fn push_lossy(bytes: &[u8], into: &mut String) -> bool {
    let text = if bytes.is_ascii() {
        // SAFETY: ASCII is UTF-8. Most texts are short, and to check them so takes a quarter of the time.
        Ok(unsafe { str::from_utf8_unchecked(bytes) })
    } else {
        simdutf8::basic::from_utf8(bytes)
    };
    match text {
        Ok(text) => into.push_str(text),
        Err(_) => into.push_str(&String::from_utf8_lossy(bytes)),
    }
    text.is_err()
}

#[cfg(test)]
mod tests {
    use encoding_rs::{Encoding, IBM866, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

    use super::{Field, Texts};

    fn read(encoding: &'static Encoding, bytes: &[u8]) -> (String, bool) {
        let mut text = String::new();
        let is_lossy = Texts::new(Some(encoding)).push(Field::plain(0, bytes.len()), bytes, &mut text);
        (text, is_lossy)
    }

    #[test]
    fn utf8_is_told_from_an_encoding_that_could_hold_it() {
        for (encoding, texts) in [
            (WINDOWS_1252, &["größer", "„Kein Zugriff“: 5 €", "naïve – Ærø", "ß"][..]),
            (WINDOWS_1251, &["Ні", "Привіт", "раз"]),
            (IBM866, &["тип", "раз", "там нет связи", "ход"]),
        ] {
            for text in texts {
                let expected = ((*text).to_owned(), false);
                assert_eq!(read(encoding, &encoding.encode(text).0), expected, "{text} in {}", encoding.name());
                assert_eq!(read(encoding, text.as_bytes()), expected, "{text} in UTF-8, not {}", encoding.name());
            }
        }
        assert_eq!(read(WINDOWS_1252, "über 🚀".as_bytes()), ("über 🚀".to_owned(), false));
        assert_eq!(read(WINDOWS_1252, "日本".as_bytes()).0, "æ—¥æœ¬", "it has none of these letters");
        assert_eq!(read(SHIFT_JIS, &SHIFT_JIS.encode("接続").0), ("接続".to_owned(), false));
    }
}
