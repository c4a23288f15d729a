//! Formats for files that do not all have the same one.

use super::super::Normaliser;
use super::{Candidate, Sample, detect, everything, fit};
use crate::profile::Format;

/// A format of one's own is worth this much of a score: severities or loggers that the common one does not find.
const WORTH: f64 = 0.1;

/// A format, and the files that it is for.
#[derive(Debug)]
pub struct Apart {
    pub candidate: Candidate,
    /// The places of its files among the samples.
    pub files: Vec<usize>,
    /// Globs of their names, where the lines alone do not tell the formats from each other.
    pub globs: Vec<String>,
}

/// Several formats, where they explain the samples better than the best of `together`; none where one is enough.
pub fn detect_apart(samples: &[Sample], together: &[Candidate]) -> Vec<Apart> {
    let own: Vec<Option<Candidate>> =
        samples.iter().map(|sample| detect(std::slice::from_ref(sample)).into_iter().next()).collect();
    let fits = |at: usize, score: f64| own[at].as_ref().is_none_or(|own| score >= own.score - WORTH);
    if together.first().is_some_and(|best| (0..own.len()).all(|at| fits(at, best.fits[at].score()))) {
        return Vec::new();
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, candidate) in own.iter().enumerate() {
        if candidate.is_none() {
            continue;
        }
        let reads = |group: &&mut Vec<usize>| {
            let format = own[group[0]].as_ref().map(|first| &first.format);
            format.and_then(|format| fit(format, &samples[at])).is_some_and(|fit| fits(at, fit.score()))
        };
        match groups.iter_mut().find(reads) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    let found = groups.into_iter().filter_map(|files| {
        let candidate = detect(&files.iter().map(|at| samples[*at].clone()).collect::<Vec<_>>()).into_iter().next()?;
        Some(Apart { candidate, files, globs: Vec::new() })
    });
    let mut apart: Vec<Apart> = found.collect();
    // What fits best is the most particular.
    apart.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score));
    if apart.len() < 2 {
        return Vec::new();
    }
    if !are_told_by_lines(&apart, samples) {
        name_files(&mut apart, samples);
    }
    apart
}

/// Whether each file gets the format that is for it, whatever it is called.
fn are_told_by_lines(apart: &[Apart], samples: &[Sample]) -> bool {
    let formats: Vec<Format> = apart.iter().map(|one| one.candidate.format.clone()).collect();
    let Ok(normaliser) = Normaliser::compile(&formats, &[], &everything()) else { return false };
    let is_right = |(position, one): (usize, &Apart)| {
        one.files.iter().all(|at| normaliser.format_of("", samples[*at].bytes()) == position)
    };
    apart.iter().enumerate().all(is_right)
}

/// Says by names which files are meant: by how they begin, so that rotated ones are meant too, or as they are where that
/// is the same for two formats.
fn name_files(apart: &mut [Apart], samples: &[Sample]) {
    let name = |at: usize| samples[at].name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let begin = |at: usize| {
        let name = name(at);
        name[..name.find(|c: char| !c.is_alphabetic()).unwrap_or(name.len())].to_owned()
    };
    let begins = |one: &Apart| one.files.iter().map(|at| begin(*at)).collect::<Vec<_>>();
    let all: Vec<Vec<String>> = apart.iter().map(begins).collect();
    let is_clear = all.iter().enumerate().all(|(one, own)| {
        let others = all.iter().enumerate().filter(|(other, _)| *other != one).flat_map(|(_, others)| others);
        others.clone().all(|other| own.iter().all(|own| !own.is_empty() && !other.starts_with(own)))
    });
    for (one, begins) in apart.iter_mut().zip(all) {
        let globs = begins.into_iter().map(|begin| format!("{begin}*"));
        one.globs = if is_clear { globs.collect() } else { one.files.iter().map(|at| name(*at)).collect() };
        one.globs.sort();
        one.globs.dedup();
    }
}
