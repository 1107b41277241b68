//! What arrives and is kept in order: its place, and what it takes the place of.
//!
//! Deliveries that *collapse* lie in one sequence: a newer one ends those that wait for the same key of
//! the same forwarder. It takes the place of the earliest of them, so that what changes all the time is
//! not put off for ever; but only where that overtakes nothing of its thread. What stands behind that
//! place and does not collapse with it may be an older state that is sent once more, or a change that
//! this one builds on. Then the newer one keeps its own place, at the end.

use std::collections::HashMap;

use uuid::Uuid;

use crate::order::{key_of, sequence};
use crate::records::NewDelivery;
use crate::text::storable_key;

/// What newer deliveries of a forwarder take the place of an older one by. A key that no index holds
/// whole is none: two that look alike must not replace each other.
fn collapse(forwarder: &str, key: &str) -> Option<String> {
    let whole = format!("{forwarder}/{key}");
    Some(storable_key(whole.clone())).filter(|stored| *stored == whole)
}

/// A delivery that is kept in order, on its way into the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ordered {
    /// What it is kept in order with.
    pub(crate) sequence: String,
    /// What it takes the place of, and is replaced by.
    pub(crate) collapse: Option<String>,
    /// Its place in the sequence.
    pub(crate) position: i64,
    /// Whether something of its thread that it does not collapse with arrives with it, ahead of it.
    pub(crate) follows_others: bool,
    /// Since when a first try has waited whose place it takes.
    pub(crate) waits_since: Option<i64>,
    /// A newer one of the same batch: this one never comes to wait.
    pub(crate) superseded_by: Option<Uuid>,
}

/// A delivery that waited in the queue, and has left it for a newer one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Older {
    pub(crate) position: i64,
    pub(crate) rank: i64,
    pub(crate) next_at: i64,
    /// The last position in the queue of what is of their thread and does not collapse with them.
    pub(crate) last_other: Option<i64>,
}

impl Ordered {
    /// The order of a new delivery, its position still to be given; `None` where it needs no order.
    pub(crate) fn of(delivery: &NewDelivery) -> Option<Self> {
        let order_key = delivery.order_key.as_deref()?;
        let key = delivery.collapse_key.as_deref();
        Some(Self {
            sequence: sequence(&delivery.connection, order_key),
            collapse: key.and_then(|key| collapse(&delivery.forwarder, key)),
            position: 0,
            follows_others: false,
            waits_since: None,
            superseded_by: None,
        })
    }

    /// Replaces one that waited in the queue, at its place if that overtakes nothing.
    pub(crate) fn replace(&mut self, older: Older) {
        let Older { position, rank, next_at, last_other } = older;
        let overtakes = self.follows_others || last_other.is_some_and(|other| other > position);
        if !overtakes {
            self.position = self.position.min(position);
        }
        let is_first_try = rank % 2 == 0;
        if is_first_try {
            // What changes all the time would otherwise wait anew with every change.
            self.waits_since = Some(self.waits_since.map_or(next_at, |since| since.min(next_at)));
        }
    }
}

/// A new delivery and its order, by project.
pub(crate) struct Arriving<'b> {
    pub(crate) project: &'b str,
    pub(crate) forwarder: &'b str,
    pub(crate) delivery: Uuid,
    pub(crate) ordered: &'b mut Ordered,
}

impl<'b> Arriving<'b> {
    /// The thread that it is of.
    fn thread(&self) -> (&'b str, &'b str, String) {
        (self.project, self.forwarder, key_of(&self.ordered.sequence).to_owned())
    }
}

/// Lets those of one batch, in the order of arrival, take each other's place: only the newest of a
/// key is to wait. The answer is those that collapse and are the newest.
pub(crate) fn collapse_within<'b>(arriving: Vec<Arriving<'b>>) -> Vec<Arriving<'b>> {
    let mut newest: Vec<Arriving<'b>> = Vec::new();
    if arriving.iter().all(|arriving| arriving.ordered.collapse.is_none()) {
        return newest;
    }
    let mut known: HashMap<(&str, String, String), usize> = HashMap::new();
    // The position that comes next in each thread, seen from the end.
    let mut behind: HashMap<(&str, &str, String), i64> = HashMap::new();
    for older in arriving.into_iter().rev() {
        let next = behind.insert(older.thread(), older.ordered.position);
        let Some(collapse) = older.ordered.collapse.clone() else { continue };
        let key = (older.project, older.ordered.sequence.clone(), collapse);
        if let Some(newer) = known.get(&key).and_then(|place| newest.get_mut(*place)) {
            if next == Some(newer.ordered.position) {
                newer.ordered.position = older.ordered.position;
            }
            older.ordered.superseded_by = Some(newer.delivery);
        } else {
            known.insert(key, newest.len());
            newest.push(older);
        }
    }
    for newer in &mut newest {
        let first = behind.get(&newer.thread());
        newer.ordered.follows_others = first != Some(&newer.ordered.position);
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(position: i64, sequence: &str, collapse: Option<&str>) -> Ordered {
        Ordered {
            sequence: sequence.to_owned(),
            collapse: collapse.map(str::to_owned),
            position,
            follows_others: false,
            waits_since: None,
            superseded_by: None,
        }
    }

    /// Each of a batch by what it collapses by, all of one thread: who waits in the end, at which
    /// position, and whether it follows others.
    #[track_caller]
    fn check(batch: &[Option<&str>], expected: &[(u128, i64, bool)]) {
        let mut batch: Vec<Ordered> = (1..)
            .zip(batch)
            .map(|(position, collapse)| ordered(position, "ministry/*", *collapse))
            .collect();
        let arriving = (1..).zip(&mut batch).map(|(number, ordered)| Arriving {
            project: "clinic",
            forwarder: "births",
            delivery: Uuid::from_u128(number),
            ordered,
        });
        let waiting: Vec<_> = collapse_within(arriving.collect())
            .into_iter()
            .map(|it| (it.delivery.as_u128(), it.ordered.position, it.ordered.follows_others))
            .collect();
        assert_eq!(waiting, expected);
    }

    #[test]
    fn the_newest_of_a_batch_has_the_first_place_that_overtakes_nothing() {
        let (a, b) = (Some("births/a"), Some("births/b"));
        check(&[], &[]);
        check(&[None, None], &[]);
        check(&[a], &[(1, 1, false)]);
        check(&[a, a, a], &[(3, 1, false)]);
        check(&[None, a, a], &[(3, 2, true)]);
        check(&[a, a, None], &[(2, 1, false)]);
        check(&[a, None, a], &[(3, 3, true)]);
        check(&[a, a, b, a, a], &[(5, 4, true), (3, 3, true)]);
        check(&[a, b, a, b], &[(4, 4, true), (3, 3, true)]);
    }

    #[test]
    fn of_one_batch_only_the_newest_of_a_key_and_sequence_waits() {
        let mut batch = [
            ordered(1, "ministry/*", Some("births/a")),
            ordered(2, "hospital/*", Some("births/a")),
            ordered(3, "ministry/case:a", Some("births/a")),
            ordered(4, "ministry/case:a", Some("births/a")),
            ordered(5, "ministry/case:a", Some("deaths/a")),
        ];
        let forwarders = ["births", "births", "births", "births", "deaths"];
        let arriving =
            (1..).zip(&mut batch).zip(forwarders).map(|((number, ordered), forwarder)| Arriving {
                project: "clinic",
                forwarder,
                delivery: Uuid::from_u128(number),
                ordered,
            });
        let waiting: Vec<_> = collapse_within(arriving.collect())
            .into_iter()
            .map(|it| (it.delivery.as_u128(), it.ordered.position, it.ordered.follows_others))
            .collect();
        assert_eq!(waiting, [(5, 5, false), (4, 3, false), (2, 2, true), (1, 1, false)]);
        let newer: Vec<Option<u128>> =
            batch.iter().map(|older| older.superseded_by.map(|id| id.as_u128())).collect();
        assert_eq!(newer, [None, None, Some(4), None, None]);
    }

    #[test]
    fn a_newer_one_takes_the_earliest_place_and_the_longest_wait_of_a_first_try() {
        let mut newer = ordered(9, "ministry/*", Some("births/a"));
        let older = |position, rank, next_at| Older { position, rank, next_at, last_other: None };
        newer.replace(older(4, 3, 50));
        assert_eq!((newer.position, newer.waits_since), (4, None), "a retry waits for its pause");
        newer.replace(older(6, 2, 40));
        newer.replace(older(5, 0, 30));
        newer.replace(older(7, 2, 35));
        assert_eq!((newer.position, newer.waits_since), (4, Some(30)));
    }

    #[test]
    fn a_newer_one_overtakes_nothing_that_it_does_not_replace() {
        let older = |position, last_other| Older { position, rank: 0, next_at: 30, last_other };
        let mut newer = ordered(9, "ministry/*", Some("births/a"));
        newer.replace(older(4, Some(5)));
        assert_eq!((newer.position, newer.waits_since), (9, Some(30)));
        newer.replace(older(6, Some(5)));
        assert_eq!(newer.position, 6);
        newer = Ordered { follows_others: true, ..ordered(9, "ministry/*", Some("births/a")) };
        newer.replace(older(6, None));
        assert_eq!(newer.position, 9);
    }

    #[test]
    fn a_key_that_is_cut_replaces_nothing() {
        assert_eq!(collapse("births", "7").as_deref(), Some("births/7"));
        assert_eq!(collapse("births", &"7".repeat(1_100)), None);
        assert_eq!(collapse("births", "a\0"), None);
    }
}
