//! Coverage tells what the data lack, whatever the logs hold.

mod scene;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use logparser_reports::model::{Coverage, FilesFetched, InstanceCoverage, InstanceState, Level};
use logparser_tests::fleet::{Fault, Fleet, FleetOptions};
use logparser_tests::story::Layout;
use scene::{MAIN, Scene};

/// A record on 12 October 2026.
fn record(time: &str, body: &str) -> String {
    format!("2026-10-12 {time},000 [1] INFO  App.Ui - {body}\n")
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join(name), bytes).expect("a log");
}

fn covered(scene: &Scene) -> Coverage {
    scene.run_to(MAIN, 0);
    scene.report(MAIN).coverage
}

#[test]
fn a_gap_says_where_and_between_which_records() {
    let scene = Scene::logs(Layout::Log4net, |logs| {
        write(&logs.join("WS-1"), "app.log", record("08:00:00", "one") + &record("09:30:00", "two"));
        write(&logs.join("WS-2"), "app.log", record("23:00:00", "late"));
    });
    let first = covered(&scene);
    assert_eq!((first.gaps.len(), first.files_fetched), (0, FilesFetched { new: 2, ..FilesFetched::default() }));
    let lags: Vec<_> = first.lags.iter().map(|lag| lag.instances).collect();
    assert_eq!((first.instances[0].lag_seconds, lags), (Some(13 * 3600 + 1800), vec![1, 1, 0, 0]));

    // The log begins anew: whether it had more meanwhile, nobody knows.
    write(&scene.path("logs/WS-1"), "app.log", record("11:00:00", "three"));
    let coverage = covered(&scene);
    let [gap] = &coverage.gaps[..] else { panic!("{:?}", coverage.gaps) };
    let time = |time: Option<chrono::DateTime<chrono::Utc>>| time.map(|time| time.format("%H:%M").to_string());
    assert_eq!((gap.instance.as_str(), gap.file.as_str(), gap.listed, gap.bytes), ("WS-1", "app.log", false, None));
    assert_eq!((time(gap.last_before), time(gap.first_after)), (Some("09:30".into()), Some("11:00".into())));
    assert_eq!((coverage.files_fetched.rewritten, coverage.files_fetched.closed), (1, 1));
    assert_eq!((coverage.records, coverage.instances[0].gaps), (4, 1));
    assert!(String::from_utf8_lossy(&scene.published(MAIN).html).contains("gone before it was read"));
}

#[test]
fn a_record_of_a_wrong_clock_carries_no_report_into_the_future() {
    let scene = Scene::logs(Layout::Log4net, |logs| {
        let future = record("00:00:00", "no clock").replace("2026-10-12", "2999-01-01");
        write(&logs.join("WS-1"), "app.log", record("08:00:00", "one") + &future);
    });
    let coverage = covered(&scene);
    let newest = coverage.instances[0].last_record.expect("a record");
    assert_eq!(
        (newest.format("%F %R").to_string(), coverage.data_through),
        ("2026-10-12 08:00".to_owned(), Some(newest))
    );
    assert_eq!((coverage.records, coverage.faults.get("future-record")), (1, Some(&1)));
    assert!(String::from_utf8_lossy(&scene.published(MAIN).html).contains("a time that is still to come"));
}

#[test]
fn severities_that_nobody_knows_are_told_before_any_number() {
    let log = |severity: &str| record("08:00:00", "one") + &record("08:00:01", "two").replace("INFO ", severity);
    let scene = Scene::logs(Layout::Log4net, |logs| {
        for (instance, severity) in [("WS-1", "WARNUNG"), ("WS-2", "WARN")] {
            write(&logs.join(instance), "app.log", log(severity));
        }
    });
    let coverage = covered(&scene);
    assert_eq!(coverage.faults, [("unknown-severity".to_owned(), 1)].into());
    let highlights = scene.report(MAIN).highlights;
    assert!(highlights[0].plain().contains("count as INFO, on 1 of 2 instances"), "{:?}", highlights[0]);
    assert_eq!((highlights[0].level, highlights[0].sample), (Level::Warning, Some(2)));
    let page = |scene: &Scene| String::from_utf8(scene.published(MAIN).html).expect("UTF-8");
    assert!(page(&scene).contains("whose severity is no known word, taken as INFO"));
    assert!(!page(&scene).contains("every line was understood"));
    // The profile names the word.
    scene.edit(MAIN, "[format]\n", "[format]\nseverities = { WARNUNG = \"warn\" }\n");
    assert_eq!(covered(&scene).faults.len(), 0);
    assert!(page(&scene).contains("every line was understood"));
    assert_eq!(scene.report(MAIN).highlights.iter().filter(|one| one.kpi.is_empty()).count(), 0);
}

#[test]
fn days_of_an_instance_are_those_of_the_offset_that_its_times_tell() {
    let scene = Scene::empty();
    let line = |time: &str| format!("{time} [ERR] Disk full\n");
    // Tokyo and a fold in Berlin: without an offset it would be Sunday.
    write(&scene.path("logs/WS-1"), "app.log", line("2026-10-12 05:48:03.000 +09:00"));
    let fold = line("2026-10-26 00:30:00.000 +02:00") + &line("2026-10-26 00:30:00.000 +01:00");
    write(&scene.path("logs/WS-2"), "app.log", fold);
    let rest = "[report]\nzone = \"instance\"\nperiod = \"all\"\n[kpi.errors]\n";
    scene.add_profile(MAIN, &format!("[fleet]\nfolder = \"logs\"\n[format]\nkind = \"serilog\"\n{rest}"));
    assert_eq!(covered(&scene).records, 3);
    let heatmap = scene.figures(MAIN, "errors").heatmap("errors-by-weekday").clone();
    let hit = |(place, value): (usize, &Option<f64>)| {
        let (row, column) = (place / heatmap.columns.len(), place % heatmap.columns.len());
        value.filter(|value| *value > 0.0).map(|value| (heatmap.rows[row].as_str(), column, value))
    };
    let hits: Vec<_> = heatmap.values.iter().enumerate().filter_map(hit).collect();
    assert_eq!(hits, [("Mon", 0, 2.0), ("Mon", 5, 1.0)]);
}

#[test]
fn causes_are_counted_and_stay_until_the_next_fetch() {
    let mut scene =
        Scene::rest(Fleet::start(&FleetOptions { instances: 4, days: 2, ..FleetOptions::default() }).expect("a fleet"));
    scene.run_to(MAIN, 0);
    // What plugins find comes behind what could not be seen.
    let attention = |scene: &Scene| {
        let highlights = scene.report(MAIN).highlights;
        let of_coverage = highlights.iter().take_while(|one| one.kpi.is_empty());
        let said: Vec<_> = of_coverage.map(|one| (one.level, one.plain(), one.sample)).collect();
        assert_eq!(said.len(), highlights.iter().filter(|one| one.kpi.is_empty()).count());
        said
    };
    assert_eq!(attention(&scene), []);
    for index in [1, 2] {
        scene.fleet().set_fault(index, Fault::Nonsense).expect("an instance");
    }
    scene.run_to(MAIN, 1);
    let coverage = scene.report(MAIN).coverage;
    assert_eq!((coverage.causes.len(), coverage.causes[0].class.as_str()), (1, "listing"));
    assert_eq!((coverage.causes[0].instances, coverage.unreachable, coverage.reached), (2, 2, 2));
    assert!(coverage.instances.iter().all(|instance| instance.clock_skew_ms.is_some()));
    let half = (Level::Critical, "2 of 4 instances could not be reached: listing 2".to_owned(), Some(4));
    assert_eq!(attention(&scene), [half]);
    let page = String::from_utf8(scene.published(MAIN).html).expect("UTF-8");
    assert!(page.contains("<dt>In</dt> <dd><a href=\"#coverage\">Coverage</a>"));
    // Nothing is asked, and what the last fetch saw is shown.
    scene.fleet().clear_faults(1).expect("an instance");
    scene.logparser(MAIN, &["report"]);
    assert_eq!(scene.report(MAIN).coverage, coverage);
    // One that is switched off is usual.
    scene.run_to(MAIN, 1);
    assert_eq!((attention(&scene), scene.report(MAIN).coverage.unreachable), (vec![], 1));
    scene.fleet().clear_faults(2).expect("an instance");
    scene.fleet().advance(24);
    (0..4).for_each(|index| scene.fleet().set_fault(index, Fault::ShortBody { bytes: 500 }).expect("an instance"));
    scene.run_to(MAIN, 1);
    let partly = (Level::Warning, "None of the 4 instances could be read in whole: broken 4".to_owned(), Some(4));
    assert_eq!(attention(&scene), [partly]);
    (0..4).for_each(|index| scene.fleet().set_fault(index, Fault::Down).expect("an instance"));
    let told = scene.run_to(MAIN, 1);
    let none = "None of the 4 instances could be reached: connect 4";
    assert_eq!(attention(&scene), [(Level::Critical, none.to_owned(), Some(4))]);
    assert!(told.stderr.contains(none), "{}", told.stderr);
}

#[test]
fn coverage_says_who_was_reached_how_far_and_why_not() {
    let options = FleetOptions { instances: 7, days: 3, ..FleetOptions::default() };
    let mut scene = Scene::rest(Fleet::start(&options).expect("a fleet"));
    let strike = |scene: &mut Scene, index, fault| scene.fleet().set_fault(index, fault).expect("an instance");
    strike(&mut scene, 0, Fault::Down);
    scene.run_to(MAIN, 1);
    strike(&mut scene, 1, Fault::Down);
    strike(&mut scene, 2, Fault::Nonsense);
    strike(&mut scene, 3, Fault::ShortBody { bytes: 500 });
    strike(&mut scene, 4, Fault::ClockOff { seconds: 86_400 });
    strike(&mut scene, 5, Fault::RandomBytes { bytes: 3_000 });
    let before = scene.seen().instance(3).file_names().len();
    while scene.seen().instance(3).file_names().len() == before {
        scene.fleet().advance(24);
    }
    scene.run_to(MAIN, 1);

    let report = scene.report(MAIN);
    let coverage = &report.coverage;
    let states: Vec<_> = coverage.instances.iter().map(|one| one.state).collect();
    let expected = [InstanceState::NeverSeen, InstanceState::Unreachable, InstanceState::Unreachable];
    assert_eq!(states[..3], expected);
    assert_eq!((states[3], &states[4..]), (InstanceState::Partial, &[InstanceState::Reached; 3][..]));
    assert_eq!((coverage.instances_expected, coverage.reached, coverage.partial), (7, 4, 1));
    assert_eq!((coverage.unreachable, coverage.never_seen), (2, 1));

    let causes: Vec<_> = coverage.causes.iter().map(|cause| (cause.class.as_str(), cause.instances)).collect();
    assert_eq!(causes, [("connect", 2), ("broken", 1), ("listing", 1)]);
    let of_each: Vec<_> = coverage.instances.iter().map(|one| one.cause_class.as_deref()).collect();
    assert_eq!(of_each, [Some("connect"), Some("connect"), Some("listing"), Some("broken"), None, None, None]);

    let through = report.data_through.expect("records");
    assert_eq!(coverage.data_through, Some(through));
    let lag = |one: &InstanceCoverage| one.last_record.map(|last| (through - last).num_seconds().unsigned_abs());
    assert!(coverage.instances.iter().all(|one| one.lag_seconds == lag(one)));
    assert!(coverage.instances[0].lag_seconds.is_none() && coverage.instances[1].lag_seconds > Some(12 * 3600));
    assert_eq!(coverage.lags.iter().map(|lag| lag.instances).sum::<u64>(), 6);

    let outcomes = |one: &InstanceCoverage| one.fetched.expect("it was asked").by_outcome();
    let sums = (0..7).map(|at| coverage.instances.iter().map(|one| outcomes(one)[at].1).sum::<u64>());
    let all = coverage.files_fetched.by_outcome();
    assert_eq!(sums.collect::<Vec<_>>(), all.iter().map(|(_, files)| *files).collect::<Vec<_>>());
    let files = coverage.files_fetched;
    assert!(files.failed > 0 && files.new > 0 && files.renamed > 0, "{files:?} {:?}", coverage.instances);

    let unparsed: Vec<_> = coverage.instances.iter().map(|one| one.lines_unparsed > 0).collect();
    assert_eq!(unparsed, [false, false, false, false, false, true, false]);
    let skews: Vec<_> = coverage.instances.iter().map(|one| one.clock_skew_ms).collect();
    assert_eq!((&skews[..4], &skews[5..]), (&[None, Some(0), Some(0), Some(0)][..], &[Some(0); 2][..]));
    assert!(skews[4].is_some_and(|skew| (skew - 86_400_000).abs() < 10_000), "{skews:?}");

    let page = String::from_utf8(scene.published(MAIN).html).expect("UTF-8");
    let tables = |title: &str| {
        let rest = page.split(title).skip(1);
        rest.filter_map(|rest| rest.split("</table>").next()).map(str::to_owned).collect::<String>()
    };
    for (table, words) in [
        ("Causes</", &["connect", "broken", "listing"][..]),
        ("Not covered in whole", &["never seen", "unreachable", "partial", "WS-0003"]),
        ("Clocks that are off", &["WS-0004", "ahead"]),
        ("Files in the last fetch", &["failed", "renamed", "new"]),
        ("All instances", &["Behind", "Clock off by", "1 d", "WS-0006"]),
    ] {
        for word in words {
            assert!(tables(table).contains(word), "{table}: no {word}");
        }
    }
    for words in ["data through ", "Never seen", "no rule of the format", "before the fleet&#x27;s newest record"] {
        assert!(page.contains(words), "no {words}");
    }
}

#[test]
fn compressed_logs_are_read() {
    let scene = Scene::logs(Layout::Log4net, |logs| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all((record("08:00:00", "one") + &record("08:01:00", "two")).as_bytes()).expect("memory");
        let folder = logs.join("WS-1");
        write(&folder, "app.log.1.gz", encoder.finish().expect("memory"));
        write(&folder, "app.log", record("09:00:00", "three"));
    });
    let coverage = covered(&scene);
    assert_eq!((coverage.records, coverage.lines_unparsed, coverage.instances[0].files), (3, 0, 2));
}

/// What a log may hold, the records that are found in it, and whether coverage tells of lines that did not fit.
fn contents() -> Vec<(&'static str, Vec<u8>, u64, bool)> {
    let good = record("08:00:00", "good");
    let utf16 = good.encode_utf16().flat_map(u16::to_le_bytes);
    let long = [good.as_bytes(), &vec![b'x'; 8 << 20], b"\n", good.as_bytes()].concat();
    let alone = [&vec![b'x'; 8 << 20][..], b"\n", good.as_bytes()].concat();
    let hole = [good.as_bytes(), &[0; 70_000], b"\n", good.as_bytes()].concat();
    let junk: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    vec![
        ("crlf", good.replace('\n', "\r\n").into_bytes(), 1, false),
        ("byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat(), 1, false),
        ("utf-16", [&b"\xff\xfe"[..], &utf16.collect::<Vec<_>>()].concat(), 1, false),
        ("nul hole", hole, 2, false),
        ("junk", junk, 0, true),
        ("a long line behind a record", long, 2, false),
        ("a long line alone", alone, 1, true),
        ("nothing but line ends", b"\n\r\n\n".to_vec(), 0, false),
    ]
}

#[test]
fn whatever_a_log_holds_is_stored_and_told() {
    let names = |position: usize| format!("WS-{position:02}");
    let scene = Scene::logs(Layout::Log4net, |logs| {
        for (position, (_, bytes, _, _)) in contents().iter().enumerate() {
            write(&logs.join(names(position)), "app.log", bytes);
        }
    });
    let coverage = covered(&scene);
    for (instance, (what, bytes, records, unparsed)) in coverage.instances.iter().zip(contents()) {
        assert_eq!(instance.bytes, bytes.len() as u64, "{what}");
        assert_eq!((instance.records, instance.lines_unparsed > 0), (records, unparsed), "{what}: {instance:?}");
        assert!(matches!(instance.state, InstanceState::Reached | InstanceState::Silent), "{what}: {instance:?}");
    }
    let again = covered(&scene);
    assert_eq!((again.files_fetched.unchanged, again.records), (contents().len() as u64, coverage.records));
}

#[test]
fn a_character_split_between_two_runs_is_whole() {
    let text = record("08:00:00", "Grüße aus Århus");
    let split = text.find('ü').expect("it is there") + 1;
    let scene = Scene::logs(Layout::Log4net, |logs| write(&logs.join("WS-1"), "app.log", &text.as_bytes()[..split]));
    covered(&scene);
    write(&scene.path("logs/WS-1"), "app.log", text.as_bytes());
    let coverage = covered(&scene);
    assert_eq!((coverage.records, coverage.lines_unparsed, coverage.faults.len()), (1, 0, 0), "{coverage:?}");
}

/// Takes a gigabyte of disk and ten seconds: `cargo test --release --test coverage -- --ignored`.
#[test]
#[ignore = "needs two gigabytes of disk"]
fn a_line_of_a_gigabyte_is_read_in_bounded_memory() {
    let scene = Scene::logs(Layout::Log4net, |logs| {
        write(&logs.join("WS-1"), "app.log", record("08:00:00", "good"));
        let mut file = fs::OpenOptions::new().append(true).open(logs.join("WS-1/app.log")).expect("a log");
        for _ in 0..1024 {
            file.write_all(&vec![b'x'; 1 << 20]).expect("a disk");
        }
        file.write_all(format!("\n{}", record("09:00:00", "after")).as_bytes()).expect("a disk");
    });
    let coverage = covered(&scene);
    assert_eq!((coverage.records, coverage.instances[0].bytes >> 30), (2, 1));
}
