//! A payload that the variant itself describes, by named fields or by attributes on its one field.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, Field, Fields, Ident, Meta, Path, Result, Token, Variant as Source};

use crate::errors::{all, refuse};

/// The fields and attributes that serde, schemars and garde are to see, and the names of the types that show them.
pub(crate) struct Helper {
    /// The type that owns the fields: it is read and described.
    pub(crate) owner: Ident,
    /// The type that borrows them: it is validated.
    pub(crate) borrower: Ident,
    /// The type that tells serde how to write the borrower.
    pub(crate) writer: Ident,
    pub(crate) fields: Fields,
    pub(crate) attributes: Vec<Attribute>,
}

impl Helper {
    pub(crate) fn new(source: Source) -> Self {
        let name = source.ident.unraw();
        Self {
            owner: format_ident!("__Owner{name}"),
            borrower: format_ident!("__Borrower{name}"),
            writer: format_ident!("__Writer{name}"),
            fields: source.fields,
            attributes: source.attrs,
        }
    }

    /// Whether this stands for one value, rather than for an object.
    pub(crate) fn is_transparent(&self) -> bool {
        matches!(self.fields, Fields::Unnamed(_))
    }

    /// The pattern of the fields, behind the name of the variant or of a helper type; as an expression, its reverse.
    pub(crate) fn pattern(&self) -> TokenStream {
        let bindings = self.fields.iter().map(binding);
        if self.is_transparent() { quote!((#(#bindings),*)) } else { quote!({ #(#bindings),* }) }
    }

    /// The rules that are written here, at the variant and at its fields.
    pub(crate) fn constraints(&self) -> impl Iterator<Item = &Attribute> {
        let of_fields = self.fields.iter().flat_map(|field| &field.attrs);
        self.attributes.iter().chain(of_fields).filter(|attribute| is_rule(attribute))
    }

    /// Whether there is any such rule.
    pub(crate) fn is_constrained(&self) -> bool {
        self.constraints().next().is_some()
    }
}

/// The name under which a field is at hand.
pub(crate) fn binding(field: &Field) -> Ident {
    field.ident.clone().unwrap_or_else(|| Ident::new("payload", Span::mixed_site()))
}

/// Whether a field says how it is checked, so that its type is not asked.
pub(crate) fn is_checked_here(field: &Field) -> bool {
    field.attrs.iter().any(is_constraint)
}

pub(crate) fn is_constraint(attribute: &Attribute) -> bool {
    attribute.path().is_ident("garde")
}

/// Whether an attribute asks for a check, unlike `#[garde(skip)]`.
pub(crate) fn is_rule(attribute: &Attribute) -> bool {
    is_constraint(attribute) && !attribute.parse_args::<Path>().is_ok_and(|rule| rule.is_ident("skip"))
}

/// Whether an attribute of a single field makes a helper necessary.
pub(crate) fn is_passed_on(attribute: &Attribute) -> bool {
    is_any(attribute, &["doc", "serde", "schemars", "garde"])
}

pub(crate) fn is_any(attribute: &Attribute, names: &[&str]) -> bool {
    names.iter().any(|name| attribute.path().is_ident(name))
}

/// Refuses attributes of a variant that would have no effect, or another one than their writer expects.
pub(crate) fn check_attributes(source: &Source) -> Result<()> {
    let foreign = source.attrs.iter().filter(|attribute| is_any(attribute, &["serde", "schemars", "garde"]));
    all(foreign.map(|attribute| match source.fields {
        Fields::Named(_) => refuse_rename(attribute),
        _ => refuse(attribute, "on a variant this attribute needs named fields; here it belongs on the payload"),
    }))?;
    Ok(())
}

fn refuse_rename(attribute: &Attribute) -> Result<()> {
    let items = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
    match items.iter().find(|item| item.path().is_ident("rename")) {
        Some(item) => refuse(item, "an action is renamed with `#[message(rename = \"...\")]`"),
        None => Ok(()),
    }
}
