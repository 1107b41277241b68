//! The document that a w.c.s. workflow pushes: the record as its pull API gives it.
//!
//! Older releases wrote `"id": "newsletter/16"`. Today's write `"id": "16"`, which says nothing
//! without the form, and the form is in the record's `url`: a whole address, or the path of one from a hub that
//! does not know its own. Both give the identity `newsletter/16`.
//! A record is pushed at several statuses: same identity, other content, a new version each time.
//!
//! A workflow may push keys of its own beside the record, or alone; those alone are no record, unless the
//! source says which form they are of.

use fieldpost_model::json::Value;
use fieldpost_model::progress::Channel;

use super::read::{UserClaim, claim};
use crate::view::member_text;
use crate::{Decoded, Received, Shape, Unreadable, json};

/// Reads a pushed record. An object without an id (a workflow may push any fields) has no identity.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let view = json::document(received)?;
    if view.as_object().is_none() {
        return Err(Unreadable::new(
            "not-wcs",
            format!("The body is a JSON {}; a w.c.s. record is an object.", view.kind_name()),
        ));
    }
    let (identity, form) = match scalar_text(&view, "id") {
        Some(id) => record(&view, id),
        None => (scalar_text(&view, "display_id").map(str::to_owned), None),
    };
    Ok(Decoded { key: identity.clone(), identity, form, ..Decoded::new(Shape::Submission, view) })
}

/// The identity of a record with that id, and its form.
fn record(view: &Value<'_>, id: &str) -> (Option<String>, Option<String>) {
    match id.split_once('/') {
        Some((form, _)) => (Some(id.to_owned()), Some(form.to_owned())),
        None => match form_in_addresses(view, id) {
            Some(form) => (Some(format!("{form}/{id}")), Some(form.to_owned())),
            None => (Some(id.to_owned()), None),
        },
    }
}

/// What a record says of itself beside its answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Its stable id, where it has one.
    pub uuid: Option<String>,
    /// Whose it is.
    pub user: Option<UserClaim>,
    /// The way that it took.
    pub channel: Channel,
    /// Whether it was filled in for somebody else.
    pub is_backoffice: bool,
}

/// What a pushed record says of itself.
pub fn pushed(view: &Value<'_>) -> Pushed {
    let of_submission = |name: &str| view.path(&["submission", name]);
    let channel = of_submission("channel").and_then(Value::as_str);
    let channel = channel.and_then(|name| Channel::from_name(&name.to_ascii_lowercase()));
    Pushed {
        uuid: member_text(view, "uuid").map(str::to_owned),
        user: claim(view).ok().flatten(),
        channel: channel.unwrap_or_default(),
        is_backoffice: of_submission("backoffice").and_then(Value::as_bool).unwrap_or(false),
    }
}

/// What a record is known by wherever it came from: its stable id; where an old release has none, its number with
/// its form and the host that it lies on.
pub(crate) fn instance_id(view: &Value<'_>) -> Option<String> {
    if let Some(uuid) = member_text(view, "uuid").filter(|uuid| !uuid.trim().is_empty()) {
        return Some(uuid.to_owned());
    }
    let (identity, _) = record(view, scalar_text(view, "id")?);
    let identity = identity?;
    Some(match host(view) {
        Some(host) => format!("{host}/{identity}"),
        None => identity,
    })
}

fn host<'v>(view: &'v Value<'_>) -> Option<&'v str> {
    ["api_url", "url"].into_iter().find_map(|name| {
        let (_, address) = member_text(view, name)?.split_once("://")?;
        address.split(['/', '?', '#']).next().filter(|host| !host.is_empty())
    })
}

/// The form's slug: what stands before the id in the record's address, `…/newsletter/16/`.
fn form_in_addresses<'v>(view: &'v Value<'_>, id: &str) -> Option<&'v str> {
    let internal_id = scalar_text(view, "internal_id").unwrap_or(id);
    ["api_url", "url"].into_iter().find_map(|name| {
        let address = member_text(view, name)?;
        // A path has no host before it; with its first segment it has an empty one.
        let address = match address.split_once("://") {
            Some((_, address)) => address,
            None => Some(address).filter(|path| path.starts_with('/'))?,
        };
        let path = address.split(['?', '#']).next()?;
        let mut segments = path.trim_end_matches('/').rsplit('/');
        let last = segments.next()?;
        let form = segments.next()?;
        let is_path_of_record = last == id || last == internal_id;
        // With nothing before it, the segment is the host.
        let has_host = segments.next().is_some();
        (is_path_of_record && has_host && !form.is_empty()).then_some(form)
    })
}

/// The text of a string or number: ids were numbers in some releases.
fn scalar_text<'v>(view: &'v Value<'_>, name: &str) -> Option<&'v str> {
    let value = view.get(name)?;
    value.as_str().or_else(|| value.as_number()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, identity: Option<&str>, form: Option<&str>) {
        let decoded = decode(&Received { content_type: None, body: body.as_bytes() }).unwrap();
        assert_eq!(decoded.identity.as_deref(), identity, "{body}");
        assert_eq!(decoded.key, decoded.identity, "{body}");
        assert_eq!(decoded.form.as_deref(), form, "{body}");
        assert_eq!(decoded.shape, Shape::Submission);
    }

    #[test]
    fn old_and_new_ids_give_one_identity() {
        let newsletter = Some("newsletter");
        check(r#"{"id":"newsletter/16"}"#, Some("newsletter/16"), newsletter);
        check(
            r#"{"id":"16","url":"https://x.example/newsletter/16/"}"#,
            Some("newsletter/16"),
            newsletter,
        );
        check(
            r#"{"id":16,"api_url":"https://x.example/api/forms/newsletter/16/?a=b"}"#,
            Some("newsletter/16"),
            newsletter,
        );
        check(
            r#"{"id":"A-16","internal_id":"16","url":"https://x.example/newsletter/16"}"#,
            Some("newsletter/A-16"),
            newsletter,
        );
        // A hub that does not know its own address gives the path alone.
        for path in
            ["/newsletter/16/", "/p/town/newsletter/16/", "/p/town/api/forms/newsletter/16/"]
        {
            let body = format!(r#"{{"id":"16","api_url":"{path}"}}"#);
            check(&body, Some("newsletter/16"), newsletter);
        }
    }

    #[test]
    fn a_record_is_known_by_its_uuid_or_by_where_it_lies() {
        for (body, expected) in [
            (r#"{"uuid":"u-1","id":"16","url":"https://x.example/a/16/"}"#, Some("u-1")),
            (r#"{"id":"16","url":"https://x.example/a/16/"}"#, Some("x.example/a/16")),
            (
                r#"{"uuid":" ","id":"a/16","url":"https://x.example:8/a/16/"}"#,
                Some("x.example:8/a/16"),
            ),
            (r#"{"id":"a/16"}"#, Some("a/16")),
            (r#"{"uuid":7}"#, None),
            (r#"{"kind":"x"}"#, None),
        ] {
            let view = Value::parse(body.as_bytes()).unwrap();
            assert_eq!(instance_id(&view).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_record_says_whose_it_is_and_how_it_came() {
        let body = r#"{"uuid":"u","user":{"name":"Ada","email":"a@example.org","NameID":["0123"]},
            "submission":{"channel":"Phone","backoffice":true}}"#;
        let told = pushed(&Value::parse(body.as_bytes()).unwrap());
        let user = told.user.unwrap();
        assert_eq!(user.email.as_deref(), Some("a@example.org"));
        assert_eq!(user.name_ids, ["0123"]);
        assert_eq!((told.channel, told.is_backoffice), (Channel::Phone, true));
        let nothing = pushed(&Value::parse(br#"{"user":"x","submission":{"channel":7}}"#).unwrap());
        assert_eq!(nothing, Pushed::default());
    }

    #[test]
    fn an_address_that_is_not_the_records_tells_nothing() {
        check(r#"{"id":"16"}"#, Some("16"), None);
        check(r#"{"id":"16","url":"https://x.example/16/"}"#, Some("16"), None);
        check(r#"{"id":"16","url":"https://x.example/newsletter/17/"}"#, Some("16"), None);
        check(r#"{"id":"16","url":"newsletter/16"}"#, Some("16"), None);
        check(r#"{"id":"16","url":null}"#, Some("16"), None);
        check(r#"{"id":"16","url":"/16/"}"#, Some("16"), None);
        check(r#"{"id":"16","url":"/newsletter/17/"}"#, Some("16"), None);
    }

    #[test]
    fn records_without_an_id_have_no_identity() {
        check(r#"{"display_id":"1-28"}"#, Some("1-28"), None);
        check(r#"{"id":null,"display_id":"1-28"}"#, Some("1-28"), None);
        check(r#"{"nom":"L."}"#, None, None);
        check("{}", None, None);
    }

    #[test]
    fn only_objects_are_records() {
        for body in ["[]", "1", "\"a\"", "null"] {
            let received = Received { content_type: None, body: body.as_bytes() };
            assert_eq!(decode(&received).unwrap_err().code, "not-wcs", "{body}");
        }
    }
}
