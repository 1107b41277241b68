//! `fieldpost apply`: a project file becomes the project.

use std::path::PathBuf;

use clap::Args;
use fieldpost_store::MOST_DUE_COUNTED;

use super::Ending;
use super::show::{counted, elements, is, json_list, number, text};
use crate::client::{HubAddress, Json, Query};
use crate::failure::Failure;
use crate::projects::{ProjectFile, Warning};
use crate::{output, projects};

/// The number beyond which it is only told that there are more.
const MOST_COUNTED: u64 = MOST_DUE_COUNTED as u64;

/// Make a project what its file says, and show the difference
///
/// What the file lacks stays, unless --prune removes it. `${NAME}` in the file is taken from the
/// environment of this command. Where a shorter retention would erase something at once, it is
/// counted, and asked for first; a script says --yes.
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

    /// Prune, and erase what a shorter retention keeps no longer, without asking.
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
        // What is wrong with a file is told whether a hub is there or not.
        let files = projects::read_files(&self.files)?;
        for file in &files {
            if let Err(failure) = file.draft() {
                return Err(self.told_by_the_hub(file).await.unwrap_or(failure));
            }
        }
        let client = self.hub.client()?;
        let mut answers = Vec::new();
        for file in &files {
            let path = ["projects", &file.name, "apply"];
            let text = file.value.to_json();
            let query = |dry_run: bool| -> Query {
                vec![("prune", self.prune.to_string()), ("dry_run", dry_run.to_string())]
            };
            if !self.dry_run {
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

    /// What the hub says against a file that has mistakes: it knows what is there already, which the file may name.
    /// Nothing where no hub says anything of it.
    async fn told_by_the_hub(&self, file: &ProjectFile) -> Option<Failure> {
        let client = self.hub.client().ok()?;
        let path = ["projects", &file.name, "apply"];
        let query = vec![("prune", self.prune.to_string()), ("dry_run", true.to_string())];
        let refused = client.post(&path, &query, file.value.to_json()).await.err()?;
        refused.has_details().then(|| refused.within(&file.origin))
    }

    /// Lists what is lost by it: deliveries that wait for what is removed, and what a shorter
    /// retention erases. A person is asked. A script that said --prune means it; that a retention
    /// is what it is meant to be a script says with --yes.
    fn is_confirmed(&self, project: &str, planned: &Json) -> Result<bool, Failure> {
        let waiting = waiting(planned);
        let erases = erases(planned);
        for line in waiting.iter().chain(&erases) {
            output::note(format!("{project}: {line}"));
        }
        let question = match (waiting.is_empty(), &erases) {
            _ if self.yes => return Ok(true),
            (true, None) => return Ok(true),
            (false, None) => "Remove these forwarders and cancel their deliveries?",
            (true, Some(_)) => "Erase it for good?",
            (false, Some(_)) => "Cancel these deliveries, and erase the rest for good?",
        };
        if output::can_be_asked() {
            return Ok(output::ask(question)?);
        }
        match erases {
            None => Ok(true),
            Some(_) => Err(Failure::usage(format!(
                "{project}: the retention would erase that much, and nobody can be asked"
            ))
            .hint("look at `retention`; give --yes to apply without asking")),
        }
    }

    fn tell(&self, project: &str, applied: &Json) -> Result<(), Failure> {
        text(applied, "text").lines().try_for_each(|line| output::line(coloured(line)))?;
        if self.dry_run {
            // Otherwise they were listed before anything was done.
            for line in waiting(applied).into_iter().chain(erases(applied)) {
                output::line(output::bad(line))?;
            }
        }
        let warnings = elements(applied, "warnings").iter().map(|warning| {
            let of = |key: &str| text(warning, key).into_owned();
            let hint = of("hint");
            Warning { path: of("path"), code: of("code"), message: of("message"), hint }
        });
        for warning in projects::in_few_words(warnings) {
            output::note(format!("warning: {warning}"));
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

/// What a shorter retention erases at once.
fn erases(applied: &Json) -> Option<String> {
    let erases = applied.get("erases")?;
    let parts: Vec<String> = [
        ("messages", "", "message", "messages"),
        ("bodies", "the bytes of ", "message", "messages"),
        ("attempts", "", "attempt", "attempts"),
    ]
    .into_iter()
    .filter_map(|(key, before, one, several)| {
        let count = number(erases, key);
        let more = is(erases, "more") && count >= MOST_COUNTED;
        let many = match (more, count) {
            (true, _) => format!("more than {} {several}", in_groups(MOST_COUNTED)),
            (false, 1) => format!("1 {one}"),
            (false, _) => format!("{} {several}", in_groups(count)),
        };
        (count > 0).then(|| format!("{before}{many}"))
    })
    .collect();
    match parts.as_slice() {
        [] => None,
        [only] => Some(format!("this erases {only} now")),
        [first @ .., last] => Some(format!("this erases {} and {last} now", first.join(", "))),
    }
}

/// A number with a comma before every three digits.
fn in_groups(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: [u64; 3], more: bool, expected: Option<&str>) {
        let [messages, bodies, attempts] = counts;
        let counted = Json::Object(vec![
            ("messages".into(), messages.into()),
            ("bodies".into(), bodies.into()),
            ("attempts".into(), attempts.into()),
            ("more".into(), more.into()),
        ]);
        let applied = Json::Object(vec![("erases".into(), counted)]);
        assert_eq!(erases(&applied).as_deref(), expected);
    }

    #[test]
    fn what_is_erased_is_told_with_its_number() {
        check([0, 0, 0], false, None);
        check([1, 0, 0], false, Some("this erases 1 message now"));
        check([1_500, 0, 0], false, Some("this erases 1,500 messages now"));
        check([10_000, 0, 0], false, Some("this erases 10,000 messages now"));
        check(
            [10_000, 999, 1],
            true,
            Some(
                "this erases more than 10,000 messages, the bytes of 999 messages and 1 attempt now",
            ),
        );
    }
}
