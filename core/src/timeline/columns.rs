//! The columns of a snapshot: the predictions of each style, under the key of its content.

use serde_json::{Map, Value};

use crate::style::{MAX_STYLES, PerStyle, StyleColumn, StyleIndex, StyleKey, StyleKeys};

/// The predictions of one style.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TimelineColumn {
    pub key: StyleKey,
    pub of_notes: StyleColumn,
    /// What a later version saved with them.
    pub unknown_fields: Map<String, Value>,
}

impl TimelineColumn {
    pub fn new(key: StyleKey, of_notes: StyleColumn) -> Self {
        Self { key, of_notes, unknown_fields: Map::new() }
    }

    /// The column for other notes; see [`StyleColumn::rearranged`].
    pub fn rearranged(&self, notes: impl Iterator<Item = Option<usize>>) -> Self {
        Self { of_notes: self.of_notes.rearranged(notes), ..self.clone() }
    }

    /// Whether it says what no column says, too.
    fn is_empty(&self) -> bool {
        self.of_notes.known() == 0 && self.of_notes.gain() == 1.0 && self.unknown_fields.is_empty()
    }
}

/// Columns in the order of their keys, without empty ones. Of two with the same key the first stays, and of more than
/// an instance has styles the first ones.
pub(super) fn normalised(mut columns: Vec<TimelineColumn>) -> Vec<TimelineColumn> {
    let mut seen = std::collections::HashSet::new();
    columns.retain(|column| !column.is_empty() && seen.len() < MAX_STYLES && seen.insert(column.key.clone()));
    columns.sort_by(|a, b| a.key.cmp(&b.key));
    columns
}

/// The index of the column with a key.
pub(super) fn find(columns: &[TimelineColumn], key: &StyleKey) -> Option<usize> {
    columns.binary_search_by(|column| column.key.cmp(key)).ok()
}

/// Which of a snapshot's columns each style plays, so that the audio thread compares no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColumnTable(PerStyle<Option<u8>>);

impl ColumnTable {
    pub(super) fn new(columns: &[TimelineColumn], keys: &StyleKeys) -> Self {
        let column = |key: &Option<StyleKey>| u8::try_from(find(columns, key.as_ref()?)?).ok();
        Self(keys.each_ref().map(column))
    }

    pub(super) fn column<'a>(&self, columns: &'a [TimelineColumn], style: StyleIndex) -> Option<&'a StyleColumn> {
        let column = self.0[style.index()]?;
        Some(&columns.get(usize::from(column))?.of_notes)
    }
}
