//! The filters that templates have. All of them count what they read and write; those whose result can
//! be much longer than what they were given say so before they make it.

use std::sync::Arc;

use minijinja::filters as builtin;
use minijinja::value::{Kwargs, Rest, Value};
use minijinja::{Environment, Error, State};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Run;

/// What need not be escaped in a URL.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Filters of the engine that are left out: what they make is as long as a number says.
const LEFT_OUT: [&str; 8] =
    ["batch", "slice", "indent", "format", "pprint", "safe", "chain", "zip"];
/// Bytes that a value counts at least.
const ENTRY: usize = 32;
/// Filters that may take a text apart into its characters, each a value of its own.
const TAKES_APART: [&str; 9] =
    ["split", "lines", "list", "map", "select", "reject", "unique", "sort", "groupby"];
/// How much longer escaping makes a text at most: `"` becomes `&quot;`, a byte `%22`.
const ESCAPING: usize = 6;

/// Adds them all.
pub(super) fn add(environment: &mut Environment<'_>, run: &Arc<Run>) {
    for name in LEFT_OUT {
        environment.remove_filter(name);
    }
    for (name, filter) in counted() {
        let run = Arc::clone(run);
        let factor = if TAKES_APART.contains(&name) { ENTRY } else { 1 };
        let counted = move |state: &mut State<'_, '_>, args: Rest<Value>, named: Kwargs| {
            let mut args = args.0;
            if named.args().next().is_some() {
                args.push(Value::from(named));
            }
            run.charge(args.iter().map(size).sum::<usize>().saturating_mul(factor))?;
            let result = filter.call(state, &args)?;
            run.charge(size(&result))?;
            Ok::<Value, Error>(result)
        };
        environment.add_filter(name, counted);
    }
    add_own(environment, run);
}

/// The filters of the engine whose results are about as long as what they are given.
fn counted() -> Vec<(&'static str, Value)> {
    vec![
        ("lower", Value::from_function(builtin::lower)),
        ("upper", Value::from_function(builtin::upper)),
        ("title", Value::from_function(builtin::title)),
        ("capitalize", Value::from_function(builtin::capitalize)),
        ("length", Value::from_function(builtin::length)),
        ("count", Value::from_function(builtin::length)),
        ("dictsort", Value::from_function(builtin::dictsort)),
        ("items", Value::from_function(builtin::items)),
        ("reverse", Value::from_function(builtin::reverse)),
        ("trim", Value::from_function(builtin::trim)),
        ("split", Value::from_function(builtin::split)),
        ("lines", Value::from_function(builtin::lines)),
        ("default", Value::from_function(builtin::default)),
        ("d", Value::from_function(builtin::default)),
        ("round", Value::from_function(builtin::round)),
        ("abs", Value::from_function(builtin::abs)),
        ("int", Value::from_function(builtin::int)),
        ("float", Value::from_function(builtin::float)),
        ("attr", Value::from_function(builtin::attr)),
        ("first", Value::from_function(builtin::first)),
        ("last", Value::from_function(builtin::last)),
        ("min", Value::from_function(builtin::min)),
        ("max", Value::from_function(builtin::max)),
        ("sort", Value::from_function(builtin::sort)),
        ("list", Value::from_function(builtin::list)),
        ("bool", Value::from_function(builtin::bool)),
        ("select", Value::from_function(builtin::select)),
        ("reject", Value::from_function(builtin::reject)),
        ("selectattr", Value::from_function(builtin::selectattr)),
        ("rejectattr", Value::from_function(builtin::rejectattr)),
        ("map", Value::from_function(builtin::map)),
        ("groupby", Value::from_function(builtin::groupby)),
        ("unique", Value::from_function(builtin::unique)),
    ]
}

/// About how many bytes a value has, without what is inside its elements.
fn size(value: &Value) -> usize {
    let inside = match value.as_str() {
        Some(text) => text.len(),
        None => value.len().unwrap_or_default().saturating_mul(ENTRY),
    };
    ENTRY + inside
}

fn add_own(environment: &mut Environment<'_>, run: &Arc<Run>) {
    let own = || Arc::clone(run);

    let run = own();
    environment.add_filter("tojson", move |value: Value| run.json(&value));
    let run = own();
    environment.add_filter("string", move |value: Value| run.text(&value));
    let run = own();
    environment.add_filter("urlencode", move |value: Value| run.escaped_for_urls(&value));
    for name in ["xml", "escape", "e"] {
        let run = own();
        environment.add_filter(name, move |value: Value| run.escaped_for_xml(&value));
    }
    let run = own();
    environment.add_filter("replace", move |value: Value, from: Value, to: Value| {
        run.replaced(&value, &from, &to)
    });
    let run = own();
    environment.add_filter("join", move |list: Value, between: Option<Value>, named: Kwargs| {
        run.joined(&list, between.as_ref(), &named)
    });
    let run = own();
    environment.add_filter("sum", move |list: Value, named: Kwargs| run.sum(&list, &named));
    let run = own();
    environment.add_filter("times", move |left: Value, right: Value| run.product(&left, &right));
}

impl Run {
    fn json(&self, value: &Value) -> Result<String, Error> {
        let mut text = String::new();
        self.write_json(value, &mut text)?;
        Ok(text)
    }

    fn text(&self, value: &Value) -> Result<String, Error> {
        let mut text = String::new();
        self.charge(size(value))?;
        self.write(value, &mut text)?;
        Ok(text)
    }

    fn escaped_for_urls(&self, value: &Value) -> Result<String, Error> {
        let text = self.text(value)?;
        self.charge(text.len().saturating_mul(ESCAPING))?;
        Ok(utf8_percent_encode(&text, &UNRESERVED).to_string())
    }

    fn escaped_for_xml(&self, value: &Value) -> Result<String, Error> {
        let text = self.text(value)?;
        self.charge(text.len().saturating_mul(ESCAPING))?;
        Ok(crate::xml::escaped(&text))
    }

    fn replaced(&self, value: &Value, from: &Value, to: &Value) -> Result<String, Error> {
        let (text, from, to) = (self.text(value)?, self.text(from)?, self.text(to)?);
        self.charge(text.len())?;
        let times = text.matches(&*from).count();
        self.charge(text.len().saturating_add(times.saturating_mul(to.len())))?;
        Ok(text.replace(&*from, &to))
    }

    fn joined(
        &self,
        list: &Value,
        between: Option<&Value>,
        named: &Kwargs,
    ) -> Result<String, Error> {
        let attribute: Option<String> = named.get("attribute")?;
        named.assert_all_used()?;
        let between = between.map(|value| self.text(value)).transpose()?.unwrap_or_default();
        let mut joined = String::new();
        for (place, element) in list.try_iter()?.enumerate() {
            self.charge(between.len())?;
            if place > 0 {
                joined.push_str(&between);
            }
            joined.push_str(&self.text(&attribute_of(element, attribute.as_deref())?)?);
        }
        Ok(joined)
    }

    /// The sum of numbers; what was not answered counts nothing.
    fn sum(&self, list: &Value, named: &Kwargs) -> Result<Value, Error> {
        let attribute: Option<String> = named.get("attribute")?;
        named.assert_all_used()?;
        let mut whole: i128 = 0;
        let mut fraction: Option<f64> = None;
        for element in list.try_iter()? {
            self.charge(ENTRY)?;
            let element = attribute_of(element, attribute.as_deref())?;
            if element.is_none() {
                continue;
            }
            let number = self.number(&element)?;
            match (element.is_integer(), i128::try_from(element)) {
                (true, Ok(number)) => {
                    whole = whole.checked_add(number).ok_or_else(|| self.too_large())?;
                }
                _ => fraction = Some(fraction.unwrap_or_default() + number),
            }
        }
        match fraction {
            #[expect(clippy::cast_precision_loss, reason = "a sum with fractions is not exact")]
            Some(fraction) => Ok(Value::from(whole as f64 + fraction)),
            None => Ok(Value::from(whole)),
        }
    }

    fn product(&self, left: &Value, right: &Value) -> Result<Value, Error> {
        let product = self.number(left)? * self.number(right)?;
        if left.is_integer()
            && right.is_integer()
            && let (Ok(left), Ok(right)) =
                (i128::try_from(left.clone()), i128::try_from(right.clone()))
        {
            let product = left.checked_mul(right).ok_or_else(|| self.too_large())?;
            return Ok(Value::from(product));
        }
        Ok(Value::from(product))
    }

    fn number(&self, value: &Value) -> Result<f64, Error> {
        let number = value.is_number().then(|| f64::try_from(value.clone()).ok()).flatten();
        number.ok_or_else(|| self.refuse("only numbers can be added and multiplied"))
    }

    fn too_large(&self) -> Error {
        self.refuse("a number becomes too large")
    }
}

fn attribute_of(element: Value, attribute: Option<&str>) -> Result<Value, Error> {
    match attribute {
        Some(attribute) => {
            attribute.split('.').try_fold(element, |value, name| value.get_attr(name))
        }
        None => Ok(element),
    }
}
