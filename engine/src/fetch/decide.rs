//! Whose content a file shows, found out by short reads at the two ends that identify it.

use super::classify::{Match, Relation, begins_alike, choose, window_before};
use super::ends::digest;
use super::listing::Listing;
use super::reclassify::Undecided;
use super::visit::{Cut, Visit};
use crate::catalog::{END_BYTES, Facts, Generation, GenerationId};

/// What short reads have shown of a file.
struct Sight<'a> {
    path: &'a str,
    /// The first [`END_BYTES`], or all of it.
    head: Vec<u8>,
    length: Option<u64>,
}

impl Visit<'_> {
    /// The generation that a file continues or copies; `None` when its content is not stored yet.
    pub async fn decide(
        &mut self,
        path: &str,
        facts: &Facts,
        undecided: &Undecided,
        listing: &Listing,
    ) -> Result<Option<Match>, Cut> {
        let own = self.paths.get(path).map(|row| row.generation).filter(|own| self.is_empty(*own));
        let own = own.map(|generation| Match { generation, relation: Relation::Continues, free: true });
        if facts.size == Some(0) {
            return Ok(own);
        }
        self.know_closed().await?;
        let candidates: Vec<Generation> =
            self.generations.values().filter(|generation| generation.committed > 0).cloned().collect();
        if candidates.is_empty() {
            return Ok(own);
        }
        let mut sight = self.look(path, facts.size).await?;
        let mut matches = Vec::new();
        for generation in &candidates {
            if let Some(relation) = self.relation(&mut sight, generation).await? {
                let free = self.is_free(generation.id, undecided, listing);
                matches.push(Match { generation: generation.id, relation, free });
            }
        }
        Ok(choose(&matches).or(own))
    }

    async fn look<'a>(&mut self, path: &'a str, size: Option<u64>) -> Result<Sight<'a>, Cut> {
        let head_end = size.map_or(END_BYTES, |size| size.min(END_BYTES));
        let head = self.probe(path, 0, head_end).await?;
        let all = head.bytes.len() as u64;
        // What the answer shows is newer than what the listing says.
        let length = head.length.or((all < head_end).then_some(all)).or(size);
        Ok(Sight { path, head: head.bytes, length })
    }

    /// How a file relates to one generation.
    async fn relation(&mut self, sight: &mut Sight<'_>, generation: &Generation) -> Result<Option<Relation>, Cut> {
        if sight.length.is_none_or(|length| length >= generation.committed) {
            if !begins_alike(generation, &sight.head) {
                return Ok(None);
            }
            let (from, to) = window_before(generation.committed);
            let window = self.window(sight, from, to).await?;
            if window.len() as u64 == to - from {
                return Ok((digest(&window) == generation.ends.tail).then_some(Relation::Continues));
            }
            if !window.is_empty() {
                self.find_end(sight, from + window.len() as u64).await?;
            }
        }
        let Some(length) = sight.length.filter(|length| (1..generation.committed).contains(length)) else {
            return Ok(None);
        };
        if length >= generation.ends.head_bytes && !begins_alike(generation, &sight.head) {
            return Ok(None);
        }
        let (from, to) = window_before(length);
        let window = self.window(sight, from, to).await?;
        let stored = self.access.context.committer.read(generation.id, from, to).await?;
        Ok((window == stored).then_some(Relation::Prefix))
    }

    /// Bytes of the file, from what was seen already where that will do.
    async fn window(&mut self, sight: &mut Sight<'_>, from: u64, to: u64) -> Result<Vec<u8>, Cut> {
        let seen = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        if let Some(window) = seen.and_then(|(from, to)| sight.head.get(from..to)) {
            return Ok(window.to_vec());
        }
        let part = self.probe(sight.path, from, to).await?;
        sight.length = sight.length.or(part.length);
        Ok(part.bytes)
    }

    /// An answer ended at this byte. Where no length is told, it is the file's end only if nothing is behind it: a
    /// part may be shorter than what was asked for.
    async fn find_end(&mut self, sight: &mut Sight<'_>, end: u64) -> Result<(), Cut> {
        if sight.length.is_none() {
            let behind = self.probe(sight.path, end, end + 1).await?;
            sight.length = behind.length.or(behind.bytes.is_empty().then_some(end));
        }
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
