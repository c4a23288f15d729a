//! Words that vary: names of users, values of keys, names of packages, quoted text.

use super::address;
use super::scan::{bounded, is_word, literal, one_of, run, token_end, trimmed, word_of};
use crate::normalise::swar;

/// What a key is called that holds a user's name, at its end.
const USER_KEYS: [&str; 5] = ["user", "username", "user_name", "login", "user.name"];
/// Words before `user` with which a name may follow.
const BEFORE_USER: [&str; 8] = ["for", "by", "as", "of", "invalid", "unknown", "illegal", "to"];
/// Words behind a user's name.
const BEHIND_USER: [&str; 6] = ["from", "by", "at", "on", "in", "with"];
/// What else an application has of its user.
const NO_USERS: [&str; 9] =
    ["input", "interaction", "action", "request", "response", "confirmation", "authentication", "settings", "data"];
/// What is one way or the other.
const STATES: [&str; 6] = ["true", "false", "on", "off", "yes", "no"];
/// Ends of types that say what went wrong, whatever else is in them.
pub const TYPE_ENDS: [&[u8]; 2] = [b"Exception", b"Error"];
/// Begins of names of packages.
const PACKAGES: [&[u8]; 6] = [b"com", b"org", b"net", b"edu", b"io", b"android"];
/// Quoted text and objects; beyond that, the marks at their ends do not belong together.
const QUOTED_BYTES_MAX: usize = 256;

/// `root` in `user=root`, in `opened for user root by`, in `password for root from 10.1.2.3`, and `DOMAIN\name`.
pub fn user(text: &[u8], at: usize) -> Option<usize> {
    let before = &text[..at];
    let end =
        trimmed(text, at, run(text, at, |byte| is_word(byte) || matches!(byte, b'.' | b'-' | b'$' | b'\\')), b".-\\")?;
    let name = &text[at..end];
    if !is_word(name.first()?) {
        return None;
    }
    if let Some(key) = before.strip_suffix(b"=") {
        let is_user = |known: &&str| {
            key.len() >= known.len() && key[key.len() - known.len()..].eq_ignore_ascii_case(known.as_bytes())
        };
        return USER_KEYS.iter().any(is_user).then_some(end);
    }
    if let Some((domain, name)) = name.iter().position(|byte| *byte == b'\\').map(|at| name.split_at(at)) {
        let fits = domain.len() >= 2 && domain.iter().all(|byte| byte.is_ascii_uppercase() || b"-_".contains(byte));
        return (fits && !name[1..].contains(&b'\\') && !domain.starts_with(b"HK")).then_some(end);
    }
    let mut words = before.trim_ascii_end().rsplit(|byte| *byte == b' ').filter(|word| !word.is_empty());
    if before.last() != Some(&b' ') {
        return None;
    }
    let last = words.next()?;
    let is = |word: &[u8], known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
    let follows = is(last, &["user", "user:"]) && words.next().is_some_and(|word| is(word, &BEFORE_USER));
    let rest = &text[end..];
    if follows {
        let behind = rest.strip_prefix(b" ").unwrap_or_default();
        let word = &behind[..run(behind, 0, is_word)];
        let ends = !rest.starts_with(b" ") || word.is_empty() || is(word, &BEHIND_USER);
        return (ends && !is(name, &NO_USERS)).then_some(end);
    }
    let from = literal(text, end + 1, b"from").filter(|_| is(last, &["for"]) && rest.starts_with(b" "))?;
    let behind = text.get(from).map(|_| from + 1)?;
    address::host(text, behind).map(|_| end)
}

/// What stands behind a key that says that it is a name: `name=StatusBar`, `fileName=Popup:317a46`.
pub fn name(text: &[u8], at: usize) -> Option<usize> {
    let key = text[..at].strip_suffix(b"=").filter(|key| key.len() >= 4)?;
    let end = run(text, at, |byte| !byte.is_ascii_whitespace() && !b",;)]}\"'".contains(byte));
    (key[key.len() - 4..].eq_ignore_ascii_case(b"name") && end > at).then_some(end)
}

/// What stands behind `=`, where it is no plain word: `true`, `null`, `app.main.view`, `Point{x=1, y=2}`; and a truth
/// behind a colon.
pub fn value(text: &[u8], at: usize) -> Option<usize> {
    let before = text[..at].strip_suffix(b" ").unwrap_or(&text[..at]);
    if !(before.ends_with(b"=") || before.ends_with(b":")) {
        return None;
    }
    if let Some(end) = word_of(text, at, &["true", "false"]) {
        return Some(end);
    }
    let end = token_end(text, at);
    if !text[..at].ends_with(b"=") || end == at {
        return None;
    }
    let value = &text[at..end];
    let is_type = TYPE_ENDS.iter().any(|known| value.ends_with(known));
    let is_nothing = word_of(text, at, &["null", "nil", "none"]);
    is_nothing.or_else(|| object(text, end)).or((value.contains(&b'.') && !is_type).then_some(end))
}

/// The braces behind the name of an object's type.
fn object(text: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (behind, byte) in text.iter().enumerate().skip(at).take(QUOTED_BYTES_MAX) {
        match byte {
            b'{' | b'(' => depth += 1,
            b'}' | b')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return (behind > at).then_some(behind + 1);
        }
    }
    None
}

/// A bracket that holds nothing but states: `(true)`, `( on off )`.
pub fn states(text: &[u8], at: usize) -> Option<usize> {
    let blank = |at| run(text, at, |byte| b" ,".contains(byte));
    if !text[..at].trim_ascii_end().ends_with(b"(") {
        return None;
    }
    let mut end = word_of(text, at, &STATES)?;
    while let Some(next) = word_of(text, blank(end), &STATES) {
        end = next;
    }
    one_of(text, blank(end), b")").map(|_| end)
}

/// `com.example.app`: a name of a package, in small letters.
pub fn package(text: &[u8], at: usize) -> Option<usize> {
    let end = token_end(text, at);
    let name = &text[at..end];
    let is_package = PACKAGES.iter().any(|known| name.strip_prefix(*known).is_some_and(|rest| rest.starts_with(b".")));
    let is_small = name.iter().all(|byte| byte.is_ascii_lowercase() || b"._".contains(byte));
    (is_package && is_small && name.iter().filter(|byte| **byte == b'.').count() >= 2).then_some(end)
}

/// `'text'`; what a request asks for is masked by itself: `"GET /path HTTP/1.1"`.
pub fn quoted(text: &[u8], at: usize, quote: u8) -> Option<usize> {
    let start = one_of(text, at, &[quote])?;
    let text = &text[..text.len().min(start + QUOTED_BYTES_MAX)];
    let verb = run(text, start, u8::is_ascii_uppercase);
    if verb > start && text[verb..].starts_with(b" /") {
        return None;
    }
    let mut end = start;
    loop {
        end = swar::find(text, end, quote)? + 1;
        if bounded(text, end).is_some() {
            return Some(end);
        }
    }
}
