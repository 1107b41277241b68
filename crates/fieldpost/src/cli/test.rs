//! `fieldpost test`: what a project makes of recorded messages, compared with what it made of them before.
//!
//! No hub is asked, nothing is sent, and nothing of the environment is read: see [`crate::rehearsal`].

use std::path::{Path, PathBuf};

use clap::Args;
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{counted, json_list};
use crate::failure::Failure;
use crate::rehearsal::{
    CASE_FILE, Case, Folders, Placeholders, SNAPSHOT_FILE, Stage, cases_beside, difference, folders,
};
use crate::{output, projects};

/// Compare what a project's workflows and forwarders would send with what they were to send
///
/// Each folder in tests/ beside the first project file is a case: a recorded message, the answers to the
/// requests that it sets off, and the snapshot of what becomes of it. The message goes the whole way of a
/// hub, with nothing sent and the clock standing; what becomes of it is compared with the snapshot.
/// `fieldpost messages record` makes a case of a message of a hub. Ends with 1 where anything differs.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// The project's files.
    #[arg(required = true, value_name = "PROJECT.yaml")]
    files: Vec<PathBuf>,

    /// The folder of the cases. Without it, tests/ beside the first project file.
    #[arg(long, value_name = "FOLDER")]
    cases: Option<PathBuf>,

    /// Only cases with this in their name.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,

    /// Write the snapshots anew: look at the difference that git tells before you keep them.
    #[arg(long)]
    update: bool,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,
}

/// What became of a case.
enum Verdict {
    Same,
    Differs(String),
    NoSnapshot,
    Written { is_new: bool },
    Failed(Failure),
}

impl Test {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let folder = self.folder();
        let placeholders = Placeholders::read(&folder)?;
        let lookup = |name: &str| Some(placeholders.value_of(name));
        let stages = projects::read_files_with(&self.files, &lookup)?
            .into_iter()
            .map(Stage::of)
            .collect::<Result<Vec<_>, Failure>>()?;
        let cases = self.cases(&folder)?;
        let mut told = Vec::new();
        let mut sum = Sum::default();
        for path in &cases {
            let verdict = self.verdict(&stages, path).await;
            sum.take(&verdict);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if self.json {
                told.push(verdict.as_json(&name));
            } else {
                output::line(verdict.line(&name))?;
            }
        }
        if self.json {
            json_list(told)?;
        } else {
            sum.tell()?;
        }
        Ok(if sum.is_well() { Ending::Well } else { Ending::NotWell })
    }

    fn folder(&self) -> PathBuf {
        let first = self.files.first().map(PathBuf::as_path);
        self.cases.clone().unwrap_or_else(|| cases_beside(first))
    }

    /// The folders of the cases that are meant.
    fn cases(&self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let how = format!(
            "a case is a folder with a {CASE_FILE}; `fieldpost messages record --beside PROJECT.yaml` makes one \
             of a message"
        );
        if !folder.is_dir() {
            let message = format!("there is no folder {} with cases", folder.display());
            return Err(Failure::usage(message).hint(how));
        }
        let Folders { mut cases, others } = folders(folder)?;
        for other in others.iter().filter(|_| self.only.is_none()) {
            output::note(format!("{} has no {CASE_FILE}: it is not tested", other.display()));
        }
        if let Some(only) = &self.only {
            let name =
                |path: &PathBuf| path.file_name().map(|it| it.to_string_lossy().into_owned());
            cases.retain(|path| name(path).is_some_and(|name| name.contains(only.as_str())));
        }
        if cases.is_empty() {
            let named = self.only.as_ref().map(|only| format!(" whose name has {only:?} in it"));
            let named = named.unwrap_or_default();
            let message = format!("{} has no case{named}", folder.display());
            return Err(Failure::usage(message).hint(how));
        }
        Ok(cases)
    }

    async fn verdict(&self, stages: &[Stage], folder: &Path) -> Verdict {
        match self.compare(stages, folder).await {
            Ok(verdict) => verdict,
            Err(failure) => Verdict::Failed(failure),
        }
    }

    async fn compare(&self, stages: &[Stage], folder: &Path) -> Result<Verdict, Failure> {
        let case = Case::read(folder)?;
        let account = stage_of(stages, &case)?.play(&case).await?;
        let path = case.folder.join(SNAPSHOT_FILE);
        let before = match std::fs::read_to_string(&path) {
            // Git may have made other ends of lines of them.
            Ok(text) => Some(text.replace("\r\n", "\n")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::from(error).within(path.display())),
        };
        let differs = before.as_deref().map(|before| difference(before, &account));
        match differs {
            Some(None) => Ok(Verdict::Same),
            Some(Some(lines)) if !self.update => Ok(Verdict::Differs(lines)),
            None if !self.update => Ok(Verdict::NoSnapshot),
            differs => {
                std::fs::write(&path, account)
                    .map_err(|error| Failure::from(error).within(path.display()))?;
                Ok(Verdict::Written { is_new: differs.is_none() })
            }
        }
    }
}

/// What became of all cases.
#[derive(Debug, Default)]
struct Sum {
    well: u64,
    /// Not as in the snapshot, or without one.
    differ: u64,
    /// There is nothing to compare.
    failed: u64,
}

impl Sum {
    fn take(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Same | Verdict::Written { .. } => &mut self.well,
            Verdict::Differs(_) | Verdict::NoSnapshot => &mut self.differ,
            Verdict::Failed(_) => &mut self.failed,
        } += 1;
    }

    fn is_well(&self) -> bool {
        self.differ == 0 && self.failed == 0
    }

    fn tell(&self) -> Result<(), Failure> {
        let Self { well, differ, failed } = *self;
        if self.is_well() {
            output::line(output::good(format!("\n✓ {}", counted(well, "case", "cases"))))?;
            return Ok(());
        }
        let all = counted(well + differ + failed, "case", "cases");
        let told = match (differ, failed) {
            (0, _) => format!("{failed} of {all} could not be played"),
            (_, 0) => format!("{differ} of {all} not as in the snapshot"),
            _ => format!("{differ} of {all} not as in the snapshot, {failed} could not be played"),
        };
        output::line(output::bad(format!("\n✗ {told}")))?;
        if differ > 0 {
            output::note(
                "if that is how it is to be, `fieldpost test --update` writes the snapshots anew",
            );
        }
        Ok(())
    }
}

/// The project that a case is of.
fn stage_of<'s>(stages: &'s [Stage], case: &Case) -> Result<&'s Stage, Failure> {
    let names = || stages.iter().map(|it| it.project.to_string()).collect::<Vec<_>>().join(", ");
    match (&case.project, stages) {
        (None, [stage]) => Ok(stage),
        (None, _) => Err(Failure::new("the case does not say which project it is of")
            .hint(format!("write `project:` into its {CASE_FILE}: {}", names()))),
        (Some(name), _) => {
            let found = stages.iter().find(|stage| *stage.project == **name);
            found.ok_or_else(|| {
                Failure::new(format!("no file is of the project {name} of the case"))
                    .hint(format!("the files are of: {}", names()))
            })
        }
    }
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs(_) => "differs",
            Self::NoSnapshot => "no-snapshot",
            Self::Written { is_new: true } => "new",
            Self::Written { is_new: false } => "updated",
            Self::Failed(_) => "failed",
        }
    }

    fn line(&self, name: &str) -> String {
        let name = output::strong(name);
        match self {
            Self::Same => format!("{} {name}", output::good("✓")),
            Self::Differs(lines) => {
                format!(
                    "{} {name}: differs from {SNAPSHOT_FILE}\n{}",
                    output::bad("✗"),
                    lines.trim_end()
                )
            }
            Self::NoSnapshot => {
                format!(
                    "{} {name}: there is no {SNAPSHOT_FILE} yet; --update writes it",
                    output::bad("✗")
                )
            }
            Self::Written { is_new: true } => format!("{} {name}: new", output::good("✓")),
            Self::Written { is_new: false } => {
                format!("{} {name}: written anew", output::good("✓"))
            }
            Self::Failed(failure) => format!("{} {name}: {failure}", output::bad("✗")),
        }
    }

    fn as_json(&self, name: &str) -> Value<'static> {
        let mut members =
            vec![("case", Value::from(name.to_owned())), ("result", Value::from(self.word()))];
        match self {
            Self::Differs(lines) => {
                let plain = anstream::adapter::strip_str(lines).to_string();
                members.push(("difference", Value::from(plain)));
            }
            Self::Failed(failure) => members.push(("error", Value::from(failure.to_string()))),
            _ => {}
        }
        Value::object(members)
    }
}
