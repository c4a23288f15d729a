//! What fetch stored: instances, the generations of their files, and where the bytes lie.

use rusqlite::{OptionalExtension, Row, params};

use super::{Catalog, CatalogError, sql};
use crate::mirror::{Chunk, Segment};

/// Tables of fetch. `tail` is the hash of the last [`END_BYTES`] before `committed`, `head` of the first
/// `head_bytes`. `gap_bytes`: NULL no gap, 0 a gap of unknown length, else at least so many bytes are lost.
/// Times are microseconds since 1970 UTC.
pub(super) const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('epoch', 0);
CREATE TABLE instances (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    reach TEXT,
    cause_class TEXT,
    cause TEXT,
    files TEXT,
    asked_us INTEGER,
    reached_us INTEGER,
    server_date_us INTEGER
) STRICT;
CREATE TABLE segments (number INTEGER PRIMARY KEY, committed INTEGER NOT NULL) STRICT;
CREATE TABLE generations (
    id INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL REFERENCES instances (id),
    path TEXT NOT NULL,
    live INTEGER NOT NULL,
    committed INTEGER NOT NULL,
    head BLOB NOT NULL,
    head_bytes INTEGER NOT NULL,
    tail BLOB NOT NULL,
    gap_bytes INTEGER
) STRICT;
CREATE INDEX generations_of_instance ON generations (instance, live);
CREATE TABLE paths (
    instance INTEGER NOT NULL REFERENCES instances (id),
    path TEXT NOT NULL,
    generation INTEGER NOT NULL REFERENCES generations (id),
    size INTEGER,
    modified_us INTEGER,
    etag TEXT,
    date_us INTEGER,
    settled INTEGER NOT NULL,
    PRIMARY KEY (instance, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE chunks (
    generation INTEGER NOT NULL REFERENCES generations (id),
    offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    segment INTEGER NOT NULL REFERENCES segments (number),
    position INTEGER NOT NULL,
    PRIMARY KEY (generation, offset)
) STRICT, WITHOUT ROWID;
";

/// When each generation was there first: its file's time, else the server's, else ours. It settles the year of times
/// that tell none, and so must not change once bytes are stored.
pub(super) const SEEN: &str = "
ALTER TABLE generations ADD COLUMN seen_us INTEGER;
UPDATE generations SET seen_us = coalesce(
    (SELECT min(coalesce(modified_us, date_us)) FROM paths WHERE generation = generations.id),
    (SELECT asked_us FROM instances WHERE id = generations.instance),
    CAST(unixepoch('subsec') * 1000000 AS INTEGER));
";
/// `moved`: it was once called by another path.
pub(super) const MOVED: &str = "ALTER TABLE generations ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;";

/// Length of a file's two ends that identify it: a page, which costs as much on the wire as a byte, and is far
/// longer than a banner with a time in it.
pub const END_BYTES: u64 = 4096;

/// A SHA-256.
pub type Digest = [u8; 32];

/// Key of an instance in the catalog. It stays when the instance leaves the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub i64);

/// Key of a generation. Within an instance, keys grow in the order of discovery; across instances they carry no
/// order that a report could show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationId(pub i64);

/// How far the last fetch came with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Listed, and every file is up to date.
    Reached,
    /// Listed, but not all of it could be taken.
    Partial,
    /// No complete listing.
    Unreachable,
}

impl Reach {
    /// The word for it, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Reach::Reached => "reached",
            Reach::Partial => "partial",
            Reach::Unreachable => "unreachable",
        }
    }

    fn from_word(word: &str) -> Option<Reach> {
        [Reach::Reached, Reach::Partial, Reach::Unreachable].into_iter().find(|reach| reach.as_str() == word)
    }
}

/// An instance, and how its last fetch went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    pub id: InstanceId,
    pub name: String,
    /// `None`: never asked.
    pub reach: Option<Reach>,
    /// Class and text of what went wrong last time.
    pub cause: Option<(String, String)>,
    /// Counts of the last fetch's files by outcome, as JSON.
    pub files: Option<String>,
    /// When it was last asked, by the local clock, µs since 1970 UTC.
    pub asked_us: Option<i64>,
    /// When it last gave a complete listing, by the local clock, µs.
    pub reached_us: Option<i64>,
    /// The `Date` of that listing, by the server's clock, µs: beside `reached_us`, its skew.
    pub server_date_us: Option<i64>,
}

/// Bytes known to be missing from a generation, at least; 0 when only the loss is known, not its length.
pub type Gap = u64;

/// One life of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    pub id: GenerationId,
    /// Where it was listed last.
    pub path: String,
    /// Still listed.
    pub live: bool,
    /// Bytes that are stored, from the first on.
    pub committed: u64,
    pub ends: Ends,
    /// Bytes at the end may have been lost before they were read.
    pub gap: Option<Gap>,
    /// When its first bytes were there, µs since 1970 UTC; known once it is stored.
    pub seen_us: Option<i64>,
    /// It was rotated: it was once called by another path.
    pub moved: bool,
}

/// The hashes that identify a generation's content; all zero while it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    pub head: Digest,
    /// Length that `head` covers: at most [`END_BYTES`].
    pub head_bytes: u64,
    /// Covers the last [`END_BYTES`] before the committed length, or all there is.
    pub tail: Digest,
}

/// A listed path: the generation that it shows, and what the listing said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathRow {
    pub path: String,
    pub generation: GenerationId,
    pub facts: Facts,
    /// The bytes were taken after the listing said this. A path that is not settled is never skipped.
    pub settled: bool,
}

/// What a listing says of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub size: Option<u64>,
    /// µs since 1970 UTC, by the server's clock.
    pub modified_us: Option<i64>,
    pub etag: Option<String>,
    /// When the listing was made, by the server's clock, µs since 1970 UTC.
    pub date_us: Option<i64>,
}

impl Catalog {
    /// Every instance ever asked for, in the order of their names.
    pub fn instances(&self) -> Result<Vec<InstanceRow>, CatalogError> {
        let text = "SELECT id, name, reach, cause_class, cause, files, asked_us, reached_us, server_date_us \
                    FROM instances ORDER BY name";
        self.rows("reading the instances", text, [], instance_row)
    }

    /// An instance's generations in the order of discovery, live and closed.
    pub fn generations(&self, instance: InstanceId) -> Result<Vec<Generation>, CatalogError> {
        let text = "SELECT id, path, live, committed, head, head_bytes, tail, gap_bytes, seen_us, moved \
                    FROM generations WHERE instance = ?1";
        let mut generations = self.rows("reading the generations", text, [instance.0], generation_row)?;
        // SQLite would copy the rows to sort them.
        generations.sort_by_key(|generation| generation.id);
        Ok(generations)
    }

    /// Only the live, or only the closed generations of an instance.
    pub fn generations_by_state(&self, instance: InstanceId, live: bool) -> Result<Vec<Generation>, CatalogError> {
        let text = "SELECT id, path, live, committed, head, head_bytes, tail, gap_bytes, seen_us, moved \
                    FROM generations WHERE instance = ?1 AND live = ?2 ORDER BY id";
        self.rows("reading the generations", text, params![instance.0, live], generation_row)
    }

    /// What an instance's last complete listing showed, in the order of the paths.
    pub fn paths(&self, instance: InstanceId) -> Result<Vec<PathRow>, CatalogError> {
        let text = "SELECT path, generation, size, modified_us, etag, date_us, settled \
                    FROM paths WHERE instance = ?1 ORDER BY path";
        self.rows("reading the paths", text, [instance.0], path_row)
    }

    /// Where a generation's bytes lie, in the order of their offsets.
    pub fn chunks(&self, generation: GenerationId) -> Result<Vec<Chunk>, CatalogError> {
        let text = "SELECT offset, bytes, segment, position, packed, checksum FROM chunks \
                    WHERE generation = ?1 ORDER BY offset";
        self.rows("reading the chunks", text, [generation.0], |row| chunk_row(row, 0))
    }

    /// The mirror's segments and their durable lengths.
    pub fn segments(&self) -> Result<Vec<Segment>, CatalogError> {
        let text = "SELECT number, committed FROM segments ORDER BY number";
        self.rows("reading the segments", text, [], |row| {
            Ok(Segment { number: row.get(0)?, committed_bytes: row.get(1)? })
        })
    }

    /// The key that the next new generation may take.
    pub fn generation_id_next(&self) -> Result<GenerationId, CatalogError> {
        let greatest: Option<i64> = self
            .connection
            .query_row("SELECT max(id) FROM generations", [], |row| row.get(0))
            .optional()
            .map_err(sql("counting the generations"))?
            .flatten();
        Ok(GenerationId(greatest.unwrap_or(0) + 1))
    }

    pub(super) fn rows<T>(
        &self,
        doing: &'static str,
        text: &str,
        parameters: impl rusqlite::Params,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, CatalogError> {
        let mut statement = self.connection.prepare_cached(text).map_err(sql(doing))?;
        let rows = statement.query_map(parameters, read).map_err(sql(doing))?;
        rows.collect::<rusqlite::Result<_>>().map_err(sql(doing))
    }
}

fn instance_row(row: &Row<'_>) -> rusqlite::Result<InstanceRow> {
    let reach: Option<String> = row.get(2)?;
    let class: Option<String> = row.get(3)?;
    let cause: Option<String> = row.get(4)?;
    Ok(InstanceRow {
        id: InstanceId(row.get(0)?),
        name: row.get(1)?,
        reach: reach.as_deref().and_then(Reach::from_word),
        cause: class.zip(cause),
        files: row.get(5)?,
        asked_us: row.get(6)?,
        reached_us: row.get(7)?,
        server_date_us: row.get(8)?,
    })
}

/// A chunk whose columns begin with this one.
pub(super) fn chunk_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Chunk> {
    let checksum: Option<i64> = row.get(first + 5)?;
    Ok(Chunk {
        offset: row.get(first)?,
        bytes: row.get(first + 1)?,
        segment: row.get(first + 2)?,
        position: row.get(first + 3)?,
        packed: row.get(first + 4)?,
        checksum: checksum.map(i64::cast_unsigned),
    })
}

fn generation_row(row: &Row<'_>) -> rusqlite::Result<Generation> {
    Ok(Generation {
        id: GenerationId(row.get(0)?),
        path: row.get(1)?,
        live: row.get(2)?,
        committed: row.get(3)?,
        ends: Ends { head: row.get(4)?, head_bytes: row.get(5)?, tail: row.get(6)? },
        gap: row.get(7)?,
        seen_us: row.get(8)?,
        moved: row.get(9)?,
    })
}

fn path_row(row: &Row<'_>) -> rusqlite::Result<PathRow> {
    Ok(PathRow {
        path: row.get(0)?,
        generation: GenerationId(row.get(1)?),
        facts: Facts { size: row.get(2)?, modified_us: row.get(3)?, etag: row.get(4)?, date_us: row.get(5)? },
        settled: row.get(6)?,
    })
}
