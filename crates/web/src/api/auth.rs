//! Who may do what: bearer tokens (RFC 6750) and scopes.

use std::{marker::PhantomData, num::NonZeroU32, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use consentry_service::{ApiAuthError, ports::Scope};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use tracing::warn;

use super::{State, problem::ApiProblem};
use crate::{client::Client, problem::Problem, visitor::Visitor};

/// What an operation needs.
pub(super) trait Needs: Send + Sync {
    const SCOPE: Scope;
}

macro_rules! needs {
    ($($name:ident),+) => { $(
        /// The operation needs the scope of this name.
        pub(super) struct $name;

        impl Needs for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )+ };
}

needs!(
    TopicsRead,
    SubscribersRead,
    SubscribersWrite,
    SubscribersExport,
    SubscribersErase,
    EventsWrite
);

/// A program whose key has the scope `N`. Stands before the body in the arguments of an operation:
/// whoever may not call it has nothing read.
pub(super) struct Caller<N>(PhantomData<N>);

impl<N: Needs> FromRequestParts<State> for Caller<N> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, ApiProblem> {
        let Some(token) = token(&parts.headers) else {
            return Err(state.failures.count(parts));
        };
        match state.api.authenticate(token).await {
            Ok(key) if key.scopes.contains(&N::SCOPE) => Ok(Self(PhantomData)),
            Ok(_) => Err(ApiProblem::Forbidden(N::SCOPE)),
            Err(ApiAuthError::Store(error)) => Err(Problem::from(error).into()),
            Err(_) => Err(state.failures.count(parts)),
        }
    }
}

/// The token of the one `Authorization` header.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (sent.next(), sent.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start_matches(' '))
}

/// Failed authentications per client: enough for somebody who mistypes, too few for a log full of
/// guesses. A token that is good is never refused by it; guessing one of 256 bits is hopeless.
#[derive(Clone)]
pub(super) struct Failures(Arc<DefaultKeyedRateLimiter<Client>>);

const FAILURES_A_MINUTE: NonZeroU32 = NonZeroU32::new(120).expect("120 is not 0");

/// Clients that are remembered before those are forgotten who have their whole allowance again.
const CLIENTS: usize = 1024;

impl Default for Failures {
    fn default() -> Self {
        let quota = Quota::per_minute(FAILURES_A_MINUTE);
        Self(Arc::new(RateLimiter::keyed(quota)))
    }
}

impl Failures {
    /// Counts a failure; says what it is answered with.
    fn count(&self, parts: &Parts) -> ApiProblem {
        let client = parts
            .extensions
            .get::<Visitor>()
            .map_or(Client::Unknown, |visitor| visitor.client);
        if self.0.len() > CLIENTS {
            self.0.retain_recent();
        }
        match self.0.check_key(&client) {
            Ok(()) => ApiProblem::Unauthorized,
            Err(until) => {
                warn!("too many failed authentications of one client");
                ApiProblem::TooMany(until.wait_time_from(DefaultClock::default().now()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn one_bearer_token_is_read_and_nothing_else() {
        let read = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, line.parse().unwrap());
            }
            token(&headers).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["bearer  abc"]).as_deref(), Some("abc"));
        for wrong in [
            vec![],
            vec!["abc"],
            vec!["Basic abc"],
            vec!["Bearer a", "Bearer b"],
        ] {
            assert_eq!(read(&wrong), None, "{wrong:?}");
        }
    }
}
