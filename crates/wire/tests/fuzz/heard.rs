//! Answers that later requests continue from: last keys, tokens, whole next pages.

use api::Operation;

use crate::json::Json;

/// Values of answers, for later requests to continue from.
#[derive(Default)]
pub(crate) struct Heard {
    pub last_keys: Vec<Json>,
    pub next_tokens: Vec<String>,
    /// Requests that continue where an earlier one ended.
    pub next_pages: Vec<(Operation, Json)>,
}

impl Heard {
    pub(crate) fn listen(&mut self, operation: Operation, body: &[u8], answer: &serde_json::Value) {
        if let Some(key) = answer.get("LastEvaluatedKey") {
            keep(&mut self.last_keys, Json::from(key));
        }
        if let Some(token) = answer.get("NextToken").and_then(serde_json::Value::as_str) {
            keep(&mut self.next_tokens, token.to_owned());
        }
        let request = serde_json::from_slice::<serde_json::Value>(body);
        for (returned, asked) in [("LastEvaluatedKey", "ExclusiveStartKey"), ("NextToken", "NextToken")] {
            if let (Ok(request), Some(value)) = (&request, answer.get(returned)) {
                let mut request = request.clone();
                request[asked] = value.clone();
                keep(&mut self.next_pages, (operation, Json::from(&request)));
            }
        }
    }
}

fn keep<T>(kept: &mut Vec<T>, new: T) {
    kept.insert(0, new);
    kept.truncate(20);
}
