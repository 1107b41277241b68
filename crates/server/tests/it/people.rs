//! People who use a hub under test, each with the cookie of a session.

use fieldpost_model::secret::Secret;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::hub::{TestHub, json_of, text};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "seven green bottles";

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    /// `fieldpost_session=…`.
    pub(crate) cookie: String,
}

/// The cookie that an answer gives, as a browser sends it back.
#[track_caller]
pub(crate) fn cookie_of(answer: &Response) -> String {
    let given = answer.headers()["set-cookie"].to_str().unwrap();
    given.split(';').next().unwrap().to_owned()
}

/// The secret behind the sign of a link.
#[track_caller]
pub(crate) fn secret_of(link: &str) -> String {
    let (path, secret) = link.split_once('#').unwrap();
    assert!(path.ends_with("/welcome"), "{link}");
    secret.to_owned()
}

impl TestHub {
    /// A request with the cookie of a session, as a page of the hub makes it.
    pub(crate) fn by(&self, person: &Person, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, self.url(&format!("/api/v1/{path}")))
            .header("cookie", &person.cookie)
            .header("sec-fetch-site", "same-origin")
    }

    pub(crate) async fn get_by(&self, person: &Person, path: &str) -> Response {
        self.by(person, Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn send_by(
        &self,
        person: &Person,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Response {
        self.by(person, method, path).body(body.to_string()).send().await.unwrap()
    }

    /// A request that nobody has proved anything with.
    pub(crate) async fn as_nobody(&self, method: Method, path: &str, body: &Value) -> Response {
        let url = self.url(&format!("/api/v1/{path}"));
        self.client.request(method, url).body(body.to_string()).send().await.unwrap()
    }

    /// Makes the first owner, by the link that the hub prints.
    pub(crate) async fn first_owner(&self) -> Person {
        let link: Secret = self.hub.first_owner_link().await.unwrap().unwrap();
        self.accept(link.expose(), &json!({ "email": "first@example.org", "name": "First Owner" }))
            .await
    }

    /// Uses a link with the password of everybody.
    pub(crate) async fn accept(&self, link: &str, more: &Value) -> Person {
        let mut body = json!({ "secret": secret_of(link), "password": PASSWORD });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.as_nobody(Method::POST, "invitations/accept", &body).await;
        self.person(answer).await
    }

    /// Whoever an answer has begun a session of.
    pub(crate) async fn person(&self, answer: Response) -> Person {
        let (status, cookie) = (answer.status(), answer.headers().get("set-cookie").is_some());
        let cookie = if cookie { cookie_of(&answer) } else { String::new() };
        let session = json_of(answer).await;
        assert_eq!(status, StatusCode::OK, "{session}");
        Person {
            id: text(&session["user"]["id"]).to_owned(),
            email: text(&session["user"]["email"]).to_owned(),
            cookie,
        }
    }

    /// Invites somebody with these levels, who comes in.
    pub(crate) async fn member(&self, name: &str, projects: &[(&str, &str)]) -> Person {
        let projects: Vec<Value> = projects
            .iter()
            .map(|(project, access)| json!({ "project": project, "access": access }))
            .collect();
        let email = format!("{name}@example.org");
        let new = json!({ "email": email, "name": name, "projects": projects });
        let answer = self.post("users", &new).await;
        let status = answer.status();
        let invited = json_of(answer).await;
        assert_eq!(status, StatusCode::CREATED, "{invited}");
        self.accept(text(&invited["invitation_url"]), &json!({})).await
    }

    /// Tries to sign in.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Response {
        let body = json!({ "email": email, "password": password });
        self.as_nobody(Method::POST, "session", &body).await
    }

    /// Signs somebody in again.
    pub(crate) async fn again(&self, person: &Person) -> Person {
        self.person(self.sign_in(&person.email, PASSWORD).await).await
    }
}
