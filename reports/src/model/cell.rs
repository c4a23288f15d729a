//! One value, with its type and unit.

use std::cmp::Ordering;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize};

/// One value. In JSON an object with one key that names the type; `null` for [`Cell::None`].
///
/// Symbols and instances are resolved: the cell carries the text that the reader shall see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// `{"boolean": true}`
    Boolean(bool),
    /// `{"integer": 12}`
    Integer(i64),
    /// `{"float": 0.5}`; `{"float": null}` is a number that could not be computed (0/0).
    Float(#[serde(deserialize_with = "null_is_nan")] f64),
    /// `{"text": "playout"}`
    Text(String),
    /// `{"time": "2026-10-16T07:15:02.123456Z"}`: an instant, in UTC.
    Time(DateTime<Utc>),
    /// `{"duration_ms": 2848.99}`: milliseconds.
    #[serde(rename = "duration_ms")]
    Duration(#[serde(deserialize_with = "null_is_nan")] f64),
    /// `{"percent": 0.98}`: a share between 0 and 1.
    Percent(#[serde(deserialize_with = "null_is_nan")] f64),
    /// `{"symbol": "2.14.3"}`: a text from the logs.
    Symbol(String),
    /// `{"instance": "studio-17"}`: the name of an instance.
    Instance(String),
    /// `{"record": {"instance": "studio-17", "file": "app.log", "offset": 48211}}`: where a record stands.
    Record {
        /// Name of the instance.
        instance: String,
        /// Name of the log file.
        file: String,
        /// Byte offset of the record in its file.
        offset: u64,
    },
    /// `null`: no value.
    #[serde(untagged)]
    None,
}

/// What a cell is ordered by: no value, then texts, then times, then numbers.
#[derive(PartialEq, PartialOrd)]
enum Key {
    None,
    Text(String),
    Time(DateTime<Utc>),
    // The integer decides where two integers share a float, so that the order stays total.
    Number(f64, i64),
}

impl Cell {
    /// An instant from microseconds since 1970 UTC; [`Cell::None`] beyond the calendar.
    pub fn time(micros: i64) -> Self {
        DateTime::from_timestamp_micros(micros).map_or(Self::None, Self::Time)
    }

    /// A text from something that can be one.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Whether the cell has a value to show: neither none nor a number that is not finite.
    pub fn has_value(&self) -> bool {
        match self {
            Self::None => false,
            Self::Float(number) | Self::Duration(number) | Self::Percent(number) => number.is_finite(),
            _ => true,
        }
    }

    /// The cell as a plain text: independent of zone and taste, made to order by and to compare.
    pub fn plain(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) | Self::Duration(value) | Self::Percent(value) => value.to_string(),
            Self::Text(text) | Self::Symbol(text) | Self::Instance(text) => text.clone(),
            Self::Time(time) => time.to_rfc3339_opts(SecondsFormat::Micros, true),
            Self::Record { instance, file, offset } => format!("{instance}/{file}@{offset}"),
        }
    }

    /// Compares by value: numbers (of any kind) as numbers, times as times, the rest as text.
    ///
    /// Where kinds meet, cells without a value are least, then texts, then times, then numbers. The order is total.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.key().partial_cmp(&other.key()).unwrap_or(Ordering::Equal)
    }

    fn key(&self) -> Key {
        match self {
            _ if !self.has_value() => Key::None,
            Self::Integer(value) => Key::Number(*value as f64, *value),
            Self::Float(value) | Self::Duration(value) | Self::Percent(value) => Key::Number(*value, *value as i64),
            Self::Boolean(value) => Key::Number(f64::from(*value), i64::from(*value)),
            Self::Time(time) => Key::Time(*time),
            _ => Key::Text(self.plain()),
        }
    }
}

/// JSON has no NaN; it is written as `null`.
fn null_is_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_names_the_type() {
        let record = Cell::Record { instance: "studio-1".into(), file: "app.log".into(), offset: 7 };
        let cases = [
            (Cell::None, json!(null)),
            (Cell::Boolean(true), json!({"boolean": true})),
            (Cell::Integer(i64::MIN), json!({"integer": i64::MIN})),
            (Cell::Float(0.1), json!({"float": 0.1})),
            (Cell::text("a"), json!({"text": "a"})),
            (Cell::time(1_500_000), json!({"time": "1970-01-01T00:00:01.500Z"})),
            (Cell::Duration(2848.99), json!({"duration_ms": 2848.99})),
            (Cell::Percent(0.98), json!({"percent": 0.98})),
            (Cell::Symbol("2.14.3".into()), json!({"symbol": "2.14.3"})),
            (Cell::Instance("studio-1".into()), json!({"instance": "studio-1"})),
            (record, json!({"record": {"instance": "studio-1", "file": "app.log", "offset": 7}})),
        ];
        for (cell, written) in cases {
            assert_eq!(serde_json::to_value(&cell).unwrap(), written);
            assert_eq!(serde_json::from_value::<Cell>(written).unwrap(), cell);
        }
    }

    #[test]
    fn a_number_that_is_none_survives_json() {
        let written = serde_json::to_string(&Cell::Float(f64::NAN)).unwrap();
        assert_eq!(written, r#"{"float":null}"#);
        let Cell::Float(read) = serde_json::from_str(&written).unwrap() else {
            panic!("not a float");
        };
        assert!(read.is_nan());
    }

    #[test]
    fn an_unknown_type_is_refused() {
        assert!(serde_json::from_str::<Cell>(r#"{"colour": 1}"#).is_err());
    }

    #[test]
    fn numbers_compare_as_numbers() {
        let ordered = [
            Cell::None,
            Cell::text("10"),
            Cell::text("9"),
            Cell::time(5),
            Cell::Integer(-1),
            Cell::Float(0.5),
            Cell::Integer(9),
            Cell::Integer(10),
            Cell::Integer(i64::MAX - 1),
            Cell::Integer(i64::MAX),
        ];
        for pair in ordered.windows(2) {
            assert_eq!(pair[0].compare(&pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(pair[1].compare(&pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(Cell::Float(f64::NAN).compare(&Cell::None), Ordering::Equal);
        assert_eq!(Cell::Float(0.0).compare(&Cell::Float(-0.0)), Ordering::Equal);
    }

    #[test]
    fn a_time_beyond_the_calendar_is_no_value() {
        assert_eq!(Cell::time(i64::MIN), Cell::None);
    }
}
