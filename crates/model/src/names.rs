//! Enumerations whose members have one name each, the same in code, database, API and project file.

/// Defines an enumeration together with its names: `name()`, `from_name()` and `ALL`.
#[macro_export]
macro_rules! names {
    (
        $(#[$outer:meta])*
        pub enum $enumeration:ident { $( $(#[$inner:meta])* $member:ident = $name:literal, )+ }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $enumeration { $( $(#[$inner])* $member, )+ }

        impl $enumeration {
            /// Every member, in the order of definition.
            pub const ALL: &'static [Self] = &[ $( Self::$member, )+ ];

            /// The one name of this member.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$member => $name, )+ }
            }

            /// The member of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $name => Some(Self::$member), )+ _ => None }
            }
        }

        impl std::fmt::Display for $enumeration {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.name())
            }
        }
    };
}
