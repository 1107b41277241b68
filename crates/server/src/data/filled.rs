//! Filled forms with all that their formats need: the document as it came, read by the dialect of its
//! source, the definition of its form, its files.
//!
//! What a message no longer has, since its bytes were erased by the project's retention, is written from the
//! answers that are kept.
//!
//! Documents are long, and a page has many: they are read and written a few at a time, beside the threads
//! that answer everybody, and one that brought several forms is read once for all of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use fieldpost_dialects::formats::{FormPayload, ServerFacts, StoredFile};
use fieldpost_dialects::{Received, decode, instance_id, odk_central, submission};
use fieldpost_model::form::Form;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::Submission;
use fieldpost_store::{StoredSubmission, SubmissionContent, WantedDefinition};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::{Asked, stored};
use crate::api;
use crate::problem::Problem;

/// Forms that are read at once.
pub(super) const AT_ONCE: usize = 25;
/// Bytes of documents and answers after which a page ends, though it may have fewer items than were asked
/// for.
pub(super) const MOST_PAGE_BYTES: usize = 8 * 1_024 * 1_024;
/// What a document without a name is called among the files.
const DOCUMENT: &str = "form.xml";

/// A filled form.
pub(super) struct Filled {
    pub(super) stored: StoredSubmission,
    /// What it is called: by its sender, else by the hub.
    pub(super) id: String,
    submission: Submission,
    /// The document, where it has nothing but this form.
    document: Option<Arc<Document>>,
    files: Vec<fieldpost_store::StoredFile>,
    /// Whether a device posted it to a receiver.
    is_from_device: bool,
    form: Option<Arc<Form>>,
}

/// Bytes as they came, and their content type.
struct Document {
    bytes: Bytes,
    content_type: Option<String>,
}

/// Some filled forms as they were written.
pub(super) struct Batch<T> {
    pub(super) told: Vec<T>,
    /// The bytes that were read for them.
    pub(super) bytes: usize,
}

/// Reads filled forms, and remembers their definitions for the next ones.
pub(super) struct Reader<'a, 'r> {
    asked: &'a Asked<'r>,
    forms: HashMap<String, Option<Arc<Form>>>,
    /// The message of the last form, which may have brought the next one as well.
    last: Option<(Uuid, Brought)>,
}

impl<'a, 'r> Reader<'a, 'r> {
    pub(super) fn new(asked: &'a Asked<'r>) -> Self {
        Self { asked, forms: HashMap::new(), last: None }
    }

    /// Reads some, and has them written in their order.
    pub(super) async fn tell<T: Send + 'static>(
        &mut self,
        submissions: Vec<StoredSubmission>,
        mut write: impl FnMut(&Filled) -> Result<T, Problem> + Send + 'static,
    ) -> Result<Batch<T>, Problem> {
        let (items, mut brought, bytes) = self.items(submissions).await?;
        let work = move || {
            let last = items.last().map(|item| item.stored.message);
            let told = items.into_iter().map(|item| write(&item.read(&mut brought)));
            let told = told.collect::<Result<Vec<T>, Problem>>()?;
            let last = last.and_then(|message| brought.remove_entry(&message));
            Ok::<_, Problem>((told, last))
        };
        let done = tokio::task::spawn_blocking(work).await;
        let (told, last) = done.map_err(|error| broken(&error))??;
        self.last = last;
        Ok(Batch { told, bytes })
    }

    /// All that is kept of some submissions, the messages that brought them, and how many bytes that is.
    async fn items(
        &mut self,
        submissions: Vec<StoredSubmission>,
    ) -> Result<(Vec<Item>, HashMap<Uuid, Brought>, usize), Problem> {
        let (store, project) = (self.asked.app.hub.store(), self.asked.project());
        let ids: Vec<Uuid> = submissions.iter().map(|it| it.id).collect();
        let mut originals = store.originals_by_submission(project, &ids).await?;
        let mut brought: HashMap<Uuid, Brought> = self.last.take().into_iter().collect();
        let messages: HashSet<Uuid> = submissions
            .iter()
            .filter(|it| !originals.contains_key(&it.id) && !brought.contains_key(&it.message))
            .map(|it| it.message)
            .collect();
        let messages: Vec<Uuid> = messages.into_iter().collect();
        let mut total = 0;
        for (message, (request, bytes)) in store.message_contents(project, &messages).await? {
            total += bytes.len();
            let named = request.headers.iter().find(|(name, _)| name == "content-type");
            let content_type = named.map(|(_, value)| value.clone());
            let document = Arc::new(Document { bytes: bytes.into(), content_type });
            let is_from_device = is_receiver(&request.path);
            brought.insert(message, Brought { document, is_from_device, read: HashMap::new() });
        }
        let mut contents = store.submission_contents(project, &ids).await?;
        let mut files = store.files_by_submission(project, &ids).await?;
        let mut items = Vec::with_capacity(submissions.len());
        for stored in submissions {
            let form = self.form(&stored.form).await?;
            let sources = &self.asked.routing.definition.sources;
            let source = sources.iter().find(|source| source.name == stored.source);
            let original = originals.remove(&stored.id).map(|original| {
                let content_type = original.content_type;
                Arc::new(Document { bytes: original.bytes.to_vec().into(), content_type })
            });
            let content = contents.remove(&stored.id);
            total += original.as_ref().map_or(0, |original| original.bytes.len())
                + content.as_ref().map_or(0, |it| it.values.len() + it.extra.len());
            items.push(Item {
                files: files.remove(&stored.id).unwrap_or_default(),
                dialect: source.map(|source| source.dialect),
                original,
                content,
                form,
                stored,
            });
        }
        Ok((items, brought, total))
    }

    /// A form's definition.
    async fn form(&mut self, name: &str) -> Result<Option<Arc<Form>>, Problem> {
        if let Some(known) = self.forms.get(name) {
            return Ok(known.clone());
        }
        let (store, project) = (self.asked.app.hub.store(), self.asked.project());
        let definition = store.form_definition(project, name, WantedDefinition::Newest).await?;
        let read = move || definition.as_ref().and_then(api::read_form_definition);
        let form = tokio::task::spawn_blocking(read).await.unwrap_or_default().map(Arc::new);
        self.forms.insert(name.to_owned(), form.clone());
        Ok(form)
    }
}

fn broken(error: &tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "forms could not be read for a data API");
    let detail = "the hub made a mistake here; its log says which";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail)
}

/// A message, and what was read in it so far: by which dialect, and by the definition of which form.
struct Brought {
    document: Arc<Document>,
    is_from_device: bool,
    read: Readings,
}

/// Where a document has several submissions, or none; one alone is not kept.
type Readings = HashMap<(String, Dialect), Vec<Submission>>;

/// A submission that is still to be read.
struct Item {
    stored: StoredSubmission,
    /// What its source reads by now.
    dialect: Option<Dialect>,
    /// The document that the hub wrote itself.
    original: Option<Arc<Document>>,
    content: Option<SubmissionContent>,
    files: Vec<fieldpost_store::StoredFile>,
    form: Option<Arc<Form>>,
}

impl Item {
    fn read(self, brought: &mut HashMap<Uuid, Brought>) -> Filled {
        let mut own = Readings::new();
        let (document, readings, is_from_device) =
            match (&self.original, brought.get_mut(&self.stored.message)) {
                (Some(original), _) => (Some(Arc::clone(original)), &mut own, false),
                (None, Some(message)) => {
                    (Some(Arc::clone(&message.document)), &mut message.read, message.is_from_device)
                }
                (None, None) => (None, &mut own, false),
            };
        let read = document.as_ref().and_then(|document| self.in_document(document, readings));
        let Self { stored, content, files, form, dialect, .. } = self;
        let document = document.map(|document| without_envelope(dialect, document));
        // What cannot be read by today's definitions is told by the answers that are kept.
        let (submission, document) = match read {
            Some((submission, is_alone)) => (submission, document.filter(|_| is_alone)),
            None => (stored::submission(&stored, content.as_ref()), None),
        };
        let id = submission.metadata.instance_id.clone().filter(|id| !id.trim().is_empty());
        let id = id.or_else(|| stored.instance_id.clone()).unwrap_or_else(|| stored.id.to_string());
        Filled { stored, id, submission, document, files, is_from_device, form }
    }

    /// The submission in a document, and whether it is all of it.
    fn in_document(
        &self,
        document: &Document,
        readings: &mut Readings,
    ) -> Option<(Submission, bool)> {
        let is_xml = document.bytes.trim_ascii_start().first() == Some(&b'<');
        // The source may be another one by now, and a form of the hub's own came by none.
        let others: &[Dialect] = if is_xml {
            &[Dialect::Openrosa, Dialect::Commcare]
        } else {
            &[Dialect::Commcare, Dialect::Kobo]
        };
        self.dialect.into_iter().chain(others.iter().copied()).find_map(|dialect| {
            let key = (self.stored.form.clone(), dialect);
            if !readings.contains_key(&key) {
                let content_type = document.content_type.as_deref();
                let received = Received { content_type, body: &document.bytes };
                let decoded = decode(dialect, &received).ok()?;
                let mut all = submission::read(dialect, &decoded.view, self.form.as_deref());
                if all.len() == 1 {
                    return all.pop().map(|submission| (submission, true));
                }
                readings.insert(key.clone(), all);
            }
            // Which of several it is, only an id tells that one of them has.
            let wanted = self.stored.instance_id.as_deref()?;
            let mut named = readings.get(&key)?.iter().filter(|it| {
                let id = it.metadata.instance_id.as_deref().and_then(instance_id);
                id.as_deref() == Some(wanted)
            });
            let found = named.next()?;
            named.next().is_none().then(|| (found.clone(), false))
        })
    }
}

/// The form inside an event of ODK Central; any other document as it is.
fn without_envelope(dialect: Option<Dialect>, document: Arc<Document>) -> Arc<Document> {
    if dialect != Some(Dialect::OdkCentral) {
        return document;
    }
    let content_type = document.content_type.as_deref();
    let event = odk_central::decode(&Received { content_type, body: &document.bytes });
    let inside = event.ok().and_then(|event| odk_central::embedded(&event.view));
    inside.map_or(document, |text| {
        let content_type = Some(odk_central::EMBEDDED_TYPE.to_owned());
        Arc::new(Document { bytes: text.into(), content_type })
    })
}

impl Filled {
    /// Writes the form, with all that is known of it; `address` is where a file of it is to be had.
    pub(super) fn write<T>(
        &self,
        project: &str,
        address: &dyn Fn(&str) -> String,
        write: impl FnOnce(&FormPayload<'_>) -> T,
    ) -> T {
        let Self { stored, id, submission, document, files, .. } = self;
        let mut described: Vec<StoredFile> = Vec::with_capacity(files.len() + 1);
        if let Some(document) = document {
            let content_type = document.content_type.clone();
            described.push(StoredFile {
                name: DOCUMENT.to_owned(),
                content_type: content_type.unwrap_or_else(|| "text/xml".to_owned()),
                length: document.bytes.len() as u64,
                url: address(DOCUMENT),
            });
        }
        described.extend(files.iter().map(|file| StoredFile {
            name: file.name.clone(),
            content_type: file.content_type.clone().unwrap_or_default(),
            length: file.bytes.unwrap_or(0),
            url: match (&file.sha256, &file.link) {
                // That of a file of ODK Central says little without the address of its project.
                (None, Some(link)) if link.contains("://") => link.clone(),
                _ => address(&file.name),
            },
        }));
        let resource = resource(project, id);
        let facts = ServerFacts {
            number: Some(stored.number),
            project,
            received_at: stored.received_at,
            modified_at: stored.modified_at,
            indexed_at: stored.indexed_at,
            resource: Some(&resource),
            application: stored.application.as_deref(),
            build: stored.build.as_deref(),
            edited_at: (stored.version > 1).then_some(stored.modified_at),
            is_from_device: self.is_from_device,
            sender_address: None,
            files: &described,
        };
        let original =
            document.as_ref().map(|document| (&*document.bytes, document.content_type.as_deref()));
        write(&FormPayload {
            id,
            form_name: &stored.form,
            submission,
            original,
            facts: &facts,
            case_ids: &[],
            form: self.form.as_deref(),
        })
    }
}

fn is_receiver(path: &str) -> bool {
    ["/p/", "/a/"].iter().any(|receivers| path.starts_with(receivers))
}

/// Where the form list has a form, below the base of links.
pub(super) fn resource(project: &str, id: &str) -> String {
    format!("/a/{project}/api/form/v1/{}/", encoded(id))
}

/// A text as a part of a path.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%2E", ".")
        .replace("%5F", "_")
}
