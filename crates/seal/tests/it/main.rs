//! The seal around whole engines.

mod contract;
mod fixture;
mod kept;
mod late;
mod rotation;
mod tampering;

use seal::{Keyring, MasterKey, Secret};

async fn keyring() -> Keyring {
    Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring")
}
