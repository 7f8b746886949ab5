//! How the name of a variant becomes the name of an action.

use syn::{LitStr, Result};

use crate::errors::spanned;

/// Actions that chanx itself sends: a set of outgoing messages must not name them.
pub(crate) const RESERVED: [&str; 4] = ["authentication", "error", "complete", "group_complete"];

/// A way to write the words of a variant's name. Words begin at capital letters, as in serde.
#[derive(Clone, Copy, Default)]
pub(crate) enum Case {
    #[default]
    Snake,
    Kebab,
    Camel,
    Pascal,
    ScreamingSnake,
}

const CASES: [(&str, Case); 5] = [
    ("snake_case", Case::Snake),
    ("kebab-case", Case::Kebab),
    ("camelCase", Case::Camel),
    ("PascalCase", Case::Pascal),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
];

impl Case {
    pub(crate) fn parse(name: &LitStr) -> Result<Self> {
        let wanted = name.value();
        let known = CASES.iter().find(|(case, _)| *case == wanted);
        known.map(|(_, case)| *case).ok_or_else(|| {
            let cases: Vec<_> = CASES.iter().map(|(case, _)| format!("`{case}`")).collect();
            spanned(name, format!("unknown case `{wanted}`: known are {}", cases.join(", ")))
        })
    }

    pub(crate) fn apply(self, variant: &str) -> String {
        match self {
            Self::Pascal => variant.to_owned(),
            Self::Camel => lower_first(variant),
            Self::Snake => separated(variant, '_'),
            Self::Kebab => separated(variant, '-'),
            Self::ScreamingSnake => separated(variant, '_').to_ascii_uppercase(),
        }
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

fn separated(name: &str, separator: char) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(separator);
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_writes_the_words_its_own_way() {
        let table = [
            (Case::Snake, "say_to_all"),
            (Case::Kebab, "say-to-all"),
            (Case::Camel, "sayToAll"),
            (Case::Pascal, "SayToAll"),
            (Case::ScreamingSnake, "SAY_TO_ALL"),
        ];
        for (case, action) in table {
            assert_eq!(case.apply("SayToAll"), action);
        }
    }

    #[test]
    fn every_capital_begins_a_word() {
        assert_eq!(Case::Snake.apply("HTTPGet2"), "h_t_t_p_get2");
    }

    #[test]
    fn an_unknown_case_lists_the_known_ones() {
        let error = Case::parse(&syn::parse_quote!("snake")).err().map(|error| error.to_string());
        let known = "`snake_case`, `kebab-case`, `camelCase`, `PascalCase`, `SCREAMING_SNAKE_CASE`";
        assert_eq!(error, Some(format!("unknown case `snake`: known are {known}")));
    }
}
