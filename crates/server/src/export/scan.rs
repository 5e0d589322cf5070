//! The scan of one segment of a table.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::Operation;
use client::Failure;
use exchange::read::ItemJson;
use model::codec::json::{write_map, write_string};
use serde::Deserialize;
use tokio::sync::mpsc::Sender;

use super::lines::Lines;
use crate::remote::ApiClient;

pub(super) struct Segment {
    pub(super) table: String,
    pub(super) at: u32,
    pub(super) total: u32,
    pub(super) consistent_read: bool,
}

/// An answer to Scan.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    items: Vec<ItemJson>,
    last_evaluated_key: Option<ItemJson>,
}

impl Segment {
    /// Sends the lines of each page, until the segment ends, or their receiver has.
    pub(super) async fn scan(
        self,
        mut client: ApiClient,
        lines: Arc<Lines>,
        sender: Sender<Vec<u8>>,
        exported: Arc<AtomicU64>,
    ) -> Result<(), Failure> {
        let mut start = None;
        loop {
            let body = self.request(start.as_ref());
            let read = |reply: &[u8]| serde_json::from_slice::<Page>(reply).map_err(|error| error.to_string());
            let page = client.request(Operation::Scan, &body, read).await;
            let page = page.map_err(|refusal| client.failure(Operation::Scan, refusal))?;
            let mut text = Vec::new();
            page.items.iter().for_each(|item| lines.push(&mut text, &item.0));
            if !text.is_empty() && sender.send(text).await.is_err() {
                return Ok(());
            }
            exported.fetch_add(page.items.len() as u64, Ordering::Relaxed);
            match page.last_evaluated_key {
                Some(key) => start = Some(key),
                None => return Ok(()),
            }
        }
    }

    fn request(&self, start: Option<&ItemJson>) -> Vec<u8> {
        let mut body = b"{\"TableName\":".to_vec();
        write_string(&mut body, &self.table);
        let Segment { at, total, consistent_read, .. } = self;
        let rest = format!(",\"Segment\":{at},\"TotalSegments\":{total},\"ConsistentRead\":{consistent_read}");
        body.extend_from_slice(rest.as_bytes());
        if let Some(key) = start {
            body.extend_from_slice(b",\"ExclusiveStartKey\":");
            write_map(&mut body, key.0.view());
        }
        body.push(b'}');
        body
    }
}
