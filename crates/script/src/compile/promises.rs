//! The second pass: `op().then(f).catch(g)` becomes `_defer(op(), p => p.then(f).catch(g))`.
//!
//! An operation is a function that runs later, so it has no promise yet; the runtime's `defer`
//! makes an operation of both. A `catch` directly behind the operation becomes its third argument,
//! which is given the error and the state. Only chains at the top level are meant: inside
//! functions and blocks promises are promises. So are those that the job waits for itself.

use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, Expression, StaticMemberExpression};
use oxc_semantic::AstNode;
use oxc_span::{GetSpan, Span};

use super::splice::{Edit, Part};
use super::syntax::{Bodies, Job, as_call, bare, is_in_new_body};

/// What the runtime's helper is called in its own module.
pub(super) const DEFER: &str = "defer";

/// The edits of this pass.
pub(super) struct Promises {
    pub(super) edits: Vec<Edit>,
    /// The chains, of which all behind the operation became a function of the promise.
    pub(super) bodies: Bodies,
    /// The name of the helper in this job, if it is needed.
    pub(super) helper: Option<String>,
}

/// A chain of promises on an operation.
struct Chain<'e, 'a> {
    whole: Span,
    /// The operation with its parentheses.
    operation: Span,
    /// The call directly behind the operation, and its name.
    first: &'e CallExpression<'a>,
    first_name: &'e str,
}

impl Chain<'_, '_> {
    /// Whether the operation is caught directly, by what becomes the third argument.
    fn is_caught(&self) -> bool {
        self.first_name == "catch"
    }

    /// Where what becomes a function of the promise begins.
    fn body_start(&self) -> u32 {
        if self.is_caught() { self.first.span.end } else { self.operation.end }
    }
}

/// `lazy` is what the first pass made functions of.
pub(super) fn promises(job: &Job<'_>, lazy: &Bodies) -> Promises {
    let mut promises = Promises { edits: Vec::new(), bodies: Bodies::new(), helper: None };
    let mut names = None;
    for node in job.nodes() {
        let AstKind::CallExpression(call) = node.kind() else { continue };
        let Some(chain) = chain(call) else { continue };
        let is_part =
            is_in_new_body(job, node, &promises.bodies) || is_in_new_body(job, node, lazy);
        if is_part || is_link(job, node) || !is_at_top(job, node) || is_awaited(job, node) {
            continue;
        }
        let (helper, promise) =
            names.get_or_insert_with(|| (job.unused_name("_defer"), job.unused_name("p")));
        promises.edits.push(deferred(job, &chain, helper, promise));
        promises.bodies.insert(chain.whole.into(), chain.body_start());
        promises.helper = Some(helper.clone());
    }
    promises
}

/// `.then`, `.catch` or `.finally` of something, as it is called.
fn link<'e, 'a>(call: &'e CallExpression<'a>) -> Option<&'e StaticMemberExpression<'a>> {
    match bare(&call.callee) {
        Expression::StaticMemberExpression(member)
            if matches!(member.property.name.as_str(), "then" | "catch" | "finally") =>
        {
            Some(member)
        }
        _ => None,
    }
}

/// The innermost call of a chain that is no link: the operation itself.
pub(super) fn operation_of<'e, 'a>(call: &'e CallExpression<'a>) -> &'e CallExpression<'a> {
    let mut call = call;
    while let Some(inner) = link(call).and_then(|member| as_call(&member.object)) {
        call = inner;
    }
    call
}

/// The chain that ends with this call, if it is one and begins with a call.
fn chain<'e, 'a>(call: &'e CallExpression<'a>) -> Option<Chain<'e, 'a>> {
    let mut first = call;
    loop {
        let member = link(first)?;
        let inner = as_call(&member.object)?;
        if link(inner).is_none() {
            let first_name = member.property.name.as_str();
            let operation = member.object.span();
            return Some(Chain { whole: call.span, operation, first, first_name });
        }
        first = inner;
    }
}

/// Whether the call is itself what a longer chain goes on with.
fn is_link(job: &Job<'_>, node: &AstNode<'_>) -> bool {
    let member = job.parent_proper(node.id());
    let AstKind::StaticMemberExpression(expression) = member.kind() else { return false };
    let AstKind::CallExpression(call) = job.parent_proper(member.id()).kind() else { return false };
    link(call).is_some_and(|link| link.span == expression.span)
}

fn is_at_top(job: &Job<'_>, node: &AstNode<'_>) -> bool {
    !job.ancestors(node.id()).any(|around| {
        let kind = around.kind();
        kind.is_function_like()
            || matches!(
                kind,
                AstKind::BlockStatement(_)
                    | AstKind::FunctionBody(_)
                    | AstKind::Class(_)
                    | AstKind::SwitchStatement(_)
            )
    })
}

fn is_awaited(job: &Job<'_>, node: &AstNode<'_>) -> bool {
    matches!(job.parent_proper(node.id()).kind(), AstKind::AwaitExpression(_))
}

fn deferred(job: &Job<'_>, chain: &Chain<'_, '_>, helper: &str, promise: &str) -> Edit {
    let Chain { whole, operation, first, .. } = chain;
    let source = |from: u32, to: u32| Part::source(from, to);
    let mut parts = vec![Part::Text(format!("{helper}(")), Part::Source((*operation).into())];
    let arrow = Part::Text(format!(", {promise} => "));
    if chain.is_caught() {
        let handler = first.arguments.first().map(GetSpan::span);
        let is_whole = first.span == *whole;
        if is_whole {
            parts.push(Part::text(", undefined"));
        } else {
            parts.extend([arrow, source(whole.start, first.span.start)]);
            parts.extend([Part::text(promise), source(first.span.end, whole.end)]);
        }
        parts.push(Part::text(", "));
        let kept = handler.unwrap_or_else(|| Span::empty(first.span.end));
        parts.extend(comments(job, operation.end, kept.start));
        match handler {
            Some(handler) => parts.push(Part::Source(handler.into())),
            None => parts.push(Part::text("undefined")),
        }
        parts.extend(comments(job, kept.end, first.span.end));
    } else {
        parts.extend([arrow, source(whole.start, operation.start)]);
        parts.extend([Part::text(promise), source(operation.end, whole.end)]);
    }
    parts.push(Part::text(")"));
    Edit { span: (*whole).into(), parts }
}

/// The comments between two places where all else is dropped.
fn comments(job: &Job<'_>, start: u32, end: u32) -> Vec<Part> {
    let comments = job.semantic.comments().iter().map(|comment| comment.span);
    let first = job.semantic.comments().partition_point(|comment| comment.span.start < start);
    let spans = comments.skip(first).take_while(|span| span.end <= end);
    spans.flat_map(|span| [Part::Source(span.into()), Part::text("\n")]).collect()
}
