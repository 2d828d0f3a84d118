//! `%%rust` and `rust_fn` on this side of the helper: a session, its errors, and what is left behind.
//! The helper is this program itself, started again as a fake one (see `fake.rs`); the real one has
//! tests of its own in `kernel/rust-cells`.

#[cfg(unix)]
mod desk;
#[cfg(unix)]
mod fake;
#[cfg(unix)]
mod functions;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod values;

#[cfg(unix)]
fn main() {
    if let Ok(mode) = std::env::var(fake::MODE) {
        return fake::main(&mode);
    }
    let own = std::env::current_exe().unwrap();
    // SAFETY: no other thread exists yet.
    unsafe {
        std::env::set_var("CONVAC_RUST_CELLS", own);
        std::env::set_var(fake::MODE, "ready");
    }
    let all = [values::TESTS, functions::TESTS, hostile::TESTS].concat();
    desk::run_tests(&all);
}

#[cfg(not(unix))]
fn main() {
    println!("test result: ok. 0 passed; 0 failed; Rust cells need a Unix system");
}
