//! Tracking codes that were tried and are nobody's, by who tried them.
//!
//! How many may be tried is decided by [`THROTTLE`]; here is what it decides by: the times of the wrong ones, in
//! pots. People have one, by the network that they come from and all together. Each key of a project has its own: a
//! portal asks with it for everybody who types a code there, and neither may its questions use up what people may
//! try at the hub's own pages, nor may those who guess there shut the portal. A right code is never counted. All of
//! it lies in the memory of this hub: several hubs allow as many times more.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fieldpost_engine::network;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::tracking_code::{THROTTLE, Try};

/// Who tries a code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trier<'t> {
    /// Whoever calls from an address.
    Address(Option<IpAddr>),
    /// A key of a project, which is known by its signature or its password.
    Key {
        /// The project.
        project: &'t str,
        /// Its name.
        name: &'t str,
    },
}

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct WrongCodes(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// The last wrong ones of all people, the earliest first, each with its network: no more than all may try.
    people: VecDeque<(Timestamp, String)>,
    /// The last wrong ones of each key, by project and name, the earliest first: no more than a key may try. Keys
    /// are made by projects, so that nobody else can make these many.
    keys: HashMap<(String, String), VecDeque<Timestamp>>,
}

impl WrongCodes {
    /// How long somebody must wait before another code of theirs is looked at.
    pub(crate) fn must_wait(&self, trier: Trier<'_>, now: Timestamp) -> Option<Duration> {
        let mut counted = self.counted();
        counted.forget(now);
        let decided = match trier {
            Trier::Address(from) => {
                let from = from.map(network).unwrap_or_default();
                let all: Vec<Timestamp> = counted.people.iter().map(|(time, _)| *time).collect();
                let own = counted.people.iter().filter(|(_, network)| *network == from);
                let own: Vec<Timestamp> = own.map(|(time, _)| *time).collect();
                THROTTLE.decide(now, &own, &all)
            }
            Trier::Key { project, name } => {
                let own = counted.keys.get_mut(&(project.to_owned(), name.to_owned()));
                THROTTLE.decide_of_key(now, own.map_or(&[], |own| own.make_contiguous()))
            }
        };
        match decided {
            Try::Allowed => None,
            Try::Wait(wait) => Some(wait),
        }
    }

    /// Counts a wrong one.
    pub(crate) fn count(&self, trier: Trier<'_>, now: Timestamp) {
        let mut counted = self.counted();
        counted.forget(now);
        // Of more than these nobody can tell, since none is looked at before some are forgotten.
        match trier {
            Trier::Address(from) if counted.people.len() < THROTTLE.of_all => {
                let from = from.map(network).unwrap_or_default();
                counted.people.push_back((now, from));
            }
            Trier::Key { project, name } => {
                let own = counted.keys.entry((project.to_owned(), name.to_owned())).or_default();
                if own.len() < THROTTLE.of_all {
                    own.push_back(now);
                }
            }
            Trier::Address(_) => {}
        }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wrong ones of people are remembered, by network.
    #[cfg(test)]
    fn remembered(&self) -> HashMap<String, usize> {
        let mut networks = HashMap::new();
        for (_, network) in &self.counted().people {
            *networks.entry(network.clone()).or_default() += 1;
        }
        networks
    }
}

impl Counted {
    fn forget(&mut self, now: Timestamp) {
        let is_old = |time: &Timestamp| *time + THROTTLE.window <= now;
        while self.people.front().is_some_and(|(time, _)| is_old(time)) {
            self.people.pop_front();
        }
        for own in self.keys.values_mut() {
            while own.front().is_some_and(is_old) {
                own.pop_front();
            }
        }
        self.keys.retain(|_, own| !own.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    fn address(last: u8) -> Trier<'static> {
        Trier::Address(Some(IpAddr::from([192, 0, 2, last])))
    }

    const PORTAL: Trier<'static> = Trier::Key { project: "clinic", name: "portal" };

    #[test]
    fn who_tries_too_many_codes_waits_and_others_do_not() {
        let codes = WrongCodes::default();
        for number in 0..THROTTLE.of_one_address {
            assert_eq!(codes.must_wait(address(1), at(0)), None, "{number}");
            codes.count(address(1), at(0));
        }
        assert_eq!(codes.must_wait(address(1), at(0)), Some(THROTTLE.window));
        assert_eq!(codes.must_wait(address(2), at(0)), None);
        let later = at(0) + THROTTLE.window;
        assert_eq!(codes.must_wait(address(1), later), None);
        assert_eq!(codes.remembered().len(), 0, "what is older than the window is forgotten");
    }

    #[test]
    fn all_addresses_together_have_a_bound_and_so_has_what_is_remembered() {
        let codes = WrongCodes::default();
        for number in 0..THROTTLE.of_all + 10 {
            codes.count(address(u8::try_from(number % 200).unwrap()), at(0));
        }
        assert_eq!(codes.remembered().values().sum::<usize>(), THROTTLE.of_all);
        assert!(codes.must_wait(address(250), at(0)).is_some());
    }

    #[test]
    fn people_and_keys_have_pots_of_their_own() {
        let codes = WrongCodes::default();
        for _ in 0..THROTTLE.of_all {
            assert_eq!(codes.must_wait(PORTAL, at(0)), None);
            codes.count(PORTAL, at(0));
        }
        assert_eq!(codes.must_wait(PORTAL, at(0)), Some(THROTTLE.window));
        // Neither another key, nor that of another project, nor anybody waits for it.
        for other in [
            Trier::Key { project: "clinic", name: "other" },
            Trier::Key { project: "other", name: "portal" },
            address(1),
        ] {
            assert_eq!(codes.must_wait(other, at(0)), None, "{other:?}");
        }
        let later = at(0) + THROTTLE.window;
        assert_eq!(codes.must_wait(PORTAL, later), None);
        assert!(codes.counted().keys.is_empty(), "what is older than the window is forgotten");
        // And the other way.
        for number in 0..THROTTLE.of_all {
            codes.count(address(u8::try_from(number % 200).unwrap()), later);
        }
        assert!(codes.must_wait(address(250), later).is_some());
        assert_eq!(codes.must_wait(PORTAL, later), None);
    }
}
