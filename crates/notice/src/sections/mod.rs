//! The sections of the notice, in its order.

mod annex;
mod cookies;
mod data;
mod periods;
mod purposes;
mod recipients;
mod rights;
mod versions;
mod who;

use consentry_policy::{NoticeSection, Place};

use crate::document::{Blocks, Section};
use crate::words::Words;
use crate::{Edition, clauses};

pub(crate) use who::{lead, legal};

/// Every section that has something to say.
pub(crate) fn all(words: &Words<'_>, earlier: &[Edition]) -> Vec<Section> {
    let sections = NoticeSection::ALL.iter();
    let filled = sections.filter_map(|&name| section(words, name, earlier).section(name, words));
    filled.collect()
}

fn section(words: &Words<'_>, name: NoticeSection, earlier: &[Edition]) -> Blocks {
    use NoticeSection as Name;
    let (mut blocks, place) = match name {
        Name::Summary => (purposes::summary(words), None),
        Name::Controller => (who::controller(words), None),
        Name::Data => (data::section(words), None),
        Name::Purposes => (purposes::section(words), Some(Place::Purposes)),
        Name::Recipients => (recipients::section(words), Some(Place::Recipients)),
        Name::Places => (recipients::places(words), None),
        Name::Periods => (periods::section(words), Some(Place::Periods)),
        Name::Rights => (rights::section(words), Some(Place::Rights)),
        Name::Cookies => (cookies::section(words), Some(Place::Cookies)),
        Name::Complaint => (rights::complaint(words), None),
        Name::Security => (annex::security(words), Some(Place::Security)),
        Name::Processing => (annex::processing(words), None),
        Name::Versions => (versions::section(words, earlier), Some(Place::Versions)),
        // A section of a later grammar, which this printer does not know.
        _ => (Blocks::default(), None),
    };
    if let Some(place) = place {
        clauses(words, place, &mut blocks);
    }
    blocks
}
