//! What the tables share: an adaptor to compile with, and short ways to compile.

use fieldpost_script::compile::{Adaptor, CompileError, Compiled, compile};

/// The exports of the adaptor `common` of these tests.
const EXPORTS: &[&str] = &["fn", "fnIf", "each", "get", "post", "http", "combine", "map", "util"];

pub(crate) fn adaptor(specifier: &str, exports: &[&str]) -> Adaptor {
    let exports = Some(exports.iter().map(|name| (*name).to_owned()).collect());
    Adaptor { specifier: specifier.to_owned(), exports, reexport: false }
}

pub(crate) fn common() -> Adaptor {
    adaptor("common", EXPORTS)
}

pub(crate) fn try_compile(source: &str) -> Result<Compiled, CompileError> {
    compile(source, &[common()])
}

#[track_caller]
pub(crate) fn compiled(source: &str) -> Compiled {
    match try_compile(source) {
        Ok(compiled) => compiled,
        Err(error) => panic!("{source}\n{error}\n{}", error.frame),
    }
}

/// The module without its imports and the lines around its operations.
#[track_caller]
pub(crate) fn body(source: &str) -> String {
    let module = compiled(source).module;
    let lines = module.lines().filter(|line| !line.starts_with("import "));
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.strip_prefix("export default [\n").unwrap_or(&text);
    text.strip_suffix("\n];").unwrap_or(text).trim_end_matches(',').to_owned()
}
