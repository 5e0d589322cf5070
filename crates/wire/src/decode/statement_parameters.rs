//! Parameters of PartiQL statements: a list of attribute values, or the first refusal of one.

use api::StatementParameters;
use model::AttributeValue;
use serde::de::SeqAccess;

use crate::constraint::Shape;

use super::context::Context;
use super::describe::Description;
use super::{Decode, Expected};

impl Decode for StatementParameters {
    const EXPECTED: Expected = Expected::List;

    fn from_list<'de, A: SeqAccess<'de>>(
        body: A,
        shape: &'static Shape,
        context: &mut Context,
    ) -> Result<StatementParameters, A::Error> {
        let (values, refusal) = context.apart(|context| Vec::<AttributeValue>::from_list(body, shape, context));
        Ok(StatementParameters(refusal.map_or(Ok(values?), Err)))
    }

    fn describe(&self, out: &mut Description) {
        out.list(self.values().iter());
    }
}
