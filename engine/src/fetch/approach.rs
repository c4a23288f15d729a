//! How some of the instances are asked: the shape of their API, who asks, and whom to trust; all of it at hand before
//! anything is asked.

use std::sync::Arc;

use super::credentials::Credentials;
use super::rest::RestSource;
use super::tls::Trust;
use crate::profile::{Faults, NoAccess, Profile, Rest, Source, Veil};

#[derive(Clone)]
pub(super) struct Approach {
    pub rest: Rest,
    pub credentials: Credentials,
    pub trust: Trust,
}

impl Approach {
    /// Reads secrets and certificates.
    pub fn read(rest: Rest) -> Result<Approach, NoAccess> {
        let (credentials, trust) = (Credentials::read(&rest.auth)?, Trust::read(&rest.tls)?);
        Ok(Approach { rest, credentials, trust })
    }

    /// A source with connections of its own; `secure` where any of its addresses is.
    pub fn source(&self, secure: bool, veil: &Arc<Veil>) -> Result<RestSource, reqwest::Error> {
        RestSource::new(self.clone(), secure, Arc::clone(veil))
    }
}

/// Whether a URL begins with `https`.
pub(super) fn is_secure(url: &str) -> bool {
    url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

/// Whether everything that has to be known to ask the fleet is there.
///
/// # Errors
/// Each secret and each file of certificates that cannot be used, at its place in the profile.
pub fn check_access(profile: &Profile) -> Result<(), Faults> {
    let Source::Rest(rest) = &profile.source else { return Ok(()) };
    let shapes = (0..rest.overrides.len()).map(|at| rest.with_overrides(&[at]));
    let shapes = shapes.chain([rest.as_ref().clone()]).map(|shape| (shape.auth, shape.tls));
    let inventory = profile.inventory.iter().map(|inventory| (inventory.auth.clone(), inventory.tls.clone()));
    let found: Vec<NoAccess> = shapes
        .chain(inventory)
        .flat_map(|(auth, tls)| [Credentials::read(&auth).err(), Trust::read(&tls).err()])
        .flatten()
        .collect();
    if found.is_empty() { Ok(()) } else { Err(profile.access_faults(found)) }
}
