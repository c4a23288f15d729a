//! Masks: the variable parts of a message, found by their shape alone.
//!
//! Wherever a word may begin, the masks are tried in the order of the table; the first that fits takes its part, and a
//! word that fits none stays. So a mask sees one message and nothing else: no order of messages can change it. What
//! may look like a number in one message and like a name in the next, as `4412` and `4a12`, has one mask. Parts of one
//! kind that only marks and blanks keep apart are a list, and become one: lists differ in length.

mod address;
mod path;
mod quantity;
mod scan;
mod time;
mod word;

use scan::{is_word, token_end, word_end};

/// Finds the end of a part that begins at a position; none where it has another shape.
type Shape = fn(&[u8], usize) -> Option<usize>;

/// What stands in place of a part of each shape, and whether that may be a word of nothing but letters, as most are.
const MASKS: [(&str, bool, Shape); 18] = [
    ("<url>", false, address::url),
    ("<email>", false, address::email),
    ("<guid>", false, quantity::guid),
    ("<user>", true, word::user),
    ("<*>", true, word::name),
    ("<time>", true, time::time),
    ("<host>", false, address::host),
    ("<path>", false, path::windows),
    ("<path>", false, path::unix),
    ("<path>", false, path::relative),
    ("<time>", false, quantity::duration),
    ("<size>", false, quantity::size),
    ("<*>", true, quantity::id),
    ("<*>", true, word::value),
    ("<*>", true, word::states),
    ("<*>", false, word::package),
    ("'<str>'", false, |text, at| word::quoted(text, at, b'\'')),
    ("\"<str>\"", false, |text, at| word::quoted(text, at, b'"')),
];

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
        let letters = scan::letters(text, at);
        let found = if begins { part(text, at, letters.is_some(), users) } else { None };
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

fn part(text: &[u8], at: usize, is_letters: bool, users: &[&str]) -> Option<(usize, &'static str)> {
    let known = users.iter().filter_map(|name| scan::literal(text, at, name.as_bytes())).max();
    let known = known.map(|end| (end, USER));
    let mut masks = MASKS.iter().filter(|(_, of_letters, _)| *of_letters || !is_letters);
    known.or_else(|| masks.find_map(|(mask, _, shape)| shape(text, at).map(|end| (end, *mask))))
}

fn is_list(between: &[u8]) -> bool {
    between.len() <= LIST_MARKS_MAX && between.iter().all(|byte| LIST_MARKS.contains(byte))
}

/// Appends text that stays, with one blank for each stretch of white space and of control characters.
fn keep(text: &str, into: &mut String) {
    for (position, word) in text.split(|char: char| char.is_whitespace() || char.is_control()).enumerate() {
        if position > 0 && !into.is_empty() && !into.ends_with(' ') {
            into.push(' ');
        }
        into.push_str(word);
    }
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
            ("a/b/c or ./d or e.txt, not TCP/IP", "<path> or <path> or <path>, not TCP/IP"),
            (r#""GET /a?b=c HTTP/1.1" and "POST / HTTP/2""#, r#""GET <path> HTTP/<*>" and "POST <path> HTTP/<*>""#),
            ("card 17371472-6616-4e41-a95f-7f9a8df05f25 lost", "card <guid> lost"),
            ("host 10.1.2.3:50010 and 10.1.2.3, v4.2.1", "host <host> and <host>, <*>"),
            ("version 10.0.19.2 of x", "version <*> of x"),
            ("from /10.251.42.84:50010 to a-1/10.0.0.1:22", "from <host> to <host>"),
            ("from fe80::1 or [::1]:80 or std::vec", "from <host> or <host> or std::vec"),
            ("10.1.2.3 (a.example.com) or 10.1.2.3 () at", "<host> or <host> at"),
            ("db.lan:5432, 00:11:43:e3:ba:c3", "<host>"),
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
        fn a_word_of_letters_is_taken_by_no_other_mask(
            before in "[ ,;)(=:a-z0-9.\\\\/@'\"-]{0,12}", word in "[a-fA-F]{1,40}|[a-zA-Z]{1,9}|[A-Z]{1,4}|Mon|jun|true",
            behind in "[ ,;)]([ ,;)(=:a-z0-9.\\\\/@'\"\\[{-]{0,20})?|",
        ) {
            let text = format!("{before}{word}{behind}");
            let others = MASKS.iter().filter(|(_, of_letters, _)| !of_letters);
            if before.bytes().last().is_none_or(|byte| !is_word(&byte)) {
                prop_assert_eq!(scan::letters(text.as_bytes(), before.len()), Some(before.len() + word.len()));
                for (mask, _, shape) in others {
                    prop_assert_eq!(shape(text.as_bytes(), before.len()), None, "{}", mask);
                }
            }
        }

        #[test]
        fn a_signature_is_its_own(words in proptest::collection::vec("[a-z]{1,9}|[0-9]{1,4}|/[a-z]{2,5}|[0-9]ms|'[a-z]+'", 0..9)) {
            let once = mask(&words.join(" "));
            prop_assert_eq!(mask(&once), once);
        }

        #[test]
        fn values_do_not_change_the_mask(a in 0u32.., b in "[g-z]{1,9}[0-9]{1,4}", c: i64, d: [u8; 4], e in "[^']{0,60}") {
            let message = format!("Lost {a} of '{e}' for {b} at 0x{c:x}, of {c} from {}.{}.{}.{}", d[0], d[1], d[2], d[3]);
            prop_assert_eq!(mask(&message), "Lost <*> of '<str>' for <*> at <*>, of <*> from <host>");
        }
    }
}
