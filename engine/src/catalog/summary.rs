//! What is known of the logs of every instance, summed up for coverage.

use std::collections::BTreeMap;

use super::analysed::from_json;
use super::{Catalog, CatalogError, Gap, GenerationId, InstanceId};

/// What is known of an instance's logs under one layout.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Log files that held anything.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Files that lost bytes before they were read, in the order of discovery.
    pub gaps: BTreeMap<GenerationId, Loss>,
    /// Files of which bytes were damaged in the store, and are nowhere to be had.
    pub damage: Vec<Loss>,
    /// Records by day.
    pub days: BTreeMap<i32, u64>,
    /// Time of the newest record that is not from the future.
    pub last_time: Option<i64>,
    /// The day that it lies on, or another such record.
    pub last_day: Option<i32>,
    /// Lines that fit no rule of the format.
    pub unparsed: u64,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
    /// Examples of unparsed lines: file, offset and text.
    pub examples: Vec<(String, u64, String)>,
}

/// A file that lost bytes before they were read. Times are those of records.
#[derive(Debug, Clone)]
pub struct Loss {
    /// Where it was listed last.
    pub file: String,
    /// Whether it still is.
    pub live: bool,
    pub gap: Gap,
    /// Time of its last record.
    pub last_before: Option<i64>,
    /// Time of the first record of the instance's next file.
    pub first_after: Option<i64>,
}

/// The fault of records from the future: those of days whose newest record is.
const FUTURE: &str = "future-record";

impl Catalog {
    /// What is known of every instance's logs; `layouts` says under which layout each instance counts. A record behind
    /// `future_us` is from the future: some clock was wrong.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn summaries(
        &self,
        layouts: &BTreeMap<InstanceId, i64>,
        future_us: i64,
    ) -> Result<BTreeMap<InstanceId, Summary>, CatalogError> {
        self.look("summing up", |connection| {
            let mut found: BTreeMap<InstanceId, Summary> = BTreeMap::new();
            let mut select = connection.prepare_cached(SELECT_FILES)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let summary = found.entry(InstanceId(row.get(0)?)).or_default();
                (summary.files, summary.bytes) = (row.get(1)?, row.get(2)?);
            }
            let mut select = connection.prepare_cached(SELECT_GAPS)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let instance = InstanceId(row.get(0)?);
                let gaps = &mut found.entry(instance).or_default().gaps;
                let loss = gaps.entry(GenerationId(row.get(1)?)).or_insert(Loss {
                    file: row.get(2)?,
                    live: row.get(3)?,
                    gap: row.get(4)?,
                    last_before: None,
                    first_after: None,
                });
                if layouts.get(&instance).copied() == row.get(5)? {
                    (loss.last_before, loss.first_after) = (row.get(6)?, row.get(7)?);
                }
            }
            let mut select = connection.prepare_cached(SELECT_DAMAGE)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let (file, live, gap) = (row.get(1)?, row.get(2)?, row.get(3)?);
                let loss = Loss { file, live, gap, last_before: None, first_after: None };
                found.entry(InstanceId(row.get(0)?)).or_default().damage.push(loss);
            }
            let mut select = connection.prepare_cached(SELECT_RECORDS)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let instance = InstanceId(row.get(0)?);
                if layouts.get(&instance) == Some(&row.get(1)?) {
                    let summary = found.entry(instance).or_default();
                    let (day, records, last_time): (i32, u64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
                    *summary.days.entry(day).or_default() += records;
                    if last_time <= future_us {
                        summary.last_time = summary.last_time.max(Some(last_time));
                        summary.last_day = summary.last_day.max(Some(day));
                    } else {
                        *summary.faults.entry(FUTURE.to_owned()).or_default() += records;
                    }
                }
            }
            let mut select = connection.prepare_cached(SELECT_FAULTS)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let instance = InstanceId(row.get(0)?);
                if layouts.get(&instance) == Some(&row.get(1)?) {
                    let summary = found.entry(instance).or_default();
                    summary.unparsed += row.get::<_, u64>(3)?;
                    for (kind, count) in from_json::<BTreeMap<String, u64>>(row, 4)? {
                        *summary.faults.entry(kind).or_default() += count;
                    }
                    let file: String = row.get(2)?;
                    let examples: Vec<(u64, String)> = from_json(row, 5)?;
                    summary.examples.extend(examples.into_iter().map(|(offset, text)| (file.clone(), offset, text)));
                }
            }
            Ok(found)
        })
    }
}

const SELECT_FILES: &str = "
SELECT instance, count(*) FILTER (WHERE committed > 0), sum(committed) FROM generations GROUP BY instance";

/// Once for every layout that a generation was read under, or once without.
const SELECT_GAPS: &str = "
SELECT g.instance, g.id, g.path, g.live, g.gap_bytes, s.layout, s.last_time, (
    SELECT min(n.first_key) FROM generations m JOIN scans n ON n.layout = s.layout AND n.generation = m.id
    WHERE m.instance = g.instance AND n.first_key > s.last_key)
FROM generations g LEFT JOIN scans s ON s.generation = g.id WHERE g.gap_bytes IS NOT NULL ORDER BY g.id";

const SELECT_DAMAGE: &str = "
SELECT g.instance, g.path, g.live, sum(h.bytes) FROM holes h JOIN generations g ON g.id = h.generation
WHERE h.why = 'lost' GROUP BY g.id ORDER BY g.id";

const SELECT_RECORDS: &str = "
SELECT g.instance, d.layout, d.day, d.records, d.last_time FROM days d JOIN generations g ON g.id = d.generation";

const SELECT_FAULTS: &str = "
SELECT g.instance, s.layout, g.path, s.unparsed, s.faults, s.examples
FROM scans s JOIN generations g ON g.id = s.generation
WHERE s.unparsed > 0 OR s.faults <> '{}' ORDER BY g.instance, g.path, g.id";
