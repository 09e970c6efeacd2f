//! What is counted of hand-overs, by the facade of the `metrics` crate: nothing is kept unless the
//! program installs a recorder. Labels come from closed sets alone.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_histogram, histogram};

use super::error::{Fault, SmtpError};

const REPLIES: &str = "consentry_relay_replies_total";
const SENDER_FAULTS: &str = "consentry_relay_sender_faults_total";
const TIME: &str = "consentry_relay_hand_over_duration_seconds";

/// Tells the recorder what the counters mean. Called once, after a recorder was installed.
pub fn describe_metrics() {
    describe_counter!(
        REPLIES,
        "Hand-overs to the relay, by the step they ended in and by what ended them"
    );
    describe_counter!(
        SENDER_FAULTS,
        "Hand-overs refused for a reason that the operator has to mend"
    );
    describe_histogram!(
        TIME,
        "From the start of a hand-over to the answer to the final dot"
    );
    counter!(REPLIES, "stage" => "final-dot", "class" => "2xx").absolute(0);
    counter!(SENDER_FAULTS).absolute(0);
}

/// Counts one hand-over.
pub(super) fn handed_over(ended: &Result<(), SmtpError>, took: Duration) {
    histogram!(TIME).record(took);
    let (stage, class) = match ended {
        Ok(()) => ("final-dot", "2xx"),
        Err(error) => (error.stage.label(), class(error.fault)),
    };
    counter!(REPLIES, "stage" => stage, "class" => class).increment(1);
    if ended
        .as_ref()
        .is_err_and(|error| error.reason().is_operators())
    {
        counter!(SENDER_FAULTS).increment(1);
    }
}

fn class(fault: Fault) -> &'static str {
    match fault {
        Fault::Reply(reply) if reply.code < 500 => "4xx",
        Fault::Reply(_) => "5xx",
        Fault::Network(_) => "network",
        Fault::Timeout => "timeout",
        Fault::Stopped => "stopped",
        Fault::Broken => "protocol",
        Fault::Handshake | Fault::NoStartTls => "tls",
        Fault::NoMechanism | Fault::NoTlsForPassword => "login",
        Fault::NoSmtpUtf8 => "smtputf8",
    }
}
