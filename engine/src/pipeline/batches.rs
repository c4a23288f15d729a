//! Builds the batches of one plugin: the columns that its manifest names, row by row.

use logparser_sdk::manifest::Manifest;

use super::texts::Texts;
use crate::host::{Batch, Column};
use crate::normalise::{Normaliser, Record, Value};

/// Rows after which a batch crosses the boundary: measured best between 2,000 and 16,000.
pub const ROWS_MAX: u32 = 8_192;
/// "None" in a column of signed numbers.
const NO_NUMBER: i64 = i64::MIN;
/// "None" in an event column.
const NO_EVENT: u8 = u8::MAX;

/// Columns in the making.
pub struct Batches {
    columns: Vec<Values>,
    rows: u32,
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

impl Batches {
    /// Empty columns of a plugin.
    pub fn new(manifest: &Manifest, normaliser: &Normaliser) -> Self {
        let attribute = |name: &String| {
            let known = normaliser.attributes().iter().position(|attribute| attribute == name);
            known.expect("the normaliser was compiled for the attributes of every plugin")
        };
        let event = |name: &String| {
            manifest.events.iter().position(|event| event == name).map_or(NO_EVENT, |position| position as u8)
        };
        let values = |column: &logparser_sdk::manifest::ManifestColumn| match column.holds.as_str() {
            "time" => Values::Time(Vec::new()),
            "previous" => Values::Previous(Vec::new()),
            "minute" => Values::Minute(Vec::new()),
            "severity" => Values::Severity(Vec::new()),
            "event" => Values::Event(normaliser.events().iter().map(event).collect(), Vec::new()),
            "symbol" if column.attribute => Values::Symbol(attribute(&column.name), Vec::new()),
            "symbol" => Values::Signature(manifest.severity.unwrap_or(0), Vec::new()),
            "key" => Values::Key(attribute(&column.name), Vec::new()),
            _ => Values::Integer(attribute(&column.name), Vec::new()),
        };
        Self { columns: manifest.columns.iter().map(values).collect(), rows: 0 }
    }

    /// Adds a record.
    pub fn push(
        &mut self,
        record: &Record,
        place: &Place,
        signature: &mut impl FnMut(&mut Texts) -> u64,
        texts: &mut Texts,
    ) {
        for values in &mut self.columns {
            match values {
                Values::Time(to) => to.push(record.time),
                Values::Previous(to) => to.push(place.previous.unwrap_or(NO_NUMBER)),
                Values::Minute(to) => to.push(place.minute),
                Values::Severity(to) => to.push(record.severity),
                Values::Signature(least, to) => {
                    to.push(if record.severity >= *least { signature(texts) } else { 0 });
                }
                Values::Event(positions, to) => {
                    to.push(record.event.map_or(NO_EVENT, |event| positions[usize::from(event)]));
                }
                Values::Symbol(id, to) => to.push(text(record.attribute(*id), |text| texts.keep(text))),
                Values::Key(id, to) => to.push(text(record.attribute(*id), |text| texts.symbol(text))),
                Values::Integer(id, to) => to.push(number(record.attribute(*id))),
            }
        }
        self.rows += 1;
    }

    /// Number of rows.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Hands over what was built and starts again.
    pub fn flush<R>(&mut self, day: i32, activity: &[i64], take: impl FnOnce(Batch<'_>) -> R) -> R {
        let columns: Vec<Column<'_>> = self.columns.iter().map(Values::column).collect();
        let result = take(Batch { day, rows: self.rows, columns: &columns, activity });
        self.clear();
        result
    }

    /// Drops what was built.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(Values::clear);
        self.rows = 0;
    }
}

impl Values {
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
