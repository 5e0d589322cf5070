//! Events that are not in the file yet: those in the queue, and those that the writer's thread has taken. They are here and
//! not in the thread, so that the end of the program finds them while the thread hangs in a write.
//!
//! The thread takes messages and stores their lines under the queue's lock, and holds no lock while it writes. So both locks
//! together show every event that is not written.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::mpsc::Receiver;

use super::file::Line;
use super::writer::{self, Message};
use super::{Figures, PATIENCE};

/// Messages that are taken at a time.
const MESSAGES_MAX: usize = 256;
/// How often it is looked, at the end, whether the requests under way have ended.
const REST: Duration = Duration::from_millis(10);

pub(super) struct Backlog {
    queue: Mutex<Receiver<Message>>,
    /// Taken from the queue, and not written.
    pub(super) lines: Mutex<Vec<Line>>,
    /// Whether what cannot be written is retained.
    pub(super) required: bool,
    figures: Arc<Figures>,
    /// Where events are printed that must be written, and are not in the file when the program ends.
    last_resort: Mutex<Box<dyn io::Write + Send>>,
}

/// What came with the events.
#[derive(Default)]
pub(super) struct Orders {
    pub(super) reopen: bool,
    pub(super) end: bool,
}

impl Backlog {
    pub(super) fn new(
        queue: Receiver<Message>,
        required: bool,
        figures: Arc<Figures>,
        last_resort: Box<dyn io::Write + Send>,
    ) -> Backlog {
        let (queue, lines, last_resort) = (Mutex::new(queue), Mutex::default(), Mutex::new(last_resort));
        Backlog { queue, lines, required, figures, last_resort }
    }

    /// Waits for messages; nothing once there are no more. With the end come the events behind it, too.
    pub(super) fn receive(&self) -> Option<Orders> {
        // Held until the lines are stored: `abandon` finds each event in the queue or among the lines.
        let mut queue = self.queue.lock();
        let mut taken = Vec::new();
        if queue.blocking_recv_many(&mut taken, MESSAGES_MAX) == 0 {
            return None;
        }
        let mut orders = Orders::default();
        for message in taken {
            match message {
                Message::Line(line) => self.lines.lock().push(line),
                Message::Reopen => orders.reopen = true,
                Message::End => orders.end = true,
            }
        }
        if orders.end {
            self.take_rest(&mut queue, PATIENCE);
        }
        Some(orders)
    }

    /// Events behind the end, and of requests that are still executed, which have their room already: no other request takes
    /// room from here on. A request that does not end has no event, and is counted.
    fn take_rest(&self, queue: &mut Receiver<Message>, patience: Duration) {
        queue.close();
        let deadline = Instant::now() + patience;
        loop {
            // Room is counted before the messages are taken: what is sent in between is taken in the next round.
            let is_all_sent = queue.capacity() + queue.len() == queue.max_capacity();
            let rest = std::iter::from_fn(|| queue.try_recv().ok()).filter_map(Message::line);
            self.lines.lock().extend(rest);
            if is_all_sent || Instant::now() >= deadline {
                break;
            }
            std::thread::park_timeout(REST);
        }
        let missing = (queue.max_capacity() - queue.capacity()) as u64;
        // The thread may have counted them before it hung.
        let counted = self.figures.cut_off.fetch_max(missing, Ordering::Relaxed);
        if missing > counted {
            writer::lost(&self.figures, missing - counted, "requests were cut off at the end");
        }
    }

    /// What is left is not written any more: it is printed where requests must be audited, and counted as lost.
    pub(super) fn give_up(&self, why: &str) {
        let lines = std::mem::take(&mut *self.lines.lock());
        if lines.is_empty() {
            return;
        }
        let count = lines.len() as u64;
        if self.required {
            self.print(&lines);
            self.figures.unwritten.fetch_add(count, Ordering::Relaxed);
        }
        writer::lost(&self.figures, count, why);
    }

    /// The requests were executed, and the events are nowhere else.
    fn print(&self, lines: &[Line]) {
        let mut last_resort = self.last_resort.lock();
        for line in lines {
            // Without stderr, what is left is the exit status.
            let _ = last_resort.write_all(&line.bytes);
        }
        let _ = last_resort.flush();
    }

    /// Gives up everything, the queue as well, although the thread is still in a write.
    pub(super) fn abandon(&self) {
        // The thread holds the lock for no longer than that, and does not hang then.
        if let Some(mut queue) = self.queue.try_lock_for(PATIENCE) {
            self.take_rest(&mut queue, Duration::ZERO);
        }
        self.give_up("the file hangs");
    }
}
