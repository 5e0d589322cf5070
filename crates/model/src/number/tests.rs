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
    assert_eq!(Number::parse("1e9223372036854775807"), Err(NumberError::Overflow));
    assert_eq!(Number::parse("11e9223372036854775807"), Err(NumberError::Overflow));
    assert_eq!(Number::parse("1e-9223372036854775808"), Err(NumberError::Underflow));
    assert_eq!(Number::parse("0.1e-9223372036854775808"), Err(NumberError::Underflow));
    assert_eq!(Number::parse(&format!("1e{}5", "0".repeat(40))), Ok(n("100000")));
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

#[test]
fn the_two_readers_differ_in_their_refusals_only() {
    let malformed = |text: &str| Err(NumberError::Malformed(text.to_owned()));
    // An exponent past 64 bits is none for either; past 32 bits for the older one.
    for text in ["1e9223372036854775808", "1e-9223372036854775809", "0e99999999999999999999"] {
        assert_eq!(Number::parse(text), malformed(text));
        assert_eq!(Number::parse_as(text, NumberReading::BigDecimal), malformed(text));
    }
    let cases = [
        ("1e2147483648", Err(NumberError::Overflow), malformed("1e2147483648")),
        ("-1e99999999999", Err(NumberError::Overflow), malformed("-1e99999999999")),
        ("1e-99999999999", Err(NumberError::Underflow), malformed("1e-99999999999")),
        ("1e-2147483648", Err(NumberError::Underflow), malformed("1e-2147483648")),
        ("0.1e-2147483647", Err(NumberError::Underflow), malformed("0.1e-2147483647")),
        ("1e2147483647", Err(NumberError::Overflow), Err(NumberError::Underflow)),
        ("0e2147483647", Err(NumberError::Overflow), Err(NumberError::Underflow)),
        ("12e2147483646", Err(NumberError::Overflow), Err(NumberError::Underflow)),
        ("1e2147483646", Err(NumberError::Overflow), Err(NumberError::Overflow)),
        ("1e-2147483647", Err(NumberError::Underflow), Err(NumberError::Underflow)),
        ("", malformed(""), Err(NumberError::Empty)),
        ("1e126", Err(NumberError::Overflow), Err(NumberError::Overflow)),
        ("1e-131", Err(NumberError::Underflow), Err(NumberError::Underflow)),
        ("abc", malformed("abc"), malformed("abc")),
        ("-12.5e3", Ok(n("-12500")), Ok(n("-12500"))),
    ];
    for (text, exact, big_decimal) in cases {
        assert_eq!(Number::parse(text), exact, "{text}");
        assert_eq!(Number::parse_as(text, NumberReading::BigDecimal), big_decimal, "{text}");
    }
    assert_eq!(malformed("").unwrap_err().to_string(), "The parameter cannot be converted to a numeric value: ");
    assert_eq!(NumberError::Empty.to_string(), "The parameter cannot be converted to a numeric value");
}
