//! What the service model asks of a member's value, and DynamoDB's words for what is broken.
//!
//! A [`Shape`] bounds a value of any type: the length of a text, a list or a map, the size of a number, a pattern, a
//! set of words. The shapes are generated; each member has its shape beside it.

pub(crate) mod pattern;

use api::validation::Broken;

use crate::generated::shapes::ATTRIBUTE_NAME;

/// A broken constraint: which one, and its sentence.
pub(crate) type Constraint = (Broken, String);

const NAME_SIZE_MIN: i64 = model::limits::TABLE_NAME_SIZE_MIN as i64;
/// A table's name, where it may also be an ARN.
const NAME: Shape =
    Shape::TEXT.at_most(model::limits::TABLE_NAME_SIZE_MAX as i64).matching("[a-zA-Z0-9_.-]+", pattern::table_name);
const WHOLE_NAME: Shape = NAME.at_least(NAME_SIZE_MIN).length_first();

/// The bounds of one type of the model.
pub(crate) struct Shape {
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<Pattern>,
    /// The words of an enumeration as refusals list them.
    words: Option<&'static str>,
    name_or_arn: Option<NameUse>,
    is_number: bool,
    /// Whether a broken length is reported before a broken pattern.
    length_first: bool,
    /// Of a list's elements or a map's values.
    element: Option<&'static Shape>,
    key: Option<&'static Shape>,
}

/// What a table's name is given for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameUse {
    /// To reach items: a name may be short, and one broken rule is reported.
    Items,
    /// For what concerns the table itself: a name has at least three characters, and every broken rule is reported.
    Table,
}

#[derive(Clone, Copy)]
struct Pattern {
    text: &'static str,
    matches: fn(&str) -> bool,
}

impl Shape {
    pub(crate) const FREE: Shape = Shape {
        min: None,
        max: None,
        pattern: None,
        words: None,
        name_or_arn: None,
        is_number: false,
        length_first: false,
        element: None,
        key: None,
    };
    pub(crate) const TEXT: Shape = Shape::FREE;
    pub(crate) const NUMBER: Shape = Shape { is_number: true, ..Shape::FREE };
    /// A table's ARN, or its name, which is held to the rules of names.
    pub(crate) const NAME_OR_ARN: Shape = Shape { name_or_arn: Some(NameUse::Items), ..Shape::FREE };

    /// The same for an operation on the table itself.
    pub(crate) const fn of_table(mut self) -> Shape {
        self.name_or_arn = Some(NameUse::Table);
        self
    }

    pub(crate) const fn length_first(mut self) -> Shape {
        self.length_first = true;
        self
    }

    pub(crate) const fn words(words: &'static str) -> Shape {
        Shape { words: Some(words), ..Shape::FREE }
    }

    pub(crate) const fn list(element: &'static Shape) -> Shape {
        Shape { element: Some(element), ..Shape::FREE }
    }

    pub(crate) const fn map(key: &'static Shape, value: &'static Shape) -> Shape {
        Shape { key: Some(key), element: Some(value), ..Shape::FREE }
    }

    pub(crate) const fn at_least(mut self, min: i64) -> Shape {
        self.min = Some(min);
        self
    }

    pub(crate) const fn at_most(mut self, max: i64) -> Shape {
        self.max = Some(max);
        self
    }

    pub(crate) const fn matching(mut self, text: &'static str, matches: fn(&str) -> bool) -> Shape {
        self.pattern = Some(Pattern { text, matches });
        self
    }

    pub(crate) fn element(&self) -> &'static Shape {
        self.element.unwrap_or(&Shape::FREE)
    }

    pub(crate) fn key(&self) -> &'static Shape {
        self.key.unwrap_or(&Shape::FREE)
    }

    /// Every constraint that a list or a map of so many elements breaks.
    pub(crate) fn broken_by_length(&self, length: usize) -> Vec<Constraint> {
        self.broken_bounds(i64::try_from(length).unwrap_or(i64::MAX))
    }

    pub(crate) fn broken_by_number(&self, number: i64) -> Vec<Constraint> {
        self.broken_bounds(number)
    }

    /// Every constraint that a text breaks, in the order in which they are reported.
    pub(crate) fn broken_by_text(&self, text: &str) -> Vec<Constraint> {
        if self.is_plainly_met_by(text) {
            return Vec::new();
        }
        match self.name_or_arn {
            Some(_) if text_is_arn(text) => return self.broken_bounds(length(text)),
            Some(NameUse::Items) => return self.broken_by_name(text),
            Some(NameUse::Table) => return WHOLE_NAME.broken_by_text(text),
            None => {}
        }
        let pattern = self.pattern.filter(|pattern| !(pattern.matches)(text));
        let mut broken: Vec<Constraint> = pattern.iter().map(|pattern| (Broken::Present, pattern.sentence())).collect();
        if self.min.is_some() || self.max.is_some() {
            broken.extend(self.broken_bounds(length(text)));
        }
        if self.length_first {
            broken.reverse();
        }
        broken
    }

    /// Whether a text surely breaks no constraint, as almost every text: nothing is allocated to find that out. The answer for texts
    /// beyond ASCII, of which the length has to be counted, is no.
    fn is_plainly_met_by(&self, text: &str) -> bool {
        let bounds = self.min.unwrap_or(i64::MIN)..=self.max.unwrap_or(i64::MAX);
        text.is_ascii()
            && i64::try_from(text.len()).is_ok_and(|length| bounds.contains(&length))
            && match self.name_or_arn {
                Some(_) if text_is_arn(text) => true,
                Some(NameUse::Items) => NAME.is_plainly_met_by(text),
                Some(NameUse::Table) => WHOLE_NAME.is_plainly_met_by(text),
                None => self.pattern.is_none_or(|pattern| (pattern.matches)(text)),
            }
    }

    /// Only the first broken constraint is reported.
    fn broken_by_name(&self, text: &str) -> Vec<Constraint> {
        let broken = self.broken_bounds(length(text));
        if text.is_empty() { broken } else { NAME.broken_by_text(text).into_iter().chain(broken).take(1).collect() }
    }

    /// Whether it is the shape of an attribute's name.
    pub(crate) fn is_attribute_name(&'static self) -> bool {
        std::ptr::eq(self, &ATTRIBUTE_NAME)
    }

    /// Whether something is asked of the value itself, and not only of what it is made of.
    pub(crate) fn bounds_itself(&self) -> bool {
        self.name_or_arn.is_some()
            || self.min.is_some()
            || self.max.is_some()
            || self.pattern.is_some()
            || self.words.is_some()
    }

    fn broken_bounds(&self, value: i64) -> Vec<Constraint> {
        let low = self.min.filter(|min| value < *min).map(|min| (Broken::Low, self.at_least_sentence(min)));
        let high = self.max.filter(|max| value > *max).map(|max| (Broken::Present, self.at_most_sentence(max)));
        low.into_iter().chain(high).collect()
    }

    /// All constraints of an element or a key, as they are listed when one of them is broken.
    pub(crate) fn listed(&self) -> String {
        if self.name_or_arn.is_some() {
            // As a key of a map, a table's name has its own lower bound.
            return NAME.at_least(NAME_SIZE_MIN).listed();
        }
        let high = self.max.map(|max| self.at_most_sentence(max));
        let low = self.min.map(|min| self.at_least_sentence(min));
        let pattern = self.pattern.as_ref().map(Pattern::sentence);
        let words = self.words.map(|_| self.words_sentence());
        let all: Vec<String> = [high, low, pattern, words].into_iter().flatten().collect();
        format!("[{}]", all.join(", "))
    }

    pub(crate) fn words_sentence(&self) -> String {
        format!("Member must satisfy enum value set: {}", self.words.unwrap_or("[]"))
    }

    fn at_least_sentence(&self, min: i64) -> String {
        format!("Member must have {} greater than or equal to {min}", self.measure())
    }

    fn at_most_sentence(&self, max: i64) -> String {
        format!("Member must have {} less than or equal to {max}", self.measure())
    }

    fn measure(&self) -> &'static str {
        if self.is_number { "value" } else { "length" }
    }
}

/// Defines the shapes of the generated list.
macro_rules! shapes {
    ($($name:ident = $shape:expr;)+) => {
        $(pub(crate) static $name: Shape = $shape;)+
    };
}
pub(crate) use shapes;

impl Pattern {
    fn sentence(&self) -> String {
        format!("Member must satisfy regular expression pattern: {}", self.text)
    }
}

fn text_is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// Of a text, in UTF-16 units as the service model counts. A text without any non-ASCII character is not walked.
fn length(text: &str) -> i64 {
    let length = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
    i64::try_from(length).unwrap_or(i64::MAX)
}

pub(crate) const NOT_NULL: &str = "Member must not be null";

#[cfg(test)]
mod tests;
