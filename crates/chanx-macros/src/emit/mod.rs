//! What the derive writes: calls into `chanx::__private`, one for each variant, and no logic.

mod helpers;
mod incoming;
mod outgoing;

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use crate::helper::Helper;
use crate::set::Set;
use crate::variant::{Content, Form, Presence, Variant};

/// Everything that `#[derive(Message)]` adds to the enum.
pub(crate) fn implementations(set: &Set) -> TokenStream {
    let chanx = &set.chanx;
    let private = &quote!(#chanx::__private);
    let helpers = set.variants.iter().filter_map(Variant::helper);
    let helpers = helpers.map(|helper| helpers::types(helper, set.direction, private));
    let message = message(set, private);
    let incoming = set.direction.is_received().then(|| incoming::implementation(set, private));
    let outgoing = set.direction.is_sent().then(|| outgoing::implementation(set, private));
    quote! {
        const _: () = {
            #(#helpers)*
            #message
            #incoming
            #outgoing
        };
    }
}

fn message(set: &Set, private: &TokenStream) -> TokenStream {
    let name = &set.name;
    let descriptions = set.variants.iter().map(describe);
    let actions = set.variants.iter().map(action);
    quote! {
        #[automatically_derived]
        impl #private::Message for #name {
            fn messages() -> &'static #private::MessageSet {
                static MESSAGES: ::std::sync::LazyLock<#private::MessageSet> =
                    ::std::sync::LazyLock::new(|| #private::MessageSet::builder() #(#descriptions)* .build());
                &MESSAGES
            }

            fn action(&self) -> &'static str {
                match self {
                    #(#actions,)*
                }
            }
        }
    }
}

/// The builder's call for one message.
fn describe(Variant { action, description, content, .. }: &Variant) -> TokenStream {
    let action = &action.name;
    match content {
        Content::Nothing => quote!(.nothing(#action, #description)),
        Content::Whole(ty) => quote_spanned!(ty.span()=> .whole::<#ty>(#action, #description)),
        Content::Payload { form, presence } => {
            let (ty, method) = (form.ty(), reader(form, presence));
            quote!(.#method::<#ty>(#action, #description))
        }
    }
}

fn action(Variant { name, action, .. }: &Variant) -> TokenStream {
    let action = &action.name;
    quote!(Self::#name { .. } => #action)
}

/// The method that takes a payload, in `MessageSetBuilder` and in `Fields` alike; its errors underline the type.
fn reader(form: &Form, presence: &Presence) -> Ident {
    let name = match presence {
        Presence::Required => "payload",
        Presence::Optional(_) => "optional_payload",
    };
    Ident::new(name, form.ty().span())
}

/// The payload's name in a pattern; errors about it underline the type.
fn payload_of(ty: &Type) -> Ident {
    Ident::new("payload", ty.span())
}

/// An expression of the type that borrows a variant's fields.
fn borrowed(helper: &Helper) -> TokenStream {
    let (borrower, fields) = (&helper.borrower, helper.pattern());
    quote!(&#borrower #fields)
}
