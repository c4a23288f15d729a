//! Compiled built-in plugins for new stores: compiling them takes a second, and most tests are not about that.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use logparser_tests::fleet::profile_text;
use logparser_tests::story::Layout;

/// Gives a store that is still empty what the program would compile first.
pub fn provide(store: &Path) {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    let compiled = COMPILED.get_or_init(compile);
    let into = store.join("compiled");
    fs::create_dir_all(&into).expect("a folder for compiled plugins");
    for entry in fs::read_dir(compiled).expect("compiled plugins") {
        let file = entry.expect("a compiled plugin").path();
        if file.extension().is_some_and(|extension| extension == "cwasm") {
            // A link at best: the program never writes into such a file, it replaces it.
            let to = into.join(file.file_name().expect("a file"));
            let given = match fs::hard_link(&file, &to) {
                // What is there may be such a link: a copy over it would empty both.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                linked => linked.or_else(|_| fs::copy(&file, &to).map(drop)),
            };
            given.expect("a compiled plugin");
        }
    }
}

/// Has the program compile its plugins, into a folder that stays from one test program to the next.
fn compile() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_under-test"));
    let built = fs::metadata(program).and_then(|metadata| metadata.modified()).expect("the program under test");
    let stamp = built.duration_since(std::time::UNIX_EPOCH).expect("built after 1970").as_millis();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let folder = home.join(stamp.to_string());
    // What an older program compiled is of no use any more; tests in other processes may fill the same folder right now.
    for other in fs::read_dir(&home).into_iter().flatten().flatten().filter(|other| other.path() != folder) {
        let _ = fs::remove_dir_all(other.path());
    }
    fs::create_dir_all(folder.join("logs")).expect("a folder");
    let profile = folder.join("warm.toml");
    // Tests in other processes may be here at the same time: none may see a file that is half written.
    let own = folder.join(format!("warm-{}.toml", std::process::id()));
    fs::write(&own, profile_text("[fleet]\nfolder = \"logs\"\n", Layout::Log4net)).expect("a profile");
    fs::rename(&own, &profile).expect("a profile");
    fs::create_dir_all(folder.join("logs/WS-0000")).expect("a folder");
    let check = Command::new(program).arg("--profile").arg(&profile).arg("check").output().expect("the program starts");
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    folder.join("store/compiled")
}
