//! Compiled expressions back to text: operations take expressions as DynamoDB's API has them.
//!
//! A client parses an expression, resolves its placeholders and sends a tree in CBOR:
//!
//! ```text
//! condition, filter, key condition, update: [1, node, [values]]      projection: [1, [path]]
//! node: [operator, operands...]      path: [18, element...]      value: [17, index]
//! ```
//!
//! An update's node is an array of actions. An element of a path is a text, or a tagged integer for an index of a list.
//!
//! The text is as short as it can be, with placeholders of one digit and parentheses only where they are needed: DynamoDB bounds the
//! size of an expression, and the client's own text was within the bound. Names are written as they are where the grammar takes
//! them, so that messages quote them. All expressions of a request share their placeholders.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use api::Exception;
use expr::is_reserved;
use model::limits::EXPRESSION_SIZE_MAX;
use model::{AttributeValue, Attributes, DocumentPath, PathElement};

use crate::cbor::{Head, Malformed, Reader, TAG_LIST_INDEX};
use crate::value::{self, Room, ValueProblem};

/// The version of the format.
const FORMAT: i64 = 1;
/// Nodes within each other: a condition has 300 operators at most. It bounds the stack.
const DEPTH_MAX: usize = 400;
/// Values of one expression: more than its 4 KB can name.
const VALUES_MAX: usize = 2048;
/// The longest text that is written: longer than any expression that DynamoDB takes. Unit: bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What an operator is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    /// Between its two operands.
    Comparator(&'static str),
    And,
    Or,
    Not,
    Between,
    In,
    Function(&'static str),
    /// Between the operands of an update's value.
    Arithmetic(&'static str),
    Path,
    Variable,
    Action(Section),
}

/// The sections of an update, in the order in which they are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Section {
    Set,
    Add,
    Delete,
    Remove,
}

fn operator(code: i64) -> Result<Operator, Malformed> {
    use Operator::*;
    Ok(match code {
        0 => Comparator("="),
        1 => Comparator("<>"),
        2 => Comparator("<"),
        3 => Comparator(">="),
        4 => Comparator(">"),
        5 => Comparator("<="),
        6 => And,
        7 => Or,
        8 => Not,
        9 => Between,
        10 => In,
        11 => Function("attribute_exists"),
        12 => Function("attribute_not_exists"),
        13 => Function("attribute_type"),
        14 => Function("begins_with"),
        15 => Function("contains"),
        16 => Function("size"),
        17 => Variable,
        18 => Path,
        19 => Action(Section::Set),
        20 => Action(Section::Add),
        21 => Action(Section::Delete),
        22 => Action(Section::Remove),
        23 => Function("if_not_exists"),
        24 => Function("list_append"),
        25 => Arithmetic("+"),
        26 => Arithmetic("-"),
        _ => return Err(Malformed("an expression has an operator that DAX does not have")),
    })
}

/// How strongly a condition holds its operands together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Binding {
    Or,
    And,
    Not,
}

/// The placeholders of one request, which its expressions add to.
#[derive(Clone, Debug)]
pub(crate) struct Expressions {
    names: BTreeMap<String, String>,
    by_name: BTreeMap<String, String>,
    values: Vec<(String, AttributeValue)>,
    /// For the values of all of them.
    room: Room,
}

impl Default for Expressions {
    fn default() -> Expressions {
        let (names, by_name, values) = Default::default();
        Expressions { names, by_name, values, room: Room::of_expressions() }
    }
}

/// A projection: its text, the same of top-level attributes alone, and its paths in the order of the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Projected {
    pub text: String,
    pub attributes: String,
    pub paths: Vec<DocumentPath>,
}

impl Expressions {
    /// The placeholders' names, if there are any.
    pub(crate) fn names(&self) -> Option<BTreeMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// The placeholders' values, if there are any: they are taken, for they may be large.
    ///
    /// # Errors
    /// There was no memory for them until the timeout.
    pub(crate) async fn values(&mut self) -> Result<Option<Attributes>, Exception> {
        self.room.reserve().await?;
        let values = std::mem::take(&mut self.values);
        Ok((!values.is_empty()).then(|| Attributes::from_unsorted(values)))
    }

    /// A condition, a filter or a key condition as text.
    ///
    /// # Errors
    /// Bytes that are no compiled condition.
    pub(crate) fn condition(&mut self, bytes: &[u8]) -> Result<String, ValueProblem> {
        let (mut nodes, values) = parts(bytes, &mut self.room)?;
        let mut text = Text { expressions: self, values, placeholders: BTreeMap::new(), out: String::new(), before: 0 };
        text.condition(&mut nodes, Binding::Or, DEPTH_MAX)?;
        Ok(text.out)
    }

    /// An update as text.
    ///
    /// # Errors
    /// Bytes that are no compiled update.
    pub(crate) fn update(&mut self, bytes: &[u8]) -> Result<String, ValueProblem> {
        let (mut nodes, values) = parts(bytes, &mut self.room)?;
        let mut sections: BTreeMap<Section, String> = BTreeMap::new();
        let mut actions = nodes.array()?;
        let mut text = Text { expressions: self, values, placeholders: BTreeMap::new(), out: String::new(), before: 0 };
        while actions.next(&mut nodes)? {
            let (section, action) = text.action(&mut nodes)?;
            let written = sections.entry(section).or_default();
            if !written.is_empty() {
                written.push(',');
            }
            written.push_str(&action);
            text.before += action.len() + 1;
        }
        let words = sections.iter().map(|(section, actions)| format!("{} {actions}", section.word()));
        Ok(words.collect::<Vec<_>>().join(" "))
    }

    /// A projection.
    ///
    /// # Errors
    /// Bytes that are no compiled projection.
    pub(crate) fn projection(&mut self, bytes: &[u8]) -> Result<Projected, ValueProblem> {
        let mut reader = Reader::new(bytes);
        let mut outer = reader.array()?;
        begin(&mut outer, &mut reader)?;
        expect(outer.next(&mut reader)?)?;
        let (mut elements, mut paths, mut text) = (reader.array()?, Vec::new(), String::new());
        // One that is longer than an expression may be is refused by its parser, whatever comes behind.
        while text.len() <= EXPRESSION_SIZE_MAX && elements.next(&mut reader)? {
            let (code, mut operands) = node(&mut reader)?;
            if operator(code)? != Operator::Path {
                return Err(Malformed("a projection has something else than paths").into());
            }
            let path = path(&mut reader, &mut operands)?;
            text.push_str(if text.is_empty() { "" } else { "," });
            self.write_path(&path, &mut text);
            paths.push(path);
        }
        let mut tops = HashSet::new();
        let first = paths.iter().map(|path| path.name.as_str()).filter(|name| tops.insert(*name));
        let first: Vec<&str> = first.collect();
        let attributes: Vec<String> = first.into_iter().map(|name| self.name(name)).collect();
        let attributes = attributes.join(",");
        Ok(Projected { text, attributes, paths })
    }

    /// A name as it may be written: itself, or a placeholder.
    fn name(&mut self, name: &str) -> String {
        if is_plain(name) {
            return name.to_owned();
        }
        if let Some(placeholder) = self.by_name.get(name) {
            return placeholder.clone();
        }
        let placeholder = format!("#{}", short(self.names.len()));
        self.names.insert(placeholder.clone(), name.to_owned());
        self.by_name.insert(name.to_owned(), placeholder.clone());
        placeholder
    }

    fn write_path(&mut self, path: &DocumentPath, out: &mut String) {
        out.push_str(&self.name(&path.name));
        for step in &path.steps {
            match step {
                PathElement::Name(name) => {
                    out.push('.');
                    out.push_str(&self.name(name));
                }
                PathElement::Index(index) => _ = write!(out, "[{index}]"),
            }
        }
    }
}

impl Section {
    fn word(self) -> &'static str {
        match self {
            Section::Set => "SET",
            Section::Add => "ADD",
            Section::Delete => "DELETE",
            Section::Remove => "REMOVE",
        }
    }
}

/// Whether the grammar takes a name without a placeholder. Names of functions are left out.
fn is_plain(name: &str) -> bool {
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    is_word && begins && !is_reserved(name) && !["contains", "size"].contains(&name)
}

/// A number in as few characters as placeholders have.
fn short(mut number: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut text = String::new();
    loop {
        text.insert(0, char::from(DIGITS[number % DIGITS.len()]));
        number /= DIGITS.len();
        if number == 0 {
            return text;
        }
        number -= 1;
    }
}

type Sequence = crate::cbor::Sequence;

fn expect(is_there: bool) -> Result<(), Malformed> {
    if is_there { Ok(()) } else { Err(Malformed("an expression ends too early")) }
}

/// Reads the version of the format.
fn begin(outer: &mut Sequence, reader: &mut Reader<'_>) -> Result<(), Malformed> {
    expect(outer.next(reader)?)?;
    match reader.int()? {
        FORMAT => Ok(()),
        _ => Err(Malformed("an expression has a format that the server does not know")),
    }
}

/// The node and the values of an expression.
fn parts<'b>(bytes: &'b [u8], room: &mut Room) -> Result<(Reader<'b>, Vec<Option<AttributeValue>>), ValueProblem> {
    let mut reader = Reader::new(bytes);
    let mut outer = reader.array()?;
    begin(&mut outer, &mut reader)?;
    expect(outer.next(&mut reader)?)?;
    let nodes = reader;
    reader.skip()?;
    let mut values = Vec::new();
    if outer.next(&mut reader)? && !reader.null()? {
        let mut elements = reader.array()?;
        while elements.next(&mut reader)? {
            if values.len() == VALUES_MAX {
                return Err(Malformed("an expression has too many values").into());
            }
            values.push(Some(value::read(&mut reader, room)?));
        }
    }
    Ok((nodes, values))
}

/// The operator of a node, and its operands.
fn node(reader: &mut Reader<'_>) -> Result<(i64, Sequence), Malformed> {
    let mut operands = reader.array()?;
    expect(operands.next(reader)?)?;
    Ok((reader.int()?, operands))
}

fn path(reader: &mut Reader<'_>, elements: &mut Sequence) -> Result<DocumentPath, Malformed> {
    expect(elements.next(reader)?)?;
    let mut path = DocumentPath::top(reader.text()?);
    while elements.next(reader)? {
        path.steps.push(match reader.head()? {
            Head::Text(length) => PathElement::Name(reader.payload_of_text(length)?.into_owned()),
            Head::Tag(TAG_LIST_INDEX) => {
                let index = usize::try_from(reader.int()?);
                PathElement::Index(index.map_err(|_| Malformed("an index of a list is negative"))?)
            }
            _ => return Err(Malformed("an element of a path is neither a name nor an index")),
        });
        if path.steps.len() > DEPTH_MAX {
            return Err(Malformed("a path is too long"));
        }
    }
    Ok(path)
}

/// One expression that is being written.
struct Text<'e> {
    expressions: &'e mut Expressions,
    /// Those that have no placeholder yet.
    values: Vec<Option<AttributeValue>>,
    /// The placeholders of the values that are used.
    placeholders: BTreeMap<usize, String>,
    out: String,
    /// What is written of an update beside that. Unit: bytes.
    before: usize,
}

impl Text<'_> {
    /// `within` is the binding of the operator around it.
    fn condition(&mut self, reader: &mut Reader<'_>, within: Binding, depth: usize) -> Result<(), ValueProblem> {
        let inner = depth.checked_sub(1).ok_or(Malformed("an expression is nested too deeply"))?;
        self.check_size()?;
        let (code, mut operands) = node(reader)?;
        let operands = &mut operands;
        match operator(code)? {
            Operator::Or => self.connected(reader, operands, " OR ", Binding::Or, within, inner)?,
            Operator::And => self.connected(reader, operands, " AND ", Binding::And, within, inner)?,
            Operator::Not => {
                self.out.push_str("NOT ");
                expect(operands.next(reader)?)?;
                self.condition(reader, Binding::Not, inner)?;
            }
            Operator::Comparator(sign) => {
                self.operand_of(reader, operands, inner)?;
                self.out.push_str(sign);
                self.operand_of(reader, operands, inner)?;
            }
            Operator::Between => {
                self.operand_of(reader, operands, inner)?;
                self.out.push_str(" BETWEEN ");
                self.operand_of(reader, operands, inner)?;
                self.out.push_str(" AND ");
                self.operand_of(reader, operands, inner)?;
            }
            Operator::In => {
                self.operand_of(reader, operands, inner)?;
                self.out.push_str(" IN ");
                expect(operands.next(reader)?)?;
                let mut choices = reader.array()?;
                self.list(reader, &mut choices, inner)?;
            }
            Operator::Function(name) => self.function(name, reader, operands, inner)?,
            _ => return Err(Malformed("a condition has something that is none").into()),
        }
        end(operands, reader)
    }

    fn connected(
        &mut self,
        reader: &mut Reader<'_>,
        operands: &mut Sequence,
        word: &str,
        own: Binding,
        within: Binding,
        depth: usize,
    ) -> Result<(), ValueProblem> {
        let is_enclosed = own < within;
        self.out.push_str(if is_enclosed { "(" } else { "" });
        expect(operands.next(reader)?)?;
        self.condition(reader, own, depth)?;
        self.out.push_str(word);
        expect(operands.next(reader)?)?;
        self.condition(reader, own, depth)?;
        self.out.push_str(if is_enclosed { ")" } else { "" });
        Ok(())
    }

    fn function(
        &mut self,
        name: &str,
        reader: &mut Reader<'_>,
        operands: &mut Sequence,
        depth: usize,
    ) -> Result<(), ValueProblem> {
        self.out.push_str(name);
        self.list(reader, operands, depth)
    }

    /// Operands in parentheses, to the end of the sequence.
    fn list(&mut self, reader: &mut Reader<'_>, operands: &mut Sequence, depth: usize) -> Result<(), ValueProblem> {
        let mut before = '(';
        while operands.next(reader)? {
            self.out.push(before);
            self.operand(reader, depth)?;
            before = ',';
        }
        expect(before == ',')?;
        self.out.push(')');
        Ok(())
    }

    fn operand_of(
        &mut self,
        reader: &mut Reader<'_>,
        operands: &mut Sequence,
        depth: usize,
    ) -> Result<(), ValueProblem> {
        expect(operands.next(reader)?)?;
        self.operand(reader, depth)
    }

    /// A path, a value, or a function of them.
    fn operand(&mut self, reader: &mut Reader<'_>, depth: usize) -> Result<(), ValueProblem> {
        let inner = depth.checked_sub(1).ok_or(Malformed("an expression is nested too deeply"))?;
        self.check_size()?;
        let (code, mut operands) = node(reader)?;
        let operands = &mut operands;
        match operator(code)? {
            Operator::Path => {
                let path = path(reader, operands)?;
                self.expressions.write_path(&path, &mut self.out);
                return Ok(());
            }
            Operator::Variable => {
                expect(operands.next(reader)?)?;
                let index = usize::try_from(reader.int()?).map_err(|_| NO_VALUE)?;
                let placeholder = self.value(index)?;
                self.out.push_str(&placeholder);
            }
            Operator::Function(name) => self.function(name, reader, operands, inner)?,
            Operator::Arithmetic(sign) => {
                self.operand_of(reader, operands, inner)?;
                self.out.push_str(sign);
                self.operand_of(reader, operands, inner)?;
            }
            _ => return Err(Malformed("an operand of an expression is a condition").into()),
        }
        end(operands, reader)
    }

    /// An action of an update, without the word of its section.
    fn action(&mut self, reader: &mut Reader<'_>) -> Result<(Section, String), ValueProblem> {
        let (code, mut operands) = node(reader)?;
        let operands = &mut operands;
        let Operator::Action(section) = operator(code)? else {
            return Err(Malformed("an update has something else than actions").into());
        };
        self.operand_of(reader, operands, DEPTH_MAX)?;
        match section {
            Section::Set => self.out.push('='),
            Section::Add | Section::Delete => self.out.push(' '),
            Section::Remove => {}
        }
        if section != Section::Remove {
            self.operand_of(reader, operands, DEPTH_MAX)?;
        }
        end(operands, reader)?;
        Ok((section, std::mem::take(&mut self.out)))
    }

    /// The placeholder of a value of this expression.
    fn value(&mut self, index: usize) -> Result<String, Malformed> {
        if let Some(placeholder) = self.placeholders.get(&index) {
            return Ok(placeholder.clone());
        }
        let value = self.values.get_mut(index).and_then(Option::take).ok_or(NO_VALUE)?;
        let placeholder = format!(":{}", short(self.expressions.values.len()));
        self.expressions.values.push((placeholder.clone(), value));
        self.placeholders.insert(index, placeholder.clone());
        Ok(placeholder)
    }

    fn check_size(&self) -> Result<(), Malformed> {
        match self.before + self.out.len() <= TEXT_BYTES_MAX {
            true => Ok(()),
            false => Err(Malformed("an expression is too long")),
        }
    }
}

const NO_VALUE: Malformed = Malformed("an expression uses a value that it does not have");

/// A node has no more operands than its operator.
fn end(operands: &mut Sequence, reader: &mut Reader<'_>) -> Result<(), ValueProblem> {
    match operands.next(reader)? {
        true => Err(Malformed("an operator of an expression has too many operands").into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
