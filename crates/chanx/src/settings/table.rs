//! How the list of settings becomes a struct and a table of keys; the only thing that the macro
//! knows is their shape.

use super::Settings;
use super::value::Raw;

/// One key, as loading and listing see it.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) alias: Option<&'static str>,
    /// The lines of the documentation.
    pub(super) doc: &'static [&'static str],
    pub(super) kind: fn() -> String,
    pub(super) is_secret: bool,
    /// Reads and keeps a value, or says by `false` that it is not of this kind.
    pub(super) read: fn(&mut Settings, Raw<'_>) -> bool,
    /// What is wrong with the value beyond its kind.
    pub(super) check: fn(&Settings) -> Result<(), String>,
    pub(super) show: fn(&Settings) -> String,
    pub(super) is_same: fn(&Settings, &Settings) -> bool,
}

impl Key {
    /// The key that `name` means, its aliases included.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        Settings::KEYS.iter().find(|key| key.name == name || key.alias == Some(name))
    }
}

/// Makes the struct, its defaults and the table of its keys from lines of the form
/// `name | alias: type = default, rule;`.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident $(| $alias:ident)?: $type:ty = $default:expr $(, $rule:path)?;
    )+) => {
        /// How chanx behaves: loaded with [`Settings::load`], then changed by assignment.
        ///
        /// In `chanx.toml` the keys are the names of these fields; in the environment they are in
        /// upper case behind
        /// `CHANX_`. Times are numbers of seconds, lists are separated by commas in the environment, and `"none"`
        /// stands for nothing.
        #[derive(Clone)]
        #[non_exhaustive]
        pub struct Settings {
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\n\nDefault: `", stringify!($default), "`")]
                pub $name: $type,
            )+
            provenance: Provenance,
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: $default,)+ provenance: Provenance::default() }
            }
        }

        /// Without secrets.
        impl std::fmt::Debug for Settings {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.debug_struct("Settings") $(.field(stringify!($name), &self.$name))+ .finish_non_exhaustive()
            }
        }

        impl Settings {
            const KEYS: &[table::Key] = &[$(table::Key {
                name: stringify!($name),
                alias: table::first(&[$(stringify!($alias))?]),
                doc: &[$($doc),+],
                kind: <$type as value::Value>::kind,
                is_secret: <$type as value::Value>::IS_SECRET,
                read: |settings, raw| {
                    value::Value::read(raw).map(|value| settings.$name = value).is_some()
                },
                check: |_settings| {
                    $($rule(&_settings.$name)?;)?
                    Ok(())
                },
                show: |settings| value::Value::show(&settings.$name),
                is_same: |one, other| one.$name == other.$name,
            }),+];
        }
    };
}

pub(super) use settings;

/// The alias of a key, if it has one.
pub(super) const fn first(names: &[&'static str]) -> Option<&'static str> {
    match names {
        [name, ..] => Some(name),
        [] => None,
    }
}
