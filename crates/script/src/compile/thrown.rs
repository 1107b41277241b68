//! Where an error was thrown, more exactly than the engine says.
//!
//! QuickJS remembers places for names, calls, operands and statements alone. What fails is told at the
//! last of these before it: in `state.data.a.b` at `state`, whichever of the three is undefined, and in
//! `a(b)` at `b`. It compiles in one go, in the order of the text; so what it could have meant by a
//! place can be read off the syntax: everything in the same function that was compiled between this
//! place and the next one. The words of the error decide among these. Where they leave a choice, the
//! engine's own place stays.

use std::collections::BTreeSet;

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, Expression};
use oxc_semantic::{AstNode, NodeId};
use oxc_span::{GetSpan as _, Span};

use super::place::{Lines, Position};
use super::syntax::{self, Job};

/// What failed, as far as the words of an error tell.
enum Failed<'m> {
    /// A property of this name was read or set, and there was no object.
    Property(&'m str),
    /// Something was called that is no function.
    Call,
    /// A name stands for nothing: the engine's place is that of the name.
    Name,
    /// The engine did not like a value, or the job made an error of this kind itself.
    Value,
    /// Anything else: most likely the error was made here, or came out of what was called here.
    Thrown,
}

impl<'m> Failed<'m> {
    fn of(message: &'m str) -> Self {
        if message.starts_with("ReferenceError: ") {
            return Self::Name;
        }
        let Some(words) = message.strip_prefix("TypeError: ") else { return Self::Thrown };
        let property = ["cannot read property '", "cannot set property '"]
            .iter()
            .find_map(|before| words.strip_prefix(before))
            .and_then(|rest| {
                rest.strip_suffix("' of undefined").or_else(|| rest.strip_suffix("' of null"))
            });
        match (property, words) {
            (Some(property), _) => Self::Property(property),
            (None, "not a function") => Self::Call,
            (None, _) => Self::Value,
        }
    }
}

/// Something that may have failed.
struct Candidate<'m> {
    /// Where people look for it: the property, the name of what is called, the `new`.
    shown: u32,
    /// Where its code has been compiled.
    end: u32,
    kind: Kind<'m>,
}

enum Kind<'m> {
    Property(&'m str),
    Call,
    New,
}

/// The place of the expression that failed, in a module, for the place that the engine named.
pub(super) fn refined(module: &str, named: Position, message: &str) -> Option<Position> {
    let lines = Lines::of(module);
    let at = lines.offset(module, named)?;
    let allocator = Allocator::default();
    let job = syntax::parse(&allocator, module).ok()?;
    let function = job
        .nodes()
        .filter(|node| node.kind().is_function_like() && holds(node.kind().span(), at))
        .last()
        .map(AstNode::id);
    let found = candidates(&job, function, at);
    let shown = choose(&found, &Failed::of(message))?;
    Some(lines.position(module, shown))
}

/// Whether the place is inside; what begins with a function is around it.
const fn holds(span: Span, at: u32) -> bool {
    span.start < at && at < span.end
}

/// The function that a node's code belongs to; none at the top level.
fn function_of(job: &Job<'_>, node: NodeId) -> Option<NodeId> {
    job.ancestors(node).find(|node| node.kind().is_function_like()).map(AstNode::id)
}

/// All that the engine may mean by this place.
fn candidates<'a>(job: &Job<'a>, function: Option<NodeId>, at: u32) -> Vec<Candidate<'a>> {
    let mut found = Vec::new();
    let mut places = BTreeSet::new();
    for node in job.nodes().filter(|node| function_of(job, node.id()) == function) {
        places.extend(place_of(job, node));
        found.extend(candidate(node));
    }
    let next = places.range(at + 1..).next().copied().unwrap_or(u32::MAX);
    found.retain(|candidate| at < candidate.end && candidate.end <= next);
    found
}

/// The place that the engine remembers at this node, if it does.
fn place_of(job: &Job<'_>, node: &AstNode<'_>) -> Option<u32> {
    match node.kind() {
        AstKind::IdentifierReference(name) => Some(name.span.start),
        AstKind::BinaryExpression(binary) => Some(binary.right.span().start),
        AstKind::ThrowStatement(thrown) => Some(thrown.argument.span().start),
        AstKind::ExpressionStatement(statement) => Some(statement.span.start),
        AstKind::NewExpression(new) => Some(new.callee.span().start),
        AstKind::CallExpression(call) => {
            // The first token within the parentheses, the closing one if there is no other.
            let first = call.arguments.first().map(|argument| match argument {
                Argument::SpreadElement(spread) => spread.span.start,
                argument => argument.span().start,
            });
            let closing = call.span.end.checked_sub(1);
            let is_closed = job.text.get(..call.span.end as usize)?.ends_with(')');
            first.or(closing.filter(|_| is_closed))
        }
        _ => None,
    }
}

fn candidate<'a>(node: &AstNode<'a>) -> Option<Candidate<'a>> {
    let (shown, end, kind) = match node.kind() {
        AstKind::StaticMemberExpression(member) => {
            let Span { start, end, .. } = member.property.span;
            (start, end, Kind::Property(member.property.name.as_str()))
        }
        AstKind::CallExpression(call) => (called_at(&call.callee), call.span.end, Kind::Call),
        AstKind::NewExpression(new) => (new.span.start, new.span.end, Kind::New),
        _ => return None,
    };
    Some(Candidate { shown, end, kind })
}

/// Where the name of what is called stands.
fn called_at(callee: &Expression<'_>) -> u32 {
    match syntax::bare(callee) {
        Expression::StaticMemberExpression(member) => member.property.span.start,
        other => other.span().start,
    }
}

/// The one candidate that fits what the error says; none if there are several.
fn choose(found: &[Candidate<'_>], failed: &Failed<'_>) -> Option<u32> {
    let only = |fits: &dyn Fn(&Kind<'_>) -> bool| {
        let mut fitting = found.iter().filter(|candidate| fits(&candidate.kind));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first.shown)
    };
    match failed {
        // Of several of one name the last is meant: what the first is read from would be missing altogether.
        Failed::Property(name) => found
            .iter()
            .filter(|candidate| matches!(candidate.kind, Kind::Property(own) if own == *name))
            .map(|candidate| candidate.shown)
            .max(),
        Failed::Name => None,
        Failed::Value => only(&|kind| matches!(kind, Kind::New)),
        Failed::Call => only(&|kind| matches!(kind, Kind::Call)),
        Failed::Thrown => only(&|kind| matches!(kind, Kind::New))
            .or_else(|| only(&|kind| matches!(kind, Kind::Call))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In each module `‹` stands where the engine says that it was, `›` where it was.
    #[track_caller]
    fn check(marked: &str, message: &str) {
        let module: String = marked.chars().filter(|letter| !"‹›".contains(*letter)).collect();
        let place = |mark: char| {
            let before = marked.split(mark).next().unwrap_or_default();
            let before: String = before.chars().filter(|letter| !"‹›".contains(*letter)).collect();
            Lines::of(&module).position(&module, super::super::place::offset(before.len()))
        };
        let found = refined(&module, place('‹'), message).unwrap_or(place('‹'));
        assert_eq!(found, place('›'), "{marked}");
    }

    #[test]
    fn a_property_is_found_by_its_name() {
        let undefined = "TypeError: cannot read property 'b' of undefined";
        check("x(state => ‹state.data.a.›b);", undefined);
        check("x(state => {\n  return ‹state.data\n    .a\n    .›b;\n});", undefined);
        check("x(state => state.b.c(‹other.a.›b));", undefined);
        check("x(state => ‹state.a.b.›b);", undefined);
        check("x(state => ‹state.a.›b.c(y => y.b));", undefined);
        check("x(‹›state => state.a);", undefined);
        check("x(state => { ‹state.a.›b = 1; });", "TypeError: cannot set property 'b' of null");
    }

    #[test]
    fn what_is_called_is_found_by_its_place() {
        let message = "TypeError: not a function";
        check("x(state => state.data.›a(‹));", message);
        check("x(state => state.items.›map(‹y => y.z()));", message);
        check("x(state => ›help(state, ‹state));", message);
        check("x(state => f(g(‹›state)));", message);
    }

    #[test]
    fn an_error_is_found_where_it_was_made() {
        check("x(state => {\n  throw ›new ‹Error('boom');\n});", "boom");
        check("x(state => {\n  throw ›new Error(`no ${‹state.data.id}`);\n});", "no 7");
        check("x(state => JSON.›parse(‹'{'));", "SyntaxError: no JSON");
        check(
            "x(state => { for (const y of ‹›state.items) {} });",
            "TypeError: value is not iterable",
        );
        check("x(state => f(...‹›state));", "TypeError: value is not iterable");
        check("x(state => { throw ›new ‹TypeError('mine'); });", "TypeError: mine");
        check("x(state => f(‹›missing));", "ReferenceError: missing is not defined");
    }
}
