//! Masks: the variable parts of a message, found by their shape alone.
//!
//! Wherever a word may begin, the masks are tried in the order of the table; the first that fits takes its part, and a
//! word that fits none stays. So a mask sees one message and nothing else: no order of messages can change it.

use super::swar;

/// Finds the end of a part that begins at a position; none where it has another shape.
type Shape = fn(&[u8], usize) -> Option<usize>;

/// What stands in place of a part of each shape.
const MASKS: [(&str, Shape); 13] = [
    ("<url>", url),
    ("<email>", email),
    ("<guid>", guid),
    ("<path>", windows_path),
    ("<path>", unix_path),
    ("<time>", time),
    ("<ip>", ipv4),
    ("<ip>", ipv6),
    ("<hex>", hex),
    ("<num>", number),
    ("<id>", id),
    ("'<str>'", |text, at| quoted(text, at, b'\'')),
    ("\"<str>\"", |text, at| quoted(text, at, b'"')),
];

/// Digits of a hexadecimal number that nothing else marks.
const HEX_DIGITS_MIN: usize = 8;
/// Letters that may follow a number at once without making it a name.
const UNITS: [&[u8]; 23] = [
    b"ns", b"us", b"ms", b"s", b"sec", b"m", b"min", b"h", b"d", b"B", b"b", b"K", b"k", b"M", b"G", b"kB", b"KB",
    b"MB", b"GB", b"TB", b"KiB", b"MiB", b"GiB",
];

/// Appends a message with its variable parts masked.
pub fn write(message: &str, into: &mut String) {
    let text = message.as_bytes();
    let (mut at, mut kept) = (0, 0);
    while at < text.len() {
        let begins = at == 0 || !is_word(&text[at - 1]);
        let fitting = || MASKS.iter().find_map(|(mask, shape)| shape(text, at).map(|end| (end, mask)));
        let found = (begins && !is_plain(text, at)).then(fitting).flatten();
        if let Some((end, mask)) = found {
            into.push_str(&message[kept..at]);
            into.push_str(mask);
            (at, kept) = (end, end);
        }
        // A part that ends within a word, as a number before its unit, hides the rest of the word.
        let word = word_end(text, at);
        at = if word > at || found.is_some() { word } else { at + 1 };
    }
    into.push_str(&message[kept..]);
}

/// Whether a short word of letters begins here and nothing else: no mask fits it, and most words are like that.
fn is_plain(text: &[u8], at: usize) -> bool {
    let end = run(text, at, u8::is_ascii_alphabetic);
    (1..HEX_DIGITS_MIN).contains(&(end - at)) && matches!(text.get(end), None | Some(b' ' | b',' | b';' | b')'))
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii()
}

/// End of the run of bytes from `at`.
fn run(text: &[u8], at: usize, belongs: impl Fn(&u8) -> bool) -> usize {
    at + text[at..].iter().take_while(|byte| belongs(byte)).count()
}

fn word_end(text: &[u8], at: usize) -> usize {
    run(text, at, is_word)
}

/// The end, if no word goes on there.
fn bounded(text: &[u8], end: usize) -> Option<usize> {
    (!text.get(end).is_some_and(is_word)).then_some(end)
}

/// The end without these bytes before it, if anything is left behind `start`.
fn trimmed(text: &[u8], start: usize, end: usize, marks: &[u8]) -> Option<usize> {
    let marks = text[start..end].iter().rev().take_while(|byte| marks.contains(byte)).count();
    (end - marks > start).then_some(end - marks)
}

/// End of `least` to `most` digits.
fn digits(text: &[u8], at: usize, least: usize, most: usize) -> Option<usize> {
    let end = run(text, at.min(text.len()), u8::is_ascii_digit);
    (end >= at + least && end <= at + most).then_some(end)
}

/// Position behind one of these bytes.
fn one_of(text: &[u8], at: usize, bytes: &[u8]) -> Option<usize> {
    text.get(at).filter(|byte| bytes.contains(byte)).map(|_| at + 1)
}

/// `https://host/path?query`
fn url(text: &[u8], at: usize) -> Option<usize> {
    let scheme = run(text, at, u8::is_ascii_alphabetic);
    let start = (scheme > at && text[scheme..].starts_with(b"://")).then_some(scheme + 3)?;
    let end = run(text, start, |byte| !byte.is_ascii_whitespace() && !b"\"'<>()[]{}".contains(byte));
    trimmed(text, start, end, b".,;:!?")
}

/// `name@domain`, mail address or principal.
fn email(text: &[u8], at: usize) -> Option<usize> {
    let local = run(text, at, |byte| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte));
    let start = one_of(text, local, b"@").filter(|_| local > at)?;
    let end = run(text, start, |byte| byte.is_ascii_alphanumeric() || b".-".contains(byte));
    trimmed(text, start, end, b".-")
}

/// `17371472-6616-4e41-a95f-7f9a8df05f25`
fn guid(text: &[u8], at: usize) -> Option<usize> {
    let guid = text.get(at..at + 36)?;
    let fits = guid.iter().enumerate().all(|(position, byte)| match position {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    bounded(text, at + 36).filter(|_| fits)
}

fn is_path(byte: &u8) -> bool {
    !byte.is_ascii_whitespace() && !b"\"'<>|,;:*?()[]{}=".contains(byte)
}

/// `C:\folder\file`, `\\server\share`; a blank within the path is seen by the backslash in the word behind it.
fn windows_path(text: &[u8], at: usize) -> Option<usize> {
    let start = match text.get(at..at + 3)? {
        [drive, b':', b'\\' | b'/'] if drive.is_ascii_alphabetic() => at + 2,
        [b'\\', b'\\', name] if is_word(name) || b"?.".contains(name) => at,
        _ => return None,
    };
    let mut end = windows_part(text, start);
    while text.get(end) == Some(&b' ') {
        let next = windows_part(text, end + 1);
        let word = &text[end + 1..next];
        if word.starts_with(b"\\") || !word.contains(&b'\\') {
            break;
        }
        end = next;
    }
    trimmed(text, at, end, b".")
}

/// End of a path's part; a GUID in braces belongs to it.
fn windows_part(text: &[u8], at: usize) -> usize {
    run(text, at, |byte| is_path(byte) || b"{}".contains(byte))
}

/// `/folder/file`
fn unix_path(text: &[u8], at: usize) -> Option<usize> {
    let start = one_of(text, at, b"/")?;
    let begins = text.get(start).is_some_and(|byte| byte.is_ascii_alphabetic() || b"._~".contains(byte));
    let is_tag = at > 0 && b"<>/".contains(&text[at - 1]);
    let end = begins.then(|| run(text, start, is_path)).filter(|_| !is_tag)?;
    trimmed(text, start, end, b".")
}

/// `2026-10-12T05:08:31.905Z`, `12.10.2026`, `05:08:31,905`
fn time(text: &[u8], at: usize) -> Option<usize> {
    let end = match date(text, at) {
        Some(end) => one_of(text, end, b"T _").and_then(|start| clock(text, start)).unwrap_or(end),
        None => clock(text, at)?,
    };
    bounded(text, end)
}

fn date(text: &[u8], at: usize) -> Option<usize> {
    let first = run(text, at, u8::is_ascii_digit);
    let separator = *text.get(first).filter(|byte| b"-/.".contains(byte))?;
    let second = digits(text, first + 1, 1, 2).filter(|end| text.get(*end) == Some(&separator))?;
    match first - at {
        4 => digits(text, second + 1, 1, 2),
        1 | 2 => digits(text, second + 1, 4, 4),
        _ => None,
    }
}

fn clock(text: &[u8], at: usize) -> Option<usize> {
    let mut end = digits(text, at, 1, 2)?;
    end = digits(text, one_of(text, end, b":")?, 2, 2)?;
    if let Some(seconds) = one_of(text, end, b":").and_then(|start| digits(text, start, 2, 2)) {
        end = seconds;
        let fraction = one_of(text, end, b".,:").and_then(|start| digits(text, start, 1, usize::MAX - start));
        end = fraction.unwrap_or(end);
    }
    let offset = |start| {
        let hours = digits(text, start, 2, 4)?;
        Some(one_of(text, hours, b":").and_then(|minutes| digits(text, minutes, 2, 2)).unwrap_or(hours))
    };
    Some(one_of(text, end, b"Z").or_else(|| one_of(text, end, b"+-").and_then(offset)).unwrap_or(end))
}

/// `10.1.2.3`, `10.1.2.3:8080`
fn ipv4(text: &[u8], at: usize) -> Option<usize> {
    let mut end = digits(text, at, 1, 3)?;
    for _ in 0..3 {
        end = digits(text, one_of(text, end, b".")?, 1, 3)?;
    }
    let more = one_of(text, end, b".").and_then(|start| digits(text, start, 1, usize::MAX - start));
    let port = one_of(text, end, b":").and_then(|start| digits(text, start, 1, 5));
    bounded(text, port.unwrap_or(end)).filter(|_| more.is_none())
}

/// `fe80::1`, `2001:db8:0:0:0:0:0:1`
fn ipv6(text: &[u8], at: usize) -> Option<usize> {
    let end = run(text, at, |byte| byte.is_ascii_hexdigit() || *byte == b':');
    let address = &text[at..end];
    let colons = address.iter().filter(|byte| **byte == b':').count();
    let is_short = colons >= 2 && address.windows(2).any(|pair| pair == b"::");
    let fits = (is_short || colons == 7) && address.iter().any(u8::is_ascii_digit) && !address.ends_with(b":");
    bounded(text, end).filter(|_| fits)
}

/// `0xCE6DF4B4`, or eight and more digits with letters among them.
fn hex(text: &[u8], at: usize) -> Option<usize> {
    let marked = text[at..].starts_with(b"0x") || text[at..].starts_with(b"0X");
    let start = at + if marked { 2 } else { 0 };
    let end = run(text, start, u8::is_ascii_hexdigit);
    let has_letter = text[start..end].iter().any(u8::is_ascii_alphabetic);
    bounded(text, end).filter(|_| if marked { end > start } else { has_letter && end - start >= HEX_DIGITS_MIN })
}

/// `-12.5`, `1,234`, `4.2.1`, and the digits of `88ms`.
fn number(text: &[u8], at: usize) -> Option<usize> {
    let may_have_sign = at == 0 || text[at - 1].is_ascii_whitespace() || b"=([{:,;".contains(&text[at - 1]);
    let start = one_of(text, at, b"+-").filter(|_| may_have_sign).unwrap_or(at);
    let mut end = digits(text, start, 1, usize::MAX - start)?;
    while let Some(more) = one_of(text, end, b".,").and_then(|start| digits(text, start, 1, usize::MAX - start)) {
        end = more;
    }
    let rest = &text[end..word_end(text, end)];
    (rest.is_empty() || UNITS.contains(&rest)).then_some(end)
}

/// `u7346`, `12ab`: letters and digits, unless the digits stand within a word, as in `Win32Exception`.
fn id(text: &[u8], at: usize) -> Option<usize> {
    let end = word_end(text, at);
    let word = &text[at..end];
    let count = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let at_an_end = word.first()?.is_ascii_digit() || word.last()?.is_ascii_digit();
    (count > 0 && count < word.len() && (at_an_end || count * 2 >= word.len())).then_some(end)
}

/// `'text'`
fn quoted(text: &[u8], at: usize, quote: u8) -> Option<usize> {
    let mut end = one_of(text, at, &[quote])?;
    loop {
        end = swar::find(text, end, quote)? + 1;
        if bounded(text, end).is_some() {
            return Some(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn mask(message: &str) -> String {
        let mut text = String::new();
        write(message, &mut text);
        text
    }

    #[test]
    fn variable_parts_are_masked() {
        let cases = [
            ("mail to a.b+c@d.example, please", "mail to <email>, please"),
            ("Ticket for u2905@RADIO.EXAMPLE expired at 16:06:10; no", "Ticket for <email> expired at <time>; no"),
            ("see https://a.example/b?c=1#d.", "see <url>."),
            ("(http://a:80/x) failed", "(<url>) failed"),
            (r"from \\fs22\radio\profiles: denied", "from <path>: denied"),
            (r"C:\Program Files\App x\a.db is corrupt", "<path> is corrupt"),
            (r"C:\Data\{17371472-6616-4e41-a95f-7f9a8df05f25}.db at", "<path> at"),
            (r"from C:\a to D:\b.", "from <path> to <path>."),
            ("at /var/log/app.log: no, and/or </b>", "at <path>: no, and/or </b>"),
            ("card 17371472-6616-4e41-a95f-7f9a8df05f25 lost", "card <guid> lost"),
            ("host 10.1.2.3:50010 and 10.1.2.3, v4.2.1", "host <ip> and <ip>, <id>.<num>"),
            ("from /10.251.42.84:50010", "from /<ip>"),
            ("from fe80::1 or ::1 or std::vec", "from <ip> or <ip> or std::vec"),
            ("on 2026-10-12 05:08:31,905 or 12.10.2026", "on <time> or <time>"),
            ("at 2026-10-12T05:08:31.905+02:00!", "at <time>!"),
            ("code 0xCE6DF4B4 of 39292d22", "code <hex> of <hex>"),
            ("x=-12.5 y=+3 z=1,234 (88%)", "x=<num> y=<num> z=<num> (<num>%)"),
            ("took 88ms, 12 MB, 5GB", "took <num>ms, <num> MB, <num>GB"),
            ("page-5 of 3-4", "page-<num> of <num>-<num>"),
            ("u7346 on ph32, Win32Exception", "<id> on <id>, Win32Exception"),
            ("don't load 'Øst-Drama' or \"it's\"", "don't load '<str>' or \"<str>\""),
            ("users' own '' x", "users' own '<str>' x"),
            ("Übergröße bei Straße", "Übergröße bei Straße"),
            ("", ""),
        ];
        for (message, expected) in cases {
            assert_eq!(mask(message), expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_masked(text: String, logs in "[a-f0-9x:./\\\\'\"@ ,-]{0,40}") {
            mask(&text);
            prop_assert_eq!(mask(&logs), mask(&logs));
        }

        #[test]
        fn values_do_not_change_the_mask(a in 0u32.., b in "[g-z]{1,9}[0-9]{1,4}", c: i64, d: [u8; 4], e in "[^']*") {
            let message = format!("Lost {a} of '{e}' for {b} at 0x{c:x}, {c} from {}.{}.{}.{}", d[0], d[1], d[2], d[3]);
            prop_assert_eq!(mask(&message), "Lost <num> of '<str>' for <id> at <hex>, <num> from <ip>");
        }
    }
}
