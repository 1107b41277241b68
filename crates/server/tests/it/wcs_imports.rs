//! Cards that are imported: as cases, and as submissions of a form.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::data_forms::{BOTH, block, form};
use crate::hub::{Engine, TestHub, json_of, text};
use crate::receiver::{KEY, upload};
use crate::wcs_cards::{LIST, NO_KIND, cards, cards_on, create, ids, imported, list, put};
use crate::wcs_project::{
    BY_CLERKS, BY_PARTNER, BY_RESEARCH, CLERKS, DESK, Key, basic, definition, good, keys, refused,
};

#[tokio::test]
async fn cards_are_read_by_roles_and_brought_by_who_is_trusted() {
    let hub = cards().await;
    let rows = basic(&hub, Method::GET, LIST, BY_CLERKS).send().await.unwrap();
    assert_eq!(good(rows).await["count"], 3);
    let nobody = hub.client.get(hub.url(LIST)).send().await.unwrap();
    refused(nobody, 403, "access-denied", "User not authenticated.").await;
    let jean = BY_PARTNER.get_for(&hub, LIST, "jean@example.org").await;
    refused(jean, 403, "access-denied", "Unsufficient roles.").await;
    let path = "/p/clinic/api/cards/child/import-csv";
    let import = |path: &str, key| basic(&hub, Method::PUT, path, key).body("kind\nx\n").send();
    let answer = import(path, BY_CLERKS).await.unwrap();
    refused(answer, 403, "access-denied", "Unsufficient roles.").await;
    let answer = import(path, BY_RESEARCH).await.unwrap();
    refused(answer, 403, "access-denied", "Restricted API access.").await;
    let nobody = hub.client.put(hub.url(path)).body("kind\nx\n").send().await.unwrap();
    refused(nobody, 403, "access-denied", "User not authenticated.").await;
    let tree = import("/p/clinic/api/cards/tree/import-csv", BY_CLERKS).await.unwrap();
    assert_eq!(good(tree).await["data"]["created"], 1);
    let desk = BY_PARTNER.sign(&hub, "/p/clinic/api/cards/tree/import-csv", Some(DESK));
    let desk = hub.client.put(desk).body("kind\nx\n").send().await.unwrap();
    refused(desk, 403, "access-denied", "Unsufficient roles.").await;
    // Whom it refuses it tells who may, beside what w.c.s. says.
    for (path, hint) in [
        (path, "roles do not suffice"),
        ("/p/clinic/api/cards/tree/import-csv", "one of its submission_roles"),
    ] {
        let others = import(path, Key("others", CLERKS)).await.unwrap();
        let told = json_of(others).await;
        assert_eq!(told["err_desc"], "Unsufficient roles.");
        assert!(text(&told["hint"]).contains(hint), "{told}");
    }
    let admin = hub.client.put(hub.url(path)).bearer_auth(crate::hub::TOKEN);
    let answer = admin.body("id,village\na,Karen\n").send().await.unwrap();
    assert_eq!(good(answer).await["data"]["updated"], 1);
}

#[tokio::test]
async fn an_import_makes_and_changes_cases_as_one_message() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let before = json_of(hub.get("projects/clinic/messages").await).await;
        let before = before["items"].as_array().unwrap().len();
        // One by its id, one by its id elsewhere, two that are new, one of them without an id.
        let csv = "id;case_name;village\na;Ann;Karen\n7;;Karen\n8;Dan;Karen\n;Eve;Karen\n";
        let first = imported(&hub, "child/import-csv", csv).await;
        assert_eq!(first, json!({ "created": 2, "updated": 2, "skipped": 0, "deleted": 0 }));
        let after = json_of(hub.get("projects/clinic/messages").await).await;
        assert_eq!(after["items"].as_array().unwrap().len(), before + 1);
        let names = list(&hub, "?full=on&order_by=case_name&filter-village=Karen").await;
        let told: Vec<(&str, &Value)> = names["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (text(&row["fields"]["case_name"]), &row["fields"]["external_id"]))
            .collect();
        assert_eq!(
            told,
            [("Ann", &json!("7")), ("Dan", &json!("8")), ("Eve", &Value::Null)],
            "{names}"
        );
        // The same once more changes nothing, and is no message.
        let again = imported(&hub, "child/import-csv", csv).await;
        assert_eq!(again, json!({ "created": 0, "updated": 0, "skipped": 4, "deleted": 0 }));
        let later = json_of(hub.get("projects/clinic/messages").await).await;
        assert_eq!(later["items"].as_array().unwrap().len(), before + 1);
    }
}

#[tokio::test]
async fn cases_of_two_kinds_can_have_the_same_ids_elsewhere() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        hub.fill("", form("5", "f", &block("m", &create("mother", "Mia", "")))).await;
        // One that the API of cases made by its external id is of the first kind too.
        let path = "/a/clinic/api/case/v2/ext/3/";
        let upsert = json!({ "case_type": "child", "case_name": "Kid 3", "owner_id": "o" });
        let upserted = hub.data(Method::PUT, path).body(upsert.to_string()).send().await.unwrap();
        assert_eq!(upserted.status(), StatusCode::OK);
        let rows = |name: &str| {
            let rows = (1..=3).map(|id| format!("{id},{name} {id}\n")).collect::<Vec<_>>().concat();
            format!("id,case_name\n{rows}")
        };
        let counts = |created, skipped| json!({ "created": created, "updated": 0, "skipped": skipped, "deleted": 0 });
        for (kind, name, created) in [("child", "Kid", 2), ("mother", "Mum", 3)] {
            let path = format!("{kind}/import-csv");
            let done = imported(&hub, &path, &rows(name)).await;
            assert_eq!(done, counts(created, 3 - created), "{kind}");
            // The same once more finds the same cases.
            assert_eq!(imported(&hub, &path, &rows(name)).await, counts(0, 3), "{kind}");
        }
        for (kind, name) in [("child", "Kid"), ("mother", "Mum")] {
            let path = format!("/p/clinic/api/cards/{kind}/list?full=on&order_by=case_name");
            let cards = good(BY_PARTNER.get(&hub, &path).await).await;
            let names: Vec<&str> = cards["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| text(&row["fields"]["case_name"]))
                .filter(|known| known.starts_with(name))
                .collect();
            assert_eq!(names, [1, 2, 3].map(|id| format!("{name} {id}")), "{kind}");
        }
    }
}

#[tokio::test]
async fn a_row_with_two_ids_is_found_again() {
    let hub = cards().await;
    let csv = "id,external_id,case_name\nx-1,R1,Dan\n";
    assert_eq!(imported(&hub, "child/import-csv", csv).await["created"], 1);
    assert_eq!(imported(&hub, "child/import-csv", csv).await["skipped"], 1);
    let changed = "id,external_id,case_name\nx-1,R1,Daniel\n";
    assert_eq!(imported(&hub, "child/import-csv", changed).await["updated"], 1);
    assert_eq!(ids(&list(&hub, "?filter-case_name=Daniel").await).len(), 1);
}

#[tokio::test]
async fn what_is_there_is_left_alone_or_closed_as_the_import_says() {
    let hub = cards().await;
    let skipped =
        imported(&hub, "child/import-csv?update-mode=skip", "id,village\na,Karen\n9,Karen\n").await;
    assert_eq!(skipped, json!({ "created": 1, "updated": 0, "skipped": 1, "deleted": 0 }));
    assert_eq!(ids(&list(&hub, "?filter-village=Kibera").await), ["a"]);
    let rows = json!({ "data": [{ "id": "a", "fields": { "village": "Karen" } }] }).to_string();
    let closed = imported(&hub, "child/import-json?delete-mode=delete", &rows).await;
    assert_eq!(closed, json!({ "created": 0, "updated": 1, "skipped": 0, "deleted": 2 }));
    assert_eq!(ids(&list(&hub, "?filter=open").await), ["a"]);
    // A kind that has lost all its rows is more likely a mistake.
    let empty = put(&hub, "child/import-json?delete-mode=delete", r#"{"data": []}"#).await;
    refused_format(empty, "There are no rows.").await;
}

#[tokio::test]
async fn what_was_listed_can_be_imported_elsewhere() {
    let (here, there) = (cards().await, cards().await);
    let update = "<update><village>Karen</village></update>";
    here.fill("", form("5", "f", &block("a", update))).await;
    here.fill("", form("6", "f", &block("b", "<close/>"))).await;
    let whole = list(&here, "?full=on").await;
    let done = imported(&there, "child/import-json", &whole.to_string()).await;
    assert_eq!(done, json!({ "created": 0, "updated": 2, "skipped": 1, "deleted": 0 }));
    let of = |list: Value| {
        let rows = list["data"].as_array().unwrap().iter();
        rows.map(|row| (row["fields"].clone(), row["workflow"]["status"]["id"].clone()))
            .collect::<Vec<_>>()
    };
    // A sheet that nobody has changed changes nothing.
    let sheet = BY_PARTNER.get(&here, "/p/clinic/api/cards/child/csv?filter=all").await;
    let done = imported(&here, "child/import-csv", &sheet.text().await.unwrap()).await;
    assert_eq!(done, json!({ "created": 0, "updated": 0, "skipped": 3, "deleted": 0 }));
    let path = "?full=on&order_by=id";
    assert_eq!(of(list(&there, path).await), of(list(&here, path).await));
}

#[tokio::test]
async fn one_card_is_submitted_and_edited() {
    let hub = cards().await;
    let path = "/p/clinic/api/cards/child/submit";
    let body = json!({ "data": { "case_name": "Dan", "external_id": "8", "age": 7 } });
    let made = good(BY_PARTNER.post(&hub, path, &body).await).await["data"].clone();
    assert_eq!(keys(&made), ["api_url", "id", "uuid"]);
    let address = text(&made["api_url"]);
    let card = good(BY_PARTNER.get(&hub, address).await).await;
    assert_eq!((&card["fields"]["age"], &card["display_id"]), (&json!("7"), &json!("8")));
    let edit = json!({ "data": { "age": "8" } });
    let told = good(BY_PARTNER.post(&hub, address, &edit).await).await;
    assert_eq!(told["data"]["id"], made["id"]);
    let card = good(BY_PARTNER.get(&hub, address).await).await;
    assert_eq!(card["fields"]["age"], "8");
    // What changed something stands in the audit log, as changes by the API of cases do.
    BY_PARTNER.post(&hub, address, &edit).await;
    let noted = hub.items("projects/clinic/audit?action=cases.changed").await;
    assert_eq!(noted.len(), 2, "{noted:?}");
    for entry in noted {
        assert_eq!((&entry["target"], &entry["who"]["name"]), (&made["id"], &json!("partner")));
    }
    let missing = BY_PARTNER.post(&hub, "/p/clinic/api/cards/child/other/", &edit).await;
    refused(missing, 404, "not-found", "There is nothing at this address.").await;
}

#[tokio::test]
async fn a_form_takes_cards_as_submissions_of_its_own() {
    let hub = cards().await;
    let csv = "kind,Height,colour\noak,12.5,green\nelm,tall,\n";
    let done = imported(&hub, "tree/import-csv", csv).await;
    assert_eq!((&done["created"], &done["skipped"]), (&json!(2), &json!(0)));
    let warned: Vec<&str> =
        done["warnings"].as_array().unwrap().iter().map(|it| text(&it["field"])).collect();
    assert_eq!(warned, ["colour", "[1].height"]);
    let again = imported(&hub, "tree/import-csv", csv).await;
    assert_eq!((&again["created"], &again["skipped"]), (&json!(0), &json!(2)));
    let strict = put(&hub, "tree/import-csv?strict=on", csv).await;
    assert_eq!(strict.status(), StatusCode::BAD_REQUEST);
    let path = "/p/clinic/api/cards/tree/list?full=on&order_by=id";
    let trees = good(BY_PARTNER.get(&hub, path).await).await;
    assert_eq!(trees["data"][0]["fields"], json!({ "kind": "oak", "height": "12.5" }));
    assert_eq!(trees["data"][0]["api_url"], "/p/clinic/api/cards/tree/1/");
    // A card that is named is edited, as its status allows to the caller.
    let clerk = |body: &'static str| {
        let path = "/p/clinic/api/cards/tree/import-csv";
        basic(&hub, Method::PUT, path, BY_CLERKS).body(body).send()
    };
    let edited = good(clerk("id,height\n1,13\n2,\n").await.unwrap()).await["data"].clone();
    assert_eq!((&edited["updated"], &edited["skipped"]), (&json!(1), &json!(1)));
    let refused_row = imported(&hub, "tree/import-csv", "id,height\n1,14\n").await;
    assert_eq!(refused_row["refused"][0]["row"], 1, "{refused_row}");
    let tree = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/tree/1/").await).await;
    assert_eq!(tree["fields"], json!({ "kind": "oak", "height": "13" }));
    // One that has its id from elsewhere is found by it, too.
    for (row, expected) in [("A7,ash", "created"), ("A7,ash", "skipped"), ("A8,ash", "created")] {
        let done = imported(&hub, "tree/import-csv", &format!("id,kind\n{row}\n")).await;
        assert_eq!(done[expected], 1, "{row}: {done}");
    }
    let changed = good(clerk("id,kind\nA7,lime\n").await.unwrap()).await["data"].clone();
    assert_eq!(changed["updated"], 1, "{changed}");
    let delete = put(&hub, "tree/import-csv?delete-mode=delete", csv).await;
    assert_eq!(delete.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_cannot_be_imported_is_told_with_a_good_status() {
    let hub = cards().await;
    let other = "The case h is of another type than child.";
    for (path, body, description) in [
        ("child/import-json", "[]", "Invalid payload."),
        ("child/import-csv", "", "Invalid payload."),
        ("child/import-csv", "id,case_name\n", "There are no rows."),
        ("child/import-csv", r#"{"file": {}}"#, "The file has no content in Base64."),
        ("child/import-csv", "id,village\nh,Karen\n", other),
    ] {
        let answer = put(&hub, path, body).await;
        refused_format(answer, description).await;
    }
    let answer = put(&hub, "child/import-csv?update-mode=all", "id\na\n").await;
    let description = "Invalid value \"all\" for \"update-mode\".";
    refused(answer, 400, "invalid-request", description).await;
    let unnamed = put(&hub, "no%20name/import-csv", "id\na\n").await;
    refused(unnamed, 404, "not-found", &NO_KIND.replace("\"other\"", "\"no name\"")).await;
    let csv = "This is JSON: import-csv takes CSV, import-json takes JSON.";
    let json = "This is no JSON object: import-json takes {\"data\": [document, …]}, import-csv takes CSV.";
    for (path, body, description) in [
        ("child/import-csv", r#"{"data": [{"id": "a"}]}"#, csv),
        ("tree/import-csv", " [1]", csv),
        ("child/import-json", "id,village\na,Karen\n", json),
        ("tree/import-json", "kind\noak\n", json),
    ] {
        let answer = put(&hub, path, body).await;
        refused(answer, 400, "invalid-request", description).await;
    }
    refused_format(
        put(&hub, "child/import-json", "{").await,
        "Invalid JSON: line 1, column 2: expected a key in double quotes, the text ends.",
    )
    .await;
}

async fn refused_format(answer: Response, description: &str) {
    assert_eq!(answer.status(), 200);
    let told = json_of(answer).await;
    assert_eq!(
        (&told["err"], &told["err_code"], &told["err_desc"]),
        (&json!(1), &json!("invalid-format"), &json!(description))
    );
}

#[tokio::test]
async fn an_import_has_a_bound() {
    let hub = TestHub::start_with(Engine::Sqlite, |_, settings| settings.max_imported_cards = 2);
    let hub = hub.await;
    hub.apply(definition(&hub)).await;
    let rows = |count: usize| {
        let rows: Vec<String> = (0..count).map(|number| format!("word {number}")).collect();
        format!("word\n{}\n", rows.join("\n"))
    };
    assert_eq!(imported(&hub, "plain/import-csv", &rows(2)).await["created"], 2);
    let answer = put(&hub, "plain/import-csv", rows(3)).await;
    refused_format(answer, "There are 3 rows: up to 2 are taken at once.").await;
}

fn unknown(field: &str) -> String {
    format!("The form has no field {field}; what was sent under it is not kept.")
}

#[tokio::test]
async fn the_first_import_makes_the_kind() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let csv = "id,case_name,height\n1,Oak,12\n2,Elm,9\n";
        let path = "shrub/import-csv";
        // Who wants to be told of new columns is told before anything is made.
        let strict = put(&hub, &format!("{path}?strict=on"), csv).await;
        refused(strict, 400, "has-warnings", &unknown("height")).await;
        assert_eq!(imported(&hub, path, csv).await["created"], 2);
        let list_of = "/p/clinic/api/cards/shrub/list?filter-height=12";
        let shrubs = good(BY_PARTNER.get(&hub, list_of).await).await;
        assert_eq!(shrubs["data"][0]["display_id"], "1");
        let kinds = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/@list").await).await;
        let kinds = kinds["data"].as_array().unwrap();
        assert!(kinds.iter().any(|kind| kind["slug"] == "shrub"), "{kinds:?}");
        // Now its columns are known.
        let more = "id,case_name,height\n3,Ash,7\n";
        assert_eq!(imported(&hub, &format!("{path}?strict=on"), more).await["created"], 1);
        let other = put(&hub, &format!("{path}?strict=on"), "id,colour\n3,green\n").await;
        refused(other, 400, "has-warnings", &unknown("colour")).await;
        // One card alone makes no kind: its address may be a slip.
        let one = json!({ "data": { "case_name": "Dan" } });
        let one = BY_PARTNER.post(&hub, "/p/clinic/api/cards/other/submit", &one).await;
        refused(one, 404, "not-found", NO_KIND).await;
        let clerks = basic(&hub, Method::PUT, "/p/clinic/api/cards/moss/import-csv", BY_CLERKS);
        let clerks = clerks.body(csv).send().await.unwrap();
        refused(clerks, 403, "access-denied", "Unsufficient roles.").await;
    }
}

#[tokio::test]
async fn a_card_is_found_and_changed_by_what_it_is_called() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let card = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/7/").await).await;
        assert_eq!((&card["id"], &card["display_id"]), (&json!("a"), &json!("7")));
        let edit = json!({ "data": { "village": "Karen" } });
        let edited = good(BY_PARTNER.post(&hub, "/p/clinic/api/cards/child/7/", &edit).await).await;
        assert_eq!(edited["data"]["id"], "a");
        let card = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/a/").await).await;
        assert_eq!(card["fields"]["village"], "Karen");
        // The mother 7 is another one.
        hub.fill("", form("5", "f", &block("m", &create("mother", "Mia", "")))).await;
        let mother = BY_PARTNER.get(&hub, "/p/clinic/api/cards/mother/7/").await;
        refused(mother, 404, "not-found", "There is nothing at this address.").await;
    }
}

#[tokio::test]
async fn rows_of_a_form_without_what_must_be_answered_are_refused_and_the_others_taken() {
    for engine in BOTH {
        let hub = TestHub::start_on(engine).await;
        let mut project = definition(&hub);
        project["forms"]["bed"] = json!({
            "title": "Bed", "submission_roles": ["clerks"],
            "fields": [
                { "name": "ward", "label": "Ward", "type": "string", "required": true },
                { "name": "beds", "label": "Beds", "type": "numeric", "required": true },
                { "name": "note", "label": "Note", "type": "string" },
            ],
            "lifecycle": { "statuses": {
                "kept": { "name": "Kept", "actions": [{ "edit": true, "by": ["clerks"] }] },
            } },
        });
        hub.apply(project).await;
        let csv = "id,ward,beds,note\nA,North,4,\nB,,5,x\nC,South,many,\nD,East,2,\n";
        let done = imported(&hub, "bed/import-csv", csv).await;
        assert_eq!(done["created"], 2, "{done}");
        let told: Vec<(u64, &str)> = done["refused"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["row"].as_u64().unwrap(), text(&row["text"])))
            .collect();
        let missing = |field: &str| format!("The field {field} is required and has no answer.");
        assert_eq!(told, [(2, &*missing("ward")), (3, &*missing("beds"))]);
        let beds = "/p/clinic/api/cards/bed/list?full=on&order_by=id";
        let beds = good(BY_PARTNER.get(&hub, beds).await).await;
        let wards: Vec<&str> = beds["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| text(&row["fields"]["ward"]))
            .collect();
        assert_eq!(wards, ["North", "East"]);
        // Of one that is there a row says what is new, and may take away nothing that must be there.
        let clerk = async |body: Value| {
            let path = "/p/clinic/api/cards/bed/import-json";
            let sent = basic(&hub, Method::PUT, path, BY_CLERKS).body(body.to_string());
            good(sent.send().await.unwrap()).await["data"].clone()
        };
        let rows = json!({ "data": [
            { "id": "A", "data": { "note": "full" } },
            { "id": "D", "data": { "beds": null } },
        ] });
        let done = clerk(rows).await;
        assert_eq!(
            (&done["updated"], &done["refused"][0]["row"]),
            (&json!(1), &json!(2)),
            "{done}"
        );
        let tree = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/bed/2/").await).await;
        assert_eq!(tree["fields"]["beds"], "2");
    }
}

const SEVERAL: &str = "Several cards of the kind \"child\" have the external id \"9\": name one by the id of its case. \
                       /api/cards/child/list?filter-external_id=… tells the ids.";

#[tokio::test]
async fn an_external_id_of_several_cases_names_none_of_them() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let nine = "<update><external_id>9</external_id><village>Karen</village></update>";
        for (number, id) in ["c", "d"].into_iter().enumerate() {
            let made = block(id, &create("child", "Kid", nine));
            hub.fill("", form(&format!("{number} more"), "f", &made)).await;
        }
        let path = "/p/clinic/api/cards/child/9/";
        let edit = json!({ "data": { "village": "Kibera" } });
        // Each edit would go to another one, as the one that was edited has changed last.
        for _ in 0..2 {
            let answer = BY_PARTNER.post(&hub, path, &edit).await;
            refused(answer, 409, "ambiguous-id", SEVERAL).await;
        }
        refused(BY_PARTNER.get(&hub, path).await, 409, "ambiguous-id", SEVERAL).await;
        let csv = "id,village\n9,Kibera\na,Karen\n";
        let answer = put(&hub, "child/import-csv", csv).await;
        refused(answer, 409, "ambiguous-id", SEVERAL).await;
        let unchanged = list(&hub, "?filter-village=Karen&order_by=id").await;
        assert_eq!(unchanged["count"], 2, "{unchanged}");
        // By the id of the case it is one.
        good(BY_PARTNER.post(&hub, "/p/clinic/api/cards/child/c/", &edit).await).await;
        assert_eq!(ids(&list(&hub, "?filter-village=Karen").await), ["d"]);
    }
}

#[tokio::test]
async fn a_column_that_is_a_tie_or_a_file_so_far_is_not_lost_in_silence() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let photo = "<attachment><photo src=\"1.jpg\" from=\"local\"/></attachment>";
        let tie = format!("<index><parent case_type=\"household\">h</parent></index>{photo}");
        let body = upload(&form("5", "f", &block("a", &tie)), &[("1.jpg", b"a face")]);
        let post =
            hub.client.post(hub.url("/a/clinic/receiver/")).basic_auth("handsets", Some(KEY));
        let post = post.header("content-type", "multipart/form-data; boundary=b").body(body);
        assert_eq!(post.send().await.unwrap().status(), StatusCode::CREATED);
        let path = "child/import-csv";
        // What the list tells, by its text or its id.
        for said in ["a,House,1.jpg", "a,h,", "b,,"] {
            let csv = format!("id,parent,photo\n{said}\n");
            let done = imported(&hub, path, &csv).await;
            assert_eq!(done, json!({ "created": 0, "updated": 0, "skipped": 1, "deleted": 0 }));
            let strict = imported(&hub, &format!("{path}?strict=on"), &csv).await;
            assert_eq!(strict["skipped"], 1, "{said}: {strict}");
        }
        for (said, warned) in [
            ("b,House,", vec!["parent"]),
            ("a,Amina,2.jpg", vec!["parent", "photo"]),
            ("n,h,", vec!["parent"]),
        ] {
            let csv = format!("id,parent,photo\n{said}\n");
            let strict = put(&hub, &format!("{path}?strict=on"), csv.clone()).await;
            assert_eq!(strict.status(), StatusCode::BAD_REQUEST, "{said}");
            assert_eq!(json_of(strict).await["err_code"], "has-warnings", "{said}");
            let done = imported(&hub, path, &csv).await;
            let warnings = done["warnings"].as_array().unwrap();
            let fields: Vec<&str> = warnings.iter().map(|it| text(&it["field"])).collect();
            assert_eq!(fields, warned, "{said}");
            assert!(warnings.iter().all(|it| it["code"] == "tie-or-file"), "{done}");
        }
        let edit = json!({ "data": { "parent": "Amina", "village": "Karen" } });
        let path = "/p/clinic/api/cards/child/b/";
        let told = good(BY_PARTNER.post(&hub, path, &edit).await).await;
        assert_eq!(told["warnings"][0]["code"], "tie-or-file", "{told}");
        let strict = BY_PARTNER.post(&hub, &format!("{path}?strict=on"), &edit).await;
        assert_eq!(strict.status(), StatusCode::BAD_REQUEST);
    }
}
