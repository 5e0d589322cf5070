//! Is a history of transactions on lists strictly serializable: is there one order of them, not against time, in which
//! each could have run alone?
//!
//! Every write appends a value that is appended only once, so a list shows the order of its own writes. That gives the
//! edges of a graph (Adya; Kingsbury and Alvaro's Elle): a transaction writes after another (ww), reads another's value (wr),
//! reads a list before another's value is in it (rw), or begins after another's end (time). An order exists only if
//! there is no cycle.
//!
//! The lists are read once more when all is over, which shows the order of all writes and whether a transaction without
//! an answer happened.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

pub(super) type List = u64;
pub(super) type Value = u64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Committed,
    Refused,
    /// No answer came.
    Unknown,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Append(List, Value),
    /// All of a list, before the transaction's own appends.
    Read(List, Vec<Value>),
    /// How long a list was, before the transaction's own appends.
    ReadLength(List, usize),
}

#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub(super) called: u64,
    pub(super) returned: u64,
    pub(super) outcome: Outcome,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edge {
    WriteWrite,
    WriteRead,
    ReadWrite,
    Time,
}

#[derive(PartialEq, Eq, Debug)]
pub(super) enum Anomaly {
    /// A list holds a value twice, or one that was not appended.
    Garbage(List, Value),
    /// A value of a transaction that was refused.
    RefusedValue(List, Value),
    /// An acknowledged value is not there at the end.
    Lost(List, Value),
    /// Of a transaction without an answer some values are there at the end and some are not.
    Torn(usize),
    /// What a transaction read is no beginning of what the list was at the end.
    OtherOrder(List, usize),
    /// Transactions each of which comes before the next, and the last before the first.
    Cycle(Vec<(usize, Edge)>),
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// `last` holds the lists when all was over.
pub(super) fn check(transactions: &[Transaction], last: &BTreeMap<List, Vec<Value>>) -> Result<(), Anomaly> {
    let writers = writers(transactions, last)?;
    let happened = happened(transactions, last)?;
    let mut graph = Graph::new(transactions.len());
    add_data_edges(&mut graph, transactions, &happened, &writers, last)?;
    add_time_edges(&mut graph, transactions, &happened);
    match graph.cycle() {
        Some(cycle) => Err(Anomaly::Cycle(cycle)),
        None => Ok(()),
    }
}

/// The transactions that wrote the values of each list, in their order.
fn writers(
    transactions: &[Transaction],
    last: &BTreeMap<List, Vec<Value>>,
) -> Result<BTreeMap<List, Vec<usize>>, Anomaly> {
    let mut writer_of: HashMap<(List, Value), usize> = HashMap::new();
    for (at, transaction) in transactions.iter().enumerate() {
        for step in &transaction.steps {
            if let Step::Append(list, value) = step {
                assert_eq!(writer_of.insert((*list, *value), at), None, "a value is appended once");
            }
        }
    }
    let mut writers: BTreeMap<List, Vec<usize>> = BTreeMap::new();
    for (list, values) in last {
        let mut seen = BTreeSet::new();
        for value in values {
            let writer = writer_of.get(&(*list, *value)).filter(|_| seen.insert(*value));
            let writer = *writer.ok_or(Anomaly::Garbage(*list, *value))?;
            if transactions[writer].outcome == Outcome::Refused {
                return Err(Anomaly::RefusedValue(*list, *value));
            }
            writers.entry(*list).or_default().push(writer);
        }
    }
    Ok(writers)
}

/// Which transactions happened.
fn happened(transactions: &[Transaction], last: &BTreeMap<List, Vec<Value>>) -> Result<Vec<bool>, Anomaly> {
    let values: BTreeSet<(List, Value)> =
        last.iter().flat_map(|(list, values)| values.iter().map(|value| (*list, *value))).collect();
    let mut happened = Vec::with_capacity(transactions.len());
    for (at, transaction) in transactions.iter().enumerate() {
        let appends: Vec<(List, Value)> = transaction.steps.iter().filter_map(append).collect();
        let missing = appends.iter().find(|append| !values.contains(append));
        happened.push(match (transaction.outcome, missing) {
            (Outcome::Committed, Some((list, value))) => return Err(Anomaly::Lost(*list, *value)),
            (Outcome::Committed, None) => true,
            (Outcome::Refused, _) => false,
            (Outcome::Unknown, None) => !appends.is_empty(),
            (Outcome::Unknown, Some(_)) if appends.iter().any(|append| values.contains(append)) => {
                return Err(Anomaly::Torn(at));
            }
            (Outcome::Unknown, Some(_)) => false,
        });
    }
    Ok(happened)
}

fn append(step: &Step) -> Option<(List, Value)> {
    match step {
        Step::Append(list, value) => Some((*list, *value)),
        Step::Read(..) | Step::ReadLength(..) => None,
    }
}

fn add_data_edges(
    graph: &mut Graph,
    transactions: &[Transaction],
    happened: &[bool],
    writers: &BTreeMap<List, Vec<usize>>,
    last: &BTreeMap<List, Vec<Value>>,
) -> Result<(), Anomaly> {
    for writers in writers.values() {
        for pair in writers.windows(2) {
            graph.add(pair[0], pair[1], Edge::WriteWrite);
        }
    }
    for (reader, transaction) in transactions.iter().enumerate().filter(|(reader, _)| happened[*reader]) {
        for step in &transaction.steps {
            let (list, length) = match step {
                Step::Append(..) => continue,
                Step::Read(list, values) => {
                    let whole = last.get(list).map(Vec::as_slice).unwrap_or_default();
                    if !whole.starts_with(values) {
                        return Err(Anomaly::OtherOrder(*list, reader));
                    }
                    (*list, values.len())
                }
                Step::ReadLength(list, length) => (*list, *length),
            };
            let writers = writers.get(&list).map(Vec::as_slice).unwrap_or_default();
            if length > writers.len() {
                return Err(Anomaly::OtherOrder(list, reader));
            }
            if length > 0 {
                graph.add(writers[length - 1], reader, Edge::WriteRead);
            }
            if let Some(writer) = writers.get(length) {
                graph.add(reader, *writer, Edge::ReadWrite);
            }
        }
    }
    Ok(())
}

/// Every end comes before every later beginning: the ends stand in a chain of nodes of their own, from which each
/// beginning hangs.
fn add_time_edges(graph: &mut Graph, transactions: &[Transaction], happened: &[bool]) {
    let mut events: Vec<(u64, bool, usize)> = Vec::new();
    for (at, transaction) in transactions.iter().enumerate().filter(|(at, _)| happened[*at]) {
        events.push((transaction.called, false, at));
        if transaction.outcome == Outcome::Committed {
            events.push((transaction.returned, true, at));
        }
    }
    // A beginning at the very time of an end overlaps it.
    events.sort_unstable();
    let mut chain = None;
    for (_, is_end, transaction) in events {
        if is_end {
            let node = graph.add_node();
            graph.add(transaction, node, Edge::Time);
            if let Some(before) = chain.replace(node) {
                graph.add(before, node, Edge::Time);
            }
        } else if let Some(before) = chain {
            graph.add(before, transaction, Edge::Time);
        }
    }
}

struct Graph {
    transactions: usize,
    edges: Vec<Vec<(usize, Edge)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Not,
    Open,
    Done,
}

impl Graph {
    fn new(transactions: usize) -> Graph {
        Graph { transactions, edges: vec![Vec::new(); transactions] }
    }

    fn add_node(&mut self) -> usize {
        self.edges.push(Vec::new());
        self.edges.len() - 1
    }

    fn add(&mut self, from: usize, to: usize, edge: Edge) {
        if from != to {
            self.edges[from].push((to, edge));
        }
    }

    /// A cycle of transactions, if there is one: each with the edge to the next.
    fn cycle(&self) -> Option<Vec<(usize, Edge)>> {
        let mut visits = vec![Visit::Not; self.edges.len()];
        for root in 0..self.edges.len() {
            if visits[root] != Visit::Not {
                continue;
            }
            visits[root] = Visit::Open;
            // The way from the root, each node with the number of its edges that have been taken.
            let mut way = vec![(root, 0)];
            while let Some((node, taken)) = way.last_mut() {
                let node = *node;
                let Some((to, _)) = self.edges[node].get(*taken) else {
                    visits[node] = Visit::Done;
                    way.pop();
                    continue;
                };
                *taken += 1;
                match visits[*to] {
                    Visit::Not => {
                        visits[*to] = Visit::Open;
                        way.push((*to, 0));
                    }
                    Visit::Open => {
                        let start = way.iter().position(|(node, _)| node == to).unwrap_or(0);
                        return Some(self.named(&way[start..]));
                    }
                    Visit::Done => {}
                }
            }
        }
        None
    }

    /// A cycle without the nodes of the chain of ends.
    fn named(&self, way: &[(usize, usize)]) -> Vec<(usize, Edge)> {
        let edge = |(node, taken): &(usize, usize)| (*node, self.edges[*node][taken - 1].1);
        way.iter().map(edge).filter(|(node, _)| *node < self.transactions).collect()
    }
}

#[cfg(test)]
mod tests;
