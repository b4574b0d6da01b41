//! Rust source as one flat list of tokens, so that macros are seen and comments and strings are not.

use proc_macro2::{TokenStream, TokenTree};

pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// Every token in reading order; groups are opened, their brackets left out.
pub(super) fn flatten(stream: TokenStream) -> Vec<Token> {
    let mut flat = Vec::new();
    append(stream, &mut flat);
    flat
}

fn append(stream: TokenStream, flat: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => append(group.stream(), flat),
            other => flat.push(Token { text: other.to_string(), line }),
        }
    }
}

/// Where `words` stand one after another, `::` and the bracket of an import list aside.
pub(super) fn lines_of(tokens: &[Token], words: &[&str]) -> Vec<usize> {
    let names: Vec<&Token> = tokens.iter().filter(|token| token.text != ":").collect();
    let hits = names
        .windows(words.len())
        .filter(|run| run.iter().zip(words).all(|(token, word)| token.text == *word));
    hits.map(|run| run[0].line).collect()
}
