//! Tracking codes that were tried and are nobody's, by where they came from.
//!
//! How many may be tried is decided by [`THROTTLE`]; here is what it decides by: the times of the
//! wrong ones, of each network and of all together. A right code is never counted. All of it lies in the memory of
//! this hub: several hubs allow as many times more.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fieldpost_engine::network;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::tracking_code::{THROTTLE, Try};

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct WrongCodes(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// The last wrong ones of all, the earliest first: no more than all may try.
    all: VecDeque<(Timestamp, String)>,
}

impl WrongCodes {
    /// How long whoever calls from an address must wait before another code is looked at.
    pub(crate) fn must_wait(&self, from: Option<IpAddr>, now: Timestamp) -> Option<Duration> {
        let from = from.map(network).unwrap_or_default();
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.forget(now);
        let all: Vec<Timestamp> = counted.all.iter().map(|(time, _)| *time).collect();
        let own = counted.all.iter().filter(|(_, network)| *network == from);
        let own: Vec<Timestamp> = own.map(|(time, _)| *time).collect();
        match THROTTLE.decide(now, &own, &all) {
            Try::Allowed => None,
            Try::Wait(wait) => Some(wait),
        }
    }

    /// Counts a wrong one.
    pub(crate) fn count(&self, from: Option<IpAddr>, now: Timestamp) {
        let from = from.map(network).unwrap_or_default();
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.forget(now);
        // Of more than these nobody can tell, since none is looked at before some are forgotten.
        if counted.all.len() < THROTTLE.of_all {
            counted.all.push_back((now, from));
        }
    }

    /// How many wrong ones are remembered, by network.
    #[cfg(test)]
    fn remembered(&self) -> std::collections::HashMap<String, usize> {
        let mut networks = std::collections::HashMap::new();
        for (_, network) in &self.0.lock().unwrap().all {
            *networks.entry(network.clone()).or_default() += 1;
        }
        networks
    }
}

impl Counted {
    fn forget(&mut self, now: Timestamp) {
        while self.all.front().is_some_and(|(time, _)| *time + THROTTLE.window <= now) {
            self.all.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn who_tries_too_many_codes_waits_and_others_do_not() {
        let codes = WrongCodes::default();
        for number in 0..THROTTLE.of_one_address {
            assert_eq!(codes.must_wait(Some(address(1)), at(0)), None, "{number}");
            codes.count(Some(address(1)), at(0));
        }
        assert_eq!(codes.must_wait(Some(address(1)), at(0)), Some(THROTTLE.window));
        assert_eq!(codes.must_wait(Some(address(2)), at(0)), None);
        let later = at(0) + THROTTLE.window;
        assert_eq!(codes.must_wait(Some(address(1)), later), None);
        assert_eq!(codes.remembered().len(), 0, "what is older than the window is forgotten");
    }

    #[test]
    fn all_addresses_together_have_a_bound_and_so_has_what_is_remembered() {
        let codes = WrongCodes::default();
        for number in 0..THROTTLE.of_all + 10 {
            codes.count(Some(address(u8::try_from(number % 200).unwrap())), at(0));
        }
        assert_eq!(codes.remembered().values().sum::<usize>(), THROTTLE.of_all);
        assert!(codes.must_wait(Some(address(250)), at(0)).is_some());
    }
}
