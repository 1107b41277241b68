//! The parsed job, and the few questions that the passes ask of it.

use std::collections::{HashMap, HashSet};

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, Expression, IdentifierReference};
use oxc_parser::Parser;
use oxc_semantic::{AstNode, NodeId, Semantic, SemanticBuilder};
use oxc_span::{GetSpan, SourceType, Span};

use super::error::{CompileError, Fault};
use super::place::offset;
use super::splice::Range;

/// A job that is valid JavaScript.
pub(super) struct Job<'a> {
    pub(super) text: &'a str,
    pub(super) semantic: Semantic<'a>,
}

impl From<Span> for Range {
    fn from(span: Span) -> Self {
        Self::new(span.start, span.end)
    }
}

/// Reads a module; what the rules of the language refuse is refused here, with its place.
pub(super) fn parse<'a>(allocator: &'a Allocator, text: &'a str) -> Result<Job<'a>, CompileError> {
    let parsed = Parser::new(allocator, text, SourceType::mjs()).parse();
    let program = allocator.alloc(parsed.program);
    let mut found = parsed.diagnostics;
    if !found.has_errors() {
        let semantic = SemanticBuilder::new().with_check_syntax_error(true).with_build_nodes(true);
        let built = semantic.build(program);
        if !built.diagnostics.has_errors() {
            return Ok(Job { text, semantic: built.semantic });
        }
        found = built.diagnostics;
    }
    let Some(error) = found.errors().next() else {
        return Err(CompileError::whole(Fault::Compiler));
    };
    let message = error.message.trim_end_matches('.').to_owned();
    let fault = Fault::Syntax { message, help: error.help.as_deref().map(ToOwned::to_owned) };
    let Some(label) = error.labels.first() else { return Err(CompileError::whole(fault)) };
    let start = label.offset();
    Err(CompileError::at(fault, text, start, start.saturating_add(label.len())))
}

impl<'a> Job<'a> {
    /// All nodes, each before those inside it.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &AstNode<'a>> {
        self.semantic.nodes().iter()
    }

    pub(super) fn parent(&self, node: NodeId) -> &AstNode<'a> {
        self.semantic.nodes().parent_node(node)
    }

    /// The node around this one that is neither a parenthesis nor the mark of an optional chain.
    pub(super) fn parent_proper(&self, node: NodeId) -> &AstNode<'a> {
        let mut parent = self.parent(node);
        while is_wrapper(parent.kind()) {
            parent = self.parent(parent.id());
        }
        parent
    }

    pub(super) fn ancestors(&self, node: NodeId) -> impl Iterator<Item = &AstNode<'a>> {
        self.semantic.nodes().ancestors(node)
    }

    /// Whether the name stands for a variable that is declared inside a function or a block.
    pub(super) fn is_local(&self, name: &IdentifierReference<'a>) -> bool {
        let scoping = self.semantic.scoping();
        let reference = name.reference_id.get().map(|id| scoping.get_reference(id));
        let symbol = reference.and_then(oxc_semantic::Reference::symbol_id);
        symbol.is_some_and(|symbol| scoping.symbol_scope_id(symbol) != scoping.root_scope_id())
    }

    /// A name that the job does not use: the wanted one, with a number behind it if need be.
    pub(super) fn unused_name(&self, wanted: &str) -> String {
        let scoping = self.semantic.scoping();
        let free = scoping.root_unresolved_references().keys().map(oxc_ast::ast::Ident::as_str);
        let used: HashSet<&str> = scoping.symbol_names().chain(free).collect();
        let numbered = (1_u32..).map(|number| format!("{wanted}{number}"));
        std::iter::once(wanted.to_owned())
            .chain(numbered)
            .find(|name| !used.contains(name.as_str()))
            .unwrap_or_default()
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub(super) fn error(&self, fault: Fault, span: Span) -> CompileError {
        CompileError::at(fault, self.text, span.start, span.end)
    }
}

/// Parentheses and the marks of optional chains, which change nothing of what is inside.
pub(super) const fn is_wrapper(kind: AstKind<'_>) -> bool {
    matches!(kind, AstKind::ParenthesizedExpression(_) | AstKind::ChainExpression(_))
}

/// The expression inside parentheses.
pub(super) fn bare<'e, 'a>(expression: &'e Expression<'a>) -> &'e Expression<'a> {
    expression.without_parentheses()
}

/// The call that an expression is, through parentheses and as part of an optional chain.
pub(super) fn as_call<'e, 'a>(expression: &'e Expression<'a>) -> Option<&'e CallExpression<'a>> {
    match bare(expression) {
        Expression::CallExpression(call) => Some(call),
        Expression::ChainExpression(chain) => match &chain.expression {
            oxc_ast::ast::ChainElement::CallExpression(call) => Some(call),
            _ => None,
        },
        _ => None,
    }
}

/// The dotted name of what is called, such as `http.get`; nothing if it is no plain name.
pub(super) fn dotted_name(callee: &Expression<'_>) -> Option<String> {
    match bare(callee) {
        Expression::Identifier(name) => Some(name.name.to_string()),
        Expression::StaticMemberExpression(member) => {
            Some(format!("{}.{}", dotted_name(&member.object)?, member.property.name))
        }
        _ => None,
    }
}

/// What a chain of members and calls begins with: in `$.a[0].b().c` the `$`, if it is a name.
pub(super) fn chain_root<'e, 'a>(
    expression: &'e Expression<'a>,
) -> Option<&'e IdentifierReference<'a>> {
    let mut current = expression;
    loop {
        current = match bare(current) {
            Expression::Identifier(name) => return Some(name),
            Expression::CallExpression(call) => &call.callee,
            Expression::ChainExpression(chain) => match &chain.expression {
                oxc_ast::ast::ChainElement::CallExpression(call) => &call.callee,
                element => element.as_member_expression()?.object(),
            },
            member => member.as_member_expression()?.object(),
        };
    }
}

/// Spans of nodes of which a part became the body of a function, with the byte where that begins.
pub(super) type Bodies = HashMap<Range, u32>;

/// Whether the node, or one around it in the same function, became part of such a body.
pub(super) fn is_in_new_body(job: &Job<'_>, node: &AstNode<'_>, bodies: &Bodies) -> bool {
    let start = node.kind().span().start;
    let same_function = job.ancestors(node.id()).take_while(|node| !node.kind().is_function_like());
    std::iter::once(node)
        .chain(same_function)
        .any(|node| bodies.get(&node.kind().span().into()).is_some_and(|begin| *begin <= start))
}

/// Refuses what waits (`await`, `yield`) inside what became the body of a function.
pub(super) fn refuse_waiting(job: &Job<'_>, bodies: &Bodies) -> Result<(), CompileError> {
    if bodies.is_empty() {
        return Ok(());
    }
    for node in job.nodes() {
        let keyword = match node.kind() {
            AstKind::AwaitExpression(_) => "await",
            AstKind::YieldExpression(_) => "yield",
            _ => continue,
        };
        if is_in_new_body(job, node, bodies) {
            let start = node.kind().span().start;
            let shown = Span::new(start, start + offset(keyword.len()));
            return Err(job.error(Fault::Suspended { keyword }, shown));
        }
    }
    Ok(())
}
