//! `inventory` of `[fleet]`: instances that a service names, as Prometheus' HTTP service discovery has it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::auth::take_auth;
use super::fleet::{INSTANCES_MAX, check_name, instance};
use super::pattern::{Unclosed, placeholders};
use super::raw::{At, Document, Key, Table};
use super::suggest::quoted;
use super::tls::take_tls;
use super::url::{check_address, check_url, has_placeholder};
use super::{Auth, Instance, Profile, Source, Tls, value};

pub(super) const INVENTORY: Key = Key("inventory", "{ url = \"https://inventory.example/targets\" }");
const URL: Key = Key("url", "\"https://inventory.example/targets\"");
const ADDRESS: Key = Key("address", "\"https://{__address__}/config-handler\"");
const NAME: Key = Key("name", "\"instance\"");
const TAGS: Key = Key("tags", "[\"site\"]");
const ZONE: Key = Key("zone", "\"timezone\"");

/// What the target of an entry is called beside its labels.
const TARGET: &str = "__address__";
/// The label that says how a target is asked, and what it says where it is missing.
const SCHEME: (&str, &str) = ("__scheme__", "http");
/// Labels that are not for people begin so.
const HIDDEN: &str = "__";

/// A service that names instances.
#[derive(Debug, Clone)]
pub struct Inventory {
    pub url: String,
    /// Template of the address of an instance: `{__address__}` is its target, others are labels.
    address: String,
    /// The label that gives the name; `None`: `instance`, or else the target.
    name: Option<String>,
    /// The labels that give the tags; `None`: all that are for people.
    tags: Option<Vec<String>>,
    /// The label that gives the zone.
    zone: String,
    pub auth: Auth,
    pub tls: Tls,
    /// What came of it; `None` before it was asked or looked up.
    pub state: Option<InventoryState>,
}

/// One target of an inventory's answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    pub target: String,
    pub labels: BTreeMap<String, String>,
}

/// The last good answer of an inventory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InventoryAnswer {
    pub entries: Vec<Entry>,
    /// Parts of it that are no entries, and why.
    pub refused: Vec<String>,
    /// When it came, by the local clock, µs since 1970 UTC.
    pub answered_us: i64,
    /// Class and text of why the inventory could not be asked since.
    pub cause: Option<(String, String)>,
}

/// What came of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryState {
    /// Instances that it named.
    pub instances: usize,
    /// Entries that are not taken, and why.
    pub refused: Vec<String>,
    /// When it last answered, by the local clock, µs since 1970 UTC.
    pub answered_us: i64,
    /// Class and text of why it could not be asked since.
    pub cause: Option<(String, String)>,
}

pub(super) fn take_inventory(fleet: &mut Table<'_>, base: &Path) -> Option<Inventory> {
    let mut table = fleet.take_table(INVENTORY)?;
    let doc = table.doc();
    let url = table.take_required_text(URL);
    if let Some(url) = &url {
        check_url(doc, URL.0, url);
    }
    let address = table.take_text(ADDRESS);
    if let Some(address) = &address {
        check_template(doc, address);
    }
    let inventory = Inventory {
        url: url.as_ref().map(|url| url.value.clone()).unwrap_or_default(),
        address: address.map_or_else(|| format!("{{{}}}://{{{TARGET}}}", SCHEME.0), |address| address.value),
        name: table.take_text(NAME).map(|name| name.value),
        tags: table.take_texts(TAGS).map(|tags| tags.value.into_iter().map(|tag| tag.value).collect()),
        zone: table.take_text(ZONE).map_or_else(|| "zone".to_owned(), |zone| zone.value),
        auth: take_auth(&mut table, base).unwrap_or(Auth::None),
        tls: take_tls(&mut table, base).unwrap_or_default(),
        state: None,
    };
    table.finish();
    url.map(|_| inventory)
}

fn check_template(doc: Document<'_>, address: &At<String>) {
    match placeholders(&address.value) {
        Err(Unclosed(part)) => {
            let help = "a label stands in braces, such as `{site}`";
            doc.fault(&doc.part(address, part), "`address` has a brace without its partner", help);
        }
        Ok(found) if found.is_empty() => {
            let message = "`address` names no label: every instance would have the same";
            doc.fault(&address.span, message, format!("such as `{} = {}`", ADDRESS.0, ADDRESS.1));
        }
        Ok(_) => {}
    }
}

impl Inventory {
    /// The instance that an entry stands for, or under which name it is not taken, and why.
    fn instance(&self, entry: &Entry) -> Result<Instance, String> {
        let name = match &self.name {
            Some(label) => entry.get(label).ok_or_else(|| entry.refuse("", &lacks(label)))?,
            None => entry.get("instance").unwrap_or(&entry.target),
        };
        let name = name.trim();
        let refuse = |why: &str| entry.refuse(name, why);
        check_name(name).map_err(|problem| refuse(&format!("its name {problem}")))?;
        let address = self.address(entry).map_err(|why| refuse(&why))?;
        check_address(&address)
            .map_err(|problem| refuse(&format!("its address {} {}", quoted(&address), problem.problem)))?;
        let zone = match entry.get(&self.zone) {
            None => None,
            Some(zone) => Some(value::zone(zone.trim()).map_err(|help| {
                refuse(&format!("its label `{}` is not a time zone: {}; {help}", self.zone, quoted(zone)))
            })?),
        };
        Ok(instance(name, &address, self.tags(entry), zone))
    }

    fn address(&self, entry: &Entry) -> Result<String, String> {
        let found = placeholders(&self.address).unwrap_or_default();
        let mut address = String::new();
        let mut end = 0;
        for placeholder in found {
            let scheme = Some(SCHEME.1).filter(|_| placeholder.name == SCHEME.0);
            let value = entry.get(placeholder.name).or(scheme).ok_or_else(|| lacks(placeholder.name))?;
            address.push_str(&self.address[end..placeholder.span.start]);
            address.push_str(value.trim());
            end = placeholder.span.end;
        }
        address.push_str(&self.address[end..]);
        Ok(address)
    }

    fn tags(&self, entry: &Entry) -> Vec<String> {
        let is_taken = |label: &str| label == self.name.as_deref().unwrap_or("instance") || label == self.zone;
        let values: Vec<&str> = match &self.tags {
            Some(labels) => labels.iter().filter_map(|label| entry.get(label)).collect(),
            None => {
                let labels = entry.labels.iter().filter(|(label, _)| !label.starts_with(HIDDEN) && !is_taken(label));
                labels.map(|(_, value)| value.as_str()).collect()
            }
        };
        let mut tags: Vec<String> = Vec::new();
        for tag in values.iter().flat_map(|value| value.split([',', ';'])).map(str::trim) {
            if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        tags
    }
}

impl Entry {
    fn get(&self, label: &str) -> Option<&str> {
        if label == TARGET { Some(&self.target) } else { self.labels.get(label).map(String::as_str) }
    }

    fn refuse(&self, name: &str, why: &str) -> String {
        match name.is_empty() || name == self.target {
            true => format!("the entry {}: {why}", quoted(&self.target)),
            false => format!("the entry {} ({}): {why}", quoted(name), quoted(&self.target)),
        }
    }
}

fn lacks(label: &str) -> String {
    format!("it has no label `{label}`")
}

impl Profile {
    /// The profile with the instances that its inventory names beside those that it names itself. An entry that is
    /// no instance is not taken; the others are.
    ///
    /// # Errors
    /// There are too many, or the answer names no instance at all; as the end of a sentence.
    pub fn with_inventory(&self, answer: InventoryAnswer) -> Result<Profile, String> {
        let mut profile = self.clone();
        let Some(inventory) = &mut profile.inventory else { return Ok(profile) };
        if answer.entries.len() + self.instances.len() > INSTANCES_MAX {
            return Err(format!("names more than {INSTANCES_MAX} instances"));
        }
        let mut refused = answer.refused;
        let mut names: BTreeSet<String> = self.instances.iter().map(|known| known.name.clone()).collect();
        let mut addresses: BTreeMap<String, String> =
            self.instances.iter().map(|known| (known.address.clone(), known.name.clone())).collect();
        let may_share = matches!(&self.source, Source::Rest(rest) if has_placeholder(&rest.list_url, "instance"));
        let before = profile.instances.len();
        for entry in &answer.entries {
            let found = match inventory.instance(entry) {
                Ok(found) => found,
                Err(why) => {
                    refused.push(why);
                    continue;
                }
            };
            let same_address = addresses.get(&found.address).filter(|_| !may_share);
            if names.contains(&found.name) {
                refused.push(entry.refuse(&found.name, "another instance has that name"));
            } else if let Some(other) = same_address {
                let why = format!("it has the address of {}: its logs would be counted twice", quoted(other));
                refused.push(entry.refuse(&found.name, &why));
            } else {
                names.insert(found.name.clone());
                addresses.insert(found.address.clone(), found.name.clone());
                profile.instances.push(found);
            }
        }
        let instances = profile.instances.len() - before;
        if instances == 0 {
            let why = refused.first().map(|why| format!(": {why}")).unwrap_or_default();
            return Err(format!("names no instance that can be taken{why}"));
        }
        profile.instances.sort_by(|a, b| a.name.cmp(&b.name));
        let InventoryAnswer { answered_us, cause, .. } = answer;
        inventory.state = Some(InventoryState { instances, refused, answered_us, cause });
        Ok(profile)
    }
}
