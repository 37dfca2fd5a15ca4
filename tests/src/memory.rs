//! How much memory the process has in use, and by how much that grows.

use std::collections::VecDeque;

/// Rests whose least memory counts: what is in use sways with what was last freed.
const RESTS: usize = 8;

/// By how much the process grows from rest to rest.
#[derive(Debug, Default)]
pub struct Growth {
    /// The least of the first rests looked at.
    first: Option<i64>,
    recent: VecDeque<i64>,
}

impl Growth {
    /// Looks at a rest.
    pub fn look(&mut self) {
        let Some(bytes) = resident_bytes() else { return };
        self.recent.push_back(bytes);
        if self.recent.len() > RESTS {
            self.recent.pop_front();
        }
        if self.first.is_none() && self.recent.len() == RESTS {
            self.first = self.least();
        }
    }

    fn least(&self) -> Option<i64> {
        self.recent.iter().min().copied()
    }

    /// From the first rests to the last, in bytes; `None` until there were enough.
    pub fn bytes(&self) -> Option<i64> {
        Some(self.least()? - self.first?)
    }
}

/// Memory of this process that is in use, in bytes; `None` where the system does not tell.
pub fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: i64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
