//! Uploading forms: a definition becomes that of the form that it names. It is an XForm; or JSON, written
//! by hand; or an XLSForm, which `pyxform` makes an XForm of where it is installed.

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use fieldpost_engine::{
    ConversionError, ConvertedForm, FormFileOutcome, FormUpload, ITEMSETS, UploadError,
    UploadedForm,
};
use fieldpost_store::FormFile;
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::BASE;
use super::form_files::{not_kept, too_many};
use super::forms::Form;
use super::parameters::Parameters;
use super::path::Path;
use crate::app::{App, Shared};
use crate::body;
use crate::problem::Problem;

/// What an XLSForm is.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// What begins every file of that kind, whatever it is called: it is an archive.
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// What begins tables of the kind before.
const OLD_TABLE: &[u8] = b"\xD0\xCF\x11\xE0";
/// How tables are called that are no XLSForm.
const OTHER_TABLES: [&str; 5] = [
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
    "text/csv",
    "application/csv",
    "text/tab-separated-values",
];
/// What `pyxform` writes beside a form.
const CSV: &str = "text/csv";

/// What an upload says beside the definition.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Upload {
    /// The application that the form is part of; where it is left out, it stays as it is.
    application: Option<String>,
    /// The build of the application that publishes this definition: forwarders of `app-schema` send its
    /// id, instead of the application's.
    build: Option<String>,
    /// The name of the file that an XLSForm was read from, `births.xlsx`: one that does not name itself is
    /// named after it.
    file: Option<String>,
}

/// A form that was uploaded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FormUploaded {
    #[serde(flatten)]
    form: Form,
    /// What `pyxform` warns of, where the upload was an XLSForm.
    warnings: Vec<String>,
}

/// A body that defines a form.
pub(super) enum Definition {
    /// What is read as it is.
    Plain(Bytes),
    /// An XLSForm.
    Table(Bytes),
}

impl FromRequest<Shared> for Definition {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let written = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = written.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let kind = kind.to_ascii_lowercase();
        let is_plain = matches!(kind.as_str(), "" | "application/xml" | "text/xml")
            || kind.ends_with("+xml")
            || kind == "application/json";
        let is_table = kind == XLSX || kind == "application/octet-stream";
        if !is_plain && !is_table {
            return Err(other_kind(&kind));
        }
        let body = body::read(body, &parts.headers, app.bounds()).await?;
        if body.starts_with(ARCHIVE) {
            return Ok(Self::Table(body));
        }
        if is_table || body.starts_with(OLD_TABLE) {
            return Err(no_table(&body));
        }
        Ok(Self::Plain(body))
    }
}

fn other_kind(kind: &str) -> Problem {
    let shown: String = kind.chars().take(80).collect();
    let detail = format!(
        "a form is uploaded as an XForm (XML), an XLSForm (XLSX) or JSON; this is \"{shown}\""
    );
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let problem = Problem::new(status, "unsupported-content-type", detail);
    if OTHER_TABLES.contains(&kind) {
        return problem.hint("save the table as an Excel workbook, .xlsx, and upload that");
    }
    problem.hint(format!("send it as application/xml, application/json or {XLSX}"))
}

fn no_table(body: &[u8]) -> Problem {
    let (detail, hint) = if body.starts_with(OLD_TABLE) {
        ("this is a table of the kind .xls", "save it as an Excel workbook, .xlsx, and upload that")
    } else {
        ("this is no table of the kind .xlsx", "send an XForm as application/xml")
    };
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-content-type", detail).hint(hint)
}

/// Upload a form
///
/// The body is an XForm; an XLSForm, where the hub has `pyxform`; or JSON. It becomes the newest definition
/// of the form that submissions name by its id, or by its namespace where it has no id; where there is
/// none, the form is made. The same bytes once more change nothing, unless they come for another
/// application; whoever follows applications is told of a build all the same.
#[utoipa::path(
    post,
    path = "/projects/{project}/forms",
    operation_id = "upload_form",
    tag = "forms",
    params(("project" = String, Path), Upload),
    request_body(content = String, content_type = "application/xml", description = "An XForm"),
    responses(
        (status = 200, body = FormUploaded, description = "The form that was there has this definition now"),
        (status = 201, body = FormUploaded, description = "The form was made"),
        Problem,
    ),
)]
pub(super) async fn upload(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(Upload { application, build, file }): Parameters<Upload>,
    definition: Definition,
) -> Result<Response, Problem> {
    app.hub.project(&project).await?;
    let is_table = matches!(definition, Definition::Table(_));
    let converted = match definition {
        Definition::Plain(bytes) => {
            ConvertedForm { xform: bytes.to_vec(), itemsets: None, warnings: Vec::new() }
        }
        Definition::Table(bytes) => {
            app.xlsforms.convert(bytes, file.as_deref()).await.map_err(not_converted)?
        }
    };
    let ConvertedForm { xform, itemsets, warnings } = converted;
    let named = |name: Option<String>| name.filter(|name| !name.is_empty());
    let upload =
        FormUpload { definition: xform, application: named(application), build: named(build) };
    let uploaded = app.hub.upload_form(&project, upload).await;
    let UploadedForm { head, is_new } = uploaded.map_err(|error| match error {
        UploadError::Unreadable(unreadable) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, unreadable.code, unreadable.reason)
        }
        UploadError::Hub(error) => error.into(),
    })?;
    match itemsets {
        Some((name, bytes)) => add_file(&app, &project, &head.name, name, &bytes).await?,
        // Choices of an earlier table are none of this one.
        None if is_table => {
            app.hub.remove_form_file(&project, &head.name, ITEMSETS).await?;
        }
        None => {}
    }
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = app.link(&format!("{BASE}/projects/{project}/forms/{}", head.name));
    let body = Json(FormUploaded { form: head.into(), warnings });
    Ok((status, [(LOCATION, location)], body).into_response())
}

/// Gives the form what was written beside it.
async fn add_file(
    app: &App,
    project: &str,
    form: &str,
    name: &str,
    bytes: &[u8],
) -> Result<(), Problem> {
    let most = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut file = app.hub.store().files().begin(most).await?;
    file.write(bytes).await.map_err(|error| not_kept(name, error))?;
    let kept = file.finish().await?;
    let file = FormFile {
        name: name.to_owned(),
        content_type: Some(CSV.to_owned()),
        sha256: kept.sha256,
        bytes: kept.bytes,
    };
    match app.hub.put_form_file(project, form, &file).await? {
        FormFileOutcome::Added | FormFileOutcome::Replaced => Ok(()),
        FormFileOutcome::TooMany => Err(too_many()),
    }
}

fn not_converted(error: ConversionError) -> Problem {
    let convert =
        "convert the form yourself, with `xls2xform form.xlsx form.xml`, and upload the XML";
    match error {
        ConversionError::Refused(reason) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "xlsform-refused",
            format!("pyxform does not take the XLSForm: {reason}"),
        )
        .hint("mend the form where it says, and upload it again"),
        ConversionError::Missing => Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "pyxform-missing",
            "the hub finds no pyxform, which makes an XForm of an XLSForm",
        )
        .hint(format!(
            "install it beside the hub with `pip install pyxform`, name it by the setting pyxform, or \
             {convert}"
        )),
        ConversionError::Off => Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "pyxform-missing",
            "this hub converts no XLSForms: the setting pyxform is off",
        )
        .hint(convert),
        ConversionError::Trouble(reason) => Problem::new(
            StatusCode::BAD_GATEWAY,
            "pyxform-failed",
            format!("pyxform could not be run: {reason}"),
        )
        .hint(convert),
    }
}
