//! Both samples and the own story give the numbers that were counted while they were made, through REST and through
//! the folder source.

mod scene;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use logparser_tests::fleet::{Fleet, FleetOptions};
use logparser_tests::story::{FolderPlan, Layout, More, Rotation, StorySettings, Summary, Truth, write_fleet};
use scene::{Figures, MAIN, Scene};

/// Both sum up integers and divide once, so that only the last bits may differ.
const RELATIVE_ERROR_MAX: f64 = 1e-9;

const LAYOUTS: [Layout; 2] = [Layout::Log4net, Layout::Serilog];

/// The samples, where they lie beside the repository.
fn sample(layout: Layout) -> Option<(PathBuf, Summary)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples")).join(layout.to_string());
    let Ok(text) = fs::read_to_string(folder.join("truth.json")) else {
        println!("skipped: there is no sample {}", folder.display());
        return None;
    };
    Some((folder.join("clients"), serde_json::from_str(&text).expect("the sample's truth")))
}

/// Runs, and compares the report with the truth.
fn must_tell(scene: &Scene, truth: &Summary) {
    // Every signature and instance in the tables, not only the first ten.
    scene.edit(MAIN, "[kpi.errors]\n", "[kpi.errors]\ntop = 1000\n");
    scene.run_to(MAIN, 0);
    coverage(scene, truth);
    usage(&scene.figures(MAIN, "sessions"), truth);
    restarts(&scene.figures(MAIN, "restarts"), truth);
    errors(&scene.figures(MAIN, "errors"), truth);
    if let Some(more) = &truth.more {
        usage_more(&scene.figures(MAIN, "sessions"), more);
        restarts_more(&scene.figures(MAIN, "restarts"), more);
        errors_more(&scene.figures(MAIN, "errors"), more);
        installed_base(scene, more);
    }
}

fn coverage(scene: &Scene, truth: &Summary) {
    let coverage = scene.report(MAIN).coverage;
    assert_eq!(coverage.records, truth.records, "records");
    assert_eq!(coverage.bytes, truth.bytes, "bytes");
    assert_eq!(coverage.lines_unparsed, 0, "lines that fit no rule");
    assert_eq!((coverage.instances_expected, coverage.reached), (truth.clients, truth.clients), "instances");
    let by_instance: u64 = coverage.instances.iter().map(|instance| instance.records).sum();
    assert_eq!(by_instance, truth.records, "records by instance");
}

fn usage(usage: &Figures, truth: &Summary) {
    assert_eq!(usage.line("starts-per-day", "Starts"), truth.starts_per_day, "starts per day");
    assert_eq!(usage.line("interactions-per-day", "Interactions"), truth.interactions_per_day, "interactions per day");
    assert_eq!(usage.count("starts"), truth.sessions, "starts");
    assert_eq!(usage.count("interactions"), sum(&truth.interactions_per_day), "interactions");
    assert_eq!(usage.count("users"), truth.users, "users");
    assert_eq!(usage.count("sessions"), truth.sessions, "sessions");
    assert_eq!(usage.count("sessions-ended"), truth.ended, "ended");
    assert_eq!(usage.count("sessions-crashed"), truth.crashed, "crashed");
    let open_at_end = usage.count("sessions-abnormal") + usage.count("sessions-open");
    assert_eq!(open_at_end, truth.open_at_end, "abnormal and open");
    let kinds: u64 = usage.counts("session-kinds", "kind", "sessions").iter().map(|(_, count)| count).sum();
    assert_eq!(kinds - usage.count("sessions-left-cut"), truth.sessions, "the table of kinds");
    assert_eq!(usage.metric("session-length-mean").sample, Some(truth.session_count_ended), "ended sessions");
    close("mean length", usage.duration_ms("session-length-mean"), truth.session_avg_s * 1000.0);
}

fn restarts(restarts: &Figures, truth: &Summary) {
    assert_eq!(restarts.count("restarts-completed"), truth.restart_count, "completed");
    assert_eq!(restarts.count("restarts-failed"), truth.restarts_failed, "failed");
    close("shortest", restarts.duration_ms("restart-time-min"), truth.restart_min_ms as f64);
    close("mean", restarts.duration_ms("restart-time-mean"), truth.restart_avg_ms);
    close("longest", restarts.duration_ms("restart-time-max"), truth.restart_max_ms as f64);
    assert_eq!(restarts.metric("restart-time-mean").sample, Some(truth.restart_count), "times");
}

fn errors(errors: &Figures, truth: &Summary) {
    // Signatures and the texts that errors were made from have different names, but there is one for each.
    let counts = |counts: Vec<u64>| {
        let mut counts = counts;
        counts.sort_unstable();
        counts
    };
    let signatures = errors.counts("most-frequent-errors", "signature", "count");
    let found = counts(signatures.iter().map(|(_, count)| *count).collect());
    assert_eq!(found, counts(truth.errors_by_template.values().copied().collect()), "{signatures:#?}");
    assert_eq!(errors.count("errors"), sum(&truth.errors_by_template), "errors");
    let by_hour = truth.errors_by_hour.iter().map(|(hour, count)| (format!("{hour:0>2}"), *count));
    assert_eq!(errors.line("errors-by-hour", "Errors"), by_hour.collect(), "errors by hour");
    let fatals = errors.counts("top-fatal-instances", "instance", "fatals");
    assert_eq!(fatals.iter().cloned().collect::<BTreeMap<_, _>>(), truth.fatals_by_client, "fatals by instance");
    assert_eq!(fatals[..fatals.len().min(10)], truth.top10_fatal, "the ten with most fatals");
    assert_eq!(errors.count("fatals"), sum(&truth.fatals_by_client), "fatals");
}

fn usage_more(usage: &Figures, more: &More) {
    assert_eq!(usage.count("sessions-abnormal"), more.abnormal, "abnormal");
    assert_eq!(usage.count("sessions-open"), more.open, "open");
    assert_eq!(usage.line("users-per-day", "Users"), more.users_per_day, "users per day");
    assert_eq!(usage.line("users-per-day", "Instances"), more.instances_per_day, "instances per day");
}

fn restarts_more(restarts: &Figures, more: &More) {
    assert_eq!(restarts.count("restarts-pending"), more.restarts_pending, "pending");
}

fn errors_more(errors: &Figures, more: &More) {
    let heatmap = errors.heatmap("errors-by-weekday");
    for (weekday, hours) in more.errors_by_week_hour.iter().enumerate() {
        for (hour, count) in hours.iter().enumerate() {
            // A weekday without records is unknown, which is right for one without errors only.
            let found = heatmap.value(weekday, hour).unwrap_or(0.0);
            assert!(found == *count as f64, "weekday {weekday}, {hour} h: {found} errors instead of {count}");
        }
    }
}

fn installed_base(scene: &Scene, more: &More) {
    let base = scene.figures(MAIN, "installed-base");
    let versions = base.counts("versions", "version", "instances").into_iter();
    let versions: BTreeMap<String, u64> = versions.filter(|(name, _)| name != "(unknown)").collect();
    assert_eq!(versions, more.versions, "versions");
    let coverage = scene.report(MAIN).coverage;
    let last_seen =
        coverage.instances.iter().map(|one| (one.name.clone(), one.last_record.map(|t| t.timestamp_millis())));
    let last_seen: BTreeMap<String, i64> = last_seen.filter_map(|(name, time)| Some((name, time?))).collect();
    assert_eq!(last_seen, more.last_seen_ms, "last seen");
}

fn sum(counts: &BTreeMap<String, u64>) -> u64 {
    counts.values().sum()
}

fn close(what: &str, found: f64, expected: f64) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    assert!(error <= RELATIVE_ERROR_MAX, "{what}: {found} instead of {expected}");
}

#[test]
fn the_samples_through_rest() {
    for layout in LAYOUTS {
        if let Some((clients, truth)) = sample(layout) {
            let options = FleetOptions { layout, ..FleetOptions::default() };
            must_tell(&Scene::rest(Fleet::from_folder(&clients, &options).expect("a fleet")), &truth);
        }
    }
}

#[test]
fn the_samples_through_a_folder() {
    for layout in LAYOUTS {
        if let Some((clients, truth)) = sample(layout) {
            let scene = Scene::logs(layout, |_| ());
            scene.edit(MAIN, "folder = \"logs\"", &format!("folder = {:?}", clients.display().to_string()));
            must_tell(&scene, &truth);
        }
    }
}

#[test]
fn the_own_story_through_rest() {
    for layout in LAYOUTS {
        let options = FleetOptions {
            instances: 60,
            layout,
            // Small files: every instance has several, and sessions run across their borders.
            rotation: Rotation { file_bytes_max: 15_000, files_max: usize::MAX },
            ..FleetOptions::default()
        };
        let fleet = Fleet::start(&options).expect("a fleet");
        let truth = fleet.truth().summary();
        let more = truth.more.as_ref().expect("a story tells more");
        let rich = [truth.ended, truth.crashed, more.abnormal, more.open, truth.restarts_failed, truth.restart_count];
        assert!(!rich.contains(&0), "a fleet to whom everything happens: {rich:?}");
        must_tell(&Scene::rest(fleet), &truth);
    }
}

#[test]
fn the_own_story_through_a_folder() {
    for layout in LAYOUTS {
        let mut truth = Truth::default();
        let scene = Scene::logs(layout, |logs| {
            let rotation = Rotation { file_bytes_max: 15_000, files_max: usize::MAX };
            let first_day = StorySettings::default().first_day + 3;
            // Over a weekend, and with another seed than the fleet's.
            let plan =
                FolderPlan { layout, seed: 7, first_day, days: 7, instances: 40, bytes_target: 3_000_000, rotation };
            truth = write_fleet(logs, &plan).expect("logs");
        });
        must_tell(&scene, &truth.summary());
    }
}
