//! The section *Health*.

use logparser_sdk::period::change;
use logparser_sdk::{Axis, Cell, Chart, Heatmap, Points, Rank, Results, Series, Symbol};

use crate::Errors;
use crate::attention;
use crate::clock::{DAY_H, WEEKDAYS, Week, weekday};
use crate::fleet::{Fleet, Signature, Totals};
use crate::trend::{flooding, trends};

/// Signatures that a table gets: the engine shows the first of them, and knows the texts that break ties.
const ROWS_MAX: usize = 1000;
/// Names that a sentence can bear.
const NAMES_MAX: usize = 20;

pub fn tell(settings: &Errors, fleet: &Fleet, results: &mut Results) {
    let comparable = fleet.coverage.is_comparable(&fleet.window);
    attention::tell(settings, fleet, comparable, results);
    totals(fleet, comparable, results);
    most_frequent(settings, fleet, comparable, results);
    by_day(fleet, results);
    by_hour(fleet, results);
    by_weekday(fleet, results);
    fatal_instances(settings, fleet, results);
    unreached(fleet, results);
}

fn totals(fleet: &Fleet, comparable: bool, results: &mut Results) {
    let days = fleet.coverage.days(fleet.window.days());
    let known = |count: u64| (days > 0).then_some(count);
    let before = comparable.then_some(&fleet.before);
    results
        .metric("errors", "Errors", known(fleet.now.errors))
        .compare(before.map(|before| before.errors))
        .note("severity 17 and above, fatal ones among them");
    results.metric("fatals", "Fatal errors", known(fleet.now.fatals)).compare(before.map(|before| before.fatals));
    let signatures = fleet.signatures.values().filter(|signature| signature.errors > 0).count() as u64;
    results.metric("error-signatures", "Distinct errors", known(signatures));
    let ill = |fatals| fleet.ill.iter().filter(|ill| ill.fatals >= fatals).count() as u64;
    results.metric("instances-with-errors", "Instances with errors", known(ill(0))).sample(fleet.instances);
    results.metric("instances-with-fatals", "Instances with fatal errors", known(ill(1))).sample(fleet.instances);
}

fn most_frequent(settings: &Errors, fleet: &Fleet, comparable: bool, results: &mut Results) {
    let columns = [
        ("signature", "Error"),
        ("count", "Count"),
        ("share", "Share"),
        ("instances", "Instances"),
        ("first-seen", "First seen"),
        ("last-seen", "Last seen"),
        ("previous", "Period before"),
        ("change", "Change"),
        ("state", "State"),
        ("mostly-from", "Half or more from"),
    ];
    let (shown, rest) = ranked(fleet);
    let row = |(symbol, signature): (Symbol, &Signature)| {
        let state = trends(signature, &fleet.window, settings.minimum_sample);
        let state: Vec<&str> = state.into_iter().map(|trend| trend.name()).filter(|_| comparable).collect();
        let state = (!state.is_empty()).then(|| state.join(", "));
        let flood = flooding(fleet, signature, settings.minimum_sample);
        let tail = [Cell::from(state.as_deref()), flood.map_or(Cell::None, |(id, _)| Cell::Instance(id))];
        numbers(symbol.into(), signature, fleet, comparable).into_iter().chain(tail).collect()
    };
    let rest = (rest.errors > 0).then(|| {
        let mut cells = numbers("(other errors)".into(), &rest, fleet, comparable);
        cells[3] = Cell::None;
        cells.into_iter().chain([Cell::None, Cell::None]).collect()
    });
    let rows: Vec<Vec<Cell>> = shown.into_iter().map(row).chain(rest).collect();
    let rank = Rank { by: 1, limit: Some(settings.top) };
    let note = format!(
        "Shares are of all {} errors. First seen reaches back one period; state and change are against that period{}.",
        fleet.now.errors,
        if comparable { "" } else { ", of which there are too few days" }
    );
    results.table("most-frequent-errors", "Most frequent errors", &columns, Some(rank), rows).note(note);
}

/// The signatures with most errors, with all ties of the last, and the sums of the rest.
fn ranked(fleet: &Fleet) -> (Vec<(Symbol, &Signature)>, Signature) {
    let mut shown = Vec::new();
    let mut rest = Signature::default();
    for (symbol, signature) in fleet.signatures.iter().filter(|(_, signature)| signature.errors > 0) {
        match symbol {
            Some(symbol) => shown.push((*symbol, signature)),
            None => rest.absorb(signature),
        }
    }
    shown.sort_by_key(|&(symbol, signature)| (std::cmp::Reverse(signature.errors), symbol));
    if let Some(&(_, last)) = shown.get(ROWS_MAX - 1) {
        let end = shown.partition_point(|(_, signature)| signature.errors >= last.errors);
        shown.drain(end..).for_each(|(_, signature)| rest.absorb(signature));
    }
    (shown, rest)
}

impl Signature {
    /// Takes in another signature, to be told as one.
    fn absorb(&mut self, other: &Self) {
        self.errors += other.errors;
        self.before += other.before;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
    }
}

/// The cells from the name to the change.
fn numbers(name: Cell, signature: &Signature, fleet: &Fleet, comparable: bool) -> Vec<Cell> {
    let before = comparable.then_some(signature.before);
    vec![
        name,
        signature.errors.into(),
        Cell::share(signature.errors, fleet.now.errors),
        signature.instances.into(),
        signature.first.into(),
        signature.last.into(),
        before.into(),
        change(&signature.errors.into(), &before.into()).as_deref().into(),
    ]
}

fn by_day(fleet: &Fleet, results: &mut Results) {
    let days: Vec<i32> = fleet.window.days().collect();
    let line = |name, count: fn(&Totals) -> u64| {
        Points::new(name, days.iter().map(|&day| fleet.coverage.count(day, fleet.days.get(&day).map(count))))
    };
    let lines = vec![line("Errors", |totals| totals.errors), line("Fatal", |totals| totals.fatals)];
    results.by_day("errors-per-day", "Errors per day", Chart::Bar, "errors", lines, days.clone());
}

fn hours() -> Vec<String> {
    (0..DAY_H).map(|hour| format!("{hour:02}")).collect()
}

fn by_hour(fleet: &Fleet, results: &mut Results) {
    let known = fleet.coverage.days(fleet.window.days()) > 0;
    let errors = |hour| (0..7).map(|weekday| fleet.errors.at(weekday, hour)).sum::<u64>() as f64;
    results.series(Series {
        id: "errors-by-hour".to_owned(),
        title: "Errors by hour of day".to_owned(),
        chart: Chart::Bar,
        unit: "errors".to_owned(),
        axis: Axis::Labels(hours()),
        points: vec![Points::new("Errors", (0..DAY_H).map(|hour| known.then(|| errors(hour))))],
    });
}

fn by_weekday(fleet: &Fleet, results: &mut Results) {
    let mut known = [false; 7];
    fleet.window.days().filter(|&day| fleet.coverage.has(day)).for_each(|day| known[weekday(day)] = true);
    let raw = |weekday: usize, hour| known[weekday].then(|| fleet.errors.at(weekday, hour) as f64);
    results.heatmap(week("errors-by-weekday", "Errors by weekday and hour", "errors", raw));
    let active: Week = fleet.active();
    let rate = |weekday, hour| {
        let sessions = active.at(weekday, hour);
        (sessions > 0).then(|| fleet.errors.at(weekday, hour) as f64 / sessions as f64)
    };
    let title = "Errors per active session by weekday and hour";
    results.heatmap(week("errors-per-active-session", title, "errors per session", rate));
}

fn week(id: &str, title: &str, unit: &str, value: impl Fn(usize, usize) -> Option<f64>) -> Heatmap {
    let cells = (0..7).flat_map(|weekday| (0..DAY_H).map(move |hour| (weekday, hour)));
    Heatmap {
        id: id.to_owned(),
        title: title.to_owned(),
        unit: unit.to_owned(),
        rows: WEEKDAYS.map(str::to_owned).to_vec(),
        columns: hours(),
        values: cells.map(|(weekday, hour)| value(weekday, hour)).collect(),
    }
}

fn fatal_instances(settings: &Errors, fleet: &Fleet, results: &mut Results) {
    let columns = [
        ("instance", "Instance"),
        ("fatals", "Fatal errors"),
        ("sessions", "Sessions"),
        ("fatals-per-session", "Fatal errors per session"),
    ];
    let rows = fleet.ill.iter().filter(|ill| ill.fatals > 0).map(|ill| {
        let rate = (ill.sessions > 0).then(|| ill.fatals as f64 / ill.sessions as f64);
        vec![Cell::Instance(ill.id), ill.fatals.into(), ill.sessions.into(), rate.into()]
    });
    let rank = Rank { by: 1, limit: Some(settings.top) };
    results.table("top-fatal-instances", "Instances with most fatal errors", &columns, Some(rank), rows);
}

fn unreached(fleet: &Fleet, results: &mut Results) {
    let count = fleet.unreached.len();
    if count == 0 {
        return;
    }
    let named = fleet.unreached.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if count > NAMES_MAX { format!(" and {} more", count - NAMES_MAX) } else { String::new() };
    results.text(format!("Not reached, so that their latest errors are not counted ({count}): {named}{more}."));
}
