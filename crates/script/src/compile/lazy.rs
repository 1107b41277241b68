//! The first pass: `$.a.b` becomes `state => state.a.b`.
//!
//! The function is put around the argument of the nearest call that `$` stands in, so that the
//! operation reads the state when it runs. Where that argument is already `state => …`, only the
//! name changes. A `$` that the job declares inside a function or a block is the job's own; so is
//! what stands in an object that a variable at the top level is set to, and a bare `$`.
//!
//! A call on `$` itself belongs to what is read: `$.items.map(f)` becomes
//! `state => state.items.map(f)`.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrowFunctionExpression, CallExpression, Expression, IdentifierReference, Statement,
};
use oxc_semantic::AstNode;
use oxc_span::{GetSpan, Span};

use super::error::{CompileError, Fault};
use super::splice::{Edit, Range};
use super::syntax::{Bodies, Job, bare, chain_root};

/// The name in a job for the state at the time when an operation runs.
pub(super) const LAZY: &str = "$";

/// The outcome of this pass.
pub(super) struct Lazy {
    pub(super) edits: Vec<Edit>,
    /// Each `$` that became `state`.
    pub(super) names: HashSet<Range>,
    /// What became functions of the state.
    pub(super) bodies: Bodies,
}

/// What is to be done around one `$`.
enum Around {
    /// It is in a function of the state already.
    Nothing,
    /// This argument becomes a function.
    Argument(Span),
    /// This becomes a function where it stands, in parentheses.
    Here(Span),
}

pub(super) fn lazy_state(job: &Job<'_>) -> Result<Lazy, CompileError> {
    let mut lazy = Lazy { edits: Vec::new(), names: HashSet::new(), bodies: Bodies::new() };
    let constants = constants(job);
    for node in job.nodes() {
        let AstKind::IdentifierReference(name) = node.kind() else { continue };
        if !is_lazy(job, name) || !is_read_from(job, node) || is_inside(&constants, name.span) {
            continue;
        }
        lazy.names.insert(name.span.into());
        lazy.edits.push(Edit::replace(name.span.into(), "state"));
        let (span, in_parentheses) = match around(job, node, name.span)? {
            Around::Nothing => continue,
            Around::Argument(span) => (span, false),
            Around::Here(span) => (span, true),
        };
        if lazy.bodies.insert(span.into(), span.start).is_none() {
            lazy.edits.push(function_of_state(job, span, in_parentheses));
        }
    }
    Ok(lazy)
}

/// Whether the name is the dialect's `$` and none of the job's own.
fn is_lazy(job: &Job<'_>, name: &IdentifierReference<'_>) -> bool {
    name.name == LAZY && !job.is_local(name)
}

/// Whether something is read from it, as in `$.a` or `$[0]`.
fn is_read_from(job: &Job<'_>, node: &AstNode<'_>) -> bool {
    let span = node.kind().span();
    let holds = |object: Span| object.start <= span.start && span.end <= object.end;
    let parent = job.parent_proper(node.id()).kind();
    parent.as_member_expression_kind().is_some_and(|member| holds(member.object().span()))
}

/// The objects that variables at the top level are set to, in order.
fn constants(job: &Job<'_>) -> Vec<Span> {
    let statements = job.semantic.nodes().program().body.iter();
    let declarations = statements.filter_map(|statement| match statement {
        Statement::VariableDeclaration(declaration) => Some(declaration),
        _ => None,
    });
    let values = declarations.flat_map(|declaration| &declaration.declarations);
    let objects = values.filter_map(|variable| match bare(variable.init.as_ref()?) {
        Expression::ObjectExpression(object) => Some(object.span),
        _ => None,
    });
    objects.collect()
}

/// Whether one of the spans, which are in order and apart, is around this one.
fn is_inside(spans: &[Span], inner: Span) -> bool {
    let next = spans.partition_point(|span| span.start <= inner.start);
    next.checked_sub(1).and_then(|index| spans.get(index)).is_some_and(|span| inner.end <= span.end)
}

/// Goes outwards from a `$` to the argument that is to become a function.
fn around(job: &Job<'_>, node: &AstNode<'_>, dollar: Span) -> Result<Around, CompileError> {
    // Whether all since the `$` is a chain of members and calls on it.
    let mut chain = true;
    // The call of `$.f()`, which may become a function where it stands.
    let mut direct = None;
    let mut inner = node;
    loop {
        let outer = job.parent(inner.id());
        let span = inner.kind().span();
        match outer.kind() {
            AstKind::ParenthesizedExpression(_) | AstKind::ChainExpression(_) => {}
            AstKind::CallExpression(call) if call.callee.span() == span => {
                if !chain {
                    return called(job, inner, dollar);
                }
                if is_direct(call) {
                    direct = Some(call.span);
                }
            }
            AstKind::CallExpression(call) => {
                if !is_on_lazy(job, call) {
                    return argument(job, inner, dollar);
                }
                chain = false;
            }
            kind if ends_search(kind) => {
                return match direct {
                    Some(span) => Ok(Around::Here(span)),
                    None => Err(job.error(Fault::LazyOutsideOperation, dollar)),
                };
            }
            kind => {
                let member = kind.as_member_expression_kind();
                chain &= member.is_some_and(|member| member.object().span() == span);
            }
        }
        inner = outer;
    }
}

/// Where no argument can be found any more: a statement, a declaration or a function's body.
fn ends_search(kind: AstKind<'_>) -> bool {
    kind.is_statement()
        || kind.is_declaration()
        || matches!(
            kind,
            AstKind::Program(_)
                | AstKind::FunctionBody(_)
                | AstKind::ClassBody(_)
                | AstKind::MethodDefinition(_)
                | AstKind::PropertyDefinition(_)
                | AstKind::AccessorProperty(_)
                | AstKind::StaticBlock(_)
        )
}

/// Whether it is a call like `$.f()`, of something that is read from `$` directly.
fn is_direct(call: &CallExpression<'_>) -> bool {
    bare(&call.callee)
        .as_member_expression()
        .is_some_and(|member| bare(member.object()).is_specific_id(LAZY))
}

/// Whether it is a call of something that is read from `$`, which belongs to what is read.
fn is_on_lazy(job: &Job<'_>, call: &CallExpression<'_>) -> bool {
    let bare_name = matches!(bare(&call.callee), Expression::Identifier(_));
    !bare_name && chain_root(&call.callee).is_some_and(|root| is_lazy(job, root))
}

/// `$` inside what is called: that becomes a function, unless it is one of the state.
fn called(job: &Job<'_>, callee: &AstNode<'_>, dollar: Span) -> Result<Around, CompileError> {
    Ok(match argument(job, callee, dollar)? {
        Around::Argument(span) => Around::Here(span),
        other => other,
    })
}

/// `$` inside an argument: it becomes a function, unless it is one of the state.
fn argument(job: &Job<'_>, argument: &AstNode<'_>, dollar: Span) -> Result<Around, CompileError> {
    let span = argument.kind().span();
    match inside_parentheses(argument.kind()) {
        AstKind::SpreadElement(_) => Err(job.error(Fault::LazySpread, dollar)),
        AstKind::ArrowFunctionExpression(arrow) => match of_state(job, arrow) {
            Ok(()) => Ok(Around::Nothing),
            Err(fault) => Err(job.error(fault, dollar)),
        },
        _ => Ok(Around::Argument(span)),
    }
}

fn inside_parentheses(kind: AstKind<'_>) -> AstKind<'_> {
    match kind {
        AstKind::ParenthesizedExpression(outer) => {
            AstKind::from_expression(bare(&outer.expression))
        }
        kind => kind,
    }
}

/// Whether the function takes one parameter called `state`.
fn of_state(job: &Job<'_>, arrow: &ArrowFunctionExpression<'_>) -> Result<(), Fault> {
    let parameters = &arrow.params;
    let count = parameters.items.len() + usize::from(parameters.rest.is_some());
    match parameters.items.first() {
        Some(parameter) if count == 1 => {
            let name = job.slice(parameter.span);
            if name == "state" {
                Ok(())
            } else {
                Err(Fault::LazyParameterName { name: name.to_owned() })
            }
        }
        _ => Err(Fault::LazyParameterCount { count }),
    }
}

fn function_of_state(job: &Job<'_>, span: Span, in_parentheses: bool) -> Edit {
    // A brace behind an arrow would begin a body.
    let object = job.slice(span).starts_with('{');
    let (before, after) = match (in_parentheses, object) {
        (false, false) => ("state => ", ""),
        (false, true) => ("state => (", ")"),
        (true, false) => ("(state => ", ")"),
        (true, true) => ("(state => (", "))"),
    };
    Edit::wrap(span.into(), before, after)
}
