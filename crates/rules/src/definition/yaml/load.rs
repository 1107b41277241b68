//! From the events of the YAML parser to a value.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use fieldpost_model::json::{MAX_DEPTH, Member, Value};
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::super::problem::Problem;
use super::{MAX_BYTES, MAX_VALUES, bad_yaml, plain};

/// What the tags of YAML's own types begin with.
const CORE_TAGS: &str = "tag:yaml.org,2002:";

/// Reads one document. An empty one is `null`.
pub(super) fn load(text: &str) -> Result<Value<'static>, Problem> {
    if text.len() > MAX_BYTES {
        return Err(bad_yaml(
            format!("the file has {} bytes, more than {MAX_BYTES}", text.len()),
            Some("split it, several files make one project"),
        ));
    }
    // The parser's own bound on nesting (255 levels) only keeps it from harm; ours is in `node`.
    let mut loader =
        Loader { parser: Parser::new_from_str(text), anchors: HashMap::new(), values: 0 };
    loader.document()
}

/// A value that an alias can repeat, with what repeating it costs.
struct Anchored {
    value: Value<'static>,
    values: usize,
    levels: usize,
}

struct Loader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// Values by the number of their anchor. One that is still being read is not here, so that no
    /// value can contain itself.
    anchors: HashMap<usize, Anchored>,
    /// How many values there are so far.
    values: usize,
}

/// A value and how many levels of arrays and objects it has.
type Node = (Value<'static>, usize);

impl<'t> Loader<'t> {
    fn document(&mut self) -> Result<Value<'static>, Problem> {
        let mut document = Value::Null;
        let mut documents = 0;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(document),
                Event::DocumentStart(..) if documents > 0 => {
                    return Err(at(
                        span,
                        "a second document begins; a project file holds one",
                        Some("write it to a file of its own"),
                    ));
                }
                Event::DocumentStart(..) => documents += 1,
                Event::StreamStart | Event::DocumentEnd => {}
                event => document = self.node(event, span, 0)?.0,
            }
        }
    }

    /// The next event that says something.
    fn next(&mut self) -> Result<(Event<'t>, Span), Problem> {
        match self.parser.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(unreadable(&error)),
            None => Err(bad_yaml("the file breaks off".to_owned(), None)),
        }
    }

    /// The value that an event begins, inside `depth` levels.
    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Problem> {
        let before = self.values;
        self.count(1, span)?;
        let (anchor, (value, levels)) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, (scalar(&text, style, tag.as_deref(), span)?, 0))
            }
            Event::SequenceStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), "seq", span)?;
                check_depth(depth + 1, span)?;
                (anchor, self.sequence(depth + 1)?)
            }
            Event::MappingStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), "map", span)?;
                check_depth(depth + 1, span)?;
                (anchor, self.mapping(depth + 1)?)
            }
            _ => return Err(at(span, "a value is missing here", None)),
        };
        // The parser numbers anchors from 1.
        if anchor != 0 {
            let values = self.values - before;
            self.anchors.insert(anchor, Anchored { value: value.clone(), values, levels });
        }
        Ok((value, levels))
    }

    fn alias(&mut self, anchor: usize, span: Span, depth: usize) -> Result<Node, Problem> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(at(span, "this alias repeats the value that it stands in", None));
        };
        let levels = anchored.levels;
        let values = anchored.values;
        check_depth(depth + levels, span)?;
        self.count(values, span)?;
        let value = self.anchors.get(&anchor).map_or(Value::Null, |found| found.value.clone());
        Ok((value, levels))
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, Problem> {
        let mut elements = Vec::new();
        let mut inside = 0;
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok((Value::Array(elements), inside + 1));
            }
            let (value, levels) = self.node(event, span, depth)?;
            inside = inside.max(levels);
            elements.push(value);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Node, Problem> {
        let mut members: Vec<Member<'static>> = Vec::new();
        // Looking a key up in the list would take forever in a file of very many keys.
        let mut seen = HashSet::new();
        let mut inside = 0;
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok((Value::Object(members), inside + 1)),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(at(span, "a key must be plain text", None)),
            };
            if !seen.insert(key.clone()) {
                return Err(at(span, &format!("the key `{key}` is here twice"), None));
            }
            let (event, span) = self.next()?;
            let (value, levels) = self.node(event, span, depth)?;
            inside = inside.max(levels);
            members.push((Cow::Owned(key), value));
        }
    }

    fn count(&mut self, values: usize, span: Span) -> Result<(), Problem> {
        self.values = self.values.saturating_add(values);
        if self.values > MAX_VALUES {
            return Err(at(span, &format!("the file holds more than {MAX_VALUES} values"), None));
        }
        Ok(())
    }
}

fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: Span,
) -> Result<Value<'static>, Problem> {
    let is_text = match tag {
        None => style != ScalarStyle::Plain,
        Some(tag) if tag.handle() == CORE_TAGS && tag.suffix() == "str" => true,
        // The lone `!` says as well that this is text.
        Some(tag) if tag.suffix() == "!" || (tag.handle() == "!" && tag.suffix().is_empty()) => {
            true
        }
        Some(tag)
            if tag.handle() == CORE_TAGS
                && ["null", "bool", "int", "float"].contains(&tag.suffix()) =>
        {
            false
        }
        Some(_) => return Err(unknown_tag(span)),
    };
    if is_text {
        return Ok(Value::String(Cow::Owned(text.to_owned())));
    }
    plain::resolve(text)
        .map(Value::into_owned)
        .ok_or_else(|| at(span, &format!("`{text}` is no number that JSON has"), Some("quote it")))
}

fn check_tag(tag: Option<&Tag>, kind: &str, span: Span) -> Result<(), Problem> {
    match tag {
        Some(tag) if tag.handle() != CORE_TAGS || tag.suffix() != kind => Err(unknown_tag(span)),
        _ => Ok(()),
    }
}

fn unknown_tag(span: Span) -> Problem {
    at(span, "this tag means nothing in a project file", Some("leave out the word with the `!`"))
}

fn check_depth(depth: usize, span: Span) -> Result<(), Problem> {
    if depth > MAX_DEPTH {
        return Err(at(span, &format!("this is nested deeper than {MAX_DEPTH} levels"), None));
    }
    Ok(())
}

fn unreadable(error: &ScanError) -> Problem {
    let marker = error.marker();
    bad_yaml(
        format!("line {}, column {}: {}", marker.line(), marker.col() + 1, error.info()),
        Some("indent by spaces, and quote texts with `: `, ` #` or a special first character"),
    )
}

fn at(span: Span, message: &str, hint: Option<&str>) -> Problem {
    let (line, column) = (span.start.line(), span.start.col() + 1);
    bad_yaml(format!("line {line}, column {column}: {message}"), hint)
}
