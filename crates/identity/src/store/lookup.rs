//! Principals of all accounts, by the names that policies have for them and by their unique ids.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use auth::iam::PrincipalIds;

use super::account::{Account, Identified, Snapshot, UserOrRole};
use super::principal::{assumed_role_arn, federated_user_arn};

/// What a policy's principal is.
enum Found {
    Id(String),
    /// Its account is here, and has no such principal.
    Missing,
    /// Its account is not here.
    Foreign,
}

/// All accounts of one snapshot; one of them perhaps as a draft has it.
pub(crate) struct Lookup<'a> {
    snapshot: &'a Snapshot,
    own: Option<&'a Account>,
    /// The draft's users and roles by their unique ids: the policies of an account's roles may name many thousands.
    own_ids: OnceLock<HashMap<&'a str, UserOrRole>>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, own: Option<&'a Account>) -> Lookup<'a> {
        Lookup { snapshot, own, own_ids: OnceLock::new() }
    }

    /// The ids of principals as a policy names them; those of accounts that are not here are left out.
    ///
    /// # Errors
    /// A principal that does not exist.
    pub(crate) fn ids<'p>(&self, principals: impl Iterator<Item = &'p str>) -> Result<PrincipalIds, &'p str> {
        let (mut ids, mut seen) = (PrincipalIds::default(), HashSet::new());
        // A policy may name one principal thousands of times.
        for principal in principals.filter(|principal| seen.insert(*principal)) {
            match self.find(principal) {
                Found::Id(id) => ids.insert(principal, id),
                Found::Foreign => {}
                Found::Missing => return Err(principal),
            }
        }
        Ok(ids)
    }

    /// The ARN that a principal has now, by its spelling in a policy and its id; none if it no longer exists.
    pub(crate) fn current_arn(&self, principal: &str, id: &str) -> Option<String> {
        if principal != id && matches!(self.find(principal), Found::Id(now) if now == id) {
            return Some(principal.to_owned());
        }
        match id.split_once(':') {
            Some((role, session)) if role.starts_with("AROA") => {
                let found = self.entity(role)?;
                let UserOrRole::Role(role) = &found.entity else { return None };
                Some(assumed_role_arn(&found.account, &role.name, session))
            }
            Some((account, name)) => Some(federated_user_arn(account, name)),
            None => self.entity_arn(id),
        }
    }

    fn find(&self, principal: &str) -> Found {
        let parts: Vec<&str> = principal.splitn(6, ':').collect();
        let ["arn", _, _, _, account, resource] = parts[..] else {
            // A unique id does not have its account.
            return self.entity_arn(principal).map_or(Found::Missing, |_| Found::Id(principal.to_owned()));
        };
        match self.account(account) {
            Some(account) => id_in(account, principal, resource).map_or(Found::Missing, Found::Id),
            // It is here, and which principals it has is not known.
            None if self.snapshot.unreadable.contains(account) => Found::Missing,
            None => Found::Foreign,
        }
    }

    fn account(&self, id: &str) -> Option<&Account> {
        let own = self.own.filter(|own| own.id == id);
        own.or_else(|| self.snapshot.account(id).map(|account| &**account))
    }

    /// The user or role with this unique id: of the draft's account as the draft has it.
    fn entity(&self, id: &str) -> Option<Identified> {
        if let Some(own) = self.own
            && let Some(entity) = self.own_ids.get_or_init(|| ids_of(own)).get(id).cloned()
        {
            return Some(Identified { account: own.id.clone(), entity });
        }
        let found = self.snapshot.of_unique_id(id)?;
        self.own.is_none_or(|own| own.id != found.account).then(|| found.clone())
    }

    fn entity_arn(&self, id: &str) -> Option<String> {
        self.entity(id).map(|found| found.arn())
    }
}

fn ids_of(account: &Account) -> HashMap<&str, UserOrRole> {
    let users = account.users.values().map(|user| (user.id.as_str(), UserOrRole::User(Arc::clone(user))));
    let roles = account.roles.values().map(|role| (role.id.as_str(), UserOrRole::Role(Arc::clone(role))));
    roles.chain(users).collect()
}

/// Names are found in letters of either case, and ARNs are the same only in the same letters.
fn id_in(account: &Account, principal: &str, resource: &str) -> Option<String> {
    let (kind, name) = resource.split_once('/')?;
    let last = name.rsplit('/').next()?;
    match kind {
        "user" => account.user(last).filter(|user| user.arn(&account.id) == principal).map(|user| user.id.clone()),
        "role" => account.role(last).filter(|role| role.arn(&account.id) == principal).map(|role| role.id.clone()),
        "assumed-role" => {
            let (role, session) = name.split_once('/')?;
            let role = account.role(role).filter(|found| found.name == role)?;
            let arn = assumed_role_arn(&account.id, &role.name, session);
            (arn == principal && session == last && !session.is_empty()).then(|| format!("{}:{session}", role.id))
        }
        "federated-user" => Some(format!("{}:{name}", account.id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::entity::User;
    use super::*;

    fn user(name: &str, id: &str) -> User {
        let (name, path, id) = (name.to_owned(), "/".to_owned(), id.to_owned());
        User { name, path, id, created_ms: 0, grants: Default::default(), groups: Vec::new(), tags: Default::default() }
    }

    fn account(id: &str, users: &[User]) -> Account {
        let users = users.iter().map(|user| (user.name.clone(), Arc::new(user.clone()))).collect();
        Account { id: id.to_owned(), users, ..Account::default() }
    }

    /// The draft's account is as the draft has it, the others as they are, and one principal is looked up once.
    #[test]
    fn unique_ids_of_all_accounts() {
        let (one, other) = ("111111111111", "222222222222");
        let moment = Snapshot::default().with(account(one, &[user("gone", "AIDA1")]));
        let moment = moment.with(account(other, &[user("b", "AIDA2")]));
        let draft = account(one, &[user("new", "AIDA3")]);
        let found = |own: Option<&Account>, id: &str| Lookup::new(&moment, own).current_arn(id, id);
        assert_eq!(found(None, "AIDA1").as_deref(), Some("arn:aws:iam::111111111111:user/gone"));
        assert_eq!(found(Some(&draft), "AIDA1"), None);
        assert_eq!(found(Some(&draft), "AIDA3").as_deref(), Some("arn:aws:iam::111111111111:user/new"));
        assert_eq!(found(Some(&draft), "AIDA2").as_deref(), Some("arn:aws:iam::222222222222:user/b"));
        assert_eq!(found(None, "AIDA3"), None);
        let ids = Lookup::new(&moment, None).ids(["AIDA2"; 1000].into_iter());
        assert_eq!(ids, Lookup::new(&moment, None).ids(["AIDA2"].into_iter()));
        assert_eq!(Lookup::new(&moment, None).ids(["AIDA2", "AIDA4"].into_iter()), Err("AIDA4"));
    }
}
