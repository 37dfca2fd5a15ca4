//! Remembers with which weights a project was made, so that it can say when others play it.
//!
//! New weights of a model play slightly other velocities. A project made before them goes on playing, and the window says
//! so until the user accepts it.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tonenet_inference::embedded::EmbeddedModel;

/// The version of each model's weights, under the model's id. Projects from before they were kept have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelVersions(BTreeMap<String, u32>);

impl ModelVersions {
    /// The versions that play here.
    pub fn current() -> Self {
        Self(EmbeddedModel::ALL.map(|model| (model.id().to_owned(), model.version())).into())
    }

    /// The version of a model; 1 in projects that name none.
    fn of(&self, model: EmbeddedModel) -> u32 {
        self.0.get(model.id()).copied().unwrap_or(1)
    }

    /// Says that a project made with these versions sounds different with version `playing` of a model, and what to do.
    /// `None` if it was made with that version.
    fn difference(&self, model: EmbeddedModel, playing: u32) -> Option<String> {
        let (title, made_with) = (model.title(), self.of(model));
        let other = match made_with.cmp(&playing) {
            std::cmp::Ordering::Equal => return None,
            std::cmp::Ordering::Less => format!("version {playing} plays it now"),
            std::cmp::Ordering::Greater => {
                format!("this ToneNet has version {playing}; update ToneNet to hear it as it was")
            }
        };
        Some(format!(
            "This project was made with version {made_with} of the {title}; {other}. Velocities may differ by a few steps. \
             What Timeline remembers plays as it was saved."
        ))
    }
}

/// The versions that a project was made with, shared by its window and its saved state.
#[derive(Debug)]
pub struct MadeWith(Mutex<ModelVersions>);

impl Default for MadeWith {
    /// A new project is made with what plays here.
    fn default() -> Self {
        Self(Mutex::new(ModelVersions::current()))
    }
}

impl MadeWith {
    /// The versions.
    pub fn versions(&self) -> ModelVersions {
        self.0.lock().clone()
    }

    /// Takes over the versions of a loaded project.
    pub fn load(&self, versions: ModelVersions) {
        *self.0.lock() = versions;
    }

    /// Has the project count as made with what plays here.
    pub fn accept(&self) {
        self.load(ModelVersions::current());
    }

    /// Says that the project sounds different with a model as it is here. `None` if it was made with these weights.
    pub fn difference(&self, model: EmbeddedModel) -> Option<String> {
        self.0.lock().difference(model, model.version())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(json: &str) -> ModelVersions {
        serde_json::from_str(json).expect("saved versions")
    }

    #[test]
    fn a_project_says_when_other_weights_play_it() {
        let old = saved(r#"{"note":1,"attention":1}"#);
        assert_eq!(old.difference(EmbeddedModel::Note, 1), None);
        let newer = old.difference(EmbeddedModel::Note, 2).expect("another version");
        assert!(newer.contains("version 1 of the Note model; version 2 plays it now"), "{newer}");
        let older = saved(r#"{"note":3}"#).difference(EmbeddedModel::Note, 2).expect("another version");
        assert!(older.contains("update ToneNet"), "{older}");
    }

    #[test]
    fn a_project_that_names_no_version_was_made_with_the_first() {
        assert_eq!(saved("{}").difference(EmbeddedModel::Baseline, 1), None);
        assert!(saved("{}").difference(EmbeddedModel::Note, 2).is_some());
    }

    #[test]
    fn a_new_project_and_one_whose_user_accepted_the_change_say_nothing() {
        let made_with = MadeWith::default();
        let differences = |made_with: &MadeWith| EmbeddedModel::ALL.map(|model| made_with.difference(model));
        assert_eq!(differences(&made_with), [None, None, None]);
        made_with.load(saved(r#"{"note":999,"attention":999,"baseline":999}"#));
        assert!(differences(&made_with).iter().all(Option::is_some));
        made_with.accept();
        assert_eq!(differences(&made_with), [None, None, None]);
        assert_eq!(made_with.versions(), ModelVersions::current());
    }
}
