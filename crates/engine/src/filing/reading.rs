//! What a message says of forms and cases, before anybody looked at what is there.
//!
//! A message says one of three things: filled forms (one mostly; ODK Aggregate sends several at once),
//! the whole state of a case, as CommCare forwards it, or nothing of either. Filled forms that name no
//! form are nothing as well. Any document of XML may have an id or a namespace, so what came as `xml`
//! is a filled form only where it says which one it is, by an `instanceID`.

use fieldpost_dialects::wcs::{Pushed, pushed};
use fieldpost_dialects::{
    Decoded, MAX_NAME_LENGTH, Received, Shape, Unreadable, commcare, formats, submission,
};
use fieldpost_model::ProjectName;
use fieldpost_model::case::CaseBlock;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::{FormReference, Submission};
use sha2::{Digest, Sha256};

use super::book::{FormBook, KnownForm};
use super::files::ArrivedFile;

/// What stands in every case block, of whatever version. Documents are not read twice without it.
const CASE_ID: &[u8] = b"case_id";

/// What a message says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// The forms that were filled in.
    pub(crate) submissions: Vec<SaidSubmission>,
    /// The state of a case that another server has.
    pub(crate) state: Option<CaseBlock>,
    /// Whether there are filled forms, and none of them names its form.
    pub(crate) is_nameless: bool,
}

/// A filled form.
#[derive(Clone, Debug)]
pub(crate) struct SaidSubmission {
    /// The answers, typed where the form was remembered.
    pub(crate) submission: Submission,
    /// Equal for equal content, whatever definition the form has by then.
    pub(crate) content_hash: [u8; 32],
    /// What it asks for of cases.
    pub(crate) blocks: Vec<CaseBlock>,
    /// The form, where it was remembered.
    pub(crate) form: Option<KnownForm>,
    /// Its files that stood in the message itself.
    pub(crate) files: Vec<ArrivedFile>,
    /// Its place among those of the message.
    pub(crate) place: usize,
    /// What the message was read as.
    pub(crate) dialect: Dialect,
    /// What a record of w.c.s. says of itself, beside its answers.
    pub(crate) pushed: Option<Box<Pushed>>,
}

impl Said {
    /// Whether there is nothing to file.
    pub(crate) fn is_nothing(&self) -> bool {
        self.submissions.is_empty() && self.state.is_none()
    }
}

/// What a message is read with.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'r> {
    pub(crate) project: &'r ProjectName,
    pub(crate) dialect: Dialect,
    pub(crate) book: &'r FormBook,
}

impl Reader<'_> {
    /// Reads what a message says. Answers of a form that is not remembered are texts.
    pub(crate) fn read(
        self,
        received: &Received<'_>,
        decoded: &Decoded<'_>,
    ) -> Result<Said, Unreadable> {
        if decoded.shape == Shape::Case {
            let state = Some(commcare::state(received)?);
            return Ok(Said { state, ..Said::default() });
        }
        let untyped: Vec<Submission> = submission::read(self.dialect, &decoded.view, None);
        let is_alone = untyped.len() == 1;
        let named = decoded.form.as_deref();
        let is_filled = |submission: &Submission| {
            self.dialect != Dialect::Xml || submission.metadata.instance_id.is_some()
        };
        let are_filled = untyped.iter().any(is_filled);
        let with_form = untyped.into_iter().enumerate().filter_map(|(place, mut submission)| {
            let is_named = is_filled(&submission) && name_form(&mut submission.form, named);
            is_named.then_some((place, submission))
        });
        let is_record = self.dialect == Dialect::Wcs;
        let mut submissions = Vec::new();
        for (place, submission) in with_form {
            let content_hash = if is_alone {
                decoded.content_hash(received.body)
            } else {
                Sha256::digest(formats::normalised(&submission).to_json()).into()
            };
            let form = self.book.remembered(self.project, &submission.form);
            let submission = self.typed(submission, form.as_ref(), decoded, place);
            submissions.push(SaidSubmission {
                submission,
                content_hash,
                blocks: Vec::new(),
                form,
                files: Vec::new(),
                place,
                dialect: self.dialect,
                pushed: is_record.then(|| Box::new(pushed(&decoded.view))),
            });
        }
        if let [only] = submissions.as_mut_slice()
            && is_alone
        {
            only.blocks = blocks(received, decoded)?;
        }
        let is_nameless = are_filled && submissions.is_empty();
        Ok(Said { submissions, state: None, is_nameless })
    }

    /// The same submission with its answers typed by the form, where its questions are known.
    fn typed(
        self,
        submission: Submission,
        form: Option<&KnownForm>,
        decoded: &Decoded<'_>,
        place: usize,
    ) -> Submission {
        let Some(definition) = form.and_then(|form| form.definition.as_deref()) else {
            return submission;
        };
        let typed = submission::read(self.dialect, &decoded.view, Some(definition));
        match typed.into_iter().nth(place) {
            Some(typed) => Submission { form: submission.form, ..typed },
            None => submission,
        }
    }
}

/// A filled form, read again.
pub(crate) struct Form {
    /// What was filled in.
    pub(crate) submission: Submission,
    /// Whether its message holds no other.
    pub(crate) is_alone: bool,
}

/// Reads one of the filled forms of a message, typed by its form where that is known.
pub(crate) fn read_one(
    dialect: Dialect,
    decoded: &Decoded<'_>,
    place: usize,
    definition: Option<&fieldpost_model::form::Form>,
) -> Option<Form> {
    let mut read = submission::read(dialect, &decoded.view, definition);
    let is_alone = read.len() == 1;
    let mut submission = (place < read.len()).then(|| read.swap_remove(place))?;
    name_form(&mut submission.form, decoded.form.as_deref());
    Some(Form { submission, is_alone })
}

/// Gives a reference that names no form the name that the message has for it; whether there is one that
/// a form can have.
fn name_form(reference: &mut FormReference, named: Option<&str>) -> bool {
    let FormReference { id, xmlns, version, root, application, build, title } = reference;
    let is_long = |text: &String| text.len() > MAX_NAME_LENGTH;
    if [&*id, &*xmlns].into_iter().flatten().any(is_long) {
        return false;
    }
    for text in [version, root, application, build, title] {
        *text = text.take().filter(|text| !is_long(text));
    }
    if reference.id.is_none() && reference.xmlns.is_none() {
        reference.id = named.map(str::to_owned);
    }
    reference.id.is_some() || reference.xmlns.is_some()
}

/// The case blocks of a filled form, in the order of the document.
fn blocks(received: &Received<'_>, decoded: &Decoded<'_>) -> Result<Vec<CaseBlock>, Unreadable> {
    if !received.body.windows(CASE_ID.len()).any(|window| window == CASE_ID) {
        return Ok(Vec::new());
    }
    match received.body.trim_ascii_start().first() {
        Some(b'{' | b'[') => commcare::blocks_of_view(&decoded.view),
        _ => commcare::blocks_of_form(received),
    }
}
