//! From a submission or a case to rows of tables, for databases that others read.
//!
//! | what was asked | column |
//! |---|---|
//! | text, one of several choices, time of day, barcode, file (its name) | `text` |
//! | whole number, number | `bigint`, `numeric` |
//! | yes or no | `boolean` |
//! | day | `date` |
//! | day and time with an offset | `timestamptz` |
//! | several choices, rank | `text[]` |
//! | position | `jsonb` (`GeoJSON`), and `…_longitude`, `…_latitude`, `…_altitude`, `…_accuracy` |
//! | line, area | `jsonb` (`GeoJSON`) |
//! | a group | the columns of what is in it, `group_name` |
//! | a repeat | a table of its own, `table__repeat`, one row each time |
//!
//! What does not fit its column stands as a text in `…_text`. Without a definition everything is a
//! text, and what stood there more than once is `jsonb`: nobody can know then what is a repeat.
//!
//! What is withheld has been taken out of the model before, and so has no column here.

mod answers;
mod case;
mod names;
mod table;

use fieldpost_model::form::{Field, FieldKind, Form};
use fieldpost_model::json::Value;
use fieldpost_model::rows::{Cell, ColumnKind, Rows, Table};
use fieldpost_model::submission::{Group, Node, Submission};
use fieldpost_model::time::Timestamp;

pub use case::case_rows;

use answers::{Entry, entries, list, moment, text};
use table::{Draft, Place};

/// The column that tells versions of a submission apart.
const VERSION: &str = "version";

/// The column that has the place of a row among those of its repeat, counted from 1.
const POSITION: &str = "position";

/// What the hub knows of a submission beside what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowFacts<'f> {
    /// Its id in the hub, the same over all versions.
    pub submission: &'f str,
    /// The name of its form.
    pub form: &'f str,
    /// How often something was said of it.
    pub version: u64,
    /// When it came in.
    pub received_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// The rows of a submission. `table` is the name that a person gave the main table; without one it
/// is that of the form. The error is a sentence for that person.
pub fn submission_rows(
    submission: &Submission,
    form: Option<&Form>,
    facts: &RowFacts<'_>,
    table: Option<&str>,
) -> Result<Rows, String> {
    let place = Place::of(table, facts.form)?;
    let fields = form.map(|form| form.fields.as_slice());
    let mut walk = Walk::default();
    let row = walk.row(&submission.values, fields, &Standing::outermost(facts.submission));
    let mut main = Draft::new(1, fixed(submission, facts));
    main.add(Vec::new(), row);
    let repeats = walk.repeats.into_iter().map(|repeat| repeat.table(&place));
    Ok(Rows {
        main: main.table(&place, &[])?,
        newer_by: VERSION,
        repeats: table::with_names_of_their_own(repeats.collect::<Result<_, _>>()?),
    })
}

/// What every row of a form has.
fn fixed(submission: &Submission, facts: &RowFacts<'_>) -> Vec<Entry> {
    let (form, metadata) = (&submission.form, &submission.metadata);
    let written = |it: &Option<String>| it.clone().map_or(Cell::Null, Cell::Text);
    let at = |it: &Option<String>| it.as_deref().map_or(Cell::Null, moment);
    let files = submission.attachments.iter().map(|file| file.name.clone()).collect();
    let place = crate::formats::place(submission, None);
    [
        ("submission_id", ColumnKind::Text, text(facts.submission)),
        ("form", ColumnKind::Text, text(facts.form)),
        ("form_version", ColumnKind::Text, written(&form.version)),
        (VERSION, ColumnKind::Integer, Cell::Number(facts.version.to_string())),
        ("instance_id", ColumnKind::Text, written(&metadata.instance_id)),
        ("instance_name", ColumnKind::Text, written(&metadata.instance_name)),
        ("submitted_by", ColumnKind::Text, written(&metadata.user)),
        ("submitted_by_id", ColumnKind::Text, written(&metadata.user_id)),
        ("device_id", ColumnKind::Text, written(&metadata.device)),
        ("started_at", ColumnKind::Moment, at(&metadata.started_at)),
        ("ended_at", ColumnKind::Moment, at(&metadata.ended_at)),
        ("received_at", ColumnKind::Moment, Cell::Moment(facts.received_at)),
        ("modified_at", ColumnKind::Moment, Cell::Moment(facts.modified_at)),
        ("geo", ColumnKind::Json, place.map_or(Cell::Null, Cell::Json)),
        ("attachments", ColumnKind::Texts, Cell::Texts(files)),
    ]
    .into_iter()
    .map(|(name, kind, cell)| Entry::fixed(name, kind, cell))
    .collect()
}

/// Where a row stands: in which repeats, and which time of each.
#[derive(Clone, Debug)]
struct Standing {
    /// The path of the innermost repeat.
    path: Vec<String>,
    /// What the row's key is called, but for its own position.
    keys: Vec<String>,
    /// The key, but for its own position.
    cells: Vec<Cell>,
}

impl Standing {
    fn outermost(submission: &str) -> Self {
        Self {
            path: Vec::new(),
            keys: vec!["submission_id".to_owned()],
            cells: vec![text(submission)],
        }
    }

    /// Where the rows of a repeat stand that is in a row with this position.
    fn inside(&self, path: &[String], position: Option<u64>) -> Self {
        let mut inner = Self { path: path.to_vec(), ..self.clone() };
        if let (Some(position), Some(name)) = (position, self.path.last()) {
            let plain = names::identifier(name);
            let mut key = names::fitted(&format!("{plain}_{POSITION}"), name);
            if inner.keys.contains(&key) {
                key = names::suffixed(&key, &self.path.join("/"));
            }
            inner.keys.push(key);
            inner.cells.push(Cell::Number(position.to_string()));
        }
        inner
    }
}

/// A repeat with the rows that were found.
struct Repeat {
    path: Vec<String>,
    keys: Vec<String>,
    rows: Vec<(Vec<Cell>, Vec<Entry>)>,
}

impl Repeat {
    fn table(self, place: &Place) -> Result<(Vec<String>, Table), String> {
        let kinds = self.keys.iter().enumerate().map(|(index, name)| {
            let kind = if index == 0 { ColumnKind::Text } else { ColumnKind::Integer };
            Entry::fixed(name, kind, Cell::Null)
        });
        let mut draft = Draft::new(self.keys.len(), kinds.collect());
        for (cells, entries) in self.rows {
            draft.add(cells, entries);
        }
        let table = draft.table(place, &self.path)?;
        Ok((self.path, table))
    }
}

/// The walk through the answers.
#[derive(Default)]
struct Walk {
    /// In the order of the form, each after the one that it is in.
    repeats: Vec<Repeat>,
}

/// A group that is being walked through.
struct Walked<'w> {
    standing: &'w Standing,
    /// The place of the row within its repeat.
    position: Option<u64>,
    entries: Vec<Entry>,
    extra: Vec<(String, Value<'static>)>,
}

impl Walk {
    /// The entries of one row of the main table.
    fn row(&mut self, group: &Group, fields: Option<&[Field]>, standing: &Standing) -> Vec<Entry> {
        self.row_at(group, fields, standing, None)
    }

    fn row_at(
        &mut self,
        group: &Group,
        fields: Option<&[Field]>,
        standing: &Standing,
        position: Option<u64>,
    ) -> Vec<Entry> {
        let mut walked = Walked { standing, position, entries: Vec::new(), extra: Vec::new() };
        self.group(group, fields, &[], &mut walked);
        let Walked { mut entries, extra, .. } = walked;
        if !extra.is_empty() {
            entries.push(Entry::extra(Value::object(extra)));
        }
        entries
    }

    /// Walks through a group at a path within its row.
    fn group(
        &mut self,
        group: &Group,
        fields: Option<&[Field]>,
        path: &[String],
        walked: &mut Walked<'_>,
    ) {
        for (name, node) in &group.members {
            let path: Vec<String> = path.iter().chain([name]).cloned().collect();
            let field = fields.and_then(|fields| fields.iter().find(|field| field.name == *name));
            let kind = field.map(|field| &field.kind);
            match (node, kind) {
                (Node::Group(inner), kind) => {
                    self.group(inner, kind.and(field).map(Field::children), &path, walked);
                }
                (Node::Repeat(nodes), Some(FieldKind::Repeat(fields))) => {
                    self.repeat(nodes, fields, &path, walked);
                }
                (Node::Repeat(_), _) => walked.entries.push(list(&path, name, node)),
                (Node::Answer(answer), _) => {
                    entries(&path, field.and_then(Field::as_leaf), answer, &mut walked.entries);
                }
            }
        }
        let prefix = path.join("/");
        for (name, value) in &group.extra {
            let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            walked.extra.push((name, value.clone()));
        }
    }

    /// Makes a row of each time that a repeat was answered.
    fn repeat(&mut self, nodes: &[Node], fields: &[Field], path: &[String], walked: &Walked<'_>) {
        let path: Vec<String> = walked.standing.path.iter().chain(path).cloned().collect();
        let standing = walked.standing.inside(&path, walked.position);
        let place = self.announce(&standing);
        if nodes.is_empty() {
            self.announce_inside(fields, &[], &standing);
        }
        for (number, node) in (1_u64..).zip(nodes) {
            let Node::Group(group) = node else { continue };
            let entries = self.row_at(group, Some(fields), &standing, Some(number));
            let mut cells = standing.cells.clone();
            cells.push(Cell::Number(number.to_string()));
            if let Some(repeat) = self.repeats.get_mut(place) {
                repeat.rows.push((cells, entries));
            }
        }
    }

    /// The place of a repeat among those that are known, which it is from now on.
    fn announce(&mut self, standing: &Standing) -> usize {
        let known = self.repeats.iter().position(|repeat| repeat.path == standing.path);
        known.unwrap_or_else(|| {
            let mut keys = standing.keys.clone();
            keys.push(POSITION.to_owned());
            self.repeats.push(Repeat { path: standing.path.clone(), keys, rows: Vec::new() });
            self.repeats.len() - 1
        })
    }

    /// Makes known the repeats inside one that was not answered: an earlier version of the submission
    /// may have had rows of them.
    fn announce_inside(&mut self, fields: &[Field], path: &[String], standing: &Standing) {
        for field in fields {
            let path: Vec<String> = path.iter().chain([&field.name]).cloned().collect();
            match &field.kind {
                FieldKind::Leaf(_) => {}
                FieldKind::Group(fields) => self.announce_inside(fields, &path, standing),
                FieldKind::Repeat(fields) => {
                    let path: Vec<String> = standing.path.iter().chain(&path).cloned().collect();
                    let inner = standing.inside(&path, Some(1));
                    self.announce(&inner);
                    self.announce_inside(fields, &[], &inner);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
