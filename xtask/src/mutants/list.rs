//! The changes: those of a list, and for each line of the driver's table each other consequence.

use std::path::Path;

use super::read;
use crate::failure::Failure;

/// The list, from the workspace's root.
const LIST: &str = "xtask/mutants/driver.txt";
/// The file with the table.
const TABLE: &str = "crates/chanx/src/driver/outcome.rs";
/// What a line of the table may say.
const CONSEQUENCES: [&str; 6] = ["Ignore", "GiveUp", "Note", "Answer", "Close", "Refuse"];

/// One change.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mutant {
    pub(super) name: String,
    pub(super) file: String,
    old: Vec<String>,
    new: Vec<String>,
}

impl Mutant {
    /// The text of the file with the change.
    pub(super) fn apply(&self, text: &str) -> Result<String, Failure> {
        let (old, new) = (self.old.join("\n"), self.new.join("\n"));
        match text.matches(&old).count() {
            1 => Ok(text.replacen(&old, &new, 1)),
            count => Err(Failure::new(format!("{}: {count} places in {} to change", self.name, self.file))),
        }
    }
}

/// All changes of the workspace in this folder.
pub(super) fn read_all(root: &Path) -> Result<Vec<Mutant>, Failure> {
    let mut mutants = consequences(&read(&root.join(TABLE))?);
    mutants.extend(parse(&read(&root.join(LIST))?));
    Ok(mutants)
}

/// Each line of the function `action` with each consequence that it does not have.
fn consequences(table: &str) -> Vec<Mutant> {
    let body = table.lines().skip_while(|line| !line.starts_with("fn action(")).take_while(|line| *line != "}");
    let arms = body.filter_map(|line| Some((line, line.split_once("=> Action::")?.1.trim_end_matches(','))));
    arms.flat_map(|(line, found)| {
        let others = CONSEQUENCES.into_iter().filter(move |other| *other != found);
        others.map(move |other| Mutant {
            name: format!("{} becomes {other}", line.trim()),
            file: TABLE.to_owned(),
            old: vec![line.to_owned()],
            new: vec![line.replace(&format!("Action::{found}"), &format!("Action::{other}"))],
        })
    })
    .collect()
}

/// A name after `=`, a file after `@`, lines that go after `-`, and lines that come after `+`.
fn parse(list: &str) -> Vec<Mutant> {
    let mut mutants = Vec::<Mutant>::new();
    for line in list.lines() {
        if let Some(name) = line.strip_prefix("= ") {
            mutants.push(Mutant { name: name.to_owned(), ..Mutant::default() });
        }
        let Some(mutant) = mutants.last_mut() else { continue };
        if let Some(file) = line.strip_prefix("@ ") {
            mutant.file = file.to_owned();
        } else if let Some(old) = line.strip_prefix('-') {
            mutant.old.push(old.to_owned());
        } else if let Some(new) = line.strip_prefix('+') {
            mutant.new.push(new.to_owned());
        }
    }
    mutants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_table_gets_each_other_consequence() {
        let table =
            "fn action(phase: Phase) -> Action {\n    (_, Kind::Closed) if x => Action::Ignore,\n}\n=> Action::Note,\n";
        let mutants = consequences(table);
        assert_eq!(mutants.len(), 5);
        assert_eq!(mutants[0].name, "(_, Kind::Closed) if x => Action::Ignore, becomes GiveUp");
        assert!(mutants[0].apply(table).is_ok_and(|text| text.contains("if x => Action::GiveUp,\n}")));
    }

    #[test]
    fn a_change_is_made_in_one_place() {
        let mutants = parse("# a list\n\n= a name\n@ a/file\n- one\n- two\n+ three\n\n= another\n@ b\n- x\n+\n");
        assert_eq!((mutants.len(), &*mutants[0].file), (2, "a/file"));
        assert_eq!(mutants[0].apply("0\n one\n two\n4\n").ok().as_deref(), Some("0\n three\n4\n"));
        assert!(mutants[0].apply("one two").is_err());
        assert!(mutants[1].apply(" x x").is_err(), "which of both?");
    }

    #[test]
    fn every_change_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let Ok(mutants) = read_all(&root) else { panic!("the list can be read") };
        assert!(mutants.len() > 50);
        for mutant in mutants {
            let text = read(&root.join(&mutant.file));
            assert!(text.is_ok_and(|text| mutant.apply(&text).is_ok()), "{}", mutant.name);
        }
    }
}
