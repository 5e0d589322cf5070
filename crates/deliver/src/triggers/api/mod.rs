//! Lambda's API, as far as it is about event source mappings: REST and JSON, version 2015-03-31.
//!
//! | request | operation |
//! |---|---|
//! | `POST /2015-03-31/event-source-mappings` | CreateEventSourceMapping |
//! | `GET /2015-03-31/event-source-mappings?…` | ListEventSourceMappings |
//! | `GET /2015-03-31/event-source-mappings/{UUID}` | GetEventSourceMapping |
//! | `PUT /2015-03-31/event-source-mappings/{UUID}` | UpdateEventSourceMapping |
//! | `DELETE /2015-03-31/event-source-mappings/{UUID}` | DeleteEventSourceMapping |
//! | `GET`, `POST`, `DELETE /2017-03-31/tags/{ARN}` | ListTags, TagResource, UntagResource, of mappings |
//!
//! A slash at the end changes nothing: older SDKs have one. `aws::by_path` is the one reader of methods and paths, `call` that of
//! queries and bodies, and `service` is what the handler calls. Every change is decided from all mappings at once, and made only if no other one came between.

mod call;
mod list;
mod outbound;
mod permission;
mod quotas;
mod refusal;
mod request;
mod route;
mod service;
pub(crate) mod tags;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use api::Exception;
use auth::Caller;
use aws::lambda::{EventSourceMappingConfiguration, ListEventSourceMappingsRequest, ListEventSourceMappingsResponse};
use aws::{Structure, codec};
use base::Gate;
use ops::{DocumentChange, allowance};

use call::Input;
use call::{BODY_SIZE_BYTES_MAX, Call};
use permission::{Said, permit, permit_one};
use refusal::Refusal;
use request::Asked;
use route::Operation;

use super::function::Function;
use super::mapping::{Mapping, Settings, State};
use super::mappings::Mappings;
use super::reader::Reader;
use super::{MAPPINGS, Triggers};

/// What a mapping takes in an answer for each of its bytes: as a structure, as values, as text, and while the text's buffer grows.
const SHOWN_MEMORY: usize = 4;
/// How often a change is decided anew because another one came between.
const TRIES_MAX: usize = 20;

type Answer<T = ()> = Result<T, Refusal>;

impl Triggers {
    async fn dispatch(&self, caller: &Caller, call: &Call) -> Answer<Structure> {
        let (operation, mapping) = (call.route.operation, call.route.mapping.as_str());
        match (operation, &call.input) {
            (Operation::CreateEventSourceMapping, Input::Mapping(asked)) => {
                self.create(caller, asked).await.map(codec::output)
            }
            (Operation::UpdateEventSourceMapping, Input::Mapping(asked)) => {
                self.update(caller, mapping, asked).await.map(codec::output)
            }
            (Operation::ListEventSourceMappings, Input::List(request)) => {
                self.list(caller, request).await.map(codec::output)
            }
            (Operation::GetEventSourceMapping, _) => self.get(caller, mapping).await.map(codec::output),
            (Operation::DeleteEventSourceMapping, _) => self.delete(caller, mapping).await.map(codec::output),
            (Operation::ListTags, _) => self.list_tags(caller, mapping).await.map(codec::output),
            (Operation::TagResource, Input::Tags(tags)) => self.tag(caller, call, tags).await.map(codec::output),
            (Operation::UntagResource, Input::TagKeys(keys)) => self.untag(caller, call, keys).await.map(codec::output),
            _ => Err(Refusal::UnknownOperation),
        }
    }

    async fn create(&self, caller: &Caller, asked: &Asked) -> Answer<EventSourceMappingConfiguration> {
        let missing = |name: &str| {
            let what = "failed to satisfy constraint: Member must not be null";
            format!("1 validation error detected: Value null at '{name}' {what}.")
        };
        // The model requires it.
        let function = self.function(caller, asked.function_name.as_deref().unwrap_or_default())?;
        let Some(arn) = &asked.event_source_arn else { return Err(Refusal::invalid(missing("eventSourceArn"))) };
        let Some(starting_position) = asked.starting_position else {
            return Err(Refusal::invalid(missing("startingPosition")));
        };
        let settings = asked.settings(Settings::default());
        let request_tags = asked.tags.iter().flatten().map(|(key, value)| (key.as_str(), Some(value.as_str())));
        let said =
            Said { function_arn: Some(function.arn().into()), request_tags: request_tags.collect(), ..Said::default() };
        permit(caller, Operation::CreateEventSourceMapping.action(), "*", &said)?;
        if !said.request_tags.is_empty() {
            // The resource that the tags are for is the new mapping, which has no id yet.
            let new = format!("arn:aws:lambda:{}:{}:event-source-mapping:*", caller.region, caller.account);
            permit(caller, Operation::TagResource.action(), &new, &said)?;
        }
        self.permit_reader(caller, arn).await?;
        self.check_function(caller, Operation::CreateEventSourceMapping.action(), &function)?;
        if let Some(destination) = &settings.on_failure {
            self.check_destination(caller, Operation::CreateEventSourceMapping.action(), "*", destination, &said)?;
        }
        let stream = self.stream(caller, arn).await?;
        let mapping = Mapping {
            uuid: base::random::uuid_v4(),
            account: caller.account.clone(),
            region: caller.region.clone(),
            table_id: stream.table_id,
            label: stream.label,
            reader: Reader::of(caller, &stream.arn),
            event_source_arn: stream.arn,
            function_arn: function.arn(),
            starting_position,
            enabled: asked.enabled.unwrap_or(true),
            state: State::Creating,
            last_modified_ms: self.clock.now_ms(),
            settings,
            tags: asked.tags.clone().unwrap_or_default(),
        };
        let decide = |others: &Mappings| {
            refuse_second(others, &mapping)?;
            quotas::check(others, &mapping).map(|()| mapping.clone())
        };
        self.change(&mapping.uuid, decide).await?;
        tell_owner(&mapping);
        // Where it begins is known before the client is answered, whatever node delivers.
        self.begin(&mapping).await;
        self.changed.notify_one();
        Ok(mapping.shown(None))
    }

    async fn update(&self, caller: &Caller, uuid: &str, asked: &Asked) -> Answer<EventSourceMappingConfiguration> {
        let mappings = self.mappings().await?;
        let function = asked.function_name.as_deref().map(|name| self.function(caller, name)).transpose()?;
        if caller.identity.is_some()
            && let Ok(mapping) = find(&mappings, caller, uuid)
        {
            self.permit_reader(caller, &mapping.event_source_arn).await?;
        }
        let changed = self
            .change(uuid, |mappings| {
                let before = find(mappings, caller, uuid)?;
                let settings = asked.settings(before.settings.clone());
                self.permit_update(caller, before, function.as_ref(), &settings)?;
                let before = settled(before, "update")?;
                let enabled = asked.enabled.unwrap_or(before.enabled);
                let after = Mapping {
                    function_arn: function.as_ref().map_or(before.function_arn.clone(), Function::arn),
                    enabled,
                    state: match (before.enabled, enabled) {
                        (false, true) => State::Enabling,
                        (true, false) => State::Disabling,
                        _ => State::Updating,
                    },
                    last_modified_ms: self.clock.now_ms(),
                    settings,
                    reader: Reader::of(caller, &before.event_source_arn),
                    ..Mapping::clone(before)
                };
                refuse_second(mappings, &after)?;
                Ok(after)
            })
            .await?;
        self.changed.notify_one();
        self.shown(&changed).await
    }

    async fn delete(&self, caller: &Caller, uuid: &str) -> Answer<EventSourceMappingConfiguration> {
        let changed = self
            .change(uuid, |mappings| {
                let before = find(mappings, caller, uuid)?;
                // It may lead elsewhere than a moment ago.
                permit_one(caller, Operation::DeleteEventSourceMapping.action(), before, Vec::new())?;
                let before = settled(before, "delete")?;
                Ok(Mapping { state: State::Deleting, last_modified_ms: self.clock.now_ms(), ..Mapping::clone(before) })
            })
            .await?;
        let shown = self.shown(&changed).await;
        self.changed.notify_one();
        shown
    }

    async fn get(&self, caller: &Caller, uuid: &str) -> Answer<EventSourceMappingConfiguration> {
        let mappings = self.mappings().await?;
        self.shown(find(&mappings, caller, uuid)?).await
    }

    async fn list(
        &self,
        caller: &Caller,
        asked: &ListEventSourceMappingsRequest,
    ) -> Answer<ListEventSourceMappingsResponse> {
        let function = asked.function_name.as_deref().map(|name| {
            let function = Function::parse(name, &caller.account, &caller.region);
            function.map(|function| function.arn()).ok_or_else(|| Refusal::Validation(vec![list::bad_function(name)]))
        });
        let function = function.transpose()?;
        let mappings = self.mappings().await?;
        let is_asked_for = |mapping: &&Arc<Mapping>| {
            is_callers(mapping, caller)
                && function.as_ref().is_none_or(|function| *function == mapping.function_arn)
                && asked.event_source_arn.as_ref().is_none_or(|arn| *arn == mapping.event_source_arn)
                && asked.marker.as_ref().is_none_or(|marker| mapping.uuid > *marker)
        };
        let mut found = mappings.of_account(&caller.account).filter(is_asked_for).peekable();
        let page: Vec<&Arc<Mapping>> = found.by_ref().take(list::items_max(asked)).collect();
        let mut results = Vec::with_capacity(page.len());
        for mapping in &page {
            results.push(self.service.document_note(MAPPINGS, &mapping.uuid).await?);
        }
        // After the last wait: a large page is made with a CPU permit, which is held until the answer is whole.
        let bytes: usize = page.iter().map(|mapping| mapping.shown_bytes()).sum();
        allowance::read(bytes, bytes * SHOWN_MEMORY).await?;
        let shown = page.iter().zip(&results).map(|(mapping, result)| mapping.shown(result.as_deref()));
        let event_source_mappings = Some(shown.collect());
        let next = found.peek().and(page.last()).map(|last| last.uuid.clone());
        Ok(ListEventSourceMappingsResponse { event_source_mappings, next_marker: next })
    }

    async fn shown(&self, mapping: &Mapping) -> Answer<EventSourceMappingConfiguration> {
        let result = self.service.document_note(MAPPINGS, &mapping.uuid).await?;
        Ok(mapping.shown(result.as_deref()))
    }

    /// Writes what `decide` makes of one mapping, given all of them.
    async fn change(
        &self,
        uuid: &str,
        decide: impl Fn(&Mappings) -> Result<Mapping, Refusal>,
    ) -> Result<Mapping, Refusal> {
        // Decided from all mappings at one version and written only at that version: a change in between is decided anew, on what the
        // other one left.
        for _ in 0..TRIES_MAX {
            let mappings = self.mappings().await?;
            let changed = decide(&mappings)?;
            let document = serde_json::to_vec(&changed).map_err(|error| Refusal::Service(error.to_string()))?;
            let change = DocumentChange { id: uuid.to_owned(), text: Some(document) };
            if self.service.change_documents(MAPPINGS, mappings.version, std::slice::from_ref(&change)).await? {
                self.know_changed(&mappings, uuid, change.text);
                return Ok(changed);
            }
        }
        Err(Refusal::TooManyRequests)
    }

    fn function(&self, caller: &Caller, name: &str) -> Result<Function, Refusal> {
        let function = Function::parse(name, &caller.account, &caller.region);
        let function = function.ok_or_else(|| Refusal::Validation(vec![list::bad_function(name)]))?;
        match function {
            Function::Lambda { .. } if self.places.lambda.is_none() => Err(Refusal::invalid(format!(
                "Function not found: {}: this server has no Lambda endpoint; start it with --lambda-endpoint, or name an HTTP URL",
                function.arn()
            ))),
            function => Ok(function),
        }
    }

    /// The stream that a new mapping reads.
    async fn stream(&self, caller: &Caller, arn: &str) -> Result<ops::StreamSource, Refusal> {
        match self.service.stream_source(caller, arn).await {
            Ok(stream) if stream.enabled => Ok(stream),
            Ok(_) => Err(Refusal::invalid(format!("Stream is disabled: {arn}"))),
            Err(Exception::ResourceNotFound(_)) => Err(Refusal::invalid(format!("Stream not found: {arn}"))),
            Err(Exception::Validation(_)) => {
                Err(Refusal::invalid(format!("Unrecognized event source, must be a DynamoDB stream: {arn}")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn is_callers(mapping: &Mapping, caller: &Caller) -> bool {
    mapping.account == caller.account && mapping.region == caller.region
}

fn find<'a>(mappings: &'a Mappings, caller: &Caller, uuid: &str) -> Result<&'a Arc<Mapping>, Refusal> {
    let found = mappings.get(uuid).filter(|mapping| is_callers(mapping, caller));
    found.ok_or(Refusal::ResourceNotFound)
}

/// A mapping that nothing else is being done with.
fn settled<'a>(mapping: &'a Mapping, purpose: &str) -> Result<&'a Mapping, Refusal> {
    match mapping.state.is_passing() {
        false => Ok(mapping),
        true => Err(Refusal::ResourceInUse(format!("Cannot {purpose} the event source mapping because it is in use."))),
    }
}

/// How many lines about mappings of other accounts' streams the log takes in a window: a client creates and deletes them at will.
static FOREIGN_LINES: LazyLock<Gate> = LazyLock::new(|| Gate::new(10, Duration::from_secs(60)));

/// The stream's account neither sees nor changes a mapping of another one: its operator finds it here.
fn tell_owner(mapping: &Mapping) {
    if let Some(owner) = mapping.foreign_owner()
        && let Some(held_back) = FOREIGN_LINES.pass()
    {
        log::info!(
            event = "mapping_across_accounts", mapping = mapping.uuid.as_str(), account = mapping.account.as_str(), owner = owner,
            held_back = held_back;
            "account {} reads the stream {} of account {owner} by an event source mapping; the stream's policy ends that",
            mapping.account,
            mapping.event_source_arn
        );
    }
}

/// A function reads a stream once.
fn refuse_second(mappings: &Mappings, mapping: &Mapping) -> Result<(), Refusal> {
    let same = |other: &&Arc<Mapping>| {
        other.uuid != mapping.uuid
            && other.region == mapping.region
            && other.reads_the_same(mapping)
            && other.function_arn == mapping.function_arn
    };
    let Some(other) = mappings.of_account(&mapping.account).find(same) else { return Ok(()) };
    let name = mapping.function().map_or(mapping.function_arn.clone(), |function| function.name());
    Err(Refusal::ResourceConflict(format!(
        "The event source arn (\" {} \") and function (\" {name} \") provided mapping already exists. Please update or \
         delete the existing mapping with UUID {}",
        mapping.event_source_arn, other.uuid
    )))
}
