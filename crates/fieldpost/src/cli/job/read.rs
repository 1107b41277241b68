//! What a run is made of, from files: the jobs, compiled, and the state.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fieldpost_script::npm::{Meant, Packages};
use fieldpost_script::plan::{Plan, PlanError, PlanStep};
use fieldpost_script::protocol::Level;
use fieldpost_script::runtime::workflow::{Job, Workflow};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::report;
use crate::failure::Failure;

/// The stable word where a step is named that is not there, or is not the only one.
const NO_SUCH_STEP: &str = "no-such-step";
/// The stable word where an adaptor is named that is not there.
const NO_SUCH_ADAPTOR: &str = "no-such-adaptor";

/// What a folder may have instead of a path to a file.
const FILES_OF_A_FOLDER: [&str; 2] = ["workflow.json", "job.js"];

/// The jobs of a run, compiled, and the texts that they were compiled from.
pub(super) struct Prepared {
    plan: Plan,
    /// The workflow's file as it was; nothing where the path is a job.
    file: Option<String>,
    jobs: HashMap<String, Job>,
    sources: HashMap<String, Source>,
}

/// The text of a job, and where it came from.
pub(super) struct Source {
    /// The file, or the step of a file.
    pub(super) place: String,
    /// The job as its author wrote it.
    pub(super) text: String,
    /// Whether any adaptor is there for it.
    pub(super) has_adaptors: bool,
}

impl Prepared {
    /// Reads a job or a workflow, and compiles all of it.
    pub(super) fn read(
        path: &Path,
        adaptors: &[String],
        packages: &Packages,
    ) -> Result<Self, Failure> {
        let path = file_of(path)?;
        let text = text_of(&path)?;
        let (plan, file) = if path.extension().is_some_and(|extension| extension == "json") {
            let plan = Plan::read(&text).map_err(|error| {
                Failure::new(format!("{error} [{}]", PlanError::CODE)).within(path.display())
            })?;
            (plan, Some(text))
        } else {
            (plan_of_job(&path, text), None)
        };
        let mut prepared = Self { plan, file, jobs: HashMap::new(), sources: HashMap::new() };
        for step in prepared.plan.steps.clone() {
            prepared.compile(&step, &path, adaptors, packages)?;
        }
        Ok(prepared)
    }

    fn compile(
        &mut self,
        step: &PlanStep,
        file: &Path,
        given: &[String],
        packages: &Packages,
    ) -> Result<(), Failure> {
        let Some(expression) = &step.expression else { return Ok(()) };
        let names = if step.adaptors.is_empty() { given } else { &step.adaptors };
        let meant: Vec<Meant> =
            names.iter().map(|name| adaptor(name, packages)).collect::<Result<_, _>>()?;
        let source = self.source(step, expression, file, !meant.is_empty())?;
        let mut job = Job::compile_for(&step.id, &source.text, &meant)
            .map_err(|error| report::not_compiled(&source, &error))?;
        job.work.name.clone_from(&step.name);
        job.work.configuration.clone_from(&step.configuration);
        job.work.credentials.clone_from(&self.plan.credentials);
        job.work.defaults.clone_from(&step.state);
        // The final state keeps the response of the last request, as with `openfn`.
        job.work.remove = vec!["configuration".to_owned()];
        self.jobs.insert(step.id.clone(), job);
        self.sources.insert(step.id.clone(), source);
        Ok(())
    }

    fn source(
        &self,
        step: &PlanStep,
        expression: &str,
        file: &Path,
        has_adaptors: bool,
    ) -> Result<Source, Failure> {
        let source = |place, text| Source { place, text, has_adaptors };
        if self.file.is_none() {
            return Ok(source(file.display().to_string(), expression.to_owned()));
        }
        let named = Path::new(expression.trim());
        if named.extension().is_some_and(|extension| extension == "js") && !expression.contains('(')
        {
            let path = file.parent().unwrap_or(Path::new("")).join(named);
            return Ok(source(path.display().to_string(), text_of(&path)?));
        }
        let place = format!("{}: step {}", file.display(), step.id);
        Ok(source(place, expression.to_owned()))
    }

    /// The id of the step that somebody means: by its id or name, or by a part that only one has.
    pub(super) fn step(&self, wanted: &str) -> Result<String, Failure> {
        let names = |step: &PlanStep| [Some(step.id.clone()), step.name.clone()];
        let found = |fits: &dyn Fn(&str) -> bool| -> Vec<&str> {
            let steps = self.plan.steps.iter();
            steps
                .filter(|step| names(step).iter().flatten().any(|name| fits(name)))
                .map(|step| step.id.as_str())
                .collect()
        };
        let exact = found(&|name| name == wanted);
        let ids = if exact.is_empty() { found(&|name| name.contains(wanted)) } else { exact };
        match ids.as_slice() {
            [id] => Ok((*id).to_owned()),
            [] => {
                let ids: Vec<&str> = self.plan.steps.iter().map(|step| step.id.as_str()).collect();
                Err(Failure::usage(format!("there is no step {wanted:?} [{NO_SUCH_STEP}]"))
                    .hint(format!("the steps are {}", ids.join(", "))))
            }
            several => Err(Failure::usage(format!(
                "{wanted:?} fits several steps: {} [{NO_SUCH_STEP}]",
                several.join(", ")
            ))
            .hint("give the whole id")),
        }
    }

    /// The workflow, ready to run.
    pub(super) fn workflow(
        &self,
        start: Option<&str>,
        state: &RawValue,
        level: Level,
        time: Duration,
    ) -> Result<Workflow, Failure> {
        let graph = self
            .plan
            .graph(start)
            .map_err(|error| Failure::new(format!("{error} [{}]", PlanError::CODE)))?;
        let mut steps = self.jobs.clone();
        for job in steps.values_mut() {
            job.work.log_level = level;
            job.work.limits.time = time;
        }
        // The credential in the state is the first step's; given as such it is masked in the log.
        if let Some(job) = steps.get_mut(graph.start())
            && job.work.configuration.is_none()
        {
            job.work.configuration = configuration_of(state);
        }
        Ok(Workflow { graph, steps })
    }

    /// What the compiler made: the module of a job, or the workflow with its modules.
    pub(super) fn compiled(&self) -> Result<String, Failure> {
        let Some(file) = &self.file else {
            return Ok(self.jobs.values().map(|job| job.work.code.as_str()).collect());
        };
        let mut file: serde_json::Value =
            serde_json::from_str(file).map_err(|error| Failure::new(error.to_string()))?;
        let steps = ["/workflow/steps", "/workflow/jobs", "/jobs"];
        let found = steps.into_iter().find(|path| file.pointer(path).is_some());
        let steps = found.and_then(|path| file.pointer_mut(path)?.as_array_mut());
        for (step, planned) in steps.into_iter().flatten().zip(&self.plan.steps) {
            if let (Some(job), Some(step)) = (self.jobs.get(&planned.id), step.as_object_mut()) {
                step.insert("expression".to_owned(), job.work.code.clone().into());
            }
        }
        let text = serde_json::to_string_pretty(&file);
        Ok(format!("{}\n", text.map_err(|error| Failure::new(error.to_string()))?))
    }

    /// The text of a step, by the name that it has in the run: one that runs again is `x-1`.
    pub(super) fn source_of(&self, visit: &str) -> Option<&Source> {
        self.sources.get(visit).or_else(|| {
            let (step, count) = visit.rsplit_once('-')?;
            count.parse::<u32>().ok()?;
            self.sources.get(step)
        })
    }
}

fn file_of(path: &Path) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let inside = FILES_OF_A_FOLDER.map(|name| path.join(name));
    inside.into_iter().find(|file| file.is_file()).ok_or_else(|| {
        let message = "the folder has neither workflow.json nor job.js";
        Failure::usage(message).within(path.display())
    })
}

fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn plan_of_job(path: &Path, text: String) -> Plan {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let step = PlanStep {
        id: "job-1".to_owned(),
        name,
        expression: Some(text),
        adaptors: Vec::new(),
        configuration: None,
        state: None,
        edges: Vec::new(),
    };
    Plan { steps: vec![step], start: None, credentials: None }
}

/// What is meant by the name of an adaptor, by the same rules as in a hub.
fn adaptor(name: &str, packages: &Packages) -> Result<Meant, Failure> {
    let place = packages.folder().display();
    let meant = packages.meant(name).map_err(|error| Failure::new(format!("{place}: {error}")))?;
    meant.ok_or_else(|| {
        Failure::usage(format!("there is no adaptor {name:?} [{NO_SUCH_ADAPTOR}]"))
            .hint(packages.advice(name))
    })
}

/// The state to begin with, from a file, the command line or standard input; otherwise an empty one.
pub(super) fn state(file: Option<&Path>, given: Option<&str>) -> Result<Box<RawValue>, Failure> {
    let (place, text) = match (file, given) {
        (Some(file), _) => (file.display().to_string(), text_of(file)?),
        (None, Some("-")) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            ("standard input".to_owned(), text)
        }
        (None, Some(json)) => ("--state-stdin".to_owned(), json.to_owned()),
        (None, None) => ("the state".to_owned(), "{}".to_owned()),
    };
    let state: Result<Box<RawValue>, _> = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    let not = |what: &str| Failure::usage(format!("the state in {place} is {what}"));
    let state = state.map_err(|error| not(&format!("not JSON: {error}")))?;
    if !state.get().starts_with('{') {
        return Err(not("no object"));
    }
    Ok(state)
}

fn configuration_of(state: &RawValue) -> Option<Box<RawValue>> {
    #[derive(Deserialize)]
    struct State {
        configuration: Option<Box<RawValue>>,
    }
    let state: State = serde_json::from_str(state.get()).ok()?;
    state.configuration.filter(|it| it.get().starts_with('{'))
}
