//! What LogParser is measured beside: DuckDB, Polars and angle-grinder, told to compute the KPIs of the yardstick by the
//! scripts in `tests/beside`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use serde_json::Value;

use crate::meter::Took;
use crate::story::Summary;
use crate::yardstick::{Kpis, SignatureCount};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/beside");

/// Fields of a [`Summary`] that follow from others, and the size of the files, which is no KPI.
const DERIVED: [&str; 7] =
    ["bytes", "days", "errors_by_hour", "errors_by_template", "open_at_end", "sessions", "top10_fatal"];

type Failed = Box<dyn std::error::Error>;

/// A program that computes the KPIs.
#[derive(Debug)]
pub struct Program {
    pub name: &'static str,
    script: &'static str,
    /// Fields of a [`Summary`], those of `more` among them, that it does not tell: it has no means to, or would have to
    /// read everything once more.
    leaves_out: &'static [&'static str],
}

/// What needs the order of an instance's records, distinct values by day or exact quantiles.
const ORDER_AND_MORE: [&str; 12] = [
    "abnormal",
    "clients",
    "instances_per_day",
    "last_seen_ms",
    "open",
    "records",
    "restart_ms",
    "restarts_pending",
    "session_ms",
    "users",
    "users_per_day",
    "versions",
];

pub const PROGRAMS: [Program; 3] = [
    Program { name: "DuckDB", script: "with_duckdb.py", leaves_out: &[] },
    Program { name: "Polars", script: "with_polars.py", leaves_out: &[] },
    Program { name: "angle-grinder", script: "with_angle_grinder.py", leaves_out: &ORDER_AND_MORE },
];

/// The programs, installed in a folder.
#[derive(Debug)]
pub struct Installed(PathBuf);

/// What a script printed.
#[derive(Deserialize)]
struct Answer {
    took: Took,
    told: Told,
}

#[derive(Deserialize)]
struct Told {
    summary: Value,
    errors: BTreeMap<String, SignatureCount>,
}

/// Installs all programs, in the versions that are named there, where they are not yet.
///
/// # Errors
/// What the clients of the registries say.
pub fn install(folder: &Path) -> Result<Installed, Failed> {
    let output = Command::new(Path::new(SCRIPTS).join("install.sh")).arg(folder).output()?;
    succeeded(&output)?;
    Ok(Installed(folder.to_owned()))
}

fn succeeded(output: &Output) -> Result<(), Failed> {
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

impl Program {
    /// Has the KPIs computed of `logs/INSTANCE/*.log`, in the layout `log4net` or `json`.
    ///
    /// # Errors
    /// A program that fails, or that finds anything else than the truth.
    pub fn measure(&self, programs: &Installed, layout: &str, logs: &Path, truth: &Summary) -> Result<Took, Failed> {
        let mut command = Command::new(programs.0.join("python/bin/python"));
        let scripts = Path::new(SCRIPTS);
        command.args([scripts.join("took.py"), scripts.join(self.script)]).arg(layout).arg(logs);
        let output = command.env("ANGLE_GRINDER", programs.0.join("bin/agrind")).output()?;
        succeeded(&output)?;
        let Answer { took, told } = serde_json::from_slice(&output.stdout)?;
        let differences = self.differences(told, truth)?;
        match differences.is_empty() {
            true => Ok(took),
            false => {
                Err(format!("{} finds otherwise than the truth:\n  {}", self.name, differences.join("\n  ")).into())
            }
        }
    }

    /// Everything that it was told otherwise, or not at all.
    fn differences(&self, told: Told, truth: &Summary) -> Result<Vec<String>, Failed> {
        let mut expected = serde_json::to_value(truth)?;
        let mut untold = Vec::new();
        overlay(&mut expected, &told.summary, &mut untold);
        let mut summary: Summary = serde_json::from_value(expected)?;
        summary.derive();
        let mut differences = Kpis { summary, errors: told.errors }.differences(truth);
        untold.retain(|name| !DERIVED.contains(&name.as_str()));
        let missing = untold.iter().filter(|name| !self.leaves_out.contains(&name.as_str()));
        differences.extend(missing.map(|name| format!("{name} is missing")));
        Ok(differences)
    }
}

/// Puts what was told over what is expected, and collects the names of the fields that were not told.
fn overlay(expected: &mut Value, told: &Value, untold: &mut Vec<String>) {
    let Value::Object(expected) = expected else { return };
    for (name, value) in expected {
        match told.get(name) {
            Some(inner) if name == "more" => overlay(value, inner, untold),
            Some(told) => *value = told.clone(),
            None => untold.push(name.clone()),
        }
    }
}
