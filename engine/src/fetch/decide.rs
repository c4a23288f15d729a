//! Whose content a file shows, found out by short reads at the two ends that identify it.

use super::cause::CauseClass;
use super::classify::{Match, Relation, begins_alike, choose, looks_alike, moved, window_before};
use super::committer::Unread;
use super::ends::digest;
use super::listing::Listing;
use super::reclassify::Undecided;
use super::visit::{Cut, Visit, length_listed};
use crate::catalog::{END_BYTES, Ends, Facts, Generation, GenerationId};

/// What short reads have shown of a file.
struct Sight<'a> {
    path: &'a str,
    /// The first [`END_BYTES`], or all of it.
    head: Vec<u8>,
    length: Option<u64>,
}

impl Visit<'_> {
    /// The generation that a file continues or copies, `None` when its content is not stored yet; and how it begins,
    /// where that was looked at.
    pub async fn decide(
        &mut self,
        path: &str,
        facts: &Facts,
        undecided: &Undecided,
        listing: &Listing,
    ) -> Result<(Option<Match>, Option<Ends>), Cut> {
        let own = self.own_if_empty(path);
        if facts.size == Some(0) {
            return Ok((own, None));
        }
        if let Some(moved) = self.moved(path, facts, listing) {
            return Ok((Some(moved), None));
        }
        self.know_closed().await?;
        let candidates: Vec<Generation> =
            self.generations.values().filter(|generation| generation.committed > 0).cloned().collect();
        if candidates.is_empty() {
            return Ok((own, None));
        }
        let mut sight = self.look(path, length_listed(self.access, path, facts)).await?;
        let mut matches = Vec::new();
        for generation in &candidates {
            if let Some(relation) = self.relation(&mut sight, generation).await? {
                let free = self.is_free(generation.id, undecided, listing);
                matches.push(Match { generation: generation.id, relation, free });
            }
        }
        let begin = Ends { head: digest(&sight.head), head_bytes: sight.head.len() as u64, ..Ends::default() };
        Ok((choose(&matches).or(own), Some(begin)))
    }

    /// The generation that a path shows, where nothing is stored of it yet.
    pub fn own_if_empty(&self, path: &str) -> Option<Match> {
        let own = self.paths.get(path).map(|row| row.generation).filter(|own| self.is_empty(*own))?;
        Some(Match { generation: own, relation: Relation::Continues, free: true })
    }

    /// The generation that a path shows, where it is listed as it was: unread, it is taken for what it was.
    pub fn own_if_alike(&self, path: &str, facts: &Facts) -> Option<Match> {
        let row = self.paths.get(path).filter(|row| looks_alike(&row.facts, facts))?;
        Some(Match { generation: row.generation, relation: Relation::Prefix, free: false })
    }

    /// The generation of a compressed file that only changed its name.
    pub fn moved(&self, path: &str, facts: &Facts, listing: &Listing) -> Option<Match> {
        moved(path, facts, &self.paths, &listing.files, &self.access.context.files.decode)
    }

    async fn look<'a>(&mut self, path: &'a str, size: Option<u64>) -> Result<Sight<'a>, Cut> {
        let head = self.probe(path, 0, END_BYTES).await?;
        let all = head.bytes.len() as u64;
        // What the answer shows is newer than what the listing says, even if it tells no length.
        let length = head.length.or((all < END_BYTES).then_some(all)).or(size.filter(|size| *size >= all));
        Ok(Sight { path, head: head.bytes, length })
    }

    /// How a file relates to one generation.
    async fn relation(&mut self, sight: &mut Sight<'_>, generation: &Generation) -> Result<Option<Relation>, Cut> {
        loop {
            let end = sight.length.map_or(generation.committed, |length| length.min(generation.committed));
            if end == 0 || (end >= generation.ends.head_bytes && !begins_alike(generation, &sight.head)) {
                return Ok(None);
            }
            let (from, to) = window_before(end);
            let window = self.window(sight, from, to).await?;
            if window.len() as u64 == to - from {
                return self.compare(sight.path, generation, &window, from, to).await;
            }
            if !window.is_empty() {
                self.find_end(sight, from + window.len() as u64).await?;
            }
            // The file is shorter than was believed: once more, unless nothing tells by how much.
            if sight.length.is_none_or(|length| length >= end) {
                return Ok(None);
            }
        }
    }

    async fn compare(
        &mut self,
        path: &str,
        generation: &Generation,
        window: &[u8],
        from: u64,
        to: u64,
    ) -> Result<Option<Relation>, Cut> {
        if to == generation.committed {
            return Ok((digest(window) == generation.ends.tail).then_some(Relation::Continues));
        }
        match self.access.context.committer.read(self.id, generation.id, from, to).await? {
            Ok(stored) => Ok((window == stored).then_some(Relation::Prefix)),
            // What was dropped must not come back and count twice: a shorter file that begins as it did is its copy.
            // Should it be another one, it will differ as soon as it is as long.
            Err(Unread::Dropped) => Ok(Some(Relation::Prefix)),
            Err(Unread::Damaged) => {
                let what = "what is stored of this file is damaged: run `logparser store repair`";
                self.fail(path, self.access.cause(path, CauseClass::Store, what));
                Err(Cut::Unread)
            }
        }
    }

    /// Bytes of the file, from what was seen already where that will do.
    async fn window(&mut self, sight: &mut Sight<'_>, from: u64, to: u64) -> Result<Vec<u8>, Cut> {
        let seen = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        if let Some(window) = seen.and_then(|(from, to)| sight.head.get(from..to)) {
            return Ok(window.to_vec());
        }
        let part = self.probe(sight.path, from, to).await?;
        sight.length = part.length.or(sight.length);
        Ok(part.bytes)
    }

    /// An answer ended at this byte. That is the file's end only if nothing is behind it: a part may be shorter than
    /// what was asked for.
    async fn find_end(&mut self, sight: &mut Sight<'_>, end: u64) -> Result<(), Cut> {
        let behind = self.probe(sight.path, end, end + 1).await?;
        sight.length = behind.length.or(if behind.bytes.is_empty() { Some(end) } else { sight.length });
        Ok(())
    }

    async fn know_closed(&mut self) -> Result<(), Cut> {
        if !self.closed_known {
            for generation in self.access.context.committer.closed(self.id).await? {
                self.generations.entry(generation.id).or_insert(generation);
            }
            self.closed_known = true;
        }
        Ok(())
    }

    /// Whether no listed file is known to show this generation.
    fn is_free(&self, id: GenerationId, undecided: &Undecided, listing: &Listing) -> bool {
        !self.paths.values().any(|row| {
            row.generation == id && listing.files.contains_key(&row.path) && !undecided.contains_key(&row.path)
        })
    }
}
