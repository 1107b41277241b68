//! Lists: one envelope, one way to turn pages.
//!
//! A page begins after the last item of the one before, not at a number, so that what comes in
//! meanwhile neither repeats an item nor skips one.

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldpost_model::time::Timestamp;
use fieldpost_store::Page;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::parameters::{bad, read_both};
use crate::problem::Problem;

/// Items of a page where nobody says how many.
const DEFAULT_LIMIT: usize = 50;
/// The most items of a page.
const MOST_ITEMS: usize = 500;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The items, newest first where they have a time.
    items: Vec<T>,
    /// Give this back as `cursor` to get the next page; null on the last one.
    #[schema(required)]
    next: Option<String>,
}

impl<T> List<T> {
    /// A list that is always whole.
    pub(super) fn whole(items: impl IntoIterator<Item = T>) -> Self {
        Self { items: items.into_iter().collect(), next: None }
    }

    /// A page of what was asked for by [`Wanted::page`], which is one item more than is shown.
    pub(super) fn page<M: Into<T>>(wanted: &Wanted, mut found: Vec<M>, id: fn(&M) -> Uuid) -> Self {
        let more = found.len() > wanted.limit;
        found.truncate(wanted.limit);
        let last = found.last().filter(|_| more).map(id);
        Self { items: found.into_iter().map(Into::into).collect(), next: last.map(cursor) }
    }

    /// A page that says from where to go on.
    pub(super) fn turned(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }

    /// A page of what was asked for as one item more than is shown, where the items are told apart by
    /// texts.
    pub(super) fn page_by_text<M: Into<T>>(
        limit: usize,
        mut found: Vec<M>,
        place: fn(&M) -> String,
    ) -> Self {
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more).map(place);
        let next = last.map(|place| text_cursor(&place));
        Self { items: found.into_iter().map(Into::into).collect(), next }
    }
}

/// A page of a list that is looked through, not found by an index.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SearchedList<T> {
    /// The items, newest first; there may be few or none although there are more to look at.
    items: Vec<T>,
    /// Give this back as `cursor` to go on; null where all was looked at.
    #[schema(required)]
    next: Option<String>,
    /// How far back was looked, where the content was looked for: the time of the last item that was
    /// looked at.
    #[schema(required, format = DateTime)]
    searched_until: Option<String>,
}

impl<T> SearchedList<T> {
    /// What a look has found, which came to the item of this id and time.
    pub(super) fn looked_through(
        items: impl IntoIterator<Item = T>,
        until: Option<(Uuid, Timestamp)>,
        is_more: bool,
    ) -> Self {
        Self {
            items: items.into_iter().collect(),
            next: until.filter(|_| is_more).map(|(id, _)| cursor(id)),
            searched_until: until.map(|(_, time)| time.to_string()),
        }
    }
}

impl<T> SearchedList<T> {
    /// A page that says from where to go on.
    pub(super) fn new(items: Vec<T>, next: Option<String>, until: Option<Timestamp>) -> Self {
        Self { items, next, searched_until: until.map(|time| time.to_string()) }
    }
}

impl<T> From<List<T>> for SearchedList<T> {
    fn from(list: List<T>) -> Self {
        Self { items: list.items, next: list.next, searched_until: None }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Turn {
    /// Items of a page, 1 to 500; 50 unless given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A list's query: which items, and which page of them.
pub(super) struct Listed<T> {
    pub(super) filter: T,
    pub(super) wanted: Wanted,
}

impl<T, S> FromRequestParts<S> for Listed<T>
where
    T: DeserializeOwned + IntoParams,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let (filter, Turn { limit, cursor }) = read_both(query)?;
        Ok(Self { filter, wanted: Wanted::read(limit.as_deref(), cursor.as_deref())? })
    }
}

/// The query of a list whose items are told apart by texts or numbers, not by ids of ours.
pub(super) struct ListedByText<T> {
    pub(super) filter: T,
    /// The place behind which the page begins, as [`text_cursor`] took it.
    pub(super) after: Option<String>,
    pub(super) limit: usize,
}

impl<T, S> FromRequestParts<S> for ListedByText<T>
where
    T: DeserializeOwned + IntoParams,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let (filter, Turn { limit, cursor }) = read_both(query)?;
        let after = cursor.map(|cursor| read_text_cursor(&cursor).ok_or_else(bad_cursor));
        Ok(Self { filter, after: after.transpose()?, limit: read_limit(limit.as_deref())? })
    }
}

/// The page that a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    before: Option<Uuid>,
    at: Option<Timestamp>,
    limit: usize,
}

impl Wanted {
    /// Where a page of a list begins that is sorted by time.
    pub(super) fn after_time(self) -> Option<(Timestamp, Uuid)> {
        self.at.zip(self.before)
    }

    /// Where a page of a list begins each of whose places is a time and an id.
    pub(super) fn after_place(self) -> Result<Option<(Timestamp, Uuid)>, Problem> {
        match (self.at, self.before) {
            (None, Some(_)) => Err(bad_cursor()),
            (at, before) => Ok(at.zip(before)),
        }
    }

    /// The items that are shown at most.
    pub(super) fn limit(self) -> usize {
        self.limit
    }

    /// Reads the parameters `limit` and `cursor`.
    pub(super) fn read(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = read_limit(limit)?;
        let read = cursor.map(|cursor| read_cursor(cursor).ok_or_else(bad_cursor)).transpose()?;
        let (before, at) = read.map_or((None, None), |(id, time)| (Some(id), time));
        Ok(Self { before, at, limit })
    }

    /// The same, exactly.
    pub(super) fn exactly(self) -> Page {
        Page { before: self.before, limit: self.limit }
    }

    /// The same, as the store is asked for it: one more than wanted tells whether there is more.
    pub(super) fn page(self) -> Page {
        Page { before: self.before, limit: self.limit + 1 }
    }
}

/// Reads the parameter `limit`.
pub(super) fn read_limit(limit: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = limit else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MOST_ITEMS).contains(limit));
    limit.ok_or_else(|| bad("limit", text, format!("a number from 1 to {MOST_ITEMS}")))
}

/// What leads to the page behind an item that is told from others by a text.
pub(super) fn text_cursor(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

fn read_text_cursor(cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    String::from_utf8(bytes).ok().filter(|place| !place.is_empty())
}

/// What leads to the page behind an item.
pub(super) fn cursor(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

/// What leads to the page behind an item of a list that is sorted by time.
pub(super) fn cursor_at(time: Timestamp, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode([&id.as_bytes()[..], &time.0.to_be_bytes()].concat())
}

/// Reads a cursor: the id of an item, and the time that the list is sorted by, where it is.
fn read_cursor(cursor: &str) -> Option<(Uuid, Option<Timestamp>)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (id, time) = bytes.split_first_chunk()?;
    let time = match time {
        [] => None,
        time => Some(Timestamp(i64::from_be_bytes(time.try_into().ok()?))),
    };
    Some((Uuid::from_bytes(*id), time))
}

pub(super) fn bad_cursor() -> Problem {
    Problem::bad_request("bad-cursor", "the cursor is none that this hub gave out")
        .hint("leave it out to begin anew, and give `next` back as it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_a_bound() {
        for (text, expected) in [
            (None, Some(50)),
            (Some("1"), Some(1)),
            (Some("500"), Some(500)),
            (Some("501"), None),
            (Some("0"), None),
            (Some("-1"), None),
            (Some("ten"), None),
            (Some(""), None),
        ] {
            let read = Wanted::read(text, None);
            assert_eq!(read.ok().map(|wanted| wanted.limit), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_leads_to_what_follows() {
        let page: List<String> = List::page_by_text(1, vec!["é", "f"], ToString::to_string);
        assert_eq!(page.items, ["é"]);
        assert_eq!(read_text_cursor(&page.next.unwrap()).as_deref(), Some("é"));
        let last: List<String> = List::page_by_text(2, vec!["é", "f"], ToString::to_string);
        assert_eq!((last.items.len(), last.next), (2, None));
        for cursor in ["", "not base64!", "_w"] {
            assert_eq!(read_text_cursor(cursor), None, "{cursor}");
        }
    }

    #[test]
    fn a_place_is_a_time_and_an_id() {
        let id = Uuid::from_u128(9);
        let wanted = |cursor: &str| Wanted::read(None, Some(cursor)).unwrap().after_place();
        assert_eq!(wanted(&cursor_at(Timestamp(7), id)).unwrap(), Some((Timestamp(7), id)));
        assert!(wanted(&cursor(id)).is_err(), "the cursor of another list");
        assert_eq!(Wanted::read(None, None).unwrap().after_place().unwrap(), None);
    }

    #[test]
    fn a_cursor_leads_to_what_follows() {
        let ids: Vec<Uuid> = (0..3).map(|number| Uuid::from_u128(9 - number)).collect();
        let wanted = Wanted { before: None, at: None, limit: 2 };
        assert_eq!(wanted.page().limit, 3);
        let page: List<Uuid> = List::page(&wanted, ids.clone(), |id| *id);
        assert_eq!(page.items, ids[..2]);
        let next = Wanted::read(None, page.next.as_deref()).unwrap();
        assert_eq!(next.before, Some(ids[1]));
        let last: List<Uuid> = List::page(&wanted, ids[1..].to_vec(), |id| *id);
        assert_eq!((last.items.len(), last.next), (2, None));
        for cursor in ["", "x", "AAAA", "not base64!"] {
            assert!(Wanted::read(None, Some(cursor)).is_err(), "{cursor}");
        }
    }
}
