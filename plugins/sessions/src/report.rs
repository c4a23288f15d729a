//! The section *Usage*.

use logparser_sdk::results::counted;
use logparser_sdk::sessions::{Kind, MARKERS_MAX};
use logparser_sdk::{Cell, Chart, Distribution, Highlight, Level, Points, Results};

use crate::Usages;
use crate::state::{DayTotals, Fleet, Totals};

pub fn tell(settings: &Usages, fleet: &Fleet, results: &mut Results) {
    let section = Section {
        settings,
        fleet,
        days: fleet.coverage.days(fleet.window.days()),
        before: fleet.coverage.is_comparable(&fleet.window).then_some(&fleet.before),
    };
    section.attention(results);
    section.starts(results);
    section.lengths(results);
    section.crashes(results);
    section.kinds(results);
    section.charts(results);
    section.remarks(results);
}

/// Id and title of a metric, and where its value comes from.
type Named<F> = (&'static str, &'static str, F);
type Count = fn(&Totals) -> u64;
type Milliseconds = fn(&Distribution) -> Option<f64>;

struct Section<'a> {
    settings: &'a Usages,
    fleet: &'a Fleet,
    /// Days of the report with records.
    days: u64,
    /// The period before, where there is enough of it to compare with.
    before: Option<&'a Totals>,
}

impl Section<'_> {
    /// Unknown where there are no records at all.
    fn known(&self, value: u64) -> Option<u64> {
        (self.days > 0).then_some(value)
    }

    fn starts(&self, results: &mut Results) {
        let (now, before) = (&self.fleet.now, self.before);
        let counts: [Named<Count>; 4] = [
            ("starts", "Session starts", |totals| totals.starts),
            ("users", "Distinct users", |totals| totals.users.len() as u64),
            ("instances", "Instances with a start", |totals| totals.instances),
            ("interactions", "Interactions", |totals| totals.actions),
        ];
        for (id, title, count) in counts {
            results.metric(id, title, self.known(count(now))).compare(before.map(count));
        }
        let mean = |count: u64| (self.days > 0).then(|| count as f64 / self.days as f64);
        let note = format!("over {} with records", counted(self.days, "day"));
        results.metric("starts-per-day-mean", "Session starts per day", mean(now.starts)).note(note.as_str());
        results.metric("interactions-per-day-mean", "Interactions per day", mean(now.actions)).note(note);
    }

    fn lengths(&self, results: &mut Results) {
        let now = &self.fleet.now;
        let lengths = now.lengths_us();
        let before = self.before.map(Totals::lengths_us);
        let values: [Named<Milliseconds>; 3] = [
            ("session-length-mean", "Average session length", |lengths_us| lengths_us.mean_in(1000)),
            ("session-length-median", "Median session length", |lengths_us| quantile_ms(lengths_us, 0.5)),
            ("session-length-p95", "95th percentile of session length", |lengths_us| quantile_ms(lengths_us, 0.95)),
        ];
        for (id, title, value) in values {
            let metric = results.metric(id, title, Cell::duration(value(lengths)));
            metric.sample(lengths.count()).compare(Cell::duration(before.and_then(value)));
            if id == "session-length-mean" {
                metric.note(self.left_out());
            }
        }
    }

    /// What the lengths are of, and which sessions are not among them.
    fn left_out(&self) -> String {
        let now = &self.fleet.now;
        if now.of(Kind::Ended) == 0 && now.of(Kind::IdleCut) > 0 {
            let minutes = self.settings.idle_timeout_min;
            return format!("no session has an end: stretches of activity, cut at pauses of {minutes} min");
        }
        format!(
            "ended sessions; left out: {} crashed, {} abnormal, {} open, {} left-cut, {} cut at pauses, \
             {} with a negative length",
            now.of(Kind::Crashed),
            now.of(Kind::Abnormal),
            now.of(Kind::Open),
            now.left_cut,
            now.of(Kind::IdleCut),
            now.clock_faults
        )
    }

    fn crashes(&self, results: &mut Results) {
        let now = &self.fleet.now;
        let share = |value: Option<f64>| value.map_or(Cell::None, Cell::Percent);
        let abnormal = |totals: &Totals| Cell::share(totals.of(Kind::Abnormal), totals.closed());
        results
            .metric("crash-free-sessions", "Crash-free sessions", share(now.crash_free_sessions()))
            .sample(now.closed())
            .compare(share(self.before.and_then(Totals::crash_free_sessions)));
        results
            .metric("crash-free-users", "Crash-free users", share(now.crash_free_users()))
            .sample(now.closed_users.len() as u64)
            .compare(share(self.before.and_then(Totals::crash_free_users)));
        results
            .metric("abnormal-sessions", "Sessions without an end or crash", abnormal(now))
            .sample(now.closed())
            .compare(self.before.map_or(Cell::None, abnormal));
        let lone = now.crashes.saturating_sub(now.of(Kind::Crashed));
        let crashes = results.metric("crashes", "Crashes", self.known(now.crashes));
        crashes.compare(self.before.map(|totals| totals.crashes));
        if lone > 0 {
            crashes.note(format!("{lone} of them hit no running session of this period"));
        }
    }

    fn kinds(&self, results: &mut Results) {
        let now = &self.fleet.now;
        let kinds = [
            ("sessions-ended", "ended", Kind::Ended),
            ("sessions-crashed", "crashed", Kind::Crashed),
            ("sessions-abnormal", "abnormal", Kind::Abnormal),
            ("sessions-open", "open", Kind::Open),
            ("sessions-idle-cut", "cut at pauses", Kind::IdleCut),
        ];
        results.metric("sessions", "Sessions", self.known(now.sessions()));
        for (id, name, kind) in kinds {
            results.metric(id, &format!("Sessions: {name}"), self.known(now.of(kind)));
        }
        results
            .metric("sessions-left-cut", "Sessions: left-cut", self.known(now.left_cut))
            .note("ends without a start in the data; by the day of the end, not among the sessions");
        let rows = kinds
            .map(|(_, name, kind)| vec![name.into(), now.of(kind).into(), Cell::share(now.of(kind), now.sessions())]);
        let left_cut = vec!["left-cut".into(), now.left_cut.into(), Cell::None];
        let columns = [("kind", "Kind"), ("sessions", "Sessions"), ("share", "Share of those that started")];
        results.table("session-kinds", "How sessions ended", &columns, None, rows.into_iter().chain([left_cut]));
    }

    fn charts(&self, results: &mut Results) {
        let days: Vec<i32> = self.fleet.window.days().collect();
        let line = |name: &str, count: fn(&DayTotals) -> u64| {
            let value = |&day: &i32| self.fleet.coverage.count(day, self.fleet.days.get(&day).map(count));
            Points::new(name, days.iter().map(value))
        };
        let starts = vec![line("Starts", |day| day.starts)];
        results.by_day("starts-per-day", "Session starts per day", Chart::Bar, "starts", starts, days.clone());
        let behind = vec![line("Users", |day| day.users.len() as u64), line("Instances", |day| day.instances)];
        results.by_day("users-per-day", "Users and instances per day", Chart::Line, "distinct", behind, days.clone());
        let actions = vec![line("Interactions", |day| day.actions)];
        results.by_day("interactions-per-day", "Interactions per day", Chart::Bar, "records", actions, days.clone());
    }

    fn remarks(&self, results: &mut Results) {
        let now = &self.fleet.now;
        if now.unmarked > 0 {
            results.text(format!(
                "{} without session starts and ends in the log: stretches of activity without a pause of more than \
                 {} min stand for sessions there.",
                counted(now.unmarked, "instance"),
                self.settings.idle_timeout_min
            ));
        }
        if now.overfull > 0 {
            results.text(format!(
                "{} of an instance with more than {MARKERS_MAX} starts, ends and crashes: the rest of the day counts as \
                 starts only.",
                counted(now.overfull, "day")
            ));
        }
    }

    fn attention(&self, results: &mut Results) {
        self.attend_crashes(results);
        self.attend_starts(results);
    }

    fn attend_crashes(&self, results: &mut Results) {
        let (now, least) = (&self.fleet.now, self.settings.crash_free_min);
        let Some(share) = now.crash_free_sessions().filter(|&share| share < least) else { return };
        if now.closed() < self.settings.minimum_sample {
            return;
        }
        let (crashed, closed) = (now.of(Kind::Crashed), now.closed());
        results.highlight(Highlight {
            level: Level::Warning,
            sentence: vec![
                "Crash-free sessions are at ".into(),
                Cell::Percent(share),
                format!(": {crashed} of {closed} sessions crashed").as_str().into(),
            ],
            value: Cell::Percent(share),
            baseline: Cell::Percent(least),
            sample: Some(closed),
            rule: format!("crash_free_min = {least}, minimum_sample = {}", self.settings.minimum_sample),
        });
    }

    /// Starts per day with records: weeks of different lengths compare, days without data do not count as a drop.
    fn attend_starts(&self, results: &mut Results) {
        let Some(before) = self.before.filter(|before| before.starts >= self.settings.minimum_sample) else { return };
        let days_before = self.fleet.coverage.days(self.fleet.window.previous_days());
        if self.days == 0 {
            return;
        }
        let mean = self.fleet.now.starts as f64 / self.days as f64;
        let baseline = before.starts as f64 / days_before as f64;
        let (change, limit) = (mean / baseline - 1.0, self.settings.starts_change_max);
        if change.abs() < limit {
            return;
        }
        let (level, verb) = if change < 0.0 { (Level::Warning, "fell") } else { (Level::Info, "rose") };
        results.highlight(Highlight {
            level,
            sentence: vec![
                format!("Session starts per day {verb} by ").as_str().into(),
                Cell::Percent(change.abs()),
                " against the period before".into(),
            ],
            value: Cell::Float(mean),
            baseline: Cell::Float(baseline),
            sample: Some(before.starts),
            rule: format!("starts_change_max = {limit}, minimum_sample = {}", self.settings.minimum_sample),
        });
    }
}

fn quantile_ms(lengths_us: &Distribution, q: f64) -> Option<f64> {
    lengths_us.quantile(q).map(|length_us| length_us / 1000.0)
}
