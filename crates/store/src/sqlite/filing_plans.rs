//! Which index each list of submissions and cases runs along, as SQLite itself plans it: no list sorts, and
//! none looks through a table.

use rusqlite::{Connection, params_from_iter};
use uuid::Uuid;

use fieldpost_model::time::Timestamp;

use crate::case_list::{self, CaseOrder, CasePage, CasePlace, CaseQuery};
use crate::changes::{changes_sql, last_place};
use crate::fetches::{FETCHED_BYTES, due_sql};
use crate::migrate;
use crate::statement::{Conditions, Parameter};
use crate::submission_list::{
    self, SubmissionOrder, SubmissionPage, SubmissionPlace, SubmissionQuery,
};
use crate::tellings::{BY_PAYLOAD, SUPERSEDING, ended, note_sql, sent_sql, waiting_sql};

fn plan(connection: &Connection, sql: &str, parameters: &[Parameter]) -> String {
    let sql = format!("EXPLAIN QUERY PLAN {}", sql.replace('$', "?"));
    let mut statement = connection.prepare(&sql).unwrap();
    let steps: Vec<String> = statement
        .query_map(params_from_iter(parameters), |row| row.get(3))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    steps.join("; ")
}

#[track_caller]
fn assert_plan(connection: &Connection, sql: &str, conditions: &Conditions, expected: &str) {
    let plan = plan(connection, sql, &conditions.parameters);
    assert!(plan.contains(expected), "{expected}, not {plan}: {sql}");
    assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{plan}: {sql}");
}

fn hint(index: Option<&str>) -> String {
    index.map(super::indexed_by).unwrap_or_default()
}

fn empty() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::sqlite(&mut connection).unwrap();
    connection
}

#[test]
fn a_list_of_submissions_runs_along_an_index() {
    use SubmissionOrder::{FirstChanged, LastChanged, Newest, Oldest};
    let connection = empty();
    let text = |text: &str| Some(text.to_owned());
    let of_form = SubmissionQuery { form: text("f"), ..SubmissionQuery::default() };
    let of_user = SubmissionQuery { user_id: text("u"), ..SubmissionQuery::default() };
    let placed = SubmissionQuery { has_position: Some(true), ..of_form.clone() };
    let named = SubmissionQuery { instance_id: text("i"), ..SubmissionQuery::default() };
    let place = SubmissionPlace { key: 5, id: Uuid::max() };
    for (query, order, expected) in [
        (SubmissionQuery::default(), Newest, "PRIMARY KEY (project=? AND id<?)"),
        (SubmissionQuery::default(), Oldest, "PRIMARY KEY (project=? AND id>?)"),
        (of_form.clone(), Newest, "submissions_by_form (project=? AND form=? AND id<?)"),
        (of_form.clone(), Oldest, "submissions_by_form (project=? AND form=? AND id>?)"),
        (of_user.clone(), Newest, "submissions_by_user (project=? AND user_id=? AND id<?)"),
        (placed.clone(), Newest, "submissions_with_position (project=? AND form=? AND id<?)"),
        (placed, Oldest, "submissions_with_position (project=? AND form=? AND id>?)"),
        (
            SubmissionQuery::default(),
            LastChanged,
            "submissions_by_indexed (project=? AND (indexed_at,id)<(?,?))",
        ),
        (
            of_form,
            FirstChanged,
            "submissions_by_form_indexed (project=? AND form=? AND (indexed_at,id)>(?,?))",
        ),
        (
            SubmissionQuery { form: text("f"), ..SubmissionQuery::default() },
            SubmissionOrder::LowestNumber,
            "submissions_by_number (project=? AND form=? AND (number,id)>(?,?))",
        ),
        (of_user, FirstChanged, "submissions_by_indexed (project=? AND (indexed_at,id)>(?,?))"),
    ] {
        let page = SubmissionPage { order, after: Some(place), limit: 50 };
        let hint = hint(query.index(order));
        let mut conditions = submission_list::along("clinic", &query, order);
        let sql = submission_list::page_sql(&mut conditions, &query, page, None, &hint);
        assert_plan(&connection, &sql, &conditions, expected);
        let mut conditions = submission_list::along("clinic", &query, order);
        let sql = submission_list::end_sql(&mut conditions, page, &hint);
        assert_plan(&connection, &sql, &conditions, expected);
    }
    let page = SubmissionPage { order: Newest, after: None, limit: 50 };
    let mut conditions = submission_list::along("clinic", &named, Newest);
    let sql = submission_list::page_sql(&mut conditions, &named, page, None, "");
    assert_plan(&connection, &sql, &conditions, "PRIMARY KEY (project=? AND id=?)");
}

#[test]
fn a_list_of_cases_runs_along_an_index() {
    use CaseOrder::{FirstChanged, LastChanged};
    let connection = empty();
    let text = |text: &str| Some(text.to_owned());
    let place = CasePlace { indexed_at: Timestamp(5), id: "c".to_owned() };
    let of_type = CaseQuery { case_type: text("t"), ..CaseQuery::default() };
    let of_other = CaseQuery { external_id: text("7"), ..CaseQuery::default() };
    let of_owner = CaseQuery { owner: text("o"), ..CaseQuery::default() };
    for (query, order, expected) in [
        (
            CaseQuery::default(),
            LastChanged,
            "cases_by_indexed (project=? AND is_deleted=? AND (indexed_at,id)<(?,?))",
        ),
        (
            of_type,
            FirstChanged,
            "cases_by_type (project=? AND is_deleted=? AND case_type=? \
             AND (indexed_at,id)>(?,?))",
        ),
        (
            of_other,
            FirstChanged,
            "cases_by_external_id (project=? AND is_deleted=? AND external_id=? \
             AND (indexed_at,id)>(?,?))",
        ),
        (
            of_owner,
            LastChanged,
            "cases_by_owner (project=? AND is_deleted=? AND owner=? \
             AND (indexed_at,id)<(?,?))",
        ),
    ] {
        let page = CasePage { order, after: Some(place.clone()), limit: 50 };
        let hint = hint(query.index());
        let mut conditions = case_list::along("clinic", &query);
        let sql = case_list::page_sql(&mut conditions, &query, &page, None, &hint);
        assert_plan(&connection, &sql, &conditions, expected);
        let mut conditions = case_list::along("clinic", &query);
        let sql = case_list::end_sql(&mut conditions, &page, &hint);
        assert_plan(&connection, &sql, &conditions, expected);
    }
    // Few point to the same case: they may be sorted.
    let pointing = CaseQuery { parent: text("p"), ..CaseQuery::default() };
    let page = CasePage { order: LastChanged, after: None, limit: 50 };
    let mut conditions = case_list::along("clinic", &pointing);
    let sql = case_list::page_sql(&mut conditions, &pointing, &page, None, "");
    let plan = plan(&connection, &sql, &conditions.parameters);
    assert!(plan.contains("PRIMARY KEY (project=? AND id=?)") && !plan.contains("SCAN"), "{plan}");
}

#[test]
fn the_feed_of_changes_runs_along_places() {
    let connection = empty();
    let parameters = ["p".into(), 7.into(), 50.into()];
    let page = plan(&connection, &changes_sql("lower(hex(id))"), &parameters);
    let last = plan(&connection, &format!("SELECT {}", last_place("max", "$1")), &parameters[..1]);
    for index in ["forms_by_indexed", "submissions_by_indexed", "tombstones_by_indexed"] {
        assert!(page.contains(&format!("{index} (project=? AND indexed_at>?)")), "{page}");
        assert!(last.contains(&format!("{index} (project=?)")), "{last}");
    }
    assert!(
        page.contains("cases_by_indexed (project=? AND is_deleted=? AND indexed_at>?)"),
        "{page}"
    );
    assert!(last.contains("cases_by_indexed (project=? AND is_deleted=?)"), "{last}");
    let looks_through = last.replace("SCAN CONSTANT ROW", "").contains("SCAN");
    assert!(!last.contains("TEMP B-TREE") && !looks_through, "{last}");
}

#[test]
fn what_a_plan_reads_and_an_erasure_looks_for_is_found_by_its_key() {
    let connection = empty();
    for (sql, expected) in [
        ("SELECT 1 FROM forms WHERE project = 'p' AND form_id = 'k'", "forms_by_form_id"),
        (
            "SELECT 1 FROM forms WHERE project = 'p' AND xmlns = 'k' AND form_id IS NULL",
            "forms_by_own_xmlns",
        ),
        ("SELECT 1 FROM forms WHERE project = 'p' AND xmlns = 'k' ORDER BY name", "forms_by_xmlns"),
        (
            "SELECT 1 FROM case_indices WHERE project = 'p' AND relationship = 'extension'
             AND target IN ('a', 'b')",
            "case_indices_by_target (project=? AND target=? AND relationship=?)",
        ),
        (
            "SELECT form_id FROM case_changes WHERE project = 'p' AND case_id = 'k'
             ORDER BY position LIMIT 1",
            "(project=? AND case_id=?)",
        ),
        ("SELECT 1 FROM case_changes WHERE project = 'p' AND submission = 'k'", "by_submission"),
        ("SELECT 1 FROM submission_versions WHERE project = 'p' AND message = 'k'", "by_message"),
        ("SELECT 1 FROM instances WHERE project = 'p' AND submission = 'k'", "by_submission"),
        ("SELECT 1 FROM submission_files WHERE sha256 IN (x'00', x'01')", "files_by_content"),
        ("SELECT 1 FROM form_files WHERE sha256 IN (x'00', x'01')", "files_by_content"),
        (
            &due_sql("5", 0).replace("$1", "10"),
            "submission_files_to_fetch (fetch_at>? AND fetch_at<?)",
        ),
        (
            &due_sql("5", 2).replace("$1", "10").replace('$', "'p' || "),
            "submission_files_to_fetch (fetch_at>? AND fetch_at<?)",
        ),
        (
            &FETCHED_BYTES.replace('$', "'p' || "),
            "submission_versions_by_message (project=? AND message=?)",
        ),
    ] {
        let plan = plan(&connection, sql, &[]);
        assert!(plan.starts_with("SEARCH") && plan.contains(expected), "{plan}: {sql}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}: {sql}");
    }
}

/// An erasure asks for these with nobody else writing: none of them may look through the deliveries of the
/// project.
#[test]
fn what_was_told_of_a_case_is_found_by_its_payloads() {
    let connection = empty();
    let cases = "SELECT h.case_id FROM case_changes h WHERE h.project = $1 AND h.submission = $2";
    let hint = super::indexed_by(BY_PAYLOAD);
    let four: Vec<Parameter> = vec!["p".into(), "d".into(), 7.into(), "m".into()];
    let to_payload = "d USING INDEX deliveries_by_payload (project=? AND payload_id=?)";
    let payloads = format!("SELECT p.id FROM payloads p WHERE {}", ended(cases, &hint));
    for (sql, parameters, expected) in [
        (
            note_sql("lower(hex(p.message))", &super::indexed_by(SUPERSEDING)),
            &four[..],
            "d USING INDEX deliveries_superseding (project=? AND superseded_by=?)",
        ),
        (waiting_sql(cases, &hint), &four[..2], to_payload),
        (sent_sql(cases, &hint), &four[..2], to_payload),
        (payloads, &four[..2], to_payload),
    ] {
        let plan = plan(&connection, &sql, parameters);
        assert!(plan.contains(expected), "{expected}, not {plan}: {sql}");
        assert!(!plan.contains("(project=?)") && !plan.contains("SCAN p"), "{plan}: {sql}");
    }
}
