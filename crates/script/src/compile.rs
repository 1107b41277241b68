//! The compiler of jobs: the OpenFn dialect in, an ES module out.
//!
//! A job looks like a list of calls, one below the other. What runs is a module whose default
//! export is the array of these operations. Between the two lie the dialect's five passes. Here
//! they are edits: the text is parsed, each pass says which spans are to be replaced by what, and
//! the edits are made in one go, so that everything the author wrote stays as it was written,
//! comments included, and every place of the module can be told as a place of the author's.
//!
//! ```text
//!  text ─► bounds ─► parse ─┬─► lazy ──────► $.a          becomes  state => state.a
//!          size      syntax ├─► promises ──► op().then(f)  becomes  _defer(op(), p => p.then(f))
//!          depth            ├─► operations   export default [ the calls at the top level ]
//!                           └─► imports      import { op } from the step's adaptors
//!                                   │
//!                                   └──────► splice ─► module, position map ─► parsed again
//! ```
//!
//! The passes look at the same text and at each other's spans: what became the body of a function
//! in the first is not at the top level for the second. Names are resolved by the parser's own
//! scopes. The result is parsed once more, so whatever comes out is a module.
//!
//! The parser is the only dependency that knows JavaScript, and changes its interface often: only
//! this module and those below it import it. It calls itself for each level of nesting; the text
//! is bounded beforehand, and it runs on a stack of its own that is large enough for the bounds. A
//! panic of the parser ends as an error.

mod bounds;
mod error;
mod globals;
mod imports;
mod lazy;
mod operations;
mod place;
mod promises;
mod splice;
mod syntax;
mod thrown;

use oxc_allocator::Allocator;

pub use bounds::{CHAIN_LINKS_MAX, NESTING_MAX, SOURCE_BYTES_MAX};
pub use error::{CompileError, Fault, frame_at};
pub use imports::{RUNTIME, UsedImport};
pub use place::Position;
pub use splice::PositionMap;

use place::{Lines, offset};
use splice::{Part, splice};

/// The stack that the parser runs on. The deepest jobs that the bounds let through were compiled on
/// an eighth of it, without optimisation; of what is not used no memory is taken.
const STACK_BYTES: usize = 128 * 1024 * 1024;

/// An adaptor of a step: a module whose exports a job may use without importing them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adaptor {
    /// The module, such as `@openfn/language-http`, as the import is to name it.
    pub specifier: String,
    /// What it exports; nothing if that is unknown.
    pub exports: Option<Vec<String>>,
    /// Whether the compiled job exports everything of it too, when it uses any of it, so that the
    /// runtime finds the adaptor's own `execute`.
    pub reexport: bool,
}

/// An operation of a compiled job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What is called, such as `get` or `http.get`; nothing if it has no plain name.
    pub name: Option<String>,
    /// Where it stands in the author's text.
    pub position: Position,
}

/// A name that neither the job nor its adaptors declare, and that is no global either. Using it at
/// run time is a reference error; an editor can warn before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undeclared {
    /// The name.
    pub name: String,
    /// Where it is first used.
    pub position: Position,
}

/// A compiled job.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The module.
    pub module: String,
    /// What it imports: from adaptors, from the runtime ([`RUNTIME`]), and what the author wrote.
    pub imports: Vec<UsedImport>,
    /// The operations, as they stand in the exported array. Of an array of the author's own those
    /// up to the first that stands for several (`...more`); none if it is not written out.
    pub operations: Vec<Operation>,
    /// Names that nobody declares, in the order of their first use.
    pub undeclared: Vec<Undeclared>,
    /// Where each place of the module comes from.
    pub positions: PositionMap,
}

impl Compiled {
    /// Whether the module imports anything from this module.
    pub fn imports_from(&self, specifier: &str) -> bool {
        self.imports.iter().any(|import| import.specifier == specifier)
    }
}

/// Compiles a job. The adaptors stand in the order in which they are asked for a name.
///
/// Nothing of the job is run, and nothing but the arguments decides what comes out.
pub fn compile(source: &str, adaptors: &[Adaptor]) -> Result<Compiled, CompileError> {
    bounds::check(source)?;
    with_room(|| compile_bounded(source, adaptors))
        .unwrap_or_else(|| Err(CompileError::whole(Fault::Compiler)))
}

/// The place in the author's text of what failed, for the place in the module that the engine names and
/// the words of the error: the engine names the last name or call before it. Nothing if the module has no
/// such place.
pub fn place_of_failure(
    positions: &PositionMap,
    named: Position,
    message: &str,
) -> Option<Position> {
    let refined = with_room(|| thrown::refined(positions.module(), named, message)).flatten();
    positions.source_position(refined.unwrap_or(named))
}

/// Does something with the parser, on a stack that is large enough for it; nothing if it panics.
fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    let parser =
        std::thread::Builder::new().name("job-compiler".to_owned()).stack_size(STACK_BYTES);
    std::thread::scope(|scope| {
        let running = parser.spawn_scoped(scope, work);
        running.ok().and_then(|thread| thread.join().ok())
    })
}

/// All passes, on a text that is within the bounds.
fn compile_bounded(source: &str, adaptors: &[Adaptor]) -> Result<Compiled, CompileError> {
    let allocator = Allocator::default();
    let job = syntax::parse(&allocator, source)?;
    let lazy = lazy::lazy_state(&job)?;
    syntax::refuse_waiting(&job, &lazy.bodies)?;
    let promises = promises::promises(&job, &lazy.bodies);
    syntax::refuse_waiting(&job, &promises.bodies)?;
    let layout = operations::lay_out(&job, &promises.bodies);
    let helper = promises.helper.as_deref();
    let imports = imports::imports(&job, adaptors, &lazy.names, helper);

    let mut edits = lazy.edits;
    edits.extend(promises.edits);
    edits.extend(layout.edits);
    let parts = if layout.unchanged && edits.is_empty() && imports.text.is_empty() {
        vec![Part::source(0, offset(source.len()))]
    } else {
        [Part::Text(imports.text)].into_iter().chain(layout.parts).collect()
    };
    let (module, positions) = splice(source, parts, edits);
    assert_parses(source, &module, &positions)?;

    let lines = Lines::of(source);
    let position = |at: u32| lines.position(source, at);
    let operations = layout.operations.into_iter();
    let undeclared = imports.undeclared.into_iter();
    Ok(Compiled {
        module,
        imports: imports.used,
        operations: operations
            .map(|found| Operation { name: found.name, position: position(found.span.start) })
            .collect(),
        undeclared: undeclared
            .map(|(name, span)| Undeclared { name, position: position(span.start) })
            .collect(),
        positions,
    })
}

/// What comes out is a module. Should it ever be none, the author is told at their own place.
fn assert_parses(source: &str, module: &str, map: &PositionMap) -> Result<(), CompileError> {
    let allocator = Allocator::default();
    let Err(error) = syntax::parse(&allocator, module) else { return Ok(()) };
    let place = error.position.and_then(|position| map.source_position(position));
    match place.and_then(|place| Lines::of(source).offset(source, place)) {
        Some(at) => Err(CompileError::at(error.fault, source, at, at + 1)),
        None => Err(CompileError::whole(error.fault)),
    }
}
