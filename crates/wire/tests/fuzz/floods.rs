//! Proof: a body full of the smallest elements of every list and every map that the model has takes no more memory
//! than a multiple of its own size.

use std::collections::BTreeSet;

use api::Operation;

use crate::chance::setting;
use crate::service_model::Model;
use crate::test_service::TestService;

/// Of the short and of the long form. Unit: bytes.
const BODY_SIZES: [usize; 2] = [6 * 1024, 200 * 1024];
/// Elements may take eight bytes for each byte of a body, and twice as much more while their list grows.
const MEMORY_FACTOR: usize = 32;
/// The same, whatever the body's size. Unit: bytes.
const MEMORY_FLOOR: usize = 256 * 1024;
/// What may be an element of a list, or a value of a map.
const ELEMENTS: &[&str] = &["{}", "null", "\"\"", "[]", "0", r#"{"S":""}"#, r#"{"NULL":true}"#, r#"{"L":[]}"#];

#[test]
fn floods_of_elements() {
    let model = Model::load();
    let service = TestService::new();
    let is_long = setting("STATOR_PROOF_FUZZ", 0) > 0;
    let body_size = BODY_SIZES[usize::from(is_long)];
    // They do not read their bodies.
    let mut not_built = BTreeSet::new();
    for operation in Operation::ALL {
        let mut doors = Vec::new();
        find_doors(&model, model.input(*operation), "", "", &mut BTreeSet::new(), &mut doors);
        for (open, is_map, close) in &doors {
            for element in ELEMENTS {
                if not_built.contains(operation) {
                    break;
                }
                let flood = flood(element, *is_map, body_size);
                let body = format!("{open}{flood}{close}");
                let answer = service.call(*operation, body.as_bytes());
                let memory_max = MEMORY_FLOOR + MEMORY_FACTOR * body.len();
                let memory = answer.memory;
                assert!(memory <= memory_max, "{operation} {open}{element}…{close}: {memory} bytes of memory");
                if answer.body["__type"].as_str().is_some_and(|kind| kind.ends_with("#UnknownOperationException")) {
                    not_built.insert(*operation);
                }
                assert!(matches!(answer.status, 200 | 400), "{operation} {open}{element}…: {}", answer.body);
            }
        }
    }
}

fn flood(element: &str, is_map: bool, body_size: usize) -> String {
    let count = body_size / (element.len() + if is_map { 8 } else { 1 });
    let elements: Vec<String> = match is_map {
        true => (0..count).map(|at| format!("\"{at:04x}\":{element}")).collect(),
        false => vec![element.to_owned(); count],
    };
    elements.join(",")
}

/// What surrounds the content of each list and map of a shape: the way in, whether it is a map, the way out.
fn find_doors(
    model: &Model,
    name: &str,
    open: &str,
    close: &str,
    around: &mut BTreeSet<String>,
    doors: &mut Vec<(String, bool, String)>,
) {
    if !around.insert(name.to_owned()) {
        return;
    }
    let shape = model.shape(name);
    let part = |key: &str| shape[key]["shape"].as_str().expect("a part");
    match shape["type"].as_str() {
        Some("structure") => {
            for (member, reference) in model.members(name) {
                let inner = reference["shape"].as_str().expect("a shape");
                let table = if member == "TableName" { "" } else { table_before(model, name) };
                let open = format!("{open}{{{table}\"{member}\":");
                find_doors(model, inner, &open, &format!("}}{close}"), around, doors);
            }
        }
        Some("list") => {
            doors.push((format!("{open}["), false, format!("]{close}")));
            find_doors(model, part("member"), &format!("{open}["), &format!("]{close}"), around, doors);
        }
        Some("map") => {
            doors.push((format!("{open}{{"), true, format!("}}{close}")));
            find_doors(model, part("value"), &format!("{open}{{\"plain\":"), &format!("}}{close}"), around, doors);
        }
        _ => {}
    }
    around.remove(name);
}

fn table_before(model: &Model, structure: &str) -> &'static str {
    if model.members(structure).contains_key("TableName") { r#""TableName":"plain","# } else { "" }
}
