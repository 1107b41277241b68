//! The library that runs what was translated, and the border between its values and ours.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, ObjectRepr, Rest, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::datum::Datum;
use super::translate::{CLOSE_COMMENT, CLOSE_TAG, CLOSE_VALUE, OPEN_COMMENT, OPEN_TAG, OPEN_VALUE};
use super::{Surroundings, TemplateError, Translated, Variables, compare, filters};

/// How deep tags may stand in each other.
const MAX_DEPTH: usize = 64;

/// An expression as a template that writes it.
pub(super) fn as_value(expression: &str) -> String {
    format!("{OPEN_VALUE} {expression} {CLOSE_VALUE}")
}

/// The value of an expression.
pub(super) fn value(
    translated: &Translated,
    source: &str,
    variables: &dyn Variables,
    surroundings: &Surroundings,
) -> Result<Datum, TemplateError> {
    let run = Run::new(surroundings);
    let environment = environment(&run, false);
    environment
        .compile_expression(&translated.jinja)
        .and_then(|expression| expression.eval(context(translated, variables, surroundings)))
        .map(|value| datum(&value))
        .map_err(|error| run.explain(&error, source))
}

/// The text that a template makes.
pub(super) fn text(
    translated: &Translated,
    source: &str,
    variables: &dyn Variables,
    surroundings: &Surroundings,
    is_html: bool,
) -> Result<String, TemplateError> {
    let run = Run::new(surroundings);
    let environment = environment(&run, is_html);
    let most = surroundings.limits.output_bytes;
    let mut written = Bounded { bytes: Vec::new(), most, is_full: false };
    let rendered = environment.template_from_str(&translated.jinja).and_then(|template| {
        let context = context(translated, variables, surroundings);
        template.render_captured_to(context, &mut written).map(|_| ())
    });
    match rendered {
        Ok(()) => Ok(String::from_utf8_lossy(&written.bytes).into_owned()),
        Err(error) if written.is_full => Err(TemplateError {
            line: error.line().unwrap_or(1),
            column: None,
            reason: format!("it makes more than {most} bytes"),
        }),
        Err(error) => Err(run.explain(&error, source)),
    }
}

/// Everything that the template names, and nothing else.
fn context(
    translated: &Translated,
    variables: &dyn Variables,
    surroundings: &Surroundings,
) -> Value {
    let named = translated.names.variables.iter().enumerate().map(|(place, name)| {
        let value = variables
            .variable(name)
            .or_else(|| always_there(name, surroundings))
            .unwrap_or(Datum::Nothing);
        (format!("v{place}"), from_datum(value))
    });
    let constants = translated.names.constants.iter().enumerate();
    let constants =
        constants.map(|(place, value)| (format!("c{place}"), from_datum(value.clone())));
    Value::from(named.chain(constants).collect::<BTreeMap<String, Value>>())
}

/// The names that every template has, and that say something else at another time.
pub(super) const OF_THE_MOMENT: [&str; 2] = ["now", "today"];

fn always_there(name: &str, surroundings: &Surroundings) -> Option<Datum> {
    let now = surroundings.local(surroundings.now)?;
    match name {
        "now" => Some(Datum::Moment(now)),
        "today" => Some(Datum::Day(now.date_naive())),
        _ => None,
    }
}

fn environment<'t>(run: &Arc<Run>, is_html: bool) -> Environment<'t> {
    let mut environment = Environment::empty();
    let syntax = SyntaxConfig::builder()
        .block_delimiters(OPEN_TAG, CLOSE_TAG)
        .variable_delimiters(OPEN_VALUE, CLOSE_VALUE)
        .comment_delimiters(OPEN_COMMENT, CLOSE_COMMENT)
        .keep_trailing_newline(true)
        .build();
    // The signs are constants of ours that differ from each other: they cannot be refused.
    if let Ok(syntax) = syntax {
        environment.set_syntax(syntax);
    }
    environment.set_auto_escape_callback(
        move |_| {
            if is_html { AutoEscape::Html } else { AutoEscape::None }
        },
    );
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(run.surroundings.limits.steps));
    environment.set_recursion_limit(MAX_DEPTH);
    environment.set_formatter(|output, state, value| {
        let text = datum(value).written();
        let is_escaped = matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe();
        let text = if is_escaped { filters::text::escaped(&text) } else { text };
        output.write_str(&text).map_err(Error::from)
    });
    add_operators(&mut environment, run);
    for (name, filter) in filters::KNOWN {
        let own = Arc::clone(run);
        let is_safe = filters::MAKES_HTML.contains(name);
        environment.add_filter(format!("f_{name}"), move |value: &Value, rest: Rest<Value>| {
            let (value, argument) = (datum(value), rest.first().map(datum));
            own.charge(value.size() + argument.as_ref().map_or(0, Datum::size))?;
            let made = filter(&own.surroundings, &value, argument.as_ref())
                .map_err(|reason| own.refuse(reason))?;
            own.charge(made.size())?;
            Ok::<Value, Error>(match made {
                Datum::Text(text) if is_safe => Value::from_safe_string(text),
                made => from_datum(made),
            })
        });
    }
    environment
}

/// What the translation writes for operators, dots and loops.
fn add_operators(environment: &mut Environment<'_>, run: &Arc<Run>) {
    type Comparison = fn(&Datum, &Datum) -> bool;
    let comparisons: [(&'static str, Comparison); 8] = [
        ("is_same", compare::equal),
        ("is_other", |left, right| !compare::equal(left, right)),
        ("is_less", |left, right| {
            compare::order(left, right).is_some_and(std::cmp::Ordering::is_lt)
        }),
        ("is_at_most", |left, right| {
            compare::order(left, right).is_some_and(std::cmp::Ordering::is_le)
        }),
        ("is_more", |left, right| {
            compare::order(left, right).is_some_and(std::cmp::Ordering::is_gt)
        }),
        ("is_at_least", |left, right| {
            compare::order(left, right).is_some_and(std::cmp::Ordering::is_ge)
        }),
        ("is_in", |part, whole| compare::contains(whole, part)),
        ("is_not_in", |part, whole| !compare::contains(whole, part)),
    ];
    for (name, comparison) in comparisons {
        let own = Arc::clone(run);
        environment.add_filter(name, move |left: &Value, right: &Value| {
            let (left, right) = (datum(left), datum(right));
            own.charge(left.size() + right.size())?;
            Ok::<bool, Error>(comparison(&left, &right))
        });
    }
    let own = Arc::clone(run);
    environment.add_filter("member", move |value: &Value, name: &Value| {
        let value = datum(value);
        own.charge(value.size())?;
        let name = name.as_str().unwrap_or_default();
        // Python calls what it finds there: the three that people use on objects.
        let member = value.member(name).or_else(|| filters::lists::called(&value, name));
        Ok::<Value, Error>(from_datum(member.unwrap_or(Datum::Nothing)))
    });
    environment.add_filter("elements", |value: &Value| {
        Value::from(
            filters::lists::elements(datum(value)).into_iter().map(from_datum).collect::<Vec<_>>(),
        )
    });
    environment.add_filter("backwards", |value: &Value| {
        let elements = filters::lists::elements(datum(value)).into_iter().rev();
        Value::from(elements.map(from_datum).collect::<Vec<_>>())
    });
    environment.add_filter("first_true", |values: Vec<Value>| {
        let found = values.into_iter().find(|value| datum(value).is_true());
        found.unwrap_or_else(|| Value::from(""))
    });
}

/// One rendering: what it may still do, and why it was refused.
#[derive(Debug)]
struct Run {
    surroundings: Surroundings,
    /// How many bytes filters may still touch.
    work: AtomicUsize,
    refusal: Mutex<Option<String>>,
}

impl Run {
    fn new(surroundings: &Surroundings) -> Arc<Self> {
        Arc::new(Self {
            surroundings: *surroundings,
            work: AtomicUsize::new(surroundings.limits.work_bytes),
            refusal: Mutex::default(),
        })
    }

    /// Takes so many bytes off what may still be done.
    fn charge(&self, bytes: usize) -> Result<(), Error> {
        let relaxed = Ordering::Relaxed;
        let left = self.work.fetch_update(relaxed, relaxed, |left| left.checked_sub(bytes));
        left.map(|_| ()).map_err(|_| {
            let most = self.surroundings.limits.work_bytes;
            self.refuse(format!("its filters read and write more than {most} bytes"))
        })
    }

    fn refuse(&self, reason: String) -> Error {
        let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        *refusal = Some(reason);
        Error::new(ErrorKind::InvalidOperation, "refused")
    }

    /// What went wrong. The library's own words may quote answers, and are not told.
    fn explain(&self, error: &Error, source: &str) -> TemplateError {
        let refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let reason = match error.kind() {
            ErrorKind::OutOfFuel => {
                format!("it takes more than {} steps", self.surroundings.limits.steps)
            }
            kind => refusal.unwrap_or_else(|| {
                format!("what it does cannot be done with what is there ({kind})")
            }),
        };
        let line = error.line().unwrap_or(1).min(source.matches('\n').count() + 1);
        TemplateError { line, column: None, reason }
    }
}

/// A value that the library has no kind for.
#[derive(Debug)]
struct Leaf(Datum);

impl Object for Leaf {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0.is_true()
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.written())
    }
}

/// A value as the library has it.
fn from_datum(datum: Datum) -> Value {
    match datum {
        Datum::Nothing => Value::from(()),
        Datum::Truth(truth) => Value::from(truth),
        Datum::Text(text) => Value::from(text),
        Datum::List(elements) => {
            Value::from(elements.into_iter().map(from_datum).collect::<Vec<_>>())
        }
        Datum::Number(text) => match text.parse::<i128>() {
            Ok(whole) if whole.to_string() == text => Value::from(whole),
            _ => Value::from_object(Leaf(Datum::Number(text))),
        },
        leaf => Value::from_object(Leaf(leaf)),
    }
}

/// A value of the library as ours.
fn datum(value: &Value) -> Datum {
    if let Some(text) = value.as_str() {
        return Datum::text(text);
    }
    if let Some(Leaf(datum)) = value.downcast_object_ref::<Leaf>() {
        return datum.clone();
    }
    match value.kind() {
        ValueKind::Bool => Datum::Truth(value.is_true()),
        ValueKind::Number => Datum::Number(value.to_string()),
        ValueKind::Seq | ValueKind::Iterable => Datum::List(
            value
                .try_iter()
                .map(|elements| elements.map(|e| datum(&e)).collect())
                .unwrap_or_default(),
        ),
        _ => Datum::Nothing,
    }
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.is_full = true;
            return Err(io::Error::other("full"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
