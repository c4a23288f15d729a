//! The section *Installed base*.

use std::collections::BTreeMap;

use logparser_sdk::results::counted;
use logparser_sdk::{Axis, Cell, Chart, Highlight, Level, Points, Rank, Results, Series, Symbol};

use crate::InstalledBase;
use crate::state::{DAY_MS, Fleet, Installed, Presence};

pub fn tell(settings: &InstalledBase, fleet: &Fleet, results: &mut Results) {
    let skewed = skewed(settings, fleet);
    attend_silent(settings, fleet, results);
    attend_unreached(settings, fleet, results);
    attend_skewed(settings, &skewed, results);
    counts(fleet, &skewed, results);
    versions(fleet, results);
    by_day(fleet, results);
    silent(fleet, results);
    unreached(fleet, results);
    clocks(&skewed, results);
    last_seen(fleet, results);
}

/// The first column ranks ties, the column `by` the rows.
const fn by(column: u32) -> Option<Rank> {
    Some(Rank { by: column, limit: None })
}

/// Instances of a state, in the order of their names.
fn of(fleet: &Fleet, state: Presence) -> impl Iterator<Item = &Installed> {
    fleet.instances.iter().filter(move |installed| installed.state == state)
}

/// Instances whose clock is off, with the skew in milliseconds.
fn skewed(settings: &InstalledBase, fleet: &Fleet) -> Vec<(u32, f64)> {
    let skew = |installed: &Installed| installed.clock_skew_ms.map(|skew_ms| (installed.id, skew_ms as f64));
    let far = |&(_, skew_ms): &(u32, f64)| skew_ms.abs() >= settings.clock_skew_min_s * 1000.0;
    fleet.instances.iter().filter_map(skew).filter(far).collect()
}

fn counts(fleet: &Fleet, skewed: &[(u32, f64)], results: &mut Results) {
    let all = fleet.instances.len() as u64;
    let active = fleet.instances.iter().filter(|installed| installed.active_days > 0).count() as u64;
    let comparable = fleet.coverage.is_comparable(&fleet.window);
    results.metric("instances", "Instances", all);
    results
        .metric("instances-active", "Instances with records in the period", active)
        .sample(all)
        .compare(comparable.then_some(fleet.active_before));
    results.metric("instances-silent", "Silent instances", fleet.count(Presence::Silent)).sample(all);
    let unreached = (fleet.asked > 0).then(|| fleet.count(Presence::Unreached));
    results.metric("instances-unreached", "Instances not reached", unreached).sample(fleet.asked);
    results.metric("instances-without-data", "Instances without any record", fleet.count(Presence::NoData)).sample(all);
    let known = fleet.instances.iter().filter(|installed| installed.clock_skew_ms.is_some()).count() as u64;
    let skewed = (known > 0).then_some(skewed.len() as u64);
    results.metric("instances-clock-skewed", "Instances with a clock that is off", skewed).sample(known);
}

fn versions(fleet: &Fleet, results: &mut Results) {
    let mut instances = BTreeMap::new();
    for installed in fleet.instances.iter().filter(|installed| installed.last.is_some()) {
        *instances.entry(installed.version).or_insert(0_u64) += 1;
    }
    let known: u64 = instances.iter().filter(|(version, _)| version.is_some()).map(|(_, count)| count).sum();
    let distinct = instances.keys().flatten().count() as u64;
    results.metric("versions", "Versions in use", (known > 0).then_some(distinct)).sample(known);
    chart(&instances, results);
    let rows = instances.into_iter().map(|(version, count)| {
        let share = if version.is_some() { Cell::share(count, known) } else { Cell::None };
        vec![version.map_or_else(|| "(unknown)".into(), Cell::from), count.into(), share]
    });
    let columns = [("version", "Version"), ("instances", "Instances"), ("share", "Share of known")];
    results
        .table("versions", "Instances by version", &columns, by(1), rows)
        .note("The version of the last session start before the end of the period.");
}

fn chart(instances: &BTreeMap<Option<Symbol>, u64>, results: &mut Results) {
    let (versions, counts): (Vec<u64>, Vec<_>) =
        instances.iter().filter_map(|(version, count)| Some((version.as_ref()?.0, Some(*count as f64)))).unzip();
    results.series(Series {
        id: "instances-by-version".to_owned(),
        title: "Instances by version".to_owned(),
        chart: Chart::Bar,
        unit: "instances".to_owned(),
        axis: Axis::Symbols(versions),
        points: vec![Points::new("Instances", counts)],
    });
}

fn by_day(fleet: &Fleet, results: &mut Results) {
    let days: Vec<i32> = fleet.window.days().collect();
    let count = |&day: &i32| fleet.coverage.count(day, fleet.active.get(&day).copied());
    let line = vec![Points::new("Instances", days.iter().map(count))];
    let title = "Instances with records per day";
    results.by_day("instances-per-day", title, Chart::Bar, "instances", line, days.clone());
}

fn silent(fleet: &Fleet, results: &mut Results) {
    let columns = [
        ("instance", "Instance"),
        ("silent-for", "Silent for"),
        ("silent-after", "Silent after"),
        ("last-record", "Last record"),
        ("version", "Version"),
    ];
    let rows = of(fleet, Presence::Silent).map(|installed| {
        vec![
            Cell::Instance(installed.id),
            Cell::duration(installed.pause_ms),
            Cell::Duration(installed.silent_after_ms),
            installed.last.into(),
            installed.version.into(),
        ]
    });
    results
        .table("silent-instances", "Silent instances", &columns, by(1), rows)
        .note("Counted up to the newest record of the fleet.");
}

fn unreached(fleet: &Fleet, results: &mut Results) {
    let columns = [("instance", "Instance"), ("last-record", "Last record"), ("version", "Version")];
    let rows = of(fleet, Presence::Unreached)
        .map(|installed| vec![Cell::Instance(installed.id), installed.last.into(), installed.version.into()]);
    results.table("unreached-instances", "Instances not reached", &columns, None, rows);
}

fn clocks(skewed: &[(u32, f64)], results: &mut Results) {
    let columns = [("instance", "Instance"), ("difference", "Difference"), ("direction", "The clock is")];
    let rows = skewed.iter().map(|&(id, skew_ms)| {
        let direction = if skew_ms > 0.0 { "ahead" } else { "behind" };
        vec![Cell::Instance(id), Cell::Duration(skew_ms.abs()), direction.into()]
    });
    results.table("clock-skew", "Clocks that are off", &columns, by(1), rows);
}

fn last_seen(fleet: &Fleet, results: &mut Results) {
    let columns = [
        ("instance", "Instance"),
        ("pause", "Since the last record"),
        ("last-record", "Last record"),
        ("version", "Version"),
        ("active-days", "Days with records"),
        ("state", "State"),
    ];
    let rows = fleet.instances.iter().map(|installed| {
        vec![
            Cell::Instance(installed.id),
            Cell::duration(installed.pause_ms),
            installed.last.into(),
            installed.version.into(),
            installed.active_days.into(),
            installed.state.name().into(),
        ]
    });
    results.table("last-seen", "Last seen", &columns, by(1), rows);
}

fn attend_silent(settings: &InstalledBase, fleet: &Fleet, results: &mut Results) {
    let count = fleet.count(Presence::Silent);
    let longest = of(fleet, Presence::Silent).filter_map(|installed| Some((installed.id, installed.pause_ms?)));
    // Of two with the same pause the first name stays.
    let longest = longest.reduce(|longest, next| if next.1 > longest.1 { next } else { longest });
    let Some((id, pause_ms)) = longest else { return };
    let verb = if count == 1 { "is" } else { "are" };
    results.highlight(Highlight {
        level: Level::Warning,
        sentence: vec![
            format!("{} {verb} silent for longer than usual; the longest, ", counted(count, "instance"))
                .as_str()
                .into(),
            Cell::Instance(id),
            ", for ".into(),
            Cell::Duration(pause_ms),
        ],
        value: count.into(),
        baseline: Cell::Duration(f64::from(settings.silent_days) * DAY_MS),
        sample: Some(fleet.instances.len() as u64),
        rule: format!("silent_days = {}, or twice the longest pause before", settings.silent_days),
    });
}

fn attend_unreached(settings: &InstalledBase, fleet: &Fleet, results: &mut Results) {
    let count = fleet.count(Presence::Unreached);
    let Cell::Percent(share) = Cell::share(count, fleet.asked) else { return };
    // A third or more is what coverage itself calls for attention to, before all else.
    if share <= settings.unreached_max || fleet.asked < settings.minimum_sample || count * 3 >= fleet.asked {
        return;
    }
    results.highlight(Highlight {
        level: Level::Warning,
        sentence: vec![
            format!("{count} of {} were not reached: ", counted(fleet.asked, "instance")).as_str().into(),
            Cell::Percent(share),
        ],
        value: Cell::Percent(share),
        baseline: Cell::Percent(settings.unreached_max),
        sample: Some(fleet.asked),
        rule: format!("unreached_max = {}, minimum_sample = {}", settings.unreached_max, settings.minimum_sample),
    });
}

fn attend_skewed(settings: &InstalledBase, skewed: &[(u32, f64)], results: &mut Results) {
    let farther = |far: (u32, f64), next: (u32, f64)| if next.1.abs() > far.1.abs() { next } else { far };
    let Some((id, skew_ms)) = skewed.iter().copied().reduce(farther) else { return };
    let count = skewed.len() as u64;
    let (verb, limit_s) = (if count == 1 { "has a clock" } else { "have clocks" }, settings.clock_skew_min_s);
    let direction = if skew_ms > 0.0 { " ahead" } else { " behind" };
    results.highlight(Highlight {
        level: Level::Info,
        sentence: vec![
            format!("{} {verb} off by {limit_s} s or more; the most, ", counted(count, "instance")).as_str().into(),
            Cell::Instance(id),
            ", by ".into(),
            Cell::Duration(skew_ms.abs()),
            direction.into(),
        ],
        value: count.into(),
        baseline: Cell::Duration(limit_s * 1000.0),
        sample: None,
        rule: format!("clock_skew_min_s = {limit_s}"),
    });
}
