use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, ImplItem, ItemImpl, LitStr, Result, Token, parse_quote};

/// `name = "…", title = "…", counted = ["…"]`.
pub struct Arguments {
    name: LitStr,
    title: LitStr,
    counted: Vec<LitStr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Self> {
        let (mut name, mut title, mut counted) = (None, None, Vec::new());
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "name" => name = Some(input.parse()?),
                "title" => title = Some(input.parse()?),
                "counted" => {
                    let names;
                    syn::bracketed!(names in input);
                    counted = Punctuated::<LitStr, Token![,]>::parse_terminated(&names)?.into_iter().collect();
                }
                _ => return Err(Error::new_spanned(key, "known here: `name`, `title` and `counted`")),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let missing = |what| move || input.error(format!("give the plugin a {what}: `{what} = \"…\"`"));
        let (name, title) = (name.ok_or_else(missing("name"))?, title.ok_or_else(missing("title"))?);
        Ok(Self { name, title, counted })
    }
}

pub fn expand(arguments: Arguments, mut input: ItemImpl) -> Result<TokenStream> {
    if !input.items.iter().any(|item| matches!(item, ImplItem::Type(kind) if kind.ident == "Row")) {
        return Err(Error::new_spanned(&input.self_ty, "`#[plugin]` stands on `impl Plugin for …`"));
    }
    let (name, title) = (json(&arguments.name), json(&arguments.title));
    let counted: Vec<String> = arguments.counted.iter().map(json).collect();
    let counted = format!("[{}],", counted.join(","));
    let plugin = input.self_ty.clone();
    input.items.push(parse_quote! {
        const MANIFEST: &'static str = ::logparser_sdk::const_concat!(
            "{\"contract\":\"", ::logparser_sdk::manifest::CONTRACT,
            "\",\"name\":", #name,
            ",\"version\":\"", env!("CARGO_PKG_VERSION"),
            "\",\"title\":", #title,
            ",\"counted\":", #counted,
            "\"activity\":", if <#plugin as ::logparser_sdk::Plugin>::ACTIVITY { "true," } else { "false," },
            <<#plugin as ::logparser_sdk::Plugin>::Row as ::logparser_sdk::Row>::MANIFEST,
            "}"
        );
    });
    Ok(quote! {
        #input

        const _: () = {
            impl ::logparser_sdk::export::Exported for #plugin {
                fn slot() -> &'static ::std::sync::OnceLock<Self> {
                    static SLOT: ::std::sync::OnceLock<#plugin> = ::std::sync::OnceLock::new();
                    &SLOT
                }
            }

            #[cfg(target_arch = "wasm32")]
            mod exports {
                use super::*;
                const TEXT: &str = <#plugin as ::logparser_sdk::Plugin>::MANIFEST;
                #[used]
                #[unsafe(link_section = "logparser-manifest")]
                static MANIFEST: [u8; TEXT.len()] = ::logparser_sdk::manifest::concat(&[TEXT]);

                struct Exports;
                impl ::logparser_sdk::bindings::exports::logparser::plugin::plugin::Guest for Exports {
                    type Fleet = ::logparser_sdk::export::FleetHandle<#plugin>;
                    fn configure(
                        settings: ::std::string::String,
                    ) -> ::core::result::Result<(), ::std::vec::Vec<::logparser_sdk::SettingsError>> {
                        ::logparser_sdk::export::configure::<#plugin>(&settings)
                    }
                    fn observe(
                        before: ::core::option::Option<::std::vec::Vec<u8>>,
                        batch: ::logparser_sdk::bindings::exports::logparser::plugin::plugin::Batch,
                    ) -> ::core::result::Result<::std::vec::Vec<::std::vec::Vec<u8>>, ::std::string::String> {
                        let plugin = <#plugin as ::logparser_sdk::export::Exported>::current();
                        ::logparser_sdk::export::observe(plugin, before.as_deref(), batch)
                    }
                    fn append(
                        states: ::std::vec::Vec<::std::vec::Vec<u8>>,
                    ) -> ::core::result::Result<::std::vec::Vec<u8>, ::std::string::String> {
                        let plugin = <#plugin as ::logparser_sdk::export::Exported>::current();
                        ::logparser_sdk::export::append(plugin, &states)
                    }
                }
                ::logparser_sdk::bindings::export_kpi!(Exports with_types_in ::logparser_sdk::bindings);
            }
        };
    })
}

/// The literal's text as a JSON string.
fn json(text: &LitStr) -> String {
    let escaped: String = text
        .value()
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}
