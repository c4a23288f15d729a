//! Which instance a command means: one by its name, one by its address, or one that no list has.

use super::suggest::{near, quoted};
use super::url::check_address;
use super::{Instance, Profile, Source};

/// Names that help for a mistyped one shows.
const NEAR_MAX: usize = 3;

/// Why no instance is meant: a sentence, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct NoInstance {
    problem: String,
    pub help: String,
}

impl Profile {
    /// The instance of a name or address. An address that no list has is an instance of that name, with these tags.
    ///
    /// # Errors
    /// There is none of that name; the address is none, or the profile asks nobody.
    pub fn instance(&self, word: &str, tags: &[String]) -> Result<Instance, NoInstance> {
        let word = word.trim();
        let is_address = word.contains("://");
        let address = word.trim_end_matches('/');
        let listed = self.instances.iter().find(|one| one.name == word || is_address && one.address == address);
        if let Some(listed) = listed {
            let mut instance = listed.clone();
            instance.tags.extend(tags.iter().filter(|tag| !listed.tags.contains(tag)).cloned());
            return Ok(instance);
        }
        if !is_address {
            return Err(self.unknown(word));
        }
        if let Source::Folder(folder) = &self.source {
            let problem = format!("{} cannot be asked: the profile's fleet is a folder", quoted(word));
            let help = format!("name a subfolder of {}, or a profile with `[api]`", folder.display());
            return Err(NoInstance { problem, help });
        }
        check_address(word).map_err(|found| NoInstance {
            problem: format!("the address {} {}", quoted(&word.replace(&word[found.part], "***")), found.problem),
            help: found.help.to_owned(),
        })?;
        let address = address.to_owned();
        Ok(Instance { name: address.clone(), address, tags: tags.to_vec(), zone: None })
    }

    fn unknown(&self, word: &str) -> NoInstance {
        let near: Vec<String> =
            near(word, self.instances.iter().map(|one| one.name.as_str())).take(NEAR_MAX).map(quoted).collect();
        let help = match near.as_slice() {
            [] => format!("the profile names {} instances; or give an address, http://HOST:PORT", self.instances.len()),
            near => format!("did you mean {}?", near.join(", ")),
        };
        NoInstance { problem: format!("the profile has no instance {}", quoted(word)), help }
    }
}
