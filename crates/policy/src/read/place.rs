//! Paths of keys, and where they stand.

use std::ops::Range;

use toml::de::DeTable;

/// Where the value at a path such as `topics[1].purpose` stands; where its table stands when the
/// key was left out.
pub(crate) fn place_of(table: &DeTable<'_>, path: &str) -> Range<usize> {
    let mut place = 0..0;
    let mut table = table;
    for step in path.split('.') {
        let (key, index) = step
            .split_once('[')
            .map_or((step, None), |(key, index)| (key, Some(index)));
        let Some((name, mut value)) = table.get_key_value(key) else {
            break;
        };
        place = name.span();
        if let Some(index) = index
            .and_then(|index| index.strip_suffix(']'))
            .and_then(|index| index.parse::<usize>().ok())
        {
            match value
                .get_ref()
                .as_array()
                .and_then(|items| items.get(index))
            {
                Some(item) => (value, place) = (item, item.span()),
                None => break,
            }
        }
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => return value.span(),
        }
    }
    place
}

/// The path of a key below another.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// A path as the header of a section writes it: without the positions.
pub(super) fn header(path: &str) -> String {
    let steps = path
        .split('.')
        .map(|step| step.split('[').next().unwrap_or(step));
    steps.collect::<Vec<_>>().join(".")
}
