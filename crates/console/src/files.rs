//! The files of `web`, but for the page itself. A test compares the list with the folder.

use crate::MediaType;
use crate::MediaType::{Css, JavaScript, Svg};

macro_rules! files {
    ($($name:literal $media_type:ident,)*) => {
        /// Name, media type, content.
        pub(crate) const FILES: &[(&str, MediaType, &[u8])] =
            &[$(($name, $media_type, include_bytes!(concat!("../web/", $name)))),*];
    };
}

files! {
    "console.css" Css,
    "js/api.js" JavaScript,
    "js/code.js" JavaScript,
    "js/deps.js" JavaScript,
    "js/icons.js" JavaScript,
    "js/main.js" JavaScript,
    "js/pages/activity.js" JavaScript,
    "js/pages/alarms.js" JavaScript,
    "js/pages/backups.js" JavaScript,
    "js/pages/create_table.js" JavaScript,
    "js/pages/dax.js" JavaScript,
    "js/pages/explore.js" JavaScript,
    "js/pages/explorer.js" JavaScript,
    "js/pages/grid.js" JavaScript,
    "js/pages/identity.js" JavaScript,
    "js/pages/import_items.js" JavaScript,
    "js/pages/insights.js" JavaScript,
    "js/pages/item.js" JavaScript,
    "js/pages/metrics.js" JavaScript,
    "js/pages/overview.js" JavaScript,
    "js/pages/partiql.js" JavaScript,
    "js/pages/settings.js" JavaScript,
    "js/pages/simulator.js" JavaScript,
    "js/pages/table.js" JavaScript,
    "js/pages/table_access.js" JavaScript,
    "js/pages/table_backups.js" JavaScript,
    "js/pages/table_indexes.js" JavaScript,
    "js/pages/table_replicas.js" JavaScript,
    "js/pages/table_settings.js" JavaScript,
    "js/pages/table_stream.js" JavaScript,
    "js/pages/tables.js" JavaScript,
    "js/pages/transfers.js" JavaScript,
    "js/pages/tree.js" JavaScript,
    "js/pages/triggers.js" JavaScript,
    "js/plot.js" JavaScript,
    "js/request.js" JavaScript,
    "js/router.js" JavaScript,
    "js/session.js" JavaScript,
    "js/sha256.js" JavaScript,
    "js/shell.js" JavaScript,
    "js/sign.js" JavaScript,
    "js/tables_data.js" JavaScript,
    "js/theme.js" JavaScript,
    "js/ui.js" JavaScript,
    "js/value.js" JavaScript,
    "js/xml.js" JavaScript,
    "logo.svg" Svg,
    "vendor/hooks.js" JavaScript,
    "vendor/htm.js" JavaScript,
    "vendor/preact.js" JavaScript,
    "vendor/signals-core.js" JavaScript,
    "vendor/signals.js" JavaScript,
    "vendor/uplot.css" Css,
    "vendor/uplot.js" JavaScript,
}
