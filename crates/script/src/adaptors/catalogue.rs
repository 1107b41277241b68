//! What the adaptors give to jobs: the names, and what is written about each.
//!
//! All of it is read from the modules themselves, by the parser that reads jobs: a function of an
//! adaptor is exported in one place and described right above it. The compiler, the pages of the
//! reference and an editor's completion have no lists of their own.
//!
//! ```js
//! /**
//!  * What it does, in a sentence.
//!  * @example get("cases", { limit: 10 })
//!  */
//! export function get(path, options = {}) { … }
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    BindingPattern, CallExpression, Declaration, ExportSpecifier, Expression, FormalParameters,
    ImportDeclarationSpecifier, ObjectExpression, ObjectPropertyKind, Program, Statement,
    VariableDeclaration,
};
use oxc_parser::Parser;
use oxc_span::{GetSpan as _, SourceType, Span};

use super::{ALL, COMMON};

/// What is written about an adaptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdaptorDocs {
    /// The name that a step says: `http`.
    pub name: &'static str,
    /// The module that a job may import: `@openfn/language-http`.
    pub module: &'static str,
    /// Its functions in the order of the alphabet. Those of `common`, which every adaptor gives
    /// beside its own, are there at `common` alone.
    pub functions: Vec<FunctionDocs>,
}

/// What is written about a function of an adaptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionDocs {
    /// Its name in jobs: `get`, or `http.get`.
    pub name: String,
    /// Its parameters as they are declared: `(path, options = {})`.
    pub parameters: String,
    /// What it does.
    pub summary: String,
    /// How it is used.
    pub example: Option<String>,
}

/// The names that an adaptor exports.
pub(super) fn exports(module: &str) -> Option<&'static [String]> {
    // One that nobody asks for is not read: a command that runs one job wants one or two.
    static EXPORTS: OnceLock<HashMap<&'static str, OnceLock<Vec<String>>>> = OnceLock::new();
    let all = EXPORTS.get_or_init(|| super::names().map(|name| (name, OnceLock::new())).collect());
    let exported = || exports_of(module, true).into_keys().collect();
    all.get(module).map(|exports| exports.get_or_init(exported).as_slice())
}

/// All adaptors of the binary with their functions.
pub fn documented() -> &'static [AdaptorDocs] {
    static DOCUMENTED: OnceLock<Vec<AdaptorDocs>> = OnceLock::new();
    DOCUMENTED.get_or_init(|| {
        let adaptors = super::names().map(|module| {
            let mut functions = Vec::new();
            let mut exports = exports_of(module, module == COMMON);
            // The runtime calls it; jobs do not.
            exports.remove("execute");
            for (name, export) in exports {
                add(&name, export, &mut functions);
            }
            AdaptorDocs { name: super::short_name(module), module, functions }
        });
        adaptors.collect()
    })
}

/// Adds what is described of an export: a function, or those of a namespace.
fn add(name: &str, export: Export, functions: &mut Vec<FunctionDocs>) {
    match export {
        Export::Function(docs) => functions.push(FunctionDocs { name: name.to_owned(), ..docs }),
        Export::Namespace(inner) => {
            for (own, export) in inner {
                add(&format!("{name}.{own}"), export, functions);
            }
        }
        Export::Undescribed => {}
    }
}

/// What an exported name stands for.
enum Export {
    /// A function that something is written about.
    Function(FunctionDocs),
    /// An object of further ones.
    Namespace(BTreeMap<String, Export>),
    /// Anything else.
    Undescribed,
}

type Exports = BTreeMap<String, Export>;

/// All exports of one of our modules. `with_common` says whether those count that it only passes
/// on from `common`.
fn exports_of(module: &str, with_common: bool) -> Exports {
    let Some((_, text)) = ALL.iter().find(|(name, _)| *name == module) else {
        return Exports::new();
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, SourceType::mjs()).parse();
    Module { text, program: &parsed.program }.exports(with_common)
}

struct Module<'a> {
    text: &'a str,
    program: &'a Program<'a>,
}

impl<'a> Module<'a> {
    fn exports(&self, with_common: bool) -> Exports {
        let mut own = Exports::new();
        let mut passed_on = Exports::new();
        for statement in &self.program.body {
            match statement {
                Statement::ExportDeclaration(export) => {
                    let names = names_of(&export.declaration);
                    own.extend(names.into_iter().map(|name| (name.clone(), self.local(&name))));
                }
                Statement::ExportNamedDeclaration(export) => {
                    own.extend(renamed(&export.specifiers, |local| self.local(local)));
                }
                Statement::ExportFromDeclaration(export) => {
                    if !with_common && export.source.value.as_str() == COMMON {
                        continue;
                    }
                    let mut from = exports_of(&export.source.value, true);
                    own.extend(renamed(&export.specifiers, |local| taken(&mut from, local)));
                }
                Statement::ExportAllDeclaration(export) => match &export.exported {
                    Some(name) => {
                        let all = exports_of(&export.source.value, true);
                        own.insert(name.name().to_string(), Export::Namespace(all));
                    }
                    None if with_common || export.source.value.as_str() != COMMON => {
                        passed_on.extend(exports_of(&export.source.value, with_common));
                    }
                    None => {}
                },
                _ => {}
            }
        }
        passed_on.extend(own);
        passed_on
    }

    /// What a name of this module stands for.
    fn local(&self, name: &str) -> Export {
        let found = self.program.body.iter().find_map(|statement| match statement {
            Statement::ExportDeclaration(export) => {
                self.declared(&export.declaration, export.span, name)
            }
            Statement::FunctionDeclaration(function) => {
                let own = function.id.as_ref().is_some_and(|id| id.name.as_str() == name);
                own.then(|| self.function(function.span, &function.params))
            }
            Statement::VariableDeclaration(variables) => {
                self.variable(variables, variables.span, name)
            }
            Statement::ImportDeclaration(import) => {
                let source = &import.source.value;
                import.specifiers.iter().flatten().find_map(|named| imported(named, source, name))
            }
            _ => None,
        });
        found.unwrap_or(Export::Undescribed)
    }

    fn declared(&self, declaration: &Declaration<'a>, span: Span, name: &str) -> Option<Export> {
        match declaration {
            Declaration::FunctionDeclaration(function) => {
                let own = function.id.as_ref().is_some_and(|id| id.name.as_str() == name);
                own.then(|| self.function(span, &function.params))
            }
            Declaration::VariableDeclaration(variables) => self.variable(variables, span, name),
            _ => None,
        }
    }

    fn variable(&self, all: &VariableDeclaration<'a>, span: Span, name: &str) -> Option<Export> {
        let declarator = all.declarations.iter().find(|it| is_called(&it.id, name))?;
        Some(self.value(declarator.init.as_ref()?, span))
    }

    /// What a value is; what is written about it stands before `span`.
    fn value(&self, value: &Expression<'a>, span: Span) -> Export {
        match value {
            Expression::ArrowFunctionExpression(arrow) => self.function(span, &arrow.params),
            Expression::FunctionExpression(function) => self.function(span, &function.params),
            Expression::ObjectExpression(object) => self.object(object),
            Expression::Identifier(name) => self.local(&name.name),
            Expression::CallExpression(call) => self.result(call),
            _ => Export::Undescribed,
        }
    }

    /// What a call gives: the object of `Object.freeze({ … })`, the function of `calling("http", "get")`.
    fn result(&self, call: &CallExpression<'a>) -> Export {
        let arguments = || call.arguments.iter().filter_map(|argument| argument.as_expression());
        match (arguments().next(), arguments().nth(1)) {
            (Some(Expression::ObjectExpression(object)), _) => self.object(object),
            (Some(Expression::StringLiteral(part)), Some(Expression::StringLiteral(name))) => {
                taken(&mut exports_of(&format!("{COMMON}/{}", part.value), true), &name.value)
            }
            _ => Export::Undescribed,
        }
    }

    fn object(&self, object: &ObjectExpression<'a>) -> Export {
        let members = object.properties.iter().filter_map(|property| {
            let ObjectPropertyKind::ObjectProperty(property) = property else { return None };
            let name = property.key.static_name()?.into_owned();
            Some((name, self.value(&property.value, property.span)))
        });
        Export::Namespace(members.collect())
    }

    fn function(&self, span: Span, parameters: &FormalParameters<'a>) -> Export {
        let Some(comment) = self.comment_before(span.start) else { return Export::Undescribed };
        let written = parameters.span().source_text(self.text);
        let parameters =
            if written.starts_with('(') { written.to_owned() } else { format!("({written})") };
        let (summary, example) = read_comment(comment);
        Export::Function(FunctionDocs { name: String::new(), parameters, summary, example })
    }

    /// The text of the `/** … */` that ends right before a place.
    fn comment_before(&self, place: u32) -> Option<&'a str> {
        let comment = self.program.comments.iter().rfind(|comment| comment.span.end <= place)?;
        let between = Span::new(comment.span.end, place).source_text(self.text);
        let text = comment.span.source_text(self.text);
        let text = text.strip_prefix("/**")?.strip_suffix("*/")?;
        between.trim().is_empty().then_some(text)
    }
}

fn is_called(pattern: &BindingPattern<'_>, name: &str) -> bool {
    pattern.get_identifier_name().is_some_and(|own| own.as_str() == name)
}

/// The names that a declaration declares.
fn names_of(declaration: &Declaration<'_>) -> Vec<String> {
    match declaration {
        Declaration::FunctionDeclaration(function) => {
            function.id.iter().map(|id| id.name.to_string()).collect()
        }
        Declaration::VariableDeclaration(variables) => {
            let names = variables.declarations.iter();
            names.filter_map(|it| it.id.get_identifier_name()).map(|it| it.to_string()).collect()
        }
        _ => Vec::new(),
    }
}

fn renamed(
    specifiers: &[ExportSpecifier<'_>],
    mut local: impl FnMut(&str) -> Export,
) -> Vec<(String, Export)> {
    let pair = |it: &ExportSpecifier<'_>| (it.exported.name().to_string(), local(&it.local.name()));
    specifiers.iter().map(pair).collect()
}

fn taken(exports: &mut Exports, name: &str) -> Export {
    exports.remove(name).unwrap_or(Export::Undescribed)
}

/// What an import gives under this local name.
fn imported(
    specifier: &ImportDeclarationSpecifier<'_>,
    source: &str,
    name: &str,
) -> Option<Export> {
    match specifier {
        ImportDeclarationSpecifier::ImportSpecifier(named) if named.local.name.as_str() == name => {
            Some(taken(&mut exports_of(source, true), &named.imported.name()))
        }
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(all)
            if all.local.name.as_str() == name =>
        {
            Some(Export::Namespace(exports_of(source, true)))
        }
        _ => None,
    }
}

/// What a comment says, and the example in it.
fn read_comment(text: &str) -> (String, Option<String>) {
    let line = |line: &str| {
        let line = line.trim_end().trim_start();
        let line = line.strip_prefix('*').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).to_owned()
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    let text = lines.join("\n");
    let (summary, example) = match text.split_once("@example") {
        Some((summary, example)) => (summary, Some(example.trim().to_owned())),
        None => (text.as_str(), None),
    };
    (summary.split_whitespace().collect::<Vec<_>>().join(" "), example)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(name: &str) -> &'static [FunctionDocs] {
        &documented().iter().find(|it| it.name == name).unwrap().functions
    }

    #[test]
    fn functions_are_described_where_they_are_written() {
        let common = functions("common");
        let find = |name: &str| common.iter().find(|it| it.name == name).unwrap();
        assert_eq!(find("parseCsv").parameters, "(text, options = {}, callback)");
        assert_eq!(find("beta.each").summary, "As `each`, and `data` is afterwards what it was.");
        assert_eq!(find("util.uuid").parameters, "()");
        assert_eq!(find("dateFns.format").parameters, "(value, pattern)");
    }

    #[test]
    fn all_exports_are_described() {
        for adaptor in documented() {
            let described = |name: &str| {
                let inside = format!("{name}.");
                adaptor.functions.iter().any(|it| it.name == name || it.name.starts_with(&inside))
            };
            let own = exports_of(adaptor.module, adaptor.module == COMMON);
            // The runtime's own function, and a library that is described elsewhere.
            let exempt = ["execute", "_"];
            let bare = own.keys().filter(|it| !exempt.contains(&it.as_str()) && !described(it));
            assert_eq!(bare.collect::<Vec<_>>(), Vec::<&String>::new(), "of {}", adaptor.name);
        }
    }

    #[track_caller]
    fn check_comment(text: &str, summary: &str, example: Option<&str>) {
        let (read, shown) = read_comment(text);
        assert_eq!((read.as_str(), shown.as_deref()), (summary, example));
    }

    #[test]
    fn a_comment_has_a_summary_and_may_have_an_example() {
        check_comment(" One line. ", "One line.", None);
        check_comment(
            "\n * Two\n * lines.\n *\n * @example get({\n *   a: 1,\n * })\n ",
            "Two lines.",
            Some("get({\n  a: 1,\n})"),
        );
    }
}
