//! Opens the styles that the command line names: those of the model, and `.tonestyle` files.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::Serialize;
use tonenet_core::style::{StyleBlend, StyleIndex};
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::styles::StyleSlots;
use tonenet_inference::user_style::{MOST_BYTES, UserStyle};

use crate::args::{RestyleArgs, StyleName};

/// The styles of a command, each with its place in the list of the model.
pub struct Styles {
    /// The model, with the user's styles in its slots.
    pub model: LoadedModel,
    /// The user's styles.
    pub slots: StyleSlots,
    /// What plays.
    pub blend: StyleBlend,
    /// What was played, with `--from`.
    pub source: Option<StyleIndex>,
    /// The user's styles among them.
    pub files: Vec<StyleEntry>,
}

/// A user's style, and what came of it.
#[derive(Debug, Serialize)]
pub struct StyleEntry {
    /// Its file.
    pub file: String,
    /// Its name.
    pub name: String,
    /// The built-in style that comes closest.
    pub nearest: String,
    /// Why the nearest style plays in its place, if it does.
    pub warning: Option<String>,
}

impl Styles {
    /// Opens the styles that the command line names.
    ///
    /// # Errors
    /// When the model lacks a style, or a file holds none.
    pub fn open(args: &RestyleArgs, model: &LoadedModel) -> Result<Self> {
        let names = [Some(&args.style), args.style_b.as_ref(), args.from.as_ref()];
        let mut slots = StyleSlots::default();
        let mut files = Vec::new();
        let mut places = [None; 3];
        for (slot, name) in names.into_iter().enumerate() {
            places[slot] = match name {
                None => None,
                Some(StyleName::Id(id)) => Some(model.style_by_id(id)?),
                Some(StyleName::File(path)) => {
                    let style = read(path)?;
                    files.push((slot, StyleEntry::new(path, &style)));
                    slots[slot] = Some(Arc::new(style));
                    StyleIndex::from_slot(slot)
                }
            };
        }
        let model = model.with_user_styles(&slots);
        for substitute in model.styles().substitutes() {
            let entry = files.iter_mut().find(|(slot, _)| *slot == substitute.slot);
            entry.into_iter().for_each(|(_, entry)| entry.warning = Some(substitute.to_string()));
        }
        let [a, b, source] = places;
        let a = a.context("there is always a style")?;
        let share_of_b = if b.is_some() { f32::from(args.blend) / 100.0 } else { 0.0 };
        let blend = StyleBlend { a, b: b.unwrap_or(a), share_of_b };
        Ok(Self { model, slots, blend, source, files: files.into_iter().map(|(_, entry)| entry).collect() })
    }
}

impl StyleEntry {
    fn new(path: &Path, style: &UserStyle) -> Self {
        Self {
            file: path.display().to_string(),
            name: style.name().into(),
            nearest: style.nearest().to_string(),
            warning: None,
        }
    }
}

fn read(path: &Path) -> Result<UserStyle> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    // A larger file is refused by its length, so no more of it is read.
    let file = File::open(path).and_then(|file| file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes));
    file.with_context(|| format!("cannot read the style {name}"))?;
    Ok(UserStyle::from_bytes(&bytes, &name)?)
}
