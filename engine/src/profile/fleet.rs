//! `[fleet]`: which instances there are, and which of their files are logs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono_tz::Tz;
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::file::in_words;
use super::fleet_list;
use super::inventory::{INVENTORY, take_inventory};
use super::raw::{At, Document, Key, Table};
use super::suggest::quoted;
use super::text::{Span, Text};
use super::url::check_address;
use super::value::zone;
use super::{FileFilter, Instance, Inventory};

const FLEET: Key = Key("fleet", "{ list = \"instances.csv\" }");
const INSTANCES: Key = Key("instances", "[ { name = \"WS-0001\", address = \"http://10.0.0.1:8080\" } ]");
const LIST: Key = Key("list", "\"instances.csv\"");
const FOLDER: Key = Key("folder", "\"bundles\"");
const INCLUDE: Key = Key("include", "[\"*.log\", \"*.log.*\"]");
const EXCLUDE: Key = Key("exclude", "[\"*.tmp\"]");
const DECODE: Key = Key("decode", "[\"*.gz\", \"*.zst\"]");
const NAME: Key = Key("name", "\"WS-0001\"");
const ADDRESS: Key = Key("address", "\"http://10.0.0.1:8080\"");
const TAGS: Key = Key("tags", "[\"studio\"]");
const ZONE: Key = Key("zone", "\"Europe/Oslo\"");
const ZONES: Key = Key("zones", "{ oslo = \"Europe/Oslo\" }");

/// Ten times the largest fleet that is planned for; more is a wrong file.
pub const INSTANCES_MAX: usize = 100_000;
/// A name stands in tables of the report.
const NAME_CHARS_MAX: usize = 200;

/// `[fleet]`, checked.
#[derive(Default)]
pub(super) struct Fleet {
    /// The folder of bundles; `None`: instances are asked by REST.
    pub folder: Option<PathBuf>,
    pub files: FileFilter,
    /// Zones by tag.
    pub zones: BTreeMap<String, Tz>,
    pub instances: Vec<Found>,
    pub inventory: Option<Inventory>,
}

/// An instance and where it was found.
pub(super) struct Found {
    pub instance: Instance,
    pub place: Option<Place>,
}

/// A part of the profile or of its list of instances.
pub(super) struct Place {
    pub text: Arc<Text>,
    pub name: Span,
    pub address: Span,
}

/// Passes `[fleet]` over, as if it were an empty folder.
pub(super) fn pass_fleet(profile: &mut Table<'_>) -> Fleet {
    profile.take_table(FLEET);
    Fleet { folder: Some(PathBuf::new()), ..Fleet::default() }
}

/// Reads `[fleet]`; `base` is the folder that paths start from.
pub(super) fn take_fleet(profile: &mut Table<'_>, base: &Path) -> Option<Fleet> {
    let doc = profile.doc();
    if !profile.has(FLEET) {
        let message = "the profile lacks `[fleet]`, which instances there are";
        doc.faults.add_of_file(doc.text, message, format!("add `[fleet]` with `list = {}`", LIST.1));
    }
    let mut table = profile.take_table(FLEET)?;
    let files = take_files(&mut table);
    let zones = table.take_table(ZONES).map(take_zones).unwrap_or_default();
    let named = table.has(INSTANCES) || table.has(LIST) || table.has(FOLDER) || table.has(INVENTORY);
    if !named {
        let help = format!("add `list = {}`, `instances`, `inventory` or `folder`", LIST.1);
        doc.fault(&table.span, "`[fleet]` names no instances", help);
    }
    let (folder, found, inventory) = match table.take_text(FOLDER) {
        Some(folder) => {
            for key in [INSTANCES, LIST, INVENTORY] {
                table.refuse(
                    key,
                    "stands beside `folder`",
                    "the instances of a folder are its subfolders: keep one of them",
                );
            }
            let path = base.join(&folder.value);
            let found = subfolders(doc, &folder, &path);
            (Some(path), found, None)
        }
        None => {
            let mut found = take_instances(&mut table);
            if let Some(list) = table.take_text(LIST) {
                found.extend(fleet_list::read(doc, &list, base));
            }
            (None, found, take_inventory(&mut table, base))
        }
    };
    table.finish();
    Some(Fleet { folder, files, zones, instances: unique(doc, found), inventory })
}

/// Zones by tag.
fn take_zones(mut table: Table<'_>) -> BTreeMap<String, Tz> {
    let doc = table.doc();
    let mut zones = BTreeMap::new();
    for (tag, value) in table.take_rest() {
        let name = value.get_ref().as_str();
        match name.map(zone) {
            Some(Ok(zone)) => {
                zones.insert(tag.value.to_owned(), zone);
            }
            Some(Err(help)) => {
                let message = format!("the zone of the tag {} is no time zone", quoted(tag.value));
                doc.fault(&value.span(), message, help);
            }
            None => {
                let message = format!("the zone of the tag {} must be a text", quoted(tag.value));
                doc.fault(&value.span(), message, format!("such as `zones = {}`", ZONES.1));
            }
        }
    }
    zones
}

fn take_files(table: &mut Table<'_>) -> FileFilter {
    let include = table.take_texts(INCLUDE);
    if let Some(include) = include.as_ref().filter(|include| include.value.is_empty()) {
        let help = format!("such as `include = {}`, which is also meant where the key is left out", INCLUDE.1);
        table.doc().fault(&include.span, "`include` is empty: no file would be a log", help);
    }
    let span = table.span.clone();
    let default = |globs: [&str; 2]| globs.map(|glob| At { value: glob.to_owned(), span: span.clone() }).to_vec();
    let include = include.map_or_else(|| default(["*.log", "*.log.*"]), |include| include.value);
    let exclude = table.take_texts(EXCLUDE).map(|exclude| exclude.value).unwrap_or_default();
    let decode = table.take_texts(DECODE).map_or_else(|| default(["*.gz", "*.zst"]), |decode| decode.value);
    let globs = |key, texts: &[_]| globs(table.doc(), key, texts);
    FileFilter {
        include: globs("include", &include),
        exclude: globs("exclude", &exclude),
        decode: globs("decode", &decode),
    }
}

pub(super) fn globs(doc: Document<'_>, key: &str, texts: &[At<String>]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        match Glob::new(&text.value) {
            Ok(glob) => {
                set.add(glob);
            }
            Err(error) => {
                let message =
                    format!("`{key}` holds a pattern that is none: {}: {}", quoted(&text.value), error.kind());
                doc.fault(&text.span, message, "`*` is any text, `?` any character, `{a,b}` a or b, such as \"*.log\"");
            }
        }
    }
    set.build().unwrap_or_else(|error| {
        let place = texts.first().map_or(0..0, |text| text.span.clone());
        doc.fault(&place, format!("`{key}` is too large: {error}"), "fewer and shorter patterns");
        GlobSet::empty()
    })
}

fn take_instances(table: &mut Table<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for mut item in table.take_tables(INSTANCES, "the instance") {
        let doc = item.doc();
        let name = item.take_required_text(NAME);
        let address = item.take_required_text(ADDRESS);
        let tags = item.take_texts(TAGS).map(|tags| tags.value).unwrap_or_default();
        let tags = tags.into_iter().map(|tag| tag.value.trim().to_owned());
        let zone = item.take_zone(ZONE);
        item.finish();
        let (Some(name), Some(address)) = (name, address) else { continue };
        if let Err(problem) = check_name(name.value.trim()) {
            doc.fault(&name.span, format!("`name` {problem}"), NAME_HELP);
        }
        if let Err(problem) = check_address(address.value.trim()) {
            let start = address.value.len() - address.value.trim_start().len();
            let part = start + problem.part.start..start + problem.part.end;
            doc.fault(&doc.part(&address, part), format!("`address` {}", problem.problem), problem.help);
        }
        let place = Place { text: Arc::clone(doc.text), name: name.span, address: address.span };
        found.push(Found { instance: instance(&name.value, &address.value, tags.collect(), zone), place: Some(place) });
    }
    found
}

/// What would be right where [`check_name`] fails.
pub(super) const NAME_HELP: &str = "the name of an installation as the report shows it, such as \"WS-0001\"";

/// Whether the report can show an instance under this name.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("is empty"),
        name if name.chars().count() > NAME_CHARS_MAX => Err("has more than 200 characters"),
        name if name.contains(char::is_control) => Err("holds a control character"),
        _ => Ok(()),
    }
}

/// An instance of checked parts.
pub(super) fn instance(name: &str, address: &str, tags: Vec<String>, zone: Option<Tz>) -> Instance {
    let address = address.trim().trim_end_matches('/').to_owned();
    Instance { name: name.trim().to_owned(), address, tags, zone }
}

/// One instance for every subfolder that is not hidden.
fn subfolders(doc: Document<'_>, folder: &At<String>, path: &Path) -> Vec<Found> {
    let help = "one subfolder of log files an instance; the path starts from the folder of the profile";
    let fault = |message: String| doc.fault(&folder.span, message, help);
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            fault(format!("`folder` cannot be read: {}", in_words(&error)));
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                fault(format!("`folder` cannot be read to its end: {}", in_words(&error)));
                break;
            }
        };
        // The metadata of what a link points to: bundles are often linked from where they arrive.
        if !fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir()) {
            continue;
        }
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            fault(format!("`folder` has a subfolder whose name is not UTF-8: {}", quoted(&name.to_string_lossy())));
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        if let Err(problem) = check_name(name) {
            fault(format!("`folder` has a subfolder whose name {problem}: {}", quoted(name)));
        }
        found.push(Found {
            instance: Instance { name: name.to_owned(), address: String::new(), tags: Vec::new(), zone: None },
            place: None,
        });
    }
    if found.is_empty() {
        fault("`folder` has no subfolder".to_owned());
    }
    found
}

/// All instances by name; every name after its first is a fault.
fn unique(doc: Document<'_>, found: Vec<Found>) -> Vec<Found> {
    if found.len() > INSTANCES_MAX {
        let message = format!("the fleet has {} instances", found.len());
        doc.faults.add_of_file(
            doc.text,
            message,
            format!("one profile takes at most {INSTANCES_MAX}: split the fleet"),
        );
    }
    let mut by_name: BTreeMap<String, Found> = BTreeMap::new();
    for found in found {
        match by_name.entry(found.instance.name.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(found);
            }
            Entry::Occupied(first) => {
                if let (Some(place), Some(first_place)) = (&found.place, &first.get().place) {
                    let message = format!("the instance {} is named twice", quoted(first.key()));
                    let help = format!("names are unique; the first is at {}", line_of(first_place, &first_place.name));
                    doc.faults.add(&place.text, &place.name, message, help);
                }
            }
        }
    }
    by_name.into_values().collect()
}

/// Records every address that two instances share: the same logs would be counted twice.
pub(super) fn check_addresses(doc: Document<'_>, instances: &[Found]) {
    let with_place = |found: &'_ Found| found.place.as_ref().map(|place| (place.text.rank, place.address.start));
    let mut in_order: Vec<&Found> = instances.iter().collect();
    in_order.sort_by_key(|found| with_place(found));
    let mut by_address: BTreeMap<&str, &Place> = BTreeMap::new();
    for found in in_order {
        let Some(place) = &found.place else { continue };
        match by_address.entry(&found.instance.address) {
            Entry::Vacant(vacant) => {
                vacant.insert(place);
            }
            Entry::Occupied(first) => {
                let message = format!("the instance {} has the address of another", quoted(&found.instance.name));
                let first = line_of(first.get(), &first.get().address);
                let help = format!("its logs would be counted twice; the other is at {first}");
                doc.faults.add(&place.text, &place.address, message, help);
            }
        }
    }
}

fn line_of(place: &Place, span: &Span) -> String {
    format!("{}:{}", place.text.file, place.text.place(span.start).0)
}
