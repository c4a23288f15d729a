//! Errors that are alike but for their numbers: they have one signature.
//!
//! A log repeats a few errors, each time with other numbers. No mask looks at the value of a digit, but for a zero that
//! begins a number, nor at which GUID or hexadecimal number it is that stands by itself. So a message whose digits stand where
//! those of an earlier one stood becomes what that became, unless a digit is left in it.
//!
//! Behind the first line this is so of the places in files that lines end with. All else there is compared as it stands,
//! for frames have numbers, and names of native functions say how long they are.

use memchr::memmem::find;
use twox_hash::XxHash3_64;

use super::mask::{self, HEX_MIN};

/// More than the errors that an instance repeats.
const SLOTS: usize = 256;
/// Longer ones are not worth the memory.
const BYTES_MAX: usize = 4096;

/// The errors that came last, each in one of two slots of its outline: two that come in turn have room.
#[derive(Debug, Default)]
pub struct Alike {
    slots: Vec<(Vec<u8>, String)>,
    outline: Vec<u8>,
}

impl Alike {
    /// Appends what `write` makes of a message and its exception. It depends on nothing else, but for the blank that `into`
    /// must end with.
    pub fn write(&mut self, message: &str, exception: &str, into: &mut String, write: impl FnOnce(&mut String)) {
        if message.len() + exception.len() > BYTES_MAX || !write_outline(message, exception, &mut self.outline) {
            return write(into);
        }
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Default::default);
        }
        let slot = XxHash3_64::oneshot(&self.outline) as usize % SLOTS;
        if let Some((_, written)) =
            [slot, slot ^ 1].map(|slot| &self.slots[slot]).into_iter().find(|(outline, _)| *outline == self.outline)
        {
            return into.push_str(written);
        }
        let start = into.len();
        write(into);
        if !into[start..].bytes().any(|byte| byte.is_ascii_digit()) {
            self.slots.swap(slot, slot ^ 1);
            let (outline, written) = &mut self.slots[slot];
            self.outline.clone_into(outline);
            into[start..].clone_into(written);
        }
    }
}

/// Writes the outline of a message and its exception. False where a number of the first line may count: where others follow,
/// that line may be a frame itself, or say what ended a native program.
fn write_outline(message: &str, exception: &str, into: &mut Vec<u8>) -> bool {
    let first = &message.as_bytes()[..memchr::memchr(b'\n', message.as_bytes()).unwrap_or(message.len())];
    let is_alone = first.len() == message.len() && exception.is_empty();
    if !is_alone && [&b"0x"[..], b"_Z", b"#"].iter().any(|mark| find(first, mark).is_some()) {
        return false;
    }
    into.clear();
    into.extend_from_slice(message.as_bytes());
    make_alike(first, &mut into[..first.len()]);
    make_hexadecimal_alike(first, is_alone, into);
    if is_alone {
        return true;
    }
    into.push(b'\n');
    into.extend_from_slice(exception.as_bytes());
    let mut begin = first.len() + 1;
    while let Some(bytes) = memchr::memchr(b'\n', &into[begin..]) {
        make_end_alike(&mut into[begin..begin + bytes]);
        begin += bytes + 1;
    }
    make_end_alike(&mut into[begin..]);
    into.extend_from_slice(&message.len().to_le_bytes());
    true
}

/// Puts `1` in the place of each digit of a text, but for a zero that begins a number: without a branch, so the processor
/// does many at once.
fn make_alike(text: &[u8], into: &mut [u8]) {
    let is_digit = |byte: u8| byte.wrapping_sub(b'0') < 10;
    let (Some((first, into)), Some((_, befores))) = (into.split_first_mut(), text.split_last()) else { return };
    if matches!(first, b'1'..=b'9') {
        *first = b'1';
    }
    for ((to, byte), before) in into.iter_mut().zip(&text[1..]).zip(befores) {
        *to = if is_digit(*byte) & ((*byte != b'0') | is_digit(*before)) { b'1' } else { *byte };
    }
}

/// Puts a byte that no text has in the place of each digit and letter of the hexadecimal numbers of a text that stand by
/// themselves. Where lines follow, a number behind which no word comes may be the place in a file that a frame ends with.
fn make_hexadecimal_alike(text: &[u8], is_alone: bool, into: &mut [u8]) {
    let mut is_panic = None;
    let mut make_alike = |start: usize| {
        let end = mask::hexadecimal(text, start)?;
        if !is_alone && !text[end..].iter().any(u8::is_ascii_alphanumeric) {
            return None;
        }
        // Where something panicked is told as it stands, but for the digits at its end.
        if *is_panic.get_or_insert_with(|| find(text, b"panicked").is_some()) {
            return None;
        }
        for byte in into[start..end].iter_mut().filter(|byte| !b"x-".contains(byte)) {
            *byte = u8::MAX;
        }
        Some(end)
    };
    for mark in memchr::memchr_iter(b'x', text) {
        mark.checked_sub(1).filter(|start| text[*start] == b'0').and_then(&mut make_alike);
    }
    // Every one of the others has digits in one of the places that are looked at.
    let mut at = HEX_MIN - 1;
    while let Some(byte) = text.get(at) {
        if byte.is_ascii_hexdigit() {
            let start = text[..at].iter().rposition(|byte| !byte.is_ascii_hexdigit()).map_or(0, |before| before + 1);
            at += text[at..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            at = if at - start < HEX_MIN { at } else { make_alike(start).unwrap_or(at) };
        }
        at += HEX_MIN;
    }
}

/// Puts `1` in the place of each digit of the place in a file that a line ends with: `:line 246`, `.java:17)`, `.js:10:5`.
fn make_end_alike(line: &mut [u8]) {
    let end = line.iter().rposition(|byte| !b")\r".contains(byte)).map_or(0, |last| last + 1);
    let begin = line[..end].iter().rposition(|byte| !byte.is_ascii_digit() && *byte != b':').map_or(0, |last| last + 1);
    if line[begin..end].starts_with(b":") || line[..begin].ends_with(b" ") {
        line[begin..end].iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|byte| *byte = b'1');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop_assert_eq, proptest};
    use proptest::sample::select;
    use proptest::string::string_regex;

    use super::super::signature::write_error;
    use super::*;

    /// Parts of lines, with and without numbers.
    fn part() -> impl Strategy<Value = String> {
        let of = |parts: &'static str| select(parts.split('|').collect::<Vec<_>>());
        let mark = of(" ||-|.|:|/|_|=|@|\\|, | (|) |'|\"|[|+|0|0x|µ|\t|\x1b[0m|\x1b[1;31m|\x1b[|#|%");
        let word = of(
            "mp|Win|Exception|at|for user|Error|ms|KB|version|Oct|AM|UTC|GET /|x.log|cafe|https://a|fs|C| + |_ZN|deepE|line|\
             frame|panicked at |thread '|x.E1Error: |x.E2Error|---> |0: |a.B: ",
        );
        let number = "[0-9]{1,5}|[0-9a-f]{2,9}|[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9]{2}:[0-9]{2}(:[0-9]{2})?|\
                      [0-9]{4}-[0-9]{2}-[0-9]{2}|0{7}[0-9]|0x[0-9a-fA-F]{1,9}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
        (mark, proptest::option::of(word), proptest::option::of(number))
            .prop_map(|(mark, word, number)| [mark, word.unwrap_or_default(), &number.unwrap_or_default()].concat())
    }

    /// Lines of messages and stack traces.
    fn line() -> impl Strategy<Value = String> {
        let begin = select(vec![
            "",
            "",
            "   at A.B(int x) in C:\\x.cs:line ",
            "\tat a.B.c(B.java:",
            "#",
            "  ",
            "* frame #",
            "Caused by: ",
            "Caused by: x.E",
            "x.E",
            "---> ",
            "System.IOException: ",
            "Thread 0 Crashed: ",
            "0x80000003 ",
            "goroutine ",
            "app(_ZN3app4deepEi+0x",
            " at x.rs:",
        ]);
        let end = select(vec!["", ")", "\r", " Crashed:", ":"]);
        (begin, proptest::collection::vec(part(), 0..6), end)
            .prop_map(|(begin, parts, end)| [begin, &parts.concat(), end].concat())
    }

    /// What may go on, or seem to, with what begins like a number.
    fn before() -> impl Strategy<Value = &'static str> {
        select(vec![
            "",
            " ",
            "Oct 12 ",
            "Oct 12, ",
            "12/Oct/2026 ",
            "12. Okt. ",
            "took 5 ms ",
            "5 MB ",
            "5 MB (",
            "07:07 ",
            "07:07:00 ",
            "Jun 7 07:07:00 ",
            "07:07:00 CEST ",
            "7:07 AM ",
            "07:07 am ",
            "at start of ",
            "a.DbException: lost ",
            "2026-10-12 ",
            "for user ",
            "opened for user root ",
            "for root from ",
            "user=root ",
            "user= ",
            "name= ",
            "at = ",
            "true: ",
            "is: ",
            "'a ",
            "'",
            "\"GET / ",
            "C:\\a ",
            "C:\\a b\\",
            "CORP\\",
            "\\\\fs1\\a ",
            "/a/b ",
            "/ ",
            "GET / ",
            "x.example.com (",
            "10.1.2.3 (",
            "1, 2, ",
            "(on ",
            "( off, ",
            "version ",
            "node-",
            "a=Point{x=1, ",
            "-",
            "Oct ",
            "Fri, ",
            "at ",
            "in ",
            "code ",
            "Thread ",
            "a\\",
            "a b\\c\\",
            "C:\\a\\",
            "\\\\fs1\\",
            "HKLM\\",
            "a.b\\",
            "=C:\\",
            "<1 ",
            "0x1 (",
            "System.IO.IOException: ",
            "panic: ",
            "thread 'a' panicked at x.rs ",
            "thread 'a' panicked at '",
            "uncaught exception 'a ",
            "terminate called after throwing an instance of 'a ",
            "Uncaught Error: ",
            "\x1b[31m ",
            "\x1b[31m",
            "**** ",
            "#1 ",
            "[0] ",
            "a.b@ ",
        ])
    }

    fn behind() -> impl Strategy<Value = &'static str> {
        select(vec![
            "",
            " ",
            ")",
            "),",
            ",",
            ", ",
            " lost",
            ") lost",
            " ms",
            " MB)",
            ") from 10.1.2.3",
            " from a.example.com",
            " b\\c",
            " 12",
            ", 12",
            " (on)",
            ", true)",
            "' x",
            " 'x'",
            "}",
            " } x",
            "': x",
            " at x",
            " 07:07:00",
            " at 12 Oct 2026",
            "\x1b[0m",
            " \x1b[0m",
            ".db",
            "\\a.db",
            ".",
            "-1",
            ": x",
            "', reason 'x'",
            " user",
            "=1",
            " = true",
        ])
    }

    /// What may stand behind the first line.
    fn more() -> impl Strategy<Value = &'static str> {
        select(vec![
            "",
            "",
            "",
            "\n   at A.B() in C:\\x.cs:line 5",
            "\nSystem.IOException: x\n   at A.B()",
            "\n\tat a.b.c(B.java:17)",
            "\nCaused by: x.E: y\n\tat a.b.c(B.java:17)",
            "\nException code: 0xc0000005",
            "\n#0 0x1 in main () at x.c:5",
            "\n   0: a::b\n             at x.rs:5",
            "\ngoroutine 1 [running]:\nmain.main()",
            "\nTraceback (most recent call last):\n  File \"x.py\", line 5, in a\nValueError: x",
            "\napp(_ZN3app4deepEi+0x5)[0x1]",
            "\n",
            "\nx",
        ])
    }

    /// Hexadecimal numbers that stand by themselves, all of one length; some begin like something else.
    fn of_one_length() -> impl Strategy<Value = Vec<String>> {
        let guid = "([0-9]{7}[a-f]|[0-9]{4}[a-f]{4}|[0-9]{8}|[a-f]{8}|[0-9a-f]{8})\
                    (-([0-9]{4}|[a-f]{4}|[0-9a-f]{4})){3}-[0-9a-f]{4}([0-9]{8}|[a-f]{8})";
        let marked = (1..12usize).prop_flat_map(|digits| {
            let number = format!("0x([0-9]{{{digits}}}|[a-fA-F0-9]{{{digits}}})");
            proptest::collection::vec(string_regex(&number).unwrap(), 2..5)
        });
        let word = (7..14usize).prop_flat_map(|digits| {
            let number = format!(
                "[a-f0-9]{{{digits}}}|[A-F0-9]{{{digits}}}|[0-9]{{{0}}}[a-f]{{2}}|[a-f]{{2}}[0-9]{{{0}}}",
                digits - 2
            );
            proptest::collection::vec(string_regex(&number).unwrap(), 2..5)
        });
        proptest::prop_oneof![proptest::collection::vec(guid, 2..5), marked, word]
    }

    /// The same text with other digits, a zero that begins a number excepted.
    fn with_digits(text: &str, digits: &[u8]) -> String {
        let (mut before, mut digits) = (' ', digits.iter().cycle());
        let other = |char: char| {
            let is_first = !std::mem::replace(&mut before, char).is_ascii_digit();
            match char {
                '0'..='9' if !is_first => char::from(b'0' + digits.next().unwrap()),
                '1'..='9' => char::from(b'0' + digits.next().unwrap().max(&1)),
                _ => char,
            }
        };
        text.chars().map(other).collect()
    }

    #[test]
    fn what_is_alike_is_written_once() {
        let mut alike = Alike::default();
        let mut is_written = |message: &str, exception: &str| {
            let mut is_written = false;
            alike.write(message, exception, &mut String::new(), |into| {
                is_written = true;
                write_error(message, exception, &[], into);
            });
            is_written
        };
        let trace = |line: u32| format!("   at A.B() in C:\\x.cs:line {line}\n   at A.Main() in C:\\x.cs:line 7{line}");
        assert!(is_written("retry 2 of 5", "") && !is_written("retry 3 of 9", ""));
        assert!(is_written("retry 0 of 5", ""), "a zero that begins a number");
        assert!(is_written("thread 12 failed", &trace(24)) && !is_written("thread 34 failed", &trace(31)));
        assert!(is_written("thread 34 failed", ""), "no exception");
        assert!(is_written("lost (0xCE6DF4B4)", "") && !is_written("lost (0x12345678)", ""));
        assert!(is_written("lost 0xCE6DF4B4, 0x1", "") && is_written("lost 0xCE6DF4B4, 0x12", ""), "another length");
        let card = |guid: &str| format!("card {guid} lost");
        assert!(is_written(&card("17371472-6616-4e41-a95f-7f9a8df05f25"), ""));
        assert!(!is_written(&card("a5ba677f-19b5-c520-ed86-ac681c374a79"), ""));
        assert!(is_written(&card(&"1".repeat(36)), ""), "no GUID");
        assert!(is_written(&card(&format!("0x{}", "1".repeat(34))), ""), "no GUID");
        let store = |number: &str| format!("store C:\\a\\{number}.db ({number}) is corrupt\n{}", trace(24));
        assert!(is_written(&store("17371472-6616-4e41-a95f-7f9a8df05f25"), ""));
        assert!(!is_written(&store("a5ba677f-19b5-c520-ed86-ac681c374a79"), ""));
        assert!(is_written("checksum 1CC12345 differs", "") && !is_written("checksum DC0D1AAF differs", ""));
        assert!(
            is_written("checksum DCCDFAAF differs", "") && is_written("checksum 12345678 differs", ""),
            "no digit, no letter"
        );
        assert!(is_written("Win32Exception", "") && is_written("Win64Exception", ""), "a digit is left");
        assert!(is_written("frame #1 failed", &trace(24)) && is_written("frame #2 failed", &trace(24)));
    }

    proptest! {
        #[test]
        fn what_is_alike_is_signed_as_if_it_was_not(
            lines in proptest::collection::vec(line(), 1..5), digits in proptest::collection::vec(0u8..10, 64), cut: bool, any: String,
        ) {
            let text = lines.join("\n");
            let mut alike = Alike::default();
            for text in [&text, &with_digits(&text, &digits), &any, &text, &any] {
                let (message, exception) = if cut { text.split_once('\n').unwrap_or((text, "")) } else { (text.as_str(), "") };
                let (mut told, mut expected) = ("1 ".to_owned(), "1 ".to_owned());
                write_error(message, exception, &[], &mut expected);
                alike.write(message, exception, &mut told, |into| write_error(message, exception, &[], into));
                prop_assert_eq!(told, expected, "{}", text);
            }
        }

        #[test]
        fn no_text_tells_one_hexadecimal_number_from_another(
            before in proptest::collection::vec(before(), 0..3), numbers in of_one_length(), behind in behind(), more in more(),
        ) {
            let mut alike = Alike::default();
            for number in numbers {
                let message = format!("{}{number}{behind}{more}", before.concat());
                let (mut told, mut expected) = ("1 ".to_owned(), "1 ".to_owned());
                write_error(&message, "", &[], &mut expected);
                alike.write(&message, "", &mut told, |into| write_error(&message, "", &[], into));
                prop_assert_eq!(told, expected, "{}", message);
            }
        }
    }
}
