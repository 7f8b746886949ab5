//! One variant: an action, what it is for, and what stands beside it.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Fields, Ident, Path, Result, Type, Variant as Source, parse_quote};

use crate::attributes::{VariantAttributes, refuse_on_field};
use crate::description::description;
use crate::errors::{all, refuse};
use crate::helper::{self, Helper};
use crate::names::Case;

/// One message of a set.
pub(crate) struct Variant {
    pub(crate) name: Ident,
    pub(crate) action: Action,
    /// The doc comment.
    pub(crate) description: String,
    pub(crate) content: Content,
}

/// The discriminator on the wire.
pub(crate) struct Action {
    pub(crate) name: String,
    /// What an error about the name underlines.
    pub(crate) origin: TokenStream,
}

/// What stands beside the action.
pub(crate) enum Content {
    Nothing,
    Payload {
        form: Form,
        presence: Presence,
    },
    /// The fields of this type.
    Whole(Type),
}

/// What says what a payload looks like.
pub(crate) enum Form {
    Type(Type),
    /// The variant's own fields and attributes, which a helper type carries.
    Helper(Helper),
}

/// Whether a payload must be there.
pub(crate) enum Presence {
    Required,
    /// Absent, it is made by this function, or by `Default`.
    Optional(Option<Path>),
}

impl Variant {
    pub(crate) fn parse(source: Source, case: Case) -> Result<Self> {
        if let Some((_, discriminant)) = &source.discriminant {
            return refuse(discriminant, "messages are told apart by their action: a discriminant has no meaning here");
        }
        all(source.fields.iter().map(|field| refuse_on_field(&field.attrs)))?;
        helper::check_attributes(&source)?;
        let attributes = VariantAttributes::parse(&source.attrs)?;
        Ok(Self {
            name: source.ident.clone(),
            action: Action::new(&source.ident, &attributes, case),
            description: description(&source.attrs),
            content: Content::parse(source, attributes)?,
        })
    }
}

impl Variant {
    /// The helper that describes the payload, if no type does.
    pub(crate) fn helper(&self) -> Option<&Helper> {
        match &self.content {
            Content::Payload { form: Form::Helper(helper), .. } => Some(helper),
            _ => None,
        }
    }
}

impl Form {
    /// The type that is read and described.
    pub(crate) fn ty(&self) -> Type {
        match self {
            Self::Type(ty) => ty.clone(),
            Self::Helper(Helper { owner, .. }) => parse_quote!(#owner),
        }
    }
}

impl Action {
    fn new(variant: &Ident, attributes: &VariantAttributes, case: Case) -> Self {
        match &attributes.rename {
            Some(name) => Self { name: name.value(), origin: name.to_token_stream() },
            None => Self { name: case.apply(&variant.unraw().to_string()), origin: variant.to_token_stream() },
        }
    }
}

impl Content {
    fn parse(source: Source, attributes: VariantAttributes) -> Result<Self> {
        match &source.fields {
            Fields::Unit => nothing(&attributes),
            Fields::Named(list) if list.named.is_empty() => {
                refuse(list, "a message without payload is written without braces")
            }
            Fields::Named(_) => fields(source, &attributes),
            Fields::Unnamed(list) => match list.unnamed.len() {
                0 => refuse(list, "a message without payload is written without parentheses"),
                1 => one_value(source, attributes),
                _ => refuse(list, "a payload is one value: give the fields names, or put them into one struct"),
            },
        }
    }
}

fn nothing(attributes: &VariantAttributes) -> Result<Content> {
    if let Some(default) = &attributes.default {
        return refuse(&default.key, "`default` needs a payload, and this variant has none");
    }
    refuse_whole(attributes)?;
    Ok(Content::Nothing)
}

fn fields(source: Source, attributes: &VariantAttributes) -> Result<Content> {
    if let Some(default) = &attributes.default {
        return refuse(&default.key, "`default` needs a payload of one type: put the fields into a struct");
    }
    refuse_whole(attributes)?;
    Ok(Content::Payload { form: Form::Helper(Helper::new(source)), presence: Presence::Required })
}

fn refuse_whole(attributes: &VariantAttributes) -> Result<()> {
    match &attributes.whole {
        Some(whole) => {
            refuse(whole, "`whole` needs one struct whose fields stand beside the action: `Variant(Struct)`")
        }
        None => Ok(()),
    }
}

fn one_value(source: Source, attributes: VariantAttributes) -> Result<Content> {
    let form = Form::of_one_value(source);
    match (form, attributes.whole, attributes.default) {
        (form, None, None) => Ok(Content::Payload { form, presence: Presence::Required }),
        (form, None, Some(default)) => Ok(Content::Payload { form, presence: Presence::Optional(default.function) }),
        (Form::Type(ty), Some(_), None) => Ok(Content::Whole(ty)),
        (Form::Helper(helper), Some(_), None) => {
            refuse(helper.fields, "`whole` takes the type as it is: attributes belong on the fields of the type itself")
        }
        (_, Some(_), Some(default)) => refuse(default.key, "`default` is for a payload; `whole` reads all fields"),
    }
}

impl Form {
    fn of_one_value(source: Source) -> Self {
        let mut fields = source.fields.iter();
        match fields.next() {
            Some(field) if !field.attrs.iter().any(helper::is_passed_on) => Self::Type(field.ty.clone()),
            _ => Self::Helper(Helper::new(source)),
        }
    }
}
