//! The section *Service restarts*.

use logparser_sdk::results::counted;
use logparser_sdk::{Cell, Chart, Distribution, Highlight, Level, Points, Results};

use crate::Restarts;
use crate::state::{DayTimes, Fleet, STEPS_MAX, Totals};

pub fn tell(settings: &Restarts, fleet: &Fleet, results: &mut Results) {
    let now = fleet.now();
    let before = fleet.coverage.is_comparable(&fleet.window).then_some(&fleet.before);
    attend_mean(settings, &now, results);
    attend_completion(settings, &now, results);
    times(&now, before, results);
    counts(settings, fleet, &now, before, results);
    by_service(fleet, results);
    by_day(fleet, results);
    if fleet.overfull > 0 {
        results.text(format!(
            "{} of an instance with more than {STEPS_MAX} requests and answers: the rest of the day is not counted.",
            counted(fleet.overfull, "day")
        ));
    }
}

/// Id and title of a metric, and where its value comes from.
type Named<F> = (&'static str, &'static str, F);
type Value = fn(&Distribution) -> Cell;
type Count = fn(&Totals) -> u64;

/// What is told of response times: minimum, mean, maximum, median and 95th percentile.
const TIMES: [Named<Value>; 5] = [
    ("min", "Shortest", |times_us| duration(times_us.min().map(|time_us| time_us as f64))),
    ("mean", "Mean", |times_us| Cell::duration(mean_ms(times_us))),
    ("max", "Longest", |times_us| duration(times_us.max().map(|time_us| time_us as f64))),
    ("median", "Median", |times_us| duration(times_us.quantile(0.5))),
    ("p95", "95th percentile", |times_us| duration(times_us.quantile(0.95))),
];

fn times(now: &Totals, before: Option<&Totals>, results: &mut Results) {
    for (id, title, value) in TIMES {
        let (id, title) = (format!("restart-time-{id}"), format!("{title} response time"));
        results
            .metric(&id, &title, value(&now.times_us))
            .sample(now.times_us.count())
            .compare(before.map(|before| value(&before.times_us)));
    }
}

fn counts(settings: &Restarts, fleet: &Fleet, now: &Totals, before: Option<&Totals>, results: &mut Results) {
    let days = fleet.coverage.days(fleet.window.days());
    let known = |count: u64| (days > 0 || count > 0).then_some(count);
    let rate = |totals: &Totals| Cell::share(totals.completed, totals.decided());
    results
        .metric("restart-completion-rate", "Completed restarts", rate(now))
        .sample(now.decided())
        .compare(before.map(rate))
        .note("of those that were completed or failed");
    let counts: [Named<Count>; 4] = [
        ("restarts-completed", "Restarts: completed", |totals| totals.completed),
        ("restarts-failed", "Restarts: failed", |totals| totals.failed),
        ("restarts-pending", "Restarts: pending", |totals| totals.pending),
        ("restart-retries", "Retries", |totals| totals.retries),
    ];
    for (id, title, count) in counts {
        let metric = results.metric(id, title, known(count(now)));
        metric.compare(before.map(count));
        match id {
            "restarts-completed" => remark(metric, now),
            "restarts-failed" => {
                let seconds = settings.timeout_s;
                metric.note(format!("no completion within {seconds} s, or a failure; {} answered late", now.late));
            }
            _ => {}
        }
    }
}

/// Completions that have no response time.
fn remark(metric: &mut logparser_sdk::Metric, now: &Totals) {
    if now.unknown > 0 {
        metric.note(format!("left out: {} without a request and without a duration", now.unknown));
    }
    if now.clock_faults > 0 {
        metric.note(format!("{} lie before their request and have no response time", now.clock_faults));
    }
}

fn by_service(fleet: &Fleet, results: &mut Results) {
    let columns = [
        ("service", "Service"),
        ("completed", "Completed"),
        ("failed", "Failed"),
        ("pending", "Pending"),
        ("retries", "Retries"),
        ("completion-rate", "Completed of decided"),
        ("min", "Shortest"),
        ("mean", "Mean"),
        ("max", "Longest"),
        ("median", "Median"),
        ("p95", "95th percentile"),
    ];
    let rows = fleet.services.iter().map(|(&service, totals)| {
        let service = service.map_or_else(|| Cell::from("(no name)"), Cell::from);
        let counts = [totals.completed, totals.failed, totals.pending, totals.retries].map(Cell::from);
        let rate = Cell::share(totals.completed, totals.decided());
        let times = TIMES.map(|(_, _, value)| value(&totals.times_us));
        [service].into_iter().chain(counts).chain([rate]).chain(times).collect()
    });
    let rank = logparser_sdk::Rank { by: 1, limit: None };
    results.table("restarts-by-service", "Restarts by service", &columns, Some(rank), rows);
}

/// A day without a completed restart is a gap.
fn by_day(fleet: &Fleet, results: &mut Results) {
    let days: Vec<i32> = fleet.window.days().collect();
    let mean = |day| fleet.days.get(day).map(DayTimes::mean_ms);
    let line = vec![Points::new("Mean", days.iter().map(mean))];
    results.by_day("restart-time-per-day", "Mean response time per day", Chart::Line, "ms", line, days.clone());
}

fn attend_mean(settings: &Restarts, now: &Totals, results: &mut Results) {
    let limit_ms = settings.mean_max_s * 1000.0;
    let Some(mean_ms) = mean_ms(&now.times_us) else { return };
    if mean_ms <= limit_ms || now.times_us.count() < settings.minimum_sample {
        return;
    }
    results.highlight(Highlight {
        level: Level::Warning,
        sentence: vec!["Service restarts take ".into(), Cell::Duration(mean_ms), " on average".into()],
        value: Cell::Duration(mean_ms),
        baseline: Cell::Duration(limit_ms),
        sample: Some(now.times_us.count()),
        rule: format!("mean_max_s = {}, minimum_sample = {}", settings.mean_max_s, settings.minimum_sample),
    });
}

fn attend_completion(settings: &Restarts, now: &Totals, results: &mut Results) {
    let least = settings.completion_min;
    let Cell::Percent(rate) = Cell::share(now.completed, now.decided()) else { return };
    if rate >= least || now.decided() < settings.minimum_sample {
        return;
    }
    results.highlight(Highlight {
        level: Level::Warning,
        sentence: vec![
            "Only ".into(),
            Cell::Percent(rate),
            format!(" of service restarts complete: {} of {} failed", now.failed, now.decided()).as_str().into(),
        ],
        value: Cell::Percent(rate),
        baseline: Cell::Percent(least),
        sample: Some(now.decided()),
        rule: format!("completion_min = {least}, minimum_sample = {}", settings.minimum_sample),
    });
}

fn mean_ms(times_us: &Distribution) -> Option<f64> {
    times_us.mean_in(1000)
}

/// Microseconds as a duration.
fn duration(microseconds: Option<f64>) -> Cell {
    Cell::duration(microseconds.map(|value| value / 1000.0))
}
