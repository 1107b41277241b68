//! Forms as exporters of CommCare HQ read them: who may, which ones, page by page, and what is wrong told.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::hub::{Engine, TOKEN, TestHub, json_of, text};
use crate::receiver::KEY;

/// What is read and written in other words there.
pub(crate) const BOTH: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A hub whose handsets post with a key, and one key more.
pub(crate) async fn hub_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut definition = hub.definition();
    definition["api_access"] = json!({
        "handsets": { "secret": KEY },
        "reader": { "secret": "of-somebody-who-reads" },
        "public": { "secret": "of-somebody-who-sees-little", "anonymised_only": true },
    });
    definition["sources"]["handsets"] = json!({ "dialect": "commcare", "access": ["handsets"] });
    hub.apply(definition).await;
    hub
}

pub(crate) async fn hub() -> TestHub {
    hub_on(Engine::Sqlite).await
}

/// A form of CommCare.
pub(crate) fn form(id: &str, xmlns: &str, inside: &str) -> String {
    format!(
        "<data xmlns=\"http://openrosa.org/formdesigner/{xmlns}\" name=\"Visit\">{inside}\
         <meta xmlns=\"http://openrosa.org/jr/xforms\"><instanceID>{id}</instanceID>\
         <username>nurse</username><userID>u1</userID></meta></data>"
    )
}

/// A case block that makes or changes a case.
pub(crate) fn block(id: &str, inside: &str) -> String {
    format!(
        "<case xmlns=\"http://commcarehq.org/case/transaction/v2\" case_id=\"{id}\" user_id=\"u1\" \
         date_modified=\"2026-11-22T08:00:00.000000Z\">{inside}</case>"
    )
}

impl TestHub {
    /// Posts a form to CommCare's receiver.
    pub(crate) async fn fill(&self, application: &str, form: String) {
        let path = format!("/a/clinic/receiver/{application}");
        let post = self.client.post(self.url(&path)).basic_auth("handsets", Some(KEY));
        let answer = post.header("content-type", "text/xml").body(form).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }

    /// A request to a data API, by who may do everything.
    pub(crate) fn data(&self, method: Method, path: &str) -> RequestBuilder {
        let header = format!("ApiKey somebody:{TOKEN}");
        self.client.request(method, self.url(path)).header("authorization", header)
    }

    /// What a GET of a data API answers, which must be a success.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.data(Method::GET, path).send().await.unwrap();
        let status = answer.status();
        let found = json_of(answer).await;
        assert_eq!(status, 200, "{path}: {found}");
        found
    }

    /// The ids of a list of CommCare's, each page by the link of the one before.
    pub(crate) async fn ids(&self, path: &str) -> Vec<String> {
        let (mut ids, mut path) = (Vec::new(), path.to_owned());
        loop {
            let page = self.read(&path).await;
            let objects = page["objects"].as_array().unwrap();
            ids.extend(objects.iter().map(|object| text(&object["id"]).to_owned()));
            match page["meta"]["next"].as_str() {
                Some(next) => next.clone_into(&mut path),
                None => return ids,
            }
        }
    }
}

const FORMS: &str = "/a/clinic/api/v0.5/form/";

/// Three forms: `a` and `c` of one kind, `b` of another and about the case `x`.
async fn three_on(engine: Engine) -> TestHub {
    let hub = hub_on(engine).await;
    hub.fill("app1", form("a", "visit", "<age>7</age><twin/>")).await;
    let create = "<create><case_type>child</case_type><case_name>Ann</case_name></create>";
    hub.fill("app2", form("b", "birth", &block("x", create))).await;
    hub.fill("app1", form("c", "visit", "<age>8</age>")).await;
    hub
}

async fn three() -> TestHub {
    three_on(Engine::Sqlite).await
}

#[tokio::test]
async fn a_form_is_told_as_commcare_tells_it() {
    for engine in BOTH {
        let hub = three_on(engine).await;
        let one = hub.read("/a/clinic/api/form/v1/b/").await;
        assert_eq!(one["id"], "b");
        assert_eq!(one["domain"], "clinic");
        assert_eq!(one["app_id"], "app2");
        assert_eq!(one["form"]["#type"], "data");
        assert_eq!(one["form"]["@xmlns"], "http://openrosa.org/formdesigner/birth");
        assert_eq!(one["form"]["case"]["create"]["case_name"], "Ann");
        assert_eq!(one["metadata"]["username"], "nurse");
        assert_eq!(one["is_phone_submission"], true);
        assert_eq!(one["resource_uri"], "/a/clinic/api/form/v1/b/");
        assert!(text(&one["indexed_on"]) >= text(&one["received_on"]), "{one}");
        // The document itself, byte for byte, at the address that is told.
        let address = text(&one["attachments"]["form.xml"]["url"]);
        let answer = hub.data(Method::GET, address).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/xml");
        assert!(answer.text().await.unwrap().contains("<case_name>Ann</case_name>"));
        let with_cases = hub.read("/a/clinic/api/form/v1/b/?cases__full=true").await;
        assert_eq!(with_cases["cases"]["x"]["properties"]["case_name"], "Ann");
    }
}

#[tokio::test]
async fn a_list_is_wrapped_and_paged_as_commcare_does_it() {
    for engine in BOTH {
        let hub = three_on(engine).await;
        let page = hub.read(&format!("{FORMS}?limit=2&order_by=indexed_on")).await;
        assert_eq!(page["meta"]["limit"], 2);
        assert_eq!(page["meta"]["offset"], 0);
        assert_eq!(page["meta"]["total_count"], 3);
        assert_eq!(page["meta"]["previous"], Value::Null);
        let next = text(&page["meta"]["next"]);
        assert!(
            next.starts_with("/a/clinic/api/v0.5/form/?") && next.contains("offset=2"),
            "{next}"
        );
        let last = hub.read(next).await;
        assert_eq!(last["objects"][0]["id"], "c");
        assert_eq!((&last["meta"]["next"], &last["meta"]["offset"]), (&Value::Null, &2.into()));
        // Offsets may be counted by hand.
        let by_hand = hub.read(&format!("{FORMS}?limit=1&offset=1&order_by=indexed_on")).await;
        assert_eq!(by_hand["objects"][0]["id"], "b");
        // The newest comes first unless asked otherwise.
        assert_eq!(hub.ids(FORMS).await, ["c", "b", "a"]);
    }
}

#[tokio::test]
async fn forms_are_found_by_what_commcare_filters_by() {
    for engine in BOTH {
        let hub = three_on(engine).await;
        let b = hub.read("/a/clinic/api/form/v1/b/").await;
        let (received, indexed) = (text(&b["received_on"]), text(&b["indexed_on"]));
        let without_offset = indexed.trim_end_matches('Z');
        for (query, expected) in [
            ("xmlns=http://openrosa.org/formdesigner/visit".to_owned(), "ac"),
            ("xmlns=http://openrosa.org/formdesigner/none".to_owned(), ""),
            ("app_id=app2".to_owned(), "b"),
            ("case_id=x".to_owned(), "b"),
            ("user_id=u1".to_owned(), "abc"),
            ("user_id=u2".to_owned(), ""),
            ("username=nurse".to_owned(), "abc"),
            (format!("received_on_start={received}"), "bc"),
            (format!("received_on_end={received}"), "ab"),
            (format!("indexed_on_start={indexed}"), "bc"),
            (format!("indexed_on_start={without_offset}"), "bc"),
            (format!("indexed_on_end={indexed}"), "ab"),
            ("received_on_start=2020-01-01&received_on_end=2020-01-02".to_owned(), ""),
            ("include_archived=true&format=json".to_owned(), "abc"),
        ] {
            for order in ["received_on", "indexed_on", "server_modified_on"] {
                let path = format!("{FORMS}?limit=1&order_by={order}&{query}");
                assert_eq!(hub.ids(&path).await.concat(), expected, "{path}");
                let path = format!("{FORMS}?limit=2&order_by=-{order}&{query}");
                let backwards: String = expected.chars().rev().collect();
                assert_eq!(hub.ids(&path).await.concat(), backwards, "{path}");
            }
            let count = hub.read(&format!("{FORMS}?{query}")).await["meta"]["total_count"].clone();
            assert_eq!(count, expected.len(), "{query}");
        }
    }
}

#[tokio::test]
async fn pages_that_follow_each_other_miss_nothing_that_comes_meanwhile() {
    for engine in BOTH {
        let hub = three_on(engine).await;
        let first = hub.read(&format!("{FORMS}?limit=2&order_by=indexed_on")).await;
        // `a` is edited, and so comes to the end; `d` is new.
        hub.fill("app1", form("a", "visit", "<age>9</age>")).await;
        hub.fill("app1", form("d", "visit", "<age>1</age>")).await;
        let rest = hub.ids(text(&first["meta"]["next"])).await;
        assert_eq!(rest, ["c", "a", "d"]);
        let edited = hub.read("/a/clinic/api/form/v1/a/").await;
        assert_eq!((&edited["form"]["age"], edited["edited_on"].is_null()), (&"9".into(), false));
    }
}

/// CommCare HQ corrects a form under its own id, and takes no notice of the `deprecatedID` of OpenRosa.
#[tokio::test]
async fn a_form_that_names_another_at_the_receiver_of_commcare_is_a_form_of_its_own() {
    let hub = three().await;
    let named = form("e", "visit", "<age>10</age>");
    let named = named.replace("<username>", "<deprecatedID>a</deprecatedID><username>");
    hub.fill("app1", named).await;
    assert_eq!(hub.ids(FORMS).await, ["e", "c", "b", "a"]);
    let left = hub.read("/a/clinic/api/form/v1/a/").await;
    assert_eq!((&left["form"]["age"], &left["edited_on"]), (&"7".into(), &Value::Null));
    let told = hub.read("/a/clinic/api/form/v1/e/").await;
    assert_eq!(told["metadata"]["deprecatedID"], "a");
}

#[tokio::test]
async fn what_is_wrong_is_told_where_clients_of_commcare_look() {
    let hub = three().await;
    for (path, status, code) in [
        ("?limit=many", 400, "bad-parameter"),
        ("?offset=-1", 400, "bad-parameter"),
        ("?offset=100001", 400, "bad-parameter"),
        ("?order_by=name", 400, "bad-parameter"),
        ("?indexed_on_start=soon", 400, "bad-parameter"),
        ("?include_archived=maybe", 400, "bad-parameter"),
        ("?format=xml", 400, "bad-parameter"),
        ("?cursor=x", 400, "bad-parameter"),
        ("?xmnls=a", 400, "unknown-parameter"),
        ("?limit=1&limit=2", 400, "repeated-parameter"),
        ("nobody/", 404, "not-found"),
        ("a/b/c/", 404, "no-such-page"),
    ] {
        let answer = hub.data(Method::GET, &format!("{FORMS}{path}")).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        let found = answer.status();
        let told = json_of(answer).await;
        assert_eq!((found.as_u16(), told["code"].as_str()), (status, Some(code)), "{path}: {told}");
        assert!(!text(&told["error"]).is_empty(), "{told}");
    }
    let answer = hub.data(Method::DELETE, FORMS).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["allow"]),
        (405, &"GET".parse().unwrap())
    );
    let near = hub.data(Method::GET, &format!("{FORMS}?xmnls=a")).send().await.unwrap();
    assert_eq!(json_of(near).await["hint"], "did you mean `xmlns`?");
}

#[tokio::test]
async fn who_proves_to_be_somebody_of_the_project_is_let_in() {
    let hub = three().await;
    let token = async |project: Option<&str>, access: &str| {
        let path = match project {
            Some(project) => format!("projects/{project}/tokens"),
            None => "tokens".to_owned(),
        };
        let wanted = json!({ "name": format!("for {access}"), "access": access });
        let made = json_of(hub.post(&path, &wanted).await).await;
        text(&made["token"]).to_owned()
    };
    let viewer = token(Some("clinic"), "viewer").await;
    hub.post("projects", &json!({ "name": "other" })).await;
    let elsewhere = token(Some("other"), "admin").await;
    let basic = |name: &str, password: &str| {
        use base64::Engine as _;
        let text = format!("{name}:{password}");
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
    };
    for (header, status) in [
        (format!("ApiKey nurse@example.org:{viewer}"), 200),
        (format!("apikey nurse:{viewer}"), 200),
        (format!("Bearer {viewer}"), 200),
        (format!("Token {viewer}"), 200),
        (basic("anybody", &viewer), 200),
        (basic("reader", "of-somebody-who-reads"), 200),
        (basic("handsets", KEY), 200),
        (basic("public", "of-somebody-who-sees-little"), 403),
        (basic("reader", KEY), 401),
        (basic("reader", ""), 401),
        (format!("ApiKey nurse:{viewer}x"), 401),
        ("ApiKey nurse".to_owned(), 401),
        (format!("ApiKey nurse:{elsewhere}"), 404),
        ("Nonsense".to_owned(), 401),
    ] {
        let request = hub.client.get(hub.url(FORMS)).header("authorization", &header);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{header}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    let nobody = hub.client.get(hub.url(FORMS)).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    let ways: Vec<_> = nobody.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(ways.len(), 2, "{ways:?}");
    // A stranger does not learn which projects there are.
    let path = "/a/nowhere/api/v0.5/form/";
    let stranger = hub.client.get(hub.url(path)).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    let known = hub.data(Method::GET, path).send().await.unwrap();
    assert_eq!(known.status(), 404);
}

#[tokio::test]
async fn who_guesses_passwords_is_stopped() {
    let hub = hub().await;
    let ask = |password: &'static str| {
        hub.client.get(hub.url(FORMS)).basic_auth("reader", Some(password)).send()
    };
    let mut tries = 0;
    loop {
        tries += 1;
        assert!(tries <= 501, "nobody had to wait");
        if ask("guess").await.unwrap().status() == 429 {
            break;
        }
    }
    let right = ask("of-somebody-who-reads").await.unwrap();
    assert_eq!(right.status(), 429);
    assert!(right.headers().contains_key("retry-after"));
    let other = hub.client.get(hub.url(FORMS)).basic_auth("handsets", Some(KEY));
    assert_eq!(other.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn forms_of_other_dialects_are_told_like_those_of_commcare() {
    let hub = hub().await;
    let kobo = json!({
        "_id": 42, "_uuid": "k1", "_xform_id_string": "births", "meta/instanceID": "uuid:k1",
        "name": "Ann", "loc/village": "Kibera", "_submission_time": "2026-01-01T09:00:05",
    });
    assert_eq!(hub.send("secret-of-the-kobo-1", kobo.to_string()).await.status(), 200);
    let one = hub.read(&format!("{FORMS}k1/")).await;
    assert_eq!((&one["id"], &one["form"]["name"]), (&"uuid:k1".into(), &"Ann".into()), "{one}");
    assert_eq!(one["form"]["loc"]["village"], "Kibera");
    assert_eq!(hub.ids(FORMS).await, ["uuid:k1"]);
}
