//! Doc comments as descriptions.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of the doc comments, each line without the space that follows the slashes.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let lines: Vec<_> = attributes.iter().filter_map(doc_text).collect();
    let text = lines.join("\n");
    let lines: Vec<_> = text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn lines_and_paragraphs_are_kept() {
        let attributes: [Attribute; 4] = [
            parse_quote!(#[doc = " One line,"]),
            parse_quote!(#[doc = " another."]),
            parse_quote!(#[doc = ""]),
            parse_quote!(#[doc = "   Indented."]),
        ];
        assert_eq!(description(&attributes), "One line,\nanother.\n\n  Indented.");
    }

    #[test]
    fn other_attributes_are_no_description() {
        assert_eq!(description(&[parse_quote!(#[doc(hidden)]), parse_quote!(#[serde(default)])]), "");
    }
}
