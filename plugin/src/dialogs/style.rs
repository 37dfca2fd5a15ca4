//! Reads the files of styles.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tonenet_engine::style_store::StyleStore;
use tonenet_inference::user_style::{MOST_BYTES, UserStyle};

/// Reads a style into the store. Returns its name.
pub fn import(path: &Path, store: &StyleStore) -> Result<String, String> {
    let mut bytes = Vec::new();
    // A larger file is refused by its length, so no more of it is read.
    let file = File::open(path).and_then(|file| file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes));
    file.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let style = UserStyle::from_bytes(&bytes, &path.display().to_string()).map_err(|error| error.to_string())?;
    let name = style.name().to_owned();
    match store.add(style) {
        Some(_) => Ok(name),
        None => Err(format!("there is no slot left for the style {name}; remove another one")),
    }
}
