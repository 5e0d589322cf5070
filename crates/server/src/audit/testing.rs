//! An audit log without a file, for tests: its events as they are handed over.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;

use super::{Audit, Message};

pub(crate) struct Events(mpsc::Receiver<Message>);

impl Events {
    /// The event that was handed over first, if there is any.
    pub(crate) fn next(&mut self) -> Option<Value> {
        match self.0.try_recv().ok()? {
            Message::Line(line) => {
                if let Some(written) = line.written {
                    let _ = written.send(());
                }
                Some(serde_json::from_slice(&line.bytes).expect("JSON"))
            }
            Message::Reopen | Message::End => None,
        }
    }

    pub(crate) fn all(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

impl Audit {
    /// All events are wanted.
    pub(crate) fn held(queue: usize, required: bool) -> (Arc<Audit>, Events) {
        let (queue, messages) = mpsc::channel(queue);
        let audit = Audit {
            queue,
            data: true,
            required,
            region: "us-east-1".to_owned(),
            started: std::time::Instant::now(),
            figures: Arc::default(),
            unauthenticated: Arc::default(),
            writer: parking_lot::Mutex::new(None),
        };
        (Arc::new(audit), Events(messages))
    }
}
