//! What the analysis keeps: how far each generation was read, which days its records fall on, symbols and finished
//! sections; and partials, by [`partials`].
//!
//! A *layout* is everything that shapes records (format, event rules, zones): what was read under another layout does
//! not count. A *work* is a plugin's file with its settings. A partial carries the digest of the records that it
//! covers; where that does not match, it is stale.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::change::enrol;
use super::partials::{self, Partial};
use super::{Catalog, CatalogError, GenerationId, InstanceId, sql};
use crate::fault;

/// Runs after which a layout, a work or a finished section that no run used is forgotten.
const UNUSED_RUNS_MAX: i64 = 20;

pub(super) const SCHEMA: &str = "
CREATE TABLE layouts (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, used INTEGER NOT NULL) STRICT;
CREATE TABLE works (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, used INTEGER NOT NULL) STRICT;
CREATE TABLE scans (
    layout INTEGER NOT NULL REFERENCES layouts ON DELETE CASCADE,
    generation INTEGER NOT NULL REFERENCES generations ON DELETE CASCADE,
    parsed INTEGER NOT NULL,      -- bytes read, up to a line's end
    last_record INTEGER,          -- offset of the record that later lines may still join
    first_key INTEGER,            -- time of the first record
    last_key INTEGER,             -- greatest time so far
    last_time INTEGER,            -- time of the last record
    records INTEGER NOT NULL,
    unparsed INTEGER NOT NULL,
    faults TEXT NOT NULL,         -- counts by kind, as JSON
    examples TEXT NOT NULL,       -- of unparsed lines, as JSON
    PRIMARY KEY (layout, generation)
) STRICT, WITHOUT ROWID;
CREATE TABLE days (
    layout INTEGER NOT NULL REFERENCES layouts ON DELETE CASCADE,
    generation INTEGER NOT NULL REFERENCES generations ON DELETE CASCADE,
    day INTEGER NOT NULL,
    first_offset INTEGER NOT NULL,
    end_offset INTEGER NOT NULL,
    records INTEGER NOT NULL,
    first_key INTEGER NOT NULL,
    last_key INTEGER NOT NULL,
    last_time INTEGER NOT NULL,   -- of the newest record
    PRIMARY KEY (layout, generation, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE partials (
    work INTEGER NOT NULL REFERENCES works ON DELETE CASCADE,
    instance INTEGER NOT NULL REFERENCES instances ON DELETE CASCADE,
    day INTEGER NOT NULL,
    coverage INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (work, instance, day)
) STRICT; -- with row ids: a state would not fit into the pages of an index
CREATE TABLE symbols (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE sections (key BLOB PRIMARY KEY, value TEXT NOT NULL, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// What is settled of each generation, as [`Scan::shape`].
pub(super) const SHAPE: &str = "ALTER TABLE scans ADD COLUMN shape INTEGER NOT NULL DEFAULT 0;";

/// How far a generation was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Bytes read, up to a line's end.
    pub parsed: u64,
    /// Offset of the record that later lines may still join.
    pub last_record: Option<u64>,
    /// Time of the first record.
    pub first_key: Option<i64>,
    /// Greatest time so far: the place in the instance's stream.
    pub last_key: Option<i64>,
    /// Time of the last record.
    pub last_time: Option<i64>,
    /// Records so far.
    pub records: u64,
    /// Lines that fit no rule of the format.
    pub unparsed: u64,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
    /// Examples of unparsed lines: offset and text.
    pub examples: Vec<(u64, String)>,
    /// What the first lines settled for all of the generation, as a number of `normalise`; 0 while nothing is.
    pub shape: i64,
}

/// Records of a generation that fall on one local day: an envelope of bytes, in which other days may stand too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Offset of the first record.
    pub first_offset: u64,
    /// End of the last one.
    pub end_offset: u64,
    /// Number of records.
    pub records: u64,
    /// Place in the stream of the first record.
    pub first_key: i64,
    /// Place in the stream of the last one.
    pub last_key: i64,
    /// Time of the newest record.
    pub last_time: i64,
}

/// What was read of one instance under one layout.
#[derive(Debug, Clone, Default)]
pub struct Analysed {
    /// By generation.
    pub scans: BTreeMap<GenerationId, Scan>,
    /// By day and generation.
    pub days: BTreeMap<i32, BTreeMap<GenerationId, Day>>,
}

/// What an analysis of one instance brought.
#[derive(Debug)]
pub struct Update {
    /// The instance.
    pub instance: InstanceId,
    /// The layout under which it was read.
    pub layout: i64,
    /// Scans that changed.
    pub scans: BTreeMap<GenerationId, Scan>,
    /// Days that changed.
    pub days: BTreeMap<(i32, GenerationId), Day>,
    /// New partials.
    pub partials: Vec<Partial>,
    /// Texts behind new symbols.
    pub symbols: Vec<(u64, String)>,
}

impl Catalog {
    /// Takes new instances, layouts and works into the books; gives the numbers of the layouts and of the works. Where `begins`,
    /// it is for an analysis of its own: that is numbered, and what no run has used for long is forgotten.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn enter(
        &mut self,
        begins: bool,
        instances: &[&str],
        layouts: &[[u8; 32]],
        works: &[[u8; 32]],
    ) -> Result<(Vec<i64>, Vec<i64>), CatalogError> {
        let doing = "beginning an analysis";
        self.write(doing, |tx| {
            if begins {
                begin(tx).map_err(sql(doing))?;
            }
            enrol(tx, instances).map_err(sql(doing))?;
            let numbers = |table: &str, digests: &[[u8; 32]]| {
                digests.iter().map(|digest| number(tx, table, digest)).collect::<rusqlite::Result<Vec<i64>>>()
            };
            let layouts = numbers("layouts", layouts).map_err(sql(doing))?;
            Ok((layouts, numbers("works", works).map_err(sql(doing))?))
        })
    }

    /// What was read of an instance.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn analysed(&self, layout: i64, instance: InstanceId) -> Result<Analysed, CatalogError> {
        self.look("reading what was analysed", |connection| {
            let mut analysed = Analysed::default();
            let mut scans = connection.prepare_cached(SELECT_SCANS)?;
            let mut rows = scans.query([layout, instance.0])?;
            while let Some(row) = rows.next()? {
                let scan = Scan {
                    parsed: row.get(1)?,
                    last_record: row.get(2)?,
                    first_key: row.get(3)?,
                    last_key: row.get(4)?,
                    last_time: row.get(5)?,
                    records: row.get(6)?,
                    unparsed: row.get(7)?,
                    faults: from_json(row, 8)?,
                    examples: from_json(row, 9)?,
                    shape: row.get(10)?,
                };
                analysed.scans.insert(GenerationId(row.get(0)?), scan);
            }
            let mut days = connection.prepare_cached(SELECT_DAYS)?;
            let mut rows = days.query([layout, instance.0])?;
            while let Some(row) = rows.next()? {
                let day = Day {
                    first_offset: row.get(2)?,
                    end_offset: row.get(3)?,
                    records: row.get(4)?,
                    first_key: row.get(5)?,
                    last_key: row.get(6)?,
                    last_time: row.get(7)?,
                };
                analysed.days.entry(row.get(1)?).or_default().insert(GenerationId(row.get(0)?), day);
            }
            Ok(analysed)
        })
    }

    /// Instance and file of a generation.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn file_of(&self, generation: GenerationId) -> Result<Option<(String, String)>, CatalogError> {
        self.look("reading a file's name", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT name, path FROM generations g JOIN instances i ON i.id = g.instance WHERE g.id = ?1",
            )?;
            select.query_row([generation.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
    }

    /// Writes what analyses brought, all or nothing; each under its layout.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn write_analysed(&mut self, updates: &[Update]) -> Result<(), CatalogError> {
        let doing = "writing an analysis";
        self.write(doing, |tx| {
            write(tx, updates).map_err(sql(doing))?;
            fault::step("in-partials-transaction").map_err(|source| CatalogError::Sql { doing, source })
        })?;
        fault::point("after-partials-commit");
        Ok(())
    }

    /// The texts behind symbols; those that are unknown are left out.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn texts(&self, symbols: impl IntoIterator<Item = u64>) -> Result<BTreeMap<u64, String>, CatalogError> {
        self.look("reading symbols", |connection| {
            let mut select = connection.prepare_cached("SELECT text FROM symbols WHERE id = ?1")?;
            let mut texts = BTreeMap::new();
            for symbol in symbols {
                if let Some(text) = select.query_row([symbol.cast_signed()], |row| row.get(0)).optional()? {
                    texts.insert(symbol, text);
                }
            }
            Ok(texts)
        })
    }

    /// A finished section, where nothing that it depends on has changed.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn section(&self, key: &[u8; 32]) -> Result<Option<String>, CatalogError> {
        self.look("reading a section", |connection| {
            let mut select = connection.prepare_cached("SELECT value FROM sections WHERE key = ?1")?;
            select.query_row([key], |row| row.get(0)).optional()
        })
    }

    /// Keeps finished sections.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn keep_sections(&mut self, sections: &[([u8; 32], String)]) -> Result<(), CatalogError> {
        let doing = "keeping sections";
        self.write(doing, |tx| {
            let insert = format!("INSERT OR REPLACE INTO sections VALUES (?1, ?2, {RUN})");
            let mut kept = sections.iter().map(|(key, value)| tx.execute(&insert, params![key, value]).map(drop));
            kept.try_for_each(|kept| kept).map_err(sql(doing))?;
            fault::step("in-sections-transaction").map_err(|source| CatalogError::Sql { doing, source })
        })?;
        fault::point("after-sections-commit");
        Ok(())
    }

    /// Asks many questions of one state of the catalog, which spares the locks of each.
    ///
    /// # Errors
    /// When the catalog cannot be read; what `work` gave is then lost.
    pub fn at_once<T>(&self, work: impl FnOnce() -> T) -> Result<T, CatalogError> {
        self.look("beginning to read", |connection| connection.execute_batch("BEGIN"))?;
        let done = work();
        self.look("ending to read", |connection| connection.execute_batch("COMMIT"))?;
        Ok(done)
    }

    pub(super) fn look<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        work(&self.connection).map_err(sql(doing))
    }
}

const SELECT_SCANS: &str = "
SELECT s.generation, parsed, last_record, first_key, last_key, last_time, records, unparsed, faults, examples, shape
FROM generations g CROSS JOIN scans s ON s.generation = g.id AND s.layout = ?1 WHERE g.instance = ?2";

/// SQLite takes the tables of a `CROSS JOIN` in the order in which they stand: only the instance's own rows are read.
const SELECT_DAYS: &str = "
SELECT d.generation, day, first_offset, end_offset, records, first_key, last_key, last_time
FROM generations g CROSS JOIN days d ON d.generation = g.id AND d.layout = ?1 WHERE g.instance = ?2";

pub(super) fn from_json<T: serde::de::DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, cause.into()))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("names, texts and numbers")
}

/// The run that is going on.
const RUN: &str = "(SELECT value FROM meta WHERE key = 'run')";

fn begin(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    tx.execute("INSERT INTO meta VALUES ('run', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1", [])?;
    for table in ["layouts", "works", "sections"] {
        tx.execute(&format!("DELETE FROM {table} WHERE used < {RUN} - {UNUSED_RUNS_MAX}"), [])?;
    }
    Ok(())
}

fn number(tx: &Transaction<'_>, table: &str, digest: &[u8; 32]) -> rusqlite::Result<i64> {
    let upsert = format!(
        "INSERT INTO {table} (digest, used) VALUES (?1, {RUN})
         ON CONFLICT (digest) DO UPDATE SET used = excluded.used RETURNING id"
    );
    tx.query_row(&upsert, [digest], |row| row.get(0))
}

/// `INSERT OR REPLACE` deletes a row that others might refer to, for which SQLite keeps a journal of every statement: in
/// a table with references it costs as much as all else.
const PUT_SCAN: &str = "
INSERT INTO scans VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO UPDATE SET
(parsed, last_record, first_key, last_key, last_time, records, unparsed, faults, examples, shape)
= (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const PUT_DAY: &str = "
INSERT INTO days VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET
(first_offset, end_offset, records, first_key, last_key, last_time) = (?4, ?5, ?6, ?7, ?8, ?9)";

fn write(tx: &Transaction<'_>, updates: &[Update]) -> rusqlite::Result<()> {
    updates.iter().try_for_each(|update| write_read(tx, update))?;
    let partials = updates.iter().flat_map(|update| update.partials.iter().map(|partial| (update.instance, partial)));
    partials::put(tx, partials.collect())
}

/// Writes how far an instance was read, and what was read there.
fn write_read(tx: &Transaction<'_>, update: &Update) -> rusqlite::Result<()> {
    let mut scans = tx.prepare_cached(PUT_SCAN)?;
    for (generation, scan) in &update.scans {
        scans.execute(params![
            update.layout,
            generation.0,
            scan.parsed,
            scan.last_record,
            scan.first_key,
            scan.last_key,
            scan.last_time,
            scan.records,
            scan.unparsed,
            json(&scan.faults),
            json(&scan.examples),
            scan.shape
        ])?;
    }
    let mut days = tx.prepare_cached(PUT_DAY)?;
    for ((day, generation), range) in &update.days {
        days.execute(params![
            update.layout,
            generation.0,
            day,
            range.first_offset,
            range.end_offset,
            range.records,
            range.first_key,
            range.last_key,
            range.last_time
        ])?;
    }
    let mut symbols = tx.prepare_cached("INSERT OR IGNORE INTO symbols VALUES (?1, ?2)")?;
    for (symbol, text) in &update.symbols {
        symbols.execute(params![symbol.cast_signed(), text])?;
    }
    Ok(())
}
