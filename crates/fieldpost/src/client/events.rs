//! Reading server-sent events: lines `name: value`, and an empty line after each event.

use std::time::Duration;

use fieldpost_model::json::Value;

use super::{Json, broken_off};
use crate::failure::Failure;

/// The hub gives a sign of life every 15 seconds; after so long it is gone.
const SILENCE: Duration = Duration::from_mins(1);
/// The longest event that is read. Those of a hub have some hundred bytes.
const LONGEST_EVENT: usize = 64 * 1_024;

/// What happened.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    /// Its kind: `message`, `delivery`, `incident` or `lagged`.
    pub(crate) name: String,
    /// What there is to know about it.
    pub(crate) data: Json,
}

/// The events of a stream.
pub(crate) struct Events {
    answer: reqwest::Response,
    reader: Reader,
}

impl Events {
    pub(super) fn new(answer: reqwest::Response) -> Self {
        Self { answer, reader: Reader::default() }
    }

    /// Waits for the next event; `None` once the hub stops.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Failure> {
        loop {
            if let Some(event) = self.reader.next()? {
                return Ok(Some(event));
            }
            let chunk = tokio::time::timeout(SILENCE, self.answer.chunk()).await.map_err(|_| {
                Failure::new(format!("the hub was silent for {} s", SILENCE.as_secs()))
            })?;
            match chunk.map_err(|error| broken_off(&error))? {
                Some(bytes) => self.reader.unread.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
    }
}

/// Finds events in bytes that come in pieces.
#[derive(Default)]
struct Reader {
    unread: Vec<u8>,
}

impl Reader {
    /// The next whole event. Signs of life have no data, and are passed over.
    fn next(&mut self) -> Result<Option<Event>, Failure> {
        while let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
            let lines: Vec<u8> = self.unread.drain(..end + 2).collect();
            if let Some(event) = event(&lines)? {
                return Ok(Some(event));
            }
        }
        if self.unread.len() > LONGEST_EVENT {
            return Err(no_event());
        }
        Ok(None)
    }
}

fn event(lines: &[u8]) -> Result<Option<Event>, Failure> {
    let text = std::str::from_utf8(lines).map_err(|_| no_event())?;
    let (mut name, mut data) = ("message", None);
    for line in text.lines() {
        match line.split_once(':') {
            Some(("event", value)) => name = value.trim_start(),
            Some(("data", value)) => data = Some(value.trim_start()),
            // Comments begin with the colon; other fields are for browsers.
            _ => {}
        }
    }
    let Some(data) = data else { return Ok(None) };
    let data = Value::parse(data.as_bytes()).map_err(|_| no_event())?.into_owned();
    Ok(Some(Event { name: name.to_owned(), data }))
}

fn no_event() -> Failure {
    Failure::new("what the hub tells is no event")
        .hint("is there a Fieldpost hub at this address, and of the same version?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut reader = Reader::default();
        let mut found = Vec::new();
        for piece in pieces {
            reader.unread.extend_from_slice(piece);
            while let Some(event) = reader.next().unwrap() {
                found.push(format!("{} {}", event.name, event.data.to_json()));
            }
        }
        found
    }

    #[test]
    fn events_are_found_wherever_the_pieces_end() {
        let stream =
            "event: message\ndata: {\"id\":\"ä\"}\n\n:\n\nevent: lagged\ndata: {\"missed\":3}\n\n";
        let expected = ["message {\"id\":\"ä\"}", "lagged {\"missed\":3}"];
        for end in 0..=stream.len() {
            let (left, right) = stream.as_bytes().split_at(end);
            assert_eq!(read(&[left, right]), expected, "{end}");
        }
        assert!(read(&[b"event: message\ndata: {}\n"]).is_empty());
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let refused = |bytes: Vec<u8>| Reader { unread: bytes }.next().is_err();
        assert!(refused(b"data: {\n\n".to_vec()));
        assert!(refused(b"data: \xff\n\n".to_vec()));
        assert!(!refused(vec![b'x'; LONGEST_EVENT]));
        assert!(refused(vec![b'x'; LONGEST_EVENT + 1]));
    }
}
