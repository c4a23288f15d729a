//! What must come of a random history: each byte that a run could see stored once, in the life that it belongs to, and a
//! gap where a life may have lost some.

use std::collections::BTreeMap;

use super::super::scene::Content;
use super::super::server::{State, lines};
use super::{BANNER_BYTES, History, Life, Row, Went};
use crate::catalog::{Gap, Generation};

impl History {
    /// What the store holds after a run must be what this history leads to.
    ///
    /// # Errors
    /// What is wrong.
    pub fn judge(&mut self, went: Went, state: &State, stored: &[(Generation, Content)]) -> Result<(), String> {
        let unsure = matches!(went, Went::Somehow { .. });
        let went = if went == Went::Denied && self.seen.is_none() { Went::Somehow { listed: true } } else { went };
        if !(unsure && self.banners) {
            self.judge_all(went, stored)?;
        }
        self.look(went, state);
        Ok(())
    }

    fn judge_all(&mut self, went: Went, stored: &[(Generation, Content)]) -> Result<(), String> {
        let mut found: BTreeMap<usize, &(Generation, Content)> = BTreeMap::new();
        for one in stored {
            let (generation, Content(bytes)) = one;
            if bytes.is_empty() {
                due(generation.live || generation.gap.is_some(), || format!("{} says nothing", generation.path))?;
                continue;
            }
            let life = self.life_of(bytes).ok_or_else(|| format!("{} is of no life", generation.path))?;
            due(found.insert(life, one).is_none(), || format!("life {life} is stored twice"))?;
        }
        let foretold: Vec<_> = (0..self.lives.len()).map(|life| self.gap_when_it_ends(life)).collect();
        for (life, foretold) in foretold.into_iter().enumerate() {
            let found = found.get(&life).copied();
            self.judge_life(life, went, found, foretold).map_err(|why| format!("life {life}: {why}"))?;
        }
        let lost = |number: usize| {
            let life = &self.lives[number];
            self.visible(number).is_none() && life.stored > 0 && life.listed > life.stored
        };
        let told = stored.iter().any(|(generation, _)| generation.gap.is_some());
        let silent = went == Went::Well && !told && (0..self.lives.len()).any(lost);
        due(!silent, || "listed bytes are lost, and no gap tells".to_owned())
    }

    fn judge_life(
        &mut self,
        number: usize,
        went: Went,
        found: Option<&(Generation, Content)>,
        foretold: Option<Option<Gap>>,
    ) -> Result<(), String> {
        let visible = self.visible(number).unwrap_or(0);
        let listed = self.seen.as_ref().map(|seen| self.listed(seen, number));
        let life = &mut self.lives[number];
        let bytes = found.map_or(0, |(_, bytes)| bytes.0.len());
        let (least, most) = match went {
            Went::Well => (life.stored.max(visible), life.stored.max(visible)),
            Went::Denied => (life.stored, life.stored),
            Went::Somehow { .. } => (life.stored, life.bytes.len()),
        };
        due((least..=most).contains(&bytes), || format!("{bytes} bytes are stored, not {least}..={most}"))?;
        let Some((generation, _)) = found else { return Ok(()) };
        due(went != Went::Well || generation.live == (visible > 0), || format!("live: {}", generation.live))?;
        let ends = !generation.live && (life.live || life.stored == 0);
        // What was told stays so, but for what a file has that is as long as what was stored, or longer.
        let still = |gap: Gap| match visible.checked_sub(life.stored) {
            Some(more) => gap.checked_sub(more as Gap).filter(|left| *left > 0),
            None => Some(gap),
        };
        let before = if life.stored > 0 { life.gap.map(|gap| gap.and_then(still)) } else { Some(None) };
        life.gap = match went {
            Went::Denied => life.gap,
            // A shorter copy may go on showing it.
            Went::Well if generation.live => before.zip(listed).map(|(before, listed)| {
                let lost = listed.saturating_sub(bytes) as Gap;
                before.max((lost > 0).then_some(lost))
            }),
            Went::Well if ends => before.zip(foretold).map(|(before, foretold)| before.max(foretold)),
            _ if generation.live || ends => None,
            _ => life.gap,
        };
        let gap = life.gap.unwrap_or(generation.gap);
        due(generation.gap == gap, || format!("the gap is {:?}, not {gap:?}", generation.gap))?;
        let renamed = !life.path.is_empty() && life.path != generation.path;
        due(generation.moved || !renamed, || format!("was called {}, and counts as never moved", life.path))?;
        (life.stored, life.live, life.moved, life.gap) = (bytes, generation.live, generation.moved, Some(gap));
        life.path.clone_from(&generation.path);
        Ok(())
    }

    /// How much of a life can be seen; `None`: nothing of it.
    fn visible(&self, life: usize) -> Option<usize> {
        self.names.values().filter(|(own, _)| *own == life).map(|(_, length)| *length).max()
    }

    /// The gap of a life that no name shows any more, where it can be foretold. A file that was replaced may have grown
    /// until then, unless it was at rest: compressed, rotated before, or rotated away behind another one that is known.
    fn gap_when_it_ends(&self, number: usize) -> Option<Option<Gap>> {
        let (seen, life) = (self.seen.as_ref()?, &self.lives[number]);
        let known = |number: usize| {
            self.lives[number].stored > 0 && seen.values().any(|row| row.life == number && row.size > 0)
        };
        if seen.values().any(|row| row.life == number && row.doubted) {
            return None;
        }
        let mut in_doubt = false;
        for (name, row) in seen.iter().filter(|(_, row)| row.life == number && row.size > 0) {
            in_doubt |= match self.names.get(name) {
                None => !self.tells_size(name) && !row.settled,
                Some((now, length)) => {
                    let behind = *length > 0 && known(*now);
                    !(row.settled && (behind || life.moved || !name.ends_with(".log")))
                }
            };
        }
        let lost = self.listed(seen, number).saturating_sub(life.stored) as Gap;
        Some((in_doubt || lost > 0).then_some(lost))
    }

    fn tells_size(&self, name: &str) -> bool {
        self.sizes_told && name.ends_with(".log")
    }

    /// The greatest length of a life that the last listing told.
    fn listed(&self, seen: &BTreeMap<String, Row>, number: usize) -> usize {
        let rows = seen.iter().filter(|(name, row)| row.life == number && self.tells_size(name));
        rows.map(|(_, row)| row.size).max().unwrap_or(0)
    }

    /// Keeps what the run saw.
    fn look(&mut self, went: Went, state: &State) {
        let shown = self.shown.take().unwrap_or_else(|| self.names.clone());
        if went == Went::Well {
            let named = self.names.iter().filter(|(_, (_, length))| *length > 0);
            self.known.extend(named.map(|(name, (life, _))| (name.clone(), *life)));
        }
        if went != (Went::Somehow { listed: false }) && self.sizes_told {
            for (name, (life, length)) in shown.into_iter().filter(|(name, _)| name.ends_with(".log")) {
                // Of a name under which nothing of this life was ever read, nobody can say whose bytes were listed.
                if self.known.contains(&(name, life)) {
                    self.lives[life].listed = self.lives[life].listed.max(length);
                }
            }
        }
        let row = |(name, (life, _)): (&String, &(usize, usize))| {
            let size = state.files[name].bytes.len();
            let before = self.seen.as_ref().and_then(|seen| seen.get(name));
            let unchanged = before.is_some_and(|row| row.settled && row.size == size);
            let doubted = went == Went::Denied && unchanged;
            (name.clone(), Row { life: *life, size, settled: went == Went::Well || unchanged, doubted })
        };
        let rows = (!matches!(went, Went::Somehow { .. })).then(|| self.names.iter().map(row).collect());
        self.seen = rows;
    }

    fn life_of(&self, bytes: &[u8]) -> Option<usize> {
        let rest = bytes.strip_prefix(&lines("banner", BANNER_BYTES)[..]).unwrap_or(bytes);
        let line = str::from_utf8(rest.split(|byte| *byte == b'\n').next()?).ok()?;
        let life = line.strip_prefix("this is life ")?.parse().ok()?;
        self.lives.get(life).is_some_and(|life: &Life| life.bytes.starts_with(bytes)).then_some(life)
    }
}

fn due(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}
