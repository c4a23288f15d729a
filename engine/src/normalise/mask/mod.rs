//! Masks: the variable parts of a message, found by their shape alone.
//!
//! Wherever a word may begin, the masks are tried in the order of the table; the first that fits takes its part, and a
//! word that fits none stays. So a mask sees one message and nothing else: no order of messages can change it. What
//! may look like a number in one message and like a name in the next, as `4412` and `4a12`, has one mask. Parts of one
//! kind that only marks and blanks keep apart are a list, and become one: lists differ in length.
//!
//! No mask may look at the value of a digit, but for a zero that begins a number, nor at what a [`hexadecimal`] number is:
//! signatures are kept by that ([`super::alike`]).

mod address;
mod path;
mod quantity;
mod scan;
mod time;
mod word;

pub use quantity::{HEX_MIN, hexadecimal};
use scan::{is_word, token_end, word_end};

/// Finds the end of a part that begins at a position; none where it has another shape.
type Shape = fn(&[u8], usize) -> Option<usize>;

/// The variable parts of one shape.
struct Mask {
    /// What stands in their place.
    text: &'static str,
    /// The bytes with which one may begin: `a` for any letter, `0` for any digit, `w` for any byte of a word; none of them
    /// for any but white space.
    begins: &'static [u8],
    /// Bytes of which one must be in it, before any white space; none of them where it can do without.
    marks: &'static [u8],
    /// When one may be a word of nothing but letters, as most words are.
    letters: Letters,
    shape: Shape,
}

/// When a word of letters may be a part.
enum Letters {
    Never,
    /// Where it is one of these.
    If(fn(&[u8]) -> bool),
    /// Where one of these stands before it and its blanks: no other word fits either, but for its marks.
    Behind(&'static [u8]),
}

const MASKS: [Mask; 18] = {
    use Letters::{Behind, If, Never};
    const fn mask(
        text: &'static str,
        begins: &'static [u8],
        marks: &'static [u8],
        letters: Letters,
        shape: Shape,
    ) -> Mask {
        Mask { text, begins, marks, letters, shape }
    }
    [
        mask("<url>", b"a", b":", Never, address::url),
        mask("<email>", b"a0._%+-", b"@", Never, address::email),
        mask("<guid>", b"a0", b"-", Never, quantity::guid),
        mask("<user>", b"w", b"\\", Behind(b"=rR:"), word::user),
        mask("<*>", b"", b"", Behind(b"="), word::name),
        mask("<time>", b"a0", b"", If(time::is_name), time::time),
        mask("<host>", b"a0._-/:[", b".:-", Never, address::host),
        mask("<path>", b"a\\", b":\\", Never, path::windows),
        mask("<path>", b"/", b"", Never, path::unix),
        mask("<path>", b"w.", b"./\\", Never, path::relative),
        mask("<time>", b"0+-<>~", b"", Never, quantity::duration),
        mask("<size>", b"0+-", b"", Never, quantity::size),
        mask("<*>", b"w*+-", b"", If(quantity::is_hex_word), quantity::id),
        mask("<*>", b"w", b"", Behind(b"=:"), word::value),
        mask("<*>", b"a", b"", Behind(b"("), word::states),
        mask("<*>", b"a", b".", Never, word::package),
        mask("'<str>'", b"'", b"", Never, |text, at| word::quoted(text, at, b'\'')),
        mask("\"<str>\"", b"\"", b"", Never, |text, at| word::quoted(text, at, b'"')),
    ]
};

/// The masks that may fit where a byte stands, as bits by position. Most positions need no closer look.
const BY_BYTE: [u32; 256] = {
    let mut masks = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut mask = 0;
        while mask < MASKS.len() {
            if may_begin(MASKS[mask].begins, byte as u8) {
                masks[byte] |= 1 << mask;
            }
            mask += 1;
        }
        byte += 1;
    }
    masks
};

/// Bytes that are looked at for marks.
const MARKS_WITHIN: usize = 64;
/// Those that may fit behind a byte.
const BEHIND_BYTE: [u32; 256] = {
    let mut masks = [0; 256];
    let mut mask = 0;
    while mask < MASKS.len() {
        if let Letters::Behind(before) = MASKS[mask].letters {
            add(&mut masks, before, mask);
        }
        mask += 1;
    }
    masks
};
/// Those that may fit a word with a byte in it.
const BY_MARK: [u32; 256] = {
    let mut masks = [0; 256];
    let mut mask = 0;
    while mask < MASKS.len() {
        add(&mut masks, MASKS[mask].marks, mask);
        mask += 1;
    }
    masks
};
/// Those that may fit whatever else is in a word or before it.
const ANYWHERE: u32 = {
    let (mut masks, mut mask) = (0, 0);
    while mask < MASKS.len() {
        let is_free = MASKS[mask].marks.is_empty() && !matches!(MASKS[mask].letters, Letters::Behind(_));
        masks |= (is_free as u32) << mask;
        mask += 1;
    }
    masks
};

const fn add(masks: &mut [u32; 256], bytes: &[u8], mask: usize) {
    let mut at = 0;
    while at < bytes.len() {
        masks[bytes[at] as usize] |= 1 << mask;
        at += 1;
    }
}

const fn may_begin(begins: &[u8], byte: u8) -> bool {
    let is_word = byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
    let mut may = begins.is_empty() && !byte.is_ascii_whitespace();
    let mut at = 0;
    while at < begins.len() {
        may |= match begins[at] {
            b'a' => byte.is_ascii_alphabetic(),
            b'0' => byte.is_ascii_digit(),
            b'w' => is_word,
            other => other == byte,
        };
        at += 1;
    }
    may
}

/// What stands in place of a user's name.
const USER: &str = "<user>";
/// What may stand between the parts of a list.
const LIST_MARKS: &[u8] = b" ,;|/:#+-&~@*";
const LIST_MARKS_MAX: usize = 3;

/// Appends a message with its variable parts masked; `users` are names that are known to be those of users.
pub fn write(message: &str, users: &[&str], into: &mut String) {
    let text = message.as_bytes();
    let start = into.len();
    let (mut at, mut kept) = (0, 0);
    let mut last = None;
    while at < text.len() {
        let begins = at == 0 || !is_word(&text[at - 1]);
        let letters = if begins { scan::letters(text, at) } else { None };
        let found = if begins { part(text, at, letters, users) } else { None };
        let Some((end, mask)) = found else {
            at = letters.unwrap_or_else(|| token_end(text, at).max(at + 1));
            continue;
        };
        if last != Some(mask) || !is_list(&text[kept..at]) {
            keep(&message[kept..at], into);
            into.push_str(mask);
        }
        last = Some(mask);
        kept = end;
        at = word_end(text, end);
    }
    keep(&message[kept..], into);
    into.truncate(start + into[start..].trim_end().len());
}

/// The part that begins at a position, where a word of letters may end at `letters`.
fn part(text: &[u8], at: usize, letters: Option<usize>, users: &[&str]) -> Option<(usize, &'static str)> {
    let known = users.iter().filter_map(|name| scan::literal(text, at, name.as_bytes())).max();
    if let Some(end) = known {
        return Some((end, USER));
    }
    let mut may_fit = BY_BYTE[usize::from(text[at])];
    if may_fit != 0 {
        may_fit &= may_be(text, at, letters);
    }
    while may_fit != 0 {
        let mask = &MASKS[may_fit.trailing_zeros() as usize];
        may_fit &= may_fit - 1;
        if let Some(end) = (mask.shape)(text, at) {
            return Some((end, mask.text));
        }
    }
    None
}

/// The masks that may fit a word for what is in it and before it, as bits by position.
fn may_be(text: &[u8], at: usize, letters: Option<usize>) -> u32 {
    let before = text[..at].trim_ascii_end().last().map_or(0, |before| BEHIND_BYTE[usize::from(*before)]);
    let within = match letters {
        Some(end) => {
            let fits = |mask: &Mask| matches!(mask.letters, Letters::If(is_of_them) if is_of_them(&text[at..end]));
            MASKS.iter().enumerate().map(|(at, mask)| u32::from(fits(mask)) << at).sum()
        }
        None => {
            let mut masks = ANYWHERE;
            for (bytes, byte) in text[at..].iter().enumerate() {
                if byte.is_ascii_whitespace() {
                    break;
                }
                // Whatever a very long word has further on, it is not looked for at each of its parts.
                masks |= if bytes < MARKS_WITHIN { BY_MARK[usize::from(*byte)] } else { return u32::MAX };
            }
            masks
        }
    };
    before | within
}

fn is_list(between: &[u8]) -> bool {
    between.len() <= LIST_MARKS_MAX && between.iter().all(|byte| LIST_MARKS.contains(byte))
}

/// Appends text that stays, with one blank for each stretch of white space and of control characters.
fn keep(text: &str, into: &mut String) {
    if is_plain(text.as_bytes(), into.is_empty() || into.ends_with(' ')) {
        return into.push_str(text);
    }
    let mut rest = text;
    loop {
        let mut is_blank = into.is_empty() || into.ends_with(' ');
        let mut is_plain = |byte| {
            let was_blank = std::mem::replace(&mut is_blank, byte == b' ');
            matches!(byte, b' '..=b'~') && !(was_blank && is_blank)
        };
        let (plain, behind) = rest.split_at(rest.bytes().take_while(|byte| is_plain(*byte)).count());
        into.push_str(plain);
        let mut chars = behind.chars();
        match chars.next() {
            None => return,
            Some(char) if !char.is_whitespace() && !char.is_control() => into.push(char),
            Some(_) if into.is_empty() || into.ends_with(' ') => {}
            Some(_) => into.push(' '),
        }
        rest = chars.as_str();
    }
}

/// Whether a text has nothing but single blanks and visible ASCII, as nearly all have; `is_blank` says what is before it.
fn is_plain(text: &[u8], is_blank: bool) -> bool {
    // All of it is looked at, because the processor does that for many bytes at once.
    let is_visible = text.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    let behind = text.get(1..).unwrap_or_default();
    let is_double = text.iter().zip(behind).fold(false, |any, pair| any | (pair == (&b' ', &b' ')));
    is_visible && !is_double && !(is_blank && text.first() == Some(&b' '))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn mask(message: &str) -> String {
        let mut text = String::new();
        write(message, &["anna.k", "jörg"], &mut text);
        text
    }

    /// A mask that is passed over at a position, though it fits there.
    fn misfit(text: &[u8], at: usize) -> Option<&'static str> {
        if at > 0 && is_word(&text[at - 1]) {
            return None;
        }
        let may_fit = BY_BYTE[usize::from(text[at])] & may_be(text, at, scan::letters(text, at));
        let mut passed = MASKS.iter().enumerate().filter(|(position, _)| may_fit >> position & 1 == 0);
        passed.find(|(_, mask)| (mask.shape)(text, at).is_some()).map(|(_, mask)| mask.text)
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
            (r"C:\logs\*_all.txt, HKCU\Software\App", "<path>"),
            ("at /var/log/app.log: no, and/or </b>", "at <path>: no, and/or </b>"),
            ("a.mp3 or a.mp4, not a.mp", "<path> or <path>, not a.mp"),
            ("a/b/c or ./d or e.txt, not TCP/IP", "<path> or <path> or <path>, not TCP/IP"),
            (r#""GET /a?b=c HTTP/1.1" and "POST / HTTP/2""#, r#""GET <path> HTTP/<*>" and "POST <path> HTTP/<*>""#),
            ("card 17371472-6616-4e41-a95f-7f9a8df05f25 lost", "card <guid> lost"),
            ("5 ms 1737147d-6616-4e41-a95f-7f9a8df05f25", "<time> <guid>"),
            ("on Oct 12 2024abcd-6616-4e41-a95f-7f9a8df05f25", "on <time> <guid>"),
            ("host 10.1.2.3:50010 and 10.1.2.3, v4.2.1", "host <host> and <host>, <*>"),
            ("version 10.0.19.2 of x", "version <*> of x"),
            ("from /10.251.42.84:50010 to a-1/10.0.0.1:22", "from <host> to <host>"),
            ("from fe80::1 or [::1]:80 or std::vec", "from <host> or <host> or std::vec"),
            ("10.1.2.3 (a.example.com) or 10.1.2.3 () at", "<host> or <host> at"),
            ("db.lan:5432, 00:11:43:e3:ba:c3", "<host>"),
            ("00-11-43-e3-ba-c3 has no C:/app", "<host> has no <path>"),
            ("at a.Bc.run:17, b.c:9", "at a.Bc.run:<*>, b.c:<*>"),
            ("on 2026-10-12 05:08:31,905 or 12.10.2026", "on <time> or <time>"),
            ("at 2026-10-12T05:08:31.905+02:00!", "at <time>!"),
            ("Fri Jun  7 07:07:00 CEST 2024 or Fri, 7 Jun 2024 07:07 AM.", "<time> or <time>."),
            ("7/Jun/2024:07:07:00 +0200 and may Jun", "<time> and may Jun"),
            ("bus 0000:00:1d.7 and 0000:00:02.0", "bus <*> and <*>"),
            ("code 0xCE6DF4B4 of 39292d22, ffffffff", "code <*> of <*>"),
            ("x=-12.5 y=+3 z=1,234 (88%)", "x=<*> y=<*> z=<*> (<*>%)"),
            ("took 88ms, 12 MB, 5GB, 1h 30m, <1 sec", "took <time>, <size>, <time>"),
            ("0000000a done, 0000000b done, 00000010d", "<*> done, <*> done, <*>"),
            ("1173 bytes (1.14 KB) sent, 0 bytes sent", "<size> sent, <size> sent"),
            ("page-5 of 3-4, ****", "<*> of <*>"),
            ("1 2 3, 4 and an14 an15 node-[4-6]", "<*> and <*>"),
            ("u7346 on ph32, Win32Exception, E2Error", "<*> on <*>, Win32Exception, E2Error"),
            ("a.b@1f2e3d4, cafe, c0ffee", "a.b@<*>, cafe, <*>"),
            ("ok=true mode = False is: true of true", "ok=<*> mode = <*> is: <*> of true"),
            ("act=a.b.C, cause=a.IOException, k=word", "act=<*>, cause=a.IOException, k=word"),
            ("at=Point{x=1, y={2}}, to=null, k=Area(x)y", "at=<*>, to=<*>, k=<*>y"),
            ("lit(true) status ( on off ) or (on the way)", "lit(<*>) status ( <*> ) or (on the way)"),
            ("name=Main fileName=a:1, on com.example.app", "name=<*> fileName=<*>, on <*>"),
            ("closed for user root, by user o.k from x", "closed for user <user>, by user <user> from x"),
            ("password for root from 10.1.2.3, user=x", "password for <user> from <host>, user=<user>"),
            ("no password for root from", "no password for root from"),
            (r"CORP\jsmith waits for user input; user gone", r"<user> waits for user input; user gone"),
            ("anna.k and jörg, not anna.kx", "<user> and <user>, not anna.kx"),
            ("don't load 'Øst-Drama' or \"it's\"", "don't load '<str>' or \"<str>\""),
            ("users' own '' x", "users' own '<str>' x"),
            ("Übergröße bei Straße", "Übergröße bei Straße"),
            (" a \t b\u{1b}c  ", "a b c"),
            ("", ""),
        ];
        for (message, expected) in cases {
            assert_eq!(mask(message), expected, "{message}");
            (0..message.len()).for_each(|at| assert_eq!(misfit(message.as_bytes(), at), None, "{message}"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_masked(text: String, logs in "[a-f0-9x:./\\\\'\"@ ,=\\-]{0,60}") {
            for text in [&text, &logs] {
                let masked = mask(text);
                prop_assert!(!masked.contains('\n'));
                prop_assert_eq!(masked.trim(), masked.as_str());
            }
        }

        #[test]
        fn a_mask_that_is_passed_over_does_not_fit(
            before in "[ ,;)(=:a-z0-9.\\\\/@'\"-]{0,12}|.{0,4}", word in "[a-fA-F]{1,40}|[a-zA-Z]{1,9}|[A-Z]{1,4}|Mon|jun|true",
            behind in "[ ,;)]([ ,;)(=:a-z0-9.\\\\/@'\"\\[{-]{0,20})?|", other in ".[ -~]{0,30}",
            marks in "[a-zA-Z0-9:./\\\\@\\[\\]+-]{1,24}( from| [0-9]{1,4})?|([a-z]{0,9}[0-9]{1,4}[-:./\\\\@]{1,3}){1,9}[a-z]{1,4}",
        ) {
            let (at, of_letters) = (before.len(), word.len());
            let word = format!("{before}{word}{behind}");
            prop_assert_eq!(scan::letters(word.as_bytes(), at), Some(at + of_letters));
            for text in [word, format!("{before}{other}"), format!("{before}{marks}")] {
                prop_assert_eq!(misfit(text.as_bytes(), at), None, "{}", text);
            }
        }

        #[test]
        fn a_signature_is_its_own(words in proptest::collection::vec("[a-z]{1,9}|[0-9]{1,4}|/[a-z]{2,5}|[0-9]ms|'[a-z]+'", 0..9)) {
            let once = mask(&words.join(" "));
            prop_assert_eq!(mask(&once), once);
        }

        #[test]
        fn values_do_not_change_the_mask(a in 0u32.., b in "[g-z]{1,9}[0-9]{1,4}", c: i64, d: [u8; 4], e in "[^'/]{0,60}") {
            let message = format!("Lost {a} of '{e}' for {b} at 0x{c:x}, of {c} from {}.{}.{}.{}", d[0], d[1], d[2], d[3]);
            prop_assert_eq!(mask(&message), "Lost <*> of '<str>' for <*> at <*>, of <*> from <host>");
        }
    }
}
