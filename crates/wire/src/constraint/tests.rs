//! Patterns and bounds, one row a case.

use super::*;
use crate::generated::shapes::*;

#[test]
fn texts_are_held_to_their_shape() {
    let check = |shape: &Shape, text: &str, expected: &[&str]| {
        let broken: Vec<String> = shape.broken_by_text(text).into_iter().map(|(_, sentence)| sentence).collect();
        assert_eq!(broken, expected, "{text:?}");
    };
    let pattern = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
    let short = "Member must have length greater than or equal to 3";
    let long = "Member must have length less than or equal to 255";
    check(&TABLE_NAME, "abc", &[]);
    check(&TABLE_NAME, "a!", &[pattern, short]);
    check(&TABLE_NAME, "", &[pattern, short]);
    check(&TABLE_NAME, &"a".repeat(256), &[long]);
    // On data operations a name is refused for one reason, and may be short.
    check(&TABLE_ARN, "ab", &[]);
    check(&TABLE_ARN, "", &["Member must have length greater than or equal to 1"]);
    check(&TABLE_ARN, "a b", &[pattern]);
    check(&TABLE_ARN, &"a".repeat(256), &[long]);
    check(&TABLE_ARN, &"a".repeat(2000), &[long]);
    check(&TABLE_ARN, "arn:aws:dynamodb:us-east-1:000000000000:table/t", &[]);
    check(&TABLE_ARN, &format!("arn:{}", "a".repeat(1021)), &["Member must have length less than or equal to 1024"]);
    // On operations on the table itself it has its whole rule.
    check(&TABLE_ARN_OF_TABLE, "ab", &[short]);
    check(&TABLE_ARN_OF_TABLE, "", &[short, pattern]);
    check(&TABLE_ARN_OF_TABLE, "a b", &[pattern]);
    check(&TABLE_ARN_OF_TABLE, &"a".repeat(256), &[long]);
    check(&TABLE_ARN_OF_TABLE, "arn:aws:dynamodb:us-east-1:000000000000:table/t", &[]);
    check(
        &TABLE_ARN_OF_TABLE,
        &format!("arn:{}", "a".repeat(1021)),
        &["Member must have length less than or equal to 1024"],
    );
    // Which of two is first depends on the shape.
    check(&INDEX_NAME, "", &[short, pattern]);
    // Lengths count UTF-16 units.
    check(&CLIENT_REQUEST_TOKEN, &"𝄞".repeat(18), &[]);
    check(&CLIENT_REQUEST_TOKEN, &"𝄞".repeat(19), &["Member must have length less than or equal to 36"]);
}

#[test]
fn patterns_match_what_the_model_writes() {
    let check = |matches: fn(&str) -> bool, good: &[&str], bad: &[&str]| {
        good.iter().for_each(|text| assert!(matches(text), "{text:?}"));
        bad.iter().for_each(|text| assert!(!matches(text), "{text:?}"));
    };
    check(pattern::table_name, &["a", "a.b_c-D9"], &["", "a b", "é", "a\n"]);
    check(pattern::auto_scaling_policy_name, &["a b~"], &["", "a\t"]);
    check(pattern::auto_scaling_role_arn, &["", "a\tb\r\n é 𝄞"], &["\u{1}", "\u{fffe}"]);
    check(pattern::import_next_token, &["0123456789abcdef"], &["", "0123456789abcde", "0123456789ABCDEF"]);
    check(pattern::client_token, &["a b"], &["", "a$"]);
    check(pattern::csv_delimiter, &[",", "\t"], &["", ",,", "a"]);
    check(pattern::csv_header, &["", "a b"], &["a\"", "a,b", "é"]);
    check(pattern::s3_bucket, &["ab", "a.b-c"], &["a", "a.", "-a", ""]);
    check(pattern::s3_bucket_owner, &["012345678901"], &["01234567890", "0123456789012", "01234567890a"]);
}

#[test]
fn all_constraints_of_an_element_are_listed() {
    assert_eq!(
        TABLE_NAME.listed(),
        "[Member must have length less than or equal to 255, Member must have length greater than or equal to 3, \
         Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"
    );
    assert_eq!(KEY_TYPE.listed(), "[Member must satisfy enum value set: [HASH, RANGE]]");
}
