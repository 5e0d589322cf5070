//! What systemd's `Type=notify` waits for: that the server is ready, and that it stops. Nothing without its variable `NOTIFY_SOCKET`.
//!
//! Source: sd_notify(3): a datagram of lines `NAME=value` to a Unix socket, whose name is a path, or behind an `@` an abstract one.

#[cfg(unix)]
use std::os::unix::net::{SocketAddr, UnixDatagram};

const SOCKET: &str = "NOTIFY_SOCKET";

/// The server takes requests.
pub(crate) fn ready() {
    send("READY=1");
}

/// The server takes no new ones.
pub(crate) fn stopping() {
    send("STOPPING=1");
}

#[cfg(unix)]
fn send(state: &str) {
    let Some(name) = std::env::var(SOCKET).ok().filter(|name| !name.is_empty()) else { return };
    if let Err(error) = sent(&name, state) {
        let message = format!("the service manager's socket {name} does not take {state}: {error}");
        crate::log::warning("service_manager_unreachable", &message, &[]);
    }
}

#[cfg(unix)]
fn sent(name: &str, state: &str) -> std::io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read must not hold the server up.
    socket.set_nonblocking(true)?;
    socket.send_to_addr(state.as_bytes(), &address(name)?).map(drop)
}

#[cfg(target_os = "linux")]
fn address(name: &str) -> std::io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(name),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn address(name: &str) -> std::io::Result<SocketAddr> {
    SocketAddr::from_pathname(name)
}

#[cfg(not(unix))]
fn send(_: &str) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn states_are_datagrams() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        let received = |socket: &UnixDatagram| {
            let mut bytes = [0; 64];
            let count = socket.recv(&mut bytes).expect("a datagram");
            String::from_utf8_lossy(&bytes[..count]).into_owned()
        };
        sent(path.to_str().expect("a name"), "READY=1").expect("sent");
        assert_eq!(received(&socket), "READY=1");
        assert!(sent("/nowhere/notify", "READY=1").is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_may_be_abstract() {
        let name = format!("@stator-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&address(&name).expect("an address")).expect("a socket");
        sent(&name, "STOPPING=1").expect("sent");
        let mut bytes = [0; 64];
        let count = socket.recv(&mut bytes).expect("a datagram");
        assert_eq!(&bytes[..count], b"STOPPING=1");
    }
}
