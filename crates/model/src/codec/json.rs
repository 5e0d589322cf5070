//! DynamoDB JSON: how attribute values are written on the wire.
