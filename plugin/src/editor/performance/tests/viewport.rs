//! Which part of a performance is in sight.

use super::*;

fn in_sight(viewport: Viewport, view: &PerformanceView) -> (f64, f64) {
    let time = viewport.in_sight(view).time;
    (time.start(), time.end())
}

#[test]
fn what_is_played_moves_in_from_the_right_and_stays_in_sight() {
    let mut view = PerformanceView { axis: Axis::Seconds, ..song(vec![note(0.0)]) };
    for now in [0.0, 3.0, 900.0] {
        view.now = Some(now);
        let (start, end) = in_sight(Viewport::default(), &view);
        assert!(start < now && now < end && end - now < 0.1 * (end - start), "{start}, {end}");
    }
}

#[test]
fn a_song_is_followed_from_its_first_note_to_its_last() {
    let mut view = long_song();
    let mut starts = Vec::new();
    for now in 0..99 {
        view.now = Some(now.into());
        let (start, end) = in_sight(Viewport::default(), &view);
        assert!((start..=end).contains(&now.into()), "{now} in {start} to {end}");
        starts.push(start);
    }
    assert!(starts.is_sorted(), "the view moves one way");
    assert_eq!((starts[0], starts[5]), (0.0, 0.0), "the beginning stays at the left edge");
    assert_eq!(starts[97], starts[98], "the end stays at the right edge");
    view.now = Some(500.0);
    let (start, end) = in_sight(Viewport::default(), &view);
    assert!((start..=end).contains(&500.0), "a song goes on where nothing is remembered");
}

#[test]
fn a_view_that_stops_following_stays_where_it_is() {
    let view = PerformanceView { now: Some(50.0), ..long_song() };
    let followed = in_sight(Viewport::default(), &view);
    let stopped = Viewport::default().following(&view, false);
    let later = PerformanceView { now: Some(70.0), ..view };
    assert_eq!(in_sight(stopped, &later), followed);
    assert_ne!(in_sight(stopped.following(&later, true), &later), followed);
}

#[test]
fn something_of_the_performance_is_in_sight_however_far_the_user_scrolls() {
    let view = long_song();
    let mut viewport = Viewport::default();
    for by in [1e12, -3e9, 5.0, -1e300, f64::MAX] {
        viewport = viewport.scrolled(&view, by);
        let (start, end) = in_sight(viewport, &view);
        assert!(start < 98.5 && end > 0.0, "{start} to {end}");
    }
}

#[test]
fn zooming_stops_at_half_a_beat_and_a_little_beyond_the_whole_performance() {
    let view = long_song();
    let zoomed = |factor: f64| {
        let viewport = (0..200).fold(Viewport::default(), |viewport, _| viewport.zoomed(&view, factor, 40.0));
        viewport.in_sight(&view).time.length()
    };
    assert_eq!(zoomed(1.5), 0.5);
    assert_eq!(zoomed(0.5), 1.25 * 98.5);
    assert_eq!(zoomed(f64::NAN), 16.0, "what is no factor changes nothing");
}

#[test]
fn a_change_of_the_axis_begins_with_what_is_usual() {
    let song = long_song();
    let far = Viewport::default().scrolled(&song, 60.0).zoomed(&song, 8.0, 60.0);
    let seconds = PerformanceView { axis: Axis::Seconds, ..long_song() };
    assert_eq!(in_sight(far, &seconds), (0.0, 16.0));
}

#[test]
fn the_keys_of_all_notes_are_in_sight_and_never_fewer_than_two_octaves() {
    let keys = |keys: &[u8]| {
        let notes = keys.iter().map(|&key| NoteView { key, ..note(0.0) }).collect();
        let keys = Viewport::default().in_sight(&song(notes)).keys;
        (keys.start(), keys.end())
    };
    assert_eq!(keys(&[40, 75]), (36.0, 84.0));
    for one in 0..=127 {
        let (low, high) = keys(&[one]);
        assert!(low <= f64::from(one) && f64::from(one) + 1.0 <= high.max(128.0) && high - low >= 24.0, "{low} {high}");
    }
    assert_eq!(keys(&[0, 127]), (0.0, 128.0));
}
