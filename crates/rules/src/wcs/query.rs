//! The parameters of a call: the pairs of its query, and those of a form-encoded body, which long
//! lists of ids come in by.
//!
//! A name may stand several times. What may stand once only is asked for with
//! [`once`](Parameters::once), so that a second value is seen and never one of two taken.

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::Refusal;

/// The parameters of a call, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    values: BTreeMap<String, Vec<String>>,
}

/// What a parameter says that stands there once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once<'p> {
    /// It is not there.
    Absent,
    /// It is there, with this value, which may be empty.
    Value(&'p str),
    /// It is there more than once.
    Repeated(&'p [String]),
}

impl Parameters {
    /// Decodes a query as it stands in the request line.
    pub fn of_query(query: &str) -> Self {
        let mut parameters = Self::default();
        parameters.add(query.as_bytes());
        parameters
    }

    /// The same, and those of a body in `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn and_body(mut self, body: &[u8]) -> Self {
        self.add(body);
        self
    }

    fn add(&mut self, encoded: &[u8]) {
        for (name, value) in form_urlencoded::parse(encoded) {
            self.values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
    }

    /// All values of a parameter.
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether it is there, with whatever value: `anonymise` needs none.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value of a parameter that should stand there once.
    pub fn once(&self, name: &str) -> Once<'_> {
        match self.all(name) {
            [] => Once::Absent,
            [value] => Once::Value(value),
            values => Once::Repeated(values),
        }
    }

    /// The value of a parameter, where it is there; refused where it is there more than once.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.once(name) {
            Once::Absent => Ok(None),
            Once::Value(value) => Ok(Some(value)),
            Once::Repeated(values) => Err(invalid_value(&list(values), name)),
        }
    }

    /// What a switch says; `usual` where it is not there or says nothing that is known, as w.c.s. has
    /// it.
    pub fn switch(&self, name: &str, usual: bool) -> bool {
        match self.all(name).last().map(String::as_str) {
            Some("on" | "true" | "True" | "1") => true,
            Some("off" | "false" | "False" | "0") => false,
            _ => usual,
        }
    }

    /// A count that should stand there once.
    pub fn count(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let count = text.trim().parse().map_err(|_| invalid_value(text, name))?;
        Ok(Some(count))
    }

    /// The values of a list, which are repeated, or separated by commas, or both. Empty ones count
    /// for nothing.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let parts = self.all(name).iter().flat_map(|value| value.split(','));
        parts.map(str::trim).filter(|part| !part.is_empty()).collect()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// A value that a parameter cannot have.
pub(super) fn invalid_value(value: &str, name: &str) -> Refusal {
    Refusal::invalid(format!("Invalid value \"{value}\" for \"{name}\"."))
}

/// Several values as w.c.s. shows them.
pub(super) fn list(values: &[String]) -> String {
    format!("['{}']", values.join("', '"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_from_query_and_body() {
        let parameters =
            Parameters::of_query("a=1+2%2B3&b&a=x&c=%C3%A9").and_body(b"c=d&e=f,g&e=h");
        assert_eq!(parameters.all("a"), ["1 2+3", "x"]);
        assert_eq!(parameters.once("b"), Once::Value(""));
        assert_eq!(parameters.all("c"), ["é", "d"]);
        assert_eq!(parameters.list("e"), ["f", "g", "h"]);
        assert_eq!(parameters.once("d"), Once::Absent);
        assert!(parameters.has("b") && !parameters.has("d"));
        assert_eq!(parameters.names().collect::<Vec<_>>(), ["a", "b", "c", "e"]);
    }

    #[test]
    fn switches_are_written_in_many_ways() {
        for (query, usual_off, usual_on) in [
            ("x=on", true, true),
            ("x=true", true, true),
            ("x=True", true, true),
            ("x=1", true, true),
            ("x=off", false, false),
            ("x=false", false, false),
            ("x=False", false, false),
            ("x=0", false, false),
            ("x=perhaps", false, true),
            ("x", false, true),
            ("", false, true),
        ] {
            let parameters = Parameters::of_query(query);
            assert_eq!(parameters.switch("x", false), usual_off, "{query}");
            assert_eq!(parameters.switch("x", true), usual_on, "{query}");
        }
    }

    #[test]
    fn counts_are_whole_numbers_that_stand_once() {
        for (query, expected) in [
            ("limit=12", Ok(Some(12))),
            ("limit=0", Ok(Some(0))),
            ("", Ok(None)),
            ("limit=plop", Err("Invalid value \"plop\" for \"limit\".")),
            ("limit=-1", Err("Invalid value \"-1\" for \"limit\".")),
            ("limit=", Err("Invalid value \"\" for \"limit\".")),
            ("limit=1&limit=2", Err("Invalid value \"['1', '2']\" for \"limit\".")),
        ] {
            let count = Parameters::of_query(query).count("limit");
            assert_eq!(count.map_err(|it| it.description), expected.map_err(str::to_owned));
        }
    }
}
