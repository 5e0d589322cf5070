//! Tokens of an expression: the lexer that condition, update and projection expressions share.
//!
//! It never fails: a character that belongs to no token is a token of its own, which the parser then refuses by
//! name, as DynamoDB does (`Syntax error; token: "!", near: "!!"`).

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    /// A bare attribute name, a function's name or a keyword; it begins with a letter.
    Name,
    /// `#name`
    NamePlaceholder,
    /// `:value`
    ValuePlaceholder,
    /// The digits of a list index.
    Digits,
    /// One of `( ) [ ] . , = <> < <= > >= + -`.
    Symbol,
    Unknown,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'t> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'t str,
    /// Where the token begins in the expression. Unit: bytes.
    pub(crate) start: usize,
}

impl Token<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// Keywords are not case-sensitive.
    pub(crate) fn is_keyword(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Name && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// All tokens of a text, the last of them [`TokenKind::End`].
pub(crate) fn tokenize(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(text.len() / 4 + 2);
    let mut at = skip_space(text, 0);
    while at < text.len() {
        let token = next_token(text, at);
        at = skip_space(text, token.end());
        tokens.push(token);
    }
    tokens.push(Token { kind: TokenKind::End, text: "", start: text.len() });
    tokens
}

fn skip_space(text: &str, from: usize) -> usize {
    let space = text.as_bytes()[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    from + space.count()
}

fn next_token(text: &str, start: usize) -> Token<'_> {
    let rest = &text.as_bytes()[start..];
    let (kind, length) = match rest {
        [b'#', after @ ..] if word(after) > 0 => (TokenKind::NamePlaceholder, 1 + word(after)),
        [b':', after @ ..] if word(after) > 0 => (TokenKind::ValuePlaceholder, 1 + word(after)),
        [b'0'..=b'9', ..] => (TokenKind::Digits, rest.iter().take_while(|byte| byte.is_ascii_digit()).count()),
        [first, ..] if first.is_ascii_alphabetic() => (TokenKind::Name, word(rest)),
        [b'<', b'>' | b'=', ..] | [b'>', b'=', ..] => (TokenKind::Symbol, 2),
        [b'(' | b')' | b'[' | b']' | b'.' | b',' | b'=' | b'<' | b'>' | b'+' | b'-', ..] => (TokenKind::Symbol, 1),
        _ => (TokenKind::Unknown, text[start..].chars().next().map_or(1, char::len_utf8)),
    };
    Token { kind, text: &text[start..start + length], start }
}

/// How many letters, digits and underscores the bytes begin with.
fn word(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_word(**byte)).count()
}

pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let tokens = tokenize(text);
        let texts: Vec<&str> = tokens.iter().map(|token| token.text).collect();
        assert_eq!(texts[..texts.len() - 1], *expected);
        assert!(tokens.iter().all(|token| &text[token.start..token.end()] == token.text));
    }

    #[test]
    fn texts_fall_into_tokens() {
        check("", &[]);
        check(" \t\r\n ", &[]);
        check("a.b[10]<>:v", &["a", ".", "b", "[", "10", "]", "<>", ":v"]);
        check("a<=b>=c<d>e=f", &["a", "<=", "b", ">=", "c", "<", "d", ">", "e", "=", "f"]);
        check("#a-b :1x", &["#a", "-", "b", ":1x"]);
        check("# :é!!", &["#", ":", "é", "!", "!"]);
        check("__a 1b a_1", &["_", "_", "a", "1", "b", "a_1"]);
    }
}
