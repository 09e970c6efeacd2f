//! People who mean harm: floods, look-ups, slow connections and malformed requests.
//!
//! What takes long is shortened; with `CONSENTRY_TEST_LONG=1` it has the size that the figures in
//! the documentation were measured with.

mod budgets;
mod slow;
mod timing;
mod wire;

/// Whether the tests may take as long as it takes.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of the programs"
)]
fn is_long() -> bool {
    std::env::var_os("CONSENTRY_TEST_LONG").is_some_and(|value| value == "1")
}

/// Tells a figure to whoever runs the tests with `--nocapture`.
#[expect(clippy::print_stdout, reason = "a figure for the documentation")]
fn tell(figure: &str) {
    println!("{figure}");
}
