//! The piece in Ardour's session: its region, and its notes for the script that writes them.
//!
//! Ardour's scripts can neither import a MIDI file nor make a region. An empty region is therefore put into the saved
//! session. Ardour's own model then writes the notes and saves them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use tonenet_core::midi::Song;

/// Ticks of a quarter note in Ardour.
pub const TICKS_PER_BEAT: u64 = 1920;
/// The session's file and folder names.
const NAME: &str = "session";
const SOURCE: &str = "piece.mid";
/// Ids that Ardour has not used: it counts up from 1, and continues from [`NEXT_ID`].
const SOURCE_ID: u32 = 1_000_001;
const REGION_ID: u32 = 1_000_002;
const NEXT_ID: u32 = 1_000_010;
/// A Standard MIDI File with one empty track, at [`TICKS_PER_BEAT`].
const EMPTY: &[u8] = b"MThd\0\0\0\x06\0\0\0\x01\x07\x80MTrk\0\0\0\x04\0\xff\x2f\0";

/// A session's folder.
pub struct Folder(PathBuf);

impl Folder {
    /// The session in a home folder.
    pub fn in_home(home: &Path) -> Self {
        // Ardour keeps sources under the name of the folder.
        Self(home.join(NAME))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The session's own file.
    pub fn file(&self) -> PathBuf {
        self.0.join(format!("{NAME}.ardour"))
    }

    fn midi_files(&self) -> PathBuf {
        self.0.join("interchange").join(NAME).join("midifiles")
    }

    /// The file of a recording.
    pub fn recording(&self, name: &str) -> PathBuf {
        self.midi_files().join(name).with_extension("mid")
    }

    /// Adds an empty region of so many Ardour ticks to the track that plays.
    pub fn add_region(&self, ticks: u64) -> Result<()> {
        let file = self.file();
        let xml = fs::read_to_string(&file).with_context(|| format!("Ardour saved no {}", file.display()))?;
        fs::write(self.midi_files().join(SOURCE), EMPTY)?;
        fs::write(&file, with_region(&xml, ticks)?)?;
        Ok(())
    }

    /// Makes Ardour's interface open the plugin's window when the session is next loaded.
    pub fn open_window(&self) -> Result<()> {
        let file = self.file();
        let xml = fs::read_to_string(&file).with_context(|| format!("Ardour saved no {}", file.display()))?;
        fs::write(&file, with_open_window(&xml)?)?;
        Ok(())
    }

    /// Gives the plugin another setting when the session is next loaded.
    pub fn change(&self, setting: Setting) -> Result<()> {
        let file = self.file();
        let xml = fs::read_to_string(&file).with_context(|| format!("Ardour saved no {}", file.display()))?;
        fs::write(&file, changed(&xml, setting)?)?;
        Ok(())
    }
}

/// A setting in the plugin's state, before and after.
///
/// Both are equally long, so the state's stored length stays true.
#[derive(Debug, Clone, Copy)]
pub struct Setting(&'static str, &'static str);

impl Setting {
    /// The look-ahead becomes Timeline instead of a beat. Ardour's scripts can set automatable parameters only.
    pub const TIMELINE: Self = Self(r#""look_ahead":{"string":"one-beat"}"#, r#""look_ahead":{"string":"timeline"}"#);
    /// Swing is set to 58 % instead of the style's.
    pub const SWING: Self = Self(r#""swing":{"i32":49}"#, r#""swing":{"i32":58}"#);
    /// Swing is the style's again.
    pub const STYLES_SWING: Self = Self(Self::SWING.1, Self::SWING.0);
}

/// A saved session with another setting of the plugin.
fn changed(xml: &str, Setting(before, after): Setting) -> Result<String> {
    let (begin, end) = ("<chunk>", "</chunk>");
    let chunk = between(xml, begin, begin, end)?;
    let encoded = chunk.trim_start_matches(begin).trim_end_matches(end);
    let state = BASE64.decode(encoded).context("the plugin's state in the session is no base64")?;
    let at = state.windows(before.len()).position(|words| words == before.as_bytes());
    let at = at.with_context(|| format!("the plugin's state in the session has no {before}"))?;
    let state = [&state[..at], after.as_bytes(), &state[at + before.len()..]].concat();
    replace_once(xml, chunk, &format!("{begin}{}{end}", BASE64.encode(state)))
}

/// The saved session with the plugin's window open. Ardour names it after the ids of the track and the plugin.
fn with_open_window(xml: &str) -> Result<String> {
    let id = |element: &str, name: &str| {
        let found = between(xml, element, name, "\"")?;
        found.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).context("an element has no id")
    };
    let (track, plugin) = (id("<Route ", "name=\"source\" default-type=\"midi")?, id("<Processor ", "name=\"ToneNet")?);
    let window = format!(
        r#"<Extra><UI><Window name="P-{track}-{plugin}" visible="1" x-off="60" y-off="60" x-size="-1" y-size="-1" custom-ui="1"/></UI></Extra></Session>"#
    );
    replace_once(xml, "</Session>", &window)
}

/// The saved session with an added region.
fn with_region(xml: &str, ticks: u64) -> Result<String> {
    let source = format!(
        r#"<Sources><Source name="{SOURCE}" take-id="" type="midi" flags="Writable,CanRename" id="{SOURCE_ID}" captured-for="source" origin=""/></Sources>"#
    );
    let region = format!(
        r#"<Region name="piece" type="midi" id="{REGION_ID}" muted="0" opaque="1" locked="0" video-locked="0" automatic="0" whole-file="0" import="0" external="0" hidden="0" position-locked="0" valid-transients="0" start="b0" length="b{ticks}@b0" sync-position="b0" ancestral-start="b0" ancestral-length="b0@b0" stretch="1" shift="1" layering-index="0" first-edit="nothing" source-0="{SOURCE_ID}" master-source-0="{SOURCE_ID}" channels="1"/>"#
    );
    let xml = replace_once(xml, "<Sources/>", &source)?;
    let playlist = between(&xml, "<Playlist ", r#"name="source" type="midi""#, "/>")?;
    let filled = format!("{}>{region}</Playlist>", playlist.trim_end_matches("/>"));
    let xml = replace_once(&xml, playlist, &filled)?;
    let counter = between(&xml, "id-counter=\"", "id-counter=\"", "\"")?;
    replace_once(&xml, counter, &format!("id-counter=\"{NEXT_ID}\""))
}

/// The text from the last `start` up to `middle` to the first `end` behind it.
fn between<'a>(xml: &'a str, start: &str, middle: &str, end: &str) -> Result<&'a str> {
    let missing = || format!("the session has no {start}…{middle}; this Ardour writes sessions in another way");
    let behind = xml.find(middle).with_context(missing)? + middle.len();
    let from = xml[..behind].rfind(start).with_context(missing)?;
    let to = behind + xml[behind..].find(end).with_context(missing)? + end.len();
    Ok(&xml[from..to])
}

fn replace_once(xml: &str, old: &str, new: &str) -> Result<String> {
    let found = xml.matches(old).count();
    ensure!(found == 1, "the session has {old:?} {found} times, not once; this Ardour writes sessions in another way");
    Ok(xml.replacen(old, new, 1))
}

/// A song's notes, one a line: channel, onset and length in Ardour's ticks, key, velocity.
pub fn notes(song: &Song) -> Result<String> {
    let mut lines = String::new();
    for reference in song.notes() {
        let (onset, release) = (in_ticks(song, reference.onset_tick)?, in_ticks(song, reference.release_tick)?);
        let note = reference.note;
        writeln!(lines, "{} {onset} {} {} {}", note.channel, release - onset, note.key, note.velocity)?;
    }
    Ok(lines)
}

/// A song's tick in Ardour's, which are as fine or finer for the usual divisions.
pub fn in_ticks(song: &Song, tick: u64) -> Result<u64> {
    let (scaled, division) = (tick * TICKS_PER_BEAT, u64::from(song.tempo().ticks_per_beat()));
    ensure!(scaled.is_multiple_of(division), "tick {tick} of {division} a beat lies between Ardour's ticks");
    Ok(scaled / division)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAVED: &str = r#"<Session version="7003" id-counter="318"><Sources/><Playlists>
        <Playlist id="200" name="source" type="midi" frozen="0"/><Playlist id="201" name="record" type="midi" frozen="0"/>
        </Playlists></Session>"#;

    #[test]
    fn a_region_goes_on_the_track_that_plays() {
        let xml = with_region(SAVED, 7680).unwrap();
        assert!(xml.contains(r#"name="source" type="midi" frozen="0"><Region name="piece""#));
        assert!(xml.contains(r#"length="b7680@b0""#));
        assert!(xml.contains(r#"<Session version="7003" id-counter="1000010"><Sources><Source "#));
        assert!(xml.contains(r#"<Playlist id="201" name="record" type="midi" frozen="0"/>"#));
    }

    #[test]
    fn the_saved_plugin_comes_up_in_timeline_and_its_state_is_as_long() {
        let state = |mode: &str| format!(r#"VST3{{"level":{{"i32":0}},"look_ahead":{{"string":"{mode}"}}}}"#);
        let session = |mode: &str| format!("<VST3><chunk>{}</chunk></VST3>", BASE64.encode(state(mode)));
        assert_eq!(changed(&session("one-beat"), Setting::TIMELINE).unwrap(), session("timeline"));
        assert!(changed(&session("live"), Setting::TIMELINE).is_err());
        let settings = [Setting::TIMELINE, Setting::SWING, Setting::STYLES_SWING];
        assert!(settings.iter().all(|Setting(before, after)| before.len() == after.len()));
    }

    #[test]
    fn the_window_is_that_of_the_plugin_on_its_track() {
        let xml = r#"<Session><Routes><Route id="28" name="Master"/><Route id="122" name="source" default-type="midi"><Processor id="9" name="Fader"/>
            <Processor id="296" name="ToneNet" active="1"/></Route></Routes></Session>"#;
        let open = with_open_window(xml).unwrap();
        assert!(open.contains(r#"<Extra><UI><Window name="P-122-296" visible="1""#), "{open}");
        assert!(with_open_window("<Session></Session>").is_err());
    }

    #[test]
    fn a_session_of_another_kind_is_refused() {
        assert!(with_region("<Session/>", 1).unwrap_err().to_string().contains("another way"));
    }
}
