//! The plugins of this project as code of this program: what the boundary costs is seen beside it.

use logparser::host::{self, Native, StartNative};
use logparser_sdk::plugin::{Plugin, settings};
use logparser_sdk::{Batch, Column, Fact, Instance, Merge, Results, Window};

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
    Box::new(Running { plugin, partials: Vec::new(), fleet: None })
}

struct Running<P: Plugin> {
    plugin: P,
    /// The one partial that is open; the engine opens one at a time.
    partials: Vec<Option<P::Partial>>,
    fleet: Option<P::Fleet>,
}

impl<P: Plugin> Native for Running<P> {
    fn partial(&mut self) -> usize {
        let partial = Some(self.plugin.partial());
        match self.partials.iter().position(Option::is_none) {
            Some(free) => {
                self.partials[free] = partial;
                free
            }
            None => {
                self.partials.push(partial);
                self.partials.len() - 1
            }
        }
    }

    fn observe(&mut self, partial: usize, batch: &host::Batch<'_>) {
        let column = |column: &host::Column<'_>| match column {
            host::Column::Signed(values) => Column::Signed(values.to_vec()),
            host::Column::Unsigned(values) => Column::Unsigned(values.to_vec()),
            host::Column::Words(values) => Column::Words(values.to_vec()),
            host::Column::Bytes(values) => Column::Bytes(values.to_vec()),
        };
        let batch = Batch {
            day: batch.day,
            rows: batch.rows,
            columns: batch.columns.iter().map(column).collect(),
            activity: batch.activity.to_vec(),
        };
        let partial = self.partials[partial].as_mut().expect("an open partial");
        self.plugin.observe(partial, &batch);
    }

    fn append(&mut self, partial: usize, later: &[u8]) -> Result<(), String> {
        let later = logparser_sdk::export::decode::<P>(later)?;
        self.partials[partial].as_mut().expect("an open partial").append(later);
        Ok(())
    }

    fn save(&mut self, partial: usize) -> Vec<u8> {
        logparser_sdk::export::encode::<P>(&self.partials[partial].take().expect("an open partial"))
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

    fn add(&mut self, instance: &host::Instance<'_>, state: &[u8]) -> Result<(), String> {
        let partial = logparser_sdk::export::decode::<P>(state)?;
        let fact = |fact: &host::Fact<'_>| Fact { name: fact.name.to_owned(), value: fact.value };
        let instance = Instance {
            id: instance.id,
            name: instance.name.to_owned(),
            tags: instance.tags.iter().map(ToString::to_string).collect(),
            facts: instance.facts.iter().map(fact).collect(),
        };
        self.plugin.add(self.fleet.as_mut().expect("a fleet"), &instance, partial);
        Ok(())
    }

    fn report(&mut self) -> Result<(), String> {
        self.plugin.report(self.fleet.take().expect("a fleet"), &mut Results::default())
    }
}
