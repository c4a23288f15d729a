//! Takes bytes again that were damaged in the store, where a file still has them.

use super::classify::window_before;
use super::ends::digest;
use super::listing::Listing;
use super::visit::{Cut, Visit};
use crate::catalog::{Change, GenerationId, Hole};
use crate::mirror::checksum;

impl Visit<'_> {
    /// Fills the holes that can be filled. What no file shows any more is lost; what could not be asked for waits.
    pub async fn mend(&mut self, listing: &Listing) -> Result<(), Cut> {
        while let Some((generation, hole)) = self.wanted.last().copied() {
            let shown: Vec<_> = self.paths.values().filter(|row| row.generation == generation).cloned().collect();
            let mut lost = shown.is_empty() && listing.complete;
            for row in shown.iter().filter(|row| row.settled) {
                match self.take_again(&row.path, &hole).await {
                    Ok(Some(bytes)) => {
                        self.access.context.committer.mend(generation, hole.offset, bytes)?;
                        lost = false;
                        break;
                    }
                    // A file that is the generation, and does not have the bytes, lost them too.
                    Ok(None) => lost |= self.still_shows(&row.path, generation).await?,
                    Err(Cut::Unread) => {}
                    Err(cut) => return Err(cut),
                }
            }
            if lost {
                let change = Change::Lose { generation, offset: hole.offset };
                self.access.context.committer.record(vec![change])?;
            }
            self.wanted.pop();
        }
        Ok(())
    }

    /// The bytes of a hole, if the file has them.
    async fn take_again(&mut self, path: &str, hole: &Hole) -> Result<Option<Vec<u8>>, Cut> {
        let bytes = self.probe(path, hole.offset, hole.end()).await?.bytes;
        let whole = bytes.len() as u64 == hole.bytes;
        Ok((whole && hole.checksum.is_none_or(|wanted| wanted == checksum(&bytes))).then_some(bytes))
    }

    /// Whether a file is, by its end, still the generation that it showed when it was listed.
    async fn still_shows(&mut self, path: &str, generation: GenerationId) -> Result<bool, Cut> {
        let Some(known) = self.generations.get(&generation).cloned() else { return Ok(false) };
        let (from, to) = window_before(known.committed);
        match self.probe(path, from, to).await {
            Ok(part) => Ok(digest(&part.bytes) == known.ends.tail),
            Err(Cut::Unread) => Ok(false),
            Err(cut) => Err(cut),
        }
    }
}
