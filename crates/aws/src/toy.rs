//! For tests: the model of a service that AWS does not have. One operation has members of all shapes and places, and one has a text.

use crate::model::{OperationModel, Protocol, ServiceModel, operation};
use crate::shape::{
    Bounds, ErrorModel, Member, Place, Shape, error, list, map, optional, required, structure, text, within,
};

static SHAPES: &[Shape] = &[
    /* 0 */
    structure(
        "Thing",
        &[
            required("Name", 1),
            optional("Kind", 2),
            optional("Count", 3),
            optional("Size", 4),
            optional("Ratio", 5),
            optional("IsOn", 6),
            optional("Data", 7),
            optional("At", 8),
            optional("Tags", 9),
            optional("Labels", 11),
            optional("Parts", 12),
            optional("Flat", 13),
            Member { name: "Id", shape: 1, is_required: false, place: Place::Uri("Id") },
            Member { name: "Keys", shape: 10, is_required: false, place: Place::Query("keys") },
            Member { name: "Nth", shape: 3, is_required: false, place: Place::Query("count") },
        ],
    ),
    /* 1 */ text(within(1, 8), "[a-z]*"),
    /* 2 */ Shape::Words(&["RED", "BLUE"]),
    /* 3 */ Shape::Integer(within(0, 10)),
    /* 4 */ Shape::Long(Bounds::NONE),
    /* 5 */ Shape::Double,
    /* 6 */ Shape::Boolean,
    /* 7 */ Shape::Blob(within(0, 4)),
    /* 8 */ Shape::Timestamp,
    /* 9 */ list(14, within(0, 2)),
    /* 10 */ list(1, Bounds::NONE),
    /* 11 */ map(1, 3, Bounds::NONE),
    /* 12: it holds itself. */ list(0, Bounds::NONE),
    /* 13 */ Shape::List { item: 3, item_name: "member", is_flat: true, bounds: Bounds::NONE },
    /* 14 */ structure("Tag", &[required("Key", 1), optional("Value", 1)]),
    /* 15 */ structure("Echo", &[required("Text", 16)]),
    /* 16 */ text(within(1, 5), ""),
];

static OPERATIONS: &[OperationModel] = &[
    operation("GetEcho", "GetEcho", "POST", "/echoes", &["Text"]).shaped(Some(15), Some(15), 200),
    operation("PutThing", "PutThing", "POST", "/things/{Id}", &[]).shaped(Some(0), Some(0), 201),
];

/// A service that the handler does not know, in four protocols.
pub static TOY: ServiceModel = ServiceModel {
    name: "Toy",
    signing_name: "toy",
    api_version: "2026-01-01",
    event_source: "toy.amazonaws.com",
    protocols: &[Protocol::AwsJson, Protocol::Query, Protocol::RestJson, Protocol::RpcV2Cbor],
    target_prefix: "Toy_20260101",
    namespace: "https://toy/",
    is_query_compatible: true,
    refuses_items: false,
    watched: &["InternalFailure"],
    shapes: SHAPES,
    errors: &[ErrorModel { ..error("ThingMissingFault", "ThingMissing", 404, "Message") }],
    operations: OPERATIONS,
};
