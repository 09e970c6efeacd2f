//! From the text of a policy file to a [`Policy`], or to everything that is wrong with it.

mod check;
mod declare;
mod place;
mod section;
mod value;
mod words;

use toml::de::DeTable;

pub(crate) use self::declare::{choices, tables};
pub(crate) use self::place::place_of;
pub(crate) use self::section::{Context, FromSection, Key, Read, Section, describe};
pub(crate) use self::value::{
    ADDRESS, BASIS, CONDITION, COUNT, COUNTRY, Choice, DATE, DAY, DOMAIN, FLAG, HOLIDAY, LANGUAGE,
    LIFETIME, LIMIT, METHOD, MONEY, PERCENT, PERIOD, PROMISE, RATE, Refusal, SENDER, SQL_NAME,
    TEXT, TIME_OF_DAY, URL, VERSION, ZONE, choice, named, single,
};
use crate::content::Content;
use crate::finding::Fault;
use crate::published::Published;
use crate::{Calendar, Dataset, NoticeVersion, Policy};

/// Reads a policy file; on failure, every fault that can be told from the others.
pub(crate) fn policy(source: &str) -> Result<Policy, Vec<Fault>> {
    let table = table(source)?;
    read(source, &table)
}

/// Reads TOML.
pub(crate) fn table(source: &str) -> Result<DeTable<'_>, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(source);
    if errors.is_empty() {
        Ok(table.into_inner())
    } else {
        Err(errors.iter().map(syntax_fault).collect())
    }
}

fn syntax_fault(error: &toml::de::Error) -> Fault {
    Fault {
        code: "not-toml",
        key: String::new(),
        place: error.span().unwrap_or(0..0),
        message: format!("not TOML: {}", error.message()),
        help: None,
    }
}

/// Reads the policy that a file holds, given its text and what TOML makes of it.
pub(crate) fn read(source: &str, table: &DeTable<'_>) -> Result<Policy, Vec<Fault>> {
    let context = Context::default();
    let policy: Read<Policy> = Section::root(table, &context);
    let mut faults = context.into_faults();
    let Ok(mut policy) = policy else {
        return Err(faults);
    };
    policy.published = Published::new(table);
    complete(&mut policy, Content::new(source, table));
    faults.extend(check::policy(&policy, table));
    if faults.is_empty() {
        Ok(policy)
    } else {
        Err(faults)
    }
}

/// Fills in what follows from the keys.
fn complete(policy: &mut Policy, content: Content) {
    policy.calendar = Calendar::new(policy.time_zone.clone(), policy.working_time.as_ref());
    policy.notice_version = NoticeVersion::new(&policy.version, &content.digest);
    policy.content = content;
    policy.settle_subscribers();
    policy
        .datasets
        .iter_mut()
        .for_each(Dataset::settle_purposes);
    for topic in &mut policy.topics {
        let purpose = policy.purposes.iter().find(|one| one.id == topic.purpose);
        topic.basis = purpose.map_or(topic.basis, |purpose| purpose.basis);
    }
}
