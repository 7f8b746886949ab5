//! A few words, some of which are code or lead somewhere.

use serde::Serialize;

/// Words to be written one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Phrase(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Part {
    text: String,
    is_code: bool,
    href: Option<String>,
}

impl Phrase {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::default().then(text)
    }

    /// Goes on in plain words.
    pub(crate) fn then(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part { text: text.into(), is_code: false, href: None });
        self
    }

    /// Goes on with what stands in messages or in programs.
    pub(crate) fn code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part { text: text.into(), is_code: true, href: None });
        self
    }

    /// Goes on with a name that is explained elsewhere on the page.
    pub(crate) fn link(mut self, text: impl Into<String>, anchor: &str) -> Self {
        self.0.push(Part { text: text.into(), is_code: true, href: Some(format!("#{anchor}")) });
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes on with another phrase.
    pub(crate) fn append(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The phrases as an enumeration: `a, b or c`.
    pub(crate) fn any_of(phrases: Vec<Self>) -> Self {
        let last = phrases.len().saturating_sub(1);
        let join = |(place, phrase): (usize, Self)| match place {
            0 => phrase,
            _ if place == last => Self::text(" or ").append(phrase),
            _ => Self::text(", ").append(phrase),
        };
        phrases.into_iter().enumerate().map(join).fold(Self::default(), Self::append)
    }

    /// The same with JSON texts as they stand in an address, without quotation marks.
    pub(crate) fn unquoted(mut self) -> Self {
        for part in self.0.iter_mut().filter(|part| part.is_code) {
            part.text = unquoted(&part.text);
        }
        self
    }

    /// The words alone, with code between backticks and links between brackets.
    #[cfg(test)]
    pub(crate) fn plain(&self) -> String {
        let write = |part: &Part| match (&part.href, part.is_code) {
            (Some(href), _) => format!("[{}]({href})", part.text),
            (None, true) => format!("`{}`", part.text),
            (None, false) => part.text.clone(),
        };
        self.0.iter().map(write).collect()
    }
}

/// What a JSON text says; anything else stays as it is.
pub(crate) fn unquoted(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enumerations_have_commas_and_an_or() {
        let enumerate = |words: &[&str]| Phrase::any_of(words.iter().map(|word| Phrase::text(*word)).collect()).plain();
        assert_eq!(enumerate(&[]), "");
        assert_eq!(enumerate(&["a"]), "a");
        assert_eq!(enumerate(&["a", "b"]), "a or b");
        assert_eq!(enumerate(&["a", "b", "c"]), "a, b or c");
    }
}
