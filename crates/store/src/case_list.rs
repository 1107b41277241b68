//! Lists of cases that cost the same however many there are.
//!
//! A list runs along an index by the time of the last change: all cases, those of a type or of an owner. What
//! else is asked for is looked at row by row, through a bounded number of rows; then the list ends early and
//! says from where to go on. As with submissions, a change takes its place when it is committed.

use fieldpost_model::case::CaseRelationship;
use fieldpost_model::names;
use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::fields::{Comparison, FieldCondition, add_field};
use crate::statement::{Conditions, Row, as_integer};
use crate::text::storable_key;

/// Cases that one list looks through for what no index tells.
pub const CASES_LOOKED_THROUGH: usize = 20_000;

names! {
    /// What a list of cases is sorted by.
    pub enum CaseOrder {
        /// The one that was changed last comes first.
        LastChanged = "last-changed",
        /// The one that was changed first comes first: what has changed since a moment.
        FirstChanged = "first-changed",
    }
}

/// Where a case stands in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasePlace {
    /// When its last change took its place.
    pub indexed_at: Timestamp,
    /// Its id.
    pub id: String,
}

/// Where a page of cases begins, and how long it is.
#[derive(Clone, Debug)]
pub struct CasePage {
    /// What it is sorted by.
    pub order: CaseOrder,
    /// The last one that was looked at before.
    pub after: Option<CasePlace>,
    /// At most so many.
    pub limit: usize,
}

/// A page of cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CasesFound {
    /// In their order; there may be few or none although there are more to look at.
    pub found: Vec<ListedCase>,
    /// From where to go on; `None` where all was looked at.
    pub next: Option<CasePlace>,
}

names! {
    /// A time of a case.
    pub enum CaseTime {
        /// When it was opened, by the clock of the phone.
        Opened = "opened",
        /// When it was closed, by the clock of the phone.
        Closed = "closed",
        /// When it was changed last, by the clock of the phone.
        Modified = "modified",
        /// When the hub received what changed it last.
        Received = "received",
        /// When its last change took its place.
        Indexed = "indexed",
    }
}

impl CaseTime {
    const fn column(self) -> &'static str {
        match self {
            Self::Opened => "opened_at",
            Self::Closed => "closed_at",
            Self::Modified => "modified_at",
            Self::Received => "server_modified_at",
            Self::Indexed => "indexed_at",
        }
    }
}

/// A condition on a time of a case; one that it does not have meets none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseTimeCondition {
    /// The time.
    pub time: CaseTime,
    /// How it compares.
    pub comparison: Comparison,
    /// With what.
    pub at: Timestamp,
}

/// Which cases a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseQuery {
    /// Of this type only.
    pub case_type: Option<String>,
    /// Of this owner only.
    pub owner: Option<String>,
    /// With this id in another system only.
    pub external_id: Option<String>,
    /// Only closed ones, or only open ones.
    pub is_closed: Option<bool>,
    /// Of this name only.
    pub name: Option<String>,
    /// Whose last change took its place at this time or later.
    pub modified_since: Option<Timestamp>,
    /// Whose last change took its place before this time.
    pub modified_until: Option<Timestamp>,
    /// That point to this case.
    pub parent: Option<String>,
    /// And do so by a tie of this name.
    pub tie: Option<String>,
    /// Changed last by this user.
    pub modified_by: Option<String>,
    /// At times of theirs that meet all of these.
    pub times: Vec<CaseTimeCondition>,
    /// With this text in the id, the name or the external id, in upper or lower case.
    pub text: Option<String>,
    /// Whose properties meet all of these: the path of each begins with the property's name.
    pub properties: Vec<FieldCondition>,
    /// Those that all forms which touched them are gone of, instead of those that are there.
    pub is_deleted: bool,
}

impl CaseQuery {
    /// The index that a list runs along; `None` is the key of the table.
    pub(crate) const fn index(&self) -> Option<&'static str> {
        if self.parent.is_some() {
            None
        } else if self.external_id.is_some() {
            Some("cases_by_external_id")
        } else if self.owner.is_some() {
            Some("cases_by_owner")
        } else if self.case_type.is_some() {
            Some("cases_by_type")
        } else {
            Some("cases_by_indexed")
        }
    }

    /// Whether rows are looked at that may not be meant.
    pub(crate) fn is_looked_through(&self) -> bool {
        self.is_closed.is_some()
            || self.name.is_some()
            || self.text.is_some()
            || self.parent.is_some()
            || self.modified_by.is_some()
            || !self.times.is_empty()
            || !self.properties.is_empty()
            || self.case_type.is_some() && self.owner.is_some()
    }
}

/// A case as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCase {
    /// Its id.
    pub id: String,
    /// What kind of thing it is.
    pub case_type: String,
    /// What people call it.
    pub name: String,
    /// Whom it belongs to.
    pub owner: String,
    /// Its id in another system.
    pub external_id: String,
    /// When it was opened, by the clock of the phone.
    pub opened_at: Option<Timestamp>,
    /// The user who opened it.
    pub opened_by: String,
    /// When it was changed last, by the clock of the phone.
    pub modified_at: Option<Timestamp>,
    /// The user who changed it last.
    pub modified_by: String,
    /// When it was closed, by the clock of the phone; `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// The user who closed it.
    pub closed_by: String,
    /// When the hub received what changed it last.
    pub server_modified_at: Timestamp,
    /// When its last change took its place in the list of changes; no other has the same.
    pub indexed_at: Timestamp,
    /// Whether all forms that touched it are gone.
    pub is_deleted: bool,
    /// Grows with every change.
    pub revision: i64,
}

impl ListedCase {
    /// Where it stands in a list.
    pub fn place(&self) -> CasePlace {
        CasePlace { indexed_at: self.indexed_at, id: self.id.clone() }
    }
}

/// A tie between two cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseTie {
    /// The case that points.
    pub case_id: String,
    /// The name of the tie.
    pub name: String,
    /// The case that it points to.
    pub target: String,
    /// The type of that case, as the form gave it.
    pub target_type: String,
    /// What the other case is to it.
    pub relationship: CaseRelationship,
}

const COLUMNS: &str = "c.id, c.case_type, c.name, c.owner, c.external_id, c.opened_at, c.opened_by, \
                       c.modified_at, c.modified_by, c.closed_at, c.closed_by, c.server_modified_at, \
                       c.is_deleted, c.revision, c.indexed_at";

impl CaseOrder {
    /// How what lies behind a place compares with it, how what lies before an end does, and the direction.
    const fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::LastChanged => ("<", ">=", "DESC"),
            Self::FirstChanged => (">", "<=", "ASC"),
        }
    }

    fn columns(self) -> String {
        let (_, _, direction) = self.sql();
        format!("c.indexed_at {direction}, c.id {direction}")
    }
}

fn add_place(conditions: &mut Conditions, comparison: &str, place: &CasePlace) {
    let at = conditions.bind(place.indexed_at);
    let id = conditions.bind(place.id.as_str());
    conditions.add_plain(&format!("(c.indexed_at, c.id) {comparison} ({at}, {id})"));
}

impl Store {
    /// A page of cases.
    pub async fn list_cases(
        &self,
        project: &str,
        query: &CaseQuery,
        page: &CasePage,
    ) -> Result<CasesFound, StoreError> {
        let end = if query.is_looked_through() {
            self.end_of_cases(project, query, page).await?
        } else {
            None
        };
        let mut conditions = along(project, query);
        self.add_case_query(&mut conditions, query);
        let hint = self.engine.indexed_by(query.index());
        let sql = page_sql(&mut conditions, query, page, end.as_ref(), &hint);
        let mut found = self.query(sql, conditions.parameters, read_case).await?;
        let is_full = found.len() > page.limit;
        found.truncate(page.limit);
        let last = found.last().filter(|_| is_full).map(ListedCase::place);
        Ok(CasesFound { next: last.or(end), found })
    }

    /// The types of the cases that are there, in their order, `most` at the most. Each costs one step along an
    /// index, however many cases it has; cases that no form has created have no type, and are left out.
    pub async fn case_types(&self, project: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let hint = self.engine.indexed_by(Some("cases_by_type"));
        let sql = format!(
            "SELECT c.case_type FROM cases c {hint}
             WHERE c.project = $1 AND c.is_deleted = 0 AND c.case_type > $2
             ORDER BY c.case_type LIMIT 1"
        );
        let mut types: Vec<String> = Vec::new();
        while types.len() < most {
            let last = types.last().map_or("", String::as_str);
            let parameters = vec![project.into(), last.into()];
            let found = self.query(sql.clone(), parameters, |row| row.text(0)).await?;
            let Some(next) = found.into_iter().next() else { break };
            types.push(next);
        }
        Ok(types)
    }

    /// The last row that a list looks at; `None` where it comes to the end before.
    pub(crate) async fn end_of_cases(
        &self,
        project: &str,
        query: &CaseQuery,
        page: &CasePage,
    ) -> Result<Option<CasePlace>, StoreError> {
        let mut conditions = along(project, query);
        let hint = self.engine.indexed_by(query.index());
        let sql = end_sql(&mut conditions, page, &hint);
        let found = self
            .query(sql, conditions.parameters, |row| {
                Ok(CasePlace { indexed_at: row.time(0)?, id: row.text(1)? })
            })
            .await?;
        Ok(found.into_iter().next())
    }

    /// Adds what is looked at row by row.
    pub(crate) fn add_case_query(&self, conditions: &mut Conditions, query: &CaseQuery) {
        match query.is_closed {
            Some(true) => conditions.add_plain("c.closed_at IS NOT NULL"),
            Some(false) => conditions.add_plain("c.closed_at IS NULL"),
            None => {}
        }
        if let Some(name) = &query.name {
            conditions.add("c.name = ?", name.as_str());
        }
        if let Some(user) = &query.modified_by {
            conditions.add("c.modified_by = ?", user.as_str());
        }
        for CaseTimeCondition { time, comparison, at } in &query.times {
            let (column, comparison) = (time.column(), comparison.sql());
            conditions.add(&format!("c.{column} {comparison} ?"), *at);
        }
        if let Some(text) = &query.text {
            conditions.add_search(text, &["c.id", "c.name", "c.external_id"]);
        }
        for property in &query.properties {
            let path = std::iter::once("properties".to_owned()).chain(property.path.clone());
            let property = FieldCondition { path: path.collect(), ..property.clone() };
            add_field(&self.engine, conditions, "s.state", &property);
        }
    }

    /// The ties of a case to others, by name.
    pub async fn ties_from(
        &self,
        project: &str,
        case_id: &str,
    ) -> Result<Vec<CaseTie>, StoreError> {
        let sql = format!(
            "SELECT {TIE} FROM case_indices WHERE project = $1 AND case_id = $2 ORDER BY name"
        );
        let parameters = vec![project.into(), storable_key(case_id.to_owned()).into()];
        self.query(sql, parameters, read_tie).await
    }

    /// The ties of others to a case, by the id of the other and the name: those behind `after`.
    pub async fn ties_to(
        &self,
        project: &str,
        case_id: &str,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<CaseTie>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        conditions.add("target = ?", storable_key(case_id.to_owned()));
        if let Some((case_id, name)) = after {
            let (case_id, name) = (conditions.bind(case_id), conditions.bind(name));
            conditions.add_plain(&format!("(case_id, name) > ({case_id}, {name})"));
        }
        let limit = conditions.bind(as_integer(limit));
        let sql = format!(
            "SELECT {TIE} FROM case_indices{} ORDER BY case_id, name LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_tie).await
    }
}

/// What properties are read with.
pub(crate) const STATE: &str = "JOIN case_states s ON s.project = c.project AND s.case_id = c.id";

const TIE: &str = "case_id, name, target, target_type, relationship";

/// The statement that reads a page: what is behind its beginning, up to the end of looking.
pub(crate) fn page_sql(
    conditions: &mut Conditions,
    query: &CaseQuery,
    page: &CasePage,
    end: Option<&CasePlace>,
    hint: &str,
) -> String {
    let (behind, before, _) = page.order.sql();
    if let Some(after) = &page.after {
        add_place(conditions, behind, after);
    }
    if let Some(end) = end {
        add_place(conditions, before, end);
    }
    let limit = conditions.bind(as_integer(page.limit + 1));
    format!(
        "SELECT {COLUMNS} FROM cases c {hint} {}{} ORDER BY {} LIMIT {limit}",
        if query.properties.is_empty() { "" } else { STATE },
        conditions.sql(),
        page.order.columns()
    )
}

/// The statement that finds the last row that a list looks at.
pub(crate) fn end_sql(conditions: &mut Conditions, page: &CasePage, hint: &str) -> String {
    place_sql(conditions, page, hint, CASES_LOOKED_THROUGH - 1)
}

/// The statement that finds the row behind so many others.
pub(crate) fn place_sql(
    conditions: &mut Conditions,
    page: &CasePage,
    hint: &str,
    skipped: usize,
) -> String {
    let (behind, _, _) = page.order.sql();
    if let Some(after) = &page.after {
        add_place(conditions, behind, after);
    }
    let skipped = conditions.bind(as_integer(skipped));
    format!(
        "SELECT c.indexed_at, c.id FROM cases c {hint}{} ORDER BY {} LIMIT 1 OFFSET {skipped}",
        conditions.sql(),
        page.order.columns()
    )
}

/// The conditions that an index is followed by.
pub(crate) fn along(project: &str, query: &CaseQuery) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.add("c.project = ?", project);
    // The few that point to a case are looked up one by one: the plus keeps the order's index away.
    let is_deleted = if query.parent.is_some() { "+c.is_deleted" } else { "c.is_deleted" };
    conditions.add(&format!("{is_deleted} = ?"), i64::from(query.is_deleted));
    if let Some(case_type) = &query.case_type {
        conditions.add("c.case_type = ?", storable_key(case_type.clone()));
    }
    if let Some(owner) = &query.owner {
        conditions.add("c.owner = ?", storable_key(owner.clone()));
    }
    if let Some(external_id) = &query.external_id {
        conditions.add("c.external_id = ?", storable_key(external_id.clone()));
        // Says what the partial index says, so that it is used.
        conditions.add_plain("c.external_id <> ''");
    }
    if let Some(parent) = &query.parent {
        let project = conditions.bind(project);
        let by = match &query.tie {
            Some(name) => format!("AND i.name = {}", conditions.bind(storable_key(name.clone()))),
            None => String::new(),
        };
        conditions.add(
            &format!(
                "c.id IN (SELECT i.case_id FROM case_indices i
                     WHERE i.project = {project} {by} AND i.target = ?)"
            ),
            storable_key(parent.clone()),
        );
    }
    if let Some(since) = query.modified_since {
        conditions.add("c.indexed_at >= ?", since);
    }
    if let Some(until) = query.modified_until {
        conditions.add("c.indexed_at < ?", until);
    }
    conditions
}

fn read_tie(row: &Row<'_>) -> Result<CaseTie, StoreError> {
    Ok(CaseTie {
        case_id: row.text(0)?,
        name: row.text(1)?,
        target: row.text(2)?,
        target_type: row.text(3)?,
        relationship: row.named(4, CaseRelationship::from_name)?,
    })
}

fn read_case(row: &Row<'_>) -> Result<ListedCase, StoreError> {
    Ok(ListedCase {
        id: row.text(0)?,
        case_type: row.text(1)?,
        name: row.text(2)?,
        owner: row.text(3)?,
        external_id: row.text(4)?,
        opened_at: row.optional_time(5)?,
        opened_by: row.text(6)?,
        modified_at: row.optional_time(7)?,
        modified_by: row.text(8)?,
        closed_at: row.optional_time(9)?,
        closed_by: row.text(10)?,
        server_modified_at: row.time(11)?,
        is_deleted: row.integer(12)? != 0,
        revision: row.integer(13)?,
        indexed_at: row.time(14)?,
    })
}
