//! The records that a list asks for, in its order: what the store found, sifted by the answers where only they
//! tell, with what stands before the offset left out, and no more than the limit.
//!
//! Rows go by a page at a time. Two things cannot be told from a page: an order by answers, and how many records
//! there are where the answers decide. For the first the keys of all that match are held in memory, up to
//! [`MOST_SORTED`]; for the second they are read once more. What an offset leaves out is passed, unless a page that
//! ended there is remembered, see [`places`](super::places).

use std::collections::VecDeque;

use fieldpost_engine::{Followed, FollowedForm};
use fieldpost_model::progress::Progress;
use fieldpost_model::progress_list::Pushdown;
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::list::{ListOrder, Predicate};
use fieldpost_store::StoreError;

use super::answer::Turned;
use super::places::ListKey;
use super::rows::{AT_ONCE, Listed, Rows, Sides, progress};
use super::{Asked, cases};

/// Records that are ordered by their answers at most.
pub(super) const MOST_SORTED: usize = 100_000;
/// Whole records that are held at once. Each is a tree of all its answers, and takes many times what is sent of it.
const WHOLE_AT_ONCE: usize = 50;
/// Rows that are looked at once, where an offset leaves them out.
const SKIPPED_AT_ONCE: usize = 1_000;

/// What a list asks for.
#[derive(Clone)]
pub(super) struct Wanted {
    /// What the store decides.
    pub(super) pushdown: Pushdown,
    /// What only the answers tell.
    pub(super) predicate: Predicate,
    /// The order, where the store does not know it.
    pub(super) order: ListOrder,
    /// How many rows at most.
    pub(super) limit: Option<u64>,
    /// How many are left out at the beginning.
    pub(super) offset: u64,
    /// Which records.
    pub(super) sides: Sides,
    /// Whether rows show more than the store lists.
    pub(super) is_whole: bool,
}

/// Some rows of a list.
pub(super) enum Batch {
    /// As the store lists them.
    Listed(Vec<Listed>),
    /// Whole.
    Whole(Vec<Followed>),
}

/// The records of a list, as they come.
pub(super) struct Chosen {
    rows: Rows,
    wanted: Wanted,
    /// How many may still come; `None` for all.
    left: Option<u64>,
    to_skip: u64,
    /// The rows in an order that the store does not know.
    sorted: Option<VecDeque<Listed>>,
    /// The last row that came: its form and its way.
    last: Option<(String, Progress)>,
    /// What the end of the list is remembered by, for whoever asks for the next page.
    remembered_by: Option<ListKey>,
}

impl Chosen {
    /// Begins a list. What the store cannot order is read and ordered here.
    pub(super) async fn begin(
        asked: &Asked,
        form: Option<&FollowedForm>,
        wanted: Wanted,
    ) -> Result<Self, Turned> {
        let mut pushdown = wanted.pushdown.clone();
        let (left, mut to_skip) = (wanted.limit, wanted.offset);
        let remembered_by = remembered_by(asked, &wanted).await?;
        let found = remembered_by.and_then(|list| asked.app.places.before(list, to_skip));
        if let Some((rows, place)) = found {
            to_skip -= rows;
            pushdown.after = Some(place);
        }
        let mut rows = Rows::new(asked, pushdown, wanted.sides);
        if let Some(form) = form {
            rows.knows(form);
        }
        let mut chosen =
            Self { rows, wanted, left, to_skip, sorted: None, last: None, remembered_by };
        if chosen.wanted.order != ListOrder::Native {
            chosen.sorted = Some(chosen.sort().await?);
        }
        Ok(chosen)
    }

    /// All that match, in an order of their answers.
    async fn sort(&mut self) -> Result<VecDeque<Listed>, Turned> {
        let mut keyed = Vec::new();
        loop {
            let listed = self.rows.next(AT_ONCE).await?;
            if listed.is_empty() {
                break;
            }
            for followed in self.sifted(&listed).await? {
                let (definition, record) = (&followed.form.definition, &followed.record);
                let key = self.wanted.order.key(&self.wanted.predicate, definition, record);
                let found = listed.iter().find(|it| it.row.submission == followed.submission);
                keyed.extend(key.zip(found.cloned()));
            }
            if keyed.len() > MOST_SORTED {
                return Err(too_many());
            }
        }
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(keyed.into_iter().map(|(_, listed)| listed).collect())
    }

    /// Of some rows the whole records that match.
    async fn sifted(&mut self, listed: &[Listed]) -> Result<Vec<Followed>, StoreError> {
        let mut followed = self.rows.filled(listed).await?;
        let predicate = &self.wanted.predicate;
        if !predicate.is_trivial() {
            followed.retain(|it| predicate.matches(&it.form.definition, &it.record));
        }
        Ok(followed)
    }

    /// The next rows, which may be none although more follow; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>, StoreError> {
        let is_plain = self.sorted.is_some() || self.wanted.predicate.is_trivial();
        if is_plain {
            self.skip().await?;
        }
        let most = if is_plain && !self.wanted.is_whole { AT_ONCE } else { WHOLE_AT_ONCE };
        let room = room_of(self.left).min(most);
        if room == 0 {
            return Ok(None);
        }
        // Where rows are left out for their answers, as many are looked at as at any time.
        let listed = self.take(if is_plain { room } else { most }).await?;
        if listed.is_empty() {
            return Ok(None);
        }
        if is_plain && !self.wanted.is_whole {
            self.note(listed.len(), listed.last());
            return Ok(Some(Batch::Listed(listed)));
        }
        let mut followed = if self.sorted.is_some() {
            self.rows.filled(&listed).await?
        } else {
            self.sifted(&listed).await?
        };
        if !is_plain {
            let skipped = followed.len().min(usize::try_from(self.to_skip).unwrap_or(usize::MAX));
            followed.drain(..skipped);
            self.to_skip -= skipped as u64;
            followed.truncate(room_of(self.left));
        }
        let last = followed.last().map(|it| it.submission);
        self.note(followed.len(), listed.iter().find(|it| Some(it.row.submission) == last));
        Ok(Some(Batch::Whole(followed)))
    }

    async fn take(&mut self, most: usize) -> Result<Vec<Listed>, StoreError> {
        match &mut self.sorted {
            Some(sorted) => Ok(sorted.drain(..most.min(sorted.len())).collect()),
            None => self.rows.next(most).await,
        }
    }

    /// Leaves out what stands before the offset.
    async fn skip(&mut self) -> Result<(), StoreError> {
        while self.to_skip > 0 {
            let most = usize::try_from(self.to_skip).unwrap_or(usize::MAX).min(SKIPPED_AT_ONCE);
            let skipped = self.take(most).await?.len();
            if skipped == 0 {
                break;
            }
            self.to_skip -= skipped as u64;
        }
        self.to_skip = 0;
        Ok(())
    }

    fn note(&mut self, count: usize, last: Option<&Listed>) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(count as u64);
        }
        let Some(Listed { row, .. }) = last else { return };
        self.last = Some((row.form.clone(), progress(row)));
        if let Some(list) = self.remembered_by.filter(|_| self.is_cut()) {
            let rows = self.wanted.offset.saturating_add(self.wanted.limit.unwrap_or_default());
            self.rows.ended(list, rows, row);
        }
    }

    /// The last row that came.
    pub(super) fn last(&self) -> Option<&(String, Progress)> {
        self.last.as_ref()
    }

    /// Whether the limit ended the list, so that more may follow.
    pub(super) fn is_cut(&self) -> bool {
        self.left == Some(0)
    }

    /// How many records there are in all, without limit and offset.
    pub(super) async fn count(asked: &Asked, wanted: &Wanted) -> Result<u64, Turned> {
        let mut all = wanted.clone();
        (all.limit, all.offset, all.is_whole) = (None, 0, false);
        all.pushdown.after = None;
        all.order = ListOrder::Native;
        if all.pushdown.nothing {
            return Ok(0);
        }
        let last = asked.app.hub.store().last_change(asked.project()).await?;
        let list = ListKey::of(asked, &all, last);
        if let Some(known) = asked.app.places.count(list) {
            return Ok(known);
        }
        let count = Self::count_anew(asked, all).await?;
        asked.app.places.counted(list, count);
        Ok(count)
    }

    async fn count_anew(asked: &Asked, all: Wanted) -> Result<u64, Turned> {
        if all.predicate.is_trivial() {
            let (store, project) = (asked.app.hub.store(), asked.project());
            let mut count = 0;
            if all.sides == Sides::Cases {
                if let Some(count) = cases::count(asked, &all.pushdown).await? {
                    return Ok(count);
                }
                return Self::counted(asked, all).await;
            }
            if all.sides != Sides::Recorded {
                count += store.count_progress(project, &all.pushdown).await?;
            }
            if all.sides != Sides::Tracked {
                count += store.count_recorded(project, &all.pushdown).await?;
            }
            return Ok(count);
        }
        Self::counted(asked, all).await
    }

    /// The same by reading all.
    async fn counted(asked: &Asked, all: Wanted) -> Result<u64, Turned> {
        let mut chosen = Self::begin(asked, None, all).await?;
        let mut count = 0;
        while let Some(batch) = chosen.next().await? {
            count += match batch {
                Batch::Listed(listed) => listed.len() as u64,
                Batch::Whole(followed) => followed.len() as u64,
            };
        }
        Ok(count)
    }
}

/// What the end of a page is remembered by. A list that is not cut into pages by offsets has none, nor has one in an
/// order that the store does not know.
async fn remembered_by(asked: &Asked, wanted: &Wanted) -> Result<Option<ListKey>, StoreError> {
    let is_paged = wanted.limit.is_some() && wanted.pushdown.after.is_none();
    if !is_paged || wanted.pushdown.nothing || wanted.order != ListOrder::Native {
        return Ok(None);
    }
    let last = asked.app.hub.store().last_change(asked.project()).await?;
    Ok(Some(ListKey::of(asked, wanted, last)))
}

fn room_of(left: Option<u64>) -> usize {
    left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX))
}

fn too_many() -> Turned {
    let description = format!(
        "More than {MOST_SORTED} records match: they are not ordered by answers. Filter them, or \
         order them by id, receipt_time or last_update_time."
    );
    Refusal::invalid(description).into()
}
