use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Ident, LitStr, Result, Variant};

/// Positions that a byte column can hold beside its "none".
const EVENTS_MAX: usize = 255;

pub fn derive(input: DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "Events derives for enums"));
    };
    let (mut names, mut variants, mut other) = (Vec::new(), Vec::new(), None);
    for variant in &data.variants {
        match event(variant)? {
            Some(name) => {
                names.push(format!("{:?}", name.value()));
                variants.push(&variant.ident);
            }
            None => other = Some(&variant.ident),
        }
    }
    if names.is_empty() || names.len() > EVENTS_MAX {
        return Err(Error::new_spanned(&input.ident, "an event column names 1 to 255 events"));
    }
    let name = &input.ident;
    let list = names.join(",");
    let positions = 0..variants.len() as u8;
    let rest = match other {
        Some(variant) => quote!(Self::#variant),
        None => quote!(panic!("a record without one of the plugin's events: give the enum an `#[event(other)]`")),
    };
    Ok(quote! {
        impl ::logparser_sdk::Field for #name {
            const HOLDS: &'static str = "event";
            const EVENTS: &'static str = #list;
            type Held = u8;
            fn held(column: &::logparser_sdk::Column) -> &[u8] {
                ::logparser_sdk::columns::bytes(column)
            }
            #[inline(always)]
            fn read(held: u8) -> Self {
                match held {
                    #(#positions => Self::#variants,)*
                    _ => #rest,
                }
            }
        }
    })
}

/// The event's name, or none for `#[event(other)]`.
fn event(variant: &Variant) -> Result<Option<LitStr>> {
    let attribute = variant.attrs.iter().find(|attribute| attribute.path().is_ident("event"));
    let attribute =
        attribute.ok_or_else(|| Error::new_spanned(variant, "name the event: `#[event(\"session.start\")]`"))?;
    if let Ok(name) = attribute.parse_args::<LitStr>() {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        return match name.value().chars().all(plain) {
            true => Ok(Some(name)),
            false => Err(Error::new_spanned(name, "an event's name has letters, digits, `.`, `-` and `_`")),
        };
    }
    let word: Ident = attribute.parse_args()?;
    if word == "other" { Ok(None) } else { Err(Error::new_spanned(word, "a name in quotes, or `other`")) }
}
