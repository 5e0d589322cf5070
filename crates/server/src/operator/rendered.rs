//! The page of metrics, rendered once for all concurrent requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Mutex;

/// While so many answers with a page are unsent, others have the same page.
const UNSENT_FEW: usize = 4;
/// A page older than this is not given to another one in any case.
const SHARED_FOR: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Rendered(Mutex<Option<Rendering>>);

struct Rendering {
    began: Instant,
    page: Arc<String>,
}

/// One answer's part of a page.
struct Shared(Arc<String>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Rendering {
    /// Whether a request that came at `asked` is given it. It is, if it was rendered after that, and so is current.
    fn is_for(&self, asked: Instant) -> bool {
        let is_held = Arc::strong_count(&self.page) > UNSENT_FEW;
        self.began >= asked || (is_held && self.began.elapsed() < SHARED_FOR)
    }

    fn page(&self) -> Bytes {
        Bytes::from_owner(Shared(Arc::clone(&self.page)))
    }
}

impl Rendered {
    /// The page, rendered by `render` unless it is there. `None` if that fails.
    pub(super) async fn page(&self, render: impl Future<Output = Option<String>>) -> Option<Bytes> {
        let asked = Instant::now();
        // Held while the page is rendered, so that all requests meanwhile share the next one.
        let mut last = self.0.lock().await;
        if let Some(last) = last.as_ref().filter(|last| last.is_for(asked)) {
            return Some(last.page());
        }
        *last = None;
        let began = Instant::now();
        let page = Arc::new(render.await?);
        Some(last.insert(Rendering { began, page }).page())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(rendered: &Rendered, text: &str) -> Bytes {
        rendered.page(async { Some(text.to_owned()) }).await.expect("a page")
    }

    #[tokio::test]
    async fn a_page_is_current_until_many_hold_it() {
        let rendered = Rendered::default();
        let mut held = Vec::new();
        for at in 0..4 {
            let page = ask(&rendered, &at.to_string()).await;
            assert_eq!(page, at.to_string());
            held.push(page);
        }
        // All requests before it is rendered share it.
        let busy = rendered.0.lock().await;
        let (first, second, ()) = tokio::join!(ask(&rendered, "first"), ask(&rendered, "second"), async { drop(busy) });
        assert_eq!((&first[..], &second[..]), (&b"first"[..], &b"first"[..]));
        assert_eq!(ask(&rendered, "next").await, "next");
    }

    #[test]
    fn many_unsent_answers_share_a_page() {
        let last = Rendering { began: Instant::now(), page: Arc::new("page".to_owned()) };
        let asked = Instant::now() + Duration::from_nanos(1);
        let few: Vec<_> = (1..UNSENT_FEW).map(|_| last.page()).collect();
        assert!(!last.is_for(asked));
        let one_more = last.page();
        assert!(last.is_for(asked));
        let old = Rendering { began: last.began - SHARED_FOR, page: Arc::clone(&last.page) };
        assert!(!old.is_for(asked));
        drop((few, one_more));
    }
}
