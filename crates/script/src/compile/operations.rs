//! The third and fourth pass: the default export, and the operations in it.
//!
//! A call that stands as a statement at the top level is an operation. It moves, with the comments
//! before and behind it, into the array that the module exports: one of the author's own if there
//! is one, else a new one at the end. All other statements stay above it in their order, and run
//! once when the module is loaded. Where the author exports something else as the default, nothing
//! moves: the module is as its author wants it.

use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, ExportDefaultDeclarationKind, Expression, Program,
    Statement,
};
use oxc_span::{GetSpan, Span};

use super::place::{ends_line, offset};
use super::promises::operation_of;
use super::splice::{Edit, Part, Range};
use super::syntax::{Bodies, Job, as_call, bare, dotted_name};

/// An operation of a job, by its place in the author's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What is called, such as `get` or `http.get`, if that is a plain name.
    pub(super) name: Option<String>,
    pub(super) span: Span,
}

/// How the module is laid out.
pub(super) struct Layout {
    /// The module from its first to its last byte, but for its imports.
    pub(super) parts: Vec<Part>,
    pub(super) edits: Vec<Edit>,
    /// The elements of the exported array that are known, in order.
    pub(super) operations: Vec<Found>,
    /// Whether the module is the author's text as it is.
    pub(super) unchanged: bool,
}

/// A statement with the white space and the comments that belong to it.
struct Chunk {
    start: u32,
    end: u32,
    /// The statement alone.
    statement: Span,
    /// The call, if it is an operation.
    operation: Option<Span>,
}

/// What the author exports as the default.
enum Exported<'e, 'a> {
    Nothing,
    Array(&'e ArrayExpression<'a>),
    Other,
}

/// `deferred` are the chains of promises that became operations.
pub(super) fn lay_out(job: &Job<'_>, deferred: &Bodies) -> Layout {
    let program = job.semantic.nodes().program();
    let exported = exported(program);
    let mut operations = match &exported {
        Exported::Array(array) => elements(array),
        Exported::Nothing | Exported::Other => Vec::new(),
    };
    // An optional chain is no plain call, unless it is one of promises.
    let is_operation = |expression: &Expression<'_>| match bare(expression) {
        Expression::CallExpression(_) => true,
        chain => deferred.contains_key(&chain.span().into()),
    };
    let moves = |expression: &Expression<'_>| {
        !matches!(exported, Exported::Other) && is_operation(expression)
    };
    let mut moved = Vec::new();
    let mut stay = Vec::new();
    for (chunk, found) in chunks(job, program, &moves) {
        operations.extend(found);
        if chunk.operation.is_some() { &mut moved } else { &mut stay }.push(chunk);
    }
    let end = stay.iter().chain(&moved).map(|chunk| chunk.end).max();
    let rest =
        Part::source(end.unwrap_or_else(|| text_start(job, program)), offset(job.text.len()));
    let mut layout = Layout { parts: Vec::new(), edits: Vec::new(), operations, unchanged: false };
    layout.parts.extend(stay.iter().map(|chunk| Part::source(chunk.start, chunk.end)));
    match exported {
        Exported::Other => layout.unchanged = true,
        Exported::Array(_) if moved.is_empty() => layout.unchanged = true,
        Exported::Array(array) => layout.edits.push(appended(job, array, &moved)),
        Exported::Nothing => layout.parts.extend(new_array(job, &stay, &moved)),
    }
    if layout.unchanged {
        layout.parts = vec![Part::source(text_start(job, program), offset(job.text.len()))];
    } else {
        layout.parts.push(rest);
    }
    layout
}

/// Where the author's text begins behind a byte order mark and a line for the shell.
fn text_start(job: &Job<'_>, program: &Program<'_>) -> u32 {
    let mark = if job.text.starts_with('\u{feff}') { 3 } else { 0 };
    program.hashbang.as_ref().map_or(mark, |line| line.span.end)
}

fn exported<'e, 'a>(program: &'e Program<'a>) -> Exported<'e, 'a> {
    for statement in &program.body {
        match statement {
            Statement::ExportDefaultDeclaration(default) => {
                let array = match &default.declaration {
                    ExportDefaultDeclarationKind::ParenthesizedExpression(outer) => {
                        bare(&outer.expression)
                    }
                    ExportDefaultDeclarationKind::ArrayExpression(array) => {
                        return Exported::Array(array);
                    }
                    _ => return Exported::Other,
                };
                return match array {
                    Expression::ArrayExpression(array) => Exported::Array(array),
                    _ => Exported::Other,
                };
            }
            Statement::ExportNamedDeclaration(export)
                if export.specifiers.iter().any(|name| name.exported.name() == "default") =>
            {
                return Exported::Other;
            }
            Statement::ExportFromDeclaration(export)
                if export.specifiers.iter().any(|name| name.exported.name() == "default") =>
            {
                return Exported::Other;
            }
            _ => {}
        }
    }
    Exported::Nothing
}

/// What is known of an array: its elements up to the first that stands for several or for none.
fn elements(array: &ArrayExpression<'_>) -> Vec<Found> {
    let known = array.elements.iter().map_while(ArrayExpressionElement::as_expression);
    known.map(found).collect()
}

fn found(expression: &Expression<'_>) -> Found {
    let name = match as_call(expression) {
        Some(call) => dotted_name(&operation_of(call).callee),
        None => dotted_name(expression),
    };
    Found { name, span: bare(expression).span() }
}

/// The directives and statements of a job, each with what belongs to it.
fn chunks(
    job: &Job<'_>,
    program: &Program<'_>,
    is_operation: &dyn Fn(&Expression<'_>) -> bool,
) -> Vec<(Chunk, Option<Found>)> {
    let mut start = text_start(job, program);
    let mut next = |statement: Span, operation: Option<&Expression<'_>>| {
        let end = behind(job, statement.end);
        let span = operation.map(GetSpan::span);
        let chunk = Chunk { start, end, statement, operation: span };
        start = end;
        (chunk, operation.map(found))
    };
    let mut chunks: Vec<_> =
        program.directives.iter().map(|directive| next(directive.span, None)).collect();
    for statement in &program.body {
        let operation = match statement {
            Statement::ExpressionStatement(line) if is_operation(&line.expression) => {
                Some(&line.expression)
            }
            _ => None,
        };
        chunks.push(next(statement.span(), operation));
    }
    chunks
}

/// Behind the comments that stand on the same line as the end of a statement.
fn behind(job: &Job<'_>, end: u32) -> u32 {
    let comments = job.semantic.comments();
    let mut at = end;
    loop {
        let rest = job.text.get(at as usize..).unwrap_or_default();
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let next = at + offset(spaces);
        let rest = rest.get(spaces..).unwrap_or_default();
        if rest.is_empty() || rest.starts_with(ends_line) {
            return at;
        }
        let index = comments.partition_point(|comment| comment.span.start < next);
        match comments.get(index).map(|comment| comment.span) {
            Some(span) if span.start == next && !job.slice(span).contains(ends_line) => {
                at = span.end;
            }
            // More follows on the line: its comments may be of that.
            _ => return end,
        }
    }
}

/// The parts of an operation up to its end, and behind it without a semicolon.
fn halves(job: &Job<'_>, chunk: &Chunk) -> (Part, Vec<Part>) {
    let call = chunk.operation.unwrap_or(chunk.statement);
    let semicolon = job.slice(chunk.statement).ends_with(';');
    let statement_end = chunk.statement.end - u32::from(semicolon);
    let behind =
        vec![Part::source(call.end, statement_end), Part::source(chunk.statement.end, chunk.end)];
    (Part::source(chunk.start, call.end), behind)
}

/// `export default […]` with the operations, behind all else.
fn new_array(job: &Job<'_>, stay: &[Chunk], moved: &[Chunk]) -> Vec<Part> {
    let begin = if stay.is_empty() { "" } else { "\n" };
    let Some(first) = moved.first() else {
        return vec![Part::Text(format!("{begin}export default [];\n"))];
    };
    let text = job.text.get(first.start as usize..).unwrap_or_default();
    let break_line = if text.starts_with(ends_line) { "" } else { "\n" };
    let mut parts = vec![Part::Text(format!("{begin}export default [{break_line}"))];
    for chunk in moved {
        let (call, behind) = halves(job, chunk);
        parts.extend([call, Part::text(",")]);
        parts.extend(behind);
    }
    parts.push(Part::text("\n];"));
    parts
}

/// The operations behind the last element of the author's own array.
fn appended(job: &Job<'_>, array: &ArrayExpression<'_>, moved: &[Chunk]) -> Edit {
    let last = array.elements.last().and_then(ArrayExpressionElement::as_expression);
    let spread = match array.elements.last() {
        Some(ArrayExpressionElement::SpreadElement(spread)) => Some(spread.span.end),
        _ => None,
    };
    let behind_last = last.map(|last| last.span().end).or(spread);
    let at = behind_last.unwrap_or(array.span.end - 1);
    let mut parts = Vec::new();
    // Commas stand before what may be a line comment, and none behind the last operation: the
    // author's array may have one there.
    let mut before: Vec<Part> = Vec::new();
    for (index, chunk) in moved.iter().enumerate() {
        if index > 0 || behind_last.is_some() {
            parts.push(Part::text(","));
        }
        parts.append(&mut before);
        let (call, behind) = halves(job, chunk);
        parts.push(call);
        before = behind;
    }
    parts.append(&mut before);
    parts.push(Part::text("\n"));
    Edit { span: Range::new(at, at), parts }
}
