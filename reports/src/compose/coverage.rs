//! What the report could see, as texts.

use serde::Serialize;

use super::acquired;
use super::page::{names, plural};
use super::section::MetricView;
use super::table::{Heading, TableView};
use crate::format::{Formatter, bytes, count, visible};
use crate::model::{Cell, Coverage, InstanceCoverage, InstanceState, InventoryCoverage};

/// Problems that are listed at once; the table of all instances has every one.
const PROBLEMS_MAX: usize = 20;

/// What the template `coverage` sees.
#[derive(Debug, Serialize)]
pub(super) struct CoverageView {
    figures: Vec<MetricView>,
    /// Why the inventory that names instances could not be asked; empty where it could.
    inventory: String,
    /// Its entries that are not taken.
    refused: Option<TableView>,
    /// Instances that were not reached, or not in whole.
    problems: Option<TableView>,
    /// Why, by class; where there is more than one class or instance.
    causes: Option<TableView>,
    gaps: Option<TableView>,
    /// How far the data reach; empty where there are none.
    reach: String,
    /// Which instances were silent; empty where none was.
    silent: String,
    /// How many lines fit no rule; empty where all do.
    unparsed: String,
    examples: Vec<Example>,
    /// What the fetch and the text of the logs were like, in detail; each opens on demand.
    details: Vec<TableView>,
    /// Whether everything was reached and understood.
    whole: bool,
    /// None where the profile names no instance.
    instances: Option<TableView>,
}

#[derive(Debug, Serialize)]
struct Example {
    place: String,
    text: String,
}

impl CoverageView {
    pub(super) fn new(coverage: &Coverage, formatter: &Formatter) -> Self {
        let problems = problems(coverage, formatter);
        let (silent, unparsed) = (silent(coverage), unparsed(coverage));
        let inventory = coverage.inventory.as_ref();
        let understood = unparsed.is_empty() && !coverage.faults.contains_key("unknown-severity");
        let calm = inventory.is_none() && problems.is_none() && silent.is_empty() && understood;
        Self {
            figures: figures(coverage),
            inventory: inventory.map(|amiss| not_asked(amiss, formatter)).unwrap_or_default(),
            refused: inventory.and_then(|amiss| refused(amiss, formatter)),
            whole: coverage.instances_expected > 0 && calm,
            problems,
            reach: acquired::reach(coverage),
            causes: acquired::causes(coverage, formatter),
            gaps: acquired::gaps(coverage, formatter),
            details: details(coverage, formatter),
            silent,
            unparsed,
            examples: examples(coverage, formatter),
            instances: instances(coverage, formatter),
        }
    }
}

fn details(coverage: &Coverage, formatter: &Formatter) -> Vec<TableView> {
    let tables = [acquired::lags, acquired::clocks, acquired::files, acquired::faults];
    tables.iter().filter_map(|table| table(coverage, formatter)).collect()
}

fn figures(coverage: &Coverage) -> Vec<MetricView> {
    let figure = |title: &str, value: String, note: &str| MetricView::number(title, value, note.to_owned());
    let expected = format!("of {} expected", count(coverage.instances_expected));
    let sum = |part: fn(&InstanceCoverage) -> u64| coverage.instances.iter().map(part).sum::<u64>();
    let (gaps, lost) = (sum(|one| one.gaps), sum(|one| one.gap_bytes));
    let mut figures = vec![
        figure("Instances reached", count(coverage.reached), &expected),
        figure("Partial", count(coverage.partial), "not all of it taken"),
        figure("Unreachable", count(coverage.unreachable), "seen before"),
        figure("Never seen", count(coverage.never_seen), ""),
        figure("Without records", count(coverage.silent), "in the window"),
        figure("Records", count(coverage.records), "in the window"),
        figure("Unparsed lines", count(coverage.lines_unparsed), ""),
        figure("Log text", bytes(coverage.bytes), &format!("in {}", plural(coverage.files, "file", "files"))),
    ];
    if gaps > 0 {
        figures.push(figure("Lost at least", bytes(lost), &format!("in {}", plural(gaps, "gap", "gaps"))));
    }
    figures
}

fn not_asked(amiss: &InventoryCoverage, formatter: &Formatter) -> String {
    let Some(cause) = &amiss.cause else { return String::new() };
    let when = amiss.answered.map_or_else(String::new, |time| format!(" of {}", formatter.cell(&Cell::Time(time))));
    let cause = visible(cause);
    format!("The inventory could not be asked; the instances are those of its last answer{when}. Cause: {cause}")
}

fn refused(amiss: &InventoryCoverage, formatter: &Formatter) -> Option<TableView> {
    let rows: Vec<_> = amiss.refused.iter().map(|why| vec![Cell::text(why)]).collect();
    let mut view = TableView::of("Not taken of the inventory", &[Heading::Of("Entry, and why")], &rows, formatter);
    if amiss.refused_left_out > 0 {
        view.note = format!("{} not shown.", plural(amiss.refused_left_out, "more is", "more are"));
    }
    (!rows.is_empty()).then_some(view)
}

fn problems(coverage: &Coverage, formatter: &Formatter) -> Option<TableView> {
    let troubled = |instance: &&InstanceCoverage| {
        instance.state < InstanceState::Silent || instance.cause.is_some() || instance.gaps > 0
    };
    let mut troubled: Vec<_> = coverage.instances.iter().filter(troubled).collect();
    if troubled.is_empty() {
        return None;
    }
    troubled.sort_by(|a, b| a.state.cmp(&b.state).then_with(|| a.name.cmp(&b.name)));
    let shown = troubled.iter().take(PROBLEMS_MAX);
    let rows: Vec<Vec<Cell>> = shown.map(|instance| problem(instance)).collect();
    let headings = [
        Heading::Of("Instance"),
        Heading::Of("State"),
        Heading::Of("Cause"),
        Heading::Of("Last record"),
        Heading::Sizes("Lost at least"),
    ];
    let mut view = TableView::of("Not covered in whole", &headings, &rows, formatter);
    if troubled.len() > PROBLEMS_MAX {
        let hidden = plural((troubled.len() - PROBLEMS_MAX) as u64, "more instance", "more instances");
        view.note = format!("{hidden} with problems in the table of all instances.");
    }
    Some(view)
}

fn problem(instance: &InstanceCoverage) -> Vec<Cell> {
    vec![
        Cell::text(&instance.name),
        Cell::text(state_in_words(instance.state)),
        cause(instance),
        instance.last_record.map_or(Cell::None, Cell::Time),
        lost(instance),
    ]
}

fn cause(instance: &InstanceCoverage) -> Cell {
    instance.cause.as_ref().map_or(Cell::None, Cell::text)
}

fn lost(instance: &InstanceCoverage) -> Cell {
    if instance.gaps > 0 { Cell::Text(bytes(instance.gap_bytes)) } else { Cell::None }
}

fn silent(coverage: &Coverage) -> String {
    let silent = coverage.instances.iter().filter(|instance| instance.is_reached() && instance.records == 0);
    let silent: Vec<&str> = silent.map(|instance| instance.name.as_str()).collect();
    if silent.is_empty() {
        return String::new();
    }
    let number = plural(silent.len() as u64, "instance was", "instances were");
    format!("{number} reached but wrote no record in the window: {}.", names(silent.into_iter()))
}

fn unparsed(coverage: &Coverage) -> String {
    match coverage.lines_unparsed {
        0 if coverage.unparsed.is_empty() => String::new(),
        0 => "Lines that joined the record before them begin as records of another layout do, for example:".to_owned(),
        lines => {
            let end = if coverage.unparsed.is_empty() { "." } else { ", for example:" };
            format!("{} no rule of the format{end}", plural(lines, "line fits", "lines fit"))
        }
    }
}

fn examples(coverage: &Coverage, formatter: &Formatter) -> Vec<Example> {
    let example = |example: &crate::model::UnparsedExample| {
        let place =
            Cell::Record { instance: example.instance.clone(), file: example.file.clone(), offset: example.offset };
        Example { place: formatter.cell(&place), text: visible(&example.text) }
    };
    coverage.unparsed.iter().map(example).collect()
}

fn instances(coverage: &Coverage, formatter: &Formatter) -> Option<TableView> {
    if coverage.instances.is_empty() {
        return None;
    }
    let rows: Vec<Vec<Cell>> = coverage.instances.iter().map(instance).collect();
    let headings = [
        Heading::Of("Instance"),
        Heading::Of("Tags"),
        Heading::Of("State"),
        Heading::Of("Records"),
        Heading::Of("Unparsed"),
        Heading::Of("Files"),
        Heading::Sizes("Size"),
        Heading::Sizes("Lost at least"),
        Heading::Of("Last record"),
        Heading::Of("Behind"),
        Heading::Of("Clock off by"),
        Heading::Of("Cause"),
    ];
    let mut view = TableView::of("All instances", &headings, &rows, formatter);
    view.folded = true;
    Some(view)
}

fn instance(instance: &InstanceCoverage) -> Vec<Cell> {
    let number = |number: u64| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    vec![
        Cell::text(&instance.name),
        Cell::Text(instance.tags.join(", ")),
        Cell::text(state_in_words(instance.state)),
        number(instance.records),
        number(instance.lines_unparsed),
        number(instance.files),
        Cell::Text(bytes(instance.bytes)),
        lost(instance),
        instance.last_record.map_or(Cell::None, Cell::Time),
        instance.lag_seconds.map_or(Cell::None, |lag| Cell::Duration(lag as f64 * 1000.0)),
        instance.clock_skew_ms.filter(|skew| *skew != 0).map_or(Cell::None, |skew| Cell::Duration(skew as f64)),
        cause(instance),
    ]
}

fn state_in_words(state: InstanceState) -> &'static str {
    match state {
        InstanceState::NeverSeen => "never seen",
        InstanceState::Unreachable => "unreachable",
        InstanceState::Partial => "partial",
        InstanceState::Silent => "no records",
        InstanceState::Reached => "reached",
    }
}
