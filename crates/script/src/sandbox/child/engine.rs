//! One piece of work in a fresh QuickJS.
//!
//! The script's side of a step is written in JavaScript (`runtime/js`). This is what surrounds it:
//! the bounds of the engine, the few functions that it lends, and the loop that runs what is
//! pending, sleeps until a timer is due or the hub answers, and looks at the clock.

use std::cell::Cell;
use std::mem;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rquickjs::context::EvalOptions;
use rquickjs::{Array, Context, Ctx, Error, Exception, Function, Module, Object, Promise, Runtime};

use super::memory::{Bounded, Spent};
use super::{confine, ended, json, modules::Modules, modules::Refused, say};
use crate::protocol::{
    Call, Decide, Done, FromWorker, Level, LogLine, Outcome, Reply, Severity, Step, StepError,
    StepLimits, ToWorker,
};

/// After how many of the script's pending jobs the clock is looked at. QuickJS looks at it itself
/// within a long one.
const JOBS_BETWEEN_LOOKS: u32 = 256;

/// From how many bytes on garbage is looked for. Most steps end before, and all that they had goes at once.
const COLLECT_FROM_BYTES: usize = 8 * 1024 * 1024;

/// Runs a step.
pub(super) fn run_step(step: &Step, inbox: &Receiver<ToWorker>, modules: &Modules) -> Done {
    let world = Rc::new(World::new(step.work, step.limits, step.log_level));
    let Ok(engine) = Engine::new(&world, modules, &step.modules, &step.code) else {
        return ended(step.work, StepError::out_of_memory(), false);
    };
    let outcome = engine.context.with(|ctx| {
        let outcome = start(&ctx, step, &world, modules, &engine.refused)
            .and_then(|started| started.drive(inbox, &world))
            .and_then(|ended| outcome_of(&ended, &step.limits));
        outcome.map_err(|error| Box::new(stopped(&ctx, &error, &world)))
    });
    finish(engine, step.work, outcome.map(|outcome| (outcome, Vec::new())))
}

/// Judges conditions of edges.
pub(super) fn decide(decide: &Decide, modules: &Modules) -> Done {
    let world = Rc::new(World::new(decide.work, decide.limits, Level::Info));
    let Ok(engine) = Engine::new(&world, modules, &[], "") else {
        return ended(decide.work, StepError::out_of_memory(), false);
    };
    let holds = engine.context.with(|ctx| {
        judge(&ctx, decide, &world, modules).map_err(|error| {
            let mut error = stopped(&ctx, &error, &world);
            if error.severity == Severity::Crash {
                "EdgeConditionError".clone_into(&mut error.name);
            }
            Box::new(error)
        })
    });
    finish(engine, decide.work, holds.map(|holds| (Outcome::default(), holds)))
}

/// The report of a piece of work. An engine that had to be stopped is left as it is, since nothing
/// is sure about its memory; its process ends.
fn finish(engine: Engine, work: u64, result: Result<(Outcome, Vec<bool>), Box<StepError>>) -> Done {
    match result {
        Ok((outcome, holds)) => {
            let killed = |error: &StepError| error.severity == Severity::Kill;
            let again = !outcome.error.as_ref().is_some_and(killed);
            if !again {
                mem::forget(engine);
            }
            Done { work, outcome, holds, again }
        }
        Err(error) => {
            let again = error.severity != Severity::Kill;
            if !again {
                mem::forget(engine);
            }
            ended(work, *error, again)
        }
    }
}

struct Engine {
    context: Context,
    refused: Refused,
    // Dropped after its context.
    _runtime: Runtime,
}

impl Engine {
    fn new(
        world: &Rc<World>,
        modules: &Modules,
        allowed: &[String],
        job: &str,
    ) -> rquickjs::Result<Self> {
        let memory = Bounded::new(bytes(world.limits.memory_bytes), world.spent.clone());
        let runtime = Runtime::new_with_alloc(memory)?;
        runtime.set_max_stack_size(bytes(world.limits.stack_bytes));
        runtime.set_gc_threshold(COLLECT_FROM_BYTES);
        let clock = world.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || clock.is_late())));
        let refused = modules.open(&runtime, allowed, job);
        let context = Context::full(&runtime)?;
        Ok(Self { context, refused, _runtime: runtime })
    }
}

fn bytes(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What surrounds one piece of work.
struct World {
    work: u64,
    limits: StepLimits,
    log_level: Level,
    started: Instant,
    late: Cell<bool>,
    lines: Cell<u64>,
    /// Calls that wait for their answer.
    waiting: Cell<u64>,
    spent: Spent,
}

impl World {
    fn new(work: u64, limits: StepLimits, log_level: Level) -> Self {
        Self {
            work,
            limits,
            log_level,
            started: Instant::now(),
            late: Cell::new(false),
            lines: Cell::new(0),
            waiting: Cell::new(0),
            spent: Spent::default(),
        }
    }

    fn left(&self) -> Duration {
        Duration::from_millis(self.limits.time_ms).saturating_sub(self.started.elapsed())
    }

    fn is_late(&self) -> bool {
        if self.left().is_zero() {
            self.late.set(true);
        }
        self.late.get()
    }

    fn tell(message: &FromWorker) {
        // Nobody is there to be told, or to be worked for.
        if say(message).is_err() {
            confine::end();
        }
    }

    fn log(&self, level: &str, source: String, mut message: String) {
        let level = match level {
            "debug" => Level::Debug,
            "warn" => Level::Warn,
            "error" => Level::Error,
            _ => Level::Info,
        };
        if level < self.log_level {
            return;
        }
        let before = self.lines.replace(self.lines.get() + 1);
        if before > self.limits.log_lines {
            return;
        }
        let line = if before == self.limits.log_lines {
            let message = format!("The log has {before} lines; what follows is left out");
            LogLine { level: Level::Warn, source: "R/T".to_owned(), message }
        } else {
            cut(&mut message, bytes(self.limits.log_line_bytes));
            LogLine { level, source, message }
        };
        Self::tell(&FromWorker::Log(line));
    }

    fn call(
        &self,
        ctx: &Ctx<'_>,
        call: f64,
        name: String,
        arguments: String,
    ) -> rquickjs::Result<()> {
        let limits = &self.limits;
        if self.waiting.get() >= limits.calls {
            let message = format!("More than {} calls wait for their answer", limits.calls);
            return Err(Exception::throw_message(ctx, &message));
        }
        if arguments.len() > bytes(limits.call_bytes) {
            let message = format!(
                "A call of {} bytes, where {} are the most",
                arguments.len(),
                limits.call_bytes
            );
            return Err(Exception::throw_message(ctx, &message));
        }
        let Some(arguments) = json::raw(arguments) else {
            return Err(Exception::throw_message(ctx, "The arguments of a call are no JSON"));
        };
        self.waiting.set(self.waiting.get() + 1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "our own script counts calls from one"
        )]
        let call = Call { call: call as u64, name, arguments };
        Self::tell(&FromWorker::Call(call));
        Ok(())
    }
}

/// Cuts a text to so many bytes, between two letters, and says so.
fn cut(text: &mut String, limit: usize) {
    if text.len() <= limit {
        return;
    }
    let left_out = text.len() - limit;
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str("… (");
    text.push_str(&left_out.to_string());
    text.push_str(" more bytes)");
}

/// Lends the script what it may have of this process.
fn lend(ctx: &Ctx<'_>, world: &Rc<World>, modules: &Modules) -> rquickjs::Result<()> {
    let lent = Object::new(ctx.clone())?;
    let started = world.started;
    lent.set(
        "now",
        Function::new(ctx.clone(), move || started.elapsed().as_secs_f64() * 1_000.0)?,
    )?;
    let log = world.clone();
    lent.set(
        "log",
        Function::new(ctx.clone(), move |level: String, source: String, message: String| {
            log.log(&level, source, message);
        })?,
    )?;
    let calls = world.clone();
    lent.set(
        "call",
        Function::new(ctx.clone(), move |ctx: Ctx<'_>, id: f64, name: String, text: String| {
            calls.call(&ctx, id, name, text)
        })?,
    )?;
    lent.set("random", Function::new(ctx.clone(), random)?)?;
    lent.set("url", Function::new(ctx.clone(), |text: String| parts_of_url(&text))?)?;
    let spent = world.spent.clone();
    lent.set("isSpent", Function::new(ctx.clone(), move || spent.get())?)?;
    let modules = modules.clone();
    lent.set("give", Function::new(ctx.clone(), move |ctx, name| give(&modules, &ctx, name))?)?;
    ctx.globals().set("__fieldpost", lent)
}

#[expect(clippy::needless_pass_by_value, reason = "the engine hands its values over")]
fn give<'js>(modules: &Modules, ctx: &Ctx<'js>, name: String) -> rquickjs::Result<Object<'js>> {
    modules.give(ctx, &name)
}

/// The parts of a URL as JSON; nothing if it is none.
fn parts_of_url(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text).ok().filter(url::Url::has_host)?;
    url.set_fragment(None);
    let search = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let parts = serde_json::json!({
        "href": url.as_str(),
        "origin": url.origin().ascii_serialization(),
        "pathname": url.path(),
        "search": search,
    });
    Some(parts.to_string())
}

/// Sixteen random bytes, as digits.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands its context over")]
fn random(ctx: Ctx<'_>) -> rquickjs::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Exception::throw_message(&ctx, &format!("no random bytes: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The functions of our own script.
fn main_module<'js>(
    ctx: &Ctx<'js>,
    world: &Rc<World>,
    modules: &Modules,
) -> rquickjs::Result<Object<'js>> {
    lend(ctx, world, modules)?;
    let promise = Module::import(ctx, "fieldpost:main")?;
    promise.finish()
}

/// A step under way.
struct Started<'js> {
    ctx: Ctx<'js>,
    main: Object<'js>,
    /// Promises the state and the error.
    result: Promise<'js>,
}

fn start<'js>(
    ctx: &Ctx<'js>,
    step: &Step,
    world: &Rc<World>,
    modules: &Modules,
    refused: &Refused,
) -> rquickjs::Result<Started<'js>> {
    let main = main_module(ctx, world, modules)?;
    let work = Object::new(ctx.clone())?;
    work.set("name", step.name.as_deref().unwrap_or(&step.id))?;
    work.set("state", step.state.get())?;
    for (key, text) in [
        ("configuration", &step.configuration),
        ("credentials", &step.credentials),
        ("defaults", &step.defaults),
    ] {
        if let Some(text) = text {
            work.set(key, text.get())?;
        }
    }
    work.set("remove", step.remove.clone())?;
    let operations = Array::new(ctx.clone())?;
    for (index, operation) in step.operations.iter().enumerate() {
        let object = Object::new(ctx.clone())?;
        object.set("name", operation.name.as_str())?;
        object.set("line", operation.line)?;
        operations.set(index, object)?;
    }
    work.set("operations", operations)?;
    if let Some(moment) = step.moment {
        let object = Object::new(ctx.clone())?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "times of JavaScript are numbers like these"
        )]
        object.set("time", moment.time_ms as f64)?;
        object.set("seed", moment.seed)?;
        work.set("moment", object)?;
    }
    let refused = refused.clone();
    let refused = Function::new(ctx.clone(), move || refused.get())?;
    let run: Function<'_> = main.get("run")?;
    let result = run.call((work, refused))?;
    Ok(Started { ctx: ctx.clone(), main, result })
}

impl<'js> Started<'js> {
    /// Lets the script go on until it has ended, or its time is over.
    fn drive(&self, inbox: &Receiver<ToWorker>, world: &World) -> rquickjs::Result<Array<'js>> {
        loop {
            let mut jobs = 0_u32;
            while self.ctx.execute_pending_job() {
                jobs = jobs.wrapping_add(1);
                if jobs.is_multiple_of(JOBS_BETWEEN_LOOKS) && world.is_late() {
                    break;
                }
            }
            if world.is_late() {
                return Err(Error::WouldBlock);
            }
            if let Some(result) = self.result.result() {
                return result;
            }
            self.wait(inbox, world)?;
        }
    }

    /// Sleeps until something can go on.
    fn wait(&self, inbox: &Receiver<ToWorker>, world: &World) -> rquickjs::Result<()> {
        let next_timer: Function<'_> = self.main.get("nextTimer")?;
        let until: f64 = next_timer.call(())?;
        if until < 0.0 && world.waiting.get() == 0 {
            return Err(Error::WouldBlock);
        }
        let timer = (until >= 0.0).then(|| Duration::from_secs_f64(until / 1_000.0));
        match inbox.recv_timeout(timer.unwrap_or(world.left()).min(world.left())) {
            Ok(ToWorker::Reply(reply)) if reply.work == world.work => self.settle(reply, world)?,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => {
                let run_timers: Function<'_> = self.main.get("runTimers")?;
                run_timers.call::<_, ()>(())?;
            }
            Err(RecvTimeoutError::Disconnected) => confine::end(),
        }
        Ok(())
    }

    fn settle(&self, reply: Reply, world: &World) -> rquickjs::Result<()> {
        world.waiting.set(world.waiting.get().saturating_sub(1));
        let (well, text) = match reply.result {
            Ok(value) => (true, String::from(Box::<str>::from(value))),
            Err(error) => (false, serde_json::to_string(&error).unwrap_or_default()),
        };
        let settle: Function<'_> = self.main.get("settle")?;
        settle.call((reply.call, well, text))
    }
}

fn outcome_of(ended: &Array<'_>, limits: &StepLimits) -> rquickjs::Result<Outcome> {
    let state: Option<String> = ended.get(0)?;
    let error: Option<String> = ended.get(1)?;
    if state.as_ref().is_some_and(|state| state.len() > bytes(limits.state_bytes)) {
        return Ok(Outcome::ended(too_large(limits.state_bytes)));
    }
    let error = error.map(|text| {
        serde_json::from_str(&json::well_formed(text)).unwrap_or_else(|error| {
            StepError::new("ExecutionError", Severity::Exception, error.to_string())
        })
    });
    Ok(Outcome { state: state.and_then(json::raw), error })
}

fn too_large(limit: u64) -> StepError {
    let message = match limit {
        whole if whole.is_multiple_of(1024 * 1024) => {
            format!("State exceeds the limit of {}mb", whole / 1024 / 1024)
        }
        bytes => format!("State exceeds the limit of {bytes} bytes"),
    };
    StepError::new("StateTooLargeError", Severity::Kill, message)
}

/// Why the engine gave an error rather than a result.
fn stopped(ctx: &Ctx<'_>, error: &Error, world: &World) -> StepError {
    let thrown = ctx.catch();
    if world.late.get() {
        return StepError::timeout(world.limits.time_ms);
    }
    match error {
        Error::WouldBlock => StepError::new(
            "TimeoutError",
            Severity::Kill,
            "The job waits for something that nothing is left to bring about",
        ),
        Error::Allocation => StepError::out_of_memory(),
        Error::Exception => match thrown.as_exception().map(|thrown| (thrown, thrown.message())) {
            Some((_, Some(message))) if message.contains("out of memory") => {
                StepError::out_of_memory()
            }
            Some((_, message)) => {
                StepError::new("RuntimeCrash", Severity::Crash, message.unwrap_or_default())
            }
            // The engine has thrown, and had no memory left to say what.
            None if thrown.is_null() && world.spent.get() => StepError::out_of_memory(),
            None => StepError::new("RuntimeCrash", Severity::Crash, "Something was thrown"),
        },
        error => StepError::new("RuntimeCrash", Severity::Crash, error.to_string()),
    }
}

fn judge(
    ctx: &Ctx<'_>,
    decide: &Decide,
    world: &Rc<World>,
    modules: &Modules,
) -> rquickjs::Result<Vec<bool>> {
    let main = main_module(ctx, world, modules)?;
    let compile = Function::new(ctx.clone(), compile_condition)?;
    let judge: Function<'_> = main.get("decide")?;
    let state = decide.state.as_ref().map(|state| state.get().to_owned());
    judge.call((state, decide.upstream.as_str(), decide.conditions.clone(), compile))
}

/// A condition as a function of the state and of the step that left it.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands its values over")]
fn compile_condition(ctx: Ctx<'_>, condition: String) -> rquickjs::Result<Function<'_>> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some("condition".to_owned());
    let source = format!("(function (state, upstreamStepId) {{ return {condition}\n}})");
    ctx.eval_with_options(source, options)
}
