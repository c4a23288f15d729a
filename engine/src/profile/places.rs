//! Where in its file each part of a checked profile stands, for faults that a later stage finds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::suggest::quoted;
use super::text::{Span, Text};
use super::{Fault, Profile};

/// Places of settings and rules. Empty for a profile that comes from no file.
#[derive(Debug, Clone, Default)]
pub struct Places {
    pub(super) text: Option<Arc<Text>>,
    pub(super) formats: Vec<FormatPlaces>,
    pub(super) events: Vec<Span>,
    pub(super) signatures: Vec<Span>,
    pub(super) kpis: BTreeMap<String, KpiPlaces>,
}

/// Places of one format.
#[derive(Debug, Clone, Default)]
pub(super) struct FormatPlaces {
    /// Its pattern, or what else says how a line is laid out.
    pub layout: Span,
    pub timestamp: Option<Span>,
}

/// Places of one `[kpi.NAME]`.
#[derive(Debug, Clone, Default)]
pub(super) struct KpiPlaces {
    pub header: Span,
    pub plugin: Option<Span>,
    /// By the key, and for tables inside by the keys with dots between them.
    pub settings: BTreeMap<String, Span>,
}

impl Profile {
    /// What a plugin has against one of its settings, at the setting's value; at the KPI's header where the profile
    /// does not name the setting. Keys of tables inside have dots between them.
    pub fn setting_fault(&self, kpi: &str, key: &str, problem: &str) -> Fault {
        let place = self.places.kpis.get(kpi).map(|kpi| kpi.settings.get(key).unwrap_or(&kpi.header));
        self.fault_at(place, format!("`{key}` of the KPI `{kpi}`: {problem}"))
    }

    /// What is wrong with the plugin of a KPI, at its `plugin`, or at the KPI's header.
    pub fn plugin_fault(&self, kpi: &str, problem: &str) -> Fault {
        let place = self.places.kpis.get(kpi).map(|kpi| kpi.plugin.as_ref().unwrap_or(&kpi.header));
        self.fault_at(place, format!("plugin of the KPI `{kpi}`: {problem}"))
    }

    /// What is wrong with a format, by its index in [`Profile::formats`], at its pattern.
    pub fn format_fault(&self, index: usize, problem: &str) -> Fault {
        self.fault_at(self.places.formats.get(index).map(|places| &places.layout), format!("`[format]`: {problem}"))
    }

    /// What is wrong with a format's times, at its `timestamp`; at the pattern where there is none.
    pub fn timestamp_fault(&self, index: usize, problem: &str) -> Fault {
        let place = self.places.formats.get(index).map(|places| places.timestamp.as_ref().unwrap_or(&places.layout));
        self.fault_at(place, format!("`timestamp`: {problem}"))
    }

    /// What is wrong with an event rule, by its index in [`Profile::events`], at its body.
    pub fn event_fault(&self, index: usize, problem: &str) -> Fault {
        let name = self.events.get(index).map_or("?", |event| event.name.as_str());
        self.fault_at(self.places.events.get(index), format!("event `{name}`: {problem}"))
    }

    /// What is wrong with a signature rule, by its index in [`Profile::signatures`], at its body.
    pub fn signature_fault(&self, index: usize, problem: &str) -> Fault {
        let name = self.signatures.get(index).map_or("?", |rule| rule.name.as_str());
        self.fault_at(self.places.signatures.get(index), format!("signature {}: {problem}", quoted(name)))
    }

    /// The line of a signature rule; 0 where the profile comes from no file.
    pub fn signature_line(&self, index: usize) -> usize {
        let place = self.places.text.as_ref().zip(self.places.signatures.get(index));
        place.map_or(0, |(text, place)| text.place(place.start).0)
    }

    pub(super) fn fault_at(&self, place: Option<&Span>, message: String) -> Fault {
        match (&self.places.text, place) {
            (Some(text), Some(place)) => Fault::at(text, place, message),
            _ => Fault::of_file(self.path.display().to_string(), message),
        }
    }
}
