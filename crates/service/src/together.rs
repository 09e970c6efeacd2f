//! Requests that share a commit.
//!
//! What costs is the durable commit and the round trips, not the decision. Requests that arrive
//! while a commit runs wait, and the next commit takes all of them, set-wise. Nobody waits for
//! company: the first of them begins at once.

use std::{
    collections::HashSet,
    hash::Hash,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::{Service, ports::StoreError};

/// Requests in one commit; bounds how long the others wait.
const BATCH: usize = 256;

/// An answer that takes longer than this tells of the database, and not of the request.
const SLOW: Duration = Duration::from_secs(2);

/// A request that can be answered in one commit with others.
pub(crate) trait Shared: Send + Sync + Sized + 'static {
    /// Whom it concerns. Decisions about the same one follow each other.
    type Key: Hash + Eq;
    /// What the caller gets.
    type Answer: Send + 'static;

    /// Whom it concerns.
    fn key(&self) -> Self::Key;

    /// Commits all of them or none; one answer for each, in their order.
    fn commit(
        service: &Service,
        requests: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

type Caller<R> = oneshot::Sender<Result<<R as Shared>::Answer, StoreError>>;

/// Those who wait for the next commit. Clones share it.
pub(crate) struct Together<R: Shared>(Arc<Mutex<Queue<R>>>);

struct Queue<R: Shared> {
    waiting: Vec<(R, Caller<R>)>,
    is_served: bool,
}

impl<R: Shared> Default for Together<R> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Queue {
            waiting: Vec::new(),
            is_served: false,
        })))
    }
}

impl<R: Shared> Together<R> {
    /// Commits a request together with those that wait at the same time.
    ///
    /// # Errors
    /// Those of the commit; [`StoreError::Unavailable`] when it was lost with its runtime, and
    /// nobody knows whether it happened.
    pub(crate) async fn commit(
        &self,
        service: &Service,
        request: R,
    ) -> Result<R::Answer, StoreError> {
        let (caller, answer) = oneshot::channel();
        let is_served = {
            let mut queue = self.queue();
            queue.waiting.push((request, caller));
            mem::replace(&mut queue.is_served, true)
        };
        if !is_served {
            // A task of its own: a caller who goes away takes nobody along.
            tokio::spawn(serve(Self(Arc::clone(&self.0)), service.clone()));
        }
        answer.await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable {
                reason: "the commit was lost".to_owned(),
            })
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch, each key once; nobody is served any more when it is empty. Requests of
    /// callers who went away are left out.
    fn next(&self) -> Vec<(R, Caller<R>)> {
        let mut queue = self.queue();
        let mut seen = HashSet::new();
        let mut batch = Vec::new();
        for (request, caller) in mem::take(&mut queue.waiting) {
            if caller.is_closed() {
                continue;
            }
            if batch.len() < BATCH && seen.insert(request.key()) {
                batch.push((request, caller));
            } else {
                queue.waiting.push((request, caller));
            }
        }
        queue.is_served = !batch.is_empty();
        batch
    }
}

/// The task that serves a queue. When it is lost with its runtime, those who wait are told, and the
/// next caller starts another one.
struct Serving<R: Shared> {
    together: Together<R>,
    has_ended: bool,
}

impl<R: Shared> Drop for Serving<R> {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut queue = self.together.queue();
            queue.is_served = false;
            queue.waiting.clear();
        }
    }
}

async fn serve<R: Shared>(together: Together<R>, service: Service) {
    let mut serving = Serving {
        together,
        has_ended: false,
    };
    loop {
        let (requests, callers): (Vec<_>, Vec<_>) = serving.together.next().into_iter().unzip();
        if requests.is_empty() {
            serving.has_ended = true;
            return;
        }
        let answers = match R::commit(&service, &requests).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) if requests.len() == 1 => vec![Err(error)],
            Err(_) => one_by_one(&service, &requests).await,
        };
        for (caller, answer) in callers.into_iter().zip(answers) {
            // A caller that went away meanwhile is none the worse for it.
            let _ = caller.send(answer);
        }
    }
}

/// One request that cannot be stored must not take the others along. A database that answers
/// nobody is asked twice, and once when it takes its time over it; not once for each.
async fn one_by_one<R: Shared>(
    service: &Service,
    requests: &[R],
) -> Vec<Result<R::Answer, StoreError>> {
    let mut answers: Vec<Result<R::Answer, StoreError>> = Vec::with_capacity(requests.len());
    let mut failures = 0;
    for (place, request) in requests.iter().enumerate() {
        let began = Instant::now();
        let one = std::slice::from_ref(request);
        let answer = R::commit(service, one).await;
        answers.push(answer.and_then(|mut answers| answers.pop().ok_or(StoreError::Conflict)));
        if let Some(Err(error @ StoreError::Unavailable { .. })) = answers.last() {
            failures += 1;
            if failures == 2 || began.elapsed() > SLOW {
                let error = error.clone();
                answers.extend(requests[place + 1..].iter().map(|_| Err(error.clone())));
                break;
            }
        }
    }
    answers
}
