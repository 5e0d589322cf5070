//! An Ion value, as far as items and symbol tables need it.

/// Levels of containers that are read: those of an item, and `Item` and its struct around it. Bounds the stack of the readers.
pub(super) const DEPTH_MAX: usize = 40;

pub(super) struct IonValue {
    pub annotations: Vec<String>,
    pub data: Data,
}

pub(super) enum Data {
    Null,
    Bool(bool),
    /// An int, a decimal or a float, as a text that `model::Number` reads.
    Number(String),
    Text(String),
    Symbol(String),
    Blob(Vec<u8>),
    List(Vec<IonValue>),
    Struct(Vec<(String, IonValue)>),
    /// A type that no attribute value has.
    Other(&'static str),
}

impl IonValue {
    pub(super) fn plain(data: Data) -> IonValue {
        IonValue { annotations: Vec::new(), data }
    }

    pub(super) fn is_annotated_first(&self, annotation: &str) -> bool {
        self.annotations.first().is_some_and(|first| first == annotation)
    }

    pub(super) fn is_struct(&self) -> bool {
        matches!(self.data, Data::Struct(_))
    }

    /// The last field of a struct that has this name.
    pub(super) fn field(&self, name: &str) -> Option<&IonValue> {
        let Data::Struct(fields) = &self.data else { return None };
        fields.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }
}
