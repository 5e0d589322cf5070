//! Answers of the Query protocol: elements and text, no attributes but the root's namespace.

use super::scalar;
use crate::model::{OperationId, ServiceModel};
use crate::service_error::ServiceError;
use crate::shape::{HttpBindings, Member, Shape, ShapeIndex};
use crate::value::{Structure, Value, place};

/// The content of a result element.
pub(super) fn result(shapes: &'static [Shape], output: ShapeIndex, structure: &Structure) -> Xml {
    let mut xml = Xml::new();
    write_structure(shapes, super::members(shapes, output), structure, &mut xml);
    xml
}

/// The answer of an operation; some have no result.
pub(super) fn answer(operation: OperationId, result: Option<&Xml>, request_id: &str) -> Vec<u8> {
    let name = operation.name();
    let response = format!("{name}Response");
    let mut xml = Xml::root(&response, operation.service().namespace);
    if let Some(result) = result {
        xml.within(&format!("{name}Result"), |xml| xml.append(result));
    }
    xml.within("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    xml.finish(&response).into_bytes()
}

pub(super) fn error(
    service: &ServiceModel,
    fault: &str,
    code: &str,
    error: &ServiceError,
    request_id: &str,
) -> Vec<u8> {
    let mut xml = Xml::root("ErrorResponse", service.namespace);
    xml.within("Error", |xml| {
        xml.text("Type", fault);
        xml.text("Code", code);
        xml.text("Message", &error.message);
        error.members.iter().for_each(|(name, value)| xml.text(name, value));
    });
    xml.text("RequestId", request_id);
    xml.finish("ErrorResponse").into_bytes()
}

fn write_structure(shapes: &'static [Shape], members: &[Member], structure: &Structure, xml: &mut Xml) {
    for (at, member) in members.iter().enumerate() {
        if let (Some(name), Some(value)) = (member.body_name(HttpBindings::Ignored), structure.get(place(at))) {
            write(shapes, member.shape, name, value, xml);
        }
    }
}

/// One element, or as many as a flat list or map has parts.
fn write(shapes: &'static [Shape], index: ShapeIndex, name: &str, value: &Value, xml: &mut Xml) {
    match (&shapes[usize::from(index)], value) {
        (Shape::Structure { members, .. }, Value::Structure(structure)) => {
            xml.within(name, |xml| write_structure(shapes, members, structure, xml));
        }
        (Shape::List { item, is_flat: true, .. }, Value::List(items)) => {
            items.iter().for_each(|value| write(shapes, *item, name, value, xml));
        }
        (Shape::List { item, item_name, .. }, Value::List(items)) => {
            xml.within(name, |xml| items.iter().for_each(|value| write(shapes, *item, item_name, value, xml)));
        }
        (Shape::Map { value: of_value, is_flat, .. }, Value::Map(entries)) => {
            let write_entries = |xml: &mut Xml, name: &str| {
                for (key, value) in entries {
                    xml.within(name, |xml| {
                        xml.text("key", key);
                        write(shapes, *of_value, "value", value, xml);
                    });
                }
            };
            match is_flat {
                true => write_entries(xml, name),
                false => xml.within(name, |xml| write_entries(xml, "entry")),
            }
        }
        (_, Value::Text(text)) => xml.text(name, text),
        (_, Value::Integer(number)) => xml.value(name, number),
        (_, Value::Double(number)) => xml.text(name, &scalar::double_text(*number)),
        (_, Value::Boolean(flag)) => xml.value(name, flag),
        (_, Value::Blob(bytes)) => xml.text(name, &base64_simd::STANDARD.encode_to_string(bytes)),
        (_, Value::Timestamp(time)) => xml.text(name, &scalar::rfc3339(*time)),
        // A value of another shape is a bug of the service; the answer stays XML.
        _ => {}
    }
}

/// XML as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    pub(super) fn new() -> Xml {
        Xml::default()
    }

    pub(super) fn root(name: &str, namespace: &str) -> Xml {
        Xml(format!("<{name} xmlns=\"{namespace}\">"))
    }

    pub(super) fn finish(mut self, root: &str) -> String {
        self.close(root);
        self.0
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.within(name, |xml| xml.escape(value));
    }

    /// A number or a boolean.
    pub(super) fn value(&mut self, name: &str, value: impl std::fmt::Display) {
        self.text(name, &value.to_string());
    }

    pub(super) fn within(&mut self, name: &str, content: impl FnOnce(&mut Xml)) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
        content(self);
        self.close(name);
    }

    pub(super) fn append(&mut self, other: &Xml) {
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
    fn text_is_escaped() {
        let mut xml = Xml::root("R", "u");
        xml.text("A", "<a & \"b\">\r\n\t\0\u{1b}\u{7f}\u{85}\u{9f}\u{a0}\u{2028}\u{202e}\u{fffe}\u{ffff}é");
        xml.within("L", |xml| [1, 2].iter().for_each(|item| xml.value("I", item)));
        let expected = "<R xmlns=\"u\"><A>&lt;a &amp; &quot;b&quot;&gt;&#xD;&#xA;&#x9;\u{fffd}\u{fffd}&#x7F;&#x85;&#x9F;\u{a0}&#x2028;&#x202E;\u{fffd}\u{fffd}é</A><L><I>1</I><I>2</I></L></R>";
        assert_eq!(xml.finish("R"), expected);
    }
}
