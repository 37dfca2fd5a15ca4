//! The feel model that is compiled into the binary.

use std::sync::OnceLock;

use super::{FeelError, FeelModel};

static FILE: &[u8] = include_bytes!("../../../assets/models/feel/model.json");

impl FeelModel {
    /// The model that is compiled into the binary. It is parsed once, at the first call.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn embedded() -> Result<&'static Self, FeelError> {
        static MODEL: OnceLock<Result<FeelModel, FeelError>> = OnceLock::new();
        MODEL.get_or_init(|| Self::from_bytes(FILE)).as_ref().map_err(Clone::clone)
    }
}

#[cfg(test)]
mod tests {
    use tonenet_core::style::StyleIndex;

    use super::*;
    use crate::embedded::EmbeddedModel;
    use crate::performance::Network;
    use crate::runtime::{Runtime, RuntimePreference};

    #[test]
    fn it_fits_the_embedded_note_model_and_has_every_built_in_style() {
        let model = FeelModel::embedded().expect("a model");
        assert!(StyleIndex::BUILT_IN.into_iter().all(|style| model.style(style).is_some()));
        let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
        let loaded = EmbeddedModel::Note.load(&runtime).expect("the note model loads");
        let Network::Note(network) = loaded.network() else { panic!("the note model") };
        assert_eq!(model.check(network), Ok(()));
    }
}
