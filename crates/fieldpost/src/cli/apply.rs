//! `fieldpost apply`: a project file becomes the project.

use std::path::PathBuf;

use clap::Args;

use super::Ending;
use super::show::{counted, elements, json_list, number, text};
use crate::client::{HubAddress, Json, Query};
use crate::failure::Failure;
use crate::{output, projects};

/// Make a project what its file says, and show the difference
///
/// What the file lacks stays, unless --prune removes it. `${NAME}` in the file is taken from the
/// environment of this command.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Apply {
    /// Project files; those of one project are merged.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Only show the difference.
    #[arg(long)]
    dry_run: bool,

    /// Remove what the files lack; deliveries that wait for a removed forwarder are listed, and
    /// cancelled. Asks first where a person can answer.
    #[arg(long)]
    prune: bool,

    /// Prune without asking.
    #[arg(long, short)]
    yes: bool,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

impl Apply {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        // What is wrong with a file is told before a hub is looked for.
        let files = projects::read_files(&self.files)?;
        for file in &files {
            fieldpost_rules::definition::read_project(&file.value)
                .map_err(|problems| projects::invalid(&file.origin, &problems))?;
        }
        let client = self.hub.client()?;
        let mut answers = Vec::new();
        for file in &files {
            let path = ["projects", &file.name, "apply"];
            let text = file.value.to_json();
            let query = |dry_run: bool| -> Query {
                vec![("prune", self.prune.to_string()), ("dry_run", dry_run.to_string())]
            };
            if self.prune && !self.dry_run {
                let planned = client.post(&path, &query(true), text.clone()).await?;
                if !self.is_confirmed(&file.name, &planned)? {
                    output::note("nothing was done");
                    return Ok(Ending::NotWell);
                }
            }
            let applied = client.post(&path, &query(self.dry_run), text).await?;
            if self.json {
                answers.push(applied);
            } else {
                self.tell(&file.name, &applied)?;
            }
        }
        if self.json {
            json_list(answers)?;
        }
        Ok(Ending::Well)
    }

    /// Lists the deliveries that wait for what is removed, before they are cancelled. A person is
    /// asked; a script has said --prune, and means it.
    fn is_confirmed(&self, project: &str, planned: &Json) -> Result<bool, Failure> {
        let waiting = waiting(planned);
        for line in &waiting {
            output::note(format!("{project}: {line}"));
        }
        if waiting.is_empty() || self.yes || !output::can_be_asked() {
            return Ok(true);
        }
        Ok(output::ask("Remove these forwarders and cancel their deliveries?")?)
    }

    fn tell(&self, project: &str, applied: &Json) -> Result<(), Failure> {
        text(applied, "text").lines().try_for_each(|line| output::line(coloured(line)))?;
        if self.dry_run {
            // Otherwise they were listed before anything was done.
            for line in waiting(applied) {
                output::line(output::bad(line))?;
            }
        }
        for warning in elements(applied, "warnings") {
            output::note(format!(
                "warning: {}: {} [{}]",
                text(warning, "path"),
                text(warning, "message"),
                text(warning, "code")
            ));
        }
        let changes = elements(applied, "changes").len();
        let many = counted(changes as u64, "change", "changes");
        output::line(match (changes, self.dry_run) {
            (0, _) => format!("{project}: nothing to change"),
            (_, true) => format!("{project}: {many} would be made"),
            (_, false) => format!("{project}: {many} made"),
        })?;
        Ok(())
    }
}

/// A line of the difference, in the colour of its sign.
fn coloured(line: &str) -> String {
    match line.trim_start().chars().next() {
        Some('+') => output::good(line),
        Some('-') => output::bad(line),
        _ => line.to_owned(),
    }
}

/// The forwarders that go although deliveries wait for them.
fn waiting(applied: &Json) -> Vec<String> {
    let told = |forwarder: &Json| {
        let count = number(forwarder, "deliveries");
        let wait = if count == 1 { "waits" } else { "wait" };
        format!(
            "{} {wait} for the forwarder {}, and will be cancelled with it",
            counted(count, "delivery", "deliveries"),
            text(forwarder, "forwarder")
        )
    };
    elements(applied, "waiting").iter().map(told).collect()
}
