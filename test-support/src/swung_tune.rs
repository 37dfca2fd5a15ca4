//! A performance in swung eighths whose timing, lengths and pedal are known.

/// How much later the bass enters than the tune, in beats.
pub const BASS_LAG: f64 = 0.02;

/// A tune in eighths over a bass on each beat, 120 beats a minute. Each bar is pedalled from its first beat on.
#[derive(Debug, Clone, Copy)]
pub struct SwungTune {
    /// Chooses the keys, and how far each eighth is from its place.
    pub seed: u32,
    /// Beats in all.
    pub beats: u32,
    /// How much later off-beat eighths come than in the middle of the beat, in beats.
    pub late: f64,
    /// How long notes last, as a share of the time to the next of their voice.
    pub length: f64,
    /// The furthest that an eighth is from its place, in beats: nobody is a clock.
    pub unsteadiness: f64,
}

/// A note of a [`SwungTune`].
#[derive(Debug, Clone, Copy)]
pub struct TuneNote {
    /// Its onset and release in beats.
    pub beats: [f64; 2],
    /// The same in seconds.
    pub seconds: [f64; 2],
    /// Its key.
    pub key: u8,
    /// Its velocity.
    pub velocity: u8,
}

impl SwungTune {
    /// The notes by onset.
    pub fn notes(self) -> Vec<TuneNote> {
        let mut state = self.seed.wrapping_mul(2_654_435_769).wrapping_add(1);
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let mut notes = Vec::new();
        for eighth in 0..2 * self.beats {
            let is_off = eighth % 2 == 1;
            let swing = if is_off { self.late } else { 0.0 };
            let from = f64::from(eighth) / 2.0 + swing + (f64::from(random(21)) / 10.0 - 1.0) * self.unsteadiness;
            let to_next = if is_off { 0.5 - self.late } else { 0.5 + self.late };
            let mut add = |from: f64, length: f64, key: u32| {
                let beats = [from, from + length];
                let velocity = 50 + (key + eighth) as u8 % 30;
                notes.push(TuneNote { beats, seconds: beats.map(|beats| beats / 2.0), key: key as u8, velocity });
            };
            add(from, self.length * to_next, 65 + random(14));
            if !is_off {
                add(from + BASS_LAG, self.length, 40 + random(10));
            }
        }
        notes.sort_by(|a, b| a.beats[0].total_cmp(&b.beats[0]));
        notes
    }

    /// Each time in seconds at which the pedal goes down (`true`) or up.
    pub fn pedals(self) -> Vec<(f64, bool)> {
        let bars = (0..self.beats / 4).map(|bar| 2.0 * f64::from(bar));
        bars.flat_map(|start| [(start + 0.02, false), (start + 0.15, true)]).collect()
    }
}
