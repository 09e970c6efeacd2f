//! Signatures by the Standard Webhooks specification, version 1.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use consentry_service::ports::{MessageId, WebhookSecret};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `webhook-signature`: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, for
/// each secret, separated by spaces. `timestamp` is in seconds since 1970.
#[expect(clippy::missing_panics_doc, reason = "HMAC takes keys of every length")]
pub fn sign(secrets: &[WebhookSecret], message: MessageId, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<_> = secrets
        .iter()
        .map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose())
                .expect("HMAC takes keys of every length");
            mac.update(format!("{message}.{timestamp}.").as_bytes());
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        })
        .collect();
    signatures.join(" ")
}
