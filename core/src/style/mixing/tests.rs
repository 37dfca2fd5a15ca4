use super::*;
use crate::style::QuantisedExpectation;
use proptest::prelude::*;

const GAINS: [f32; 3] = [1.0, 1.5, 2.0];

/// Notes, and what each style predicts of them.
struct Performance {
    notes: Vec<MixedNote>,
    columns: [StyleColumn; 3],
}

impl Performance {
    fn new(means: &[[f32; 3]]) -> Self {
        let note = |index: usize| MixedNote {
            index,
            beats: index as f64 / 3.0,
            key: 40 + (index * 5 % 40) as u8,
            velocity: 40 + (index * 7 % 60) as u8,
        };
        let prediction = |style: usize| move |means: &[f32; 3]| QuantisedExpectation::new(means[style], 6.0);
        let column = |style: usize| StyleColumn::new(GAINS[style], means.iter().map(prediction(style)).collect());
        Self { notes: (0..means.len()).map(note).collect(), columns: [0, 1, 2].map(column) }
    }

    fn expected(&self, note: usize, mixing: Mixing) -> Option<Expected> {
        let whole = PerformanceMixing::new(self.notes.iter().map(|n| n.velocity));
        whole.expected(&self.notes[note], mixing, |style| self.columns.get(style.index()))
    }

    /// The deviation of every note.
    fn deviations(&self, mixture: Mixture, take: TakeSeed) -> Vec<f32> {
        let expected = |note| self.expected(note, Mixing { mixture, take }).expect("all styles are known");
        (0..self.notes.len()).map(|note| expected(note).deviation).collect()
    }
}

fn blend(a: StyleIndex, b: StyleIndex, share_of_b: f32) -> Mixture {
    Mixture::Blend(StyleBlend { a, b, share_of_b })
}

fn only(style: StyleIndex) -> Mixture {
    Mixture::Blend(StyleBlend::only(style))
}

#[test]
fn take_0_is_the_formula_with_the_gain_and_another_take_the_one_with_noise() {
    let term = |style: StyleIndex| {
        let (deviation, spread, centre) = [(5.0, 4.0, 1.0), (6.0, 8.0, -2.0), (0.0, 0.0, 0.0)][style.index()];
        Some(StyleTerm { prediction: Prediction { deviation, spread }, gain: GAINS[style.index()], centre })
    };
    let mixture = blend(StyleIndex::CLASSICAL, StyleIndex::JAZZ, 0.25);
    let deviation = |take| Mixing { mixture, take }.deviation(term, 1.5, 60);
    assert_eq!(deviation(TakeSeed(0)), 0.75 * 1.0 * 4.0 + 0.25 * 1.5 * 8.0);
    let noise = TakeSeed(7).deviation(1.5, 60).expect("a number");
    assert_eq!(deviation(TakeSeed(7)), (0.75 * 4.0 + 0.25 * 8.0) + noise * (0.75 * 4.0 + 0.25 * 8.0));
}

#[test]
fn a_rounding_error_in_its_beats_gives_a_note_no_other_noise() {
    let term = |_| Some(StyleTerm { prediction: Prediction { deviation: 0.0, spread: 10.0 }, gain: 1.0, centre: 0.0 });
    // A sixth of 80 thousandths of a beat, and half a thousandth: what is on either side of it draws differently.
    for beats in [0.0125, 3.4375, 1000.0005] {
        let at = |beats| Mixing { mixture: only(StyleIndex::POP), take: TakeSeed(7) }.deviation(term, beats, 60);
        assert_eq!(at(beats), at(beats - 1e-9));
        assert_eq!(at(beats), at(beats + 1e-9));
    }
}

#[test]
fn only_the_styles_that_count_have_to_be_known() {
    let mut performance = Performance::new(&[[1.0, 2.0, 3.0]; 4]);
    performance.columns[StyleIndex::POP.index()] = StyleColumn::new(1.0, vec![QuantisedExpectation::UNKNOWN; 4]);
    let expected = |mixture| performance.expected(0, Mixing { mixture, take: TakeSeed(0) });
    assert!(expected(blend(StyleIndex::CLASSICAL, StyleIndex::JAZZ, 0.5)).is_some());
    assert!(expected(blend(StyleIndex::JAZZ, StyleIndex::POP, 0.0)).is_some());
    assert_eq!(expected(blend(StyleIndex::JAZZ, StyleIndex::POP, 0.01)), None);
}

#[test]
fn an_exchange_changes_the_player_by_the_difference_of_the_styles() {
    let performance = Performance::new(&[[8.0, -4.0, 0.0], [-8.0, 4.0, 0.0]]);
    let notes = &performance.notes;
    let mixture = Mixture::new(StyleBlend::only(StyleIndex::JAZZ), Some(StyleIndex::CLASSICAL));
    let level = (f32::from(notes[0].velocity) + f32::from(notes[1].velocity)) / 2.0;
    let own = notes.iter().map(|n| f32::from(n.velocity) - level);
    let differences = [-12.0, 12.0];
    let wanted: Vec<f32> = own.zip(differences).map(|(own, difference)| own + difference).collect();
    assert_eq!(performance.deviations(mixture, TakeSeed(0)), wanted);
}

#[test]
fn a_live_centre_follows_a_piece_and_hardly_a_phrase() {
    let mut centres = RunningCentres::default();
    let mut after = Vec::new();
    for _ in 0..2000 {
        centres.add(StyleIndex::JAZZ, 10.0);
        after.push(centres.means()[StyleIndex::JAZZ.index()]);
    }
    assert!(after.is_sorted());
    assert!(after[15] < 2.5, "a phrase may stand out: {}", after[15]);
    assert!(after[1999] > 9.0, "a piece may not: {}", after[1999]);
    assert_eq!(centres.means()[StyleIndex::POP.index()], 0.0, "each style has its own");
}

fn means() -> impl Strategy<Value = Vec<[f32; 3]>> {
    prop::collection::vec(prop::array::uniform3(-30.0f32..30.0), 1..60)
}

fn styles() -> impl Strategy<Value = (StyleIndex, StyleIndex)> {
    let style = prop::sample::select(StyleIndex::BUILT_IN.to_vec());
    (style.clone(), style)
}

proptest! {
    #[test]
    fn a_blend_lies_between_its_styles(means in means(), (a, b) in styles(), share in 0.0f32..=1.0) {
        let performance = Performance::new(&means);
        let [of_a, of_b] = [a, b].map(|style| performance.deviations(only(style), TakeSeed(0)));
        let mixed = performance.deviations(blend(a, b, share), TakeSeed(0));
        for ((a, b), mixed) in of_a.into_iter().zip(of_b).zip(mixed) {
            prop_assert!((a.min(b) - 1e-3..=a.max(b) + 1e-3).contains(&mixed), "{mixed} between {a} and {b}");
        }
    }

    #[test]
    fn a_share_of_nothing_or_all_is_one_style_alone(means in means(), (a, b) in styles(), take in 0u16..9) {
        let (performance, take) = (Performance::new(&means), TakeSeed(take));
        prop_assert_eq!(performance.deviations(blend(a, b, 0.0), take), performance.deviations(only(a), take));
        prop_assert_eq!(performance.deviations(blend(a, b, 1.0), take), performance.deviations(only(b), take));
    }

    #[test]
    fn over_a_whole_performance_the_deviations_of_take_0_add_up_to_nothing(
        means in means(), (a, b) in styles(), share in 0.0f32..=1.0
    ) {
        let performance = Performance::new(&means);
        let sum: f32 = performance.deviations(blend(a, b, share), TakeSeed(0)).iter().sum();
        prop_assert!((sum / means.len() as f32).abs() < 1e-3, "{sum}");
    }

    #[test]
    fn a_style_that_leans_to_one_side_sounds_as_if_it_did_not(
        means in means(), (a, b) in styles(), share in 0.0f32..=1.0, lean in -20i8..20, take in 0u16..9
    ) {
        let leaning: Vec<_> = means.iter().map(|styles| styles.map(|mean| mean + f32::from(lean))).collect();
        let of = |means: &[[f32; 3]]| Performance::new(means).deviations(blend(a, b, share), TakeSeed(take));
        for (straight, leaning) in of(&means).into_iter().zip(of(&leaning)) {
            prop_assert!((straight - leaning).abs() < 0.05, "{straight} {leaning}");
        }
    }

    #[test]
    fn the_order_of_the_notes_says_nothing(means in means(), (a, b) in styles(), share in 0.0f32..=1.0) {
        let forwards = Performance::new(&means);
        let order = (0..means.len()).rev();
        let backwards = Performance {
            notes: order.clone().map(|note| MixedNote { index: means.len() - 1 - note, ..forwards.notes[note] }).collect(),
            columns: forwards.columns.each_ref().map(|column| column.rearranged(order.clone().map(Some))),
        };
        let mut mixed = backwards.deviations(blend(a, b, share), TakeSeed(3));
        mixed.reverse();
        prop_assert_eq!(forwards.deviations(blend(a, b, share), TakeSeed(3)), mixed);
    }

    #[test]
    fn a_style_exchanged_for_itself_is_the_player(means in means(), (style, _) in styles(), take in 0u16..9) {
        let performance = Performance::new(&means);
        let mixture = Mixture::new(StyleBlend::only(style), Some(style));
        for note in &performance.notes {
            let mixing = Mixing { mixture, take: TakeSeed(take) };
            let expected = performance.expected(note.index, mixing).expect("no style has to be known");
            prop_assert!((expected.level + expected.deviation - f32::from(note.velocity)).abs() < 1e-3);
        }
    }

    #[test]
    fn the_shares_of_a_blend_add_up_to_all_and_those_of_an_exchange_to_nothing(
        (a, b) in styles(), (source_style, _) in styles(), share_of_b in 0.0f32..=1.0
    ) {
        let style = StyleBlend { a, b, share_of_b };
        let sum = |mixture: Mixture| StyleIndex::all().map(|style| mixture.share(style)).sum::<f32>();
        prop_assert!((sum(Mixture::Blend(style)) - 1.0).abs() < 1e-6);
        prop_assert!(sum(Mixture::new(style, Some(source_style))).abs() < 1e-6);
    }
}

#[test]
fn the_mean_of_many_takes_is_the_mean_that_was_predicted() {
    let performance = Performance::new(&[[4.0, -8.0, 2.0], [-4.0, 8.0, -2.0]]);
    let mixture = blend(StyleIndex::CLASSICAL, StyleIndex::JAZZ, 0.5);
    let takes = 1..4000;
    let sum: f32 = takes.clone().map(|take| performance.deviations(mixture, TakeSeed(take))[0]).sum();
    let mean = sum / takes.len() as f32;
    assert!((mean - -2.0).abs() < 0.3, "{mean}, not stretched by a gain");
}
