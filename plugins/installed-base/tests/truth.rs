//! What the sample says about its instances.

#[path = "../../sessions/tests/sample/mod.rs"]
#[expect(dead_code, reason = "shared with the other plugins: not every helper is needed by each")]
mod sample;

use logparser_kpi_installed_base::InstalledBase;
use logparser_sdk::testkit::{Log, check_merge_law, report};

#[test]
fn every_instance_of_the_sample_is_there_with_its_version() {
    let Some(fleet) = sample::fleet() else { return };
    let instances: Vec<(&str, &Log)> = fleet.iter().map(|(name, log)| (name.as_str(), log)).collect();
    let told = report(&InstalledBase::default(), &sample::days(), &instances);
    assert_eq!(told.value("instances"), sample::truth("clients"));
    assert_eq!(told.value("instances-active"), sample::truth("clients"));
    assert_eq!((told.value("instances-silent").as_str(), told.value("versions").as_str()), ("0", "4"));
    let rows = told.rows("versions");
    let count: u64 = rows.iter().map(|row| row[1].parse::<u64>().expect("a count")).sum();
    assert_eq!(count, fleet.len() as u64);
    for (_, log) in &fleet {
        check_merge_law(&InstalledBase::default(), log, 1);
    }
}
