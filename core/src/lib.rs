//! The musical core of ToneNet: notes, MIDI files, styles, timing and the event scheduler.
//!
//! ```
//! use tonenet_core::clip::{Clip, ClipNote};
//! use tonenet_core::dynamics::{Expected, Expression};
//! use tonenet_core::midi::Song;
//!
//! let note = ClipNote { onset: 0.0, length: 1.0, key: 60, velocity: 80 };
//! let song = Song::parse(Clip::new(4.0, (4, 4), vec![note])?.to_midi(120.0))?;
//!
//! // A model predicts the note 12 velocity steps above the player's level of 60.
//! let predicted = Expected { level: 60.0, deviation: 12.0 };
//! let velocities: Vec<u8> =
//!     song.notes().iter().map(|n| Expression::default().velocity(n.note.velocity, predicted)).collect();
//! assert_eq!(velocities, [72]);
//!
//! let restyled = Song::parse(song.with_velocities(&velocities)?)?;
//! assert_eq!(restyled.notes()[0].note.velocity, 72);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate has no host, clock, thread, GUI or model runtime. Data flows through it in one direction:
//!
//! 1. Host events enter the [`scheduler`].
//! 2. A [`window`] keeps the recent ones. A [`piano_roll`] or [`note_rows`] encodes it as a network's input.
//! 3. The network's predictions are mixed by [`style`] and shaped by [`dynamics`], for the notes in the [`scope`].
//!    [`feel`] says how far notes move.
//! 4. The scheduler emits each event one latency after it arrived, or where its feel moves it.
//!
//! A [`timeline`] records what was played at each position of the song. [`midi`] reads and writes files. [`entered`] tells
//! entered parts from played ones. Generators read and write a [`tune`] or a [`phrase_image`], and a [`clip`] plays it in
//! the song.

#![forbid(unsafe_code)]

pub mod clip;
pub mod dynamics;
pub mod entered;
pub mod feel;
pub mod genre;
pub mod grid;
pub mod midi;
pub mod note;
pub mod note_rows;
pub mod phrase_image;
pub mod piano_roll;
pub mod scheduler;
pub mod scope;
pub mod style;
pub mod timeline;
pub mod transport;
pub mod tune;
pub mod window;
