//! How long a block may wait for other threads.

pub mod budget;
pub mod pace;
