//! TransactWriteItems that puts several items, with a token as the SDKs send one: never the same again, not even in
//! another run with the same seed, for DynamoDB remembers tokens and does nothing the second time. Each connection has keys of its own:
//! transactions that conflict are refused, and it is not refusals that are measured here.

use api::Operation;

use super::{Driver, DriverState, Unexpected};
use crate::data::Shape;

struct TransactWrite {
    state: DriverState,
    puts: u64,
    table: String,
}

pub(super) fn of_4(state: DriverState) -> Box<dyn Driver> {
    driver(state, 4)
}

pub(super) fn of_25(state: DriverState) -> Box<dyn Driver> {
    driver(state, 25)
}

fn driver(state: DriverState, puts: u64) -> Box<dyn Driver> {
    let table = state.data.table(Shape::Items);
    Box::new(TransactWrite { state, puts, table })
}

impl Driver for TransactWrite {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        let DriverState { data, chance, connection, connections } = &mut self.state;
        let token = (base::random::u64(), base::random::u64());
        body.extend_from_slice(format!(r#"{{"ClientRequestToken":"{:016x}{:016x}","#, token.0, token.1).as_bytes());
        body.extend_from_slice(br#""TransactItems":["#);
        // This connection's keys are those that leave `connection` when divided by `connections`.
        let own = data.keys / *connections;
        let start = chance.below(own);
        for at in 0..self.puts {
            let key = (start + at * (own / self.puts)) % own * *connections + *connection;
            body.extend_from_slice(if at == 0 { br#"{"Put":{"TableName":""# } else { br#",{"Put":{"TableName":""# });
            body.extend_from_slice(self.table.as_bytes());
            body.extend_from_slice(br#"","Item":"#);
            data.push_item(Shape::Items, key, chance, body);
            body.extend_from_slice(b"}}");
        }
        body.extend_from_slice(b"]}");
        Operation::TransactWriteItems
    }

    fn check(&mut self, _reply: &[u8]) -> Result<(), Unexpected> {
        Ok(())
    }
}
