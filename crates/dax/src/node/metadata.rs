//! What clients ask about the cluster, tables and attribute lists.

use std::net::{IpAddr, SocketAddr};

use model::KeyType;

use crate::answer;
use crate::attribute_lists::Definer;
use crate::cbor::{Head, Malformed, Reader, TAG_STRING_SET, Writer};
use crate::members::Advertised;
use crate::permission;
use crate::request;

use super::{Answer, Node, Requester};

/// Names of one list that a client may define: an item's names are part of its size.
const NAMES_MAX: usize = 100_000;

/// What `endpoints` says of a node.
mod endpoint {
    pub(super) const NODE: i64 = 0;
    pub(super) const HOSTNAME: i64 = 1;
    pub(super) const ADDRESS: i64 = 2;
    pub(super) const PORT: i64 = 3;
    pub(super) const ROLE: i64 = 4;
    pub(super) const AVAILABILITY_ZONE: i64 = 5;
    pub(super) const LEADER_SESSION: i64 = 6;
    pub(super) const MEMBERS: usize = 7;
    pub(super) const LEADER: i64 = 1;
    pub(super) const REPLICA: i64 = 2;
}

impl Node {
    /// The nodes of the cluster. Of this one, without another address, the one that the client has connected to, which it can reach and
    /// which is of its family of addresses. The leader's session is another one when another node leads.
    pub(super) fn endpoints(&self, local: SocketAddr) -> Writer {
        let members = self.members.all();
        let leader = members.first().map_or(self.number, |member| member.number);
        let mut out = answer::success();
        out.array(members.len());
        for member in members.iter() {
            let role = if member.number == leader { endpoint::LEADER } else { endpoint::REPLICA };
            write_endpoint(&mut out, member.number, &member.address(self.number, local), role, leader);
        }
        out
    }

    pub(super) async fn define_key_schema(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let name = request::name(reader)?;
        let schema = self.table(requester, &name).await?.schema;
        let mut out = answer::success();
        out.map(schema.len());
        for attribute in schema.attributes() {
            out.text(&attribute.name);
            out.text(match attribute.key_type {
                KeyType::S => "S",
                KeyType::N => "N",
                KeyType::B => "B",
            });
        }
        Ok(out)
    }

    /// The names come as an array, and from the Java client as a set.
    pub(super) async fn define_attribute_list_id(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        if reader.peek()? == Head::Tag(TAG_STRING_SET) {
            reader.head()?;
        }
        let (mut elements, mut names) = (reader.array()?, Vec::new());
        while elements.next(reader)? {
            if names.len() == NAMES_MAX {
                return Err(Malformed("an attribute list has too many names").into());
            }
            names.push(reader.text()?);
        }
        permission::may_write(requester.caller, &self.cluster)?;
        let names = names.iter().map(AsRef::as_ref);
        let principal = requester.caller.identity.as_ref().map(|identity| &identity.principal);
        // Of a session, what it is one of.
        let caller = principal.map(|principal| principal.role_id.as_deref().unwrap_or(&principal.user_id));
        let number = self.lists.number(self.space(requester), names, Definer::Client { caller }).await?;
        let mut out = answer::success();
        out.int(number);
        Ok(out)
    }

    pub(super) async fn define_attribute_list(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        permission::may_read(requester.caller, &self.cluster)?;
        let list = self.lists.list(self.space(requester), reader.int()?).await?;
        let mut out = answer::success();
        out.array(list.names.len());
        list.names.iter().for_each(|name| out.text(name));
        Ok(out)
    }
}

fn write_endpoint(out: &mut Writer, number: i64, node: &Advertised, role: i64, leader: i64) {
    out.map(endpoint::MEMBERS);
    out.int(endpoint::NODE);
    out.int(number);
    out.int(endpoint::HOSTNAME);
    out.text(&node.host);
    out.int(endpoint::ADDRESS);
    match node.address.ip() {
        IpAddr::V4(ip) => out.bytes(&ip.octets()),
        IpAddr::V6(ip) => out.bytes(&ip.octets()),
    }
    out.int(endpoint::PORT);
    out.int(i64::from(node.address.port()));
    out.int(endpoint::ROLE);
    out.int(role);
    out.int(endpoint::AVAILABILITY_ZONE);
    out.text("local");
    out.int(endpoint::LEADER_SESSION);
    out.int(leader);
}
