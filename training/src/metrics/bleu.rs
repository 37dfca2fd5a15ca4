//! BLEU-4 over symbols (Papineni and others, 2002): how many of a text's runs of one to four symbols occur in others.

use std::collections::HashMap;

/// Longest run of symbols that counts.
const LONGEST: usize = 4;

/// The highest count of each run of symbols in any one reference.
pub struct References<'a> {
    most: HashMap<&'a [usize], Most>,
    lengths: Vec<usize>,
}

/// The reference with the most of a run, its count, and the highest count of the others.
#[derive(Debug, Clone, Copy, Default)]
struct Most {
    count: usize,
    reference: usize,
    others: usize,
}

impl<'a> References<'a> {
    /// Counts the runs of some texts.
    pub fn new(texts: impl IntoIterator<Item = &'a [usize]>) -> Self {
        let (mut most, mut lengths) = (HashMap::<_, Most>::new(), Vec::new());
        for (reference, text) in texts.into_iter().enumerate() {
            lengths.push(text.len());
            for (run, count) in counts(text) {
                let most = most.entry(run).or_default();
                if count > most.count {
                    *most = Most { count, reference, others: most.count };
                } else {
                    most.others = most.others.max(count);
                }
            }
        }
        Self { most, lengths }
    }

    /// BLEU-4 of a text, 0–1.
    ///
    /// It is the geometric mean of the shares of its runs of one to four symbols that some reference has as often. A
    /// text shorter than the reference closest in length is penalised.
    ///
    /// An empty share counts as a tenth of one run (method 1 of Chen and Cherry, 2014).
    pub fn score(&self, text: &[usize]) -> f64 {
        self.score_without(text, None)
    }

    /// BLEU-4 of the reference at `place` against the others.
    fn score_of(&self, text: &[usize], place: usize) -> f64 {
        self.score_without(text, Some(place))
    }

    fn score_without(&self, text: &[usize], left_out: Option<usize>) -> f64 {
        let lengths = || self.lengths.iter().enumerate().filter(|(place, _)| Some(*place) != left_out);
        let closest = lengths().map(|(_, &length)| length).min_by_key(|&length| (length.abs_diff(text.len()), length));
        let Some(closest) = closest.filter(|_| text.len() >= LONGEST) else { return 0.0 };
        let (mut found, mut all) = ([0.0; LONGEST], [0.0; LONGEST]);
        for (run, count) in counts(text) {
            let most = self.most.get(run).copied().unwrap_or_default();
            let most = if left_out == Some(most.reference) { most.others } else { most.count };
            found[run.len() - 1] += most.min(count) as f64;
            all[run.len() - 1] += count as f64;
        }
        let logs = found.iter().zip(&all).map(|(&found, all)| (f64::max(found, 0.1) / all).ln());
        let mean = logs.sum::<f64>() / LONGEST as f64;
        let penalty = (1.0 - closest as f64 / text.len() as f64).min(0.0);
        (mean + penalty).exp()
    }
}

/// BLEU-4 of each text against the others: the higher, the more alike they are (Texygen, arXiv 1802.01886).
pub fn self_bleu(texts: &[&[usize]]) -> Vec<f64> {
    let references = References::new(texts.iter().copied());
    texts.iter().enumerate().map(|(place, text)| references.score_of(text, place)).collect()
}

fn counts(text: &[usize]) -> HashMap<&[usize], usize> {
    let mut counts = HashMap::new();
    for length in 1..=LONGEST {
        for run in text.windows(length) {
            *counts.entry(run).or_insert(0) += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_scores_one_and_an_unrelated_text_almost_zero() {
        let text = [1, 2, 3, 4, 5, 6];
        let references = References::new([&text[..]]);
        assert!((references.score(&text) - 1.0).abs() < 1e-12);
        assert!(references.score(&[7, 8, 9, 10, 11, 12]) < 0.05);
        assert_eq!(references.score(&[1]), 0.0);
    }

    #[test]
    fn runs_count_as_often_as_one_reference_has_them() {
        // "the the the …" against one "the" (the paper's own example): one of seven.
        let references = References::new([&[1, 2, 3, 4, 5, 6, 7][..]]);
        let (found, all) = (1.0f64, 7.0);
        let score = references.score(&[1; 7]);
        let rest = [0.1f64 / 6.0, 0.1 / 5.0, 0.1 / 4.0].iter().map(|p| p.ln()).sum::<f64>();
        assert!((score - (((found / all).ln() + rest) / 4.0).exp()).abs() < 1e-12);
    }

    #[test]
    fn a_short_text_is_penalised() {
        let references = References::new([&[1, 2, 3, 4, 5, 6, 7, 8][..]]);
        let score = references.score(&[1, 2, 3, 4]);
        assert!((score - (1.0f64 - 8.0 / 4.0).exp()).abs() < 1e-12);
    }

    #[test]
    fn identical_texts_have_the_highest_self_bleu() {
        let text = [1, 2, 3, 4, 5];
        assert!(self_bleu(&[&text, &text, &text]).iter().all(|score| (score - 1.0).abs() < 1e-12));
    }

    #[test]
    fn a_text_is_no_reference_of_itself() {
        let texts: [&[usize]; 3] = [&[1, 2, 3, 4, 5, 1], &[1, 2, 3, 4, 6, 7, 8], &[9, 9, 1, 2, 3]];
        for (place, text) in texts.iter().enumerate() {
            let others = texts.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, text)| *text);
            let wanted = References::new(others).score(text);
            assert!((self_bleu(&texts)[place] - wanted).abs() < 1e-12, "text {place}");
        }
    }
}
