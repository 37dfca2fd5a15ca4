//! Plays a session through a host, block by block.

use super::{ActivationConfig, Block, BlockInput, BlockOutput, Host, HostTransport, ParameterId};
use crate::HostError;
use crate::session::{Automation, OutputMessage, Session, SessionOutput};

/// Plays a session from start to end and leaves the plugin active.
pub(super) fn play(
    host: &mut dyn Host,
    session: &Session,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<SessionOutput, HostError> {
    let parameters = parameter_inputs(host, session)?;
    let automation = automation(host, session)?;
    let max_block_size = session.blocks.iter().copied().max().unwrap_or(512).max(64);
    let config = ActivationConfig { sample_rate: session.sample_rate, max_block_size, offline: session.offline };
    let (latency, restarts) = host.activate_stopped(&config, &parameters, &transport_at(session, 0))?;
    let end = session.last_message_time() + u64::from(latency) + 1;
    let (mut start, mut outputs) = (0u64, Vec::new());
    for &samples in session.blocks.iter().cycle() {
        if start >= end {
            break;
        }
        let inputs = block_inputs(session, &automation, start, samples);
        let transport = transport_at(session, start);
        let mut collect = |out: BlockOutput| {
            outputs.push(OutputMessage { time: start + u64::from(out.offset), message: out.message })
        };
        host.process(&Block::new(samples).with_transport(&transport).with_inputs(&inputs), &mut collect)?;
        start += u64::from(samples);
        progress(start.min(end), end);
    }
    Ok(SessionOutput { latency, restarts, outputs })
}

fn parameter_inputs(host: &mut dyn Host, session: &Session) -> Result<Vec<BlockInput<'static>>, HostError> {
    let input = |(name, value): &(String, f64)| Ok(BlockInput::Parameter(0, host.parameter_id(name)?, *value));
    session.parameters.iter().map(input).collect()
}

/// The session's automation with ids in place of names.
fn automation(host: &mut dyn Host, session: &Session) -> Result<Vec<(u64, ParameterId, f64)>, HostError> {
    let resolve = |a: &Automation| Ok((a.time, host.parameter_id(&a.name)?, a.value));
    session.automation.iter().map(resolve).collect()
}

/// What goes into the block of `samples` that starts at `start`.
fn block_inputs<'a>(
    session: &'a Session,
    automation: &[(u64, ParameterId, f64)],
    start: u64,
    samples: u32,
) -> Vec<BlockInput<'a>> {
    let end = start + u64::from(samples);
    let first = session.messages.partition_point(|m| m.time < start);
    let last = session.messages.partition_point(|m| m.time < end);
    let parameters = automation
        .iter()
        .filter(|(time, ..)| (start..end).contains(time))
        .map(|&(time, id, value)| BlockInput::Parameter((time - start) as u32, id, value));
    let messages =
        session.messages[first..last].iter().map(|m| BlockInput::Message((m.time - start) as u32, &m.message));
    let mut inputs: Vec<BlockInput> = parameters.chain(messages).collect();
    // A parameter precedes the notes at its sample.
    inputs.sort_by_key(BlockInput::offset);
    inputs
}

fn transport_at(session: &Session, time: u64) -> HostTransport {
    let (beats, tempo) = session.position_at(time);
    let seconds = time as f64 / session.sample_rate;
    HostTransport { playing: true, beats, seconds, tempo, ..HostTransport::default() }
}
