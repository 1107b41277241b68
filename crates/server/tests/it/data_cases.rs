//! Cases as clients of CommCare HQ read and change them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::data_forms::{BOTH, block, form, hub, hub_on};
use crate::hub::{Engine, TestHub, json_of, text};
use crate::receiver::KEY;

const OLD: &str = "/a/clinic/api/v0.5/case/";
const CASES: &str = "/a/clinic/api/case/v2/";

fn create(case_type: &str, name: &str, owner: &str, more: &str) -> String {
    format!(
        "<create><case_type>{case_type}</case_type><case_name>{name}</case_name>\
         <owner_id>{owner}</owner_id></create>{more}"
    )
}

/// Four cases: the household `h`, its children `a` and `b`, and `z`, which is closed.
async fn four_on(engine: Engine) -> TestHub {
    let hub = hub_on(engine).await;
    hub.fill("", form("1", "f", &block("h", &create("household", "House", "o1", "")))).await;
    let tie = "<index><parent case_type=\"household\">h</parent></index>";
    let update = "<update><village>Kibera</village><phone/><external_id>7</external_id></update>";
    let a = create("child", "Ann", "o1", &format!("{update}{tie}"));
    hub.fill("", form("2", "f", &block("a", &a))).await;
    let b =
        create("child", "Ben", "o2", &format!("<update><village>Mathare</village></update>{tie}"));
    hub.fill("", form("3", "f", &block("b", &b))).await;
    hub.fill("", form("4", "f", &block("z", &create("child", "Zoe", "o2", "<close/>")))).await;
    hub
}

async fn four() -> TestHub {
    four_on(Engine::Sqlite).await
}

async fn names(hub: &TestHub, path: &str) -> String {
    let mut path = path.to_owned();
    let mut names = String::new();
    loop {
        let page = hub.read(&path).await;
        let cases = page["cases"].as_array().unwrap();
        names.extend(cases.iter().map(|case| text(&case["case_id"])));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => return names,
        }
    }
}

#[tokio::test]
async fn the_list_of_old_is_what_exporters_read() {
    for engine in BOTH {
        let hub = four_on(engine).await;
        let page = hub.read(&format!("{OLD}?limit=2&order_by=indexed_on")).await;
        assert_eq!(page["meta"]["total_count"], 4);
        let one = &page["objects"][1];
        assert_eq!((&one["id"], &one["case_id"]), (&"a".into(), &"a".into()));
        assert_eq!(one["properties"]["case_name"], "Ann");
        assert_eq!(one["xform_ids"], json!(["2"]));
        assert_eq!(one["indices"]["parent"]["case_id"], "h");
        assert_eq!(one["resource_uri"], "/a/clinic/api/case/v1/a/");
        assert!(one["indexed_on"].is_string());
        let indexed = text(&one["indexed_on"]).to_owned();
        for (query, expected) in [
            ("type=child".to_owned(), "abz"),
            ("case_type=household".to_owned(), "h"),
            ("owner_id=o1".to_owned(), "ha"),
            ("closed=true".to_owned(), "z"),
            ("closed=false".to_owned(), "hab"),
            ("external_id=7".to_owned(), "a"),
            ("name=Ben".to_owned(), "b"),
            ("user_id=u1".to_owned(), "habz"),
            ("properties.village=Kibera".to_owned(), "a"),
            ("date_modified_start=2026-11-22&date_modified_end=2026-11-23".to_owned(), "habz"),
            ("date_modified_start=2026-11-23".to_owned(), ""),
            ("server_date_modified_end=2020-01-01".to_owned(), ""),
            (format!("indexed_on_start={indexed}"), "abz"),
        ] {
            let path = format!("{OLD}?limit=1&{query}");
            assert_eq!(hub.ids(&path).await.concat(), expected, "{path}");
        }
        assert_eq!(hub.read("/a/clinic/api/case/v1/z/").await["closed"], true);
    }
}

#[tokio::test]
async fn cases_of_version_2_are_found_by_its_filters() {
    for engine in BOTH {
        let hub = four_on(engine).await;
        let one = hub.read(&format!("{CASES}a")).await;
        assert_eq!(one["properties"], json!({ "phone": "", "village": "Kibera" }));
        assert_eq!(one["external_id"], "7");
        assert_eq!(one["indices"]["parent"]["relationship"], "child");
        assert_eq!(hub.read(&format!("{CASES}ext/7/")).await, one);
        let indexed = text(&one["indexed_on"]).to_owned();
        for (query, expected) in [
            (String::new(), "habz"),
            ("case_type=child".to_owned(), "abz"),
            ("case_type=child&owner_id=o2".to_owned(), "bz"),
            ("case_name=Ben".to_owned(), "b"),
            ("external_id=7".to_owned(), "a"),
            ("closed=true".to_owned(), "z"),
            ("indices.parent=h".to_owned(), "ab"),
            ("indices.host=h".to_owned(), ""),
            ("properties.village=Mathare".to_owned(), "b"),
            ("properties.phone=".to_owned(), "habz"),
            ("properties.village=".to_owned(), "hz"),
            (format!("indexed_on.gt={indexed}"), "bz"),
            (format!("indexed_on.lte={indexed}"), "ha"),
            ("date_closed.gte=2026-11-22".to_owned(), "z"),
            ("last_modified.lt=2026-11-22".to_owned(), ""),
        ] {
            let path = format!("{CASES}?limit=1&{query}");
            assert_eq!(names(&hub, &path).await, expected, "{path}");
            let count = hub.read(&format!("{CASES}?{query}")).await["matching_records"].clone();
            assert_eq!(count, expected.len(), "{query}");
        }
        // What is changed while somebody reads comes at the end, once more.
        let first = hub.read(&format!("{CASES}?limit=2")).await;
        hub.fill("", form("5", "f", &block("h", "<update><wall>mud</wall></update>"))).await;
        assert_eq!(names(&hub, text(&first["next"])).await, "bzh");
        // Nothing but the number, as CommCare HQ answers.
        let counted = hub.read(&format!("{CASES}?limit=0&case_type=child")).await;
        assert_eq!(counted, json!({ "matching_records": 3, "cases": [] }));
        for (query, near) in [
            ("fields=nope", "there are domain, case_id"),
            ("fields=case_id,case_nmae", "did you mean `case_name`?"),
            ("exclude=propertys", "did you mean `properties`?"),
            ("fields.indices.parent=name", "there are domain"),
            ("fields=case_id.x", "there are domain"),
        ] {
            let answer = hub.data(Method::GET, &format!("{CASES}?{query}")).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{query}");
            let told = json_of(answer).await;
            assert_eq!(told["code"], "bad-parameter", "{told}");
            assert!(text(&told["hint"]).contains(near), "{query}: {told}");
        }
        let shown =
            hub.read(&format!("{CASES}?fields=case_id,properties.wall&case_name=House")).await;
        assert_eq!(shown["cases"], json!([{ "case_id": "h", "properties": { "wall": "mud" } }]));
    }
}

#[tokio::test]
async fn many_cases_are_fetched_in_the_order_of_asking() {
    for engine in BOTH {
        let hub = four_on(engine).await;
        let several = hub.read(&format!("{CASES}b,nobody,a")).await;
        assert_eq!(
            (&several["matching_records"], &several["missing_records"]),
            (&2.into(), &1.into())
        );
        assert_eq!(several["cases"][1], json!({ "case_id": "nobody", "error": "not found" }));
        let wanted = json!({ "case_ids": ["z", "x"], "external_ids": ["7", "8"] });
        let request =
            hub.data(Method::POST, &format!("{CASES}bulk-fetch/")).body(wanted.to_string());
        let found = json_of(request.send().await.unwrap()).await;
        let of = |place: usize| &found["cases"][place];
        assert_eq!((&of(0)["case_id"], &of(2)["case_id"]), (&"z".into(), &"a".into()), "{found}");
        assert_eq!(of(3), &json!({ "external_id": "8", "error": "not found" }));
    }
}

async fn change(hub: &TestHub, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = hub.data(method, &format!("{CASES}{path}")).body(body.to_string());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), json_of(answer).await)
}

fn child(name: &str) -> Value {
    json!({ "case_name": name, "case_type": "child", "owner_id": "o1" })
}

#[tokio::test]
async fn a_program_makes_and_changes_cases() {
    for engine in BOTH {
        let hub = four_on(engine).await;
        let mut wanted = child("Cleo");
        wanted["properties"] = json!({ "age": "3" });
        wanted["indices"] = json!({
            "parent": { "case_id": "h", "case_type": "household", "relationship": "child" },
        });
        let (status, made) = change(&hub, Method::POST, "", &wanted).await;
        assert_eq!((status, &made["case"]["case_name"]), (200, &"Cleo".into()), "{made}");
        assert_eq!(made["case"]["indices"]["parent"]["case_id"], "h");
        let id = text(&made["case"]["case_id"]).to_owned();
        // The form that did it is there like any other.
        let form = hub.read(&format!("/a/clinic/api/form/v1/{}/", text(&made["xform_id"]))).await;
        assert_eq!(form["form"]["case"]["@case_id"], id.as_str());

        let update =
            json!({ "properties": { "age": "4" }, "indices": { "parent": { "case_id": "" } } });
        let (status, changed) = change(&hub, Method::PUT, &id, &update).await;
        assert_eq!(
            (status, &changed["case"]["properties"]["age"]),
            (200, &"4".into()),
            "{changed}"
        );
        assert_eq!(changed["case"]["indices"], json!({}));
        let update = json!({ "case_id": id, "close": true, "case_name": "Cleo B" });
        let (status, closed) = change(&hub, Method::PUT, "", &update).await;
        assert_eq!((status, &closed["case"]["closed"]), (200, &true.into()), "{closed}");
        assert_eq!(closed["case"]["case_name"], "Cleo B");
    }
}

#[tokio::test]
async fn many_cases_are_changed_by_one_form_or_none_is() {
    for engine in BOTH {
        let hub = four_on(engine).await;
        let rows = json!([
            { "create": true, "temporary_id": "1", "case_name": "New", "case_type": "household", "owner_id": "o" },
            { "create": true, "case_name": "Dot", "case_type": "child", "owner_id": "o", "indices": {
                "parent": { "temporary_id": "1", "case_type": "household", "relationship": "child" } } },
            { "create": false, "case_id": "a", "properties": { "village": "Lindi" } },
            { "external_id": "7", "properties": { "seen": "yes" } },
            { "external_id": "8", "case_name": "Eve", "case_type": "child", "owner_id": "o" },
            { "external_id": "8", "case_name": "Eve", "case_type": "child", "owner_id": "o" },
        ]);
        let (status, made) = change(&hub, Method::POST, "", &rows).await;
        assert_eq!(status, 200, "{made}");
        let of = |place: usize| &made["cases"][place];
        assert_eq!(of(1)["indices"]["parent"]["case_id"], of(0)["case_id"]);
        assert_eq!(of(2)["properties"]["village"], "Lindi");
        assert_eq!((&of(3)["case_id"], &of(3)["properties"]["seen"]), (&"a".into(), &"yes".into()));
        assert_eq!(of(4)["case_id"], of(5)["case_id"], "an upsert of one id made two cases");
        let count = hub.read(&format!("{CASES}?external_id=8")).await["matching_records"].clone();
        assert_eq!(count, 1);

        let rows = json!([child("x"), { "create": false, "case_id": "gone" }, { "create": true, "foo": "1" }]);
        let (status, told) = change(&hub, Method::POST, "", &rows).await;
        assert_eq!(status, 400);
        let error = text(&told["error"]);
        for part in [
            "Error in row 1: A 'create' flag is required",
            "; Error in row 2: No case found with ID 'gone'",
            "; Error in row 3: 'foo' is not a valid field.",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let all = vec![child("x"); 101];
        let (status, told) = change(&hub, Method::POST, "", &all.into()).await;
        assert_eq!((status, text(&told["error"])), (400, "Payload too large"));
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_change_is_told() {
    let hub = four().await;
    let with = |name: &str, value: Value| {
        let mut wanted = child("x");
        wanted[name] = value;
        wanted
    };
    for (method, path, body, status, error) in [
        (
            Method::POST,
            "",
            with("properties", json!({ "x": 5 })),
            400,
            "Error with case property 'x'. Values must be strings, received '5'",
        ),
        (Method::POST, "", with("foo", json!("1")), 400, "'foo' is not a valid field."),
        (
            Method::POST,
            "",
            json!({ "case_name": "x", "case_type": "t" }),
            400,
            "Property 'owner_id' is required for a new case",
        ),
        (
            Method::POST,
            "",
            with("case_id", json!("mine")),
            400,
            "'case_id' cannot be given for a new case: the hub gives it one",
        ),
        (Method::PUT, "nobody", json!({}), 404, "No case found with ID 'nobody'"),
        (
            Method::PUT,
            "",
            json!({ "case_name": "x" }),
            400,
            "A case must have either a 'case_id' or an 'external_id'",
        ),
        (
            Method::PUT,
            "a",
            json!({ "case_id": "b" }),
            400,
            "the `case_id` is another one than that of the address",
        ),
        (
            Method::PUT,
            "ext/9",
            json!({ "external_id": "8" }),
            400,
            "the `external_id` is another one than that of the address",
        ),
        (
            Method::POST,
            "",
            with(
                "indices",
                json!({ "parent": { "external_id": "9", "case_type": "t", "relationship": "child" } }),
            ),
            400,
            "Error with index 'parent'. No case found with external ID '9'",
        ),
    ] {
        let (found, told) = change(&hub, method, path, &body).await;
        assert_eq!((found, text(&told["error"])), (status, error), "{body}");
    }
    let request = hub.data(Method::POST, CASES).body("{");
    let told = json_of(request.send().await.unwrap()).await;
    assert_eq!(told["error"], "Payload must be valid JSON");
    // An index to a case that is not there is refused by the rules of cases, like that of a phone.
    let tie =
        json!({ "parent": { "case_id": "nobody", "case_type": "t", "relationship": "child" } });
    let (status, told) = change(&hub, Method::POST, "", &with("indices", tie)).await;
    assert_eq!(status, 400, "{told}");
    assert_eq!(hub.read(CASES).await["matching_records"], 4);
}

#[tokio::test]
async fn who_may_only_read_changes_nothing() {
    let hub = four().await;
    let put = |name: &'static str, password: &'static str| {
        let request =
            hub.client.put(hub.url(&format!("{CASES}a"))).basic_auth(name, Some(password));
        request.body(json!({ "properties": { "seen": "yes" } }).to_string()).send()
    };
    let refused = put("reader", "of-somebody-who-reads").await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(json_of(refused).await["code"], "access-too-low");
    // Who may post forms about every case may change them here, too.
    assert_eq!(put("handsets", KEY).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_upsert_leaves_a_case_alone_that_is_called_otherwise_by_now() {
    let hub = hub().await;
    let (status, first) = change(&hub, Method::PUT, "ext/7/", &child("Ann")).await;
    assert_eq!(status, 200, "{first}");
    let first = text(&first["case"]["case_id"]).to_owned();
    let (status, renamed) = change(&hub, Method::PUT, &first, &json!({ "external_id": "8" })).await;
    assert_eq!(status, 200, "{renamed}");
    let (status, second) = change(&hub, Method::PUT, "ext/7/", &child("Ben")).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(second["case"]["case_id"], first.as_str());
    assert_eq!(hub.read(&format!("{CASES}{first}")).await["case_name"], "Ann");
    assert_eq!(hub.read(&format!("{CASES}ext/8/")).await["case_name"], "Ann");
    let (_, again) = change(&hub, Method::PUT, "ext/7/", &json!({ "case_name": "Bea" })).await;
    assert_eq!(again["case"]["case_id"], second["case"]["case_id"]);
}

#[tokio::test]
async fn what_xml_cannot_hold_is_refused() {
    let hub = four().await;
    for (path, body) in [
        ("a", json!({ "properties": { "n\u{2160}\u{2d}\u{b2}": "1" } })),
        ("a", json!({ "properties": { "\u{aa}": "1" } })),
        ("a", json!({ "properties": { "age": "7\u{0}" } })),
        ("a", json!({ "case_name": "\u{b}" })),
        ("a", json!({ "external_id": "7\u{1}" })),
        ("a", json!({ "external_id": "7".repeat(1_001) })),
        ("a", json!({ "indices": { "\u{aa}": { "case_id": "" } } })),
        ("ext/7%01/", child("Ann")),
        ("ext/%207/", child("Ann")),
    ] {
        let (status, told) = change(&hub, Method::PUT, path, &body).await;
        assert_eq!((status, &told["code"]), (400, &"bad-case".into()), "{path} {body}: {told}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let hub = four().await;
    let put = async |name: &str, value: &str| {
        let request = hub.data(Method::PUT, &format!("{CASES}a")).header(name, value);
        let request = request.body(json!({ "properties": { "seen": "yes" } }).to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, json_of(answer).await["code"].as_str().map(str::to_owned))
    };
    let refused = (403, Some("cross-site".to_owned()));
    assert_eq!(put("sec-fetch-site", "cross-site").await, refused);
    assert_eq!(put("sec-fetch-site", "same-site").await, refused);
    assert_eq!(put("origin", "https://evil.example").await, refused);
    assert_eq!(put("sec-fetch-site", "same-origin").await, (200, None));
    assert_eq!(put("sec-fetch-site", "none").await, (200, None));
    assert_eq!(put("origin", hub.url("").trim_end_matches('/')).await, (200, None));
}

#[tokio::test]
async fn much_is_told_in_pieces_or_not_at_all() {
    let hub = hub().await;
    let long = "x".repeat(240_000);
    for number in 0..50 {
        let note = format!("<update><note>{long}</note></update>");
        let id = format!("c{number}");
        let inside = block(&id, &create("child", "Ann", "o1", &note));
        hub.fill("", form(&format!("f{number}"), "f", &inside)).await;
    }
    // One case again and again is told once, and counted each time.
    let fetch = async |times: usize, name: &str, id: &str| {
        let wanted = json!({ name: vec![id; times] });
        let request = hub.data(Method::POST, &format!("{CASES}bulk-fetch/"));
        let answer = request.body(wanted.to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, json_of(answer).await)
    };
    let (status, told) = fetch(2, "case_ids", "c7").await;
    assert_eq!((status, &told["matching_records"]), (200, &2.into()));
    assert_eq!(told["cases"][0], told["cases"][1]);
    for (times, name, id) in [(1_500, "case_ids", "c7"), (201, "external_ids", "e")] {
        let (status, told) = fetch(times, name, id).await;
        assert_eq!((status, &told["code"]), (400, &"too-many-cases".into()), "{told}");
    }
    // A change of so much is made, and tells as much of it as an answer holds.
    let note = format!("<update><note>{}</note></update>", "y".repeat(900_000));
    hub.fill("", form("g", "f", &block("big", &create("large", "Zoe", "o1", &note)))).await;
    let row = json!({ "create": false, "case_id": "big", "properties": { "seen": "yes" } });
    let (status, told) = change(&hub, Method::POST, "", &vec![row; 40].into()).await;
    assert_eq!(status, 200, "{}", told["error"]);
    let cases = told["cases"].as_array().unwrap();
    let whole = cases.iter().filter(|case| case["properties"]["seen"] == "yes").count();
    assert_eq!((cases.len(), whole), (40, 37));
    assert_eq!(cases[39]["case_id"], "big");
    assert!(text(&cases[39]["error"]).starts_with("changed, but not told"), "{}", cases[39]);
    let last = hub.read(&format!("{CASES}big?fields=properties.seen")).await;
    assert_eq!(last, json!({ "properties": { "seen": "yes" } }));
    // A page ends early, and the next one goes on behind it.
    let page = hub.read(&format!("{CASES}?limit=50&case_type=child")).await;
    assert_eq!(page["matching_records"], 50);
    assert!(page["cases"].as_array().unwrap().len() < 50);
    let all: Vec<String> = (0..50).map(|number| format!("c{number}")).collect();
    let all = all.concat();
    assert_eq!(names(&hub, &format!("{CASES}?limit=50&case_type=child")).await, all);
    let page = hub.read(&format!("{OLD}?limit=50&type=child&order_by=indexed_on")).await;
    assert!(page["objects"].as_array().unwrap().len() < 50);
    let ids = hub.ids(&format!("{OLD}?limit=50&type=child&order_by=indexed_on")).await;
    assert_eq!(ids.concat(), all);
}

#[tokio::test]
async fn an_offset_beyond_all_is_refused() {
    let hub = four().await;
    let cursor = "MTg0NDY3NDQwNzM3MDk1NTE2MTU6Nzpj";
    for path in [OLD, "/a/clinic/api/v0.5/form/", "/p/clinic/api/v2/assets/"] {
        let path = format!("{path}?offset=18446744073709551615&cursor={cursor}");
        let answer = hub.data(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{path}");
        assert_eq!(json_of(answer).await["code"], "bad-parameter");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn upserts_that_race_make_one_case_on_sqlite() {
    upserts_race_on(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upserts_that_race_make_one_case_on_postgres() {
    upserts_race_on(Engine::Postgres).await;
}

#[tokio::test]
async fn the_feed_has_every_change_once_in_the_order_of_commits() {
    for engine in BOTH {
        let hub = four_on(engine).await;
        let (mut seen, mut path) = (Vec::new(), "projects/clinic/changes?limit=2".to_owned());
        let end = loop {
            let page = hub.json(&path).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| {
                assert_eq!(item["deleted"], false);
                format!("{} {}", text(&item["kind"]), text(&item["id"]))
            }));
            match page["next"].as_str() {
                Some(next) => path = format!("projects/clinic/changes?limit=2&since={next}"),
                None => break text(&page["cursor"]).to_owned(),
            }
        };
        let of = |kind: &str| seen.iter().filter(|it| it.starts_with(kind)).count();
        assert_eq!((of("case"), of("submission"), of("form")), (4, 4, 1), "{seen:?}");
        let path = format!("projects/clinic/changes?since={end}");
        assert_eq!(hub.json(&path).await["items"], json!([]));
        // A case that is changed comes once more; what is erased leaves a tombstone.
        hub.fill("", form("6", "f", &block("h", "<update><wall>mud</wall></update>"))).await;
        let more = hub.json(&path).await;
        let ids: Vec<_> = more["items"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
        assert!(ids.contains(&&Value::from("h")) && ids.len() == 2, "{more}");
        assert_eq!(hub.delete("projects/clinic/cases/z").await.status(), 200);
        let gone =
            hub.json(&format!("projects/clinic/changes?since={}", text(&more["cursor"]))).await;
        let gone = gone["items"].as_array().unwrap();
        assert!(
            gone.iter().any(|it| it["kind"] == "submission" && it["deleted"] == true),
            "{gone:?}"
        );
        for wrong in ["since=x", "since=-1", "limit=0", "limit=501", "sicne=1"] {
            let answer = hub.get(&format!("projects/clinic/changes?{wrong}")).await;
            assert_eq!(answer.status(), 400, "{wrong}");
        }
    }
}

async fn upserts_race_on(engine: Engine) {
    let hub = hub_on(engine).await;
    let mut racing = tokio::task::JoinSet::new();
    for number in 0..20 {
        let mut wanted = child("Ann");
        wanted["properties"] = json!({ format!("by{number}"): "yes" });
        let request = hub.data(Method::PUT, &format!("{CASES}ext/77/")).body(wanted.to_string());
        racing.spawn(request.send());
    }
    let mut ids = std::collections::BTreeSet::new();
    while let Some(answer) = racing.join_next().await {
        let answer = answer.unwrap().unwrap();
        let status = answer.status();
        let told = json_of(answer).await;
        assert_eq!(status, 200, "{told}");
        ids.insert(text(&told["case"]["case_id"]).to_owned());
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    let found = hub.read(&format!("{CASES}?external_id=77")).await;
    assert_eq!(found["matching_records"], 1);
    // None of them was lost on the way.
    let properties = found["cases"][0]["properties"].as_object().unwrap();
    assert_eq!(properties.len(), 20, "{properties:?}");
}
