//! Jobs that a project file names by their files.

use fieldpost_model::json::Value;

use crate::definition::Problem;
use crate::definition::tls::members_of;

/// What the name of a job's file ends with. A job is a list of calls, so none is such a word.
const ENDING: &str = ".js";

/// The longest name of a file, in bytes: what is longer is a job.
const MAX_NAME_BYTES: usize = 1_024;

/// Replaces the names of files under `job` in a project file by what these files hold, as far as they can be used, and
/// tells of the others. `read` is given a name as it is written and returns the text, or says why it cannot.
pub fn put_jobs(
    project: &mut Value<'static>,
    read: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (workflow, value) in members_of(project, "workflows") {
        for (step, value) in members_of(value, "steps") {
            let Value::Object(keys) = value else { continue };
            let Some((_, job)) = keys.iter_mut().find(|(key, _)| key == "job") else { continue };
            let Some(name) = job.as_str().filter(|text| is_file(text)) else { continue };
            match read(name.trim()) {
                Ok(text) => *job = Value::from(text),
                Err(message) => problems.push(Problem {
                    path: format!("workflows.{workflow}.steps.{step}.job"),
                    code: "bad-job-file",
                    message: format!("the file `{}` cannot be used: {message}", name.trim()),
                    hint: Some("its name counts from the folder of the project file".to_owned()),
                }),
            }
        }
    }
    problems
}

/// Whether a text is meant as the name of a job's file.
fn is_file(text: &str) -> bool {
    let name = text.trim();
    name.len() <= MAX_NAME_BYTES && name.ends_with(ENDING) && !name.contains(['\n', '(', ';', '\''])
}
