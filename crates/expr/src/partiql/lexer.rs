//! Tokens of a statement.

use super::error::PartiqlError;
use super::keywords::is_keyword;

/// The service's sentence for a text that has no tokens ends at its colon. Captured in eu-west-2 and us-east-1.
const UNREADABLE: PartiqlError = PartiqlError::Malformed("");

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenKind {
    /// A bare name, a function's name or a keyword.
    Word,
    /// `"name"`
    QuotedName,
    /// `'text'`
    Text,
    /// Without a sign.
    Number,
    /// `?`
    Parameter,
    Symbol,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    /// As it is spelled, with its quotes.
    pub(super) text: &'t str,
    /// Where it begins in the statement. Unit: bytes.
    pub(super) start: usize,
}

impl Token<'_> {
    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// Whether it is this word, in whatever case.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_keyword(&self) -> bool {
        self.kind == TokenKind::Word && is_keyword(self.text)
    }

    /// Whether it names an attribute, a table or an index.
    pub(super) fn is_name(&self) -> bool {
        self.kind == TokenKind::QuotedName || (self.kind == TokenKind::Word && !is_keyword(self.text))
    }

    /// What it stands for: without quotes, and each doubled quote inside once.
    pub(super) fn content(&self) -> String {
        match self.kind {
            TokenKind::Text => self.unquoted("'"),
            TokenKind::QuotedName => self.unquoted("\""),
            _ => self.text.to_owned(),
        }
    }

    fn unquoted(&self, quote: &str) -> String {
        self.text[1..self.text.len() - 1].replace(&quote.repeat(2), quote)
    }
}

/// All tokens of a statement, the last of them [`TokenKind::End`].
pub(super) fn tokenize(text: &str) -> Result<Vec<Token<'_>>, PartiqlError> {
    let mut tokens = Vec::with_capacity(text.len() / 4 + 2);
    let mut at = skip(text, 0)?;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let (kind, length) = measure(rest)?;
        tokens.push(Token { kind, text: &text[at..at + length], start: at });
        at = skip(text, at + length)?;
    }
    tokens.push(Token { kind: TokenKind::End, text: "", start: text.len() });
    Ok(tokens)
}

/// Where the next token begins: behind spaces and comments.
fn skip(text: &str, from: usize) -> Result<usize, PartiqlError> {
    let mut at = from;
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{b}', '\u{c}']);
        at = text.len() - trimmed.len();
        if trimmed.starts_with("--") {
            at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
        } else if trimmed.starts_with("/*") {
            at += trimmed.find("*/").ok_or(UNREADABLE)? + 2;
        } else {
            return Ok(at);
        }
    }
}

/// The kind and the length of the token that the bytes begin with. Unit: bytes.
fn measure(rest: &[u8]) -> Result<(TokenKind, usize), PartiqlError> {
    match rest {
        [b'\'', ..] => Ok((TokenKind::Text, quoted(rest)?)),
        [b'"', ..] => Ok((TokenKind::QuotedName, quoted(rest)?)),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => Ok((TokenKind::Number, number(rest)?)),
        [b'?', ..] => Ok((TokenKind::Parameter, 1)),
        [first, ..] if is_word_byte(*first) => {
            Ok((TokenKind::Word, rest.iter().take_while(|byte| is_word_byte(**byte)).count()))
        }
        [b'<', b'<' | b'>' | b'=', ..] | [b'>', b'>' | b'=', ..] | [b'!', b'=', ..] | [b'|', b'|', ..] => {
            Ok((TokenKind::Symbol, 2))
        }
        [first, ..] if b"()[]{}.,:;=<>+-*/%@".contains(first) => Ok((TokenKind::Symbol, 1)),
        _ => Err(UNREADABLE),
    }
}

/// Up to the closing quote, which is no other quote's double.
fn quoted(rest: &[u8]) -> Result<usize, PartiqlError> {
    let quote = rest[0];
    let mut at = 1;
    while at < rest.len() {
        match (rest[at], rest.get(at + 1)) {
            (byte, Some(next)) if byte == quote && *next == quote => at += 2,
            (byte, _) if byte == quote => return Ok(at + 1),
            _ => at += 1,
        }
    }
    Err(UNREADABLE)
}

/// `digits [. [digits]]` or `. digits`, and `[e [sign] digits]`; the letter begins nothing else
///
/// The service reads literals as Java's `BigDecimal`, which has a 32-bit scale.
fn number(rest: &[u8]) -> Result<usize, PartiqlError> {
    let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    let mut scale = 0_i64;
    if rest.get(length) == Some(&b'.') {
        let fraction = digits(length + 1);
        length += 1 + fraction;
        scale = i64::try_from(fraction).unwrap_or(i64::MAX);
    }
    if matches!(rest.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(length + 1), Some(b'+' | b'-')));
        let end = length + 1 + sign + digits(length + 1 + sign);
        let text = std::str::from_utf8(&rest[length + 1..end]).map_err(|_| UNREADABLE)?;
        let exponent = text.parse::<i32>().map_err(|_| UNREADABLE)?;
        scale = scale.saturating_sub(i64::from(exponent));
        length = end;
    }
    i32::try_from(scale).map_or(Err(UNREADABLE), |_| Ok(length))
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let tokens = tokenize(text).expect("tokens");
        let texts: Vec<&str> = tokens.iter().map(|token| token.text).collect();
        assert_eq!(texts[..texts.len() - 1], *expected);
    }

    #[test]
    fn texts_fall_into_tokens() {
        check("", &[]);
        check(" \t\r\n", &[]);
        check("a.b[10]<>?", &["a", ".", "b", "[", "10", "]", "<>", "?"]);
        check("a<=b>=c!=d", &["a", "<=", "b", ">=", "c", "!=", "d"]);
        check("<<1,2>> << >>", &["<<", "1", ",", "2", ">>", "<<", ">>"]);
        check("1.5 1e5 1.5E-3 1.x 1.e2 1x", &["1.5", "1e5", "1.5E-3", "1.", "x", "1.e2", "1", "x"]);
        check("= .5e1, -.5 AND .5", &["=", ".5e1", ",", "-", ".5", "AND", ".5"]);
        check("a.5 \"a\".5 1.5.5", &["a", ".5", "\"a\"", ".5", "1.5", ".5"]);
        check("1e2147483647 1e-2147483647", &["1e2147483647", "1e-2147483647"]);
        check("a-1 -- to the end\n+2 /* in \n between */ 3", &["a", "-", "1", "+", "2", "3"]);
        check("a -- at the end", &["a"]);
        check("a -- to the return\rb", &["a", "b"]);
        check("'it''s' \"a\"\"b\" ''", &["'it''s'", "\"a\"\"b\"", "''"]);
        check("'-- no comment' _a $b", &["'-- no comment'", "_a", "$b"]);
        check("'é' \"ü\"", &["'é'", "\"ü\""]);
    }

    #[test]
    fn quotes_are_taken_off() {
        let contents = |text| tokenize(text).expect("tokens").iter().map(Token::content).collect::<Vec<_>>();
        assert_eq!(contents("'it''s' \"a\"\"b'\" '''' a"), ["it's", "a\"b'", "'", "a", ""]);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in [
            "'a",
            "'a''",
            "\"a",
            "a ! b",
            "a | b",
            "é",
            "`a`",
            "#a",
            "/* a",
            "\u{0}",
            "1e",
            "1e+ 5",
            "1.5ex",
            "1e2147483648",
            "1.5e-2147483647",
            "1e99999999999",
            ".5e-99999999999999999999",
        ] {
            assert!(matches!(tokenize(text), Err(PartiqlError::Malformed(_))), "{text}");
        }
    }
}
