//! What is given up for its age: bytes of logs, then what was made of them, then instances that are gone.

use rusqlite::{OptionalExtension, Transaction};

use super::change::run;
use super::fetched::{GenerationId, InstanceId};
use super::holes::{Why, dig};
use super::partials::drop_before;
use super::{Catalog, CatalogError, sql};
use crate::fault;
use crate::mirror::Chunk;

/// Scans by the analysis that is the last one.
const LAST_SCANS: &str = "scans s JOIN layouts l ON l.id = s.layout \
    AND l.used = (SELECT value FROM meta WHERE key = 'run')";

impl Catalog {
    /// Time of the newest record that the last analysis knew, µs since 1970 UTC.
    pub fn newest_record(&self) -> Result<Option<i64>, CatalogError> {
        self.look("looking for the newest record", |connection| {
            connection.query_row(&format!("SELECT max(s.last_key) FROM {LAST_SCANS}"), [], |row| row.get(0))
        })
    }

    /// Closed generations that the last analysis has read to their ends, and whose newest record is older than this,
    /// each with the bytes that are stored of it. Where there is no record, the time counts at which it last grew.
    pub fn outdated(&self, before_us: i64) -> Result<Vec<(GenerationId, u64)>, CatalogError> {
        let text = format!(
            "SELECT g.id, sum(c.bytes) FROM generations g JOIN chunks c ON c.generation = g.id \
             WHERE g.live = 0 AND EXISTS (SELECT 1 FROM {LAST_SCANS} \
             WHERE s.generation = g.id AND s.parsed >= g.committed AND coalesce(s.last_key, g.grown_us) < ?1) \
             GROUP BY g.id ORDER BY g.id"
        );
        self.rows("looking for old logs", &text, [before_us], |row| Ok((GenerationId(row.get(0)?), row.get(1)?)))
    }

    /// Gives up the bytes of closed generations. What is known of them stays: should such a file come back, it is
    /// known, and what was computed from it still counts.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn drop_bytes(&mut self, generations: &[GenerationId]) -> Result<(), CatalogError> {
        let doing = "dropping old logs";
        let mut spans: Vec<(GenerationId, u64, u64)> = Vec::new();
        for &generation in generations {
            let chunks = self.chunks(generation)?;
            let span = |run: &[Chunk]| (generation, run[0].offset, run.iter().map(|chunk| chunk.bytes).sum());
            spans.extend(chunks.chunk_by(|one, next| one.end() == next.offset).map(span));
        }
        self.write(doing, |transaction| {
            for &(generation, offset, bytes) in &spans {
                dig(transaction, generation, (offset, bytes), None, Why::Dropped).map_err(sql(doing))?;
            }
            fault::point("in-drop-transaction");
            Ok(())
        })?;
        fault::point("after-drop-commit");
        Ok(())
    }

    /// Forgets closed generations without bytes whose newest record is older than this, and the partials of days that
    /// nothing is known of any more; gives the number of partials. What is left knows up to when it is not whole.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn drop_partials(&mut self, before_us: i64, before_day: i32) -> Result<u64, CatalogError> {
        let doing = "dropping old partials";
        self.write(doing, |transaction| forget(transaction, before_us, before_day).map_err(sql(doing)))
    }

    /// Records up to this time may have been forgotten, µs since 1970 UTC.
    pub fn forgotten_us(&self) -> Result<Option<i64>, CatalogError> {
        self.look("reading what was forgotten", |connection| {
            let text = "SELECT value FROM meta WHERE key = 'forgotten'";
            connection.query_row(text, [], |row| row.get(0)).optional()
        })
    }

    /// Forgets an instance with everything of it.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn drop_instance(&mut self, instance: InstanceId) -> Result<(), CatalogError> {
        let doing = "forgetting an instance";
        self.write(doing, |transaction| {
            let own = "generation IN (SELECT id FROM generations WHERE instance = ?1)";
            for text in [
                format!("DELETE FROM chunks WHERE {own}"),
                "DELETE FROM paths WHERE instance = ?1".to_owned(),
                "DELETE FROM generations WHERE instance = ?1".to_owned(),
                "DELETE FROM instances WHERE id = ?1".to_owned(),
            ] {
                run(transaction, &text, [instance.0]).map_err(sql(doing))?;
            }
            Ok(())
        })
    }
}

fn forget(transaction: &Transaction<'_>, before_us: i64, before_day: i32) -> rusqlite::Result<u64> {
    let old = format!(
        "live = 0 AND committed > 0 AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.generation = generations.id) AND EXISTS \
         (SELECT 1 FROM holes h WHERE h.generation = generations.id AND why = 'dropped') AND EXISTS \
         (SELECT 1 FROM {LAST_SCANS} WHERE s.generation = generations.id AND coalesce(s.last_key, grown_us) < ?1)"
    );
    let last: Option<i64> = transaction.query_row(
        &format!(
            "SELECT max(s.last_key) FROM generations CROSS JOIN {LAST_SCANS} \
             WHERE s.generation = generations.id AND {old}"
        ),
        [before_us],
        |row| row.get(0),
    )?;
    let Some(last) = last else { return Ok(0) };
    run(transaction, &format!("DELETE FROM generations WHERE {old}"), [before_us])?;
    run(
        transaction,
        "INSERT INTO meta VALUES ('forgotten', ?1) ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)",
        [last],
    )?;
    drop_before(transaction, before_day)
}
