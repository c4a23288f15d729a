//! From the file to the checked profile: reads the text, goes through it section by section, and either returns
//! settings without a fault or all faults at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::api::{pass_api, take_api};
use super::fault::{Collector, Fault, Faults};
use super::file::{self, UTF8_HELP, Unreadable};
use super::fleet::{check_addresses, pass_fleet, take_fleet};
use super::format::{take_events, take_formats};
use super::keep::take_keep;
use super::kpi::take_kpis;
use super::limits::take_limits;
use super::period::{PERIOD_HELP, read_period};
use super::places::Places;
use super::raw::{At, Document, Key, Table};
use super::signature::take_signatures;
use super::suggest::quoted;
use super::syntax;
use super::text::Text;
use super::url::has_placeholder;
use super::{EACH_INSTANCE, EventRule, Format, Period, Profile, ReportSettings, Source};

const TITLE: Key = Key("title", "\"Configuration handler fleet\"");
const STORE: Key = Key("store", "\"store\"");
const OUTPUT: Key = Key("output", "\"reports\"");
const REPORT: Key = Key("report", "{ period = \"7 days\" }");
const ZONE: Key = Key("zone", "\"Europe/Berlin\"");
const PERIOD: Key = Key("period", "\"7 days\"");

const TITLE_DEFAULT: &str = "Fleet report";
const PERIOD_DEFAULT: Period = Period::LastDays(7);

/// Reads and checks a profile. Relative paths in it start from its folder.
///
/// # Errors
/// Every fault of the profile and of its list of instances, in the order of the files.
pub fn load(path: &Path) -> Result<Profile, Faults> {
    load_with(path, true)
}

/// Reads and checks what a profile says of lines and reports. Who is in the fleet and how it is asked is passed over: a
/// format is tried before there is any fleet, and without its secrets.
///
/// # Errors
/// Every fault of the rest of the profile.
pub fn load_without_fleet(path: &Path) -> Result<Profile, Faults> {
    load_with(path, false)
}

fn load_with(path: &Path, has_fleet: bool) -> Result<Profile, Faults> {
    let name = path.display().to_string();
    match file::read(path, name.clone(), 0) {
        Ok(text) => resolve_with(path, text, has_fleet),
        Err(Unreadable::File(problem)) => {
            let help = "`logparser init` writes a documented example";
            Err(Fault::of_file(name, format!("the profile cannot be read: {problem}")).with_help(help).into())
        }
        Err(Unreadable::NotUtf8(text, at)) => {
            Err(Fault::at(&text, &(at..at + 1), "the profile is not UTF-8").with_help(UTF8_HELP).into())
        }
    }
}

/// Checks the text of a profile.
#[cfg(test)]
pub(super) fn resolve(path: &Path, text: Text) -> Result<Profile, Faults> {
    resolve_with(path, text, true)
}

fn resolve_with(path: &Path, text: Text, has_fleet: bool) -> Result<Profile, Faults> {
    let text = Arc::new(text);
    let faults = Collector::default();
    let (table, errors) = DeTable::parse_recoverable(&text.content);
    let doc = Document { text: &text, faults: &faults };
    let read_on = syntax::report(doc, &errors);
    let profile = if read_on {
        take_profile(path, Table::new(doc, String::new(), 0..0, table.get_ref()), has_fleet)
    } else {
        None
    };
    match profile {
        Some(profile) if faults.is_empty() => Ok(profile),
        _ => Err(faults.into_faults()),
    }
}

/// Checks the text of a `[format]` section alone.
///
/// # Errors
/// Every fault of it.
pub fn read_format(text: &str) -> Result<Format, Faults> {
    let read = alone(text, take_formats).map(|formats| formats.and_then(|formats| formats.into_iter().next()));
    read.and_then(|format| format.ok_or_else(|| Fault::of_file("the section", "it is no `[format]`").into()))
}

/// Checks the text of `[[event]]` rules alone.
///
/// # Errors
/// Every fault of them.
pub fn read_events(text: &str) -> Result<Vec<EventRule>, Faults> {
    alone(text, |table, places| take_events(table, None, places))
}

fn alone<T>(text: &str, take: impl FnOnce(&mut Table<'_>, &mut Places) -> T) -> Result<T, Faults> {
    let text = Arc::new(Text::new("the section".to_owned(), text.to_owned(), 0));
    let faults = Collector::default();
    let (table, errors) = DeTable::parse_recoverable(&text.content);
    let doc = Document { text: &text, faults: &faults };
    syntax::report(doc, &errors);
    let mut table = Table::new(doc, String::new(), 0..0, table.get_ref());
    let taken = take(&mut table, &mut Places::default());
    table.finish();
    if faults.is_empty() { Ok(taken) } else { Err(faults.into_faults()) }
}

fn take_profile(path: &Path, mut table: Table<'_>, has_fleet: bool) -> Option<Profile> {
    let doc = table.doc();
    let base = folder_of(path);
    let mut places = Places { text: Some(Arc::clone(doc.text)), ..Places::default() };
    let title = table.take_text(TITLE).map_or_else(|| TITLE_DEFAULT.to_owned(), |title| title.value);
    let (store, output) = take_folders(&mut table, &base);
    let formats = take_formats(&mut table, &mut places);
    let events = take_events(&mut table, formats.as_deref(), &mut places);
    let signatures = take_signatures(&mut table, &mut places);
    let fleet = if has_fleet { take_fleet(&mut table, &base) } else { Some(pass_fleet(&mut table)) };
    let limits = take_limits(&mut table);
    let by_rest = fleet.as_ref().is_some_and(|fleet| fleet.folder.is_none());
    let api = if has_fleet { take_api(&mut table, limits, by_rest, &base) } else { pass_api(&mut table) };
    let keep = take_keep(&mut table);
    let report = take_report(&mut table);
    let kpis = take_kpis(&mut table, &base, &mut places);
    table.finish();

    let fleet = fleet?;
    let source = match fleet.folder {
        Some(folder) => Source::Folder(folder),
        None => {
            let api = api?;
            if !has_placeholder(&api.list_url, "instance") {
                check_addresses(doc, &fleet.instances);
            }
            Source::Rest(Box::new(api))
        }
    };
    Some(Profile {
        path: path.to_owned(),
        title,
        store,
        output,
        source,
        zones: fleet.zones,
        instances: fleet.instances.into_iter().map(|found| found.instance).collect(),
        inventory: fleet.inventory,
        files: fleet.files,
        formats: formats?,
        events,
        keep,
        signatures,
        report,
        kpis,
        places,
    })
}

/// The absolute folder of the profile, without asking the file system: links stay what the user calls them.
fn folder_of(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.parent().map(Path::to_owned).unwrap_or_default()
}

fn take_folders(table: &mut Table<'_>, base: &Path) -> (PathBuf, PathBuf) {
    let doc = table.doc();
    let store = table.take_text(STORE);
    let output = table.take_text(OUTPUT);
    let path = |key: Key, named: &Option<_>| {
        let default = key.1.trim_matches('"');
        base.join(named.as_ref().map_or(default, |named: &At<String>| named.value.as_str()))
    };
    let (store_path, output_path) = (path(STORE, &store), path(OUTPUT, &output));
    if let Some(place) = output.or(store).filter(|_| store_path == output_path) {
        let help = "reports are passed on, what is stored is not: give them two folders";
        doc.fault(&place.span, "`store` and `output` are the same folder", help);
    }
    (store_path, output_path)
}

fn take_report(table: &mut Table<'_>) -> ReportSettings {
    let mut settings = ReportSettings { zone: Some(chrono_tz::UTC), period: PERIOD_DEFAULT };
    let Some(mut report) = table.take_table(REPORT) else { return settings };
    if let Some(zone) = report.take_zone_or(ZONE, EACH_INSTANCE) {
        settings.zone = zone;
    }
    if let Some(period) = report.take_text(PERIOD) {
        match read_period(&period.value) {
            Ok(period) => settings.period = period,
            Err(problem) => {
                let message = format!("`period` {problem}: {}", quoted(&period.value));
                report.doc().fault(&period.span, message, PERIOD_HELP);
            }
        }
    }
    report.finish();
    settings
}
