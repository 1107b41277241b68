//! Lists of submissions whose forms have no lifecycle: as if each were recorded, and that were all.
//!
//! They have no rows beside those of submissions. Their one status is [`RECORDED`], an end; they came by the
//! web, are of nobody, and press nobody. When one last changed is its place in the feed of changes: a moment
//! of its own, in the order of commits. Submissions that have progress are left out, so that of the two
//! kinds of lists together none is missing and none is there twice, also while a form that has been given a
//! lifecycle takes over what was there.

use fieldpost_model::form_definition::RECORDED;
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::Channel;
use fieldpost_model::progress_list::{DraftRule, NumberTest, OrderKey, Pushdown};

use super::ListedProgress;
use super::list::{Along, Listed, MOST_BRANCHES, add_forms, counted, read_listed};
use super::pushdown::{add_in, add_numbers, add_span, numbers_of};
use crate::error::StoreError;
use crate::statement::{Conditions, Parameter, as_integer, length};
use crate::{Engine, Store};

impl Store {
    /// The next rows of a list of submissions without lifecycles, at most so many. Of those that are asked to
    /// lie in a rectangle, all are given that lie anywhere: whoever reads them decides.
    pub async fn list_recorded(
        &self,
        project: &str,
        asked: &Pushdown,
        limit: usize,
    ) -> Result<Vec<ListedProgress>, StoreError> {
        if !may_be_recorded(asked) {
            return Ok(Vec::new());
        }
        let mut forms = asked.forms.clone();
        if forms.is_empty() && asked.order.by == OrderKey::Number {
            // Numbers are counted form by form, and have no index over all of them.
            forms = self.some_forms(project).await?;
        }
        let along = self.along(asked, || changed_sql(&self.engine, project, asked)).await?;
        let way = Way { forms: &forms, along };
        let (sql, parameters) = recorded_sql(&self.engine, project, asked, way, limit);
        self.query(sql, parameters, read_listed).await
    }

    /// How many rows such a list has, wherever it goes on from.
    pub async fn count_recorded(&self, project: &str, asked: &Pushdown) -> Result<u64, StoreError> {
        if !may_be_recorded(asked) {
            return Ok(0);
        }
        let mut conditions = conditions(project, asked);
        conditions.add_plain(
            "NOT EXISTS (SELECT 1 FROM progress t
                 WHERE t.project = s.project AND t.submission = s.id)",
        );
        add_forms(&mut conditions, "s.form", &asked.forms);
        let sql = format!("SELECT count(*) FROM submissions s{}", conditions.sql());
        let counts = self.query(sql, conditions.parameters, |row| row.integer(0)).await?;
        length(counts.first().copied().unwrap_or(0))
    }

    /// All forms of a project, or none where there are too many.
    async fn some_forms(&self, project: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT name FROM forms WHERE project = $1 ORDER BY name LIMIT $2";
        let parameters = vec![project.into(), as_integer(MOST_BRANCHES + 1).into()];
        let forms = self.query(sql.to_owned(), parameters, |row| row.text(0)).await?;
        Ok(if forms.len() > MOST_BRANCHES { Vec::new() } else { forms })
    }
}

/// Whether a submission without a lifecycle could be meant.
fn may_be_recorded(asked: &Pushdown) -> bool {
    let is_done = asked.standing != Some(StatusKind::Pending) && asked.waiting_for.is_none();
    let recorded = RECORDED.to_owned();
    let status = asked.statuses.as_ref().is_none_or(|statuses| statuses.holds(&recorded));
    let is_of_nobody = asked.visible_to.is_none() && asked.user.is_none() && asked.agent.is_none();
    let channel = asked.channel.is_none_or(|channel| channel == Channel::default());
    let plays = asked.plays.as_ref().is_none_or(|plays| plays.by_form);
    let criticality = asked.criticality.iter().all(|test: &NumberTest| test.holds(0));
    !asked.nothing
        && asked.drafts != DraftRule::Only
        && is_done
        && status
        && is_of_nobody
        && channel
        && plays
        && criticality
        && asked.parent.is_none()
}

/// What is asked of the rows `s` of `submissions`, but for their forms, and that they have no progress.
fn conditions(project: &str, asked: &Pushdown) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.add("s.project = ?", project);
    add_span(&mut conditions, "s.received_at", asked.received);
    add_span(&mut conditions, "s.indexed_at", asked.updated);
    add_numbers(&mut conditions, "s.number", &asked.numbers);
    for names in [&asked.display_ids, &asked.identifiers] {
        if !names.is_empty() {
            let numbers = numbers_of(names).into_iter().map(as_integer).map(Parameter::from);
            add_in(&mut conditions, "s.number", numbers);
        }
    }
    if asked.within.is_some() {
        conditions.add_plain("s.position IS NOT NULL");
    }
    conditions
}

/// That a submission has no progress, so that a list looks at one after the other. As a join, PostgreSQL takes
/// it for granted that most submissions have some where there is much of it, and then reads all of both.
const WITHOUT_PROGRESS: &str = "coalesce((SELECT 1 FROM progress t
     WHERE t.project = s.project AND t.submission = s.id), 0) <> 1";

/// How many submissions have changed in the time that is asked for, counted as far as one more than a few.
fn changed_sql(engine: &Engine, project: &str, asked: &Pushdown) -> (String, Vec<Parameter>) {
    let mut conditions = Conditions::default();
    conditions.add("s.project = ?", project);
    add_forms(&mut conditions, "s.form", &asked.forms);
    add_span(&mut conditions, "s.indexed_at", asked.updated);
    let is_of_one = asked.forms.len() == 1;
    let index = if is_of_one { "submissions_by_form_indexed" } else { "submissions_by_indexed" };
    counted(engine, "submissions s", index, conditions)
}

/// The forms that a list runs along one by one, and what it runs along in each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'w> {
    pub(super) forms: &'w [String],
    pub(super) along: Along,
}

/// Such a list as SQL.
pub(super) fn recorded_sql(
    engine: &Engine,
    project: &str,
    asked: &Pushdown,
    way: Way<'_>,
    limit: usize,
) -> (String, Vec<Parameter>) {
    let Way { forms, along } = way;
    // By its bytes, as forms with lifecycles are sorted, and as the index over all has it.
    let form = match engine {
        Engine::Sqlite(_) => "s.form",
        Engine::Postgres(_) => r#"s.form COLLATE "C""#,
    };
    let is_of_some = !forms.is_empty() && forms.len() <= MOST_BRANCHES;
    let columns = format!(
        "s.id, {form} AS form, s.number, s.id AS uuid, CAST(NULL AS TEXT) AS natural_id,
         CAST(s.number AS TEXT) AS display_id, CAST(NULL AS TEXT) AS digest, '{RECORDED}' AS status,
         'done' AS standing, s.received_at, s.indexed_at, CAST(NULL AS BIGINT) AS user_number,
         CAST(NULL AS BIGINT) AS agent_number, CAST(0 AS BIGINT) AS criticality,
         CAST(NULL AS BIGINT) AS latitude, CAST(NULL AS BIGINT) AS longitude, '' AS acting,
         '' AS concerned, '' AS functions, CAST(NULL AS BIGINT) AS anonymised_at,
         CAST(0 AS BIGINT) AS revision"
    );
    let table = Listed {
        columns: &columns,
        table: "submissions s",
        form: if is_of_some { "s.form" } else { form },
        number: "s.number",
        key: match asked.order.by {
            OrderKey::Number => "s.number",
            OrderKey::ReceivedAt => "s.received_at",
            OrderKey::UpdatedAt => "s.indexed_at",
        },
        is_unique: asked.order.by == OrderKey::UpdatedAt,
        along,
    };
    let mut conditions = conditions(project, asked);
    conditions.add_plain(WITHOUT_PROGRESS);
    table.sql(engine, conditions, asked, forms, limit, |form| index(asked, along, form))
}

/// The index that such a list runs along, named for SQLite.
fn index(asked: &Pushdown, along: Along, is_of_one_form: bool) -> Option<&'static str> {
    if along == Along::Changes {
        let of_one = is_of_one_form;
        return Some(if of_one { "submissions_by_form_indexed" } else { "submissions_by_indexed" });
    }
    Some(match (asked.order.by, is_of_one_form) {
        (OrderKey::Number, true) => "submissions_by_number",
        (OrderKey::Number, false) => return None,
        (OrderKey::ReceivedAt, true) => "submissions_by_form_received",
        (OrderKey::ReceivedAt, false) => "submissions_by_received",
        (OrderKey::UpdatedAt, true) => "submissions_by_form_indexed",
        (OrderKey::UpdatedAt, false) => "submissions_by_indexed",
    })
}
