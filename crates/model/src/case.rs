//! A case: a thing that forms follow over time, as `CommCare` keeps it.
//!
//! Three nouns. A [`Case`] is the state that all forms together have made of it. A [`CaseBlock`] is
//! what one form asks for of one case, as [`CaseAction`]s; a [`CaseSubmission`] is all that one form
//! asks for. A [`CaseTransaction`] remembers that a form touched a case, and how.
//!
//! The state can always be made again from the submissions; nothing in it is known to it alone.

use std::collections::BTreeMap;

use crate::names;
use crate::submission::Position;
use crate::time::Timestamp;

names! {
    /// What an index says about the two cases that it joins.
    pub enum CaseRelationship {
        /// The case belongs to the other, and lives on without it.
        Child = "child",
        /// The case is a part of the other, and is closed with it.
        Extension = "extension",
    }
}

names! {
    /// Where a case's file is to be found.
    pub enum AttachmentOrigin {
        /// Among the files of the form that brought it.
        Local = "local",
        /// At an address.
        Remote = "remote",
        /// In the form itself.
        Inline = "inline",
    }
}

names! {
    /// The kinds of things that a form does to a case, in the order in which they are done.
    pub enum CaseActionKind {
        /// Makes the case.
        Create = "create",
        /// Sets properties.
        Update = "update",
        /// Closes it.
        Close = "close",
        /// Ties it to other cases, or unties it.
        Index = "index",
        /// Brings files, or takes them away.
        Attachment = "attachment",
    }
}

/// What the values of one property look like over all cases of a type, so that whoever reads them knows what to expect.
/// The later kind is the more general one: what has it for one case has it for the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CasePropertyKind {
    /// It is a tie to another case, and no property.
    Tie,
    /// It is a file, and no property.
    File,
    /// There was no value yet.
    Empty,
    /// A position.
    Position,
    /// Any other text.
    Text,
}

impl CasePropertyKind {
    /// What one value looks like.
    pub fn of(value: &str) -> Self {
        match Position::of_phone(value) {
            _ if value.trim().is_empty() => Self::Empty,
            Some(_) => Self::Position,
            None => Self::Text,
        }
    }
}

/// The state of a case. Texts that are not known are empty, as they are on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Its id, given by the phone that made it.
    pub id: String,
    /// What kind of thing it is: `household`, `patient`. Empty while no form has created it.
    pub case_type: String,
    /// What people call it.
    pub name: String,
    /// The id of the user, group or place that it belongs to.
    pub owner: String,
    /// Its id in another system.
    pub external_id: String,
    /// What else is known about it; all values are texts.
    pub properties: BTreeMap<String, String>,
    /// The cases that it points to, by the name of the tie: `parent`, `host`.
    pub indices: BTreeMap<String, CaseIndex>,
    /// Its files, by name.
    pub attachments: BTreeMap<String, CaseAttachment>,
    /// When it was opened, by the clock of the phone.
    pub opened_at: Option<Timestamp>,
    /// The user who opened it.
    pub opened_by: String,
    /// When it was changed last, by the clock of the phone.
    pub modified_at: Option<Timestamp>,
    /// The user who changed it last.
    pub modified_by: String,
    /// When and by whom it was closed; `None` while it is open.
    pub closing: Option<Closing>,
    /// When the hub received what changed it last.
    pub server_modified_at: Timestamp,
    /// The ids of the forms that have touched it, in the order in which they count.
    pub forms: Vec<String>,
    /// Whether all forms that touched it are gone.
    pub deleted: bool,
}

impl Case {
    /// A case of which nothing is known but its id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.closing.is_some()
    }

    /// Its properties, its ties and its files, by name, with what each looks like.
    pub fn property_kinds(&self) -> impl Iterator<Item = (&str, CasePropertyKind)> {
        let properties =
            self.properties.iter().map(|(name, value)| (&**name, CasePropertyKind::of(value)));
        let ties = self.indices.keys().map(|name| (&**name, CasePropertyKind::Tie));
        let files = self.attachments.keys().map(|name| (&**name, CasePropertyKind::File));
        properties.chain(ties).chain(files)
    }

    /// Whom it belongs to: its owner, else the user who changed it last.
    pub fn owner_or_user(&self) -> &str {
        if self.owner.is_empty() { &self.modified_by } else { &self.owner }
    }
}

/// The end of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// When, by the clock of the phone.
    pub at: Timestamp,
    /// The user who closed it; empty where the form does not say.
    pub by: String,
}

/// What a case points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseIndex {
    /// The id of the other case.
    pub case_id: String,
    /// The type of the other case, as the form gave it.
    pub case_type: String,
    /// What the other case is to this one.
    pub relationship: CaseRelationship,
}

/// A file of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseAttachment {
    /// Where it is to be found.
    pub origin: AttachmentOrigin,
    /// Its name among the form's files, or its address.
    pub source: String,
    /// What it is, where the sender says.
    pub content_type: Option<String>,
    /// The form that brought it.
    pub form_id: String,
}

/// What one form asks for of its cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseSubmission {
    /// The id of the form.
    pub form_id: String,
    /// When the hub received it for the first time: where it stands among other forms.
    pub received_at: Timestamp,
    /// When its newest edit was received, if there is one.
    pub edited_at: Option<Timestamp>,
    /// What it asks for, in the order of the document. One case may have several.
    pub blocks: Vec<CaseBlock>,
    /// Whether another server has taken it before and passes it on. What that server has taken is not
    /// judged again: the cases that it points to may come later, or may have come before we were told.
    pub is_forwarded: bool,
}

impl CaseSubmission {
    /// When what it says now was received.
    pub fn server_at(&self) -> Timestamp {
        self.edited_at.map_or(self.received_at, |edited_at| edited_at.max(self.received_at))
    }

    /// The ids of the cases that it touches, each once, in the order of the document.
    pub fn case_ids(&self) -> Vec<&str> {
        self.by_case().into_iter().map(|(case_id, _)| case_id).collect()
    }

    /// What it asks for of each case that it touches, in the order of the document.
    pub fn by_case(&self) -> Vec<(&str, Vec<&CaseBlock>)> {
        let mut places = BTreeMap::new();
        let mut cases: Vec<(&str, Vec<&CaseBlock>)> = Vec::new();
        for block in &self.blocks {
            let place = *places.entry(block.case_id.as_str()).or_insert(cases.len());
            match cases.get_mut(place) {
                Some((_, blocks)) => blocks.push(block),
                None => cases.push((&block.case_id, vec![block])),
            }
        }
        cases
    }

    /// What it asks for of one case.
    pub fn blocks_of(&self, case_id: &str) -> Vec<&CaseBlock> {
        self.blocks.iter().filter(|block| block.case_id == case_id).collect()
    }
}

/// What a block says about all that it does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockScope {
    /// Nothing: it is one change, and the rest stays.
    Change,
    /// That it is not there: the block is the whole state of the case, as forwarders send it. The
    /// cases that it points to may come later.
    State,
}

/// What one block of a form asks for of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseBlock {
    /// The case.
    pub case_id: String,
    /// Who asks: the block's user, else the form's; empty where neither says.
    pub user_id: String,
    /// When it was done, by the clock of the phone; `None` counts as the time of receipt.
    pub modified_at: Option<Timestamp>,
    /// Whether it is a change or a whole state.
    pub scope: BlockScope,
    /// What is to be done, in the order of [`CaseActionKind::ALL`]. None at all is a touch: the form
    /// was filled in about the case, and changes nothing but the time.
    pub actions: Vec<CaseAction>,
}

/// One thing that a block asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseAction {
    /// Make the case, with these values.
    Create(BTreeMap<String, String>),
    /// Set these properties; an empty text is a value.
    Update(BTreeMap<String, String>),
    /// Close it, at that time or at the block's.
    Close(Option<Timestamp>),
    /// Tie it to these cases, by the name of the tie; `None` unties.
    Index(BTreeMap<String, Option<CaseIndex>>),
    /// Set these files, by name; `None` takes the file away.
    Attachment(BTreeMap<String, Option<BroughtFile>>),
}

impl CaseAction {
    /// What kind of action it is.
    pub const fn kind(&self) -> CaseActionKind {
        match self {
            Self::Create(_) => CaseActionKind::Create,
            Self::Update(_) => CaseActionKind::Update,
            Self::Close(_) => CaseActionKind::Close,
            Self::Index(_) => CaseActionKind::Index,
            Self::Attachment(_) => CaseActionKind::Attachment,
        }
    }
}

/// A file that a block brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroughtFile {
    /// Where it is to be found.
    pub origin: AttachmentOrigin,
    /// Its name among the form's files, or its address.
    pub source: String,
    /// What it is, where the sender says.
    pub content_type: Option<String>,
}

/// The memory that a form touched a case. There is one for each form and case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseTransaction {
    /// The case.
    pub case_id: String,
    /// The form.
    pub form_id: String,
    /// The user who did it; empty where the form does not say.
    pub user_id: String,
    /// When it was done, by the clock of the phone: the latest of the form's blocks about the case.
    pub client_at: Timestamp,
    /// When the hub received the form for the first time.
    pub server_at: Timestamp,
    /// What was done, each kind once, in the order of [`CaseActionKind::ALL`]; none is a touch.
    pub kinds: Vec<CaseActionKind>,
}

impl CaseTransaction {
    /// Whether the form created the case.
    pub fn creates(&self) -> bool {
        self.kinds.contains(&CaseActionKind::Create)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(case_id: &str) -> CaseBlock {
        CaseBlock {
            case_id: case_id.to_owned(),
            user_id: String::new(),
            modified_at: None,
            scope: BlockScope::Change,
            actions: Vec::new(),
        }
    }

    #[test]
    fn the_ids_of_a_form_come_once_and_in_its_order() {
        let submission = CaseSubmission {
            form_id: "f".to_owned(),
            received_at: Timestamp(2),
            edited_at: None,
            blocks: vec![block("b"), block("a"), block("b")],
            is_forwarded: false,
        };
        assert_eq!(submission.case_ids(), ["b", "a"]);
        assert_eq!(submission.by_case().remove(0).1, submission.blocks_of("b"));
        assert_eq!(submission.blocks_of("b").len(), 2);
        assert_eq!(submission.blocks_of("c").len(), 0);
    }

    #[test]
    fn what_a_form_says_now_came_with_its_newest_edit() {
        let mut submission = CaseSubmission {
            form_id: "f".to_owned(),
            received_at: Timestamp(2),
            edited_at: None,
            blocks: Vec::new(),
            is_forwarded: false,
        };
        for (edited_at, expected) in [(None, 2), (Some(1), 2), (Some(3), 3)] {
            submission.edited_at = edited_at.map(Timestamp);
            assert_eq!(submission.server_at(), Timestamp(expected), "{edited_at:?}");
        }
    }

    #[test]
    fn a_case_without_an_owner_belongs_to_its_user() {
        let mut case = Case { modified_by: "u".to_owned(), ..Case::new("c") };
        assert_eq!(case.owner_or_user(), "u");
        case.owner = "o".to_owned();
        assert_eq!(case.owner_or_user(), "o");
    }
}
