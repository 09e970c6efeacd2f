//! Signatures that any library of the Standard Webhooks specification accepts.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use consentry_service::ports::{MessageId, WebhookSecret};
use consentry_webhook::sign;

/// Computed with Python's `hmac` and `base64`, over `msg_000000000000002a.1614265330.{"test": 2432232314}`.
#[test]
fn the_signature_is_the_one_that_python_computes() {
    let secret = WebhookSecret::new([7; 32]);
    let signature = sign(
        &[secret],
        MessageId(42),
        1_614_265_330,
        br#"{"test": 2432232314}"#,
    );
    assert_eq!(signature, "v1,gBrqPWHYBr/ID00hozhBgjP+Wo34run1NerHbIEYjyk=");
}

#[test]
fn every_living_secret_signs() {
    let secrets = [1, 2].map(|byte| WebhookSecret::new([byte; 32]));
    let both = sign(&secrets, MessageId(1), 1, b"{}");
    let each = secrets.map(|secret| sign(&[secret], MessageId(1), 1, b"{}"));
    assert_eq!(both, each.join(" "));
}

#[test]
fn the_written_secret_is_what_the_libraries_read() {
    let secret = WebhookSecret::new([7; 32]);
    let written = secret.written();
    let digits = written.strip_prefix("whsec_").unwrap();
    assert_eq!(STANDARD.decode(digits).unwrap(), [7; 32]);
    assert!(!format!("{secret:?}").contains(digits));
}
