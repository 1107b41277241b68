//! Lists of submissions that cost the same however many there are.
//!
//! A list runs along an index: all submissions, those of a form or of a user, by receipt or by their last
//! change. What else is asked for is looked at row by row, through a bounded number of rows; then the list
//! ends early and says from where to go on.
//!
//! A change takes its place in the list when it is committed, behind all that are there, and no two have the
//! same. So whoever reads what was changed first comes first, and goes on from the last, misses nothing.

use std::time::Duration;

use fieldpost_model::names;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::fields::{FieldCondition, add_field};
use crate::messages::{add_text_search, first_id_at};
use crate::statement::{Conditions, Row, as_integer, length};
use crate::submission_condition::SubmissionCondition;
use crate::text::storable_key;

/// Submissions that one list looks through for what no index tells.
pub const SUBMISSIONS_LOOKED_THROUGH: usize = 20_000;

/// By how much the time in a submission's id may differ from the time of its receipt.
const ID_TOLERANCE: Duration = Duration::from_hours(1);

names! {
    /// What a list of submissions is sorted by.
    pub enum SubmissionOrder {
        /// The one that was received last comes first.
        Newest = "newest",
        /// The one that was received first comes first.
        Oldest = "oldest",
        /// The one that was changed last comes first.
        LastChanged = "last-changed",
        /// The one that was changed first comes first: what has come or was edited since a moment.
        FirstChanged = "first-changed",
        /// By the number, the highest first; of one form only.
        HighestNumber = "highest-number",
        /// By the number, the lowest first; of one form only.
        LowestNumber = "lowest-number",
    }
}

/// Where a submission stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmissionPlace {
    /// What the list is sorted by: when the last change took its place, in microseconds, or the number; it
    /// does not count in lists by receipt.
    pub key: i64,
    /// Its id.
    pub id: Uuid,
}

/// Where a page of submissions begins, and how long it is.
#[derive(Clone, Copy, Debug)]
pub struct SubmissionPage {
    /// What it is sorted by.
    pub order: SubmissionOrder,
    /// The last one that was looked at before.
    pub after: Option<SubmissionPlace>,
    /// At most so many.
    pub limit: usize,
}

/// A page of submissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmissionsFound {
    /// In their order; there may be few or none although there are more to look at.
    pub found: Vec<StoredSubmission>,
    /// From where to go on; `None` where all was looked at.
    pub next: Option<SubmissionPlace>,
}

/// Which submissions a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmissionQuery {
    /// Of this form only.
    pub form: Option<String>,
    /// With this name, in any version.
    pub instance_id: Option<String>,
    /// Whose first version came in by this source.
    pub source: Option<String>,
    /// Filled in by the user of this id.
    pub user_id: Option<String>,
    /// Filled in by the user of this name.
    pub user: Option<String>,
    /// Filled in with this application.
    pub application: Option<String>,
    /// Of a form with this namespace.
    pub xmlns: Option<String>,
    /// That had a part in this case.
    pub case: Option<String>,
    /// With this number, or a higher one.
    pub number_from: Option<i64>,
    /// With this number, or a lower one.
    pub number_to: Option<i64>,
    /// Received at this time or later.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
    /// Whose last change took its place at this time or later.
    pub modified_since: Option<Timestamp>,
    /// Whose last change took its place before this time.
    pub modified_until: Option<Timestamp>,
    /// Only those that have a position, or only those that have none.
    pub has_position: Option<bool>,
    /// With this text in the name or the user, in upper or lower case; or with this text, of four or
    /// more hexadecimal digits, in the id.
    pub text: Option<String>,
    /// Whose newest answers meet all of these.
    pub fields: Vec<FieldCondition>,
    /// That meet this.
    pub condition: Option<SubmissionCondition>,
}

impl SubmissionQuery {
    /// The index that a list runs along; `None` is the key of the table.
    pub(crate) const fn index(&self, order: SubmissionOrder) -> Option<&'static str> {
        if self.instance_id.is_some() || self.case.is_some() {
            return None;
        }
        if order.is_by_number() {
            return Some("submissions_by_number");
        }
        if self.is_along_positions(order) {
            return Some("submissions_with_position");
        }
        match (order.is_by_change(), self.form.is_some(), self.user_id.is_some()) {
            (true, true, _) => Some("submissions_by_form_indexed"),
            (true, false, _) => Some("submissions_by_indexed"),
            (false, true, _) => Some("submissions_by_form"),
            (false, false, true) => Some("submissions_by_user"),
            (false, false, false) => None,
        }
    }

    /// Whether the list runs along the submissions of a form that have a position, and looks at no others.
    const fn is_along_positions(&self, order: SubmissionOrder) -> bool {
        matches!(self.has_position, Some(true))
            && self.form.is_some()
            && self.instance_id.is_none()
            && self.case.is_none()
            && matches!(order, SubmissionOrder::Newest | SubmissionOrder::Oldest)
    }

    /// Whether the answers decide.
    pub(crate) fn reads_answers(&self) -> bool {
        let asks = self.condition.as_ref().is_some_and(SubmissionCondition::reads_answers);
        asks || !self.fields.is_empty()
    }

    /// Whether rows are looked at that may not be meant.
    pub(crate) fn is_looked_through(&self, order: SubmissionOrder) -> bool {
        self.source.is_some()
            || self.user.is_some()
            || self.user_id.is_some()
            || self.application.is_some()
            || self.xmlns.is_some()
            || self.condition.is_some()
            || self.number_from.is_some()
            || self.number_to.is_some()
            || (self.has_position.is_some() && !self.is_along_positions(order))
            || self.text.is_some()
            || !self.fields.is_empty()
            || self.since.is_some()
            || self.until.is_some()
            || self.modified_since.is_some()
            || self.modified_until.is_some()
    }
}

/// A submission as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSubmission {
    /// Its id, UUIDv7.
    pub id: Uuid,
    /// Its form.
    pub form: String,
    /// Its number among the submissions of its form, from 1 on.
    pub number: u64,
    /// How often something was said of it; its revision.
    pub version: i64,
    /// What its sender calls it.
    pub instance_id: Option<String>,
    /// The source that the first version came in by.
    pub source: String,
    /// The message that brought the newest version.
    pub message: Uuid,
    /// When the first version was received.
    pub received_at: Timestamp,
    /// When the newest version was received.
    pub modified_at: Timestamp,
    /// When the newest version took its place in the list of changes; no other has the same.
    pub indexed_at: Timestamp,
    /// The version of the form, as the submission says.
    pub form_version: Option<String>,
    /// The application that it was filled in with.
    pub application: Option<String>,
    /// The build of the application.
    pub build: Option<String>,
    /// The name of who filled it in.
    pub user: Option<String>,
    /// The id of who filled it in.
    pub user_id: Option<String>,
    /// Where it was filled in: a geometry in GeoJSON.
    pub position: Option<String>,
    /// Whether no definition gave the answers a type.
    pub is_untyped: bool,
    /// Whether there are only files that hold the answers, encrypted.
    pub is_encrypted: bool,
}

impl StoredSubmission {
    /// Where it stands in a list of that order.
    pub fn place(&self, order: SubmissionOrder) -> SubmissionPlace {
        let key = match order {
            SubmissionOrder::Newest | SubmissionOrder::Oldest => 0,
            SubmissionOrder::LastChanged | SubmissionOrder::FirstChanged => self.indexed_at.0,
            SubmissionOrder::HighestNumber | SubmissionOrder::LowestNumber => {
                as_integer(self.number)
            }
        };
        SubmissionPlace { key, id: self.id }
    }
}

/// What answers are read with.
pub(crate) const ANSWERS: &str = "JOIN submission_versions v ON v.project = s.project AND v.submission = s.id \
     AND v.version = s.version";

/// As the index of those that have one says it: otherwise SQLite would not use it.
const WITH_POSITION: &str = "s.position IS NOT NULL";

pub(crate) const COLUMNS: &str = "s.id, s.form, s.number, s.version, s.instance_id, s.source, s.message, \
                                  s.received_at, s.modified_at, s.form_version, s.application, s.build, \
                                  s.user_name, s.user_id, s.position, s.is_untyped, s.is_encrypted, \
                                  s.indexed_at";

impl SubmissionOrder {
    const fn is_by_change(self) -> bool {
        matches!(self, Self::LastChanged | Self::FirstChanged)
    }

    pub(crate) const fn is_by_number(self) -> bool {
        matches!(self, Self::HighestNumber | Self::LowestNumber)
    }

    /// The column that the list is sorted by, before the id.
    const fn key(self) -> Option<&'static str> {
        match self {
            Self::Newest | Self::Oldest => None,
            Self::LastChanged | Self::FirstChanged => Some("s.indexed_at"),
            Self::HighestNumber | Self::LowestNumber => Some("s.number"),
        }
    }

    /// How what lies behind a place compares with it, how what lies before an end does, and the direction.
    const fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Newest | Self::LastChanged | Self::HighestNumber => ("<", ">=", "DESC"),
            Self::Oldest | Self::FirstChanged | Self::LowestNumber => (">", "<=", "ASC"),
        }
    }

    fn columns(self) -> String {
        let (_, _, direction) = self.sql();
        match self.key() {
            Some(key) => format!("{key} {direction}, s.id {direction}"),
            None => format!("s.id {direction}"),
        }
    }

    /// Adds the condition that a row compares with a place.
    fn add_place(self, conditions: &mut Conditions, comparison: &str, place: SubmissionPlace) {
        if let Some(key) = self.key() {
            let (at, id) = (conditions.bind(place.key), conditions.bind(place.id));
            conditions.add_plain(&format!("({key}, s.id) {comparison} ({at}, {id})"));
        } else {
            conditions.add(&format!("s.id {comparison} ?"), place.id);
        }
    }
}

impl Store {
    /// A page of submissions. A list by number is of one form: refused without.
    pub async fn submissions(
        &self,
        project: &str,
        query: &SubmissionQuery,
        page: SubmissionPage,
    ) -> Result<SubmissionsFound, StoreError> {
        if page.order.is_by_number() && query.form.is_none() {
            return Err(StoreError::Refused("a list by number is of one form".to_owned()));
        }
        if let Some(found) = self.submissions_by_field(project, query, page).await? {
            return Ok(found);
        }
        let end = if query.is_looked_through(page.order) {
            self.end_of_looking(project, query, page).await?
        } else {
            None
        };
        let mut conditions = along(project, query, page.order);
        self.add_submission_query(&mut conditions, project, query);
        let hint = self.engine.indexed_by(query.index(page.order));
        let sql = page_sql(&mut conditions, query, page, end, &hint);
        let mut found = self.query(sql, conditions.parameters, read_submission).await?;
        let is_full = found.len() > page.limit;
        found.truncate(page.limit);
        let last = found.last().filter(|_| is_full).map(|last| last.place(page.order));
        Ok(SubmissionsFound { next: last.or(end), found })
    }

    /// The last row that a list looks at; `None` where it comes to the end before.
    pub(crate) async fn end_of_looking(
        &self,
        project: &str,
        query: &SubmissionQuery,
        page: SubmissionPage,
    ) -> Result<Option<SubmissionPlace>, StoreError> {
        let mut conditions = along(project, query, page.order);
        let hint = self.engine.indexed_by(query.index(page.order));
        let sql = end_sql(&mut conditions, page, &hint);
        let found = self
            .query(sql, conditions.parameters, |row| {
                Ok(SubmissionPlace { key: row.integer(0)?, id: row.id(1)? })
            })
            .await?;
        Ok(found.into_iter().next())
    }

    /// Adds what is looked at row by row.
    pub(crate) fn add_submission_query(
        &self,
        conditions: &mut Conditions,
        project: &str,
        query: &SubmissionQuery,
    ) {
        for (column, wanted) in [
            ("source", &query.source),
            ("user_name", &query.user),
            ("application", &query.application),
        ] {
            if let Some(wanted) = wanted {
                conditions.add(&format!("s.{column} = ?"), wanted.as_str());
            }
        }
        if let Some(has_position) = query.has_position {
            let is = if has_position { WITH_POSITION } else { "s.position IS NULL" };
            conditions.add_plain(is);
        }
        if let Some(since) = query.since {
            conditions.add("s.received_at >= ?", since);
        }
        if let Some(until) = query.until {
            conditions.add("s.received_at < ?", until);
        }
        if let Some(since) = query.modified_since {
            conditions.add("s.indexed_at >= ?", since);
        }
        if let Some(until) = query.modified_until {
            conditions.add("s.indexed_at < ?", until);
        }
        if let Some(text) = &query.text {
            let columns = ["s.instance_id", "s.user_name", "s.user_id"];
            add_text_search(&self.engine, conditions, text, &["s.id"], &columns);
        }
        if let Some(xmlns) = &query.xmlns {
            let project = conditions.bind(project);
            conditions.add(
                &format!(
                    "s.form IN (SELECT f.name FROM forms f
                         WHERE f.project = {project} AND f.xmlns = ?)"
                ),
                storable_key(xmlns.clone()),
            );
        }
        for (comparison, number) in [(">=", query.number_from), ("<=", query.number_to)] {
            if let Some(number) = number {
                conditions.add(&format!("s.number {comparison} ?"), number);
            }
        }
        for field in &query.fields {
            add_field(&self.engine, conditions, "v.answers", field);
        }
        if let Some(condition) = &query.condition {
            let sql = condition.sql(&self.engine, conditions);
            conditions.add_plain(&sql);
        }
    }
}

/// The statement that reads a page: what is behind its beginning, up to the end of looking.
pub(crate) fn page_sql(
    conditions: &mut Conditions,
    query: &SubmissionQuery,
    page: SubmissionPage,
    end: Option<SubmissionPlace>,
    hint: &str,
) -> String {
    let (behind, before, _) = page.order.sql();
    if let Some(after) = page.after {
        page.order.add_place(conditions, behind, after);
    }
    if let Some(end) = end {
        page.order.add_place(conditions, before, end);
    }
    let limit = conditions.bind(as_integer(page.limit + 1));
    let answers = ANSWERS;
    format!(
        "SELECT {COLUMNS} FROM submissions s {hint} {}{} ORDER BY {} LIMIT {limit}",
        if query.reads_answers() { answers } else { "" },
        conditions.sql(),
        page.order.columns()
    )
}

/// The statement that finds the last row that a list looks at.
pub(crate) fn end_sql(conditions: &mut Conditions, page: SubmissionPage, hint: &str) -> String {
    place_sql(conditions, page, hint, SUBMISSIONS_LOOKED_THROUGH - 1)
}

/// The statement that finds the row behind so many others.
pub(crate) fn place_sql(
    conditions: &mut Conditions,
    page: SubmissionPage,
    hint: &str,
    skipped: usize,
) -> String {
    let (behind, _, _) = page.order.sql();
    if let Some(after) = page.after {
        page.order.add_place(conditions, behind, after);
    }
    let skipped = conditions.bind(as_integer(skipped));
    // Where the key does not count, it is not looked up in row after row: no index by id has it.
    let key = page.order.key().unwrap_or("CAST(0 AS BIGINT)");
    format!(
        "SELECT {key}, s.id FROM submissions s {hint}{} ORDER BY {} LIMIT 1 OFFSET {skipped}",
        conditions.sql(),
        page.order.columns()
    )
}

/// The conditions that an index is followed by.
pub(crate) fn along(project: &str, query: &SubmissionQuery, order: SubmissionOrder) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.add("s.project = ?", project);
    if let Some(form) = &query.form {
        conditions.add("s.form = ?", form.as_str());
    }
    if query.is_along_positions(order) {
        conditions.add_plain(WITH_POSITION);
    }
    if let Some(user) = &query.user_id {
        conditions.add("s.user_id = ?", storable_key(user.clone()));
    }
    if let Some(instance_id) = &query.instance_id {
        let project = conditions.bind(project);
        conditions.add(
            &format!(
                "s.id IN (SELECT i.submission FROM instances i
                     WHERE i.project = {project} AND i.instance_id = ?)"
            ),
            storable_key(instance_id.clone()),
        );
    }
    if let Some(case) = &query.case {
        let project = conditions.bind(project);
        conditions.add(
            &format!(
                "s.id IN (SELECT h.submission FROM case_changes h
                     WHERE h.project = {project} AND h.case_id = ?)"
            ),
            storable_key(case.clone()),
        );
    }
    if order.is_by_number() {
        for (comparison, number) in [(">=", query.number_from), ("<=", query.number_to)] {
            if let Some(number) = number {
                conditions.add(&format!("s.number {comparison} ?"), number);
            }
        }
    } else if order.is_by_change() {
        if let Some(since) = query.modified_since {
            conditions.add("s.indexed_at >= ?", since);
        }
        if let Some(until) = query.modified_until {
            conditions.add("s.indexed_at < ?", until);
        }
    } else {
        if let Some(since) = query.since {
            conditions.add("s.id >= ?", first_id_at(since - ID_TOLERANCE));
        }
        if let Some(until) = query.until {
            conditions.add("s.id < ?", first_id_at(until + ID_TOLERANCE));
        }
    }
    conditions
}

pub(crate) fn read_submission(row: &Row<'_>) -> Result<StoredSubmission, StoreError> {
    Ok(StoredSubmission {
        id: row.id(0)?,
        form: row.text(1)?,
        number: length(row.integer(2)?)?,
        version: row.integer(3)?,
        instance_id: row.optional_text(4)?,
        source: row.text(5)?,
        message: row.id(6)?,
        received_at: row.time(7)?,
        modified_at: row.time(8)?,
        form_version: row.optional_text(9)?,
        application: row.optional_text(10)?,
        build: row.optional_text(11)?,
        user: row.optional_text(12)?,
        user_id: row.optional_text(13)?,
        position: row.optional_text(14)?,
        is_untyped: row.integer(15)? != 0,
        is_encrypted: row.integer(16)? != 0,
        indexed_at: row.time(17)?,
    })
}
