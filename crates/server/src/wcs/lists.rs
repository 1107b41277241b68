//! The records of one form: lists, maps and sheets.
//!
//! `GET /api/forms/<slug>/list`, `…/geojson`, `…/ods`, `…/xlsx`, `…/csv`. What may stand in the query is read by
//! `rules::wcs::list`, strictly: a filter that is not known is refused. Long lists of ids can come in a form-encoded
//! body instead, by POST.

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::sheets::{Csv, Sheet, SheetFormat};
use fieldpost_dialects::wcs::calendar::{self, EventFields};
use fieldpost_dialects::wcs::list::{Envelope, has_places};
use fieldpost_dialects::wcs::{RecordsAt, table};
use fieldpost_engine::FollowedForm;
use fieldpost_model::form_definition::{DisplayLocation, FormField};
use fieldpost_model::progress_list::Whom;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::list::{Around, ListFacts, ListQuery, read};
use fieldpost_rules::wcs::reading::{Address, Kind, Reading, StatusReader, may_read};
use fieldpost_rules::wcs::{Parameters, Refusal};

use super::aliases::Aliases;
use super::answer::Turned;
use super::chosen::{Chosen, Wanted};
use super::endpoint::Part;
use super::rows::Sides;
use super::validators::Validators;
use super::written::{self, CursorOf, Reader, Shape, WantedFields};
use super::{Asked, cases, changes, document, forms};
use crate::api::file_answer;
use crate::body;

/// Records of one form.
pub(super) async fn answer(
    asked: &Asked,
    kind: Kind,
    form: &str,
    part: Part,
    sent: Body,
) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    forms::require_somebody(&caller)?;
    let form = forms::find_kind(asked, kind, form).await?;
    let (parameters, sent) = parameters(asked, sent).await?;
    let address = match &part {
        Part::List | Part::Changes => Address::List,
        Part::Geojson => Address::Geojson,
        Part::Sheet(_) => Address::Sheet,
        Part::Calendar { .. } => Address::Calendar,
    };
    let concerned = forms::concerned(asked, &form);
    let concerned = concerned.iter().map(String::as_str);
    let reading = may_read(&caller, address, kind, &parameters, concerned)?;
    let validators = validators(asked, &parameters, &sent).await?;
    if validators.hold(&asked.parts) {
        return Ok(validators.not_modified());
    }
    let aliases = match asked.records {
        RecordsAt::Cases if reading.anonymised => Some(Aliases::of(asked).await?),
        _ => None,
    };
    let reader = Reader { asked: asked.clone(), reading, aliases };
    let mut response = match part {
        Part::Changes => return changes::answer(asked, Some(&form), reading).await,
        Part::List => {
            let query = query(asked, &form, (address, kind, reading), &parameters)?;
            rows(reader, &form, &parameters, query).await?
        }
        Part::Geojson if !is_drawn(asked, &form) => {
            return Err(Refusal::not_found().into());
        }
        Part::Geojson => {
            let query = query(asked, &form, (address, kind, reading), &parameters)?;
            map(reader, &form, &parameters, query).await?
        }
        Part::Sheet(format) => {
            let query = query(asked, &form, (address, kind, reading), &parameters)?;
            sheet(reader, &form, &parameters, query, format).await?
        }
        Part::Calendar { start, end } => {
            let fields = EventFields::find(&form.definition, &start, end.as_deref());
            let unknown = |name| Refusal::invalid(format!("Invalid variable \"{name}\"."));
            let fields = fields.map_err(unknown)?;
            let query = query(asked, &form, (address, kind, reading), &parameters)?;
            let wanted = wanted(asked, &form, &query, true);
            let chosen = Chosen::begin(asked, Some(&form), wanted).await?;
            let body = written::calendar(reader, &form, chosen, fields);
            let file_name = format!("{}.ics", form.definition.name);
            file_answer(Some(calendar::CONTENT_TYPE), body, &file_name)
        }
    };
    validators.add(&mut response);
    Ok(response)
}

/// Whether the records of a form can be drawn on a map: it asks for a place, or nobody has said what it asks; then its
/// submissions are where their senders say.
fn is_drawn(asked: &Asked, form: &FollowedForm) -> bool {
    let is_undescribed = form.form.is_none() && asked.records != RecordsAt::Cases;
    is_undescribed || has_places(&form.definition)
}

/// There are no views but the usual one.
pub(super) fn no_view() -> Result<Response, Turned> {
    let text = "There are no custom views here: ask without one, and filter by the query.";
    Err(Refusal { description: text.to_owned(), ..Refusal::not_found() }.into())
}

/// The parameters of the query, and those of a form-encoded body.
async fn parameters(asked: &Asked, sent: Body) -> Result<(Parameters, bytes::Bytes), Turned> {
    let parameters = asked.admitted.parameters.clone();
    if asked.parts.method.is_safe() {
        return Ok((parameters, bytes::Bytes::new()));
    }
    let headers = &asked.parts.headers;
    let bytes = body::read(sent, headers, asked.app.bounds()).await?;
    Ok((parameters.and_body(&bytes), bytes))
}

async fn validators(
    asked: &Asked,
    parameters: &Parameters,
    sent: &[u8],
) -> Result<Validators, Turned> {
    let last = asked.app.hub.store().last_change(asked.project()).await?;
    // What a day or an action depends on may change by itself.
    let depends_on_time = parameters.switch("full", false)
        || parameters.switch("include-actions", false)
        || parameters.names().any(|name| name.ends_with("-operator"));
    let hour = asked.app.hub.now().0 / 3_600_000_000;
    let facts = [last, if depends_on_time { hour } else { 0 }];
    Ok(Validators::of(asked, &facts, Timestamp(last), sent))
}

/// Whom the call acts for, by roles and number.
pub(super) fn whom(asked: &Asked) -> Whom {
    let caller = asked.admitted.caller();
    let user = asked.admitted.reference.as_ref().map(|reference| reference.number);
    Whom { roles: caller.roles().to_vec(), user }
}

/// Somebody by a name identifier, by roles and number.
pub(super) fn person(asked: &Asked, name_id: &str) -> Option<Whom> {
    let person = asked.admitted.routing.person_by_name_id(name_id)?;
    Some(Whom { roles: person.user.roles.clone(), user: Some(person.number) })
}

fn query(
    asked: &Asked,
    form: &FollowedForm,
    (address, kind, reading): (Address, Kind, Reading),
    parameters: &Parameters,
) -> Result<ListQuery, Refusal> {
    let caller = whom(asked);
    let reader = StatusReader::of(&asked.admitted.caller(), reading);
    let facts = ListFacts {
        definition: &form.definition,
        address,
        kind,
        reading,
        reader: &reader,
        caller: &caller,
        people: &|name_id| person(asked, name_id),
        calendar: asked.calendar(),
        usual: (asked.records == RecordsAt::Cases).then(|| cases::usual_order(parameters)),
    };
    let mut query = read(parameters, &facts)?;
    if asked.records == RecordsAt::Cases && reading.anonymised {
        cases::refuse_asking_for_ids(&query)?;
    }
    if !form.is_tracked {
        // It concerns whoever may read it at all, and waits for nobody.
        query.pushdown.visible_to = None;
        if !parameters.has("filter") {
            (query.pushdown.standing, query.pushdown.waiting_for) = (None, None);
        }
    }
    Ok(query)
}

fn wanted(asked: &Asked, form: &FollowedForm, query: &ListQuery, is_whole: bool) -> Wanted {
    Wanted {
        pushdown: query.pushdown.clone(),
        predicate: query.predicate.clone(),
        order: query.order.clone(),
        limit: query.limit,
        offset: query.offset,
        sides: match asked.records {
            RecordsAt::Cases => Sides::Cases,
            _ if form.is_tracked => Sides::Tracked,
            _ => Sides::Recorded,
        },
        is_whole,
    }
}

async fn rows(
    reader: Reader,
    form: &FollowedForm,
    parameters: &Parameters,
    query: ListQuery,
) -> Result<Response, Turned> {
    let shape = if document::is_classic(parameters) && !query.anonymised {
        Shape::Classic { is_full: parameters.switch("full", false) }
    } else {
        Shape::Row(query.switches)
    };
    let wanted = wanted(&reader.asked, form, &query, shape.is_whole());
    let envelope = match query.around {
        Around::Array => Envelope::Bare,
        Around::Object => dict(&reader.asked, &query, None),
        Around::CountedObject => {
            let count = Chosen::count(&reader.asked, &wanted).await?;
            dict(&reader.asked, &query, Some(count))
        }
    };
    let cursor = query.gives_cursor.then(|| {
        let (query, are_cases) = (query.clone(), reader.asked.records == RecordsAt::Cases);
        let of: CursorOf = Box::new(move |form, progress| {
            let case_id = progress.natural_id.as_deref().filter(|_| are_cases);
            query.cursor_behind(form, progress, case_id)
        });
        of
    });
    let chosen = Chosen::begin(&reader.asked, Some(form), wanted).await?;
    Ok(written::json(reader, Some(form), chosen, (envelope, shape), cursor))
}

/// The count where it is told, and the links to the pages beside this one, where a limit cuts pages.
fn dict(asked: &Asked, query: &ListQuery, count: Option<u64>) -> Envelope {
    let (mut previous, mut next) = (None, None);
    if let Some(limit) = query.limit.filter(|_| !query.gives_cursor) {
        let link = |offset: u64| {
            let set = [("limit", limit.to_string()), ("offset", offset.to_string())];
            written::linked(asked, &set, &[])
        };
        let behind = query.offset.saturating_add(limit);
        next = (limit > 0 && count.is_some_and(|count| behind < count)).then(|| link(behind));
        previous = (query.offset > 0).then(|| link(query.offset.saturating_sub(limit)));
    }
    Envelope::Dict { count, previous, next }
}

/// The fields that a map or a sheet shows.
pub(super) fn fields(form: &FollowedForm, parameters: &Parameters) -> WantedFields {
    if parameters.switch("full", false) {
        return WantedFields::All;
    }
    let fields = &form.definition.fields;
    let ids = fields.iter().map(|field| field.id.as_str());
    let ids: Vec<String> =
        ids.filter(|id| parameters.switch(id, false)).map(str::to_owned).collect();
    if !ids.is_empty() {
        return WantedFields::Ids(ids);
    }
    // Where nobody said which fields lists show, it is better to show them than none.
    let is_said = |field: &FormField| field.display_locations.contains(&DisplayLocation::Listings);
    if fields.iter().any(is_said) { WantedFields::Listed } else { WantedFields::All }
}

async fn map(
    reader: Reader,
    form: &FollowedForm,
    parameters: &Parameters,
    query: ListQuery,
) -> Result<Response, Turned> {
    let shape = if document::is_classic(parameters) {
        Shape::ClassicFeature
    } else {
        Shape::Feature(fields(form, parameters))
    };
    // Where a recorded submission is, only its answers tell.
    let is_whole = shape.is_whole() || !form.is_tracked;
    let chosen =
        Chosen::begin(&reader.asked, Some(form), wanted(&reader.asked, form, &query, is_whole))
            .await?;
    Ok(written::json(reader, Some(form), chosen, (Envelope::Features, shape), None))
}

async fn sheet(
    reader: Reader,
    form: &FollowedForm,
    parameters: &Parameters,
    query: ListQuery,
    format: SheetFormat,
) -> Result<Response, Turned> {
    let fields = fields(form, parameters);
    let columns = table::columns(&form.definition, fields.shown());
    let names = columns.iter().map(|column| column.heading.as_str());
    // People open it: what looks like a formula must not become one.
    let begun = Sheet::begin(format, Csv::Guarded, names).map_err(written::unwritten)?;
    let chosen =
        Chosen::begin(&reader.asked, Some(form), wanted(&reader.asked, form, &query, true)).await?;
    let body = written::sheet(reader, form, chosen, begun, fields);
    let file_name = format!("{}.{}", form.definition.name, format.name());
    Ok(file_answer(Some(format.content_type()), body, &file_name))
}
