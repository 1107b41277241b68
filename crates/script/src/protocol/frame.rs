//! Frames: a length and so many bytes.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many bytes say how long a frame is.
pub const LENGTH_BYTES: usize = 4;

/// A message as a frame.
pub fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; LENGTH_BYTES];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - LENGTH_BYTES)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a message of 4 GiB or more"))?;
    let (head, _) = frame.split_at_mut(LENGTH_BYTES);
    head.copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// A message from the bytes of a frame.
pub fn decode<M: DeserializeOwned>(bytes: &[u8]) -> io::Result<M> {
    Ok(serde_json::from_slice(bytes)?)
}

/// Writes a message, so that it is on its way when this returns.
pub fn write(writer: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    writer.write_all(&encode(message)?)?;
    writer.flush()
}

/// Reads a message of at most so many bytes. `None` is the end, between two frames.
pub fn read<M: DeserializeOwned>(reader: &mut impl Read, limit: usize) -> io::Result<Option<M>> {
    let mut length = [0; LENGTH_BYTES];
    let mut filled = 0;
    while let Some(rest) = length.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > limit {
        let error = format!("a message of {length} bytes, where {limit} are the most");
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    decode(&bytes).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{FromWorker, Level, LogLine};

    fn line(message: &str) -> FromWorker {
        FromWorker::Log(LogLine {
            level: Level::Info,
            source: "JOB".to_owned(),
            message: message.to_owned(),
        })
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        let mut bytes = encode(&line("one\ntwo")).unwrap();
        bytes.extend(encode(&FromWorker::Ready { version: 7 }).unwrap());
        let mut reader = bytes.as_slice();
        match read(&mut reader, 1_000).unwrap() {
            Some(FromWorker::Log(line)) => assert_eq!(line.message, "one\ntwo"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(read(&mut reader, 1_000), Ok(Some(FromWorker::Ready { version: 7 }))));
        assert!(matches!(read::<FromWorker>(&mut reader, 1_000), Ok(None)));
    }

    #[test]
    fn a_frame_one_byte_past_the_bound_is_refused_unread() {
        let bytes = encode(&line("x")).unwrap();
        let length = bytes.len() - LENGTH_BYTES;
        assert!(read::<FromWorker>(&mut bytes.as_slice(), length).unwrap().is_some());
        let mut reader = bytes.as_slice();
        let error = read::<FromWorker>(&mut reader, length - 1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(reader.len(), length, "nothing of the message was read");
    }

    #[test]
    fn an_end_inside_a_frame_is_an_error() {
        let bytes = encode(&line("x")).unwrap();
        for cut in 1..bytes.len() {
            let error = read::<FromWorker>(&mut bytes.split_at(cut).0, 1_000).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "cut at {cut}");
        }
    }
}
