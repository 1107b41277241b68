//! Every address that a document gives leads somewhere: followed as people follow them, in a browser.

use reqwest::header::LOCATION;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, json_of, staying_client, text};
use crate::people::Person;
use crate::wcs_cards::cards_on;
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, DESK, definition, good, hub_on, submit};

/// What a browser is answered: the status, and where it is led.
async fn follow(hub: &TestHub, person: Option<&Person>, address: &str) -> (u16, String) {
    let mut get = staying_client().get(hub.url(address)).header("accept", "text/html");
    if let Some(person) = person {
        get = get.header("cookie", &person.cookie);
    }
    let answer = get.send().await.unwrap();
    let to = answer.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned());
    (answer.status().as_u16(), to.unwrap_or_default())
}

/// Where one signs in, to come back to an address.
fn sign_in(address: &str) -> (u16, String) {
    (303, format!("/sign-in?next={}", address.replace('/', "%2F")))
}

fn led(path: &str) -> (u16, String) {
    (303, format!("/projects/clinic/{path}"))
}

/// Everybody who follows an address: of the project, of another one, and nobody known.
struct Everybody {
    member: Person,
    stranger: Person,
}

async fn everybody(hub: &TestHub) -> Everybody {
    hub.first_owner().await;
    let north = json!({ "project": "north" });
    let answer = hub.post("projects/north/apply", &north).await;
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    Everybody {
        member: hub.member("Amina", &[("clinic", "viewer")]).await,
        stranger: hub.member("Stella", &[("north", "owner")]).await,
    }
}

impl Everybody {
    /// Who belongs to the project is led to the page; who does not is told nothing; who is not signed in does so.
    async fn are_led(&self, hub: &TestHub, address: &str, page: &str) {
        assert_eq!(follow(hub, Some(&self.member), address).await, led(page), "{address}");
        assert_eq!(follow(hub, Some(&self.stranger), address).await.0, 404, "{address}");
        assert_eq!(follow(hub, None, address).await, sign_in(address));
    }
}

/// The submission that a number of a form is, in the hub's own words.
async fn submission(hub: &TestHub, form: &str) -> String {
    let listed = hub.items(&format!("projects/clinic/submissions?form={form}")).await;
    text(&listed[0]["id"]).to_owned()
}

#[tokio::test]
async fn the_addresses_of_a_submission_lead_those_who_handle_it_to_its_page() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let sent = submit(&hub, "request", &json!({ "data": { "name": "Marie" } })).await;
        let everybody = everybody(&hub).await;
        let page = format!("submissions/{}", submission(&hub, "request").await);
        let document = BY_CLERKS.get(&hub, "/p/clinic/api/forms/request/1/").await;
        let document = good(document).await;
        let backoffice = text(&document["backoffice_url"]);
        assert_eq!(backoffice, text(&sent["backoffice_url"]));
        everybody.are_led(&hub, backoffice, &page).await;
        everybody.are_led(&hub, "/p/clinic/backoffice/management/request/", "forms/request").await;
        // In front it is the page of whoever sent it in; who handles it is led on, who is unknown asked for the code.
        let front = text(&document["url"]);
        assert_eq!(follow(&hub, Some(&everybody.member), front).await, led(&page));
        assert_eq!(follow(&hub, Some(&everybody.stranger), front).await.0, 403);
        let closed = hub.client.get(hub.url(front)).send().await.unwrap();
        assert_eq!(closed.status(), 403);
        let closed = closed.text().await.unwrap();
        let way_in = "href=\"/sign-in?next=%2Fp%2Fclinic%2Frequest%2F1%2F\"";
        assert!(closed.contains(way_in) && closed.contains("/p/clinic/code/"), "{closed}");
        // Records that there are not are nobody's to know of.
        for missing in ["/p/clinic/backoffice/management/request/99/", "/p/clinic/backoffice/else/"]
        {
            assert_eq!(follow(&hub, Some(&everybody.member), missing).await.0, 404, "{missing}");
        }
        let missing = "/p/clinic/backoffice/management/request/99/";
        assert_eq!(follow(&hub, None, missing).await, sign_in(missing));
    }
}

/// The page that a browser shows, with its status.
async fn shown(
    hub: &TestHub,
    person: Option<&Person>,
    language: &str,
    address: &str,
) -> (u16, String) {
    let mut get = staying_client().get(hub.url(address)).header("accept-language", language);
    if let Some(person) = person {
        get = get.header("cookie", &person.cookie);
    }
    let answer = get.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn who_may_not_look_is_told_why_and_what_would_do() {
    let hub = hub_on(Engine::Sqlite).await;
    submit(&hub, "request", &json!({ "data": { "name": "Marie" } })).await;
    let everybody = everybody(&hub).await;
    let (nobody, stranger) = (None, Some(&everybody.stranger));
    let (with_codes, without) = ("/p/clinic/request/1/", "/p/clinic/plain/1/");
    let handled = "/p/clinic/backoffice/management/request/1/";
    let [code, sign_in] = ["href=\"/p/clinic/code/\"", "href=\"/sign-in?next=%2Fp%2Fclinic%2F"];
    let (private, foreign) = ("This page is private", "Your account has no access to this project");
    let otherwise = "Sign in with another account";
    for (person, language, address, status, said, unsaid) in [
        (nobody, "en", with_codes, 403, vec![private, code, sign_in], vec![otherwise]),
        // A form without tracking codes does not send anybody to where one is asked for.
        (nobody, "en", without, 403, vec![private, sign_in, "in the browser"], vec![code]),
        (nobody, "fr", with_codes, 403, vec!["Cette page est privée", code, sign_in], vec![]),
        (
            stranger,
            "en",
            with_codes,
            403,
            vec![private, code, "does not belong", otherwise],
            vec![],
        ),
        (stranger, "en", handled, 404, vec![foreign, sign_in, otherwise], vec!["request #"]),
        (stranger, "fr", handled, 404, vec!["Votre compte n’a pas accès", sign_in], vec![]),
    ] {
        let (told, text) = shown(&hub, person, language, address).await;
        assert_eq!(told, status, "{address}: {text}");
        for part in said {
            assert!(text.contains(part), "{address}: {part} is missing in\n{text}");
        }
        for part in unsaid {
            assert!(!text.contains(part), "{address}: {part} stands in\n{text}");
        }
    }
    // Of what there is not, they are told the same.
    for (person, address) in [(nobody, with_codes), (stranger, with_codes), (stranger, handled)] {
        let missing = address.replace("/1/", "/99/");
        let (status, text) = shown(&hub, person, "en", address).await;
        let (of_missing, told) = shown(&hub, person, "en", &missing).await;
        assert_eq!((status, text), (of_missing, told.replace("99", "1")), "{missing}");
    }
    // Who belongs to the project may know that there is none.
    assert_eq!(follow(&hub, Some(&everybody.member), "/p/clinic/request/99/").await.0, 404);
}

#[tokio::test]
async fn the_addresses_of_forms_and_categories_lead_to_where_they_are_filled_in() {
    let hub = hub_on(Engine::Sqlite).await;
    let everybody = everybody(&hub).await;
    let path = "/p/clinic/api/formdefs/?backoffice-submission=on";
    let listed = good(BY_PARTNER.get_for(&hub, path, DESK).await).await;
    let form = &listed["data"][0];
    for person in [None, Some(&everybody.member)] {
        assert_eq!(follow(&hub, person, text(&form["url"])).await.0, 200);
    }
    let for_others = text(&form["backoffice_submission_url"]);
    let filled_in = (303, "/p/clinic/request/".to_owned());
    assert_eq!(follow(&hub, Some(&everybody.member), for_others).await, filled_in);
    assert_eq!(follow(&hub, None, for_others).await, sign_in(for_others));
    let categories = hub.client.get(hub.url("/p/clinic/api/categories/")).send().await.unwrap();
    let categories = json_of(categories).await;
    let category = text(&categories["data"][0]["url"]);
    let page = hub.client.get(hub.url(category)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    for part in ["<h1>Town hall</h1>", "href=\"/p/clinic/request/\"", "Ask for something"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Whoever is not signed in is not told by the answer what there is.
    for name in ["/p/clinic/no-category/", "/p/clinic/no-category/7/"] {
        assert_eq!(follow(&hub, None, name).await, sign_in(name));
        assert_eq!(follow(&hub, Some(&everybody.stranger), name).await.0, 404, "{name}");
        assert_eq!(follow(&hub, Some(&everybody.member), name).await.0, 404, "{name}");
    }
    // A form that nobody but some may fill in is not shown to the others.
    let mut project = definition(&hub);
    project["forms"]["request"]["submitters"] = json!(["others"]);
    hub.apply(project).await;
    let page = hub.client.get(hub.url(category)).header("accept-language", "fr").send().await;
    let page = page.unwrap().text().await.unwrap();
    assert!(!page.contains("/p/clinic/request/") && page.contains("Aucun formulaire"), "{page}");
}

#[tokio::test]
async fn the_addresses_of_cards_lead_to_their_cases() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let everybody = everybody(&hub).await;
        let kinds = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/@list").await).await;
        let kinds = kinds["data"].as_array().unwrap();
        let of = |slug: &str| text(&kinds.iter().find(|kind| kind["slug"] == slug).unwrap()["url"]);
        everybody.are_led(&hub, of("child"), "cases?type=child").await;
        everybody.are_led(&hub, of("tree"), "forms/tree").await;
        let card = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/a/").await).await;
        for key in ["url", "backoffice_url"] {
            everybody.are_led(&hub, text(&card[key]), "cases/a").await;
        }
        let other = "/p/clinic/backoffice/data/household/a/";
        assert_eq!(follow(&hub, Some(&everybody.member), other).await.0, 404, "another type");
    }
}

#[tokio::test]
async fn submissions_of_forms_that_the_project_does_not_ask_are_led_to() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let birth = json!({ "_uuid": "b1", "_xform_id_string": "births", "name": "A" });
        hub.send("secret-of-the-kobo-1", birth.to_string()).await;
        let everybody = everybody(&hub).await;
        let page = format!("submissions/{}", submission(&hub, "births").await);
        let document = good(BY_PARTNER.get_for(&hub, "/p/clinic/api/forms/births/1/", DESK).await);
        let document: Value = document.await;
        for key in ["url", "backoffice_url"] {
            everybody.are_led(&hub, text(&document[key]), &page).await;
        }
        let forms = "/p/clinic/api/formdefs/?q=births&include-recorded=on";
        let forms = good(BY_PARTNER.get(&hub, forms).await).await;
        everybody.are_led(&hub, text(&forms["data"][0]["url"]), "forms/births").await;
    }
}
