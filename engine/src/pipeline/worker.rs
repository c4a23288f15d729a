//! One thread's share of the work: it turns the records of an instance into each plugin's states of its days.

use super::batches::{Batches, Days, Place, ROWS_MAX};
use super::failures::{Failure, Failures};
use super::observer::Observer;
use super::stream::PAUSE_US;
use super::texts::Texts;
use crate::host::Plugin;
use crate::normalise::{Normaliser, Passed, Record};

/// Plugins that observe a day, by position, each behind what was saved of the day.
pub type Saved = Vec<(usize, Option<Vec<u8>>)>;

/// Days after which a batch crosses the boundary, however few rows it has.
const DAYS_MAX: usize = 64;

/// A plugin by position, a day, and the state of the one on the other.
pub type DayState = ((usize, i32), Vec<u8>);

/// One thread's observers, and the days that they observe.
pub struct Worker<'p> {
    observers: Vec<Observer<'p>>,
    failures: &'p Failures,
    normaliser: &'p Normaliser,
    texts: Texts,
    signature: String,
    instance: usize,
    name: String,
    /// The day that the stream is in; none before the first.
    day: Option<i32>,
    /// Its spans so far: their first and last times, in turn.
    activity: Vec<i64>,
    /// The days before it in the batch.
    days: Days,
    /// The plugins that observe all of these, as bits.
    observed: u64,
    /// Those that had a fault at this instance, as bits: what they made of it since would lack something.
    faulted: u64,
    /// Of days that have crossed the boundary.
    states: Vec<DayState>,
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
            day: None,
            activity: Vec::new(),
            days: Days::default(),
            observed: 0,
            faulted: 0,
            states: Vec::new(),
            previous: None,
        }
    }

    /// Goes over to an instance, by position and name.
    pub fn begin_instance(&mut self, instance: usize, name: &str) {
        (self.instance, self.faulted) = (instance, 0);
        name.clone_into(&mut self.name);
    }

    /// Texts behind symbols that this worker saw for the first time.
    pub fn take_texts(&mut self) -> Vec<(u64, String)> {
        self.texts.take_new()
    }

    /// Begins a day, of which no state is on its way.
    pub fn begin_day(&mut self, day: i32, plugins: Saved) {
        self.end_day();
        let is_in = |(plugin, _): &(usize, Option<Vec<u8>>)| !self.failures.is_out(*plugin, self.instance);
        let plugins: Saved = plugins.into_iter().filter(is_in).collect();
        let observed = plugins.iter().fold(0, |observed, (plugin, _)| observed | 1 << plugin) & !self.faulted;
        let goes_on = plugins.iter().any(|(_, saved)| saved.is_some());
        if observed != self.observed || goes_on || self.days.days.len() >= DAYS_MAX {
            self.flush();
        }
        let observed = observed & !self.faulted;
        for (plugin, saved) in plugins.into_iter().filter(|(plugin, _)| observed & (1 << plugin) != 0) {
            self.observers[plugin].begin_day(saved);
        }
        (self.day, self.observed, self.previous) = (Some(day), observed, None);
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

    /// Each plugin's state of every day since these were taken last.
    pub fn take_states(&mut self) -> Vec<DayState> {
        self.end_day();
        self.flush();
        std::mem::take(&mut self.states)
    }

    /// Leaves the days as if they had not begun.
    pub fn give_up(&mut self) {
        self.observers.iter_mut().for_each(Observer::reset);
        (self.day, self.observed, self.days) = (None, 0, Days::default());
        self.activity.clear();
        self.states.clear();
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
            let batches = &mut self.observers[plugin].batches;
            Batches::push(batches, record, place, &mut sign, &mut self.texts);
            full |= batches.is_full();
        }
        if full {
            self.flush_within_day();
        }
    }

    /// A new span of activity.
    fn pause(&mut self, time: i64) {
        if self.days.activity.len() + self.activity.len() >= ROWS_MAX {
            self.flush_within_day();
        }
        self.activity.extend([time, time]);
    }

    /// The stream leaves the day.
    fn end_day(&mut self) {
        if let Some(day) = self.day.take() {
            self.days.days.push((day, self.activity.len() / 2));
            self.days.activity.append(&mut self.activity);
        }
    }

    /// Hands the batch over; the day goes on behind it.
    fn flush_within_day(&mut self) {
        let Some(day) = self.day else { return };
        self.end_day();
        self.flush();
        let is_open = |((plugin, of), _): &DayState| *of == day && self.observed & (1 << plugin) != 0;
        let (open, ended) = std::mem::take(&mut self.states).into_iter().partition(is_open);
        self.states = ended;
        for ((plugin, _), state) in open {
            self.observers[plugin].begin_day(Some(state));
        }
        self.day = Some(day);
    }

    /// Hands the days that have ended over, and notes their states.
    fn flush(&mut self) {
        let days = std::mem::take(&mut self.days);
        if days.days.is_empty() {
            return;
        }
        let observed = self.observed;
        for plugin in (0..self.observers.len()).filter(|plugin| observed & (1 << plugin) != 0) {
            let (states, fault) = self.observers[plugin].flush(&days);
            if let Some(fault) = fault {
                let (day, _) = days.days[states.len()];
                let date = crate::calendar::date(day).map_or_else(|| day.to_string(), |date| date.to_string());
                let place = format!("instance {}, {date}", self.name);
                self.failures.note(plugin, self.instance, Failure { fault, place });
                self.observers[plugin].reset();
                self.observed &= !(1 << plugin);
                self.faulted |= 1 << plugin;
            }
            let states = days.days.iter().zip(states);
            self.states.extend(states.map(|((day, _), state)| ((plugin, *day), state)));
        }
    }
}
