//! Kinesis streaming destinations: every change of a table is put into a Kinesis data stream.
