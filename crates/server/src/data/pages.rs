//! Pages of lists as clients of old ask for them: by offset, though the store pages by key.
//!
//! The link to the next page carries the key of the last item beside the offset, so that who follows it
//! misses nothing while new ones come, and the last page costs what the first does. Who counts offsets alone
//! may do so up to [`MOST_OFFSET`].

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    CaseOrder, CasePage, CasePlace, CaseQuery, ListedCase, StoredSubmission, SubmissionOrder,
    SubmissionPage, SubmissionPlace, SubmissionQuery,
};

use super::Asked;
use super::query::{Query, bad, with};
use crate::problem::Problem;

/// The farthest offset that is counted to; links to next pages have no such bound.
pub(super) const MOST_OFFSET: usize = 100_000;
/// Items that are skipped at once where an index does not tell where an offset is.
const SKIPPED_AT_ONCE: usize = 1_000;
/// How long a list is looked through for what no index tells.
const LONGEST_LOOK: Duration = Duration::from_secs(20);

/// The names of the parameters that say which page it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) limit: &'static str,
    pub(super) offset: &'static str,
    /// What a limit of 0 is.
    pub(super) zero: Zero,
}

/// What a limit of 0 means to the clients of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    /// As many as there may be: so CommCare HQ reads it.
    Most,
    /// As many as without a limit: so KoboToolbox reads it.
    Usual,
}

/// The parameter that carries a key.
const CURSOR: &str = "cursor";
/// The parameters by which older clients count pages: what links carry takes their place.
pub(super) const BY_NUMBER: [&str; 2] = ["page", "page_size"];

/// The page that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    names: Names,
    pub(super) limit: usize,
    pub(super) offset: usize,
    /// The key of the last item before the page, where the link gave it.
    key: Option<String>,
}

impl Turn {
    /// Reads which page it is. A limit above `most` is `most`.
    pub(super) fn read(
        query: &mut Query,
        names: Names,
        usual: usize,
        most: usize,
    ) -> Result<Self, Problem> {
        let limit = match query.number(names.limit)? {
            Some(0) if names.zero == Zero::Most => most,
            None | Some(0) => usual,
            Some(limit) => limit.min(most),
        };
        let offset = query.number(names.offset)?.unwrap_or(0);
        if i64::try_from(offset).is_err() {
            return Err(bad(names.offset, &offset.to_string(), "there is no list as long as that"));
        }
        let key = match query.one(CURSOR)? {
            None => None,
            Some(cursor) => {
                let (at, key) = read_cursor(&cursor).ok_or_else(|| {
                    bad(CURSOR, &cursor, "give the link to the next page back as it came")
                })?;
                // Whoever changed the offset by hand means the offset.
                (at == offset).then_some(key)
            }
        };
        if key.is_none() && offset > MOST_OFFSET {
            let hint = format!(
                "offsets are counted up to {MOST_OFFSET}: follow the links to next pages, or ask for \
                 what was indexed since the last one"
            );
            return Err(bad(names.offset, &offset.to_string(), hint));
        }
        Ok(Self { names, limit, offset, key })
    }

    /// The link to another page of the same list.
    pub(super) fn link(&self, asked: &Asked<'_>, offset: usize, key: Option<&str>) -> String {
        let mut pairs = vec![
            (self.names.limit, self.limit.to_string()),
            (self.names.offset, offset.to_string()),
        ];
        pairs.extend(key.map(|key| (CURSOR, cursor(offset, key))));
        let [page, size] = BY_NUMBER;
        let replaced = [self.names.limit, self.names.offset, CURSOR, page, size];
        let query = with(asked.parts, &replaced, &pairs);
        asked.app.link(&format!("{}?{query}", asked.path()))
    }

    /// The link to the page before; none before the first.
    pub(super) fn previous(&self, asked: &Asked<'_>) -> Option<String> {
        (self.offset > 0).then(|| self.link(asked, self.offset.saturating_sub(self.limit), None))
    }
}

fn cursor(offset: usize, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{offset}:{key}"))
}

fn read_cursor(cursor: &str) -> Option<(usize, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (offset, key) = text.split_once(':')?;
    Some((offset.parse().ok()?, key.to_owned()))
}

/// A key as links carry it.
pub(super) fn submission_key(place: SubmissionPlace) -> String {
    format!("{}:{}", place.key, place.id)
}

fn read_submission_key(key: &str) -> Option<SubmissionPlace> {
    let (at, id) = key.split_once(':')?;
    Some(SubmissionPlace { key: at.parse().ok()?, id: id.parse().ok()? })
}

pub(super) fn case_key(place: &CasePlace) -> String {
    format!("{}:{}", place.indexed_at.0, place.id)
}

pub(super) fn read_case_key(key: &str) -> Option<CasePlace> {
    let (at, id) = key.split_once(':')?;
    Some(CasePlace { indexed_at: Timestamp(at.parse().ok()?), id: id.to_owned() })
}

pub(super) fn bad_cursor() -> Problem {
    bad(CURSOR, "…", "give the link to the next page back as it came")
}

/// The submissions of a page, and the place of the last where more follow.
pub(super) struct Submissions {
    pub(super) found: Vec<StoredSubmission>,
    pub(super) next: Option<SubmissionPlace>,
}

/// Reads a page of submissions: as many as are asked for, as long as there are any.
pub(super) async fn submissions(
    asked: &Asked<'_>,
    query: &SubmissionQuery,
    order: SubmissionOrder,
    turn: &Turn,
) -> Result<Submissions, Problem> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let mut looking = Looking::begin();
    let mut after = match &turn.key {
        Some(key) => Some(read_submission_key(key).ok_or_else(bad_cursor)?),
        None => store.submission_place(project, query, order, turn.offset).await?,
    };
    let mut left = if after.is_some() { 0 } else { turn.offset };
    while left > 0 {
        let page = SubmissionPage { order, after, limit: left.min(SKIPPED_AT_ONCE) };
        let found = store.submissions(project, query, page).await?;
        left -= found.found.len();
        after = found.next;
        if after.is_none() {
            return Ok(Submissions { found: Vec::new(), next: None });
        }
        looking.goes_on()?;
    }
    let mut found = Vec::new();
    loop {
        let page = SubmissionPage { order, after, limit: turn.limit - found.len() };
        let more = store.submissions(project, query, page).await?;
        found.extend(more.found);
        if more.next.is_none() || found.len() >= turn.limit {
            return Ok(Submissions { found, next: more.next });
        }
        after = more.next;
        looking.goes_on()?;
    }
}

/// The cases of a page, and the place of the last where more follow.
#[derive(Default)]
pub(super) struct Cases {
    pub(super) found: Vec<ListedCase>,
    pub(super) next: Option<CasePlace>,
}

/// Reads a page of cases, as with submissions.
pub(super) async fn cases(
    asked: &Asked<'_>,
    query: &CaseQuery,
    order: CaseOrder,
    turn: &Turn,
) -> Result<Cases, Problem> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let mut looking = Looking::begin();
    let mut after = match &turn.key {
        Some(key) => Some(read_case_key(key).ok_or_else(bad_cursor)?),
        None => store.case_place(project, query, order, turn.offset).await?,
    };
    let mut left = if after.is_some() { 0 } else { turn.offset };
    while left > 0 {
        let page = CasePage { order, after, limit: left.min(SKIPPED_AT_ONCE) };
        let found = store.list_cases(project, query, &page).await?;
        left -= found.found.len();
        after = found.next;
        if after.is_none() {
            return Ok(Cases { found: Vec::new(), next: None });
        }
        looking.goes_on()?;
    }
    cases_after(asked, query, order, after, turn.limit).await
}

/// Reads the cases behind a place.
pub(super) async fn cases_after(
    asked: &Asked<'_>,
    query: &CaseQuery,
    order: CaseOrder,
    mut after: Option<CasePlace>,
    limit: usize,
) -> Result<Cases, Problem> {
    let mut looking = Looking::begin();
    let mut found = Vec::new();
    loop {
        let page = CasePage { order, after, limit: limit - found.len() };
        let more = asked.app.hub.store().list_cases(asked.project(), query, &page).await?;
        found.extend(more.found);
        if more.next.is_none() || found.len() >= limit {
            return Ok(Cases { found, next: more.next });
        }
        after = more.next;
        looking.goes_on()?;
    }
}

/// A look through a list that must come to an end.
struct Looking(Instant);

impl Looking {
    fn begin() -> Self {
        Self(Instant::now())
    }

    fn goes_on(&mut self) -> Result<(), Problem> {
        if self.0.elapsed() < LONGEST_LOOK {
            return Ok(());
        }
        let detail = "so few of so many are meant that looking for them takes too long";
        Err(Problem::bad_request("look-too-long", detail)
            .hint("narrow it down by form, type, owner, or by time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names = Names { limit: "limit", offset: "offset", zero: Zero::Most };

    fn turn(query: &str) -> Result<Turn, Problem> {
        Turn::read(&mut Query::parse(query), NAMES, 20, 1_000)
    }

    #[test]
    fn limits_and_offsets_have_bounds() {
        for (query, expected) in [
            ("", Some((20, 0))),
            ("limit=0", Some((1_000, 0))),
            ("limit=1000", Some((1_000, 0))),
            ("limit=1001", Some((1_000, 0))),
            ("offset=100000", Some((20, MOST_OFFSET))),
            ("offset=100001", None),
            ("offset=18446744073709551615", None),
            ("offset=-1", None),
            ("limit=many", None),
            ("cursor=%21", None),
        ] {
            let read = turn(query).ok().map(|turn| (turn.limit, turn.offset));
            assert_eq!(read, expected, "{query}");
        }
        let usual = Names { zero: Zero::Usual, ..NAMES };
        let read = Turn::read(&mut Query::parse("limit=0"), usual, 20, 1_000).unwrap();
        assert_eq!(read.limit, 20);
    }

    #[test]
    fn a_key_counts_for_the_offset_that_it_was_given_with() {
        let cursor = cursor(200_000, "7:c");
        let read = turn(&format!("offset=200000&cursor={cursor}")).unwrap();
        assert_eq!(read.key.as_deref(), Some("7:c"));
        assert_eq!(turn(&format!("offset=40&cursor={cursor}")).unwrap().key, None);
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let place = CasePlace { indexed_at: Timestamp(7), id: "a:b".to_owned() };
        assert_eq!(read_case_key(&case_key(&place)), Some(place));
        let place = SubmissionPlace { key: -7, id: uuid::Uuid::from_u128(9) };
        assert_eq!(read_submission_key(&submission_key(place)), Some(place));
        for wrong in ["", "7", "x:y", "7:y"] {
            assert_eq!(read_submission_key(wrong), None, "{wrong}");
        }
    }
}
