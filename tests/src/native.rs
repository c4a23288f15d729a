//! The plugins of this project as code of this program: what the boundary costs is seen beside it.

use logparser::host::{self, Native, StartNative};
use logparser_sdk::bindings::exports::logparser::plugin::plugin::{Batch, Day};
use logparser_sdk::plugin::{Plugin, settings};
use logparser_sdk::{Column, Fact, Instance, Results, Window, export};

/// How the plugin of a KPI family starts natively.
pub fn start(kpi: &str) -> Option<StartNative> {
    match kpi {
        "sessions" => Some(begin::<logparser_kpi_sessions::Usages>),
        "restarts" => Some(begin::<logparser_kpi_restarts::Restarts>),
        "errors" => Some(begin::<logparser_kpi_errors::Errors>),
        "installed-base" => Some(begin::<logparser_kpi_installed_base::InstalledBase>),
        _ => None,
    }
}

fn begin<P: Plugin>(json: &str) -> Box<dyn Native> {
    let plugin: P = settings(json).unwrap_or_else(|faults| panic!("settings that the component takes: {faults:?}"));
    Box::new(Running { plugin, fleet: None })
}

struct Running<P: Plugin> {
    plugin: P,
    fleet: Option<P::Fleet>,
}

impl<P: Plugin> Native for Running<P> {
    fn observe(&mut self, before: Option<&[u8]>, batch: &host::Batch<'_>) -> Result<Vec<Vec<u8>>, String> {
        let column = |column: &host::Column<'_>| match column {
            host::Column::Signed(values) => Column::Signed(values.to_vec()),
            host::Column::Unsigned(values) => Column::Unsigned(values.to_vec()),
            host::Column::Words(values) => Column::Words(values.to_vec()),
            host::Column::Bytes(values) => Column::Bytes(values.to_vec()),
        };
        let day = |&host::Day { day, rows, spans }: &host::Day| Day { day, rows, spans };
        let batch = Batch {
            days: batch.days.iter().map(day).collect(),
            columns: batch.columns.iter().map(column).collect(),
            counts: batch.counts.to_vec(),
            activity: batch.activity.to_vec(),
        };
        export::observe(&self.plugin, before, batch)
    }

    fn append(&mut self, states: &[&[u8]]) -> Result<Vec<u8>, String> {
        export::append(&self.plugin, &owned(states))
    }

    fn fleet(&mut self, window: host::Window) {
        self.fleet = Some(self.plugin.fleet(&Window {
            first_day: window.first_day,
            end_day: window.end_day,
            context_first_day: window.context_first_day,
            context_end_day: window.context_end_day,
            data_through: window.data_through,
        }));
    }

    fn add(&mut self, instance: &host::Instance<'_>, states: &[&[u8]]) -> Result<(), String> {
        let fact = |fact: &host::Fact<'_>| Fact { name: fact.name.to_owned(), value: fact.value };
        let instance = Instance {
            id: instance.id,
            name: instance.name.to_owned(),
            tags: instance.tags.iter().map(ToString::to_string).collect(),
            facts: instance.facts.iter().map(fact).collect(),
        };
        export::add(&self.plugin, self.fleet.as_mut().expect("a fleet"), &instance, &owned(states))
    }

    fn report(&mut self) -> Result<(), String> {
        self.plugin.report(self.fleet.take().expect("a fleet"), &mut Results::default())
    }
}

fn owned(states: &[&[u8]]) -> Vec<Vec<u8>> {
    states.iter().map(|state| state.to_vec()).collect()
}
