//! What a page posts: names with texts, and files, which go to the folder of files while they come and are
//! never whole in memory.
//!
//! The form under way stands before everything else in a page, so it is known which files are asked for
//! before the first of them comes; what nobody asked for is read past. A file gets its name on disk once the
//! post is read whole, so nothing stays of what breaks off.

use axum::body::Body;
use bytes::BytesMut;
use fieldpost_model::progress::StoredFile;
use fieldpost_store::WholeFile;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use multer::{Field, Multipart};

use super::bounds::MOST_SMALL_FORM_BYTES;
use super::flow::Posted;
use crate::app::App;
use crate::body::{self, BodyRefusal, Bounds as BodyBounds};
use crate::problem::Problem;
use crate::receiver::pieces::{self, Progress};
use crate::receiver::upload::{broken, file_name, not_taken, stopped};

/// What a file is, where its browser does not say.
const ANY_FILE: &str = "application/octet-stream";
/// So many times as much as may be typed are the texts of one post: what was typed, once as it comes and once,
/// signed, in the form under way, which takes a third more.
const TEXTS_OF_A_POST: usize = 3;

impl Posted {
    /// The first text of a name; empty where there is none.
    pub(super) fn one(&self, name: &str) -> &str {
        let found = self.texts.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, text)| text)
    }
}

/// Reads what a page posts. `takes` says, of the texts that came before it, whether a file is asked for.
pub(super) async fn read(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    takes: impl Fn(&[(String, String)], &str) -> bool + Sync,
) -> Result<Posted, Problem> {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let content_type = String::from_utf8_lossy(content_type);
    let Ok(boundary) = multer::parse_boundary(&*content_type) else {
        return small(app, headers, body).await;
    };
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(broken("a page posts nothing compressed"));
    }
    let limit = app.settings.upload_timeout;
    let reading = parts(app, body, boundary, takes);
    match tokio::time::timeout(limit, Box::pin(reading)).await {
        Ok(posted) => posted,
        Err(_) => Err(BodyRefusal::TooSlow(limit).into()),
    }
}

/// Reads what somebody posts with one file, whose control has that name: the texts, and the file where one came.
pub(crate) async fn with_file(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    control: &str,
) -> Result<(Vec<(String, String)>, Option<StoredFile>), Problem> {
    let mut posted = read(app, headers, body, |_, name| name == control).await?;
    Ok((posted.texts, posted.files.pop().map(|(_, file)| file)))
}

/// Reads what a page without files posts.
async fn small(app: &App, headers: &HeaderMap, body: Body) -> Result<Posted, Problem> {
    let bounds = BodyBounds { limit: MOST_SMALL_FORM_BYTES, ..app.bounds() };
    let form = body::read(body, headers, bounds).await?;
    let texts = form_urlencoded::parse(&form).into_owned().collect();
    Ok(Posted { texts, files: Vec::new() })
}

struct Reader<'a> {
    app: &'a App,
    progress: Progress,
    texts: Vec<(String, String)>,
    text_bytes: usize,
    files: Vec<(String, String, String, WholeFile)>,
}

async fn parts(
    app: &App,
    body: Body,
    boundary: String,
    takes: impl Fn(&[(String, String)], &str) -> bool + Sync,
) -> Result<Posted, Problem> {
    let settings = &app.settings;
    let bounds = pieces::Bounds { most: settings.max_upload, patience: settings.body_timeout };
    let progress = Progress::default();
    let stream = pieces::pieces(body, bounds, progress.clone()).map_err(stopped)?;
    let mut reader = Reader { app, progress, texts: Vec::new(), text_bytes: 0, files: Vec::new() };
    let mut parts = Multipart::new(stream, boundary);
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(|error| reader.why(&error))? {
        reader.progress.made();
        count += 1;
        if count > settings.max_upload_parts {
            return Err(too_much("too-many-parts", "more parts than a form has"));
        }
        let Some(name) = part.name().map(str::to_owned) else { continue };
        match part.file_name().map(str::to_owned) {
            None => reader.take_text(name, part).await?,
            // A control without a file sends a file without a name.
            Some(file) if file.is_empty() => reader.pass_over(part).await?,
            Some(file) if takes(&reader.texts, &name) => {
                reader.take_file(name, &file, part).await?;
            }
            Some(_) => reader.pass_over(part).await?,
        }
    }
    let Reader { texts, files: whole, .. } = reader;
    let mut files = Vec::with_capacity(whole.len());
    for (control, name, content_type, file) in whole {
        let kept = file.keep().await?;
        let file = StoredFile { name, content_type, bytes: kept.bytes, sha256: kept.sha256 };
        files.push((control, file));
    }
    Ok(Posted { texts, files })
}

impl Reader<'_> {
    async fn take_text(&mut self, name: String, mut part: Field<'_>) -> Result<(), Problem> {
        let mut text = BytesMut::new();
        while let Some(piece) = self.next(&mut part).await? {
            self.text_bytes += piece.len();
            if self.text_bytes > self.app.settings.pages.max_typed.saturating_mul(TEXTS_OF_A_POST) {
                return Err(too_much("form-too-large", "more text than a form takes"));
            }
            text.extend_from_slice(&piece);
        }
        self.texts.push((name, String::from_utf8_lossy(&text).into_owned()));
        Ok(())
    }

    async fn take_file(
        &mut self,
        control: String,
        name: &str,
        mut part: Field<'_>,
    ) -> Result<(), Problem> {
        if self.files.len() >= self.app.settings.pages.max_files {
            return Err(too_much("too-many-parts", "more files than a form takes"));
        }
        let name = file_name(name)?;
        let content_type = part.content_type().map_or(ANY_FILE, |it| it.essence_str()).to_owned();
        let most = u64::try_from(self.app.settings.max_file).unwrap_or(u64::MAX);
        let mut file = self.app.hub.store().files().begin(most).await?;
        while let Some(piece) = self.next(&mut part).await? {
            file.write(&piece).await.map_err(|error| not_taken(&name, error))?;
        }
        let file = file.end().await?;
        self.files.push((control, name, content_type, file));
        Ok(())
    }

    async fn pass_over(&mut self, mut part: Field<'_>) -> Result<(), Problem> {
        while self.next(&mut part).await?.is_some() {}
        Ok(())
    }

    async fn next(&self, part: &mut Field<'_>) -> Result<Option<bytes::Bytes>, Problem> {
        let piece = part.chunk().await.map_err(|error| self.why(&error))?;
        self.progress.made();
        Ok(piece)
    }

    fn why(&self, error: &multer::Error) -> Problem {
        match self.progress.stop() {
            Some(stop) => stopped(stop),
            None => broken(format!("the parts cannot be told apart: {error}")),
        }
    }
}

fn too_much(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, code, detail)
}
