//! Numbers by example: spellings, limits, sums, order and sizes.

use super::*;

fn n(text: &str) -> Number {
    Number::parse(text).unwrap()
}

#[test]
fn spellings_of_one_number_are_equal_and_print_plainly() {
    for (text, plain) in [
        ("1e3", "1000"),
        ("+5", "5"),
        ("-0", "0"),
        ("-0.0e12", "0"),
        ("00042", "42"),
        ("1.500", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1E-3", "0.001"),
        ("-12.340e1", "-123.4"),
        ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
        ("0.00000000000000000000000000000000000000000000000001e49", "0.1"),
        ("0.0e126", "0"),
    ] {
        assert_eq!(n(text).to_string(), plain, "{text}");
        assert_eq!(n(text), n(plain), "{text}");
    }
}

#[test]
fn texts_that_are_no_numbers_are_refused() {
    for text in ["", " 1", "1 ", "NaN", "Infinity", "1+2", ".", "e5", "1e", "1e+", "--1", "1.2.3", "0x10", "١"] {
        assert_eq!(Number::parse(text), Err(NumberError::Malformed(text.to_owned())));
    }
}

#[test]
fn range_and_precision_end_where_dynamodb_s_do() {
    assert!(Number::parse("1e125").is_ok() && Number::parse("-9.9999999999999999999999999999999999999e125").is_ok());
    assert_eq!(Number::parse("1e126"), Err(NumberError::Overflow));
    assert_eq!(Number::parse("0e126"), Err(NumberError::Overflow));
    assert!(Number::parse("1e-130").is_ok());
    assert_eq!(Number::parse("1e-131"), Err(NumberError::Underflow));
    assert_eq!(Number::parse("1e99999999999999999999999"), Err(NumberError::Overflow));
    assert_eq!(Number::parse(&"1".repeat(39)), Err(NumberError::TooManyDigits));
    assert_eq!(Number::parse(&format!("1{}1", "0".repeat(37))), Err(NumberError::TooManyDigits));
    assert!(Number::parse(&format!("1{}", "0".repeat(60))).is_ok());
}

#[test]
fn sums_are_exact_or_refused() {
    assert_eq!(n("0.1").checked_add(n("0.2")), Ok(n("0.3")));
    assert_eq!(n("1e38").checked_sub(n("1")), Ok(n(&"9".repeat(38))));
    assert_eq!(n("5").checked_sub(n("5")), Ok(Number::ZERO));
    assert_eq!(n("1e50").checked_add(n("1")), Err(NumberError::Overflow));
    assert_eq!(n(&"9".repeat(38)).checked_add(n("0.1")), Err(NumberError::Overflow));
    assert_eq!(n("9e125").checked_add(n("1e125")), Err(NumberError::Overflow));
}

#[test]
fn order_is_numeric() {
    let ascending = ["-9e125", "-1000", "-10.01", "-10", "-0.1", "-1e-130", "0", "1e-130", "0.1", "9", "10", "10.01"];
    for pair in ascending.windows(2) {
        assert!(n(pair[0]) < n(pair[1]), "{pair:?}");
    }
}

#[test]
fn sizes_count_pairs_of_digits_on_both_sides_of_the_point() {
    for (text, size) in
        [("0", 1), ("1", 2), ("100", 2), ("123", 3), ("-123", 4), ("12.5", 3), ("0.001", 2), ("100.5", 4)]
    {
        assert_eq!(n(text).size(), size, "{text}");
    }
    assert_eq!(n(&"9".repeat(38)).size(), 20);
}
