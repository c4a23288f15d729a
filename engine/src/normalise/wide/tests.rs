use proptest::prelude::{any, prop_assert_eq, proptest};

use super::super::tests::Slow;
use super::*;

/// Reads all, in pieces of some sizes, from a source that gives pieces of some sizes.
fn decode(raw: &[u8], wide: Option<Option<Wide>>, sizes: &[usize]) -> (Vec<u8>, Vec<u64>) {
    let mut decoder = Decoder::new(Slow { text: raw, sizes: sizes.to_vec(), reads: 0 }, 0, 0, wide, true);
    let (mut text, mut piece) = (Vec::new(), 0);
    let mut begins = vec![decoder.raw(0)];
    loop {
        let size = sizes[piece % sizes.len()];
        let mut buffer = vec![0; if piece == 0 { size + SIGN_BYTES } else { size }];
        piece += 1;
        let count = decoder.read(&mut buffer).unwrap();
        if count == 0 {
            begins.push(decoder.raw(text.len() as u64));
            return (text, begins);
        }
        for byte in &buffer[..count] {
            text.push(*byte);
            if *byte == b'\n' {
                begins.push(decoder.raw(text.len() as u64));
            }
        }
    }
}

fn encoded(text: &str, wide: Wide) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| if wide == Wide::Little { unit.to_le_bytes() } else { unit.to_be_bytes() })
        .collect()
}

#[test]
fn what_is_no_text_is_kept_as_what_is_no_text() {
    let raw = [0x3d, 0xd8, b'a', 0, 0x00, 0xde, b'\n', 0, b'b'];
    let (text, begins) = decode(&raw, Some(Some(Wide::Little)), &[3]);
    assert_eq!(text, [0xed, 0xa0, 0xbd, b'a', 0xed, 0xb8, 0x80, b'\n', 0xff]);
    assert_eq!(begins, [0, 8, 9]);
}

#[test]
fn few_bytes_tell_nothing_while_more_may_come() {
    let mut decoder = Decoder::new(&b"a\0b"[..], 0, 0, None, false);
    assert_eq!(decoder.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(decoder.wide(), None);
    assert_eq!(decode(b"a\0b", None, &[8]).0, b"a\0b");
}

proptest! {
    #[test]
    fn text_and_offsets_are_right_however_it_is_read(
        text in "([a-z]|\n|\u{e9}|\u{65e5}|\u{1f600}){0,60}",
        sizes in proptest::collection::vec(1usize..9, 1..5),
        big: bool,
    ) {
        let wide = if big { Wide::Big } else { Wide::Little };
        let raw = encoded(&format!("2026{text}"), wide);
        let text = format!("2026{text}");
        let (decoded, begins) = decode(&raw, None, &sizes);
        prop_assert_eq!(String::from_utf8(decoded).unwrap(), text.clone());
        let ends = text.match_indices('\n').map(|(at, _)| at + 1).chain([text.len()]);
        let expected: Vec<u64> =
            [0].into_iter().chain(ends.map(|end| text[..end].encode_utf16().count() as u64 * 2)).collect();
        prop_assert_eq!(begins, expected);
    }

    #[test]
    fn all_else_is_handed_through(raw: Vec<u8>, sizes in proptest::collection::vec(1usize..9, 1..5)) {
        if Wide::of(&raw[..raw.len().min(4)]).is_none() {
            prop_assert_eq!(decode(&raw, None, &sizes).0, raw);
        }
    }

    #[test]
    fn no_bytes_break_it(raw in proptest::collection::vec(any::<u8>(), 0..60), sizes in proptest::collection::vec(1usize..9, 1..5)) {
        let (_, begins) = decode(&raw, Some(Some(Wide::Big)), &sizes);
        prop_assert_eq!(begins.last(), Some(&(raw.len() as u64)));
    }
}
