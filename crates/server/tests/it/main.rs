//! The program as its users meet it: the real binary, over real sockets. One binary, so that it is linked once.

mod client;
mod crash;
mod http;
mod http2;
mod lifecycle;
mod program;
mod transcripts;
