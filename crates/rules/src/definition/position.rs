//! Mistakes in the order in which they stand in a document, so that whoever mends them goes through it once.

use std::collections::HashMap;

use fieldpost_model::json::Value;

use super::problem::Problem;

/// Puts what is wrong with a document into the order of its places. What is missing comes where its object stands; what
/// the document says nothing of, but the project that it is applied to, comes last. What is wrong at one place stays in
/// its order.
pub fn in_order(value: &Value<'_>, mut problems: Vec<Problem>) -> Vec<Problem> {
    if problems.len() > 1 {
        let mut places = HashMap::new();
        number(value, &mut String::new(), &mut places);
        problems.sort_by_key(|problem| place(&problem.path, &places));
    }
    problems
}

/// Numbers all places of a document in their order, by the paths that problems have.
fn number(value: &Value<'_>, path: &mut String, places: &mut HashMap<String, usize>) {
    let next = places.len();
    places.entry(path.clone()).or_insert(next);
    let length = path.len();
    for (key, value) in value.as_object().unwrap_or_default() {
        if length > 0 {
            path.push('.');
        }
        path.push_str(key);
        number(value, path, places);
        path.truncate(length);
    }
    for (index, value) in value.as_array().unwrap_or_default().iter().enumerate() {
        path.push('[');
        path.push_str(&index.to_string());
        path.push(']');
        number(value, path, places);
        path.truncate(length);
    }
}

/// The number of a path, or of the nearest place around it that there is.
fn place(whole: &str, places: &HashMap<String, usize>) -> usize {
    let mut path = whole;
    loop {
        if let Some(number) = places.get(path) {
            return *number;
        }
        let Some(end) = path.rfind(['.', '[']) else {
            return if path.len() < whole.len() { usize::MAX } else { 0 };
        };
        path = path.get(..end).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_come_in_the_order_of_their_places() {
        let value = Value::parse(br#"{"b": {"x": [1, {"y": 2}], "z": 3}, "a": 4}"#).unwrap();
        let problem = |path: &str| Problem {
            path: path.to_owned(),
            code: "wrong-value",
            message: String::new(),
            hint: None,
        };
        let paths = [
            "elsewhere.c.d",
            "a",
            "b.z.missing",
            "b.z",
            "b.x[1].y",
            "b.x[0]",
            "b.missing",
            "nowhere",
            "",
        ];
        let told = in_order(&value, paths.map(problem).to_vec());
        let told: Vec<&str> = told.iter().map(|it| it.path.as_str()).collect();
        let expected =
            ["nowhere", "", "b.missing", "b.x[0]", "b.x[1].y", "b.z.missing", "b.z", "a"];
        assert_eq!(told[..8], expected);
        assert_eq!(told[8..], ["elsewhere.c.d"], "what the document says nothing of comes last");
    }
}
