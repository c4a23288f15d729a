//! The profile of a simulated fleet, as its user would write it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::Fleet;
use crate::disk::{DiskFault, Named};
use crate::story::Layout;

/// Everything but the source and the format, which stand in files of their own.
const PROFILE: &str = include_str!("fleet.toml");
const LOG4NET: &str = include_str!("log4net.toml");
const SERILOG: &str = include_str!("serilog.toml");
const REST: &str = include_str!("rest.toml");

/// Writes the profile and its list of instances.
pub fn write(fleet: &Fleet, folder: &Path) -> Result<PathBuf, DiskFault> {
    fs::create_dir_all(folder).named("create", folder)?;
    let list = folder.join("instances.csv");
    fs::write(&list, instances(fleet)).named("write", &list)?;
    let path = folder.join("fleet.toml");
    fs::write(&path, text(REST, fleet.layout())).named("write", &path)?;
    Ok(path)
}

/// A profile whose records come from `source`, a `[fleet]` section.
pub fn text(source: &str, layout: Layout) -> String {
    let format = match layout {
        Layout::Log4net => LOG4NET,
        Layout::Serilog => SERILOG,
    };
    PROFILE.replace("#{source}\n", source).replace("#{format}\n", format)
}

fn instances(fleet: &Fleet) -> String {
    let mut csv = "name,address\n".to_owned();
    for one in fleet.instances() {
        // Writing to a string cannot fail.
        let _ = writeln!(csv, "{},http://{}", one.name(), one.address());
    }
    csv
}
