//! Units of charts.

use super::{NO_VALUE, duration, float, percent};

/// The unit of the values of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// `ms`: milliseconds, shown as durations.
    Milliseconds,
    /// `s`: seconds, shown as durations.
    Seconds,
    /// `share`: shares between 0 and 1, shown as percentages.
    Share,
    /// Anything else: numbers of that.
    Of(String),
}

impl Unit {
    /// The unit that a series or heatmap names.
    pub fn new(name: &str) -> Self {
        match name {
            "ms" => Self::Milliseconds,
            "s" => Self::Seconds,
            "share" => Self::Share,
            other => Self::Of(other.to_owned()),
        }
    }

    /// A value in words; the name of the unit is left to [`Unit::name`].
    pub fn value(&self, value: Option<f64>) -> String {
        let Some(value) = value else {
            return NO_VALUE.to_owned();
        };
        match self {
            Self::Milliseconds => duration(value),
            Self::Seconds => duration(value * 1000.0),
            Self::Share => percent(value),
            Self::Of(_) => float(value),
        }
    }

    /// A round value beside an axis: as [`Unit::value`], without idle decimals.
    pub fn tick(&self, value: f64) -> String {
        if value == 0.0 {
            return "0".to_owned();
        }
        self.value(Some(value)).replace(".0 ", " ").replace(".0%", "%")
    }

    /// What the values count, where they do not say it themselves.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Of(name) if !name.is_empty() => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_ticks_follow_the_unit() {
        let cases = [
            ("ms", 2000.0, "2.0 s", "2 s"),
            ("s", 90.0, "1 min 30 s", "1 min 30 s"),
            ("share", 0.98, "98.0%", "98%"),
            ("errors", 12.5, "12.5", "12.5"),
        ];
        for (name, value, words, tick) in cases {
            let unit = Unit::new(name);
            assert_eq!((unit.value(Some(value)).as_str(), unit.tick(value).as_str()), (words, tick));
        }
        assert_eq!(Unit::new("errors").value(None), "—");
        assert_eq!(Unit::new("errors").name(), Some("errors"));
        assert_eq!(Unit::new("ms").name(), None);
    }
}
