//! What ToneNet knows about music and time, as plain code.
//!
//! This crate knows no host, clock, thread, window or model runtime. Data goes one way through it: host events
//! into the [`scheduler`], what was heard into a [`window`], the window as a [`piano_roll`] to a network, its answer
//! through [`dynamics`] back to the scheduler, and out; a [`timeline`] remembers what was played where. Files enter and
//! leave through [`midi`]. A [`tune`] and a [`phrase_image`] are what generators read and write, a [`clip`] what the song
//! plays of it.

pub mod clip;
pub mod dynamics;
pub mod genre;
pub mod grid;
pub mod midi;
pub mod note;
pub mod note_rows;
pub mod phrase_image;
pub mod piano_roll;
pub mod scheduler;
pub mod style;
pub mod timeline;
pub mod transport;
pub mod tune;
pub mod window;
