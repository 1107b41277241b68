//! One piece of work after the other, each in a QuickJS that is as fresh as when it was made.
//!
//! The script's side of a step is written in JavaScript (`runtime/js`). This is what surrounds it:
//! the bounds of the engine, the few functions that it lends, and the loop that runs what is
//! pending, sleeps until a timer is due or the hub answers, and looks at the clock.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::context::EvalOptions;
use rquickjs::object::Property;
use rquickjs::{
    Array, Context, Ctx, Error, Exception, Function, Module, Object, Persistent, Promise, Runtime,
};

use super::memory::{Kept, Memory};
use super::modules::{Door, Modules};
use super::pipes::{self, Heard, hold, say, say_held};
use super::{confine, ended, json};
use crate::adaptors;
use crate::protocol::{
    Call, Decide, Done, FromWorker, Level, LogLine, Outcome, Reply, Severity, Step, StepError,
    StepLimits, ToWorker,
};
use crate::sandbox::Limits;

/// After how many of the script's pending jobs the clock is looked at. QuickJS looks at it itself
/// within a long one.
const JOBS_BETWEEN_LOOKS: u32 = 256;

/// What most jobs import, beside what every step wants: it is loaded before the first one comes. None of it may
/// do anything but define, since a job that may not import it must not notice it.
const WANTED_BY_MOST: [&str; 1] = [adaptors::COMMON];

/// Who says what the runtime itself says.
const RUNTIME: &str = "R/T";

/// From how many bytes on garbage is looked for. Most steps end before, and all that they had goes at once.
const COLLECT_FROM_BYTES: usize = 8 * 1024 * 1024;

/// The engine of this process. It is made once; each piece of work finds it as it was made, and leaves it to be
/// made like that again.
pub(super) struct Engine {
    memory: Memory,
    kept: Kept,
    world: Rc<World>,
    door: Door,
    // They end with the process: an engine that had to be stopped is sure of nothing in its memory.
    runtime: ManuallyDrop<Runtime>,
    context: ManuallyDrop<Context>,
    lent: ManuallyDrop<Lent>,
}

/// What outlives a piece of work of the script's side.
#[derive(Clone)]
struct Lent {
    /// The functions of our own script.
    main: Persistent<Object<'static>>,
    /// Says which module was refused.
    refused: Persistent<Function<'static>>,
    /// Makes a function of a condition.
    compile: Persistent<Function<'static>>,
    /// Every function of ours that the engine can reach. What such a function holds lies outside of the engine's
    /// memory, and would go with the last that names it: a job that writes over `Math.random`, say. Put back, the
    /// engine would name what is gone. So each is named here as well, for ever.
    _functions: Vec<Persistent<Function<'static>>>,
}

impl Engine {
    /// An engine with everything that a step wants.
    pub(super) fn new() -> rquickjs::Result<Self> {
        let modules = Modules::default();
        modules.at_once(|| Self::with(&modules))
    }

    fn with(modules: &Modules) -> rquickjs::Result<Self> {
        let door = Door::default();
        let memory = Memory::new().ok_or(Error::Allocation)?;
        let world = Rc::new(World::new(memory.clone()));
        let runtime = Runtime::new_with_alloc(memory.allocator())?;
        runtime.set_gc_threshold(COLLECT_FROM_BYTES);
        let clock = world.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || clock.is_over())));
        modules.open(&runtime, &door);
        let context = Context::full(&runtime)?;
        let lent = context.with(|ctx| {
            let mut functions = lend(&ctx, &world, modules)?;
            let main: Object<'_> = Module::import(&ctx, "fieldpost:main")?.finish()?;
            for name in WANTED_BY_MOST {
                Module::import(&ctx, name)?.finish::<Object<'_>>()?;
            }
            while ctx.execute_pending_job() {}
            let asked = door.clone();
            let refused = Function::new(ctx.clone(), move || asked.refused())?;
            let compile = Function::new(ctx.clone(), compile_condition)?;
            functions.extend([refused.clone(), compile.clone()]);
            let named = functions.into_iter().map(|function| Persistent::save(&ctx, function));
            Ok::<_, Error>(Lent {
                _functions: named.collect(),
                main: Persistent::save(&ctx, main),
                refused: Persistent::save(&ctx, refused),
                compile: Persistent::save(&ctx, compile),
            })
        })?;
        runtime.run_gc();
        let kept = memory.keep();
        let (runtime, context) = (ManuallyDrop::new(runtime), ManuallyDrop::new(context));
        Ok(Self { memory, kept, world, door, runtime, context, lent: ManuallyDrop::new(lent) })
    }

    /// Makes the engine as it was before the last piece of work.
    pub(super) fn restore(&self) {
        self.memory.restore(&self.kept);
    }

    /// Gives a piece of work its bounds. Whether there is memory for it at all.
    fn begin(&self, work: u64, limits: StepLimits, log_level: Level) -> bool {
        self.world.begin(work, limits, log_level);
        self.runtime.set_max_stack_size(bytes(limits.stack_bytes));
        let has_room = self.memory.bound(bytes(limits.memory_bytes));
        pipes::bound(self.memory.left());
        has_room
    }

    /// Runs a step.
    pub(super) fn run_step(&self, step: &Step) -> Done {
        if !self.begin(step.work, step.limits, step.log_level) {
            return ended(step.work, StepError::out_of_memory(), false);
        }
        self.door.open(&step.modules, &step.code);
        let world = &self.world;
        let outcome = self.context.with(|ctx| {
            let outcome = start(&ctx, step, &self.lent)
                .and_then(|started| started.drive(world))
                .and_then(|ended| outcome_of(&ended, &step.limits));
            outcome.map_err(|error| Box::new(stopped(&ctx, &error, world)))
        });
        finish(step.work, outcome.map(|outcome| (outcome, Vec::new())))
    }

    /// Judges conditions of edges.
    pub(super) fn decide(&self, decide: &Decide) -> Done {
        if !self.begin(decide.work, decide.limits, Level::Info) {
            return ended(decide.work, StepError::out_of_memory(), false);
        }
        self.door.open(&[], "");
        let holds = self.context.with(|ctx| {
            judge(&ctx, decide, &self.lent).map_err(|error| {
                let mut error = stopped(&ctx, &error, &self.world);
                if error.severity == Severity::Crash {
                    "EdgeConditionError".clone_into(&mut error.name);
                }
                Box::new(error)
            })
        });
        finish(decide.work, holds.map(|holds| (Outcome::default(), holds)))
    }
}

/// The report of a piece of work. After one that had to be stopped the process ends.
fn finish(work: u64, result: Result<(Outcome, Vec<bool>), Box<StepError>>) -> Done {
    match result {
        Ok((outcome, holds)) => {
            let killed = |error: &StepError| error.severity == Severity::Kill;
            let again = !outcome.error.as_ref().is_some_and(killed);
            Done { work, outcome, holds, again }
        }
        Err(error) => {
            let again = error.severity != Severity::Kill;
            ended(work, *error, again)
        }
    }
}

fn bytes(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What surrounds the piece of work that the engine has.
struct World {
    memory: Memory,
    work: Cell<u64>,
    limits: Cell<StepLimits>,
    log_level: Cell<Level>,
    started: Cell<Instant>,
    late: Cell<bool>,
    lines: Cell<u64>,
    /// Calls that wait for their answer.
    waiting: Cell<u64>,
    /// What the script's random numbers come from.
    chance: Cell<u64>,
}

impl World {
    fn new(memory: Memory) -> Self {
        Self {
            memory,
            work: Cell::new(0),
            limits: Cell::new(Limits::default().of_step()),
            log_level: Cell::new(Level::Info),
            started: Cell::new(Instant::now()),
            late: Cell::new(false),
            lines: Cell::new(0),
            waiting: Cell::new(0),
            chance: Cell::new(0),
        }
    }

    fn begin(&self, work: u64, limits: StepLimits, log_level: Level) {
        self.work.set(work);
        self.limits.set(limits);
        self.log_level.set(log_level);
        self.started.set(Instant::now());
        self.late.set(false);
        self.lines.set(0);
        self.waiting.set(0);
        // Where the system gives none, the numbers go on from those of the step before: they protect nothing.
        let mut seed = [0; 8];
        if getrandom::fill(&mut seed).is_ok() {
            self.chance.set(u64::from_le_bytes(seed));
        }
    }

    /// A number from 0 up to 1, as `Math.random` gives it (`SplitMix64`).
    fn fraction(&self) -> f64 {
        let state = self.chance.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.chance.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[expect(clippy::cast_precision_loss, reason = "so many bits a number of JavaScript has")]
        let (bits, all) = (((mixed ^ (mixed >> 31)) >> 11) as f64, (1_u64 << 53) as f64);
        bits / all
    }

    fn left(&self) -> Duration {
        Duration::from_millis(self.limits.get().time_ms)
            .saturating_sub(self.started.get().elapsed())
    }

    fn is_late(&self) -> bool {
        if self.left().is_zero() {
            self.late.set(true);
        }
        self.late.get()
    }

    /// Whether the script is to go no further: its time is over, or its answers have more bytes than it has memory.
    fn is_over(&self) -> bool {
        self.is_late() || pipes::is_lost()
    }

    /// Says something to the hub. What comes meanwhile counts as memory of the script.
    fn tell(&self, message: &FromWorker) {
        pipes::bound(self.memory.left());
        end_unless(&say(message));
    }

    fn log(&self, level: &str, source: String, mut message: String) {
        let level = match level {
            "debug" => Level::Debug,
            "warn" => Level::Warn,
            "error" => Level::Error,
            _ => Level::Info,
        };
        if level < self.log_level.get() {
            return;
        }
        let limits = self.limits.get();
        let before = self.lines.replace(self.lines.get() + 1);
        if before > limits.log_lines {
            return;
        }
        // What the job says is told at once: it may be its last word.
        let is_urgent = source != RUNTIME || level > Level::Info;
        let line = if before == limits.log_lines {
            let message = format!("The log has {before} lines; what follows is left out");
            LogLine { level: Level::Warn, source: RUNTIME.to_owned(), message }
        } else {
            cut(&mut message, bytes(limits.log_line_bytes));
            LogLine { level, source, message }
        };
        let line = FromWorker::Log(line);
        if is_urgent {
            self.tell(&line);
        } else {
            end_unless(&hold(&line));
        }
    }

    fn call(
        &self,
        ctx: &Ctx<'_>,
        call: f64,
        name: String,
        arguments: String,
    ) -> rquickjs::Result<()> {
        let limits = self.limits.get();
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
        self.tell(&FromWorker::Call(call));
        Ok(())
    }
}

/// Nobody is there to be told, or to be worked for.
fn end_unless(said: &std::io::Result<()>) {
    if said.is_err() {
        confine::end();
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
fn lend<'js>(
    ctx: &Ctx<'js>,
    world: &Rc<World>,
    modules: &Modules,
) -> rquickjs::Result<Vec<Function<'js>>> {
    let clock = world.clone();
    let now = move || clock.started.get().elapsed().as_secs_f64() * 1_000.0;
    let log = world.clone();
    let log = move |level: String, source: String, message: String| {
        log.log(&level, source, message);
    };
    let calls = world.clone();
    let call =
        move |ctx: Ctx<'_>, id: f64, name: String, text: String| calls.call(&ctx, id, name, text);
    let memory = world.memory.clone();
    let modules = modules.clone();
    let named = [
        ("now", Function::new(ctx.clone(), now)?),
        ("log", Function::new(ctx.clone(), log)?),
        ("call", Function::new(ctx.clone(), call)?),
        ("random", Function::new(ctx.clone(), random)?),
        ("url", Function::new(ctx.clone(), |text: String| parts_of_url(&text))?),
        ("isSpent", Function::new(ctx.clone(), move || memory.is_spent())?),
        ("give", Function::new(ctx.clone(), move |ctx, name| give(&modules, &ctx, name))?),
    ];
    let lent = Object::new(ctx.clone())?;
    for (name, function) in &named {
        lent.set(*name, function.clone())?;
    }
    ctx.globals().set("__fieldpost", lent)?;
    // The engine's own would begin with the same number in each step, as all of its memory does.
    let chance = world.clone();
    let random = Function::new(ctx.clone(), move || chance.fraction())?.with_name("random")?;
    let math: Object<'_> = ctx.globals().get("Math")?;
    math.prop("random", Property::from(random.clone()).writable().configurable())?;
    Ok(named.into_iter().map(|(_, function)| function).chain([random]).collect())
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

/// A step under way.
struct Started<'js> {
    ctx: Ctx<'js>,
    main: Object<'js>,
    /// Promises the state and the error.
    result: Promise<'js>,
}

fn start<'js>(ctx: &Ctx<'js>, step: &Step, lent: &Lent) -> rquickjs::Result<Started<'js>> {
    let main = lent.main.clone().restore(ctx)?;
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
    let refused = lent.refused.clone().restore(ctx)?;
    let run: Function<'_> = main.get("run")?;
    let result = run.call((work, refused))?;
    Ok(Started { ctx: ctx.clone(), main, result })
}

impl<'js> Started<'js> {
    /// Lets the script go on until it has ended, or its time is over.
    fn drive(&self, world: &World) -> rquickjs::Result<Array<'js>> {
        loop {
            let mut jobs = 0_u32;
            while self.ctx.execute_pending_job() {
                jobs = jobs.wrapping_add(1);
                if jobs.is_multiple_of(JOBS_BETWEEN_LOOKS) && world.is_over() {
                    break;
                }
            }
            if world.is_over() {
                return Err(Error::WouldBlock);
            }
            if let Some(result) = self.result.result() {
                return result;
            }
            self.wait(world)?;
        }
    }

    /// Sleeps until something can go on.
    fn wait(&self, world: &World) -> rquickjs::Result<()> {
        end_unless(&say_held());
        if pipes::is_lost() {
            return Err(Error::WouldBlock);
        }
        let next_timer: Function<'_> = self.main.get("nextTimer")?;
        let until: f64 = next_timer.call(())?;
        if until < 0.0 && world.waiting.get() == 0 {
            return Err(Error::WouldBlock);
        }
        // A job may write over what the time is reckoned with: what is no time does not come.
        let timer = Duration::try_from_secs_f64(until / 1_000.0);
        match pipes::next_within(timer.unwrap_or(world.left()).min(world.left())) {
            Heard::Message(ToWorker::Reply(reply)) if reply.work == world.work.get() => {
                self.settle(reply, world)?;
            }
            Heard::Message(_) => {}
            Heard::Nothing => {
                let run_timers: Function<'_> = self.main.get("runTimers")?;
                run_timers.call::<_, ()>(())?;
            }
            Heard::End => confine::end(),
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
        return StepError::timeout(world.limits.get().time_ms);
    }
    if pipes::is_lost() {
        return StepError::out_of_memory();
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
            None if thrown.is_null() && world.memory.is_spent() => StepError::out_of_memory(),
            None => StepError::new("RuntimeCrash", Severity::Crash, "Something was thrown"),
        },
        error => StepError::new("RuntimeCrash", Severity::Crash, error.to_string()),
    }
}

fn judge(ctx: &Ctx<'_>, decide: &Decide, lent: &Lent) -> rquickjs::Result<Vec<bool>> {
    let main = lent.main.clone().restore(ctx)?;
    let compile = lent.compile.clone().restore(ctx)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_made_leaves_half_of_its_ground() {
        let engine = Engine::new().unwrap();
        let (bytes, most) = engine.kept.bytes();
        assert!(
            bytes < most / 2,
            "{bytes} of {most} bytes: the ground has to grow with what every step wants"
        );
    }
}
