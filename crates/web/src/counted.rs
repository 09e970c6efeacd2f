//! What is counted of requests, by the facade of the `metrics` crate: nothing is kept unless the
//! program installs a recorder. Labels come from closed sets: a path may carry a token, and a method
//! may be any word.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{counter, describe_counter, describe_histogram, histogram};

const REQUESTS: &str = "consentry_http_requests_total";
const TIME: &str = "consentry_http_request_duration_seconds";

/// Tells the recorder what the counters mean. Called once, after a recorder was installed.
pub fn describe_metrics() {
    describe_counter!(
        REQUESTS,
        "Requests answered, by route, method and class of status"
    );
    describe_histogram!(TIME, "From the head of a request to the head of its answer");
}

/// The method, if it is one that something here answers to.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

/// Counts one request. `route` is the template of a path.
pub(crate) fn answered(route: &str, method: &'static str, status: StatusCode, took: Duration) {
    let class = match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    counter!(REQUESTS, "route" => route.to_owned(), "method" => method, "status" => class)
        .increment(1);
    histogram!(TIME, "route" => route.to_owned(), "method" => method).record(took);
}
