//! What needs attention.

use logparser_sdk::results::counted;
use logparser_sdk::{Cell, Highlight, Level, Results, Symbol};

use crate::Errors;
use crate::fleet::{Fleet, Signature};
use crate::trend::{Trend, flooding, flooding_all, trends};

/// Highlights of one rule: beyond, the tables tell.
const HIGHLIGHTS_MAX: usize = 5;

/// Tells what needs attention; `comparable` where the logs reach back far enough for trends.
pub fn tell(settings: &Errors, fleet: &Fleet, comparable: bool, results: &mut Results) {
    let mut signatures: Vec<(Symbol, &Signature)> = fleet
        .signatures
        .iter()
        .filter_map(|(symbol, signature)| symbol.map(|symbol| (symbol, signature)))
        .filter(|(_, signature)| signature.errors > 0)
        .collect();
    signatures.sort_by_key(|&(symbol, signature)| (std::cmp::Reverse(signature.errors), symbol));
    if comparable {
        for trend in [Trend::New, Trend::Returned, Trend::Growing, Trend::Spreading] {
            let so = |&&(_, signature): &&(Symbol, &Signature)| {
                trends(signature, &fleet.window, settings.minimum_sample).contains(&trend)
                    && (signature.errors >= settings.minimum_sample || is_new_and_fatal(trend, signature))
            };
            for &(symbol, signature) in signatures.iter().filter(so).take(HIGHLIGHTS_MAX) {
                results.highlight(of_trend(settings, trend, symbol, signature));
            }
        }
    }
    of_floods(settings, fleet, &signatures, results);
    of_fatals(settings, fleet, results);
}

/// That a fatal error is new is worth a look however rare it is: it is no value that a small sample makes uncertain.
fn is_new_and_fatal(trend: Trend, signature: &Signature) -> bool {
    trend == Trend::New && signature.fatals > 0
}

fn of_trend(settings: &Errors, trend: Trend, symbol: Symbol, signature: &Signature) -> Highlight {
    let Signature { errors, instances, before, instances_before, .. } = signature;
    let kind = if signature.fatals > 0 { "fatal error" } else { "error" };
    let seen = || format!("{} on {}", counted(*errors, "record"), counted(*instances, "instance"));
    let head = match trend {
        Trend::New => format!("A new {kind}, {}: ", seen()),
        Trend::Returned => format!("A returned {kind}, {}: ", seen()),
        Trend::Growing => format!("A growing {kind}, {errors} after {}: ", counted(*before, "record")),
        Trend::Spreading => {
            format!("A spreading {kind}, on {instances} after {}: ", counted(*instances_before, "instance"))
        }
    };
    let level = match trend {
        Trend::New if signature.fatals > 0 => Level::Critical,
        Trend::New | Trend::Returned => Level::Info,
        Trend::Growing | Trend::Spreading => Level::Warning,
    };
    let (value, baseline) =
        if trend == Trend::Spreading { (*instances, *instances_before) } else { (*errors, *before) };
    Highlight {
        level,
        sentence: vec![head.as_str().into(), symbol.into()],
        value: value.into(),
        baseline: baseline.into(),
        sample: Some(*errors),
        rule: format!("{} signature, minimum_sample = {}", trend.name(), settings.minimum_sample),
    }
}

fn of_floods(settings: &Errors, fleet: &Fleet, signatures: &[(Symbol, &Signature)], results: &mut Results) {
    if let Some((id, errors)) = flooding_all(fleet, settings.minimum_sample) {
        let tail = format!(" alone has {errors} of all {} errors", fleet.now.errors);
        results.highlight(of_flood(settings, id, errors, fleet.now.errors, vec![tail.as_str().into()]));
    }
    let floods = signatures.iter().filter_map(|&(symbol, signature)| {
        flooding(fleet, signature, settings.minimum_sample).map(|flood| (symbol, signature, flood))
    });
    for (symbol, signature, (id, errors)) in floods.take(HIGHLIGHTS_MAX) {
        let tail = format!(" alone has {errors} of {} errors: ", signature.errors);
        results.highlight(of_flood(settings, id, errors, signature.errors, vec![tail.as_str().into(), symbol.into()]));
    }
}

fn of_flood(settings: &Errors, id: u32, errors: u64, all: u64, tail: Vec<Cell>) -> Highlight {
    Highlight {
        level: Level::Warning,
        sentence: [vec![Cell::Instance(id)], tail].concat(),
        value: Cell::share(errors, all),
        baseline: Cell::Percent(0.5),
        sample: Some(all),
        rule: format!("one instance has half of the errors, minimum_sample = {}", settings.minimum_sample),
    }
}

fn of_fatals(settings: &Errors, fleet: &Fleet, results: &mut Results) {
    let mut ill: Vec<_> = fleet.ill.iter().filter(|ill| ill.fatals >= settings.minimum_sample).collect();
    ill.sort_by_key(|ill| std::cmp::Reverse(ill.fatals));
    for ill in ill.into_iter().take(HIGHLIGHTS_MAX) {
        let tail = format!(" has {} fatal errors", ill.fatals);
        results.highlight(Highlight {
            level: Level::Warning,
            sentence: vec![Cell::Instance(ill.id), tail.as_str().into()],
            value: ill.fatals.into(),
            baseline: settings.minimum_sample.into(),
            sample: Some(ill.fatals),
            rule: format!("fatal errors of one instance, minimum_sample = {}", settings.minimum_sample),
        });
    }
}
