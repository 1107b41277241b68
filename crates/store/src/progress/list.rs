//! Lists of submissions along their lifecycles, from the narrow rows alone.
//!
//! Each order has an index that a list runs along, of one form and of all; what else is asked for is looked at
//! row by row. A list of several forms runs along each and takes what comes first of all. Where a list goes on
//! is a place in the order, not a count of rows: the last page costs what the first does, and what is written
//! meanwhile moves nothing that was not changed.
//!
//! Whoever keeps a copy asks for what has changed since the last time, in any order. Along the index of another
//! order that would be looked for in all rows; so it is counted first, as far as a few, and those few are read
//! along the index of changes and sorted. SQLite is told the index. PostgreSQL, which may believe that a page of
//! an order is quickly come by, is not shown the order before it has the few.

use std::collections::BTreeSet;

use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress_list::{
    Among, DraftRule, ListPlace, NumberTest, OrderKey, Pushdown, Span,
};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::pushdown::{add_in, add_pushdown, add_span};
use crate::error::StoreError;
use crate::statement::{Conditions, Parameter, Row, as_integer, length, unreadable};
use crate::{Engine, Store};

/// A submission as lists show it: what is known without reading what happened to it, or what was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedProgress {
    /// The submission.
    pub submission: Uuid,
    /// Its form.
    pub form: String,
    /// Its number among those of its form.
    pub number: u64,
    /// The id that it has everywhere.
    pub uuid: Uuid,
    /// The id that its form's template made.
    pub natural_id: Option<String>,
    /// What people call it.
    pub display_id: String,
    /// What tells it from others in a list.
    pub digest: Option<String>,
    /// The status that it is in; `None` for a draft.
    pub status: Option<String>,
    /// Whether it is pending or done; `None` for a draft, or where its status is gone.
    pub standing: Option<StatusKind>,
    /// When it came in.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whose it is, by number.
    pub user: Option<u64>,
    /// Who filled it in for another, by number.
    pub agent: Option<u64>,
    /// How pressing it is: the level, counted from 0.
    pub criticality: u32,
    /// Where it is: latitude and longitude, to seven digits.
    pub position: Option<(f64, f64)>,
    /// Who can do something now.
    pub acting: Vec<String>,
    /// Whom it concerns.
    pub concerned: Vec<String>,
    /// When it was made anonymous.
    pub anonymised_at: Option<Timestamp>,
    /// The revision of its progress; 0 where its form has no lifecycle.
    pub revision: i64,
}

/// What [`read_listed`] reads.
pub(super) const COLUMNS: &str = "p.submission, p.form, p.number, p.uuid, p.natural_id, \
    p.display_id, p.digest, p.status, p.standing, p.received_at, p.updated_at, p.user_number, \
    p.agent_number, p.criticality, p.latitude, p.longitude, p.acting, p.concerned, p.functions, \
    p.anonymised_at, p.revision";

/// Rows that have changed in some time are a few up to this many: they are read at once and sorted.
const A_FEW: u64 = 1_000;

/// What a list runs along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Along {
    /// The order that it is asked for in.
    Order,
    /// The times of changes, of which a few rows meet what is asked; then they are sorted.
    Changes,
}

/// Forms of one list that are each run along by themselves; a list of more runs along all.
pub(super) const MOST_BRANCHES: usize = 32;

impl Store {
    /// The next rows of a list, at most so many.
    pub async fn list_progress(
        &self,
        project: &str,
        asked: &Pushdown,
        limit: usize,
    ) -> Result<Vec<ListedProgress>, StoreError> {
        if asked.nothing {
            return Ok(Vec::new());
        }
        let along = self.along(asked, || changed_sql(&self.engine, project, asked)).await?;
        let (sql, parameters) = list_sql(&self.engine, project, asked, along, limit);
        self.query(sql, parameters, read_listed).await
    }

    /// What a list runs along. `changed` counts what has changed in the time that is asked for, as far as one
    /// more than a few.
    pub(super) async fn along(
        &self,
        asked: &Pushdown,
        changed: impl FnOnce() -> (String, Vec<Parameter>),
    ) -> Result<Along, StoreError> {
        if asked.updated == Span::default() || asked.order.by == OrderKey::UpdatedAt {
            return Ok(Along::Order);
        }
        let (sql, parameters) = changed();
        let counted = self.query(sql, parameters, |row| row.integer(0)).await?;
        let changed = length(counted.first().copied().unwrap_or(0))?;
        Ok(if changed <= A_FEW { Along::Changes } else { Along::Order })
    }

    /// How many rows a list has, wherever it goes on from.
    pub async fn count_progress(&self, project: &str, asked: &Pushdown) -> Result<u64, StoreError> {
        if asked.nothing {
            return Ok(0);
        }
        let mut conditions = Conditions::default();
        conditions.add("p.project = ?", project);
        add_forms(&mut conditions, "p.form", &asked.forms);
        add_pushdown(&self.engine, &mut conditions, asked);
        let sql = format!("SELECT count(*) FROM progress p{}", conditions.sql());
        let counts = self.query(sql, conditions.parameters, |row| row.integer(0)).await?;
        length(counts.first().copied().unwrap_or(0))
    }
}

/// How many rows have changed in the time that is asked for, counted as far as one more than a few.
pub(super) fn changed_sql(
    engine: &Engine,
    project: &str,
    asked: &Pushdown,
) -> (String, Vec<Parameter>) {
    let mut conditions = Conditions::default();
    conditions.add("p.project = ?", project);
    add_forms(&mut conditions, "p.form", &asked.forms);
    add_span(&mut conditions, "p.updated_at", asked.updated);
    let is_of_one = asked.forms.len() == 1;
    let index = if is_of_one { "progress_by_form_updated" } else { "progress_by_updated" };
    counted(engine, "progress p", index, conditions)
}

/// Counts rows along an index, as far as one more than a few.
pub(super) fn counted(
    engine: &Engine,
    table: &str,
    index: &'static str,
    mut conditions: Conditions,
) -> (String, Vec<Parameter>) {
    let limit = conditions.bind(as_integer(A_FEW + 1));
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {table} {}{} LIMIT {limit}) few",
        engine.indexed_by(Some(index)),
        conditions.sql()
    );
    (sql, conditions.parameters)
}

/// A list as SQL.
pub(super) fn list_sql(
    engine: &Engine,
    project: &str,
    asked: &Pushdown,
    along: Along,
    limit: usize,
) -> (String, Vec<Parameter>) {
    let table = Listed {
        columns: COLUMNS,
        table: "progress p",
        form: "p.form",
        number: "p.number",
        key: match asked.order.by {
            OrderKey::Number => "p.number",
            OrderKey::ReceivedAt => "p.received_at",
            OrderKey::UpdatedAt => "p.updated_at",
        },
        is_unique: false,
        along,
    };
    let mut conditions = Conditions::default();
    conditions.add("p.project = ?", project);
    add_pushdown(engine, &mut conditions, asked);
    table.sql(engine, conditions, asked, &asked.forms, limit, |form| index(asked, along, form))
}

/// The index that a list runs along; `None` where it is left to it which.
fn index(asked: &Pushdown, along: Along, is_of_one_form: bool) -> Option<&'static str> {
    let is_in = |test: &NumberTest| matches!(test, NumberTest::Among(Among::In(_)));
    if !asked.identifiers.is_empty() || asked.numbers.iter().any(is_in) {
        return None;
    }
    if asked.user.is_some() {
        return Some("progress_by_user");
    }
    if along == Along::Changes {
        let of_one = is_of_one_form;
        return Some(if of_one { "progress_by_form_updated" } else { "progress_by_updated" });
    }
    let is_pending = asked.standing == Some(StatusKind::Pending) || asked.waiting_for.is_some();
    let is_draft = asked.drafts == DraftRule::Only;
    Some(match (asked.order.by, is_of_one_form) {
        (OrderKey::ReceivedAt, true) if is_pending => "progress_pending",
        (OrderKey::UpdatedAt, true) if is_draft => "progress_drafts",
        (OrderKey::ReceivedAt, true) => "progress_by_form_received",
        (OrderKey::ReceivedAt, false) => "progress_by_received",
        (OrderKey::UpdatedAt, true) => "progress_by_form_updated",
        (OrderKey::UpdatedAt, false) => "progress_by_updated",
        (OrderKey::Number, true) => "progress_by_form_number",
        (OrderKey::Number, false) => "progress_by_number",
    })
}

/// Rows that are listed, and what they call that which lists are sorted by.
pub(super) struct Listed<'l> {
    /// What [`read_listed`] reads.
    pub(super) columns: &'l str,
    pub(super) table: &'l str,
    pub(super) form: &'l str,
    pub(super) number: &'l str,
    pub(super) key: &'l str,
    /// Whether two rows of a project never have the same key.
    pub(super) is_unique: bool,
    pub(super) along: Along,
}

impl Listed<'_> {
    /// The query of a page. `index` says what it runs along, of one form or of all.
    pub(super) fn sql(
        &self,
        engine: &Engine,
        mut conditions: Conditions,
        asked: &Pushdown,
        forms: &[String],
        limit: usize,
        index: impl Fn(bool) -> Option<&'static str>,
    ) -> (String, Vec<Parameter>) {
        let limit = conditions.bind(as_integer(limit));
        let direction = if asked.order.descending { "DESC" } else { "ASC" };
        if forms.is_empty() || forms.len() > MOST_BRANCHES {
            add_forms(&mut conditions, self.form, forms);
            if let Some(place) = &asked.after {
                self.add_place(&mut conditions, asked.order.descending, place);
            }
            let order = self.order(&[self.form, self.number], direction);
            let rows = self.rows(engine, index(false), conditions.sql());
            let sql = format!("{rows} ORDER BY {order} LIMIT {limit}");
            return (sql, conditions.parameters);
        }
        let key = asked.after.as_ref().map(|place| conditions.bind(place.key));
        let order = self.order(&[self.number], direction);
        let mut branches = Vec::with_capacity(forms.len());
        for form in BTreeSet::from_iter(forms) {
            let bound = conditions.bind(form.as_str());
            let behind = asked.after.as_ref().zip(key.as_deref()).map(|(place, key)| {
                let descending = asked.order.descending;
                self.behind_in_form(&mut conditions, form, descending, (place, key))
            });
            let (meeting, behind) = (conditions.sql(), behind.unwrap_or_default());
            let meeting = format!("{meeting} AND {} = {bound} {behind}", self.form);
            let rows = self.rows(engine, index(true), &meeting);
            branches.push(format!("SELECT * FROM ({rows} ORDER BY {order} LIMIT {limit}) part"));
        }
        let mut sql = branches.join(" UNION ALL ");
        if branches.len() > 1 {
            let key = match asked.order.by {
                OrderKey::Number => 3,
                OrderKey::ReceivedAt => 10,
                OrderKey::UpdatedAt => 11,
            };
            sql = format!(
                "{sql} ORDER BY {key} {direction}, 2 {direction}, 3 {direction} LIMIT {limit}"
            );
        }
        (sql, conditions.parameters)
    }

    /// The rows that meet the conditions, in no order yet. On PostgreSQL those that changed are found behind an
    /// `OFFSET`: it does not look beyond one, and so cannot take the order for a way to find them.
    fn rows(&self, engine: &Engine, index: Option<&'static str>, conditions: &str) -> String {
        let Self { columns, table, .. } = self;
        match (engine, self.along, table.split_once(' ')) {
            (Engine::Postgres(_), Along::Changes, Some((_, name))) => {
                format!("SELECT {columns} FROM (SELECT * FROM {table}{conditions} OFFSET 0) {name}")
            }
            _ => format!("SELECT {columns} FROM {table} {}{conditions}", engine.indexed_by(index)),
        }
    }

    /// The columns of an order: the key, and what decides between rows with equal keys.
    fn order(&self, ties: &[&str], direction: &str) -> String {
        let ties = if self.is_unique { &[] } else { ties };
        let mut order = format!("{} {direction}", self.key);
        for column in ties.iter().filter(|column| **column != self.key) {
            order.extend([", ", column, " ", direction]);
        }
        order
    }

    /// Adds the condition that a row of any form comes behind a place.
    fn add_place(&self, conditions: &mut Conditions, descending: bool, place: &ListPlace) {
        let key = conditions.bind(place.key);
        let form = conditions.bind(place.form.as_str());
        let number = conditions.bind(as_integer(place.number));
        let comparison = if descending { "<" } else { ">" };
        // The first part is what an index is entered by that knows no forms or numbers.
        conditions.add_plain(&format!("{} {comparison}= {key}", self.key));
        conditions.add_plain(&format!(
            "({}, {}, {}) {comparison} ({key}, {form}, {number})",
            self.key, self.form, self.number
        ));
    }

    /// The condition that a row of this form comes behind a place, which may be one of another form.
    fn behind_in_form(
        &self,
        conditions: &mut Conditions,
        form: &str,
        descending: bool,
        (place, key): (&ListPlace, &str),
    ) -> String {
        let comparison = if descending { "<" } else { ">" };
        if form == place.form {
            let number = conditions.bind(as_integer(place.number));
            return format!("AND ({}, {}) {comparison} ({key}, {number})", self.key, self.number);
        }
        // Rows with an equal key come before or behind by their forms alone.
        let is_behind = (form > place.form.as_str()) != descending;
        let or_equal = if is_behind { "=" } else { "" };
        format!("AND {} {comparison}{or_equal} {key}", self.key)
    }
}

/// Adds the condition that a row is of one of these forms; of any, where there are none.
pub(super) fn add_forms(conditions: &mut Conditions, column: &str, forms: &[String]) {
    if !forms.is_empty() {
        add_in(conditions, column, forms.iter().map(|form| form.as_str().into()));
    }
}

pub(super) fn read_listed(row: &Row<'_>) -> Result<ListedProgress, StoreError> {
    let standing = row.optional_text(8)?;
    let standing = standing
        .map(|name| StatusKind::from_name(&name).ok_or_else(|| unreadable("standing", &name)));
    let number_at =
        |column| Ok::<_, StoreError>(row.optional_integer(column)?.map(i64::unsigned_abs));
    let position = row.optional_integer(14)?.zip(row.optional_integer(15)?);
    Ok(ListedProgress {
        submission: row.id(0)?,
        form: row.text(1)?,
        number: length(row.integer(2)?)?,
        uuid: row.id(3)?,
        natural_id: row.optional_text(4)?,
        display_id: row.text(5)?,
        digest: row.optional_text(6)?,
        status: row.optional_text(7)?,
        standing: standing.transpose()?,
        received_at: row.time(9)?,
        updated_at: row.time(10)?,
        user: number_at(11)?,
        agent: number_at(12)?,
        criticality: row.count(13)?,
        position: position.map(|(latitude, longitude)| (degrees(latitude), degrees(longitude))),
        acting: lines_of(&row.text(16)?),
        concerned: lines_of(&row.text(17)?),
        anonymised_at: row.optional_time(19)?,
        revision: row.integer(20)?,
    })
}

/// So many units have a degree.
pub(super) const UNITS: f64 = 1e7;

#[expect(clippy::cast_precision_loss, reason = "no place on earth has more digits than that")]
fn degrees(units: i64) -> f64 {
    units as f64 / UNITS
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
