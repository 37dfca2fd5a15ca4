//! What the note model learns of each performance: the human velocities, softened by a teacher.
//!
//! A teacher is a trained note model that reads the whole performance. Its predictions are the mean over many human
//! velocities, so they are less noisy targets than the velocities of one pianist (distillation, arXiv 1503.02531 and
//! 1805.04770). A pupil knows less than its teacher: a page has no timing, and a short look-ahead no future. The mean of
//! the teacher's predictions over all that the pupil cannot know is still the pupil's right answer.

use std::path::Path;

use anyhow::{Result, anyhow};
use rayon::prelude::*;
use tch::Device;

use super::{NoteNetwork, whole_performance};
use crate::data::performances::Performance;
use crate::graphs::OUTPUT_SCALE;
use crate::progress;
use crate::train::folder::load_weights;
use crate::train::task::Network;

/// The teacher's share of a target; the rest is the human velocity's.
const TEACHER_SHARE: f32 = 0.6;

/// A performance to learn from.
pub struct Lesson {
    /// The performance.
    pub performance: Performance,
    /// The human deviation of each note from the file's mean, in units of [`OUTPUT_SCALE`].
    pub deviations: Vec<f32>,
    /// What the mean should predict for each note, in the same unit; the deviations unless there is a teacher.
    pub targets: Vec<f32>,
}

impl Lesson {
    /// A lesson without a teacher.
    pub fn new(performance: Performance) -> Self {
        let (mean, _) = performance.level();
        let deviation = |velocity| ((f64::from(velocity) - mean) / OUTPUT_SCALE) as f32;
        let deviations: Vec<f32> = performance.notes.iter().map(|n| deviation(n.velocity)).collect();
        Self { performance, targets: deviations.clone(), deviations }
    }

    fn soften(&mut self, teacher: &NoteNetwork) {
        let predicted = whole_performance(teacher, &self.performance.view(), self.performance.genre);
        let mean = predicted.iter().sum::<f32>() / predicted.len() as f32;
        for ((target, deviation), predicted) in self.targets.iter_mut().zip(&self.deviations).zip(predicted) {
            let taught = (predicted - mean) / OUTPUT_SCALE as f32;
            *target = TEACHER_SHARE * taught + (1.0 - TEACHER_SHARE) * deviation;
        }
    }
}

/// Softens the targets of all lessons by the predictions of a teacher with these weights.
///
/// # Errors
/// When the weights cannot be read.
pub fn soften(lessons: &mut [Lesson], weights: &Path) -> Result<()> {
    // A network belongs to one thread.
    let teacher = || -> Result<NoteNetwork> {
        tch::set_num_threads(1);
        let mut teacher = NoteNetwork::new(Device::Cpu);
        load_weights(teacher.variables_mut(), weights)?;
        Ok(teacher)
    };
    let bar = progress::bar(lessons.len(), "{pos}/{len} performances by the teacher, {eta} left");
    lessons.par_iter_mut().try_for_each_init(teacher, |teacher, lesson| match teacher {
        Ok(teacher) => {
            lesson.soften(teacher);
            bar.inc(1);
            Ok(())
        }
        Err(error) => Err(anyhow!("{error:#}")),
    })?;
    bar.finish_and_clear();
    Ok(())
}
