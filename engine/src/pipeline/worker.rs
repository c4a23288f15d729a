//! One thread's share of the work: it turns the records of a day into each plugin's state of that day.

use super::batches::{Batches, Place, ROWS_MAX};
use super::failures::{Failure, Failures};
use super::observer::Observer;
use super::stream::PAUSE_US;
use super::texts::Texts;
use crate::host::{Plugin, PluginFault};
use crate::normalise::{Normaliser, Passed, Record};

/// Plugins that observe a day, by position, each behind what was saved of the day.
pub type Saved = Vec<(usize, Option<Vec<u8>>)>;

/// One thread's observers, and the day that they observe.
pub struct Worker<'p> {
    observers: Vec<Observer<'p>>,
    failures: &'p Failures,
    normaliser: &'p Normaliser,
    texts: Texts,
    signature: String,
    instance: usize,
    name: String,
    day: i32,
    /// The plugins for which the day is observed, as bits.
    observed: u64,
    /// First and last times of spans, in turn.
    activity: Vec<i64>,
    previous: Option<i64>,
}

impl<'p> Worker<'p> {
    /// A worker over all plugins.
    pub fn new(plugins: &'p [Plugin], normaliser: &'p Normaliser, failures: &'p Failures) -> Self {
        Self {
            observers: plugins.iter().map(|plugin| Observer::new(plugin, normaliser)).collect(),
            failures,
            normaliser,
            texts: Texts::default(),
            signature: String::new(),
            instance: 0,
            name: String::new(),
            day: 0,
            observed: 0,
            activity: Vec::new(),
            previous: None,
        }
    }

    /// Goes over to an instance, by position and name.
    pub fn begin_instance(&mut self, instance: usize, name: &str) {
        self.instance = instance;
        name.clone_into(&mut self.name);
    }

    /// Texts behind symbols that this worker saw for the first time.
    pub fn take_texts(&mut self) -> Vec<(u64, String)> {
        self.texts.take_new()
    }

    /// Begins a day.
    pub fn begin_day(&mut self, day: i32, plugins: Saved) {
        (self.day, self.observed, self.previous) = (day, 0, None);
        self.activity.clear();
        for (plugin, saved) in plugins {
            if !self.failures.is_out(plugin, self.instance) {
                self.observers[plugin].begin_day(saved);
                self.observed |= 1 << plugin;
            }
        }
    }

    /// Takes in a record of the day; `minute` gives its local minute.
    #[inline]
    pub fn see(&mut self, record: &Record, minute: impl FnOnce() -> u32) {
        let wanted = record.wanted & self.observed;
        if wanted != 0 {
            let place = Place { minute: minute(), previous: self.previous };
            self.push(record, wanted, &place);
        }
        self.note(record.time);
    }

    /// Takes in records of the day that nobody wants.
    #[inline]
    pub fn pass(&mut self, passed: Passed) {
        self.note(passed.first);
        if let Some(last) = self.activity.last_mut() {
            *last = passed.last;
        }
        self.previous = Some(passed.last);
    }

    /// The instance wrote something.
    #[inline]
    fn note(&mut self, time: i64) {
        match self.activity.last_mut() {
            Some(last) if time >= *last && time - *last <= PAUSE_US => *last = time,
            _ => self.pause(time),
        }
        self.previous = Some(time);
    }

    /// Ends the day: each plugin's state of it, by position.
    pub fn end_day(&mut self) -> Vec<(usize, Vec<u8>)> {
        self.flush();
        let mut states = Vec::new();
        for plugin in 0..self.observers.len() {
            if self.observed & (1 << plugin) != 0 {
                match self.observers[plugin].end_day() {
                    Ok(state) => states.push((plugin, state)),
                    Err(fault) => self.fail(plugin, fault),
                }
            }
        }
        states
    }

    /// Leaves a day as if it had not begun.
    pub fn give_up(&mut self) {
        self.observers.iter_mut().for_each(Observer::reset);
        self.observed = 0;
    }

    /// Adds a record to the batches of the plugins that want it.
    fn push(&mut self, record: &Record, mut wanted: u64, place: &Place) {
        let normaliser = self.normaliser;
        let mut signature = None;
        let mut full = false;
        while wanted != 0 {
            let plugin = wanted.trailing_zeros() as usize;
            wanted &= wanted - 1;
            let text = &mut self.signature;
            let mut sign = |texts: &mut Texts| {
                *signature.get_or_insert_with(|| {
                    text.clear();
                    normaliser.sign(record, text);
                    texts.symbol(text)
                })
            };
            let observer = &mut self.observers[plugin];
            Batches::push(&mut observer.batches, record, place, &mut sign, &mut self.texts);
            full |= observer.is_full();
        }
        if full {
            self.flush();
        }
    }

    /// A new span of activity.
    fn pause(&mut self, time: i64) {
        if self.activity.len() >= ROWS_MAX as usize {
            self.flush();
        }
        self.activity.extend([time, time]);
    }

    fn flush(&mut self) {
        for plugin in 0..self.observers.len() {
            if self.observed & (1 << plugin) != 0
                && let Err(fault) = self.observers[plugin].flush(self.day, &self.activity)
            {
                self.fail(plugin, fault);
            }
        }
        self.activity.clear();
    }

    fn fail(&mut self, plugin: usize, fault: PluginFault) {
        let date = crate::calendar::date(self.day).map_or_else(|| self.day.to_string(), |date| date.to_string());
        let place = format!("instance {}, {date}", self.name);
        self.failures.note(plugin, self.instance, Failure { fault, place });
        self.observers[plugin].reset();
        self.observed &= !(1 << plugin);
    }
}
