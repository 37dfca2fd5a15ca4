//! A snapshot as one instance plays it: which of its columns each style in the list plays.

use std::sync::Arc;

use super::{ColumnTable, TimelineSnapshot};
use crate::dynamics::Expected;
use crate::feel::Feel;
use crate::style::{StyleBlend, StyleKeys, TakeSeed};

/// A snapshot with the table of an instance's styles. The audio thread looks notes up in it and compares no keys.
#[derive(Debug, Clone, Default)]
pub struct TimelineView {
    snapshot: Arc<TimelineSnapshot>,
    table: ColumnTable,
}

impl TimelineView {
    /// A view for styles with these keys.
    pub fn new(snapshot: Arc<TimelineSnapshot>, keys: &StyleKeys) -> Self {
        Self { table: snapshot.column_table(keys), snapshot }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Arc<TimelineSnapshot> {
        &self.snapshot
    }

    /// Which columns the styles play.
    pub fn table(&self) -> ColumnTable {
        self.table
    }

    /// The level and the mixed deviation of the note at an index of the snapshot; `None` where a style that counts has no
    /// prediction yet.
    pub fn expected(&self, note: usize, style: StyleBlend, take: TakeSeed) -> Option<Expected> {
        self.snapshot.expected(note, &self.table, style, take)
    }

    /// What the styles do in a Take with the note at an index of the snapshot besides its velocity.
    pub fn feel(&self, note: usize, style: StyleBlend, take: TakeSeed) -> Feel {
        self.snapshot.feel(note, &self.table, style, take)
    }
}
