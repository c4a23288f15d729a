//! What upkeep makes of the mirror: chunks that lie elsewhere or in another form, and segments that are empty.

use rusqlite::params;

use super::change::{run, write_chunk, write_segment};
use super::fetched::{GenerationId, chunk_row};
use super::partials::HEAD_BYTES;
use super::{Catalog, CatalogError, sql};
use crate::fault;
use crate::mirror::{Chunk, Segment};

/// `packed` is the length of a sealed chunk in its segment, `checksum` that of its text. `grown_us` says when bytes of
/// a generation came last, by the local clock.
pub(super) const SCHEMA: &str = "
ALTER TABLE chunks ADD COLUMN packed INTEGER;
ALTER TABLE chunks ADD COLUMN checksum INTEGER;
ALTER TABLE generations ADD COLUMN grown_us INTEGER;
CREATE INDEX chunks_of_segment ON chunks (segment, packed, bytes);
CREATE INDEX chunks_plain ON chunks (generation) WHERE packed IS NULL;
";

/// Chunks of a generation that now lie elsewhere, or in another form. Both sides cover the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub generation: GenerationId,
    pub from: Vec<Chunk>,
    pub to: Vec<Chunk>,
}

/// A segment, and what of it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentUse {
    pub number: u32,
    pub committed_bytes: u64,
    /// Bytes of it that chunks name; the rest is dead.
    pub live_bytes: u64,
    /// What those chunks hold, as text.
    pub text_bytes: u64,
}

/// How much the catalog knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub instances: u64,
    /// Files, with those that are not listed any more.
    pub generations: u64,
    /// Those that still are.
    pub generations_live: u64,
    pub chunks: u64,
    /// Days of instances on which there are records.
    pub days: u64,
    pub partials: u64,
    pub partials_bytes: u64,
    /// Bytes of logs that are not stored any more, because they are too old or were lost.
    pub dropped_bytes: u64,
    pub lost_bytes: u64,
}

impl Catalog {
    /// How much there is.
    pub fn counts(&self) -> Result<Counts, CatalogError> {
        let count = |text: &str| -> Result<u64, CatalogError> {
            let doing = "counting what is stored";
            self.look(doing, |connection| connection.query_row(text, [], |row| row.get(0)))
        };
        Ok(Counts {
            instances: count("SELECT count(*) FROM instances")?,
            generations: count("SELECT count(*) FROM generations")?,
            generations_live: count("SELECT count(*) FROM generations WHERE live = 1")?,
            chunks: count("SELECT count(*) FROM chunks")?,
            days: count(
                "SELECT count(*) FROM (SELECT DISTINCT instance, day FROM days d JOIN generations g \
                 ON g.id = d.generation)",
            )?,
            partials: count("SELECT coalesce(sum(days), 0) FROM partials")?,
            partials_bytes: count(&format!(
                "SELECT coalesce(sum(length(states) - iif(alone, 0, {HEAD_BYTES} * days)), 0) FROM partials"
            ))?,
            dropped_bytes: count("SELECT coalesce(sum(bytes), 0) FROM holes WHERE why = 'dropped'")?,
            lost_bytes: count("SELECT coalesce(sum(bytes), 0) FROM holes WHERE why = 'lost'")?,
        })
    }

    /// Bytes of logs that are sealed, and what they take.
    pub fn sealed(&self) -> Result<(u64, u64), CatalogError> {
        self.look("measuring what is sealed", |connection| {
            let text = "SELECT coalesce(sum(bytes), 0), coalesce(sum(packed), 0) FROM chunks WHERE packed IS NOT NULL";
            connection.query_row(text, [], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// What the catalog's own checks find wrong.
    pub fn complaints(&self) -> Result<Vec<String>, CatalogError> {
        let doing = "checking the catalog";
        let mut complaints: Vec<String> = self.rows(doing, "PRAGMA integrity_check(20)", [], |row| row.get(0))?;
        complaints.retain(|line| line != "ok");
        let astray = self.rows(doing, "PRAGMA foreign_key_check", [], |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            Ok(format!("a row of {table} refers to one of {parent} that is not there"))
        })?;
        complaints.extend(astray.into_iter().take(20));
        Ok(complaints)
    }

    /// Makes the indexes anew from what they are of.
    ///
    /// # Errors
    /// When the catalog is damaged beyond that.
    pub fn reindex(&mut self) -> Result<(), CatalogError> {
        self.look("making the indexes anew", |connection| connection.execute_batch("REINDEX"))
    }

    /// Generations with bytes that could be sealed: at least `bytes_min` that are not yet, or any if the generation
    /// is closed or did not grow since `rested_us`. Each with whether it is so at rest.
    pub fn unsealed(&self, bytes_min: u64, rested_us: i64) -> Result<Vec<(GenerationId, bool)>, CatalogError> {
        let text = "SELECT c.generation, g.live = 0 OR coalesce(g.grown_us <= ?2, 1) AS rests \
                    FROM chunks c JOIN generations g ON g.id = c.generation WHERE c.packed IS NULL \
                    GROUP BY c.generation HAVING rests OR sum(c.bytes) >= ?1 ORDER BY c.generation";
        self.rows("looking for what can be sealed", text, params![bytes_min, rested_us], |row| {
            Ok((GenerationId(row.get(0)?), row.get(1)?))
        })
    }

    /// What is needed of every segment.
    pub fn segments_in_use(&self) -> Result<Vec<SegmentUse>, CatalogError> {
        let text = "SELECT number, committed, coalesce(live, 0), coalesce(text, 0) FROM segments LEFT JOIN ( \
                    SELECT segment, sum(coalesce(packed, bytes)) AS live, sum(bytes) AS text FROM chunks \
                    GROUP BY segment) ON segment = number ORDER BY number";
        self.rows("measuring the segments", text, [], |row| {
            Ok(SegmentUse {
                number: row.get(0)?,
                committed_bytes: row.get(1)?,
                live_bytes: row.get(2)?,
                text_bytes: row.get(3)?,
            })
        })
    }

    /// The chunks that lie in a segment, in the order in which they lie there.
    pub fn chunks_in(&self, segment: u32) -> Result<Vec<(GenerationId, Chunk)>, CatalogError> {
        let text = "SELECT generation, offset, bytes, segment, position, packed, checksum FROM chunks \
                    WHERE segment = ?1 ORDER BY position, generation, offset";
        self.rows("reading a segment's chunks", text, [segment], |row| {
            Ok((GenerationId(row.get(0)?), chunk_row(row, 1)?))
        })
    }

    /// Moves chunks to where their bytes were written and synced.
    ///
    /// # Errors
    /// [`CatalogError::Unfit`] when they are not where they are moved from; nothing is moved then.
    pub fn relocate(&mut self, segments: &[Segment], moves: &[Move]) -> Result<(), CatalogError> {
        let doing = "moving chunks";
        self.write(doing, |transaction| {
            for segment in segments {
                write_segment(transaction, segment).map_err(sql(doing))?;
            }
            for Move { generation, from, to } in moves {
                for chunk in from {
                    let gone = run(
                        transaction,
                        "DELETE FROM chunks WHERE generation = ?1 AND offset = ?2 AND bytes = ?3 AND segment = ?4 \
                         AND position = ?5",
                        params![generation.0, chunk.offset, chunk.bytes, chunk.segment, chunk.position],
                    );
                    if gone.map_err(sql(doing))? != 1 {
                        let what = format!("generation {} has no such chunk at byte {}", generation.0, chunk.offset);
                        return Err(CatalogError::Unfit { what });
                    }
                }
                for chunk in to {
                    write_chunk(transaction, *generation, chunk).map_err(sql(doing))?;
                }
            }
            fault::point("in-upkeep-transaction");
            Ok(())
        })?;
        fault::point("after-upkeep-commit");
        Ok(())
    }

    /// Forgets a segment in which no chunk lies.
    ///
    /// # Errors
    /// When one does.
    pub fn forget_segment(&mut self, number: u32) -> Result<(), CatalogError> {
        let doing = "forgetting a segment";
        self.write(doing, |transaction| {
            run(transaction, "DELETE FROM segments WHERE number = ?1", [number]).map(drop).map_err(sql(doing))
        })?;
        fault::point("after-segment-forgotten");
        Ok(())
    }
}
