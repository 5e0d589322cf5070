//! Order-preserving encryption of keys: hides their bytes as far as their order allows.
//!
//! Each byte becomes two. Which two depends on the byte, on all bytes before it (those that stay plain included) and on the
//! database's key, by a function that grows with the byte. So keys sort as they did; what began with the same bytes still does;
//! a shorter one still comes first; and the plain key comes back out of the code. As this holds for any bytes, the bounds of
//! ranges are coded like keys, and hold just the same.
//!
//! It reveals the order of keys with a common prefix, the length of that prefix, the lengths of the keys, and about how far apart
//! their first different bytes are. Keys of different partitions reveal nothing about each other, as their prefixes differ.
//!
//! The function of one place is drawn from two blocks of AES: 16 steps for the upper half of the byte, of widths that vary
//! much, behind a gap of any size; and in each of these 16 steps for the lower half. The state, from which the blocks come,
//! is chained from byte to byte as in CBC-MAC, and is never stored.
//!
//! | block | input |
//! |---|---|
//! | start | family (1) · bytes that stay plain (1) · 0, then the plain bytes in chunks of 16 |
//! | upper | state ⊕ 1 |
//! | lower | state ⊕ (2, upper half) |
//! | next state | state ⊕ (3, byte) |

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use bytes::Bytes;
use storage::Family;

const BLOCK: usize = 16;
type Block = [u8; BLOCK];

const UPPER: u8 = 1;
const LOWER: u8 = 2;
const NEXT: u8 = 3;

/// All codes of one place. Unit: codes.
const CODES: u32 = 1 << 16;
/// Of the 16 bits of a code.
pub(crate) const CODE_SIZE: usize = 2;

pub(crate) struct Order {
    cipher: Aes256,
}

/// The steps of the upper half: where the first one begins, and how wide each is, less one and in sixteenths.
struct Steps {
    start: u32,
    widths: [u16; BLOCK],
}

/// The widest step less one, in sixteenths: 127 squared, in 128ths.
const WIDTH_MAX: u16 = 126;
/// What 16 of the widest leave.
const STARTS: u32 = CODES - 16 * step(WIDTH_MAX) as u32;

impl Steps {
    fn of(block: &Block) -> Steps {
        let mut widths = [0; BLOCK];
        for (width, byte) in widths.iter_mut().zip(block) {
            let seven = u16::from(byte & 0x7F);
            // Squared, so that few are wide and many narrow.
            *width = (seven * seven) >> 7;
        }
        Steps { start: (top_bits(block) * STARTS) >> 16, widths }
    }

    /// Where the step of an upper half begins.
    fn begin(&self, upper: usize) -> u32 {
        self.start + u32::from(sum_before(self.widths.map(step), upper))
    }

    /// The upper half of a code, by the step that contains it, and where that step begins.
    fn find(&self, code: u32) -> Option<(usize, u32)> {
        let mut begin = self.start;
        if code < begin {
            return None;
        }
        for (upper, width) in self.widths.iter().enumerate() {
            let end = begin + u32::from(step(*width));
            if code < end {
                return Some((upper, begin));
            }
            begin = end;
        }
        None
    }
}

/// The top bits of 16 bytes, as a number of 16 bits.
fn top_bits(block: &Block) -> u32 {
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // Moves the top bits of eight bytes side by side into the top byte.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let (halves, _) = block.as_chunks::<8>();
    let gathered = |half: &[u8; 8]| ((u64::from_le_bytes(*half) & TOPS).wrapping_mul(GATHER) >> 56) as u32;
    halves.iter().fold(0, |bits, half| bits << 8 | gathered(half))
}

/// The sum of the first `count`: of all at once and without branches, which costs less than to stop there.
fn sum_before(values: [u16; BLOCK], count: usize) -> u16 {
    (0_u16..).zip(values).map(|(at, value)| if at < count as u16 { value } else { 0 }).sum()
}

const fn step(width: u16) -> u16 {
    16 * (width + 1)
}

/// How far the code of each lower half is behind that of the one before it: 1 to `width`, or 1.
fn gap(byte: u8, width: u16) -> u16 {
    1 + ((u16::from(byte) * width) >> 8)
}

impl Order {
    pub(crate) fn new(key: &[u8; 32]) -> Order {
        Order { cipher: Aes256::new(&Array::from(*key)) }
    }

    /// The key with everything behind its first `plain` bytes in code.
    pub(crate) fn seal(&self, family: Family, key: &[u8], plain: usize) -> Bytes {
        let (before, secret) = key.split_at(plain.min(key.len()));
        let mut sealed = Vec::with_capacity(before.len() + CODE_SIZE * secret.len());
        sealed.extend_from_slice(before);
        if !secret.is_empty() {
            let mut state = self.start(family, before);
            for byte in secret {
                sealed.extend_from_slice(&self.seal_byte(&mut state, *byte).to_be_bytes());
            }
        }
        Bytes::from(sealed)
    }

    fn start(&self, family: Family, plain: &[u8]) -> Block {
        let mut state = [0; BLOCK];
        state[0] = family as u8;
        state[1] = plain.len() as u8;
        self.advance(&mut state);
        for chunk in plain.chunks(BLOCK) {
            state.iter_mut().zip(chunk).for_each(|(state, byte)| *state ^= byte);
            self.advance(&mut state);
        }
        state
    }

    fn advance(&self, state: &mut Block) {
        let mut block = Array::from(*state);
        self.cipher.encrypt_block(&mut block);
        *state = block.into();
    }

    fn seal_byte(&self, state: &mut Block, byte: u8) -> u16 {
        let (upper, lower) = (byte >> 4, usize::from(byte & 0x0F));
        let inputs = [input(state, UPPER, 0), input(state, LOWER, upper), input(state, NEXT, byte)];
        let mut blocks = inputs.map(Array::from);
        self.cipher.encrypt_blocks(&mut blocks);
        let [first, second, next] = blocks.map(Block::from);
        *state = next;
        let (steps, upper) = (Steps::of(&first), usize::from(upper));
        let width = steps.widths[upper];
        let within = sum_before(second.map(|byte| gap(byte, width)), lower + 1);
        // Below 2^16: the steps end there.
        (steps.begin(upper) + u32::from(within) - 1) as u16
    }

    /// The byte of a code; none if no byte has it.
    fn unseal_byte(&self, state: &mut Block, code: u16) -> Option<u8> {
        let mut first = input(state, UPPER, 0);
        self.advance(&mut first);
        let steps = Steps::of(&first);
        let code = u32::from(code);
        let (upper, begin) = steps.find(code)?;
        let mut second = input(state, LOWER, upper as u8);
        self.advance(&mut second);
        let mut behind = begin;
        for (lower, byte) in second.iter().enumerate() {
            behind += u32::from(gap(*byte, steps.widths[upper]));
            if behind > code {
                let byte = (upper << 4 | lower) as u8;
                *state = input(state, NEXT, byte);
                self.advance(state);
                return (behind == code + 1).then_some(byte);
            }
        }
        None
    }
}

fn input(state: &Block, tag: u8, value: u8) -> Block {
    let mut block = *state;
    block[0] ^= tag;
    block[1] ^= value;
    block
}

/// Reads keys that follow one another: what the next one has in common with the last is not worked out again.
pub(crate) struct KeyReader<'a> {
    order: &'a Order,
    family: Family,
    /// The last key, sealed and plain.
    sealed: Vec<u8>,
    key: Vec<u8>,
    /// How much of it was plain.
    plain: usize,
    /// The state before each byte that was sealed, and behind the last.
    states: Vec<Block>,
}

impl<'a> KeyReader<'a> {
    pub(crate) fn new(order: &'a Order, family: Family) -> KeyReader<'a> {
        KeyReader { order, family, sealed: Vec::new(), key: Vec::new(), plain: 0, states: Vec::new() }
    }

    /// The key in plain; none if it cannot have been sealed by this database.
    pub(crate) fn read(&mut self, sealed: &Bytes, plain: usize) -> Option<Bytes> {
        if sealed.len() <= plain {
            return Some(sealed.clone());
        }
        let kept = self.keep(sealed, plain);
        self.sealed.clear();
        self.sealed.extend_from_slice(sealed);
        let (codes, rest) = sealed[plain + CODE_SIZE * kept..].as_chunks::<CODE_SIZE>();
        if !rest.is_empty() {
            return None;
        }
        let mut state = *self.states.last()?;
        for code in codes {
            let byte = self.order.unseal_byte(&mut state, u16::from_be_bytes(*code));
            // The next one starts afresh where this one broke off.
            let Some(byte) = byte else {
                self.states.clear();
                return None;
            };
            self.key.push(byte);
            self.states.push(state);
        }
        Some(Bytes::copy_from_slice(&self.key))
    }

    /// Truncates the last key to its common prefix with this one; returns how many encrypted bytes that are.
    fn keep(&mut self, sealed: &[u8], plain: usize) -> usize {
        let alike = self.sealed.iter().zip(sealed).take_while(|(last, next)| last == next).count();
        if self.plain != plain || alike < plain || self.states.is_empty() {
            self.plain = plain;
            self.key.clear();
            self.key.extend_from_slice(&sealed[..plain]);
            self.states.clear();
            self.states.push(self.order.start(self.family, &sealed[..plain]));
            return 0;
        }
        let kept = ((alike - plain) / CODE_SIZE).min(self.states.len() - 1);
        self.key.truncate(plain + kept);
        self.states.truncate(kept + 1);
        kept
    }
}

#[cfg(test)]
mod tests;
