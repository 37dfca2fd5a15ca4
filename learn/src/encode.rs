//! Runs the note model over a performance and adds up what its decoders read.

use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::LookAhead;

use crate::error::LearnError;
use crate::groups::GroupSums;
use crate::layout::Layout;
use crate::performance::Performance;
use crate::sums::{Adder, Sums};

/// The look-aheads that a style is learned at. Between and below them it is as good as there; more cost time alone.
const LOOK_AHEADS: [LookAhead; 2] = [LookAhead::Seconds(0.1), LookAhead::WholePerformance];

/// The weight of each: whole performances gain more, and the other loses nothing by it.
const WEIGHTS: [f64; LOOK_AHEADS.len()] = [0.5, 1.0];

/// The look-ahead at which groups of notes are compared.
const GROUPED: usize = 1;

/// The sums of a performance.
#[derive(Debug, Clone)]
pub(crate) struct EncodedPerformance {
    /// Of all its notes.
    pub sums: Sums,
    /// Of groups of its notes.
    pub groups: GroupSums,
}

impl EncodedPerformance {
    /// Encodes a performance.
    pub fn new(
        network: &NoteNetwork,
        layout: &Layout,
        performance: &Performance,
        cancellation: &Cancellation,
    ) -> Result<Self, LearnError> {
        let (part, order) = performance.view().part();
        let velocities: Vec<f64> = order.iter().map(|&note| f64::from(performance.notes[note].velocity)).collect();
        let mut adders = LOOK_AHEADS.map(|_| Adder::new(layout.columns()));
        let mut groups = GroupSums::new(&part, layout.columns());
        let mut next = [0; LOOK_AHEADS.len()];
        network.encode(&part, &LOOK_AHEADS, &layout.style_indices(), cancellation, &mut |look_ahead, notes| {
            let next = &mut next[look_ahead];
            layout.visit_rows(&notes, &velocities[*next..], &mut |row| {
                adders[look_ahead].add(row);
                if look_ahead == GROUPED {
                    groups.add(*next, row);
                }
                *next += 1;
            });
        })?;
        Ok(Self { sums: Sums::over_look_aheads(adders.into_iter().zip(WEIGHTS).collect()), groups })
    }
}
