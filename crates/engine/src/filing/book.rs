//! The book of forms: which form a submission is of, and what kind of answers it takes.
//!
//! A form is found by the id that submissions name, or by their namespace where they name no id. What
//! was found is remembered, read; from time to time the store is asked whether somebody has changed it
//! since. What was not found is looked for again each time, since the submission that was about to be
//! kept may have made it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fieldpost_dialects::{Received, read_definition};
use fieldpost_model::ProjectName;
use fieldpost_model::form::Form;
use fieldpost_model::submission::FormReference;
use fieldpost_store::{FormHead, Store, StoreError, WantedDefinition};

/// Forms that are remembered. A form with its questions and choices takes some tens of kilobytes.
const MOST_REMEMBERED: usize = 500;

/// How long a form is believed to be as it was, until the store is asked again.
const BELIEVED: Duration = Duration::from_secs(1);

/// A form that is there.
#[derive(Clone, Debug)]
pub(crate) struct KnownForm {
    /// What the store says of it.
    pub(crate) head: FormHead,
    /// What it asks, where that was ever told.
    pub(crate) definition: Option<Arc<Form>>,
}

/// How submissions name a form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name {
    project: ProjectName,
    id: Option<String>,
    xmlns: Option<String>,
}

/// A form, and when the store said so.
#[derive(Clone)]
struct Entry {
    form: KnownForm,
    looked_at: Instant,
}

/// The forms that were asked for.
#[derive(Default)]
pub(crate) struct FormBook(Mutex<HashMap<Name, Entry>>);

impl FormBook {
    fn entries(&self) -> MutexGuard<'_, HashMap<Name, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the forms of a project: one of them has changed.
    pub(crate) fn forget(&self, project: &str) {
        self.entries().retain(|name, _| *name.project != *project);
    }

    /// The form as it is remembered, if it is.
    pub(crate) fn remembered(
        &self,
        project: &ProjectName,
        reference: &FormReference,
    ) -> Option<KnownForm> {
        self.entries().get(&name(project, reference)).map(|entry| entry.form.clone())
    }

    /// The form as it is; `None` where there is none.
    pub(crate) async fn find(
        &self,
        store: &Store,
        project: &ProjectName,
        reference: &FormReference,
    ) -> Result<Option<KnownForm>, StoreError> {
        let name = name(project, reference);
        let entry = self.entries().get(&name).cloned();
        if let Some(entry) = &entry
            && entry.looked_at.elapsed() < BELIEVED
        {
            return Ok(Some(entry.form.clone()));
        }
        let looked_at = Instant::now();
        let Some(head) = store.find_form(project, reference).await? else { return Ok(None) };
        let definition = match entry {
            Some(Entry { form, .. }) if is_same(&form.head, &head) => form.definition,
            _ => definition(store, project, &head).await?,
        };
        let form = KnownForm { head, definition };
        let mut entries = self.entries();
        if entries.len() >= MOST_REMEMBERED && !entries.contains_key(&name) {
            entries.clear();
        }
        entries.insert(name, Entry { form: form.clone(), looked_at });
        Ok(Some(form))
    }
}

fn is_same(one: &FormHead, other: &FormHead) -> bool {
    (&one.name, one.revision) == (&other.name, other.revision)
}

fn name(project: &ProjectName, reference: &FormReference) -> Name {
    let FormReference { id, xmlns, .. } = reference;
    Name { project: project.clone(), id: id.clone(), xmlns: xmlns.clone() }
}

/// What a form asks. A definition that cannot be read, because another version wrote it, is as none:
/// the answers are kept as texts then, and nothing is lost.
async fn definition(
    store: &Store,
    project: &ProjectName,
    head: &FormHead,
) -> Result<Option<Arc<Form>>, StoreError> {
    if !head.has_definition() {
        return Ok(None);
    }
    let Some(stored) = store.form_definition(project, &head.name, WantedDefinition::Newest).await?
    else {
        return Ok(None);
    };
    let content_type = Some(stored.content_type.as_str());
    match read_definition(&Received { content_type, body: &stored.bytes }) {
        Ok(form) => Ok(Some(Arc::new(form))),
        Err(unreadable) => {
            tracing::warn!(
                %project,
                form = head.name,
                code = unreadable.code,
                reason = unreadable.reason,
                "a form's definition cannot be read; its answers are kept as texts"
            );
            Ok(None)
        }
    }
}
