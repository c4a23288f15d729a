//! How the last fetch went and what was lost, as tables.

use super::page::plural;
use super::table::{Heading, TableView};
use crate::format::{Formatter, bytes, count, visible};
use crate::model::{CauseCount, Cell, Coverage, Gap, InstanceCoverage, LagCount};

/// Rows of a table that only shows the worst; `report.json` has all.
const WORST_MAX: usize = 10;

/// Gaps that are shown, newest first.
const GAPS_MAX: usize = 25;

/// Instances that lag by less are not worth a row: a day without a record is a day off.
const LAG_SECONDS_MIN: u64 = 24 * 3600;

/// What was lost.
pub(super) fn gaps(coverage: &Coverage, formatter: &Formatter) -> Option<TableView> {
    let headings = [
        Heading::Of("Instance"),
        Heading::Of("File"),
        Heading::Sizes("Lost"),
        Heading::Of("Last record before"),
        Heading::Of("First record after"),
        Heading::Of("Why"),
    ];
    let rows: Vec<_> = coverage.gaps.iter().take(GAPS_MAX).map(gap).collect();
    let mut view = table("Gaps", &headings, &rows, formatter)?;
    let hidden = coverage.gaps.len() - rows.len();
    if hidden > 0 || coverage.gaps_left_out > 0 {
        view.note = format!("{} not shown.", plural(hidden as u64 + coverage.gaps_left_out, "older gap", "older gaps"));
    }
    Some(view)
}

fn gap(gap: &Gap) -> Vec<Cell> {
    let why = match (gap.in_store, gap.listed) {
        (true, _) => "damaged in the store",
        (false, true) => "its end is missing or damaged",
        (false, false) => "gone before it was read",
    };
    vec![
        Cell::text(&gap.instance),
        Cell::text(&gap.file),
        Cell::Text(gap.bytes.map_or_else(|| "unknown".to_owned(), bytes)),
        gap.last_before.map_or(Cell::None, Cell::Time),
        gap.first_after.map_or(Cell::None, Cell::Time),
        Cell::text(why),
    ]
}

/// Why instances were not reached in whole.
pub(super) fn causes(coverage: &Coverage, formatter: &Formatter) -> Option<TableView> {
    let headings = [Heading::Of("Cause"), Heading::Of("Instances"), Heading::Of("For example")];
    let row = |cause: &CauseCount| vec![Cell::text(&cause.class), number(cause.instances), Cell::text(&cause.example)];
    table("Causes", &headings, &coverage.causes.iter().map(row).collect::<Vec<_>>(), formatter)
}

/// How far instances are behind the fleet.
pub(super) fn lags(coverage: &Coverage, formatter: &Formatter) -> Option<TableView> {
    let behind = |instance: &&InstanceCoverage| instance.lag_seconds.is_some_and(|lag| lag > LAG_SECONDS_MIN);
    let mut behind: Vec<_> = coverage.instances.iter().filter(behind).collect();
    behind.sort_by_key(|instance| std::cmp::Reverse(instance.lag_seconds));
    let row = |instance: &&InstanceCoverage| {
        let lag = instance.lag_seconds.map_or(Cell::None, |lag| Cell::Duration(lag as f64 * 1000.0));
        vec![Cell::text(&instance.name), lag, instance.last_record.map_or(Cell::None, Cell::Time)]
    };
    let headings = [Heading::Of("Instance"), Heading::Of("Behind"), Heading::Of("Last record")];
    let rows: Vec<_> = behind.iter().take(WORST_MAX).map(row).collect();
    Some(folded(table("Furthest behind the fleet", &headings, &rows, formatter)?))
}

/// How far the data of the instances reach, in one sentence; empty where there are no data.
pub(super) fn reach(coverage: &Coverage) -> String {
    let part = |lag: &LagCount| {
        let number = count(lag.instances);
        match lag.hours_max {
            Some(hours) if hours < 24 => format!("{number} up to {hours} h"),
            Some(hours) => format!("{number} up to {} d", hours / 24),
            None => format!("{number} more"),
        }
    };
    let parts: Vec<String> = coverage.lags.iter().filter(|lag| lag.instances > 0).map(part).collect();
    match parts.len() {
        0 => String::new(),
        _ => format!("How many instances' data end how long before the fleet's newest record: {}.", parts.join(", ")),
    }
}

/// Whose clocks are off.
pub(super) fn clocks(coverage: &Coverage, formatter: &Formatter) -> Option<TableView> {
    let skew = |instance: &InstanceCoverage| instance.clock_skew_ms.unwrap_or(0);
    let mut off: Vec<_> = coverage.instances.iter().filter(|instance| skew(instance) != 0).collect();
    off.sort_by_key(|instance| std::cmp::Reverse(skew(instance).unsigned_abs()));
    let row = |instance: &&InstanceCoverage| {
        let off = skew(instance);
        let way = if off > 0 { "ahead" } else { "behind" };
        vec![Cell::text(&instance.name), Cell::Duration(off.unsigned_abs() as f64), Cell::text(way)]
    };
    let headings = [Heading::Of("Instance"), Heading::Of("Off by"), Heading::Of("Which way")];
    let rows: Vec<_> = off.iter().take(WORST_MAX).map(row).collect();
    let mut view = folded(table("Clocks that are off", &headings, &rows, formatter)?);
    if off.len() > rows.len() {
        let more = plural((off.len() - rows.len()) as u64, "more clock is", "more clocks are");
        view.note = format!("{more} off by less.");
    }
    Some(view)
}

/// What the last fetch made of the files.
pub(super) fn files(coverage: &Coverage, formatter: &Formatter) -> Option<TableView> {
    let fetched = coverage.files_fetched.by_outcome().into_iter().filter(|(_, files)| *files > 0);
    let rows: Vec<_> = fetched.map(|(outcome, files)| vec![Cell::text(outcome), number(files)]).collect();
    Some(folded(table("Files in the last fetch", &[Heading::Of("Outcome"), Heading::Of("Files")], &rows, formatter)?))
}

/// What was wrong in the text of the logs.
pub(super) fn faults(coverage: &Coverage, formatter: &Formatter) -> Option<TableView> {
    let row = |(kind, count): (&String, &u64)| {
        let has = |instance: &&InstanceCoverage| instance.faults.contains_key(kind);
        let instances = coverage.instances.iter().filter(has).count() as u64;
        vec![Cell::Text(visible(&kind_in_words(kind))), number(*count), number(instances)]
    };
    let rows: Vec<_> = coverage.faults.iter().map(row).collect();
    let headings = [Heading::Of("Fault"), Heading::Of("Count"), Heading::Of("Instances")];
    Some(folded(table("Faults in the text of the logs", &headings, &rows, formatter)?))
}

fn kind_in_words(kind: &str) -> String {
    match kind {
        "future-record" => "records of a time that is still to come".to_owned(),
        "cut-record" => "records cut for their length".to_owned(),
        "gap-time" => "times that daylight saving skips".to_owned(),
        "invalid-utf8" => "records that are not UTF-8".to_owned(),
        "no-time" => "records that tell no time, taken at the latest before them".to_owned(),
        "nul-hole" => "holes of zero bytes".to_owned(),
        "other-encoding" => "lines in another encoding than the file's, read in theirs".to_owned(),
        "stray-line" => "lines that begin as records of another layout, taken into the record before".to_owned(),
        "unknown-severity" => "records whose severity is no known word, taken as INFO".to_owned(),
        "unterminated-line" => "last lines without an end".to_owned(),
        other => other.replace('-', " "),
    }
}

fn table(title: &str, headings: &[Heading<'_>], rows: &[Vec<Cell>], formatter: &Formatter) -> Option<TableView> {
    (!rows.is_empty()).then(|| TableView::of(title, headings, rows, formatter))
}

fn folded(mut view: TableView) -> TableView {
    view.folded = true;
    view
}

fn number(number: u64) -> Cell {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
