//! The report of LogParser: what plugins told, as inert data, and its composition into a page.
//!
//! ```text
//! engine ──► model ──► compose ──► report.html, report.json
//!                       │    │
//!                    charts format
//! ```
//!
//! Data in, bytes out: no files, no clock, no engine, no WebAssembly. The same [`model::Report`] gives the same
//! bytes, on any machine.

#![deny(missing_docs)]
// A test that unwraps fails where it should.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod model;

pub mod format;

pub mod charts;

pub mod compose;

#[cfg(test)]
mod fixture;

pub use compose::{ComposeError, Composer, html, json};
pub use model::Report;
