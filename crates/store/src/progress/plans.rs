//! Which way each engine takes to progress, as it tells itself: every list, its first page and its last, runs
//! along an index that is named here, and so does every look-up.

use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress_count::{CountGroup, CountQuery};
use fieldpost_model::progress_list::{DraftRule, ListPlace, Order, OrderKey, Pushdown, Span, Whom};
use fieldpost_model::time::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

use super::calls::ended_sql;
use super::counts::{counts_sql, first_sql};
use super::list::{Along, list_sql};
use super::read::{BY_NATURAL_ID, BY_NUMBER, BY_TRACKING_CODE, BY_UUID, select};
use super::recorded::{Way as RecordedWay, recorded_sql};
use crate::statement::{Batch, Parameter};
use crate::{Engine, Store, StoreSettings};

/// Rows of the project `p`, one in a hundred of them pending.
const ROWS: u32 = 20_000;

/// A query, and what a plan of it has to name on either engine.
struct Way {
    name: String,
    sql: String,
    parameters: Vec<Parameter>,
    index: &'static str,
}

fn asked(forms: &[&str], by: OrderKey, descending: bool) -> Pushdown {
    Pushdown {
        forms: forms.iter().map(|form| (*form).to_owned()).collect(),
        order: Order { by, descending },
        ..Pushdown::default()
    }
}

/// What is asked of lists, and the indexes that they run along: with progress, and without.
fn lists() -> Vec<(&'static str, Pushdown, &'static str, Option<&'static str>)> {
    use OrderKey::{Number, ReceivedAt, UpdatedAt};
    let one = ["f1"];
    let since = Span { from: Some(Timestamp(15_000)), until: None };
    let lately = Span { from: Some(Timestamp(i64::from(ROWS) - 900)), until: None };
    let pending = Pushdown { standing: Some(StatusKind::Pending), ..asked(&one, ReceivedAt, true) };
    let whom = Some(Whom { roles: vec!["agents".to_owned()], user: Some(7) });
    vec![
        (
            "received",
            asked(&one, ReceivedAt, true),
            "progress_by_form_received",
            Some("submissions_by_form_received"),
        ),
        (
            "updated",
            asked(&one, UpdatedAt, false),
            "progress_by_form_updated",
            Some("submissions_by_form_indexed"),
        ),
        (
            "number",
            asked(&one, Number, false),
            "progress_by_form_number",
            Some("submissions_by_number"),
        ),
        (
            "all received",
            asked(&[], ReceivedAt, true),
            "progress_by_received",
            Some("submissions_by_received"),
        ),
        (
            "all updated",
            asked(&[], UpdatedAt, false),
            "progress_by_updated",
            Some("submissions_by_indexed"),
        ),
        ("all by number", asked(&[], Number, false), "progress_by_number", None),
        (
            "updated since",
            Pushdown { updated: since, ..asked(&one, UpdatedAt, false) },
            "progress_by_form_updated",
            Some("submissions_by_form_indexed"),
        ),
        (
            "all updated since",
            Pushdown { updated: since, ..asked(&[], UpdatedAt, false) },
            "progress_by_updated",
            Some("submissions_by_indexed"),
        ),
        ("pending", pending.clone(), "progress_pending", None),
        ("waits", Pushdown { waiting_for: whom, ..pending }, "progress_pending", None),
        (
            "drafts",
            Pushdown { drafts: DraftRule::Only, ..asked(&one, UpdatedAt, false) },
            "progress_drafts",
            None,
        ),
        (
            "of a user",
            Pushdown { user: Some(7), ..asked(&[], ReceivedAt, true) },
            "progress_by_user",
            None,
        ),
        (
            "a few that changed, received",
            Pushdown { updated: lately, ..asked(&one, ReceivedAt, false) },
            "progress_by_form_updated",
            Some("submissions_by_form_indexed"),
        ),
        (
            "a few that changed, by number",
            Pushdown { updated: lately, ..asked(&[], Number, false) },
            "progress_by_updated",
            None,
        ),
        (
            "of two forms",
            asked(&["f1", "f2"], UpdatedAt, true),
            "progress_by_form_updated",
            Some("submissions_by_form_indexed"),
        ),
    ]
}

fn ways(engine: &Engine) -> Vec<Way> {
    let mut ways = Vec::new();
    let place = ListPlace { key: 10_000, form: "f1".to_owned(), number: 10_000, case_id: None };
    for (name, asked, index, recorded) in lists() {
        for after in [None, Some(place.clone())] {
            let page = if after.is_some() { "deep" } else { "first" };
            let asked = Pushdown { after, ..asked.clone() };
            // Of one row in an order, PostgreSQL believes that it is quickly come by.
            let (along, limit) =
                if name.contains("few") { (Along::Changes, 1) } else { (Along::Order, 50) };
            let (sql, parameters) = list_sql(engine, "p", &asked, along, limit);
            ways.push(Way { name: format!("{name}, {page}"), sql, parameters, index });
            let Some(index) = recorded else { continue };
            let way = RecordedWay { forms: &asked.forms, along };
            let (sql, parameters) = recorded_sql(engine, "p", &asked, way, limit);
            ways.push(Way { name: format!("recorded, {name}, {page}"), sql, parameters, index });
        }
    }
    for (form, index) in [(Some("f1"), "progress_by_form_received"), (None, "progress_by_received")]
    {
        let (from, before) = (Some(Timestamp(10_000)), Some(Timestamp(12_000)));
        let (form, group) = (form.map(str::to_owned), Some(CountGroup::Status));
        let query = CountQuery { form, channel: None, from, before, group };
        for (name, (sql, parameters)) in [
            ("first of a count", first_sql(engine, "p", &query)),
            ("count", counts_sql(engine, "p", &query)),
        ] {
            ways.push(Way { name: name.to_owned(), sql, parameters, index });
        }
    }
    let id = || Parameter::from(Uuid::from_u128(7));
    for (condition, parameters, index) in [
        (BY_NUMBER, vec!["f1".into(), 7.into()], "progress_by_form_number"),
        (BY_NATURAL_ID, vec!["f1".into(), "B-7".into()], "progress_by_natural_id"),
        (BY_UUID, vec![id()], "progress_by_uuid"),
        (BY_TRACKING_CODE, vec!["CODE7".into()], "progress_by_tracking_code"),
    ] {
        let mut all: Vec<Parameter> = vec!["p".into()];
        all.extend(parameters);
        ways.push(Way {
            name: condition.to_owned(),
            sql: format!("{} AND {condition} LIMIT 1", select(engine, Some(index))),
            parameters: all,
            index,
        });
    }
    ways.push(Way {
        name: "ended calls".to_owned(),
        sql: ended_sql(),
        parameters: vec![id(), 50.into()],
        index: "lifecycle_calls_by_delivery",
    });
    ways
}

#[tokio::test]
async fn sqlite_finds_progress_by_indexes() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(StoreSettings::in_folder(folder.path())).await.unwrap();
    for Way { name, sql, parameters, index } in ways(&store.engine) {
        let explained = format!("EXPLAIN QUERY PLAN {sql}");
        let plan = store.query(explained, parameters, |row| row.text(3)).await.unwrap();
        let plan = plan.join("; ");
        assert!(plan.contains(&format!("INDEX {index} ")), "{name}: {plan}\n{sql}");
        // Of several forms what each index gives is merged.
        let is_merged = plan.contains("COMPOUND QUERY") || plan.contains("MERGE");
        let reads_all = plan.split("; ").any(|step| {
            step.starts_with("SCAN") && !step.contains("part") && !step.contains("subquery")
        });
        assert!(!reads_all, "{name}: {plan}\n{sql}");
        // Of what has changed lately a few rows are sorted; of a count, the groups of a span that is bounded.
        let is_bounded = name.contains("few") || name == "count";
        let sorts = plan.contains("TEMP B-TREE") && !is_bounded;
        assert!(is_merged || !sorts, "{name}: {plan}\n{sql}");
    }
}

/// A parameter as it is written in SQL.
fn written(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Text(Some(text)) => format!("'{text}'"),
        Parameter::Integer(Some(number)) => format!("{number}::bigint"),
        Parameter::Id(Some(id)) => format!("'{id}'::uuid"),
        other => panic!("{other:?} is not written yet"),
    }
}

#[tokio::test]
async fn postgres_finds_progress_by_indexes() {
    let folder = TempDir::new().unwrap();
    let database = Some(fieldpost_testkit::postgres::database().await);
    let settings = StoreSettings { database, ..StoreSettings::in_folder(folder.path()) };
    let store = Store::open(settings).await.unwrap();
    let mut batch = Batch::default();
    let id = "lpad(to_hex(n), 32, '0')::uuid";
    for sql in [
        format!(
            "INSERT INTO progress (project, submission, form, number, uuid, natural_id, display_id,
                 status, standing, received_at, updated_at, arrived_at, channel, user_number,
                 criticality, tracking_code, functions, acting, concerned, revision)
             SELECT 'p', {id}, 'f' || n % 3, n, {id}, 'B-' || n, n,
                 CASE WHEN n % 100 <> 1 THEN 'new' END,
                 CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'done' END, n, n, n, 'web', n % 1000, 0,
                 'CODE' || n, '', '', '', 1 FROM generate_series(1, {ROWS}) n"
        ),
        format!(
            "INSERT INTO submissions (project, id, form, number, version, source, message,
                 received_at, modified_at, is_untyped, is_encrypted, indexed_at)
             SELECT 'p', gen_random_uuid(), 'f' || n % 3, n, 1, 's', {id}, n, n, 0, 0, n
             FROM generate_series(1, {ROWS}) n"
        ),
        format!(
            "INSERT INTO lifecycle_calls (project, delivery, submission, number)
             SELECT 'p', {id}, {id}, n FROM generate_series(1, {ROWS}) n"
        ),
        "ANALYZE progress, submissions, lifecycle_calls".to_owned(),
    ] {
        batch.any(sql, Vec::new());
    }
    store.change(batch).await.unwrap();
    for Way { name, mut sql, parameters, index } in ways(&store.engine) {
        for (number, parameter) in parameters.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", number + 1), &written(parameter));
        }
        let explained = format!("EXPLAIN {sql}");
        let plan = store.query(explained, Vec::new(), |row| row.text(0)).await.unwrap().join("\n");
        // A number leads to one row by either of two indexes.
        let by_number = name == BY_NUMBER && plan.contains("progress_by_number");
        assert!(by_number || plan.contains(index), "{name}: {plan}\n{sql}");
        for table in ["progress p", "submissions s", "lifecycle_calls"] {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{name}: {plan}\n{sql}");
        }
    }
}
