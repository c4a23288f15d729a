//! What one thread counts, and how the counts of all threads come together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::kpis::{Kpis, SignatureCount};
use super::stamp::Stamp;
use crate::calendar::iso_day;
use crate::story::{More, Quantiles, Summary, WeekHours, mean};

/// Counts of one thread; instances come one after the other.
#[derive(Debug, Default)]
pub struct Tally {
    pub records: u64,
    pub bytes: u64,
    /// Of the instance that is open.
    pub last_ms: Option<i64>,
    starts_by_day: BTreeMap<i32, u64>,
    instances_by_day: BTreeMap<i32, u64>,
    last_start_day: Option<i32>,
    interactions_by_day: BTreeMap<i32, u64>,
    users: HashSet<(i32, u64), BuildHasherDefault<Mix>>,
    version: Vec<u8>,
    versions: BTreeMap<String, u64>,
    running_since_ms: Option<i64>,
    ended_ms: Vec<u64>,
    crashed: u64,
    abnormal: u64,
    open: u64,
    restarts_ms: Vec<u64>,
    restarts_failed: u64,
    restart_pending: bool,
    restarts_pending: u64,
    signatures: HashMap<u64, Signature, BuildHasherDefault<Mix>>,
    masked: Vec<u8>,
    errors_by_week_hour: WeekHours,
    fatals: u64,
    fatals_by_instance: BTreeMap<String, u64>,
    instance: u64,
    last_seen_ms: BTreeMap<String, i64>,
}

#[derive(Debug)]
struct Signature {
    text: String,
    count: u64,
    instances: u64,
    /// The instance that was counted last in `instances`.
    last_instance: u64,
}

impl Tally {
    pub fn open_instance(&mut self) {
        self.instance += 1;
    }

    pub fn close_instance(&mut self, name: &str) {
        if let Some(last_ms) = self.last_ms.take() {
            self.last_seen_ms.insert(name.to_owned(), last_ms);
        }
        if self.fatals > 0 {
            self.fatals_by_instance.insert(name.to_owned(), self.fatals);
            self.fatals = 0;
        }
        if !self.version.is_empty() {
            let version = String::from_utf8_lossy(&self.version).into_owned();
            *self.versions.entry(version).or_default() += 1;
            self.version.clear();
        }
        self.open += u64::from(self.running_since_ms.take().is_some());
        self.restarts_pending += u64::from(std::mem::take(&mut self.restart_pending));
        self.last_start_day = None;
    }

    pub fn session_start(&mut self, at: Stamp, user: &[u8], version: &[u8]) {
        *self.starts_by_day.entry(at.day).or_default() += 1;
        if self.last_start_day.replace(at.day) != Some(at.day) {
            *self.instances_by_day.entry(at.day).or_default() += 1;
        }
        self.users.insert((at.day, hash(user)));
        self.version.clear();
        self.version.extend_from_slice(version);
        let unfinished = self.running_since_ms.replace(at.time_ms);
        self.abnormal += u64::from(unfinished.is_some());
    }

    pub fn session_end(&mut self, at: Stamp) {
        if let Some(start_ms) = self.running_since_ms.take() {
            self.ended_ms.push((at.time_ms - start_ms).max(0) as u64);
        }
    }

    pub fn interaction(&mut self, at: Stamp) {
        *self.interactions_by_day.entry(at.day).or_default() += 1;
    }

    pub fn restart_requested(&mut self) {
        self.restart_pending = true;
    }

    pub fn restart_completed(&mut self, took_ms: u64) {
        self.restart_pending = false;
        self.restarts_ms.push(took_ms);
    }

    pub fn restart_failed(&mut self) {
        self.restart_pending = false;
        self.restarts_failed += 1;
    }

    /// `text` is the logger, ` - ` and the body.
    pub fn error(&mut self, at: Stamp, fatal: bool, text: &[u8]) {
        self.errors_by_week_hour[at.weekday][at.hour] += 1;
        if fatal {
            self.fatals += 1;
            let crash = text.starts_with(b"App.Crash - Unhandled exception");
            if crash && self.running_since_ms.take().is_some() {
                self.crashed += 1;
            }
        }
        mask(text, &mut self.masked);
        let signature = self.signatures.entry(hash(&self.masked)).or_insert_with(|| Signature {
            text: String::from_utf8_lossy(&self.masked).into_owned(),
            count: 0,
            instances: 0,
            last_instance: 0,
        });
        signature.count += 1;
        if signature.last_instance != self.instance {
            signature.last_instance = self.instance;
            signature.instances += 1;
        }
    }

    /// Takes over the closed instances of another thread.
    pub fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.crashed += other.crashed;
        self.abnormal += other.abnormal;
        self.open += other.open;
        self.instance += other.instance;
        self.restarts_failed += other.restarts_failed;
        self.restarts_pending += other.restarts_pending;
        add_all(&mut self.starts_by_day, other.starts_by_day);
        add_all(&mut self.instances_by_day, other.instances_by_day);
        add_all(&mut self.interactions_by_day, other.interactions_by_day);
        add_all(&mut self.versions, other.versions);
        self.users.extend(other.users);
        self.ended_ms.extend(other.ended_ms);
        self.restarts_ms.extend(other.restarts_ms);
        self.fatals_by_instance.extend(other.fatals_by_instance);
        self.last_seen_ms.extend(other.last_seen_ms);
        let other_hours = other.errors_by_week_hour.iter().flatten();
        let hours = self.errors_by_week_hour.iter_mut().flatten();
        hours.zip(other_hours).for_each(|(sum, count)| *sum += count);
        for (key, theirs) in other.signatures {
            match self.signatures.get_mut(&key) {
                Some(ours) => {
                    ours.count += theirs.count;
                    ours.instances += theirs.instances;
                }
                None => {
                    self.signatures.insert(key, theirs);
                }
            }
        }
    }

    /// The KPIs of everything that was counted.
    pub fn into_kpis(self) -> Kpis {
        let all_users: HashSet<u64> = self.users.iter().map(|(_, user)| *user).collect();
        let mut users_by_day = BTreeMap::new();
        for (day, _) in &self.users {
            *users_by_day.entry(*day).or_default() += 1;
        }
        let errors = self.signatures.into_values();
        let errors = errors.map(|one| {
            let count = SignatureCount { count: one.count, instances: one.instances };
            (one.text, count)
        });
        let mut summary = Summary {
            starts_per_day: by_iso_day(self.starts_by_day),
            interactions_per_day: by_iso_day(self.interactions_by_day),
            crashed: self.crashed,
            restarts_failed: self.restarts_failed,
            fatals_by_client: self.fatals_by_instance,
            records: self.records,
            bytes: self.bytes,
            users: all_users.len() as u64,
            ended: self.ended_ms.len() as u64,
            session_avg_s: mean(&self.ended_ms) / 1000.0,
            session_count_ended: self.ended_ms.len() as u64,
            restart_min_ms: self.restarts_ms.iter().copied().min().unwrap_or(0),
            restart_max_ms: self.restarts_ms.iter().copied().max().unwrap_or(0),
            restart_avg_ms: mean(&self.restarts_ms),
            restart_count: self.restarts_ms.len() as u64,
            clients: self.instance,
            more: Some(More {
                abnormal: self.abnormal,
                open: self.open,
                users_per_day: by_iso_day(users_by_day),
                instances_per_day: by_iso_day(self.instances_by_day),
                session_ms: Quantiles::of(self.ended_ms),
                restart_ms: Quantiles::of(self.restarts_ms),
                restarts_pending: self.restarts_pending,
                errors_by_week_hour: self.errors_by_week_hour,
                versions: self.versions,
                last_seen_ms: self.last_seen_ms,
            }),
            ..Summary::default()
        };
        summary.derive();
        Kpis { summary, errors: errors.collect() }
    }
}

fn add_all<K: Ord>(sum: &mut BTreeMap<K, u64>, counts: BTreeMap<K, u64>) {
    for (key, count) in counts {
        *sum.entry(key).or_default() += count;
    }
}

fn by_iso_day(counts: BTreeMap<i32, u64>) -> BTreeMap<String, u64> {
    let counts = counts.into_iter();
    counts.map(|(day, count)| (iso_day(day), count)).collect()
}

/// Every word with a digit becomes `#`; hyphens belong to words, as in GUIDs.
fn mask(text: &[u8], masked: &mut Vec<u8>) {
    masked.clear();
    for word in text.chunk_by(|left, right| in_word(*left) && in_word(*right)) {
        if word.iter().any(u8::is_ascii_digit) {
            masked.push(b'#');
        } else {
            masked.extend_from_slice(word);
        }
    }
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// FNV-1a, for short texts.
fn hash(text: &[u8]) -> u64 {
    text.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// Keys are hashes already: they only need to be mixed a little.
#[derive(Debug, Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.write_u64(hash(bytes));
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(17) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_parts_are_masked() {
        let mut masked = Vec::new();
        mask(b"Net - to https://cfg60.radio/v2/29 (6c805064-da5f-40c4-a5fe-201f62183840) in 0x0FFF", &mut masked);
        assert_eq!(String::from_utf8(masked).unwrap(), "Net - to https://#.radio/#/# (#) in #");
    }
}
