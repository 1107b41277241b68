//! The modules that a job can reach, as bytecode.
//!
//! Parsing a library costs many times what loading its bytecode costs, so each process compiles a
//! module once, when one is wanted first, and loads it anew for each step that imports it. What every step wants is
//! loaded before the first one comes. Bytecode is not checked when it is loaded; ours was made a moment ago in
//! this process.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, WriteOptions};
use rquickjs::{Context, Ctx, Error, Module, Object, Runtime};

use crate::adaptors;
use crate::runtime::scripts;

/// The name of the job's own module.
pub(super) const JOB: &str = "job";

type Bytecodes = HashMap<&'static str, Rc<[u8]>>;

/// The modules of this process as bytecode, by name, as far as they were wanted.
#[derive(Clone, Default)]
pub(super) struct Modules {
    bytecode: Rc<RefCell<Bytecodes>>,
    /// What compiles several of them, as long as it is there.
    compiler: Rc<RefCell<Option<Context>>>,
}

impl Modules {
    /// A module as bytecode.
    fn bytecode(&self, wanted: &str) -> rquickjs::Result<Rc<[u8]>> {
        if let Some(bytecode) = self.bytecode.borrow().get(wanted) {
            return Ok(bytecode.clone());
        }
        let found = scripts::ALL.iter().chain(adaptors::ALL).find(|(name, _)| *name == wanted);
        let (name, source) = found.ok_or_else(|| Error::new_loading(wanted))?;
        let compiler = self.compiler.borrow().clone().map_or_else(compiler, Ok)?;
        let bytecode: Rc<[u8]> = compiled(&compiler, name, source)?.into();
        self.bytecode.borrow_mut().insert(name, bytecode.clone());
        Ok(bytecode)
    }

    /// Lets an engine load the runtime's own modules, and jobs what is opened to them.
    pub(super) fn open(&self, runtime: &Runtime, door: &Door) {
        runtime.set_loader(door.clone(), Bytecode { modules: self.clone(), door: door.clone() });
    }

    /// Compiles what is wanted meanwhile in one engine.
    pub(super) fn at_once<T>(
        &self,
        work: impl FnOnce() -> rquickjs::Result<T>,
    ) -> rquickjs::Result<T> {
        self.compiler.replace(Some(compiler()?));
        let done = work();
        self.compiler.take();
        done
    }

    /// What a module of ours gives, which few jobs want: it is loaded at the moment when one wants it.
    pub(super) fn give<'js>(&self, ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Object<'js>> {
        let (module, _) = trusted(ctx, &self.bytecode(name)?)?.eval()?;
        module.namespace()
    }
}

/// What the job of a step may import, and what it has asked for in vain.
#[derive(Clone, Default)]
pub(super) struct Door(Rc<RefCell<Opened>>);

#[derive(Default)]
struct Opened {
    names: Vec<String>,
    job: String,
    /// The first module that was asked for and not given.
    refused: Option<String>,
}

impl Door {
    /// Opens these modules to the job of this text, and to no other.
    pub(super) fn open(&self, names: &[String], job: &str) {
        *self.0.borrow_mut() = Opened { names: names.to_vec(), job: job.to_owned(), refused: None };
    }

    pub(super) fn refused(&self) -> Option<String> {
        self.0.borrow().refused.clone()
    }
}

impl Resolver for Door {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        // Our own modules import each other; a job imports what its step names.
        let ours =
            base.starts_with("fieldpost:") || base.starts_with("@openfn/") || base.is_empty();
        let mut opened = self.0.borrow_mut();
        if ours || opened.names.iter().any(|allowed| allowed == name) {
            return Ok(name.to_owned());
        }
        opened.refused.get_or_insert_with(|| name.to_owned());
        Err(Error::new_resolving(base, name))
    }
}

struct Bytecode {
    modules: Modules,
    door: Door,
}

impl Loader for Bytecode {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if name == JOB {
            let job = self.door.0.borrow().job.clone();
            return Module::declare(ctx.clone(), JOB, job);
        }
        trusted(ctx, &self.modules.bytecode(name)?)
    }
}

fn trusted<'js>(ctx: &Ctx<'js>, bytecode: &[u8]) -> rquickjs::Result<Module<'js, Declared>> {
    // SAFETY: the bytecode was written by `Module::write` in this very process.
    #[expect(unsafe_code, reason = "bytecode cannot be checked, only trusted")]
    unsafe {
        Module::load(ctx.clone(), bytecode)
    }
}

/// An engine that compiles: neither the bounds of a step nor what a job has done to its engine can reach it.
fn compiler() -> rquickjs::Result<Context> {
    let runtime = Runtime::new()?;
    // Whatever a module imports has only to be there; nothing is run.
    runtime.set_loader(Anything, Anything);
    Context::full(&runtime)
}

fn compiled(compiler: &Context, name: &str, source: &str) -> rquickjs::Result<Vec<u8>> {
    compiler.with(|ctx| {
        let module = Module::declare(ctx, name, source)?;
        module.write(WriteOptions { strip_source: true, ..WriteOptions::default() })
    })
}

struct Anything;

impl Resolver for Anything {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        _base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        Ok(name.to_owned())
    }
}

impl Loader for Anything {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}
