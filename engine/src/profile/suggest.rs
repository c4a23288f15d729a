//! Words of the user in messages, and "did you mean": the known word that is nearest to a mistyped one.

use super::text::hidden;

/// The nearest of `known`, if it is near enough that a typing mistake explains the difference.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    near(word, known).next()
}

/// All of `known` that are near enough, the nearest first.
pub(super) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            let distance = distance(&word, &letters);
            // A third of the letters: two mistakes in `timeout`, one in `zone`, none that turns `tags` into `name`.
            let near = distance <= (word.len().max(letters.len()) / 3).max(1);
            (near || cut_or_continued(&word, &letters)).then_some((distance, candidate))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, candidate)| candidate)
}

/// `err` for `error`, `warning` for `warn`.
fn cut_or_continued(word: &[char], known: &[char]) -> bool {
    word.len().min(known.len()) >= 3 && (word.starts_with(known) || known.starts_with(word))
}

/// Letters to add, remove, change or swap with their neighbour (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    // A word far longer than any that is known is not a mistyped one; this bounds the work on nonsense.
    if a.len().abs_diff(b.len()) > b.len() {
        return usize::MAX;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let change = last[j] + usize::from(a[i] != b[j]);
            let mut least = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The words in quotes, with commas between them.
fn listed<'a>(words: impl IntoIterator<Item = &'a str>, quote: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("{quote}{word}{quote}")).collect();
    words.join(", ")
}

/// Help for a word that is none of the known ones.
pub(super) fn one_of<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone, quote: &str) -> String {
    let meant = nearest(word, known.clone()).map(|near| format!("did you mean {quote}{near}{quote}? "));
    format!("{}known: {}", meant.unwrap_or_default(), listed(known, quote))
}

/// Longest word that a message repeats; the line below it shows the rest.
const QUOTED_CHARS_MAX: usize = 60;

/// A value of the user's in a message.
pub(super) fn quoted(word: &str) -> String {
    enclosed(word, '"')
}

/// A key of the user's in a message.
pub(super) fn named(word: &str) -> String {
    enclosed(word, '`')
}

/// Between quotes, not endless, and without characters that act on a terminal.
fn enclosed(word: &str, quote: char) -> String {
    let mut shown = String::from(quote);
    for c in word.chars().take(QUOTED_CHARS_MAX) {
        if hidden(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if word.chars().nth(QUOTED_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["include", "exclude", "instances", "list", "folder"];
        for (typed, meant) in [
            ("inculde", Some("include")),
            ("instance", Some("instances")),
            ("Folder", Some("folder")),
            ("lits", Some("list")),
            ("incl", Some("include")),
            ("folders_of_logs", Some("folder")),
            ("in", None),
            ("password", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }
}
