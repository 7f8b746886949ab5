//! The converters of path patterns: which texts a parameter accepts and how its value is written.

use std::fmt;

/// What the part of a path between `<` and `>` accepts, as in Django.
///
/// | written | accepts | value |
/// |---|---|---|
/// | `<int:pk>` | ASCII digits, up to `i64::MAX` | without leading zeros: `01` is `1` |
/// | `<str:name>`, `<name>` | any characters but `/` | as it is |
/// | `<slug:slug>` | ASCII letters, digits, `-` and `_` | as it is |
/// | `<path:rest>` | any characters but a line feed, `/` included | as it is |
/// | `<uuid:id>` | a UUID in lower case with hyphens | as it is |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Converter {
    /// A whole number without a sign.
    Int,
    /// One path segment or a part of it.
    Str,
    /// A word as it appears in readable addresses.
    Slug,
    /// The rest of a path, slashes included.
    Path,
    /// A UUID.
    Uuid,
}

impl Converter {
    /// Every converter, in the order in which messages list them.
    pub const ALL: [Self; 5] = [Self::Int, Self::Str, Self::Slug, Self::Path, Self::Uuid];

    /// The converter that patterns call `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|converter| converter.name() == name)
    }

    /// The name in patterns: `int` in `<int:pk>`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Str => "str",
            Self::Slug => "slug",
            Self::Path => "path",
            Self::Uuid => "uuid",
        }
    }

    /// The regular expression of the accepted texts, not anchored.
    #[must_use]
    pub const fn expression(self) -> &'static str {
        match self {
            Self::Int => "[0-9]+",
            Self::Str => "[^/]+",
            Self::Slug => "[-a-zA-Z0-9_]+",
            Self::Path => ".+",
            Self::Uuid => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        }
    }

    /// The value of `text`, or nothing if `text` is not accepted.
    #[must_use]
    pub fn convert(self, text: &str) -> Option<&str> {
        self.accepts(text).then(|| match self {
            Self::Int => without_leading_zeros(text),
            Self::Str | Self::Slug | Self::Path | Self::Uuid => text,
        })
    }

    /// Whether every text that `other` accepts is accepted by this converter, too.
    pub(super) fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Str | Self::Slug | Self::Path, Self::Int | Self::Slug | Self::Uuid) => true,
            _ => self == other,
        }
    }

    fn accepts(self, text: &str) -> bool {
        !text.is_empty()
            && match self {
                Self::Int => is_digits(text) && text.parse::<i64>().is_ok(),
                Self::Str => !text.contains('/'),
                Self::Slug => text.bytes().all(is_slug_byte),
                Self::Path => !text.contains('\n'),
                Self::Uuid => is_uuid(text),
            }
    }
}

impl fmt::Display for Converter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_slug_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_uuid(text: &str) -> bool {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    text.split('-').map(str::len).eq(GROUPS)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

fn without_leading_zeros(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    }
}

#[cfg(test)]
mod tests {
    use super::Converter::{Int, Path, Slug, Str, Uuid};
    use super::*;

    const ID: &str = "12345678-1234-5678-1234-567812345678";
    const CASES: &[(Converter, &str, Option<&str>)] = &[
        (Int, "1", Some("1")),
        (Int, "01", Some("1")),
        (Int, "000", Some("0")),
        (Int, "9223372036854775807", Some("9223372036854775807")),
        (Int, "9223372036854775808", None),
        (Int, "-1", None),
        (Int, "+1", None),
        (Int, "", None),
        (Int, "1\n", None),
        (Int, "\u{661}", None),
        (Str, "a b.ü", Some("a b.ü")),
        (Str, "a\n", Some("a\n")),
        (Str, "a/b", None),
        (Slug, "a-b_C9", Some("a-b_C9")),
        (Slug, "gen.eral", None),
        (Slug, "é", None),
        (Path, "a/b/c", Some("a/b/c")),
        (Path, "a\n", None),
        (Path, "", None),
        (Uuid, ID, Some(ID)),
        (Uuid, "12345678-1234-5678-1234-56781234567F", None),
        (Uuid, "12345678123456781234567812345678", None),
        (Uuid, "1234567-81234-5678-1234-567812345678", None),
    ];

    #[test]
    fn values_follow_django() {
        for (converter, text, expected) in CASES {
            assert_eq!(converter.convert(text), *expected, "{converter} {text:?}");
        }
    }

    #[test]
    fn the_expression_says_the_same_as_the_conversion() {
        for (converter, text, expected) in CASES {
            let expression = format!(r"\A(?:{})\z", converter.expression());
            let matches = regex::Regex::new(&expression).unwrap().is_match(text);
            let is_too_large = *converter == Int && text.len() > 18;
            assert!(matches == expected.is_some() || is_too_large, "{converter} {text:?}");
        }
    }

    #[test]
    fn a_converter_covers_what_it_accepts() {
        for (covering, text, _) in CASES.iter().filter(|case| case.2.is_none()) {
            for covered in Converter::ALL.into_iter().filter(|other| covering.covers(*other)) {
                assert_eq!(covered.convert(text), None, "{covering} {covered} {text:?}");
            }
        }
        assert!(Slug.covers(Int) && Str.covers(Uuid) && Path.covers(Slug));
        assert!(!Int.covers(Slug) && !Path.covers(Str) && !Str.covers(Path));
    }

    #[test]
    fn names_lead_back_to_their_converter() {
        for converter in Converter::ALL {
            assert_eq!(Converter::named(converter.name()), Some(converter));
        }
        assert_eq!(Converter::named("integer"), None);
    }
}
