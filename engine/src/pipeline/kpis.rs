//! The KPIs of a profile: plugins loaded, those that cannot be used named.

use std::path::PathBuf;

use logparser_reports::model::{Section, SectionState};

use crate::host::{Host, LoadError, Plugin, SettingFault};
use crate::normalise::{Want, Wanted};
use crate::profile::{Kpi, Profile};

/// The KPIs of a profile.
pub struct Kpis {
    /// Those that can be used, in the order of the profile.
    pub plugins: Vec<Plugin>,
    /// Those that cannot, with their position in the profile.
    pub broken: Vec<(usize, Kpi, LoadError)>,
    /// Settings that a plugin refuses, with the KPI's name.
    pub refused: Vec<(String, SettingFault)>,
}

impl Kpis {
    /// Loads every plugin of the profile; compiled code is kept in its store.
    ///
    /// # Errors
    /// When WebAssembly does not run on this machine.
    pub fn load(profile: &Profile) -> Result<Self, String> {
        let host = Host::new(Some(cache(profile))).map_err(|cause| format!("{cause:#}"))?;
        let mut kpis = Self { plugins: Vec::new(), broken: Vec::new(), refused: Vec::new() };
        for (position, kpi) in profile.kpis.iter().enumerate() {
            match host.load(&kpi.name, &kpi.plugin, &kpi.settings.to_string()) {
                Ok(plugin) => {
                    if let Err(faults) = plugin.check_settings() {
                        kpis.refused.extend(faults.into_iter().map(|fault| (kpi.name.clone(), fault)));
                    }
                    kpis.plugins.push(plugin);
                }
                Err(error) => kpis.broken.push((position, kpi.clone(), error)),
            }
        }
        Ok(kpis)
    }

    /// What the plugins want of records.
    pub fn wanted(&self) -> Wanted {
        let want = |plugin: &Plugin| {
            let manifest = &plugin.manifest;
            let attributes = manifest.columns.iter().filter(|column| column.attribute);
            Want {
                events: manifest.events.clone(),
                counted: manifest.counted.clone(),
                severity_min: manifest.severity,
                attributes: attributes.map(|column| column.name.clone()).collect(),
                text: wants_signatures(plugin),
            }
        };
        Wanted { plugins: self.plugins.iter().map(want).collect() }
    }
}

/// Whether a plugin has a column of signatures.
pub fn wants_signatures(plugin: &Plugin) -> bool {
    plugin.manifest.columns.iter().any(|column| column.name == "signature" && !column.attribute)
}

/// Where compiled plugins are kept.
fn cache(profile: &Profile) -> PathBuf {
    profile.store.join("compiled")
}

/// The section of a KPI whose plugin cannot be used.
pub fn broken_section(kpi: &Kpi, error: &LoadError) -> Section {
    let place = match &kpi.plugin {
        crate::profile::PluginFile::Embedded(name) => format!("the plugin `{name}` inside LogParser"),
        crate::profile::PluginFile::Path(path) => path.display().to_string(),
    };
    Section {
        kpi: kpi.name.clone(),
        plugin: kpi.name.clone(),
        version: String::new(),
        title: kpi.name.clone(),
        state: SectionState::Failed { what: error.to_string(), place, help: error.help().to_owned() },
        items: Vec::new(),
    }
}
