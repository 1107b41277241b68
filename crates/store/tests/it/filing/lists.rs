//! Lists of forms, submissions and cases: what they show, in which order, and page by page.

use fieldpost_model::case::{CaseRelationship, Closing};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accepted, CASES_LOOKED_THROUGH, CaseOrder, CasePage, CaseQuery, FieldCondition, FieldOperator,
    FiledCase, FiledSubmission, Filing, FormQuery, SUBMISSIONS_LOOKED_THROUGH, SubmissionOrder,
    SubmissionPage, SubmissionQuery,
};
use rstest::rstest;
use uuid::Uuid;

use super::{FORM, case, filed, new_form, submission, tie};
use crate::support::{Change, Engine, PROJECT, TestStore};

const HOUR: i64 = 3_600_000_000;

/// The id of a submission that was received at that hour.
fn id_at(hour: u64) -> Uuid {
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, hour * 3_600, 0))
}

/// Keeps a message that was received at that hour.
async fn keep(store: &TestStore, name: &str, hour: i64, filing: Filing) {
    let accept = filed(name, filing);
    let accept = accept.change(|accept| accept.message.received_at = Timestamp(hour * HOUR));
    assert_eq!(store.accept(accept).await, Ok(Accepted::Kept { version: 1 }), "{name}");
}

/// Four submissions, one for each of the hours from 10 on; the first is edited at 20.
async fn submissions(store: &TestStore) -> Vec<Uuid> {
    let answers = [
        r#"{"name":"Amina","weight":2.50,"born":"2026-01-02","group":{"a.b":"x"},"twin":true}"#,
        r#"{"name":"Zo\u00eb \"Z\"","weight":10,"born":"2026-03-04","list":["x"]}"#,
        r#"{"name":"O\u0000","weight":"heavy","group":{"a.b":null}}"#,
        r#"{"weight":-1e2,"name":""}"#,
    ];
    let mut ids = Vec::new();
    for (number, answers) in (0..).zip(answers) {
        let hour = 10 + number;
        let one = FiledSubmission {
            id: id_at(hour),
            form: if number == 3 { "deaths".to_owned() } else { FORM.to_owned() },
            values: answers.to_owned(),
            user_id: Some(format!("u{}", number % 2)),
            user: Some("Nurse".to_owned()),
            application: (number == 1).then(|| "app".to_owned()),
            position: (number == 2).then(|| "{}".to_owned()),
            ..submission(&format!("uuid:{number}"))
        };
        ids.push(one.id);
        let new = [(0, FORM), (3, "deaths")].into_iter().filter(|(first, _)| *first == number);
        let filing = Filing {
            forms: new.map(|(_, name)| new_form(name)).collect(),
            submissions: vec![one],
            ..Filing::default()
        };
        keep(store, &format!("s{number}"), hour.cast_signed(), filing).await;
    }
    let edit = FiledSubmission {
        id: ids[0],
        expected: 1,
        values: answers[0].to_owned(),
        user_id: Some("u0".to_owned()),
        ..submission("uuid:0b")
    };
    keep(store, "edit", 20, Filing { submissions: vec![edit], ..Filing::default() }).await;
    ids
}

/// The numbers of the submissions that a list shows, read in pages of two.
async fn listed(
    store: &TestStore,
    ids: &[Uuid],
    query: &SubmissionQuery,
    order: SubmissionOrder,
) -> Vec<usize> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = SubmissionPage { order, after, limit: 2 };
        let page = store.submissions(PROJECT, query, page).await.unwrap();
        assert!(page.found.len() <= 2);
        found.extend(page.found.iter().map(|it| ids.iter().position(|id| *id == it.id).unwrap()));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[rstest]
#[tokio::test]
async fn submissions_are_listed_in_each_order_page_by_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = submissions(&store).await;
    let of_form = SubmissionQuery { form: Some(FORM.to_owned()), ..SubmissionQuery::default() };
    for (order, all, births) in [
        (SubmissionOrder::Newest, [3, 2, 1, 0], [2, 1, 0]),
        (SubmissionOrder::Oldest, [0, 1, 2, 3], [0, 1, 2]),
        (SubmissionOrder::LastChanged, [0, 3, 2, 1], [0, 2, 1]),
        (SubmissionOrder::FirstChanged, [1, 2, 3, 0], [1, 2, 0]),
    ] {
        assert_eq!(listed(&store, &ids, &SubmissionQuery::default(), order).await, all, "{order}");
        assert_eq!(listed(&store, &ids, &of_form, order).await, births, "{order}");
    }
}

#[rstest]
#[tokio::test]
async fn submissions_are_found_by_what_is_known_of_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = submissions(&store).await;
    let text = |text: &str| Some(text.to_owned());
    let at = |hour: i64| Some(Timestamp(hour * HOUR));
    let none = SubmissionQuery::default;
    let queries: [(SubmissionQuery, &[usize]); 19] = [
        (none(), &[0, 1, 2, 3]),
        (SubmissionQuery { form: text("deaths"), ..none() }, &[3]),
        (SubmissionQuery { form: text("other"), ..none() }, &[]),
        (SubmissionQuery { instance_id: text("uuid:0"), ..none() }, &[0]),
        (SubmissionQuery { instance_id: text("uuid:0b"), ..none() }, &[0]),
        (SubmissionQuery { source: text("intake"), ..none() }, &[0, 1, 2, 3]),
        (SubmissionQuery { source: text("other"), ..none() }, &[]),
        (SubmissionQuery { user_id: text("u1"), ..none() }, &[1, 3]),
        (SubmissionQuery { user: text("Nurse"), ..none() }, &[1, 2, 3]),
        (SubmissionQuery { application: text("app"), ..none() }, &[1]),
        (SubmissionQuery { has_position: Some(true), ..none() }, &[2]),
        (SubmissionQuery { has_position: Some(true), form: text(FORM), ..none() }, &[2]),
        (SubmissionQuery { has_position: Some(false), ..none() }, &[0, 1, 3]),
        (SubmissionQuery { has_position: Some(false), form: text(FORM), ..none() }, &[0, 1]),
        (SubmissionQuery { since: at(11), until: at(13), ..none() }, &[1, 2]),
        (SubmissionQuery { modified_since: at(13), ..none() }, &[0, 3]),
        (SubmissionQuery { modified_until: at(13), ..none() }, &[1, 2]),
        (SubmissionQuery { text: text("UUID:2"), ..none() }, &[2]),
        (SubmissionQuery { text: Some(ids[3].simple().to_string()), ..none() }, &[3]),
    ];
    for (query, expected) in queries {
        for order in [SubmissionOrder::Oldest, SubmissionOrder::FirstChanged] {
            let mut found = listed(&store, &ids, &query, order).await;
            found.sort_unstable();
            assert_eq!(found, expected, "{order}: {query:?}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn submissions_are_found_by_their_answers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use FieldOperator::{
        Above, Absent, AtLeast, AtMost, Below, Contains, Differs, Equals, Present,
    };
    let store = TestStore::new(engine).await;
    let ids = submissions(&store).await;
    let conditions: [(&[&str], FieldOperator, &str, &[usize]); 27] = [
        (&["name"], Equals, "Amina", &[0]),
        (&["name"], Equals, "amina", &[]),
        (&["name"], Equals, "Zo\u{eb} \"Z\"", &[1]),
        (&["name"], Equals, "", &[3]),
        (&["name"], Contains, "AMI", &[0]),
        (&["name"], Contains, "%", &[]),
        (&["name"], Differs, "Amina", &[1, 2, 3]),
        (&["name"], Present, "", &[0, 1, 2, 3]),
        (&["weight"], Equals, "2.50", &[0]),
        (&["weight"], Equals, "10", &[1]),
        (&["weight"], Below, "10", &[0]),
        (&["weight"], AtMost, "10", &[0, 1]),
        (&["weight"], Above, "2.5", &[1]),
        (&["weight"], AtLeast, "2.5", &[0, 1]),
        (&["born"], Above, "2026-01-31", &[1]),
        (&["born"], AtMost, "2026-03-04", &[0, 1]),
        (&["born"], Absent, "", &[2, 3]),
        (&["twin"], Equals, "true", &[0]),
        (&["group", "a.b"], Equals, "x", &[0]),
        (&["group", "a.b"], Absent, "", &[1, 2, 3]),
        (&["group", "a.b", "c"], Present, "", &[]),
        (&["group"], Present, "", &[]),
        (&["list"], Present, "", &[]),
        (&["list", "0"], Present, "", &[]),
        (&["no\"name"], Differs, "x", &[0, 1, 2, 3]),
        (&["no\"name"], Equals, "x", &[]),
        (&[], Present, "", &[]),
    ];
    for (path, operator, value, expected) in conditions {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        let fields = vec![FieldCondition { path, operator, value: value.to_owned() }];
        let query = SubmissionQuery { fields, ..SubmissionQuery::default() };
        let found = listed(&store, &ids, &query, SubmissionOrder::Oldest).await;
        // -1e2 is written in a way that PostgreSQL compares with nothing.
        let found: Vec<usize> = found
            .into_iter()
            .filter(|number| *number != 3 || !matches!(operator, Below | AtMost))
            .collect();
        assert_eq!(found, expected, "{query:?}");
    }
}

/// Cases `a` to `e`, changed one after the other.
async fn cases(store: &TestStore) {
    let cases = ["a", "b", "c", "d", "e"].into_iter().zip(0..).map(|(id, number)| {
        let FiledCase { mut case, history, .. } = case(id, 0, "uuid:cases", Uuid::now_v7());
        case.server_modified_at = Timestamp(number * HOUR);
        match id {
            "b" => {
                case.case_type = "household".to_owned();
                case.name = "House".to_owned();
                case.external_id = "7".to_owned();
            }
            "c" => {
                case.owner = "other".to_owned();
                case.closing = Some(Closing { at: Timestamp(1), by: "u".to_owned() });
                case.properties.insert("weight".to_owned(), "9".to_owned());
            }
            "d" => {
                let parent = tie("b", CaseRelationship::Child);
                case.indices.insert("parent".to_owned(), parent);
            }
            "e" => case.deleted = true,
            _ => {}
        }
        FiledCase { case, expected: 0, history }
    });
    keep(store, "cases", 1, Filing { cases: cases.collect(), ..Filing::default() }).await;
}

async fn listed_cases(store: &TestStore, query: &CaseQuery, order: CaseOrder) -> String {
    let (mut found, mut after) = (String::new(), None);
    loop {
        let page = CasePage { order, after, limit: 1 };
        let page = store.list_cases(PROJECT, query, &page).await.unwrap();
        found.extend(page.found.iter().map(|case| case.id.as_str()));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[rstest]
#[tokio::test]
async fn cases_are_found_by_what_is_known_of_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    cases(&store).await;
    let text = |text: &str| Some(text.to_owned());
    let at = |hour: i64| Some(Timestamp(hour * HOUR));
    let weight = |operator: FieldOperator, value: &str| CaseQuery {
        properties: vec![FieldCondition {
            path: vec!["weight".to_owned()],
            operator,
            value: value.to_owned(),
        }],
        ..CaseQuery::default()
    };
    let none = CaseQuery::default;
    for (query, expected) in [
        (none(), "abcd"),
        (CaseQuery { case_type: text("child"), ..none() }, "acd"),
        (CaseQuery { owner: text("u"), ..none() }, "abd"),
        (CaseQuery { case_type: text("child"), owner: text("u"), ..none() }, "ad"),
        (CaseQuery { external_id: text("7"), ..none() }, "b"),
        (CaseQuery { external_id: text(""), ..none() }, ""),
        (CaseQuery { is_closed: Some(true), ..none() }, "c"),
        (CaseQuery { is_closed: Some(false), ..none() }, "abd"),
        (CaseQuery { name: text("House"), ..none() }, "b"),
        (CaseQuery { modified_since: at(2), modified_until: at(4), ..none() }, "cd"),
        (CaseQuery { parent: text("b"), ..none() }, "d"),
        (CaseQuery { text: text("hous"), ..none() }, "b"),
        (CaseQuery { is_deleted: true, ..none() }, "e"),
        (weight(FieldOperator::Equals, "2.50"), "abd"),
        (weight(FieldOperator::Equals, "9"), "c"),
        (weight(FieldOperator::Absent, ""), ""),
    ] {
        assert_eq!(
            listed_cases(&store, &query, CaseOrder::FirstChanged).await,
            expected,
            "{query:?}"
        );
        let backwards: String = expected.chars().rev().collect();
        assert_eq!(
            listed_cases(&store, &query, CaseOrder::LastChanged).await,
            backwards,
            "{query:?}"
        );
    }
    let page = CasePage { order: CaseOrder::LastChanged, after: None, limit: 9 };
    let found = store.list_cases(PROJECT, &none(), &page).await.unwrap().found;
    let closed = found.iter().find(|case| case.id == "c").unwrap();
    assert_eq!((closed.closed_at, &*closed.closed_by), (Some(Timestamp(1)), "u"));
    assert_eq!((&*closed.case_type, &*closed.owner, closed.revision), ("child", "other", 1));
}

/// Writes so many submissions of `a`, and cases, past the store.
async fn fill(store: &TestStore, engine: Engine, count: usize) {
    let (id, none) = match engine {
        Engine::Sqlite => ("unhex(printf('0195a7c2000070008000%012x', i))", "x'00'"),
        Engine::Postgres => {
            ("('0195a7c2000070008000' || lpad(to_hex(i), 12, '0'))::uuid", "gen_random_uuid()")
        }
    };
    let numbers = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    );
    store
        .execute(&format!(
            "{numbers}
             INSERT INTO submissions (project, id, form, number, version, source, message, received_at,
                 modified_at, indexed_at, is_untyped, is_encrypted)
             SELECT 'clinic', {id}, 'a', i, 1, 'intake', {none}, i, i, i, 0, 0 FROM n;
             {numbers}
             INSERT INTO cases (project, id, case_type, name, owner, external_id, opened_by,
                 modified_by, closed_by, server_modified_at, indexed_at, is_deleted, revision, changes)
             SELECT 'clinic', 'case ' || i, 't', '', 'o', '', '', '', '', i, i, 0, 1, 0 FROM n;"
        ))
        .await;
}

#[rstest]
#[tokio::test]
async fn a_list_looks_through_so_many_rows_and_says_from_where_to_go_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    assert_eq!(SUBMISSIONS_LOOKED_THROUGH, CASES_LOOKED_THROUGH);
    fill(&store, engine, SUBMISSIONS_LOOKED_THROUGH + 1).await;
    let query = SubmissionQuery {
        form: Some("a".to_owned()),
        application: Some("none".to_owned()),
        ..SubmissionQuery::default()
    };
    for order in SubmissionOrder::ALL {
        let page = SubmissionPage { order: *order, after: None, limit: 9 };
        let first = store.submissions(PROJECT, &query, page).await.unwrap();
        assert_eq!((first.found.len(), first.next.is_some()), (0, true), "{order}");
        let page = SubmissionPage { after: first.next, ..page };
        let last = store.submissions(PROJECT, &query, page).await.unwrap();
        assert_eq!((last.found.len(), last.next), (0, None), "{order}");
    }
    let query = CaseQuery { is_closed: Some(true), ..CaseQuery::default() };
    for order in CaseOrder::ALL {
        let page = CasePage { order: *order, after: None, limit: 9 };
        let first = store.list_cases(PROJECT, &query, &page).await.unwrap();
        assert_eq!((first.found.len(), first.next.is_some()), (0, true), "{order}");
        let page = CasePage { after: first.next, ..page };
        let last = store.list_cases(PROJECT, &query, &page).await.unwrap();
        assert_eq!((last.found.len(), last.next), (0, None), "{order}");
    }
}

#[rstest]
#[tokio::test]
async fn forms_are_listed_by_name(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    submissions(&store).await;
    let names = async |query: FormQuery, after: Option<&str>| {
        let forms = store.forms(PROJECT, &query, after, 10).await.unwrap();
        forms.into_iter().map(|form| form.name).collect::<Vec<String>>()
    };
    assert_eq!(names(FormQuery::default(), None).await, ["births", "deaths"]);
    assert_eq!(names(FormQuery::default(), Some("births")).await, ["deaths"]);
    let with_text = FormQuery { text: Some("DEATHS-ID".to_owned()), ..FormQuery::default() };
    assert_eq!(names(with_text, None).await, ["deaths"]);
    for (has_definition, count) in [(true, 0), (false, 2)] {
        let query = FormQuery { has_definition: Some(has_definition), ..FormQuery::default() };
        assert_eq!(names(query, None).await.len(), count, "{has_definition}");
    }
}
