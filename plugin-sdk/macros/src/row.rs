use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Field, Fields, LitInt, LitStr, Result};

pub fn derive(input: DeriveInput) -> Result<TokenStream> {
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            _ => return Err(Error::new_spanned(&input.ident, "Row derives for structs with named fields")),
        },
        _ => return Err(Error::new_spanned(&input.ident, "Row derives for structs")),
    };
    let mut severity: Option<LitInt> = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("severity") {
                return Err(meta.error("known here: `severity = 17`"));
            }
            severity = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    let severity = severity.map_or_else(|| Ok("null".to_owned()), |n| n.base10_parse::<u8>().map(|n| n.to_string()))?;

    let mut columns = Vec::new();
    let mut comma = "";
    for field in fields {
        let (name, attribute) = column(field)?;
        let head = format!("{comma}{{\"name\":{name:?},\"attribute\":{attribute},\"holds\":\"");
        let kind = &field.ty;
        columns.push(quote!(#head, <#kind as ::logparser_sdk::Field>::HOLDS, "\"}"));
        comma = ",";
    }
    let events = fields.iter().map(|field| {
        let kind = &field.ty;
        quote!(<#kind as ::logparser_sdk::Field>::EVENTS)
    });
    let (names, kinds): (Vec<_>, Vec<_>) = fields.iter().map(|field| (&field.ident, &field.ty)).unzip();
    let (name, index) = (&input.ident, 0..fields.len());
    let head = format!("\"severity\":{severity},\"events\":[");
    Ok(quote! {
        impl ::logparser_sdk::Row for #name {
            const MANIFEST: &'static str = ::logparser_sdk::const_concat!(
                #head, #(#events,)* "],\"columns\":[", #(#columns,)* "]"
            );
            #[inline(always)]
            fn rows(batch: &::logparser_sdk::Batch) -> impl Iterator<Item = Self> + '_ {
                // All of one length: one check for a row instead of one for each of its values.
                #(let #names = batch.held::<#kinds>(#index);)*
                (0..batch.row_count()).map(move |row| Self { #(#names: ::logparser_sdk::Field::read(#names[row]),)* })
            }
        }
    })
}

/// Name of the column, and whether it is an attribute.
fn column(field: &Field) -> Result<(String, bool)> {
    let mut attribute: Option<LitStr> = None;
    for mark in field.attrs.iter().filter(|mark| mark.path().is_ident("row")) {
        mark.parse_nested_meta(|meta| {
            if !meta.path.is_ident("attribute") {
                return Err(meta.error("known here: `attribute = \"user.id\"`"));
            }
            attribute = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    match (attribute, &field.ident) {
        (Some(name), _) => Ok((name.value(), true)),
        (None, Some(ident)) => Ok((ident.to_string(), false)),
        (None, None) => Err(Error::new_spanned(field, "Row derives for structs with named fields")),
    }
}
