//! What a request says of one resource, as far as conditions may look at it: references into the request, of which
//! nothing is read before a policy names a key.

use std::collections::{BTreeMap, BTreeSet};

use api::validation::Envelope;
use api::{AttributeValueUpdate, Exception, ExpectedAttributeValue};
use expr::partiql::{Access, PartiqlError, Plan, Statement, access, key_of};
use expr::{Condition, ExpressionKind, KeyParts, Placeholders, Projection, Update, legacy};
use model::{AttributeValue, Attributes, KeyAttribute, KeySchema};
use tables::Table;
use tables::item_key::KeyProblem;

use crate::index_choice::find_index;
use crate::parameters::invalid;
use crate::partiql::refused;

type Conditions = BTreeMap<String, api::Condition>;

/// The members of a request, or of one action of it, under their own names.
#[derive(Default)]
pub(crate) struct Said<'a> {
    /// Around refusals of its expressions, as the operation itself would have it.
    pub envelope: Envelope,
    /// Keys, or whole items that are put.
    pub items: Vec<&'a Attributes>,
    pub exclusive_start_key: Option<&'a Attributes>,
    pub index_name: Option<&'a str>,
    pub names: Option<&'a BTreeMap<String, String>>,
    pub values: Option<&'a Attributes>,
    pub projection: Option<&'a str>,
    pub condition: Option<&'a str>,
    pub filter: Option<&'a str>,
    pub key_condition: Option<&'a str>,
    pub update: Option<&'a str>,
    pub attributes_to_get: Option<&'a [String]>,
    pub expected: Option<&'a BTreeMap<String, ExpectedAttributeValue>>,
    pub attribute_updates: Option<&'a BTreeMap<String, AttributeValueUpdate>>,
    pub legacy_filter: Option<&'a Conditions>,
    pub key_conditions: Option<&'a Conditions>,
    pub statement: Option<Statement>,
    pub select: Option<&'static str>,
    /// None where the operation has no such key. A write that may show one thing or another has both.
    pub return_values: Vec<&'static str>,
    pub return_consumed_capacity: Option<&'static str>,
    pub enclosing_operation: Option<&'static str>,
    /// Tags that are set, or only keys that are taken away.
    pub tags: Vec<(&'a str, Option<&'a str>)>,
}

impl Said<'_> {
    /// The top-level attributes that the request names, each once.
    ///
    /// # Errors
    /// What is wrong with the request, if it cannot be read: it is refused with that.
    pub(super) fn attributes(&self) -> Result<BTreeSet<String>, Exception> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut add = |name: &str| {
            if !names.contains(name) {
                names.insert(name.to_owned());
            }
        };
        let items = self.items.iter().copied().chain(self.exclusive_start_key);
        items.flat_map(Attributes::names).for_each(&mut add);
        self.attributes_to_get.into_iter().flatten().for_each(|name| add(name));
        self.expected.into_iter().flat_map(BTreeMap::keys).for_each(|name| add(name));
        self.attribute_updates.into_iter().flat_map(BTreeMap::keys).for_each(|name| add(name));
        let conditions = self.legacy_filter.into_iter().chain(self.key_conditions);
        conditions.flat_map(BTreeMap::keys).for_each(|name| add(name));
        if let Some(statement) = &self.statement {
            statement_attributes(statement).into_iter().for_each(&mut add);
        }
        let mut placeholders = self.placeholders()?;
        let refuse = |error| self.envelope.refuse(invalid(error));
        if let Some(text) = self.projection {
            Projection::parse(text, &mut placeholders).map_err(refuse)?.attribute_names().for_each(&mut add);
        }
        if let Some(text) = self.update {
            Update::parse(text, &mut placeholders).map_err(refuse)?.attribute_names().into_iter().for_each(&mut add);
        }
        for (kind, text) in [
            (ExpressionKind::Condition, self.condition),
            (ExpressionKind::Filter, self.filter),
            (ExpressionKind::KeyCondition, self.key_condition),
        ] {
            if let Some(text) = text {
                let condition = Condition::parse(kind, text, &mut placeholders).map_err(refuse)?;
                condition.attribute_names().into_iter().for_each(&mut add);
            }
        }
        Ok(names)
    }

    fn placeholders(&self) -> Result<Placeholders, Exception> {
        Placeholders::new(self.names.cloned(), self.values.cloned())
            .map_err(|error| self.envelope.refuse(invalid(error)))
    }

    /// The values of partition keys that the request is about, one list for each attribute of the key; `None` if it
    /// does not say which.
    ///
    /// # Errors
    /// As for [`Said::attributes`], and if it does not say as much of the key as it must.
    pub(super) fn partitions(&self, table: &Table) -> Result<Option<Vec<Vec<AttributeValue>>>, Exception> {
        if let Some(statement) = &self.statement {
            return statement_partitions(statement, table);
        }
        let index = find_index(table, self.index_name)?;
        let schema = index.map_or(&table.key, |index| &index.key);
        let parts = match (self.key_condition, self.key_conditions) {
            (Some(text), _) => {
                let condition = Condition::parse(ExpressionKind::KeyCondition, text, &mut self.placeholders()?);
                KeyParts::of(&condition.map_err(invalid)?)
            }
            (None, Some(conditions)) => legacy::key_conditions(conditions.clone()),
            (None, None) => return of_items(&self.items, schema).map(Some),
        };
        let condition = parts.and_then(|parts| parts.analyse(schema)).map_err(invalid)?;
        Ok(Some(condition.hash.into_iter().map(|value| vec![value]).collect()))
    }

    /// Whether a SELECT reads its whole table or index.
    ///
    /// # Errors
    /// As for [`Said::partitions`].
    pub(super) fn is_full_scan(&self, table: &Table) -> Result<Option<bool>, Exception> {
        let Some(Statement::Select(select)) = &self.statement else { return Ok(None) };
        let index = find_index(table, select.index.as_deref())?;
        let schema = index.map_or(&table.key, |index| &index.key);
        let plan = access(select.condition.as_ref(), &select.order, schema).map_err(refused)?;
        Ok(Some(plan.access == Access::Scan))
    }
}

fn of_items(items: &[&Attributes], schema: &KeySchema) -> Result<Vec<Vec<AttributeValue>>, Exception> {
    let of_key = |key: &KeyAttribute| {
        let value = |item: &&Attributes| {
            let value = item.get(&key.name).filter(|value| value.view().kind() == key.key_type.kind());
            value.cloned().ok_or(KeyProblem::SchemaMismatch)
        };
        items.iter().map(value).collect::<Result<Vec<AttributeValue>, KeyProblem>>().map_err(Exception::from)
    };
    schema.hash.iter().map(of_key).collect()
}

fn statement_attributes(statement: &Statement) -> Vec<&str> {
    match statement {
        Statement::Select(select) => {
            let columns = select.columns.as_ref().map(|columns| columns.attribute_names()).unwrap_or_default();
            let condition = select.condition.as_ref().map(Condition::attribute_names).unwrap_or_default();
            let order = select.order.iter().map(|key| key.name.as_str());
            columns.into_iter().chain(condition).chain(order).collect()
        }
        Statement::Insert(insert) => insert.item.names().collect(),
        Statement::Update(update) => {
            let condition = update.condition.attribute_names();
            update.update.attribute_names().into_iter().chain(condition).collect()
        }
        Statement::Delete(delete) => delete.condition.attribute_names(),
        Statement::Exists(exists) => exists.condition.attribute_names(),
    }
}

fn statement_partitions(statement: &Statement, table: &Table) -> Result<Option<Vec<Vec<AttributeValue>>>, Exception> {
    let of_condition = |condition: &Condition| match key_of(condition, &table.key) {
        Some((key, _)) => of_items(&[&key], &table.key).map(Some),
        None => Err(refused(PartiqlError::KeyRequired)),
    };
    match statement {
        Statement::Select(select) => {
            let index = find_index(table, select.index.as_deref())?;
            let schema = index.map_or(&table.key, |index| &index.key);
            let plan: Plan = access(select.condition.as_ref(), &select.order, schema).map_err(refused)?;
            let Access::Keys { conditions, .. } = plan.access else { return Ok(None) };
            let of_key = |at: usize| conditions.iter().map(|condition| condition.hash[at].clone()).collect();
            Ok(Some((0..schema.hash.len()).map(of_key).collect()))
        }
        Statement::Insert(insert) => of_items(&[&insert.item], &table.key).map(Some),
        Statement::Update(update) => of_condition(&update.condition),
        Statement::Delete(delete) => of_condition(&delete.condition),
        Statement::Exists(exists) => match key_of(&exists.condition, &table.key) {
            Some((key, _)) => of_items(&[&key], &table.key).map(Some),
            None => Err(refused(PartiqlError::ExistsWithoutCondition)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_refused_in_the_operations_envelope() {
        let attributes = |envelope| Said { condition: Some("a ="), envelope, ..Said::default() }.attributes();
        let text = r#"Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "=""#;
        assert_eq!(attributes(Envelope::Bare), Err(Exception::validation(text)));
        assert_eq!(attributes(Envelope::Enveloped), Err(Envelope::Enveloped.refuse(Exception::validation(text))));
    }
}
