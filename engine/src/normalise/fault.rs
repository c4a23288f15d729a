//! What can be wrong with a format or an event rule.

use super::template::TemplateFault;

/// Something in the profile's format or event rules that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct RuleFault {
    /// Where it stands.
    pub place: RulePlace,
    /// What is wrong.
    pub what: RuleProblem,
}

/// A place in the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum RulePlace {
    /// `pattern` of the format at this position.
    #[error("the format's pattern")]
    Pattern(usize),
    /// `timestamp` of the format at this position.
    #[error("the format's timestamp")]
    Timestamp(usize),
    /// The list of formats.
    #[error("the formats")]
    Formats,
    /// `body` of the event rule at this position.
    #[error("body of event rule {}", .0 + 1)]
    Body(usize),
    /// `body` of the signature rule at this position.
    #[error("signature rule {}", .0 + 1)]
    Signature(usize),
    /// The set of all KPIs.
    #[error("the KPIs")]
    Kpis,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// Braces and names do not fit together.
    #[error(transparent)]
    Template(#[from] TemplateFault),
    /// A pattern without `{timestamp}`.
    #[error("it has no {{timestamp}}")]
    NoTimestamp,
    /// A pattern of more than two lines.
    #[error("it has more than two lines")]
    ManyLines,
    /// A field of the format's pattern with a type.
    #[error("`{{{0}}}`: a field of the format has no type")]
    TypedField(String),
    /// A type that no capture has.
    #[error("`{{{name}:{kind}}}`: there is no type `{kind}`")]
    UnknownType {
        /// Name of the capture.
        name: String,
        /// What stands behind the colon.
        kind: String,
    },
    /// A time format that cannot be read.
    #[error("`{0}` is no time format")]
    NoTimeFormat(String),
    /// A time format that does not tell an instant.
    #[error("`{0}` tells no whole date and time")]
    PartialTime(String),
    /// More plugins than bits.
    #[error("{0} are switched on, and 64 is the most")]
    TooManyKpis(usize),
    /// More formats than bits.
    #[error("there are {0}, and 64 is the most")]
    TooManyFormats(usize),
}

impl RuleFault {
    /// What would be right.
    pub fn help(&self) -> &'static str {
        match &self.what {
            RuleProblem::Template(fault) => fault.help(),
            RuleProblem::NoTimestamp => "name the place of the time, as in `{timestamp} {severity} {logger} - {body}`",
            RuleProblem::ManyLines => "name what stands in the first two: lines behind them belong to the record",
            RuleProblem::TypedField(_) => "leave the type out; types belong to the captures of event rules",
            RuleProblem::UnknownType { .. } => "the types are `int`, `ms` and `s`; text has none",
            RuleProblem::NoTimeFormat(_) => {
                "%Y %m %d %H %M %S, %3f or %f for fractions, %b for months, %I with %p, %z; or a word such as `epoch ms`"
            }
            RuleProblem::PartialTime(_) => {
                "it needs month, day, hour and minute at least, as in `%Y-%m-%d %H:%M:%S,%3f`; %I needs %p"
            }
            RuleProblem::TooManyFormats(_) => "spread the fleet over two profiles",
            RuleProblem::TooManyKpis(_) => "switch some off, or spread them over two profiles",
        }
    }
}
