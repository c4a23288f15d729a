//! `[limits]`: how politely and how patiently instances are asked.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Limits;
use super::raw::{Key, Table};
use super::value::Seconds;

pub(super) const LIMITS: Key = Key("limits", "{ concurrency = 64 }");
const CONCURRENCY: Key = Key("concurrency", "64");
const CONNECT_TIMEOUT: Key = Key("connect_timeout", "\"5s\"");
const HEADERS_TIMEOUT: Key = Key("headers_timeout", "\"15s\"");
const PROGRESS_TIMEOUT: Key = Key("progress_timeout", "\"30s\"");
const INSTANCE_TIMEOUT: Key = Key("instance_timeout", "\"10min\"");
const RUN_TIMEOUT: Key = Key("run_timeout", "\"2h\"");
const TRIES: Key = Key("tries", "3");

/// More connections than one machine's default limit of open files (1024) leaves room for.
const CONCURRENCY_RANGE: RangeInclusive<i64> = 1..=512;
/// More tries only delay the outcome: three failures in a row give an instance up.
const TRIES_RANGE: RangeInclusive<i64> = 1..=10;
/// Below, healthy connections over a VPN would be given up; above, one dead instance holds a slot for an hour.
const REQUEST_TIMEOUT_RANGE: RangeInclusive<Seconds> = Seconds(Duration::from_millis(10))..=hours(1);
/// A run longer than two days meets the one after it.
const RUN_TIMEOUT_RANGE: RangeInclusive<Seconds> = Seconds(Duration::from_millis(10))..=hours(48);

const fn hours(hours: u64) -> Seconds {
    Seconds(Duration::from_secs(hours * 3600))
}

impl Default for Limits {
    /// The limits of a profile that names none.
    fn default() -> Self {
        Self {
            concurrency_max: 64,
            connect_timeout: Duration::from_secs(5),
            headers_timeout: Duration::from_secs(15),
            progress_timeout: Duration::from_secs(30),
            instance_timeout: Duration::from_secs(10 * 60),
            run_timeout: Duration::from_secs(2 * 3600),
            tries_max: 3,
        }
    }
}

/// Patience with one instance, as far as a table names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patience {
    connect_timeout: Option<Duration>,
    headers_timeout: Option<Duration>,
    progress_timeout: Option<Duration>,
    instance_timeout: Option<Duration>,
    tries_max: Option<u32>,
}

impl Patience {
    /// Replaces what it names.
    pub(super) fn apply(&self, limits: &mut Limits) {
        let set = |limit: &mut Duration, own: Option<Duration>| *limit = own.unwrap_or(*limit);
        set(&mut limits.connect_timeout, self.connect_timeout);
        set(&mut limits.headers_timeout, self.headers_timeout);
        set(&mut limits.progress_timeout, self.progress_timeout);
        set(&mut limits.instance_timeout, self.instance_timeout);
        limits.tries_max = self.tries_max.unwrap_or(limits.tries_max);
    }
}

/// Takes the limits that may differ from instance to instance.
pub(super) fn take_patience(table: &mut Table<'_>) -> Patience {
    let mut request = |key| table.take_duration(key, REQUEST_TIMEOUT_RANGE);
    let (connect, headers, progress) = (request(CONNECT_TIMEOUT), request(HEADERS_TIMEOUT), request(PROGRESS_TIMEOUT));
    Patience {
        connect_timeout: connect,
        headers_timeout: headers,
        progress_timeout: progress,
        instance_timeout: table.take_duration(INSTANCE_TIMEOUT, RUN_TIMEOUT_RANGE),
        tries_max: table.take_int(TRIES, TRIES_RANGE).and_then(|n| n.try_into().ok()),
    }
}

/// Reads `[limits]`.
pub(super) fn take_limits(profile: &mut Table<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(mut table) = profile.take_table(LIMITS) else { return limits };
    let concurrency = table.take_int(CONCURRENCY, CONCURRENCY_RANGE).and_then(|n| n.try_into().ok());
    limits.concurrency_max = concurrency.unwrap_or(limits.concurrency_max);
    take_patience(&mut table).apply(&mut limits);
    limits.run_timeout = table.take_duration(RUN_TIMEOUT, RUN_TIMEOUT_RANGE).unwrap_or(limits.run_timeout);
    table.finish();
    limits
}

/// Reads the limits of some instances; those of the run as a whole are not theirs.
pub(super) fn take_own_limits(table: &mut Table<'_>) -> Patience {
    let Some(mut table) = table.take_table(LIMITS) else { return Patience::default() };
    for key in [CONCURRENCY, RUN_TIMEOUT] {
        table.refuse(key, "holds for the run as a whole", "set it in `[limits]`");
    }
    let patience = take_patience(&mut table);
    table.finish();
    patience
}
