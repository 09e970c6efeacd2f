//! Sign-ups that share a commit.
//!
//! What costs is the durable commit and the round trips, not the decision. Requests that arrive
//! while a commit runs wait, and the next commit takes all of them, set-wise: whoever's turn it is
//! commits for everybody who waits.

use std::{
    collections::HashSet,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use consentry_domain::SignUp;
use tokio::sync::oneshot;

use crate::{Error, Service, ports::StoreError};

/// Requests in one commit; bounds how long the others wait.
const BATCH: usize = 256;

type Ended = Result<(), StoreError>;

#[derive(Default)]
pub(crate) struct Together {
    waiting: Mutex<Vec<(SignUp, oneshot::Sender<Ended>)>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Together {
    fn wait(&self, request: SignUp) -> oneshot::Receiver<Ended> {
        let (tell, ended) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push((request, tell));
        ended
    }

    /// The next batch: each address once, since decisions on one person follow each other.
    /// Requests of callers who went away are left out.
    fn next(&self) -> Vec<(SignUp, oneshot::Sender<Ended>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashSet::new();
        let mut batch = Vec::new();
        for (request, tell) in mem::take(&mut *waiting) {
            if tell.is_closed() {
                continue;
            }
            if batch.len() < BATCH && seen.insert(request.address.comparison_key()) {
                batch.push((request, tell));
            } else {
                waiting.push((request, tell));
            }
        }
        batch
    }
}

impl Service {
    /// Commits a sign-up together with those that wait at the same time.
    pub(crate) async fn sign_up_together(&self, request: SignUp) -> Result<(), Error> {
        let together = self.together();
        loop {
            let mut ended = together.wait(request.clone());
            loop {
                tokio::select! {
                    biased;
                    ended = &mut ended => match ended {
                        Ok(ended) => return ended.map_err(Error::from),
                        // The commit was lost with its runtime; asking again is harmless.
                        Err(_) => break,
                    },
                    turn = Arc::clone(&together.turn).lock_owned() => {
                        // A task of its own: a visitor who goes away takes nobody along.
                        let service = self.clone();
                        let commit = tokio::spawn(async move {
                            service.commit_waiting().await;
                            drop(turn);
                        });
                        if commit.await.is_err() {
                            break;
                        }
                    }
                }
            }
        }
    }

    async fn commit_waiting(&self) {
        let (requests, tell): (Vec<_>, Vec<_>) = self.together().next().into_iter().unzip();
        if requests.is_empty() {
            return;
        }
        let ended = self.commit(&requests).await;
        let is_alone = requests.len() == 1;
        for (request, tell) in requests.into_iter().zip(tell) {
            let ended = match &ended {
                // One request that cannot be stored must not take the others along.
                Err(_) if !is_alone => self.commit(&[request]).await,
                ended => ended.clone(),
            };
            // A caller that went away meanwhile is none the worse for it.
            let _ = tell.send(ended);
        }
    }

    async fn commit(&self, requests: &[SignUp]) -> Ended {
        let ended = self
            .retry_conflicts(|| async {
                let mut unit = self.begin().await?;
                self.sign_up_in(unit.as_mut(), requests).await?;
                Ok(unit.commit().await?)
            })
            .await;
        ended.map_err(|error| match error {
            Error::Store(error) => error,
            other => StoreError::Unavailable {
                reason: other.to_string(),
            },
        })
    }
}
