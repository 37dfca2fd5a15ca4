//! What counts as a problem, and what does not.

use super::*;

const ON: MidiMessage = MidiMessage::Channel([0x90, 60, 64]);
const OFF: MidiMessage = MidiMessage::Channel([0x80, 60, 64]);
const PEDAL: MidiMessage = MidiMessage::Channel([0xB0, 64, 127]);

fn record(time: u64, message: MidiMessage, id: Option<u32>, tracker: &mut EventTracker) {
    tracker.record_output(time, &BlockOutput { offset: 0, message, id });
}

#[test]
fn messages_that_leave_on_time_and_notes_that_end_are_no_problem() {
    let mut tracker = EventTracker::default();
    tracker.record_input(Some(1), &ON, 100, 480);
    tracker.record_input(None, &PEDAL, 110, 480);
    tracker.record_input(Some(1), &OFF, 220, 480);
    record(580, MidiMessage::Channel([0x90, 60, 20]), Some(1), &mut tracker);
    record(590, PEDAL, None, &mut tracker);
    record(700, OFF, None, &mut tracker);
    tracker.advance_to(1_000);
    tracker.expect_silence();
    let findings = tracker.into_findings();
    assert!(findings.is_clean() && findings.emitted == 1, "{findings:?}");
}

#[test]
fn every_kind_of_problem_is_found() {
    let mut tracker = EventTracker::default();
    for (id, time) in [(1, 100), (2, 200), (3, 300)] {
        tracker.record_input(Some(id), &ON, time, 480);
    }
    record(580, ON, Some(1), &mut tracker);
    record(590, ON, Some(1), &mut tracker);
    record(700, ON, Some(2), &mut tracker);
    record(710, OFF, None, &mut tracker);
    tracker.advance_to(1_000);
    tracker.expect_silence();
    let findings = tracker.into_findings();
    assert_eq!((findings.lost, findings.stuck, findings.duplicated, findings.mistimed), (1, 2, 1, 1));
    assert_eq!((findings.cut_short, findings.problems.len()), (1, 5));
}

#[test]
fn a_note_may_end_without_its_note_off_only_where_early_ends_are_allowed() {
    let mut tracker = EventTracker::default();
    for (id, time) in [(1, 100), (2, 300)] {
        tracker.record_input(Some(id), &ON, time, 480);
        record(time + 480, ON, Some(id), &mut tracker);
    }
    tracker.allow_early_ends(200 + 480);
    record(680, OFF, None, &mut tracker);
    record(900, OFF, None, &mut tracker);
    tracker.advance_to(1_000);
    let cut = Problem::CutShort { channel: 0, key: 60, began: 780, ended: 900 };
    assert_eq!(tracker.into_findings().problems, [cut]);
}

#[test]
fn a_changed_controller_counts_as_one_lost_and_one_duplicated() {
    let mut tracker = EventTracker::default();
    tracker.record_input(None, &PEDAL, 100, 480);
    record(580, MidiMessage::Channel([0xB0, 64, 126]), None, &mut tracker);
    tracker.advance_to(1_000);
    let findings = tracker.into_findings();
    assert_eq!((findings.lost, findings.duplicated), (1, 1));
}

#[test]
fn notes_without_ids_are_matched_by_due_time() {
    let mut tracker = EventTracker::default();
    tracker.record_input(Some(1), &ON, 100, 480);
    tracker.record_input(Some(2), &ON, 200, 480);
    record(680, ON, None, &mut tracker);
    tracker.advance_to(1_000);
    assert_eq!(tracker.into_findings().problems, [Problem::Lost { message: ON, due: 580 }]);
}

#[test]
fn only_notes_pending_at_a_jump_may_be_dropped() {
    let mut tracker = EventTracker::default();
    tracker.record_input(Some(1), &ON, 100, 480);
    tracker.record_input(None, &PEDAL, 100, 480);
    tracker.allow_drops(200);
    tracker.record_input(Some(2), &ON, 250, 480);
    tracker.advance_to(1_000);
    let findings = tracker.into_findings();
    assert_eq!((findings.dropped, findings.lost), (1, 2));
}
