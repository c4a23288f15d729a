//! One thread's share of the work: it turns the records of an instance into each plugin's states of its days.

use super::batches::{Batches, Days, Place, ROWS_MAX};
use super::failures::{Failure, Failures};
use super::observer::Observer;
use super::stream::PAUSE_US;
use super::texts::Texts;
use crate::host::Plugin;
use crate::normalise::{Alike, Normaliser, Passed, Record};

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
    alike: Alike,
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
            alike: Alike::default(),
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
    pub fn begin_day(&mut self, day: i32, mut plugins: Saved) {
        self.end_day();
        plugins.retain(|(plugin, _)| self.may_observe(*plugin));
        let goes_on = plugins.iter().any(|(_, saved)| saved.is_some());
        if bits(&plugins) != self.observed || goes_on || self.days.days.len() >= DAYS_MAX {
            self.flush();
            plugins.retain(|(plugin, _)| self.may_observe(*plugin));
        }
        (self.day, self.observed, self.previous) = (Some(day), bits(&plugins), None);
        for (plugin, saved) in plugins {
            self.observers[plugin].begin_day(saved);
        }
    }

    /// Whether a plugin had no fault at this instance or an earlier one.
    fn may_observe(&self, plugin: usize) -> bool {
        self.faulted & (1 << plugin) == 0 && !self.failures.is_out(plugin, self.instance)
    }

    /// Takes in a record of the day; `minute` gives its local minute.
    #[inline]
    pub fn see(&mut self, record: &Record, minute: impl FnOnce() -> u32) {
        let wanted = record.wanted & self.observed;
        if wanted != 0 {
            let place = Place { minute: minute(), previous: self.previous };
            self.push(record, wanted, &place);
        }
        if let Some(event) = record.event.filter(|_| record.counted != 0) {
            self.count(event, record.counted, 1);
        }
        self.note(record.time);
    }

    /// Counts an event of the day that occurred so many times, for plugins as bits.
    #[inline]
    pub fn count(&mut self, event: u16, plugins: u64, times: u64) {
        let mut counting = plugins & self.observed;
        while counting != 0 {
            self.observers[counting.trailing_zeros() as usize].batches.count(event, times);
            counting &= counting - 1;
        }
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
        (self.day, self.observed) = (None, 0);
        self.days.clear();
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
            let (alike, text) = (&mut self.alike, &mut self.signature);
            let mut sign = |texts: &mut Texts| {
                *signature.get_or_insert_with(|| {
                    text.clear();
                    normaliser.sign(record, alike, text);
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
        if self.days.days.is_empty() {
            return;
        }
        let mut days = std::mem::take(&mut self.days);
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
        // Their room is for the next ones.
        days.clear();
        self.days = days;
    }
}

/// Plugins as bits by position.
fn bits(plugins: &Saved) -> u64 {
    plugins.iter().fold(0, |bits, (plugin, _)| bits | 1 << plugin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Batch, Host, Instance, Native, Window};
    use crate::normalise::{Normaliser, Want, Wanted};
    use crate::profile::{EventRule, PluginFile, known};

    /// The day that the plugin has a fault with.
    const FAULTY: i32 = 2;

    /// Its state of a day is the number of the day's spans and of what is counted, behind what was there before.
    struct Spans;

    impl Native for Spans {
        fn observe(&mut self, before: Option<&[u8]>, batch: &Batch<'_>) -> Result<Vec<Vec<u8>>, String> {
            if batch.days.iter().any(|day| day.day == FAULTY) {
                return Err("not this day".to_owned());
            }
            let state = |(at, spans): (usize, u32)| {
                let mut state = before.filter(|_| at == 0).unwrap_or_default().to_vec();
                state.extend([spans as u8, batch.counts[at] as u8]);
                state
            };
            Ok(batch.days.iter().map(|day| day.spans).enumerate().map(state).collect())
        }
        fn append(&mut self, _: &[&[u8]]) -> Result<Vec<u8>, String> {
            unreachable!("a worker appends nothing")
        }
        fn fleet(&mut self, _: Window) {}
        fn add(&mut self, _: &Instance<'_>, _: &[&[u8]]) -> Result<(), String> {
            unreachable!("a worker has no fleet")
        }
        fn report(&mut self) -> Result<(), String> {
            unreachable!("a worker reports nothing")
        }
    }

    /// The states after a stream over these days, one record each, which is counted, and as many others as the day says; where
    /// it comes back to a day, they are taken first.
    fn states(days: &[i32]) -> (Vec<DayState>, Vec<String>) {
        let file = PluginFile::Embedded("installed-base".to_owned());
        let mut plugin =
            Host::new(None).expect("an engine").load("desks", &file, "{}").expect("a plugin of this program");
        plugin.manifest.counted = vec!["user.action".to_owned()];
        let plugins = [plugin.into_native(|_| Box::new(Spans))];
        let counted = plugins[0].manifest.counted.clone();
        let wanted = Want { attributes: vec!["app.version".to_owned()], counted, ..Want::default() };
        let rule = EventRule {
            name: "user.action".to_owned(),
            logger: None,
            severity_min: None,
            body: None,
            severity: None,
            formats: Vec::new(),
            fields: Default::default(),
        };
        let formats = [known("log4net").expect("a layout").format()];
        let normaliser = Normaliser::compile(&formats, &[rule], &Wanted { plugins: vec![wanted] }).expect("a format");
        let failures = Failures::default();
        let mut worker = Worker::new(&plugins, &normaliser, &failures);
        worker.begin_instance(0, "desk");
        let mut states: Vec<DayState> = Vec::new();
        for (at, day) in days.iter().enumerate() {
            let mut saved = None;
            if days[..at].contains(day) {
                states.extend(worker.take_states());
                saved = states.iter().position(|((_, of), _)| of == day).map(|at| states.swap_remove(at).1);
            }
            worker.begin_day(*day, vec![(0, saved)]);
            let mut record = Record::default();
            (record.time, record.event, record.counted) = (at as i64, Some(0), 1);
            worker.see(&record, || 0);
            (0..*day).for_each(|_| worker.count(0, 1, 1));
        }
        states.extend(worker.take_states());
        states.sort();
        drop(worker);
        (states, failures.into_inner().into_values().map(|failure| failure.place).collect())
    }

    #[test]
    fn days_have_states_of_their_own_and_go_on_where_the_stream_comes_back() {
        let (states, faults) = states(&[1, 3, 1, 4]);
        assert_eq!(states, [((0, 1), vec![1, 2, 1, 2]), ((0, 3), vec![1, 4]), ((0, 4), vec![1, 5])]);
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn a_fault_costs_no_day_before_it_and_all_that_comes_behind_it() {
        let place = vec!["instance desk, 1970-01-03".to_owned()];
        assert_eq!(states(&[1, 2, 3]), (vec![((0, 1), vec![1, 2])], place.clone()));
        // A second part of the first day alone would stand for all of it.
        assert_eq!(states(&[2, 1, 2, 1]), (vec![], place));
    }
}
