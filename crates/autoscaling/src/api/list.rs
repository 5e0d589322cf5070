//! Lists: what a filter takes, and a page of it. Of all items, the page's own are in memory, however many there are.

use std::collections::{BTreeMap, BTreeSet};

use auth::Caller;

use super::refusal::Refusal;
use super::{Answer, AutoScaling};
use crate::id::{TargetId, TargetKey};
use crate::resource::{self, Dimension, NAMESPACE};
use crate::rows::{self, TargetPages};
use crate::target::Target;

/// Of a list. Source: API Reference, MaxResults.
const PAGE_MAX: usize = 50;
/// Resources that are read by their own rows; for more, all rows of the account are read once.
const NAMED_MAX: usize = 100;

/// What a list has of targets.
pub(super) struct Filter {
    /// Whether there are any: all targets here are of one namespace.
    is_of_namespace: bool,
    resource_ids: Option<BTreeSet<String>>,
    dimension: Option<String>,
}

impl Filter {
    /// # Errors
    /// Of a dimension without a resource.
    pub(super) fn of(
        namespace: &str,
        resource_ids: Option<BTreeSet<String>>,
        dimension: Option<String>,
    ) -> Answer<Filter> {
        if dimension.is_some() && resource_ids.is_none() {
            let text = "If you specify a scalable dimension, you must also specify a resource ID";
            return Err(Refusal::Validation(text.to_owned()));
        }
        Ok(Filter { is_of_namespace: namespace == NAMESPACE, resource_ids, dimension })
    }

    /// As [`Filter::of`], of one resource or all.
    pub(super) fn of_one(namespace: &str, resource_id: Option<String>, dimension: Option<String>) -> Answer<Filter> {
        Filter::of(namespace, resource_id.map(|resource_id| BTreeSet::from([resource_id])), dimension)
    }

    pub(super) fn takes(&self, resource_id: &str, dimension: Dimension) -> bool {
        self.is_of_namespace
            && self.resource_ids.as_ref().is_none_or(|ids| ids.contains(resource_id))
            && self.dimension.as_ref().is_none_or(|wanted| wanted == dimension.name())
    }

    /// The targets that it may take, if they are few: all others it does not take.
    pub(super) fn keys(&self, caller: &Caller) -> Option<Vec<TargetKey>> {
        if !self.is_of_namespace {
            return Some(Vec::new());
        }
        let ids = self.resource_ids.as_ref().filter(|ids| ids.len() <= NAMED_MAX)?;
        let (account, region) = (caller.account.as_str(), caller.region.as_str());
        let keys = ids.iter().flat_map(|resource_id| {
            let dimensions = resource::dimensions(resource_id).into_iter();
            let taken = dimensions.filter(|dimension| self.takes(resource_id, *dimension));
            taken.map(|dimension| TargetId { account, region, resource_id, dimension }.key())
        });
        Some(keys.collect())
    }
}

/// A page of a list, in the order of its items' texts: the first ones behind a token.
pub(super) struct Page<T> {
    size: usize,
    after: Option<String>,
    items: BTreeMap<String, T>,
    /// Whether there are others.
    is_cut: bool,
}

impl<T> Page<T> {
    /// # Errors
    /// Of another size, or of a token that no answer had.
    pub(super) fn of(size: Option<i32>, token: Option<&str>) -> Answer<Page<T>> {
        let size = match size {
            None => PAGE_MAX,
            Some(size) => usize::try_from(size).ok().filter(|size| (1..=PAGE_MAX).contains(size)).ok_or_else(|| {
                Refusal::Validation(format!("MaxResults must be between 1 and {PAGE_MAX}, but was {size}"))
            })?,
        };
        let after = token.map(|token| text_of(token).ok_or(Refusal::NextToken)).transpose()?;
        Ok(Page { size, after, items: BTreeMap::new(), is_cut: false })
    }

    /// Adds an item, which is made if it is of the page.
    pub(super) fn add(&mut self, text: String, item: impl FnOnce() -> T) {
        if self.after.as_ref().is_some_and(|after| text <= *after) {
            return;
        }
        let is_full = self.items.len() >= self.size;
        if is_full && self.items.last_key_value().is_some_and(|(last, _)| text > *last) {
            self.is_cut = true;
            return;
        }
        self.items.insert(text, item());
        if self.items.len() > self.size {
            self.items.pop_last();
            self.is_cut = true;
        }
        assert!(self.items.len() <= self.size, "a page has no more items in memory than it answers with");
    }

    /// The items, and the token of the rest.
    pub(super) fn end(self) -> (Vec<T>, Option<String>) {
        let token = self.items.last_key_value().filter(|_| self.is_cut).map(|(text, _)| base::hex(text.as_bytes()));
        (self.items.into_values().collect(), token)
    }
}

/// Names that a request lists; none if it asks for all.
pub(super) fn names(asked: Option<Vec<String>>) -> Option<BTreeSet<String>> {
    asked.filter(|names| !names.is_empty()).map(|names| names.into_iter().collect())
}

pub(super) fn is_named(names: &Option<BTreeSet<String>>, name: &str) -> bool {
    names.as_ref().is_none_or(|names| names.contains(name))
}

fn text_of(token: &str) -> Option<String> {
    let digits = token.as_bytes().chunks(2);
    let bytes = digits.map(|pair| base::unhex_lower::<1>(pair).map(|[byte]| byte)).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

impl AutoScaling {
    /// The targets of an account and a region that a filter takes, in no order.
    pub(super) async fn each_target(
        &self,
        caller: &Caller,
        filter: &Filter,
        mut each: impl FnMut(Target),
    ) -> Answer<()> {
        let mut turn = self.reads.take(&caller.account).await;
        if let Some(keys) = filter.keys(caller) {
            for key in keys {
                rows::get(self.engine(), key).await?.into_iter().for_each(&mut each);
            }
            return Ok(());
        }
        let mut pages = TargetPages::new(self.engine(), Some((&caller.account, &caller.region)));
        while let Some(page) = pages.next().await? {
            let taken = page.into_iter().filter(|(target, _)| filter.takes(&target.resource_id, target.dimension));
            taken.for_each(|(target, _)| each(target));
            // An engine that answers at once would give other tasks no turn.
            tokio::task::yield_now().await;
            turn.pass().await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_all_items_once_and_no_more_in_memory_than_they_answer_with() {
        let texts: Vec<String> = (0..100).map(|number: u32| format!("{:03}", number * 37 % 100)).collect();
        let (mut found, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut made = 0;
            let mut page = Page::of(Some(7), token.as_deref()).unwrap();
            for text in &texts {
                page.add(text.clone(), || {
                    made += 1;
                    text.clone()
                });
            }
            assert!(made < 100, "those behind the page are not made");
            let (items, next) = page.end();
            found.extend(items);
            token = next;
            if token.is_none() {
                break;
            }
        }
        let mut sorted = texts;
        sorted.sort();
        assert_eq!(found, sorted);
    }
}
