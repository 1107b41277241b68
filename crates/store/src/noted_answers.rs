//! The names of the answers that came of each form that nobody has described.
//!
//! Such a form has no questions: what it asks is what its submissions answer. Whoever makes a sheet of it would have to
//! read all submissions before the first line, so the names are kept beside them, with what stood there, in the order in
//! which they came. The transaction that keeps a submission reads what is known of its form and adds what is new, which is
//! hardly ever anything; it holds the form's lock, so that no two give one place. When the last submission of a form is
//! erased its names go. A name stays for as long as the form has submissions, even where none of them has the answer any
//! more.

use std::collections::HashMap;

use fieldpost_model::form_definition::{AnswerShape, MOST_NOTED, NotedAnswer};

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Row, as_integer};

/// What a shape is in a row.
const fn code(shape: AnswerShape) -> i64 {
    match shape {
        AnswerShape::Nothing => 0,
        AnswerShape::Single => 1,
        AnswerShape::Listed => 2,
        AnswerShape::Rows => 3,
    }
}

/// The shape of a row. One that is not known is of a newer program: a text can stand for it.
const fn shape(code: i64) -> AnswerShape {
    match code {
        0 => AnswerShape::Nothing,
        2 => AnswerShape::Listed,
        3 => AnswerShape::Rows,
        _ => AnswerShape::Single,
    }
}

/// The names of one form that are known, each with the shapes that stood there.
#[derive(Debug, Default)]
pub(crate) struct KnownAnswers {
    shapes: HashMap<String, Vec<i64>>,
    count: usize,
    last: i64,
}

impl KnownAnswers {
    /// Adds what a row says.
    pub(crate) fn add(&mut self, name: String, code: i64, place: i64) {
        self.shapes.entry(name).or_default().push(code);
        self.count += 1;
        self.last = self.last.max(place);
    }

    /// Adds what has come; the answer is its code and its place, where it is new and there is room. That nothing was
    /// answered is only new of a name that is not known.
    pub(crate) fn note(&mut self, answer: &NotedAnswer) -> Option<(i64, i64)> {
        let code = code(answer.shape);
        let is_known = self
            .shapes
            .get(&answer.path)
            .is_some_and(|shapes| answer.shape == AnswerShape::Nothing || shapes.contains(&code));
        if is_known || self.count >= MOST_NOTED {
            return None;
        }
        let place = self.last + 1;
        self.add(answer.path.clone(), code, place);
        Some((code, place))
    }
}

impl Store {
    /// The names of the answers that came of a form while nobody had described it, in the order in which they came.
    pub async fn noted_answers(
        &self,
        project: &str,
        form: &str,
    ) -> Result<Vec<NotedAnswer>, StoreError> {
        let sql = "SELECT name, shape FROM noted_answers WHERE project = $1 AND form = $2
                   ORDER BY place, name, shape LIMIT $3";
        let parameters = vec![project.into(), form.into(), as_integer(MOST_NOTED).into()];
        self.query(sql.to_owned(), parameters, |row: &Row<'_>| {
            Ok(NotedAnswer { path: row.text(0)?, shape: shape(row.integer(1)?) })
        })
        .await
    }
}

/// The statement that takes away the names of forms which have no submissions any more when those of the project `$1` are
/// gone of which the condition on `submissions` holds. It goes before they are deleted, so that it looks at their forms
/// alone, and of each at no more submissions than those and one that stays.
pub(crate) fn forget_answers(condition: &str) -> String {
    format!(
        "DELETE FROM noted_answers WHERE project = $1 AND form IN (
             SELECT gone.form
             FROM (SELECT DISTINCT submissions.form FROM submissions WHERE {condition}) gone
             WHERE (
                 SELECT 1 FROM submissions o WHERE o.project = $1 AND o.form = gone.form
                 AND o.id NOT IN (SELECT submissions.id FROM submissions WHERE {condition})
                 ORDER BY o.id DESC LIMIT 1) IS NULL)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(path: &str, shape: AnswerShape) -> NotedAnswer {
        NotedAnswer { path: path.to_owned(), shape }
    }

    #[test]
    fn a_name_is_new_once_for_each_thing_that_stood_there() {
        let mut known = KnownAnswers::default();
        known.add("village".to_owned(), code(AnswerShape::Single), 7);
        for (path, shape, expected) in [
            ("village", AnswerShape::Single, None),
            ("village", AnswerShape::Nothing, None),
            ("village", AnswerShape::Listed, Some((2, 8))),
            ("note", AnswerShape::Nothing, Some((0, 9))),
            ("note", AnswerShape::Nothing, None),
            ("note", AnswerShape::Single, Some((1, 10))),
        ] {
            assert_eq!(known.note(&answer(path, shape)), expected, "{path} {shape:?}");
        }
    }

    #[test]
    fn no_more_names_are_known_of_a_form_than_that() {
        let mut known = KnownAnswers::default();
        for number in 0..MOST_NOTED {
            let place = as_integer(number) + 1;
            let new = answer(&number.to_string(), AnswerShape::Single);
            assert_eq!(known.note(&new), Some((1, place)));
        }
        assert_eq!(known.note(&answer("one more", AnswerShape::Single)), None);
    }

    #[test]
    fn a_shape_is_what_its_row_says() {
        for one in
            [AnswerShape::Nothing, AnswerShape::Single, AnswerShape::Listed, AnswerShape::Rows]
        {
            assert_eq!(shape(code(one)), one);
        }
    }
}
