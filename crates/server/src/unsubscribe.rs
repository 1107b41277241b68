//! `/unsubscribe/<token>`: who got a mail ends mails like it, without an account.
//!
//! Looking at the page changes nothing, since mail programs and their scanners look at every link.
//! A POST acts: that of the page's button, and that of a mail program which offers a button of its
//! own (RFC 8058). The token was signed by this installation, for one address and one topic; any
//! other is a page that is not there.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use fieldpost_engine::Subscription;
use http::StatusCode;

use crate::app::Shared;
use crate::html::{self, CSS, HTML, escaped};
use crate::problem::Problem;

/// The longest form that is read: the one-click form of RFC 8058 and our own have one field each.
const LONGEST_FORM: usize = 4 * 1024;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/unsubscribe/{token}", get(ask).post(act))
        .route("/assets/unsubscribe.css", get(styles))
}

async fn styles() -> Response {
    html::file(CSS, include_str!("../assets/unsubscribe.css"))
}

/// Asks whether mails are to end, or says that they have. Nothing changes.
async fn ask(State(app): State<Shared>, Path(token): Path<String>) -> Result<Response, Problem> {
    let Some(subscription) = app.hub.subscription(&token).await? else { return Ok(unknown()) };
    if app.hub.has_unsubscribed(&subscription).await? {
        return Ok(ended(&subscription));
    }
    Ok(goes_on("Stop these mails?", &subscription))
}

/// Ends mails, or lets them begin again.
async fn act(
    State(app): State<Shared>,
    Path(token): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let Some(subscription) = app.hub.subscription(&token).await? else { return Ok(unknown()) };
    let form = axum::body::to_bytes(body, LONGEST_FORM).await.unwrap_or_default();
    let Some(subscribed) = wanted(&form) else {
        return Ok(page(
            StatusCode::BAD_REQUEST,
            "That was not understood",
            "Open the link of the mail, and press the button there.",
            None,
        ));
    };
    app.hub.set_subscribed(&subscription, subscribed).await?;
    Ok(if subscribed {
        goes_on("You get these mails again", &subscription)
    } else {
        ended(&subscription)
    })
}

/// The page of somebody who gets mails.
fn goes_on(title: &str, subscription: &Subscription) -> Response {
    let (address, about) = (&subscription.address, in_words(subscription));
    let text = format!("{address} gets mails about {about}.");
    page(StatusCode::OK, title, &text, Some(("unsubscribe", "Stop these mails")))
}

/// The page of somebody who gets no more mails.
fn ended(subscription: &Subscription) -> Response {
    let (address, about) = (&subscription.address, in_words(subscription));
    let text = format!("{address} gets no more mails about {about}.");
    page(StatusCode::OK, "These mails have ended", &text, Some(("subscribe", "Get them again")))
}

/// What a form asks for: whether mails are to go on; `None` where it asks for nothing.
fn wanted(form: &[u8]) -> Option<bool> {
    for (name, value) in form_urlencoded::parse(form) {
        match (&*name, &*value) {
            ("List-Unsubscribe", "One-Click") | ("action", "unsubscribe") => return Some(false),
            ("action", "subscribe") => return Some(true),
            _ => {}
        }
    }
    // RFC 8058 lets the same come as multipart/form-data, whose one field is easily found.
    let text = String::from_utf8_lossy(form);
    let one_click = text.contains("name=\"List-Unsubscribe\"") && text.contains("One-Click");
    one_click.then_some(false)
}

fn in_words(subscription: &Subscription) -> String {
    format!("{}, in the project {}", subscription.topic.in_words(), subscription.project)
}

fn unknown() -> Response {
    page(
        StatusCode::NOT_FOUND,
        "This link leads nowhere",
        "It may be cut off: copy the whole link from the mail.",
        None,
    )
}

fn page(status: StatusCode, title: &str, text: &str, button: Option<(&str, &str)>) -> Response {
    let form = button.map_or_else(String::new, |(action, label)| {
        format!(
            "<form method=\"post\"><button name=\"action\" value=\"{action}\">{label}</button></form>\n"
        )
    });
    let (title, text) = (escaped(title), escaped(text));
    let mut response = html::file(
        HTML,
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex\">\n\
             <title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n\
             <link rel=\"stylesheet\" href=\"../assets/unsubscribe.css\">\n\
             <main>\n<h1>{title}</h1>\n<p>{text}</p>\n{form}</main>\n</html>\n"
        ),
    );
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_say_what_they_want() {
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n\
                         One-Click\r\n--x--\r\n";
        for (form, expected) in [
            ("List-Unsubscribe=One-Click", Some(false)),
            ("action=unsubscribe", Some(false)),
            ("action=subscribe", Some(true)),
            (multipart, Some(false)),
            ("", None),
            ("List-Unsubscribe=No", None),
            ("action=delete", None),
            ("hello", None),
        ] {
            assert_eq!(wanted(form.as_bytes()), expected, "{form}");
        }
    }
}
