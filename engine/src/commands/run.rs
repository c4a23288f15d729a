//! `logparser run`, `fetch` and `report`.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use logparser_reports::Report;
use logparser_reports::format::Formatter;
use logparser_reports::model::{Cell, Highlight, SectionState};
use serde_json::{Value, json};

use super::progress::{Stage, Voice};
use super::stop::Stop;
use super::{Days, Done, Failed, How, inventory, out};
use crate::catalog::Catalog;
use crate::fetch::{FetchSummary, check_access, fetch};
use crate::mirror::{LockError, StoreLock};
use crate::normalise::{Normaliser, RuleFault, RulePlace};
use crate::pipeline::{
    AnalyseError, Effort, Kpis, PublishError, Watch, analyse, complete_expiring, normaliser, publish,
};
use crate::profile::{self, Fault, Faults, Keep, Profile};
use crate::upkeep::{self, Terms, Upkept};

/// Which halves of a run are done.
pub struct Stages<'a> {
    pub fetch: bool,
    pub report: Option<&'a Days>,
}

/// What came of a run.
pub struct Ran {
    /// Whether nothing is missing.
    pub whole: bool,
    /// As `--json` shows it.
    pub summary: Value,
}

/// Does the stages once, and tells what came of them.
pub fn run(how: &How, stages: &Stages<'_>) -> Result<Done, Failed> {
    let voice = Voice::new(how);
    let ran = once(how, stages, &voice, &Stop::on_signals(voice))?;
    if how.json {
        out(&format!("{:#}", ran.summary));
    }
    Ok(if ran.whole { Done::Whole } else { Done::PartsMissing })
}

/// Does the stages; everything that they need is opened for them, and closed again.
///
/// # Errors
/// [`Failed::Stopped`] when someone asked to stop, and what keeps a stage from being done.
pub fn once(how: &How, stages: &Stages<'_>, voice: &Voice, stop: &Stop) -> Result<Ran, Failed> {
    let profile = profile::load(&how.profile).map_err(Failed::Profile)?;
    let (kpis, normaliser) = ready(&profile)?;
    if stages.fetch {
        check_access(&profile).map_err(Failed::Profile)?;
    }
    let period = stages.report.map(|days| days.or(&profile.report.period)).transpose()?;
    let store = |error: &(dyn Error + 'static)| Failed::disk(error, &profile.store);
    let lock = locked(&profile)?;
    let profile = match stages.fetch {
        true => inventory::ask(&profile, Some(&lock), voice, stop)?,
        false => inventory::must_be_known(&profile)?,
    };
    let mut summary = serde_json::Map::new();
    let mut whole = true;
    if let Some(state) = profile.inventory.as_ref().and_then(|inventory| inventory.state.as_ref()) {
        whole &= state.cause.is_none() && state.refused.is_empty();
        let cause = state.cause.as_ref().map(|(class, text)| json!({ "class": class, "text": text }));
        let told = json!({ "instances": state.instances, "refused": state.refused, "cause": cause });
        summary.insert("inventory".to_owned(), told);
    }
    if stages.fetch {
        let fetched = fetch_fleet(&profile, &lock, voice, stop)?;
        whole &= fetched.totals.reached == fetched.totals.instances;
        summary.insert("fetch".to_owned(), json!(fetched));
        if fetched.stopped {
            return Err(Failed::Stopped);
        }
    }
    let (own, undropped) = (fleet(&profile), undropped(&profile));
    let mut terms = Terms { keep: &undropped, ..terms(&profile, &own) };
    if let Some(period) = period {
        let started = Instant::now();
        let mut catalog = Catalog::open(&lock).map_err(|error| store(&error))?;
        let watched = Watched { stage: voice.stage("analysing", 2 * profile.instances.len()), stop };
        let analysed = analyse(&profile, &kpis, &normaliser, &mut catalog, &period, &watched);
        drop(watched);
        let analysed = analysed.map_err(|error| unfinished(&error, &profile))?;
        let files = publish(&analysed.report, &profile.output).map_err(|error| match error {
            PublishError::Compose(_) => Failed::other(error, "this is a fault of LogParser; please report it"),
            PublishError::Write { .. } => Failed::disk(&error, &profile.output),
        })?;
        whole &= is_whole(&analysed.report);
        tell_report(voice, &analysed.report, &analysed.effort, started);
        tell_damage(voice, &analysed.damaged);
        whole &= analysed.damaged.is_empty();
        terms.keep = &profile.keep;
        let expiring = upkeep::droppable(&catalog, &terms).map_err(|error| store(&error))?;
        if !expiring.is_empty() {
            let watched = Watched { stage: voice.stage("completing old days", profile.instances.len()), stop };
            let completed = complete_expiring(&profile, &kpis, &normaliser, &mut catalog, &expiring, &watched);
            let completed = completed.map_err(|error| unfinished(&error, &profile))?;
            voice.detail(&format!("{} partials were computed of logs that are dropped", completed.partials));
        }
        summary.insert("report".to_owned(), report_summary(&analysed.report, &analysed.effort, &files));
        if !how.json && !how.quiet {
            files.iter().for_each(|file| out(&file.display().to_string()));
        }
    }
    if stages.fetch || stages.report.is_some() {
        let kept = keep(&profile, &lock, stop, &terms)?;
        voice.detail(&format!(
            "dropped {} bytes of old logs, sealed {} into {}, gave back {}",
            kept.dropped_bytes, kept.sealed_bytes, kept.packed_bytes, kept.freed_bytes
        ));
        summary.insert("upkeep".to_owned(), json!(kept));
    }
    summary.insert("complete".to_owned(), Value::Bool(whole));
    Ok(Ran { whole, summary: Value::Object(summary) })
}

/// An analysis that shows its progress and can be stopped.
struct Watched<'a> {
    stage: Stage<'a>,
    stop: &'a Stop,
}

impl Watch for Watched<'_> {
    fn instance_done(&self) {
        self.stage.step();
    }

    fn stops(&self) -> bool {
        self.stop.is_asked()
    }
}

/// The right to write to the profile's store.
pub fn locked(profile: &Profile) -> Result<StoreLock, Failed> {
    StoreLock::acquire(&profile.store).map_err(|error| match error {
        LockError::Held { .. } => {
            Failed::other(error, "wait until it is done, or stop it; another profile may have a store of its own")
        }
        LockError::Io { .. } => Failed::disk(&error, &profile.store),
    })
}

fn unfinished(error: &AnalyseError, profile: &Profile) -> Failed {
    match error {
        AnalyseError::Stopped => Failed::Stopped,
        AnalyseError::Store(_) => Failed::disk(error, &profile.store),
    }
}

/// Upkeep of the store on these terms.
pub fn keep(profile: &Profile, lock: &StoreLock, stop: &Stop, terms: &Terms<'_>) -> Result<Upkept, Failed> {
    let mut catalog = Catalog::open(lock).map_err(|error| Failed::disk(&error, &profile.store))?;
    upkeep::upkeep(lock, &mut catalog, terms, &|| stop.is_asked()).map_err(|error| Failed::disk(&error, &profile.store))
}

/// What the profile keeps, where no analysis has completed what logs say: then none are dropped.
pub fn undropped(profile: &Profile) -> Keep {
    Keep { logs_days: None, ..profile.keep }
}

/// The names of the profile's instances, in their order.
pub fn fleet(profile: &Profile) -> Vec<&str> {
    let mut names: Vec<&str> = profile.instances.iter().map(|instance| instance.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// What the profile says of its store, as of now.
pub fn terms<'a>(profile: &'a Profile, fleet: &'a [&'a str]) -> Terms<'a> {
    Terms { keep: &profile.keep, fleet, now_us: chrono::Utc::now().timestamp_micros() }
}

/// Loads what the profile names; settings and rules that are wrong are faults of the profile, shown together.
pub fn ready(profile: &Profile) -> Result<(Kpis, Normaliser), Failed> {
    let kpis = Kpis::load(profile).map_err(|error| {
        Failed::other(format_args!("WebAssembly does not run here: {error}"), "run LogParser on a 64-bit machine")
    })?;
    let mut faults: Vec<Fault> =
        kpis.refused.iter().map(|(kpi, fault)| profile.setting_fault(kpi, &fault.key, &fault.problem)).collect();
    match normaliser(profile, &kpis) {
        Ok(normaliser) if faults.is_empty() => Ok((kpis, normaliser)),
        Ok(_) => Err(Failed::Profile(Faults::from(faults))),
        Err(rules) => {
            faults.extend(rules.iter().map(|rule| rule_fault(profile, rule)));
            Err(Failed::Profile(Faults::from(faults)))
        }
    }
}

/// A format and rules that do not compile.
pub fn rules_failed(profile: &Profile, rules: &[RuleFault]) -> Failed {
    let faults: Vec<Fault> = rules.iter().map(|rule| rule_fault(profile, rule)).collect();
    Failed::Profile(Faults::from(faults))
}

/// A fault of a format or rule, at its place in the profile.
pub fn rule_fault(profile: &Profile, rule: &RuleFault) -> Fault {
    let problem = rule.what.to_string();
    let fault = match rule.place {
        RulePlace::Pattern(index) => profile.format_fault(index, &problem),
        RulePlace::Timestamp(index) => profile.timestamp_fault(index, &problem),
        RulePlace::Formats => profile.format_fault(0, &problem),
        RulePlace::Body(index) => profile.event_fault(index, &problem),
        RulePlace::Signature(index) => profile.signature_fault(index, &problem),
        RulePlace::Kpis => Fault::of_file(profile.path.display().to_string(), problem.as_str()),
    };
    fault.with_help(rule.help())
}

/// Fetches what is new of the whole fleet, and tells about it.
pub fn fetch_fleet(profile: &Profile, lock: &StoreLock, voice: &Voice, stop: &Stop) -> Result<FetchSummary, Failed> {
    let runtime = runtime()?;
    let started = Instant::now();
    let stage = voice.stage("fetching", profile.instances.len());
    let fetched = runtime.block_on(fetch(profile, lock, &stage, stop.asked()));
    // Whoever stops does not wait for a name server, or for a file that is being decoded.
    runtime.shutdown_background();
    let fetched = fetched.map_err(|error| Failed::disk(&error, &profile.store))?;
    drop(stage);
    let totals = &fetched.totals;
    voice.say(&format!(
        "fetched {} new bytes of {} instances in {} requests ({} bytes received), {:.1} s",
        totals.bytes_new,
        totals.instances,
        totals.requests,
        totals.bytes_wire,
        started.elapsed().as_secs_f64()
    ));
    for outcome in fetched.instances.iter().filter(|outcome| outcome.cause.is_some()).take(TROUBLES_MAX) {
        let cause = outcome.cause.as_ref().map(ToString::to_string).unwrap_or_default();
        voice.say(&format!("  {} {}: {cause}", outcome.name, outcome.state.as_str()));
    }
    let troubles = fetched.instances.iter().filter(|outcome| outcome.cause.is_some()).count();
    if troubles > TROUBLES_MAX {
        voice.say(&format!("  and {} more: the report names them all", troubles - TROUBLES_MAX));
    }
    Ok(fetched)
}

/// Instances whose trouble is told on the way.
pub const TROUBLES_MAX: usize = 5;

/// What carries requests on.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    tokio::runtime::Runtime::new()
        .map_err(|cause| Failed::other(format_args!("cannot start: {cause}"), "free some threads or memory"))
}

/// Whether nothing is missing from a report.
fn is_whole(report: &Report) -> bool {
    let coverage = &report.coverage;
    coverage.reached == coverage.instances_expected
        && coverage.inventory.is_none()
        && report.sections.iter().all(|section| matches!(section.state, SectionState::Ok | SectionState::NoData))
}

fn tell_report(voice: &Voice, report: &Report, effort: &Effort, started: Instant) {
    voice.detail(&format!(
        "read {} instances, computed {} partials, folded {} sections, {:.1} s",
        effort.scanned.instances,
        effort.scanned.partials + effort.completed.partials,
        effort.sections_folded,
        started.elapsed().as_secs_f64()
    ));
    let coverage = &report.coverage;
    voice.say(&format!(
        "{} to {}: {} records of {} instances ({} reached, {} unreachable, {} never seen)",
        report.window.from,
        report.window.to.pred_opt().unwrap_or(report.window.to),
        coverage.records,
        coverage.instances_expected,
        coverage.reached,
        coverage.unreachable,
        coverage.never_seen
    ));
    if coverage.lines_unparsed > 0 {
        voice.say(&format!("{} lines did not fit the format: the report shows examples", coverage.lines_unparsed));
    }
    for section in &report.sections {
        if let SectionState::Failed { what, place, help } = &section.state {
            voice.say(&format!("error: the KPI `{}` has no results: {what}\n  --> {place}\nhelp: {help}", section.kpi));
        }
    }
    match report.highlights.len() {
        0 => voice.say("nothing needs attention"),
        1 => voice.say(&format!("one thing needs attention: {}", sentence(report, &report.highlights[0]))),
        count => {
            voice.say(&format!("{count} things need attention, first: {}", sentence(report, &report.highlights[0])))
        }
    }
}

/// Which instances' logs are damaged in the store.
fn tell_damage(voice: &Voice, damaged: &[(String, String)]) {
    for (instance, what) in damaged.iter().take(TROUBLES_MAX) {
        voice.say(&format!("error: not all logs of {instance} could be read: {what}"));
    }
    if damaged.len() > TROUBLES_MAX {
        voice.say(&format!("  and those of {} more instances", damaged.len() - TROUBLES_MAX));
    }
    if !damaged.is_empty() {
        voice.say("help: `logparser store repair` takes again what the instances still have");
    }
}

/// A highlight's sentence as the report shows it.
fn sentence(report: &Report, highlight: &Highlight) -> String {
    let formatter = Formatter::new(&report.window.zone);
    let shown = Highlight {
        sentence: highlight.sentence.iter().map(|cell| Cell::Text(formatter.cell(cell))).collect(),
        ..highlight.clone()
    };
    shown.plain()
}

fn report_summary(report: &Report, effort: &Effort, files: &[PathBuf]) -> Value {
    let coverage = &report.coverage;
    json!({
        "files": files,
        "window": report.window,
        "data_through": report.data_through,
        "highlights": report.highlights.len(),
        "coverage": {
            "instances_expected": coverage.instances_expected,
            "reached": coverage.reached,
            "unreachable": coverage.unreachable,
            "silent": coverage.silent,
            "never_seen": coverage.never_seen,
            "records": coverage.records,
            "lines_unparsed": coverage.lines_unparsed,
        },
        "effort": effort,
    })
}
