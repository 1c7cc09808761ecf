//! The program: reads the command line and ends with a status.

fn main() -> std::process::ExitCode {
    pscope::cli::main()
}
