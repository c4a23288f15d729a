//! Generated from the contract.

#![allow(clippy::unwrap_used, unused_qualifications)]

wasmtime::component::bindgen!({
    path: "../plugin-sdk/wit",
    world: "kpi",
    ownership: Borrowing { duplicate_if_necessary: false },
    imports: { default: trappable },
});
