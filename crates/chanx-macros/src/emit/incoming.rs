//! `IncomingMessage`: reading and checking.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Field, Path};

use super::{borrowed, payload_of, reader};
use crate::helper::{Helper, binding, is_checked_here};
use crate::set::Set;
use crate::variant::{Content, Form, Presence, Variant};

pub(super) fn implementation(set: &Set, private: &TokenStream) -> TokenStream {
    let name = &set.name;
    let decode = set.variants.iter().map(decode);
    let validate = set.variants.iter().map(|variant| validate(variant, private));
    quote! {
        #[automatically_derived]
        impl #private::IncomingMessage for #name {
            fn decode<'de, __A: #private::serde::de::MapAccess<'de>>(
                __action: &str,
                __fields: #private::Fields<'_, __A>,
            ) -> ::core::result::Result<Self, __A::Error> {
                match __action {
                    #(#decode,)*
                    _ => __fields.unknown_action(),
                }
            }

            fn validate(&self) -> ::core::result::Result<(), #private::garde::Report> {
                use #private::{Checked as _, Unchecked as _};
                #private::report(|__report| match self {
                    #(#validate,)*
                })
            }
        }
    }
}

/// The arm that reads one message.
fn decode(Variant { name, action, content, .. }: &Variant) -> TokenStream {
    let action = &action.name;
    let read = match content {
        Content::Nothing => quote!(__fields.nothing().map(|()| Self::#name)),
        Content::Whole(ty) => quote_spanned!(ty.span()=> __fields.whole::<#ty>().map(Self::#name)),
        Content::Payload { form, presence } => read_payload(name, form, presence),
    };
    quote!(#action => #read)
}

fn read_payload(name: &Ident, form: &Form, presence: &Presence) -> TokenStream {
    let (ty, method) = (form.ty(), reader(form, presence));
    let default = match presence {
        Presence::Required => None,
        Presence::Optional(function) => Some(default(form, function.as_ref())),
    };
    let build = build(name, form);
    quote!(__fields.#method::<#ty>(#default).map(#build))
}

/// A closure that makes the payload of a message without one.
fn default(form: &Form, function: Option<&Path>) -> TokenStream {
    let value = match function {
        Some(function) => quote!(#function()),
        None => quote_spanned!(form.ty().span()=> ::core::default::Default::default()),
    };
    match form {
        Form::Type(_) => quote!(|| #value),
        Form::Helper(Helper { owner, .. }) => quote!(|| #owner(#value)),
    }
}

/// A function from the payload to the message.
fn build(name: &Ident, form: &Form) -> TokenStream {
    match form {
        Form::Type(_) => quote!(Self::#name),
        Form::Helper(helper) => {
            let (owner, fields) = (&helper.owner, helper.pattern());
            quote!(|#owner #fields| Self::#name #fields)
        }
    }
}

/// The arm that checks one message.
fn validate(Variant { name, content, .. }: &Variant, private: &TokenStream) -> TokenStream {
    match content {
        Content::Nothing => quote!(Self::#name => {}),
        Content::Whole(ty) => {
            let payload = payload_of(ty);
            let check = check(&payload, &quote!(#private::garde::Path::empty), private);
            quote!(Self::#name(#payload) => #check)
        }
        Content::Payload { form: Form::Type(ty), .. } => {
            let payload = payload_of(ty);
            let check = check(&payload, &quote!(#private::payload_path), private);
            quote!(Self::#name(#payload) => #check)
        }
        Content::Payload { form: Form::Helper(helper), .. } => {
            let (fields, checks) = (helper.pattern(), checks(helper, private));
            quote!(Self::#name #fields => { #checks })
        }
    }
}

/// The constraints that are written at the variant, then those that the types of the other fields bring along.
fn checks(helper: &Helper, private: &TokenStream) -> TokenStream {
    let own = helper.is_constrained().then(|| {
        let value = borrowed(helper);
        quote!(#private::garde::Validate::validate_into(#value, &(), &mut #private::payload_path, __report);)
    });
    let others = helper.fields.iter().filter(|field| !is_checked_here(field));
    let others = others.map(|field| check(&binding(field), &path_of(field, private), private));
    quote!(#own #(#others;)*)
}

/// A function that says where in the message a field of a helper stands.
fn path_of(field: &Field, private: &TokenStream) -> TokenStream {
    match &field.ident {
        Some(name) => {
            let name = name.unraw().to_string();
            quote!(|| #private::payload_path().join(#name))
        }
        None => quote!(#private::payload_path),
    }
}

/// Checks a value if its type has constraints.
fn check(value: &Ident, path: &TokenStream, private: &TokenStream) -> TokenStream {
    quote!((&#private::Probe(#value)).check(&mut #path, __report))
}
