//! A sorted collection that remembers in which pass over the song each entry was last recorded.

use std::collections::BTreeMap;

use super::Place;

/// The key of an entry: its position, and a counter among entries at the same position.
pub(super) type Spot = (Place, u16);

#[derive(Debug)]
struct Entry<T> {
    value: T,
    /// The last pass that recorded it.
    pass: u32,
}

/// Values by position, each with the last pass that recorded it.
///
/// An operation on one position takes logarithmic time, plus the number of entries at that position.
#[derive(Debug)]
pub(super) struct Passes<T> {
    entries: BTreeMap<Spot, Entry<T>>,
    capacity: usize,
    /// The current pass.
    pass: u32,
}

impl<T> Passes<T> {
    /// A collection of at most `capacity` entries, filled with values that no pass has recorded yet.
    pub fn new(capacity: usize, values: impl IntoIterator<Item = (Place, T)>) -> Self {
        let mut passes = Self { entries: BTreeMap::new(), capacity, pass: 0 };
        for (place, value) in values {
            passes.insert(place, value);
        }
        passes.begin_pass();
        passes
    }

    /// Begins a pass, in which nothing has been recorded yet.
    pub fn begin_pass(&mut self) {
        self.pass = self.pass.wrapping_add(1);
    }

    /// All values in the order of their positions.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &T)> {
        self.entries.iter().map(|(&(place, _), entry)| (place, &entry.value))
    }

    /// The last value before a position.
    pub fn last_before(&self, place: Place) -> Option<&T> {
        self.entries.range(..(place, 0)).next_back().map(|(_, entry)| &entry.value)
    }

    /// Marks the first matching entry within `reach` beats that this pass has not recorded yet, and returns its key.
    pub fn record_again(&mut self, place: Place, reach: f64, is_same: impl Fn(&T) -> bool) -> Option<Spot> {
        let nearby = (place.moved(-reach), 0)..=(place.moved(reach), u16::MAX);
        let mut entries = self.entries.range_mut(nearby);
        let (spot, entry) = entries.find(|(_, entry)| entry.pass != self.pass && is_same(&entry.value))?;
        entry.pass = self.pass;
        Some(*spot)
    }

    /// Inserts a new value; `None` if the collection is full.
    pub fn insert(&mut self, place: Place, value: T) -> Option<Spot> {
        let here = self.entries.range((place, 0)..=(place, u16::MAX)).next_back();
        let nth = here.map_or(Some(0), |(&(_, last), _)| last.checked_add(1));
        let spot = (place, nth.filter(|_| self.entries.len() < self.capacity)?);
        self.entries.insert(spot, Entry { value, pass: self.pass });
        Some(spot)
    }

    /// The value of a key, if it has not been removed.
    pub fn get_mut(&mut self, spot: Spot) -> Option<&mut T> {
        self.entries.get_mut(&spot).map(|entry| &mut entry.value)
    }

    /// Removes the entries of `from..to` that this pass has not recorded, and returns their number.
    pub fn forget_unrecorded(&mut self, from: Place, to: Place) -> usize {
        if from >= to {
            return 0;
        }
        let passed = self.entries.range((from, 0)..(to, 0));
        let stale: Vec<Spot> = passed.filter(|(_, entry)| entry.pass != self.pass).map(|(spot, _)| *spot).collect();
        stale.iter().for_each(|spot| drop(self.entries.remove(spot)));
        stale.len()
    }
}
