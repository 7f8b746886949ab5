//! The hidden types of a [`Helper`].
//!
//! A variant is no type, so nothing can be derived for it alone. Up to three structs with its fields stand in: the owner
//! is read and described; the borrower is validated; the writer is serde's remote derive for the borrower, so that
//! functions named in `#[serde(...)]` see the fields' own types and not references to them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Field, parse_quote};

use crate::attributes::Direction;
use crate::helper::{Helper, is_any, is_constraint, is_rule};

/// The types that a set travelling this way needs.
pub(super) fn types(helper: &Helper, direction: Direction, private: &TokenStream) -> TokenStream {
    let owner = owner(helper, direction, private);
    let is_validated = direction.is_received() && helper.is_constrained();
    let borrower = (direction.is_sent() || is_validated).then(|| borrower(helper, is_validated, private));
    let writer = direction.is_sent().then(|| writer(helper, private));
    quote!(#owner #borrower #writer)
}

fn owner(helper: &Helper, direction: Direction, private: &TokenStream) -> TokenStream {
    let (serde, schemars) = (in_quotes(private, "serde"), in_quotes(private, "schemars"));
    let deserialize = direction.is_received().then(|| quote!(#[derive(#private::serde::Deserialize)]));
    let transparent = helper.is_transparent().then(|| quote!(#[serde(transparent)]));
    let attributes = helper.attributes.iter().filter(|attribute| is_any(attribute, &["serde", "schemars"]));
    let fields = adapted(helper, |field| {
        disown(field);
        keep(field, &["doc", "serde", "schemars", "garde"]);
    });
    let definition = definition(&helper.owner.to_token_stream(), helper, &fields);
    quote! {
        #[derive(#private::schemars::JsonSchema)]
        #deserialize
        #[schemars(crate = #schemars, inline)]
        #[serde(crate = #serde)]
        #transparent
        #(#attributes)*
        #definition
    }
}

fn borrower(helper: &Helper, is_validated: bool, private: &TokenStream) -> TokenStream {
    let validate = is_validated.then(|| validate(helper, private));
    let name = &helper.borrower;
    let fields = adapted(helper, |field| {
        disown(field);
        keep(field, if is_validated { &["garde"] } else { &[] });
        if field.attrs.iter().any(is_rule) {
            field.attrs.push(parse_quote!(#[garde(adapt(#private::borrowed))]));
        }
        let ty = &field.ty;
        field.ty = parse_quote!(&'__message #ty);
    });
    let definition = definition(&quote!(#name<'__message>), helper, &fields);
    quote!(#validate #definition)
}

/// Derives the validation. garde's derive names `::garde`, which only the application can make known: the import says
/// where it is missed.
fn validate(helper: &Helper, private: &TokenStream) -> TokenStream {
    let imports = helper.constraints().take(1).map(|constraint| {
        let span = Span::call_site().located_at(constraint.span());
        quote_spanned!(span=> use ::garde as _;)
    });
    let attributes = helper.attributes.iter().filter(|attribute| is_constraint(attribute));
    let transparent = helper.is_transparent().then(|| quote!(#[garde(transparent)]));
    quote! {
        #(#imports)*
        #[derive(#private::garde::Validate)]
        #[garde(allow_unvalidated)]
        #transparent
        #(#attributes)*
    }
}

fn writer(helper: &Helper, private: &TokenStream) -> TokenStream {
    let serde = in_quotes(private, "serde");
    let (writer, borrower) = (&helper.writer, &helper.borrower);
    let remote = borrower.to_string();
    let transparent = helper.is_transparent().then(|| quote!(#[serde(transparent)]));
    let attributes = helper.attributes.iter().filter(|attribute| is_any(attribute, &["serde"]));
    let mut fields = adapted(helper, |field| keep(field, &["serde"]));
    let colon = (!helper.is_transparent()).then(|| quote!(__lifetime:));
    fields.push(quote!(#[serde(skip)] #colon ::core::marker::PhantomData<&'__message ()>));
    let definition = definition(&quote!(#writer<'__message>), helper, &fields);
    quote! {
        #[derive(#private::serde::Serialize)]
        #[serde(crate = #serde, remote = #remote)]
        #transparent
        #(#attributes)*
        #definition

        impl #private::serde::Serialize for #borrower<'_> {
            fn serialize<__S: #private::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                #writer::serialize(self, serializer)
            }
        }
    }
}

/// The fields of the variant, each adapted to its purpose.
fn adapted(helper: &Helper, adapt: impl Fn(&mut Field)) -> Vec<TokenStream> {
    let fields = helper.fields.iter().cloned().map(|mut field| {
        adapt(&mut field);
        field.into_token_stream()
    });
    fields.collect()
}

/// Marks the name as one that nobody wrote, lest a lint find that nobody reads the field.
fn disown(field: &mut Field) {
    field.ident.iter_mut().for_each(|name| name.set_span(Span::call_site().located_at(name.span())));
}

fn keep(field: &mut Field, attributes: &[&str]) {
    field.attrs.retain(|attribute| is_any(attribute, attributes));
}

fn definition(head: &TokenStream, helper: &Helper, fields: &[TokenStream]) -> TokenStream {
    if helper.is_transparent() { quote!(struct #head(#(#fields),*);) } else { quote!(struct #head { #(#fields),* }) }
}

/// The path of a crate as the attributes of its derives take it.
fn in_quotes(private: &TokenStream, name: &str) -> String {
    format!("{private}::{name}")
}
