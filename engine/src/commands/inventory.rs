//! The fleet of a profile whose instances, or some of them, are named by an inventory.

use chrono::DateTime;

use super::Failed;
use super::progress::Voice;
use super::run::runtime;
use super::stop::Stop;
use crate::fetch::{FetchError, ask_inventory, known_fleet};
use crate::mirror::StoreLock;
use crate::profile::{InventoryState, Profile};

/// Entries that are not taken which are told on the way.
const REFUSED_MAX: usize = 5;

/// Asks the inventory, if there is one, and gives the profile with all its instances. Without a store nothing is kept.
///
/// # Errors
/// It has never answered, the store is in trouble, or someone asked to stop.
pub fn ask(profile: &Profile, store: Option<&StoreLock>, voice: &Voice, stop: &Stop) -> Result<Profile, Failed> {
    if profile.inventory.is_none() {
        return Ok(profile.clone());
    }
    let runtime = runtime()?;
    let asked = runtime.block_on(async {
        tokio::select! {
            asked = ask_inventory(profile, store) => Some(asked),
            () = stop.asked() => None,
        }
    });
    // Whoever stops does not wait for a name server.
    runtime.shutdown_background();
    let profile = asked.ok_or(Failed::Stopped)?.map_err(|error| match error {
        FetchError::Inventory(_) => {
            Failed::other(error, "see `inventory` in [fleet]; once it has answered, a run goes on without it")
        }
        error => Failed::disk(&error, &profile.store),
    })?;
    if let Some(state) = profile.inventory.as_ref().and_then(|inventory| inventory.state.as_ref()) {
        tell(state, voice);
    }
    Ok(profile)
}

/// The profile with all instances that are known without asking; `None` where the inventory has never answered.
pub fn known(profile: &Profile) -> Result<Option<Profile>, Failed> {
    known_fleet(profile).map_err(|error| Failed::disk(&error, &profile.store))
}

/// The same where nothing can be done without them.
pub fn must_be_known(profile: &Profile) -> Result<Profile, Failed> {
    let help = "`logparser fetch` asks it, and keeps what it says";
    known(profile)?.ok_or_else(|| Failed::other("the inventory names no instances yet", help))
}

/// What the inventory said last, in a few words.
pub fn in_words(state: &InventoryState) -> String {
    let when = DateTime::from_timestamp_micros(state.answered_us);
    let when = when.map_or_else(String::new, |when| format!(" at {}", when.format("%Y-%m-%d %H:%M UTC")));
    format!("{} of them named by the inventory{when}", state.instances)
}

fn tell(state: &InventoryState, voice: &Voice) {
    if let Some((_, cause)) = &state.cause {
        voice.say(&format!("the inventory could not be asked, its last answer is used: {cause}"));
    }
    for why in state.refused.iter().take(REFUSED_MAX) {
        voice.say(&format!("  not taken of the inventory: {why}"));
    }
    if state.refused.len() > REFUSED_MAX {
        voice.say(&format!("  and {} more", state.refused.len() - REFUSED_MAX));
    }
}
