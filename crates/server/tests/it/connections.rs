//! Which connection makes room for a new one, seen from several addresses of this machine.

use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use tokio::net::TcpSocket;

use crate::client::Client;
use crate::program::PATIENCE;
use crate::test_server::TestServer;

fn get(client: &mut Client, path: &str) -> String {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    client.response().text()
}

fn check_works(client: &mut Client) {
    assert_eq!(client.call("ListTables", "{}").status, 200);
}

/// A client whose address is another one of this machine's.
fn client_at(server: &TestServer, address: Ipv4Addr) -> Client {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let socket = runtime.block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((address, 0))).expect("an address of this machine");
        socket.connect(server.address).await.expect("connect").into_std().expect("a socket")
    });
    socket.set_nonblocking(false).expect("blocking");
    socket.set_read_timeout(Some(PATIENCE)).expect("timeout");
    Client { socket: BufReader::new(socket) }
}

#[test]
fn a_connection_that_only_asks_for_health_makes_room() {
    let server = TestServer::in_memory().flag("--connections-max", "2").start();
    let mut asks = server.client();
    get(&mut asks, "/healthz");
    let mut quiet = server.client();
    check_works(&mut quiet);
    // Later than the other one, and no use of the connection: neither pages nor refused requests.
    get(&mut asks, "/healthz");
    get(&mut asks, "/");
    asks.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert!(asks.response().status >= 400);
    let mut newcomer = server.client();
    check_works(&mut newcomer);
    assert!(asks.is_closed());
    check_works(&mut quiet);
}

/// The frames of HTTP/2 that need no request.
#[test]
fn a_connection_that_only_pings_makes_room() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    const PING: &[u8] = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00pingping";
    let server = TestServer::in_memory().flag("--connections-max", "2").start();
    let mut pings = server.client();
    pings.send(PREFACE);
    let mut quiet = server.client();
    check_works(&mut quiet);
    (0..10).for_each(|_| pings.send(PING));
    let mut newcomer = server.client();
    check_works(&mut newcomer);
    // Behind the answers to what was sent, the end.
    let closed = std::io::Read::read_to_end(&mut pings.socket, &mut Vec::new());
    assert!(closed.is_ok_and(|bytes| bytes > 0));
    check_works(&mut quiet);
}

#[cfg(target_os = "linux")]
#[test]
fn one_address_does_not_crowd_out_another() {
    let server = TestServer::in_memory().flag("--connections-max", "4").start();
    let mut quiet = server.client();
    check_works(&mut quiet);
    let crowd = Ipv4Addr::new(127, 0, 0, 2);
    let mut first: Vec<Client> = (0..3).map(|_| client_at(&server, crowd)).collect();
    first.iter_mut().for_each(check_works);
    // All connections are taken. Ten more of the same address cost it its own.
    let mut newcomers = Vec::new();
    for _ in 0..10 {
        let mut newcomer = client_at(&server, crowd);
        check_works(&mut newcomer);
        newcomers.push(newcomer);
    }
    check_works(&mut quiet);
    assert!(first.iter_mut().all(Client::is_closed));
    // Of the newcomers, the last three are left.
    assert!(newcomers[..7].iter_mut().all(Client::is_closed));
    newcomers[7..].iter_mut().for_each(check_works);
}

#[cfg(target_os = "linux")]
#[test]
fn an_address_may_have_so_many_connections() {
    let server = TestServer::in_memory().flag("--connections-per-address-max", "2").start();
    let crowd = Ipv4Addr::new(127, 0, 0, 2);
    let mut held: Vec<Client> = (0..2).map(|_| client_at(&server, crowd)).collect();
    held.iter_mut().for_each(check_works);
    // While both have just been used, a third one is refused; then the one idle longest makes room.
    let deadline = Instant::now() + PATIENCE;
    let mut third = loop {
        let mut third = client_at(&server, crowd);
        if third.try_call("ListTables", "{}").is_some() {
            break third;
        }
        assert!(Instant::now() < deadline, "it is never served");
    };
    assert!(held[0].is_closed());
    check_works(&mut third);
    // Others do not feel it.
    let mut others: Vec<Client> = [3, 4].map(|last| client_at(&server, Ipv4Addr::new(127, 0, 0, last))).into();
    others.iter_mut().for_each(check_works);
    let page = get(&mut others[0], "/metrics");
    assert!(page.contains(r#"stator_connections_evicted_total{reason="address"} 1"#), "{page}");
}
