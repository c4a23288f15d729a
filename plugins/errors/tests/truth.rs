//! The sample's truth, to the last error.

#[path = "../../sessions/tests/sample/mod.rs"]
mod sample;

use logparser_kpi_errors::Errors;
use logparser_sdk::testkit::{Log, check_merge_law, report};

#[test]
fn the_sample_gives_its_truth() {
    let Some(fleet) = sample::fleet() else { return };
    let instances: Vec<(&str, &Log)> = fleet.iter().map(|(name, log)| (name.as_str(), log)).collect();
    let told = report(&Errors::default(), &sample::days(), &instances);

    let truth = |key| sample::counts(key).into_iter().map(|(_, count)| count).collect::<Vec<u64>>();
    let mut templates = truth("errors_by_template");
    templates.sort_unstable();
    let rows = told.rows("most-frequent-errors");
    let mut counts: Vec<u64> = rows.iter().map(|row| row[1].parse().expect("a count")).collect();
    counts.sort_unstable();
    assert_eq!(counts, templates);
    assert_eq!(told.value("errors"), templates.iter().sum::<u64>().to_string());
    assert_eq!(told.value("fatals"), truth("fatals_by_client").iter().sum::<u64>().to_string());

    let mut hours = [Some(0.0); 24];
    for (hour, count) in sample::counts("errors_by_hour") {
        hours[hour.parse::<usize>().expect("an hour")] = Some(count as f64);
    }
    assert_eq!(told.series("errors-by-hour")["Errors"], hours);

    let mut fatals = told.rows("top-fatal-instances");
    fatals.iter_mut().for_each(|row| row.truncate(2));
    let expected = sample::counts("fatals_by_client").into_iter().map(|(name, count)| vec![name, count.to_string()]);
    assert_eq!(fatals, expected.collect::<Vec<_>>());
    assert_eq!(sample::number("clients") as usize, fleet.len());
    for (_, log) in &fleet {
        check_merge_law(&Errors::default(), log, 1);
    }
}
