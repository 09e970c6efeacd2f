//! The optional proof of work before a sign-up, and the patience that takes its place where no
//! program can do it.
//!
//! It makes a sign-up cost a second of computing, which one person does not notice and somebody who
//! signs up thousands of strangers does. No third party is asked, and nothing is about the visitor.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, PoisonError},
};

use consentry_token::{Challenge, Task};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::Service;

/// How long a challenge or a ticket is good for.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// How long a ticket has to rest.
pub const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// The hardest work that can be asked for, in bits: minutes on a telephone.
pub const MOST_BITS: u8 = 26;

/// A challenge to be solved by a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedChallenge {
    /// Its written form.
    pub text: String,
    /// How many zero bits SHA-256 of `text.solution` has to begin with.
    pub bits: u8,
    /// When it is good for nothing any more.
    pub expires_at: Timestamp,
}

/// Why a proof is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WorkError {
    /// Not one of our challenges, or one of another kind.
    #[error("the challenge is unknown")]
    Unknown,
    /// Its time is over.
    #[error("the challenge has expired")]
    Expired,
    /// The solution does not solve it.
    #[error("the solution is wrong")]
    Wrong,
    /// It was used before.
    #[error("the challenge was used before")]
    Spent,
    /// A ticket that has not rested long enough.
    #[error("the ticket has to rest")]
    TooEarly,
}

/// A proof that holds, to be spent when everything else is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof([u8; 12]);

/// What was spent within two lives; older ones have expired.
#[derive(Default)]
pub(crate) struct Spent(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    began: Option<Timestamp>,
    present: HashSet<[u8; 12]>,
    former: HashSet<[u8; 12]>,
}

impl Spent {
    /// Whether it is spent for the first time.
    fn spend(&self, nonce: [u8; 12], now: Timestamp) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let began = *spent.began.get_or_insert(now);
        if now.duration_since(began) > LIFE {
            spent.began = Some(now);
            spent.former = mem::take(&mut spent.present);
        }
        !spent.former.contains(&nonce) && spent.present.insert(nonce)
    }
}

impl Service {
    /// A challenge to work on. Nothing is stored.
    pub fn challenge(&self, bits: u8) -> IssuedChallenge {
        let now = self.now();
        IssuedChallenge {
            text: self.issue(Task::Work(bits), now),
            bits,
            expires_at: now.saturating_add(LIFE).unwrap_or(Timestamp::MAX),
        }
    }

    /// A ticket for a visitor whose browser runs no program: good after [`PATIENCE`].
    pub fn ticket(&self) -> String {
        self.issue(Task::Patience, self.now())
    }

    /// Checks the solution of a challenge, of `bits` at least.
    pub fn check_work(
        &self,
        challenge: &str,
        solution: &str,
        bits: u8,
    ) -> Result<Proof, WorkError> {
        let issued = self.recognise(challenge)?;
        match issued.task {
            Task::Work(asked) if asked >= bits => {}
            _ => return Err(WorkError::Unknown),
        }
        if !Challenge::is_solved(challenge, solution, bits) {
            return Err(WorkError::Wrong);
        }
        Ok(Proof(issued.nonce))
    }

    /// Checks that a ticket has rested.
    pub fn check_ticket(&self, ticket: &str) -> Result<Proof, WorkError> {
        let issued = self.recognise(ticket)?;
        if issued.task != Task::Patience {
            return Err(WorkError::Unknown);
        }
        if self.now().duration_since(issued.issued_at) < PATIENCE {
            return Err(WorkError::TooEarly);
        }
        Ok(Proof(issued.nonce))
    }

    /// Uses a proof up. Each process remembers what it has seen: with several of them, a proof is
    /// good once in each.
    ///
    /// # Errors
    /// [`WorkError::Spent`] when it was used before.
    pub fn spend(&self, proof: &Proof) -> Result<(), WorkError> {
        if self.spent().spend(proof.0, self.now()) {
            Ok(())
        } else {
            Err(WorkError::Spent)
        }
    }

    fn issue(&self, task: Task, now: Timestamp) -> String {
        let challenge = Challenge {
            task,
            issued_at: now,
            nonce: self.random(),
        };
        self.tokens().issue(self.controller().as_str(), &challenge)
    }

    fn recognise(&self, text: &str) -> Result<Challenge, WorkError> {
        let controller = self.controller().as_str();
        let issued = self.tokens().recognise(controller, text);
        let issued = issued.map_err(|_| WorkError::Unknown)?;
        let age = self.now().duration_since(issued.issued_at);
        if age >= LIFE {
            return Err(WorkError::Expired);
        }
        Ok(issued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_spent_once_for_as_long_as_it_lives() {
        let spent = Spent::default();
        let at = |seconds| Timestamp::constant(seconds, 0);
        assert!(spent.spend([1; 12], at(0)));
        assert!(!spent.spend([1; 12], at(1)));
        assert!(spent.spend([2; 12], at(599)));
        assert!(!spent.spend([1; 12], at(601)), "of the former generation");
        assert!(!spent.spend([2; 12], at(1199)), "just about to expire");
        assert!(spent.spend([3; 12], at(1202)));
        assert_eq!(spent.0.lock().expect("one thread").former.len(), 0);
    }
}
