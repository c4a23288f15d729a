//! What a fetch would do, told by a listing and by what the catalog knows: no file is asked for, nothing is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::classify::{Doubt, Step, first_step, moved};
use super::listing::Listing;
use crate::catalog::{Catalog, CatalogError, Facts, Generation, GenerationId, PathRow};
use crate::profile::FileFilter;

/// What would be done with a listed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prospect {
    /// It is as it was: no request.
    Unchanged,
    /// It may be as it was: its end is asked for.
    Checked,
    /// It is longer than what is stored: what is behind that is asked for.
    Appended,
    /// Nothing like it is known.
    New,
    /// It is not what its name held before, or a file that is known may have this name now: its content decides.
    Reclassified,
}

impl Prospect {
    /// The word for it, as shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Prospect::Unchanged => "unchanged",
            Prospect::Checked => "checked",
            Prospect::Appended => "appended",
            Prospect::New => "new",
            Prospect::Reclassified => "reclassified",
        }
    }
}

/// What would be done with a listed file, and what that would bring.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FileForecast {
    pub path: String,
    pub prospect: Prospect,
    /// New bytes, at most; of a compressed file, those that it has as it is. `None`: the listing does not tell.
    pub bytes: Option<u64>,
}

/// What is stored of an instance.
#[derive(Debug, Default)]
pub(super) struct Stored {
    paths: BTreeMap<String, PathRow>,
    live: BTreeMap<GenerationId, Generation>,
}

impl Stored {
    /// What is stored of each of these instances; of one that is not there, nothing is. The store is left as it is.
    pub fn of(store: &Path, names: &BTreeSet<&str>) -> Result<BTreeMap<String, Stored>, CatalogError> {
        let stored = Catalog::peek(store, |catalog| {
            let mut stored = BTreeMap::new();
            for row in catalog.instances()?.into_iter().filter(|row| names.contains(row.name.as_str())) {
                let paths = catalog.paths(row.id)?.into_iter().map(|path| (path.path.clone(), path)).collect();
                let live = catalog.generations_by_state(row.id, true)?;
                let live = live.into_iter().map(|generation| (generation.id, generation)).collect();
                stored.insert(row.name, Stored { paths, live });
            }
            Ok(stored)
        })?;
        Ok(stored.unwrap_or_default())
    }

    /// What would be done with each file of a listing, in the order of their paths. The listing holds what the profile
    /// takes, and nothing else.
    pub fn forecast(&self, filter: &FileFilter, listing: &Listing) -> Vec<FileForecast> {
        let first = |path: &String, facts: &Facts, trusted: bool| {
            let is_empty = |id| self.committed(id) == 0;
            let moved = || moved(path, facts, &self.paths, &listing.files, &filter.decode).is_some();
            first_step(facts, self.paths.get(path), trusted, is_empty, moved)
        };
        let mut steps: BTreeMap<&String, Step> =
            listing.files.iter().map(|(path, facts)| (path, first(path, facts, true))).collect();
        let shows_on = |row: &PathRow, step: Option<&Step>| match step {
            Some(Step::Skip) => true,
            Some(Step::Follow(_)) => !self.shrank(&listing.files[&row.path], row, filter),
            Some(Step::Sort) | None => false,
        };
        let known = || self.paths.values();
        if steps.values().any(|step| *step == Step::Sort) || known().any(|row| !shows_on(row, steps.get(&row.path))) {
            let doubt = Doubt::of(&self.paths);
            for (path, step) in
                steps.iter_mut().filter(|(path, step)| **step == Step::Skip && doubt.covers(&listing.files[**path]))
            {
                *step = first(path, &listing.files[*path], false);
            }
        }
        // Whatever a name shows no more may be found under another.
        let lost = known().any(|row| self.committed(row.generation) > 0 && !shows_on(row, steps.get(&row.path)));
        let told = listing.files.iter().map(|(path, facts)| {
            let (prospect, bytes) = match steps[path] {
                Step::Skip => (Prospect::Unchanged, Some(0)),
                Step::Follow(_) => self.followed(facts, &self.paths[path], filter),
                Step::Sort if moved(path, facts, &self.paths, &listing.files, &filter.decode).is_some() => {
                    (Prospect::Reclassified, Some(0))
                }
                Step::Sort if lost => (Prospect::Reclassified, facts.size),
                Step::Sort => (Prospect::New, facts.size),
            };
            FileForecast { path: path.clone(), prospect, bytes }
        });
        told.collect()
    }

    /// Paths that the listing shows no more.
    pub fn gone(&self, listing: &Listing) -> Vec<String> {
        let gone = |path: &&String| !listing.files.contains_key(*path);
        if listing.complete { self.paths.keys().filter(gone).cloned().collect() } else { Vec::new() }
    }

    fn followed(&self, facts: &Facts, row: &PathRow, filter: &FileFilter) -> (Prospect, Option<u64>) {
        let stored = self.committed(row.generation);
        match length_of(facts, &row.path, filter) {
            _ if facts.size == Some(0) && stored == 0 => (Prospect::Unchanged, Some(0)),
            Some(length) if length < stored => (Prospect::Reclassified, Some(length)),
            Some(length) if length == stored => (Prospect::Checked, Some(0)),
            Some(length) => (Prospect::Appended, Some(length - stored)),
            // A compressed file that changed comes whole.
            None => (Prospect::Checked, facts.size),
        }
    }

    fn shrank(&self, facts: &Facts, row: &PathRow, filter: &FileFilter) -> bool {
        length_of(facts, &row.path, filter).is_some_and(|length| length < self.committed(row.generation))
    }

    fn committed(&self, id: GenerationId) -> u64 {
        self.live.get(&id).map_or(0, |generation| generation.committed)
    }
}

/// A file's length, where the listing tells it: of a compressed file it tells another.
fn length_of(facts: &Facts, path: &str, filter: &FileFilter) -> Option<u64> {
    facts.size.filter(|size| *size == 0 || !filter.decode.is_match(path))
}
