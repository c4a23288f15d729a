//! Text from the logs.

/// The text with everything visible: control characters and those that turn the direction of writing are written
/// as in source code, `\u{1b}`. Line feeds and tabs stay.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if hides(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn hides(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (character.is_control() && character != '\n' && character != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides() {
        assert_eq!(visible("a\0b\u{1b}[1m\r\n\tü"), r"a\u{0}b\u{1b}[1m\r".to_owned() + "\n\tü");
        assert_eq!(visible("exe\u{202e}gnp"), r"exe\u{202e}gnp");
    }
}
