//! The listing of all settings, for people.

use super::table::Key;
use super::{Settings, Source};

/// One setting, as a listing shows it. Values are written as in `chanx.toml`, secrets are blotted
/// out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingInfo {
    /// The key in the file.
    pub name: &'static str,
    /// The variable of the environment.
    pub variable: String,
    /// What is allowed.
    pub kind: String,
    /// The value where nobody sets one.
    pub default: String,
    /// What the setting is for.
    pub doc: String,
    /// The value in force.
    pub value: String,
    /// Who decided the value.
    pub source: Source,
}

impl Settings {
    /// All settings in the order of their documentation.
    pub fn describe(&self) -> impl Iterator<Item = SettingInfo> {
        let defaults = Self::default();
        Self::KEYS.iter().map(move |key| SettingInfo {
            name: key.name,
            variable: variable(key),
            kind: (key.kind)(),
            default: (key.show)(&defaults),
            doc: doc(key),
            value: (key.show)(self),
            source: self.source(key),
        })
    }
}

/// The variable of the environment that sets `key`.
pub(super) fn variable(key: &Key) -> String {
    format!("CHANX_{}", key.name.to_ascii_uppercase())
}

fn doc(key: &Key) -> String {
    key.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
