//! The program, as the tests start it: with the places at which it can be killed.

fn main() -> std::process::ExitCode {
    logparser::commands::main()
}
