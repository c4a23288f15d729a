//! The errand of a fetch: one visit to each instance, which takes what is new.

use chrono::Utc;

use super::Context;
use super::cause::Cause;
use super::committer::StoreGone;
use super::fleet::{Errand, Halted, deadline_of, within_limits};
use super::outcome::{FileCounts, InstanceOutcome};
use super::packed::Shelf;
use super::source::{Source, Tally};
use super::transfer::Access;
use super::visit::Visit;
use crate::catalog::{InstanceId, Reach};
use crate::fault;
use crate::profile::Instance;

/// Takes what is new into the store.
pub(super) struct Fetching {
    pub context: Context,
    /// Keys of the instances, in the profile's order.
    pub ids: Vec<InstanceId>,
}

impl Errand for Fetching {
    type Outcome = InstanceOutcome;

    async fn visit(
        &self,
        index: usize,
        instance: &Instance,
        source: &Source,
        halted: Halted,
    ) -> Result<InstanceOutcome, StoreGone> {
        let (context, id) = (&self.context, self.ids[index]);
        let asked_us = Utc::now().timestamp_micros();
        let tally = Tally { share: context.room.share(), ..Tally::default() };
        let deadline = deadline_of(source);
        let shelf = Shelf::new(context.folder.clone());
        let access = Access { context, source, instance, tally: &tally, deadline, shelf: &shelf };
        let mut visit = Visit::new(access, id);
        match within_limits(visit.run(), deadline, halted).await {
            Ok(done) => done?,
            Err(cause) => visit.blame(cause),
        }
        let outcome = visit.outcome();
        fault::point("before-outcome");
        context.committer.record(vec![outcome.change(
            id,
            visit.listed_us.unwrap_or(asked_us),
            visit.server_date_us,
        )])?;
        Ok(outcome)
    }

    fn not_asked(&self, instance: &Instance, cause: Cause) -> InstanceOutcome {
        InstanceOutcome {
            name: instance.name.clone(),
            state: Reach::Unreachable,
            cause: Some(cause),
            files: FileCounts::default(),
            bytes_new: 0,
            bytes_wire: 0,
            requests: 0,
        }
    }
}
