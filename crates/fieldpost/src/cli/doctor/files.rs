//! The project files that the hub applies at its start: can they be read, and what is to be said
//! about them.

use fieldpost_rules::definition::warnings;

use super::Check;
use crate::config::Settings;
use crate::failure::Failure;
use crate::projects::{self, ProjectFile, Warning};

const NAME: &str = "project files";

/// Nothing is looked at where no files are named.
pub(super) fn examine(settings: &Settings) -> Option<Check> {
    let paths = &settings.projects.project;
    if paths.is_empty() {
        return None;
    }
    Some(match projects::read_files(paths).and_then(|files| warnings_of(&files)) {
        Ok(told) if told.is_empty() => Check::fine(NAME, "they can be applied"),
        Ok(told) => Check::noteworthy(
            NAME,
            told.join("; "),
            "they can be applied; docs/reference/errors.md says more about each code",
        ),
        Err(failure) => {
            let reason = failure.to_string();
            let reason = reason.strip_prefix("error: ").unwrap_or(&reason).replace('\n', " ");
            Check::wrong(NAME, reason, "with such a file the hub does not start")
        }
    })
}

/// What is allowed in the files, and likely to be regretted.
fn warnings_of(files: &[ProjectFile]) -> Result<Vec<String>, Failure> {
    let mut told = Vec::new();
    for file in files {
        let found = warnings(&file.draft()?);
        let found = projects::in_few_words(found.iter().map(Warning::from));
        told.extend(found.iter().map(Warning::in_a_line));
    }
    Ok(told)
}
