//! Sessions told in words: each record is `day hour:minute what id`, in October 2026.

use super::*;
use crate::testkit::{Log, check_merge_law, observe, rich_log, time};
use crate::{Events, Instance, Plugin, Results, Row, Window};

#[derive(Events)]
enum Event {
    #[event("session.start")]
    Start,
    #[event("session.end")]
    End,
    #[event("app.crash")]
    Crash,
}

#[derive(Row)]
struct Seen {
    event: Event,
    time: Time,
    previous: Option<Time>,
    minute: Minute,
    #[row(attribute = "session.id")]
    session: Option<Key>,
    #[row(attribute = "process.id")]
    process: Option<Key>,
    #[row(attribute = "user.id")]
    user: Option<Symbol>,
}

#[crate::settings]
#[derive(Default)]
struct Tracker {}

#[crate::plugin(name = "tracker", title = "Tracker")]
impl Plugin for Tracker {
    type Row = Seen;
    type Partial = Sessions;
    type Fleet = ();
    const ACTIVITY: bool = true;

    fn partial(&self) -> Sessions {
        Sessions::new(30)
    }
    fn observe(&self, sessions: &mut Sessions, batch: &Batch) {
        for Seen { event, time, previous, minute, session, process, user } in batch.rows::<Seen>() {
            let owner = Owner { session, process };
            match event {
                Event::Start => sessions.start(batch.day, &Start { owner, user, time, minute, previous }),
                Event::End => sessions.end(batch.day, owner, time),
                Event::Crash => sessions.crash(batch.day, owner, time),
            }
        }
        sessions.activity(batch);
    }
    fn fleet(&self, _: &Window) {}
    fn add(&self, (): &mut (), _: &Instance, _: Sessions) {}
    fn report(&self, (): (), _: &mut Results) -> Result<(), String> {
        Ok(())
    }
}

/// An id that begins with `p` is that of a process, any other that of a session.
fn log(words: &[&str]) -> Log {
    let mut log = Log::default();
    for line in words {
        let words: Vec<&str> = line.split(' ').collect();
        let entry = log.at(&format!("2026-10-{} {}:00", words[0], words[1]));
        match words[2] {
            "start" => entry.event("session.start").text("user.id", "u1"),
            "end" => entry.event("session.end"),
            "crash" => entry.event("app.crash"),
            _ => entry,
        };
        for id in &words[3..] {
            entry.text(if id.starts_with('p') { "process.id" } else { "session.id" }, id);
        }
    }
    log
}

fn resolve(log: &Log) -> Resolved {
    check_merge_law(&Tracker {}, log, 1);
    observe(&Tracker {}, log).resolve()
}

/// Each session as `kind minutes`, and the number of left-cut ones.
fn told(words: &[&str]) -> (Vec<String>, u64) {
    let resolved = resolve(&log(words));
    let minutes = |session: &Session| (session.end.0 - session.start.0) / MINUTE_US;
    let sessions = resolved.sessions.iter().map(|session| format!("{:?} {}", session.kind, minutes(session)));
    (sessions.collect(), resolved.left_cut.values().sum())
}

#[track_caller]
fn check(words: &[&str], sessions: &[&str], left_cut: u64) {
    assert_eq!(told(words), (sessions.iter().map(|text| (*text).to_owned()).collect(), left_cut));
}

#[test]
fn a_session_ends_at_its_end() {
    check(&["12 08:00 start a", "12 08:30 end a", "12 08:40 note"], &["Ended 30"], 0);
    check(&["12 23:50 start a", "13 00:10 end a"], &["Ended 20"], 0);
}

#[test]
fn a_pause_ends_no_session() {
    check(&["12 08:00 start a", "15 08:00 end a"], &["Ended 4320"], 0);
}

#[test]
fn a_crash_ends_the_session_that_it_names_or_the_newest() {
    check(&["12 08:00 start a", "12 08:20 crash"], &["Crashed 20"], 0);
    check(&["12 08:00 start a", "12 08:10 start b", "12 08:20 crash"], &["Abnormal 0", "Crashed 10"], 0);
    check(&["12 08:00 start a", "12 08:10 start b", "12 08:20 crash a"], &["Crashed 20", "Open 10"], 0);
}

#[test]
fn a_session_crashes_at_most_once() {
    let words = ["12 08:00 start a", "12 08:20 crash", "12 08:21 crash", "12 08:22 end a"];
    check(&words, &["Crashed 20"], 0);
    assert_eq!(resolve(&log(&words)).crashes.values().sum::<u64>(), 2);
}

#[test]
fn a_crash_after_the_end_hits_no_session() {
    check(&["12 08:00 start a", "12 08:20 end a", "12 08:21 crash"], &["Ended 20"], 0);
    let words = ["12 08:00 start a", "12 08:05 start b", "12 08:20 end b", "12 08:21 crash"];
    check(&words, &["Abnormal 0", "Ended 15"], 0);
}

#[test]
fn a_later_start_of_the_owner_makes_a_session_abnormal() {
    let words = ["12 08:00 start a", "12 08:12 note", "12 09:00 start a", "12 09:30 end a"];
    check(&words, &["Abnormal 12", "Ended 30"], 0);
    check(&["12 08:00 start", "12 08:12 note", "12 09:00 start", "12 09:30 end"], &["Abnormal 12", "Ended 30"], 0);
}

#[test]
fn a_later_start_of_another_owner_waits_for_the_own_end() {
    let never = ["12 08:00 start a", "12 08:12 note", "12 09:00 start b", "12 09:30 end b"];
    check(&never, &["Abnormal 12", "Ended 30"], 0);
    let both = ["12 08:00 start a", "12 09:00 start b", "12 09:30 end a", "12 09:40 end b"];
    check(&both, &["Ended 90", "Ended 40"], 0);
    let late = ["12 08:00 start a", "12 08:12 note", "12 09:00 start a", "12 09:10 start b", "12 09:30 end a"];
    check(&late, &["Abnormal 12", "Ended 30", "Open 20"], 0);
}

#[test]
fn the_last_record_before_a_start_may_lie_on_an_earlier_day() {
    check(&["12 08:00 start a", "12 08:12 note", "14 09:00 start b"], &["Abnormal 12", "Open 0"], 0);
}

#[test]
fn the_last_session_is_open_until_the_end_of_the_data() {
    check(&["12 08:00 start a", "12 08:50 note"], &["Open 50"], 0);
    check(&["12 08:00 start a", "13 08:50 note"], &["Open 1490"], 0);
}

#[test]
fn an_end_without_a_start_is_left_cut_once() {
    check(&["12 08:00 end a", "12 08:01 end a", "13 09:00 end a", "13 09:05 end b"], &[], 2);
    check(&["12 08:00 start a", "12 08:10 end a", "13 08:00 end a"], &["Ended 10"], 0);
    check(&["12 08:00 end a", "12 08:10 start a", "12 08:15 end a"], &["Ended 5"], 1);
    let resolved = resolve(&log(&["12 08:00 note", "13 08:00 end a"]));
    assert_eq!(resolved.left_cut, BTreeMap::from([(crate::testkit::day("2026-10-13"), 1)]));
}

#[test]
fn a_process_stands_for_its_newest_session() {
    check(&["12 08:00 start p1", "12 08:10 end p1"], &["Ended 10"], 0);
    check(&["12 08:00 start a p1", "12 08:05 start b p2", "12 08:10 crash p1"], &["Crashed 10", "Open 5"], 0);
    check(&["12 08:00 start a p1", "12 08:10 crash p9"], &["Open 10"], 0);
}

#[test]
fn a_later_start_of_the_owner_is_final_for_its_process_too() {
    check(&["12 08:00 start a p1", "12 08:05 start a", "12 08:10 end p1"], &["Abnormal 0", "Open 5"], 0);
}

#[test]
fn what_an_end_leaves_out_does_not_depend_on_the_split() {
    let words = ["12 08:00 crash", "12 09:00 end", "12 09:10 crash", "12 09:20 crash", "12 09:40 end"];
    check(&words, &[], 0);
    assert_eq!(resolve(&log(&words)).crashes.values().sum::<u64>(), 3);
}

#[test]
fn a_negative_length_is_a_clock_fault() {
    let resolved = resolve(&log(&["12 08:30 start a", "12 08:00 end a"]));
    assert_eq!((resolved.sessions[0].kind, resolved.sessions[0].length_us()), (Kind::Ended, None));
}

#[test]
fn only_without_any_marker_activity_is_cut_at_pauses() {
    let quiet = ["12 08:00 note", "12 08:30 note", "12 09:01 note", "12 23:50 note", "13 00:10 note"];
    check(&quiet, &["IdleCut 30", "IdleCut 0", "IdleCut 20"], 0);
    let resolved = resolve(&log(&quiet));
    assert_eq!(resolved.starts.values().copied().collect::<Vec<_>>(), [3]);
    let marked = [&quiet[..], &["13 08:00 end a"]].concat();
    check(&marked, &[], 1);
}

#[test]
fn a_crash_in_a_stretch_of_activity_is_that_of_its_session() {
    let words = ["12 08:00 note", "12 08:10 crash", "12 08:11 crash", "12 09:00 note", "12 09:05 crash"];
    check(&words, &["Crashed 11", "Crashed 5"], 0);
}

#[test]
fn a_session_belongs_to_the_day_and_hour_of_its_start() {
    let mut sessions = Sessions::new(30);
    let start = Start {
        owner: Owner::default(),
        user: Some(Symbol(1)),
        time: Time(time("2026-10-11 22:30:20")),
        minute: Minute(30),
        previous: None,
    };
    sessions.start(crate::testkit::day("2026-10-12"), &start);
    let session = sessions.resolve().sessions[0];
    assert_eq!((session.day, session.offset_min), (crate::testkit::day("2026-10-12"), Some(120)));
    assert_eq!(session.user, Some(Symbol(1)));
}

#[test]
fn any_log_obeys_the_merge_law() {
    for seed in 0..40 {
        check_merge_law(&Tracker {}, &rich_log(seed, 120), seed);
    }
}

#[test]
fn a_flood_of_markers_is_cut_off_under_the_merge_law() {
    let start = time("2026-10-12 00:00:00");
    let mut flood = Log::default();
    for n in 0..2 * MARKERS_MAX as i64 {
        let event = if n % 3 == 0 { "session.start" } else { "session.end" };
        flood.at_time(start + n * 1000).event(event).text("session.id", &(n / 2 % 50).to_string());
    }
    let resolved = resolve(&flood);
    assert_eq!(resolved.overfull.len(), 1);
    assert_eq!(resolved.starts.values().sum::<u64>(), (2 * MARKERS_MAX as u64).div_ceil(3));
    assert!(resolved.sessions.len() < MARKERS_MAX);
}

#[test]
fn ends_that_change_nothing_are_not_kept() {
    let mut once = log(&["12 08:00 start a", "12 08:01 end a", "12 08:02 end b"]);
    let day = observe(&Tracker {}, &once).days.into_values().next().expect("a day");
    assert_eq!(day.markers.len(), 3);
    for minute in 3..50 {
        once.at(&format!("2026-10-12 08:{minute}:00")).event("session.end").text("session.id", "a");
    }
    let repeated = observe(&Tracker {}, &once).days.into_values().next().expect("a day");
    assert_eq!(repeated.markers, day.markers);
}
