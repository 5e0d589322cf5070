//! Tables' logs of changes at work: shards are opened, rolled, split, closed, trimmed and measured, and read page by page.

mod heat;
mod keep;
mod measure;
mod part;
mod read;
mod retention;
mod roll;
mod trim;

pub(crate) use part::is_parted;
