//! In which order rows can be deleted, by the foreign keys of the database.

use std::collections::BTreeSet;
use std::sync::Arc;

use consentry_policy::{Dataset, Severity, SqlName, TableSource};

use super::{Check, Findings, Layout};
use crate::catalogue::{Catalogue, Link, OnDelete};
use crate::sql::Dialect;

/// Datasets whose rows are referred to come after those that refer to them.
pub(super) fn order<'a>(
    catalogue: &Arc<Catalogue>,
    dialect: Dialect,
    datasets: &[(usize, &'a Dataset, &'a TableSource)],
    findings: &mut Findings,
) -> Vec<Layout<'a>> {
    let id = |table: &SqlName| catalogue.table(table).map_or("", |table| &*table.id);
    let tables_of = |source: &TableSource| -> Vec<String> {
        let dependants = source
            .dependants
            .iter()
            .map(|dependant| id(&dependant.table));
        dependants
            .chain([id(&source.table)])
            .map(str::to_owned)
            .collect()
    };
    let all: Vec<Vec<String>> = datasets
        .iter()
        .map(|(_, _, source)| tables_of(source))
        .collect();
    let mut layouts = Vec::new();
    for (place, (index, dataset, source)) in datasets.iter().enumerate() {
        let mut check = Check {
            catalogue,
            dialect,
            dataset,
            source,
            path: format!("datasets[{index}]"),
            findings,
        };
        let own: BTreeSet<&str> = all[place].iter().map(String::as_str).collect();
        let others: BTreeSet<&str> = all
            .iter()
            .flatten()
            .map(String::as_str)
            .filter(|table| !own.contains(table))
            .collect();
        let guards = check.outside(&own, &others);
        let tables = &all[place][..source.dependants.len()];
        let dependants = match sorted(tables.len(), |child, parent| {
            refers(catalogue, &tables[child..=child], &tables[parent..=parent])
        }) {
            Ok(order) => order,
            Err(cycle) => {
                let cycle = cycle.iter().map(|&place| &source.dependants[place].table);
                check.cycle("source.dependants", cycle);
                continue;
            }
        };
        layouts.push(Layout {
            dataset,
            source,
            catalogue: Arc::clone(catalogue),
            dialect,
            dependants,
            guards,
        });
    }
    if layouts.len() < datasets.len() || findings.has_errors() {
        return Vec::new();
    }
    match sorted(layouts.len(), |child, parent| {
        refers(catalogue, &all[child], &all[parent])
    }) {
        Ok(order) => order
            .into_iter()
            .map(|place| layouts[place].clone())
            .collect(),
        Err(cycle) => {
            let (index, dataset, source) = datasets[cycle[0]];
            let mut check = Check {
                catalogue,
                dialect,
                dataset,
                source,
                path: format!("datasets[{index}]"),
                findings,
            };
            check.cycle(
                "source.table",
                cycle.iter().map(|&place| &datasets[place].2.table),
            );
            Vec::new()
        }
    }
}

/// Whether rows of one group of tables stop the deletion of rows of another.
fn refers(catalogue: &Catalogue, children: &[String], parents: &[String]) -> bool {
    catalogue.links.iter().any(|link| {
        link.on_delete == OnDelete::Refuse
            && link.child != link.parent
            && children.contains(&link.child)
            && parents.contains(&link.parent)
    })
}

/// Numbers below `count`, each before those that it refers to; or numbers that refer to each other.
fn sorted(count: usize, refers: impl Fn(usize, usize) -> bool) -> Result<Vec<usize>, Vec<usize>> {
    let mut left: Vec<usize> = (0..count).collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let is_free = |&parent: &usize| {
            let mut others = left.iter().filter(|&&child| child != parent);
            !others.any(|&child| refers(child, parent))
        };
        let Some(place) = left.iter().position(is_free) else {
            return Err(left);
        };
        order.push(left.remove(place));
    }
    Ok(order)
}

impl Check<'_> {
    /// Foreign keys from tables that the dataset does not take along. Those of other datasets keep
    /// the rows that they refer to.
    fn outside(&mut self, own: &BTreeSet<&str>, others: &BTreeSet<&str>) -> Vec<Link> {
        let ends_rows = self.dataset.stages.iter().any(|stage| {
            use consentry_policy::{Action, Store};
            let ends = match stage.action {
                Action::Purge => stage.fields.is_empty(),
                Action::Archive => true,
                _ => false,
            };
            ends && stage.within == Store::Live
        });
        if !ends_rows {
            return Vec::new();
        }
        let mut guards = Vec::new();
        let main = self
            .catalogue
            .table(&self.source.table)
            .map_or("", |table| &*table.id);
        let catalogue = self.catalogue;
        for link in &catalogue.links {
            let is_ours = own.contains(&*link.parent);
            let is_within = own.contains(&*link.child) && link.child != link.parent;
            if !is_ours || is_within {
                continue;
            }
            let child = &link.child_name;
            match link.on_delete {
                OnDelete::Forget => {}
                OnDelete::Cascade => self.find(
                    Severity::Warning,
                    "source.dependants",
                    format!("rows of `{child}` are deleted along, by the database"),
                    "declare them as dependants, so that the policy says so",
                ),
                OnDelete::Refuse if others.contains(&*link.child) && link.parent == main => {
                    guards.push(link.clone());
                }
                OnDelete::Refuse => self.error(
                    "source.dependants",
                    format!("rows of `{child}` refer to what is to be deleted"),
                    "declare them as dependants, or anonymise in place of a purge",
                ),
            }
        }
        guards
    }

    fn cycle<'t>(&mut self, key: &str, tables: impl Iterator<Item = &'t SqlName>) {
        let tables: Vec<&str> = tables.map(SqlName::as_str).collect();
        self.error(
            key,
            format!(
                "rows refer to each other in a circle: `{}`",
                tables.join("`, `")
            ),
            "let one of the foreign keys be `ON DELETE SET NULL` or `CASCADE`",
        );
    }
}
