//! What a filing has to tell forwarders of: the forms that it takes in, and the cases as each of them
//! leaves them. It is kept beside the plan only where somebody listens.

use std::collections::HashSet;

use fieldpost_dialects::{Received, commcare, decode, submission};
use fieldpost_model::case::{Case, CaseBlock};
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::Submission;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::cases::Occasion;
use fieldpost_store::Original;
use uuid::Uuid;

/// What somebody listens to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Forms; wanted as well where cases are, whose filters may ask for the form.
    pub(crate) forms: bool,
    /// Cases.
    pub(crate) cases: bool,
}

/// A form that was taken in, in one version.
#[derive(Clone, Debug)]
pub(crate) struct FiledForm {
    /// The submission that it is.
    pub(crate) submission: Uuid,
    /// Which version of it this is.
    pub(crate) version: i64,
    /// Its place among those that its message holds.
    pub(crate) place: usize,
    /// What its document is read as.
    pub(crate) dialect: Dialect,
    /// The name of its form.
    pub(crate) form: String,
    /// What was filled in.
    pub(crate) filled: Submission,
    /// The application that it was filled in with.
    pub(crate) application: Option<String>,
    /// When its first version came in.
    pub(crate) received_at: Timestamp,
    /// When this one did, where it is not the first.
    pub(crate) edited_at: Option<Timestamp>,
    /// The cases that it touches, in the order of the document.
    pub(crate) case_ids: Vec<String>,
    /// Whether a device posted it.
    pub(crate) is_from_device: bool,
    /// The document, where it is not the message.
    pub(crate) original: Option<Original>,
}

impl FiledForm {
    /// What it is called: by its sender, else by the hub.
    pub(crate) fn id(&self) -> String {
        let sent = self.filled.metadata.instance_id.as_deref().filter(|id| !id.trim().is_empty());
        sent.map_or_else(|| self.submission.to_string(), str::to_owned)
    }

    /// A form of the hub's own.
    pub(crate) fn of_hub(
        submission: Uuid,
        form: String,
        original: Original,
        at: Timestamp,
    ) -> Self {
        let received =
            Received { content_type: original.content_type.as_deref(), body: &original.bytes };
        // The hub has written it: it can be read.
        let blocks = commcare::blocks_of_form(&received).unwrap_or_default();
        Self {
            submission,
            version: 1,
            place: 0,
            dialect: Dialect::Commcare,
            form,
            filled: read(&original).unwrap_or_default(),
            application: None,
            received_at: at,
            edited_at: None,
            case_ids: case_ids(&blocks),
            is_from_device: false,
            original: Some(original),
        }
    }
}

fn read(original: &Original) -> Option<Submission> {
    let content_type = original.content_type.as_deref();
    let received = Received { content_type, body: &original.bytes };
    let decoded = decode(Dialect::Commcare, &received).ok()?;
    submission::read(Dialect::Commcare, &decoded.view, None).into_iter().next()
}

/// The cases that blocks are about, each once, in their order.
pub(crate) fn case_ids(blocks: &[CaseBlock]) -> Vec<String> {
    let mut seen = HashSet::new();
    let ids = blocks.iter().map(|block| block.case_id.as_str());
    ids.filter(|id| seen.insert(*id)).map(str::to_owned).collect()
}

/// A case as a form left it.
#[derive(Clone, Debug)]
pub(crate) struct Touched {
    /// Its state.
    pub(crate) case: Case,
    /// The id that the form goes by in the history of the case.
    pub(crate) form_id: String,
    /// The submission that the form is; the message, where that told of the case as a whole.
    pub(crate) submission: Uuid,
    /// Why the case has this state.
    pub(crate) occasion: Occasion,
}

/// What a filing has to tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// The forms, in the order of the message; each of the hub's own behind the one that called for it.
    pub(crate) forms: Vec<FiledForm>,
    /// The cases, in the order in which they were touched.
    pub(crate) cases: Vec<Touched>,
}

impl Told {
    /// The form that is this submission.
    pub(crate) fn form(&self, submission: Uuid) -> Option<&FiledForm> {
        self.forms.iter().find(|form| form.submission == submission)
    }
}
