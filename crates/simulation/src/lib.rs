//! A policy at work on generated data, day by day: what happens when, and nothing too early or too
//! late.
//!
//! [`Simulation::run`] makes the tables that the policy speaks of in scratch databases, lets rows come,
//! change and belong to people to whom events happen, sets holds and lifts them, and makes the pass of
//! each day with the real engine. A reference that reads the rules one row at a time says what each
//! pass has to do; the first day on which the engine, its verification or the content of a table says
//! something else ends the simulation with an error that names day and rule. Consentry's own
//! subscribers sign up, confirm, leave and ask for erasure through the real use cases, and go by the
//! worker's jobs. Rights requests, conversations and cookie choices, which this version does not keep
//! yet, are rows of tables that stand in for them. The outcome is a [`Timeline`], which [`svg::draw`] makes a picture of.
//!
//! Every run of the same simulation has the same outcome. Nothing but memory is touched.
//!
//! ```
//! use consentry_policy::Policy;
//! use consentry_simulation::{Simulation, svg};
//! use jiff::civil::date;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let policy = Policy::demo();
//! let simulation = Simulation { policy: &policy, from: date(2027, 1, 1), years: 1, rows: 5 };
//! let timeline = simulation.run(&mut |_day| {}).await?;
//! assert!(timeline.rule("subscribers", "purge-unconfirmed").is_some());
//! assert!(svg::draw(&timeline).starts_with("<svg"));
//! # Ok(())
//! # })
//! # }
//! ```

mod engine;
mod error;
mod judge;
mod ledger;
mod letterbox;
mod lives;
mod moments;
mod passes;
mod random;
mod records;
mod row;
mod scratch;
mod subscribers;
pub mod svg;
mod tables;
mod timeline;
mod value;

use consentry_policy::Policy;
use jiff::ToSpan as _;
use jiff::civil::Date;

pub use error::SimulationError;
pub use timeline::{Act, Executor, RuleTimeline, Timeline};

use engine::Tables;
use passes::Passes;
use random::Seeded;
use subscribers::Subscribers;

/// The seed of every simulation.
const SEED: u64 = 0xC0_45E7;

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Simulation<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The first day.
    pub from: Date,
    /// How many years, from 1 to 100.
    pub years: u16,
    /// How many rows of each table, and how many subscribers: in the simulated years, and in the
    /// time before them from which something is left.
    pub rows: u32,
}

impl Simulation<'_> {
    /// Lets the days pass. `progress` is told each one before it begins.
    ///
    /// # Errors
    ///
    /// The first day on which something was done, left undone or found that the rules do not say,
    /// and a policy that cannot be executed.
    pub async fn run(
        &self,
        progress: &mut (dyn FnMut(Date) + Send),
    ) -> Result<Timeline, SimulationError> {
        if !(1..=100).contains(&self.years) {
            return Err(SimulationError::Years);
        }
        let until = self.from.saturating_add(i64::from(self.years).years());
        let policy = tables::for_scratch(self.policy);
        let passes = Passes::new(&policy, self.from, until);
        let random = Seeded::new(SEED);
        let tables = tables::derive(&policy);
        let mut timeline = Timeline::new(self.policy, self.from, until);
        let mut engine = Tables::new(&policy, &tables, &passes, &random, self.rows).await?;
        let mut subscribers = Subscribers::new(&policy, &passes, self.rows).await?;
        for (place, day, _) in passes.iter() {
            progress(day);
            engine.pass(place, day, &mut timeline).await?;
            subscribers.pass(place, day, &mut timeline).await?;
        }
        Ok(timeline)
    }
}
