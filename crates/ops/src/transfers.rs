//! Transfers: imports, exports and bulk operations, which copy items between a table and object storage in the background.
//!
//! Each has a record, which its operation creates, its work updates, and the operations that describe and list transfers read. A
//! record does not depend on its table: it is there until 90 days after the transfer ended. What differs from kind to kind is in
//! [`Transfer::details`].
//!
//! Records are rows under their account, region and kind, in the order of their ids, which begin with the time of the start: a
//! list is a scan from the end. A client's token is a row of its own beside the record, so that a request that is repeated finds
//! the transfer that it began.
//!
//! A record is written by one writer at a time: first with its token, then by the work, whose owner is checked in the same write.

use std::convert::Infallible;
use std::ops::Bound;

use api::Exception;
use bytes::Bytes;
use model::codec::key::{HashSecret, KeyValue, h16};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use storage::{Batch, Consistency, Family, Key, KeyUse, Mode, Pages, Reads, ScanDirection, ScanRange};
use tables::failure::{storage_failure, write_failure};
use tables::rows::{self, TransferKind, TransferWork};
use tables::{Place, TableArn};

use crate::allowance::{self, Effort};
use crate::damage_log::log_damaged;
use crate::service::Service;

/// How long the record of a transfer that has ended is there. Source: Developer Guide, "Data export" (90 days).
const RETENTION_MS: u64 = 90 * 24 * 60 * 60 * 1000;
/// How long a client's token names its transfer. Source: API Reference, ClientToken of ExportTableToPointInTime (8 hours).
const TOKEN_MS: u64 = 8 * 60 * 60 * 1000;
/// A record of a newer format is not read.
const FORMAT: u32 = 1;
/// What one page of a scan reads.
const PAGE_ROWS: usize = 256;
const PAGE_BYTES: usize = 1 << 20;
/// What a request may put into a record, as the record has it. The names of a header or of a filter can be as many and as long as
/// a request's body, and a record is there for 90 days in no quota, and is written anew by each step of an import. A header of 255 names
/// of 255 bytes takes half of this. Our own bound: AWS's is not known. Unit: bytes.
const REQUEST_SIZE_MAX: usize = 128 << 10;
/// What a list reads for one page of its answer, after which it ends with a token. Unit: bytes.
const LIST_READ_MAX: usize = 8 << 20;
/// What a list that reads more than a small one takes in memory: a page of rows, and records that are decoded. Unit: bytes.
const LIST_MEMORY: usize = 4 * (PAGE_BYTES + REQUEST_SIZE_MAX);
/// The size of a token of a list: 112 hexadecimal digits, the fewest that clients accept. Source: the AWS model, ImportNextToken.
/// Unit: bytes.
const NEXT_TOKEN_SIZE: usize = 56;
const MAC_SIZE: usize = 16;

/// What belongs to one kind of transfers: what was asked for, counts, and the progress of its work.
pub(crate) trait TransferDetails: Serialize + DeserializeOwned + Clone + Send + Sync {
    const KIND: TransferKind;
    /// What an ARN of the kind has before the id.
    const ARN_PART: &'static str;
    /// Whether its work is no table's: then a marker is there until that is done.
    const HAS_MARKER: bool = false;
}

/// The record of a transfer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Transfer<D> {
    format: u32,
    /// 14 digits of milliseconds since 1970, and 8 hexadecimal digits.
    pub id: String,
    pub account: String,
    pub region: String,
    pub table_name: String,
    /// The id that clients see.
    pub table_uuid: String,
    /// The client's, or one that was made for it.
    pub client_token: String,
    pub status: TransferStatus,
    pub started_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    pub details: D,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum TransferStatus {
    InProgress,
    Completed,
    CompletedWithErrors,
    Failed,
    Cancelling,
    Cancelled,
}

/// Why a transfer failed: DynamoDB's `FailureCode` and `FailureMessage`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub code: String,
    pub message: String,
}

/// The fields that all kinds have.
type AnyTransfer = Transfer<serde_json::Value>;

/// A token's row.
#[derive(Serialize, Deserialize)]
struct TokenRow {
    id: String,
    expires_ms: u64,
}

/// The marker of a transfer with work to do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct Marker {
    pub account: String,
    pub region: String,
    pub id: String,
}

/// A page of a list.
pub(crate) struct Listed<T> {
    /// What is shown of each transfer.
    pub shown: Vec<T>,
    pub next_token: Option<String>,
}

/// The id of a transfer with this time in it. Unit: milliseconds.
pub(crate) fn transfer_id(ms: u64) -> String {
    let [a, b, c, d, ..] = base::random::secret16();
    format!("{ms:014}-{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// Whether a text is the id of a transfer.
pub(crate) fn is_transfer_id(id: &str) -> bool {
    let is_hex = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    id.split_once('-')
        .is_some_and(|(ms, rest)| ms.len() == 14 && ms.bytes().all(|byte| byte.is_ascii_digit()) && is_hex(rest))
}

/// The id in the ARN of a transfer of this kind.
pub(crate) fn id_of_arn<'a, D: TransferDetails>(arn: &TableArn<'a>) -> Option<&'a str> {
    let id = arn.rest?.strip_prefix(D::ARN_PART)?.strip_prefix('/')?;
    Some(id).filter(|id| is_transfer_id(id))
}

/// Whether a row is a record, for the check of all rows.
pub(crate) fn is_record(row: &[u8]) -> bool {
    read::<serde_json::Value>(row).is_ok()
}

/// Whether a row is a client's token of a transfer, for the check of all rows.
pub(crate) fn is_token(row: &[u8]) -> bool {
    serde_json::from_slice::<TokenRow>(row).is_ok()
}

/// Whether a row is a marker, for the check of all rows.
pub(crate) fn is_marker(row: &[u8]) -> bool {
    serde_json::from_slice::<Marker>(row).is_ok()
}

impl TransferStatus {
    /// Whether no work is left to do.
    pub(crate) fn is_ended(self) -> bool {
        !matches!(self, TransferStatus::InProgress | TransferStatus::Cancelling)
    }
}

/// What a new transfer is of.
pub(crate) struct NewTransfer<'a, D> {
    pub id: String,
    pub account: &'a str,
    pub region: &'a str,
    pub table_name: &'a str,
    pub table_uuid: &'a str,
    /// Without one, the record gets a token that no other request has.
    pub client_token: Option<String>,
    pub started_ms: u64,
    pub details: D,
}

impl<D: TransferDetails> Transfer<D> {
    pub(crate) fn new(new: NewTransfer<'_, D>) -> Transfer<D> {
        Transfer {
            format: FORMAT,
            id: new.id,
            account: new.account.to_owned(),
            region: new.region.to_owned(),
            table_name: new.table_name.to_owned(),
            table_uuid: new.table_uuid.to_owned(),
            client_token: new.client_token.unwrap_or_else(base::random::uuid_v4),
            status: TransferStatus::InProgress,
            started_ms: new.started_ms,
            ended_ms: None,
            failure: None,
            details: new.details,
        }
    }

    pub(crate) fn table_arn(&self) -> String {
        Place { account: &self.account, region: &self.region, name: &self.table_name }.arn()
    }

    pub(crate) fn arn(&self) -> String {
        format!("{}/{}/{}", self.table_arn(), D::ARN_PART, self.id)
    }

    /// Ends the transfer: without a failure it is completed.
    pub(crate) fn end(&mut self, now_ms: u64, failure: Option<Failure>) {
        self.status = if failure.is_some() { TransferStatus::Failed } else { TransferStatus::Completed };
        (self.ended_ms, self.failure) = (Some(now_ms), failure);
    }

    pub(crate) fn key(&self, secret: &HashSecret) -> Key {
        rows::transfer(secret, D::KIND, &self.account, &self.region, &self.id)
    }

    /// The record's row, for a batch of its work.
    ///
    /// # Errors
    /// None of a record that was read.
    pub(crate) fn row(&self, secret: &HashSecret) -> Result<(Key, Bytes), Exception> {
        Ok((self.key(secret), encode(self)?))
    }

    /// The rows of a new transfer and its client's token, for the batch of the change that begins it. The caller has looked for the
    /// token's transfer under the same lock ([`Service::transfer_of_token`]).
    ///
    /// # Errors
    /// As [`Transfer::row`].
    pub(crate) fn new_rows(&self, secret: &HashSecret) -> Result<Vec<(Key, Bytes)>, Exception> {
        let token = TokenRow { id: self.id.clone(), expires_ms: self.started_ms + TOKEN_MS };
        let mut rows = vec![self.row(secret)?, (self.token_key(secret), encode(&token)?)];
        if D::HAS_MARKER {
            rows.push((self.marker().key::<D>(secret, TransferWork::Marker), encode(&self.marker())?));
        }
        Ok(rows)
    }

    fn marker(&self) -> Marker {
        Marker { account: self.account.clone(), region: self.region.clone(), id: self.id.clone() }
    }

    fn token_key(&self, secret: &HashSecret) -> Key {
        rows::transfer_token(secret, D::KIND, &self.account, &self.region, &self.client_token)
    }
}

impl Marker {
    /// A row of the transfer's work.
    pub(crate) fn key<D: TransferDetails>(&self, secret: &HashSecret, row: TransferWork) -> Key {
        rows::transfer_work(secret, row, D::KIND, &self.account, &self.region, &self.id)
    }
}

impl Service {
    /// Creates a transfer that begins with its record alone. If its client's token has a transfer, that is returned instead.
    ///
    /// # Errors
    /// The engine's failure.
    pub(crate) async fn create_transfer<D: TransferDetails>(
        &self,
        transfer: &Transfer<D>,
    ) -> Result<Result<(), Transfer<D>>, Exception> {
        let new = transfer.new_rows(&self.secret)?;
        let token_key = KeyUse::write(transfer.token_key(&self.secret));
        let now_ms = self.clock.now_ms();
        loop {
            // Decided on the token's row in the write itself: of two requests with one token, one begins a transfer.
            let create = |reads: &Reads, batch: &mut Batch| {
                if let Some(id) = live_id(reads.values[0].as_deref(), now_ms) {
                    return Err(id);
                }
                new.iter().for_each(|(key, row)| batch.put(key.clone(), row.clone()));
                batch.grows = true;
                Ok(())
            };
            let done = self.engine.write(Mode::Plain, std::slice::from_ref(&token_key), create).await;
            let Err(id) = done.map_err(write_failure)? else { return Ok(Ok(())) };
            if let Some(first) = self.find_transfer(&transfer.account, &transfer.region, &id).await? {
                return Ok(Err(first));
            }
            // Its record was trimmed, which deletes the token as well, or is not there: the token is free.
            self.free_token(&token_key, &id).await?;
        }
    }

    async fn free_token(&self, key: &KeyUse, id: &str) -> Result<(), Exception> {
        let free = |reads: &Reads, batch: &mut Batch| {
            // Only while it names this transfer: it may have expired, and be another one's by now.
            if live_id(reads.values[0].as_deref(), 0).as_deref() == Some(id) {
                batch.delete(key.key.clone());
            }
            Ok::<(), Infallible>(())
        };
        let Ok(()) = self.engine.write(Mode::Plain, std::slice::from_ref(key), free).await.map_err(write_failure)?;
        Ok(())
    }

    /// The transfer that a client's token has begun, while the token is remembered.
    ///
    /// # Errors
    /// The engine's failure.
    pub(crate) async fn transfer_of_token<D: TransferDetails>(
        &self,
        account: &str,
        region: &str,
        token: &str,
    ) -> Result<Option<Transfer<D>>, Exception> {
        let key = rows::transfer_token(&self.secret, D::KIND, account, region, token);
        let row = self.engine.get(&key, Consistency::Strong).await.map_err(storage_failure)?;
        match live_id(row.as_deref(), self.clock.now_ms()) {
            Some(id) => self.find_transfer(account, region, &id).await,
            None => Ok(None),
        }
    }

    /// # Errors
    /// The engine's failure, or a damaged record.
    pub(crate) async fn find_transfer<D: TransferDetails>(
        &self,
        account: &str,
        region: &str,
        id: &str,
    ) -> Result<Option<Transfer<D>>, Exception> {
        let key = rows::transfer(&self.secret, D::KIND, account, region, id);
        let row = self.engine.get(&key, Consistency::Strong).await.map_err(storage_failure)?;
        row.map(|row| read(&row).map_err(|what| Exception::internal(damaged(id, &what)))).transpose()
    }

    /// Changes a record outside of its work's own batches; `None` if there is none.
    ///
    /// # Errors
    /// The engine's failure, or a damaged record.
    pub(crate) async fn update_transfer<D: TransferDetails>(
        &self,
        key: Key,
        change: impl Fn(&mut Transfer<D>) + Send + Sync,
    ) -> Result<Option<Transfer<D>>, Exception> {
        // Read in the write: the work of the transfer changes the same record.
        let keys = [KeyUse::write(key)];
        let update = |reads: &Reads, batch: &mut Batch| {
            let Some(row) = &reads.values[0] else { return Ok(None) };
            let mut transfer: Transfer<D> = read(row).map_err(Exception::internal)?;
            change(&mut transfer);
            batch.put(keys[0].key.clone(), encode(&transfer)?);
            Ok::<_, Exception>(Some(transfer))
        };
        self.engine.write(Mode::Plain, &keys, update).await.map_err(write_failure)?
    }

    /// What `show` returns of an account's transfers of a region, newest first. Nothing else of a record is held. A page that had to
    /// read much may have fewer than `limit`, also none, and a token.
    ///
    /// # Errors
    /// The engine's failure, or that the token is not of a list of this kind.
    pub(crate) async fn list_transfers<D: TransferDetails, T>(
        &self,
        (account, region): (&str, &str),
        show: impl Fn(&Transfer<D>) -> Option<T>,
        limit: usize,
        next_token: Option<&str>,
    ) -> Result<Listed<T>, Exception> {
        let before = next_token.map(|token| self.id_of_token::<D>(token)).transpose()?;
        let prefix = rows::transfer(&self.secret, D::KIND, account, region, "").bytes;
        let mut range = ScanRange::of_prefix(Family::Catalog, prefix, PAGE_ROWS, PAGE_BYTES);
        range.direction = ScanDirection::Backward;
        if let Some(id) = before {
            range.upper = Bound::Excluded(rows::transfer(&self.secret, D::KIND, account, region, &id).bytes);
        }
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let (mut pages, mut shown) = (Pages::of_snapshot(&*view, range), Vec::new());
        let (mut effort, mut read_bytes, mut last_shown) = (Effort::default(), 0, None);
        while let Some(page) = pages.next_with_damaged().await.map_err(storage_failure)? {
            let bytes = page.rows.iter().map(|row| row.value.len()).sum();
            allowance::read(bytes, LIST_MEMORY).await?;
            read_bytes += bytes;
            let mut last = None;
            for row in page.in_order() {
                effort.spend(row.as_ref().map_or(0, |row| row.value.len())).await;
                let read = row.map_err(|damaged| damaged.what.clone()).and_then(|row| read::<D>(&row.value));
                let transfer = match read {
                    Ok(transfer) => transfer,
                    Err(what) => {
                        log_damaged("", &damaged("of a list", &what));
                        continue;
                    }
                };
                if let Some(one) = show(&transfer) {
                    // One more than the limit: there is a next page.
                    if shown.len() == limit {
                        let next_token = last_shown.map(|id: String| self.token_of_id::<D>(&id));
                        return Ok(Listed { shown, next_token });
                    }
                    shown.push(one);
                    last_shown = Some(transfer.id.clone());
                }
                last = Some(transfer.id);
            }
            if let Some(last) = last.filter(|_| read_bytes >= LIST_READ_MAX) {
                return Ok(Listed { shown, next_token: Some(self.token_of_id::<D>(&last)) });
            }
        }
        Ok(Listed { shown, next_token: None })
    }

    /// The markers of all transfers of a kind with work to do, of all accounts. One that is damaged is logged and left out.
    ///
    /// # Errors
    /// The engine's failure.
    pub(crate) async fn transfer_markers<D: TransferDetails>(&self) -> Result<Vec<Marker>, Exception> {
        let prefix = rows::transfer_markers_prefix(D::KIND);
        let range = ScanRange::of_prefix(Family::Catalog, prefix, PAGE_ROWS, PAGE_BYTES);
        let (mut pages, mut markers) = (Pages::of_fresh_views(&*self.engine, range), Vec::new());
        while let Some(page) = pages.next_with_damaged().await.map_err(storage_failure)? {
            for row in page.in_order() {
                let read = row.map_err(|damaged| damaged.what.clone());
                match read.and_then(|row| serde_json::from_slice(&row.value).map_err(|error| error.to_string())) {
                    Ok(marker) => markers.push(marker),
                    Err(what) => log_damaged("", &format!("the marker of a transfer is damaged: {what}")),
                }
            }
        }
        Ok(markers)
    }

    /// Deletes the records of transfers that ended long ago, and expired tokens.
    ///
    /// # Errors
    /// The engine's failure.
    pub(crate) async fn trim_transfers(&self) -> Result<(), Exception> {
        let now_ms = self.clock.now_ms();
        let is_old = |row: &[u8]| {
            let transfer: Option<AnyTransfer> = read(row).ok();
            let ended_ms = transfer.and_then(|transfer| transfer.ended_ms);
            ended_ms.is_some_and(|ended_ms| ended_ms.saturating_add(RETENTION_MS) <= now_ms)
        };
        for kind in TransferKind::ALL {
            self.trim(rows::transfers_prefix(kind), is_old).await?;
        }
        // A damaged token is expired.
        self.trim(rows::transfer_tokens_prefix(), |row| live_id(Some(row), now_ms).is_none()).await
    }

    async fn trim(&self, prefix: Bytes, is_old: impl Fn(&[u8]) -> bool + Send + Sync) -> Result<(), Exception> {
        let range = ScanRange::of_prefix(Family::Catalog, prefix, PAGE_ROWS, PAGE_BYTES);
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        while let Some(page) = pages.next_with_damaged().await.map_err(storage_failure)? {
            let old = page.rows.into_iter().filter(|row| is_old(&row.value));
            let keys: Vec<KeyUse> = old.map(|row| KeyUse::write(row.into_key(Family::Catalog))).collect();
            if keys.is_empty() {
                continue;
            }
            // Judged again in the write: an expired token may have been given to a new transfer meanwhile.
            let delete = |reads: &Reads, batch: &mut Batch| {
                for (key, row) in keys.iter().zip(&reads.values) {
                    if row.as_deref().is_some_and(&is_old) {
                        batch.delete(key.key.clone());
                    }
                }
                Ok::<(), Infallible>(())
            };
            let Ok(()) = self.engine.write(Mode::Plain, &keys, delete).await.map_err(write_failure)?;
        }
        Ok(())
    }

    /// The token of the page behind an id: the id with a code of its kind, so that no other text is one.
    fn token_of_id<D: TransferDetails>(&self, id: &str) -> String {
        let mut token = [0; NEXT_TOKEN_SIZE];
        token[..MAC_SIZE].copy_from_slice(&self.token_code::<D>(id));
        // An id is much shorter than a token.
        token[MAC_SIZE..].iter_mut().zip(id.bytes()).for_each(|(to, from)| *to = from);
        token.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn id_of_token<D: TransferDetails>(&self, token: &str) -> Result<String, Exception> {
        let digits = token.as_bytes().as_chunks::<2>().0.iter();
        let byte = |digits: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.map(byte).collect();
        let id = bytes.filter(|bytes| bytes.len() == NEXT_TOKEN_SIZE && token.len() == 2 * NEXT_TOKEN_SIZE);
        let id = id.and_then(|bytes| {
            let id = std::str::from_utf8(&bytes[MAC_SIZE..]).ok()?.trim_end_matches('\0').to_owned();
            (is_transfer_id(&id) && bytes[..MAC_SIZE] == self.token_code::<D>(&id)).then_some(id)
        });
        id.ok_or_else(|| Exception::validation(format!("Invalid Request: Provided nextToken is invalid: {token}")))
    }

    fn token_code<D: TransferDetails>(&self, id: &str) -> [u8; MAC_SIZE] {
        h16(&self.secret, ["NextToken", D::ARN_PART, id].map(KeyValue::S))
    }
}

/// Checks what a request puts into a record, before anything is done for it.
///
/// # Errors
/// A refusal that names the limit.
pub(crate) fn check_request(asked: &impl Serialize) -> Result<(), Exception> {
    match encode(asked)?.len() {
        ..=REQUEST_SIZE_MAX => Ok(()),
        size => Err(tables::invalid(format!(
            "The parameters of the request take {size} bytes, and the most is {REQUEST_SIZE_MAX}"
        ))),
    }
}

/// The transfer that a token's row names, while it does.
fn live_id(row: Option<&[u8]>, now_ms: u64) -> Option<String> {
    let token: TokenRow = serde_json::from_slice(row?).ok()?;
    (token.expires_ms > now_ms).then_some(token.id)
}

/// A record from its row.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read<D: DeserializeOwned>(row: &[u8]) -> Result<Transfer<D>, String> {
    let transfer: Transfer<D> = serde_json::from_slice(row).map_err(|error| error.to_string())?;
    match transfer.format {
        FORMAT => Ok(transfer),
        format => Err(format!("it has format {format}, and this program knows {FORMAT}")),
    }
}

fn encode<T: Serialize>(row: &T) -> Result<Bytes, Exception> {
    serde_json::to_vec(row)
        .map(Bytes::from)
        .map_err(|error| Exception::internal(format!("the record of a transfer cannot be encoded: {error}")))
}

fn damaged(id: &str, what: &str) -> String {
    format!("the record of the transfer {id} is damaged: {what}")
}

#[cfg(test)]
mod tests;
