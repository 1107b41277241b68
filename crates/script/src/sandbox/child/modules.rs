//! The modules that a job can reach, as bytecode.
//!
//! Parsing a library costs many times what loading its bytecode costs, so each process compiles
//! them once, when it starts, and loads them into the fresh engine of each step as far as they are
//! imported. Bytecode is not checked when it is loaded; ours was made a moment ago in this process.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, WriteOptions};
use rquickjs::{Context, Ctx, Error, Module, Object, Runtime};

use crate::adaptors;
use crate::runtime::scripts;

/// The name of the job's own module.
pub(super) const JOB: &str = "job";

/// The modules of this process as bytecode, by name.
#[derive(Clone)]
pub(super) struct Modules {
    bytecode: Rc<HashMap<&'static str, Vec<u8>>>,
}

impl Modules {
    /// Compiles all of them.
    pub(super) fn compile() -> io::Result<Self> {
        let compiled = || -> rquickjs::Result<HashMap<&'static str, Vec<u8>>> {
            let runtime = Runtime::new()?;
            // Every one of them is to be there, whatever it imports; nothing is run.
            let sources: HashMap<_, _> =
                scripts::ALL.iter().chain(adaptors::ALL).copied().collect();
            runtime.set_loader(AnyName, Sources(sources.clone()));
            let mut bytecode = HashMap::new();
            for (name, source) in sources {
                let context = Context::full(&runtime)?;
                let written = context.with(|ctx| {
                    let module = Module::declare(ctx.clone(), name, source)?;
                    module.write(WriteOptions { strip_source: true, ..WriteOptions::default() })
                });
                bytecode.insert(name, written?);
            }
            Ok(bytecode)
        };
        let bytecode = compiled().map_err(io::Error::other)?;
        Ok(Self { bytecode: Rc::new(bytecode) })
    }

    /// Lets a fresh engine load the runtime's own modules, and the job those that it may.
    pub(super) fn open(&self, runtime: &Runtime, allowed: &[String], job: &str) -> Refused {
        let refused = Refused::default();
        let resolver = Allowed { names: allowed.to_vec(), refused: refused.clone() };
        let loader = Bytecode { modules: self.bytecode.clone(), job: job.to_owned() };
        runtime.set_loader(resolver, loader);
        refused
    }
}

impl Modules {
    /// What a module of ours gives, which few jobs want: it is loaded at the moment when one wants it.
    pub(super) fn give<'js>(&self, ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Object<'js>> {
        let bytecode = self.bytecode.get(name).ok_or_else(|| Error::new_loading(name))?;
        let (module, _) = trusted(ctx, bytecode)?.eval()?;
        module.namespace()
    }
}

/// The first module that was asked for and not given.
#[derive(Clone, Default)]
pub(super) struct Refused(Rc<RefCell<Option<String>>>);

impl Refused {
    pub(super) fn get(&self) -> Option<String> {
        self.0.borrow().clone()
    }
}

struct Allowed {
    names: Vec<String>,
    refused: Refused,
}

impl Resolver for Allowed {
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
        if ours || self.names.iter().any(|allowed| allowed == name) {
            return Ok(name.to_owned());
        }
        self.refused.0.borrow_mut().get_or_insert_with(|| name.to_owned());
        Err(Error::new_resolving(base, name))
    }
}

struct Bytecode {
    modules: Rc<HashMap<&'static str, Vec<u8>>>,
    job: String,
}

impl Loader for Bytecode {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if name == JOB {
            return Module::declare(ctx.clone(), JOB, self.job.as_str());
        }
        let Some(bytecode) = self.modules.get(name) else {
            return Err(Error::new_loading(name));
        };
        trusted(ctx, bytecode)
    }
}

fn trusted<'js>(ctx: &Ctx<'js>, bytecode: &[u8]) -> rquickjs::Result<Module<'js, Declared>> {
    // SAFETY: the bytecode was written by `Module::write` in this very process.
    #[expect(unsafe_code, reason = "bytecode cannot be checked, only trusted")]
    unsafe {
        Module::load(ctx.clone(), bytecode)
    }
}

struct AnyName;

impl Resolver for AnyName {
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

struct Sources(HashMap<&'static str, &'static str>);

impl Loader for Sources {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        let source = self.0.get(name).ok_or_else(|| Error::new_loading(name))?;
        Module::declare(ctx.clone(), name, *source)
    }
}
