//! What instances are asked with, and cannot be: secrets and certificates that are not what the profile says.

use std::collections::BTreeMap;

use super::text::Span;
use super::{Faults, Profile};

/// Why instances cannot be asked: a sentence, and the way out. It never has a secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct NoAccess {
    problem: String,
    help: String,
    span: Span,
}

impl NoAccess {
    pub(super) fn at(span: &Span, problem: String, help: impl Into<String>) -> NoAccess {
        NoAccess { problem, help: help.into(), span: span.clone() }
    }
}

impl Profile {
    /// What is wrong with secrets and certificates, each at its place in the profile and once.
    pub fn access_faults(&self, found: Vec<NoAccess>) -> Faults {
        let by_place: BTreeMap<usize, NoAccess> = found.into_iter().map(|one| (one.span.start, one)).collect();
        let fault = |one: NoAccess| self.fault_at(Some(&one.span), one.problem).with_help(one.help);
        Faults::from(by_place.into_values().map(fault).collect::<Vec<_>>())
    }
}
