//! Indexed fields: paths of a form's answers by which lists are quick, however many submissions there are.
//!
//! A form names some paths. What stands there in the newest answers is written beside each filing, in its
//! transaction; for what was there before the path was named it is written in small steps, and until that is
//! done lists go on as without an index. A number is kept as a text that is sorted as numbers are, whatever
//! their size: nothing is rounded.
//!
//! A condition that few submissions meet picks them by the index, and they are sorted. One that many meet, and
//! that says what the field is, is walked along the index, which has them in the order of their receipt.

use fieldpost_model::json::Value;
use fieldpost_model::json::number::{canonical, is_number};
use uuid::Uuid;

use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::fields::{FieldCondition, FieldOperator};
use crate::filing::keys::{lock_statement, submission_lock};
use crate::statement::{Batch, Conditions, Parameter, as_integer, unreadable};
use crate::submission_list::{
    StoredSubmission, SubmissionOrder, SubmissionPage, SubmissionPlace, SubmissionQuery,
    SubmissionsFound, along, page_sql, read_submission,
};
use crate::text::storable_key;
use crate::{Engine, Store};

/// The paths that a form can have indexed: each costs a row with every submission.
pub const MOST_INDEXED_FIELDS: usize = 8;

/// Submissions that are picked and sorted at once. Where more meet a condition, others ways are taken.
const MOST_PICKED: usize = 1_000;
/// The longest text that is looked for by the index, in bytes: longer ones may be cut there.
const MOST_TEXT: usize = 1_000;
/// The power of ten of a number is written with so many digits; beyond, numbers are as the greatest.
const POWERS: i64 = 49_999;

/// The text of the conflict that a change of the paths runs into which another one has overtaken.
const CHANGED: &str =
    "the indexed fields have changed meanwhile, or a path is still being taken away";

/// The names that lead to a field.
pub type FieldPath = Vec<String>;

/// A path that is named, and whether lists go by it already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedField {
    /// The names that lead there.
    pub path: FieldPath,
    /// Whether the values of all submissions are written.
    pub is_complete: bool,
}

/// A path as one text.
pub(crate) fn path_text(path: &[String]) -> String {
    Value::Array(path.iter().map(|name| Value::from(&**name)).collect()).to_json()
}

fn paths_text(paths: &[FieldPath]) -> String {
    let texts: Vec<String> = paths.iter().map(|path| path_text(path)).collect();
    format!("[{}]", texts.join(","))
}

/// Reads the paths of a form; none where it has none.
pub(crate) fn read_paths(text: Option<&str>) -> Result<Vec<FieldPath>, StoreError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let read = || {
        let value = Value::parse(text.as_bytes()).ok()?;
        let name = |name: &Value<'_>| Some(name.as_str()?.to_owned());
        let path = |path: &Value<'_>| path.as_array()?.iter().map(name).collect();
        value.as_array()?.iter().map(path).collect::<Option<Vec<FieldPath>>>()
    };
    read().ok_or_else(|| unreadable("list of paths", text))
}

/// What stands at a path: as a text, and as a number that is sorted.
pub(crate) fn value_at(answers: &Value<'_>, path: &[String]) -> (Option<String>, Option<String>) {
    let mut found = Some(answers);
    for name in path {
        found = found.and_then(|value| value.get(name));
    }
    match found {
        Some(Value::String(text)) => (Some(storable_key(text.clone().into_owned())), None),
        Some(Value::Bool(truth)) => (Some(truth.to_string()), None),
        Some(value) => match value.as_number() {
            Some(digits) => (Some(storable_key(digits.to_owned())), Some(sorted(digits))),
            None => (None, None),
        },
        None => (None, None),
    }
}

/// A number as a text that is sorted, by its bytes, as numbers are: sign, power of ten, digits. Those of what
/// is negative are turned round.
fn sorted(number: &str) -> String {
    let canonical = canonical(number);
    let (mantissa, power) = canonical.split_once('e').unwrap_or((&canonical, "0"));
    let (is_negative, digits) =
        mantissa.strip_prefix('-').map_or((false, mantissa), |digits| (true, digits));
    if digits.trim_start_matches('0').is_empty() {
        return "1".to_owned();
    }
    let least = if power.starts_with('-') { -POWERS } else { POWERS };
    let power = power.parse().unwrap_or(least).clamp(-POWERS, POWERS);
    let power = (power + as_integer(digits.len()) - 1).clamp(-POWERS, POWERS) + POWERS;
    if !is_negative {
        return storable_key(format!("2{power:05}{digits}"));
    }
    let turned = digits.bytes().map(|digit| char::from(b'0' + (b'9' - digit.min(b'9'))));
    let turned: String = turned.take(MOST_TEXT).collect();
    format!("0{:05}{turned}~", 2 * POWERS - power)
}

/// A condition that an index tells, as SQL over `field_values f`.
fn by_index(conditions: &mut Conditions, condition: &FieldCondition) -> Option<()> {
    let FieldCondition { operator, value, .. } = condition;
    if value.len() > MOST_TEXT {
        return None;
    }
    let comparison = match operator {
        FieldOperator::Equals => {
            conditions.add("f.text = ?", value.as_str());
            return Some(());
        }
        FieldOperator::Below => "<",
        FieldOperator::AtMost => "<=",
        FieldOperator::Above => ">",
        FieldOperator::AtLeast => ">=",
        FieldOperator::Differs
        | FieldOperator::Contains
        | FieldOperator::Present
        | FieldOperator::Blank
        | FieldOperator::Absent => return None,
    };
    if is_number(value) {
        conditions.add(&format!("f.number {comparison} ?"), sorted(value));
    } else {
        conditions.add(&format!("f.text {comparison} ?"), value.as_str());
    }
    Some(())
}

/// A field that a list goes by.
struct Picked {
    /// Its place among the conditions of the query.
    place: usize,
    /// Whether it is walked along the index.
    is_walked: bool,
}

impl Store {
    /// The paths that a form has indexed; none where there is no such form.
    pub async fn indexed_fields(
        &self,
        project: &str,
        form: &str,
    ) -> Result<Vec<IndexedField>, StoreError> {
        let (paths, steps) = self.fields_and_steps(project, form).await?;
        let is_complete =
            |path: &FieldPath| !steps.iter().any(|(step, _)| *step == path_text(path));
        Ok(paths
            .into_iter()
            .map(|path| IndexedField { is_complete: is_complete(&path), path })
            .collect())
    }

    /// The paths of a form, and those that are still being written or taken away.
    async fn fields_and_steps(
        &self,
        project: &str,
        form: &str,
    ) -> Result<(Vec<FieldPath>, Vec<(String, bool)>), StoreError> {
        let sql = "SELECT f.indexed, s.path, s.removes FROM forms f
                   LEFT JOIN field_steps s ON s.project = f.project AND s.form = f.name
                   WHERE f.project = $1 AND f.name = $2";
        let found = self
            .query(sql.to_owned(), vec![project.into(), form.into()], |row| {
                let removes = row.optional_integer(2)? == Some(1);
                Ok((row.optional_text(0)?, row.optional_text(1)?.map(|path| (path, removes))))
            })
            .await?;
        let paths = read_paths(found.first().and_then(|(paths, _)| paths.as_deref()))?;
        Ok((paths, found.into_iter().filter_map(|(_, step)| step).collect()))
    }

    /// Names the paths that a form has indexed, in place of those that it had. Values are written and taken
    /// away step by step. A conflict: somebody else has named others meanwhile, or one of the paths is still
    /// being taken away.
    pub async fn index_fields(
        &self,
        project: &str,
        form: &str,
        paths: &[FieldPath],
    ) -> Result<(), StoreError> {
        self.index_fields_seen(project, form, paths, None).await
    }

    /// The same in place of those that somebody has seen; a conflict as well where it has others by now.
    pub async fn index_fields_seen(
        &self,
        project: &str,
        form: &str,
        paths: &[FieldPath],
        seen: Option<&[FieldPath]>,
    ) -> Result<(), StoreError> {
        let (before, steps) = self.fields_and_steps(project, form).await?;
        if seen.is_some_and(|seen| seen != before) {
            return Err(StoreError::Conflict(CHANGED.to_owned()));
        }
        let is_removed = |path: &FieldPath| steps.contains(&(path_text(path), true));
        if paths.len() > MOST_INDEXED_FIELDS {
            return Err(StoreError::Refused(format!(
                "a form can have {MOST_INDEXED_FIELDS} indexed fields"
            )));
        }
        if paths.iter().any(is_removed) {
            return Err(StoreError::Conflict(CHANGED.to_owned()));
        }
        let mut batch = Batch::default();
        self.lock_form_named(&mut batch, project, form);
        batch.one(
            CHANGED,
            "UPDATE forms SET indexed = $3
             WHERE project = $1 AND name = $2 AND coalesce(indexed, '[]') = $4",
            vec![project.into(), form.into(), paths_text(paths).into(), paths_text(&before).into()],
        );
        let added = paths.iter().filter(|path| !before.contains(path)).map(|path| (path, 0_i64));
        let removed = before.iter().filter(|path| !paths.contains(path)).map(|path| (path, 1));
        for (path, removes) in added.chain(removed) {
            batch.any(
                "INSERT INTO field_steps (project, form, path, removes, cursor)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (project, form, path) DO UPDATE SET
                     removes = excluded.removes, cursor = excluded.cursor",
                vec![
                    project.into(),
                    form.into(),
                    path_text(path).into(),
                    removes.into(),
                    Uuid::nil().into(),
                ],
            );
        }
        self.change(batch).await.map(drop)
    }

    /// Writes, or takes away, the values of the next few submissions of a path; whether there was anything
    /// to do.
    pub async fn index_fields_step(&self, limit: usize) -> Result<bool, StoreError> {
        let sql = "SELECT project, form, path, removes, cursor FROM field_steps
                   ORDER BY project, form, path LIMIT 1";
        let steps = self
            .query(sql.to_owned(), Vec::new(), |row| {
                Ok((row.text(0)?, row.text(1)?, row.text(2)?, row.integer(3)?, row.id(4)?))
            })
            .await?;
        let Some((project, form, path, removes, cursor)) = steps.into_iter().next() else {
            return Ok(false);
        };
        let step = Step { project: &project, form: &form, path: &path, removes, cursor };
        let batch = if removes == 1 {
            self.removing_step(step, limit).await?
        } else {
            self.writing_step(step, limit).await?
        };
        match self.change(batch).await {
            // Another hub was quicker.
            Err(StoreError::Conflict(_)) => Ok(true),
            done => done.map(|_| true),
        }
    }

    async fn removing_step(&self, step: Step<'_>, limit: usize) -> Result<Batch, StoreError> {
        let sql = "SELECT submission FROM field_values
                   WHERE project = $1 AND path = $2 AND form = $3 AND submission > $4
                   ORDER BY submission LIMIT $5";
        let parameters = vec![
            step.project.into(),
            step.path.into(),
            step.form.into(),
            step.cursor.into(),
            as_integer(limit).into(),
        ];
        let found = self.query(sql.to_owned(), parameters, |row| row.id(0)).await?;
        let mut batch = Batch::default();
        step.add_move(&mut batch, found.last().copied().filter(|_| found.len() == limit));
        if !found.is_empty() {
            batch.any(
                format!(
                    "DELETE FROM field_values
                     WHERE project = $1 AND path = $2 AND submission IN ({})",
                    places(3, found.len())
                ),
                with_ids(vec![step.project.into(), step.path.into()], &found),
            );
        }
        Ok(batch)
    }

    async fn writing_step(&self, step: Step<'_>, limit: usize) -> Result<Batch, StoreError> {
        let sql = "SELECT s.id, s.version, v.answers FROM submissions s
                   LEFT JOIN submission_versions v ON v.project = s.project AND v.submission = s.id
                       AND v.version = s.version
                   WHERE s.project = $1 AND s.form = $2 AND s.id > $3 ORDER BY s.id LIMIT $4";
        let parameters = vec![
            step.project.into(),
            step.form.into(),
            step.cursor.into(),
            as_integer(limit).into(),
        ];
        let found = self
            .query(sql.to_owned(), parameters, |row| {
                Ok((row.id(0)?, row.integer(1)?, row.optional_text(2)?))
            })
            .await?;
        let path = read_paths(Some(&format!("[{}]", step.path)))?.pop().unwrap_or_default();
        let mut batch = Batch::default();
        if matches!(&self.engine, Engine::Postgres(_)) && !found.is_empty() {
            // Whoever files or erases one of them holds its lock.
            let keys = found.iter().map(|(id, _, _)| submission_lock(step.project, *id)).collect();
            let (sql, parameters) = lock_statement(keys);
            batch.any(sql, parameters);
        }
        let last = found.last().map(|(id, _, _)| *id);
        step.add_move(&mut batch, last.filter(|_| found.len() == limit));
        for (id, version, answers) in &found {
            let Some(answers) = answers else { continue };
            let Ok(value) = Value::parse(answers.as_bytes()) else { continue };
            let (text, number) = value_at(&value, &path);
            batch.any(
                "INSERT INTO field_values (project, submission, path, form, text, number)
                 SELECT v.project, v.submission, $4, $5, $6, $7 FROM submission_versions v
                 JOIN submissions s ON s.project = v.project AND s.id = v.submission
                     AND s.version = v.version
                 WHERE v.project = $1 AND v.submission = $2 AND v.version = $3
                 AND v.answers IS NOT NULL
                 ON CONFLICT (project, submission, path) DO UPDATE SET
                     form = excluded.form, text = excluded.text, number = excluded.number",
                vec![
                    step.project.into(),
                    (*id).into(),
                    (*version).into(),
                    step.path.into(),
                    step.form.into(),
                    text.into(),
                    number.into(),
                ],
            );
        }
        Ok(batch)
    }

    /// A page of a list that an index tells; `None` where none does.
    pub(crate) async fn submissions_by_field(
        &self,
        project: &str,
        query: &SubmissionQuery,
        page: SubmissionPage,
    ) -> Result<Option<SubmissionsFound>, StoreError> {
        let Some(picked) = self.picked(project, query, page.order).await? else { return Ok(None) };
        let mut others = query.clone();
        let field = others.fields.remove(picked.place);
        let plain = SubmissionQuery { form: query.form.clone(), ..SubmissionQuery::default() };
        let most = if others == plain { page.limit + 1 } else { MOST_PICKED };
        let walk = |limit: String| picked.is_walked.then_some((page, limit));
        let mut conditions = along(project, &others, page.order);
        let mut end = None;
        if picked.is_walked && others != plain {
            let mut looked = Conditions::default();
            let last = walk(format!("1 OFFSET {}", most - 1));
            if let Some(sql) = index_sql(&mut looked, project, query, &field, last) {
                let found = self.query(sql, looked.parameters, |row| row.id(0)).await?;
                end = found.first().map(|id| SubmissionPlace { key: 0, id: *id });
            }
        }
        let ids = index_sql(&mut conditions, project, query, &field, walk(most.to_string()));
        let Some(ids) = ids else { return Ok(None) };
        let is_among = match &self.engine {
            Engine::Sqlite(_) => format!("s.id IN ({ids})"),
            // So the planner sees few ids, and looks them up.
            Engine::Postgres(_) => format!("s.id = ANY (ARRAY({ids}))"),
        };
        conditions.add_plain(&is_among);
        self.add_submission_query(&mut conditions, project, &others);
        let sql = page_sql(&mut conditions, &others, page, end, "");
        let mut found = self.query(sql, conditions.parameters, read_submission).await?;
        let is_full = found.len() > page.limit;
        found.truncate(page.limit);
        let last: Option<&StoredSubmission> = found.last().filter(|_| is_full);
        let next = last.map(|last| last.place(page.order)).or(end);
        Ok(Some(SubmissionsFound { found, next }))
    }

    /// The condition that a list goes by, where an index tells one of them.
    async fn picked(
        &self,
        project: &str,
        query: &SubmissionQuery,
        order: SubmissionOrder,
    ) -> Result<Option<Picked>, StoreError> {
        let Some(form) = &query.form else { return Ok(None) };
        if query.fields.is_empty() || query.instance_id.is_some() || query.case.is_some() {
            return Ok(None);
        }
        let indexed = self.indexed_fields(project, form).await?;
        let mut walked = None;
        for (place, field) in query.fields.iter().enumerate() {
            let is_indexed = indexed.iter().any(|it| it.is_complete && it.path == field.path);
            let mut conditions = Conditions::default();
            let ids = index_sql(&mut conditions, project, query, field, None);
            let Some(ids) = ids.filter(|_| is_indexed) else { continue };
            let sql = format!("SELECT count(*) FROM ({ids} LIMIT {}) met", MOST_PICKED + 1);
            let met = self.query(sql, conditions.parameters, |row| row.integer(0)).await?;
            if met.first().copied().unwrap_or(0) <= as_integer(MOST_PICKED) {
                return Ok(Some(Picked { place, is_walked: false }));
            }
            let is_by_receipt = matches!(order, SubmissionOrder::Newest | SubmissionOrder::Oldest);
            if field.operator == FieldOperator::Equals && is_by_receipt {
                walked = walked.or(Some(Picked { place, is_walked: true }));
            }
        }
        Ok(walked)
    }
}

/// The submissions that meet a condition, by its index; those behind a place within a limit, in the order of
/// their receipt, where they are walked. `None` where no index tells it.
fn index_sql(
    conditions: &mut Conditions,
    project: &str,
    query: &SubmissionQuery,
    field: &FieldCondition,
    walk: Option<(SubmissionPage, String)>,
) -> Option<String> {
    let mut own = Conditions::default();
    std::mem::swap(&mut own.parameters, &mut conditions.parameters);
    own.add("f.project = ?", project);
    own.add("f.form = ?", query.form.clone().unwrap_or_default());
    own.add("f.path = ?", path_text(&field.path));
    let told = by_index(&mut own, field);
    let mut tail = String::new();
    if let Some((page, limit)) = walk {
        let (behind, direction) = match page.order {
            SubmissionOrder::Newest => ("<", "DESC"),
            _ => (">", "ASC"),
        };
        if let Some(after) = page.after {
            own.add(&format!("f.submission {behind} ?"), after.id);
        }
        tail = format!(" ORDER BY f.submission {direction} LIMIT {limit}");
    }
    let sql = format!("SELECT f.submission FROM field_values f{}{tail}", own.sql());
    std::mem::swap(&mut own.parameters, &mut conditions.parameters);
    told.map(|()| sql)
}

/// A step of writing or taking away the values of a path.
#[derive(Clone, Copy)]
struct Step<'s> {
    project: &'s str,
    form: &'s str,
    path: &'s str,
    /// 1: its values are taken away.
    removes: i64,
    cursor: Uuid,
}

impl Step<'_> {
    /// Moves the cursor on, or ends the work. A conflict: another hub has done this step, or the path has been
    /// taken back meanwhile.
    fn add_move(&self, batch: &mut Batch, to: Option<Uuid>) {
        let mut parameters: Vec<Parameter> = vec![
            self.project.into(),
            self.form.into(),
            self.path.into(),
            self.cursor.into(),
            self.removes.into(),
        ];
        let this = "project = $1 AND form = $2 AND path = $3 AND cursor = $4 AND removes = $5";
        match to {
            Some(to) => {
                parameters.push(to.into());
                let sql = format!("UPDATE field_steps SET cursor = $6 WHERE {this}");
                batch.one(CHANGED, sql, parameters);
            }
            None => batch.one(CHANGED, format!("DELETE FROM field_steps WHERE {this}"), parameters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_as_numbers() {
        let numbers = [
            "-1e60000",
            "-1e400",
            "-12.5",
            "-12.25",
            "-12",
            "-5.5",
            "-5",
            "-0.5",
            "-0.05",
            "0",
            "0.004",
            "0.05",
            "0.5",
            "1",
            "1.05",
            "1.5",
            "2",
            "10",
            "99",
            "100",
            "123456789012345678901",
            "123456789012345678902",
            "1e400",
            "1e60000",
        ];
        let keys: Vec<String> = numbers.iter().map(|number| sorted(number)).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        for (one, other) in [("1", "1.0"), ("10", "1e1"), ("-0", "0.00"), ("-2.50", "-25e-1")] {
            assert_eq!(sorted(one), sorted(other));
        }
        let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }

    #[test]
    fn what_stands_at_a_path_is_found() {
        let answers = r#"{"a":{"b":"x","n":2.50,"t":true,"l":[1],"z":null}}"#;
        let answers = Value::parse(answers.as_bytes()).unwrap();
        let at = |name: &str| value_at(&answers, &["a".to_owned(), name.to_owned()]);
        assert_eq!(at("b"), (Some("x".to_owned()), None));
        assert_eq!(at("n"), (Some("2.50".to_owned()), Some(sorted("2.5"))));
        assert_eq!(at("t"), (Some("true".to_owned()), None));
        for nothing in ["l", "z", "missing"] {
            assert_eq!(at(nothing), (None, None), "{nothing}");
        }
    }
}
