//! What was typed, read as answers: which pages and fields are asked, what each answer is, and what is
//! wrong with it.
//!
//! A form is read from its first field to its last, and a condition sees the answers that stand before
//! it. So what is asked follows from what was typed alone: every step reads all of it anew, nothing
//! can be sent past a page that was not asked, and a field that is not asked has no answer whatever its
//! control holds. A condition that fails does not hold, as everywhere in a lifecycle.

use fieldpost_model::form_definition::{FieldType, FormDefinition, FormField, column_key, keyed};
use fieldpost_model::json::Value;
use fieldpost_model::progress::{Progress, StoredFile};
use fieldpost_model::submission::{
    Answer, AnswerValue, Attachment, AttachmentContent, FormReference, Group, Node, Submission,
};
use fieldpost_rules::lifecycle::template::{self, Surroundings};
use fieldpost_rules::lifecycle::{Addresses, Facts};

use super::answers::{self, What};
use super::bounds::PageBounds;
use super::typed::{PREFIX, Typed};

/// The form that asks, and of what it can know beside the answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    /// The form.
    pub(super) definition: &'a FormDefinition,
    /// The submission on its way; of one that is not sent yet, a draft.
    pub(super) progress: &'a Progress,
    /// Where it can be found.
    pub(super) addresses: &'a Addresses,
    /// When and where it is filled in.
    pub(super) surroundings: Surroundings,
    /// How much it takes.
    pub(super) bounds: PageBounds,
}

/// A form as far as it was filled in.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    /// The answers to what is asked, with their files.
    pub(super) submission: Submission,
    /// The files.
    pub(super) files: Vec<StoredFile>,
    /// All pages, also those that are not asked.
    pub(super) pages: Vec<Page<'a>>,
}

/// One page of it.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// What stands over it.
    pub(super) title: Option<&'a str>,
    /// Whether it is asked.
    pub(super) is_asked: bool,
    /// What is asked there.
    pub(super) fields: Vec<Asked<'a>>,
    /// What is wrong with what was answered.
    pub(super) mistakes: Vec<Mistake>,
}

/// A field that is asked, or looked at.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// The name of its control; empty for what is only looked at.
    pub(super) name: String,
    /// The field.
    pub(super) field: &'a FormField,
    /// Its label, or what is looked at.
    pub(super) text: String,
    /// Of a block, what each row asks.
    pub(super) rows: Vec<Vec<Self>>,
}

/// Something that was answered wrongly, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The control.
    pub(super) name: String,
    /// What stands over it.
    pub(super) label: String,
    /// What is wrong.
    pub(super) what: What,
}

impl Reading<'_> {
    /// The first page from there on that is asked.
    pub(super) fn page_from(&self, page: usize) -> Option<usize> {
        let pages = self.pages.iter().enumerate().skip(page);
        pages.filter(|(_, page)| page.is_asked).map(|(place, _)| place).next()
    }

    /// The last page before that one that is asked.
    pub(super) fn page_before(&self, page: usize) -> Option<usize> {
        let pages = self.pages.iter().enumerate().take(page);
        pages.filter(|(_, page)| page.is_asked).map(|(place, _)| place).next_back()
    }

    /// The first page that has mistakes.
    pub(super) fn first_wrong(&self) -> Option<usize> {
        self.pages.iter().position(|page| !page.mistakes.is_empty())
    }
}

impl Page<'_> {
    /// The controls that it has, those in the rows of blocks too.
    pub(super) fn controls(&self) -> Vec<String> {
        let mut names = Vec::new();
        add_controls(&self.fields, &mut names);
        names
    }

    /// A field of it by its control, also inside the rows of a block.
    pub(super) fn find(&self, name: &str) -> Option<&Asked<'_>> {
        find(&self.fields, name)
    }
}

fn add_controls(fields: &[Asked<'_>], names: &mut Vec<String>) {
    for asked in fields {
        if asked.field.field_type == FieldType::Block {
            for row in &asked.rows {
                add_controls(row, names);
            }
        } else if !asked.name.is_empty() && asked.field.field_type != FieldType::Computed {
            names.push(asked.name.clone());
        }
    }
}

fn find<'a, 'f>(fields: &'a [Asked<'f>], name: &str) -> Option<&'a Asked<'f>> {
    fields.iter().find_map(|asked| {
        if asked.name == name {
            return Some(asked);
        }
        asked.rows.iter().find_map(|row| find(row, name))
    })
}

/// Reads a form as far as it was filled in.
pub(super) fn read<'a>(asking: &Asking<'a>, typed: &Typed) -> Reading<'a> {
    let definition = asking.definition;
    let form = FormReference { id: Some(definition.name.clone()), ..FormReference::default() };
    let submission = Submission { form, ..Submission::default() };
    let mut reader = Reader { asking, typed, submission, files: Vec::new(), mistakes: Vec::new() };
    let mut pages = Vec::new();
    let mut current =
        Page { title: None, is_asked: true, fields: Vec::new(), mistakes: Vec::new() };
    let keys = keyed(&definition.fields);
    for field in &definition.fields {
        if field.field_type == FieldType::Page {
            let is_asked = reader.holds(field);
            let title = Some(field.label.as_str()).filter(|label| !label.is_empty());
            let next = Page { title, is_asked, fields: Vec::new(), mistakes: Vec::new() };
            pages.push(reader.ended(std::mem::replace(&mut current, next)));
            continue;
        }
        let key = keys.iter().find(|(_, known)| std::ptr::eq(*known, field)).map(|(key, _)| key);
        if !current.is_asked || !reader.holds(field) {
            if let Some(key) = key {
                reader.leave_out(key, field);
            }
            continue;
        }
        current.fields.push(match key {
            Some(key) => reader.field(key, field),
            None => reader.shown(field),
        });
    }
    pages.push(reader.ended(current));
    // A form whose first field is a page has nothing before it.
    if pages.len() > 1 && pages.first().is_some_and(|page| page.fields.is_empty()) {
        pages.remove(0);
    }
    let Reader { mut submission, files, .. } = reader;
    submission.attachments = files.iter().map(attachment).collect();
    Reading { submission, files, pages }
}

fn attachment(file: &StoredFile) -> Attachment {
    Attachment {
        name: file.name.clone(),
        content_type: Some(file.content_type.clone()),
        content: AttachmentContent::Expected,
    }
}

struct Reader<'r, 'a> {
    asking: &'r Asking<'a>,
    typed: &'r Typed,
    submission: Submission,
    files: Vec<StoredFile>,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'_, 'a> {
    fn facts(&self) -> Facts<'_> {
        Facts {
            definition: self.asking.definition,
            submission: &self.submission,
            progress: self.asking.progress,
            files: &self.files,
            addresses: self.asking.addresses,
            surroundings: &self.asking.surroundings,
        }
    }

    /// Whether a field is asked.
    fn holds(&self, field: &FormField) -> bool {
        field.condition.as_deref().is_none_or(|condition| {
            template::holds(condition, &self.facts(), &self.asking.surroundings).unwrap_or(false)
        })
    }

    /// A page with the mistakes that were made on it.
    fn ended(&mut self, page: Page<'a>) -> Page<'a> {
        Page { mistakes: std::mem::take(&mut self.mistakes), ..page }
    }

    /// What is only looked at: a text, a template perhaps.
    fn shown(&self, field: &'a FormField) -> Asked<'a> {
        let text = template::render(&field.label, &self.facts(), &self.asking.surroundings);
        let text = text.unwrap_or_else(|_| field.label.clone());
        Asked { name: String::new(), field, text, rows: Vec::new() }
    }

    fn leave_out(&mut self, key: &str, field: &FormField) {
        if field.field_type != FieldType::Computed {
            let nothing = (key.to_owned(), answers::nothing(field));
            self.submission.values.members.push(nothing);
        }
    }

    fn field(&mut self, key: &str, field: &'a FormField) -> Asked<'a> {
        let name = format!("{PREFIX}{key}");
        let mut asked =
            Asked { name: name.clone(), field, text: field.label.clone(), rows: Vec::new() };
        match field.field_type {
            FieldType::Computed => self.compute(key, field),
            FieldType::Block => {
                let (rows, node) = self.block(&name, field);
                asked.rows = rows;
                self.submission.values.members.push((key.to_owned(), node));
            }
            _ => {
                let node = self.answer(&name, field);
                self.submission.values.members.push((key.to_owned(), node));
            }
        }
        asked
    }

    /// What its template makes of the answers so far.
    fn compute(&mut self, key: &str, field: &FormField) {
        let Some(template) = field.template.as_deref() else { return };
        let made = template::evaluate(template, &self.facts(), &self.asking.surroundings);
        if let Ok(made) = made {
            let value = made.to_json(&mut |file| Value::from(file.filename.clone()));
            self.submission.values.extra.push((key.to_owned(), value));
        }
    }

    /// The rows of a block; one that is empty is none.
    fn block(&mut self, name: &str, field: &'a FormField) -> (Vec<Vec<Asked<'a>>>, Node) {
        let (mut rows, mut nodes) = (Vec::new(), Vec::new());
        for place in 0..self.typed.rows(name).clamp(1, self.asking.bounds.max_rows) {
            let before = self.mistakes.len();
            let (asked, group) = self.row(&format!("{name}.{place}"), field);
            if answers::is_blank(&group) {
                // Nothing is missing in a row that nobody began.
                self.mistakes.truncate(before);
            } else {
                nodes.push(Node::Group(group));
            }
            rows.push(asked);
        }
        if field.required && nodes.is_empty() {
            self.mistake(name, field, What::Required);
        }
        (rows, Node::Repeat(nodes))
    }

    fn row(&mut self, name: &str, field: &'a FormField) -> (Vec<Asked<'a>>, Group) {
        let keys = keyed(&field.fields);
        let (mut row, mut group) = (Vec::new(), Group::default());
        for inner in &field.fields {
            let key = keys.iter().find(|(_, known)| std::ptr::eq(*known, inner));
            let is_asked = self.holds(inner);
            match key {
                None if is_asked => row.push(self.shown(inner)),
                None => {}
                Some((key, _)) if is_asked && inner.field_type != FieldType::Computed => {
                    let name = format!("{name}.{key}");
                    let (rows, node) = if inner.field_type == FieldType::Block {
                        self.block(&name, inner)
                    } else {
                        (Vec::new(), self.answer(&name, inner))
                    };
                    group.members.push((key.clone(), node));
                    row.push(Asked { name, field: inner, text: inner.label.clone(), rows });
                }
                Some((key, _)) => group.members.push((key.clone(), answers::nothing(inner))),
            }
        }
        (row, group)
    }

    /// The answer of a field that is no block.
    fn answer(&mut self, name: &str, field: &FormField) -> Node {
        if field.field_type == FieldType::File {
            return Node::Answer(self.file(name, field));
        }
        let (node, what) = if field.field_type.has_columns() {
            (table(name, field, self.typed, self.asking.bounds.max_rows), None)
        } else {
            let (answer, what) =
                answers::read(field, name, self.typed, self.asking.bounds.max_text);
            (Node::Answer(answer), what)
        };
        let what = what.or_else(|| {
            (field.required && answers::is_missing(field, &node)).then_some(
                if field.field_type == FieldType::Bool { What::Untrue } else { What::Required },
            )
        });
        if let Some(what) = what {
            self.mistake(name, field, what);
        }
        node
    }

    /// The file of a control, under a name that no other file of the submission has.
    fn file(&mut self, name: &str, field: &FormField) -> Answer {
        let Some(file) = self.typed.file(name) else {
            if field.required {
                self.mistake(name, field, What::Required);
            }
            return Answer::ABSENT;
        };
        let mut file = file.clone();
        let (wanted, mut count) = (file.name.clone(), 2_u32);
        while let Some(other) = self.files.iter().find(|other| other.name == file.name) {
            if other.sha256 == file.sha256 {
                break;
            }
            file.name = numbered(&wanted, count);
            count = count.saturating_add(1);
        }
        let answer = Answer { lexical: Some(file.name.clone()), value: AnswerValue::File };
        if !self.files.iter().any(|other| other.name == file.name) {
            self.files.push(file);
        }
        answer
    }

    fn mistake(&mut self, name: &str, field: &FormField, what: What) {
        let label = field.label.clone();
        self.mistakes.push(Mistake { name: name.to_owned(), label, what });
    }
}

/// `photo.jpg` as `photo-2.jpg`.
fn numbered(name: &str, count: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem}-{count}.{extension}"),
        _ => format!("{name}-{count}"),
    }
}

/// The rows of a table. Those that are given are all there, or none; of the others, those with something in
/// them.
fn table(name: &str, field: &FormField, typed: &Typed, max_rows: usize) -> Node {
    let is_given = field.field_type == FieldType::Table;
    let rows = if is_given { field.rows.len() } else { typed.rows(name).clamp(1, max_rows) };
    let groups: Vec<Group> = (0..rows.min(max_rows))
        .map(|row| {
            let cell = |column: usize| {
                let key = column_key(column);
                let text = typed.one(&format!("{name}.{row}.{key}")).trim();
                let answer = if text.is_empty() { Answer::ABSENT } else { Answer::text(text) };
                (key, Node::Answer(answer))
            };
            let members = (0..field.columns.len()).map(cell).collect();
            Group { members, extra: Vec::new() }
        })
        .collect();
    let is_blank = groups.iter().all(answers::is_blank);
    let kept = groups
        .into_iter()
        .filter(|group| if is_given { !is_blank } else { !answers::is_blank(group) });
    Node::Repeat(kept.map(Node::Group).collect())
}
