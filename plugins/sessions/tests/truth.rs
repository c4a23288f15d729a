//! The sample's truth, to the last session.

mod sample;

use logparser_kpi_sessions::Usages;
use logparser_sdk::Cell;
use logparser_sdk::testkit::{Log, check_merge_law, report};

#[test]
fn the_sample_gives_its_truth() {
    let Some(fleet) = sample::fleet() else { return };
    let fleet: Vec<(&str, &Log)> = fleet.iter().map(|(name, log)| (name.as_str(), log)).collect();
    let told = report(&Usages::default(), &sample::days(), &fleet);
    let count = |id| told.value(id).parse::<f64>().expect("a count");
    assert_eq!(count("starts"), sample::number("sessions"));
    assert_eq!(count("sessions"), sample::number("sessions"));
    assert_eq!(count("sessions-ended"), sample::number("ended"));
    assert_eq!(count("sessions-crashed"), sample::number("crashed"));
    assert_eq!(count("sessions-abnormal") + count("sessions-open"), sample::number("open_at_end"));
    assert_eq!(count("sessions-left-cut"), 0.0);
    assert_eq!(count("users"), sample::number("users"));
    assert_eq!(count("instances"), sample::number("clients"));
    let Cell::Duration(mean_ms) = told.metric("session-length-mean").value else { panic!("a duration") };
    // The truth was summed up in seconds: its last digit is that of the sum.
    assert!((mean_ms / 1000.0 - sample::number("session_avg_s")).abs() < 1e-9, "{mean_ms}");
    assert_eq!(told.metric("session-length-mean").sample, Some(sample::number("session_count_ended") as u64));
    for (series, points, key) in [
        ("starts-per-day", "Starts", "starts_per_day"),
        ("interactions-per-day", "Interactions", "interactions_per_day"),
    ] {
        let counts: Vec<_> = sample::counts(key).into_iter().map(|(_, count)| Some(count as f64)).collect();
        assert_eq!(told.series(series)[points], counts, "{series}");
    }
    assert_eq!(told.highlights(), ["Crash-free sessions are at 0.9629629629629629: 4 of 108 sessions crashed"]);
}

#[test]
fn the_sample_obeys_the_merge_law() {
    for (name, log) in sample::fleet().iter().flatten() {
        check_merge_law(&Usages::default(), log, name.len() as u64);
    }
}
