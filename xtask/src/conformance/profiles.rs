//! The profiles that `replay.py` knows, and how many of their cases are put off.

use crate::failure::Failure;

/// All profiles, in the order of the runner.
pub(super) struct Profiles(Vec<Profile>);

#[derive(Debug, PartialEq)]
struct Profile {
    name: String,
    /// Number of cases that have to pass.
    due: usize,
    /// Number of cases that `not-yet.txt` lists.
    put_off: usize,
}

impl Profiles {
    /// Reads lines of a name and the two numbers.
    pub(super) fn parse(list: &str) -> Result<Self, Failure> {
        list.lines()
            .map(Profile::parse)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| Failure::new(format!("replay.py lists its profiles in an unknown form:\n{list}")))
    }

    /// The profile of this name, or without a name all that have cases to pass.
    pub(super) fn choose(&self, name: Option<&str>) -> Result<Vec<&str>, Failure> {
        let chosen: Vec<_> = match name {
            Some(name) => self.names(|profile| profile.name == name),
            None => self.names(|profile| profile.due > 0),
        };
        if chosen.is_empty() {
            return Err(Failure::new(format!("no such profile: choose one of {}", self.names(|_| true).join(", "))));
        }
        Ok(chosen)
    }

    /// In words, what is put off.
    pub(super) fn put_off(&self) -> String {
        let cases: usize = self.0.iter().map(|profile| profile.put_off).sum();
        match self.names(|profile| profile.due == 0).as_slice() {
            [] => format!("{cases} cases put off"),
            whole => format!("{cases} cases put off, among them all of {}", whole.join(", ")),
        }
    }

    fn names(&self, wanted: impl Fn(&Profile) -> bool) -> Vec<&str> {
        self.0.iter().filter(|profile| wanted(profile)).map(|profile| profile.name.as_str()).collect()
    }
}

impl Profile {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let due = words.next()?.parse().ok()?;
        let put_off = words.next()?.parse().ok()?;
        Some(Self { name, due, put_off })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Profiles {
        Profiles::parse("base 700 26\ncamelize 6 1\nredis 0 8\n").expect("the list is well formed")
    }

    #[test]
    fn profiles_without_due_cases_run_only_when_named() {
        assert_eq!(three().choose(None).ok(), Some(vec!["base", "camelize"]));
        assert_eq!(three().choose(Some("redis")).ok(), Some(vec!["redis"]));
        let error = three().choose(Some("nosuch")).expect_err("there is none of this name").to_string();
        assert!(error.contains("base, camelize, redis"), "{error}");
    }

    #[test]
    fn what_is_put_off_is_said_aloud() {
        assert_eq!(three().put_off(), "35 cases put off, among them all of redis");
    }

    #[test]
    fn another_form_is_refused() {
        assert!(Profiles::parse("base many\n").is_err());
    }
}
