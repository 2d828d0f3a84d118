//! The program `convac-kernel`.

fn main() -> std::process::ExitCode {
    convac_kernel::cli::main()
}
