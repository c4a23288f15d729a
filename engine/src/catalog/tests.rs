use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, prop_oneof};
use proptest::test_runner::{Config, TestRunner};

use super::partials::drop_before;
use super::{
    Catalog, CatalogError, Change, Ends, Facts, GenerationId, Group, InstanceId, MIGRATIONS, Outcome, Partial, Reach,
    Update, path_of, sql,
};
use crate::mirror::{Chunk, Segment, StoreLock};

struct Store {
    folder: PathBuf,
    lock: StoreLock,
}

impl Store {
    fn new(name: &str) -> Store {
        let folder = std::env::temp_dir().join(format!("logparser-catalog-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Store { lock: StoreLock::acquire(&folder).expect("a new store"), folder }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn append(offset: u64, bytes: u64) -> Change {
    let chunk = Chunk { offset, bytes, segment: 1, position: offset, packed: None, checksum: None };
    let ends = Ends { head: [1; 32], head_bytes: bytes, tail: [2; 32] };
    Change::Append { generation: GenerationId(1), chunk, ends }
}

fn group(changes: Vec<Change>) -> Group {
    Group { segments: vec![Segment { number: 1, committed_bytes: 100 }], changes, at_us: 1 }
}

fn opened(instance: InstanceId) -> Change {
    Change::Open { generation: GenerationId(1), instance, path: "a.log".to_owned() }
}

#[test]
fn a_store_of_a_newer_program_is_refused() {
    let store = Store::new("newer");
    assert!(matches!(Catalog::open_to_read(&store.folder), Err(CatalogError::Missing { .. })));
    let catalog = Catalog::open(&store.lock).expect("a catalog");
    catalog.connection.pragma_update(None, "user_version", MIGRATIONS.len() + 1).expect("a pragma");
    drop(catalog);
    for opened in [Catalog::open(&store.lock), Catalog::open_to_read(&store.folder)] {
        let text = opened.expect_err("too new").to_string();
        assert!(text.contains("use the newer program"), "{text}");
    }
}

#[test]
fn a_store_of_any_older_program_is_brought_up_to_date() {
    for version in 1..MIGRATIONS.len() {
        let store = Store::new(&format!("older-{version}"));
        let older = rusqlite::Connection::open(path_of(&store.folder)).expect("a database");
        let zeros = "zeroblob(32), 0, zeroblob(32)";
        older.execute_batch(&MIGRATIONS[..version].concat()).expect("the older tables");
        older
            .execute_batch(&format!(
                "INSERT INTO instances (id, name) VALUES (1, 'one');
                 INSERT INTO generations (id, instance, path, live, committed, head, head_bytes, tail)
                 VALUES (1, 1, 'a.log', 1, 0, {zeros});
                 PRAGMA user_version = {version};"
            ))
            .expect("an older store");
        drop(older);
        let read = Catalog::open_to_read(&store.folder).expect("an older catalog");
        let refused = read.refuse_older().expect_err("a reader changes nothing").to_string();
        assert!(refused.contains("brings it up to date"), "{refused}");
        drop(read);
        let catalog = Catalog::open(&store.lock).unwrap_or_else(|cause| panic!("version {version}: {cause}"));
        let found = catalog.generations(InstanceId(1)).expect("generations");
        assert_eq!(found.iter().map(|one| (one.path.as_str(), one.moved)).collect::<Vec<_>>(), [("a.log", false)]);
    }
}

#[test]
fn bytes_follow_on_those_that_are_stored_or_the_group_is_void() {
    let store = Store::new("void");
    let mut catalog = Catalog::open(&store.lock).expect("a catalog");
    let instance = catalog.enrol(&["one"]).expect("a row")[0];
    catalog.commit(&group(vec![opened(instance), append(0, 10), append(10, 5)])).expect("it fits");
    assert_eq!(catalog.epoch().expect("an epoch"), 1);
    for wrong in [append(14, 5), append(16, 5), append(0, 10)] {
        let close = Change::Close { generation: GenerationId(1), gap: Some(3) };
        let failed = catalog.commit(&group(vec![close, wrong]));
        assert!(matches!(failed, Err(CatalogError::Unfit { .. })));
    }
    let reader = Catalog::open_to_read(&store.folder).expect("a catalog");
    let generations = reader.generations(instance).expect("generations");
    assert_eq!((generations[0].committed, generations[0].live, generations[0].gap), (15, true, None));
    assert_eq!(reader.chunks(GenerationId(1)).expect("chunks").len(), 2);
    assert_eq!(reader.epoch().expect("an epoch"), 1);
}

#[test]
fn outcomes_and_listings_leave_the_epoch_alone() {
    let store = Store::new("epoch");
    let mut catalog = Catalog::open(&store.lock).expect("a catalog");
    let instance = catalog.enrol(&["one", "two"]).expect("rows")[0];
    assert_eq!(catalog.enrol(&["one"]).expect("a row"), [instance]);
    catalog.commit(&group(vec![opened(instance)])).expect("it fits");
    let show = Change::Show {
        instance,
        path: "a.log".to_owned(),
        generation: GenerationId(1),
        facts: Facts { size: Some(3), ..Facts::default() },
        settled: true,
    };
    let finish = |reach, asked_us| {
        let cause = (reach != Reach::Reached).then(|| ("status".to_owned(), "503".to_owned()));
        let outcome = Outcome { reach, cause, files: "{}".to_owned(), asked_us, server_date_us: Some(asked_us + 5) };
        Change::Finish { instance, outcome }
    };
    catalog.commit(&group(vec![show, finish(Reach::Reached, 10)])).expect("it fits");
    catalog.commit(&group(vec![finish(Reach::Unreachable, 20)])).expect("it fits");
    assert_eq!(catalog.epoch().expect("an epoch"), 1);
    let rows = catalog.instances().expect("instances");
    assert_eq!((rows[0].reach, rows[0].asked_us), (Some(Reach::Unreachable), Some(20)));
    assert_eq!((rows[0].reached_us, rows[0].server_date_us), (Some(10), Some(15)));
    assert_eq!(rows[0].cause, Some(("status".to_owned(), "503".to_owned())));
    assert_eq!((rows[1].name.as_str(), rows[1].reach), ("two", None));
    let paths = catalog.paths(instance).expect("paths");
    assert_eq!((paths[0].facts.size, paths[0].settled), (Some(3), true));
    // A closed generation that is shown again is live; what is missing of it is said apart.
    let generation = |catalog: &Catalog| catalog.generations(instance).expect("generations").remove(0);
    catalog.commit(&group(vec![Change::Close { generation: GenerationId(1), gap: Some(7) }])).expect("it fits");
    assert_eq!((generation(&catalog).live, generation(&catalog).gap), (false, Some(7)));
    let again = Change::Show {
        instance,
        path: "b.log".to_owned(),
        generation: GenerationId(1),
        facts: Facts::default(),
        settled: false,
    };
    catalog.commit(&group(vec![again])).expect("it fits");
    assert_eq!((generation(&catalog).live, generation(&catalog).gap), (true, Some(7)));
}

/// The partials of one instance, as a map has them.
type Model = BTreeMap<(i64, i32), (i64, Vec<u8>)>;

fn partial((work, day): (i64, i32), (coverage, state): &(i64, Vec<u8>)) -> Partial {
    Partial { work, day, coverage: *coverage, state: state.clone() }
}

fn update(instance: InstanceId, partials: Vec<Partial>) -> Update {
    let (scans, days, symbols) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    Update { instance, layout: 1, scans, days, partials, symbols }
}

/// What a catalog has of an instance, day by day and at once.
fn kept(catalog: &Catalog, instance: InstanceId) -> Model {
    let coverage = catalog.coverage(&[1, 2], instance).expect("the coverage");
    let state = |(work, day): (i64, i32)| {
        let of = |from: i32, to: i32| catalog.states(work, instance, from, to).expect("the states");
        let alone = of(day, day + 1);
        assert_eq!(alone, of(-40, 80).into_iter().filter(|(of, _)| *of == day).collect::<Vec<_>>());
        alone.into_iter().next().expect("a state where there is a coverage").1
    };
    assert!([1, 2].iter().all(|work| catalog.states(*work, instance, -40, 80).expect("states").is_sorted()));
    coverage.into_iter().map(|(key, coverage)| (key, (coverage, state(key)))).collect()
}

#[test]
fn partials_are_what_was_written_last_whatever_lies_beside_them() {
    let (work, day) = (1..=2i64, -20..40i32);
    // Long states stand alone, empty ones are states too.
    let state = prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 1022..1027)];
    let write = vec(((work, day), (any::<i64>(), state)), 1..40);
    let (mut runner, store) = (TestRunner::new(Config::with_cases(60)), Store::new("partials"));
    let mut catalog = Catalog::open(&store.lock).expect("a catalog");
    let names = ["one", "two"];
    assert_eq!(catalog.enter(true, &names, &[], &[[1; 32], [2; 32]]).expect("a run"), (vec![], vec![1, 2]));
    let ids = catalog.enrol(&names).expect("rows");
    let catalog = RefCell::new(catalog);
    let holds = runner.run(&(vec(write, 1..4), -25..45i32), |(writes, before)| {
        let mut catalog = catalog.borrow_mut();
        catalog.connection.execute("DELETE FROM partials", []).expect("rows");
        let mut model = Model::new();
        for write in writes {
            model.extend(write.iter().cloned());
            // Of one analysis, a day has one partial; the other instance stands beside it.
            let partials: Vec<_> =
                write.into_iter().collect::<Model>().iter().map(|(key, kept)| partial(*key, kept)).collect();
            catalog.write_analysed(&[update(ids[1], partials.clone()), update(ids[0], partials)]).expect("it fits");
            prop_assert_eq!(&kept(&catalog, ids[0]), &model);
            prop_assert_eq!(&kept(&catalog, ids[1]), &model);
        }
        let counted = catalog.counts().expect("counts").partials;
        let dropped =
            catalog.write("dropping", |tx| drop_before(tx, before).map_err(sql("dropping"))).expect("it fits");
        model.retain(|(_, day), _| *day >= before);
        prop_assert_eq!(&kept(&catalog, ids[0]), &model);
        let counts = catalog.counts().expect("counts");
        prop_assert_eq!((counts.partials, counted - counts.partials), (2 * model.len() as u64, dropped));
        Ok(())
    });
    holds.unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn partials_of_an_older_store_are_there_as_they_were() {
    let store = Store::new("older-partials");
    let older = rusqlite::Connection::open(path_of(&store.folder)).expect("a database");
    older.execute_batch(&MIGRATIONS[..8].concat()).expect("the older tables");
    older
        .execute_batch(
            "INSERT INTO instances (id, name) VALUES (1, 'one'), (2, 'two');
             INSERT INTO works (id, digest, used) VALUES (1, zeroblob(32), 1), (2, x'01', 1); PRAGMA user_version = 8;",
        )
        .expect("an older store");
    let days = [-17, -16, -1, 0, 3, 15, 16, 20_500];
    let mut model = Model::new();
    for (at, day) in days.into_iter().enumerate() {
        for work in [1, 2] {
            let state = vec![at as u8; [0, 1, 300, 1024, 1025][at % 5]];
            model.insert((work, day), (i64::MIN + at as i64 * 7_777_777_777_777, state));
        }
    }
    for ((work, day), (coverage, state)) in &model {
        for instance in [1, 2] {
            let row = rusqlite::params![work, instance, day, coverage, state];
            older.execute("INSERT INTO partials VALUES (?1, ?2, ?3, ?4, ?5)", row).expect("a partial");
        }
    }
    drop(older);
    let catalog = Catalog::open(&store.lock).expect("a catalog");
    for instance in [1, 2] {
        let found = catalog.coverage(&[1, 2], InstanceId(instance)).expect("the coverage");
        assert_eq!(found, model.iter().map(|(key, (coverage, _))| (*key, *coverage)).collect());
        for ((work, day), (_, state)) in &model {
            let found = catalog.states(*work, InstanceId(instance), *day, day + 1).expect("the states");
            assert_eq!(found, [(*day, state.clone())]);
        }
    }
    assert_eq!(catalog.counts().expect("counts").partials, 2 * model.len() as u64);
}
