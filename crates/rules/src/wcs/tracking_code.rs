//! Tracking codes: eight consonants by which whoever sent a record in finds it again.
//!
//! There are 20^8 of them, about 25 thousand million; so nobody finds one by trying if tries are
//! counted. Wrong tries are: those of an address, and those of all addresses together, because
//! addresses are cheap. Right ones cost nothing, so that a town hall behind one address can go on.

use std::time::Duration;

use fieldpost_model::time::Timestamp;

/// The letters of a code: no vowels, so that no code is a word, and none that is taken for another
/// when it is read out.
pub const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters a code has.
pub const LENGTH: usize = 8;

/// A code of random bytes; `None` where they were not enough. The bytes that would make some letters
/// more likely than others are left out, one in sixteen, so forty bytes are as good as always enough.
pub fn from_random(bytes: &[u8]) -> Option<String> {
    // The greatest multiple of 20 that a byte can hold.
    const FAIR: u8 = 240;
    let letters = bytes.iter().filter(|byte| **byte < FAIR);
    let letters = letters.filter_map(|byte| ALPHABET.get(usize::from(byte % 20)));
    let code: String = letters.take(LENGTH).map(|letter| char::from(*letter)).collect();
    (code.len() == LENGTH).then_some(code)
}

/// How many random bytes [`from_random`] should be given.
pub const RANDOM_BYTES: usize = 40;

/// The code that somebody typed: in capitals, without blanks and dashes. `None` for what is none.
pub fn normalised(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    let code: String = letters.map(|letter| letter.to_ascii_uppercase()).take(LENGTH + 1).collect();
    let is_code = code.len() == LENGTH && code.bytes().all(|letter| ALPHABET.contains(&letter));
    is_code.then_some(code)
}

/// How many wrong codes may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// The time in which tries are counted.
    pub window: Duration,
    /// The wrong ones that one address may try in it.
    pub of_one_address: usize,
    /// The wrong ones that all addresses together may try in it; and each key apart from them, since a portal
    /// asks with its key for all people who type their codes there.
    pub of_all: usize,
}

/// A person mistypes a few times. Whoever uses up what all addresses may try, or what one key may, for a whole
/// year, has tried less than one in a thousand of all codes.
pub const THROTTLE: Throttle =
    Throttle { window: Duration::from_mins(15), of_one_address: 20, of_all: 500 };

/// Whether a code may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// It may.
    Allowed,
    /// Not before this long.
    Wait(Duration),
}

impl Throttle {
    /// Decides about one more try with a key, from the times of the wrong ones that it tried.
    pub fn decide_of_key(&self, now: Timestamp, own: &[Timestamp]) -> Try {
        self.decide(now, &[], own)
    }

    /// Whether a code may be tried now, after wrong ones at these times: of the one address, and of
    /// all.
    pub fn decide(&self, now: Timestamp, of_address: &[Timestamp], of_all: &[Timestamp]) -> Try {
        let own = self.free_at(now, of_address, self.of_one_address);
        let all = self.free_at(now, of_all, self.of_all);
        match own.max(all) {
            Some(free_at) => Try::Wait(free_at.since(now)),
            None => Try::Allowed,
        }
    }

    /// When the next try is free; `None` for now.
    fn free_at(&self, now: Timestamp, tries: &[Timestamp], most: usize) -> Option<Timestamp> {
        let mut ends: Vec<_> = tries.iter().map(|time| *time + self.window).collect();
        ends.retain(|end| *end > now);
        if ends.len() < most {
            return None;
        }
        // As many as stand before it must have ended.
        ends.sort_unstable();
        let first = ends.len().checked_sub(most.max(1));
        first.and_then(|at| ends.get(at)).copied().or(Some(now + self.window))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_are_read_however_they_are_typed() {
        for (typed, code) in [
            ("QRFPTSLR", Some("QRFPTSLR")),
            ("qrfptslr", Some("QRFPTSLR")),
            (" QRFP-TSLR\n", Some("QRFPTSLR")),
            ("qrfp tslr", Some("QRFPTSLR")),
            ("QRFPTSL", None),
            ("QRFPTSLRR", None),
            ("QRFPTSLA", None),
            ("QRFPTSLY", None),
            ("QRFPTSL1", None),
            ("QRFPTSLé", None),
            ("", None),
        ] {
            assert_eq!(normalised(typed).as_deref(), code, "{typed:?}");
        }
    }

    #[test]
    fn codes_are_made_of_fair_bytes() {
        assert_eq!(from_random(&[0, 1, 2, 3, 4, 5, 6, 7]).as_deref(), Some("BCDFGHJK"));
        assert_eq!(
            from_random(&[240, 255, 19, 39, 20, 0, 1, 21, 239, 59]).as_deref(),
            Some("ZZBBCCZZ")
        );
        assert_eq!(from_random(&[250; RANDOM_BYTES]), None);
        assert_eq!(from_random(&[1; 7]), None);
        // Every letter is as likely as every other.
        let mut counts = [0; 20];
        for byte in 0..240_u8 {
            let code = from_random(&[byte; LENGTH]).unwrap();
            let place = ALPHABET.iter().position(|letter| *letter == code.as_bytes()[0]).unwrap();
            counts[place] += 1;
        }
        assert_eq!(counts, [12; 20]);
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    const SMALL: Throttle =
        Throttle { window: Duration::from_secs(100), of_one_address: 2, of_all: 4 };

    #[test]
    fn who_tries_too_often_waits() {
        let wait = |seconds| Try::Wait(Duration::from_secs(seconds));
        for (own, all, expected) in [
            (&[][..], &[][..], Try::Allowed),
            (&[990], &[990], Try::Allowed),
            (&[990, 950], &[990, 950], wait(50)),
            // What is older than the window counts for nothing.
            (&[990, 900], &[990, 900], Try::Allowed),
            (&[990, 901], &[990, 901], wait(1)),
            // Others have used up what all may do together.
            (&[], &[930, 940, 950, 960], wait(30)),
            (&[990, 950], &[930, 940, 950, 990], wait(50)),
            (&[], &[930, 940, 950, 960, 970], wait(40)),
        ] {
            let own: Vec<_> = own.iter().copied().map(at).collect();
            let all: Vec<_> = all.iter().copied().map(at).collect();
            assert_eq!(SMALL.decide(at(1_000), &own, &all), expected, "{own:?} {all:?}");
        }
        let none = Throttle { of_one_address: 0, ..SMALL };
        assert_eq!(none.decide(at(0), &[], &[]), wait(100));
    }

    proptest! {
        #[test]
        fn codes_that_are_made_can_be_read(bytes in prop::collection::vec(any::<u8>(), 40)) {
            if let Some(code) = from_random(&bytes) {
                let lower = code.to_lowercase();
                prop_assert_eq!(normalised(&lower), Some(code));
            }
        }

        /// Whoever waits as long as was said is let in.
        #[test]
        fn waiting_helps(tries in prop::collection::vec(0..1_000_i64, 0..10)) {
            let tries: Vec<_> = tries.into_iter().map(at).collect();
            if let Try::Wait(wait) = SMALL.decide(at(1_000), &tries, &tries) {
                prop_assert!(wait <= SMALL.window);
                prop_assert_eq!(SMALL.decide(at(1_000) + wait, &tries, &tries), Try::Allowed);
            }
        }
    }
}
