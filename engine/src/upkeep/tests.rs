//! Random histories of appending, closing and upkeep: what is read back is what was appended.

use std::collections::BTreeMap;
use std::io::Read;

use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::Index;
use tempfile::TempDir;

use super::{REST_US, Terms, Upkept, upkeep};
use crate::catalog::{Catalog, Change, Ends, GenerationId, Group, InstanceId};
use crate::mirror::{Chunk, FRAME_BYTES, Mirror, MirrorWriter, StoreLock, checksum};
use crate::profile::Keep;

/// What happens to a store.
#[derive(Debug, Clone)]
enum Step {
    /// A generation grows by so many bytes, in chunks of at most so many.
    Append(Index, u64, u64),
    Open,
    Close(Index),
    /// Upkeep, so many days later.
    Keep(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop_oneof![1..200_u64, 1..90_000_u64, 1..1_300_000_u64];
    let append = (any::<Index>(), bytes, 1..400_000_u64);
    prop_oneof![
        6 => append.prop_map(|(index, bytes, chunk)| Step::Append(index, bytes, chunk)),
        1 => proptest::strategy::Just(Step::Open),
        1 => any::<Index>().prop_map(Step::Close),
        3 => (0..3_i64).prop_map(Step::Keep),
    ]
}

struct Store {
    folder: TempDir,
    lock: StoreLock,
    catalog: Catalog,
    instance: InstanceId,
    texts: BTreeMap<GenerationId, Vec<u8>>,
    now_us: i64,
}

impl Store {
    fn new() -> Store {
        let folder = TempDir::new().expect("a folder");
        let lock = StoreLock::acquire(folder.path()).expect("a store");
        let mut catalog = Catalog::open(&lock).expect("a catalog");
        let instance = catalog.enrol(&["one"]).expect("a row")[0];
        let mut store = Store { folder, lock, catalog, instance, texts: BTreeMap::new(), now_us: 1_000_000 };
        store.open();
        store
    }

    fn commit(&mut self, segments: Vec<crate::mirror::Segment>, changes: Vec<Change>) {
        self.catalog.commit(&Group { segments, changes, at_us: self.now_us }).expect("it fits");
    }

    fn open(&mut self) {
        let generation = GenerationId(self.texts.len() as i64 + 1);
        let path = format!("{}.log", generation.0);
        self.commit(Vec::new(), vec![Change::Open { generation, instance: self.instance, path }]);
        self.texts.insert(generation, Vec::new());
    }

    fn pick(&self, index: Index) -> GenerationId {
        *index.get(&self.texts.keys().copied().collect::<Vec<_>>())
    }

    fn append(&mut self, generation: GenerationId, bytes: u64, chunk_bytes: u64) {
        let mut writer = MirrorWriter::open(&self.lock, &self.catalog.segments().expect("segments")).expect("a mirror");
        let text = self.texts.get_mut(&generation).expect("a generation");
        let mut changes = Vec::new();
        let begin = text.len();
        while (text.len() - begin) < bytes as usize {
            let offset = text.len();
            while text.len() - offset < chunk_bytes as usize {
                text.extend(format!("{generation:?} {} a line of {}\n", text.len(), text.len() % 977).into_bytes());
            }
            let part = &text[offset..];
            let place = writer.append(part).expect("room");
            let chunk = Chunk {
                offset: offset as u64,
                bytes: part.len() as u64,
                segment: place.segment,
                position: place.position,
                packed: None,
                checksum: (!part.len().is_multiple_of(3)).then(|| checksum(part)),
            };
            changes.push(Change::Append { generation, chunk, ends: Ends::default() });
        }
        let segments = writer.sync().expect("synced");
        self.commit(segments, changes);
    }

    fn keep(&mut self, days: i64) -> Upkept {
        self.now_us += days * REST_US;
        let terms = Terms { keep: &Keep::default(), fleet: &["one"], now_us: self.now_us };
        upkeep(&self.lock, &mut self.catalog, &terms, &|| false).expect("a store that is well")
    }

    fn read(&self, generation: GenerationId, from: u64, to: u64) -> Vec<u8> {
        let mirror = Mirror::open(self.folder.path());
        let chunks = self.catalog.chunks(generation).expect("chunks");
        let mut bytes = Vec::new();
        mirror.reader(&chunks, from, to).expect("no holes").read_to_end(&mut bytes).expect("bytes");
        bytes
    }

    fn must_be_whole(&self, places: &[(Index, Index)]) {
        for (generation, text) in &self.texts {
            assert!(self.read(*generation, 0, text.len() as u64) == *text, "{generation:?}");
            for (from, to) in places {
                let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
                let (from, to) = (from.min(to), from.max(to));
                let read = self.read(*generation, from as u64, to as u64);
                assert!(read == text[from..to], "{generation:?} {from}..{to}");
            }
        }
    }

    fn files(&self) -> Vec<(String, u64)> {
        // There is no mirror before there is a byte.
        let entries = std::fs::read_dir(self.folder.path().join("mirror")).into_iter().flatten();
        let look = |entry: std::fs::DirEntry| {
            (entry.file_name().to_string_lossy().into_owned(), entry.metadata().expect("a file").len())
        };
        let mut files: Vec<_> = entries.map(|entry| look(entry.expect("an entry"))).collect();
        files.sort();
        files
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_reads_as_what_came(
        steps in proptest::collection::vec(step(), 1..24),
        places in proptest::collection::vec((any::<Index>(), any::<Index>()), 4),
    ) {
        let mut store = Store::new();
        for step in steps {
            match step {
                Step::Append(index, bytes, chunk) => store.append(store.pick(index), bytes, chunk),
                Step::Open => store.open(),
                Step::Close(index) => {
                    let generation = store.pick(index);
                    store.commit(Vec::new(), vec![Change::Close { generation, gap: None }]);
                }
                Step::Keep(days) => {
                    let kept = store.keep(days);
                    assert!(kept.finished && kept.damaged_chunks == 0, "{kept:?}");
                    store.must_be_whole(&places);
                    // A second time there is nothing to do.
                    let nothing = Upkept { finished: true, ..Upkept::default() };
                    assert_eq!(store.keep(0), nothing);
                }
            }
        }
        store.keep(2);
        store.must_be_whole(&places);
        for generation in store.texts.keys() {
            let chunks = store.catalog.chunks(*generation).expect("chunks");
            let longest = chunks.iter().map(|chunk| chunk.bytes).max();
            assert!(longest.is_none_or(|bytes| bytes <= FRAME_BYTES) && chunks.iter().all(|chunk| chunk.packed.is_some()));
        }
        let uses = store.catalog.segments_in_use().expect("segments");
        assert!(uses.iter().all(|segment| segment.live_bytes * 2 >= segment.committed_bytes), "{uses:?}");
        let known: Vec<_> = uses.iter().map(|one| (format!("{:06}.seg", one.number), one.committed_bytes)).collect();
        assert_eq!(store.files(), known);
    }
}

#[test]
fn a_file_that_grows_is_sealed_frame_by_frame() {
    let mut store = Store::new();
    let generation = GenerationId(1);
    store.append(generation, FRAME_BYTES * 5 / 2, 100_000);
    assert_eq!(store.keep(0).sealed_bytes, FRAME_BYTES * 2);
    assert_eq!(store.keep(0).sealed_bytes, 0);
    store.append(generation, 1_000, 1_000);
    let left = store.texts[&generation].len() as u64 - FRAME_BYTES * 2;
    assert_eq!(store.keep(0).sealed_bytes, 0, "it grew a moment ago");
    assert_eq!(store.keep(1).sealed_bytes, left, "it rests for a day");
}

#[test]
fn what_is_damaged_is_not_sealed() {
    let mut store = Store::new();
    store.append(GenerationId(1), 3_000, 1_000);
    store.open();
    store.append(GenerationId(2), 3_001, 1_001);
    let chunk = store.catalog.chunks(GenerationId(1)).expect("chunks")[1];
    let path = store.folder.path().join(format!("mirror/{:06}.seg", chunk.segment));
    let mut bytes = std::fs::read(&path).expect("a segment");
    bytes[chunk.position as usize + 7] ^= 4;
    std::fs::write(&path, bytes).expect("a segment");
    // It may have had no checksum yet.
    let known = chunk.checksum.is_some();
    let kept = store.keep(3);
    assert_eq!(kept.damaged_chunks > 0, known, "{kept:?}");
    assert!(store.catalog.chunks(GenerationId(2)).expect("chunks").iter().all(|chunk| chunk.packed.is_some()));
    let text = &store.texts[&GenerationId(2)];
    assert!(store.read(GenerationId(2), 0, text.len() as u64) == *text);
}
