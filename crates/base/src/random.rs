//! Chance: from the operating system where it must not be guessed, from a generator seeded by it where it only has to
//! differ.

use std::cell::Cell;

/// Fills `bytes` with random bytes that cannot be guessed.
///
/// # Panics
/// If the operating system has no random numbers to give: nothing above could continue safely.
pub fn fill(bytes: &mut [u8]) {
    #[cfg(feature = "simulation")]
    if SIMULATED.get() {
        bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&u64().to_be_bytes()[..chunk.len()]));
        return;
    }
    getrandom::fill(bytes).expect("the operating system gives random numbers");
}

/// 16 random bytes that cannot be guessed.
pub fn secret16() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    bytes
}

/// 16 bytes that no other call ever gave: names of writes, ids.
pub fn bytes16() -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&u64().to_be_bytes());
    bytes[8..].copy_from_slice(&u64().to_be_bytes());
    bytes
}

thread_local! {
    /// The state of the thread's generator (xoshiro256++, by Blackman and Vigna); all zeros before it is seeded.
    static STATE: Cell<[u64; 4]> = const { Cell::new([0; 4]) };
}

/// A random number, cheap enough for every request. Not a secret.
pub fn u64() -> u64 {
    STATE.with(|cell| {
        let mut state = cell.get();
        while state == [0; 4] {
            state = seed();
        }
        let result = state[0].wrapping_add(state[3]).rotate_left(23).wrapping_add(state[0]);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        cell.set(state);
        result
    })
}

#[cfg(feature = "simulation")]
thread_local! {
    /// Whether all chance of this thread follows from a seed.
    static SIMULATED: Cell<bool> = const { Cell::new(false) };
}

/// Lets all chance of this thread, secrets included, follow from a seed: for simulations, which repeat a history. No program that
/// serves has it.
#[cfg(feature = "simulation")]
pub fn seed_thread(seed: u64) {
    SIMULATED.set(true);
    // No seed gives a state of zeros, which would be seeded by the system.
    STATE.set([seed, !seed, 1, seed.rotate_left(32)]);
}

fn seed() -> [u64; 4] {
    let mut bytes = [0; 32];
    fill(&mut bytes);
    let mut state = [0; 4];
    for (word, chunk) in state.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    state
}

/// A random UUID (version 4), in the usual spelling.
pub fn uuid_v4() -> String {
    let mut bytes = secret16();
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let digits = crate::hex(&bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// Length of a [`request_id`].
pub const REQUEST_ID_SIZE: usize = 52;

/// What `x-amzn-RequestId` says of one request: 52 characters, capital letters and digits.
pub fn request_id() -> [u8; REQUEST_ID_SIZE] {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut id = [0; REQUEST_ID_SIZE];
    for part in id.chunks_mut(12) {
        let mut bits = u64();
        for byte in part {
            *byte = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_form_and_differ() {
        let (a, b) = (uuid_v4(), uuid_v4());
        assert_ne!(a, b);
        assert_eq!(a.len(), 36);
        assert_eq!(&a[14..15], "4");
        assert!("89ab".contains(&a[19..20]), "{a}");
    }

    #[test]
    fn request_ids_are_capital_letters_and_digits_and_differ() {
        let id = request_id();
        assert!(id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
        assert_ne!(id, request_id());
    }

    #[test]
    fn names_of_writes_differ_between_threads() {
        let other = std::thread::spawn(bytes16).join().unwrap();
        assert_ne!(bytes16(), other);
    }
}
