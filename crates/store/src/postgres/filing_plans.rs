//! Which index PostgreSQL itself plans for lists that have one of their own, in a table of many rows: no hint
//! tells it, only what it counted.

use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::migrate;
use crate::submission_list::{
    self, SubmissionOrder, SubmissionPage, SubmissionPlace, SubmissionQuery,
};
use crate::tellings::{note_sql, sent_sql, waiting_sql};

/// There are many submissions, and few that a map can show.
#[tokio::test]
async fn a_list_of_what_has_a_position_runs_along_an_index_of_its_own() {
    let url = fieldpost_testkit::postgres::database().await;
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    migrate::postgres(&mut client).await.unwrap();
    client
        .batch_execute(
            "INSERT INTO submissions (project, id, form, number, version, source, message,
                 received_at, modified_at, position, is_untyped, is_encrypted)
             SELECT 'p', gen_random_uuid(), 'f', n, 1, 's', gen_random_uuid(), n, n,
                 CASE WHEN n % 50 = 0 THEN '{}' END, 0, 0 FROM generate_series(1, 20000) n;
             ANALYZE submissions",
        )
        .await
        .unwrap();
    let query = SubmissionQuery {
        form: Some("f".to_owned()),
        has_position: Some(true),
        ..SubmissionQuery::default()
    };
    for order in [SubmissionOrder::Newest, SubmissionOrder::Oldest] {
        let after = Some(SubmissionPlace { key: 0, id: Uuid::from_u128(u128::MAX / 2) });
        let page = SubmissionPage { order, after, limit: 50 };
        let mut conditions = submission_list::along("p", &query, order);
        let sql = submission_list::page_sql(&mut conditions, &query, page, None, "");
        let id = "'7fffffff-ffff-ffff-ffff-ffffffffffff'";
        let sql = sql.replace("$1", "'p'").replace("$2", "'f'").replace("$3", id);
        let rows = client.query(&format!("EXPLAIN {}", sql.replace("$4", "51")), &[]).await;
        let rows = rows.unwrap();
        let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains("submissions_with_position on submissions"), "{order}: {plan}");
        assert!(!plan.contains("Sort") && !plan.contains("Seq Scan"), "{order}: {plan}");
    }
    drop(client);
    connection.await.unwrap().unwrap();
}

/// There are many deliveries, half of which something newer has taken the place of.
#[tokio::test]
async fn what_was_told_of_a_case_is_found_by_its_payloads() {
    let url = fieldpost_testkit::postgres::database().await;
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    migrate::postgres(&mut client).await.unwrap();
    let id = |number: &str| format!("lpad(to_hex({number}), 32, '0')::uuid");
    client
        .batch_execute(&format!(
            "INSERT INTO payloads (project, id, message, kind, case_id, facts)
             SELECT 'p', {payload}, {message}, 'case', 'c' || n % 1000, '{{}}'
             FROM generate_series(1, 20000) n;
             INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                 payload_id, subject, state, origin, attempts, tries, registered_at, superseded_by)
             SELECT 'p', {payload}, 'f', 'c', 'case', 'case', {message}, {payload}, 'superseded',
                 'event', 0, 0, n, CASE WHEN n % 2 = 0 THEN {newer} END
             FROM generate_series(1, 20000) n;
             ANALYZE payloads; ANALYZE deliveries",
            payload = id("n"),
            message = id("n + 100000"),
            newer = id("n + 1000"),
        ))
        .await
        .unwrap();
    let note = note_sql("replace(p.message::text, '-', '')", "");
    for (sql, subject, expected) in [
        (note, id("7"), "deliveries_superseding on deliveries d"),
        (waiting_sql("$2", ""), "'c7'".to_owned(), "Index"),
        (sent_sql("$2", ""), "'c7'".to_owned(), "Index"),
    ] {
        let sql = sql.replace("$1", "'p'").replace("$2", &subject);
        let sql = sql.replace("$3", "7::bigint").replace("$4", "'m'");
        let rows = client.query(&format!("EXPLAIN {sql}"), &[]).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(expected), "{expected}: {plan}");
        assert!(!plan.contains("Seq Scan on deliveries"), "{expected}: {plan}");
    }
    drop(client);
    connection.await.unwrap().unwrap();
}
