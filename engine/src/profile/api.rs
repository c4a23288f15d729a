//! `[api]` and `[limits]`: the shape of the target application's API, and how politely it is asked.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::raw::{At, Document, Key, Table};
use super::suggest::quoted;
use super::url::{check_template, has_placeholder};
use super::value::Seconds;
use super::{Limits, Rest};

const API: Key = Key("api", "{ list = \"{address}/api/logs\", fetch = \"{address}/api/logs/{name}\" }");
const LIST: Key = Key("list", "\"{address}/api/logs\"");
const ITEMS: Key = Key("items", "\"/files\"");
const NAME: Key = Key("name", "\"/name\"");
const SIZE: Key = Key("size", "\"/size\"");
const MODIFIED: Key = Key("modified", "\"/modified\"");
const ETAG: Key = Key("etag", "\"/etag\"");
const FETCH: Key = Key("fetch", "\"{address}/api/logs/{name}\"");

const LIMITS: Key = Key("limits", "{ concurrency = 64 }");
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

/// Reads `[limits]`.
pub(super) fn take_limits(profile: &mut Table<'_>) -> Limits {
    let default = Limits::default();
    let Some(mut table) = profile.take_table(LIMITS) else { return default };
    let concurrency = table.take_int(CONCURRENCY, CONCURRENCY_RANGE).and_then(|n| n.try_into().ok());
    let tries = table.take_int(TRIES, TRIES_RANGE).and_then(|n| n.try_into().ok());
    let mut request = |key| table.take_duration(key, REQUEST_TIMEOUT_RANGE);
    let (connect, headers, progress) = (request(CONNECT_TIMEOUT), request(HEADERS_TIMEOUT), request(PROGRESS_TIMEOUT));
    let limits = Limits {
        concurrency_max: concurrency.unwrap_or(default.concurrency_max),
        connect_timeout: connect.unwrap_or(default.connect_timeout),
        headers_timeout: headers.unwrap_or(default.headers_timeout),
        progress_timeout: progress.unwrap_or(default.progress_timeout),
        instance_timeout: table.take_duration(INSTANCE_TIMEOUT, RUN_TIMEOUT_RANGE).unwrap_or(default.instance_timeout),
        run_timeout: table.take_duration(RUN_TIMEOUT, RUN_TIMEOUT_RANGE).unwrap_or(default.run_timeout),
        tries_max: tries.unwrap_or(default.tries_max),
    };
    table.finish();
    limits
}

/// Reads `[api]`; `None` where it is missing or lacks something. Only `needed` makes its absence a fault.
pub(super) fn take_api(profile: &mut Table<'_>, limits: Limits, needed: bool) -> Option<Rest> {
    let doc = profile.doc();
    if needed && !profile.has(API) {
        let message = "the profile lacks `[api]`, how instances are asked for their log files";
        doc.faults.add_of_file(
            doc.text,
            message,
            format!("add `[api]` with `list = {}` and `fetch = {}`", LIST.1, FETCH.1),
        );
    }
    let mut table = profile.take_table(API)?;
    let list = table.take_required_text(LIST);
    if let Some(list) = &list {
        check_template(doc, "list", list, &["{address}", "{instance}"]);
    }
    let fetch = table.take_required_text(FETCH);
    if let Some(fetch) = &fetch {
        check_template(doc, "fetch", fetch, &["{address}", "{instance}", "{name}"]);
        if !has_placeholder(&fetch.value, "name") {
            let message = "`fetch` lacks `{name}`: every file would have the same URL";
            doc.fault(&fetch.span, message, format!("such as `fetch = {}`", FETCH.1));
        }
    }
    let mut pointer = |key| {
        let pointer = table.take_pointer(key)?;
        check_pointer(doc, key, &pointer);
        Some(pointer.value)
    };
    let items = pointer(ITEMS).unwrap_or_default();
    let name = pointer(NAME).unwrap_or_else(|| "/name".to_owned());
    let (size, modified, etag) = (pointer(SIZE), pointer(MODIFIED), pointer(ETAG));
    table.finish();
    Some(Rest { list_url: list?.value, items, name, size, modified, etag, fetch_url: fetch?.value, limits })
}

/// A JSON pointer (RFC 6901): empty, or every step behind a slash, with `~` only as `~0` and `~1`.
fn check_pointer(doc: Document<'_>, key: Key, pointer: &At<String>) {
    let text = &pointer.value;
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !(text.is_empty() || text.starts_with('/')) || !escaped {
        let message = format!("`{}` is not a JSON pointer: {}", key.0, quoted(text));
        let help = format!("a path into the answer, every step behind a slash, such as `{} = {}`", key.0, key.1);
        doc.fault(&pointer.span, message, help);
    }
}
