//! Actions of alarms, sent to servers of the test.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use auth::ServiceArns;
use base::{Clock, ManualClock};
use bytes::Bytes;
use client::Egress;
use serde_json::Value;
use storage::{Engine, Memory};

use super::*;
use crate::Recorder;
use crate::action_targets::ActionTargets;
use crate::alarm::{self, Alarm, State, Verdict};
use crate::evaluation::tests::alarm;

const BEGIN_MS: u64 = 1_700_000_040_000;
const ID: AlarmId<'static> = AlarmId { account: "111111111111", region: "r", name: "a" };

/// A server that answers with these statuses, and passes on what it gets.
fn receiver(statuses: Vec<u16>) -> (String, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        for status in statuses {
            let Ok((mut socket, _)) = listener.accept() else { return };
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            let (head, body) = loop {
                let size = socket.read(&mut buffer).unwrap();
                bytes.extend_from_slice(&buffer[..size]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                    break (head.to_owned(), body.to_owned());
                }
            };
            sender.send((head, body)).unwrap();
            let _ = write!(socket, "HTTP/1.1 {status} x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        }
    });
    (url, received)
}

struct Tested {
    engine: Arc<dyn Engine>,
    metrics: Arc<Metrics>,
    hand: ManualClock,
}

impl Tested {
    fn new(targets: ActionTargets) -> Tested {
        let (clock, hand) = Clock::manual(BEGIN_MS);
        let engine: Arc<dyn Engine> = Memory::new();
        let recorder = Arc::new(Recorder::new(clock.clone(), 100));
        Tested { metrics: Metrics::with_targets(Arc::clone(&engine), clock, recorder, targets), engine, hand }
    }

    /// Lets an alarm with these actions enter its state.
    async fn enter(&self, actions: &[&str]) {
        self.enter_of(ID, actions).await;
    }

    async fn enter_of(&self, id: AlarmId<'_>, actions: &[&str]) {
        let mut alarm: Alarm = alarm();
        alarm.series.account = id.account.to_owned();
        alarm.name = id.name.to_owned();
        alarm.alarm_actions = actions.iter().map(|action| (*action).to_owned()).collect();
        let verdict = Verdict { state: State::Alarm, reason: "a test".to_owned(), data: None };
        let items = alarm.enter(verdict, BEGIN_MS, |account, action| self.metrics.targets().refusal(account, action));
        alarm::put(&*self.engine, id, 10, |_| (alarm.clone(), items.clone())).await.unwrap().unwrap();
        self.metrics.add_due(id);
    }

    async fn execute(&self) {
        execute_due(&self.metrics, ID.account).await.unwrap();
    }

    async fn pending(&self) -> usize {
        alarm::get(&*self.engine, ID).await.unwrap().unwrap().pending.len()
    }

    /// The summaries of what became of actions.
    async fn history(&self) -> Vec<String> {
        let mut items = Vec::new();
        alarm::history(&*self.engine, (ID.account, ID.region), None, |_, item| items.push(item)).await.unwrap();
        let of_actions = items.into_iter().map(|item| item.summary).filter(|summary| summary.contains("action"));
        of_actions.collect()
    }
}

#[tokio::test]
async fn a_url_gets_the_message() {
    let (url, received) = receiver(vec![200]);
    let tested = Tested::new(ActionTargets::default());
    let action = format!("{url}/hook?x=1");
    tested.enter(&[&action]).await;
    tested.execute().await;
    let (head, body) = received.recv().unwrap();
    assert!(head.starts_with("POST /hook?x=1 HTTP/1.1") && head.contains("content-type: application/json"), "{head}");
    let message: Value = serde_json::from_str(&body).unwrap();
    for (member, value) in [
        ("AlarmName", "a"),
        ("NewStateValue", "ALARM"),
        ("OldStateValue", "INSUFFICIENT_DATA"),
        ("NewStateReason", "a test"),
        ("StateChangeTime", "2023-11-14T22:14:00.000+0000"),
        ("AlarmArn", "arn:aws:cloudwatch:r:111111111111:alarm:a"),
    ] {
        assert_eq!(message[member], value, "{member}");
    }
    assert_eq!(message["Trigger"]["Dimensions"], serde_json::json!([{"value": "tab", "name": "TableName"}]));
    assert_eq!((&message["Trigger"]["Statistic"], &message["Trigger"]["Threshold"]), (&"SUM".into(), &1.0.into()));
    assert_eq!(tested.history().await, [format!("Successfully executed action {action}")]);
    assert_eq!(tested.pending().await, 0);
    tested.metrics.add_due(ID);
    tested.execute().await;
    assert!(received.try_recv().is_err(), "it is executed once");
}

#[tokio::test]
async fn a_topic_gets_a_signed_publish_and_is_tried_again() {
    let (url, received) = receiver(vec![503, 200]);
    let tested = Tested::new(ActionTargets { sns: Some(url), ..ActionTargets::default() });
    let topic = "arn:aws:sns:eu-west-1:111111111111:pager";
    tested.enter(&[topic]).await;
    tested.execute().await;
    let history = tested.history().await;
    if history[0].contains("could not be reached") {
        // Without keys in the environment nothing is sent.
        return;
    }
    received.recv().unwrap();
    let (head, body) = received.recv().unwrap();
    assert!(head.contains("/eu-west-1/sns/aws4_request"), "{head}");
    assert!(body.starts_with("Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1"), "{body}");
    assert_eq!(history, [format!("Successfully executed action {topic}")]);
}

#[tokio::test]
async fn what_is_not_executed_is_in_the_history_at_once() {
    let targets = ActionTargets {
        egress: Egress::closed(Vec::new()),
        service_arns: ServiceArns::of_own_account(Vec::new()),
        sns: Some("http://127.0.0.1:1".to_owned()),
        ..ActionTargets::default()
    };
    let tested = Tested::new(targets);
    let actions = [
        "http://127.0.0.1:9/",
        "arn:aws:sns:eu-west-1:222222222222:pager",
        "arn:aws:automate:eu-west-1:ec2:stop",
        "arn:aws:sns:a/b:111111111111:pager",
    ];
    tested.enter(&actions).await;
    assert_eq!(tested.pending().await, 0);
    let history = tested.history().await;
    let reasons =
        ["is not reachable from this server", "another account's", "URLs and SNS topics alone", "It is not a topic"];
    assert_eq!(history.len(), reasons.len());
    for (item, reason) in history.iter().zip(reasons) {
        assert!(item.starts_with("Failed to execute action") && item.contains(reason), "{item}");
    }
    let none = Tested::new(ActionTargets::default());
    none.enter(&["arn:aws:sns:eu-west-1:111111111111:pager"]).await;
    assert!(none.history().await[0].ends_with("This server has no --sns-endpoint"));
}

/// A process has claimed them and has ended.
#[tokio::test]
async fn claimed_actions_wait_for_the_end_of_the_claim() {
    let (url, received) = receiver(vec![404]);
    let tested = Tested::new(ActionTargets::default());
    tested.enter(&[&url]).await;
    let claim = |mut alarm: Alarm, _: &Bytes| {
        alarm.pending[0].claimed_until_ms = BEGIN_MS + CLAIM_MS;
        Some((alarm, Vec::new()))
    };
    alarm::change(&*tested.engine, ID, claim).await.unwrap();
    tested.execute().await;
    assert_eq!((tested.pending().await, received.try_recv().is_err()), (1, true));
    tested.hand.advance_ms(CLAIM_MS);
    tested.metrics.add_due(ID);
    tested.execute().await;
    received.recv().unwrap();
    assert_eq!(
        tested.history().await,
        [format!("Failed to execute action {url}. The endpoint answered with status 404")]
    );
    assert_eq!(tested.pending().await, 0);
}

#[tokio::test]
async fn old_actions_are_given_up() {
    let tested = Tested::new(ActionTargets::default());
    tested.enter(&["http://127.0.0.1:9/"]).await;
    tested.hand.advance_ms(LIFE_MS + 1);
    tested.execute().await;
    assert!(tested.history().await[0].ends_with("It was not executed for an hour"));
}

/// A server that accepts, and never answers; it has the sockets of those that wait.
fn tarpit() -> (String, Arc<std::sync::Mutex<Vec<std::net::TcpStream>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sockets = Arc::<std::sync::Mutex<Vec<_>>>::default();
    let held = Arc::clone(&sockets);
    std::thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            held.lock().unwrap().push(socket);
        }
    });
    (url, sockets)
}

/// One account has ten alarms of five actions each, to a server that never answers.
#[tokio::test]
async fn an_endpoint_that_never_answers_delays_its_account_alone() {
    let (slow, sockets) = tarpit();
    let (url, received) = receiver(vec![200, 200]);
    let tested = Tested::new(ActionTargets::default());
    let names: Vec<String> = (0..10).map(|number| format!("slow{number}")).collect();
    for name in &names {
        let id = AlarmId { account: "000000000000", region: "r", name };
        tested.enter_of(id, &[slow.as_str(); 5]).await;
    }
    let jobs = jobs::Jobs::by_hand(Clock::manual(BEGIN_MS).0);
    jobs.add(job(&tested.metrics).unwrap());
    let begun = std::time::Instant::now();
    for name in ["before", "meanwhile"] {
        tested.enter_of(AlarmId { name, ..ID }, &[&url]).await;
        assert!(matches!(jobs.run_once("execute_alarm_actions").await, Some(Ran::Again(_))), "others' tasks go on");
        received.recv_timeout(Duration::from_secs(5)).unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!((1..=AT_ONCE_MAX).contains(&sockets.lock().unwrap().len()), "an account's part at once");
}

/// Two processes share the rows. The first one's claim of an action ends while it executes it.
#[tokio::test]
async fn what_becomes_of_an_action_is_recorded_under_its_claim_alone() {
    let tested = Tested::new(ActionTargets::default());
    tested.enter(&["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]).await;
    let first = claim(&tested.metrics, ID).await.unwrap().unwrap();
    let second = claim(&tested.metrics, ID).await.unwrap().unwrap();
    assert_ne!(first.id, second.id, "each is claimed by itself, just before it is executed");
    assert_eq!(claim(&tested.metrics, ID).await.unwrap(), None);
    tested.hand.advance_ms(CLAIM_MS);
    let again = claim(&tested.metrics, ID).await.unwrap().unwrap();
    assert_eq!(again.id, first.id);
    record(&tested.metrics, ID, &first, &Ok(())).await.unwrap();
    assert_eq!((tested.pending().await, tested.history().await.len()), (2, 0), "the claim was lost");
    record(&tested.metrics, ID, &again, &Ok(())).await.unwrap();
    assert_eq!((tested.pending().await, tested.history().await.len()), (1, 1));
}
