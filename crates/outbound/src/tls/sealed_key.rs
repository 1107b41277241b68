//! The key of a client certificate, which may itself be encrypted: then a passphrase opens it.
//!
//! What is read is what `openssl pkcs8 -topk8` and its likes write: PBES2, with AES or, from older tools, with
//! triple DES. How much work it is to try a passphrase says the key itself; whoever wrote it could say so much
//! that nobody could wait for it, so there are bounds.

use fieldpost_model::secret::Secret;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::explain_pem;

/// How often a key may have its passphrase hashed: about a second of work. OpenSSL does so 2,048 times.
const MOST_ROUNDS: u32 = 2_000_000;
/// How much memory a key may have its passphrase hashed in, in bytes. OpenSSL takes 16 MiB.
const MOST_HASHING_BYTES: u64 = 64 * 1024 * 1024;

/// The key of a PEM text. The error never shows any of it, nor of the passphrase.
pub(super) fn read(
    key: &Secret,
    passphrase: Option<&Secret>,
) -> Result<PrivateKeyDer<'static>, String> {
    let pem = key.expose().as_bytes();
    let Some(sealed) = sealed(pem) else {
        return PrivateKeyDer::from_pem_slice(pem)
            .map_err(|error| explain_pem(&error, "PRIVATE KEY"));
    };
    let Some(passphrase) = passphrase else {
        return Err("it is encrypted, and there is no passphrase that opens it".to_owned());
    };
    let unread =
        "it is encrypted in a way that cannot be read: `openssl pkcs8 -topk8` writes one that can";
    let sealed =
        EncryptedPrivateKeyInfoRef::try_from(sealed.as_slice()).map_err(|_| unread.to_owned())?;
    if !is_within_bounds(&sealed.encryption_algorithm) {
        return Err("it is encrypted in a way that takes too much work to open".to_owned());
    }
    match sealed.decrypt(passphrase.expose()) {
        Ok(opened) => Ok(PrivatePkcs8KeyDer::from(opened.as_bytes().to_vec()).into()),
        Err(_) => Err("its passphrase does not open it".to_owned()),
    }
}

/// What the first block of an encrypted key holds; `None` where the text has none.
fn sealed(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?;
    let (begin, end) =
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----", "-----END ENCRYPTED PRIVATE KEY-----");
    let (body, _) = text.split_once(begin)?.1.split_once(end)?;
    let relabelled = format!("-----BEGIN PRIVATE KEY-----{body}-----END PRIVATE KEY-----\n");
    let mut found = <(SectionKind, Vec<u8>)>::pem_slice_iter(relabelled.as_bytes());
    Some(found.next()?.ok()?.1)
}

fn is_within_bounds(scheme: &EncryptionScheme) -> bool {
    let Some(parameters) = scheme.pbes2() else { return true };
    match &parameters.kdf {
        Kdf::Pbkdf2(kdf) => kdf.iteration_count <= MOST_ROUNDS,
        Kdf::Scrypt(kdf) => {
            let blocks = kdf.cost_parameter.saturating_mul(u64::from(kdf.block_size));
            let bytes = blocks.saturating_mul(128).saturating_mul(u64::from(kdf.parallelization));
            bytes <= MOST_HASHING_BYTES
        }
        _ => false,
    }
}
