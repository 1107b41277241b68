//! Forms: what submissions name, and the definitions that give their answers types.
//!
//! A form is made known by a submission, uploaded or defined by a person. Each upload is a version of its
//! own, numbered from one; earlier ones stay, since submissions made with them may still come.

use fieldpost_model::names;
use fieldpost_model::submission::FormReference;
use fieldpost_model::time::Timestamp;

use crate::changes::changes_lock;
use crate::erase::places;
use crate::error::StoreError;
use crate::filing::keys::lock_statement;
use crate::payloads::{NewPayload, add_payloads};
use crate::records::NewDelivery;
use crate::runs::NewRun;
use crate::statement::{Batch, Conditions, Parameter, Row, as_integer, digest, length};
use crate::text::storable_key;
use crate::{Engine, Store};

names! {
    /// How a form came about.
    pub enum FormOrigin {
        /// A submission named it.
        Arrived = "arrived",
        /// Its definition was uploaded.
        Uploaded = "uploaded",
        /// It was made in the hub.
        Defined = "defined",
    }
}

/// A form, without its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormHead {
    /// Its key within the project.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The id that submissions name it by.
    pub form_id: Option<String>,
    /// The namespace that submissions name it by.
    pub xmlns: Option<String>,
    /// The version of its newest definition; without one, that of the first submission.
    pub version: Option<String>,
    /// The application that it is part of.
    pub application: Option<String>,
    /// The name of a submission's outermost element.
    pub root: Option<String>,
    /// How it came about.
    pub origin: FormOrigin,
    /// Whether devices encrypt what is filled in.
    pub is_encrypted: bool,
    /// The number of its newest definition; 0 where it has none.
    pub definition: i64,
    /// How many submissions it has been given so far.
    pub submissions: u64,
    /// Grows with every change of it.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl FormHead {
    /// Whether there is a definition that gives answers types.
    pub const fn has_definition(&self) -> bool {
        self.definition > 0
    }
}

/// Which definition of a form is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedDefinition<'w> {
    /// The newest.
    Newest,
    /// The one of that number.
    Number(i64),
    /// The newest of that version, as its author counts.
    Version(&'w str),
}

/// A definition as it was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormDefinition {
    /// Its number among those of its form.
    pub number: i64,
    /// The version, as its author counts.
    pub version: Option<String>,
    /// What the bytes are.
    pub content_type: String,
    /// When it was uploaded.
    pub at: Timestamp,
    /// The exact bytes.
    pub bytes: Vec<u8>,
}

/// A definition as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormVersion {
    /// Its number among those of its form.
    pub number: i64,
    /// The version, as its author counts.
    pub version: Option<String>,
    /// What the bytes are.
    pub content_type: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// When it was uploaded.
    pub at: Timestamp,
}

/// A file that devices need to show a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormFile {
    /// Its name, as devices ask for it.
    pub name: String,
    /// What it is, where that is known.
    pub content_type: Option<String>,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// How many bytes it has.
    pub bytes: u64,
}

/// A form that a person makes or changes. What is not named here stays as it is.
#[derive(Clone, Debug)]
pub struct PutForm {
    /// Its key within the project.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The id that submissions name it by.
    pub form_id: Option<String>,
    /// The namespace that submissions name it by.
    pub xmlns: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The application that it is part of.
    pub application: Option<String>,
    /// The name of a submission's outermost element.
    pub root: Option<String>,
    /// How it comes about.
    pub origin: FormOrigin,
    /// Whether devices encrypt what is filled in.
    pub is_encrypted: bool,
    /// A new definition: its content type and its bytes.
    pub definition: Option<(String, Vec<u8>)>,
    /// All files that devices need, where they are to be replaced.
    pub files: Option<Vec<FormFile>>,
}

/// Which forms a list shows, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormQuery {
    /// With this text in the name, the title, the id or the namespace.
    pub text: Option<String>,
    /// Of this application only.
    pub application: Option<String>,
    /// Only those with, or without, a definition.
    pub has_definition: Option<bool>,
}

/// The text of the conflict that a form runs into which has changed since it was read.
const CHANGED: &str = "the form has changed";
/// The text of the conflict that a form runs into whose name, id or namespace another one has.
pub const TAKEN_FORM: &str = "another form has this name, id or namespace";

const COLUMNS: &str = "f.name, f.title, f.form_id, f.xmlns, f.version, f.application, f.root, f.made, \
                       f.is_encrypted, f.definition, f.revision, f.created_at, f.updated_at, \
                       coalesce((SELECT n.last FROM form_numbers n \
                           WHERE n.project = f.project AND n.form = f.name), 0)";

/// Names that are looked at together for one that is free.
const NAMES_AT_ONCE: usize = 64;
/// How long a form's name may be, in bytes.
const MOST_NAME_BYTES: usize = 64;

/// What a form that is made or changed sets off.
#[derive(Clone, Debug, Default)]
pub struct FormWork {
    /// The version of the project's definitions that the plan was made from. It is compared where there
    /// is something to deliver.
    pub configuration_version: i64,
    /// The deliveries that it calls for; each carries one of the payloads.
    pub deliveries: Vec<NewDelivery>,
    /// The runs that it calls for; each begins with one of the payloads.
    pub runs: Vec<NewRun>,
    /// What they carry.
    pub payloads: Vec<NewPayload>,
}

impl Store {
    /// The form that a submission names: by its id; else by its namespace. Where an id is given, a
    /// form that has another one is not meant, even if it has the namespace.
    pub async fn find_form(
        &self,
        project: &str,
        reference: &FormReference,
    ) -> Result<Option<FormHead>, StoreError> {
        let mut parameters: Vec<Parameter> = vec![project.into()];
        let mut ways = Vec::new();
        if let Some(id) = &reference.id {
            parameters.push(storable_key(id.clone()).into());
            ways.push(format!(
                "SELECT f.*, 0 AS way FROM forms f WHERE f.project = $1 AND f.form_id = ${}",
                parameters.len()
            ));
        }
        if let Some(xmlns) = &reference.xmlns {
            parameters.push(storable_key(xmlns.clone()).into());
            let without_id = if reference.id.is_some() { "AND f.form_id IS NULL" } else { "" };
            ways.push(format!(
                "SELECT f.*, CASE WHEN f.form_id IS NULL THEN 1 ELSE 2 END AS way
                 FROM forms f WHERE f.project = $1 AND f.xmlns = ${} {without_id}",
                parameters.len()
            ));
        }
        if ways.is_empty() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM ({}) f ORDER BY f.way, f.name LIMIT 1",
            ways.join(" UNION ALL ")
        );
        Ok(self.query(sql, parameters, read_form).await?.into_iter().next())
    }

    /// A form, by its name.
    pub async fn form(&self, project: &str, name: &str) -> Result<Option<FormHead>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM forms f WHERE f.project = $1 AND f.name = $2");
        let found = self.query(sql, vec![project.into(), name.into()], read_form).await?;
        Ok(found.into_iter().next())
    }

    /// Forms by name, those behind `after`.
    pub async fn forms(
        &self,
        project: &str,
        query: &FormQuery,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<FormHead>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("f.project = ?", project);
        if let Some(after) = after {
            conditions.add("f.name > ?", after);
        }
        if let Some(application) = &query.application {
            conditions.add("f.application = ?", application.as_str());
        }
        match query.has_definition {
            Some(true) => conditions.add_plain("f.definition > 0"),
            Some(false) => conditions.add_plain("f.definition = 0"),
            None => {}
        }
        if let Some(text) = &query.text {
            let columns = ["f.name", "f.title", "f.form_id", "f.xmlns"];
            conditions.add_search(text, &columns);
        }
        let limit = conditions.bind(as_integer(limit));
        let sql = format!(
            "SELECT {COLUMNS} FROM forms f{} ORDER BY f.name LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_form).await
    }

    /// Whether the project has at least so many forms.
    pub async fn has_forms(&self, project: &str, at_least: usize) -> Result<bool, StoreError> {
        let Some(before) = at_least.checked_sub(1) else { return Ok(true) };
        let sql = "SELECT name FROM forms WHERE project = $1 ORDER BY name LIMIT 1 OFFSET $2";
        let parameters = vec![project.into(), as_integer(before).into()];
        Ok(!self.query(sql.to_owned(), parameters, |row| row.text(0)).await?.is_empty())
    }

    /// A definition of a form, with its bytes.
    pub async fn form_definition(
        &self,
        project: &str,
        name: &str,
        wanted: WantedDefinition<'_>,
    ) -> Result<Option<FormDefinition>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        conditions.add("form = ?", name);
        match wanted {
            WantedDefinition::Newest => {}
            WantedDefinition::Number(number) => conditions.add("number = ?", number),
            WantedDefinition::Version(version) => conditions.add("version = ?", version),
        }
        let sql = format!(
            "SELECT number, version, content_type, at, definition FROM form_versions{}
             ORDER BY number DESC LIMIT 1",
            conditions.sql()
        );
        let found = self
            .query(sql, conditions.parameters, |row| {
                Ok(FormDefinition {
                    number: row.integer(0)?,
                    version: row.optional_text(1)?,
                    content_type: row.text(2)?,
                    at: row.time(3)?,
                    bytes: row.bytes(4)?,
                })
            })
            .await?;
        Ok(found.into_iter().next())
    }

    /// The definitions of a form, the newest first, those older than number `before`.
    pub async fn form_versions(
        &self,
        project: &str,
        name: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<FormVersion>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        conditions.add("form = ?", name);
        if let Some(before) = before {
            conditions.add("number < ?", before);
        }
        let limit = conditions.bind(as_integer(limit));
        let sql = format!(
            "SELECT number, version, content_type, bytes, at FROM form_versions{}
             ORDER BY number DESC LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, |row| {
            Ok(FormVersion {
                number: row.integer(0)?,
                version: row.optional_text(1)?,
                content_type: row.text(2)?,
                bytes: length(row.integer(3)?)?,
                at: row.time(4)?,
            })
        })
        .await
    }

    /// The files that devices need to show a form, by name.
    pub async fn form_files(&self, project: &str, name: &str) -> Result<Vec<FormFile>, StoreError> {
        let sql = "SELECT name, content_type, sha256, bytes FROM form_files
                   WHERE project = $1 AND form = $2 ORDER BY name";
        self.query(sql.to_owned(), vec![project.into(), name.into()], |row| {
            Ok(FormFile {
                name: row.text(0)?,
                content_type: row.optional_text(1)?,
                sha256: digest(&row.bytes(2)?)?,
                bytes: length(row.integer(3)?)?,
            })
        })
        .await
    }

    /// A name that no form has: this one, else this one with `-2`, `-3` and so on.
    pub async fn free_form_name(&self, project: &str, wanted: &str) -> Result<String, StoreError> {
        let mut first = 1;
        loop {
            let names: Vec<String> =
                (first..first + NAMES_AT_ONCE).map(|number| numbered(wanted, number)).collect();
            let mut parameters: Vec<Parameter> = vec![project.into()];
            parameters.extend(names.iter().map(|name| name.as_str().into()));
            let sql = format!(
                "SELECT name FROM forms WHERE project = $1 AND name IN ({})",
                places(2, names.len())
            );
            let taken = self.query(sql, parameters, |row| row.text(0)).await?;
            if let Some(free) = names.into_iter().find(|name| !taken.contains(name)) {
                return Ok(free);
            }
            first += NAMES_AT_ONCE;
        }
    }

    /// Makes a form, where `expected` is 0, or changes the one that has this revision. The answer is its
    /// revision. A conflict: it has changed meanwhile, or another form has what is to be its own, or the
    /// project's definitions have changed since the work was planned ([`STALE_PLAN`](crate::STALE_PLAN)).
    pub async fn put_form(
        &self,
        project: &str,
        form: PutForm,
        expected: i64,
        now: Timestamp,
        mut work: FormWork,
    ) -> Result<i64, StoreError> {
        let mut batch = Batch::default();
        // The project's row goes first, as with those who accept.
        work.runs.iter_mut().for_each(NewRun::make_storable);
        let calls_for_work = !work.deliveries.is_empty() || !work.runs.is_empty();
        if calls_for_work {
            self.require_version(&mut batch, project, work.configuration_version);
        }
        self.lock_form(&mut batch, project, &form);
        self.lock_made(&mut batch, project, work.deliveries.iter());
        self.lock_made_runs(&mut batch, project, &work.runs);
        let revision = expected + 1;
        let place = self.engine.next_place(now);
        add_head(&mut batch, project, &form, expected, now, &place);
        if let Some((content_type, bytes)) = form.definition {
            batch.any(
                "INSERT INTO form_versions
                     (project, form, number, version, content_type, bytes, at, definition)
                 SELECT project, name, definition, version, $3, $4, $5, $6
                 FROM forms WHERE project = $1 AND name = $2",
                vec![
                    project.into(),
                    form.name.as_str().into(),
                    content_type.into(),
                    as_integer(bytes.len()).into(),
                    now.into(),
                    Parameter::Bytes(bytes),
                ],
            );
        }
        if let Some(files) = form.files {
            batch.any(
                "DELETE FROM form_files WHERE project = $1 AND form = $2",
                vec![project.into(), form.name.as_str().into()],
            );
            for file in files {
                batch.any(
                    "INSERT INTO form_files (project, form, name, content_type, sha256, bytes)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    vec![
                        project.into(),
                        form.name.as_str().into(),
                        storable_key(file.name).into(),
                        file.content_type.into(),
                        Parameter::Bytes(file.sha256.to_vec()),
                        as_integer(file.bytes).into(),
                    ],
                );
            }
        }
        if calls_for_work {
            add_payloads(&mut batch, project, None, &work.payloads);
        }
        for delivery in &work.deliveries {
            self.add_newest(&mut batch, project, None, delivery);
        }
        self.add_runs(&mut batch, project, None, &work.runs);
        self.change(batch).await?;
        self.told_made(project, &work.deliveries);
        self.told_runs_made(&project.into(), &work.runs);
        Ok(revision)
    }

    /// Adds the statement that takes the locks of a form: what files a submission of it holds them.
    pub(crate) fn lock_form(&self, batch: &mut Batch, project: &str, form: &PutForm) {
        if let Engine::Postgres(_) = &self.engine {
            let key = |kind: &str, text: &str| format!("{project}/{kind}/{text}");
            let mut keys = vec![changes_lock(project), key("form", &form.name)];
            keys.extend(form.form_id.as_ref().map(|id| key("form-id", id)));
            keys.extend(form.xmlns.as_ref().map(|xmlns| key("xmlns", xmlns)));
            let (sql, parameters) = lock_statement(keys);
            batch.any(sql, parameters);
        }
    }
}

impl Store {
    /// Adds the statement that takes the lock of a form by its name.
    pub(crate) fn lock_form_named(&self, batch: &mut Batch, project: &str, form: &str) {
        if let Engine::Postgres(_) = &self.engine {
            let (sql, parameters) = lock_statement(vec![format!("{project}/form/{form}")]);
            batch.any(sql, parameters);
        }
    }
}

/// A name with a number behind it, within the bound; the first is the name itself.
fn numbered(name: &str, number: usize) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let suffix = format!("-{number}");
    let room = name.floor_char_boundary(MOST_NAME_BYTES.saturating_sub(suffix.len()));
    let (kept, _) = name.split_at_checked(room).unwrap_or((name, ""));
    format!("{}{suffix}", kept.trim_end_matches('-'))
}

/// Adds the statement that makes or changes the row of a form.
fn add_head(
    batch: &mut Batch,
    project: &str,
    form: &PutForm,
    expected: i64,
    now: Timestamp,
    place: &str,
) {
    let parameters = || -> Vec<Parameter> {
        vec![
            project.into(),
            form.name.as_str().into(),
            form.title.as_str().into(),
            form.form_id.clone().map(storable_key).into(),
            form.xmlns.clone().map(storable_key).into(),
            form.version.clone().map(storable_key).into(),
            form.application.clone().into(),
            form.root.clone().into(),
            form.origin.name().into(),
            i64::from(form.is_encrypted).into(),
            i64::from(form.definition.is_some()).into(),
            now.into(),
        ]
    };
    if expected == 0 {
        batch.one(
            TAKEN_FORM,
            format!(
                "INSERT INTO forms (project, name, title, form_id, xmlns, version, application, root,
                     made, is_encrypted, definition, revision, created_at, updated_at, indexed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $12, {place})
                 ON CONFLICT DO NOTHING"
            ),
            parameters(),
        );
        return;
    }
    batch.one(
        TAKEN_FORM,
        "UPDATE forms SET title = title WHERE project = $1 AND name = $2
         AND NOT EXISTS (SELECT 1 FROM forms other WHERE other.project = $1
             AND other.name <> $2 AND other.form_id = $3)
         AND NOT EXISTS (SELECT 1 FROM forms other WHERE other.project = $1
             AND other.name <> $2 AND other.form_id IS NULL AND $3 IS NULL AND other.xmlns = $4)",
        vec![
            project.into(),
            form.name.as_str().into(),
            form.form_id.clone().map(storable_key).into(),
            form.xmlns.clone().map(storable_key).into(),
        ],
    );
    let mut parameters = parameters();
    parameters.push(expected.into());
    batch.one(
        CHANGED,
        format!(
            "UPDATE forms SET title = $3, form_id = $4, xmlns = $5, version = $6, application = $7,
                 root = $8, made = $9, is_encrypted = $10, definition = definition + $11,
                 revision = revision + 1, updated_at = $12, indexed_at = {place}
             WHERE project = $1 AND name = $2 AND revision = $13"
        ),
        parameters,
    );
}

fn read_form(row: &Row<'_>) -> Result<FormHead, StoreError> {
    Ok(FormHead {
        name: row.text(0)?,
        title: row.text(1)?,
        form_id: row.optional_text(2)?,
        xmlns: row.optional_text(3)?,
        version: row.optional_text(4)?,
        application: row.optional_text(5)?,
        root: row.optional_text(6)?,
        origin: row.named(7, FormOrigin::from_name)?,
        is_encrypted: row.integer(8)? != 0,
        definition: row.integer(9)?,
        revision: row.integer(10)?,
        created_at: row.time(11)?,
        updated_at: row.time(12)?,
        submissions: length(row.integer(13)?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_number_stays_within_the_bound() {
        let longest = "n".repeat(MOST_NAME_BYTES);
        for (name, number, expected) in [
            ("births", 1, "births".to_owned()),
            ("births", 2, "births-2".to_owned()),
            (&*longest, 10, format!("{}-10", "n".repeat(MOST_NAME_BYTES - 3))),
        ] {
            assert_eq!(numbered(name, number), expected);
        }
    }
}
