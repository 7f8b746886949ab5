//! Types in plain words.

use serde_json::Value;

use crate::docs::phrase::Phrase;

/// How many values a line lists.
pub(super) const LISTED_CONSTANTS: usize = 6;

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    WholeNumber,
    Number,
    Boolean,
    Null,
    Anything,
    Nothing,
    /// Its fields follow.
    Object,
    /// An object with keys that are data.
    Map(Box<Self>),
    List(Box<Self>),
    /// A list whose places differ: how many there are, and whether more may follow.
    Tuple(usize, bool),
    Constants(Vec<Value>),
    /// Something with a place of its own on the page: its name and the anchor.
    Named(String, String),
    /// Several forms that are told apart at the anchor.
    Choice(usize, String),
    Union(Vec<Self>),
}

impl Kind {
    /// One of them.
    pub(super) fn phrase(&self) -> Phrase {
        match self {
            Self::Text => Phrase::text("text"),
            Self::WholeNumber => Phrase::text("whole number"),
            Self::Number => Phrase::text("number"),
            Self::Object => Phrase::text("object"),
            Self::Map(values) => Phrase::text("object with keys of your choice").append(values.each()),
            Self::List(items) => Phrase::text("list of ").append(items.many()),
            Self::Tuple(places, false) => Phrase::text("list of ").append(items(*places)),
            Self::Tuple(places, true) => Phrase::text("list that begins with ").append(items(*places)),
            other => other.uncountable(),
        }
    }

    /// Several of them, as the items of a list.
    fn many(&self) -> Phrase {
        match self {
            Self::Text => Phrase::text("texts"),
            Self::WholeNumber => Phrase::text("whole numbers"),
            Self::Number => Phrase::text("numbers"),
            Self::Object => Phrase::text("objects"),
            Self::Map(values) => Phrase::text("objects with keys of your choice").append(values.each()),
            Self::List(items) => Phrase::text("lists of ").append(items.many()),
            Self::Tuple(places, false) => Phrase::text("lists of ").append(items(*places)),
            Self::Tuple(places, true) => Phrase::text("lists that begin with ").append(items(*places)),
            Self::Constants(_) | Self::Union(_) | Self::Choice(..) => {
                Phrase::text("values: ").append(self.uncountable())
            }
            other => other.uncountable(),
        }
    }

    /// The words that are the same for one and for many.
    fn uncountable(&self) -> Phrase {
        match self {
            Self::Boolean => Phrase::default().code("true").then(" or ").code("false"),
            Self::Null => Phrase::default().code("null"),
            Self::Nothing => Phrase::text("nothing, it must be absent"),
            Self::Constants(values) => constants(values),
            Self::Named(name, anchor) => Phrase::default().link(name, anchor),
            Self::Choice(forms, anchor) => Phrase::default().link(format!("one of {forms} forms"), anchor),
            Self::Union(kinds) => Phrase::any_of(kinds.iter().flat_map(Self::alternatives).collect()),
            _ => Phrase::text("any JSON"),
        }
    }

    /// What the values of an object are.
    fn each(&self) -> Phrase {
        match self {
            Self::Anything => Phrase::default(),
            other => Phrase::text("; each value: ").append(other.phrase()),
        }
    }

    /// What stands between the commas of an enumeration.
    fn alternatives(&self) -> Vec<Phrase> {
        match self {
            Self::Boolean => ["true", "false"].map(|word| Phrase::default().code(word)).into(),
            Self::Constants(values) if values.len() <= LISTED_CONSTANTS => values.iter().map(code).collect(),
            Self::Union(kinds) => kinds.iter().flat_map(Self::alternatives).collect(),
            other => vec![other.phrase()],
        }
    }
}

fn constants(values: &[Value]) -> Phrase {
    match values {
        [only] if only.is_null() => code(only),
        [only] => Phrase::text("always ").append(code(only)),
        _ if values.len() > LISTED_CONSTANTS => Phrase::text(format!("one of {} values", values.len())),
        _ => Phrase::any_of(values.iter().map(code).collect()),
    }
}

fn code(value: &Value) -> Phrase {
    Phrase::default().code(value.to_string())
}

fn items(number: usize) -> Phrase {
    Phrase::text(if number == 1 { "1 item".to_owned() } else { format!("{number} items") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_read_like_sentences() {
        let list = |kind| Kind::List(Box::new(kind));
        let map = |kind| Kind::Map(Box::new(kind));
        let colors = Kind::Constants(vec![json!("red"), json!("green")]);
        for (kind, expected) in [
            (list(list(Kind::WholeNumber)), "list of lists of whole numbers"),
            (list(Kind::Named("Person".to_owned(), "p".to_owned())), "list of [Person](#p)"),
            (list(colors.clone()), "list of values: `\"red\"` or `\"green\"`"),
            (map(Kind::Anything), "object with keys of your choice"),
            (map(list(Kind::Text)), "object with keys of your choice; each value: list of texts"),
            (list(map(Kind::Number)), "list of objects with keys of your choice; each value: number"),
            (Kind::Tuple(2, false), "list of 2 items"),
            (list(Kind::Tuple(1, true)), "list of lists that begin with 1 item"),
            (Kind::Union(vec![Kind::Boolean, Kind::Null]), "`true`, `false` or `null`"),
            (Kind::Union(vec![colors, Kind::Text, Kind::Null]), "`\"red\"`, `\"green\"`, text or `null`"),
            (Kind::Constants(vec![json!("only")]), "always `\"only\"`"),
            (Kind::Constants((0..30).map(Value::from).collect()), "one of 30 values"),
            (Kind::Choice(3, "c".to_owned()), "[one of 3 forms](#c)"),
        ] {
            assert_eq!(kind.phrase().plain(), expected);
        }
    }
}
