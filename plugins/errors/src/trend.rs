//! What a signature does, against the period before.

use logparser_sdk::Window;

use crate::fleet::{Fleet, Signature};

/// Something that a signature does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    New,
    Returned,
    Growing,
    Spreading,
}

/// A signature that is on fewer instances does not spread, whatever it did before.
const SPREADING_MIN: u64 = 3;
/// An instance has a share in its own errors; to name one as flooding there must be others to compare with.
const FLEET_MIN: u64 = 3;

impl Trend {
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Returned => "returned",
            Self::Growing => "growing",
            Self::Spreading => "spreading",
        }
    }
}

/// What a signature does; a new or returned one does nothing else.
pub fn trends(signature: &Signature, window: &Window, minimum_sample: u64) -> Vec<Trend> {
    let Some(last_day_before) = signature.last_day_before else { return vec![Trend::New] };
    let days = window.end_day - window.first_day;
    let quiet_days = window.first_day - last_day_before - 1;
    if 2 * quiet_days >= days {
        return vec![Trend::Returned];
    }
    let growing = signature.errors >= 2 * signature.before && signature.errors >= minimum_sample;
    let spreading = signature.instances >= 2 * signature.instances_before && signature.instances >= SPREADING_MIN;
    let trends = [(growing, Trend::Growing), (spreading, Trend::Spreading)];
    trends.into_iter().filter_map(|(so, trend)| so.then_some(trend)).collect()
}

/// The instance that has at least half of a sufficient number of errors: its id and its errors.
pub fn flooding(fleet: &Fleet, signature: &Signature, minimum_sample: u64) -> Option<(u32, u64)> {
    let (errors, id) = signature.loudest?;
    (fleet.instances >= FLEET_MIN && signature.errors >= minimum_sample && 2 * errors >= signature.errors)
        .then_some((id, errors))
}

/// The instance that has at least half of all errors: its id and its errors.
pub fn flooding_all(fleet: &Fleet, minimum_sample: u64) -> Option<(u32, u64)> {
    let mut ill = fleet.ill.iter().filter(|ill| 2 * ill.errors >= fleet.now.errors);
    let enough = fleet.instances >= FLEET_MIN && fleet.now.errors >= minimum_sample;
    ill.next().filter(|_| enough).map(|ill| (ill.id, ill.errors))
}
