//! A project file is applied: everything that it says at once, or everything that is wrong with it.
//!
//! What decides whether a file can be applied is one function, `looked_through`, whether the file could be read as a
//! whole or only in part: so somebody who mends a file is told all of it the first time.

use std::sync::Arc;

use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::json::Value;
use fieldpost_model::project::ProjectSettings;
use fieldpost_rules::definition::{
    Change, ChangeAction, ChangeKind, Problem, ProjectDefinition, ProjectDraft, add_found, compare,
    dangling_references, in_order, keep_api_access, keep_pauses, keep_secrets, looked_over,
    secrets_led_elsewhere, warnings,
};
use fieldpost_store::{Due, StoreError};

use super::{MOST_TRIES, unusable_template};
use crate::asked::Asked;
use crate::defined_forms::CheckedForms;
use crate::error::HubError;
use crate::hub::Hub;
use crate::storing::{Storing, stored_changes};

/// What applying a project file did, or would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// What changed, in words.
    pub changes: Vec<Change>,
    /// What is allowed, and likely to be regretted.
    pub warnings: Vec<Problem>,
    /// Forwarders that are removed although deliveries wait for them, with how many: these are
    /// cancelled.
    pub waiting: Vec<(String, u64)>,
    /// What a shorter retention erases at once.
    pub erases: Due,
    /// The version of the definitions afterwards; `None` for a dry run.
    pub version: Option<i64>,
}

impl Applied {
    /// How many definitions were added, changed and removed; those that were not are left out.
    pub fn counts(&self) -> impl Iterator<Item = (ChangeAction, usize)> {
        ChangeAction::ALL.iter().filter_map(|action| {
            let count = self.changes.iter().filter(|change| change.action == *action).count();
            (count > 0).then_some((*action, count))
        })
    }
}

/// What was found of a draft that is to be applied.
struct Looked {
    /// What keeps it from being applied.
    problems: Vec<Problem>,
    /// What is likely to be regretted of its workflows.
    warnings: Vec<Problem>,
    forms: CheckedForms,
}

impl Hub {
    /// Makes a project what a project file says. What the file lacks is removed only with `prune`;
    /// with `dry_run` nothing is saved.
    pub async fn apply(
        &self,
        draft: &ProjectDraft,
        prune: bool,
        dry_run: bool,
        asked: &Asked,
    ) -> Result<Applied, HubError> {
        for _ in 0..MOST_TRIES {
            match self.apply_once(draft.clone(), prune, dry_run, asked).await {
                Err(HubError::Store(StoreError::Conflict(_))) => {}
                other => return other,
            }
        }
        Err(StoreError::Conflict("somebody else keeps changing this project".to_owned()).into())
    }

    async fn apply_once(
        &self,
        mut draft: ProjectDraft,
        prune: bool,
        dry_run: bool,
        asked: &Asked,
    ) -> Result<Applied, HubError> {
        let name = draft.name.clone();
        let (version, current) = self.present(&name).await?;
        let existing = version.is_some().then_some(&current);
        keep_pauses(&mut draft, existing);
        keep_api_access(&mut draft, existing, prune);
        let Looked { problems, warnings: of_workflows, forms } =
            self.looked_through(&mut draft, &current, existing, prune).await?;
        if !problems.is_empty() {
            return Err(HubError::Invalid(problems));
        }
        let changes = compare(existing, &draft, prune);
        let removed: Vec<&Change> =
            changes.iter().filter(|change| change.action == ChangeAction::Removed).collect();
        let mut waiting = Vec::new();
        for change in removed.iter().filter(|change| change.kind == ChangeKind::Forwarder) {
            let count = self.count_waiting(&name, &change.name).await?;
            if count > 0 {
                waiting.push((change.name.clone(), count));
            }
        }
        let mut warnings = warnings(&draft);
        warnings.extend(of_workflows);
        let unreached = self.unreached(&name).await?;
        for connection in &draft.connections {
            warnings.extend(unreached.warnings(connection));
            warnings.extend(self.refused_network(&current.name, connection));
        }
        warnings.extend(self.reordering_warnings(&current, &draft.forwarders).await?);
        warnings.extend(self.unknown_form_warnings(&name, &draft.forwarders).await?);
        warnings.extend(self.unknown_forms_of_workflows(&name, &draft.workflows).await?);
        warnings.extend(self.unknown_field_warnings(&name, &draft.forwarders).await?);
        let erases = match existing {
            Some(current) => self.newly_due(current, &draft.settings).await?,
            None => Due::default(),
        };
        let mut applied = Applied { changes, warnings, waiting, erases, version };
        if dry_run {
            applied.version = None;
            return Ok(applied);
        }
        let version = if let Some(version) = version {
            version
        } else {
            self.store().create_project(&name, &draft.title, self.now()).await?;
            1
        };
        applied.version = Some(version);
        let storing = Storing { before: &current, pause: self.pause_begun(asked) };
        let mut stored = stored_changes(&applied.changes, draft, &storing);
        stored.extend(forms.changes);
        if !stored.is_empty() {
            applied.version = Some(self.save(&name, version, stored).await?);
        }
        self.refresh_project(&name).await?;
        self.cancel_removed(&name, &applied.changes).await?;
        self.send_resumed(&current).await?;
        Ok(applied)
    }

    /// The project as it is, with the version of its definitions; one without anything where there is none.
    async fn present(&self, project: &str) -> Result<(Option<i64>, ProjectDefinition), HubError> {
        match self.definition(project).await {
            Ok((version, current)) => Ok((Some(version), current)),
            Err(HubError::NotFound { .. }) => Ok((None, empty_project(project))),
            Err(error) => Err(error),
        }
    }

    /// Everything that is wrong with a document that cannot be read as a project file: also what would be said of the
    /// parts of it that can be, in the order of their places. A large document is gone through aside, for what serves
    /// others must not wait for it.
    pub async fn mistakes(
        &self,
        project: &str,
        value: Value<'static>,
        prune: bool,
    ) -> Result<Vec<Problem>, HubError> {
        let (version, current) = self.present(project).await?;
        let (value, current) = (Arc::new(value), Arc::new(current));
        let is_there = version.is_some();
        let (draft, problems) = {
            let (value, current) = (Arc::clone(&value), Arc::clone(&current));
            self.aside(move || looked_over(&value, is_there.then_some(&*current), prune)).await?
        };
        let mut found = Vec::new();
        if let Some(mut draft) = draft {
            let existing = is_there.then_some(&*current);
            found = self.looked_through(&mut draft, &current, existing, prune).await?.problems;
            // Names are looked for in what is written, whether it can be read or not.
            found.retain(|problem| !problem.code.starts_with("unknown-"));
        }
        let sorted = self.aside(move || {
            let mut problems = problems;
            add_found(&mut problems, found);
            in_order(&value, problems)
        });
        Ok(sorted.await?)
    }

    /// Looks at a draft as it would be applied, and gives it the secrets that are stored.
    async fn looked_through(
        &self,
        draft: &mut ProjectDraft,
        current: &ProjectDefinition,
        existing: Option<&ProjectDefinition>,
        prune: bool,
    ) -> Result<Looked, HubError> {
        let name = &current.name;
        let mut problems = keep_secrets(draft, existing);
        if !prune {
            problems.extend(secrets_of_unnamed(draft, current));
        }
        problems.extend(dangling_references(draft, existing, prune));
        problems.extend(draft.forwarders.iter().filter_map(unusable_template));
        let checked = self.checked_workflows(&draft.workflows).await?;
        problems.extend(checked.problems);
        let mut forms = self.checked_forms(name, &draft.forms).await?;
        problems.append(&mut forms.problems);
        // One of which something is said already cannot be tried.
        let unusable = draft.connections.iter().filter_map(|it| self.unusable(name, it)).collect();
        add_found(&mut problems, unusable);
        Ok(Looked { problems, warnings: checked.warnings, forms })
    }

    async fn count_waiting(&self, project: &str, forwarder: &str) -> Result<u64, HubError> {
        let counts = self.store().waiting_by_forwarder(project).await?;
        Ok(counts.into_iter().find(|(name, _)| name == forwarder).map_or(0, |(_, count)| count))
    }

    async fn cancel_removed(&self, project: &str, changes: &[Change]) -> Result<(), HubError> {
        for change in changes {
            match (change.action, change.kind) {
                (ChangeAction::Removed, ChangeKind::Forwarder) => {
                    self.cancel_waiting(project, &change.name).await?;
                }
                (ChangeAction::Removed, ChangeKind::Workflow) => {
                    self.cancel_waiting_runs(project, &change.name).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Secrets of forwarders that a draft does not name, and that would go elsewhere with it.
fn secrets_of_unnamed(draft: &ProjectDraft, current: &ProjectDefinition) -> Vec<Problem> {
    let is_named =
        |stored: &&Forwarder| draft.forwarders.iter().any(|named| named.name == stored.name);
    let unnamed = current.forwarders.iter().filter(|stored| !is_named(stored));
    secrets_led_elsewhere(&draft.connections, &current.connections, unnamed)
}

fn empty_project(name: &str) -> ProjectDefinition {
    ProjectDefinition {
        name: name.to_owned(),
        title: name.to_owned(),
        sources: Vec::new(),
        connections: Vec::new(),
        roles: Vec::new(),
        users: Vec::new(),
        forms: Vec::new(),
        forwarders: Vec::new(),
        workflows: Vec::new(),
        settings: ProjectSettings::default(),
    }
}
