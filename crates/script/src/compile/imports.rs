//! The fifth pass: names that the job uses and does not declare are imported from its adaptors.
//!
//! The first adaptor that exports a name gives it. Of an adaptor whose exports are unknown every
//! name is expected that no other adaptor has and that is no global. The names that are left over
//! are told, so that an editor can point at them; at run time they are reference errors.

use std::collections::{BTreeMap, HashSet};

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, ImportDeclarationSpecifier, Statement};
use oxc_span::Span;

use super::Adaptor;
use super::globals::is_global;
use super::lazy::LAZY;
use super::promises::DEFER;
use super::splice::Range;
use super::syntax::{Job, bare};

/// The module that has the helpers of compiled jobs.
pub const RUNTIME: &str = "@openfn/runtime";

/// A module that a compiled job imports, and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedImport {
    /// The module, as it is written in the import.
    pub specifier: String,
    /// The exports that are imported by name, `default` included; in order, each once.
    pub names: Vec<String>,
    /// Whether the module is taken whole: `import * as x`, or `export *`.
    pub whole: bool,
}

/// The outcome of this pass.
pub(super) struct Imports {
    /// Lines to stand before the job.
    pub(super) text: String,
    pub(super) used: Vec<UsedImport>,
    /// Names that nobody gives, with where each is first used.
    pub(super) undeclared: Vec<(String, Span)>,
}

pub(super) fn imports(
    job: &Job<'_>,
    adaptors: &[Adaptor],
    lazy: &HashSet<Range>,
    defer: Option<&str>,
) -> Imports {
    let mut used = written(job);
    let known = |name: &str| {
        adaptors.iter().any(|adaptor| adaptor.exports.iter().flatten().any(|own| own == name))
    };
    let mut free = free_names(job, lazy, known);
    let mut lines = Vec::new();
    for adaptor in adaptors {
        let names: Vec<String> = if let Some(exports) = &adaptor.exports {
            exports.iter().filter(|name| has(&free, name)).cloned().collect()
        } else {
            let names = free.iter().map(|(name, _)| name);
            names.filter(|name| *name != LAZY && !known(name)).cloned().collect()
        };
        if names.is_empty() {
            continue;
        }
        let given: HashSet<&String> = names.iter().collect();
        free.retain(|(name, _)| !given.contains(name));
        let specifier = quoted(&adaptor.specifier);
        lines.push(format!("import {{ {} }} from {specifier};\n", names.join(", ")));
        if adaptor.reexport {
            lines.push(format!("export * from {specifier};\n"));
        }
        add(&mut used, &adaptor.specifier, names, adaptor.reexport);
    }
    if let Some(local) = defer {
        lines.push(format!("import {{ {DEFER} as {local} }} from {};\n", quoted(RUNTIME)));
        add(&mut used, RUNTIME, vec![DEFER.to_owned()], false);
    }
    Imports { text: lines.concat(), used, undeclared: free }
}

fn has(free: &[(String, Span)], name: &str) -> bool {
    free.iter().any(|(own, _)| own == name)
}

/// A string of JavaScript.
fn quoted(text: &str) -> String {
    let escaped = text.chars().flat_map(|character| match character {
        '"' | '\\' => vec!['\\', character],
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => character.escape_unicode().collect(),
        _ => vec![character],
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// The names that the job uses without declaring them, in the order of their first use. A `$` that
/// became the state is no name any more; a bare one is, and nobody gives it. A global that an adaptor is known to
/// export, such as `fetch`, is the adaptor's.
fn free_names(
    job: &Job<'_>,
    lazy: &HashSet<Range>,
    known: impl Fn(&str) -> bool,
) -> Vec<(String, Span)> {
    let scoping = job.semantic.scoping();
    let mut first: BTreeMap<u32, (String, Span)> = BTreeMap::new();
    for (name, references) in scoping.root_unresolved_references() {
        if is_global(name) && !known(name) {
            continue;
        }
        let span_of = |id| job.semantic.reference_span(scoping.get_reference(id));
        let spans = references.iter().map(|id| span_of(*id));
        let spans = spans.filter(|span| !lazy.contains(&Range::from(*span)));
        if let Some(span) = spans.min_by_key(|span| span.start) {
            first.insert(span.start, (name.to_string(), span));
        }
    }
    first.into_values().collect()
}

/// The imports that the author wrote.
fn written(job: &Job<'_>) -> Vec<UsedImport> {
    let mut used = Vec::new();
    for statement in &job.semantic.nodes().program().body {
        match statement {
            Statement::ImportDeclaration(import) => {
                let specifiers = import.specifiers.iter().flatten();
                let names = specifiers.clone().filter_map(imported).collect();
                let whole = specifiers.into_iter().any(|specifier| {
                    matches!(specifier, ImportDeclarationSpecifier::ImportNamespaceSpecifier(_))
                });
                add(&mut used, &import.source.value, names, whole);
            }
            Statement::ExportFromDeclaration(export) => {
                let names = export.specifiers.iter().map(|name| name.local.name().to_string());
                add(&mut used, &export.source.value, names.collect(), false);
            }
            Statement::ExportAllDeclaration(export) => {
                add(&mut used, &export.source.value, Vec::new(), true);
            }
            _ => {}
        }
    }
    for node in job.nodes() {
        if let AstKind::ImportExpression(import) = node.kind()
            && let Expression::StringLiteral(source) = bare(&import.source)
        {
            add(&mut used, &source.value, Vec::new(), true);
        }
    }
    used
}

/// The export that a specifier names.
fn imported(specifier: &ImportDeclarationSpecifier<'_>) -> Option<String> {
    match specifier {
        ImportDeclarationSpecifier::ImportSpecifier(named) => {
            Some(named.imported.name().to_string())
        }
        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => Some("default".to_owned()),
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => None,
    }
}

fn add(used: &mut Vec<UsedImport>, specifier: &str, names: Vec<String>, whole: bool) {
    let known = used.iter().position(|import| import.specifier == specifier);
    let index = known.unwrap_or_else(|| {
        let specifier = specifier.to_owned();
        used.push(UsedImport { specifier, names: Vec::new(), whole: false });
        used.len() - 1
    });
    if let Some(import) = used.get_mut(index) {
        import.names.extend(names);
        import.names.sort();
        import.names.dedup();
        import.whole |= whole;
    }
}
