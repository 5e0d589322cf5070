//! Principals of all accounts, by the names that policies have for them and by their unique ids.

use auth::iam::PrincipalIds;

use super::account::{Account, Snapshot};
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
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, own: Option<&'a Account>) -> Lookup<'a> {
        Lookup { snapshot, own }
    }

    /// The ids of principals as a policy names them; those of accounts that are not here are left out.
    ///
    /// # Errors
    /// A principal that does not exist.
    pub(crate) fn ids<'p>(&self, principals: impl Iterator<Item = &'p str>) -> Result<PrincipalIds, &'p str> {
        let mut ids = PrincipalIds::default();
        for principal in principals {
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
                let (account, role) = self.accounts().find_map(|account| Some((account, account.role_of_id(role)?)))?;
                Some(assumed_role_arn(&account.id, &role.name, session))
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

    /// The draft's comes first, and once.
    fn accounts(&self) -> impl Iterator<Item = &Account> {
        let others = self.snapshot.accounts().map(|account| &**account);
        let others = others.filter(|account| self.own.is_none_or(|own| own.id != account.id));
        self.own.into_iter().chain(others)
    }

    fn entity_arn(&self, id: &str) -> Option<String> {
        self.accounts().find_map(|account| {
            let user = account.user_of_id(id).map(|user| user.arn(&account.id));
            user.or_else(|| account.role_of_id(id).map(|role| role.arn(&account.id)))
        })
    }
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
