//! `validate` by schemas whose references depend on the way that led to them: the published package has no
//! such references, so that there is nothing to compare with but the standard.

use serde_json::{Value, json};

use crate::support::{pool, run};

/// What is wrong with data by a schema: where, and by which keyword.
async fn errors(schema: &Value, data: &Value) -> Vec<(String, String)> {
    let source = format!("validate({schema}, () => ({data}));");
    let ran = run(&pool(), &source, "{}").await;
    assert!(ran.error.is_none(), "{:?}", ran.error);
    let found = ran.state["validationErrors"][0]["errors"].as_array().cloned().unwrap_or_default();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    found.iter().map(|error| (text(error, "instancePath"), text(error, "keyword"))).collect()
}

fn found(path: &str, keyword: &str) -> Vec<(String, String)> {
    vec![(path.to_owned(), keyword.to_owned())]
}

#[tokio::test]
async fn a_dynamic_reference_means_the_outermost_schema_with_its_anchor() {
    let tree = json!({
        "$id": "https://example.org/tree", "$dynamicAnchor": "node", "type": "object",
        "properties": { "data": true, "children": { "items": { "$dynamicRef": "#node" } } },
    });
    let strict = json!({
        "$id": "https://example.org/strict", "$dynamicAnchor": "node", "$ref": "tree",
        "unevaluatedProperties": false, "$defs": { "tree": tree },
    });
    let mistaken = json!({ "children": [{ "daat": 1 }] });
    let expected = found("/children/0", "unevaluatedProperties");
    assert_eq!(errors(&strict, &mistaken).await, expected);
    assert_eq!(errors(&tree, &mistaken).await, []);
    assert_eq!(errors(&strict, &json!({ "children": [{ "data": 1 }] })).await, []);
    assert_eq!(errors(&tree, &json!({ "children": [1] })).await, found("/children/0", "type"));

    // What stands for a part that others say: by itself anything, within another schema numbers.
    let list = json!({
        "$id": "https://example.org/list", "items": { "$dynamicRef": "#item" },
        "$defs": { "any": { "$dynamicAnchor": "item" } },
    });
    let numbers = json!({
        "$id": "https://example.org/numbers", "$ref": "list",
        "$defs": { "number": { "$dynamicAnchor": "item", "type": "number" }, "list": list },
    });
    assert_eq!(errors(&list, &json!([1, "a"])).await, []);
    assert_eq!(errors(&numbers, &json!([1, "a"])).await, found("/1", "type"));
    // An anchor that is not dynamic is an ordinary one.
    let plain = json!({
        "items": { "$dynamicRef": "#item" }, "$defs": { "item": { "$anchor": "item", "type": "null" } },
    });
    assert_eq!(errors(&plain, &json!([null, 1])).await, found("/1", "type"));
}

#[tokio::test]
async fn a_recursive_reference_means_the_outermost_schema_that_allows_it() {
    let tree = |anchor: bool| {
        json!({
            "$id": "https://example.org/tree", "$recursiveAnchor": anchor,
            "properties": { "children": { "items": { "$recursiveRef": "#" } } },
        })
    };
    let strict = |tree: &Value| {
        json!({
            "$id": "https://example.org/strict", "$recursiveAnchor": true, "$ref": "tree",
            "unevaluatedProperties": false, "$defs": { "tree": tree },
        })
    };
    let mistaken = json!({ "children": [{ "daat": 1 }] });
    let expected = found("/children/0", "unevaluatedProperties");
    assert_eq!(errors(&strict(&tree(true)), &mistaken).await, expected);
    assert_eq!(errors(&strict(&tree(false)), &mistaken).await, []);
    assert_eq!(errors(&tree(true), &mistaken).await, []);
}

#[tokio::test]
async fn what_only_tests_in_node_can_do_is_refused_with_a_way_out() {
    let ran = run(&pool(), "fn(s => util.enableMockClient('https://a'));", "{}").await;
    let error = ran.error.unwrap();
    assert!(error.message.starts_with("NO_MOCK_CLIENT: "), "{error:?}");
    let pair = "fn(s => util.expandReferences(s, \
                fields(field('a', 1), relationship('Owner', 'key', s => s.data.x)))[0]);";
    let ran = run(&pool(), pair, r#"{"data":{"x":7}}"#).await;
    assert!(ran.error.is_none(), "{:?}", ran.error);
    assert_eq!(ran.state, json!({ "a": 1, "Owner": { "key": 7 } }));
}
