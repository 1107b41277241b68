//! Where pages of lists began that were asked for by an offset, and how long the lists are.
//!
//! An offset counts rows, and rows are counted by passing them: the last page of a long list would cost as much
//! as the whole list. Whoever reads a list page by page asks each time for what follows the page before, so the
//! end of each page that was given is remembered, for as long as nothing in the project has changed: the next
//! one begins there, as it would by a cursor. The same holds of the count, which would be made anew for each page. What is remembered is only ever a shorter way to the same rows; a
//! hub that has forgotten, or never knew, counts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use fieldpost_model::progress_list::ListPlace;
use sha2::{Digest as _, Sha256};

use super::Asked;
use super::chosen::Wanted;

/// Lists whose pages are remembered at once.
const MOST_LISTS: usize = 64;
/// Pages of each of them.
const MOST_PLACES: usize = 256;

/// A list as it is asked for, whatever part of it, and as it was when nothing had changed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListKey([u8; 32]);

impl ListKey {
    /// The key of a list. `last` is the place of the project's newest change.
    pub(super) fn of(asked: &Asked, wanted: &Wanted, last: i64) -> Self {
        let mut digest = Sha256::new();
        digest.update(last.to_be_bytes());
        digest.update(asked.admitted.routing.version.to_be_bytes());
        digest.update(asked.project().as_bytes());
        let list = (&wanted.pushdown, &wanted.predicate, wanted.sides);
        digest.update(format!("\0{list:?}").as_bytes());
        Self(digest.finalize().into())
    }
}

/// What is known of a list.
#[derive(Debug, Default)]
struct Known {
    /// The ends of pages that were given: by the number of rows before them.
    ends: BTreeMap<u64, ListPlace>,
    /// How many rows it has, where that was counted.
    count: Option<u64>,
}

/// The lists that were read lately.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<VecDeque<(ListKey, Known)>>);

impl Places {
    /// The last end of a page that lies before an offset or at it.
    pub(super) fn before(&self, list: ListKey, offset: u64) -> Option<(u64, ListPlace)> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, known) = lists.iter().find(|(key, _)| *key == list)?;
        let (rows, place) = known.ends.range(..=offset).next_back()?;
        Some((*rows, place.clone()))
    }

    /// How many rows a list has, where that was counted.
    pub(super) fn count(&self, list: ListKey) -> Option<u64> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.iter().find(|(key, _)| *key == list)?.1.count
    }

    /// Remembers how many rows a list has.
    pub(super) fn counted(&self, list: ListKey, count: u64) {
        self.change(list, |known| known.count = Some(count));
    }

    /// Remembers that a page ended there; of one list the page that was nearest to its beginning is forgotten for
    /// it.
    pub(super) fn ended(&self, list: ListKey, rows: u64, place: ListPlace) {
        self.change(list, |known| {
            known.ends.insert(rows, place);
            if known.ends.len() > MOST_PLACES {
                known.ends.pop_first();
            }
        });
    }

    /// Changes what is known of a list. The one that nobody has read for the longest time is forgotten for it.
    fn change(&self, list: ListKey, change: impl FnOnce(&mut Known)) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lists.iter().position(|(key, _)| *key == list);
        let mut known = found.and_then(|at| lists.remove(at)).map(|it| it.1).unwrap_or_default();
        change(&mut known);
        lists.push_back((list, known));
        if lists.len() > MOST_LISTS {
            lists.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(key: i64) -> ListPlace {
        ListPlace { key, form: "f".to_owned(), number: 1, case_id: None }
    }

    #[test]
    fn a_page_begins_where_the_one_before_ended() {
        let places = Places::default();
        let (one, other) = (ListKey([1; 32]), ListKey([2; 32]));
        places.ended(one, 50, place(5));
        places.ended(one, 100, place(10));
        for (list, offset, expected) in [
            (one, 49, None),
            (one, 50, Some((50, place(5)))),
            (one, 99, Some((50, place(5)))),
            (one, 1_000, Some((100, place(10)))),
            (other, 1_000, None),
        ] {
            assert_eq!(places.before(list, offset), expected, "{offset}");
        }
    }

    #[test]
    fn a_count_is_remembered_beside_the_pages() {
        let places = Places::default();
        let (one, other) = (ListKey([1; 32]), ListKey([2; 32]));
        places.ended(one, 50, place(5));
        assert_eq!(places.count(one), None);
        places.counted(one, 7);
        assert_eq!((places.count(one), places.count(other)), (Some(7), None));
        assert!(places.before(one, 50).is_some());
    }

    #[test]
    fn no_more_is_remembered_than_so_many_pages_of_so_many_lists() {
        let places = Places::default();
        let list = |number: usize| ListKey([u8::try_from(number).unwrap(); 32]);
        for rows in 1..=(MOST_PLACES as u64 + 1) {
            places.ended(list(0), rows, place(1));
        }
        assert_eq!(places.before(list(0), 1), None);
        assert_eq!(places.before(list(0), 2), Some((2, place(1))));
        for number in 1..=MOST_LISTS {
            places.ended(list(number), 1, place(1));
        }
        assert_eq!(places.before(list(0), 1_000), None);
        assert!(places.before(list(1), 1).is_some());
    }
}
