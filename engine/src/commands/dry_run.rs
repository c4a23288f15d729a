//! `logparser fetch --dry-run`: what a fetch would do, and nothing is done.

use std::time::Instant;

use serde_json::json;

use super::columns::{Columns, Side};
use super::progress::Voice;
use super::run::{TROUBLES_MAX, runtime};
use super::stop::Stop;
use super::{Done, Failed, How, inventory, out};
use crate::fetch::{FleetForecast, InstanceForecast, Prospects, check_access, foresee};
use crate::profile;

/// Lists the fleet, and shows what would be fetched.
pub fn dry_run(how: &How) -> Result<Done, Failed> {
    let voice = Voice::new(how);
    let profile = profile::load(&how.profile).map_err(Failed::Profile)?;
    check_access(&profile).map_err(Failed::Profile)?;
    let stop = Stop::on_signals(voice);
    let profile = inventory::ask(&profile, None, &voice, &stop)?;
    let started = Instant::now();
    let stage = voice.stage("listing", profile.instances.len());
    let done = |forecast: &InstanceForecast| {
        let cause = forecast.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        let files = forecast.files.len() as u64 + forecast.files_more;
        stage.detail(&format!("{} {}, {files} files{cause}", forecast.name, forecast.state.as_str()));
        stage.step();
    };
    let runtime = runtime()?;
    let foreseen = runtime.block_on(foresee(&profile, &done, stop.asked()));
    // Whoever stops does not wait for a name server.
    runtime.shutdown_background();
    let foreseen = foreseen.map_err(|error| Failed::disk(&error, &profile.store))?;
    drop(stage);
    let whole = foreseen.totals.reached == foreseen.totals.instances;
    if how.json {
        out(&format!("{:#}", json!({ "dry_run": foreseen, "complete": whole })));
    } else if !how.quiet {
        out(table(&foreseen).trim_end());
    }
    tell(&voice, &foreseen, started);
    if foreseen.stopped {
        return Err(Failed::Stopped);
    }
    Ok(if whole { Done::Whole } else { Done::PartsMissing })
}

fn table(foreseen: &FleetForecast) -> String {
    let mut table = Columns::new([
        ("INSTANCE", Side::Left),
        ("STATE", Side::Left),
        ("UNCHANGED", Side::Right),
        ("CHECKED", Side::Right),
        ("APPENDED", Side::Right),
        ("NEW", Side::Right),
        ("RECLASSIFIED", Side::Right),
        ("GONE", Side::Right),
        ("BYTES", Side::Right),
    ]);
    for one in &foreseen.instances {
        let Prospects { unchanged, checked, appended, new, reclassified, gone, .. } = one.counts;
        let [unchanged, checked, appended, new, reclassified, gone] =
            [unchanged, checked, appended, new, reclassified, gone].map(|count| count.to_string());
        let bytes = format!("{}{}", one.bytes, if one.unknown > 0 { "+" } else { "" });
        let state = one.state.as_str().to_owned();
        table.row([one.name.clone(), state, unchanged, checked, appended, new, reclassified, gone, bytes]);
    }
    table.render(false)
}

fn tell(voice: &Voice, foreseen: &FleetForecast, started: Instant) {
    let totals = &foreseen.totals;
    let counts = &totals.counts;
    voice.say(&format!(
        "a fetch would take up to {} bytes of {} instances: {} files appended, {} new, {} reclassified; {} checked, \
         {} unchanged",
        totals.bytes,
        totals.instances,
        counts.appended,
        counts.new,
        counts.reclassified,
        counts.checked,
        counts.unchanged,
    ));
    if totals.unknown > 0 {
        voice.say(&format!("and what is new of {} files whose size nobody tells", totals.unknown));
    }
    voice.say(&format!(
        "listed in {} requests ({} bytes received), {:.1} s; nothing was stored",
        totals.requests,
        totals.bytes_wire,
        started.elapsed().as_secs_f64()
    ));
    let troubled = || foreseen.instances.iter().filter_map(|one| Some((one, one.cause.as_ref()?)));
    for (one, cause) in troubled().take(TROUBLES_MAX) {
        voice.say(&format!("  {} {}: {cause}", one.name, one.state.as_str()));
    }
    let more = troubled().count().saturating_sub(TROUBLES_MAX);
    if more > 0 {
        voice.say(&format!("  and {more} more: `--json` names them all, `logparser probe` shows one"));
    }
}
