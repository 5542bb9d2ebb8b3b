//! The Talk server: settings, wiring and subcommands.
fn main() {}
