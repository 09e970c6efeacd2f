//! Declarations: one text is the type, its reading, its documentation and its JSON Schema.

/// Declares tables of the policy file.
///
/// `key: Type => verb(arguments)` reads the key with the verb of that name of
/// [`Section`](super::section::Section); the doc comment is the key's documentation everywhere.
macro_rules! tables {
    ($(
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            $(
                $(#[doc = $key_doc:literal])*
                $vis:vis $key:ident: $type:ty => $verb:ident $(($($argument:expr),+))?,
            )+
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[doc = $key_doc])*
                $vis $key: $type,
            )+
        }

        impl $crate::read::FromSection for $name {
            fn from_section(section: &$crate::read::Section<'_>) -> $crate::read::Read<Self> {
                $(
                    let $key = section.$verb(
                        &$crate::read::Key {
                            name: stringify!($key),
                            doc: concat!($($key_doc, "\n"),*),
                        },
                        $($($argument),+)?
                    );
                )+
                Ok(Self { $($key: $key?),+ })
            }

            fn shape() -> $crate::grammar::Shape {
                $crate::grammar::Shape::Table($crate::grammar::TableShape {
                    name: stringify!($name),
                    doc: concat!($($doc, "\n"),+),
                    keys: $crate::read::describe::<Self>(),
                })
            }
        }
    )+};
}

/// Declares a choice: variants and how the policy file writes them.
macro_rules! choices {
    ($(
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $(
                $(#[doc = $variant_doc:literal])+
                $variant:ident = $text:literal,
            )+
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[doc = $variant_doc])+
                $variant,
            )+
        }

        impl $name {
            /// Every one, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// How the policy file writes it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::read::Choice for $name {
            const NAME: &'static str = stringify!($name);
            const DOC: &'static str = concat!($($doc, "\n"),+);

            fn words() -> Vec<(&'static str, &'static str)> {
                vec![$(($text, concat!($($variant_doc, "\n"),+))),+]
            }

            fn named(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    )+};
}

pub(crate) use {choices, tables};
