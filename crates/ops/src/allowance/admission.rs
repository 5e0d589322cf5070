//! The admission of a request by its body, before the body is decoded.
//!
//! **Admission before decoding.** A typed request is what a body has become, up to thirty times as large: by the time that the gate
//! has one, the memory is allocated and the work done. So what a body costs is reserved by its bytes alone, by the one function here,
//! and all that is behind it (decoding, policies, the operation) runs within the reservation. What only the operation learns, as the
//! bytes of the items that it reads, it adds behind the gate (`allowance::read`).

use api::Exception;

use super::{heavy, reserve};

/// What the bodies of an API cost at most.
pub struct BodyCost {
    /// Up to here a body needs no memory or time worth counting. Unit: bytes.
    pub small_bytes: usize,
    /// What a body is going to have in memory once it is decoded. Unit: bytes.
    pub memory: fn(&[u8]) -> usize,
    /// A byte of a body is as much work as so many that are only looked at.
    pub work_per_byte: usize,
}

/// A request whose body may be decoded.
#[must_use]
pub struct Admitted {
    /// Of a large body. Unit: bytes that are looked at.
    work: Option<usize>,
}

impl BodyCost {
    /// Takes the memory that a request is going to need.
    ///
    /// # Errors
    /// `Throttling` if there was none until the timeout.
    pub async fn admit(&self, body: &[u8]) -> Result<Admitted, Exception> {
        if body.len() <= self.small_bytes {
            return Ok(Admitted { work: None });
        }
        reserve((self.memory)(body)).await?;
        Ok(Admitted { work: Some(body.len() * self.work_per_byte) })
    }
}

impl Admitted {
    /// Decodes the body and does what follows; of a large one with a CPU permit, until its first await.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        match self.work {
            Some(bytes) => heavy(bytes, work).await,
            None => work.await,
        }
    }
}
