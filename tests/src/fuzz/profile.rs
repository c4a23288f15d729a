//! Any text as a profile: it is taken, or every fault is told with its place. Nothing else happens.

use std::fs;

use logparser::normalise::{Normaliser, Wanted};
use logparser::profile;

use super::SCRATCH;

pub fn run(input: &[u8]) -> bool {
    let path = SCRATCH.join("any.toml");
    fs::write(&path, input).expect("a profile");
    match profile::load(&path) {
        Ok(profile) => {
            // The profile's own checks come first; what they let pass may have faults that only compiling finds.
            let _ = Normaliser::compile(&profile.formats, &profile.events, &Wanted::default());
            true
        }
        Err(faults) => {
            let told = faults.to_string();
            assert!(told.contains("error: ") && told.contains("help: "), "faults without help: {told}");
            assert_eq!(told, profile::load(&path).expect_err("the same faults").to_string());
            false
        }
    }
}
