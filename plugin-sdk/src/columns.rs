//! Reading a batch: columns in, typed rows out.

use crate::Column;
use crate::bindings::exports::logparser::plugin::plugin as contract;

/// Records of one instance and one local day, in stream order.
#[derive(Debug)]
pub struct Batch {
    /// The local day in the report's zone: days since 1970-01-01.
    pub day: i32,
    /// Its rows within the columns: the first of them, and how many.
    rows: (usize, usize),
    /// Its spans within the activity, likewise.
    spans: (usize, usize),
    /// Its counts within all of them, likewise.
    counted: (usize, usize),
    columns: Vec<Column>,
    counts: Vec<u64>,
    activity: Vec<i64>,
}

/// A row type, derived from a struct: `#[derive(Row)]`.
pub trait Row: Sized {
    /// The `events`, `severity` and `columns` of the manifest, as JSON members.
    const MANIFEST: &'static str;
    /// Reads the rows in their order.
    fn rows(batch: &Batch) -> impl Iterator<Item = Self> + '_;
}

/// A value that one column holds.
pub trait Field: Sized {
    /// What the column must hold; the engine refuses a manifest in which this does not fit the column's name.
    const HOLDS: &'static str;
    /// The events that an event column names, as JSON strings with commas between.
    const EVENTS: &'static str = "";
    /// How the column holds it.
    type Held: Copy;
    /// All that the column holds.
    fn held(column: &Column) -> &[Self::Held];
    /// Reads one value.
    fn read(held: Self::Held) -> Self;
}

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// Minutes since the local midnight, as the wall clock in the report's zone shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute(pub u32);

/// OpenTelemetry severity number: 17–20 error, 21–24 fatal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Severity(pub u8);

/// Stands for a text that the engine keeps and puts back where a result shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(pub u64);

/// Stands for a text that only has to be told from others, such as a session id: the engine does not keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

impl Field for Time {
    const HOLDS: &'static str = "time";
    type Held = i64;
    fn held(column: &Column) -> &[i64] {
        signed(column)
    }
    #[inline(always)]
    fn read(held: i64) -> Self {
        Self(held)
    }
}

/// The time of the record before this one in the day's stream, whether the plugin wanted it or not; none for the
/// first of the span.
impl Field for Option<Time> {
    const HOLDS: &'static str = "previous";
    type Held = i64;
    fn held(column: &Column) -> &[i64] {
        signed(column)
    }
    #[inline(always)]
    fn read(held: i64) -> Self {
        Option::<i64>::read(held).map(Time)
    }
}

impl Field for Minute {
    const HOLDS: &'static str = "minute";
    type Held = u32;
    fn held(column: &Column) -> &[u32] {
        words(column)
    }
    #[inline(always)]
    fn read(held: u32) -> Self {
        Self(held)
    }
}

impl Field for Severity {
    const HOLDS: &'static str = "severity";
    type Held = u8;
    fn held(column: &Column) -> &[u8] {
        bytes(column)
    }
    #[inline(always)]
    fn read(held: u8) -> Self {
        Self(held)
    }
}

impl Field for Option<Symbol> {
    const HOLDS: &'static str = "symbol";
    type Held = u64;
    fn held(column: &Column) -> &[u64] {
        unsigned(column)
    }
    #[inline(always)]
    fn read(held: u64) -> Self {
        (held != 0).then_some(Symbol(held))
    }
}

impl Field for Option<Key> {
    const HOLDS: &'static str = "key";
    type Held = u64;
    fn held(column: &Column) -> &[u64] {
        unsigned(column)
    }
    #[inline(always)]
    fn read(held: u64) -> Self {
        (held != 0).then_some(Key(held))
    }
}

/// A number, or a duration in milliseconds.
impl Field for Option<i64> {
    const HOLDS: &'static str = "integer";
    type Held = i64;
    fn held(column: &Column) -> &[i64] {
        signed(column)
    }
    #[inline(always)]
    fn read(held: i64) -> Self {
        (held != i64::MIN).then_some(held)
    }
}

/// Declares how a column is read as one of its kinds.
macro_rules! kinds {
    ($($name:ident, $kind:ident, $held:ty;)*) => {$(
        #[doc(hidden)]
        pub fn $name(column: &Column) -> &[$held] {
            match column {
                Column::$kind(values) => values,
                _ => mismatch(stringify!($name)),
            }
        }
    )*};
}

kinds! {
    signed, Signed, i64;
    unsigned, Unsigned, u64;
    words, Words, u32;
    bytes, Bytes, u8;
}

/// The engine builds columns from the manifest, so this is a fault of the engine or of a hand-made batch.
#[cold]
fn mismatch(wanted: &str) -> ! {
    panic!("a column of the batch is not of the kind `{wanted}` that the manifest asks for")
}

/// A stretch of the instance's stream without a pause of more than 60 s, over *all* its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Time of its first record.
    pub first: Time,
    /// Time of its last record.
    pub last: Time,
}

impl Batch {
    /// Shows the days of a batch that crossed the boundary, one after the other.
    pub(crate) fn each_day(batch: contract::Batch, mut see: impl FnMut(&Self)) {
        let contract::Batch { days, columns, counts, activity } = batch;
        let counted = (0, counts.len() / days.len().max(1));
        let mut one = Self { day: 0, rows: (0, 0), spans: (0, 0), counted, columns, counts, activity };
        for contract::Day { day, rows, spans } in days {
            one.day = day;
            one.rows = (one.rows.0 + one.rows.1, rows as usize);
            one.spans = (one.spans.0 + one.spans.1, spans as usize);
            see(&one);
            one.counted.0 += one.counted.1;
        }
    }

    /// Whether the day has neither rows nor counts nor activity.
    pub(crate) fn is_empty(&self) -> bool {
        (self.rows.1, self.spans.1) == (0, 0) && self.counts().iter().all(|count| *count == 0)
    }

    /// How often each event that the plugin has counted occurred on the day since it was shown last, in the order in which
    /// `#[plugin(counted = […])]` names them.
    pub fn counts(&self) -> &[u64] {
        &self.counts[self.counted.0..][..self.counted.1]
    }

    /// The activity of the day, since it was shown last. A pause of more than 60 s ends a span, and so may the end of
    /// a batch.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = Span> + '_ {
        let (pairs, _) = self.activity.as_chunks();
        let (first, count) = self.spans;
        pairs[first..][..count].iter().map(|&[first, last]| Span { first: Time(first), last: Time(last) })
    }

    /// The rows, in stream order.
    pub fn rows<R: Row>(&self) -> impl Iterator<Item = R> + '_ {
        R::rows(self)
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.rows.1
    }

    /// What a column holds for the rows, by its position in the manifest.
    #[doc(hidden)]
    #[inline(always)]
    pub fn held<F: Field>(&self, column: usize) -> &[F::Held] {
        &F::held(&self.columns[column])[self.rows.0..][..self.rows.1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::manifest;
    use crate::{Events, Instance, Plugin, Results, Row, Window};

    #[derive(Debug, PartialEq, Events)]
    enum Event {
        #[event("a.start")]
        Start,
        #[event("a.end")]
        End,
        #[event(other)]
        Other,
    }

    #[derive(Debug, PartialEq, Row)]
    #[row(severity = 17)]
    struct Seen {
        event: Event,
        time: Time,
        previous: Option<Time>,
        minute: Minute,
        severity: Severity,
        signature: Option<Symbol>,
        #[row(attribute = "session.id")]
        session: Option<Key>,
        #[row(attribute = "duration")]
        duration: Option<i64>,
    }

    #[crate::settings]
    #[derive(Default)]
    struct Nothing {}

    #[crate::plugin(name = "nothing", title = "Says \"nothing\"", counted = ["a.step", "a\"b"])]
    impl Plugin for Nothing {
        type Row = Seen;
        type Partial = u64;
        type Fleet = ();
        const ACTIVITY: bool = true;

        fn partial(&self) -> u64 {
            0
        }
        fn observe(&self, _: &mut u64, _: &Batch) {}
        fn fleet(&self, _: &Window) {}
        fn add(&self, (): &mut (), _: &Instance, _: u64) {}
        fn report(&self, (): (), _: &mut Results) -> Result<(), String> {
            Ok(())
        }
    }

    #[test]
    fn the_manifest_names_what_the_row_holds() {
        let manifest = manifest::<Nothing>();
        assert_eq!((manifest.name.as_str(), manifest.title.as_str()), ("nothing", "Says \"nothing\""));
        assert_eq!((manifest.activity, manifest.severity), (true, Some(17)));
        assert_eq!(manifest.events, ["a.start", "a.end"]);
        assert_eq!(manifest.counted, ["a.step", "a\"b"]);
        let columns: Vec<_> =
            manifest.columns.iter().map(|c| (c.name.as_str(), c.attribute, c.holds.as_str())).collect();
        let expected = [
            ("event", false, "event"),
            ("time", false, "time"),
            ("previous", false, "previous"),
            ("minute", false, "minute"),
            ("severity", false, "severity"),
            ("signature", false, "symbol"),
            ("session.id", true, "key"),
            ("duration", true, "integer"),
        ];
        assert_eq!(columns, expected);
    }

    /// A day without rows, and one with two.
    fn batch() -> contract::Batch {
        let columns = vec![
            Column::Bytes(vec![1, 255]),
            Column::Signed(vec![10, 20]),
            Column::Signed(vec![i64::MIN, 15]),
            Column::Words(vec![480, 481]),
            Column::Bytes(vec![9, 21]),
            Column::Unsigned(vec![0, 7]),
            Column::Unsigned(vec![8, 0]),
            Column::Signed(vec![250, i64::MIN]),
        ];
        let day = |day, rows, spans| contract::Day { day, rows, spans };
        let days = vec![day(1, 0, 1), day(2, 2, 2)];
        contract::Batch { days, columns, counts: vec![7, 0, 8, 9], activity: vec![1, 2, 3, 4, 5, 6] }
    }

    #[test]
    fn columns_are_read_as_rows() {
        let mut days = Vec::new();
        let mut counts = Vec::new();
        Batch::each_day(batch(), |day| {
            days.push((day.day, day.spans().collect(), day.rows().collect()));
            counts.push(day.counts().to_vec());
        });
        assert_eq!(counts, [[7, 0], [8, 9]]);
        let first = Seen {
            event: Event::End,
            time: Time(10),
            previous: None,
            minute: Minute(480),
            severity: Severity(9),
            signature: None,
            session: Some(Key(8)),
            duration: Some(250),
        };
        let second = Seen {
            event: Event::Other,
            time: Time(20),
            previous: Some(Time(15)),
            minute: Minute(481),
            severity: Severity(21),
            signature: Some(Symbol(7)),
            session: None,
            duration: None,
        };
        let span = |first, last| Span { first: Time(first), last: Time(last) };
        let expected: [(i32, Vec<Span>, Vec<Seen>); 2] =
            [(1, vec![span(1, 2)], vec![]), (2, vec![span(3, 4), span(5, 6)], vec![first, second])];
        assert_eq!(days, expected);
    }

    #[test]
    #[should_panic(expected = "not of the kind `words`")]
    fn a_column_of_the_wrong_kind_is_named() {
        let mut batch = batch();
        batch.columns.swap(3, 4);
        Batch::each_day(batch, |day| _ = day.rows::<Seen>().count());
    }
}
