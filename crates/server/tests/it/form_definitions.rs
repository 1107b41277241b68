//! Forms, roles and people of a project: by the project file and one by one.

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{TestHub, json_of, problem, text};

/// A form with a lifecycle, which names a role and a connection.
fn request() -> Value {
    json!({
        "title": "A request",
        "fields": [
            { "name": "email", "label": "E-mail", "type": "email", "required": true },
            { "name": "amount", "label": "How many", "type": "numeric" },
            { "name": "position", "label": "Where", "type": "map" },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "call": { "connection": "there", "path": "/x", "post": true } },
                    { "jump": "done", "trigger": "go", "by": ["_receiver"] },
                ] },
                "done": { "name": "Done", "endpoint": true },
            },
        },
    })
}

/// The project of the tests with a form, a role and two people.
fn project(hub: &TestHub) -> Value {
    let mut definition = hub.definition();
    definition["roles"] = json!({ "agents": { "name": "Agents" } });
    definition["users"] = json!({
        "desk": { "name": "Front desk", "email": "desk@example.org", "name_id": "0123", "roles": ["agents"] },
        "ann": { "access": "editor" },
    });
    definition["api_access"] =
        json!({ "partner": { "secret": "a-secret-that-is-long", "roles": ["agents"] } });
    definition["forms"] = json!({ "request": request() });
    definition
}

fn ids(items: &[Value], key: &str) -> Vec<String> {
    items.iter().map(|item| text(&item[key]).to_owned()).collect()
}

/// The places and codes of what is told of a definition that is wrong.
async fn told(answer: reqwest::Response) -> Vec<(String, String)> {
    let told = problem(answer, 422, "invalid-definition").await;
    let problems = told["problems"].as_array().unwrap().iter();
    problems.map(|it| (text(&it["path"]).to_owned(), text(&it["code"]).to_owned())).collect()
}

fn one(path: &str, code: &str) -> Vec<(String, String)> {
    vec![(path.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn forms_roles_and_people_of_a_project_file_are_kept_shown_and_written_back() {
    for engine in BOTH {
        let hub = TestHub::start_on(engine).await;
        let answer = hub.post("projects/clinic/apply?dry_run=true", &project(&hub)).await;
        let changes = json_of(answer).await["changes"].as_array().unwrap().clone();
        let kinds: Vec<_> =
            changes.iter().map(|it| (text(&it["kind"]), text(&it["name"]))).collect();
        let all = [
            ("project", "clinic"),
            ("role", "agents"),
            ("user", "desk"),
            ("user", "ann"),
            ("form", "request"),
        ];
        assert_eq!(kinds, all);
        assert_eq!(hub.items("projects/clinic/form-definitions").await, Vec::<Value>::new());
        hub.apply(project(&hub)).await;

        let forms = hub.items("projects/clinic/form-definitions").await;
        assert_eq!(ids(&forms, "name"), ["request"]);
        assert_eq!(forms[0]["definition"], request());
        assert_eq!(
            forms[0]["statuses"][1],
            json!({ "id": "done", "name": "Done", "is_endpoint": true })
        );
        let people = hub.items("projects/clinic/people").await;
        let numbers: Vec<_> =
            people.iter().map(|it| (text(&it["id"]), it["number"].as_u64())).collect();
        assert_eq!(numbers, [("ann", Some(2)), ("desk", Some(1))]);
        let role = hub.json("projects/clinic/roles/agents").await;
        assert_eq!((&role["name"], &role["people"]), (&json!("Agents"), &json!(["desk"])));

        let exported = hub.get("projects/clinic/export").await.text().await.unwrap();
        for line in ["roles:", "  agents: {name: Agents}", "users:", "forms:", "  request:"] {
            assert!(exported.contains(line.trim_end()) || line.contains('{'), "{line}\n{exported}");
        }
        let again = hub
            .request(Method::POST, "projects/clinic/apply?prune=true&dry_run=true")
            .header("content-type", "application/yaml")
            .body(exported)
            .send()
            .await
            .unwrap();
        assert_eq!(json_of(again).await["changes"], json!([]), "what was written is what is there");
    }
}

#[tokio::test]
async fn a_form_of_the_project_is_a_form_of_the_hub() {
    for engine in BOTH {
        let hub = TestHub::start_on(engine).await;
        hub.apply(project(&hub)).await;
        let form = hub.json("projects/clinic/forms/request").await;
        assert_eq!((&form["origin"], &form["title"]), (&json!("defined"), &json!("A request")));
        let versions = async || hub.items("projects/clinic/forms/request/versions").await.len();
        assert_eq!(versions().await, 1);
        // Its submissions are typed, whatever way they come in.
        let kobo = json!({
            "_uuid": "0000-1", "_xform_id_string": "request", "amount": "12", "position": "46.5 6.6 0 0",
        });
        assert_eq!(hub.send("secret-of-the-kobo-1", kobo.to_string()).await.status(), 200);
        let submissions = hub.items("projects/clinic/submissions?form=request").await;
        assert_eq!(submissions[0]["values"]["amount"], json!(12), "{submissions:?}");
        assert_eq!(submissions[0]["values"]["position"]["type"], "Point");

        // The same again is no new version; what is asked otherwise is one.
        hub.apply(project(&hub)).await;
        assert_eq!(versions().await, 1);
        let mut changed = project(&hub);
        changed["forms"]["request"]["fields"][1]["label"] = json!("How many of them");
        hub.apply(changed).await;
        assert_eq!(versions().await, 2);
        // So is another lifecycle none.
        let mut later =
            hub.json("projects/clinic/form-definitions/request").await["definition"].clone();
        later["lifecycle"]["statuses"]["done"]["name"] = json!("Finished");
        let put = hub.put("projects/clinic/form-definitions/request", &later).await;
        assert_eq!(put.status(), 200, "{}", put.text().await.unwrap());
        assert_eq!(versions().await, 2);

        // An upload to it is refused, under its name and under its id.
        for upload in [
            json!({ "id": "request", "questions": [{ "path": "other" }] }),
            json!({ "id": "request", "title": "x", "version": "9", "questions": [{ "path": "email" }] }),
        ] {
            let sent = hub
                .request(Method::POST, "projects/clinic/forms")
                .header("content-type", "application/json")
                .body(upload.to_string());
            let refused = problem(sent.send().await.unwrap(), 409, "defined-by-project").await;
            assert!(text(&refused["hint"]).contains("`forms`"), "{refused}");
        }
        assert_eq!(versions().await, 2);

        // Taken out of the project, it stays as it is known, with what came in; then uploads are taken again.
        let mut without = project(&hub);
        without.as_object_mut().unwrap().remove("forms");
        hub.apply(without).await;
        problem(hub.get("projects/clinic/form-definitions/request").await, 404, "not-found").await;
        assert_eq!(hub.items("projects/clinic/submissions?form=request").await.len(), 1);
        assert_eq!(versions().await, 2);
        let upload = json!({ "id": "request", "questions": [{ "path": "other" }] });
        let sent = hub
            .request(Method::POST, "projects/clinic/forms")
            .header("content-type", "application/json")
            .body(upload.to_string());
        assert_eq!(sent.send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(versions().await, 3);
        // Defined once more, the project's word counts again.
        hub.apply(project(&hub)).await;
        let form = hub.json("projects/clinic/forms/request").await;
        assert_eq!((&form["origin"], versions().await), (&json!("defined"), 4));
    }
}

#[tokio::test]
async fn a_form_of_that_name_that_is_named_otherwise_is_left_alone() {
    let hub = TestHub::start().await;
    let upload = json!({ "id": "Request", "title": "x", "questions": [{ "path": "a" }] });
    let sent = hub
        .request(Method::POST, "projects/clinic/forms")
        .header("content-type", "application/json")
        .body(upload.to_string());
    let made = json_of(sent.send().await.unwrap()).await;
    assert_eq!((&made["name"], &made["form_id"]), (&json!("request"), &json!("Request")));
    for dry_run in ["?dry_run=true", ""] {
        let answer = hub.post(&format!("projects/clinic/apply{dry_run}"), &project(&hub)).await;
        assert_eq!(told(answer).await, one("forms.request", "form-taken"));
    }
    let mut form = request();
    form["lifecycle"]["functions"] = json!({});
    let put = hub.put("projects/clinic/form-definitions/request", &form).await;
    assert_eq!(told(put).await, one("forms.request", "form-taken"));
    assert_eq!(hub.items("projects/clinic/people").await, Vec::<Value>::new(), "nothing was saved");
}

#[tokio::test]
async fn forms_roles_and_people_are_made_changed_and_removed_one_by_one() {
    let hub = TestHub::start().await;
    let role = "projects/clinic/roles/agents";
    let person = "projects/clinic/people/desk";
    let form = "projects/clinic/form-definitions/request";
    // What names a role or a connection that is not there is refused.
    let unknown = hub.put(form, &request()).await;
    let place = "forms.request.lifecycle.functions._receiver";
    assert_eq!(told(unknown).await, one(place, "unknown-role"));
    let unknown = hub.put(person, &json!({ "roles": ["agents"] })).await;
    assert_eq!(told(unknown).await, one("users.desk.roles[0]", "unknown-role"));

    assert_eq!(hub.put(role, &json!({ "name": "Agents" })).await.status(), 201);
    let made = hub.put(person, &json!({ "email": "desk@example.org", "roles": ["agents"] })).await;
    assert_eq!(made.status(), 201);
    let tag = made.headers()["etag"].clone();
    assert_eq!(json_of(made).await["number"], 1);
    let made = hub.put(form, &request()).await;
    assert_eq!(made.status(), 201, "{}", made.text().await.unwrap());
    // Two people are not known by one address.
    let twice =
        hub.put("projects/clinic/people/ann", &json!({ "email": "Desk@example.org" })).await;
    assert_eq!(told(twice).await, one("users.ann.email", "duplicate-value"));
    // A key of the project has roles that are there.
    let key = json!({ "api_access": { "partner": { "secret": "a-secret-that-is-long", "roles": ["boss"] } } });
    let settings = hub.put("projects/clinic/settings", &key).await;
    assert_eq!(told(settings).await, one("api_access.partner.roles[0]", "unknown-role"));

    // Whoever changes one has seen it as it is.
    let change = async |name: &str, tag: &http::HeaderValue| {
        let request = hub.request(Method::PUT, person).header("if-match", tag);
        let body = json!({ "name": name, "email": "desk@example.org", "roles": ["agents"] });
        request.body(body.to_string()).send().await.unwrap()
    };
    let changed = change("Front desk", &tag).await;
    assert_eq!(changed.status(), 200);
    assert_eq!(json_of(changed).await["name"], "Front desk");
    problem(change("Late", &tag).await, 412, "changed-meanwhile").await;

    // What is named stays.
    let used = problem(hub.delete(role).await, 409, "in-use").await;
    let detail = text(&used["detail"]);
    assert!(detail.contains("the form request and the user desk"), "{detail}");
    let used = problem(hub.delete("projects/clinic/connections/there").await, 409, "in-use").await;
    assert!(text(&used["detail"]).contains("the form request"), "{used}");
    assert_eq!(hub.delete(form).await.status(), 204);
    assert_eq!(hub.delete(person).await.status(), 204);
    assert_eq!(hub.delete(role).await.status(), 204);
    for gone in [role, person, form] {
        problem(hub.get(gone).await, 404, "not-found").await;
        problem(hub.delete(gone).await, 404, "not-found").await;
    }
    // Back again, somebody has the number that they had.
    hub.put("projects/clinic/people/eve", &json!({})).await;
    let back = json_of(hub.put(person, &json!({})).await).await;
    assert_eq!((&back["number"], &back["name"]), (&json!(1), &json!("desk")));
    let log = hub.items("projects/clinic/audit?limit=20").await;
    let actions = ids(&log, "action");
    for action in ["role.saved", "person.saved", "form-definition.saved", "form-definition.deleted"]
    {
        assert!(actions.iter().any(|it| it == action), "{action}: {actions:?}");
    }
}

#[tokio::test]
async fn a_form_that_asks_nothing_is_known_all_the_same() {
    let hub = TestHub::start().await;
    let made = hub.put("projects/clinic/form-definitions/empty", &json!({ "fields": [] })).await;
    assert_eq!(made.status(), 201);
    let statuses = json_of(made).await["statuses"].as_array().unwrap().len();
    assert_eq!(statuses, 5, "the usual ones");
    assert_eq!(hub.json("projects/clinic/forms/empty").await["origin"], "defined");
    let again = json!({ "title": "Empty", "fields": [] });
    assert_eq!(hub.put("projects/clinic/form-definitions/empty", &again).await.status(), 200);
    assert_eq!(hub.json("projects/clinic/forms/empty").await["title"], "Empty");
}

#[tokio::test]
async fn the_schema_of_a_form_elsewhere_is_read_and_not_saved() {
    let hub = TestHub::start().await;
    let read = "projects/clinic/form-definitions/read";
    let schema = json!({
        "name": "Newsletter", "url_name": "newsletter", "enable_tracking_codes": true,
        "fields": [
            { "id": "1", "label": "E-mail", "type": "email", "varname": "email", "required": true },
            { "id": "2", "label": "Kind", "type": "item", "varname": "kind" },
            { "id": "3", "label": "People", "type": "block:people", "varname": "people",
              "schema": { "fields": [{ "label": "Role", "type": "items", "varname": "role" }] } },
        ],
        "workflow": {
            "name": "W", "functions": { "_receiver": "Recipient" },
            "statuses": [
                { "id": "new", "name": "New", "endpoint": false },
                { "id": "done", "name": "Done", "endpoint": true },
            ],
        },
    });
    let found = json_of(hub.post(read, &json!({ "schema": schema })).await).await;
    assert_eq!((&found["name"], &found["problems"]), (&json!("newsletter"), &json!([])));
    let missing: Vec<_> = found["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["code"]), text(&it["path"])))
        .collect();
    assert_eq!(
        missing,
        [
            ("items", "fields.kind.items"),
            ("items", "fields.people.fields.role.items"),
            ("status-actions", "lifecycle.statuses.new.actions"),
            ("function-role", "lifecycle.functions._receiver"),
        ]
    );
    assert!(text(&found["missing"][0]["what"]).contains("write its `items`"), "{found}");
    assert_eq!(hub.items("projects/clinic/form-definitions").await, Vec::<Value>::new());
    // What was read can be saved as it is, and gives the same schema.
    let put = hub.put("projects/clinic/form-definitions/newsletter", &found["definition"]).await;
    assert_eq!(put.status(), 201, "{}", put.text().await.unwrap());
    let shown = hub.json("projects/clinic/form-definitions/newsletter").await;
    assert_eq!(shown["definition"], found["definition"]);

    let many = json_of(hub.post(read, &json!({ "schema": [schema, schema] })).await).await;
    assert_eq!(many.as_array().unwrap().len(), 2);
    for body in [
        json!({}),
        json!({ "schema": [] }),
        json!({ "schema": { "name": "x" } }),
        json!({ "schema": [schema, 7] }),
        json!({ "schema": vec![&schema; 101] }),
    ] {
        let told = problem(hub.post(read, &body).await, 422, "form-definition").await;
        assert!(text(&told["hint"]).contains("/api/formdefs/"), "{told}");
    }
    // No form can be called so: its address would be this one.
    let put = hub.put("projects/clinic/settings", &json!({})).await;
    assert_eq!(put.status(), 200);
    let mut definition = hub.definition();
    definition["forms"] = json!({ "read": { "fields": [] } });
    let answer = hub.post("projects/clinic/apply", &definition).await;
    assert_eq!(told(answer).await, one("forms.read", "reserved-name"));
}

#[tokio::test]
async fn a_list_of_fields_is_a_short_way_to_a_form() {
    let hub = TestHub::start().await;
    let upload = async |form: &Value| {
        let request = hub.request(Method::POST, "projects/clinic/forms");
        let request = request.header("content-type", "application/json").body(form.to_string());
        request.send().await.unwrap()
    };
    let form = json!({
        "id": "visit", "title": "A visit", "fields": [
            { "name": "age", "label": "Age", "type": "numeric" },
            { "name": "place", "label": "Where", "type": "map" },
        ],
    });
    let made = upload(&form).await;
    assert_eq!(made.status(), StatusCode::CREATED, "{}", made.text().await.unwrap());
    assert_eq!(upload(&form).await.status(), StatusCode::OK, "the same once more changes nothing");
    let shown = hub.json("projects/clinic/forms/visit").await;
    assert_eq!((&shown["origin"], &shown["title"]), (&json!("uploaded"), &json!("A visit")));
    assert_eq!(shown["definition"], 1);
    let kobo =
        json!({ "_uuid": "1", "_xform_id_string": "visit", "age": "7", "place": "46.5 6.6" });
    assert_eq!(hub.send("secret-of-the-kobo-1", kobo.to_string()).await.status(), 200);
    let submission = hub.items("projects/clinic/submissions?form=visit").await.remove(0);
    assert_eq!(submission["values"]["age"], json!(7));
    assert_eq!(hub.items("projects/clinic/form-definitions").await, Vec::<Value>::new());
    let wrong = json!({ "id": "visit", "fields": [{ "name": "age", "type": "number" }] });
    let told = problem(upload(&wrong).await, 422, "form-definition").await;
    assert!(text(&told["detail"]).contains("fields[0].type"), "{told}");
}

/// The example of a city council, with what the environment says in it.
#[tokio::test]
async fn the_example_of_a_council_can_be_applied_as_it_is() {
    const COUNCIL: &str = include_str!("../../../../examples/council/project.yaml");
    let hub = TestHub::start().await;
    let text = COUNCIL
        .replace("${WORKS_URL}", &hub.destination.url("/works"))
        .replace("${WORKS_KEY}", "a-key-of-the-works")
        .replace("${PORTAL_SECRET}", "a-secret-that-is-long");
    assert!(!text.contains("${"), "each variable has a value");
    let answer = hub
        .request(Method::POST, "projects/council/apply")
        .header("content-type", "application/yaml")
        .body(text)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let applied = json_of(answer).await;
    let warnings: Vec<_> = applied["warnings"].as_array().unwrap().iter().collect();
    let of_forms = warnings.iter().filter(|it| text_of(it, "path").starts_with("forms."));
    assert_eq!(of_forms.count(), 0, "{warnings:?}");
    let form = hub.json("projects/council/form-definitions/repair").await;
    let statuses = ids(form["statuses"].as_array().unwrap(), "id");
    assert_eq!(statuses, ["just_submitted", "new", "ordered", "trouble", "refused", "done"]);
    let role = hub.json("projects/council/roles/desk").await;
    assert_eq!(role["people"], json!(["amara", "jonas"]));
    assert_eq!(hub.json("projects/council/forms/repair").await["title"], "Something to be mended");
}

fn text_of<'v>(value: &'v Value, key: &str) -> &'v str {
    text(&value[key])
}
