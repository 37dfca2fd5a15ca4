//! The choices that a process has made, so that its instances compute with one provider.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::trial::{Missing, Trial};
use crate::cancellation::{Cancellation, Cancelled};
use crate::provider_choice::{Choice, MEASURE_AGAIN};
use crate::runtime::ProviderPreference;

/// A choice, or the sentence that says why there is none.
pub(super) type Chosen = Result<Choice, String>;

/// What was asked for, and whether in 16 bits.
type Asked = (ProviderPreference, bool);

/// The choices, one for each question.
#[derive(Debug, Default)]
pub(super) struct Choices(Mutex<HashMap<Asked, Arc<Trial<Chosen>>>>);

/// Whether an earlier choice of the process is good enough, and how long a new one may take.
pub(super) struct Patience {
    pub chooses_anew: bool,
    pub limit: Duration,
}

impl Choices {
    /// The choice, made by `choose` on a thread of its own if this process has not made it. Drivers may make it hang.
    ///
    /// # Errors
    /// [`Cancelled`] on cancellation. The choice goes on, and serves whoever asks next.
    pub fn get(
        &self,
        asked: Asked,
        patience: &Patience,
        cancellation: &Cancellation,
        choose: impl FnOnce() -> Choice + Send + 'static,
    ) -> Result<Chosen, Cancelled> {
        let start = || Trial::start(patience.limit, || Ok(choose()));
        let trial = {
            let mut trials = self.0.lock();
            match trials.get(&asked).filter(|_| !patience.chooses_anew) {
                Some(trial) => Arc::clone(trial),
                None => {
                    let trial = start();
                    trials.insert(asked, Arc::clone(&trial));
                    trial
                }
            }
        };
        trial.wait(cancellation, |missing| {
            let why = match missing {
                Missing::Late => format!("took longer than {} seconds", patience.limit.as_secs()),
                Missing::Failed => "ended unexpectedly".into(),
            };
            Err(format!("The processor computes, because the trial of another provider {why}. {MEASURE_AGAIN}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::mpsc::{Sender, channel};
    use std::thread;

    use super::*;
    use crate::runtime::Provider;

    const AUTO: Asked = (ProviderPreference::Auto, false);
    const PATIENT: Patience = Patience { chooses_anew: false, limit: Duration::from_secs(600) };
    const IMPATIENT: Patience = Patience { chooses_anew: false, limit: Duration::ZERO };

    fn choice(provider: Provider) -> Choice {
        Choice { provider, times: BTreeMap::new(), refusals: Vec::new() }
    }

    /// A choice of CUDA that hangs until its sender is used or dropped.
    fn hanging() -> (impl FnOnce() -> Choice + Send + 'static, Sender<()>) {
        let (release, released) = channel::<()>();
        let choose = move || {
            let _ = released.recv();
            choice(Provider::Cuda)
        };
        (choose, release)
    }

    #[test]
    fn two_instances_that_start_together_choose_once() {
        let choices = Choices::default();
        let chosen = thread::scope(|scope| {
            let get = |provider| {
                scope.spawn({
                    let choices = &choices;
                    move || choices.get(AUTO, &PATIENT, &Cancellation::default(), move || choice(provider))
                })
            };
            [get(Provider::Cuda), get(Provider::TensorRt)].map(|thread| thread.join().unwrap())
        });
        assert_eq!(chosen[0], chosen[1]);
        let half = choices
            .get((ProviderPreference::Auto, true), &PATIENT, &Cancellation::default(), || choice(Provider::DirectMl));
        assert_eq!(half, Ok(Ok(choice(Provider::DirectMl))), "another question has another answer");
    }

    #[test]
    fn with_a_driver_that_hangs_all_instances_get_the_processor_and_a_note() {
        let choices = Choices::default();
        let (choose, _release) = hanging();
        let first = choices.get(AUTO, &IMPATIENT, &Cancellation::default(), choose).unwrap();
        let note = first.clone().unwrap_err();
        assert!(
            note.contains("took longer than 0 seconds") && note.contains("tonenet doctor --measure-again"),
            "{note}"
        );
        let second = choices.get(AUTO, &PATIENT, &Cancellation::default(), || unreachable!("it is not tried again"));
        assert_eq!(second, Ok(first));
    }

    #[test]
    fn a_deactivated_instance_leaves_at_once_and_the_next_one_gets_the_choice() {
        let choices = Choices::default();
        let (choose, release) = hanging();
        let stopped = Cancellation::default();
        stopped.cancel();
        assert_eq!(choices.get(AUTO, &PATIENT, &stopped, choose), Err(Cancelled));
        release.send(()).unwrap();
        let next = choices.get(AUTO, &PATIENT, &Cancellation::default(), || unreachable!("it is being tried"));
        assert_eq!(next, Ok(Ok(choice(Provider::Cuda))));
    }

    #[test]
    fn the_user_may_have_it_chosen_anew() {
        let choices = Choices::default();
        let get = |chooses_anew, provider| {
            let patience = Patience { chooses_anew, ..PATIENT };
            choices.get(AUTO, &patience, &Cancellation::default(), move || choice(provider)).unwrap().unwrap().provider
        };
        assert_eq!(get(false, Provider::Cpu), Provider::Cpu);
        assert_eq!(get(false, Provider::Cuda), Provider::Cpu);
        assert_eq!(get(true, Provider::Cuda), Provider::Cuda);
        assert_eq!(get(false, Provider::Cpu), Provider::Cuda);
    }
}
