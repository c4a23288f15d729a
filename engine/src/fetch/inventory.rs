//! The inventory of instances: asked before the instances are, and looked up in the store where it is not.
//!
//! The answer is that of Prometheus' HTTP service discovery, `[{"targets": ["host:port"], "labels": {"site": "x"}}]`.
//! The last good one is kept in the catalog, so a run goes on with the fleet that is known when the inventory fails.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::Utc;
use reqwest::Url;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::FetchError;
use super::approach::{Approach, is_secure};
use super::cause::{Cause, CauseClass, excerpt};
use super::pointed::{self, plain};
use super::rest::RestSource;
use super::retry::{Budget, Fault, Patience};
use super::source::Tally;
use crate::catalog::{Catalog, CatalogError, Digest, KeptInventory};
use crate::mirror::StoreLock;
use crate::profile::{Entry, INSTANCES_MAX, Inventory, InventoryAnswer, Profile, Rest, Source, Veil};

/// A hundred thousand instances with a few labels each: of an answer, and of what is kept of it.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// Labels of one group; no two lines of them say more of an instance.
const LABELS_BYTES_MAX: usize = 64 << 10;

/// What an entry, and each of its labels, costs beside its text.
const PART_BYTES: usize = 64;

/// Parts of an answer that may be no entries; with more it is no inventory.
const REFUSED_MAX: usize = 1_000;

/// Why a group is not taken that would bring a secret into the store.
const REPEATS: &str = "it repeats a password or token of the profile";

/// Asks the profile's inventory and gives the profile with its instances. Where it fails, the instances are those of
/// its last answer, and the state of the inventory says so. Without a store nothing is kept.
///
/// # Errors
/// [`FetchError::Inventory`] where it fails and has never answered; trouble with the store or with this machine.
pub async fn ask_inventory(profile: &Profile, store: Option<&StoreLock>) -> Result<Profile, FetchError> {
    let (Some(inventory), Source::Rest(rest)) = (&profile.inventory, &profile.source) else {
        return Ok(profile.clone());
    };
    let mut catalog = store.map(Catalog::open).transpose()?;
    let source = source_of(inventory);
    let asked = Asked::new(profile, inventory, rest)?;
    match asked.ask(profile).await {
        Ok((complete, answer)) => {
            let Some(catalog) = &mut catalog else { return Ok(complete) };
            let kept = KeptInventory {
                entries: json(&answer.entries),
                refused: json(&answer.refused),
                answered_us: answer.answered_us,
                cause: None,
            };
            catalog.keep_inventory(&source, &kept)?;
            Ok(complete)
        }
        Err(cause) => {
            if let Some(catalog) = &mut catalog {
                catalog.blame_inventory(&source, cause.class.as_str(), &cause.text)?;
            }
            let mut known = known_fleet(profile)?.ok_or_else(|| FetchError::Inventory(cause.clone()))?;
            if let Some(state) = known.inventory.as_mut().and_then(|inventory| inventory.state.as_mut()) {
                state.cause = Some((cause.class.as_str().to_owned(), cause.text));
            }
            Ok(known)
        }
    }
}

/// The profile with the instances that its inventory named last, without asking it: for all that works offline.
/// `None` where it has never answered.
///
/// # Errors
/// Trouble with the store.
pub fn known_fleet(profile: &Profile) -> Result<Option<Profile>, FetchError> {
    if profile.inventory.is_none() {
        return Ok(Some(profile.clone()));
    }
    match Catalog::open_to_read(&profile.store) {
        Err(CatalogError::Missing { .. }) => Ok(None),
        opened => look_up(profile, &opened?),
    }
}

fn look_up(profile: &Profile, catalog: &Catalog) -> Result<Option<Profile>, FetchError> {
    let Some(inventory) = &profile.inventory else { return Ok(Some(profile.clone())) };
    let Some(kept) = catalog.inventory(&source_of(inventory))? else { return Ok(None) };
    let answer = InventoryAnswer {
        entries: serde_json::from_str(&kept.entries).unwrap_or_default(),
        refused: serde_json::from_str(&kept.refused).unwrap_or_default(),
        answered_us: kept.answered_us,
        cause: kept.cause,
    };
    // What was good once may not be so with other settings.
    Ok(profile.with_inventory(answer).ok())
}

/// An answer belongs to the URL that gave it; the URL itself is not kept.
fn source_of(inventory: &Inventory) -> Digest {
    Sha256::digest(inventory.url.as_bytes()).into()
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts are always JSON")
}

/// The inventory as it is asked.
struct Asked {
    source: RestSource,
    url: String,
    rest: Rest,
    veil: Arc<Veil>,
}

impl Asked {
    fn new(profile: &Profile, inventory: &Inventory, rest: &Rest) -> Result<Asked, FetchError> {
        let rest = Rest { auth: inventory.auth.clone(), tls: inventory.tls.clone(), ..rest.clone() };
        let veil = Arc::new(profile.veil());
        let approach = Approach::read(rest.clone())?;
        let source = approach.source(is_secure(&inventory.url), &veil).map_err(FetchError::Client)?;
        Ok(Asked { source, url: inventory.url.clone(), rest, veil })
    }

    /// The profile with the instances of an answer, and the answer.
    async fn ask(&self, profile: &Profile) -> Result<(Profile, InventoryAnswer), Cause> {
        let budget = Budget::for_fleet(0);
        let mut patience = Patience::new(&budget, self.rest.limits.tries_max);
        let tries = async {
            loop {
                match self.try_once(profile).await {
                    Ok(answered) => return Ok(answered),
                    Err(fault) => patience.wait(fault).await?,
                }
            }
        };
        timeout(self.rest.limits.instance_timeout, tries).await.unwrap_or_else(|_| {
            let text = format!("{}: no whole answer within the time limit", excerpt(&self.url, &self.veil));
            Err(Cause::new(CauseClass::Timeout, text))
        })
    }

    async fn try_once(&self, profile: &Profile) -> Result<(Profile, InventoryAnswer), Fault> {
        let url = Url::parse(&self.url).map_err(|_| {
            let text = format!("\"{}\" is no URL; see `url` of the inventory", excerpt(&self.url, &self.veil));
            Fault::lasting(Cause::new(CauseClass::Address, text))
        })?;
        let whole = self.source.whole(&url, "application/json", ANSWER_BYTES_MAX, &Tally::default()).await?;
        let read = if whole.bytes.len() > ANSWER_BYTES_MAX {
            Err(format!("is longer than {ANSWER_BYTES_MAX} bytes"))
        } else {
            read(&String::from_utf8_lossy(&whole.bytes), &self.veil)
        };
        let (mut entries, refused) = read.map_err(|why| self.source.unfit(&whole, "inventory", &why))?;
        // The order of an answer says nothing, and may be another every time.
        entries.sort();
        entries.dedup();
        let answer = InventoryAnswer { entries, refused, answered_us: Utc::now().timestamp_micros(), cause: None };
        let complete = profile.with_inventory(answer.clone());
        Ok((complete.map_err(|why| self.source.unfit(&whole, "inventory", &why))?, answer))
    }
}

/// Entries of an answer, and what of it is none; without any secret that it repeats.
fn read(text: &str, veil: &Veil) -> Result<(Vec<Entry>, Vec<String>), String> {
    let mut groups = Groups { veil, entries: Vec::new(), refused: Vec::new(), number: 0, bytes: 0 };
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_seq(&mut groups).and_then(|()| reader.end());
    read.map_err(|error| format!("cannot be read: {}", excerpt(&error.to_string(), veil)))?;
    Ok((groups.entries, groups.refused))
}

/// Takes one group after the other: an answer is never in memory as a whole twice.
struct Groups<'a> {
    veil: &'a Veil,
    entries: Vec<Entry>,
    refused: Vec<String>,
    number: usize,
    /// Of all entries, each with its labels.
    bytes: usize,
}

impl<'de> Visitor<'de> for &mut Groups<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of groups, each with `targets` and `labels`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut groups: A) -> Result<(), A::Error> {
        while let Some(group) = groups.next_element::<&RawValue>()? {
            self.number += 1;
            match self.take(group) {
                Ok(()) => {}
                Err(Unfit::Group(why)) => self.refused.push(format!("group {}: {why}", self.number)),
                Err(Unfit::Answer(why)) => return Err(A::Error::custom(why)),
            }
            if self.refused.len() > REFUSED_MAX {
                return Err(A::Error::custom(format!("more than {REFUSED_MAX} parts of it are no entries")));
            }
        }
        Ok(())
    }
}

/// What cannot be taken: a group, or, where it is too much, the answer.
enum Unfit {
    Group(String),
    Answer(String),
}

impl Groups<'_> {
    fn take(&mut self, group: &RawValue) -> Result<(), Unfit> {
        let at = |pointer| pointed::at(group, pointer).ok().flatten();
        let (labels, bytes) = at("/labels").map_or_else(|| Ok(Default::default()), |labels| self.labels(labels))?;
        let targets = at("/targets").filter(|targets| targets.get().starts_with('['));
        let targets = targets.ok_or_else(|| Unfit::Group("it has no list `targets`".to_owned()))?;
        pointed::each(targets, |_, target| {
            let Some(Value::String(target)) = plain(target) else {
                return Err(Unfit::Group("one of its targets is no text".to_owned()));
            };
            if self.veil.covers(&target) {
                return Err(Unfit::Group(REPEATS.to_owned()));
            }
            self.bytes += bytes + target.len() + PART_BYTES;
            if self.bytes > ANSWER_BYTES_MAX {
                return Err(Unfit::Answer(format!("its labels make more than {ANSWER_BYTES_MAX} bytes")));
            }
            if self.entries.len() == INSTANCES_MAX {
                return Err(Unfit::Answer(format!("it names more than {INSTANCES_MAX} instances")));
            }
            self.entries.push(Entry { target, labels: labels.clone() });
            Ok(())
        })
    }

    /// The labels of a group, and what they cost.
    fn labels(&self, labels: &RawValue) -> Result<(BTreeMap<String, String>, usize), Unfit> {
        let (mut read, mut bytes) = (BTreeMap::new(), 0);
        pointed::each(labels, |label, text| {
            let Some(label) = label else { return Ok(()) };
            let Some(Value::String(text)) = plain(text) else {
                return Err(Unfit::Group(format!("its label `{}` is no text", excerpt(&label, self.veil))));
            };
            if self.veil.covers(&label) || self.veil.covers(&text) {
                return Err(Unfit::Group(REPEATS.to_owned()));
            }
            bytes += label.len() + text.len() + PART_BYTES;
            if bytes > LABELS_BYTES_MAX {
                return Err(Unfit::Group(format!("its labels make more than {LABELS_BYTES_MAX} bytes")));
            }
            read.insert(label, text);
            Ok(())
        })?;
        Ok((read, bytes))
    }
}
