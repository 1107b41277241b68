//! Reading a request's body within its bounds: no longer than a limit, no slower than a time.
//!
//! The length that a client declares is believed only to refuse early; what is counted are the
//! bytes that come.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body;

/// The most that is set aside for a body before any of it is there.
const MOST_IN_ADVANCE: u64 = 64 * 1024;

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyRefusal {
    /// It is longer than this many bytes.
    TooLarge(usize),
    /// It took longer than this.
    TooSlow(Duration),
    /// The client cut it off, or its framing makes no sense.
    Broken,
}

/// Reads a whole body.
pub(crate) async fn read<B>(body: B, limit: usize, timeout: Duration) -> Result<Bytes, BodyRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let declared = body.size_hint().lower();
    if declared > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(BodyRefusal::TooLarge(limit));
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    match tokio::time::timeout(timeout, collect(body, declared, limit)).await {
        Ok(collected) => collected,
        Err(_) => Err(BodyRefusal::TooSlow(timeout)),
    }
}

async fn collect<B>(mut body: B, declared: u64, limit: usize) -> Result<Bytes, BodyRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    // A body that came in one piece, as small ones do, is taken as it is.
    let Some(first) = next_piece(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(BodyRefusal::TooLarge(limit));
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    let in_advance = usize::try_from(declared.min(MOST_IN_ADVANCE)).unwrap_or(0);
    let mut whole = BytesMut::with_capacity(in_advance.max(first.len()));
    whole.extend_from_slice(&first);
    while let Some(piece) = next_piece(&mut body).await? {
        if piece.len() > limit - whole.len() {
            return Err(BodyRefusal::TooLarge(limit));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// The next bytes; trailers are skipped.
async fn next_piece<B>(body: &mut B) -> Result<Option<Bytes>, BodyRefusal>
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

    fn pieces(pieces: Vec<&'static str>) -> impl Body<Data = Bytes> + Unpin {
        let frames = pieces
            .into_iter()
            .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece.as_bytes()))));
        StreamBody::new(stream::iter(frames))
    }

    #[tokio::test]
    async fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
        assert_eq!(read(Full::from("1234"), 4, SECOND).await.unwrap(), "1234");
        assert_eq!(read(Full::from("12345"), 4, SECOND).await, Err(BodyRefusal::TooLarge(4)));
        assert_eq!(read(pieces(vec!["12", "34"]), 4, SECOND).await.unwrap(), "1234");
        assert_eq!(
            read(pieces(vec!["12", "34", "5"]), 4, SECOND).await,
            Err(BodyRefusal::TooLarge(4))
        );
        assert_eq!(read(pieces(vec!["12345"]), 4, SECOND).await, Err(BodyRefusal::TooLarge(4)));
        assert_eq!(read(pieces(vec![]), 4, SECOND).await.unwrap(), "");
        assert_eq!(read(pieces(vec!["", "1", ""]), 4, SECOND).await.unwrap(), "1");
    }

    #[tokio::test]
    async fn a_body_may_take_as_long_as_the_timeout_and_no_longer() {
        let never = stream::pending::<Result<Frame<Bytes>, Infallible>>();
        let begun = stream::iter([Ok(Frame::data(Bytes::from_static(b"1")))]).chain(never);
        assert_eq!(
            read(StreamBody::new(begun), 4, MOMENT).await,
            Err(BodyRefusal::TooSlow(MOMENT))
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = stream::iter([Ok(Frame::data(Bytes::from_static(b"1"))), Err("cut")]);
        assert_eq!(read(StreamBody::new(broken), 4, SECOND).await, Err(BodyRefusal::Broken));
    }
}
