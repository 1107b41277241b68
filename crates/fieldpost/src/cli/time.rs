//! Points in time on the command line: a date, or how long ago.

use std::str::FromStr;

use fieldpost_model::duration;
use fieldpost_model::time::Timestamp;
use fieldpost_store::clock;

/// A point in time: `2026-01-31T12:00:00Z`, or `2h` for two hours ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(Timestamp);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text, (clock::system())()).ok_or_else(|| {
            format!(
                "{text:?} is not a time: write 2026-01-31T12:00:00Z, 2026-01-31, or 2h for two hours ago"
            )
        })
    }
}

impl Moment {
    fn read(text: &str, now: Timestamp) -> Option<Self> {
        let date = || Timestamp::parse(&format!("{text}T00:00:00Z"));
        let ago = || duration::parse(text).map(|duration| now - duration);
        Timestamp::parse(text).or_else(date).or_else(ago).map(Self)
    }

    /// The time as the API wants it.
    pub(super) fn for_query(self) -> String {
        self.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_or_how_long_ago() {
        let now = Timestamp::parse("2026-02-01T02:00:00Z").unwrap();
        for (text, expected) in [
            ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00.000000Z"),
            ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
            ("3h", "2026-01-31T23:00:00.000000Z"),
        ] {
            let moment = Moment::read(text, now).map(Moment::for_query);
            assert_eq!(moment.as_deref(), Some(expected), "{text}");
        }
        for text in ["yesterday", "3", "2026-13-01", ""] {
            assert_eq!(Moment::read(text, now), None, "{text}");
        }
    }
}
