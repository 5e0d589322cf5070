//! Enforced throughput of two nodes: together they give what the table has.

use super::*;

const RATE: i64 = 20;
const STEPS: u64 = 200;
const STEP_MS: u64 = 50;

async fn reads(node: &Node) -> u64 {
    let request = GetItemInput {
        table_name: "shared".to_owned(),
        key: item(&[("pk", s("a"))]),
        consistent_read: Some(true),
        ..GetItemInput::default()
    };
    let mut admitted = 0;
    for _ in 0..3 {
        admitted += u64::from(node.service.get_item(&caller(), request.clone()).await.is_ok());
    }
    admitted
}

async fn until_nodes(node: &Node, count: u32) {
    until(async || (node.service.throttle.as_ref().unwrap().nodes() == count).then_some(())).await;
}

#[tokio::test]
async fn two_nodes_share_a_rate() {
    let mut cluster = Cluster::new();
    cluster.settings.enforces_throughput = true;
    let (a, b) = (cluster.node().await, cluster.node().await);
    for node in [&a, &b] {
        until_nodes(node, 2).await;
    }
    let units = ProvisionedThroughput { read_capacity_units: RATE, write_capacity_units: RATE };
    let table = CreateTableInput { billing_mode: None, provisioned_throughput: Some(units), ..simple("shared") };
    a.service.create_table(&caller(), table).await.unwrap();
    let mut admitted = 0;
    for _ in 0..STEPS {
        admitted += reads(&a).await + reads(&b).await;
        cluster.hand.advance_ms(STEP_MS);
        // For heartbeats: a node that is silent for long does not count.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // What the rate gives in the time and at the beginning, and at most one read of each node beyond it.
    let given = RATE.unsigned_abs() * (STEPS * STEP_MS / 1_000 + 1);
    assert!((given - RATE.unsigned_abs() / 10..=given + 2).contains(&admitted), "{admitted} of {given}");

    // Once a node has left, the other one has the whole rate.
    b.service.jobs().stop(Duration::from_secs(1)).await;
    b.service.leave().await;
    until_nodes(&a, 1).await;
}
