//! `logparser check`: is the profile right, and what would it do?

use serde_json::json;

use super::run::ready;
use super::{Done, Failed, How, inventory};
use crate::fetch::check_access;
use crate::profile::{self, Layout, PluginFile, Profile, Source};

/// Checks the profile with all that it names, and says what it would do.
pub fn check(how: &How) -> Result<Done, Failed> {
    let profile = profile::load(&how.profile).map_err(Failed::Profile)?;
    let (kpis, _) = ready(&profile)?;
    check_access(&profile).map_err(Failed::Profile)?;
    let profile = inventory::known(&profile)?.unwrap_or(profile);
    let broken = |name: &str| kpis.broken.iter().find(|(_, kpi, _)| kpi.name == name).map(|(_, _, error)| error);
    if how.json {
        let kpi = |kpi: &profile::Kpi| json!({ "name": kpi.name, "error": broken(&kpi.name).map(ToString::to_string) });
        let summary = json!({
            "instances": profile.instances.len(),
            "inventory_known": profile.inventory.as_ref().map(|inventory| inventory.state.is_some()),
            "store": profile.store,
            "output": profile.output,
            "kpis": profile.kpis.iter().map(kpi).collect::<Vec<_>>(),
        });
        println!("{summary:#}");
    } else if !how.quiet {
        describe(&profile);
        for kpi in &profile.kpis {
            let plugin = match &kpi.plugin {
                PluginFile::Embedded(_) => "inside LogParser".to_owned(),
                PluginFile::Path(path) => path.display().to_string(),
            };
            println!("KPI       {} ({plugin})", kpi.name);
        }
    }
    for (_, kpi, error) in &kpis.broken {
        eprintln!("error: the KPI `{}` cannot be used: {error}\nhelp: {}", kpi.name, error.help());
    }
    Ok(if kpis.broken.is_empty() { Done::Whole } else { Done::PartsMissing })
}

fn describe(profile: &Profile) {
    println!("profile   {} is right", profile.path.display());
    let source = match &profile.source {
        Source::Rest(rest) => format!("asks {} over REST, {} at a time", rest.list_url, rest.limits.concurrency_max),
        Source::Folder(folder) => format!("reads {}", folder.display()),
    };
    let named = profile.inventory.as_ref().map(|inventory| match &inventory.state {
        Some(state) => format!(", {}", inventory::in_words(state)),
        None => ", and those that the inventory will name: it has not answered yet".to_owned(),
    });
    println!("fleet     {} instances{}; {source}", profile.instances.len(), named.unwrap_or_default());
    for format in &profile.formats {
        let layout = match &format.layout {
            Layout::Pattern { pattern, .. } => pattern.clone(),
            Layout::Json { .. } => "one JSON object a line".to_owned(),
            Layout::Logfmt { .. } => "logfmt".to_owned(),
            Layout::Syslog { .. } => "syslog".to_owned(),
        };
        println!("format    {layout}");
    }
    println!("events    {} rules", profile.events.len());
    println!("store     {}", profile.store.display());
    println!("report    into {}, days of {}", profile.output.display(), profile.report.zone_name());
}
