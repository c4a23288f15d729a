//! Gives up what is older than the profile keeps.
//!
//! Ages are those of records, and they count from the newest record of the fleet, or from now where that is earlier:
//! an archive that is read years later is not dropped at once, and a clock that is ahead drops nothing.

use std::collections::BTreeSet;

use super::{Terms, UpkeepError, Upkept};
use crate::catalog::{Catalog, GenerationId};

const DAY_US: i64 = 24 * 3_600 * 1_000_000;

/// Generations of one transaction.
const GROUP_GENERATIONS: usize = 1_000;

/// Drops what the terms say.
pub(super) fn retain(catalog: &mut Catalog, terms: &Terms<'_>, done: &mut Upkept) -> Result<(), UpkeepError> {
    let old = outdated(catalog, terms)?;
    done.dropped_bytes = old.iter().map(|(_, bytes)| bytes).sum();
    let ids: Vec<GenerationId> = old.into_iter().map(|(generation, _)| generation).collect();
    for group in ids.chunks(GROUP_GENERATIONS) {
        catalog.drop_bytes(group)?;
    }
    if let Some(days) = terms.keep.partials_days
        && let Some(before_us) = age(catalog, terms, days)?
    {
        let before_day = i32::try_from(before_us.div_euclid(DAY_US)).unwrap_or(i32::MIN);
        done.dropped_partials = catalog.drop_partials(before_us, before_day)?;
    }
    if let Some(days) = terms.keep.instances_days {
        let before_us = terms.now_us - i64::from(days) * DAY_US;
        for instance in catalog.instances()? {
            let asked = instance.asked_us.is_none_or(|asked_us| asked_us < before_us);
            if asked && terms.fleet.binary_search(&instance.name.as_str()).is_err() {
                catalog.drop_instance(instance.id)?;
                done.dropped_instances += 1;
            }
        }
    }
    Ok(())
}

/// Bytes of logs that the next upkeep would drop.
///
/// # Errors
/// Trouble with the catalog.
pub fn droppable_bytes(catalog: &Catalog, terms: &Terms<'_>) -> Result<u64, UpkeepError> {
    Ok(outdated(catalog, terms)?.iter().map(|(_, bytes)| bytes).sum())
}

/// The generations whose bytes the next upkeep would drop.
///
/// # Errors
/// Trouble with the catalog.
pub fn droppable(catalog: &Catalog, terms: &Terms<'_>) -> Result<BTreeSet<GenerationId>, UpkeepError> {
    Ok(outdated(catalog, terms)?.into_iter().map(|(generation, _)| generation).collect())
}

fn outdated(catalog: &Catalog, terms: &Terms<'_>) -> Result<Vec<(GenerationId, u64)>, UpkeepError> {
    let Some(days) = terms.keep.logs_days else { return Ok(Vec::new()) };
    let Some(before_us) = age(catalog, terms, days)? else { return Ok(Vec::new()) };
    Ok(catalog.outdated(before_us)?)
}

/// So many days before the newest record; none where there is no record.
fn age(catalog: &Catalog, terms: &Terms<'_>, days: u32) -> Result<Option<i64>, UpkeepError> {
    let newest = catalog.newest_record()?.map(|newest| newest.min(terms.now_us));
    Ok(newest.map(|newest| newest - i64::from(days) * DAY_US))
}
