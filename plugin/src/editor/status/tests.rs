//! The panel "Status" as a user sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use tonenet_engine::status::{FAILED, Status};

use super::*;
use crate::params::ToneNetParams;

fn view_of(status: &Arc<Status>) -> View {
    View::new(&ToneNetParams::new(status.clone()), status)
}

fn harness(view: &View) -> Harness<'_> {
    Harness::builder().with_size(egui::vec2(960.0, 680.0)).build_ui(|ui| panel(ui, view, &mut Vec::new()))
}

#[test]
fn it_says_what_computes_and_that_everything_works() {
    let status = Arc::<Status>::default();
    status.info.lock().runtime = "ONNX Runtime 1.28.0 · CPU".into();
    status.info.lock().notes = vec!["no CUDA".into()];
    status.set_model(Some("Note model"));
    status.sample_rate.store(48_000, Ordering::Relaxed);
    status.restyled.store(12, Ordering::Relaxed);
    [64, 512].into_iter().for_each(|samples| status.blocks.record(samples));
    let view = view_of(&status);
    let harness = harness(&view);
    for label in [
        "Everything works.",
        "ONNX Runtime 1.28.0 · CPU",
        "no CUDA",
        "Note model",
        "12 restyled, 0 late, 0 new",
        "48000 Hz, blocks of 64 to 512 samples",
    ] {
        harness.get_by_label(label);
    }
}

#[test]
fn each_problem_is_said_with_its_cure() {
    let status = Arc::<Status>::default();
    status.failed.store(true, Ordering::Relaxed);
    status.late.store(3, Ordering::Relaxed);
    status.overloads.store(2, Ordering::Relaxed);
    status.restart_pending.store(true, Ordering::Relaxed);
    status.info.lock().styles = vec!["Late evening needs the note model".into()];
    let mut view = view_of(&status);
    view.diagnostics.load = 0.9;
    let harness = harness(&view);
    harness.get_by_label(FAILED);
    harness.get_by_label("Late evening needs the note model.");
    for part in ["Stop playback", "3 notes left before", "needs 90 %", "2 events came faster"] {
        harness.get_by_label_contains(part);
    }
    assert!(harness.query_by_label("Everything works.").is_none());
}

#[test]
fn the_diagnostics_are_copied_to_the_clipboard() {
    let view = view_of(&Arc::default());
    let mut harness = harness(&view);
    harness.get_by_label("Copy diagnostics").click();
    let mut copied = Vec::new();
    for _ in 0..3 {
        harness.run_steps(1);
        copied.extend(harness.output().platform_output.commands.clone());
    }
    let texts: Vec<&str> = copied
        .iter()
        .filter_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert!(matches!(texts[..], [text] if text.starts_with("ToneNet: ")), "{texts:?}");
}

#[test]
fn with_the_processor_alone_there_is_nothing_to_choose() {
    let status = Arc::<Status>::default();
    status.info.lock().providers = vec![Provider::Cpu];
    let view = view_of(&status);
    assert!(harness(&view).query_by_label("Compute with").is_none());
}

#[test]
fn it_says_why_the_processor_computes_and_lets_the_user_choose_an_accelerator() {
    let status = Arc::<Status>::default();
    let reason = "ONNX Runtime 1.28.0 · CPU (a hop of 1 or 16 notes takes 0.25 ms on average; CUDA would take 0.90 ms)";
    status.info.lock().runtime = reason.into();
    status.info.lock().providers = vec![Provider::Cpu, Provider::Cuda];
    let view = view_of(&status);
    let actions = std::cell::RefCell::new(Vec::new());
    let mut harness = Harness::builder()
        .with_size(egui::vec2(960.0, 680.0))
        .build_ui(|ui| panel(ui, &view, &mut actions.borrow_mut()));
    harness.get_by_label(reason);
    assert!(harness.query_by_label("TensorRT").is_none(), "it does not compute here");
    harness.get_by_label("CUDA").click();
    harness.run_steps(2);
    assert_eq!(*actions.borrow(), [Action::ComputeWith(ProviderPreference::Only(Provider::Cuda))]);
}

#[test]
fn what_was_chosen_and_all_else_stays_in_sight_until_it_is_changed() {
    let status = Arc::<Status>::default();
    // Where the user has chosen, nothing else is tried.
    status.info.lock().providers = vec![Provider::Cpu];
    let accelerators = Provider::ACCELERATORS.iter().copied().map(ProviderPreference::Only);
    for chosen in accelerators.chain([ProviderPreference::Only(Provider::Cpu), ProviderPreference::BuiltIn]) {
        let mut view = view_of(&status);
        (view.computing.provider, view.computing_saved) = (chosen, Some(true));
        let harness = harness(&view);
        for label in ["The fastest", "CPU", "Built-in"] {
            harness.get_by_label(label);
        }
        for provider in Provider::ACCELERATORS {
            harness.get_by_label(&provider.to_string());
        }
        harness.get_by_label_contains("loaded from now on");
    }
}

#[test]
fn a_choice_that_could_not_be_saved_is_said() {
    let status = Arc::<Status>::default();
    status.info.lock().providers = vec![Provider::Cpu, Provider::Cuda];
    let mut view = view_of(&status);
    view.computing_saved = Some(false);
    let harness = harness(&view);
    harness.get_by_label_contains("could not be saved");
    assert!(harness.query_by_label_contains("loaded from now on").is_none());
}
