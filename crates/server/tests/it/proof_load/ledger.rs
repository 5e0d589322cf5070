//! A writer's ledger: what its items are, and what a call without an answer would have made of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::past::Knowledge;

/// Counters that all writers add to, in transactions.
pub(super) const SHARED: u64 = 2;

#[derive(Clone)]
pub(super) struct Ledger {
    id: u64,
    /// Its items, by sort key.
    pub(super) items: BTreeMap<String, Value>,
    /// Additions to each of the shared counters.
    pub(super) shared: [u64; SHARED as usize],
    /// Items that it was the first to put.
    pub(super) claims: BTreeMap<String, Value>,
    pub(super) doubt: Option<Deed>,
    /// The last acknowledged transactions with a token.
    pub(super) tokened: Vec<Value>,
}

/// What a call does.
#[derive(Clone)]
pub(super) struct Deed {
    pub(super) effect: Effect,
    /// All or nothing; else each write for itself.
    pub(super) is_whole: bool,
    /// The call, if it can be made again because of its token.
    pub(super) tokened: Option<Value>,
}

#[derive(Clone, Default)]
pub(super) struct Effect {
    pub(super) items: BTreeMap<String, Option<Value>>,
    pub(super) shared: Option<u64>,
    pub(super) claim: Option<(String, Value)>,
}

impl Knowledge for Ledger {
    type Deed = Deed;

    fn learn(&mut self, deed: Deed) {
        self.tokened.extend(deed.tokened);
        self.apply(deed.effect);
    }

    fn doubt(&mut self, deed: Deed) {
        self.doubt = Some(deed);
    }
}

impl Ledger {
    pub(super) fn new(id: u64) -> Ledger {
        Ledger {
            id,
            items: BTreeMap::new(),
            shared: [0; SHARED as usize],
            claims: BTreeMap::new(),
            doubt: None,
            tokened: Vec::new(),
        }
    }

    pub(super) fn pk(&self) -> String {
        format!("writer {}", self.id)
    }

    pub(super) fn key(&self, sk: &str) -> Value {
        json!({"pk": {"S": self.pk()}, "sk": {"S": sk}})
    }

    pub(super) fn forget_tokens(&mut self) {
        self.tokened.clear();
        if let Some(deed) = &mut self.doubt {
            deed.tokened = None;
        }
    }

    fn apply(&mut self, effect: Effect) {
        for (sk, item) in effect.items {
            match item {
                Some(item) => self.items.insert(sk, item),
                None => self.items.remove(&sk),
            };
        }
        if let Some(counter) = effect.shared {
            self.shared[counter as usize] += 1;
        }
        if let Some((sk, item)) = effect.claim {
            assert_eq!(self.claims.insert(sk, item), None, "the same item claimed twice");
        }
    }

    /// Decides from what is there whether the call without an answer has happened.
    pub(super) fn resolve(&mut self, there: &BTreeMap<String, Value>, claims: &BTreeMap<String, Value>) {
        let Some(Deed { mut effect, is_whole, .. }) = self.doubt.take() else { return };
        let is_there = |sk: &String, item: &Option<Value>| there.get(sk) == item.as_ref();
        if !is_whole {
            effect.items.retain(|sk, item| is_there(sk, item));
        } else if let Some((sk, item)) = &effect.claim {
            if claims.get(sk) != Some(item) {
                return;
            }
        } else if !effect.items.iter().all(|(sk, item)| is_there(sk, item)) {
            return;
        } else if effect.items.iter().all(|(sk, item)| self.items.get(sk) == item.as_ref()) {
            // It only deleted what was not there: only a shared counter would show it.
            assert!(effect.shared.is_none(), "a transaction that nothing tells from none");
        }
        self.apply(effect);
    }

    /// The call in doubt has happened.
    pub(super) fn resolve_as_done(&mut self) {
        if let Some(deed) = self.doubt.take() {
            self.apply(deed.effect);
        }
    }
}
