//! Partials, kept by work and instance, those of some days in one row.
//!
//! A row has a price of its own, a partial has mostly some hundred bytes, and many are written and read at a time: a row for
//! each was a twentieth of a cold run. So a row holds what there is of [`DAYS_OF_ROW`] days, about a page of the catalog at
//! most. A day that is written again takes its row along; a state of more than [`BYTES_MAX`] bytes stands alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

use super::{Catalog, CatalogError, InstanceId};

/// Days whose partials lie in one row: from a multiple of this on.
const DAYS_OF_ROW: i32 = 16;
/// A longer state stands alone.
const BYTES_MAX: usize = 1 << 10;
/// Bytes before each state of a row of several days.
pub(super) const HEAD_BYTES: usize = 13;

/// Before each state of a row of several days stand its day behind the first, the coverage, and the number of its bytes; numbers
/// begin with the greatest byte.
///
/// Older rows are taken over one by one: to group them would take memory for all of them.
pub(super) const BY_ROWS: &str = "
ALTER TABLE partials RENAME TO partials_of_days;
CREATE TABLE partials (
    work INTEGER NOT NULL REFERENCES works ON DELETE CASCADE,
    instance INTEGER NOT NULL REFERENCES instances ON DELETE CASCADE,
    first INTEGER NOT NULL,       -- the first day that it may hold
    alone INTEGER NOT NULL,       -- 1 where it holds no other
    days INTEGER NOT NULL,        -- number of those that it holds
    coverage INTEGER,             -- of one that stands alone
    states BLOB NOT NULL,
    PRIMARY KEY (work, instance, first, alone)
) STRICT; -- with row ids: states would not fit into the pages of an index
INSERT INTO partials
SELECT work, instance, day, 1, 1, coverage, state FROM partials_of_days WHERE length(state) > 1024;
INSERT INTO partials
SELECT work, instance, first, 0, (
        SELECT count(*) FROM partials_of_days o WHERE o.work = p.work AND o.instance = p.instance
        AND o.day >= first AND o.day < first + 16 AND length(o.state) <= 1024
    ), NULL, (
        SELECT unhex(group_concat(
            printf('%02X%016X%08X', o.day - first, o.coverage, length(o.state)) || hex(o.state), '' ORDER BY o.day
        )) FROM partials_of_days o WHERE o.work = p.work AND o.instance = p.instance
        AND o.day >= first AND o.day < first + 16 AND length(o.state) <= 1024
    )
FROM (
    SELECT work, instance, day, day - (day % 16 + 16) % 16 AS first FROM partials_of_days WHERE length(state) <= 1024
) p WHERE NOT EXISTS (
    SELECT 1 FROM partials_of_days o WHERE o.work = p.work AND o.instance = p.instance
    AND o.day >= first AND o.day < p.day AND length(o.state) <= 1024
);
DROP TABLE partials_of_days;
";

/// A partial, and what it covers.
#[derive(Debug, Clone)]
pub struct Partial {
    /// Of which work.
    pub work: i64,
    /// Of which day.
    pub day: i32,
    /// Digest of the records that it covers.
    pub coverage: i64,
    /// The plugin's bytes.
    pub state: Vec<u8>,
}

/// What a row holds of a day: coverage and state.
type Kept<'a> = (i64, &'a [u8]);

/// A row does not hold what it should.
#[derive(Debug)]
struct Broken;

impl std::error::Error for Broken {}

impl fmt::Display for Broken {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("partials of some days are broken off")
    }
}

impl Catalog {
    /// Whether there is any, of whatever work and instance.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn has_partials(&self) -> Result<bool, CatalogError> {
        self.look("looking for partials", |connection| connection.prepare("SELECT 1 FROM partials LIMIT 1")?.exists([]))
    }

    /// Coverage of the partials that are there, by work and day.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn coverage(&self, works: &[i64], instance: InstanceId) -> Result<BTreeMap<(i64, i32), i64>, CatalogError> {
        self.look("reading the partials' coverage", |connection| {
            let mut found = BTreeMap::new();
            // What is long is not read.
            let mut select = connection.prepare_cached(
                "SELECT first, coverage, iif(alone, x'', states) FROM partials WHERE work = ?1 AND instance = ?2",
            )?;
            for &work in works {
                let mut rows = select.query([work, instance.0])?;
                while let Some(row) = rows.next()? {
                    found.extend(read(row)?.into_iter().map(|(day, (coverage, _))| ((work, day), coverage)));
                }
            }
            Ok(found)
        })
    }

    /// The states of a work's partials on the days `from..to`, in their order, each with its day.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn states(
        &self,
        work: i64,
        instance: InstanceId,
        from: i32,
        to: i32,
    ) -> Result<Vec<(i32, Vec<u8>)>, CatalogError> {
        self.look("reading partials", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT first, coverage, states FROM partials WHERE work = ?1 AND instance = ?2 \
                 AND first >= ?3 AND first < ?5 AND (alone = 0 OR first >= ?4) ORDER BY first",
            )?;
            let mut rows = select.query(params![work, instance.0, first(from), from, to])?;
            let mut states: Vec<(i32, Vec<u8>)> = Vec::new();
            while let Some(row) = rows.next()? {
                let days = read(row)?;
                let wanted = days.range(from..to.max(from));
                states.extend(wanted.map(|(day, (_, state))| (*day, state.to_vec())));
            }
            states.sort_by_key(|(day, _)| *day);
            Ok(states)
        })
    }
}

/// Writes partials, each with its instance.
pub(super) fn put(tx: &Transaction<'_>, mut partials: Vec<(InstanceId, &Partial)>) -> rusqlite::Result<()> {
    // Work by work, as they are folded: each thread then reads pages that hold nothing but what it asks for.
    partials.sort_by_key(|(instance, partial)| (partial.work, *instance, partial.day));
    let key = |(instance, partial): &(InstanceId, &Partial)| (partial.work, instance.0, first(partial.day));
    let (mut select, mut put, mut delete) =
        (tx.prepare_cached(BESIDE)?, tx.prepare_cached(PUT)?, tx.prepare_cached(DELETE)?);
    let mut states = Vec::new();
    for partials in partials.chunk_by(|one, next| key(one) == key(next)) {
        let (work, instance, first) = key(&partials[0]);
        let (mut before, mut alone) = (None, BTreeSet::new());
        let mut rows = select.query([work, instance, first.into()])?;
        while let Some(row) = rows.next()? {
            match row.get(1)? {
                true => _ = alone.insert(row.get::<_, i32>(0)?),
                false => before = Some(row.get::<_, Vec<u8>>(2)?),
            }
        }
        let mut together = unpacked(first, before.as_deref().unwrap_or_default())?;
        for (_, Partial { day, coverage, state, .. }) in partials {
            if state.len() > BYTES_MAX {
                together.remove(day);
                put.execute(params![work, instance, day, true, 1, coverage, state])?;
                continue;
            }
            together.insert(*day, (*coverage, state));
            if alone.contains(day) {
                delete.execute(params![work, instance, day, true])?;
            }
        }
        pack(first, &together, &mut states);
        match (together.len(), before) {
            (0, None) => {}
            (0, Some(_)) => _ = delete.execute(params![work, instance, first, false])?,
            (_, Some(before)) if before == states => {}
            (days, _) => _ = put.execute(params![work, instance, first, false, days, None::<i64>, states])?,
        }
    }
    Ok(())
}

/// What there is of the days of a row.
const BESIDE: &str = "
SELECT first, alone, iif(alone, x'', states) FROM partials
WHERE work = ?1 AND instance = ?2 AND first >= ?3 AND first < ?3 + 16";
const PUT: &str = "
INSERT INTO partials VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO UPDATE SET (days, coverage, states) = (?5, ?6, ?7)";
const DELETE: &str = "DELETE FROM partials WHERE work = ?1 AND instance = ?2 AND first = ?3 AND alone = ?4";

/// Drops the partials of days before one on which nothing is known of any generation of their instance; gives their number.
pub(super) fn drop_before(tx: &Transaction<'_>, before_day: i32) -> rusqlite::Result<u64> {
    let mut rows = tx.prepare("SELECT rowid FROM partials WHERE first < ?1 ORDER BY rowid")?;
    let ids = rows.query_map([before_day], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut select =
        tx.prepare("SELECT first, coverage, iif(alone, x'', states), instance FROM partials WHERE rowid = ?1")?;
    let mut is_known = tx.prepare(
        "SELECT 1 FROM generations g JOIN days d ON d.generation = g.id WHERE g.instance = ?1 AND d.day = ?2",
    )?;
    let mut put = tx.prepare("UPDATE partials SET (days, states) = (?2, ?3) WHERE rowid = ?1")?;
    let mut delete = tx.prepare("DELETE FROM partials WHERE rowid = ?1")?;
    let (mut dropped, mut states) = (0, Vec::new());
    for id in ids {
        let mut rows = select.query([id])?;
        let Some(row) = rows.next()? else { continue };
        let (first, instance): (i32, i64) = (row.get(0)?, row.get(3)?);
        let (mut days, mut forgotten) = (read(row)?, Vec::new());
        for day in days.range(..before_day).map(|(day, _)| *day) {
            if !is_known.exists(params![instance, day])? {
                forgotten.push(day);
            }
        }
        if forgotten.is_empty() {
            continue;
        }
        days.retain(|day, _| !forgotten.contains(day));
        pack(first, &days, &mut states);
        let left = days.len();
        // It may not be read while it is written.
        drop(rows);
        match left {
            0 => delete.execute([id])?,
            _ => put.execute(params![id, left, states])?,
        };
        dropped += forgotten.len() as u64;
    }
    Ok(dropped)
}

/// The first day of the row that holds a day together with others.
fn first(day: i32) -> i32 {
    day.saturating_sub(day.rem_euclid(DAYS_OF_ROW))
}

/// Makes what a row of several days holds.
fn pack<'a>(first: i32, days: impl IntoIterator<Item = (&'a i32, &'a Kept<'a>)>, into: &mut Vec<u8>) {
    into.clear();
    for (day, (coverage, state)) in days {
        into.push((day - first) as u8);
        into.extend(coverage.to_be_bytes());
        into.extend((state.len() as u32).to_be_bytes());
        into.extend(*state);
    }
}

/// What a row holds, whose first columns are its first day, the coverage of one that stands alone, and the states.
fn read<'r>(row: &'r Row<'_>) -> rusqlite::Result<BTreeMap<i32, Kept<'r>>> {
    let (first, states) = (row.get(0)?, row.get_ref(2)?.as_blob()?);
    match row.get(1)? {
        Some(coverage) => Ok(BTreeMap::from([(first, (coverage, states))])),
        None => unpacked(first, states),
    }
}

/// What a row of several days holds.
fn unpacked(first: i32, mut states: &[u8]) -> rusqlite::Result<BTreeMap<i32, Kept<'_>>> {
    let mut days = BTreeMap::new();
    while !states.is_empty() {
        let broken = || rusqlite::Error::FromSqlConversionFailure(2, Type::Blob, Box::new(Broken));
        let (&[day], rest) = states.split_first_chunk().ok_or_else(broken)?;
        let (coverage, rest) = rest.split_first_chunk().ok_or_else(broken)?;
        let (bytes, rest) = rest.split_first_chunk().ok_or_else(broken)?;
        let (state, rest) = rest.split_at_checked(u32::from_be_bytes(*bytes) as usize).ok_or_else(broken)?;
        days.insert(first.saturating_add(day.into()), (i64::from_be_bytes(*coverage), state));
        states = rest;
    }
    Ok(days)
}
