//! The sample's truth, to the millisecond.

#[path = "../../sessions/tests/sample/mod.rs"]
#[expect(dead_code, reason = "shared with the other plugins: not every helper is needed by each")]
mod sample;

use logparser_kpi_restarts::Restarts;
use logparser_sdk::testkit::{Log, check_merge_law, report};

#[test]
fn the_sample_gives_its_truth() {
    let Some(fleet) = sample::fleet() else { return };
    let instances: Vec<(&str, &Log)> = fleet.iter().map(|(name, log)| (name.as_str(), log)).collect();
    let told = report(&Restarts::default(), &sample::days(), &instances);
    for (id, key) in [
        ("restarts-completed", "restart_count"),
        ("restarts-failed", "restarts_failed"),
        ("restart-time-min", "restart_min_ms"),
        ("restart-time-mean", "restart_avg_ms"),
        ("restart-time-max", "restart_max_ms"),
    ] {
        assert_eq!(told.value(id), sample::truth(key), "{id}");
    }
    assert_eq!((told.value("restarts-pending").as_str(), told.value("restart-retries").as_str()), ("0", "0"));
    assert_eq!(told.metric("restart-time-mean").sample, Some(sample::number("restart_count") as u64));
    for (_, log) in &fleet {
        check_merge_law(&Restarts::default(), log, 1);
    }
}
