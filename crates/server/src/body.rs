//! Reading a request's body within its bounds: no longer than a limit, no slower than a time, and
//! only while there is room in memory.
//!
//! The length that a client declares is believed only to refuse early; what is counted are the
//! bytes that come.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt as _;
use hyper::body::Body;

use crate::room::{NoRoom, Room, Share, most_when_undone};

/// The most that is set aside for a body before any of it is there.
const MOST_IN_ADVANCE: usize = 64 * 1024;

/// What holds for a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds<'r> {
    /// The most bytes, before and after compressions are undone.
    pub(crate) limit: usize,
    /// The longest time that it may take.
    pub(crate) timeout: Duration,
    /// The room that it is held in.
    pub(crate) room: &'r Room,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyRefusal {
    /// It is longer than this many bytes.
    TooLarge(usize),
    /// It took longer than this.
    TooSlow(Duration),
    /// So many bodies are being read that there is no room for it now.
    NoRoom,
    /// The client cut it off, or its framing makes no sense.
    Broken,
}

impl From<NoRoom> for BodyRefusal {
    fn from(NoRoom: NoRoom) -> Self {
        Self::NoRoom
    }
}

/// Reads a whole body. The room that it takes is held as long as any handle to it; what undoing
/// its compressions will take is held with it.
pub(crate) async fn read<B>(
    body: B,
    headers: &HeaderMap,
    bounds: Bounds<'_>,
) -> Result<Bytes, BodyRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let Bounds { limit, timeout, room } = bounds;
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > limit {
        return Err(BodyRefusal::TooLarge(limit));
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut share = room.share();
    share.declare(declared)?;
    let collect = collect(body, declared, limit, &mut share);
    let collected = match tokio::time::timeout(timeout, collect).await {
        Ok(collected) => collected?,
        Err(_) => return Err(BodyRefusal::TooSlow(timeout)),
    };
    let encodings: Vec<_> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let expanded = most_when_undone(&encodings.join(","), collected.len(), limit);
    share.wait_to_undo(expanded, timeout).await?;
    Ok(share.hold(collected))
}

async fn collect<B>(
    mut body: B,
    declared: usize,
    limit: usize,
    share: &mut Share<'_>,
) -> Result<Bytes, BodyRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    // A body that came in one piece, as small ones do, is taken as it is.
    let Some(first) = next_piece(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(BodyRefusal::TooLarge(limit));
    }
    share.grow(first.len())?;
    if body.is_end_stream() {
        return Ok(first);
    }
    let in_advance = declared.min(MOST_IN_ADVANCE);
    let mut whole = BytesMut::with_capacity(in_advance.max(first.len()));
    whole.extend_from_slice(&first);
    while let Some(piece) = next_piece(&mut body).await? {
        if piece.len() > limit - whole.len() {
            return Err(BodyRefusal::TooLarge(limit));
        }
        share.grow(whole.len() + piece.len())?;
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// The next bytes; trailers are skipped.
pub(crate) async fn next_piece<B>(body: &mut B) -> Result<Option<Bytes>, BodyRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = body.frame().await {
        if let Ok(bytes) = frame.map_err(|_| BodyRefusal::Broken)?.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt as _, stream};
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MOMENT: Duration = Duration::from_millis(10);

    async fn read_within(
        body: impl Body<Data = Bytes> + Unpin,
        limit: usize,
        timeout: Duration,
    ) -> Result<Bytes, BodyRefusal> {
        let room = Room::new(0, limit);
        read(body, &HeaderMap::new(), Bounds { limit, timeout, room: &room }).await
    }

    fn pieces(pieces: Vec<&'static str>) -> impl Body<Data = Bytes> + Unpin {
        let frames = pieces
            .into_iter()
            .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece.as_bytes()))));
        StreamBody::new(stream::iter(frames))
    }

    #[tokio::test]
    async fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
        assert_eq!(read_within(Full::from("1234"), 4, SECOND).await.unwrap(), "1234");
        assert_eq!(
            read_within(Full::from("12345"), 4, SECOND).await,
            Err(BodyRefusal::TooLarge(4))
        );
        assert_eq!(read_within(pieces(vec!["12", "34"]), 4, SECOND).await.unwrap(), "1234");
        assert_eq!(
            read_within(pieces(vec!["12", "34", "5"]), 4, SECOND).await,
            Err(BodyRefusal::TooLarge(4))
        );
        assert_eq!(
            read_within(pieces(vec!["12345"]), 4, SECOND).await,
            Err(BodyRefusal::TooLarge(4))
        );
        assert_eq!(read_within(pieces(vec![]), 4, SECOND).await.unwrap(), "");
        assert_eq!(read_within(pieces(vec!["", "1", ""]), 4, SECOND).await.unwrap(), "1");
    }

    #[tokio::test]
    async fn a_body_may_take_as_long_as_the_timeout_and_no_longer() {
        let never = stream::pending::<Result<Frame<Bytes>, Infallible>>();
        let begun = stream::iter([Ok(Frame::data(Bytes::from_static(b"1")))]).chain(never);
        assert_eq!(
            read_within(StreamBody::new(begun), 4, MOMENT).await,
            Err(BodyRefusal::TooSlow(MOMENT))
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = stream::iter([Ok(Frame::data(Bytes::from_static(b"1"))), Err("cut")]);
        assert_eq!(read_within(StreamBody::new(broken), 4, SECOND).await, Err(BodyRefusal::Broken));
    }

    #[tokio::test]
    async fn a_body_needs_room_for_itself_and_for_what_it_becomes() {
        const LARGE: usize = 100 * 1024;
        let room = Room::new(LARGE, LARGE);
        let bounds = Bounds { limit: LARGE, timeout: MOMENT, room: &room };
        let plain = HeaderMap::new();
        let large = || Full::from(vec![b'x'; LARGE]);
        let held = read(large(), &plain, bounds).await.unwrap();
        assert_eq!(read(large(), &plain, bounds).await, Err(BodyRefusal::NoRoom));
        let frames = vec![b'x'; LARGE];
        let frames = frames
            .chunks(1024)
            .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece))));
        let undeclared = StreamBody::new(stream::iter(frames));
        assert_eq!(read(undeclared, &plain, bounds).await, Err(BodyRefusal::NoRoom));
        let compressed = HeaderMap::from_iter([(CONTENT_ENCODING, "br".parse().unwrap())]);
        let small = || Full::from("small");
        assert_eq!(read(small(), &plain, bounds).await.unwrap(), "small");
        assert_eq!(read(small(), &compressed, bounds).await, Err(BodyRefusal::NoRoom));
        drop(held);
        assert_eq!(read(large(), &plain, bounds).await.unwrap().len(), LARGE);
        assert_eq!(read(small(), &compressed, bounds).await.unwrap(), "small");
    }
}
