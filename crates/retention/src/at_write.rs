//! What an application may store of a value, before it stores it. Pure.

use consentry_policy::{Dataset, FieldFormat};
use thiserror::Error;

use crate::transform::{Shape, reduce};

/// Why nothing of a value may be stored. Names the field, never the value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The policy does not name the field: it is not collected (S2-11, S4-01).
    #[error("`{0}` is no field of the dataset: declare it in the policy, or do not collect it")]
    Undeclared(String),
    /// The dataset is announced, and not in use yet (S1-129).
    #[error("the dataset of `{0}` is not in use: write `enabled = true` first")]
    NotInUse(String),
    /// The field stands for anything at all, and is never stored (S1-09, S3-10).
    #[error("`{0}` is open-ended: declare what is meant as a field of its own")]
    OpenEnded(String),
    /// The field holds a day and a month, and the value is something else, such as a date with its
    /// year (S2-10).
    #[error("`{0}` holds a day and a month, such as `03-14`: ask for no year")]
    NotDayAndMonth(String),
}

/// What is to be stored of a value: reduced by the `at_write` of its field, as it is without one, and
/// nothing where the method leaves nothing (S2-10, S4-15).
///
/// `shape` is what the column holds; `random` the row's own random text, for `random-token`. A stored
/// value stays as it is: what is asked about twice is reduced once.
///
/// ```
/// use consentry_policy::Policy;
/// use consentry_retention::transform::Shape;
/// use consentry_retention::{Refusal, at_write};
///
/// # let demo = include_str!("../../policy/policies/saas-portal.toml");
/// # let policy = Policy::parse(&format!(r#"{demo}
/// # [[datasets]]
/// # id = "contacts"
/// # name = {{ en = "Contacts", fr = "Contacts" }}
/// # people = {{ en = "Contacts", fr = "Contacts" }}
/// # source = {{ database = "crm", table = "contacts", key = ["id"] }}
/// # [[datasets.fields]]
/// # id = "birthday"
/// # name = {{ en = "Birthday", fr = "Anniversaire" }}
/// # format = "date"
/// # at_write = "month-and-day"
/// # "#), "policy.toml")?;
/// let contacts = policy.dataset("contacts").ok_or("no such dataset")?;
/// let stored = at_write(contacts, "birthday", "1980-03-14", Shape::Text, "")?;
/// assert_eq!(stored.as_deref(), Some("03-14"));
///
/// let refused = at_write(contacts, "shoe_size", "39", Shape::Text, "");
/// assert_eq!(refused, Err(Refusal::Undeclared("shoe_size".to_owned())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Nothing of the value may be stored.
pub fn at_write(
    dataset: &Dataset,
    field: &str,
    value: &str,
    shape: Shape,
    random: &str,
) -> Result<Option<String>, Refusal> {
    let named = || field.to_owned();
    let declared = dataset
        .field(field)
        .ok_or_else(|| Refusal::Undeclared(named()))?;
    if !dataset.enabled {
        return Err(Refusal::NotInUse(named()));
    }
    if declared.open_ended {
        return Err(Refusal::OpenEnded(named()));
    }
    if declared.format == FieldFormat::DayMonth && !is_day_and_month(value.trim()) {
        return Err(Refusal::NotDayAndMonth(named()));
    }
    Ok(match &declared.at_write {
        Some(method) => reduce(method, value, shape, random),
        None => Some(value.to_owned()),
    })
}

/// `03-14`, also of a leap year.
fn is_day_and_month(value: &str) -> bool {
    let day = format!("2000-{value}").parse::<jiff::civil::Date>();
    value.len() == 5 && day.is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use consentry_policy::Policy;

    use super::*;

    fn contacts(more: &str) -> Dataset {
        let demo = include_str!("../../policy/policies/saas-portal.toml");
        let text = format!(
            "{demo}\n[[datasets]]\nid = \"contacts\"\nname = {{ en = \"C\", fr = \"C\" }}\n\
             people = {{ en = \"C\", fr = \"C\" }}\n{more}\n\
             source = {{ database = \"crm\", table = \"contacts\", key = [\"id\"] }}\n\
             [[datasets.fields]]\nid = \"birthday\"\nname = {{ en = \"B\", fr = \"B\" }}\n\
             format = \"day-month\"\n\
             [[datasets.fields]]\nid = \"ip\"\nname = {{ en = \"I\", fr = \"I\" }}\n\
             at_write = \"network-prefix\"\n\
             [[datasets.fields]]\nid = \"rest\"\nname = {{ en = \"R\", fr = \"R\" }}\n\
             open_ended = true\n"
        );
        let policy = Policy::parse(&text, "test").unwrap();
        policy.dataset("contacts").unwrap().clone()
    }

    fn stored(field: &str, value: &str) -> Result<Option<String>, Refusal> {
        at_write(&contacts(""), field, value, Shape::Text, "x")
    }

    /// S2-10: a year is refused and not stored.
    #[test]
    fn a_birthday_is_a_day_and_a_month() {
        for value in ["03-14", " 02-29"] {
            assert_eq!(stored("birthday", value), Ok(Some(value.to_owned())));
        }
        for value in ["1980-03-14", "14.03.1980", "02-30", "1980", ""] {
            let refused = Err(Refusal::NotDayAndMonth("birthday".to_owned()));
            assert_eq!(stored("birthday", value), refused, "{value}");
        }
    }

    /// S4-01, S1-129, S3-10.
    #[test]
    fn what_is_not_declared_is_refused() {
        let of = |refused: Result<_, Refusal>| refused.unwrap_err();
        assert_eq!(
            of(stored("name", "Anna")),
            Refusal::Undeclared("name".to_owned())
        );
        assert_eq!(
            of(stored("rest", "Anna")),
            Refusal::OpenEnded("rest".to_owned())
        );
        let announced = contacts("enabled = false");
        let refused = at_write(&announced, "ip", "203.0.113.7", Shape::Text, "");
        assert_eq!(of(refused), Refusal::NotInUse("ip".to_owned()));
        assert!(!of(stored("name", "Anna")).to_string().contains("Anna"));
    }

    /// S4-15: the same method as later, and once.
    #[test]
    fn a_value_is_reduced_before_it_is_stored() {
        let first = stored("ip", "203.0.113.77").unwrap().unwrap();
        assert_eq!(first, "203.0.113.0/24");
        assert_eq!(stored("ip", &first), Ok(Some(first.clone())));
        assert_eq!(
            stored("ip", "not an address"),
            Ok(None),
            "nothing stays by mistake"
        );
    }
}
