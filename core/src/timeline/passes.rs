//! What was heard at each place of a song on one pass after another.

use std::collections::BTreeMap;

use super::Place;

/// Where something is: its place, and how many stood there before it came.
pub(super) type Spot = (Place, u16);

#[derive(Debug)]
struct Entry<T> {
    what: T,
    /// The last pass that it was heard in.
    pass: u32,
}

/// Things by their places, each with the last pass that it was heard in.
///
/// Nothing here costs more than a logarithm of how many there are, and what stands at the same place.
#[derive(Debug)]
pub(super) struct Passes<T> {
    things: BTreeMap<Spot, Entry<T>>,
    most: usize,
    /// The pass that goes on.
    pass: u32,
}

impl<T> Passes<T> {
    /// What earlier passes have left; it never becomes more than `most`.
    pub fn new(most: usize, things: impl IntoIterator<Item = (Place, T)>) -> Self {
        let mut passes = Self { things: BTreeMap::new(), most, pass: 0 };
        for (place, what) in things {
            passes.insert(place, what);
        }
        passes.begin_pass();
        passes
    }

    /// From here on nothing has been heard yet.
    pub fn begin_pass(&mut self) {
        self.pass = self.pass.wrapping_add(1);
    }

    /// All of them by their places.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &T)> {
        self.things.iter().map(|(&(place, _), heard)| (place, &heard.what))
    }

    /// The last before a place.
    pub fn last_before(&self, place: Place) -> Option<&T> {
        self.things.range(..(place, 0)).next_back().map(|(_, heard)| &heard.what)
    }

    /// Something that stands no further than `reach` from here, is the same, and was not heard yet on this pass: from now
    /// on it was.
    pub fn record_again(&mut self, place: Place, reach: f64, is_same: impl Fn(&T) -> bool) -> Option<Spot> {
        let about = (place.moved(-reach), 0)..=(place.moved(reach), u16::MAX);
        let (spot, heard) = self.things.range_mut(about).find(|(_, h)| h.pass != self.pass && is_same(&h.what))?;
        heard.pass = self.pass;
        Some(*spot)
    }

    /// Puts something new there; `None` where there is no room.
    pub fn insert(&mut self, place: Place, what: T) -> Option<Spot> {
        let here = self.things.range((place, 0)..=(place, u16::MAX)).next_back();
        let nth = here.map_or(Some(0), |(&(_, last), _)| last.checked_add(1));
        let spot = (place, nth.filter(|_| self.things.len() < self.most)?);
        self.things.insert(spot, Entry { what, pass: self.pass });
        Some(spot)
    }

    /// What stands at a spot, if it still does.
    pub fn get_mut(&mut self, spot: Spot) -> Option<&mut T> {
        self.things.get_mut(&spot).map(|heard| &mut heard.what)
    }

    /// Forgets what this pass went over without hearing it; gives how many that were.
    pub fn forget_unrecorded(&mut self, from: Place, to: Place) -> usize {
        if from >= to {
            return 0;
        }
        let passed = self.things.range((from, 0)..(to, 0));
        let unheard: Vec<Spot> = passed.filter(|(_, heard)| heard.pass != self.pass).map(|(spot, _)| *spot).collect();
        unheard.iter().for_each(|spot| drop(self.things.remove(spot)));
        unheard.len()
    }
}
