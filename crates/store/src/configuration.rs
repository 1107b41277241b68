//! Projects and their definitions, and the version that every plan is checked against.
//!
//! A project's `configuration_version` grows with each change of its definitions, in the same
//! transaction. A message is kept only if its plan was made from the version that is current in
//! the accepting transaction: so a forwarder that was saved meanwhile, also through another hub,
//! misses nothing.
//!
//! Definitions hold passwords and lie sealed; here they are sealed and opened.

use fieldpost_model::ProjectName;
use fieldpost_model::time::Timestamp;

use crate::error::StoreError;
use crate::keys::DEFINITIONS;
use crate::people::add_person;
use crate::records::{
    Configuration, DefinitionChange, DefinitionKind, Pause, Project, Signal, StoredDefinition,
};
use crate::runs::{add_forget_mark, add_version, has_clock};
use crate::seal::Sealing;
use crate::statement::{Batch, Parameter, Row};
use crate::text::storable;
use crate::{Engine, Store};

/// The text of the conflict that a change runs into whose source keys lead to another source.
pub const TAKEN_KEY: &str = "another source has this secret or id";

impl Store {
    /// Every project, by name.
    pub async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        let sql = "SELECT project, title, configuration_version, created_at FROM projects
                   ORDER BY project";
        self.query(sql.to_owned(), Vec::new(), read_project).await
    }

    /// A project with its definitions, all of one version.
    pub async fn configuration(&self, project: &str) -> Result<Option<Configuration>, StoreError> {
        // One statement, so that version and definitions belong together.
        let sql = "SELECT p.project, p.title, p.configuration_version, p.created_at,
                          d.kind, d.name, d.definition, d.saved_in,
                          d.paused_at, d.paused_by, d.pause_reason, n.number
                   FROM projects p
                   LEFT JOIN definitions d ON d.project = p.project
                   LEFT JOIN people n ON d.kind = 'user' AND n.project = d.project
                       AND n.name = d.name
                   WHERE p.project = $1 ORDER BY d.kind, d.name";
        let rows = self
            .query(sql.to_owned(), vec![project.into()], |row| {
                Ok((read_project(row)?, read_stored(row)?))
            })
            .await?;
        let mut rows = rows.into_iter().peekable();
        let Some((project, _)) = rows.peek().cloned() else { return Ok(None) };
        let definitions = rows
            .filter_map(|(_, definition)| definition)
            .map(|stored| {
                let StoredDefinition { kind, name, .. } = &stored;
                let place = DEFINITIONS.belongs_to(&[&project.name, kind.name(), name]);
                let text = self.sealer.open(&place, &stored.text)?;
                Ok(StoredDefinition { text, ..stored })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(Configuration { project, definitions }))
    }

    /// Makes a project. A conflict where there is one of that name.
    pub async fn create_project(
        &self,
        project: &str,
        title: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.one(
            "there is a project of this name already",
            "INSERT INTO projects (project, title, configuration_version, created_at)
             VALUES ($1, $2, 1, $3) ON CONFLICT (project) DO NOTHING",
            vec![project.into(), title.into(), now.into()],
        );
        self.change(batch).await?;
        self.signal(Signal::Configuration(project.into()));
        Ok(())
    }

    /// Changes a project's definitions, if `version` is still the current one; the answer is the
    /// new version. Within one call removals go first, whatever their order. A conflict means that somebody else changed them first: read again, and redo;
    /// or, with the text [`TAKEN_KEY`], that a source's key leads to another source.
    pub async fn change_configuration(
        &self,
        project: &str,
        version: i64,
        changes: Vec<DefinitionChange>,
    ) -> Result<i64, StoreError> {
        let mut batch = Batch::default();
        if let Engine::Postgres(_) = self.engine {
            // Whoever accepts holds the project's row for a moment, and there is always somebody
            // who accepts: an update of the row would find it free only by luck, since the server
            // lets further readers of the row pass. The table's lock is given in the order asked.
            batch.any("LOCK TABLE projects IN EXCLUSIVE MODE", Vec::new());
        }
        batch.one(
            "the project's definitions have been changed by somebody else",
            "UPDATE projects SET configuration_version = configuration_version + 1
             WHERE project = $1 AND configuration_version = $2",
            vec![project.into(), version.into()],
        );
        // Held until the change is committed, so that a rotation of the key misses nothing.
        let sealing = self.sealer.begin().await;
        let (forms, changes): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| matches!(change, DefinitionChange::Form(_)));
        add_changes(&mut batch, project, version + 1, changes, &sealing, &self.now_sql())?;
        let mut made = Vec::new();
        for form in forms {
            let DefinitionChange::Form(mut form) = form else { continue };
            self.add_defined_form(&mut batch, project, &mut form);
            made.push(form.work);
        }
        self.change(batch).await?;
        self.signal(Signal::Configuration(project.into()));
        for work in made {
            self.told_made(project, &work.deliveries);
            self.told_runs_made(&project.into(), &work.runs);
        }
        Ok(version + 1)
    }
}

/// Adds the statements of the changes that make the project's definitions this version. What is taken
/// away goes first, so that another definition of the same change can take its place.
fn add_changes(
    batch: &mut Batch,
    project: &str,
    version: i64,
    changes: Vec<DefinitionChange>,
    sealing: &Sealing<'_>,
    now: &str,
) -> Result<(), StoreError> {
    for change in &changes {
        if let DefinitionChange::Remove(kind, name) = change {
            batch.any(
                "DELETE FROM definitions WHERE project = $1 AND kind = $2 AND name = $3",
                vec![project.into(), kind.name().into(), name.as_str().into()],
            );
        }
        if let DefinitionChange::Remove(DefinitionKind::Workflow, workflow) = change {
            add_forget_mark(batch, project, workflow);
        }
        if let DefinitionChange::Remove(DefinitionKind::Connection, connection)
        | DefinitionChange::Set(DefinitionKind::Connection, connection, _) = change
        {
            // A token is for the connection that it was got with.
            batch.any(
                "DELETE FROM tokens WHERE project = $1 AND connection = $2",
                vec![project.into(), connection.as_str().into()],
            );
        }
        if let DefinitionChange::Remove(DefinitionKind::Source, source)
        | DefinitionChange::SourceKeys { source, .. } = change
        {
            batch.any(
                "DELETE FROM source_keys WHERE project = $1 AND source = $2",
                vec![project.into(), source.as_str().into()],
            );
        }
    }
    for change in changes {
        match change {
            DefinitionChange::Title(title) => batch.any(
                "UPDATE projects SET title = $2 WHERE project = $1",
                vec![project.into(), title.into()],
            ),
            DefinitionChange::Set(kind, name, definition) => {
                if kind == DefinitionKind::Workflow {
                    add_version(batch, (project, &name, version), &definition, now, sealing)?;
                    if !has_clock(&definition) {
                        add_forget_mark(batch, project, &name);
                    }
                }
                if kind == DefinitionKind::User {
                    add_person(batch, project, &name);
                }
                let place = DEFINITIONS.belongs_to(&[project, kind.name(), &name]);
                let sealed = sealing.seal(&place, &storable(definition))?;
                batch.any(
                    "INSERT INTO definitions (project, kind, name, definition, saved_in)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (project, kind, name) DO UPDATE SET
                         definition = excluded.definition, saved_in = excluded.saved_in",
                    vec![
                        project.into(),
                        kind.name().into(),
                        name.into(),
                        sealed.into(),
                        version.into(),
                    ],
                );
            }
            DefinitionChange::Pause(kind, name, pause) => {
                batch.any(
                    "UPDATE definitions SET paused_at = $4, paused_by = $5, pause_reason = $6
                     WHERE project = $1 AND kind = $2 AND name = $3",
                    [vec![project.into(), kind.name().into(), name.into()], written(pause)]
                        .concat(),
                );
            }
            DefinitionChange::Remove(..) | DefinitionChange::Form(_) => {}
            DefinitionChange::SourceKeys { source, mut keys } => {
                // A source may use one secret in two places.
                keys.sort_unstable();
                keys.dedup();
                for key in keys {
                    batch.one(
                        TAKEN_KEY,
                        "INSERT INTO source_keys (digest, project, source) VALUES ($1, $2, $3)
                         ON CONFLICT (digest) DO NOTHING",
                        vec![
                            Parameter::Bytes(key.to_vec()),
                            project.into(),
                            source.as_str().into(),
                        ],
                    );
                }
            }
        }
    }
    Ok(())
}

/// A pause, in the order of its columns.
fn written(pause: Option<Pause>) -> Vec<Parameter> {
    let (since, by, reason) = match pause {
        Some(Pause { since, by, reason }) => (Some(since.0), Some(by), reason),
        None => (None, None, None),
    };
    vec![Parameter::Integer(since), by.into(), reason.into()]
}

/// The definition of a row, still sealed; none where the project has none.
fn read_stored(row: &Row<'_>) -> Result<Option<StoredDefinition>, StoreError> {
    let (Some(name), Some(text)) = (row.optional_text(5)?, row.optional_text(6)?) else {
        return Ok(None);
    };
    let kind = row.named(4, DefinitionKind::from_name)?;
    let pause = match (row.optional_integer(8)?, row.optional_text(9)?) {
        (Some(since), Some(by)) => {
            Some(Pause { since: Timestamp(since), by, reason: row.optional_text(10)? })
        }
        _ => None,
    };
    let number = row.optional_integer(11)?.map(i64::unsigned_abs);
    Ok(Some(StoredDefinition { kind, name, text, saved_in: row.integer(7)?, pause, number }))
}

fn read_project(row: &Row<'_>) -> Result<Project, StoreError> {
    Ok(Project {
        name: ProjectName::from(row.text(0)?),
        title: row.text(1)?,
        configuration_version: row.integer(2)?,
        created_at: row.time(3)?,
    })
}
