//! Conditions on fields in filters of lists: `?where=values.village=Kibera`.

use std::borrow::Cow;

use fieldpost_rules::field_test::{FieldComparison, FieldTest};
use fieldpost_store::{FieldCondition, FieldOperator};

use super::parameters::bad;
use crate::problem::Problem;

/// Conditions on fields that are taken at most.
const MOST_CONDITIONS: usize = 20;

/// Reads the conditions of a list. Their paths begin with `root`, the member of an item that holds the
/// fields; it is no part of what is asked of the store.
pub(super) fn conditions(
    texts: Option<Vec<String>>,
    root: &str,
    example: &str,
) -> Result<Vec<FieldCondition>, Problem> {
    let texts = texts.unwrap_or_default();
    if let Some(first) = texts.get(MOST_CONDITIONS) {
        return Err(bad("where", first, format!("at most {MOST_CONDITIONS} of them")));
    }
    let read = |text: &String| {
        FieldTest::parse(text).and_then(|test| condition(test, root)).ok_or_else(|| {
            let hint = format!(
                "write a path that begins with `{root}.`, how it compares (=, !=, ~, <, <=, >, >=), \
                 and with what: `{example}`"
            );
            bad("where", text, Cow::Owned(hint))
        })
    };
    texts.iter().map(read).collect()
}

/// The condition without the root of its path; `None` where it begins otherwise, or ends there.
fn condition(test: FieldTest, root: &str) -> Option<FieldCondition> {
    let FieldTest { path, comparison, value } = test;
    let (first, rest) = path.split_first()?;
    let operator = operator(comparison);
    (first == root && !rest.is_empty()).then(|| FieldCondition {
        path: rest.to_vec(),
        operator,
        value,
    })
}

const fn operator(comparison: FieldComparison) -> FieldOperator {
    match comparison {
        FieldComparison::Equals => FieldOperator::Equals,
        FieldComparison::Differs => FieldOperator::Differs,
        FieldComparison::Contains => FieldOperator::Contains,
        FieldComparison::Below => FieldOperator::Below,
        FieldComparison::AtMost => FieldOperator::AtMost,
        FieldComparison::Above => FieldOperator::Above,
        FieldComparison::AtLeast => FieldOperator::AtLeast,
        FieldComparison::Present => FieldOperator::Present,
        FieldComparison::Absent => FieldOperator::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<FieldCondition>, Problem> {
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        conditions(Some(texts), "values", "values.village=Kibera")
    }

    #[test]
    fn paths_begin_where_an_item_has_its_fields() {
        let condition = FieldCondition {
            path: vec!["a".to_owned(), "b".to_owned()],
            operator: FieldOperator::AtLeast,
            value: "18".to_owned(),
        };
        assert_eq!(read(&["values.a.b>=18"]).unwrap(), [condition]);
        assert_eq!(conditions(None, "values", "").unwrap(), []);
        for wrong in ["a=1", "values=1", "value.a=1", "", "values.a[0]=1"] {
            let told = read(&[wrong]).unwrap_err().to_value();
            assert_eq!(told["code"], "bad-parameter", "{wrong}");
            assert!(told["hint"].as_str().unwrap().ends_with("`values.village=Kibera`"), "{told}");
        }
    }

    #[test]
    fn conditions_have_a_bound() {
        assert_eq!(read(&["values.a"; MOST_CONDITIONS]).unwrap().len(), MOST_CONDITIONS);
        let told = read(&["values.a"; MOST_CONDITIONS + 1]).unwrap_err().to_value();
        assert_eq!(told["hint"], "at most 20 of them");
    }

    #[test]
    fn every_comparison_has_the_operator_of_its_name() {
        for comparison in FieldComparison::ALL {
            assert_eq!(operator(*comparison).name(), comparison.name());
        }
    }
}
