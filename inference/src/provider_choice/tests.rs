//! Choices on machines with made-up times, and what is remembered of them.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use Provider::{Cpu, Cuda, TensorRt};

/// A machine whose accelerators take these microseconds for a hop; `Err` ones do not load.
struct Fake {
    cpu: u64,
    accelerators: Vec<Provider>,
    loads: Vec<(Provider, Result<u64, &'static str>)>,
    driver: &'static str,
    /// What was asked of it.
    tried: RefCell<Vec<Provider>>,
    timed: RefCell<Vec<Provider>>,
}

impl Fake {
    fn new(cpu: u64, loads: &[(Provider, Result<u64, &'static str>)]) -> Self {
        Self {
            cpu,
            accelerators: vec![TensorRt, Cuda],
            loads: loads.to_vec(),
            driver: "570.1",
            tried: RefCell::default(),
            timed: RefCell::default(),
        }
    }

    fn time_of(&self, provider: Provider) -> Option<Result<u64, &'static str>> {
        self.loads.iter().find(|(known, _)| *known == provider).map(|(_, time)| *time)
    }

    fn counts(&self) -> (usize, usize) {
        (self.tried.borrow().len(), self.timed.borrow().len())
    }
}

impl Machine for Fake {
    fn key(&self) -> ChoiceKey {
        ChoiceKey {
            library: "1.28.0 /opt/libonnxruntime.so".into(),
            devices: vec!["GPU NVIDIA 2684".into()],
            driver: self.driver.into(),
            model: "0123".into(),
            half_precision: false,
        }
    }

    fn accelerators(&self) -> &[Provider] {
        &self.accelerators
    }

    fn try_provider(&self, provider: Provider) -> Result<(), String> {
        self.tried.borrow_mut().push(provider);
        self.time_of(provider).map(drop).ok_or_else(|| "there is no such device".into())
    }

    fn time_hop(&self, provider: Provider) -> Result<Duration, String> {
        self.timed.borrow_mut().push(provider);
        let micros = if provider == Cpu { Ok(self.cpu) } else { self.time_of(provider).unwrap_or(Err("it is gone")) };
        micros.map(Duration::from_micros).map_err(str::to_owned)
    }
}

fn memory(folder: &TempDir) -> ChoiceMemory {
    ChoiceMemory::in_file(folder.path().join("Zwischenspeicher für Ä/provider.json"))
}

fn stored(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("Zwischenspeicher für Ä/provider.json")
}

#[test]
fn with_the_processor_alone_nothing_is_timed_or_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Fake::new(250, &[]);
    let choice = choose(&machine, &memory(&folder), false);
    assert_eq!((choice.provider, choice.reason(), choice.providers()), (Cpu, None, vec![Cpu]));
    assert_eq!(machine.counts(), (2, 0));
    assert_eq!(choice.refusals.len(), 2);
    assert!(!stored(&folder).exists());
}

#[test]
fn the_fastest_provider_is_kept_and_the_reason_names_the_others() {
    for (cpu, cuda, tensor_rt, chosen, reason) in [
        (250, 900, 1_200, Cpu, "a hop takes 0.25 ms; CUDA would take 0.90 ms, TensorRT would take 1.2 ms"),
        (2_500, 900, 1_200, Cuda, "a hop takes 0.90 ms; CPU would take 2.5 ms, TensorRT would take 1.2 ms"),
        (2_500, 900, 400, TensorRt, "a hop takes 0.40 ms; CPU would take 2.5 ms, CUDA would take 0.90 ms"),
        (1_000, 950, 5_000, Cpu, "a hop takes 1.0 ms; CUDA would take 0.95 ms, TensorRT would take 5.0 ms"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let choice = choose(&Fake::new(cpu, &[(Cuda, Ok(cuda)), (TensorRt, Ok(tensor_rt))]), &memory(&folder), false);
        assert_eq!((choice.provider, choice.reason().as_deref()), (chosen, Some(reason)));
    }
}

#[test]
fn a_choice_stays_until_device_driver_library_or_model_change_or_the_user_asks() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    assert_eq!(choose(&Fake::new(250, &[(Cuda, Ok(900))]), &memory, false).provider, Cpu);
    // The processor is busy now, and would lose.
    let busy = Fake::new(9_000, &[(Cuda, Ok(900))]);
    let choice = choose(&busy, &memory, false);
    assert_eq!((choice.provider, choice.times[&Cpu]), (Cpu, Duration::from_micros(250)));
    assert_eq!(busy.counts(), (1, 0), "CUDA lost and is not loaded; TensorRT is looked for");
    let new_driver = Fake { driver: "571.0", ..Fake::new(9_000, &[(Cuda, Ok(900))]) };
    assert_eq!(choose(&new_driver, &memory, false).provider, Cuda);
    assert_eq!(choose(&Fake::new(250, &[]), &memory, false).provider, Cpu, "the other driver's choice is kept, too");
    assert_eq!(choose(&busy, &memory, true).provider, Cuda, "the user asks");
    let after = Fake::new(250, &[(Cuda, Ok(900))]);
    assert_eq!(choose(&after, &memory, false).provider, Cuda);
    assert_eq!(after.counts().1, 0);
}

#[test]
fn a_provider_that_is_new_or_gone_has_the_rest_timed_again() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    assert_eq!(choose(&Fake::new(2_500, &[(Cuda, Ok(900))]), &memory, false).provider, Cuda);
    let new = Fake::new(2_500, &[(Cuda, Ok(900)), (TensorRt, Ok(300))]);
    assert_eq!(choose(&new, &memory, false).provider, TensorRt);
    let gone = Fake::new(2_500, &[(Cuda, Ok(900))]);
    let choice = choose(&gone, &memory, false);
    assert_eq!((choice.provider, choice.refusals.len()), (Cuda, 1));
    assert_eq!(choice.providers(), [Cpu, Cuda]);
}

#[test]
fn a_model_that_does_not_run_on_a_provider_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    let machine = Fake::new(250, &[(Cuda, Err("it has no such operator"))]);
    let choice = choose(&machine, &memory, false);
    assert_eq!((choice.provider, choice.reason()), (Cpu, None));
    assert!(choice.refusals.contains(&(Cuda, "it has no such operator".into())));
    let again = Fake::new(250, &[(Cuda, Err("it has no such operator"))]);
    assert_eq!(choose(&again, &memory, false).provider, Cpu);
    assert_eq!(again.counts(), (1, 0));
}

#[test]
fn a_choice_that_another_process_made_meanwhile_holds() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    /// While it times, another process chooses CUDA.
    struct Racing<'a>(Fake, &'a ChoiceMemory);
    impl Machine for Racing<'_> {
        fn key(&self) -> ChoiceKey {
            self.0.key()
        }
        fn accelerators(&self) -> &[Provider] {
            self.0.accelerators()
        }
        fn try_provider(&self, provider: Provider) -> Result<(), String> {
            self.0.try_provider(provider)
        }
        fn time_hop(&self, provider: Provider) -> Result<Duration, String> {
            choose(&Fake::new(2_500, &[(Cuda, Ok(900))]), self.1, false);
            self.0.time_hop(provider)
        }
    }
    let choice = choose(&Racing(Fake::new(250, &[(Cuda, Ok(900))]), &memory), &memory, false);
    assert_eq!(choice.provider, Cuda);
}

#[test]
fn processes_that_choose_at_once_leave_a_file_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(&folder);
    let chosen: Vec<Provider> = std::thread::scope(|scope| {
        let choosing = |cpu: u64| choose(&Fake::new(cpu, &[(Cuda, Ok(900))]), &memory, false).provider;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(move || choosing(250))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(chosen, [Cpu; 8]);
    assert!(serde_json::from_slice::<serde_json::Value>(&fs::read(stored(&folder)).unwrap()).is_ok());
    assert_eq!(fs::read_dir(stored(&folder).parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn where_nothing_can_be_written_the_choice_is_made_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    for memory in [ChoiceMemory::in_file(folder.path().join("file/provider.json")), ChoiceMemory { file: None }] {
        assert_eq!(choose(&Fake::new(2_500, &[(Cuda, Ok(900))]), &memory, false).provider, Cuda);
    }
}

/// A file with one choice, as this version writes it.
fn written(folder: &TempDir) -> Vec<u8> {
    choose(&Fake::new(250, &[(Cuda, Ok(900))]), &memory(folder), false);
    fs::read(stored(folder)).unwrap()
}

fn chooses_well(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).unwrap();
    let choice = choose(&Fake::new(250, &[(Cuda, Ok(900))]), &ChoiceMemory::in_file(file.into()), false);
    assert!(choice.times.contains_key(&choice.provider), "{choice:?}");
}

#[test]
fn a_choice_that_was_never_timed_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let text = String::from_utf8(written(&folder)).unwrap();
    let forged = text.replace("\"provider\": \"cpu\"", "\"provider\": \"directml\"");
    assert_ne!(text, forged);
    chooses_well(&stored(&folder), forged.as_bytes());
    chooses_well(&stored(&folder), text.replace("\"format\": 1", "\"format\": 2").as_bytes());
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
