//! Colours of a terminal in a log: `ESC [ 3 1 m` and the like. They say nothing, and are read over where they stand
//! around the fields of a head.

/// Every sequence begins with it.
pub const ESCAPE: u8 = 0x1b;

/// Bytes of the sequence that begins a text; 0 where none does.
pub fn sequence(text: &[u8]) -> usize {
    let [ESCAPE, b'[', rest @ ..] = text else { return 0 };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    if rest.get(digits) == Some(&b'm') { digits + 3 } else { 0 }
}

/// Where a field begins and ends without the sequences and the blanks around it.
#[cold]
pub fn bare(line: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    loop {
        let colour = sequence(&line[start..end]);
        match line[start..end].first() {
            Some(b' ') => start += 1,
            Some(_) if colour > 0 => start += colour,
            _ => break,
        }
    }
    loop {
        let field = &line[start..end];
        let last =
            field.iter().rposition(|byte| *byte == ESCAPE).filter(|at| sequence(&field[*at..]) == field.len() - at);
        match (field.last(), last) {
            (Some(b' '), _) => end -= 1,
            (_, Some(at)) => end = start + at,
            _ => return (start, end),
        }
    }
}

/// Puts blanks in the place of all sequences.
pub fn blank(text: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = memchr::memchr(ESCAPE, &text[at..]) {
        at += found;
        let bytes = sequence(&text[at..]);
        text[at..at + bytes].fill(b' ');
        at += bytes.max(1);
    }
}

/// A text without them.
pub fn without(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(char::from(ESCAPE)) {
        let bytes = sequence(&rest.as_bytes()[at..]);
        kept.push_str(&rest[..at + usize::from(bytes == 0)]);
        rest = &rest[at + bytes.max(1)..];
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::{bare, blank, without};

    #[test]
    fn colours_are_read_over() {
        for (text, field, blanked, plain) in [
            ("\x1b[31mERROR\x1b[0m", "ERROR", "     ERROR    ", "ERROR"),
            (" \x1b[1;31m a \x1b[0m\x1b[2m ", "a", "         a          ", "  a  "),
            ("\x1b[31", "\x1b[31", "\x1b[31", "\x1b[31"),
            ("a \x1b b", "a \x1b b", "a \x1b b", "a \x1b b"),
            ("\x1b[m", "", "   ", ""),
            ("", "", "", ""),
        ] {
            let (start, end) = bare(text.as_bytes(), 0, text.len());
            assert_eq!(&text[start..end], field, "{text:?}");
            let mut bytes = text.as_bytes().to_vec();
            blank(&mut bytes);
            assert_eq!(bytes, blanked.as_bytes(), "{text:?}");
            assert_eq!(without(text), plain, "{text:?}");
        }
    }
}
