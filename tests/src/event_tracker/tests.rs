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
    // The duplicate sounds when the second note leaves.
    assert_eq!((findings.cut_short, findings.crossed, findings.problems.len()), (1, 1, 6));
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

const MOVED: Tolerance = Tolerance { early: 20, late: 50, longer: 100, latency: 480 };

#[test]
fn where_the_feel_is_on_notes_may_move_within_its_tolerance_and_no_farther() {
    let findings = |left: u64| {
        let mut tracker = EventTracker::default();
        tracker.set_tolerance(Some(MOVED));
        tracker.record_input(Some(1), &ON, 100, 480);
        tracker.record_input(Some(1), &OFF, 200, 480);
        record(left, ON, Some(1), &mut tracker);
        record(830, OFF, Some(1), &mut tracker);
        tracker.advance_to(1_000);
        tracker.expect_silence();
        tracker.into_findings()
    };
    for left in [560, 579, 630] {
        assert!(findings(left).is_clean() && findings(left).moved == 1, "{left}");
    }
    assert_eq!(findings(580).moved, 0);
    for left in [559, 631] {
        assert_eq!(findings(left).mistimed, 1, "{left}");
    }
}

#[test]
fn once_the_feel_is_off_and_what_moved_has_left_notes_leave_when_due_again() {
    let mistimed = |time: u64| {
        let mut tracker = EventTracker::default();
        tracker.set_tolerance(Some(MOVED));
        tracker.set_tolerance(None);
        tracker.record_input(Some(1), &ON, time, 480);
        record(time + 490, ON, Some(1), &mut tracker);
        tracker.into_findings().mistimed
    };
    assert_eq!((mistimed(100), mistimed(1_000)), (0, 1));
}

#[test]
fn a_note_that_leaves_before_an_earlier_one_of_its_key_is_crossed() {
    let mut tracker = EventTracker::default();
    tracker.set_tolerance(Some(MOVED));
    tracker.record_input(Some(1), &ON, 100, 480);
    tracker.record_input(Some(2), &ON, 110, 480);
    record(590, ON, Some(2), &mut tracker);
    record(590, ON, Some(1), &mut tracker);
    assert_eq!(tracker.into_findings().crossed, 1);
}

#[test]
fn a_note_that_leaves_over_the_one_it_repeats_is_crossed() {
    let crossed = |first_ends: Option<u64>| {
        let mut tracker = EventTracker::default();
        tracker.set_tolerance(Some(MOVED));
        tracker.record_input(Some(1), &ON, 100, 480);
        tracker.record_input(Some(1), &OFF, 110, 480);
        tracker.record_input(Some(2), &ON, 120, 480);
        record(590, ON, Some(1), &mut tracker);
        if let Some(time) = first_ends {
            record(time, OFF, Some(1), &mut tracker);
        }
        record(610, ON, Some(2), &mut tracker);
        tracker.into_findings().crossed
    };
    assert_eq!((crossed(None), crossed(Some(610))), (1, 0));
}

#[test]
fn a_note_that_left_early_may_end_where_early_ends_are_allowed_since() {
    let cut_short = |limit: u64| {
        let mut tracker = EventTracker::default();
        tracker.set_tolerance(Some(MOVED));
        tracker.record_input(Some(1), &ON, 100, 480);
        record(565, ON, Some(1), &mut tracker);
        tracker.allow_early_ends(limit);
        record(570, OFF, Some(1), &mut tracker);
        tracker.into_findings().cut_short
    };
    assert_eq!((cut_short(570), cut_short(565)), (0, 1));
}

#[test]
fn a_note_may_sound_with_one_of_its_key_that_was_held_when_it_came() {
    let mut tracker = EventTracker::default();
    for (id, time) in [(1, 100), (2, 110)] {
        tracker.record_input(Some(id), &ON, time, 480);
        record(time + 480, ON, Some(id), &mut tracker);
    }
    tracker.record_input(Some(1), &OFF, 120, 480);
    assert_eq!(tracker.into_findings().crossed, 0);
}

#[test]
fn the_styles_pedal_is_heard_where_it_may_be_and_must_go_up() {
    let mut tracker = EventTracker::default();
    tracker.allow_styles_pedal(false);
    record(10, PEDAL, None, &mut tracker);
    tracker.advance_to(100);
    record(110, PEDAL, None, &mut tracker);
    tracker.expect_silence();
    let findings = tracker.into_findings();
    assert_eq!((findings.added_pedals, findings.duplicated, findings.pedals_down), (1, 1, 1));
}

#[test]
fn the_players_pedal_may_go_unheard_only_where_the_style_plays_it() {
    let lost = |is_styles: bool| {
        let mut tracker = EventTracker::default();
        tracker.record_input(None, &PEDAL, 0, 480);
        if is_styles {
            tracker.allow_styles_pedal(false);
        }
        tracker.advance_to(1_000);
        tracker.into_findings().lost
    };
    assert_eq!((lost(true), lost(false)), (0, 1));
}
