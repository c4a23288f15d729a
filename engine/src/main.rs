//! The binary: see [`logparser::commands`].

fn main() -> std::process::ExitCode {
    logparser::commands::main()
}
