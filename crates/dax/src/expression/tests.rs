//! Compiled expressions as clients send them, and the text that they become.

use model::Number;
use proptest::prelude::*;

use super::*;

fn unhex(hex: &str) -> Vec<u8> {
    base::unhex(hex.as_bytes()).unwrap()
}

fn one() -> AttributeValue {
    AttributeValue::N(Number::from_u64(1))
}

/// Vectors of the Python client's encoder.
#[test]
fn compiled_expressions_become_text() {
    let check = |hex: &str, text: &str, names: &[(&str, &str)], values: usize| {
        let mut expressions = Expressions::default();
        assert_eq!(expressions.condition(&unhex(hex)).as_deref(), Ok(text));
        let expected: BTreeMap<String, String> =
            names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(expressions.names().unwrap_or_default(), expected);
        assert_eq!(expressions.values.len(), values);
    };
    check("83018300821261618211008101", "a=:0", &[], 1);
    check("83018301851261586179d90cfc03617a821100816178", "X.y[3].z<>:0", &[], 1);
    check(
        "830183068208830a82126161828211008211018307840982126162821100821101830482108212616382110082016178",
        "NOT a IN (:0,:1) AND (b BETWEEN :0 AND :1 OR size(c)>:0)",
        &[],
        2,
    );
    // `status` is reserved, and `a-b` is no word.
    check("8301830082126673746174757382110081f6", "#0=:0", &[("#0", "status")], 1);
    check("8201820b831263612d626178", "attribute_exists(#0.x)", &[("#0", "a-b")], 0);
}

#[test]
fn an_update_has_its_sections_together() {
    let hex = "83018783138212616182110083138212616283181983178212616282110082110083138212616c8318188211018212616c82\
               1682126163821683126164d90cfc0083148212616e82110083158212627373821102830181617ad90cf9816171";
    let mut expressions = Expressions::default();
    let text = expressions.update(&unhex(hex)).unwrap();
    assert_eq!(text, "SET a=:0,b=if_not_exists(b,:0)+:0,l=list_append(:1,l) ADD n :0 DELETE ss :2 REMOVE c,d[0]");
    let values = Attributes::from_unsorted(expressions.values.clone());
    assert_eq!(values.get(":0"), Some(&one()));
    assert_eq!(values.get(":2"), Some(&AttributeValue::SS(vec!["q".to_owned()])));
}

/// Each action is short, and there may be as many as a message has room for.
#[test]
fn an_update_has_an_end() {
    let action = [0x82, 0x16, 0x82, 0x12, 0x61, b'n'];
    let update = |count: u16| [&[0x82, 1, 0x99][..], &count.to_be_bytes(), &action.repeat(count.into())].concat();
    assert_eq!(Expressions::default().update(&update(20_000)).unwrap().len(), "REMOVE ".len() + 2 * 20_000 - 1);
    let refused = Expressions::default().update(&update(60_000));
    assert_eq!(refused, Err(Malformed("an expression is too long").into()));
}

/// The values of all expressions of a request have one room.
#[test]
fn values_of_expressions_have_an_end() {
    let condition = |size: u32| {
        let text = [&[0x81, 0x7a][..], &size.to_be_bytes(), &vec![b'x'; size as usize]].concat();
        [&[0x83, 1, 0x83, 0, 0x82, 0x12, 0x61, b'a', 0x82, 0x11, 0][..], &text].concat()
    };
    let mut expressions = Expressions::default();
    assert_eq!(expressions.condition(&condition(1 << 20)).as_deref(), Ok("a=:0"));
    assert_eq!(expressions.condition(&condition(1 << 20)).as_deref(), Ok("a=:1"));
    let refused = expressions.condition(&condition(1)).unwrap_err().to_string();
    assert_eq!(refused, "The size of the expressions' values has exceeded the maximum allowed size");
}

#[test]
fn a_projection_has_its_paths_in_order() {
    let mut expressions = Expressions::default();
    let projected = expressions.projection(&unhex("82018382126161841261586179d90cfc0182126163")).unwrap();
    assert_eq!((projected.text.as_str(), projected.attributes.as_str()), ("a,X.y[1],c", "a,X,c"));
    assert_eq!(projected.paths[1].to_string(), "X.y[1]");
}

#[test]
fn the_expressions_of_a_request_share_their_placeholders() {
    let mut expressions = Expressions::default();
    let condition = unhex("830183008212667374617475738211008101");
    assert_eq!(expressions.condition(&condition).as_deref(), Ok("#0=:0"));
    assert_eq!(expressions.condition(&condition).as_deref(), Ok("#0=:1"));
    assert_eq!(expressions.names().unwrap().len(), 1);
}

/// The client's own text was within DynamoDB's bound, and so must be the one that is written.
#[test]
fn placeholders_are_as_short_as_they_can_be() {
    for (number, text) in [(0, "0"), (9, "9"), (10, "a"), (61, "Z"), (62, "00"), (63, "01"), (62 + 62 * 62, "000")] {
        assert_eq!(short(number), text);
    }
}

/// As many operators as an expression may have, each within the one before.
#[test]
fn deep_conditions_are_written_and_deeper_ones_refused() {
    let nested = |depth: usize| {
        let leaf = unhex("83008212616182 1100".replace(' ', "").as_str());
        let node = (0..depth).fold(leaf.clone(), |node, _| [&[0x83, 0x06][..], &node, &leaf].concat());
        [&[0x83, 1][..], &node, &[0x81, 1]].concat()
    };
    let text = Expressions::default().condition(&nested(DEPTH_MAX - 2)).unwrap();
    assert!(text.starts_with("a=:0 AND a=:0") && !text.contains('('));
    assert!(Expressions::default().condition(&nested(DEPTH_MAX)).is_err());
    assert!(Expressions::default().condition(&nested(10_000)).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_an_expression_or_refused(tail in proptest::collection::vec(any::<u8>(), 0..120)) {
        for head in [&[0x83, 1][..], &[0x83, 1, 0x83], &[0x83, 1, 0x81, 0x83], &[0x82, 1, 0x81, 0x82, 18]] {
            let bytes = [head, &tail].concat();
            let _ = Expressions::default().condition(&bytes);
            let _ = Expressions::default().update(&bytes);
            let _ = Expressions::default().projection(&bytes);
        }
    }
}
