//! Shares of something that there is little of: so many at once for each, and nobody takes all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many of something each has at present. Clones are handles to the same.
#[derive(Clone, Debug)]
pub struct Shares {
    most: usize,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// One of somebody's share; it is given back when this is dropped.
#[derive(Debug)]
pub struct Share {
    shares: Shares,
    whose: String,
}

impl Shares {
    /// Shares of so many for each.
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// Takes one; none where somebody has all of theirs.
    pub fn take(&self, whose: String) -> Option<Share> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(whose.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Share { shares: self.clone(), whose })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_a_share_is_not_given_and_others_have_theirs() {
        let shares = Shares::new(2);
        let take = |whose: &str| shares.take(whose.to_owned());
        let (first, second) = (take("one").unwrap(), take("one").unwrap());
        assert!(take("one").is_none());
        let other = take("other").unwrap();
        drop(first);
        let again = take("one").unwrap();
        assert!(take("one").is_none());
        drop((second, other, again));
        assert!(shares.taken.lock().unwrap().is_empty(), "nothing is left of who came");
    }
}
