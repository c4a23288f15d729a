use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, Member, Result, parse_quote};

pub fn derive(mut input: DeriveInput) -> Result<TokenStream> {
    for parameter in input.generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::logparser_sdk::Save));
    }
    let (save, load) = match &input.data {
        Data::Struct(data) => {
            let members: Vec<Member> = data.fields.members().collect();
            let save = quote!(#(::logparser_sdk::Save::save(&self.#members, to);)*);
            (save, fields(&quote!(Self), &data.fields))
        }
        Data::Enum(data) => {
            let places: Vec<u8> = (0..=u8::MAX).take(data.variants.len()).collect();
            if places.len() < data.variants.len() {
                return Err(Error::new_spanned(&input.ident, "a state's enum has 256 variants at most"));
            }
            let save = data.variants.iter().zip(&places).map(|(variant, place)| {
                let (name, members) = (&variant.ident, variant.fields.members());
                let values: Vec<_> = (0..variant.fields.len()).map(|index| format_ident!("value_{index}")).collect();
                quote!(Self::#name { #(#members: #values),* } => {
                    to.byte(#place);
                    #(::logparser_sdk::Save::save(#values, to);)*
                })
            });
            let load = data.variants.iter().map(|variant| {
                let name = &variant.ident;
                fields(&quote!(Self::#name), &variant.fields)
            });
            (quote!(match self { #(#save)* }), quote!(match from.byte()? { #(#places => #load,)* _ => return None }))
        }
        Data::Union(_) => return Err(Error::new_spanned(&input.ident, "a state has structs and enums")),
    };
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::logparser_sdk::Save for #name #arguments #bounds {
            #[inline]
            fn save(&self, to: &mut ::logparser_sdk::save::Writer) {
                #save
            }
            #[inline]
            fn load(from: &mut ::logparser_sdk::save::Reader<'_>) -> Option<Self> {
                Some(#load)
            }
        }
    })
}

/// The value whose fields come one after the other.
fn fields(of: &TokenStream, fields: &Fields) -> TokenStream {
    let members = fields.members();
    quote!(#of { #(#members: ::logparser_sdk::Save::load(from)?),* })
}
