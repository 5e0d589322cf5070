//! Time to live at work: items that are due are deleted, and indexes of times are made and taken away (`expiry`).

mod keep;
mod sweep;

#[cfg(test)]
pub(crate) use sweep::Passes;

#[cfg(test)]
mod tests;
