//! The derive macro of chanx.
//!
//! It reads an enum and writes calls; how messages are read, checked and written is decided in `chanx-core`.

mod attributes;
mod description;
mod emit;
mod errors;
mod helper;
mod names;
mod set;
mod variant;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use crate::set::Set;

#[doc = include_str!("../docs/message.md")]
#[proc_macro_derive(Message, attributes(message, serde, schemars, garde))]
pub fn message(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    match Set::parse(input) {
        Ok(set) => emit::implementations(&set).into(),
        Err(error) => error.into_compile_error().into(),
    }
}
