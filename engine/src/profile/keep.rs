//! `[keep]`: how long what was fetched is kept.

use super::Keep;
use super::raw::{Key, Table};
use super::suggest::quoted;
use super::text::Span;

const KEEP: Key = Key("keep", "{ logs = \"90 days\" }");
const LOGS: Key = Key("logs", "\"90 days\"");
const PARTIALS: Key = Key("partials", "\"400 days\"");
const INSTANCES: Key = Key("instances", "\"400 days\"");

const FOREVER: &str = "forever";
/// A hundred years, as of a period.
const DAYS_MAX: u32 = 36_525;

/// Reads `[keep]`.
pub(super) fn take_keep(profile: &mut Table<'_>) -> Keep {
    let Some(mut table) = profile.take_table(KEEP) else { return Keep::default() };
    let (logs_days, _) = take_days(&mut table, LOGS);
    let (partials_days, place) = take_days(&mut table, PARTIALS);
    let (instances_days, _) = take_days(&mut table, INSTANCES);
    if let (Some(partials), Some(place)) = (partials_days, place)
        && logs_days.is_none_or(|logs| partials < logs)
    {
        let message = "`partials` are kept for a shorter time than `logs`";
        let help = "they are made from logs, and would be made again: keep them as long, or longer";
        table.doc().fault(&place, message, help);
    }
    table.finish();
    Keep { logs_days, partials_days, instances_days }
}

/// A number of days, none for ever; and where it stands.
fn take_days(table: &mut Table<'_>, key: Key) -> (Option<u32>, Option<Span>) {
    let Some(text) = table.take_text(key) else { return (None, None) };
    let written = text.value.trim();
    if written == FOREVER {
        return (None, Some(text.span));
    }
    let days = written.strip_suffix("days").or_else(|| written.strip_suffix("day"));
    let days = days.and_then(|days| days.trim_end().parse::<u32>().ok()).filter(|days| (1..=DAYS_MAX).contains(days));
    if days.is_none() {
        let message = format!("`{}` is not a time to keep something: {}", key.0, quoted(&text.value));
        let help = format!("a number of days from 1 to {DAYS_MAX}, such as `{} = {}`, or \"{FOREVER}\"", key.0, key.1);
        table.doc().fault(&text.span, message, help);
    }
    (days, Some(text.span))
}
