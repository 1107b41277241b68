//! What is posted to a receiver: the form as XML, alone or as one part of several, the others being
//! the files that belong to it.
//!
//! The form is held in memory, as every message is. Each file goes to the folder of files while it
//! comes, and is on disk before the engine hears of it. It gets its name once the upload is read whole: if
//! that breaks off, or is refused, nothing stays of it. Files of a form that the rules refuse stay for a
//! day, since the form is kept as quarantined and may be replayed.

use std::collections::HashMap;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use fieldpost_engine::ArrivedFile;
use fieldpost_store::{FileError, WholeFile};
use futures_util::stream::Stream;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use multer::{Field, Multipart};

use super::pieces::{self, MOST_PENDING, Progress, Stop};
use crate::app::App;
use crate::body::{self, BodyRefusal};
use crate::problem::Problem;

/// The part with the form.
const FORM_PART: &str = "xml_submission_file";
/// The part that says that more files will come. They may come anyway, so it changes nothing.
const INCOMPLETE_PART: &str = "*isIncomplete*";
/// The longest name of a file, in bytes: more than a phone's file system has.
const MAX_FILE_NAME: usize = 255;
/// What a form is, where its sender does not say.
const XML: &str = "text/xml";

/// What was posted.
#[derive(Debug)]
pub(super) struct Upload {
    /// The form, still compressed where the headers say so.
    pub(super) form: Bytes,
    /// What the form is, where it was a part of several.
    pub(super) content_type: Option<String>,
    /// The files that came with it.
    pub(super) files: Vec<ArrivedFile>,
}

/// Reads what is posted.
pub(super) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Upload, Problem> {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let content_type = String::from_utf8_lossy(content_type);
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_lowercase();
    if media_type == "multipart/form-data" {
        let boundary = multer::parse_boundary(&*content_type)
            .map_err(|_| broken("the content type names no boundary between the parts"))?;
        let reading = parts(app, headers, body, boundary);
        let limit = app.settings.upload_timeout;
        return match tokio::time::timeout(limit, Box::pin(reading)).await {
            Ok(upload) => upload,
            Err(_) => Err(BodyRefusal::TooSlow(limit).into()),
        };
    }
    let form = body::read(body, headers, app.bounds()).await?;
    let is_compressed = headers.contains_key(CONTENT_ENCODING);
    if form.trim_ascii().is_empty() {
        return Err(empty());
    }
    if !is_xml(&media_type) && !is_compressed && !looks_like_xml(&form) {
        return Err(wrong_content_type(&media_type));
    }
    Ok(Upload { form, content_type: None, files: Vec::new() })
}

/// What a part is for.
enum Role {
    Form,
    File(String),
    /// Nothing that anybody looks at.
    Other,
}

/// Reads an upload of several parts.
async fn parts(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    boundary: String,
) -> Result<Upload, Problem> {
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(
            status,
            "unsupported-encoding",
            "an upload of several parts is taken uncompressed only",
        )
        .hint("leave Content-Encoding out"));
    }
    let settings = &app.settings;
    let bounds = pieces::Bounds { most: settings.max_upload, patience: settings.body_timeout };
    let progress = Progress::default();
    let stream = pieces::pieces(body, bounds, progress.clone()).map_err(stopped)?;
    let mut reader = Reader { app, progress, form: None, files: Vec::new(), names: HashMap::new() };
    reader.read(stream, boundary).await?;
    let Reader { form, files: read, .. } = reader;
    let (form, content_type) = form.ok_or_else(|| no_form(&read))?;
    if form.trim_ascii().is_empty() {
        return Err(empty());
    }
    let mut files = Vec::with_capacity(read.len());
    for ReadFile { name, content_type, file } in read {
        let kept = file.keep().await?;
        files.push(ArrivedFile { name, content_type, sha256: kept.sha256, bytes: kept.bytes });
    }
    Ok(Upload { form, content_type: Some(content_type), files })
}

/// A file of an upload that may still be refused.
struct ReadFile {
    name: String,
    content_type: Option<String>,
    file: WholeFile,
}

struct Reader<'a> {
    app: &'a App,
    progress: Progress,
    form: Option<(Bytes, String)>,
    files: Vec<ReadFile>,
    /// Where the file of a name is among the files.
    names: HashMap<String, usize>,
}

impl Reader<'_> {
    async fn read(
        &mut self,
        stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        boundary: String,
    ) -> Result<(), Problem> {
        let most = self.app.settings.max_upload_parts;
        let mut parts = Multipart::new(stream, boundary);
        let mut count = 0;
        while let Some(part) = parts.next_field().await.map_err(|error| self.why(&error))? {
            self.progress.made();
            count += 1;
            if count > most {
                return Err(Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too-many-parts",
                    format!("the upload has more than {most} parts"),
                )
                .hint("send the files in several posts, each with the same form"));
            }
            match role(&part)? {
                Role::Form => self.take_form(part).await?,
                Role::File(name) => self.take_file(name, part).await?,
                Role::Other => self.pass_over(part).await?,
            }
        }
        Ok(())
    }

    async fn take_form(&mut self, mut part: Field<'_>) -> Result<(), Problem> {
        if self.form.is_some() {
            return Err(broken(format!("there are two parts {FORM_PART}")));
        }
        let content_type = part.content_type().map_or_else(|| XML.to_owned(), ToString::to_string);
        let bounds = self.app.bounds();
        let mut share = bounds.room.share();
        let mut form = BytesMut::new();
        while let Some(piece) = self.next(&mut part).await? {
            if piece.len() > bounds.limit - form.len() {
                return Err(BodyRefusal::TooLarge(bounds.limit).into());
            }
            share.grow(form.len() + piece.len()).map_err(BodyRefusal::from)?;
            form.extend_from_slice(&piece);
        }
        self.form = Some((share.hold(form.freeze()), content_type));
        Ok(())
    }

    async fn take_file(&mut self, name: String, mut part: Field<'_>) -> Result<(), Problem> {
        let content_type = part.content_type().map(ToString::to_string);
        let most = u64::try_from(self.app.settings.max_file).unwrap_or(u64::MAX);
        let mut file = self.app.hub.store().files().begin(most).await?;
        while let Some(piece) = self.next(&mut part).await? {
            file.write(&piece).await.map_err(|error| not_taken(&name, error))?;
        }
        let file = file.end().await?;
        match self.names.get(&name).and_then(|place| self.files.get(*place)) {
            Some(before) if before.file.sha256() == file.sha256() => {}
            Some(_) => {
                return Err(broken(format!(
                    "two files of different content are called \"{name}\""
                )));
            }
            None => {
                self.names.insert(name.clone(), self.files.len());
                self.files.push(ReadFile { name, content_type, file });
            }
        }
        Ok(())
    }

    async fn pass_over(&mut self, mut part: Field<'_>) -> Result<(), Problem> {
        while self.next(&mut part).await?.is_some() {}
        Ok(())
    }

    async fn next(&self, part: &mut Field<'_>) -> Result<Option<Bytes>, Problem> {
        let piece = part.chunk().await.map_err(|error| self.why(&error))?;
        self.progress.made();
        Ok(piece)
    }

    /// What is the matter with the parts: the stream that they come in, or how they are written.
    fn why(&self, error: &multer::Error) -> Problem {
        match self.progress.stop() {
            Some(stop) => stopped(stop),
            None => match error {
                multer::Error::IncompleteFieldData { .. }
                | multer::Error::IncompleteHeaders
                | multer::Error::IncompleteStream => BodyRefusal::Broken.into(),
                _ => broken("the parts are not set apart as the content type says"),
            },
        }
    }
}

fn role(part: &Field<'_>) -> Result<Role, Problem> {
    match (part.name(), part.file_name()) {
        (Some(FORM_PART), _) => Ok(Role::Form),
        (Some(INCOMPLETE_PART), _) | (None, None) => Ok(Role::Other),
        (_, Some(name)) => Ok(Role::File(file_name(name)?)),
        // A file whose sender names the part alone; a plain field has no type of its own.
        (Some(name), None) if part.content_type().is_some_and(|it| it.type_() != "text") => {
            Ok(Role::File(file_name(name)?))
        }
        (Some(_), None) => Ok(Role::Other),
    }
}

/// The name of a file, without the folders that some clients write before it.
pub(crate) fn file_name(written: &str) -> Result<String, Problem> {
    let name = written.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let is_one = !matches!(name, "" | "." | "..")
        && name.len() <= MAX_FILE_NAME
        && !name.chars().any(char::is_control);
    if is_one {
        return Ok(name.to_owned());
    }
    Err(Problem::bad_request(
        "bad-file-name",
        format!(
            "a file has no name, one of more than {MAX_FILE_NAME} bytes, or one that no file can have"
        ),
    ))
}

/// Whether a media type says XML, or nothing at all.
fn is_xml(media_type: &str) -> bool {
    matches!(media_type, "" | "text/xml" | "application/xml") || media_type.ends_with("+xml")
}

/// Whether a body is XML whatever its sender calls it.
fn looks_like_xml(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    body.trim_ascii_start().starts_with(b"<")
}

pub(crate) fn stopped(stop: Stop) -> Problem {
    match stop {
        Stop::Body(BodyRefusal::TooLarge(most)) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "upload-too-large",
            format!("the upload is longer than {most} bytes"),
        )
        .hint(
            "send the files in several posts, each with the same form; the operator can raise the \
             setting max-upload",
        ),
        Stop::Body(refusal) => refusal.into(),
        Stop::LongHead => {
            broken(format!("more than {MOST_PENDING} bytes stand before the content of a part"))
        }
    }
}

pub(crate) fn not_taken(name: &str, error: FileError) -> Problem {
    match error {
        FileError::TooLarge { most } => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "file-too-large",
            format!("the file \"{name}\" is longer than {most} bytes"),
        )
        .hint("the operator can raise the setting max-file"),
        FileError::Store(error) => error.into(),
    }
}

pub(crate) fn broken(detail: impl Into<String>) -> Problem {
    Problem::bad_request("broken-multipart", detail)
}

fn empty() -> Problem {
    Problem::bad_request("form-empty", "the form is empty")
        .hint("send the XML of a filled form as the body, or as the part xml_submission_file")
}

fn no_form(files: &[ReadFile]) -> Problem {
    let problem = Problem::bad_request(
        "form-part-missing",
        format!("no part of the upload is the form: it is the one that is named {FORM_PART}"),
    );
    match files {
        [] => problem.hint("the part needs a Content-Disposition with this name"),
        [first, ..] => {
            let name = &first.name;
            problem.hint(format!(
                "\"{name}\" came as a file; name its part {FORM_PART} if it is the form"
            ))
        }
    }
}

fn wrong_content_type(media_type: &str) -> Problem {
    let shown: String = media_type.chars().take(80).collect();
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-content-type",
        format!("a form is XML, and \"{shown}\" is something else"),
    )
    .hint("send text/xml, or multipart/form-data with the part xml_submission_file")
}
