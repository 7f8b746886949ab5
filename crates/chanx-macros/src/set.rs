//! The enum as a whole: a set of messages, checked.

use syn::{Data, DeriveInput, Generics, Ident, Path, Result, Variant as SynVariant};

use crate::attributes::{Direction, SetAttributes};
use crate::errors::{all, refuse};
use crate::names::RESERVED;
use crate::variant::Variant;

/// A set of messages as its enum declares it.
pub(crate) struct Set {
    pub(crate) name: Ident,
    pub(crate) direction: Direction,
    /// The path of the chanx crate.
    pub(crate) chanx: Path,
    pub(crate) variants: Vec<Variant>,
}

impl Set {
    pub(crate) fn parse(input: DeriveInput) -> Result<Self> {
        check_generics(&input.generics)?;
        let attributes = SetAttributes::parse(&input.attrs)?;
        let variants = variants_of(input.data, &input.ident)?;
        let variants = all(variants.into_iter().map(|variant| Variant::parse(variant, attributes.case)))?;
        let set = Self { name: input.ident, direction: attributes.direction, chanx: attributes.chanx, variants };
        set.check_actions()?;
        Ok(set)
    }

    fn check_actions(&self) -> Result<()> {
        all(self.variants.iter().enumerate().map(|(index, variant)| {
            self.check_reserved(variant)?;
            check_unique(variant, &self.variants[..index])
        }))?;
        Ok(())
    }

    fn check_reserved(&self, variant: &Variant) -> Result<()> {
        let action = &variant.action;
        if self.direction.is_sent() && RESERVED.contains(&action.name.as_str()) {
            return refuse(
                &action.origin,
                format!("the action `{}` is sent by chanx itself; choose another", action.name),
            );
        }
        Ok(())
    }
}

fn check_generics(generics: &Generics) -> Result<()> {
    if generics.params.is_empty() {
        return Ok(());
    }
    refuse(generics, "a set of messages cannot be generic: its actions and schemas are known once and for all")
}

fn variants_of(data: Data, name: &Ident) -> Result<Vec<SynVariant>> {
    let Data::Enum(data) = data else {
        return refuse(name, "a set of messages is an enum with one variant for each action");
    };
    if data.variants.is_empty() {
        return refuse(name, "a set of messages needs at least one variant");
    }
    Ok(data.variants.into_iter().collect())
}

fn check_unique(variant: &Variant, earlier: &[Variant]) -> Result<()> {
    let action = &variant.action;
    match earlier.iter().find(|other| other.action.name == action.name) {
        Some(first) => refuse(
            &action.origin,
            format!("the action `{}` belongs to the variant `{}` already", action.name, first.name),
        ),
        None => Ok(()),
    }
}
