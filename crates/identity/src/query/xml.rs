//! XML as the Query protocol has it: elements and text, no attributes but the root's namespace.

use std::fmt::Display;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Xml(String);

impl Xml {
    pub fn new() -> Xml {
        Xml::default()
    }

    pub(crate) fn root(name: &str, namespace: &str) -> Xml {
        Xml(format!("<{name} xmlns=\"{namespace}\">"))
    }

    pub(crate) fn finish(mut self, root: &str) -> String {
        self.close(root);
        self.0
    }

    pub fn text(&mut self, name: &str, value: &str) {
        self.within(name, |xml| xml.escape(value));
    }

    pub fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A number or a boolean.
    pub fn value(&mut self, name: &str, value: impl Display) {
        self.text(name, &value.to_string());
    }

    pub fn within(&mut self, name: &str, content: impl FnOnce(&mut Xml)) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
        content(self);
        self.close(name);
    }

    /// `<Name><member>…</member>…</Name>`
    pub fn list<T>(&mut self, name: &str, items: impl IntoIterator<Item = T>, show: impl Fn(&mut Xml, T)) {
        self.within(name, |xml| {
            for item in items {
                xml.within("member", |xml| show(xml, item));
            }
        });
    }

    /// The text of a member that is text alone.
    pub fn content(&mut self, value: &str) {
        self.escape(value);
    }

    pub(crate) fn append(&mut self, other: &Xml) {
        self.0.push_str(&other.0);
    }

    fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// Contains no raw control character. What XML 1.0 cannot have, not even escaped, becomes U+FFFD; the others are
    /// references, as are line separators and formats, which change how the rest of a text looks.
    fn escape(&mut self, value: &str) {
        for letter in value.chars() {
            match letter {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    self.0.push('\u{fffd}');
                }
                letter if base::is_hidden(letter) => self.0.push_str(&format!("&#x{:X};", u32::from(letter))),
                letter => self.0.push(letter),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_lists_have_members() {
        let mut xml = Xml::root("R", "u");
        xml.text("A", "<a & \"b\">\r\n\t\0\u{1b}\u{7f}\u{85}\u{9f}\u{a0}\u{2028}\u{202e}\u{fffe}\u{ffff}é");
        xml.list("L", [1, 2], |xml, item| xml.value("I", item));
        xml.list("E", [""; 0], Xml::content);
        xml.optional("O", None);
        let expected = "<R xmlns=\"u\"><A>&lt;a &amp; &quot;b&quot;&gt;&#xD;&#xA;&#x9;\u{fffd}\u{fffd}&#x7F;&#x85;&#x9F;\u{a0}&#x2028;&#x202E;\u{fffd}\u{fffd}é</A><L><member><I>1</I></member>\
                        <member><I>2</I></member></L><E></E></R>";
        assert_eq!(xml.finish("R"), expected);
    }
}
