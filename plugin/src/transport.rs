//! The host's transport, as the engine reads it.

use nice_plug::prelude::Transport;
use tonenet_core::clip::Bars;
use tonenet_core::transport::Transport as CoreTransport;

/// Position, tempo and loop.
pub fn core_transport(transport: &Transport) -> CoreTransport {
    CoreTransport {
        playing: transport.playing,
        tempo: transport.tempo,
        // Only the host's own beats: those that the framework computes from seconds jump at tempo changes.
        beats: transport.pos_beats,
        seconds: transport.pos_seconds(),
        loop_beats: transport.loop_range_beats(),
    }
    .plausible()
}

/// The bars around the position.
pub fn bars(transport: &Transport) -> Bars {
    let signature = transport.time_sig_numerator.zip(transport.time_sig_denominator);
    Bars::from_host(signature, transport.bar_start_pos_beats(), transport.pos_beats(), transport.loop_range_beats())
}
