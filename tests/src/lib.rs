//! The simulated fleet and the yardstick: what LogParser is shown, tested and measured with.
//!
//! [`story`] tells what the target application does and counts the truth; [`fleet`] serves it over HTTP; [`crowd`] is a
//! far larger one with far less to tell; [`yardstick`] reads the logs with a program hard-coded for one layout, and
//! [`beside`] with programs made for any table; [`fuzz`] is what no bytes may break.

pub mod beside;
pub mod calendar;
pub mod crowd;
pub mod disk;
pub mod escape;
pub mod fleet;
pub mod fuzz;
pub mod memory;
pub mod meter;
pub mod native;
pub mod story;
pub mod yardstick;
