//! Nothing: this package names the releases that the crates in `vendor/` are made from.
