//! The syntax of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1), for whatever extension.

use std::borrow::Cow;

use thiserror::Error;

/// A `Sec-WebSocket-Extensions` that breaks its own syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the extensions cannot be read")]
pub struct MalformedExtensions;

/// One extension that a client offers.
#[derive(Debug, PartialEq)]
pub(super) struct Extension<'a> {
    pub(super) name: &'a str,
    /// In their order, with a value or without.
    pub(super) parameters: Vec<(&'a str, Option<Cow<'a, str>>)>,
}

/// The extensions of one header line.
pub(super) fn read(header: &str) -> Result<Vec<Extension<'_>>, MalformedExtensions> {
    let mut scanner = Scanner { rest: header };
    let mut extensions = Vec::new();
    loop {
        // Elements of a list may be empty.
        while scanner.takes(',') {}
        if scanner.is_done() {
            return Ok(extensions);
        }
        extensions.push(scanner.extension()?);
        if !scanner.is_done() && !scanner.takes(',') {
            return Err(MalformedExtensions);
        }
    }
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn extension(&mut self) -> Result<Extension<'a>, MalformedExtensions> {
        let name = self.token()?;
        let mut parameters = Vec::new();
        while self.takes(';') {
            let parameter = self.token()?;
            let value = if self.takes('=') { Some(self.value()?) } else { None };
            parameters.push((parameter, value));
        }
        Ok(Extension { name, parameters })
    }

    fn value(&mut self) -> Result<Cow<'a, str>, MalformedExtensions> {
        if self.takes('"') { self.quoted().map(Cow::Owned) } else { self.token().map(Cow::Borrowed) }
    }

    /// What follows a quotation mark, up to the next. Without its quotation marks it must be a token.
    fn quoted(&mut self) -> Result<String, MalformedExtensions> {
        let mut text = String::new();
        let mut characters = self.rest.chars();
        loop {
            match characters.next().ok_or(MalformedExtensions)? {
                '"' => break,
                '\\' => text.push(characters.next().ok_or(MalformedExtensions)?),
                character => text.push(character),
            }
        }
        self.rest = characters.as_str();
        if !text.is_empty() && text.bytes().all(is_token) { Ok(text) } else { Err(MalformedExtensions) }
    }

    fn token(&mut self) -> Result<&'a str, MalformedExtensions> {
        self.skip_blanks();
        let len = self.rest.bytes().take_while(|byte| is_token(*byte)).count();
        let (token, rest) = self.rest.split_at(len);
        self.rest = rest;
        if token.is_empty() { Err(MalformedExtensions) } else { Ok(token) }
    }

    fn takes(&mut self, separator: char) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(separator);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn is_done(&mut self) -> bool {
        self.skip_blanks();
        self.rest.is_empty()
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The extensions as text again, values behind `=`.
    fn shown(header: &str) -> Result<String, MalformedExtensions> {
        let show = |extension: Extension<'_>| {
            let parameters = extension.parameters.into_iter().map(|(name, value)| match value {
                Some(value) => format!(";{name}={value}"),
                None => format!(";{name}"),
            });
            extension.name.to_owned() + &parameters.collect::<String>()
        };
        Ok(read(header)?.into_iter().map(show).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn lists_are_read_with_blanks_quotes_and_empty_elements() {
        let cases = [
            ("", ""),
            (" , ,\t", ""),
            ("a", "a"),
            ("a,b", "a,b"),
            (", a ,, b ,", "a,b"),
            ("a;x;y=1,b;z", "a;x;y=1,b;z"),
            ("\ta ; x ; y = 1 , b", "a;x;y=1,b"),
            (r#"a;x="12""#, "a;x=12"),
            (r#"a;x="1\2";y"#, "a;x=12;y"),
            ("x-Foo.9;q!=~", "x-Foo.9;q!=~"),
        ];
        for (header, expected) in cases {
            assert_eq!(shown(header).as_deref(), Ok(expected), "{header}");
        }
    }

    #[test]
    fn what_breaks_the_syntax_is_refused() {
        let cases = [
            ";",
            "=",
            "a;",
            "a;;b",
            "a;=1",
            "a;x=",
            "a;x=,b",
            "a b",
            "a;x y",
            "a;x=1 2",
            "a/b",
            "a;x=\u{e9}",
            "\u{e9}",
            r#""a""#,
            r#"a;x=""#,
            r#"a;x="""#,
            r#"a;x="1"#,
            r#"a;x="1\"#,
            r#"a;x="1 2""#,
            r#"a;x="1,2""#,
            r#"a;x="1"2"#,
            r#"a;x="\"""#,
            r#"a;"x""#,
            "a;x=\u{1}",
        ];
        for header in cases {
            assert_eq!(shown(header), Err(MalformedExtensions), "{header}");
        }
    }
}
