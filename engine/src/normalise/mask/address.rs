//! Addresses: of pages, people and machines.

use super::scan::{bounded, digits, is_word, one_of, run, trimmed};

/// Ends of host names that are no other words: without them, a name in a text with dots in it may be anything.
const TOP_DOMAINS: [&str; 14] = [
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "info",
    "biz",
    "lan",
    "local",
    "corp",
    "localdomain",
    "intranet",
    "arpa",
];
/// Of countries, those that are as often another word: `task.tip.id` is a key.
const NO_COUNTRIES: [&str; 12] = ["am", "be", "do", "id", "in", "is", "me", "my", "so", "to", "py", "rs"];
/// Ends of source files: before a colon and a number they are places in the code, no host with its port.
const SOURCES: [&str; 13] = ["c", "h", "cc", "cpp", "cs", "java", "kt", "py", "js", "ts", "go", "rs", "rb"];

/// `https://host/path?query`
pub fn url(text: &[u8], at: usize) -> Option<usize> {
    let scheme = run(text, at, u8::is_ascii_alphabetic);
    let start = (scheme > at && text[scheme..].starts_with(b"://")).then_some(scheme + 3)?;
    let is_mark = |byte| matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'(' | b')' | b'[' | b']' | b'{' | b'}');
    let end = run(text, start, |byte| !byte.is_ascii_whitespace() && !is_mark(*byte));
    trimmed(text, start, end, b".,;:!?")
}

/// `name@domain.example`, mail address or principal.
pub fn email(text: &[u8], at: usize) -> Option<usize> {
    let local = run(text, at, |byte| is_name(byte) || matches!(byte, b'%' | b'+'));
    let start = one_of(text, local, b"@").filter(|_| local > at)?;
    let end = trimmed(text, start, run(text, start, is_name), b".-")?;
    let dot = text[start..end].iter().rposition(|byte| *byte == b'.')?;
    let top = &text[start + dot + 1..end];
    (top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic)).then_some(end)
}

/// A machine, by name or number, with what is glued to it: its port, its other name in brackets.
pub fn host(text: &[u8], at: usize) -> Option<usize> {
    let end = single(text, at)?;
    // A reverse look-up gives a name, or none.
    let open = one_of(text, end, b" ").unwrap_or(end);
    let other = one_of(text, open, b"(").and_then(|start| one_of(text, single(text, start).unwrap_or(start), b")"));
    Some(other.unwrap_or(end))
}

fn single(text: &[u8], at: usize) -> Option<usize> {
    // Java writes `name/number:port`, and `/number:port` where it knows no name.
    let name = run(text, at, is_name);
    let java = one_of(text, name, b"/").and_then(|start| ip(text, start));
    java.or_else(|| ip(text, at)).or_else(|| hardware(text, at)).or_else(|| domain(text, at))
}

fn is_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

fn ip(text: &[u8], at: usize) -> Option<usize> {
    ipv4(text, at).or_else(|| ipv6(text, at))
}

/// `10.1.2.3`, `10.1.2.3:8080`, `10.1.2.0/24`
fn ipv4(text: &[u8], at: usize) -> Option<usize> {
    if text[..at].ends_with(b"ersion ") || text[..at].ends_with(b"ersion=") {
        // A version of four numbers looks the same.
        return None;
    }
    let mut end = digits(text, at, 1, 3)?;
    for _ in 0..3 {
        end = digits(text, one_of(text, end, b".")?, 1, 3)?;
    }
    let more = one_of(text, end, b".-").filter(|start| text.get(*start).is_some_and(is_word));
    let mask = one_of(text, end, b"/").and_then(|start| digits(text, start, 1, 2)).and_then(|end| bounded(text, end));
    bounded(text, port(text, end).or(mask).unwrap_or(end)).filter(|_| more.is_none())
}

fn port(text: &[u8], at: usize) -> Option<usize> {
    one_of(text, at, b":").and_then(|start| digits(text, start, 1, 5)).and_then(|end| bounded(text, end))
}

/// `fe80::1`, `2001:db8:0:0:0:0:0:1`, `[::1]:8080`
fn ipv6(text: &[u8], at: usize) -> Option<usize> {
    if let Some(start) = one_of(text, at, b"[") {
        let end = one_of(text, ipv6(text, start)?, b"]")?;
        return port(text, end);
    }
    let end = run(text, at, |byte| byte.is_ascii_hexdigit() || *byte == b':');
    let address = &text[at..end];
    let colons = address.iter().filter(|byte| **byte == b':').count();
    let is_short = colons >= 2 && address.windows(2).any(|pair| pair == b"::");
    let fits = (is_short || colons == 7) && address.iter().any(u8::is_ascii_digit) && !address.ends_with(b":");
    let end = bounded(text, end).filter(|_| fits)?;
    let zone = one_of(text, end, b"%").map(|start| run(text, start, u8::is_ascii_alphanumeric));
    Some(zone.unwrap_or(end))
}

/// `00:11:43:e3:ba:c3`
fn hardware(text: &[u8], at: usize) -> Option<usize> {
    let pair = |at: usize| (run(text, at, u8::is_ascii_hexdigit) == at + 2).then_some(at + 2);
    let mut end = pair(at)?;
    let mut pairs = 1;
    let mark = *text.get(end).filter(|mark| b":-".contains(mark))?;
    while let Some(next) = one_of(text, end, &[mark]).and_then(pair) {
        (end, pairs) = (next, pairs + 1);
    }
    bounded(text, end).filter(|_| pairs >= 6)
}

/// `mail.host.example.com`, `db.example:5432`
fn domain(text: &[u8], at: usize) -> Option<usize> {
    let end = trimmed(text, at, run(text, at, is_name), b".-_")?;
    let name = &text[at..end];
    let last = name.rsplit(|byte| *byte == b'.').next()?;
    let first = name.split(|byte| *byte == b'.').next()?;
    if last.len() == name.len() || !first.first()?.is_ascii_alphanumeric() || !last.is_ascii() {
        return None;
    }
    let labels = || name.split(|byte| *byte == b'.');
    let is_of = |label: &[u8], known: &[&str]| known.iter().any(|known| label.eq_ignore_ascii_case(known.as_bytes()));
    let is_country = last.len() == 2
        && last.iter().all(u8::is_ascii_lowercase)
        && labels().count() >= 3
        && !is_of(last, &NO_COUNTRIES);
    // A name that begins as others end is that of a package.
    let is_domain = (is_country || is_of(last, &TOP_DOMAINS)) && !is_of(first, &TOP_DOMAINS);
    let has_one_case =
        |label: &[u8]| !label.iter().any(u8::is_ascii_uppercase) || !label.iter().any(u8::is_ascii_lowercase);
    let may_have_port = labels().all(|label| !label.is_empty() && has_one_case(label))
        && name.iter().any(u8::is_ascii_alphabetic)
        && !is_of(last, &SOURCES);
    match port(text, end) {
        Some(port) if is_domain || may_have_port => Some(port),
        _ => is_domain.then_some(end),
    }
}
