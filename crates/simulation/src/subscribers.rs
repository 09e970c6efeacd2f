//! Consentry's own subscribers, through the real use cases and the jobs of the worker.

use std::sync::{Arc, Mutex, PoisonError};

use consentry_address::EmailAddress;
use consentry_domain::{Channel, SignUp, SubjectId};
use consentry_keys::KeyRing;
use consentry_policy::{Action, Dataset, OwnDataset, Policy, Slug, Stage, SubscriberState};
use consentry_service::ports::{Clock, Store, WorkerId};
use consentry_service::{Job, JobOutcome, Parts, PublicUrl, Service};
use consentry_storage::SeaOrmStore;
use consentry_token::Tokens;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sea_orm::DatabaseConnection;

use crate::SimulationError;
use crate::judge::end;
use crate::ledger::Done;
use crate::letterbox::{Letterbox, Links};
use crate::moments;
use crate::passes::Passes;
use crate::random::Seeded;
use crate::scratch;
use crate::timeline::Timeline;

/// The rule of the reminder, which is no stage of the policy.
pub(crate) const REMINDER: &str = "reminder";

/// Whether the worker of this version executes a stage of our own data.
pub(crate) fn executes(own: OwnDataset, stage: &Stage) -> bool {
    let named = stage.state.as_ref().map(Slug::as_str);
    let is_state = |state: &SubscriberState| Some(state.as_str()) == named;
    stage.action == Action::Purge
        && match own {
            OwnDataset::Subscribers => SubscriberState::ALL.iter().any(is_state),
            OwnDataset::Events => stage.after.is_none(),
            _ => false,
        }
}

/// A clock that is set by hand.
struct SetClock(Mutex<Timestamp>);

impl SetClock {
    fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    SignUp,
    SignUpAgain,
    Confirm,
    Leave,
    Erase,
}

/// Somebody, as they should be held.
struct Person {
    address: EmailAddress,
    state: SubscriberState,
    /// The moment of the state's clock.
    moment: Timestamp,
    submitted: Timestamp,
    is_reminded: bool,
    is_held: bool,
}

/// Everybody who ever signs up.
pub(crate) struct Subscribers<'a, 's> {
    policy: &'a Policy,
    passes: &'s Passes,
    service: Service,
    store: Arc<SeaOrmStore>,
    /// Keeps the database in memory.
    _anchor: DatabaseConnection,
    clock: Arc<SetClock>,
    letters: Arc<Letterbox>,
    people: Vec<Person>,
    /// What is done before each pass.
    agenda: Vec<Vec<(Timestamp, usize, Doing)>>,
    /// Who is looked at in each pass.
    looks: Vec<Vec<usize>>,
}

impl<'a, 's> Subscribers<'a, 's> {
    pub(crate) async fn new(
        policy: &'a Policy,
        passes: &'s Passes,
        count: u32,
    ) -> Result<Self, SimulationError> {
        // Its own numbers: how many others were drawn changes nothing here.
        let random = Arc::new(Seeded::new(u64::from(count) + 1));
        let keys = KeyRing::generate(&mut |buffer| fill(&random, buffer), passes.first());
        let keys = Arc::new(keys);
        let (url, anchor) = scratch::in_memory().await?;
        // The store closes connections when it cleans the database.
        let connection = scratch::connect(&url).await?;
        let store = Arc::new(SeaOrmStore::new(connection, keys.clone(), random.clone()));
        store.migrate().await?;
        let clock = Arc::new(SetClock(Mutex::new(passes.first())));
        let letters = Arc::new(Letterbox::default());
        let public_url = PublicUrl::parse("https://simulation.invalid")
            .map_err(|error| SimulationError::Scratch(error.to_string()))?;
        let service = Service::new(Parts {
            policy: policy.clone(),
            store: store.clone(),
            mailer: letters.clone(),
            tokens: Tokens::new(keys),
            public_url,
            clock: clock.clone(),
            random: random.clone(),
        });
        service.adopt_policy().await?;
        let mut subscribers = Self {
            policy,
            passes,
            service,
            store,
            _anchor: anchor,
            clock,
            letters,
            people: Vec::new(),
            agenda: vec![Vec::new(); passes.count()],
            looks: vec![Vec::new(); passes.count()],
        };
        subscribers.plan(count, &random)?;
        Ok(subscribers)
    }

    /// Who does what, and when.
    fn plan(&mut self, count: u32, random: &Seeded) -> Result<(), SimulationError> {
        let (first, last) = (self.passes.first(), self.passes.last());
        let step = last.duration_since(first) / i32::try_from(count.max(1)).unwrap_or(i32::MAX);
        for number in 0..i32::try_from(count).unwrap_or(i32::MAX) {
            let address = format!("subscriber{number}@example.org");
            let address = EmailAddress::parse(&address)
                .map_err(|error| SimulationError::Scratch(error.to_string()))?;
            let calendar = &self.policy.calendar;
            let at = moments::near(first + step * number, calendar, random);
            let at = at.max(first);
            let place = self.people.len();
            self.people.push(Person {
                address,
                state: SubscriberState::Pending,
                moment: at,
                submitted: at,
                is_reminded: false,
                is_held: false,
            });
            let soon = at + SignedDuration::from_hours(48);
            let later = |months| moments::away(soon, months, calendar, random);
            let mut doings = vec![(at, Doing::SignUp)];
            match number % 6 {
                0 => {}
                1 => doings.push((later(5), Doing::SignUpAgain)),
                2 => doings.push((soon, Doing::Confirm)),
                3 => doings.extend([(soon, Doing::Confirm), (later(13), Doing::Leave)]),
                4 => doings.extend([(soon, Doing::Confirm), (later(13), Doing::Erase)]),
                _ => doings.push((later(3), Doing::Erase)),
            }
            for (at, doing) in doings {
                if let Some(pass) = self.passes.first_from(at) {
                    self.agenda[pass].push((at, place, doing));
                }
            }
        }
        Ok(())
    }

    /// Lets a day pass.
    pub(crate) async fn pass(
        &mut self,
        pass: usize,
        day: Date,
        timeline: &mut Timeline,
    ) -> Result<(), SimulationError> {
        let now = self.passes.at(pass);
        let mut doings = std::mem::take(&mut self.agenda[pass]);
        doings.sort_by_key(|(at, ..)| *at);
        let mut is_quiet = doings.is_empty();
        for (at, place, doing) in doings {
            self.clock.set(at);
            self.act(place, doing, at).await?;
            self.schedule(place);
        }
        self.clock.set(now);
        let mut looks = std::mem::take(&mut self.looks[pass]);
        looks.sort_unstable();
        looks.dedup();
        let (mut gone, mut reminded, mut done) = (Vec::new(), Vec::new(), Vec::new());
        for place in looks {
            let person = &mut self.people[place];
            if !person.is_held {
                continue;
            }
            if let Some(one) = due(self.policy, person).filter(|one| one.since <= now) {
                person.is_held = false;
                gone.push((place, self.letters.links(person.address.expose())));
                done.push(one);
            } else if person.state == SubscriberState::Pending
                && !person.is_reminded
                && let Some(since) = reminder(self.policy, person)
                && since <= now
            {
                person.is_reminded = true;
                reminded.push((place, since));
            }
        }
        is_quiet &= gone.is_empty() && reminded.is_empty();
        if !is_quiet {
            self.work(day).await?;
        }
        self.verify(day, &gone, &done).await?;
        self.check_reminders(day, &reminded)?;
        let before = pass
            .checked_sub(1)
            .map_or(self.passes.past(), |one| self.passes.at(one));
        timeline.note(day, now, before, &done);
        for (place, since) in reminded {
            let moment = self.people[place].submitted;
            timeline.remind(day, now, moment, since <= before);
        }
        if let Some((dataset, stage)) = evidence(self.policy) {
            let of = gone.iter().map(|_| Done {
                dataset,
                stage,
                moment: now,
                since: now,
            });
            timeline.note(day, now, before, &of.collect::<Vec<_>>());
        }
        Ok(())
    }

    async fn act(
        &mut self,
        place: usize,
        doing: Doing,
        at: Timestamp,
    ) -> Result<(), SimulationError> {
        let is_over = due(self.policy, &self.people[place]).is_some_and(|due| due.since <= at);
        let person = &mut self.people[place];
        let links = self.letters.links(person.address.expose());
        // Whose period is over is nobody any more, before the next pass too.
        let (is_held, state) = (person.is_held && !is_over, person.state);
        match (doing, links) {
            (Doing::SignUp, _) => {
                person.is_held = true;
                let request = request(self.policy, &person.address);
                self.service.sign_up(request).await?;
            }
            (Doing::SignUpAgain, _) if is_held && state == SubscriberState::Pending => {
                let request = request(self.policy, &person.address);
                self.service.sign_up(request).await?;
            }
            (
                Doing::Confirm,
                Some(Links {
                    confirm: Some(token),
                    ..
                }),
            ) if is_held => {
                (person.state, person.moment) = (SubscriberState::Confirmed, at);
                self.service.confirm(&token).await?;
            }
            (Doing::Leave, Some(links)) if is_held => {
                (person.state, person.moment) = (SubscriberState::Unsubscribed, at);
                self.service.one_click(&links.unsubscribe).await?;
            }
            (Doing::Erase, _) if is_held => {
                (person.state, person.moment) = (SubscriberState::Erased, at);
                self.service.erase_for(&person.address).await?;
            }
            _ => {}
        }
        Ok(())
    }

    fn schedule(&mut self, place: usize) {
        let person = &self.people[place];
        let since = due(self.policy, person).map(|due| due.since);
        let reminder = reminder(self.policy, person);
        for instant in [since, reminder].into_iter().flatten() {
            if let Some(pass) = self.passes.first_from(instant) {
                self.looks[pass].push(place);
            }
        }
    }

    /// One round of the jobs that people feel.
    async fn work(&self, day: Date) -> Result<(), SimulationError> {
        let worker = WorkerId("simulation".to_owned());
        let is_felt = |job: &Job| matches!(job, Job::Purge(_) | Job::Remind | Job::Dispatch);
        for job in Job::ALL.into_iter().filter(is_felt) {
            let outcome = self.service.run_job(job, &worker, &|| false).await?;
            if let JobOutcome::Held(why) = outcome {
                return Err(deviation(day, job.as_str(), why));
            }
        }
        Ok(())
    }

    /// Exactly those are gone who should be, with the evidence of them, and nobody is overdue.
    async fn verify(
        &self,
        day: Date,
        gone: &[(usize, Option<Links>)],
        done: &[Done<'_>],
    ) -> Result<(), SimulationError> {
        let backlog = self.service.backlog(SignedDuration::ZERO).await?;
        if let Some((rule, count)) = backlog.overdue.iter().find(|(_, count)| *count > 0) {
            return Err(deviation(
                day,
                rule.as_str(),
                format!("{count} people are overdue"),
            ));
        }
        let held = self.people.iter().filter(|person| person.is_held).count() as u64;
        for ((_, links), done) in gone.iter().zip(done) {
            let Some(SubjectId(id)) = links.as_ref().map(|links| links.subject) else {
                continue;
            };
            let (controller, id) = (&self.policy.controller.id, SubjectId(id));
            let is_gone = self.store.subject(controller, id).await?.is_none();
            let has_evidence = !self.store.events(controller, id).await?.is_empty();
            if !is_gone || has_evidence {
                let what = "somebody is held past the end of the period".to_owned();
                return Err(deviation(day, done.stage.id.as_str(), what));
            }
        }
        if backlog.held != held {
            let rule = done.first().map_or("purge", |done| done.stage.id.as_str());
            let what = format!("{} people are held in place of {held}", backlog.held);
            return Err(deviation(day, rule, what));
        }
        Ok(())
    }

    /// One reminder each, on its day (S0-31).
    fn check_reminders(
        &self,
        day: Date,
        reminded: &[(usize, Timestamp)],
    ) -> Result<(), SimulationError> {
        for (place, _) in reminded {
            let links = self.letters.links(self.people[*place].address.expose());
            let count = links.map_or(0, |links| links.reminders);
            if count != 1 {
                let what = format!("{count} reminders were sent in place of one");
                return Err(deviation(day, REMINDER, what));
            }
        }
        Ok(())
    }
}

fn fill(random: &Seeded, buffer: &mut [u8]) {
    use consentry_service::ports::Random as _;
    random.fill(buffer);
}

fn request(policy: &Policy, address: &EmailAddress) -> SignUp {
    SignUp {
        address: address.clone(),
        topics: policy
            .default_topics()
            .map(|topic| topic.id.clone())
            .collect(),
        language: policy.languages.default,
        channel: Channel::Form,
    }
}

/// When the one reminder is due.
fn reminder(policy: &Policy, person: &Person) -> Option<Timestamp> {
    let delay = policy.subscription.reminder?;
    Some(delay.after(person.submitted, &policy.calendar))
}

/// What ends the record of somebody, and when.
fn due<'a>(policy: &'a Policy, person: &Person) -> Option<Done<'a>> {
    let dataset = policy.dataset(OwnDataset::Subscribers.as_str())?;
    let mut stages = dataset.stages.iter();
    let stage = stages.find(|stage| {
        let named = stage.state.as_ref().map(Slug::as_str);
        stage.action == Action::Purge && named == Some(person.state.as_str())
    })?;
    Some(Done {
        dataset,
        stage,
        moment: person.moment,
        since: end(stage.after, person.moment, &policy.calendar),
    })
}

/// The rule of the evidence, where it goes with its subject.
fn evidence(policy: &Policy) -> Option<(&Dataset, &Stage)> {
    let dataset = policy.dataset(OwnDataset::Events.as_str())?;
    let mut stages = dataset.stages.iter();
    let stage = stages.find(|stage| executes(OwnDataset::Events, stage))?;
    Some((dataset, stage))
}

fn deviation(day: Date, rule: &str, what: String) -> SimulationError {
    SimulationError::Deviation {
        day,
        dataset: OwnDataset::Subscribers.as_str().to_owned(),
        rule: rule.to_owned(),
        what,
    }
}
