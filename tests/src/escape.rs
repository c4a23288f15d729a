//! Bytes in cases of text: `\x00` stands for one.

/// The bytes that a text with escapes stands for.
///
/// # Panics
/// Where no two digits follow `\\x`.
pub fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match text[at..] {
            [b'\\', b'x', high, low, ..] => {
                let digits = [high, low];
                let digits = std::str::from_utf8(&digits).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("a byte"));
                at += 4;
            }
            _ => {
                bytes.push(text[at]);
                at += 1;
            }
        }
    }
    bytes
}
