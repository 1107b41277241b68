//! Workflows before they are saved: whether their jobs and the conditions of their edges compile, and
//! what else their author wants to know.
//!
//! A job that does not compile would end every run of its workflow, so it is refused where it is
//! written, with its place. An adaptor that is not here is no mistake of that kind: a project of another
//! system may be brought over first, and be completed then.

use fieldpost_model::workflow::{Edge, Step, When, Workflow};
use fieldpost_rules::definition::{Problem, workflow_warnings};
use fieldpost_script::compile::{CompileError, Position, compile};
use fieldpost_script::npm::Packages;
use fieldpost_store::StoreError;

use crate::error::HubError;
use crate::hub::Hub;
use crate::jobs::{JobProblem, NO_SUCH_ADAPTOR, check_job};

/// What stands before a condition when it is judged, and behind it.
const AROUND_CONDITION: (&str, &str) = ("(function (state, upstreamStepId) { return ", "\n})");

/// What is found about workflows before they are saved.
#[derive(Clone, Debug, Default)]
pub struct CheckedWorkflows {
    /// What is wrong, so that they are not saved.
    pub problems: Vec<Problem>,
    /// What may be.
    pub warnings: Vec<Problem>,
}

/// Compiles all jobs and conditions of workflows. It takes as long as they are large: not for a thread that others
/// wait for.
pub fn check_workflows(packages: &Packages, workflows: &[Workflow]) -> CheckedWorkflows {
    let mut checked = CheckedWorkflows::default();
    for workflow in workflows {
        checked.look_at(workflow, packages);
    }
    checked
}

impl Hub {
    /// What is allowed in a workflow and likely to be regretted: in how its steps hang together, in its
    /// jobs, and in what it listens to.
    pub async fn workflow_warnings(
        &self,
        project: &str,
        workflow: &Workflow,
    ) -> Result<Vec<Problem>, HubError> {
        let mut warnings = workflow_warnings(workflow);
        let workflows = std::slice::from_ref(workflow);
        warnings.extend(self.checked_workflows(workflows).await?.warnings);
        warnings.extend(self.unknown_forms_of_workflows(project, workflows).await?);
        Ok(warnings)
    }

    /// Compiles all jobs and conditions of workflows, on a thread that may take its time.
    pub(crate) async fn checked_workflows(
        &self,
        workflows: &[Workflow],
    ) -> Result<CheckedWorkflows, StoreError> {
        if workflows.is_empty() {
            return Ok(CheckedWorkflows::default());
        }
        let (workflows, packages) = (workflows.to_vec(), self.packages());
        self.aside(move || check_workflows(&packages, &workflows)).await
    }
}

impl CheckedWorkflows {
    fn look_at(&mut self, workflow: &Workflow, packages: &Packages) {
        let place = format!("workflows.{}", workflow.name);
        self.look_at_edges(&format!("{place}.start"), &workflow.start);
        for step in &workflow.steps {
            let place = format!("{place}.steps.{}", step.id);
            self.look_at_job(&place, step, packages);
            self.look_at_edges(&format!("{place}.next"), &step.next);
        }
    }

    fn look_at_job(&mut self, place: &str, step: &Step, packages: &Packages) {
        for found in check_job(packages, &step.adaptors, &step.job).problems {
            let is_of_adaptor = found.code == NO_SUCH_ADAPTOR;
            let key = if is_of_adaptor { "adaptor" } else { "job" };
            let is_warning = found.is_warning || is_of_adaptor;
            let problem = told(format!("{place}.{key}"), found);
            if is_warning { &mut self.warnings } else { &mut self.problems }.push(problem);
        }
    }

    fn look_at_edges(&mut self, place: &str, edges: &[Edge]) {
        for Edge { to, when, .. } in edges {
            let When::Expression(expression) = when else { continue };
            let path = format!("{place}.{to}");
            match check_condition(expression) {
                Err(error) => self.problems.push(of_condition(path, &error)),
                Ok(undeclared) => {
                    for name in undeclared {
                        let (is_wrong, problem) = of_undeclared(path.clone(), &name, expression);
                        let list = if is_wrong { &mut self.problems } else { &mut self.warnings };
                        list.push(problem);
                    }
                }
            }
        }
    }
}

/// A problem of a job at its place in the project, with its place in the job.
fn told(path: String, found: JobProblem) -> Problem {
    let JobProblem { code, mut message, hint, line, column, .. } = found;
    if let Some((line, column)) = line.zip(column) {
        message = format!("{message} ({})", Position { line, column });
    }
    Problem { path, code, message, hint }
}

/// Whether a condition is an expression as it will be judged; the names in it that nobody declares.
fn check_condition(expression: &str) -> Result<Vec<String>, CompileError> {
    let (before, behind) = AROUND_CONDITION;
    let compiled = compile(&format!("{before}{expression}{behind}"), &[])?;
    Ok(compiled.undeclared.into_iter().map(|found| found.name).collect())
}

/// A name that nobody declares ends every run that comes to the edge: alone it is a word written wrong.
fn of_undeclared(path: String, name: &str, expression: &str) -> (bool, Problem) {
    let is_alone = expression.trim() == name;
    let (code, message, hint) = if is_alone {
        let hint = "there are `always`, `on_job_success` and `on_job_failure`; all else is a JavaScript \
                    expression over `state`";
        ("bad-condition", format!("There is no condition `{name}`"), hint)
    } else {
        let hint = "a condition knows `state` and `upstreamStepId`";
        ("undeclared-name", format!("Nobody declares `{name}`: using it ends the run"), hint)
    };
    let hint = Some(hint.to_owned());
    (is_alone, Problem { path, code, message, hint })
}

fn of_condition(path: String, error: &CompileError) -> Problem {
    let before = u32::try_from(AROUND_CONDITION.0.len()).unwrap_or(0);
    let place = error.position.map(|Position { line, column }| {
        let column = if line == 1 { column.saturating_sub(before).max(1) } else { column };
        format!(" ({})", Position { line, column })
    });
    let place = place.unwrap_or_default();
    let (message, hint) = if error.code().starts_with("lazy-state") {
        ("`$` means nothing in a condition".to_owned(), Some("write `state`".to_owned()))
    } else {
        let message = error.fault.to_string().replacen("The job", "The condition", 1);
        (message, Some("write a JavaScript expression: `!state.errors`".to_owned()))
    };
    Problem { path, code: "bad-condition", message: format!("{message}{place}"), hint }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::json::Value;
    use fieldpost_rules::definition::read_workflow;

    use super::*;

    /// The problems and the warnings of a workflow: path, code and sentence.
    fn checked(text: &str) -> (Vec<String>, Vec<String>) {
        let value = Value::parse(text.as_bytes()).unwrap();
        let workflow = read_workflow("w", &value).unwrap();
        let checked = check_workflows(&Packages::none(), &[workflow]);
        let told = |problems: Vec<Problem>| {
            let told =
                problems.iter().map(|it| format!("{} [{}] {}", it.path, it.code, it.message));
            told.collect()
        };
        (told(checked.problems), told(checked.warnings))
    }

    #[track_caller]
    fn check(steps: &str, problems: &[&str], warnings: &[&str]) {
        let (found, warned) = checked(&format!(r#"{{"steps": {steps}}}"#));
        assert_eq!(
            (&*found, &*warned),
            (
                &*problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
                &*warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            )
        );
    }

    #[test]
    fn what_compiles_is_fine() {
        check(
            r#"{"a": {"adaptor": "common", "job": "fn(s => s);",
                     "next": {"b": "!state.errors && state.data.x === `${1}`"}},
                "b": {"job": ""}}"#,
            &[],
            &[],
        );
    }

    #[test]
    fn a_job_that_does_not_compile_is_told_with_its_place() {
        check(
            r#"{"a": {"adaptor": "common", "job": "fn(s => s);\nfn(s => {"}}"#,
            &[
                "workflows.w.steps.a.job [job-syntax] The job is not valid JavaScript: Expected `}` \
               but found `EOF`. (line 2, column 10)",
            ],
            &[],
        );
    }

    #[test]
    fn an_adaptor_that_is_not_here_is_warned_of() {
        check(
            r#"{"a": {"adaptor": "salesforce", "job": "upsert(1)"}}"#,
            &[],
            &["workflows.w.steps.a.adaptor [no-such-adaptor] There is no adaptor \"salesforce\"."],
        );
        check(
            r#"{"a": {"adaptor": "common", "job": "fm(s => s)"}}"#,
            &[],
            &["workflows.w.steps.a.job [undeclared-name] Nobody declares `fm`: using it ends the \
               run. (line 1, column 1)"],
        );
    }

    #[test]
    fn conditions_are_expressions_over_the_state() {
        let steps = |condition: &str| {
            format!(r#"{{"a": {{"job": "", "next": {{"b": "{condition}"}}}}, "b": {{"job": ""}}}}"#)
        };
        let (problems, _) = checked(&format!(r#"{{"steps": {}}}"#, steps("state.data.")));
        let found = problems.first().unwrap();
        let start =
            "workflows.w.steps.a.next.b [bad-condition] The condition is not valid JavaScript";
        assert!(found.starts_with(start), "{found}");
        check(
            &steps("$.data.x"),
            &[
                "workflows.w.steps.a.next.b [bad-condition] `$` means nothing in a condition (line 1, \
               column 1)",
            ],
            &[],
        );
        let (place, words) = ("workflows.w.steps.a.next.b", "on_job_sucess");
        let unknown = format!("{place} [bad-condition] There is no condition `{words}`");
        check(&steps(words), &[&unknown], &[]);
        let undeclared =
            format!("{place} [undeclared-name] Nobody declares `data`: using it ends the run");
        check(&steps("data.x > 1"), &[], &[&undeclared]);
        for fine in ["state.data.x;", "state.a\\n  && state.b", "upstreamStepId === 'a'"] {
            check(&steps(fine), &[], &[]);
        }
    }
}
