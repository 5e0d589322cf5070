//! The program as its users meet it: the real binary, over real sockets. One binary, so that it is linked once.

mod bench;
mod bench_tls;
mod client;
mod crash;
mod deploy;
mod http;
mod http2;
mod lifecycle;
mod nodes;
mod nodes_streams;
mod operator;
mod postgres;
mod program;
mod proof_chance;
mod proof_full_disk;
mod proof_histories;
mod proof_kill;
mod proof_load;
mod proof_overload;
mod proof_power;
mod replicas;
mod signatures;
mod tail;
mod tail_script;
mod traces;
mod transcripts;
