//! The simulated fleet and the yardstick: what LogParser is shown, tested and measured with.
//!
//! [`story`] tells what the target application does and counts the truth; [`fleet`] serves it over HTTP;
//! [`yardstick`] reads it with a program hard-coded for one layout.

pub mod calendar;
pub mod disk;
pub mod fleet;
pub mod native;
pub mod story;
pub mod yardstick;
