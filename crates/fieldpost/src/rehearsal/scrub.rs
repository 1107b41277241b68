//! What differs each time although nothing has changed: ids that the hub made by chance.
//!
//! Ids of the hub carry the time at which they were made, and the clock of a rehearsal stands still: so
//! they can be told from all others, and are called `<id 1>`, `<id 2>` in the order in which they appear.

use fieldpost_model::time::Timestamp;
use uuid::Uuid;

/// How many characters an id has.
const LENGTH: usize = 36;

/// The text with the ids of the hub called by their number. What the message itself holds stays.
pub(super) fn ids(text: &str, now: Timestamp, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let mut known: Vec<&str> = Vec::new();
    let mut scrubbed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let found = rest.get(..LENGTH).filter(|id| is_made_at(id, now) && !body.contains(*id));
        if let Some(id) = found {
            let place = known.iter().position(|other| *other == id).unwrap_or_else(|| {
                known.push(id);
                known.len() - 1
            });
            scrubbed.extend(["<id ", &(place + 1).to_string(), ">"]);
            rest = rest.get(LENGTH..).unwrap_or_default();
        } else {
            scrubbed.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    scrubbed
}

/// Whether a text is an id that a hub made within the second of this time.
fn is_made_at(text: &str, now: Timestamp) -> bool {
    let is_shaped = text.as_bytes().get(14) == Some(&b'7') && text.as_bytes().get(8) == Some(&b'-');
    let id = is_shaped.then(|| Uuid::try_parse(text).ok()).flatten();
    let made = id.and_then(|id| id.get_timestamp());
    made.is_some_and(|made| {
        i64::try_from(made.to_unix().0).is_ok_and(|seconds| seconds - now.unix_seconds() <= 1)
            && made.to_unix().0 >= u64::try_from(now.unix_seconds()).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_hub_are_called_by_their_number() {
        let now = Timestamp::parse("2026-01-31T12:00:00Z").unwrap();
        let milliseconds = u64::try_from(now.unix_seconds()).unwrap() * 1_000;
        let id = |after: u64, chance: u8| {
            let made =
                uuid::Builder::from_unix_timestamp_millis(milliseconds + after, &[chance; 10]);
            made.into_uuid().to_string()
        };
        let (first, second, later) = (id(0, 1), id(3, 2), id(60_000, 3));
        let text = format!("é {second} {first} {second} {later} 7");
        let expected = format!("é <id 1> <id 2> <id 1> {later} 7");
        assert_eq!(ids(&text, now, b""), expected);
        let expected = format!("é {second} <id 1> {second} {later} 7");
        assert_eq!(ids(&text, now, second.as_bytes()), expected);
    }
}
