//! `OutgoingMessage`: writing.

use proc_macro2::TokenStream;
use quote::quote;

use super::{borrowed, payload_of};
use crate::set::Set;
use crate::variant::{Content, Form, Variant};

pub(super) fn implementation(set: &Set, private: &TokenStream) -> TokenStream {
    let name = &set.name;
    let encode = set.variants.iter().map(|variant| encode(variant, private));
    quote! {
        #[automatically_derived]
        impl #private::OutgoingMessage for #name {
            fn encode<__M: #private::serde::ser::SerializeMap>(
                &self,
                __fields: &mut __M,
            ) -> ::core::result::Result<(), __M::Error> {
                match self {
                    #(#encode,)*
                }
            }
        }
    }
}

/// The arm that writes one message.
fn encode(Variant { name, content, .. }: &Variant, private: &TokenStream) -> TokenStream {
    match content {
        Content::Nothing => quote!(Self::#name => __fields.serialize_entry(#private::PAYLOAD, &())),
        Content::Whole(ty) => {
            let payload = payload_of(ty);
            quote!(Self::#name(#payload) => #private::write_fields(__fields, #payload))
        }
        Content::Payload { form: Form::Type(ty), .. } => {
            let payload = payload_of(ty);
            quote!(Self::#name(#payload) => __fields.serialize_entry(#private::PAYLOAD, #payload))
        }
        Content::Payload { form: Form::Helper(helper), .. } => {
            let (fields, value) = (helper.pattern(), borrowed(helper));
            quote!(Self::#name #fields => __fields.serialize_entry(#private::PAYLOAD, #value))
        }
    }
}
