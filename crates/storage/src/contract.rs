//! What every engine must do, as tests that any engine can run: `contract::run(engine).await` in a runtime of several
//! threads. They panic where the engine breaks the contract.
//!
//! Each case works on rows of its own, so that all share one engine. The last case closes it.

mod kit;
mod logs;
mod many_writers;
mod rewrites;
mod rows;
mod scans;

use std::sync::Arc;

use crate::Engine;
use kit::Space;
pub use scans::{ScanCase, any_scan_agrees_with_the_model, check_scan};

pub async fn run(engine: Arc<dyn Engine>) {
    let space = |name| Space::new(&engine, name);
    rows::come_and_go(space("come and go")).await;
    rows::families_are_apart(space("families")).await;
    rows::decisions_see_current_rows(space("decisions")).await;
    rows::refusals_write_nothing(space("refusals")).await;
    rows::the_last_write_of_a_row_counts(space("last write")).await;
    rows::views_stand_still(space("views")).await;
    rows::tallies_add_up(space("tallies")).await;
    rows::destroying_takes_what_starts_with_the_prefix(space("destroy")).await;
    scans::agree_with_the_model(space("scans")).await;
    scans::stay_in_their_view(space("scan views")).await;
    scans::walk_on_in_fresh_views(space("fresh views")).await;
    many_writers::lose_nothing_on_one_row(space("one row")).await;
    many_writers::move_without_loss(space("moves")).await;
    many_writers::are_seen_whole(space("whole")).await;
    many_writers::do_not_meet_on_different_rows(space("different rows")).await;
    many_writers::tally_exactly(space("tally")).await;
    logs::number_their_records(space("numbered records")).await;
    logs::are_read_page_by_page(space("pages of records")).await;
    logs::go_with_their_batch(space("records of a batch")).await;
    logs::never_give_a_position_twice(space("trimmed records")).await;
    logs::are_dense_and_in_order_under_many_writers(space("followed records")).await;
    rewrites::are_made_where_nothing_changed(space("rewrites")).await;
    rewrites::go_with_their_batch(space("rewrites of a batch")).await;
    rewrites::never_undo_a_write(space("rewrites and writes")).await;
    rewrites::bring_nothing_back(space("rewrites and destruction")).await;
    rows::closing_ends_all(space("close")).await;
}

#[cfg(test)]
mod tests;
