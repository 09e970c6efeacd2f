//! What kind of change it is, and whether people have to be told of it.

use super::length::{Absent, compare};
use crate::content::Value;
use crate::read::choices;

choices! {
    /// What a difference between two versions is for people.
    ///
    /// What counts as substantial follows the guidelines on transparency (WP260 rev.01, 29 to 31):
    /// purposes, who is responsible, who receives data and where, how rights are exercised; and
    /// every promise that is weaker than before.
    pub enum Class {
        /// The version's own data, the order of a list, another spelling of the same value.
        Bookkeeping = "bookkeeping",
        /// Words. Whether their meaning changed, only their author knows.
        Editorial = "editorial",
        /// How the software works, without effect on what is promised.
        Operation = "operation",
        /// Who is responsible.
        Controller = "controller",
        /// Where to write.
        Contact = "contact",
        /// Where data lie.
        Hosting = "hosting",
        /// Data are used for something new.
        NewPurpose = "new-purpose",
        /// Data are no longer used for something.
        RemovedPurpose = "removed-purpose",
        /// Why a use is lawful.
        BasisChanged = "basis-changed",
        /// Machines decide about people.
        AutomatedDecision = "automated-decision",
        /// Data that are held serve more purposes, or more teams see them.
        WiderUse = "wider-use",
        /// Data that are held serve fewer purposes, or fewer teams see them.
        NarrowerUse = "narrower-use",
        /// Something new to subscribe to.
        NewTopic = "new-topic",
        /// Something less to subscribe to.
        RemovedTopic = "removed-topic",
        /// Somebody more receives data.
        NewRecipient = "new-recipient",
        /// Somebody less receives data.
        RemovedRecipient = "removed-recipient",
        /// What a recipient is, or what it gets.
        RecipientChanged = "recipient-changed",
        /// Data go to another country, or something else protects them there.
        Transfer = "transfer",
        /// More is collected.
        NewData = "new-data",
        /// Less is collected.
        RemovedData = "removed-data",
        /// What a datum is, where it comes from, whether it must be given.
        DataChanged = "data-changed",
        /// A rule that ends data is new.
        NewRule = "new-rule",
        /// A rule that ended data is gone.
        RemovedRule = "removed-rule",
        /// A rule does something else, to other data, or counts from another moment.
        RuleChanged = "rule-changed",
        /// Data are kept for longer.
        Longer = "longer",
        /// Data are kept for less long.
        Shorter = "shorter",
        /// Something more is stored on terminals. The banner asks for a consent of its own.
        NewCookie = "new-cookie",
        /// Something less is stored on terminals.
        RemovedCookie = "removed-cookie",
        /// What is stored on terminals differs. The banner asks for a consent of its own.
        CookieChanged = "cookie-changed",
        /// People can do more.
        RightExtended = "right-extended",
        /// People can do less, or not as easily.
        RightReduced = "right-reduced",
        /// Answers may take longer.
        DeadlineLonger = "deadline-longer",
        /// Answers come sooner.
        DeadlineShorter = "deadline-shorter",
        /// A security measure more.
        NewSafeguard = "new-safeguard",
        /// A security measure less.
        RemovedSafeguard = "removed-safeguard",
        /// The agreement with those for whom data are processed.
        Terms = "terms",
    }
}

impl Class {
    /// Whether everybody concerned has to be told (S4-08).
    pub const fn is_substantial(self) -> bool {
        matches!(
            self,
            Self::Controller
                | Self::Hosting
                | Self::NewPurpose
                | Self::BasisChanged
                | Self::AutomatedDecision
                | Self::WiderUse
                | Self::NewRecipient
                | Self::RecipientChanged
                | Self::Transfer
                | Self::NewData
                | Self::DataChanged
                | Self::RemovedRule
                | Self::RuleChanged
                | Self::Longer
                | Self::RightReduced
                | Self::DeadlineLonger
                | Self::RemovedSafeguard
        )
    }
}

/// What became of a value.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Added(&'a Value),
    Removed(&'a Value),
    Changed(&'a Value, &'a Value),
}

impl<'a> Change<'a> {
    pub(super) fn before(self) -> Option<&'a Value> {
        match self {
            Self::Added(_) => None,
            Self::Removed(value) | Self::Changed(value, _) => Some(value),
        }
    }

    pub(super) fn after(self) -> Option<&'a Value> {
        match self {
            Self::Removed(_) => None,
            Self::Added(value) | Self::Changed(_, value) => Some(value),
        }
    }

    /// One class for more of something, one for less; a value in place of another is more.
    fn pick(self, more: Class, less: Class) -> Class {
        match self {
            Self::Added(_) | Self::Changed(..) => more,
            Self::Removed(_) => less,
        }
    }

    /// A flag that is set now, or no longer.
    fn flag(self, set: Class, unset: Class) -> Class {
        let is_set = self.after().and_then(Value::as_word) == Some("true");
        if is_set { set } else { unset }
    }

    fn length(self, absent: Absent, longer: Class, shorter: Class) -> Class {
        let word = |value: Option<&'a Value>| value.and_then(Value::as_word);
        match compare(word(self.before()), word(self.after()), absent) {
            std::cmp::Ordering::Less => shorter,
            std::cmp::Ordering::Equal => Class::Bookkeeping,
            std::cmp::Ordering::Greater => longer,
        }
    }
}

/// The class of a change, by the keys that lead to it. A key that is not named here falls to the
/// graver side of its section, where the section states what is promised.
pub(super) fn of(keys: &[&str], change: Change<'_>) -> Class {
    use Class::{
        Bookkeeping, Contact, Controller, Editorial, Hosting, Longer, NewSafeguard, NewTopic,
        Operation, RemovedSafeguard, RemovedTopic, RuleChanged, Shorter, Terms, WiderUse,
    };
    match *keys {
        ["version" | "effective" | "change", ..] | [.., "promises"] => Bookkeeping,
        ["controller", "id" | "name" | "country" | "registry_number"] => Controller,
        ["controller" | "contacts" | "authority", ..] => Contact,
        ["hosts" | "region"]
        | [
            "hosts",
            "role" | "name" | "city" | "country" | "is_controller",
        ] => Hosting,
        ["purposes", ref rest @ ..] => purposes(rest, change),
        ["topics"] => change.pick(NewTopic, RemovedTopic),
        ["topics", "purpose"] => WiderUse,
        ["recipients", ref rest @ ..] => recipients(rest, change),
        ["datasets", ref rest @ ..] => datasets(rest, change),
        ["catch_all", "after"] | ["backups", "keep"] => {
            change.length(Absent::Endless, Longer, Shorter)
        }
        ["engine", "longer_reaches_back"] | ["working_time", "financial_year_ends"] => RuleChanged,
        ["cookies", ref rest @ ..] => cookies(rest, change),
        ["rights", ref rest @ ..] => rights(rest, change),
        ["safeguards"] => change.pick(NewSafeguard, RemovedSafeguard),
        ["processor", ..] => Terms,
        [
            "languages" | "hosts" | "notice" | "clauses" | "categories" | "teams" | "catch_all"
            | "safeguards",
            ..,
        ] => Editorial,
        _ => Operation,
    }
}

fn purposes(keys: &[&str], change: Change<'_>) -> Class {
    use Class::{
        AutomatedDecision, BasisChanged, Editorial, NewPurpose, NewRecipient, RemovedPurpose,
        RemovedRecipient, RightExtended, RightReduced,
    };
    match keys {
        [] => change.pick(NewPurpose, RemovedPurpose),
        ["basis" | "interest_of"] => BasisChanged,
        ["recipients"] => change.pick(NewRecipient, RemovedRecipient),
        ["withdrawal"] => change.pick(RightExtended, RightReduced),
        ["automated_decisions"] => change.flag(AutomatedDecision, RightExtended),
        _ => Editorial,
    }
}

fn recipients(keys: &[&str], change: Change<'_>) -> Class {
    use Class::{
        Contact, Editorial, NarrowerUse, NewRecipient, RecipientChanged, RemovedRecipient,
        Transfer, WiderUse,
    };
    match keys {
        [] => change.pick(NewRecipient, RemovedRecipient),
        ["purposes"] => change.pick(WiderUse, NarrowerUse),
        ["countries"] => change.pick(Transfer, NarrowerUse),
        ["transfer", "mechanism"] => Transfer,
        ["contact"] => Contact,
        ["transfer" | "contract" | "guarantee", ..] => Editorial,
        _ => RecipientChanged,
    }
}

fn datasets(keys: &[&str], change: Change<'_>) -> Class {
    use Class::{
        Controller, DataChanged, Editorial, Hosting, Longer, NarrowerUse, NewData, NewRule,
        Operation, RemovedData, RemovedRule, RuleChanged, Shorter, WiderUse,
    };
    match keys {
        [] | ["fields"] => change.pick(NewData, RemovedData),
        ["enabled"] => change.flag(NewData, RemovedData),
        ["purposes" | "teams"] | ["fields", "purposes" | "teams"] => {
            change.pick(WiderUse, NarrowerUse)
        }
        ["hosts"] => change.pick(Hosting, NarrowerUse),
        ["role"] => Controller,
        ["fields", "category"] => Editorial,
        ["source", ..]
        | ["fields", "format" | "values" | "max_length"]
        | ["stages", "brake" | "review"] => Operation,
        ["stages"] => change.pick(NewRule, RemovedRule),
        ["stages", "after"] | ["minima", "period"] => {
            change.length(Absent::AtOnce, Longer, Shorter)
        }
        ["minima"] | ["minima", "fields"] => change.pick(Longer, Shorter),
        ["states" | "clocks" | "stages" | "minima", ..] => RuleChanged,
        _ => DataChanged,
    }
}

fn cookies(keys: &[&str], change: Change<'_>) -> Class {
    use Class::{CookieChanged, Editorial, NewCookie, RemovedCookie};
    match keys {
        ["register" | "categories"] => change.pick(NewCookie, RemovedCookie),
        ["links", ..] => Editorial,
        _ => CookieChanged,
    }
}

fn rights(keys: &[&str], change: Change<'_>) -> Class {
    use Class::{Contact, DeadlineLonger, DeadlineShorter, Operation, RightExtended, RightReduced};
    match keys {
        ["offered" | "erasure_grounds" | "channels"] | ["channels", "rights"] => {
            change.pick(RightExtended, RightReduced)
        }
        ["channels", "requires"] => change.pick(RightReduced, RightExtended),
        ["channels", "email" | "post"] | ["forward_to"] => Contact,
        ["answer" | "extension"] => change.length(Absent::AtOnce, DeadlineLonger, DeadlineShorter),
        ["free"] => change.flag(RightExtended, RightReduced),
        ["alarm"] => Operation,
        _ => RightReduced,
    }
}
