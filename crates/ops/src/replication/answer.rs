//! The side of a process that other processes ask. A message is from a region that its sender has (the transport has checked that),
//! and asks of a region of this process. A sender speaks for its own region: it hands in changes that were made there, and no
//! others, and changes tables that have its region as a member.

use std::ops::Bound;

use api::{DeleteTableInput, Exception};
use auth::Caller;
use bytes::Bytes;
use cluster::catalog::Interrupted;
use model::RegionName;
use model::codec::row::Stored;
use storage::{Family, Pages, ScanRange};
use tables::{Definition, Place, rows};

use super::apply::stamp_of;
use super::shipment::Shipped;
use crate::peers::{Ask, Message, PeerAnswer, PeerRequest, Seen, for_peers};
use crate::service::Service;

/// What one page of a copy reads.
const PAGE_ROWS: usize = 2_048;
const PAGE_BYTES: usize = 4 << 20;

impl Service {
    /// Answers a message of another process. `is_of_sender` says whether the sender has a region.
    ///
    /// # Errors
    /// If it is no message.
    pub async fn answer_peer(&self, message: &Message, is_of_sender: impl Fn(&str) -> bool) -> Result<Message, String> {
        let (request, rows) = message.read::<PeerRequest>()?;
        let answered = match self.refuse_peer(&request, is_of_sender) {
            Some(why) => Err(why),
            None => self.answer_ask(request, rows).await,
        };
        let (answer, rows) = answered.unwrap_or_else(|why| (PeerAnswer::Refused(why), Vec::new()));
        Message::new(&answer, &rows)
    }

    fn refuse_peer(&self, request: &PeerRequest, is_of_sender: impl Fn(&str) -> bool) -> Option<String> {
        let PeerRequest { from, to, .. } = request;
        if !self.is_remote(from) {
            return Some(format!("{from} is no --peer of this process"));
        }
        if !is_of_sender(from) {
            return Some(format!("the sender's certificate is not one of {from}"));
        }
        let serves = self.settings.regions.iter().any(|served| served == to);
        (!serves).then(|| format!("{to} is no region of this process"))
    }

    async fn answer_ask(&self, request: PeerRequest, rows: Bytes) -> Result<(PeerAnswer, Vec<u8>), String> {
        let failed = |error: Interrupted| match error {
            Interrupted::Failed(why) | Interrupted::Lost(why) => why,
            Interrupted::Stopping => "the server is stopping".to_owned(),
        };
        let PeerRequest { from, to, account, table_name, ask } = request;
        let place = Place { account: &account, region: &to, name: &table_name };
        match ask {
            Ask::Look => Ok((PeerAnswer::Seen(self.seen(place, &from)?), Vec::new())),
            Ask::Create { source, member } => {
                let is_meant = source.region == from && member.region == to;
                if !is_meant || source.account != account || source.name != table_name {
                    return Err("the new member is not the one of the request".to_owned());
                }
                let unfit = self.create_replica(&source, &member).await.map_err(failed)?;
                Ok((unfit.map_or(PeerAnswer::Done, PeerAnswer::Unfit), Vec::new()))
            }
            Ask::Rows { after } => self.page_of_rows(&self.own_member(place, &from)?, after).await,
            Ask::Replicate => self.answer_replicate(place, &from, rows).await,
            ask => {
                let own = self.own_member(place, &from)?;
                Ok((self.change_own(own, &from, ask).await.map_err(failed)?, Vec::new()))
            }
        }
    }

    /// # Errors
    /// Of a table that cannot be read: it is neither gone nor another one, and is asked for again.
    fn seen(&self, place: Place<'_>, from: &str) -> Result<Seen, String> {
        Ok(match self.catalog.lookup(place).map_err(|error| error.to_string())? {
            None => Seen::Absent,
            Some(table) if table.definition.member(from).is_some() => {
                Seen::Member(Box::new(for_peers(&table.definition)))
            }
            Some(_) => Seen::Stranger,
        })
    }

    /// The table of this process, if the region that asks is a member of its group.
    fn own_member(&self, place: Place<'_>, from: &str) -> Result<Definition, String> {
        let table = self.catalog.find(place).filter(|table| table.definition.member(from).is_some());
        let table = table.ok_or_else(|| format!("there is no table {} that has a replica in {from}", place.arn()))?;
        Ok(table.definition.clone())
    }

    /// Does what another process asks of a table of this one, that has the process's region as a member.
    async fn change_own(&self, own: Definition, from: &str, ask: Ask) -> Result<PeerAnswer, Interrupted> {
        let there = Definition { region: from.to_owned(), ..own.clone() };
        match ask {
            Ask::Introduce { region, status } => {
                let is_known = self.is_remote(&region) || self.settings.regions.contains(&region);
                if !is_known || region == own.region {
                    return Err(Interrupted::Failed(format!(
                        "{region} is no other region and no --peer of {}",
                        own.region
                    )));
                }
                Ok(PeerAnswer::Is(self.introduce(&there, &own.region, &region, status).await?))
            }
            Ask::Show { status } => {
                self.show_member(&there, &own.region, status).await?;
                Ok(PeerAnswer::Done)
            }
            Ask::Delete => {
                self.delete_replica(&own).await?;
                Ok(PeerAnswer::Done)
            }
            Ask::Adopt { source } => {
                // What a peer sends of other tables is not looked at: the settings alone are.
                self.adopt_settings(own.table_id, &source).await?;
                Ok(PeerAnswer::Done)
            }
            Ask::Override { overrides, group } => {
                self.override_member(&own, overrides, &group).await?;
                Ok(PeerAnswer::Done)
            }
            Ask::HasDelivered => {
                let is_usable = own.is_usable() || own.delivers_to_members();
                Ok(PeerAnswer::Is(!is_usable || self.delivers_soon(&own, from).await?))
            }
            Ask::DeliveredUntil => Ok(PeerAnswer::Until(self.delivered_until(&own, from).await?)),
            Ask::Look | Ask::Create { .. } | Ask::Rows { .. } | Ask::Replicate => {
                Err(Interrupted::Failed("the question has another answer".to_owned()))
            }
        }
    }

    /// Deletes a table, which a group does not want to have any more.
    pub(super) async fn delete_replica(&self, own: &Definition) -> Result<(), Exception> {
        if !own.is_usable() {
            return Ok(());
        }
        let (account, region) = (own.account.clone(), own.region.clone());
        let caller = Caller { account, region, access_key: String::new(), identity: None, served: None };
        self.delete_table(&caller, DeleteTableInput { table_name: own.name.clone() }).await.map(drop)
    }

    /// Rows of a table behind a position, for another region.
    pub(super) async fn page_of_rows(
        &self,
        own: &Definition,
        after: Option<Vec<u8>>,
    ) -> Result<(PeerAnswer, Vec<u8>), String> {
        let region = RegionName::parse(&own.region).ok_or("the region has no name")?;
        self.learn_table_key(own.table_id).await.map_err(|error| error.to_string())?;
        let prefix = rows::table_prefix(own.table_id);
        let mut range = ScanRange::of_prefix(Family::Items, prefix.clone(), PAGE_ROWS, PAGE_BYTES);
        if let Some(after) = after {
            range.lower = Bound::Excluded([&prefix[..], &after].concat().into());
        }
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        let page = pages.next_with_damaged().await.map_err(|error| error.to_string())?;
        let Some(page) = page else { return Ok((PeerAnswer::Rows { last: None }, Vec::new())) };
        self.report_damaged_rows(own.table_id, &page.damaged, super::copy::LEFT_OUT);
        // A damaged row at the end may have no key: the rows before it count all the same.
        let last = page.last_key().or_else(|| page.rows.last().map(|row| &row.key));
        let last = last.and_then(|key| key.strip_prefix(&prefix[..]).map(<[u8]>::to_vec));
        let mut out = Vec::new();
        for row in &page.rows {
            match Stored::read(row.value.clone()) {
                // A tombstone has no key that another database could place it by. Its deletion is delivered from the log, for as long
                // as an older write of the item may be.
                Ok(Stored::Tombstone(_)) => {}
                Ok(Stored::Item(row)) => {
                    let stamp = stamp_of(&row, region);
                    Shipped { stamp, created_ms: 0, row, is_deletion: false }.push(&mut out);
                }
                Err(what) => self.report_row(own.table_id, Some(&row.key), &what.to_string(), super::copy::LEFT_OUT),
            }
        }
        Ok((PeerAnswer::Rows { last }, out))
    }

    async fn answer_replicate(
        &self,
        place: Place<'_>,
        from: &str,
        rows: Bytes,
    ) -> Result<(PeerAnswer, Vec<u8>), String> {
        let shipped = Shipped::read_all(rows)?;
        // Of another region's writes that region itself is the source: nothing else can forge their stamps.
        if let Some(other) = shipped.iter().find(|shipped| shipped.stamp.region.as_str() != from) {
            return Err(format!("{from} hands in a write of {}", other.stamp.region));
        }
        let count = self.apply_shipped(place, from, &shipped).await.map_err(|error| error.to_string())?;
        Ok((PeerAnswer::Replicated { count }, Vec::new()))
    }
}
