//! How a sender proves itself to a webhook: by an API key, or by HTTP Basic.
//!
//! Keys are compared by their digests, in constant time: the answer takes as long for a key that is
//! wrong in its first letter as for one that is wrong in its last.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::source::SenderAuthentication;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The header of an API key.
const API_KEY: &str = "x-api-key";

/// What a sender's proof is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// One of the source's ways holds, or the source asks for none.
    Enough,
    /// Nothing was sent that could be looked at.
    Missing,
    /// What was sent is none of the source's.
    Wrong,
}

/// Whether two secrets are the same.
pub(crate) fn same_secret(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    one.as_slice().ct_eq(other.as_slice()).into()
}

/// Looks at a request's proof; any one of the source's ways will do.
pub(crate) fn check(ways: &[SenderAuthentication], headers: &HeaderMap) -> Proof {
    if ways.is_empty() {
        return Proof::Enough;
    }
    let key = headers.get(API_KEY).map(http::HeaderValue::as_bytes);
    let authorization = headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
    if key.is_none() && authorization.is_none() {
        return Proof::Missing;
    }
    let credentials = authorization.and_then(basic_credentials);
    let holds = ways.iter().any(|way| match way {
        SenderAuthentication::ApiKey(expected) => {
            key.is_some_and(|key| same_secret(key, expected.expose().as_bytes()))
        }
        SenderAuthentication::Basic { username, password } => {
            let expected = format!("{username}:{}", password.expose());
            credentials.as_deref().is_some_and(|sent| same_secret(sent, expected.as_bytes()))
        }
    });
    if holds { Proof::Enough } else { Proof::Wrong }
}

/// The `user:password` of an `Authorization: Basic` header.
pub(crate) fn basic_credentials(authorization: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(authorization).ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    STANDARD.decode(encoded.trim()).ok()
}

#[cfg(test)]
mod tests {
    use fieldpost_model::secret::Secret;
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check_proof(headers: &[(&'static str, &str)], expected: Proof) {
        let ways = [
            SenderAuthentication::ApiKey(Secret::new("a key")),
            SenderAuthentication::Basic {
                username: "field".to_owned(),
                password: Secret::new("post:é"),
            },
        ];
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
            })
            .collect();
        assert_eq!(check(&ways, &headers), expected, "{headers:?}");
        assert_eq!(check(&[], &headers), Proof::Enough);
    }

    #[test]
    fn any_one_way_is_enough() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        check_proof(&[], Proof::Missing);
        check_proof(&[("x-api-key", "a key")], Proof::Enough);
        check_proof(&[("x-api-key", "a kez")], Proof::Wrong);
        check_proof(&[("x-api-key", "")], Proof::Wrong);
        check_proof(&[("authorization", &basic("field:post:é"))], Proof::Enough);
        check_proof(
            &[("authorization", &basic("field:post:é").replace("Basic", "bAsIc"))],
            Proof::Enough,
        );
        check_proof(&[("authorization", &basic("field:post:e"))], Proof::Wrong);
        check_proof(&[("authorization", &basic("post:é"))], Proof::Wrong);
        check_proof(&[("authorization", "Basic %%%")], Proof::Wrong);
        check_proof(&[("authorization", "Bearer a key")], Proof::Wrong);
        check_proof(
            &[("x-api-key", "wrong"), ("authorization", &basic("field:post:é"))],
            Proof::Enough,
        );
    }
}
