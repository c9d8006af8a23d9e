//! Bodies as they come in: within bounds of size, of time, and of how much there may be of all of them.

use std::ops::Deref;
use std::time::Duration;

use axum::body::{self, Bytes, HttpBody as _};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::problem::{BODY_LIMIT, Problem};
use super::room::Room;
use super::state::Shell;

/// How long a body may take, in seconds.
const BODY_SECONDS: u64 = 120;
/// What is expected where a body is packed.
const UNPACKED: &str = "application/json or a file, without a Content-Encoding";
/// A whole body of JSON, or none; one that cannot be taken is a problem. What says nothing of what it is, or that it is
/// something that a page of another site may send without being asked first, is none. Stands behind the credential.
pub(crate) struct Body(pub(crate) Held);

/// A whole body that is a sheet, as [`Body`] is one of JSON.
pub(crate) struct Sheet(pub(crate) Held);

/// The kinds of sheets.
const SHEETS: [&str; 3] = [
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
];

/// A file that is too large to be held: piece by piece. What says nothing of what it is is none.
pub(crate) struct FileBody(pub(crate) BoxStream<'static, std::io::Result<Bytes>>);

/// What files are beside sheets.
const FILES: [&str; 4] = ["text/csv", "text/tab-separated-values", "application/json", "application/gzip"];
/// How long a file may take, in seconds.
const FILE_SECONDS: u64 = 600;

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !SHEETS.iter().chain(&FILES).any(|kind| is(&parts.headers, kind)) {
            return Err(Problem::MediaType(SHEETS[0]));
        }
        unpacked(&parts.headers)?;
        let until = Instant::now() + Duration::from_secs(FILE_SECONDS);
        let pieces = stream::unfold(body.into_data_stream(), move |mut body| async move {
            let late = |_| Some(Err(std::io::ErrorKind::TimedOut.into()));
            let next = timeout_at(until, body.next()).await;
            let next = next.map_or_else(late, |next| next.map(|piece| piece.map_err(std::io::Error::other)));
            next.map(|piece| (piece, body))
        });
        Ok(Self(pieces.boxed()))
    }
}

impl<S: Send + Sync> FromRequest<S> for Sheet
where
    Shell: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let room = Shell::from_ref(state).room;
        let (parts, body) = request.into_parts();
        if !SHEETS.iter().any(|kind| is(&parts.headers, kind)) {
            return Err(Problem::MediaType(SHEETS[0]));
        }
        read(&parts.headers, body, room, BODY_LIMIT, BODY_SECONDS).await.map(Self)
    }
}

/// Bytes, and the room that they take until they are dropped.
pub(crate) struct Held {
    bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Deref for Held {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<S: Send + Sync> FromRequest<S> for Body
where
    Shell: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let room = Shell::from_ref(state).room;
        let (parts, body) = request.into_parts();
        if !is(&parts.headers, "application/json") && !body.is_end_stream() {
            return Err(Problem::MediaType("application/json"));
        }
        read(&parts.headers, body, room, BODY_LIMIT, BODY_SECONDS).await.map(Self)
    }
}

/// Whether a body is said to be of a kind.
pub(crate) fn is(headers: &HeaderMap, kind: &str) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = said.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(kind)
}

/// Refuses what is packed on its way.
fn unpacked(headers: &HeaderMap) -> Result<(), Problem> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    match codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        true => Err(Problem::MediaType(UNPACKED)),
        false => Ok(()),
    }
}

/// The whole body. Room is taken as it comes.
async fn read(
    headers: &HeaderMap,
    body: body::Body,
    room: Room,
    limit: usize,
    seconds: u64,
) -> Result<Held, Problem> {
    unpacked(headers)?;
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(Problem::TooLarge(limit));
    }
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut stream = body.into_data_stream();
    let (mut bytes, mut held) = (Vec::new(), None::<OwnedSemaphorePermit>);
    loop {
        let next = timeout_at(until, stream.next()).await.map_err(|_| Problem::Slow)?;
        let Some(chunk) = next else { return Ok(Held { bytes, _room: held }) };
        let chunk = chunk.map_err(|_| Problem::Asked("the body ended before it was complete".to_owned()))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Problem::TooLarge(limit));
        }
        let has = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = room.more(has, bytes.len() + chunk.len()).ok_or(Problem::Full(1))?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        // As much as was announced at once, so that it is not copied while it grows.
        if bytes.is_empty() {
            bytes.reserve_exact(usize::try_from(announced).unwrap_or(limit).max(chunk.len()));
        }
        bytes.extend_from_slice(&chunk);
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::super::room::PIECE;
    use super::*;

    async fn taken(body: Body, room: &Room) -> Result<Held, Problem> {
        read(&HeaderMap::new(), body, room.clone(), 10 * PIECE, 1).await
    }

    #[tokio::test]
    async fn bodies_take_room_as_they_come_and_give_it_back() {
        let room = Room::of(12);
        let piece = |_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; PIECE]));
        let pieces = |count: usize| stream::iter((0..count).map(piece));
        let held = taken(Body::from_stream(pieces(9)), &room).await.unwrap_or_else(|_| panic!("it fits"));
        assert_eq!((held.len(), room.left()), (9 * PIECE, 3));
        assert_eq!(taken(Body::from_stream(pieces(9)), &room).await.err(), Some(Problem::Full(1)));
        assert_eq!(room.left(), 3);
        assert_eq!(taken(Body::from("x"), &room).await.map(|held| held.len()).ok(), Some(1));
        drop(held);
        assert_eq!(room.left(), 12);
        for large in [Body::from_stream(pieces(11)), Body::from(vec![b'x'; 11 * PIECE])] {
            assert_eq!(taken(large, &room).await.err(), Some(Problem::TooLarge(10 * PIECE)));
        }
        let silent = Body::from_stream(pieces(1).chain(stream::pending()));
        assert_eq!(taken(silent, &room).await.err(), Some(Problem::Slow));
        let packed = HeaderMap::from_iter([(header::CONTENT_ENCODING, "gzip".parse().unwrap())]);
        let read = read(&packed, Body::from("x"), room.clone(), 10, 1).await;
        assert_eq!(read.err(), Some(Problem::MediaType(UNPACKED)));
        assert_eq!(room.left(), 12);
    }
}
