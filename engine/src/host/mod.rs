//! Runs plugins: WebAssembly components that speak `plugin-sdk/wit`. Only this module knows wasmtime.
//!
//! ```text
//! bytes ─ load ─► Plugin (compiled, manifest read) ─ start ─► Running (a plugin instance: one store, one thread)
//! ```
//!
//! | limit | value | why |
//! |---|---|---|
//! | module | 32 MiB | a Python plugin takes 18 MiB |
//! | memory of a plugin instance | 256 MiB | the state of 10,000 instances with room to spare |
//! | fuel of a call | 5 × 10⁹ | some seconds of a stuck plugin; the dearest honest call takes 10⁸ |
//! | values lifted by a call | 32 MiB | returned lists may alias one small memory and balloon here |
//! | results | 1,000 items, 20,000 rows, 8 MiB of text | a report that a person can read |
//!
//! A trap makes every later call into the same store invalid, so [`Running`] is dropped after any fault.

mod bindings;
mod cache;
mod load;
mod native;
mod results;
mod running;

pub use bindings::exports::logparser::plugin::plugin::{Batch, Column, Day, Fact, Instance, Window};
pub use bindings::logparser::plugin::results::{
    Axis, Cell, Chart, Heatmap, Highlight, Level, Metric, Rank, Series, State, Table,
};
pub use native::{Native, StartNative};

pub use load::{Host, LoadError, Plugin, SettingFault};
pub use results::{Item, Told};
pub use running::{FleetState, PluginFault, Running};

/// Largest module that is loaded.
const MODULE_BYTES_MAX: u64 = 32 << 20;
/// Largest memory of one plugin instance.
const MEMORY_BYTES_MAX: usize = 256 << 20;
/// Fuel of one call.
const FUEL_PER_CALL: u64 = 5_000_000_000;
/// What one call may lift out of a plugin's memory.
const LIFTED_BYTES_MAX: usize = 32 << 20;
/// Results of one report.
const ITEMS_MAX: usize = 1_000;
/// Rows of all its tables.
const ROWS_MAX: usize = 20_000;
/// Bytes of all its texts and numbers.
const RESULT_BYTES_MAX: usize = 8 << 20;
