//! A fault of ours stays with its request: a panic while answering becomes an error for that one caller, and the
//! connection and the server go on.

/// A request's handler panicked; the panic hook has already logged it.
#[derive(Debug)]
pub(crate) struct Panicked;

pub(crate) async fn catch<F: Future>(future: F) -> Result<F::Output, Panicked> {
    base::catch_panic(future).await.map_err(|_| Panicked)
}
