//! `[kpi.NAME]`: which KPIs are on, where their plugins come from, and the plugins' own settings.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::DeValue;

use super::places::{KpiPlaces, Places};
use super::raw::{At, Document, Key, Table, kind};
use super::suggest::{one_of, quoted};
use super::text::Span;
use super::{Kpi, PluginFile};

/// The plugins inside the binary.
pub const EMBEDDED_PLUGINS: [&str; 4] = ["sessions", "restarts", "errors", "installed-base"];

const KPI: Key = Key("kpi", "{ sessions = { enabled = true } }");
const ENABLED: Key = Key("enabled", "true");
const PLUGIN: Key = Key("plugin", "\"plugins/my_kpi.wasm\"");

/// A name becomes part of file names and anchors.
const NAME_CHARS_MAX: usize = 64;

/// Reads every `[kpi.NAME]`; those that are on, in the order of the file.
pub(super) fn take_kpis(profile: &mut Table<'_>, base: &Path, places: &mut Places) -> Vec<Kpi> {
    let doc = profile.doc();
    let Some(mut all) = profile.take_table(KPI) else { return Vec::new() };
    let mut kpis = Vec::new();
    for (name, value) in all.take_rest() {
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("`{}` must be a table, not {}", name.value, kind(value.get_ref()));
            doc.fault(&value.span(), message, "such as `[kpi.sessions]` with `enabled = true`");
            continue;
        };
        let named_right = check_name(doc, &name);
        let mut table = Table::new(doc, format!("`[kpi.{}]`", name.value), value.span(), table);
        let enabled = table.take_flag(ENABLED).is_none_or(|enabled| enabled.value);
        let names_plugin = table.has(PLUGIN);
        let named = table.take_text(PLUGIN);
        let mut kpi_places = KpiPlaces {
            header: value.span(),
            plugin: named.as_ref().map(|at| at.span.clone()),
            settings: BTreeMap::new(),
        };
        let settings = Settings { doc, places: &mut kpi_places.settings }.object(table.take_rest(), "");
        if !enabled || !named_right {
            continue;
        }
        let plugin = match named {
            Some(named) => plugin_file(doc, &named, base),
            None if names_plugin => None,
            None => embedded(doc, &name),
        };
        if let Some(plugin) = plugin {
            kpis.push(Kpi { name: name.value.to_owned(), plugin, settings });
            places.kpis.insert(name.value.to_owned(), kpi_places);
        }
    }
    kpis
}

fn check_name(doc: Document<'_>, name: &At<&str>) -> bool {
    let plain = name.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
    let right = plain && !name.value.is_empty() && name.value.len() <= NAME_CHARS_MAX;
    if !right {
        let help = "small letters, digits, `-` and `_`, at most 64, such as `[kpi.my-kpi]`";
        doc.fault(&name.span, format!("{} cannot be the name of a KPI", quoted(name.value)), help);
    }
    right
}

fn embedded(doc: Document<'_>, name: &At<&str>) -> Option<PluginFile> {
    if EMBEDDED_PLUGINS.contains(&name.value) {
        return Some(PluginFile::Embedded(name.value.to_owned()));
    }
    let help = format!("{}; any other needs `plugin = {}`", one_of(name.value, EMBEDDED_PLUGINS, "`"), PLUGIN.1);
    doc.fault(&name.span, format!("no plugin {} is built in", quoted(name.value)), help);
    None
}

/// The name of an embedded plugin, or a path. Whether the file can be used is seen when it is loaded: a plugin that
/// cannot loses its section, and the others go on.
fn plugin_file(doc: Document<'_>, named: &At<String>, base: &Path) -> Option<PluginFile> {
    if EMBEDDED_PLUGINS.contains(&named.value.as_str()) {
        return Some(PluginFile::Embedded(named.value.clone()));
    }
    if !named.value.contains(['/', '\\', '.']) {
        let known = one_of(&named.value, EMBEDDED_PLUGINS, "\"");
        let help = format!("{known}; or the path of a file, such as `plugin = {}`", PLUGIN.1);
        doc.fault(&named.span, format!("no plugin {} is built in", quoted(&named.value)), help);
        return None;
    }
    Some(PluginFile::Path(base.join(&named.value)))
}

/// Turns a plugin's settings into JSON and notes where each of them stands.
struct Settings<'s> {
    doc: Document<'s>,
    places: &'s mut BTreeMap<String, Span>,
}

impl Settings<'_> {
    /// An object of settings; `prefix` is the way to it, with a dot at its end.
    fn object<'d>(&mut self, entries: Vec<(At<&'d str>, &'d Spanned<DeValue<'d>>)>, prefix: &str) -> Value {
        let mut object = Map::new();
        for (key, value) in entries {
            let path = format!("{prefix}{}", key.value);
            if let Some(json) = self.value(value, &path) {
                object.insert(key.value.to_owned(), json);
            }
        }
        Value::Object(object)
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &str) -> Option<Value> {
        self.places.insert(path.to_owned(), value.span());
        Some(match value.get_ref() {
            DeValue::String(text) => Value::String(text.clone().into_owned()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Integer(int) => match i64::from_str_radix(int.as_str(), int.radix()) {
                Ok(int) => Value::from(int),
                Err(_) => return self.no_number(value, path),
            },
            DeValue::Float(float) => match float.as_str().parse().ok().and_then(Number::from_f64) {
                Some(number) => Value::Number(number),
                None => return self.no_number(value, path),
            },
            DeValue::Array(items) => {
                let at = |(at, item)| self.value(item, &format!("{path}.{at}"));
                Value::Array(items.iter().enumerate().filter_map(at).collect())
            }
            DeValue::Table(table) => {
                let entry = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, _)| (key.get_ref().to_string(), value);
                let mut object = Map::new();
                for (key, value) in table.iter().map(entry) {
                    if let Some(json) = self.value(value, &format!("{path}.{key}")) {
                        object.insert(key, json);
                    }
                }
                Value::Object(object)
            }
        })
    }

    fn no_number(&self, value: &Spanned<DeValue<'_>>, path: &str) -> Option<Value> {
        let message = format!("`{path}` is a number that no plugin can take");
        self.doc.fault(&value.span(), message, "whole numbers have 64 bits, others are finite");
        None
    }
}
