//! The report as one page that needs no other file: plots are SVG within it.

use std::collections::BTreeSet;

use super::plot::{self, Bar};
use super::{Circumstances, text};
use crate::figures::Figures;

const STYLE: &str = "\
:root{color-scheme:light dark;--c0:#2563a8;--c1:#c2571a;--c2:#7a7a7a;--g:#8884}\
@media(prefers-color-scheme:dark){:root{--c0:#6aa9ec;--c1:#f0935a;--c2:#aaa}}\
body{font:15px/1.45 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}\
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}\
pre{overflow-x:auto;font-size:12.5px;line-height:1.35}\
dl{display:grid;grid-template-columns:max-content auto;gap:.1em 1em}dt{opacity:.7}dd{margin:0}\
svg{max-width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:currentColor}\
.grid{stroke:var(--g)}polyline{fill:none;stroke-width:2}\
.series0{fill:var(--c0)}.series1{fill:var(--c1)}.series2{fill:var(--c2)}\
.line0{stroke:var(--c0)}.line1{stroke:var(--c1)}.line2{stroke:var(--c2)}\
.key{display:inline-block;width:.8em;height:.8em;margin:0 .4em 0 1em}\
.key0{background:var(--c0)}.key1{background:var(--c1)}.key2{background:var(--c2)}\
.bad{font-weight:bold;color:#c22}";

pub(crate) fn page(circumstances: &Circumstances, all: &[Figures]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>stator bench</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style>\n<h1>stator bench</h1>\n"
    );
    page.push_str("<dl>");
    for (name, value) in &circumstances.settings {
        page.push_str(&format!("<dt>{}</dt><dd>{}</dd>", escaped(&name.replace('_', " ")), escaped(value)));
    }
    page.push_str("</dl>\n");
    push_key(all, &mut page);
    push_bars("Operations a second", all, &mut page, |figures| Some(figures.operations_per_second()));
    push_bars("Server CPU per operation, µs", all, &mut page, Figures::server_cpu_us);
    page.push_str("<h2>All figures</h2>\n<pre>");
    page.push_str(&escaped(&text::table(all)));
    page.push_str("</pre>\n");
    for workload in workloads(all) {
        push_latency(workload, all, &mut page);
    }
    page.push_str("</html>\n");
    page
}

/// The colour of a server: the first, the one it is compared with, the ceiling.
fn series(all: &[Figures], figures: &Figures) -> usize {
    match all.iter().find(|first| !first.is_ceiling) {
        _ if figures.is_ceiling => 2,
        Some(first) if first.server == figures.server => 0,
        _ => 1,
    }
}

fn push_key(all: &[Figures], page: &mut String) {
    let servers: BTreeSet<(usize, &str)> =
        all.iter().map(|figures| (series(all, figures), figures.server.as_str())).collect();
    page.push_str("<p>");
    for (series, server) in servers {
        page.push_str(&format!(r#"<span class="key key{series}"></span>{}"#, escaped(server)));
    }
    page.push_str("</p>\n");
}

/// Only results are drawn.
fn push_bars(title: &str, all: &[Figures], page: &mut String, number: impl Fn(&Figures) -> Option<f64>) {
    let bar = |figures: &Figures| {
        let number = number(figures).filter(|_| figures.is_result())?;
        let (name, series) = (format!("{} · {}", figures.workload, figures.server), series(all, figures));
        let text = if number < 100.0 { format!("{number:.1}") } else { format!("{number:.0}") };
        Some(Bar { name, number, text, series })
    };
    let bars: Vec<Bar> = all.iter().filter_map(bar).collect();
    if !bars.is_empty() {
        page.push_str(&format!("<h2>{title}</h2>\n{}\n", plot::bars(&bars)));
    }
}

fn push_latency(workload: &str, all: &[Figures], page: &mut String) {
    let of_workload = || all.iter().filter(|figures| figures.workload == workload);
    let about = of_workload().next().map_or("", |figures| figures.about);
    page.push_str(&format!("<h2>Latency: {}</h2>\n<p>{}</p>\n", escaped(workload), escaped(about)));
    for figures in of_workload().filter(|figures| !figures.is_result()) {
        page.push_str(&format!("<p class=\"bad\">No result for {}</p>\n", escaped(&figures.server)));
    }
    let servers: Vec<(&Figures, usize)> =
        of_workload().filter(|figures| figures.is_result()).map(|figures| (figures, series(all, figures))).collect();
    if !servers.is_empty() {
        page.push_str(&plot::latency(&servers));
        page.push('\n');
    }
}

/// The workloads in the order in which they ran.
fn workloads(all: &[Figures]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = all.iter().map(|figures| figures.workload).collect();
    names.dedup();
    names
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::tests::example;

    fn render(all: &[Figures]) -> String {
        page(&Circumstances { settings: vec![("value_size_bytes", "<1024>".to_owned())] }, all)
    }

    #[test]
    fn a_page_is_self_contained_and_well_formed() {
        let page = render(&[example("<a>", false, 0), example("b & c", false, 0), example("echo", true, 0)]);
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("&lt;a&gt;") && !page.contains("<a>"));
        assert!(page.contains("value size bytes</dt><dd>&lt;1024&gt;"));
        for (tag, count) in [("svg", 3), ("polyline", 3), ("rect", 6)] {
            assert_eq!(page.matches(&format!("<{tag} ")).count(), count, "{tag}");
        }
        assert_eq!(page.matches("</svg>").count(), 3);
        assert!(!page.contains("NaN") && !page.contains("inf\""), "{page}");
    }

    #[test]
    fn what_is_no_result_is_not_drawn() {
        let page = render(&[example("a", false, 3)]);
        assert!(page.contains("No result for a"));
        assert!(!page.contains("<svg"));
    }
}
