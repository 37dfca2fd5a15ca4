//! BLEU-4 over symbols (Papineni and others, 2002): how much of what was written is found, four symbols at a time, in
//! what others have written.

use std::collections::HashMap;

/// Longest run of symbols that counts.
const LONGEST: usize = 4;

/// How often each run of symbols stands in any one reference at most.
pub struct References {
    most: HashMap<Vec<usize>, usize>,
    lengths: Vec<usize>,
}

impl References {
    /// Of some texts; a text's own copy is to be left out by the caller.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a [usize]>) -> Self {
        let (mut most, mut lengths) = (HashMap::new(), Vec::new());
        for text in texts {
            lengths.push(text.len());
            for (run, count) in counts(text) {
                let most = most.entry(run.to_vec()).or_insert(0);
                *most = count.max(*most);
            }
        }
        Self { most, lengths }
    }

    /// BLEU-4 of a text, 0–1: the geometric mean of the shares of its runs of one to four symbols that some reference
    /// has as often, times a penalty for being shorter than the reference closest in length.
    ///
    /// A share of nothing counts as a tenth of one run (method 1 of Chen and Cherry, 2014).
    pub fn score(&self, text: &[usize]) -> f64 {
        if text.len() < LONGEST || self.lengths.is_empty() {
            return 0.0;
        }
        let (mut found, mut all) = ([0.0; LONGEST], [0.0; LONGEST]);
        for (run, count) in counts(text) {
            found[run.len() - 1] += self.most.get(run).copied().unwrap_or(0).min(count) as f64;
            all[run.len() - 1] += count as f64;
        }
        let logs = found.iter().zip(&all).map(|(&found, all)| (f64::max(found, 0.1) / all).ln());
        let mean = logs.sum::<f64>() / LONGEST as f64;
        let closest = self.lengths.iter().min_by_key(|length| (length.abs_diff(text.len()), **length));
        let length = text.len() as f64;
        let penalty = closest.map_or(0.0, |&closest| (1.0 - closest as f64 / length).min(0.0));
        (mean + penalty).exp()
    }
}

/// Mean BLEU-4 of texts, each against the others: the higher, the more alike they are (Texygen, arXiv 1802.01886).
pub fn self_bleu(texts: &[&[usize]]) -> f64 {
    let score = |i: usize| {
        let others = texts.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, text)| *text);
        References::new(others).score(texts[i])
    };
    (0..texts.len()).map(score).sum::<f64>() / texts.len().max(1) as f64
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
    fn a_copy_scores_one_and_a_stranger_next_to_nothing() {
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
    fn a_short_text_pays_for_it() {
        let references = References::new([&[1, 2, 3, 4, 5, 6, 7, 8][..]]);
        let score = references.score(&[1, 2, 3, 4]);
        assert!((score - (1.0f64 - 8.0 / 4.0).exp()).abs() < 1e-12);
    }

    #[test]
    fn texts_that_are_all_alike_are_wholly_alike() {
        let text = [1, 2, 3, 4, 5];
        assert!((self_bleu(&[&text, &text, &text]) - 1.0).abs() < 1e-12);
    }
}
