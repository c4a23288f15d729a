//! Writes what a fetch found: a group of changes is one durable transaction.

use rusqlite::{Transaction, params};

use super::fetched::{Ends, Facts, Gap, GenerationId, InstanceId, Reach};
use super::holes::{fill, lose};
use super::{Catalog, CatalogError, sql};
use crate::fault;
use crate::mirror::{Chunk, Segment};

/// Archives write 1980 where they know no time of a file. 1981-01-01, in microseconds.
const MODIFIED_MIN_US: i64 = 347_155_200_000_000;

/// One step of what a fetch found. Steps of a group are applied in their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new, empty, live generation.
    Open { generation: GenerationId, instance: InstanceId, path: String },
    /// Bytes behind the committed length of a generation, and its ends afterwards.
    Append { generation: GenerationId, chunk: Chunk, ends: Ends },
    /// A listed path shows this generation, which is (again) live.
    Show { instance: InstanceId, path: String, generation: GenerationId, facts: Facts, settled: bool },
    /// A generation is now called by this path.
    Rename { generation: GenerationId, path: String },
    /// The listing has this path no more.
    Forget { instance: InstanceId, path: String },
    /// No path shows this generation any more.
    Close { generation: GenerationId, gap: Option<Gap> },
    /// Whether bytes of a generation are missing, though it is still shown.
    Mark { generation: GenerationId, gap: Option<Gap> },
    /// A generation that never had a byte, and has no path, is forgotten.
    Discard { generation: GenerationId },
    /// Bytes that were damaged were taken again.
    Mend { generation: GenerationId, chunk: Chunk },
    /// Bytes that were damaged are nowhere to be had.
    Lose { generation: GenerationId, offset: u64 },
    /// How the fetch of an instance ended.
    Finish { instance: InstanceId, outcome: Outcome },
}

/// How the fetch of an instance ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub reach: Reach,
    /// Class and text.
    pub cause: Option<(String, String)>,
    /// Counts of files by outcome, as JSON.
    pub files: String,
    /// Local clock, µs since 1970 UTC.
    pub asked_us: i64,
    /// The listing's `Date`, µs since 1970 UTC.
    pub server_date_us: Option<i64>,
}

/// What is committed together.
#[derive(Debug, Default)]
pub struct Group {
    /// Lengths of the segments that the chunks lie in; they must already be synced.
    pub segments: Vec<Segment>,
    pub changes: Vec<Change>,
    /// The local clock, µs since 1970 UTC.
    pub at_us: i64,
}

impl Change {
    /// Whether what is known of the logs themselves changes.
    fn moves_epoch(&self) -> bool {
        match self {
            Change::Open { .. } | Change::Append { .. } | Change::Rename { .. } | Change::Close { .. } => true,
            Change::Mend { .. } | Change::Lose { .. } => true,
            Change::Mark { .. } | Change::Discard { .. } => false,
            Change::Show { .. } | Change::Forget { .. } | Change::Finish { .. } => false,
        }
    }
}

impl Catalog {
    /// Makes sure that every name has a row, and returns their keys in the order of the names given.
    pub fn enrol(&mut self, names: &[&str]) -> Result<Vec<InstanceId>, CatalogError> {
        let doing = "enrolling the instances";
        self.write(doing, |transaction| enrol(transaction, names).map_err(sql(doing)))
    }

    /// Applies a group in one transaction.
    ///
    /// # Errors
    /// [`CatalogError::Unfit`] when bytes do not follow on those that are stored; nothing of the group is kept then.
    pub fn commit(&mut self, group: &Group) -> Result<(), CatalogError> {
        let doing = "committing what was fetched";
        self.write(doing, |transaction| {
            for segment in &group.segments {
                write_segment(transaction, segment).map_err(sql(doing))?;
            }
            for change in &group.changes {
                apply(transaction, change, group.at_us)?;
            }
            if group.changes.iter().any(Change::moves_epoch) {
                transaction.execute("UPDATE meta SET value = value + 1 WHERE key = 'epoch'", []).map_err(sql(doing))?;
            }
            fault::step("in-catalog-transaction").map_err(|source| CatalogError::Sql { doing, source })
        })?;
        fault::point("after-catalog-commit");
        Ok(())
    }
}

pub(super) fn enrol(transaction: &Transaction<'_>, names: &[&str]) -> rusqlite::Result<Vec<InstanceId>> {
    let mut insert = transaction.prepare("INSERT INTO instances (name) VALUES (?1) ON CONFLICT (name) DO NOTHING")?;
    let mut find = transaction.prepare("SELECT id FROM instances WHERE name = ?1")?;
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        insert.execute([name])?;
        ids.push(InstanceId(find.query_row([name], |row| row.get(0))?));
    }
    Ok(ids)
}

pub(super) fn write_segment(transaction: &Transaction<'_>, segment: &Segment) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO segments (number, committed) VALUES (?1, ?2) \
             ON CONFLICT (number) DO UPDATE SET committed = excluded.committed",
        )?
        .execute(params![segment.number, segment.committed_bytes])?;
    Ok(())
}

fn apply(transaction: &Transaction<'_>, change: &Change, at_us: i64) -> Result<(), CatalogError> {
    let changed = match change {
        Change::Open { generation, instance, path } => open(transaction, *generation, *instance, path),
        Change::Append { generation, chunk, ends } => {
            return append(transaction, *generation, chunk, ends, at_us);
        }
        Change::Show { instance, path, generation, facts, settled } => {
            show(transaction, *instance, path, *generation, facts, *settled)
        }
        Change::Rename { generation, path } => run(
            transaction,
            "UPDATE generations SET path = ?2, moved = moved OR path <> ?2 WHERE id = ?1",
            params![generation.0, path],
        ),
        Change::Forget { instance, path } => {
            run(transaction, "DELETE FROM paths WHERE instance = ?1 AND path = ?2", params![instance.0, path])
        }
        Change::Close { generation, gap } => run(
            transaction,
            "UPDATE generations SET live = 0, gap_bytes = ?2 WHERE id = ?1",
            params![generation.0, gap],
        ),
        Change::Mark { generation, gap } => {
            run(transaction, "UPDATE generations SET gap_bytes = ?2 WHERE id = ?1", params![generation.0, gap])
        }
        Change::Discard { generation } => {
            run(transaction, "DELETE FROM generations WHERE id = ?1 AND committed = 0", [generation.0])
        }
        Change::Mend { generation, chunk } => fill(transaction, *generation, chunk).map(|()| 0),
        Change::Lose { generation, offset } => lose(transaction, *generation, *offset),
        Change::Finish { instance, outcome } => finish(transaction, *instance, outcome),
    };
    changed.map(drop).map_err(sql("committing what was fetched"))
}

fn open(
    transaction: &Transaction<'_>,
    generation: GenerationId,
    instance: InstanceId,
    path: &str,
) -> rusqlite::Result<usize> {
    let ends = Ends::default();
    run(
        transaction,
        "INSERT INTO generations (id, instance, path, live, committed, head, head_bytes, tail, seen_us) \
         VALUES (?1, ?2, ?3, 1, 0, ?4, 0, ?5, CAST(unixepoch('subsec') * 1000000 AS INTEGER))",
        params![generation.0, instance.0, path, ends.head, ends.tail],
    )
}

/// Bytes follow on the committed ones or not at all: the condition in the statement keeps a hole or an overlap out
/// of the store whatever the caller believes.
fn append(
    transaction: &Transaction<'_>,
    generation: GenerationId,
    chunk: &Chunk,
    ends: &Ends,
    at_us: i64,
) -> Result<(), CatalogError> {
    let failed = "storing a chunk";
    let grown = run(
        transaction,
        "UPDATE generations SET committed = committed + ?3, head = ?4, head_bytes = ?5, tail = ?6, \
         grown_us = ?7 WHERE id = ?1 AND committed = ?2",
        params![generation.0, chunk.offset, chunk.bytes, ends.head, ends.head_bytes, ends.tail, at_us],
    )
    .map_err(sql(failed))?;
    if grown != 1 {
        return Err(CatalogError::Unfit {
            what: format!("generation {} does not end at byte {}", generation.0, chunk.offset),
        });
    }
    write_chunk(transaction, generation, chunk).map_err(sql(failed))
}

pub(super) fn write_chunk(
    transaction: &Transaction<'_>,
    generation: GenerationId,
    chunk: &Chunk,
) -> rusqlite::Result<()> {
    let Chunk { offset, bytes, segment, position, packed, checksum } = *chunk;
    run(
        transaction,
        "INSERT INTO chunks (generation, offset, bytes, segment, position, packed, checksum) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![generation.0, offset, bytes, segment, position, packed, checksum.map(u64::cast_signed)],
    )
    .map(drop)
}

fn show(
    transaction: &Transaction<'_>,
    instance: InstanceId,
    path: &str,
    generation: GenerationId,
    facts: &Facts,
    settled: bool,
) -> rusqlite::Result<usize> {
    run(
        transaction,
        "INSERT INTO paths (instance, path, generation, size, modified_us, etag, date_us, settled) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (instance, path) DO UPDATE SET \
         generation = excluded.generation, size = excluded.size, modified_us = excluded.modified_us, \
         etag = excluded.etag, date_us = excluded.date_us, settled = excluded.settled",
        params![instance.0, path, generation.0, facts.size, facts.modified_us, facts.etag, facts.date_us, settled],
    )?;
    let modified_us = facts.modified_us.filter(|modified_us| *modified_us > MODIFIED_MIN_US);
    if let Some(seen_us) = modified_us.or(facts.date_us) {
        run(
            transaction,
            "UPDATE generations SET seen_us = ?2 WHERE id = ?1 AND committed = 0",
            params![generation.0, seen_us],
        )?;
    }
    run(transaction, "UPDATE generations SET live = 1 WHERE id = ?1 AND live = 0", [generation.0])
}

fn finish(transaction: &Transaction<'_>, instance: InstanceId, outcome: &Outcome) -> rusqlite::Result<usize> {
    let (class, cause) = outcome.cause.clone().unzip();
    let reached = (outcome.reach != Reach::Unreachable).then_some(outcome.asked_us);
    run(
        transaction,
        "UPDATE instances SET reach = ?2, cause_class = ?3, cause = ?4, files = ?5, asked_us = ?6, \
         reached_us = coalesce(?7, reached_us), \
         server_date_us = CASE WHEN ?7 IS NULL THEN server_date_us ELSE ?8 END WHERE id = ?1",
        params![
            instance.0,
            outcome.reach.as_str(),
            class,
            cause,
            outcome.files,
            outcome.asked_us,
            reached,
            outcome.server_date_us
        ],
    )
}

pub(super) fn run(
    transaction: &Transaction<'_>,
    text: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<usize> {
    transaction.prepare_cached(text)?.execute(parameters)
}
