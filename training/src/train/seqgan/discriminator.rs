//! The discriminator: convolutions over a tune's symbols, as in arXiv 1609.05473.
//!
//! The largest value of each filter over time goes through a highway layer, dropout and a sigmoid (after 1408.5882 and
//! 1505.00387).

use tch::nn::{self, VarStore};
use tch::{Device, Kind, Tensor};
use tonenet_core::tune::Vocabulary;

const SYMBOL: i64 = 64;
/// Symbols that a filter spans, and the number of such filters.
const FILTERS: [(i64, i64); 6] = [(1, 64), (2, 96), (3, 96), (4, 96), (6, 64), (8, 64)];
const DROPOUT: f64 = 0.4;
/// Initial bias of a highway's gate: nearly closed, so that the input passes through.
const SHUT: f64 = -2.0;

pub struct Discriminator {
    variables: VarStore,
    symbol: Tensor,
    filters: Vec<nn::Conv1D>,
    gate: nn::Linear,
    path: nn::Linear,
    output: nn::Linear,
}

impl Discriminator {
    pub fn new(vocabulary: &Vocabulary, device: Device) -> Self {
        let variables = VarStore::new(device);
        let root = variables.root();
        let symbol = root.var("symbol", &[vocabulary.size() as i64, SYMBOL], nn::Init::Randn { mean: 0.0, stdev: 0.1 });
        let filters = FILTERS
            .iter()
            .map(|&(width, count)| nn::conv1d(&root / "filter" / width, SYMBOL, count, width, Default::default()))
            .collect();
        let features = FILTERS.iter().map(|f| f.1).sum();
        let shut = nn::LinearConfig { bs_init: Some(nn::Init::Const(SHUT)), ..Default::default() };
        Self {
            symbol,
            filters,
            gate: nn::linear(&root / "gate", features, features, shut),
            path: nn::linear(&root / "path", features, features, Default::default()),
            output: nn::linear(&root / "output", features, 1, Default::default()),
            variables,
        }
    }

    pub fn variables(&self) -> &VarStore {
        &self.variables
    }

    pub fn variables_mut(&mut self) -> &mut VarStore {
        &mut self.variables
    }

    /// Scores before the sigmoid, \[tunes\]: above zero where tunes, \[tunes, length\], are taken for real.
    fn scores(&self, ids: &Tensor, is_learning: bool) -> Tensor {
        let rows = Tensor::embedding(&self.symbol, ids, -1, false, false).transpose(1, 2);
        let largest: Vec<Tensor> =
            self.filters.iter().map(|filter| rows.apply(filter).relu().amax(-1, false)).collect();
        let features = Tensor::cat(&largest, 1);
        let gate = features.apply(&self.gate).sigmoid();
        let path = features.apply(&self.path).relu();
        let features: Tensor = &gate * path + (1.0 - &gate) * &features;
        features.dropout(DROPOUT, is_learning).apply(&self.output).squeeze_dim(1)
    }

    /// Probability that each tune is real: \[tunes\].
    pub fn likelihoods(&self, ids: &Tensor) -> Tensor {
        tch::no_grad(|| self.scores(ids, false).sigmoid())
    }

    /// Cross entropy of telling `real` tunes from `written` ones, and the accuracy.
    pub fn loss(&self, real: &Tensor, written: &Tensor) -> (Tensor, f64) {
        let scores = self.scores(&Tensor::cat(&[real, written], 0), true);
        let are_real = real.size()[0];
        let truth = Tensor::cat(
            &[
                Tensor::ones([are_real], (Kind::Float, scores.device())),
                Tensor::zeros([written.size()[0]], (Kind::Float, scores.device())),
            ],
            0,
        );
        let right = scores.gt(0.0).to_kind(Kind::Float).eq_tensor(&truth).to_kind(Kind::Float).mean(Kind::Float);
        let none = None::<Tensor>;
        let loss = scores.binary_cross_entropy_with_logits::<Tensor>(&truth, none, None, tch::Reduction::Mean);
        (loss, right.double_value(&[]))
    }
}
