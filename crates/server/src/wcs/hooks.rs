//! `POST` and `PUT …/hooks/<id>/`: a program sets off a global action of a record's lifecycle, whatever its
//! status. What comes along is stored under the id.

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::wcs::read;
use fieldpost_engine::RecordKey;
use fieldpost_model::json::Value;
use fieldpost_rules::lifecycle::{Happening, Sent};
use fieldpost_rules::wcs::reading::Kind;

use super::Asked;
use super::answer::{Turned, json};
use super::submit::{asked_form, turned};
use super::trigger::{Came, bypass, sent};

/// Sets the action off.
pub(super) async fn answer(
    asked: &Asked,
    _kind: Kind,
    form: &str,
    id: &str,
    name: &str,
    body: Body,
) -> Result<Response, Turned> {
    asked.admitted.caller().require_unrestricted()?;
    let form = asked_form(asked, form).await?;
    let sent = match sent(asked, name, body, read::hook).await? {
        Came::Nothing => Sent::Nothing,
        Came::File(file) => Sent::File(file),
        // All that came along stands under the one name.
        Came::Data(data, files) => {
            let all = data.into_iter().next();
            all.map_or(Sent::Nothing, |(_, value)| Sent::Json(value, files))
        }
    };
    let happening = Happening::Hook { id: name.to_owned(), sent, bypass: bypass(asked) };
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    let caller = asked.admitted.actor();
    hub.happen(routing, &form, RecordKey::Id(id), &caller, happening).await.map_err(turned)?;
    Ok(json(&Value::object([("err", Value::from(0_i64))])))
}
