//! The answers of a form that nobody has described, by their names: what came tells what is asked.
//!
//! Such a form has no questions that anybody knows. Yet sheets want columns and filters want fields before the first
//! submission is read, so whoever keeps submissions keeps beside them which names came in them, and what stood there.
//! [`noted`] tells the names of one submission, under the keys that [`flattened`](super::flattened) gives its answers;
//! [`FormDefinition::of_answers`] makes the fields of all that were told.
//!
//! ```text
//!   nothing, a text          ──► a text
//!   several texts            ──► a table of one column
//!   several groups of names  ──► a block; texts that stood there as well are a field of it
//! ```
//!
//! A text is a text, whatever it looks like: `1 2` is a place as well as two of several choices, and a field that was a
//! place until somebody answered in words would make other documents of what is there. Where a submission was filled in,
//! its sender says beside the answers.

use std::collections::{HashMap, HashSet};

use super::seen::{LISTED, each_answer};
use super::{FieldType, FormDefinition, FormField};
use crate::form::Form;
use crate::submission::{AnswerValue, Group, Node};

/// Names that are told of one form at most, each once for each thing that stood there. Who makes names up with each
/// submission could otherwise make as many columns as there are answers.
pub const MOST_NOTED: usize = 2_000;
/// How long a name may be, in bytes, with those of the blocks that it stands in. A longer one is not told.
pub const MOST_NOTED_BYTES: usize = 500;
/// What stands between the name of a block and that of an answer in it: a character that no tool puts into names.
const INSIDE: char = '\u{1f}';

/// What stood under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerShape {
    /// Nothing was answered.
    Nothing,
    /// A text.
    Single,
    /// Several texts.
    Listed,
    /// Several groups of answers.
    Rows,
}

/// A name under which something stood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NotedAnswer {
    /// The name, behind those of the blocks that it stands in.
    pub path: String,
    /// What stood there.
    pub shape: AnswerShape,
}

/// The names that stand in a submission, in their order, each once for each thing that stood there.
pub fn noted(values: &Group) -> Vec<NotedAnswer> {
    let mut noting = Noting::default();
    noting.add_group(None, values);
    noting.found
}

/// Names under construction.
#[derive(Default)]
struct Noting {
    found: Vec<NotedAnswer>,
    seen: HashSet<NotedAnswer>,
}

impl Noting {
    fn add_group(&mut self, block: Option<&str>, values: &Group) {
        each_answer(values, &mut |key, node| self.add(block, &key, node));
    }

    fn add(&mut self, block: Option<&str>, key: &str, node: &Node) {
        if key.chars().any(char::is_control) {
            return;
        }
        let path = block.map_or_else(|| key.to_owned(), |block| format!("{block}{INSIDE}{key}"));
        if path.len() > MOST_NOTED_BYTES {
            return;
        }
        let Node::Repeat(rows) = node else {
            let shape = if is_nothing(node) { AnswerShape::Nothing } else { AnswerShape::Single };
            return self.note(path, shape);
        };
        if is_list(rows) {
            let is_empty = rows.iter().all(is_nothing);
            let shape = if is_empty { AnswerShape::Nothing } else { AnswerShape::Listed };
            return self.note(path, shape);
        }
        self.note(path.clone(), AnswerShape::Rows);
        for row in rows {
            match row {
                Node::Group(group) => self.add_group(Some(&path), group),
                plain => self.add(Some(&path), LISTED, plain),
            }
        }
    }

    fn note(&mut self, path: String, shape: AnswerShape) {
        let answer = NotedAnswer { path, shape };
        if self.found.len() < MOST_NOTED && self.seen.insert(answer.clone()) {
            self.found.push(answer);
        }
    }
}

fn is_nothing(node: &Node) -> bool {
    match node {
        Node::Answer(answer) => answer.value == AnswerValue::Empty,
        Node::Group(group) => group.members.is_empty(),
        Node::Repeat(rows) => rows.is_empty(),
    }
}

/// Whether no row has a name of its own.
fn is_list(rows: &[Node]) -> bool {
    rows.iter().all(|row| match row {
        Node::Group(group) => group.members.iter().all(|(name, _)| name == LISTED),
        _ => true,
    })
}

impl FormDefinition {
    /// A form of which nothing is known but the names of its answers, in the order in which they came.
    pub fn of_answers<'a>(title: &str, answers: impl IntoIterator<Item = &'a NotedAnswer>) -> Self {
        let mut all = Branches::default();
        for NotedAnswer { path, shape } in answers {
            all.add(path, *shape);
        }
        let form = Form { title: title.to_owned(), ..Form::default() };
        Self { fields: all.into_fields(), ..Self::seen(&form) }
    }
}

/// Fields under construction, each with those inside of it.
#[derive(Default)]
struct Branches {
    all: Vec<Branch>,
    places: HashMap<String, usize>,
}

#[derive(Default)]
struct Branch {
    key: String,
    shapes: HashSet<AnswerShape>,
    inside: Branches,
}

impl Branches {
    fn add(&mut self, path: &str, shape: AnswerShape) {
        let (key, inside) = match path.split_once(INSIDE) {
            Some((key, inside)) => (key, Some(inside)),
            None => (path, None),
        };
        let next = self.all.len();
        let place = *self.places.entry(key.to_owned()).or_insert(next);
        if place == next {
            self.all.push(Branch { key: key.to_owned(), ..Branch::default() });
        }
        let Some(branch) = self.all.get_mut(place) else { return };
        if let Some(inside) = inside {
            branch.shapes.insert(AnswerShape::Rows);
            branch.inside.add(inside, shape);
        } else {
            branch.shapes.insert(shape);
        }
    }

    fn into_fields(self) -> Vec<FormField> {
        self.all.into_iter().map(Branch::into_field).collect()
    }
}

impl Branch {
    fn into_field(mut self) -> FormField {
        let stood = |shape| self.shapes.contains(&shape);
        let is_list = stood(AnswerShape::Listed);
        if !stood(AnswerShape::Rows) {
            let columns = if is_list { vec![self.key.clone()] } else { Vec::new() };
            let field_type = if is_list { FieldType::TableRows } else { FieldType::String };
            return FormField { columns, ..FormField::new(self.key, field_type) };
        }
        if is_list || stood(AnswerShape::Single) {
            self.inside.add(LISTED, AnswerShape::Single);
        }
        let fields = self.inside.into_fields();
        FormField { fields, ..FormField::new(self.key, FieldType::Block) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form_definition::flattened;
    use crate::submission::Answer;

    fn text(text: &str) -> Node {
        Node::Answer(Answer::text(text))
    }

    fn group(members: &[(&str, Node)]) -> Group {
        let members = members.iter().map(|(name, node)| ((*name).to_owned(), node.clone()));
        Group { members: members.collect(), ..Group::default() }
    }

    fn rows(members: &[&[(&str, Node)]]) -> Node {
        Node::Repeat(members.iter().map(|members| Node::Group(group(members))).collect())
    }

    /// The fields, blocks with those inside.
    fn told(fields: &[FormField]) -> String {
        let one = |field: &FormField| match field.field_type {
            FieldType::Block => format!("{}[{}]", field.id, told(&field.fields)),
            FieldType::TableRows => format!("{}*", field.id),
            _ => field.id.clone(),
        };
        fields.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(submissions: &[Group], expected: &str) {
        let answers: Vec<NotedAnswer> = submissions.iter().flat_map(noted).collect();
        let definition = FormDefinition::of_answers("A form", &answers);
        assert_eq!(told(&definition.fields), expected);
        assert_eq!(definition.title, "A form");
        // Whoever reads one of these submissions needs no field more.
        for submission in submissions {
            assert_eq!(definition.with_answers(&flattened(submission)), None, "{submission:?}");
        }
    }

    #[test]
    fn the_fields_of_a_form_are_those_that_its_submissions_have() {
        check(&[], "");
        let one = group(&[
            ("name", text("Amina")),
            ("loc", Node::Group(group(&[("village", text("Kibera")), ("gps", text("1 2"))]))),
            ("loc_village", text("again")),
        ]);
        check(&[one], "name loc_village loc_gps floc_village");
        let (first, second) =
            (group(&[("b", text("1"))]), group(&[("a", text("")), ("b", text("2"))]));
        check(&[first, second], "b a");
        let (single, listed) = (
            group(&[("tags", text("a"))]),
            group(&[("tags", Node::Repeat(vec![text("a"), text("b")]))]),
        );
        check(std::slice::from_ref(&listed), "tags*");
        check(&[group(&[("tags", Node::Repeat(Vec::new()))])], "tags");
        let empty = group(&[("tags", text(""))]);
        check(&[empty, listed], "tags*");
        let children = group(&[(
            "children",
            rows(&[
                &[("name", text("Amina"))],
                &[
                    ("born", Node::Group(group(&[("on", text("2026"))]))),
                    ("toys", rows(&[&[("x", text("y"))]])),
                ],
            ]),
        )]);
        check(std::slice::from_ref(&children), "children[name born_on toys[x]]");
        let mixed = Node::Repeat(vec![text("a"), Node::Group(group(&[("x", text("b"))]))]);
        check(&[group(&[("mixed", mixed)])], "mixed[c1 x]");

        // What one submission has in another shape than the rest is read by its own fields.
        let answers = |groups: &[&Group]| -> Vec<NotedAnswer> {
            groups.iter().flat_map(|group| noted(group)).collect()
        };
        let listed = group(&[("tags", Node::Repeat(vec![text("a"), text("b")]))]);
        let both = FormDefinition::of_answers("", &answers(&[&single, &listed]));
        assert_eq!(told(&both.fields), "tags*");
        let own = both.with_answers(&flattened(&single)).unwrap();
        assert_eq!(told(&own.fields), "tags");
        let plain = group(&[("children", text("none"))]);
        let both = FormDefinition::of_answers("", &answers(&[&plain, &children]));
        assert_eq!(told(&both.fields), "children[name born_on toys[x] c1]");
    }

    #[test]
    fn no_more_names_are_told_than_that_and_none_that_is_longer() {
        let name = |number: usize| (format!("a{number}"), text("x"));
        let many =
            |most: usize| Group { members: (0..most).map(name).collect(), ..Group::default() };
        assert_eq!(noted(&many(MOST_NOTED)).len(), MOST_NOTED);
        let all = noted(&many(MOST_NOTED + 1));
        assert_eq!(all.len(), MOST_NOTED);
        assert_eq!(all.last().unwrap().path, format!("a{}", MOST_NOTED - 1));
        let longest = "x".repeat(MOST_NOTED_BYTES);
        let longer = format!("{longest}y");
        let values = group(&[
            (&longer, text("1")),
            (&longest, text("2")),
            ("a\u{1f}b", text("3")),
            ("a\0", text("4")),
        ]);
        let names: Vec<String> = noted(&values).into_iter().map(|it| it.path).collect();
        assert_eq!(names, [longest]);
    }
}
