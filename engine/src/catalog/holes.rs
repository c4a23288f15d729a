//! Holes: spans of a generation whose bytes were stored once, and are not any more.

use std::collections::BTreeMap;

use rusqlite::{Row, Transaction, params};

use super::change::{run, write_chunk};
use super::fetched::{GenerationId, InstanceId};
use super::{Catalog, CatalogError, sql};
use crate::mirror::Chunk;

/// `first_day` and `last_day`: where its records lie, as far as they were read.
pub(super) const SCHEMA: &str = "
CREATE TABLE holes (
    generation INTEGER NOT NULL REFERENCES generations ON DELETE CASCADE,
    offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    checksum INTEGER,
    why TEXT NOT NULL,
    first_day INTEGER,
    last_day INTEGER,
    PRIMARY KEY (generation, offset)
) STRICT, WITHOUT ROWID;
";

/// Why bytes are not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// They were damaged; the next fetch takes them again.
    Wanted,
    /// They were damaged, and nobody has them any more.
    Lost,
    /// They are older than the profile keeps them.
    Dropped,
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Why::Wanted => "wanted",
            Why::Lost => "lost",
            Why::Dropped => "dropped",
        }
    }

    fn from_word(word: &str) -> Why {
        [Why::Lost, Why::Dropped].into_iter().find(|why| why.as_str() == word).unwrap_or(Why::Wanted)
    }
}

/// A span of a generation that is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    pub offset: u64,
    pub bytes: u64,
    /// Of the bytes that were there.
    pub checksum: Option<u64>,
    pub why: Why,
    /// First and last day of its records, as far as they were read.
    pub days: Option<(i32, i32)>,
}

impl Hole {
    /// Where it ends within the generation.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes
    }

    /// Whether it takes a part of these bytes.
    pub fn meets(&self, from: u64, to: u64) -> bool {
        self.offset < to && from < self.end()
    }
}

impl Catalog {
    /// The holes in an instance's generations, in the order of their offsets.
    pub fn holes(&self, instance: InstanceId) -> Result<BTreeMap<GenerationId, Vec<Hole>>, CatalogError> {
        let text = "SELECT h.generation, offset, bytes, checksum, why, first_day, last_day \
                    FROM generations g CROSS JOIN holes h ON h.generation = g.id WHERE g.instance = ?1 \
                    ORDER BY h.generation, offset";
        let rows = self.rows("reading the holes", text, [instance.0], hole_row)?;
        let mut holes: BTreeMap<GenerationId, Vec<Hole>> = BTreeMap::new();
        rows.into_iter().for_each(|(generation, hole)| holes.entry(generation).or_default().push(hole));
        Ok(holes)
    }

    /// Gives up chunks whose bytes are damaged. A hole takes the place of each, for the next fetch to fill. Segments
    /// that lost their ends are from now on as long as what is named of them.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn give_up(&mut self, damaged: &[(GenerationId, Chunk)], short: &[u32]) -> Result<(), CatalogError> {
        let doing = "giving up damaged chunks";
        self.write(doing, |transaction| {
            for (generation, chunk) in damaged {
                let span = (chunk.offset, chunk.bytes);
                dig(transaction, *generation, span, chunk.checksum, Why::Wanted).map_err(sql(doing))?;
            }
            for segment in short {
                let text = "UPDATE segments SET committed = (SELECT coalesce(max(position + coalesce(packed, bytes)), 0) \
                            FROM chunks WHERE segment = number) WHERE number = ?1";
                run(transaction, text, [segment]).map_err(sql(doing))?;
            }
            Ok(())
        })
    }

    /// What is wanted of an instance that nobody asks any more is lost.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn lose_wanted(&mut self, instance: InstanceId) -> Result<(), CatalogError> {
        let doing = "giving up holes";
        self.write(doing, |transaction| {
            let text = "UPDATE holes SET why = 'lost' WHERE why = 'wanted' AND generation IN \
                        (SELECT id FROM generations WHERE instance = ?1)";
            run(transaction, text, [instance.0]).map(drop).map_err(sql(doing))
        })
    }
}

/// A hole takes the place of the chunks of a span.
pub(super) fn dig(
    transaction: &Transaction<'_>,
    generation: GenerationId,
    (offset, bytes): (u64, u64),
    checksum: Option<u64>,
    why: Why,
) -> rusqlite::Result<()> {
    let text = "DELETE FROM chunks WHERE generation = ?1 AND offset >= ?2 AND offset < ?2 + ?3";
    run(transaction, text, params![generation.0, offset, bytes])?;
    run(
        transaction,
        "INSERT INTO holes SELECT ?1, ?2, ?3, ?4, ?5, min(day), max(day) FROM days \
         WHERE generation = ?1 AND first_offset < ?2 + ?3 AND end_offset > ?2",
        params![generation.0, offset, bytes, checksum.map(u64::cast_signed), why.as_str()],
    )?;
    Ok(())
}

/// Bytes take the place of a hole.
pub(super) fn fill(transaction: &Transaction<'_>, generation: GenerationId, chunk: &Chunk) -> rusqlite::Result<()> {
    let text = "DELETE FROM holes WHERE generation = ?1 AND offset = ?2 AND bytes = ?3";
    if run(transaction, text, params![generation.0, chunk.offset, chunk.bytes])? == 1 {
        write_chunk(transaction, generation, chunk)?;
    }
    Ok(())
}

/// Nobody has the bytes of a hole.
pub(super) fn lose(transaction: &Transaction<'_>, generation: GenerationId, offset: u64) -> rusqlite::Result<usize> {
    let text = "UPDATE holes SET why = 'lost' WHERE generation = ?1 AND offset = ?2 AND why = 'wanted'";
    run(transaction, text, params![generation.0, offset])
}

fn hole_row(row: &Row<'_>) -> rusqlite::Result<(GenerationId, Hole)> {
    let (checksum, why): (Option<i64>, String) = (row.get(3)?, row.get(4)?);
    let (first, last): (Option<i32>, Option<i32>) = (row.get(5)?, row.get(6)?);
    let hole = Hole {
        offset: row.get(1)?,
        bytes: row.get(2)?,
        checksum: checksum.map(i64::cast_unsigned),
        why: Why::from_word(&why),
        days: first.zip(last),
    };
    Ok((GenerationId(row.get(0)?), hole))
}
