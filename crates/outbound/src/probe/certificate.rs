//! What a person wants to know of a server's certificate.

use fieldpost_model::time::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::Walking;
use super::hints::Hint;

/// A certificate with fewer days left than this is worth a warning: time enough to have it renewed.
const FEW_DAYS: i64 = 14;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// Adds what the certificate says to a step. Answers with a warning where it ends soon.
pub(super) fn describe(
    certificate: &CertificateDer<'_>,
    now: Timestamp,
    step: &mut Walking,
) -> Option<Hint> {
    // One that cannot be read has not passed the verification, or none was wanted.
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    step.fact("certificate for", certificate.subject());
    step.fact("issued by", certificate.issuer());
    let ends = certificate.validity().not_after.timestamp();
    step.fact("valid until", Timestamp(ends.saturating_mul(1_000_000)));
    let days = ends.saturating_sub(now.unix_seconds()).div_euclid(SECONDS_A_DAY);
    step.fact("days left", days);
    (days < FEW_DAYS).then(|| {
        let count = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        Hint::new("renew-certificate", format!("the certificate ends in {count}: have it renewed"))
    })
}
