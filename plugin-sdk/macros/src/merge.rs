use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Member, Result};

pub fn derive(input: DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "Merge derives for structs: implement `append` by hand"));
    };
    let members: Vec<Member> = data.fields.members().collect();
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::logparser_sdk::Merge for #name #arguments #bounds {
            fn append(&mut self, later: Self) {
                #(::logparser_sdk::Merge::append(&mut self.#members, later.#members);)*
            }
        }
    })
}
