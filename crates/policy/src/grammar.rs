//! The grammar of the policy file, described by the very declarations that read it: for the
//! documentation and for editors.

/// One key of a table.
#[derive(Clone, Debug)]
pub(crate) struct KeyDescription {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) presence: Presence,
    pub(crate) shape: Shape,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Presence {
    Required,
    Optional,
    /// Left out, it is this, as written in the file.
    Default(&'static str),
}

/// What stands under a key.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Value(ValueShape),
    List(Box<Shape>),
    /// A table whose keys the author chooses.
    Map(Box<Shape>),
    Table(Vec<KeyDescription>),
    /// One text per language.
    Localized(Box<Shape>),
}

/// A single value.
#[derive(Clone, Debug)]
pub(crate) struct ValueShape {
    /// As the documentation calls it, such as `period`.
    pub(crate) name: &'static str,
    pub(crate) example: &'static str,
    pub(crate) json: JsonType,
}

/// What JSON Schema can say of a value.
#[derive(Clone, Debug)]
pub(crate) enum JsonType {
    Boolean,
    /// From the first to the second.
    Integer(u64, Option<u64>),
    /// Any text that says something.
    Text,
    Pattern(&'static str),
    OneOf(Vec<&'static str>),
    /// A value of one of several types, such as a condition.
    Any(&'static [&'static str]),
}
