//! What an unknown JSON answer looks like: which server wrote it, or where in it a list of files seems to be. Nothing is
//! decided here: what is guessed is proposed, after the reader of listings has tried it.

use serde_json::Value;

use super::listing::time_us;
use crate::profile::ListKind;

/// Tables and lists within each other; deeper ones are no listing of files.
const DEPTH_MAX: usize = 6;

/// Entries that are looked at to know what all are like.
const SAMPLES: usize = 20;

/// What names of files are called, the likeliest first. Compared by their letters alone, in lower case.
const NAME_KEYS: [&str; 10] =
    ["name", "filename", "file", "logname", "logfile", "path", "filepath", "key", "title", "id"];
const SIZE_KEYS: [&str; 10] = [
    "size",
    "length",
    "bytes",
    "filesize",
    "sizebytes",
    "sizeinbytes",
    "contentlength",
    "bytecount",
    "filelength",
    "len",
];
const TIME_KEYS: [&str; 18] = [
    "modified",
    "mtime",
    "lastmodified",
    "modifiedat",
    "lastmodifiedat",
    "lastmodifiedutc",
    "lastwritetime",
    "lastwritetimeutc",
    "lastwrite",
    "modtime",
    "updated",
    "updatedat",
    "lastupdated",
    "changed",
    "changedat",
    "timestamp",
    "date",
    "time",
];
const ETAG_KEYS: [&str; 3] = ["etag", "entitytag", "contenttag"];

/// Where a document seems to hold a list of files, as JSON pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guess {
    pub items: String,
    pub name: String,
    pub size: Option<String>,
    pub modified: Option<String>,
    pub etag: Option<String>,
}

/// The server that is known to write such entries.
pub(super) fn known_server(document: &Value) -> Option<ListKind> {
    let first = document.as_array()?.first()?;
    first["name"].as_str()?;
    let nginx = matches!(first["type"].as_str(), Some("file" | "directory" | "other")) && first["mtime"].is_string();
    let caddy = first["is_dir"].is_boolean() && first["mod_time"].is_string();
    if nginx { Some(ListKind::Nginx) } else { caddy.then_some(ListKind::Caddy) }
}

/// The likeliest list of files in a document; with equal signs the longer, then the first.
pub(super) fn guess(document: &Value) -> Option<Guess> {
    let mut found: Vec<(Rank, Guess)> = Vec::new();
    lists(document, String::new(), 0, &mut |pointer, list| found.extend(guess_list(pointer, list)));
    let best = found.iter().map(|(rank, _)| *rank).max()?;
    found.into_iter().find(|(rank, _)| *rank == best).map(|(_, guess)| guess)
}

/// How likely a list is one of files: its names look like those of files, they are called so, and how many there are.
type Rank = (bool, bool, usize);

fn lists<'v>(value: &'v Value, pointer: String, depth: usize, see: &mut impl FnMut(&str, &'v [Value])) {
    match value {
        Value::Array(list) if !list.is_empty() => see(&pointer, list),
        Value::Object(members) if depth < DEPTH_MAX => {
            for (key, member) in members {
                lists(member, format!("{pointer}/{}", step(key)), depth + 1, see);
            }
        }
        _ => {}
    }
}

/// A key as a step of a JSON pointer.
fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn guess_list(items: &str, list: &[Value]) -> Option<(Rank, Guess)> {
    let samples = &list[..list.len().min(SAMPLES)];
    let mut leaves = Vec::new();
    leaves_of(&samples[0], String::new(), 0, &mut leaves);
    let name = leaves.iter().filter_map(|leaf| name_rank(leaf, samples).map(|rank| (rank, leaf))).max_by_key(
        |((like, called), leaf)| (*like, std::cmp::Reverse((*called, leaf.matches('/').count(), (*leaf).clone()))),
    );
    let ((like, called), name) = name?;
    if !like && called == NAME_KEYS.len() {
        return None;
    }
    let pick = |keys: &[&str], fits: fn(&Value) -> bool| {
        let fitting = leaves.iter().filter(|leaf| *leaf != name && all(samples, leaf, fits));
        fitting.filter_map(|leaf| Some((keys.iter().position(|key| *key == letters(leaf))?, leaf))).min().map(|it| it.1)
    };
    let guess = Guess {
        items: items.to_owned(),
        name: name.clone(),
        size: pick(&SIZE_KEYS, |value| value.is_u64() || value.as_str().is_some_and(|it| it.parse::<u64>().is_ok()))
            .cloned(),
        modified: pick(&TIME_KEYS, |value| time_us(value).is_some_and(|time| time > 0)).cloned(),
        etag: pick(&ETAG_KEYS, Value::is_string).cloned(),
    };
    Some(((like, called < NAME_KEYS.len(), list.len()), guess))
}

/// Pointers to what is neither table nor list.
fn leaves_of(value: &Value, pointer: String, depth: usize, leaves: &mut Vec<String>) {
    match value {
        Value::Object(members) if depth < DEPTH_MAX => {
            for (key, member) in members {
                leaves_of(member, format!("{pointer}/{}", step(key)), depth + 1, leaves);
            }
        }
        Value::Object(_) | Value::Array(_) => {}
        _ => leaves.push(pointer),
    }
}

fn all(samples: &[Value], pointer: &str, fits: fn(&Value) -> bool) -> bool {
    let mut values =
        samples.iter().filter_map(|item| item.pointer(pointer)).filter(|value| !value.is_null()).peekable();
    values.peek().is_some() && values.all(fits)
}

/// Whether what stands here looks like names of files, and how early in [`NAME_KEYS`] it is called so. `None`: these are
/// no names.
fn name_rank(pointer: &str, samples: &[Value]) -> Option<(bool, usize)> {
    let names: Option<Vec<&str>> = samples.iter().map(|item| item.pointer(pointer)?.as_str()).collect();
    let names = names?;
    let distinct = names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len();
    if !distinct || names.iter().any(|name| name.is_empty() || name.contains("://")) {
        return None;
    }
    let like = names.iter().filter(|name| looks_like_file(name)).count() * 2 > names.len();
    let called = NAME_KEYS.iter().position(|key| *key == letters(pointer)).unwrap_or(NAME_KEYS.len());
    Some((like, called))
}

/// The last step of a pointer, by its letters alone.
fn letters(pointer: &str) -> String {
    let last = pointer.rsplit('/').next().unwrap_or_default();
    last.chars().filter(|c| c.is_ascii_alphabetic()).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a text ends like a file's name: with `.log`, `.txt`, `.1`, and no blank or slash at its beginning.
fn looks_like_file(name: &str) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric();
    !stem.is_empty() && !stem.starts_with('/') && (1..=10).contains(&extension.len()) && extension.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Guess, guess, known_server};
    use crate::profile::ListKind;

    #[test]
    fn lists_of_files_are_found() {
        let some = |text: &str| Some(text.to_owned());
        for (document, expected) in [
            (
                json!({"status": "ok", "data": {"hosts": ["a", "b", "c"], "files": [
                    {"id": 1, "fileName": "a.log", "stat": {"Length": 5, "LastWriteTimeUtc": "2026-10-12T05:00:00Z"}},
                    {"id": 2, "fileName": "b.log", "stat": {"Length": 7, "LastWriteTimeUtc": "2026-10-12T05:00:00Z"}},
                ]}}),
                ("/data/files", "/fileName", some("/stat/Length"), some("/stat/LastWriteTimeUtc"), None),
            ),
            (json!(["a.log", "b.log"]), ("", "", None, None, None)),
            (
                json!({"a/b": [{"key": "x/app.log", "etag": "\"1\"", "size": "12", "url": "http://h/app.log"}]}),
                ("/a~1b", "/key", some("/size"), None, some("/etag")),
            ),
            (json!([{"name": "app", "mtime": 1_704_067_200}]), ("", "/name", None, some("/mtime"), None)),
        ] {
            let (items, name, size, modified, etag) = expected;
            let expected = Guess { items: items.to_owned(), name: name.to_owned(), size, modified, etag };
            assert_eq!(guess(&document), Some(expected), "{document}");
        }
        for document in [json!({"files": []}), json!({"a": [1, 2]}), json!("a.log"), json!([{"x": "y"}, {"x": "y"}])] {
            assert_eq!(guess(&document), None, "{document}");
        }
    }

    #[test]
    fn servers_are_known_by_their_entries() {
        let nginx = json!([{"name": "a", "type": "directory", "mtime": "Sun, 06 Nov 1994 08:49:37 GMT"}]);
        let caddy = json!([{"name": "a", "is_dir": false, "mod_time": "1994-11-06T08:49:37Z", "size": 5}]);
        assert_eq!(known_server(&nginx), Some(ListKind::Nginx));
        assert_eq!(known_server(&caddy), Some(ListKind::Caddy));
        assert_eq!(known_server(&json!([{"name": "a", "mtime": 5}])), None);
    }
}
