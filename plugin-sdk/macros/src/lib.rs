//! The derives and attributes of `logparser-sdk`; documented there, where they are used.

mod events;
mod merge;
mod plugin;
mod row;
mod save;

use proc_macro::TokenStream;

/// Derives `logparser_sdk::Merge` for a struct whose fields are all `Merge`: each takes in its counterpart.
#[proc_macro_derive(Merge)]
pub fn derive_merge(input: TokenStream) -> TokenStream {
    merge::derive(syn::parse_macro_input!(input)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes an enum an event column: each variant carries `#[event("name.of.event")]`, or `#[event(other)]` for records
/// that are wanted for another reason.
#[proc_macro_derive(Events, attributes(event))]
pub fn derive_events(input: TokenStream) -> TokenStream {
    events::derive(syn::parse_macro_input!(input)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Derives `logparser_sdk::Row` for a struct: each field is a column of its name, or, with
/// `#[row(attribute = "user.id")]`, an attribute. `#[row(severity = 17)]` on the struct subscribes to all records of
/// at least that severity.
#[proc_macro_derive(Row, attributes(row))]
pub fn derive_row(input: TokenStream) -> TokenStream {
    row::derive(syn::parse_macro_input!(input)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// On `impl Plugin for X`: writes the manifest and exports the plugin from the module.
/// `#[plugin(name = "sessions", title = "Usage")]`. Events that are only counted are named there too, as
/// `counted = ["user.action"]`; `Batch::counts` has their numbers.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, input: TokenStream) -> TokenStream {
    let arguments = syn::parse_macro_input!(arguments);
    plugin::expand(arguments, syn::parse_macro_input!(input)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// On the struct of a plugin's settings: reads it from `[kpi.NAME]`. Missing keys take the struct's `Default`, unknown
/// keys are refused.
#[proc_macro_attribute]
pub fn settings(_: TokenStream, input: TokenStream) -> TokenStream {
    let input = proc_macro2::TokenStream::from(input);
    quote::quote! {
        #[derive(Debug, Clone, ::logparser_sdk::serde::Deserialize)]
        #[serde(crate = "::logparser_sdk::serde", default, deny_unknown_fields)]
        #input
    }
    .into()
}

/// Derives `logparser_sdk::Save` for a struct or enum whose fields are all `Save`: one after the other.
#[proc_macro_derive(Save)]
pub fn derive_save(input: TokenStream) -> TokenStream {
    save::derive(syn::parse_macro_input!(input)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// On a struct or enum that is part of a partial: lets it be saved.
#[proc_macro_attribute]
pub fn state(_: TokenStream, input: TokenStream) -> TokenStream {
    let input = proc_macro2::TokenStream::from(input);
    quote::quote! {
        #[derive(Debug, Clone, PartialEq, ::logparser_sdk::Save)]
        #input
    }
    .into()
}
