//! Records in the order of a list, a page at a time.
//!
//! The store keeps what lists read in two places: submissions along a lifecycle, and those that are recorded and
//! that is all. Each is read in the same order; where both are meant, the two are merged as they come. What was
//! answered is read only where rows show or are chosen by it, and for one page at a time, so that a list takes as
//! much memory when it has a hundred thousand rows as when it has a hundred.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};

use fieldpost_engine::{Followed, FollowedForm};
use fieldpost_model::progress::Progress;
use fieldpost_model::progress_list::{ListPlace, OrderKey, Pushdown};
use fieldpost_model::submission::Position;
use fieldpost_store::{ListedProgress, StoreError};
use uuid::Uuid;

use super::places::ListKey;
use super::{Asked, case_records, cases};

/// Rows that are read at once.
pub(super) const AT_ONCE: usize = 200;

/// Which records a list is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sides {
    /// Those along a lifecycle.
    Tracked,
    /// Those that are recorded.
    Recorded,
    /// All.
    Both,
    /// Cases, as cards.
    Cases,
}

/// A row as the store lists it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) row: ListedProgress,
    place: PlaceOfRows,
}

/// Where rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum PlaceOfRows {
    Progress,
    Submissions,
    Cases,
}

/// Reads the rows of a list.
pub(super) struct Rows {
    asked: Asked,
    wanted: Pushdown,
    sides: Vec<Side>,
    forms: HashMap<String, Option<FollowedForm>>,
}

/// One of the places that rows come from.
struct Side {
    place: PlaceOfRows,
    waiting: VecDeque<ListedProgress>,
    after: Option<ListPlace>,
    is_done: bool,
}

impl Side {
    /// Where a row of it stands in an order.
    fn place_of(&self, row: &ListedProgress, by: OrderKey) -> ListPlace {
        let case_id = row.natural_id.clone().filter(|_| self.place == PlaceOfRows::Cases);
        ListPlace { case_id, ..place(row, by) }
    }
}

impl Rows {
    pub(super) fn new(asked: &Asked, wanted: Pushdown, sides: Sides) -> Self {
        let side = |place| Side {
            place,
            waiting: VecDeque::new(),
            after: wanted.after.clone(),
            is_done: wanted.nothing,
        };
        let sides = match sides {
            Sides::Tracked => vec![side(PlaceOfRows::Progress)],
            Sides::Recorded => vec![side(PlaceOfRows::Submissions)],
            Sides::Both => vec![side(PlaceOfRows::Progress), side(PlaceOfRows::Submissions)],
            Sides::Cases => vec![side(PlaceOfRows::Cases)],
        };
        Self { asked: asked.clone(), wanted, sides, forms: HashMap::new() }
    }

    /// Remembers a form that is known already.
    pub(super) fn knows(&mut self, form: &FollowedForm) {
        self.forms.insert(form.definition.name.clone(), Some(form.clone()));
    }

    /// The next rows, `most` of them at most; none at the end.
    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<Listed>, StoreError> {
        let mut rows = Vec::new();
        while rows.len() < most {
            for side in &mut self.sides {
                if side.waiting.is_empty() && !side.is_done {
                    let room = (most - rows.len()).clamp(1, AT_ONCE);
                    read_on(&self.asked, &self.wanted, side, room).await?;
                }
            }
            let order = self.wanted.order;
            let first = |one: &ListPlace, other: &ListPlace| {
                let found = compare(one, other);
                if order.descending { found.reverse() } else { found }
            };
            let heads = self.sides.iter_mut().filter(|side| !side.waiting.is_empty());
            let next = heads.min_by(|one, other| {
                let place =
                    |side: &Side| side.waiting.front().map(|row| side.place_of(row, order.by));
                match (place(one), place(other)) {
                    (Some(one), Some(other)) => first(&one, &other),
                    _ => Ordering::Equal,
                }
            });
            let Some(side) = next else { break };
            let place = side.place;
            rows.extend(side.waiting.pop_front().map(|row| Listed { row, place }));
        }
        Ok(rows)
    }

    /// Remembers that a page of the list ended with a row, and how many rows there are up to it.
    pub(super) fn ended(&self, list: ListKey, rows: u64, last: &ListedProgress) {
        let side = self.sides.first();
        let place = side.map(|side| side.place_of(last, self.wanted.order.by));
        if let Some(place) = place {
            self.asked.app.places.ended(list, rows, place);
        }
    }

    /// The whole records of some rows, in their order. Those that went away meanwhile are left out.
    pub(super) async fn filled(&mut self, rows: &[Listed]) -> Result<Vec<Followed>, StoreError> {
        let mut filled: HashMap<Uuid, Followed> = HashMap::with_capacity(rows.len());
        let mut by_form: HashMap<(&str, PlaceOfRows), Vec<&ListedProgress>> = HashMap::new();
        for Listed { row, place } in rows {
            by_form.entry((&row.form, *place)).or_default().push(row);
        }
        for ((form, place), rows) in by_form {
            let Some(form) = self.form(form, place).await? else { continue };
            let ids: Vec<Uuid> = rows.iter().map(|row| row.submission).collect();
            let (hub, routing) = (&self.asked.app.hub, &self.asked.admitted.routing);
            let project = &*routing.project;
            let found = match place {
                PlaceOfRows::Progress => {
                    let found = hub.store().progresses(project, &ids).await?;
                    hub.filled_all(routing, &form, found.into_values().collect()).await?
                }
                PlaceOfRows::Submissions => {
                    let found = hub.store().submissions_by_id(project, &ids).await?;
                    hub.recorded(routing, &form, &found.into_values().collect::<Vec<_>>()).await?
                }
                PlaceOfRows::Cases => {
                    let ids = rows.iter().filter_map(|row| row.natural_id.as_deref());
                    case_records::filled(&self.asked, &form, &ids.collect::<Vec<_>>()).await?
                }
            };
            filled.extend(found.into_iter().map(|followed| (followed.submission, followed)));
        }
        Ok(rows.iter().filter_map(|listed| filled.remove(&listed.row.submission)).collect())
    }

    /// The form of that name, or the kind of cases, as it is now.
    async fn form(
        &mut self,
        name: &str,
        place: PlaceOfRows,
    ) -> Result<Option<FollowedForm>, StoreError> {
        if let Some(known) = self.forms.get(name) {
            return Ok(known.clone());
        }
        let (hub, routing) = (&self.asked.app.hub, &self.asked.admitted.routing);
        let found = match place {
            PlaceOfRows::Cases => case_records::kind(&self.asked, name).await?,
            _ => hub.followed_form(routing, name).await?,
        };
        self.forms.insert(name.to_owned(), found.clone());
        Ok(found)
    }
}

async fn read_on(
    asked: &Asked,
    wanted: &Pushdown,
    side: &mut Side,
    limit: usize,
) -> Result<(), StoreError> {
    let wanted = Pushdown { after: side.after.take(), ..wanted.clone() };
    let (store, project) = (asked.app.hub.store(), asked.project());
    let (found, is_done) = match side.place {
        PlaceOfRows::Progress => {
            let found = store.list_progress(project, &wanted, limit).await?;
            let is_done = found.len() < limit;
            (found, is_done)
        }
        PlaceOfRows::Submissions => {
            let found = store.list_recorded(project, &wanted, limit).await?;
            let is_done = found.len() < limit;
            (found, is_done)
        }
        PlaceOfRows::Cases => cases::list(asked, &wanted, limit).await?,
    };
    side.is_done = is_done;
    side.after = found.last().map(|last| side.place_of(last, wanted.order.by));
    side.waiting = found.into();
    Ok(())
}

/// Where a row stands in an order.
pub(super) fn place(row: &ListedProgress, by: OrderKey) -> ListPlace {
    let key = match by {
        OrderKey::Number => i64::try_from(row.number).unwrap_or(i64::MAX),
        OrderKey::ReceivedAt => row.received_at.0,
        OrderKey::UpdatedAt => row.updated_at.0,
    };
    ListPlace { key, form: row.form.clone(), number: row.number, case_id: None }
}

fn compare(one: &ListPlace, other: &ListPlace) -> Ordering {
    let place = |it: &ListPlace| (it.key, it.form.clone().into_bytes(), it.number);
    place(one).cmp(&place(other))
}

/// What a row tells of the way of its record, for documents that show no more than a row has.
pub(super) fn progress(row: &ListedProgress) -> Progress {
    let position = row.position.map(|(latitude, longitude)| Position {
        longitude: longitude.to_string(),
        latitude: latitude.to_string(),
        altitude: None,
        accuracy: None,
    });
    Progress {
        natural_id: row.natural_id.clone(),
        display_id: row.display_id.clone(),
        status: row.status.clone(),
        updated_at: row.updated_at,
        criticality: row.criticality,
        anonymised_at: row.anonymised_at,
        geolocation: position,
        digest: row.digest.clone(),
        ..Progress::draft(row.uuid, row.number, row.received_at)
    }
}
