//! Paths and names of files.

use super::scan::{bounded, is_word, one_of, run, token_end, trimmed};

/// Ends of the names of files that need no folder to be seen as such; those with a digit are told apart below.
const FILES: [&str; 25] = [
    "bak", "bmp", "cfg", "conf", "csv", "dat", "db", "dll", "doc", "docx", "exe", "gz", "ini", "jpg", "json", "lock",
    "log", "pdf", "png", "sqlite", "tmp", "txt", "wav", "xml", "zip",
];

fn is_path(byte: &u8) -> bool {
    !byte.is_ascii_whitespace()
        && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'|' | b',' | b';' | b':' | b'*' | b'?')
        && !matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'=')
}

/// `C:\folder\file`, `\\server\share`, `HKLM\key`; a blank within the path is seen by the backslash in the word behind
/// it.
pub fn windows(text: &[u8], at: usize) -> Option<usize> {
    let start = match text.get(at..at + 3)? {
        [drive, b':', b'\\' | b'/'] if drive.is_ascii_alphabetic() => at + 2,
        [b'\\', b'\\', name] if is_word(name) || b"?.".contains(name) => at,
        [b'H', b'K', _] => {
            let key = run(text, at, |byte| byte.is_ascii_uppercase() || *byte == b'_');
            one_of(text, key, b"\\")?
        }
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
    trimmed(text, at, end, b".?*")
}

/// End of a path's part; a GUID in braces and wild cards belong to it.
fn windows_part(text: &[u8], at: usize) -> usize {
    run(text, at, |byte| is_path(byte) || b"{}*?".contains(byte))
}

/// `/folder/file`, `/page?query`
pub fn unix(text: &[u8], at: usize) -> Option<usize> {
    let start = one_of(text, at, b"/")?;
    if at > 0 && b"<>/".contains(&text[at - 1]) {
        return None;
    }
    let Some(first) = text.get(start).filter(|byte| !byte.is_ascii_whitespace()) else {
        // The root, where it is asked for: `GET / HTTP/1.1`.
        return text[..at].ends_with(b" ").then_some(start);
    };
    let begins = first.is_ascii_alphanumeric() || b"._~".contains(first);
    let end = begins.then(|| run(text, start, is_path))?;
    let query = one_of(text, end, b"?").filter(|start| text.get(*start).is_some_and(is_word));
    let end = query.map_or(end, |start| run(text, start, |byte| is_path(byte) || b"=?:,;*".contains(byte)));
    trimmed(text, at, end, b".,;:?")
}

/// `folder/sub/file`, `folder\file.txt`, `file.txt`
pub fn relative(text: &[u8], at: usize) -> Option<usize> {
    if !text.get(at).is_some_and(|byte| is_word(byte) && !byte.is_ascii_digit() || *byte == b'.')
        || at > 0 && b"/\\.".contains(&text[at - 1])
    {
        return None;
    }
    let end = trimmed(text, at, run(text, at, is_path), b".")?;
    let path = &text[at..end];
    let folders = path.iter().filter(|byte| b"/\\".contains(byte)).count();
    let name = path.rsplit(|byte| b"/\\".contains(byte)).next()?;
    // `HTTP/1.1` is none.
    let is_path = folders >= 2 || folders == 1 && path.contains(&b'.') && name.iter().any(u8::is_ascii_alphabetic);
    if is_path && !path.starts_with(b".") || path.starts_with(b"./") || path.starts_with(b"../") {
        return Some(end);
    }
    let end = token_end(text, at);
    let dot = text[at..end].iter().rposition(|byte| *byte == b'.')?;
    let kind = &text[at + dot + 1..end];
    // `mp3`, `mp4`: no mask looks at the value of a digit.
    let is_media = matches!(kind, [b'm' | b'M', b'p' | b'P', b'0'..=b'9']);
    let is_file = is_media || FILES.iter().any(|known| kind.eq_ignore_ascii_case(known.as_bytes()));
    bounded(text, end).filter(|_| is_file && dot > 0)
}
