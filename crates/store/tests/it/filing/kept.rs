//! What is filed is read back as it was.

use std::collections::BTreeMap;

use fieldpost_model::case::{Case, CaseRelationship};
use fieldpost_model::submission::FormReference;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accepted, CaseHistory, FiledSubmission, Filing, Original, StoreError, StoredFile,
    SubmissionContent, WantedVersion,
};
use rstest::rstest;
use uuid::Uuid;

use super::{FORM, begin, case, change, file, filed, new_form, revision, submission, tie};
use crate::support::{Change, Engine, PROJECT, TestStore, message};

const KEPT: Result<Accepted, StoreError> = Ok(Accepted::Kept { version: 1 });

#[rstest]
#[tokio::test]
async fn everything_is_kept_with_its_message_and_outlives_a_restart(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = FiledSubmission {
        form_version: Some("7".to_owned()),
        application: Some("app".to_owned()),
        build: Some("b1".to_owned()),
        extra: r#"{"@x":1}"#.to_owned(),
        metadata: r#"{"device":"phone"}"#.to_owned(),
        position: Some(r#"{"type":"Point","coordinates":[1.50,2]}"#.to_owned()),
        user: Some("nurse".to_owned()),
        user_id: Some("u1".to_owned()),
        is_untyped: true,
        original: Some(Original { content_type: None, bytes: "<data/>".into() }),
        ..submission("uuid:1")
    };
    let accept = filed(
        "one",
        Filing {
            forms: vec![new_form(FORM)],
            submissions: vec![one.clone()],
            files: vec![file(one.id, "a.jpg", Some([3; 32])), file(one.id, "b.jpg", None)],
            cases: vec![case("c", 0, "uuid:1", one.id)],
            needed_cases: Vec::new(),
        },
    );
    let (id, received_at) = (accept.message.id, accept.message.received_at);
    assert_eq!(store.accept(accept).await, KEPT);
    let store = store.restart().await;

    let form = store.form(PROJECT, FORM).await.unwrap().unwrap();
    assert_eq!((&*form.title, form.form_id.as_deref()), ("BIRTHS", Some("births-id")));
    assert_eq!((form.submissions, form.revision, form.has_definition()), (1, 1, false));

    let stored = store.submission(PROJECT, one.id).await.unwrap().unwrap();
    assert_eq!((stored.number, stored.version, stored.message), (1, 1, id));
    assert_eq!((stored.received_at, stored.modified_at), (received_at, received_at));
    assert_eq!((&*stored.source, stored.instance_id.as_deref()), ("intake", Some("uuid:1")));
    assert_eq!((stored.position, stored.user), (one.position.clone(), one.user.clone()));
    assert_eq!((stored.user_id, stored.build), (one.user_id.clone(), one.build.clone()));
    assert_eq!((stored.is_untyped, stored.is_encrypted), (true, false));
    let content = SubmissionContent {
        version: 1,
        values: one.values,
        extra: one.extra,
        metadata: one.metadata,
    };
    let read = store.submission_content(PROJECT, one.id, WantedVersion::Newest).await.unwrap();
    assert_eq!(read.as_ref(), Some(&content));
    let several = store.submission_contents(PROJECT, &[one.id, Uuid::now_v7()]).await.unwrap();
    assert_eq!(several, [(one.id, content)].into());
    assert_eq!(store.submission_original(PROJECT, one.id, 1).await.unwrap(), one.original);
    let stored_file = |name: &str, sha256: Option<[u8; 32]>| StoredFile {
        name: name.to_owned(),
        content_type: None,
        sha256,
        bytes: sha256.map(|_| 5),
        link: None,
        fetch: None,
    };
    assert_eq!(
        store.files_of(PROJECT, one.id).await.unwrap(),
        [stored_file("a.jpg", Some([3; 32])), stored_file("b.jpg", None)]
    );

    let expected = case("c", 0, "uuid:1", one.id);
    let state = Case { forms: vec!["uuid:1".to_owned()], ..expected.case };
    let read = store.cases(PROJECT, &["c", "d"]).await.unwrap();
    let read: BTreeMap<_, _> =
        read.into_iter().map(|(id, case)| (id, (case.revision, case.value))).collect();
    assert_eq!(read, [("c".to_owned(), (1, state))].into());
    let history = store.case_changes(PROJECT, "c").await.unwrap();
    assert_eq!(history, [change("c", "uuid:1", one.id)]);
    assert_eq!(store.cases_of_submission(PROJECT, one.id).await.unwrap(), ["c"]);
}

#[rstest]
#[tokio::test]
async fn an_edit_is_a_version_of_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = begin(&store).await;
    let edit = FiledSubmission {
        id: first.id,
        expected: 1,
        values: r#"{"name":"Amina D"}"#.to_owned(),
        content_hash: [2; 32],
        ..submission("uuid:second")
    };
    let filing = Filing { submissions: vec![edit], ..Filing::default() };
    let accept = filed("edit", filing);
    let (message, edited_at) = (accept.message.id, accept.message.received_at);
    assert_eq!(store.accept(accept).await, KEPT);
    let other = submission("uuid:other");
    let filing = Filing { submissions: vec![other.clone()], ..Filing::default() };
    assert_eq!(store.accept(filed("other", filing)).await, KEPT);

    let stored = store.submission(PROJECT, first.id).await.unwrap().unwrap();
    assert_eq!((stored.number, stored.version, stored.message), (1, 2, message));
    assert!(stored.received_at < edited_at, "the first version's time stays");
    assert_eq!(stored.modified_at, edited_at);
    assert_eq!(store.submission(PROJECT, other.id).await.unwrap().unwrap().number, 2);

    let names = ["uuid:first", "uuid:second", "uuid:third"];
    let instances = store.instances(PROJECT, &names).await.unwrap();
    assert_eq!(instances.len(), 2);
    let (old, new) = (&instances["uuid:first"], &instances["uuid:second"]);
    assert_eq!((old.submission, old.version, old.revision), (first.id, 1, 2));
    assert_eq!((old.is_newest(), old.content_hash), (false, [1; 32]));
    assert_eq!((new.is_newest(), new.content_hash, &*new.form), (true, [2; 32], FORM));

    let versions = store.submission_versions(PROJECT, first.id, None, 10).await.unwrap();
    let told: Vec<_> =
        versions.iter().map(|it| (it.version, it.instance_id.as_deref(), it.is_erased)).collect();
    assert_eq!(told, [(2, Some("uuid:second"), false), (1, Some("uuid:first"), false)]);
    let older = store.submission_versions(PROJECT, first.id, Some(2), 10).await.unwrap();
    assert_eq!(older, versions[1..]);
    let before = store.submission_content(PROJECT, first.id, WantedVersion::Number(1)).await;
    assert_eq!(before.unwrap().unwrap().values, first.values);
}

#[rstest]
#[tokio::test]
async fn what_repeats_a_message_brings_files_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = begin(&store).await;
    let again = |files| Filing { files, ..Filing::default() };
    for files in [
        vec![file(first.id, "a.jpg", None), file(first.id, "b.jpg", None)],
        vec![file(first.id, "a.jpg", Some([3; 32]))],
        // The form declares its files with each post.
        vec![file(first.id, "a.jpg", None), file(first.id, "b.jpg", Some([4; 32]))],
    ] {
        let answer = store.accept(filed("first", again(files))).await;
        assert!(matches!(answer, Ok(Accepted::Duplicate { .. })), "{answer:?}");
    }
    let files = store.files_of(PROJECT, first.id).await.unwrap();
    let told: Vec<_> = files.iter().map(|file| (&*file.name, file.sha256, file.bytes)).collect();
    assert_eq!(told, [("a.jpg", Some([3; 32]), Some(5)), ("b.jpg", Some([4; 32]), Some(5))]);

    // Planned as news, and found to repeat a message: nothing of it is news.
    let late = submission("uuid:late");
    let filing = Filing {
        submissions: vec![late.clone()],
        files: vec![file(late.id, "c.jpg", Some([5; 32]))],
        cases: vec![case("late", 0, "uuid:late", late.id)],
        ..Filing::default()
    };
    let answer = store.accept(filed("first", filing)).await;
    assert!(matches!(answer, Ok(Accepted::Duplicate { .. })), "{answer:?}");
    assert_eq!(store.submission(PROJECT, late.id).await.unwrap(), None);
    assert_eq!(store.files_of(PROJECT, late.id).await.unwrap(), []);
    assert_eq!(revision(&store, "late").await, 0);
}

#[rstest]
#[tokio::test]
async fn what_is_quarantined_files_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let filing = Filing { forms: vec![new_form(FORM)], ..Filing::default() };
    let accept = message("broken").unreadable("no such case");
    let accept = accept.change(|accept| accept.filing = Some(Box::new(filing)));
    let answer = store.accept(accept).await;
    assert!(matches!(answer, Ok(Accepted::Quarantined { .. })), "{answer:?}");
    assert_eq!(store.form(PROJECT, FORM).await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn a_history_grows_and_is_written_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = begin(&store).await;
    for (expected, form) in [(1, "uuid:second"), (2, "uuid:third")] {
        let next = submission(form);
        let filing = Filing {
            cases: vec![case("c", expected, form, next.id)],
            submissions: vec![next],
            ..Filing::default()
        };
        assert_eq!(store.accept(filed(form, filing)).await, KEPT);
    }
    let forms = store.case_forms(PROJECT, "c", 0, 10).await.unwrap();
    let names = ["uuid:first", "uuid:second", "uuid:third"];
    let numbered = (1..).zip(names.map(str::to_owned)).collect::<Vec<(i64, String)>>();
    assert_eq!(forms, numbered);
    assert_eq!(store.case_forms(PROJECT, "c", 1, 1).await.unwrap(), numbered[1..2]);
    let loaded = store.cases(PROJECT, &["c"]).await.unwrap().remove("c").unwrap();
    assert_eq!(
        (loaded.revision, loaded.value.forms),
        (3, names[..2].to_vec().iter().map(|it| (*it).to_owned()).collect())
    );

    let mut anew = case("c", 3, "uuid:third", first.id);
    anew.case.indices = [("parent".to_owned(), tie("p", CaseRelationship::Child))].into();
    anew.history = CaseHistory::Replace(vec![
        change("c", "uuid:third", first.id),
        change("c", "uuid:first", first.id),
    ]);
    let filing = Filing { cases: vec![anew], ..Filing::default() };
    assert_eq!(store.accept(filed("anew", filing)).await, KEPT);
    let forms = store.case_forms(PROJECT, "c", 0, 10).await.unwrap();
    assert_eq!(forms, [(1, "uuid:third".to_owned()), (2, "uuid:first".to_owned())]);
    let ties = store.ties_from(PROJECT, "c").await.unwrap();
    assert_eq!(
        ties.iter().map(|tie| (&*tie.name, &*tie.target)).collect::<Vec<_>>(),
        [("parent", "p")]
    );
    assert_eq!(store.ties_to(PROJECT, "p", None, 10).await.unwrap(), ties);

    let untied = Filing { cases: vec![case("c", 4, "uuid:fourth", first.id)], ..Filing::default() };
    assert_eq!(store.accept(filed("untied", untied)).await, KEPT);
    assert_eq!(store.ties_from(PROJECT, "c").await.unwrap(), []);
    let forms = store.case_forms(PROJECT, "c", 2, 10).await.unwrap();
    assert_eq!(forms, [(3, "uuid:fourth".to_owned())]);
}

#[rstest]
#[tokio::test]
async fn open_extensions_are_found_over_any_number_of_steps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use CaseRelationship::{Child, Extension};
    let store = TestStore::new(engine).await;
    begin(&store).await;
    let tied = |id: &str, host: &str, relationship: CaseRelationship| {
        let mut tied = case(id, 0, "uuid:ties", Uuid::now_v7());
        tied.case.indices = [("host".to_owned(), tie(host, relationship))].into();
        tied
    };
    let mut closed = tied("closed", "c", Extension);
    closed.case.closing =
        Some(fieldpost_model::case::Closing { at: Timestamp(1), by: "u".to_owned() });
    let cases = vec![
        tied("one", "c", Extension),
        tied("two", "one", Extension),
        // A ring ends.
        tied("three", "two", Extension),
        tied("child", "c", Child),
        tied("behind", "closed", Extension),
        closed,
    ];
    let filing = Filing { cases, ..Filing::default() };
    assert_eq!(store.accept(filed("ties", filing)).await, KEPT);
    let mut ring = tied("one", "three", Extension);
    ring.expected = 1;
    ring.case.indices.insert("other".to_owned(), tie("c", Extension));
    let filing = Filing { cases: vec![ring], ..Filing::default() };
    assert_eq!(store.accept(filed("ring", filing)).await, KEPT);

    let found = store.open_extensions_of(PROJECT, &["c"], 3).await.unwrap();
    let ids: Vec<&str> = found.iter().map(|case| &*case.value.id).collect();
    assert_eq!(ids, ["one", "three", "two"]);
    let refused = store.open_extensions_of(PROJECT, &["c"], 2).await.unwrap_err();
    assert!(refused.to_string().contains("more than 2 open extensions"), "{refused}");
    assert_eq!(store.open_extensions_of(PROJECT, &["child"], 2).await.unwrap(), []);
}

#[rstest]
#[tokio::test]
async fn a_form_is_found_as_submissions_name_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let with_both =
        fieldpost_store::NewForm { xmlns: Some("http://x".to_owned()), ..new_form("both") };
    let only_xmlns = fieldpost_store::NewForm { form_id: None, ..with_both.clone() };
    let only_xmlns = fieldpost_store::NewForm { name: "xmlns".to_owned(), ..only_xmlns };
    let filing = Filing { forms: vec![with_both], ..Filing::default() };
    assert_eq!(store.accept(filed("both", filing)).await, KEPT);
    let find = async |id: Option<&str>, xmlns: Option<&str>| {
        let reference = FormReference {
            id: id.map(str::to_owned),
            xmlns: xmlns.map(str::to_owned),
            ..FormReference::default()
        };
        store.find_form(PROJECT, &reference).await.unwrap().map(|form| form.name)
    };
    assert_eq!(find(Some("both-id"), None).await.as_deref(), Some("both"));
    assert_eq!(find(None, Some("http://x")).await.as_deref(), Some("both"));
    assert_eq!(find(Some("other"), Some("http://x")).await, None);
    assert_eq!(find(None, None).await, None);
    let filing = Filing { forms: vec![only_xmlns], ..Filing::default() };
    assert_eq!(store.accept(filed("xmlns", filing)).await, KEPT);
    assert_eq!(find(None, Some("http://x")).await.as_deref(), Some("xmlns"));
    assert_eq!(find(Some("other"), Some("http://x")).await.as_deref(), Some("xmlns"));
    assert_eq!(find(Some("both-id"), Some("http://x")).await.as_deref(), Some("both"));
}
