//! Loading: the file first, then the environment; the first fault stops it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{env, fs};

use toml::de::DeTable;

use super::describe::variable;
use super::table::Key;
use super::value::Raw;
use super::{Settings, SettingsError, Source};

/// The file that is read if nobody names another one, and that may be absent.
const DEFAULT_FILE: &str = "chanx.toml";
const PREFIX: &str = "CHANX_";
/// Names the settings file.
const FILE_VARIABLE: &str = "CHANX_SETTINGS";
/// Variables with the prefix that are no settings.
const OTHER_VARIABLES: [&str; 2] = [FILE_VARIABLE, "CHANX_SUPERUSER_PASSWORD"];

impl Settings {
    /// Loads `chanx.toml` from the working directory if it exists, or the file that the variable
    /// `CHANX_SETTINGS` names, then the environment: each key in upper case behind `CHANX_`, lists
    /// separated by commas.
    ///
    /// # Errors
    ///
    /// An unknown key or a value that is not allowed, with its place; a file that cannot be read.
    pub fn load() -> Result<Self, SettingsError> {
        Self::load_in(Path::new(""), env::vars_os())
    }

    fn load_in(directory: &Path, variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, SettingsError> {
        let environment = environment(variables)?;
        let file = match environment.get(FILE_VARIABLE) {
            Some(path) if !path.is_empty() => Some(read_file(directory.join(path))?),
            _ => read_file_if_any(directory.join(DEFAULT_FILE))?,
        };
        let file = file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
        Self::from_sources(file, environment)
    }

    /// Loads the text of a file, which `path` names in messages, and then the variables of an
    /// environment.
    ///
    /// # Errors
    ///
    /// An unknown key or a value that is not allowed, with its place.
    pub fn from_sources(
        file: Option<(&Path, &str)>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        if let Some((path, text)) = file {
            settings.read_toml(path, text)?;
        }
        settings.read_environment(environment)?;
        settings.mark_loaded();
        Ok(settings)
    }

    /// Checks the values again, after the program has changed some.
    ///
    /// # Errors
    ///
    /// The first value that loading would have refused.
    pub fn check(&self) -> Result<(), SettingsError> {
        Self::KEYS.iter().try_for_each(|key| {
            (key.check)(self).map_err(|reason| SettingsError::Invalid {
                place: self.source(key),
                key: key.name,
                reason,
            })
        })
    }

    fn read_toml(&mut self, path: &Path, text: &str) -> Result<(), SettingsError> {
        let place = |span: Range<usize>| Source::File { path: path.to_owned(), line: line_of(text, span.start) };
        let (table, errors) = DeTable::parse_recoverable(text);
        if let Some(error) = errors.iter().min_by_key(|error| error.span().map(|span| span.start)) {
            let place = place(error.span().unwrap_or_default());
            return Err(SettingsError::Syntax { place, reason: error.message().to_owned() });
        }
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let place = place(name.span());
            let key = Key::named(name.get_ref()).ok_or_else(|| unknown(name.get_ref(), &place))?;
            let written = text.get(value.span()).unwrap_or_default();
            self.set(key, Raw::Toml(value.get_ref()), written, place)?;
        }
        Ok(())
    }

    fn read_environment(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), SettingsError> {
        let mut entries: Vec<_> = environment.into_iter().collect();
        entries.sort();
        for (variable, value) in &entries {
            if OTHER_VARIABLES.contains(&variable.as_str()) {
                continue;
            }
            let Some(name) = variable.strip_prefix(PREFIX).map(str::to_ascii_lowercase) else {
                continue;
            };
            let place = Source::Environment { variable: variable.clone() };
            let key = Key::named(&name).ok_or_else(|| unknown(&name, &place))?;
            self.set(key, Raw::Text(value), &format!("{value:?}"), place)?;
        }
        Ok(())
    }

    /// Reads one value; `written` is what messages show of it unless it is secret.
    fn set(&mut self, key: &'static Key, raw: Raw<'_>, written: &str, place: Source) -> Result<(), SettingsError> {
        self.refuse_second(key, &place)?;
        let checked = if (key.read)(self, raw) { (key.check)(self) } else { Err(wrong_kind(key, written)) };
        if let Err(reason) = checked {
            return Err(SettingsError::Invalid { place, key: key.name, reason });
        }
        self.provenance.sources.insert(key.name, place);
        Ok(())
    }

    /// The environment may overrule the file, but no source may contradict itself.
    fn refuse_second(&self, key: &Key, place: &Source) -> Result<(), SettingsError> {
        match self.provenance.sources.get(key.name) {
            Some(earlier) if std::mem::discriminant(earlier) == std::mem::discriminant(place) => {
                Err(SettingsError::Twice { place: place.clone(), key: key.name, earlier: earlier.clone() })
            }
            _ => Ok(()),
        }
    }
}

fn read_file(path: PathBuf) -> Result<(PathBuf, String), SettingsError> {
    match fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(source) => Err(SettingsError::Read { path, source }),
    }
}

fn read_file_if_any(path: PathBuf) -> Result<Option<(PathBuf, String)>, SettingsError> {
    match read_file(path) {
        Err(SettingsError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    }
}

/// The variables that concern chanx, as text.
fn environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, SettingsError> {
    variables
        .filter_map(|(variable, value)| Some((variable.into_string().ok()?, value)))
        .filter(|(variable, _)| variable.starts_with(PREFIX))
        .map(|(variable, value)| match value.into_string() {
            Ok(value) => Ok((variable, value)),
            Err(_) => Err(SettingsError::NotUnicode { variable }),
        })
        .collect()
}

/// The line of the byte at `offset`, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn wrong_kind(key: &Key, written: &str) -> String {
    let kind = (key.kind)();
    if key.is_secret { format!("must be {kind}") } else { format!("must be {kind}, not {written}") }
}

fn unknown(name: &str, place: &Source) -> SettingsError {
    let spelled = |key: &Key| match place {
        Source::Environment { .. } => variable(key),
        _ => key.name.to_owned(),
    };
    let advice = match closest(name) {
        Some(key) => format!("did you mean \"{}\"?", spelled(key)),
        None => format!("the settings are {}", Settings::KEYS.iter().map(spelled).collect::<Vec<_>>().join(", ")),
    };
    SettingsError::Unknown { place: place.clone(), name: name.to_owned(), advice }
}

/// The key that is most like `name`, if any is so like it that a slip may be the cause.
fn closest(name: &str) -> Option<&'static Key> {
    let name = name.to_ascii_lowercase();
    let likeness = |key: &&Key| strsim::damerau_levenshtein(key.name, &name);
    let key = Settings::KEYS.iter().min_by_key(likeness)?;
    (likeness(&key) <= name.len() / 4).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(directory: &Path, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::load_in(directory, variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    /// A directory of its own for one test, gone afterwards.
    struct Directory(PathBuf);

    impl Directory {
        fn new(test: &str) -> Self {
            let path = env::temp_dir().join(format!("chanx-settings-{}-{test}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_default_file_is_read_if_it_exists() {
        let directory = Directory::new("default");
        assert!(!load(&directory.0, &[]).unwrap().camelize);
        fs::write(directory.0.join("chanx.toml"), "camelize = true").unwrap();
        assert!(load(&directory.0, &[]).unwrap().camelize);
        assert!(!load(&directory.0, &[("CHANX_CAMELIZE", "0")]).unwrap().camelize);
        assert!(load(&directory.0, &[("CHANX_SETTINGS", "")]).unwrap().camelize);
    }

    #[test]
    fn a_file_that_is_named_must_exist() {
        let directory = Directory::new("named");
        fs::write(directory.0.join("other.toml"), "camelize = true").unwrap();
        assert!(load(&directory.0, &[("CHANX_SETTINGS", "other.toml")]).unwrap().camelize);
        let error = load(&directory.0, &[("CHANX_SETTINGS", "nope.toml")]).unwrap_err();
        assert!(matches!(error, SettingsError::Read { path, .. } if path.ends_with("nope.toml")));
    }

    #[cfg(unix)]
    #[test]
    fn only_our_variables_must_be_unicode() {
        use std::os::unix::ffi::OsStringExt;

        let broken = |name: &str| [(OsString::from(name), OsString::from_vec(vec![0xff]))].into_iter();
        assert!(Settings::load_in(Path::new("/nonexistent"), broken("OTHER")).is_ok());
        let error = Settings::load_in(Path::new("/nonexistent"), broken("CHANX_LOG_FILTER")).unwrap_err();
        assert_eq!(error.to_string(), "CHANX_LOG_FILTER: the value is not valid Unicode");
    }
}
