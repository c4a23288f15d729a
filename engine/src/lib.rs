//! LogParser's engine. The modules stand in the order in which data flows through them; `ARCHITECTURE.md` is the map.

pub mod profile;

pub mod fetch;
pub mod mirror;

pub mod catalog;

pub mod normalise;

pub mod host;

pub mod fold;

pub mod pipeline;

pub mod upkeep;

pub mod commands;

mod calendar;
pub mod fault;
