//! The side of a process that asks another one about a group: what a step does to the table of a member in another process, it asks
//! of that process.

use bytes::Bytes;
use cluster::catalog::Interrupted;
use tables::{Definition, Member, MemberStatus, Overrides};

use crate::follow::FollowError;
use crate::peers::{Ask, Message, PeerAnswer, PeerError, PeerRequest, Seen, for_peers};
use crate::service::Service;

impl From<PeerError> for Interrupted {
    fn from(error: PeerError) -> Interrupted {
        Interrupted::Failed(error.to_string())
    }
}

impl From<PeerError> for FollowError {
    fn from(error: PeerError) -> FollowError {
        FollowError::Failed(error.to_string())
    }
}

impl Service {
    /// Whether a region is in another process.
    pub(crate) fn is_remote(&self, region: &str) -> bool {
        self.settings.peers.as_ref().is_some_and(|peers| peers.regions().iter().any(|known| known == region))
    }

    /// Asks the process of a member's region. `own` is the table that asks.
    pub(super) async fn ask(
        &self,
        own: &Definition,
        to: &str,
        ask: Ask,
        rows: &[u8],
    ) -> Result<(PeerAnswer, Bytes), PeerError> {
        let peers = self.settings.peers.as_ref();
        let peers = peers.ok_or_else(|| PeerError::Refused(format!("there is no --peer for {to}")))?;
        let request = PeerRequest {
            from: own.region.clone(),
            to: to.to_owned(),
            account: own.account.clone(),
            table_name: own.name.clone(),
            ask,
        };
        let message = Message::new(&request, rows).map_err(PeerError::Refused)?;
        let (answer, rows) = peers.call(to, message).await?.read().map_err(PeerError::Refused)?;
        match answer {
            PeerAnswer::Refused(why) => Err(PeerError::Refused(why)),
            answer => Ok((answer, rows)),
        }
    }

    /// What another process has under the table's name.
    pub(super) async fn look(&self, own: &Definition, region: &str) -> Result<Seen, PeerError> {
        match self.ask(own, region, Ask::Look, &[]).await? {
            (PeerAnswer::Seen(seen), _) => {
                self.remote_members.set(own, region, &seen);
                Ok(seen)
            }
            _ => Err(unexpected()),
        }
    }

    pub(super) async fn ask_to(&self, own: &Definition, region: &str, ask: Ask) -> Result<(), PeerError> {
        self.ask(own, region, ask, &[]).await.map(drop)
    }

    pub(super) async fn ask_whether(&self, own: &Definition, region: &str, ask: Ask) -> Result<bool, PeerError> {
        match self.ask(own, region, ask, &[]).await? {
            (PeerAnswer::Is(is), _) => Ok(is),
            _ => Err(unexpected()),
        }
    }

    /// Has a member's table created; returns why it cannot be, if it cannot.
    pub(super) async fn ask_to_create(&self, own: &Definition, member: &Member) -> Result<Option<String>, PeerError> {
        let (source, member) = (Box::new(for_peers(own)), member.clone());
        let region = member.region.clone();
        match self.ask(own, &region, Ask::Create { source, member }, &[]).await? {
            (PeerAnswer::Done, _) => Ok(None),
            (PeerAnswer::Unfit(why), _) => Ok(Some(why)),
            _ => Err(unexpected()),
        }
    }

    pub(super) async fn ask_to_introduce(
        &self,
        own: &Definition,
        to: &str,
        region: &str,
        status: MemberStatus,
    ) -> Result<bool, PeerError> {
        self.ask_whether(own, to, Ask::Introduce { region: region.to_owned(), status }).await
    }

    pub(super) async fn ask_to_override(
        &self,
        own: &Definition,
        to: &str,
        overrides: Overrides,
    ) -> Result<(), PeerError> {
        self.ask_to(own, to, Ask::Override { overrides, group: Box::new(for_peers(own)) }).await
    }

    /// The definition of a member's table, of this process or of another one; none if there is none, or a table that is no member.
    pub(super) async fn member_definition(
        &self,
        own: &Definition,
        region: &str,
    ) -> Result<Option<Definition>, PeerError> {
        match self.is_remote(region) {
            true => Ok(self.look(own, region).await?.into_member()),
            false => Ok(self.member_table(own, region).map(|table| table.definition.clone())),
        }
    }
}

pub(super) fn unexpected() -> PeerError {
    PeerError::Refused("an answer to another question".to_owned())
}
