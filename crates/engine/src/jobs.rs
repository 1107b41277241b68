//! Jobs before they run: whether one compiles, and what there is for it to use. An editor asks for
//! both while somebody writes, so nothing here looks at a project or changes anything.

use fieldpost_script::adaptors::{self, AdaptorDocs, FunctionDocs};
use fieldpost_script::compile::{CompileError, Compiled, Position, compile};
use fieldpost_script::npm::{Meant, Packages};
use fieldpost_script::runtime::workflow::collections;

use crate::hub::Hub;

/// The code of an adaptor that is not here.
pub(crate) const NO_SUCH_ADAPTOR: &str = "no-such-adaptor";

/// What is found out about a job without running it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedJob {
    /// What is wrong with it, and what may be.
    pub problems: Vec<JobProblem>,
    /// Its operations in their order; empty where it does not compile.
    pub operations: Vec<JobOperation>,
}

/// Something that is wrong with a job, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobProblem {
    /// What, as a stable word.
    pub code: &'static str,
    /// What, in a sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the job can run all the same.
    pub is_warning: bool,
    /// The line, from 1; `None` where it concerns the whole job.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
}

/// An operation of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobOperation {
    /// What is called, as `get` or `http.get`; `None` where it has no plain name.
    pub name: Option<String>,
    /// The line that it begins on, from 1.
    pub line: u32,
}

/// An adaptor that jobs can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdaptorShown {
    /// The name that a step says: `http`.
    pub name: String,
    /// The module that a job may import: `@openfn/language-http`.
    pub module: &'static str,
    /// What it gives to a job.
    pub functions: Vec<AdaptorFunction>,
}

/// Something that an adaptor gives to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdaptorFunction {
    /// Its name.
    pub name: String,
    /// Its parameters as they are written behind the name: `(path, options)`; empty where nothing is
    /// written about it.
    pub parameters: String,
    /// What it does, in a sentence; empty where nothing is written about it.
    pub summary: String,
    /// How it is used.
    pub example: Option<String>,
}

/// Compiles a job for these adaptors, by the names that a step has for them, and tells what is found. A
/// step that names none has `common`.
/// It takes as long as the job is large: not for a thread that others wait for.
pub fn check_job(packages: &Packages, adaptor_names: &[String], job: &str) -> CheckedJob {
    let mut problems = Vec::new();
    let mut known = Vec::new();
    for name in adaptor_names {
        match packages.meant(name) {
            Ok(Some(meant)) => known.push(meant.adaptor()),
            Ok(None) | Err(_) => problems.push(no_such_adaptor(packages, name)),
        }
    }
    if adaptor_names.is_empty() {
        known.push(Meant::BuiltIn(adaptors::COMMON).adaptor());
    }
    known.push(collections());
    // What an adaptor that is not here would give cannot be told from what nobody gives.
    let all_known = problems.is_empty();
    match compile(job, &known) {
        Ok(compiled) => {
            if all_known {
                problems.extend(undeclared(&compiled));
            }
            let operations = compiled.operations.into_iter();
            let operations = operations
                .map(|found| JobOperation { name: found.name, line: found.position.line })
                .collect();
            CheckedJob { problems, operations }
        }
        Err(error) => {
            problems.push(refused(&error));
            CheckedJob { problems, operations: Vec::new() }
        }
    }
}

impl Hub {
    /// The packages of npm that are installed here.
    pub fn packages(&self) -> Packages {
        self.settings().jobs.packages.clone()
    }
}

/// All adaptors that jobs can use, with what each gives. What `common` gives, every adaptor gives beside
/// its own, and stands there at `common` alone.
pub fn adaptors_shown() -> Vec<AdaptorShown> {
    adaptors::documented().iter().map(shown).collect()
}

fn shown(docs: &AdaptorDocs) -> AdaptorShown {
    let functions = docs.functions.iter().cloned();
    let functions = functions.map(|FunctionDocs { name, parameters, summary, example }| {
        AdaptorFunction { name, parameters, summary, example }
    });
    AdaptorShown { name: docs.name.to_owned(), module: docs.module, functions: functions.collect() }
}

/// How a step calls an adaptor.
fn short_name(module: &str) -> &str {
    module.strip_prefix("@openfn/language-").unwrap_or(module)
}

fn refused(error: &CompileError) -> JobProblem {
    JobProblem {
        code: error.code(),
        message: error.fault.to_string(),
        hint: error.hint(),
        is_warning: false,
        line: error.position.map(|place| place.line),
        column: error.position.map(|place| place.column),
    }
}

fn no_such_adaptor(packages: &Packages, name: &str) -> JobProblem {
    JobProblem {
        code: NO_SUCH_ADAPTOR,
        message: format!("There is no adaptor \"{name}\"."),
        hint: Some(sentence(&packages.advice(name))),
        is_warning: false,
        line: None,
        column: None,
    }
}

/// The same with a capital letter and an end.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if words.ends_with('?') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Names that neither the job nor its adaptors declare. A job may get by with them, where the part
/// that uses them is never reached.
fn undeclared(compiled: &Compiled) -> impl Iterator<Item = JobProblem> {
    compiled.undeclared.iter().map(|found| {
        let Position { line, column } = found.position;
        let gives = adaptors::names().find(|module| gives(module, &found.name));
        let hint = match gives {
            Some(module) => {
                let short = short_name(module);
                format!("The adaptor {short} has it: add it to the step's adaptors.")
            }
            None => "Declare it, or look whether the name is written right.".to_owned(),
        };
        JobProblem {
            code: "undeclared-name",
            message: format!("Nobody declares `{}`: using it ends the run.", found.name),
            hint: Some(hint),
            is_warning: true,
            line: Some(line),
            column: Some(column),
        }
    })
}

fn gives(module: &str, name: &str) -> bool {
    adaptors::exports(module).is_some_and(|exports| exports.iter().any(|own| *own == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(adaptors: &[&str], job: &str, problems: &[(&str, Option<(u32, u32)>)]) -> CheckedJob {
        let names: Vec<String> = adaptors.iter().map(ToString::to_string).collect();
        let checked = check_job(&Packages::none(), &names, job);
        let told: Vec<_> =
            checked.problems.iter().map(|it| (it.code, it.line.zip(it.column))).collect();
        assert_eq!(told, problems, "{job}");
        checked
    }

    #[test]
    fn a_job_that_is_fine_has_its_operations() {
        let checked = check(&["common"], "fn(s => s);\n\neach('$.x[*]', fn(s => s));", &[]);
        let names: Vec<_> =
            checked.operations.iter().map(|it| (it.name.as_deref(), it.line)).collect();
        assert_eq!(names, [(Some("fn"), 1), (Some("each"), 3)]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        check(&["common"], "fn(state => {", &[("job-syntax", Some((1, 14)))]);
        check(&["common"], "fn(s => s);\nnope(1);", &[("undeclared-name", Some((2, 1)))]);
        check(&[], "collections.get('visits', 'a');", &[]);
        check(&["no-such"], "fn(s => s)", &[("no-such-adaptor", None)]);
        check(
            &["no-such"],
            "fn($ => 1",
            &[("no-such-adaptor", None), ("job-syntax", Some((1, 10)))],
        );
    }

    #[test]
    fn a_name_of_another_adaptor_is_told_with_it() {
        let job = "fn(s => s);\nlistOutbreaks('x');";
        let checked = check(&["common"], job, &[("undeclared-name", Some((2, 1)))]);
        let problem = &checked.problems[0];
        assert!(problem.is_warning);
        let expected = "The adaptor godata has it: add it to the step's adaptors.";
        assert_eq!(problem.hint.as_deref(), Some(expected));
    }

    #[test]
    fn adaptors_are_shown_by_the_name_that_a_step_says() {
        let shown = adaptors_shown();
        let common = shown.iter().find(|it| it.name == "common").unwrap();
        assert_eq!(common.module, adaptors::COMMON);
        assert!(common.functions.iter().any(|function| function.name == "each"));
    }
}
