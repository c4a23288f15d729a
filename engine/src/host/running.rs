//! A plugin instance: one store, used by one thread, dropped after any fault.

use thiserror::Error;
use wasmtime::component::ResourceAny;
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, Trap};

use super::bindings::Kpi;
use super::bindings::exports::logparser::plugin::plugin::{Batch, Guest, Instance, Window};
use super::load::{Code, Plugin, SettingFault};
use super::native::Native;
use super::results::Told;
use super::{FUEL_PER_CALL, LIFTED_BYTES_MAX, MEMORY_BYTES_MAX};

/// Core instances of one component: the module, and what adapts it.
const CORE_INSTANCES_MAX: usize = 16;
/// Elements of all tables of a plugin instance.
const TABLE_ELEMENTS_MAX: usize = 1 << 16;

/// What a store holds beside the plugin.
pub struct StoreData {
    limits: StoreLimits,
    pub(super) told: Told,
}

/// A plugin instance whose settings are settled.
pub struct Running(Kind);

enum Kind {
    Component(Box<Component>),
    Native(Box<dyn Native>),
}

/// A component in its store.
struct Component {
    store: Store<StoreData>,
    kpi: Kpi,
}

/// A fleet inside a plugin instance; one of native code is known by its plugin instance alone.
pub struct FleetState(Option<ResourceAny>);

/// What went wrong inside a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PluginFault {
    /// The plugin gave up, or met a limit.
    #[error("{what} in `{call}`")]
    Trap {
        /// What happened, with the plugin's last words.
        what: String,
        /// The call of the contract.
        call: &'static str,
    },
    /// The plugin answered with an error.
    #[error("`{call}` answered: {answer}")]
    Refused {
        /// The plugin's word.
        answer: String,
        /// The call of the contract.
        call: &'static str,
    },
}

impl PluginFault {
    /// The way out.
    pub fn help(&self) -> &'static str {
        "the other KPIs are not affected; switch this one off with `enabled = false`, or show the text above to the \
         plugin's developer"
    }
}

impl Running {
    /// Starts a plugin instance and settles its settings.
    ///
    /// # Errors
    /// The outer error is a fault of the plugin, the inner one names the settings that it refuses.
    pub fn configure(plugin: &Plugin) -> Result<Result<Self, Vec<SettingFault>>, PluginFault> {
        let (engine, pre) = match &plugin.code {
            Code::Component(engine, pre) => (engine, pre),
            Code::Native(start) => return Ok(Ok(Self(Kind::Native(start(&plugin.settings))))),
        };
        let limits = StoreLimitsBuilder::new()
            .memory_size(MEMORY_BYTES_MAX)
            .memories(1)
            .instances(CORE_INSTANCES_MAX)
            .table_elements(TABLE_ELEMENTS_MAX)
            .build();
        let mut store = Store::new(engine, StoreData { limits, told: Told::default() });
        store.limiter(|data| &mut data.limits);
        store.set_hostcall_fuel(LIFTED_BYTES_MAX);
        store.set_fuel(FUEL_PER_CALL).expect("the engine counts fuel");
        let kpi = match pre.instantiate(&mut store) {
            Ok(kpi) => kpi,
            Err(cause) => return Err(trap(&mut store, "instantiate", &cause)),
        };
        let mut component = Component { store, kpi };
        let answer = component.call("configure", |kpi, store| kpi.call_configure(store, &plugin.settings))?;
        Ok(match answer {
            Ok(()) => Ok(Self(Kind::Component(Box::new(component)))),
            Err(faults) => Err(faults.into_iter().map(|f| SettingFault { key: f.key, problem: f.problem }).collect()),
        })
    }

    /// Starts a plugin instance whose settings are known to fit.
    ///
    /// # Errors
    /// A fault of the plugin.
    pub fn start(plugin: &Plugin) -> Result<Self, PluginFault> {
        Self::configure(plugin)?.map_err(|faults| {
            let answers: Vec<_> = faults.iter().map(|fault| format!("{}: {}", fault.key, fault.problem)).collect();
            PluginFault::Refused { answer: answers.join("; "), call: "configure" }
        })
    }

    /// The state of each day of a batch; the first goes on from the state `before` it on that day.
    ///
    /// # Errors
    /// A fault of the plugin.
    pub fn observe(&mut self, before: Option<&[u8]>, batch: Batch<'_>) -> Result<Vec<Vec<u8>>, PluginFault> {
        let days = batch.days.len();
        let answer = match &mut self.0 {
            Kind::Native(native) => native.observe(before, &batch),
            Kind::Component(component) => {
                component.call("observe", |kpi, store| kpi.call_observe(store, before, batch))?
            }
        };
        let answer = answer.and_then(|states| match states.len() {
            count if count == days => Ok(states),
            count => Err(format!("{count} states for {days} days")),
        });
        answer.map_err(|answer| PluginFault::Refused { answer, call: "observe" })
    }

    /// The state over spans that follow each other.
    ///
    /// # Errors
    /// A fault of the plugin.
    pub fn append(&mut self, states: &[&[u8]]) -> Result<Vec<u8>, PluginFault> {
        let answer = match &mut self.0 {
            Kind::Native(native) => native.append(states),
            Kind::Component(component) => component.call("append", |kpi, store| kpi.call_append(store, states))?,
        };
        answer.map_err(|answer| PluginFault::Refused { answer, call: "append" })
    }

    /// The state over no instance yet.
    ///
    /// # Errors
    /// A fault of the plugin.
    pub fn fleet(&mut self, window: Window) -> Result<FleetState, PluginFault> {
        let handle = match &mut self.0 {
            Kind::Native(native) => {
                native.fleet(window);
                None
            }
            Kind::Component(component) => {
                Some(component.call("fleet", |kpi, store| kpi.fleet().call_constructor(store, window))?)
            }
        };
        Ok(FleetState(handle))
    }

    /// Takes in one instance with the states of its days.
    ///
    /// # Errors
    /// A fault of the plugin.
    pub fn add(&mut self, fleet: &FleetState, instance: Instance<'_>, states: &[&[u8]]) -> Result<(), PluginFault> {
        let answer = match (&mut self.0, fleet.0) {
            (Kind::Component(component), Some(fleet)) => {
                component.call("add", |kpi, store| kpi.fleet().call_add(store, fleet, instance, states))?
            }
            (Kind::Native(native), _) => native.add(&instance, states),
            _ => unreachable!("a fleet stays with the plugin instance that gave it"),
        };
        answer.map_err(|answer| PluginFault::Refused { answer, call: "add" })
    }

    /// Has the results told.
    ///
    /// # Errors
    /// A fault of the plugin.
    pub fn report(self, fleet: &FleetState) -> Result<Told, PluginFault> {
        let refused = |answer| PluginFault::Refused { answer, call: "report" };
        match (self.0, fleet.0) {
            (Kind::Component(mut component), Some(fleet)) => {
                component.call("report", |kpi, store| kpi.fleet().call_report(store, fleet))?.map_err(refused)?;
                Ok(component.store.into_data().told)
            }
            (Kind::Native(mut native), _) => {
                native.report().map_err(refused)?;
                Ok(Told::default())
            }
            _ => unreachable!("a fleet stays with the plugin instance that gave it"),
        }
    }
}

impl Component {
    /// One call with its own fuel; a fault becomes words.
    fn call<T>(
        &mut self,
        name: &'static str,
        call: impl FnOnce(&Guest, &mut Store<StoreData>) -> wasmtime::Result<T>,
    ) -> Result<T, PluginFault> {
        self.store.set_fuel(FUEL_PER_CALL).expect("the engine counts fuel");
        call(self.kpi.logparser_plugin_plugin(), &mut self.store).map_err(|cause| trap(&mut self.store, name, &cause))
    }
}

impl StoreData {
    /// What the plugin said last as an error: a panic's message.
    fn last_words(&mut self) -> Option<String> {
        self.told.last_error.take()
    }
}

/// Puts a trap into words: what happened, in which function, with the plugin's last words.
fn trap(store: &mut Store<StoreData>, call: &'static str, cause: &wasmtime::Error) -> PluginFault {
    let mut what = match cause.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => format!("it did not finish within {FUEL_PER_CALL} units of fuel"),
        Some(Trap::UnreachableCodeReached) => "it gave up (a panic)".to_owned(),
        Some(Trap::MemoryOutOfBounds) => "it left its memory, or its stack overflowed".to_owned(),
        Some(other) => format!("it trapped: {other}"),
        None => cause.root_cause().to_string(),
    };
    if let Some(words) = store.data_mut().last_words() {
        what = format!("{what}, saying \"{words}\"");
    }
    PluginFault::Trap { what, call }
}
