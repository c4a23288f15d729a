//! Builds the batches of one plugin: the columns that its manifest names, row by row.

use logparser_sdk::manifest::Manifest;

use super::texts::Texts;
use crate::host::{Batch, Column, Day};
use crate::normalise::{Normaliser, Record, Value, key};

/// Rows after which a batch crosses the boundary: measured best between 2,000 and 16,000.
pub const ROWS_MAX: usize = 8_192;
/// "None" in a column of signed numbers.
const NO_NUMBER: i64 = i64::MIN;
/// "None" in an event column.
const NO_EVENT: u8 = u8::MAX;

/// Columns in the making.
pub struct Batches {
    columns: Vec<Values>,
    /// Positions of those that hold what a record carries beside its row.
    carried: Vec<usize>,
    rows: Vec<Row>,
    /// For each day of the batch, the rows before it.
    days: Vec<usize>,
    /// Of each of the normaliser's events, its position among those that the plugin counts.
    counted: Vec<u8>,
    /// How often each of those occurred, day after day.
    counts: Vec<u64>,
    /// How many of them there are.
    counted_events: usize,
}

/// The days of a batch, whatever the plugin.
#[derive(Default)]
pub struct Days {
    /// Each with its number of spans.
    pub days: Vec<(i32, usize)>,
    /// First and last times of spans, in turn, of all days.
    pub activity: Vec<i64>,
}

/// What every record has: it is written down as a whole, and becomes columns when the batch is handed over.
struct Row {
    time: i64,
    previous: i64,
    minute: u32,
    event: Option<u16>,
    severity: u8,
}

/// What a row's place in the stream adds to its record.
pub struct Place {
    /// Minutes since local midnight.
    pub minute: u32,
    /// Time of the record before, where there is one in the span.
    pub previous: Option<i64>,
}

/// A column's values, by where it takes them from.
enum Values {
    Time(Vec<i64>),
    Previous(Vec<i64>),
    Minute(Vec<u32>),
    Severity(Vec<u8>),
    /// Of records of at least this severity: those that the plugin wants whatever their event.
    Signature(u8, Vec<u64>),
    /// By the plugin's position of each of the normaliser's events.
    Event(Vec<u8>, Vec<u8>),
    /// An attribute as symbol, whose text is kept.
    Symbol(usize, Vec<u64>),
    /// An attribute as key, whose text is not kept.
    Key(usize, Vec<u64>),
    /// An attribute as number.
    Integer(usize, Vec<i64>),
}

impl Days {
    /// Drops them.
    pub fn clear(&mut self) {
        self.days.clear();
        self.activity.clear();
    }
}

impl Batches {
    /// Empty columns of a plugin.
    pub fn new(manifest: &Manifest, normaliser: &Normaliser) -> Self {
        let attribute = |name: &String| {
            let known = normaliser.attributes().iter().position(|attribute| attribute == name);
            known.expect("the normaliser was compiled for the attributes of every plugin")
        };
        let position = |names: &[String], name: &String| {
            names.iter().position(|event| event == name).map_or(NO_EVENT, |position| position as u8)
        };
        let positions = |names: &[String]| normaliser.events().iter().map(|name| position(names, name)).collect();
        let values = |column: &logparser_sdk::manifest::ManifestColumn| match column.holds.as_str() {
            "time" => Values::Time(Vec::new()),
            "previous" => Values::Previous(Vec::new()),
            "minute" => Values::Minute(Vec::new()),
            "severity" => Values::Severity(Vec::new()),
            "event" => Values::Event(positions(&manifest.events), Vec::new()),
            "symbol" if column.attribute => Values::Symbol(attribute(&column.name), Vec::new()),
            "symbol" => Values::Signature(manifest.severity.unwrap_or(0), Vec::new()),
            "key" => Values::Key(attribute(&column.name), Vec::new()),
            _ => Values::Integer(attribute(&column.name), Vec::new()),
        };
        let columns: Vec<Values> = manifest.columns.iter().map(values).collect();
        let carried = (0..columns.len()).filter(|&column| columns[column].is_carried()).collect();
        Self {
            columns,
            carried,
            rows: Vec::new(),
            days: Vec::new(),
            counted: positions(&manifest.counted),
            counts: Vec::new(),
            counted_events: manifest.counted.len(),
        }
    }

    /// What follows is of another day.
    pub fn begin_day(&mut self) {
        self.days.push(self.rows.len());
        self.counts.resize(self.days.len() * self.counted_events, 0);
    }

    /// Counts an event that occurred so many times, by the normaliser's position.
    #[inline]
    pub fn count(&mut self, event: u16, times: u64) {
        let position = usize::from(self.counted[usize::from(event)]);
        if position < self.counted_events {
            let today = self.counts.len() - self.counted_events;
            self.counts[today + position] += times;
        }
    }

    /// Number of days that were begun.
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// Adds a record.
    pub fn push(
        &mut self,
        record: &Record,
        place: &Place,
        signature: &mut impl FnMut(&mut Texts) -> u64,
        texts: &mut Texts,
    ) {
        let before = self.rows.len();
        self.rows.push(Row {
            time: record.time,
            previous: place.previous.unwrap_or(NO_NUMBER),
            minute: place.minute,
            event: record.event,
            severity: record.severity,
        });
        if record.is_bare() {
            return;
        }
        for column in &self.carried {
            let values = &mut self.columns[*column];
            values.fill_up(before);
            match values {
                Values::Signature(least, to) => {
                    to.push(if record.severity >= *least { signature(texts) } else { 0 });
                }
                Values::Symbol(id, to) => to.push(text(record.attribute(*id), |text| texts.symbol(text))),
                Values::Key(id, to) => to.push(text(record.attribute(*id), key)),
                Values::Integer(id, to) => to.push(number(record.attribute(*id))),
                _ => {}
            }
        }
    }

    /// Whether the batch should cross the boundary.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX
    }

    /// Hands over what was built, with the activity or without, and starts again.
    pub fn flush<R>(&mut self, days: &Days, activity: bool, take: impl FnOnce(Batch<'_>) -> R) -> R {
        self.columns.iter_mut().for_each(|values| values.take(&self.rows));
        let columns: Vec<Column<'_>> = self.columns.iter().map(Values::column).collect();
        let ends = self.days.iter().copied().skip(1).chain([self.rows.len()]);
        let rows = self.days.iter().zip(ends).map(|(begin, end)| end - begin);
        let day = |(&(day, spans), rows): (&(i32, usize), usize)| Day {
            day,
            rows: rows as u32,
            spans: if activity { spans as u32 } else { 0 },
        };
        let parts: Vec<Day> = days.days.iter().zip(rows).map(day).collect();
        let activity: &[i64] = if activity { &days.activity } else { &[] };
        let result = take(Batch { days: &parts, columns: &columns, counts: &self.counts, activity });
        self.clear();
        result
    }

    /// Drops what was built.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(Values::clear);
        self.rows.clear();
        self.days.clear();
        self.counts.clear();
    }
}

impl Values {
    /// Whether each record carries a value of its own for the column.
    fn is_carried(&self) -> bool {
        matches!(self, Self::Signature(..) | Self::Symbol(..) | Self::Key(..) | Self::Integer(..))
    }

    /// Takes the column out of rows, unless records carried it.
    fn take(&mut self, rows: &[Row]) {
        match self {
            Self::Time(to) => to.extend(rows.iter().map(|row| row.time)),
            Self::Previous(to) => to.extend(rows.iter().map(|row| row.previous)),
            Self::Minute(to) => to.extend(rows.iter().map(|row| row.minute)),
            Self::Severity(to) => to.extend(rows.iter().map(|row| row.severity)),
            Self::Event(positions, to) => {
                let position = |event| positions[usize::from(event)];
                to.extend(rows.iter().map(|row| row.event.map_or(NO_EVENT, position)));
            }
            Self::Signature(..) | Self::Symbol(..) | Self::Key(..) | Self::Integer(..) => self.fill_up(rows.len()),
        }
    }

    /// Writes into a carried column that bare records had nothing for it.
    #[inline]
    fn fill_up(&mut self, rows: usize) {
        match self {
            Self::Signature(_, to) | Self::Symbol(_, to) | Self::Key(_, to) => to.resize(rows, 0),
            Self::Integer(_, to) => to.resize(rows, NO_NUMBER),
            _ => {}
        }
    }

    fn column(&self) -> Column<'_> {
        match self {
            Self::Time(values) | Self::Previous(values) | Self::Integer(_, values) => Column::Signed(values),
            Self::Signature(_, values) | Self::Symbol(_, values) | Self::Key(_, values) => Column::Unsigned(values),
            Self::Minute(values) => Column::Words(values),
            Self::Severity(values) | Self::Event(_, values) => Column::Bytes(values),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Time(values) | Self::Previous(values) | Self::Integer(_, values) => values.clear(),
            Self::Signature(_, values) | Self::Symbol(_, values) | Self::Key(_, values) => values.clear(),
            Self::Minute(values) => values.clear(),
            Self::Severity(values) | Self::Event(_, values) => values.clear(),
        }
    }
}

fn text(value: Value<'_>, stand_for: impl FnOnce(&str) -> u64) -> u64 {
    match value {
        Value::None => 0,
        Value::Text(text) => stand_for(text),
        Value::Int(number) => stand_for(&number.to_string()),
    }
}

fn number(value: Value<'_>) -> i64 {
    match value {
        Value::None => NO_NUMBER,
        Value::Int(number) => number,
        Value::Text(text) => text.parse().unwrap_or(NO_NUMBER),
    }
}
