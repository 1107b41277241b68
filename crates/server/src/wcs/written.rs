//! Lists as they are sent: what stands around the rows, and each row in the shape that was asked for.
//!
//! Rows are written beside the threads that answer everybody, a page at a time, and a page is sent before the next
//! one is read. Whoever reads slowly slows down nobody but himself.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use fieldpost_dialects::sheets::Sheet;
use fieldpost_dialects::wcs::calendar::{self, EventFields};
use fieldpost_dialects::wcs::geojson::{self, Shown as ShownFields};
use fieldpost_dialects::wcs::list::{self, Envelope, GlobalRow, List};
use fieldpost_dialects::wcs::{Record, Viewer, table};
use fieldpost_engine::{Followed, FollowedForm};
use fieldpost_model::json::Value;
use fieldpost_model::progress::Progress;
use fieldpost_model::submission::Submission;
use fieldpost_rules::wcs::Switches;
use fieldpost_rules::wcs::reading::Reading;
use fieldpost_store::StoreError;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use super::aliases::Aliases;
use super::chosen::{Batch, Chosen};
use super::rows::{self, Listed};
use super::{Asked, shown};

/// Which fields of a form are wanted.
#[derive(Clone, Debug)]
pub(super) enum WantedFields {
    /// Those that lists show.
    Listed,
    /// All.
    All,
    /// These, by id.
    Ids(Vec<String>),
}

impl WantedFields {
    pub(super) fn shown(&self) -> ShownFields<'_> {
        match self {
            Self::Listed => ShownFields::Listed,
            Self::All => ShownFields::All,
            Self::Ids(ids) => ShownFields::Ids(ids),
        }
    }
}

/// What each row is.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A row of a form's list.
    Row(Switches),
    /// As old releases had it; whole, where that was asked for.
    Classic { is_full: bool },
    /// A row of the list of all forms. Whether it says if the caller may open it.
    Global { tells_readable: bool },
    /// A whole document, without the contents of files.
    Document(Switches),
    /// A place on a map.
    Feature(WantedFields),
    /// The same as old releases had it.
    ClassicFeature,
}

impl Shape {
    /// Whether it shows more than the store lists.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Row(switches) => *switches != Switches::ROW,
            Self::Classic { is_full } => *is_full,
            // The columns know places to the centimetre alone.
            Self::ClassicFeature | Self::Global { .. } | Self::Document(_) | Self::Feature(_) => {
                true
            }
        }
    }
}

/// Who reads a list.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) asked: Asked,
    pub(super) reading: Reading,
    /// The numbers that stand for cases in rows that name nobody.
    pub(super) aliases: Option<Aliases>,
}

impl Reader {
    /// A row that names nobody.
    fn anonymous_row(
        &self,
        record: &Record<'_>,
        viewer: &Viewer<'_>,
        switches: Switches,
    ) -> Value<'static> {
        let progress = self.aliases.as_ref().and_then(|aliases| aliases.stand_for(record.progress));
        let progress = progress.as_ref().unwrap_or(record.progress);
        let record = Record { progress, ..*record };
        list::anonymous_row(&record, &self.asked.site(), viewer, switches)
    }
}

/// Says where a list goes on behind a row.
pub(super) type CursorOf = Box<dyn Fn(&str, &Progress) -> String + Send + Sync>;

/// A list that is being written.
struct Writing {
    reader: Reader,
    /// The form of rows that have nothing but what the store lists.
    form: Option<FollowedForm>,
    chosen: Chosen,
    kind: Kind,
    /// Says where the list goes on, where that is told.
    cursor: Option<CursorOf>,
    begin: Option<Bytes>,
    is_done: bool,
}

enum Kind {
    Json { list: Option<List>, shape: Shape },
    Sheet { sheet: Option<Box<Sheet>>, fields: WantedFields, form: FollowedForm },
    Calendar(EventFields),
}

/// The rows as JSON.
pub(super) fn json(
    reader: Reader,
    form: Option<&FollowedForm>,
    chosen: Chosen,
    (envelope, shape): (Envelope, Shape),
    cursor: Option<CursorOf>,
) -> Response {
    let is_map = envelope == Envelope::Features;
    let (list, begin) = List::begin(envelope);
    let kind = Kind::Json { list: Some(list), shape };
    let mut response =
        Response::new(streamed(reader, form, chosen, kind, cursor, Some(begin.into())));
    let content_type = if is_map { "application/geo+json" } else { "application/json" };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The rows as a sheet, which was begun.
pub(super) fn sheet(
    reader: Reader,
    form: &FollowedForm,
    chosen: Chosen,
    sheet: Sheet,
    fields: WantedFields,
) -> Body {
    let kind = Kind::Sheet { sheet: Some(Box::new(sheet)), fields, form: form.clone() };
    streamed(reader, Some(form), chosen, kind, None, None)
}

/// The rows as a calendar.
pub(super) fn calendar(
    reader: Reader,
    form: &FollowedForm,
    chosen: Chosen,
    fields: EventFields,
) -> Body {
    let begin = calendar::begin().into();
    streamed(reader, Some(form), chosen, Kind::Calendar(fields), None, Some(begin))
}

fn streamed(
    reader: Reader,
    form: Option<&FollowedForm>,
    chosen: Chosen,
    kind: Kind,
    cursor: Option<CursorOf>,
    begin: Option<Bytes>,
) -> Body {
    let form = form.cloned();
    let writing = Writing { reader, form, chosen, kind, cursor, begin, is_done: false };
    Body::from_stream(stream::try_unfold(Box::new(writing), |mut writing| async move {
        let next = writing.next().await?;
        Ok::<_, StoreError>(next.map(|bytes| (bytes, writing)))
    }))
}

impl Writing {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        if let Some(begin) = self.begin.take() {
            return Ok(Some(begin));
        }
        if self.is_done {
            return Ok(None);
        }
        let Some(batch) = self.chosen.next().await? else {
            self.is_done = true;
            return self.end().map(Some);
        };
        match batch {
            Batch::Listed(listed) => Ok(Some(self.listed(&listed).into())),
            Batch::Whole(followed) => self.whole(followed).await.map(Some),
        }
    }

    /// Rows that have nothing but what the store lists.
    fn listed(&mut self, listed: &[Listed]) -> String {
        let (Kind::Json { list: Some(list), shape }, Some(form)) = (&mut self.kind, &self.form)
        else {
            return String::new();
        };
        let nothing = Submission::default();
        let site = self.reader.asked.site();
        let (reading, viewer) = (self.reader.reading, Viewer::default());
        let mut text = String::new();
        for listed in listed {
            let progress = rows::progress(&listed.row);
            let record = Record {
                definition: &form.definition,
                submission: &nothing,
                progress: &progress,
                files: &[],
                place: None,
            };
            let row = match shape {
                Shape::Classic { .. } => Some(list::classic_row(&record, &site, &viewer, false)),
                Shape::Row(switches) if reading.anonymised => {
                    Some(self.reader.anonymous_row(&record, &viewer, *switches))
                }
                Shape::Row(switches) => Some(list::row(&record, &site, &viewer, *switches)),
                Shape::Global { .. }
                | Shape::Document(_)
                | Shape::Feature(_)
                | Shape::ClassicFeature => None,
            };
            text.extend(row.map(|row| list.row(&row)));
        }
        text
    }

    /// Rows that show what was answered.
    async fn whole(&mut self, mut followed: Vec<Followed>) -> Result<Bytes, StoreError> {
        let reader = self.reader.clone();
        for one in &mut followed {
            shown::hide(&reader.asked, one, reader.reading);
        }
        match &mut self.kind {
            Kind::Json { list, shape } => {
                let (mut own, shape) = (list.take(), shape.clone());
                let work = move || {
                    let mut text = String::new();
                    if let Some(own) = &mut own {
                        let rows = followed.iter().filter_map(|it| row(&reader, it, &shape));
                        rows.for_each(|row| text.push_str(&own.row(&row)));
                    }
                    (own, text)
                };
                let (own, text) = tokio::task::spawn_blocking(work).await.map_err(broken)?;
                *list = own;
                Ok(text.into())
            }
            Kind::Calendar(fields) => {
                let fields = fields.clone();
                let work = move || {
                    let events = followed.iter().filter_map(|it| event(&reader, it, &fields));
                    events.collect::<String>()
                };
                Ok(tokio::task::spawn_blocking(work).await.map_err(broken)?.into())
            }
            Kind::Sheet { sheet, fields, form } => {
                let (own, fields, form) = (sheet.take(), fields.clone(), form.clone());
                let work = move || {
                    let mut own = own.ok_or_else(lost)?;
                    let columns = table::columns(&form.definition, fields.shown());
                    for followed in &followed {
                        let (asked, reading) = (&reader.asked, reader.reading);
                        let caller = asked.admitted.caller();
                        let shown = shown::look(asked, followed, &caller, reading);
                        let record = followed.as_record();
                        let cells = table::row(&record, &asked.site(), &shown.viewer(), &columns);
                        own.add(cells.iter().map(table::Content::cell)).map_err(unwritten)?;
                    }
                    let bytes = own.take();
                    Ok::<_, StoreError>((own, bytes))
                };
                let (own, bytes) = tokio::task::spawn_blocking(work).await.map_err(broken)??;
                *sheet = Some(own);
                Ok(bytes.into())
            }
        }
    }

    fn end(&mut self) -> Result<Bytes, StoreError> {
        match &mut self.kind {
            Kind::Calendar(_) => Ok(calendar::end().into()),
            Kind::Sheet { sheet, .. } => {
                let sheet = sheet.take().ok_or_else(lost)?;
                Ok(sheet.end().map_err(unwritten)?.into())
            }
            Kind::Json { list, .. } => {
                let list = list.take().ok_or_else(lost)?;
                let Some(cursor) = &self.cursor else { return Ok(list.end().into()) };
                let last = self.chosen.last();
                let behind = last.map(|(form, progress)| cursor(form, progress));
                let link = behind.as_deref().filter(|_| self.chosen.is_cut());
                let link = link.map(|cursor| link_to(&self.reader.asked, cursor));
                Ok(list.end_behind(link, behind).into())
            }
        }
    }
}

/// An event of a calendar; nothing where the record does not say when it is.
fn event(reader: &Reader, followed: &Followed, fields: &EventFields) -> Option<String> {
    let (asked, reading) = (&reader.asked, reader.reading);
    let shown = shown::look(asked, followed, &asked.admitted.caller(), reading);
    calendar::event(&followed.as_record(), &asked.site(), &shown.viewer(), fields)
}

/// A row of a list; nothing where it cannot be drawn on a map.
fn row(reader: &Reader, followed: &Followed, shape: &Shape) -> Option<Value<'static>> {
    let (asked, reading) = (&reader.asked, reader.reading);
    let caller = asked.admitted.caller();
    let shown = shown::look(asked, followed, &caller, reading);
    let (record, site, viewer) = (followed.as_record(), asked.site(), shown.viewer());
    Some(match shape {
        Shape::Row(switches) | Shape::Document(switches) if reading.anonymised => {
            reader.anonymous_row(&record, &viewer, *switches)
        }
        Shape::Row(switches) | Shape::Document(switches) => {
            list::row(&record, &site, &viewer, *switches)
        }
        Shape::Classic { is_full } => list::classic_row(&record, &site, &viewer, *is_full),
        Shape::Global { tells_readable } => {
            let may_open = || {
                reading.as_administrator
                    || caller.has_one_of(viewer.concerned.iter().map(String::as_str))
            };
            let number = followed.record.progress.user.as_ref().map(|user| user.number);
            let routing = &asked.admitted.routing;
            let person = number.and_then(|number| routing.person_by_number(number));
            let row = GlobalRow {
                readable: tells_readable.then(may_open),
                user: person.map(|person| &person.user),
            };
            list::global_row(&record, &site, &viewer, row)
        }
        Shape::Feature(fields) => {
            return geojson::feature(&record, &site, &viewer, fields.shown());
        }
        Shape::ClassicFeature => return geojson::classic_feature(&record, &site),
    })
}

/// The address of what follows, for whoever signs it anew.
pub(super) fn link_to(asked: &Asked, cursor: &str) -> String {
    linked(asked, &[("cursor", cursor.to_owned())], &["offset"])
}

/// The address of the same list with other parameters, without what proves this call.
pub(super) fn linked(asked: &Asked, set: &[(&str, String)], unset: &[&str]) -> String {
    const PROOFS: [&str; 5] = ["orig", "algo", "timestamp", "nonce", "signature"];
    let query = asked.parts.uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let is_set = set.iter().any(|(other, _)| *other == name);
        if !is_set && !unset.contains(&&*name) && !PROOFS.contains(&&*name) {
            pairs.append_pair(&name, &value);
        }
    }
    for (name, value) in set {
        pairs.append_pair(name, value);
    }
    asked.app.link(&format!("{}?{}", asked.parts.uri.path(), pairs.finish()))
}

fn lost() -> StoreError {
    StoreError::Unavailable("a list broke off".to_owned())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what errors are mapped with")]
fn broken(error: tokio::task::JoinError) -> StoreError {
    tracing::error!(%error, "rows of a list could not be written");
    lost()
}

#[expect(clippy::needless_pass_by_value, reason = "it is what errors are mapped with")]
pub(super) fn unwritten(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
