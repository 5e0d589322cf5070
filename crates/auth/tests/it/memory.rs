//! What policies say that they take in memory.

use auth::iam::{Policy, PolicyKind};

/// The bytes that each further value of a list takes, and those of its text.
fn growth(kind: PolicyKind, statement: &str, value: impl Fn(usize) -> String) -> (usize, usize) {
    let of = |count: usize| {
        let values: Vec<String> = (0..count).map(|at| format!("\"{}\"", value(at))).collect();
        let text = statement.replace('\'', "\"").replace('@', &values.join(","));
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#);
        let policy = Policy::parse(kind, &text).unwrap_or_else(|error| panic!("{error}: {text:.200}"));
        (policy.memory_bytes(), text.len())
    };
    let ((few, few_text), (many, many_text)) = (of(1_000), of(3_000));
    ((many - few) / 2_000, (many_text - few_text) / 2_000)
}

/// Each list of a statement counts, with the texts as they are written and what is made of them; and no list takes so much that
/// all policies of one principal do not fit into the cache of credentials.
#[test]
fn all_lists_of_a_statement_count() {
    let condition = |operator: &str| {
        format!("{{'Effect':'Allow','Action':'*','Resource':'*','Condition':{{'{operator}':{{'a:b':[@]}}}}}}")
    };
    let trust = "{'Effect':'Allow','Action':'sts:AssumeRole','Principal':{'AWS':[@]}}";
    let identity = PolicyKind::Identity;
    for (kind, statement, value, least) in [
        (identity, "{'Effect':'Allow','Action':[@],'Resource':'*'}".to_owned(), "a:*", 24 + 16 + 24 + 48 + 16),
        (identity, "{'Effect':'Allow','Action':'*','Resource':[@]}".to_owned(), "arn:aws:a:::*", 24 + 16 + 24 + 144),
        (PolicyKind::Trust, trust.to_owned(), "arn:aws:iam::111122223333:user/a", 32 + 32),
        (identity, condition("StringEquals"), "", 24 + 16 + 24 + 24),
        (identity, condition("StringLike"), "*", 24 + 16 + 24 + 24),
        (identity, condition("StringEquals"), "${a:b}", 24 + 16 + 24 + 16),
        (identity, condition("ArnLike"), "*:*:*:*:*:", 24 + 16 + 24 + 144),
        (identity, condition("NumericEquals"), "1", 24 + 16 + 32),
        (identity, condition("BinaryEquals"), "AAAA", 24 + 16 + 24 + 16),
        (identity, condition("IpAddress"), "::", 24 + 16 + 17),
    ] {
        let numbered = |at: usize| match value {
            "1" => at.to_string(),
            "::" => format!("::{at:x}"),
            "AAAA" => format!("AAA{}", char::from(b"AQgw"[at % 4])),
            value => format!("{value}{at:x}"),
        };
        let (bytes, text) = growth(kind, &statement, numbered);
        assert!(bytes >= least, "{statement} {value}: {bytes} bytes each, and its texts alone take {least}");
        assert!(bytes <= 50 * text, "{statement} {value}: {bytes} bytes for {text} of text");
    }
}

#[test]
fn unique_ids_of_principals_count() {
    let arn = "arn:aws:iam::111122223333:user/a";
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{arn}"}}}}]}}"#
    );
    let mut policy = Policy::parse(PolicyKind::Trust, &text).expect("a policy");
    let before = policy.memory_bytes();
    let mut ids = auth::iam::PrincipalIds::default();
    ids.insert(arn, "AIDAAAAAAAAAAAAAAAAAA".to_owned());
    policy.bind(&ids);
    assert_eq!(policy.memory_bytes(), before + 32);
}
