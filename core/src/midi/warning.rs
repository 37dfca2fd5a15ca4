//! Warnings about MIDI files that break the rules but can be read.

use std::fmt;

/// A fault in a file, which was read as far as its meaning is certain.
///
/// It displays as one line. Writing the song does not repair the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MidiWarning {
    /// The kind of fault.
    pub kind: MidiWarningKind,
    /// The first faulty byte, counted from 0.
    pub byte: usize,
    /// Number of such faults in the file.
    pub count: usize,
}

/// A kind of fault in a MIDI file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MidiWarningKind {
    /// Other bytes come before the header, as in MacBinary files.
    BytesBeforeHeader,
    /// A RIFF file states a wrong length of its content.
    WrapperLength,
    /// The header states a wrong length of itself.
    HeaderLength,
    /// The format is not 0, 1 or 2.
    UnknownFormat(u16),
    /// Format 2: independent patterns instead of tracks that play together.
    Patterns,
    /// Times are in film frames instead of beats.
    Frames,
    /// The header declares more tracks than there are.
    MissingTracks {
        /// Tracks that the header declares.
        declared: usize,
        /// Tracks that there are.
        found: usize,
    },
    /// The header declares fewer tracks than there are.
    ExtraTracks {
        /// Tracks that the header declares.
        declared: usize,
        /// Tracks that there are.
        found: usize,
    },
    /// A track that the header does not declare cannot be read.
    UnreadableExtraTrack,
    /// A track states a wrong length.
    TrackLength,
    /// A track has events after its end-of-track event.
    EventsBehindEnd,
    /// A track has no end-of-track event.
    NoEndOfTrack,
    /// The file ends within a track.
    CutShort {
        /// Number of missing bytes, by the track's stated length.
        missing: usize,
    },
    /// Bytes after an end-of-track event or a chunk belong to no chunk.
    StrayBytes,
    /// Bytes follow the last track.
    BytesBehind,
    /// Another MIDI file follows the last track.
    AnotherFile,
    /// Running status continues after a meta event or SysEx, which cancels it.
    RunningStatus,
    /// A data byte of a channel message is over 127.
    DataByte,
    /// A tempo, time signature or key signature has an invalid length or value.
    Meta,
    /// A meta event or SysEx states a wrong length.
    EventLength,
    /// A track has a message that a file must not contain, such as song position or clock.
    SystemMessage,
    /// There are no notes.
    NoNotes,
}

impl fmt::Display for MidiWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use MidiWarningKind as Kind;
        match self.kind {
            Kind::BytesBeforeHeader => write!(f, "the bytes before its header were ignored")?,
            Kind::WrapperLength => write!(f, "its RIFF wrapper tells a wrong length; it was read to where it ends")?,
            Kind::HeaderLength => {
                write!(f, "its header tells a wrong length; the tracks were read from where they begin")?
            }
            Kind::UnknownFormat(format) => write!(f, "format {format} does not exist; it was read as format 1")?,
            Kind::Patterns => {
                write!(f, "it holds independent patterns (format 2); they were read one after the other")?
            }
            Kind::Frames => write!(f, "it counts time in film frames, so it has no beats; its times are right")?,
            Kind::MissingTracks { declared, found } => {
                write!(f, "its header declares {declared} tracks; the {found} that are there were read")?;
            }
            Kind::ExtraTracks { declared, found } => {
                write!(f, "its header declares {declared} tracks; all {found} that are there were read")?;
            }
            Kind::UnreadableExtraTrack => {
                write!(f, "a track that its header does not declare cannot be read and was ignored")?;
            }
            Kind::TrackLength => write!(f, "a track tells a wrong length; it was read to its end-of-track event")?,
            Kind::EventsBehindEnd => write!(f, "events follow a track's end-of-track event; they were read too")?,
            Kind::NoEndOfTrack => write!(f, "a track has no end-of-track event; it was read to its last event")?,
            Kind::CutShort { missing } => {
                write!(f, "it is cut short ({missing} bytes are missing); what is there was read")?;
            }
            Kind::StrayBytes => write!(f, "bytes between its events or tracks were ignored")?,
            Kind::BytesBehind => write!(f, "the bytes behind its last track were ignored")?,
            Kind::AnotherFile => {
                write!(f, "another MIDI file follows; it was not read: split the file there to use it")?
            }
            Kind::RunningStatus => {
                write!(f, "a running status goes on behind a meta event or SysEx; it was read as most programs do")?;
            }
            Kind::DataByte => write!(f, "a data byte is over 127; it was read as 127")?,
            Kind::Meta => {
                write!(
                    f,
                    "a tempo, time signature or key signature has a wrong length or value; what makes no sense was ignored"
                )?;
            }
            Kind::EventLength => {
                write!(f, "a meta event or SysEx tells a wrong length; it was read to where the next event begins")?;
            }
            Kind::SystemMessage => write!(f, "a message that no file may hold was ignored")?,
            Kind::NoNotes => return write!(f, "it holds no notes"),
        }
        write!(f, " (byte {}", self.byte)?;
        if self.count > 1 {
            write!(f, " and {} more", self.count - 1)?;
        }
        write!(f, ")")
    }
}

/// The warnings of a file, one of each kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Warnings(Vec<MidiWarning>);

impl Warnings {
    pub(super) fn add(&mut self, kind: MidiWarningKind, byte: usize) {
        match self.0.iter_mut().find(|warning| warning.kind == kind) {
            Some(warning) => warning.count += 1,
            None => self.0.push(MidiWarning { kind, byte, count: 1 }),
        }
    }

    pub(super) fn into_list(self) -> Vec<MidiWarning> {
        self.0
    }
}
