//! How a call is refused: the HTTP status and the four members of the JSON that every client reads.
//!
//! ```json
//! {"err": 1, "err_class": "Access denied", "err_code": "access-denied", "err_desc": "Invalid orig."}
//! ```
//!
//! Any `err` other than 0 is a failure, also with status 200: two refusals have that status, because
//! pages that show the forms of a person take everything else for an outage.

use fieldpost_model::json::Value;

/// A call that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What kind of refusal it is, for people: `err_class`.
    pub class: &'static str,
    /// What kind of refusal it is, for programs: `err_code`.
    pub code: &'static str,
    /// What is wrong: `err_desc`.
    pub description: String,
    /// What would do instead: `hint`, which w.c.s. does not have. Clients compare `err_desc`, so it stays as it is.
    pub hint: Option<&'static str>,
}

const ACCESS_DENIED: &str = "Access denied";

impl Refusal {
    fn new(
        status: u16,
        class: &'static str,
        code: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self { status, class, code, description: description.into(), hint: None }
    }

    /// Whoever calls may not do this.
    pub fn denied(description: impl Into<String>) -> Self {
        Self::new(403, ACCESS_DENIED, "access-denied", description)
    }

    /// Whoever calls gets nothing here that names somebody, and there is nothing else.
    pub fn restricted() -> Self {
        Self::denied("Restricted API access.")
    }

    /// Whoever calls may not do this, for a reason that has a code of its own.
    pub fn denied_as(code: &'static str, description: impl Into<String>) -> Self {
        Self::new(403, ACCESS_DENIED, code, description)
    }

    /// The user and password of HTTP Basic are nobody's; the answer asks for others.
    pub fn unauthorized(description: impl Into<String>) -> Self {
        Self::new(401, ACCESS_DENIED, "access-unauthorized", description)
    }

    /// There is no user with the name identifier.
    pub fn unknown_name_id() -> Self {
        Self::denied_as("unknown-name-id", "Unknown NameID.")
    }

    /// The call makes no sense.
    pub fn invalid(description: impl Into<String>) -> Self {
        Self::new(400, "Invalid request", "invalid-request", description)
    }

    /// What is imported cannot be read. Clients of imports look into the answer, not at its status.
    pub fn invalid_format(description: impl Into<String>) -> Self {
        Self::new(200, "Invalid format", "invalid-format", description)
    }

    /// There is nothing at the address.
    pub fn not_found() -> Self {
        Self::new(404, "Page not found", "not-found", "There is nothing at this address.")
    }

    /// What is named can be more than one thing.
    pub fn ambiguous(description: impl Into<String>) -> Self {
        Self::new(409, "Invalid request", "ambiguous-id", description)
    }

    /// The address does not take the method.
    pub fn method_not_allowed() -> Self {
        Self::new(
            405,
            "Method not allowed",
            "method-not-allowed",
            "This address does not take this method.",
        )
    }

    /// The call names no user where it asks for what is theirs.
    pub fn missing_user() -> Self {
        Self::new(200, ACCESS_DENIED, "missing-user", "No user specified.")
    }

    /// The same refusal with status 200, as the addresses of users give it.
    pub fn in_a_good_answer(self) -> Self {
        Self { status: 200, ..self }
    }

    /// The same refusal, which says what would do instead.
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// The JSON of the answer.
    pub fn to_value(&self) -> Value<'static> {
        let members = [
            ("err", Value::from(1_i64)),
            ("err_class", Value::from(self.class)),
            ("err_code", Value::from(self.code)),
            ("err_desc", Value::from(self.description.clone())),
        ];
        Value::object(members.into_iter().chain(self.hint.map(|hint| ("hint", Value::from(hint)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_say_what_clients_read() {
        let invalid = Refusal::invalid("Invalid filter \"foobar\".");
        assert_eq!(invalid.status, 400);
        assert_eq!(
            invalid.to_value().to_json(),
            r#"{"err":1,"err_class":"Invalid request","err_code":"invalid-request","err_desc":"Invalid filter \"foobar\"."}"#
        );
        let hinted = Refusal::denied("x").hint("y").to_value().to_json();
        assert!(hinted.ends_with(r#""err_desc":"x","hint":"y"}"#), "{hinted}");
    }

    #[test]
    fn every_kind_has_its_status_and_code() {
        for (refusal, status, class, code) in [
            (Refusal::denied("x"), 403, "Access denied", "access-denied"),
            (
                Refusal::denied_as("no-backoffice-submission-role", "x"),
                403,
                "Access denied",
                "no-backoffice-submission-role",
            ),
            (Refusal::ambiguous("x"), 409, "Invalid request", "ambiguous-id"),
            (Refusal::unauthorized("x"), 401, "Access denied", "access-unauthorized"),
            (Refusal::unknown_name_id(), 403, "Access denied", "unknown-name-id"),
            (
                Refusal::unknown_name_id().in_a_good_answer(),
                200,
                "Access denied",
                "unknown-name-id",
            ),
            (Refusal::missing_user(), 200, "Access denied", "missing-user"),
            (Refusal::invalid_format("x"), 200, "Invalid format", "invalid-format"),
            (Refusal::invalid("x"), 400, "Invalid request", "invalid-request"),
            (Refusal::not_found(), 404, "Page not found", "not-found"),
            (Refusal::method_not_allowed(), 405, "Method not allowed", "method-not-allowed"),
        ] {
            assert_eq!((refusal.status, refusal.class, refusal.code), (status, class, code));
        }
    }
}
