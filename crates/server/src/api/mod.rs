//! `/api/v1`: what people and their scripts use to look and to act.
//!
//! One file for each noun. The types that requests and answers are made of are this room's own,
//! so that the nouns inside can change without breaking a script outside; the OpenAPI document is
//! made from them and from the handlers' own comments.
//!
//! Access is refused by default: the layer stands before the router, not on its routes, and what the
//! table of `fieldpost_rules::access` lacks is closed. So a route that somebody adds tomorrow is
//! closed, and a stranger does not learn which routes there are. Only the description of the API is
//! open, and the ways by which people come in.

#![expect(unused_qualifications, reason = "the macros that describe the API write whole paths")]

mod access;
mod account;
mod actions;
mod api_tokens;
mod attempts;
mod audit;
mod audited;
mod body;
mod case_export;
mod case_history;
mod cases;
mod changes;
mod collections;
mod condition;
mod connection_tests;
mod connections;
mod cookie;
mod definitions;
mod deliveries;
mod difference;
mod docs;
mod erasures;
mod events;
mod exact;
mod feed;
mod fields;
mod filters;
mod form_definitions;
mod form_files;
mod form_reading;
mod form_upload;
mod forms;
mod forwarders;
mod incidents;
mod indexed_fields;
mod invitations;
mod jobs;
mod keys;
mod known;
mod lanes;
mod lifecycle;
mod lifecycle_deeds;
mod list;
mod map;
mod members;
mod messages;
mod names;
mod overview;
mod parameters;
mod path;
mod pause;
mod people;
mod preview;
mod principal;
mod projects;
mod reason;
mod refused;
mod reports;
mod roles;
mod run_actions;
mod run_bulk;
mod run_parts;
mod runs;
mod schedules;
mod search;
mod session;
mod sources;
mod status;
mod submission_export;
mod submission_parts;
mod submissions;
mod table_file;
mod timeline;
mod traffic;
mod tries;
mod users;
mod visitor;
mod workflow_versions;
mod workflows;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Shared;
use crate::problem::{self, Problem};

// What the data APIs share with this one.
pub(crate) use cookie::is_cross_site;
pub(crate) use exact::body as file_answer;
pub(crate) use forms::read as read_form_definition;
pub(crate) use parameters::{nearest, shortened};
pub(crate) use principal::Principal;
pub(crate) use refused::note_too_many_keys;
pub(crate) use submission_parts::{file_not_there, original_of};
pub(crate) use submissions::parsed as parsed_json;

/// Where the API lives.
const BASE: &str = "/api/v1";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Fieldpost",
        description = "Look at what came in and where it went, and act on it.\n\n\
            A program sends the header `Authorization: Bearer <token>`; a browser has the cookie of \
            a session. What somebody may do is settled by project: viewer, editor, admin, owner. \
            Lists are `{\"items\": […], \"next\": \"<cursor>\" or null}`, newest first; give `next` \
            back as `cursor` for the page after. Times are RFC 3339 in UTC, ids are UUIDv7. \
            Errors are `application/problem+json`; their `code` is a stable word, their `hint` \
            says what to do."
    ),
    tags(
        (name = "accounts", description = "Signing in, and one's own account"),
        (name = "projects", description = "Projects, and their definitions as a whole"),
        (name = "sources", description = "The ways in"),
        (name = "connections", description = "The remote APIs that a project sends to"),
        (name = "forwarders", description = "The standing orders: which messages go where"),
        (name = "workflows", description = "Jobs in the OpenFn dialect, and the runs of them"),
        (name = "messages", description = "What came in"),
        (name = "forms", description = "What is filled in, and what kind of answers it takes"),
        (name = "submissions", description = "Filled forms, whatever way they came in"),
        (name = "cases", description = "What forms follow over time"),
        (name = "deliveries", description = "What goes out, and each try of it"),
        (name = "incidents", description = "Stretches of trouble, and what people were told"),
        (name = "members", description = "The people of a project"),
        (name = "users", description = "Who has an account here"),
        (name = "tokens", description = "Tokens by which programs use the API"),
        (name = "audit", description = "Who did what"),
        (name = "hub", description = "The hub itself"),
    ),
    components(schemas(
        Problem,
        names::CaseOrderName,
        names::DeliverySortName,
        names::ExportFormatName,
        names::SubmissionOrderName,
        names::TableFormatName,
        names::TrafficByName
    )),
    security(("token" = []), ("session" = []))
)]
struct Description;

/// The closed part: the layer of access stands before every route of it.
fn routes() -> OpenApiRouter<Shared> {
    let routes = OpenApiRouter::new()
        .routes(routes!(session::sign_in, session::get, session::sign_out))
        .routes(routes!(session::sign_out_everywhere))
        .routes(routes!(invitations::get))
        .routes(routes!(invitations::accept))
        .routes(routes!(account::get, account::change))
        .routes(routes!(account::change_password))
        .routes(routes!(
            account::begin_second_factor,
            account::confirm_second_factor,
            account::remove_second_factor
        ))
        .routes(routes!(account::renew_recovery_codes))
        .routes(routes!(account::sessions))
        .routes(routes!(account::end_session))
        .routes(routes!(users::list, users::invite))
        .routes(routes!(users::get, users::change, users::delete))
        .routes(routes!(users::reset))
        .routes(routes!(api_tokens::list, api_tokens::create))
        .routes(routes!(api_tokens::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::put, members::remove))
        .routes(routes!(api_tokens::list_of_project, api_tokens::create_in_project))
        .routes(routes!(api_tokens::revoke_in_project))
        .routes(routes!(audit::list_of_project))
        .routes(routes!(status::status))
        .routes(routes!(keys::get))
        .routes(routes!(keys::rotate))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::get))
        .routes(routes!(projects::settings, projects::put_settings))
        .routes(routes!(projects::pause))
        .routes(routes!(projects::resume))
        .routes(routes!(projects::apply))
        .routes(routes!(projects::export))
        .routes(routes!(search::search))
        .routes(routes!(overview::get))
        .routes(routes!(map::get))
        .routes(routes!(traffic::get))
        .routes(routes!(sources::list))
        .routes(routes!(sources::get, sources::put, sources::delete))
        .routes(routes!(sources::urls))
        .routes(routes!(connections::list))
        .routes(routes!(connections::get, connections::put, connections::delete))
        .routes(routes!(connection_tests::test))
        .routes(routes!(connections::pause))
        .routes(routes!(connections::resume))
        .routes(routes!(lanes::list))
        .routes(routes!(lanes::try_now))
        .routes(routes!(forwarders::list))
        .routes(routes!(forwarders::get, forwarders::put, forwarders::delete))
        .routes(routes!(preview::saved))
        .routes(routes!(preview::draft))
        .routes(routes!(forwarders::pause))
        .routes(routes!(forwarders::resume))
        .routes(routes!(filters::try_filter))
        .routes(routes!(messages::list))
        .routes(routes!(messages::get))
        .routes(routes!(messages::body))
        .routes(routes!(messages::request))
        .routes(routes!(messages::view))
        .routes(routes!(messages::explain))
        .routes(routes!(messages::replay))
        .routes(routes!(timeline::get))
        .routes(routes!(difference::get))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::counts))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::retry))
        .routes(routes!(deliveries::cancel))
        .routes(routes!(deliveries::requeue))
        .routes(routes!(deliveries::resend))
        .routes(routes!(actions::list, actions::act_on_deliveries))
        .routes(routes!(actions::get))
        .routes(routes!(actions::stop))
        .routes(routes!(actions::act_on_messages))
        .routes(routes!(erasures::list, erasures::erase))
        .routes(routes!(attempts::list))
        .routes(routes!(attempts::request_body))
        .routes(routes!(attempts::response_body))
        .routes(routes!(difference::of_attempts))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::get))
        .routes(routes!(incidents::close))
        .routes(routes!(incidents::traffic))
        .routes(routes!(incidents::notices))
        .routes(routes!(reports::send))
        .routes(routes!(events::events))
        .merge(routes_of_what_is_filed())
        .merge(routes_of_definitions_of_forms())
        .merge(routes_of_workflows());
    OpenApiRouter::with_openapi(Description::openapi()).nest(BASE, routes)
}

/// Forms, submissions and cases.
fn routes_of_what_is_filed() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(forms::list, form_upload::upload))
        .routes(routes!(forms::get))
        .routes(routes!(form_files::get, form_files::put, form_files::delete))
        .routes(routes!(indexed_fields::get, indexed_fields::put))
        .routes(routes!(forms::versions))
        .routes(routes!(forms::version))
        .routes(routes!(submission_export::export))
        .routes(routes!(submissions::list))
        .routes(routes!(submissions::get, submissions::erase))
        .routes(routes!(submission_parts::original))
        .routes(routes!(submission_parts::attachments))
        .routes(routes!(submission_parts::attachment))
        .routes(routes!(submission_parts::fetch))
        .routes(routes!(submission_parts::history))
        .routes(routes!(submission_parts::cases_of))
        .routes(routes!(lifecycle::get, lifecycle::act))
        .routes(routes!(cases::list))
        .routes(routes!(case_export::export))
        .routes(routes!(cases::get, cases::erase))
        .routes(routes!(case_history::history))
        .routes(routes!(feed::list))
}

/// Forms that the project defines, and who takes part in them.
fn routes_of_definitions_of_forms() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(form_definitions::list))
        .routes(routes!(form_reading::read))
        .routes(routes!(form_definitions::get, form_definitions::put, form_definitions::delete))
        .routes(routes!(roles::list))
        .routes(routes!(roles::get, roles::put, roles::delete))
        .routes(routes!(people::list))
        .routes(routes!(people::get, people::put, people::delete))
}

/// Workflows, their jobs and their runs.
fn routes_of_workflows() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(jobs::adaptors))
        .routes(routes!(jobs::check))
        .routes(routes!(schedules::check))
        .routes(routes!(workflows::list))
        .routes(routes!(workflows::get, workflows::put, workflows::delete))
        .routes(routes!(workflows::pause))
        .routes(routes!(workflows::resume))
        .routes(routes!(workflow_versions::list))
        .routes(routes!(workflow_versions::get))
        .routes(routes!(collections::list))
        .routes(routes!(collections::items, collections::keep, collections::remove))
        .routes(routes!(collections::get, collections::remove_one))
        .routes(routes!(runs::list))
        .routes(routes!(runs::counts))
        .routes(routes!(run_bulk::act))
        .routes(routes!(runs::get))
        .routes(routes!(run_actions::start))
        .routes(routes!(run_actions::retry))
        .routes(routes!(run_actions::cancel))
        .routes(routes!(run_parts::log))
        .routes(routes!(run_parts::final_state))
        .routes(routes!(run_parts::input))
        .routes(routes!(run_parts::output))
}

/// The description of the API.
pub fn openapi() -> OpenApi {
    let mut document = routes().into_openapi();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert("token".to_owned(), token.into());
    let session = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(cookie::NAME)));
    components.security_schemes.insert("session".to_owned(), session.into());
    for item in document.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        operations.into_iter().flatten().for_each(describe_answers);
    }
    document
}

/// The standard asks for a description of every answer; where there is nothing to say beside the
/// type of its body, it is the words of the status.
fn describe_answers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
            && let Ok(status) = StatusCode::from_bytes(status.as_bytes())
        {
            status.canonical_reason().unwrap_or_default().clone_into(&mut response.description);
        }
    }
}

/// Says of every answer that it is for whoever asked, now, and that nobody is to keep it: what is
/// in it belongs to somebody.
async fn not_stored(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Everything under `/api`.
pub(crate) fn router(app: &Shared) -> Router {
    let (closed, _) = routes().split_for_parts();
    let closed = closed
        .fallback(problem::no_such_page)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(from_fn_with_state(Shared::clone(app), access::note_changes))
        .layer(from_fn_with_state(Shared::clone(app), access::finish_what_was_begun))
        .layer(from_fn_with_state(Shared::clone(app), access::let_in))
        .layer(map_response(not_stored))
        .with_state(Shared::clone(app));
    docs::router().method_not_allowed_fallback(problem::wrong_method).fallback_service(closed)
}
