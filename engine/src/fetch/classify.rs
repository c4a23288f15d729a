//! The decisions about files, apart from all transfers: what is unchanged, and whose content a file shows.

use std::collections::BTreeMap;

use globset::GlobSet;

use super::ends::digest;
use crate::catalog::{END_BYTES, Facts, Generation, GenerationId, PathRow};

/// A file that was written this close to the listing may have been written again in the same second.
const RACE_US: i64 = 2_000_000;

/// How a file's content relates to a generation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// It begins with all that is stored, and may go on.
    Continues,
    /// It is a shorter copy: all of it is stored.
    Prefix,
}

/// A generation whose content a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub generation: GenerationId,
    pub relation: Relation,
    /// No other listed file shows this generation: its path vanished, or shows something else now.
    pub free: bool,
}

/// Whether a listed file can be skipped: the listing says the same as when its bytes were last taken, and said it
/// late enough after the last write.
pub(super) fn unchanged(row: &PathRow, now: &Facts) -> bool {
    let then = &row.facts;
    let racy = match (then.modified_us, then.date_us) {
        (Some(modified), Some(date)) => modified.abs_diff(date) <= RACE_US.unsigned_abs(),
        _ => false,
    };
    row.settled && looks_alike(then, now) && !racy
}

/// Whether two listings say the same of a file, and anything at all.
pub(super) fn looks_alike(then: &Facts, now: &Facts) -> bool {
    let told = now.size.is_some() || now.modified_us.is_some() || now.etag.is_some();
    told && look(then) == look(now)
}

/// What a listing gives to tell one content from another.
type Look = (Option<u64>, Option<i64>, Option<String>);

fn look(facts: &Facts) -> Look {
    (facts.size, facts.modified_us, facts.etag.clone())
}

/// The looks that say nothing once files have moved between names: an equal size alone, as files have that are rotated
/// at a fixed size, and a look that several known files share.
pub(super) struct Doubt {
    shared: BTreeMap<Look, usize>,
    /// A file could not be read when it changed: what it looked like before is not known any more.
    forgotten: bool,
}

impl Doubt {
    pub fn of(paths: &BTreeMap<String, PathRow>) -> Doubt {
        let mut shared = BTreeMap::new();
        paths.values().for_each(|row| *shared.entry(look(&row.facts)).or_default() += 1);
        Doubt { shared, forgotten: paths.values().any(|row| !row.settled) }
    }

    pub fn covers(&self, facts: &Facts) -> bool {
        let size_only = facts.modified_us.is_none() && facts.etag.is_none();
        let time_only = facts.size.is_none() && facts.etag.is_none();
        let shared = self.shared.get(&look(facts)).is_some_and(|count| *count > 1);
        size_only || shared || time_only && self.forgotten
    }
}

/// What is done about a listed file before any of its bytes are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: it is as it was.
    Skip,
    /// What it has behind the stored bytes of this generation is asked for, with an overlap that proves them.
    Follow(GenerationId),
    /// Its content decides what it is.
    Sort,
}

/// The first step; `trusted` says whether a file that looks as it did is taken for what it was, `is_empty` whether
/// nothing is stored of a generation, `moved` whether the file is known by another name.
pub(super) fn first_step(
    facts: &Facts,
    known: Option<&PathRow>,
    trusted: bool,
    is_empty: impl FnOnce(GenerationId) -> bool,
    moved: impl FnOnce() -> bool,
) -> Step {
    match known {
        None => Step::Sort,
        Some(row) if trusted && unchanged(row, facts) => Step::Skip,
        // What fills an empty file may be a copy of something: an empty generation proves nothing.
        Some(row) if facts.size != Some(0) && is_empty(row.generation) => Step::Sort,
        Some(_) if moved() => Step::Sort,
        Some(row) => Step::Follow(row.generation),
    }
}

/// The generation of a compressed file that only changed its name. It is never appended to, so one that looks, to
/// the second and the byte, as one single other did, is that one; no transfer is spent on it.
pub(super) fn moved(
    path: &str,
    facts: &Facts,
    paths: &BTreeMap<String, PathRow>,
    listed: &BTreeMap<String, Facts>,
    packed: &GlobSet,
) -> Option<Match> {
    let telling = facts.size.is_some_and(|size| size > 0) && facts.modified_us.is_some();
    if !telling || !packed.is_match(path) {
        return None;
    }
    let alike = |other: &&Facts| other.size == facts.size && other.modified_us == facts.modified_us;
    let mut rows = paths.values().filter(|row| alike(&&row.facts));
    let row = rows.next().filter(|row| row.path != path && unchanged(row, facts))?;
    let only = rows.next().is_none() && listed.values().filter(alike).count() == 1;
    let found = Match { generation: row.generation, relation: Relation::Prefix, free: true };
    (only && packed.is_match(&row.path)).then_some(found)
}

/// Whether a file that begins with `head` begins as the generation does. `head` is the file's first
/// [`END_BYTES`], or all of it.
pub(super) fn begins_alike(generation: &Generation, head: &[u8]) -> bool {
    usize::try_from(generation.ends.head_bytes)
        .ok()
        .and_then(|length| head.get(..length))
        .is_some_and(|head| digest(head) == generation.ends.head)
}

/// The bytes before `end` that identify a file there.
pub(super) fn window_before(end: u64) -> (u64, u64) {
    (end.saturating_sub(END_BYTES), end)
}

/// The generation that a file continues or copies, if that can be said.
///
/// One free match is a rename. Several free ones are ambiguous: then the file becomes a generation of its own, and
/// nothing is lost. A match that another file still shows is a copy of it: its bytes are stored already.
pub(super) fn choose(matches: &[Match]) -> Option<Match> {
    let continues = || matches.iter().filter(|found| found.relation == Relation::Continues);
    let mut free = continues().filter(|found| found.free);
    match (free.next(), free.next()) {
        (Some(only), None) => return Some(*only),
        (Some(_), Some(_)) => return None,
        (None, _) => {}
    }
    continues().next().or_else(|| matches.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::{Match, Relation, choose, unchanged};
    use crate::catalog::{Facts, GenerationId, PathRow};

    fn found(id: i64, relation: Relation, free: bool) -> Match {
        Match { generation: GenerationId(id), relation, free }
    }

    #[test]
    fn a_rename_needs_exactly_one_candidate() {
        use Relation::{Continues, Prefix};
        let chosen = |matches: &[Match]| choose(matches).map(|found| found.generation.0);
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[found(1, Continues, false), found(2, Continues, true)]), Some(2));
        assert_eq!(chosen(&[found(1, Continues, true), found(2, Continues, true)]), None);
        assert_eq!(chosen(&[found(1, Prefix, true), found(2, Continues, false)]), Some(2));
        assert_eq!(chosen(&[found(1, Prefix, true), found(2, Prefix, false)]), Some(1));
    }

    #[test]
    fn a_write_in_the_second_of_the_listing_is_looked_at_again() {
        let facts = |modified_s: i64, date_s: i64| Facts {
            size: Some(5),
            modified_us: Some(modified_s * 1_000_000),
            etag: None,
            date_us: Some(date_s * 1_000_000),
        };
        let row = |facts, settled| PathRow { path: "a".to_owned(), generation: GenerationId(1), facts, settled };
        assert!(unchanged(&row(facts(100, 103), true), &facts(100, 200)));
        assert!(!unchanged(&row(facts(100, 102), true), &facts(100, 200)));
        assert!(!unchanged(&row(facts(100, 103), false), &facts(100, 200)));
        assert!(!unchanged(&row(facts(100, 103), true), &facts(101, 200)));
        let silent = Facts::default();
        assert!(!unchanged(&row(silent.clone(), true), &silent));
    }
}
