//! Tags of event source mappings: TagResource, UntagResource and ListTags of Lambda's API.
//!
//! They stand in the mapping's document and mean nothing to its delivery, so they may change whatever is being done with it.

use std::collections::BTreeMap;

use auth::Caller;
use serde_json::{Map, Value, json};

use super::{Answer, Refusal, Request, find, query, read};
use crate::triggers::mapping::Mapping;
use crate::triggers::{MAPPINGS, Triggers};

pub(super) const PATH: &str = "/2017-03-31/tags/";

/// Source: AWS Lambda Developer Guide, "Tag requirements".
const TAGS_MAX: usize = 50;
/// Unit: characters.
const KEY_LENGTH_MAX: usize = 128;
const VALUE_LENGTH_MAX: usize = 256;

pub(crate) type Tags = BTreeMap<String, String>;

impl Triggers {
    pub(super) async fn answer_tags(&self, caller: &Caller, request: &Request<'_>) -> Answer {
        let arn = query::decoded(request.path.strip_prefix(PATH).unwrap_or_default());
        let uuid = arn.rsplit(':').next().unwrap_or_default();
        let is_it = |mapping: &&Mapping| mapping.arn() == arn;
        let change = async |tag: &(dyn Fn(&mut Tags) + Sync)| {
            let changed = self.change(uuid, |mappings| {
                let mut mapping =
                    find(mappings, caller, uuid).ok().filter(is_it).ok_or(Refusal::ResourceNotFound)?.clone();
                tag(&mut mapping.tags);
                checked(&mapping.tags)?;
                Ok(mapping)
            });
            changed.await.map(|_| (204, Value::Null))
        };
        match request.method {
            "GET" => {
                self.permit_mapping(caller, "lambda:ListTags", uuid, Vec::new()).await?;
                let mappings = read(&self.service.documents(MAPPINGS).await?)?;
                let mapping = find(&mappings, caller, uuid).ok().filter(is_it).ok_or(Refusal::ResourceNotFound)?;
                Ok((200, json!({"Tags": mapping.tags})))
            }
            "POST" => {
                let body: Value = serde_json::from_slice(request.body).unwrap_or_default();
                let members = body.get("Tags").and_then(Value::as_object);
                let added = tags(members.ok_or_else(|| Refusal::Validation(vec![NO_TAGS.to_owned()]))?)?;
                let asked = added.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
                self.permit_mapping(caller, "lambda:TagResource", uuid, asked).await?;
                change(&|tags| tags.extend(added.clone())).await
            }
            "DELETE" => {
                let keys = query::values(request.query, "tagKeys");
                let asked = keys.iter().map(|key| (&**key, None)).collect();
                self.permit_mapping(caller, "lambda:UntagResource", uuid, asked).await?;
                change(&|tags| tags.retain(|key, _| !keys.contains(key))).await
            }
            _ => Err(Refusal::UnknownOperation),
        }
    }
}

const NO_TAGS: &str = "Value null at 'tags' failed to satisfy constraint: Member must not be null";

/// The tags of a request.
pub(super) fn tags(members: &Map<String, Value>) -> Result<Tags, Refusal> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let tag = |(key, value): (&String, &Value)| Some((key.clone(), text(value)?));
    let tags: Option<Tags> = members.iter().map(tag).collect();
    let tags = tags.ok_or_else(|| Refusal::Serialization("The value of Tags has another type".to_owned()))?;
    checked(&tags).map(|()| tags)
}

fn checked(tags: &Tags) -> Result<(), Refusal> {
    let is_good = |(key, value): (&String, &String)| {
        let length = key.chars().count();
        (1..=KEY_LENGTH_MAX).contains(&length) && value.chars().count() <= VALUE_LENGTH_MAX && !key.starts_with("aws:")
    };
    match tags.iter().all(is_good) && tags.len() <= TAGS_MAX {
        true => Ok(()),
        false => Err(Refusal::invalid(format!(
            "Tags: up to {TAGS_MAX}, with keys of 1 to {KEY_LENGTH_MAX} characters that do not begin with aws:, and values of up to {VALUE_LENGTH_MAX}"
        ))),
    }
}
