//! Builds the plugins that stand inside the binary, for `wasm32-unknown-unknown`.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

/// The KPI families inside the binary, in the order in which a new profile lists them.
const EMBEDDED: [&str; 4] = ["sessions", "restarts", "errors", "installed-base"];
const TARGET: &str = "wasm32-unknown-unknown";

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("..");
    let out = PathBuf::from(variable("OUT_DIR"));
    for folder in ["plugins", "plugin-sdk"] {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
    }
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    provide_target();
    let built = build(&root, &out);
    let mut list = String::from("const EMBEDDED: &[(&str, &[u8], [u8; 32])] = &[\n");
    for name in EMBEDDED {
        let file = format!("logparser_kpi_{}.wasm", name.replace('-', "_"));
        let bytes = fs::read(built.join(&file)).unwrap_or_else(|cause| panic!("cannot read {file}: {cause}"));
        fs::write(out.join(&file), &bytes).unwrap_or_else(|cause| panic!("cannot write {file}: {cause}"));
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        writeln!(list, "    ({name:?}, include_bytes!({:?}), {digest:?}),", out.join(&file))
            .expect("a String takes all");
    }
    list.push_str("];\n");
    fs::write(out.join("embedded.rs"), list).expect("OUT_DIR is writable");
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

/// Adds the wasm target where it is missing, or says what to type.
fn provide_target() {
    let print = Command::new(variable("RUSTC")).args(["--print", "target-libdir", "--target", TARGET]).output();
    let library = print.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    if library.is_some_and(|folder| Path::new(folder.trim()).is_dir()) {
        return;
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).stdout(Stdio::null()).status();
    if !added.is_ok_and(|status| status.success()) {
        println!("cargo::error=the plugins need the compiler's target {TARGET}, which could not be added");
        println!("cargo::error=type: rustup target add {TARGET}");
        std::process::exit(1);
    }
}

/// Builds all plugins and gives the folder of the modules.
///
/// The target folder is shared by the engine's profiles, so that tests, lints and docs build the plugins once.
fn build(root: &Path, out: &Path) -> PathBuf {
    let target = out.ancestors().nth(4).expect("OUT_DIR lies in the target folder").join("plugins");
    let mut cargo = Command::new(variable("CARGO"));
    cargo.current_dir(root).args(["build", "--locked", "--profile", "plugin", "--target", TARGET, "--target-dir"]);
    cargo.arg(&target);
    for name in EMBEDDED {
        cargo.args(["--package", &format!("logparser-kpi-{name}")]);
    }
    // What the outer build sets for the host does not fit the plugins.
    for name in ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTDOCFLAGS"] {
        cargo.env_remove(name);
    }
    cargo.env("RUSTFLAGS", "-Ctarget-feature=+simd128");
    let status = cargo.status().unwrap_or_else(|cause| panic!("cannot start cargo: {cause}"));
    assert!(status.success(), "the plugins do not build: see the messages above");
    target.join(TARGET).join("plugin")
}
