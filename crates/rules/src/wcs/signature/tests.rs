//! The vectors were computed with another implementation of HMAC. Every check has a row, with what it
//! says.

use proptest::prelude::*;

use super::*;

/// Midnight of the first of January 2026.
const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

const VECTORS: [(SigningAlgorithm, &str, &str, &str); 5] = [
    (
        SigningAlgorithm::Sha256,
        "1234",
        "format=json&orig=coucou&algo=sha256&timestamp=2026-01-01T00:00:00Z&nonce=abcdef",
        "jJ5dq1WGAqIYxiazK0+QY5vnDzgkk7/Pq3DqMsf/xWk=",
    ),
    (
        SigningAlgorithm::Sha1,
        "1234",
        "format=json&orig=coucou&algo=sha1&timestamp=2026-01-01T00:00:00Z",
        "T0kAR9QDLOMuFxOeSOgQoyAYmTE=",
    ),
    (
        SigningAlgorithm::Sha256,
        "1234",
        "orig=coucou&email=jean.darmette%40triffouilis.fr&algo=sha256\
         &timestamp=2026-01-01T00%3A00%3A00Z&nonce=0123456789abcdef",
        "baNi5ZvV8+xCvHLmXsQZYI+lR7Fz+yVfkN7rrJevwMY=",
    ),
    (
        SigningAlgorithm::Sha256,
        "s3cret",
        "orig=partner&NameID=0123456789&filter=pending&algo=sha256\
         &timestamp=2026-01-01T00%3A00%3A00Z&nonce=f00d",
        "dknudVnQOsp0yapOjchc2EUTe6FW3WwaUNQAK4saWzk=",
    ),
    (
        SigningAlgorithm::Sha256,
        "",
        "algo=sha256&timestamp=2026-01-01T00%3A00%3A00Z&nonce=1",
        "pMoKWSWibux5xYEiCIg3MXNC1OeMejLLze0PBzYJlz8=",
    ),
];

fn key(name: &str, secret: &str, algorithms: &[SigningAlgorithm], nonce: NonceRule) -> ApiAccess {
    ApiAccess {
        name: name.to_owned(),
        secret: Secret::new(secret),
        algorithms: algorithms.to_vec(),
        roles: Vec::new(),
        anonymised_only: false,
        nonce,
    }
}

fn keys() -> Vec<ApiAccess> {
    use SigningAlgorithm::{Sha1, Sha256, Sha512};
    vec![
        key("coucou", "1234", &[Sha256], NonceRule::Required),
        key("old", "1234", &[Sha1, Sha256], NonceRule::Optional),
        key("partner", "s3cret", &[Sha256, Sha512], NonceRule::Required),
        key("empty", "", &[Sha256], NonceRule::Required),
    ]
}

/// A query with the signature that belongs to it.
fn signed(algorithm: SigningAlgorithm, secret: &str, message: &str) -> String {
    let keyed = Keyed::new(algorithm, &Secret::new(secret)).unwrap();
    let signature = STANDARD.encode(keyed.digest(message.as_bytes()));
    format!("{message}&signature={}", encoded(&signature))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1_000_000)
}

#[track_caller]
fn refused(query: &str, expected: &str) {
    let refusal = check(query, &keys(), NOW).unwrap_err();
    assert_eq!(refusal, Refusal::denied(expected), "{query}");
}

#[test]
fn the_message_is_signed_byte_for_byte() {
    for (algorithm, secret, message, signature) in VECTORS {
        let keyed = Keyed::new(algorithm, &Secret::new(secret)).unwrap();
        assert_eq!(STANDARD.encode(keyed.digest(message.as_bytes())), signature, "{message}");
    }
}

#[test]
fn the_vectors_are_accepted_from_those_who_may_send_them() {
    for (vector, origin, nonce) in
        [(0, "coucou", "abcdef"), (2, "coucou", "0123456789abcdef"), (3, "partner", "f00d")]
    {
        let (_, _, message, signature) = VECTORS[vector];
        let query = format!("{message}&signature={}", encoded(signature));
        let keys = keys();
        let verified = check(&query, &keys, NOW).unwrap();
        assert_eq!(verified.access.name, origin);
        let expected =
            Nonce { origin: origin.to_owned(), text: nonce.to_owned(), until: NOW + NONCE_KEPT };
        assert_eq!(verified.nonce, Some(expected));
    }
    // SHA-1 is for those whose key says so, and so is going without a nonce.
    let (_, _, message, signature) = VECTORS[1];
    refused(&format!("{message}&signature={}", encoded(signature)), "Invalid algo.");
    let old = signed(
        SigningAlgorithm::Sha1,
        "1234",
        "orig=old&algo=sha1&timestamp=2026-01-01T00%3A00%3A00Z",
    );
    assert_eq!(check(&old, &keys(), NOW).unwrap().nonce, None);
    // Nobody can be who signs with nothing.
    let (_, _, message, signature) = VECTORS[4];
    refused(&format!("{message}&signature={}", encoded(signature)), "Missing/multiple orig field.");
}

#[test]
fn every_check_has_its_text_in_its_order() {
    let good = "algo=sha256&timestamp=2026-01-01T00%3A00%3A00Z&nonce=1";
    let sha256 = |secret: &str, message: &str| signed(SigningAlgorithm::Sha256, secret, message);
    let whole = sha256("1234", &format!("orig=coucou&{good}"));
    for (query, expected) in [
        // Who.
        (sha256("1234", good), "Missing/multiple orig field."),
        (sha256("1234", &format!("orig=&{good}")), "Missing/multiple orig field."),
        (
            sha256("1234", &format!("orig=coucou&orig=partner&{good}")),
            "Missing/multiple orig field.",
        ),
        (sha256("1234", &format!("orig=nobody&{good}")), "Invalid orig."),
        // With what.
        ("orig=coucou&timestamp=x&signature=AAAA".to_owned(), "Missing/multiple algo field."),
        ("orig=coucou&algo=sha256&algo=sha1&signature=".to_owned(), "Missing/multiple algo field."),
        ("orig=coucou&algo=md5&signature=AAAA".to_owned(), "Invalid algo."),
        ("orig=coucou&algo=sha512&signature=AAAA".to_owned(), "Invalid algo."),
        ("orig=coucou&algo=SHA256&signature=AAAA".to_owned(), "Invalid algo."),
        // The signature.
        (format!("orig=coucou&{good}"), "Invalid signature."),
        (format!("orig=coucou&{good}&signature="), "Invalid signature."),
        (format!("orig=coucou&{good}&signature=%C3%A9"), "Invalid signature."),
        (format!("signature=AAAA&orig=coucou&{good}"), "Invalid signature."),
        (sha256("12345", &format!("orig=coucou&{good}")), "Invalid signature."),
        (sha256("", &format!("orig=empty&{good}")), "Invalid signature."),
        (format!("full=on&{whole}"), "Invalid signature."),
        // What stands behind it is not signed.
        (format!("{whole}&full=on"), "Invalid signature."),
        (format!("{whole}&"), "Invalid signature."),
        (format!("{whole}&signature=AAAA"), "Invalid signature."),
        // When.
        (sha256("1234", "orig=coucou&algo=sha256&nonce=1"), "Missing/multiple timestamp field."),
        (
            sha256("1234", &format!("orig=coucou&timestamp=2026-01-01T00:00:00Z&{good}")),
            "Missing/multiple timestamp field.",
        ),
        (
            sha256("1234", "orig=coucou&algo=sha256&timestamp=2026-01-01&nonce=1"),
            "Invalid timestamp field.",
        ),
        (
            sha256("1234", "orig=coucou&algo=sha256&timestamp=2025-12-31T23:59:00Z&nonce=1"),
            "timestamp is more than 30 seconds in the past: 0:01:00",
        ),
        (
            sha256("1234", "orig=coucou&algo=sha256&timestamp=2026-01-01T00:59:00Z&nonce=1"),
            "timestamp is more than 30 seconds in the future: 0:59:00",
        ),
        (
            sha256("1234", "orig=coucou&algo=sha256&timestamp=2025-12-30T22:58:57Z&nonce=1"),
            "timestamp is more than 30 seconds in the past: 1 day, 1:01:03",
        ),
        // Once.
        (
            sha256("1234", "orig=coucou&algo=sha256&timestamp=2026-01-01T00:00:00Z"),
            "Missing/multiple nonce field.",
        ),
        (
            sha256("1234", "orig=coucou&algo=sha256&timestamp=2026-01-01T00:00:00Z&nonce=%3F!"),
            "Missing/multiple nonce field.",
        ),
        (sha256("1234", &format!("orig=coucou&nonce=2&{good}")), "Missing/multiple nonce field."),
        (
            sha256("1234", "orig=old&algo=sha256&timestamp=2026-01-01T00:00:00Z&nonce="),
            "Missing/multiple nonce field.",
        ),
    ] {
        refused(&query, expected);
    }
    assert!(check(&whole, &keys(), NOW).is_ok());
    assert_eq!(nonce_already_used(), Refusal::denied("Nonce already used."));
}

#[test]
fn half_a_minute_either_way_is_near_enough() {
    let query = signed(
        SigningAlgorithm::Sha256,
        "1234",
        "orig=coucou&algo=sha256&timestamp=2026-01-01T00%3A00%3A00Z&nonce=1",
    );
    for (seconds, is_taken) in [(-31, false), (-30, true), (0, true), (30, true), (31, false)] {
        assert_eq!(check(&query, &keys(), at(seconds)).is_ok(), is_taken, "{seconds}");
    }
    let little_more = Timestamp(NOW.0 + 30_000_001);
    assert!(check(&query, &keys(), little_more).is_err());
}

#[test]
fn nonces_are_remembered_beyond_the_time_of_their_query() {
    for seconds in [-30, 0, 30] {
        let query = signed(
            SigningAlgorithm::Sha256,
            "1234",
            "orig=coucou&algo=sha256&timestamp=2026-01-01T00%3A00%3A00Z&nonce=1",
        );
        let keys = keys();
        let nonce = check(&query, &keys, at(seconds)).unwrap().nonce.unwrap();
        assert!(check(&query, &keys, nonce.until).is_err(), "it could be sent again");
        assert!(nonce.until.since(at(seconds)) >= WINDOW * 2);
    }
}

#[test]
fn nonces_are_compared_as_w_c_s_does() {
    for (nonce, expected) in [
        ("0123abcdef", "0123abcdef"),
        ("ABC def", "abc-def"),
        ("a/b--c", "a-b-c"),
        ("été", "ete"),
        ("a+b=?", "ab"),
        ("  ", ""),
    ] {
        assert_eq!(normalised_nonce(nonce), expected);
    }
    assert_eq!(normalised_nonce(&"n".repeat(200)), "n".repeat(NONCE_CHARACTERS));
}

#[expect(clippy::needless_pass_by_value, reason = "whom it is for is made where it is named")]
fn signer(on_behalf_of: Option<OnBehalfOf>, algorithm: SigningAlgorithm) -> Signer {
    Signer::new(Some("coucou"), &Secret::new("1234"), algorithm, on_behalf_of.as_ref()).unwrap()
}

fn signed_url(signer: &Signer, url: &str) -> String {
    let mut url: Url = url.parse().unwrap();
    signer.sign(&mut url, NOW, "0123456789abcdef");
    url.into()
}

#[test]
fn the_parameters_stand_behind_the_query_in_their_order() {
    let user = OnBehalfOf::Email("jean.darmette@triffouilis.fr".to_owned());
    assert_eq!(
        signed_url(&signer(Some(user), SigningAlgorithm::Sha256), "https://example.org/api"),
        "https://example.org/api?orig=coucou&email=jean.darmette%40triffouilis.fr&algo=sha256\
         &timestamp=2026-01-01T00%3A00%3A00Z&nonce=0123456789abcdef\
         &signature=baNi5ZvV8%2BxCvHLmXsQZYI%2BlR7Fz%2ByVfkN7rrJevwMY%3D"
    );
    let name_id = OnBehalfOf::NameId("a b".to_owned());
    let url = signed_url(&signer(Some(name_id), SigningAlgorithm::Sha512), "http://h/?x=%2f'&y");
    assert!(
        url.starts_with("http://h/?x=%2f%27&y&orig=coucou&NameID=a+b&algo=sha512&timestamp="),
        "{url}"
    );
    // A key that was agreed for one address says nothing of who signs.
    let unnamed = Signer::new(None, &Secret::new(""), SigningAlgorithm::Sha256, None).unwrap();
    assert_eq!(
        {
            let mut url: Url = "http://h/".parse().unwrap();
            unnamed.sign(&mut url, NOW, "1");
            String::from(url)
        },
        "http://h/?algo=sha256&timestamp=2026-01-01T00%3A00%3A00Z&nonce=1\
         &signature=pMoKWSWibux5xYEiCIg3MXNC1OeMejLLze0PBzYJlz8%3D"
    );
}

#[test]
fn a_query_that_names_no_key_is_signed_by_one_of_those_that_may() {
    let keys = keys();
    let all: Vec<&ApiAccess> = keys.iter().collect();
    let signed = |key: &ApiAccess, secret: &str, nonce: &str| {
        let algorithm = key.algorithms.first().copied().unwrap_or(SigningAlgorithm::Sha256);
        let signer = Signer::new(None, &Secret::new(secret), algorithm, None).unwrap();
        let mut url: Url = "http://h/inbox/x?a=b".parse().unwrap();
        signer.sign(&mut url, NOW, nonce);
        url.query().unwrap().to_owned()
    };
    let key = keys.iter().find(|key| !key.secret.expose().is_empty()).unwrap();
    let query = signed(key, key.secret.expose(), "0a");
    let verified = check_with(&query, &all, NOW).unwrap();
    assert_eq!(verified.access.secret.expose(), key.secret.expose());
    let nonce = verified.nonce.unwrap();
    assert_eq!((nonce.origin.as_str(), nonce.text.as_str()), (verified.access.name.as_str(), "0a"));
    let refused = |query: &str, keys: &[&ApiAccess], at: Timestamp, description: &str| {
        let refusal = check_with(query, keys, at).unwrap_err();
        assert_eq!((refusal.status, refusal.description.as_str()), (403, description), "{query}");
    };
    refused(&signed(key, "another", "0a"), &all, NOW, "Invalid signature.");
    refused(&signed(key, "", "0a"), &all, NOW, "Invalid signature.");
    refused(&format!("{query}&x=y"), &all, NOW, "Invalid signature.");
    refused(&query, &[], NOW, "Invalid algo.");
    refused(&query.replace("algo=", "other="), &all, NOW, "Missing/multiple algo field.");
    let late = NOW + Duration::from_secs(31);
    refused(&query, &all, late, "timestamp is more than 30 seconds in the past: 0:00:31");
}

proptest! {
    /// What is signed here is accepted here, and nothing else is.
    #[test]
    fn signing_and_checking_agree(
        path_query in "[ -~é]{0,20}",
        name_id in "\\PC{1,10}",
        nonce in "[0-9a-f]{1,32}",
        place in any::<prop::sample::Index>(),
        other in any::<u8>(),
    ) {
        let mut url: Url = "https://example.org/api/forms/x/list".parse().unwrap();
        // A query of its own that says who signs is another matter.
        url.query_pairs_mut().append_pair("q", &path_query);
        let signer = signer(Some(OnBehalfOf::NameId(name_id.clone())), SigningAlgorithm::Sha256);
        signer.sign(&mut url, NOW, &nonce);
        let query = url.query().unwrap();
        let keys = keys();
        let verified = check(query, &keys, NOW).unwrap();
        prop_assert_eq!(verified.nonce.unwrap().text, nonce);
        let parameters = Parameters::of_query(query);
        prop_assert_eq!(parameters.once("NameID"), Once::Value(&name_id));

        // Another byte anywhere in the message is found out.
        let mut bytes = query.as_bytes().to_vec();
        let message = query.find(BEFORE_SIGNATURE).unwrap();
        let place = place.index(message);
        if other.is_ascii_graphic() && bytes[place] != other {
            bytes[place] = other;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert!(check(&changed, &keys, NOW).is_err());
        }
    }
}
