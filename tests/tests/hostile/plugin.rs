//! A plugin that behaves as its settings say: well, or in one of the ways in which a plugin can misbehave.

use logparser_sdk::{Batch, Events, Instance, Merge, Plugin, Results, Row, SettingsError, Window};

#[logparser_sdk::settings]
#[derive(Default)]
pub struct Hostile {
    how: String,
}

#[derive(Events)]
pub enum Event {
    #[event("session.start")]
    Start,
}

#[derive(Row)]
pub struct Logon {
    event: Event,
}

#[logparser_sdk::state]
#[derive(Default, Merge)]
pub struct Count {
    logons: u64,
}

#[logparser_sdk::plugin(name = "hostile", title = "Logons")]
impl Plugin for Hostile {
    type Row = Logon;
    type Partial = Count;
    type Fleet = u64;

    fn check(&self) -> Vec<SettingsError> {
        match self.how.as_str() {
            "refuse" => vec![SettingsError { key: "how".to_owned(), problem: "never like this".to_owned() }],
            _ => Vec::new(),
        }
    }

    fn partial(&self) -> Count {
        Count::default()
    }

    fn observe(&self, count: &mut Count, batch: &Batch) {
        for row in batch.rows::<Logon>() {
            match row.event {
                Event::Start => count.logons += 1,
            }
        }
        match self.how.as_str() {
            "panic" => panic!("the answer is not {}", count.logons),
            "spin" => loop {
                count.logons = std::hint::black_box(count.logons) ^ 1;
            },
            "hoard" => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(vec![1; 1 << 20]);
                }
            }
            // The last of the fleet's three days: 2026-10-14.
            "late" if batch.day == 20_740 => panic!("the answer is not known today"),
            "recurse" => count.logons = deeper(count.logons),
            _ => {}
        }
    }

    fn fleet(&self, _: &Window) -> u64 {
        0
    }

    fn add(&self, total: &mut u64, _: &Instance, count: Count) {
        *total += count.logons;
    }

    fn report(&self, total: u64, results: &mut Results) -> Result<(), String> {
        match self.how.as_str() {
            "flood" => (0..1_000_000).for_each(|_| results.text("flood")),
            "giant" => results.text("x".repeat(100 << 20)),
            "sulk" => return Err("not today".to_owned()),
            _ => {}
        }
        results.metric("logons", "Logons", total);
        Ok(())
    }
}

fn deeper(depth: u64) -> u64 {
    std::hint::black_box(deeper(std::hint::black_box(depth + 1)) + depth)
}
