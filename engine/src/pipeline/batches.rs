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
    sources: Vec<Source>,
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

/// Where a column takes its values from.
enum Source {
    Time,
    Previous,
    Minute,
    Severity,
    /// Of records of at least this severity: those that the plugin wants whatever their event.
    Signature(u8),
    /// The plugin's position of each of the normaliser's events.
    Event(Vec<u8>),
    /// An attribute as symbol, whose text is kept.
    Symbol(usize),
    /// An attribute as key, whose text is not kept.
    Key(usize),
    /// An attribute as number.
    Integer(usize),
}

enum Values {
    Signed(Vec<i64>),
    Unsigned(Vec<u64>),
    Words(Vec<u32>),
    Bytes(Vec<u8>),
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
        let source = |column: &logparser_sdk::manifest::ManifestColumn| match column.holds.as_str() {
            "time" => Source::Time,
            "previous" => Source::Previous,
            "minute" => Source::Minute,
            "severity" => Source::Severity,
            "event" => Source::Event(normaliser.events().iter().map(event).collect()),
            "symbol" if column.attribute => Source::Symbol(attribute(&column.name)),
            "symbol" => Source::Signature(manifest.severity.unwrap_or(0)),
            "key" => Source::Key(attribute(&column.name)),
            _ => Source::Integer(attribute(&column.name)),
        };
        let sources: Vec<_> = manifest.columns.iter().map(source).collect();
        let columns = sources.iter().map(Source::values).collect();
        Self { sources, columns, rows: 0 }
    }

    /// Adds a record.
    pub fn push(
        &mut self,
        record: &Record,
        place: &Place,
        signature: &mut impl FnMut(&mut Texts) -> u64,
        texts: &mut Texts,
    ) {
        for (source, values) in self.sources.iter().zip(&mut self.columns) {
            match (source, values) {
                (Source::Time, Values::Signed(to)) => to.push(record.time),
                (Source::Previous, Values::Signed(to)) => to.push(place.previous.unwrap_or(NO_NUMBER)),
                (Source::Minute, Values::Words(to)) => to.push(place.minute),
                (Source::Severity, Values::Bytes(to)) => to.push(record.severity),
                (Source::Event(positions), Values::Bytes(to)) => {
                    to.push(record.event.map_or(NO_EVENT, |event| positions[usize::from(event)]));
                }
                (Source::Signature(least), Values::Unsigned(to)) => {
                    to.push(if record.severity >= *least { signature(texts) } else { 0 });
                }
                (Source::Symbol(id), Values::Unsigned(to)) => {
                    to.push(text(record.attribute(*id), |text| texts.keep(text)));
                }
                (Source::Key(id), Values::Unsigned(to)) => {
                    to.push(text(record.attribute(*id), |text| texts.symbol(text)));
                }
                (Source::Integer(id), Values::Signed(to)) => to.push(number(record.attribute(*id))),
                _ => unreachable!("`values` makes the column that its source fills"),
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

impl Source {
    fn values(&self) -> Values {
        match self {
            Self::Time | Self::Previous | Self::Integer(_) => Values::Signed(Vec::new()),
            Self::Minute => Values::Words(Vec::new()),
            Self::Severity | Self::Event(_) => Values::Bytes(Vec::new()),
            Self::Signature(_) | Self::Symbol(_) | Self::Key(_) => Values::Unsigned(Vec::new()),
        }
    }
}

impl Values {
    fn column(&self) -> Column<'_> {
        match self {
            Self::Signed(values) => Column::Signed(values),
            Self::Unsigned(values) => Column::Unsigned(values),
            Self::Words(values) => Column::Words(values),
            Self::Bytes(values) => Column::Bytes(values),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Signed(values) => values.clear(),
            Self::Unsigned(values) => values.clear(),
            Self::Words(values) => values.clear(),
            Self::Bytes(values) => values.clear(),
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
