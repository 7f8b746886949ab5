//! What stands in `#[message(...)]`, on the enum and on its variants.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Path, Result, Token, parse_quote};

use crate::errors::refuse;
use crate::names::Case;

/// Which way the messages of a set travel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Incoming,
    Outgoing,
    Both,
}

impl Direction {
    pub(crate) fn is_received(self) -> bool {
        self != Self::Outgoing
    }

    pub(crate) fn is_sent(self) -> bool {
        self != Self::Incoming
    }
}

/// The attributes of the enum.
pub(crate) struct SetAttributes {
    pub(crate) direction: Direction,
    pub(crate) case: Case,
    /// The path of the chanx crate.
    pub(crate) chanx: Path,
}

impl SetAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let (mut direction, mut case, mut chanx) = (None, None, None);
        each_item(attributes, |item| match name_of(item).as_str() {
            "incoming" => set_direction(&mut direction, Direction::Incoming, item),
            "outgoing" => set_direction(&mut direction, Direction::Outgoing, item),
            "rename_all" => fill(&mut case, Case::parse(&text(item)?)?, item),
            "crate" => fill(&mut chanx, text(item)?.parse()?, item),
            _ => unknown(item, "an enum", "`incoming`, `outgoing`, `rename_all` and `crate`"),
        })?;
        Ok(Self {
            direction: direction.unwrap_or(Direction::Both),
            case: case.unwrap_or_default(),
            chanx: chanx.unwrap_or_else(|| parse_quote!(::chanx)),
        })
    }
}

/// The attributes of a variant, with what an error about them underlines.
#[derive(Default)]
pub(crate) struct VariantAttributes {
    pub(crate) rename: Option<LitStr>,
    pub(crate) default: Option<PayloadDefault>,
    pub(crate) whole: Option<Path>,
}

/// `default`, or `default = "path"`.
pub(crate) struct PayloadDefault {
    pub(crate) key: Path,
    /// The function that makes the value; `Default::default` if none is named.
    pub(crate) function: Option<Path>,
}

impl VariantAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        each_item(attributes, |item| match name_of(item).as_str() {
            "rename" => fill(&mut found.rename, text(item)?, item),
            "default" => fill(&mut found.default, payload_default(item)?, item),
            "whole" => fill(&mut found.whole, item.path.clone(), item),
            _ => unknown(item, "a variant", "`rename`, `default` and `whole`"),
        })?;
        Ok(found)
    }
}

/// Fields have no attributes of chanx's own.
pub(crate) fn refuse_on_field(attributes: &[Attribute]) -> Result<()> {
    match attributes.iter().find(|attribute| attribute.path().is_ident("message")) {
        Some(attribute) => refuse(attribute, "`#[message(...)]` belongs on the variant, not on a field"),
        None => Ok(()),
    }
}

fn each_item(attributes: &[Attribute], mut read: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let own = attributes.iter().filter(|attribute| attribute.path().is_ident("message"));
    own.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(|item| read(&item)))
}

fn name_of(item: &ParseNestedMeta<'_>) -> String {
    item.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

fn text(item: &ParseNestedMeta<'_>) -> Result<LitStr> {
    item.value()?.parse()
}

fn payload_default(item: &ParseNestedMeta<'_>) -> Result<PayloadDefault> {
    let function = if item.input.peek(Token![=]) { Some(text(item)?.parse()?) } else { None };
    Ok(PayloadDefault { key: item.path.clone(), function })
}

fn set_direction(slot: &mut Option<Direction>, direction: Direction, item: &ParseNestedMeta<'_>) -> Result<()> {
    match slot {
        Some(other) if *other != direction => {
            refuse(&item.path, "a set is `incoming` or `outgoing`; one that travels both ways names neither")
        }
        _ => fill(slot, direction, item),
    }
}

fn fill<T>(slot: &mut Option<T>, value: T, item: &ParseNestedMeta<'_>) -> Result<()> {
    match slot.replace(value) {
        Some(_) => refuse(&item.path, format!("`{}` is given twice", name_of(item))),
        None => Ok(()),
    }
}

fn unknown(item: &ParseNestedMeta<'_>, place: &str, known: &str) -> Result<()> {
    refuse(&item.path, format!("unknown `message` attribute: {place} knows {known}"))
}
