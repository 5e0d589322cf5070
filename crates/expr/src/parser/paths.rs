//! Projection expressions, and the rule that the paths of one expression may not meet.

use model::{DocumentPath, PathElement};

use super::{Findings, Parsed, Parser};
use crate::error::{ExpressionKind, Problem};
use crate::placeholders::Placeholders;

/// Parses the paths of a projection expression.
pub(crate) fn parse_projection(text: &str, placeholders: &mut Placeholders) -> Parsed<Vec<DocumentPath>> {
    let mut parser = Parser::new(ExpressionKind::Projection, text, placeholders)?;
    let mut paths = vec![parser.path()?];
    while parser.take_symbol(",") {
        paths.push(parser.path()?);
    }
    parser.expect_end()?;
    check_distinct_paths(&paths, &mut parser.findings);
    parser.finish()?;
    Ok(paths)
}

/// Finds the first pair of which one leads to the other or into it, or else the first that takes one value for a map
/// and for a list.
pub(crate) fn check_distinct_paths<'a>(paths: impl IntoIterator<Item = &'a DocumentPath>, findings: &mut Findings) {
    let paths: Vec<&DocumentPath> = paths.into_iter().collect();
    let mut conflict = None;
    for (later, two) in paths.iter().enumerate() {
        for one in &paths[..later] {
            match meeting(one, two) {
                Meeting::Apart => {}
                // One is enough: a hostile text may hold a million such pairs.
                Meeting::Overlap => return findings.push(Problem::PathsOverlap((*one).clone(), (*two).clone())),
                Meeting::Conflict => conflict = conflict.or(Some((*one, *two))),
            }
        }
    }
    if let Some((one, two)) = conflict {
        findings.push(Problem::PathsConflict(one.clone(), two.clone()));
    }
}

enum Meeting {
    Apart,
    Overlap,
    Conflict,
}

fn meeting(one: &DocumentPath, two: &DocumentPath) -> Meeting {
    if one.name != two.name {
        return Meeting::Apart;
    }
    match one.steps.iter().zip(&two.steps).find(|(a, b)| a != b) {
        None => Meeting::Overlap,
        Some((PathElement::Name(_), PathElement::Name(_)) | (PathElement::Index(_), PathElement::Index(_))) => {
            Meeting::Apart
        }
        Some(_) => Meeting::Conflict,
    }
}
