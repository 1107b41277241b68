//! Query parameters of the data APIs, read strictly: a filter with a typing mistake must not turn into no
//! filter, and whoever reads everything must know it.

use std::borrow::Cow;

use fieldpost_model::time::Timestamp;
use http::request::Parts;

use crate::api::{nearest, shortened};
use crate::problem::Problem;

/// The parameters of a request that have not been read yet.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    /// The names that were asked for.
    known: Vec<&'static str>,
}

impl Query {
    pub(super) fn of(parts: &Parts) -> Self {
        Self::parse(parts.uri.query().unwrap_or_default())
    }

    pub(super) fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self {
            pairs: pairs.map(|(name, value)| (name.into(), value.into())).collect(),
            known: Vec::new(),
        }
    }

    /// Takes a parameter; an empty one is none.
    pub(super) fn one(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        self.known.push(name);
        let mut values = self.all(name).into_iter();
        match (values.next(), values.next()) {
            (_, Some(_)) => {
                let detail = format!("the parameter `{name}` is there more than once");
                Err(Problem::bad_request("repeated-parameter", detail).hint("leave one of them"))
            }
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    /// Takes all parameters of a name.
    fn all(&mut self, name: &str) -> Vec<String> {
        let (taken, left) =
            std::mem::take(&mut self.pairs).into_iter().partition(|(other, _)| other == name);
        self.pairs = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes the parameters whose names begin with this, by what follows.
    pub(super) fn beginning(&mut self, prefix: &'static str) -> Vec<(String, String)> {
        self.known.push(prefix);
        let (taken, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pairs)
            .into_iter()
            .partition(|(name, _)| name.starts_with(prefix));
        self.pairs = left;
        let rest = |name: String| name.strip_prefix(prefix).unwrap_or_default().to_owned();
        taken.into_iter().map(|(name, value)| (rest(name), value)).collect()
    }

    /// Takes a number.
    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<usize>, Problem> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| bad(name, &text, "a whole number from 0 on"))
    }

    /// Takes a time.
    pub(super) fn time(&mut self, name: &'static str) -> Result<Option<Timestamp>, Problem> {
        self.one(name)?.map(|text| time(name, &text)).transpose()
    }

    /// Takes a yes or no.
    pub(super) fn truth(&mut self, name: &'static str) -> Result<Option<bool>, Problem> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Ok(Some(true)),
            "false" | "0" | "no" => Ok(Some(false)),
            _ => Err(bad(name, &text, "one of true, false")),
        }
    }

    /// Takes `format`: what other systems can write is not written here.
    pub(super) fn format(&mut self) -> Result<(), Problem> {
        match self.one("format")?.as_deref() {
            None | Some("json") => Ok(()),
            Some(other) => Err(bad("format", other, "json is the one that there is")),
        }
    }

    /// Whatever is left is a mistake.
    pub(super) fn end(self) -> Result<(), Problem> {
        let Some((name, _)) = self.pairs.first() else { return Ok(()) };
        let hint = match nearest(name, self.known.iter().copied()) {
            Some(known) => format!("did you mean `{known}`?"),
            None if self.known.is_empty() => "this address takes no parameters".to_owned(),
            None => format!("this address takes: {}", self.known.join(", ")),
        };
        let detail = format!("there is no parameter `{}` here", shortened(name));
        Err(Problem::bad_request("unknown-parameter", detail).hint(hint))
    }
}

/// Reads a time as clients of the field write it: with or without fractions and offset, or a day alone.
pub(super) fn time(name: &str, text: &str) -> Result<Timestamp, Problem> {
    // A plus that nobody encoded comes as a blank.
    let repaired = match text.rsplit_once(' ') {
        Some((clock, offset)) if clock.contains(['T', ':']) && offset.len() == 5 => {
            Cow::Owned(format!("{clock}+{offset}"))
        }
        _ => Cow::Borrowed(text),
    };
    let hint = "write a time as 2026-01-31T14:02:11.123456Z, or a day as 2026-01-31";
    Timestamp::parse_lenient(&repaired).ok_or_else(|| bad(name, text, hint))
}

/// A value that is not what the parameter takes.
pub(super) fn bad(name: &str, value: &str, hint: impl Into<Cow<'static, str>>) -> Problem {
    let detail = format!("`{}` is no value of `{name}`", shortened(value));
    Problem::bad_request("bad-parameter", detail).hint(hint)
}

/// The parameters of a request but those of these names, with others behind them.
pub(super) fn with(parts: &Parts, without: &[&str], others: &[(&str, String)]) -> String {
    let query = parts.uri.query().unwrap_or_default();
    let kept = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !without.contains(&&**name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()));
    let others = others.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept.chain(others)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused_with_what_is_near() {
        let mut query = Query::parse("limit=5&xmnls=a");
        assert_eq!(query.number("limit").unwrap(), Some(5));
        assert_eq!(query.one("xmlns").unwrap(), None);
        let told = query.end().unwrap_err().to_value();
        assert_eq!(
            (told["code"].as_str(), told["hint"].as_str()),
            (Some("unknown-parameter"), Some("did you mean `xmlns`?"))
        );
        assert!(Query::parse("").end().is_ok());
        let told = Query::parse("a=1&a=2").one("a").unwrap_err().to_value();
        assert_eq!(told["code"], "repeated-parameter");
    }

    #[test]
    fn times_are_read_as_clients_write_them() {
        let expected = Timestamp::parse("2026-01-31T14:02:11.5Z").unwrap();
        for text in [
            "2026-01-31T14:02:11.500000",
            "2026-01-31T14:02:11.5Z",
            "2026-01-31T15:02:11.5+01:00",
            "2026-01-31T15:02:11.5 01:00",
            "2026-01-31 14:02:11.5",
        ] {
            assert_eq!(time("t", text).unwrap(), expected, "{text}");
        }
        for wrong in ["", "yesterday", "2026-13-01", "1700000000"] {
            assert_eq!(time("t", wrong).unwrap_err().code(), "bad-parameter", "{wrong}");
        }
    }
}
