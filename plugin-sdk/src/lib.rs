//! What a developer of LogParser KPI plugins depends on.
//!
//! A plugin is a WebAssembly component and a pure function of records: it has no clock, no randomness, no files and
//! no network. It sees columns of the records that it subscribed to, keeps a small mergeable state, and tells
//! results that the engine renders without knowing the plugin.
//!
//! ```
//! use logparser_sdk::{Batch, Events, Instance, Merge, Plugin, Results, Row, Window};
//!
//! /// Settings: the keys of `[kpi.logons]`, with their defaults.
//! #[logparser_sdk::settings]
//! #[derive(Default)]
//! struct Logons {}
//!
//! #[derive(Events)]
//! enum Event {
//!     #[event("session.start")]
//!     Start,
//! }
//!
//! /// What the plugin wants to see of a record.
//! #[derive(Row)]
//! struct Logon {
//!     event: Event,
//! }
//!
//! /// State over a time span of one instance, under the merge law.
//! #[logparser_sdk::state]
//! #[derive(Default, Merge)]
//! struct Count {
//!     logons: u64,
//! }
//!
//! #[logparser_sdk::plugin(name = "logons", title = "Logons")]
//! impl Plugin for Logons {
//!     type Row = Logon;
//!     type Partial = Count;
//!     type Fleet = u64;
//!
//!     fn partial(&self) -> Count {
//!         Count::default()
//!     }
//!     fn observe(&self, count: &mut Count, batch: &Batch) {
//!         for row in batch.rows::<Logon>() {
//!             match row.event {
//!                 Event::Start => count.logons += 1,
//!             }
//!         }
//!     }
//!     fn fleet(&self, _: &Window) -> u64 {
//!         0
//!     }
//!     fn add(&self, total: &mut u64, _: &Instance, count: Count) {
//!         *total += count.logons;
//!     }
//!     fn report(&self, total: u64, results: &mut Results) -> Result<(), String> {
//!         results.metric("logons", "Logons", total);
//!         Ok(())
//!     }
//! }
//! # logparser_sdk::testkit::check_merge_law(&Logons {}, &logparser_sdk::testkit::Log::default(), 1);
//! ```
//!
//! Built with `cargo build --release --target wasm32-unknown-unknown` as a `cdylib`, the `.wasm` file is a plugin as
//! it is: name it in the profile, `[kpi.logons] plugin = "logons.wasm"`. Its allocator is the SDK's: a plugin declares
//! none.
//!
//! The modules: [`columns`] (what a plugin sees), [`merge`], [`save`], [`distribution`] and [`sessions`] (state), [`results`] and
//! [`period`] (what it tells), [`mod@plugin`] (the trait and its settings), [`testkit`] (logs made of words, and the merge
//! law).

#![deny(missing_docs)]

extern crate self as logparser_sdk;

/// Generated from `wit/logparser.wit`.
#[doc(hidden)]
#[allow(missing_docs, clippy::unwrap_used, unused_qualifications)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "kpi",
        pub_export_macro: true,
        export_macro_name: "export_kpi",
        default_bindings_module: "logparser_sdk::bindings",
        runtime_path: "logparser_sdk::wit_bindgen::rt",
    });
}

#[doc(hidden)]
pub use {serde, wit_bindgen};

pub mod columns;
pub mod distribution;
#[doc(hidden)]
pub mod export;
#[cfg(any(target_arch = "wasm32", test))]
mod heap;
pub mod manifest;
pub mod merge;
pub mod period;
pub mod plugin;
pub mod results;
pub mod save;
pub mod sessions;
pub mod testkit;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static HEAP: heap::Heap = heap::Heap::new();

pub use bindings::exports::logparser::plugin::plugin::{Column, Fact, Instance, SettingsError, Window};
pub use bindings::logparser::plugin::results::{
    Axis, Cell, Chart, Column as TableColumn, Heatmap, Highlight, Level, Metric, Points, Rank, RecordRef, Series,
    State, Table,
};
pub use columns::{Batch, Field, Key, Minute, Row, Severity, Span, Symbol, Time};
pub use distribution::Distribution;
pub use logparser_sdk_macros::{Events, Merge, Row, Save, plugin, settings, state};
pub use merge::{First, Greatest, Last, Leading, Least, Merge};
pub use period::Coverage;
pub use plugin::{Check, Plugin};
pub use results::Results;
pub use save::Save;
pub use sessions::Sessions;
