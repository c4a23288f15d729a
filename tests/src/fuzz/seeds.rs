//! What fuzzing begins with: the project's own cases and the logs of its story, so that nothing is kept twice.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use logparser::profile::EXAMPLE;

use super::listing;
use crate::fleet::profile_text;
use crate::story::{Layout, Renderer, Story, StorySettings};

/// The inputs that fuzzing a target begins with; behind them those that once broke a law.
///
/// # Panics
/// Where the repository is not whole.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = match target {
        "records" => [Layout::Log4net, Layout::Serilog]
            .map(log)
            .into_iter()
            .chain(files(&tests.join("tests/layouts"), "txt"))
            .collect(),
        "listing" => listing::SEEDS.map(|seed| seed.as_bytes().to_vec()).to_vec(),
        "profile" => files(&tests.join("../engine/src/profile/faults"), "toml"),
        "packed" => packed(),
        other => panic!("no target {other}"),
    };
    if target == "profile" {
        seeds.push(EXAMPLE.as_bytes().to_vec());
    }
    seeds.extend(files(&tests.join("fuzz").join("found").join(target), "bin"));
    assert!(!seeds.is_empty(), "no seeds for {target}");
    seeds
}

/// A piece of the story, behind the format and the event rules of its profile.
fn log(layout: Layout) -> Vec<u8> {
    let profile = profile_text("", layout);
    let (_, format) = profile.split_once("[format]\n").expect("a format");
    let (format, _) = format.split_once("[report]").expect("what follows the event rules");
    let mut seed = format!("{format}==== log\n").into_bytes();
    let mut renderer = Renderer::new(layout);
    let events = Story::new(&StorySettings::default(), 0).take(200);
    let severe = |event: &crate::story::Event| !matches!(event.what, crate::story::What::Noise { .. });
    events.filter(severe).for_each(|event| renderer.render(&event, &mut seed));
    seed
}

fn packed() -> Vec<Vec<u8>> {
    let text = log(Layout::Log4net);
    let (one, other) = text.split_at(text.len() / 2);
    let gzip = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).and_then(|()| encoder.finish()).expect("memory gives no error")
    };
    let zstd = |text: &[u8]| zstd::encode_all(text, 3).expect("memory gives no error");
    let skipped = vec![0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9];
    let parts = [gzip(one), zstd(other), skipped.clone(), vec![0; 9]].concat();
    vec![gzip(&text), zstd(&text), parts, [skipped, zstd(&vec![b' '; 1 << 20])].concat()]
}

/// The contents of a folder's files of this kind, in the order of their names; none where there is no such folder.
fn files(folder: &Path, kind: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == kind));
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file of the repository")).collect()
}
