//! Choices on machines with made-up times, and what is remembered of them.

use std::cell::RefCell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use Provider::{Cpu, Cuda, TensorRt};

/// What an accelerator does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Does {
    /// A hop takes so many microseconds.
    Takes(u64),
    /// It loads, and the model does not run.
    Fails(&'static str),
    /// It ends the process.
    Crashes,
    /// It is built into the library, and does not load.
    Lacks,
}
use Does::{Crashes, Fails, Lacks, Takes};

/// A machine; its library has no other accelerators.
struct Fake {
    cpu: u64,
    accelerators: Vec<(Provider, Does)>,
    driver: &'static str,
    /// What was asked of it.
    tried: RefCell<Vec<Provider>>,
    timed: RefCell<Vec<Provider>>,
}

impl Fake {
    fn new(cpu: u64, accelerators: &[(Provider, Does)]) -> Self {
        Self {
            cpu,
            accelerators: accelerators.to_vec(),
            driver: "570.1",
            tried: RefCell::default(),
            timed: RefCell::default(),
        }
    }

    fn does(&self, provider: Provider) -> Option<Does> {
        self.accelerators.iter().find(|(known, _)| *known == provider).map(|(_, does)| *does)
    }

    fn counts(&self) -> (usize, usize) {
        (self.tried.borrow().len(), self.timed.borrow().len())
    }
}

impl Machine for Fake {
    fn key(&self) -> ChoiceKey {
        ChoiceKey {
            library: "ONNX Runtime 1.28.0 89ab".into(),
            devices: vec!["GPU NVIDIA 2684".into()],
            driver: self.driver.into(),
            model: "0123".into(),
            half_precision: false,
        }
    }

    fn accelerators(&self) -> &[Provider] {
        &[TensorRt, Cuda]
    }

    fn has(&self, provider: Provider) -> Result<(), String> {
        self.does(provider).map(drop).ok_or_else(|| "this library was built without it".into())
    }

    fn try_provider(&self, provider: Provider) -> Result<(), String> {
        self.tried.borrow_mut().push(provider);
        match self.does(provider) {
            Some(Crashes) => panic!("the process ends"),
            Some(Lacks) | None => Err("there is no such device".into()),
            Some(Takes(_) | Fails(_)) => Ok(()),
        }
    }

    fn time_hop(&self, provider: Provider) -> Result<Duration, String> {
        self.timed.borrow_mut().push(provider);
        match if provider == Cpu { Some(Takes(self.cpu)) } else { self.does(provider) } {
            Some(Takes(micros)) => Ok(Duration::from_micros(micros)),
            Some(Fails(reason)) => Err(reason.into()),
            other => panic!("{other:?} is not timed"),
        }
    }
}

fn stored(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("Einstellungen für Ä/provider.json")
}

fn memory(folder: &TempDir) -> ChoiceMemory {
    ChoiceMemory::in_file(stored(folder))
}

fn refusal(provider: Provider, reason: &str, is_remembered: bool) -> Refusal {
    Refusal { provider, reason: reason.into(), is_remembered }
}

#[test]
fn with_the_processor_alone_nothing_is_tried_timed_or_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Fake::new(250, &[]);
    let choice = choose(&machine, &memory(&folder), false);
    assert_eq!((choice.provider, choice.reason(), choice.providers()), (Cpu, None, vec![Cpu]));
    assert_eq!(machine.counts(), (0, 0));
    assert_eq!(choice.refusals.len(), 2);
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn an_accelerator_that_does_not_load_is_tried_at_each_start_because_it_may_be_installed_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let machine = Fake::new(250, &[(Cuda, Lacks)]);
        let choice = choose(&machine, &memory(&folder), false);
        assert_eq!((choice.provider, machine.counts()), (Cpu, (1, 0)));
        assert!(choice.refusals.contains(&refusal(Cuda, "there is no such device", false)), "{choice:?}");
    }
    assert_eq!(choose(&Fake::new(2_500, &[(Cuda, Takes(900))]), &memory(&folder), false).provider, Cuda);
}

#[test]
fn the_fastest_provider_is_kept_and_the_reason_names_the_others() {
    for (cpu, cuda, tensor_rt, chosen, reason) in [
        (250, 900, 1_200, Cpu, "takes 0.25 ms on average; CUDA would take 0.90 ms, TensorRT would take 1.2 ms"),
        (2_500, 900, 1_200, Cuda, "takes 0.90 ms on average; CPU would take 2.5 ms, TensorRT would take 1.2 ms"),
        (2_500, 900, 400, TensorRt, "takes 0.40 ms on average; CPU would take 2.5 ms, CUDA would take 0.90 ms"),
        (1_000, 950, 5_000, Cpu, "takes 1.0 ms on average; CUDA would take 0.95 ms, TensorRT would take 5.0 ms"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let machine = Fake::new(cpu, &[(Cuda, Takes(cuda)), (TensorRt, Takes(tensor_rt))]);
        let choice = choose(&machine, &memory(&folder), false);
        assert_eq!(choice.provider, chosen);
        assert_eq!(choice.reason(), Some(format!("a hop of 1 or 16 notes {reason}")));
        assert_eq!(choice.providers(), [Cpu, Cuda, TensorRt]);
    }
}

#[test]
fn a_choice_stays_until_device_driver_library_or_model_change_or_the_user_asks() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    assert_eq!(choose(&Fake::new(250, &[(Cuda, Takes(900))]), &memory, false).provider, Cpu);
    // The processor is busy now, and would lose.
    let busy = Fake::new(9_000, &[(Cuda, Takes(900))]);
    let choice = choose(&busy, &memory, false);
    assert_eq!((choice.provider, choice.times[&Cpu]), (Cpu, Duration::from_micros(250)));
    assert_eq!(busy.counts(), (0, 0), "CUDA lost and is not loaded");
    let new_driver = Fake { driver: "571.0", ..Fake::new(9_000, &[(Cuda, Takes(900))]) };
    assert_eq!(choose(&new_driver, &memory, false).provider, Cuda);
    assert_eq!(choose(&Fake::new(250, &[]), &memory, false).provider, Cpu, "the other driver's choice is kept, too");
    assert_eq!(choose(&busy, &memory, true).provider, Cuda, "the user asks");
    let after = Fake::new(250, &[(Cuda, Takes(2_000))]);
    let choice = choose(&after, &memory, false);
    assert_eq!(
        (choice.provider, choice.times[&Cuda]),
        (Cuda, Duration::from_micros(900)),
        "the remembered time counts"
    );
}

#[test]
fn a_provider_that_is_new_is_timed_and_the_others_keep_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    assert_eq!(choose(&Fake::new(2_500, &[(Cuda, Takes(900))]), &memory, false).provider, Cuda);
    let new = Fake::new(100, &[(Cuda, Takes(900)), (TensorRt, Takes(300))]);
    assert_eq!(choose(&new, &memory, false).provider, TensorRt);
    assert_eq!(*new.timed.borrow(), [TensorRt]);
}

#[test]
fn a_winner_that_fails_once_gives_way_to_the_next_and_wins_again() {
    for failure in [Lacks, Fails("out of memory")] {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(&folder);
        let all = [(Cuda, Takes(900)), (TensorRt, Takes(300))];
        assert_eq!(choose(&Fake::new(2_500, &all), &memory, false).provider, TensorRt);
        let before = fs::read(stored(&folder)).unwrap();
        // Times of this start must not count: the processor is fast, and CUDA slow.
        let ill = Fake::new(10, &[(Cuda, Takes(9_000)), (TensorRt, failure)]);
        let choice = choose(&ill, &memory, false);
        assert_eq!((choice.provider, choice.providers()), (Cuda, vec![Cpu, Cuda]));
        assert!(choice.refusals.iter().any(|refusal| refusal.provider == TensorRt && !refusal.is_remembered));
        assert_eq!(fs::read(stored(&folder)).unwrap(), before, "nothing is forgotten");
        assert_eq!(choose(&Fake::new(10, &all), &memory, false).provider, TensorRt);
    }
}

#[test]
fn a_model_that_does_not_run_on_a_provider_is_not_tried_again_and_the_reason_is_given_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    for tries in [(1, 1), (0, 0)] {
        let machine = Fake::new(250, &[(Cuda, Fails("it has no such operator"))]);
        let choice = choose(&machine, &memory, false);
        assert_eq!((choice.provider, choice.reason(), choice.providers()), (Cpu, None, vec![Cpu]));
        assert_eq!(machine.counts(), tries);
        assert!(choice.refusals.contains(&refusal(Cuda, "it has no such operator", true)), "{choice:?}");
    }
    assert_eq!(choose(&Fake::new(2_500, &[(Cuda, Takes(900))]), &memory, true).provider, Cuda, "the user asks");
    assert_eq!(choose(&Fake::new(2_500, &[(Cuda, Takes(900))]), &memory, false).provider, Cuda);
}

/// Whether what is done ends the process.
fn crashes(what: impl FnOnce() -> Choice) -> bool {
    catch_unwind(AssertUnwindSafe(what)).is_err()
}

#[test]
fn a_trial_that_was_interrupted_once_is_made_again() {
    for earlier in [&[][..], &[(Cuda, Takes(900))]] {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(&folder);
        choose(&Fake::new(2_500, earlier), &memory, false);
        let well = Fake::new(2_500, &[(Cuda, Takes(900))]);
        // Each start may be interrupted; those that are not come between.
        for _ in 0..3 {
            assert!(crashes(|| choose(&Fake::new(2_500, &[(Cuda, Crashes)]), &memory, false)));
            let choice = choose(&well, &memory, false);
            assert_eq!((choice.provider, choice.refusals.len()), (Cuda, 1), "TensorRT is not there: {choice:?}");
        }
    }
}

#[test]
fn a_driver_that_ends_the_process_does_so_twice() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    let ill = Fake::new(2_500, &[(TensorRt, Crashes), (Cuda, Takes(900))]);
    assert!(crashes(|| choose(&ill, &memory, false)));
    assert!(crashes(|| choose(&ill, &memory, false)));
    let choice = choose(&ill, &memory, false);
    assert_eq!(choice.provider, Cuda, "the others are not blamed");
    let reason = "the program crashed or was stopped during its last 2 trials";
    assert_eq!(choice.refusals, [refusal(TensorRt, reason, true)]);
    let well = Fake::new(2_500, &[(TensorRt, Takes(300)), (Cuda, Takes(900))]);
    assert_eq!(choose(&well, &memory, false).provider, Cuda);
    assert_eq!(choose(&well, &memory, true).provider, TensorRt, "the user asks");
}

#[test]
fn a_winner_whose_driver_ends_the_process_does_so_twice() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    assert_eq!(choose(&Fake::new(2_500, &[(Cuda, Takes(900))]), &memory, false).provider, Cuda);
    let ill = Fake::new(2_500, &[(Cuda, Crashes)]);
    assert!(crashes(|| choose(&ill, &memory, false)));
    assert!(crashes(|| choose(&ill, &memory, false)));
    assert_eq!(choose(&ill, &memory, false).provider, Cpu);
}

#[test]
fn an_accelerator_that_the_user_has_chosen_computes_or_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    let checked = |does, again| check(&Fake::new(10, &[(Cuda, does)]), &memory, Cuda, again);
    // It computes, however slow it is.
    assert_eq!((checked(Takes(900), false).provider, checked(Takes(900), false).refusals), (Cuda, vec![]));
    let lacks = checked(Lacks, false);
    assert_eq!((lacks.provider, lacks.refusals), (Cpu, vec![refusal(Cuda, "there is no such device", false)]));
    assert!(crashes(|| checked(Crashes, false)));
    assert!(crashes(|| checked(Crashes, false)));
    let after = checked(Crashes, false);
    assert_eq!((after.provider, after.refusals.len(), after.refusals[0].is_remembered), (Cpu, 1, true));
    assert_eq!(checked(Takes(900), true).provider, Cuda, "the user asks");
    assert_eq!(checked(Takes(900), false).provider, Cuda);
    let none = check(&Fake::new(10, &[]), &memory, Cuda, false);
    assert_eq!((none.provider, none.refusals.len()), (Cpu, 1));
}

#[test]
fn processes_that_choose_at_once_choose_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    let chosen: Vec<Choice> = std::thread::scope(|scope| {
        // Each would measure other times, and every second one choose CUDA.
        let choosing =
            |place: u64| choose(&Fake::new(250 + place % 2 * 9_000, &[(Cuda, Takes(900 + place))]), &memory, false);
        let threads: Vec<_> = (0..8).map(|place| scope.spawn(move || choosing(place))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(chosen.iter().all(|choice| choice.provider == chosen[0].provider && choice.times == chosen[0].times));
    assert!(serde_json::from_slice::<serde_json::Value>(&fs::read(stored(&folder)).unwrap()).is_ok());
    let left = fs::read_dir(stored(&folder).parent().unwrap()).unwrap().map(|file| file.unwrap().file_name());
    let mut left: Vec<_> = left.collect();
    left.sort();
    assert_eq!(left, ["provider.json", "provider.lock"], "no temporary file is left");
}

#[test]
fn where_nothing_can_be_written_the_choice_is_made_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    for memory in [ChoiceMemory::in_file(folder.path().join("file/provider.json")), ChoiceMemory { file: None }] {
        assert_eq!(choose(&Fake::new(2_500, &[(Cuda, Takes(900))]), &memory, false).provider, Cuda);
    }
}

/// A file with one machine, as this version writes it.
fn written(folder: &TempDir) -> Vec<u8> {
    choose(&Fake::new(250, &[(Cuda, Takes(900))]), &memory(folder), false);
    fs::read(stored(folder)).unwrap()
}

fn chooses_well(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).unwrap();
    let choice = choose(&Fake::new(250, &[(Cuda, Takes(900))]), &ChoiceMemory::in_file(file.into()), false);
    let is_refused = choice.refusals.iter().any(|refusal| refusal.provider == Cuda);
    assert!(choice.times.contains_key(&choice.provider) || is_refused, "{choice:?}");
}

#[test]
fn times_of_a_provider_that_is_not_here_and_a_file_of_another_version_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let text = String::from_utf8(written(&folder)).unwrap();
    let forged = text.replace("\"cuda\"", "\"directml\"");
    assert_ne!(text, forged);
    chooses_well(&stored(&folder), forged.as_bytes());
    chooses_well(&stored(&folder), text.replace("\"format\": 2", "\"format\": 1").as_bytes());
}

proptest! {
    #[test]
    fn any_bytes_in_the_file_give_a_choice(bytes: Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        chooses_well(&folder.path().join("provider.json"), &bytes);
    }

    #[test]
    fn any_damage_to_the_file_gives_a_choice(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = written(&folder);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        chooses_well(&stored(&folder), &bytes);
        bytes.truncate(cut.index(bytes.len()));
        chooses_well(&stored(&folder), &bytes);
    }
}
