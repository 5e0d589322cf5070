//! Which documents are policies, and the errors of the others.

use auth::iam::{Policy, PolicyKind};

fn verdict(kind: PolicyKind, document: &str) -> String {
    Policy::parse(kind, document).map_or_else(|malformed| malformed.to_string(), |_| String::new())
}

/// A document of one statement, written with `'` for `"`.
fn statement(text: &str) -> String {
    format!("{{'Version':'2012-10-17','Statement':[{{{text}}}]}}").replace('\'', "\"")
}

fn check(kind: PolicyKind, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(verdict(kind, &statement(text)), *expected, "{kind:?} {text}");
    }
}

const SYNTAX: &str = "Syntax errors in policy.";
const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const REGEX: &str = "Resource vendor must be fully qualified and cannot contain regexes.";

#[test]
fn whole_documents() {
    let good = "{'Effect':'Allow','Action':'*','Resource':'*'}";
    for (document, expected) in [
        (format!("{{'Version':'2012-10-17','Id':'x','Statement':[{good}]}}"), ""),
        (format!("{{'Version':'2008-10-17','Statement':{good}}}"), ""),
        (format!(" {{ 'Statement' : [ {good} , {good} ] }} "), ""),
        (
            format!("{{'Version':'2012-10-18','Statement':{good}}}"),
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (format!("{{'Version':2012,'Statement':{good}}}"), SYNTAX),
        (format!("{{'version':'2012-10-17','Statement':{good}}}"), SYNTAX),
        (format!("{{'Statement':{good},'Statement':{good}}}"), SYNTAX),
        (format!("{{'Statement':{good},'More':1}}"), SYNTAX),
        (format!("{{'Statement':{good}}} x"), SYNTAX),
        (format!("{{'Statement':{good}"), SYNTAX),
        ("{'Statement':[]}".to_owned(), SYNTAX),
        ("{'Statement':'x'}".to_owned(), SYNTAX),
        ("{'Version':'2012-10-17'}".to_owned(), SYNTAX),
        ("[]".to_owned(), SYNTAX),
        (String::new(), SYNTAX),
        (format!("{{'Statement':{}1{}}}", "[".repeat(5_000), "]".repeat(5_000)), SYNTAX),
        (format!("{{'Statement':{good}}}{}", " ".repeat(140_000)), SYNTAX),
    ] {
        assert_eq!(verdict(PolicyKind::Identity, &document.replace('\'', "\"")), expected, "{document:.200}");
    }
}

#[test]
fn statements() {
    check(
        PolicyKind::Identity,
        &[
            ("'Sid':'A1','Effect':'Deny','NotAction':['s3:Get?','dynamodb:*'],'NotResource':'arn:aws:s3:::b/*'", ""),
            ("'Effect':'Allow','Action':'*:*','Resource':'arn:aws:sqs','Condition':{}", ""),
            ("'Effect':'allow','Action':'*','Resource':'*'", SYNTAX),
            ("'Action':'*','Resource':'*'", "Missing required field Effect"),
            ("'Effect':'Allow','Resource':'*'", "Policy statement must contain actions."),
            ("'Effect':'Allow','Action':[],'Resource':'*'", "Policy statement must contain actions."),
            ("'Effect':'Allow','Action':'*'", "Policy statement must contain resources."),
            ("'Effect':'Allow','Action':'*','NotAction':'*','Resource':'*'", SYNTAX),
            ("'Effect':'Allow','Effect':'Allow','Action':'*','Resource':'*'", SYNTAX),
            ("'Effect':'Allow','Action':'*','Resource':'*','Principal':'*'", "Has prohibited field Principal"),
            ("'Effect':'Allow','Action':'*','Resource':'*','NotPrincipal':'*'", "Has prohibited field NotPrincipal"),
            ("'Effect':'Allow','Action':'*','Resource':'*','Extra':1", SYNTAX),
            ("'Effect':'Allow','Action':{},'Resource':'*'", SYNTAX),
            ("'Effect':'Allow','Action':[['a:b']],'Resource':'*'", SYNTAX),
            ("'Effect':'Allow','Action':'GetItem','Resource':'*'", VENDOR),
            ("'Effect':'Allow','Action':':GetItem','Resource':'*'", VENDOR),
            ("'Effect':'Allow','Action':'a:b:c','Resource':'*'", "Actions/Condition can contain only one colon."),
            ("'Effect':'Allow','Action':'dyn*:GetItem','Resource':'*'", "Vendor dyn* is not valid"),
            ("'Effect':'Allow','Action':'dynamodb:','Resource':'*'", SYNTAX),
            ("'Effect':'Allow','Action':'*','Resource':'Music'", "Resource Music must be in ARN format or \"*\"."),
            ("'Effect':'Allow','Action':'*','Resource':''", "Resource  must be in ARN format or \"*\"."),
            ("'Effect':'Allow','Action':'*','Resource':[]", "Policy statement must contain resources."),
            (
                "'Effect':'Allow','Action':'*','Resource':'arn:azure:x:::y'",
                "Partition \"azure\" is not valid for resource \"arn:azure:x:::y\".",
            ),
            ("'Effect':'Allow','Action':'*','Resource':'arn:aws:*:::y'", REGEX),
            ("'Effect':'Allow','Action':'*','Resource':'arn:*'", REGEX),
            (
                "'Sid':'a b','Effect':'Allow','Action':'*','Resource':'*'",
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
                 [0-9A-Za-z]*",
            ),
            (
                "'Sid':'a','Effect':'Allow','Action':'*','Resource':'*'},{'Sid':'a','Effect':'Allow','Action':'*','Resource':'*'",
                "Statement IDs (SID) in a single policy must be unique.",
            ),
        ],
    );
}

#[test]
fn conditions() {
    let with = |condition: &str| {
        let text = format!("'Effect':'Allow','Action':'*','Resource':'*','Condition':{condition}");
        verdict(PolicyKind::Identity, &statement(&text))
    };
    for (condition, expected) in [
        ("{'StringEquals':{'aws:username':['a','b']}}", ""),
        ("{'ForAnyValue:StringLikeIfExists':{'aws:TagKeys':'a*'},'Null':{'aws:username':true}}", ""),
        ("{'NumericLessThan':{'a:b':10},'DateLessThan':{'aws:CurrentTime':'2026-01-01'}}", ""),
        ("{'IpAddress':{'aws:SourceIp':['10.0.0.0/8','::1']},'BinaryEquals':{'a:b':'AAAA'}}", ""),
        ("{'StringEquals':{'username':'a'}}", VENDOR),
        ("{'StringEqual':{'aws:username':'a'}}", SYNTAX),
        ("{'ForSomeValues:StringEquals':{'aws:username':'a'}}", SYNTAX),
        ("{'NullIfExists':{'aws:username':true}}", SYNTAX),
        ("{'Null':{'aws:username':'yes'}}", SYNTAX),
        ("{'NumericEquals':{'a:b':'x'}}", SYNTAX),
        ("{'DateEquals':{'a:b':'today'}}", SYNTAX),
        ("{'IpAddress':{'a:b':'1.2.3.4/40'}}", SYNTAX),
        ("{'BinaryEquals':{'a:b':'*'}}", SYNTAX),
        ("{'StringEquals':{'a:b':null}}", SYNTAX),
        ("{'StringEquals':{'a:b':{'c':'d'}}}", SYNTAX),
        ("{'StringEquals':{'a:b':'c','a:b':'d'}}", SYNTAX),
        ("{'StringEquals':'a'}", SYNTAX),
        ("[]", SYNTAX),
    ] {
        assert_eq!(with(condition), expected, "{condition}");
    }
}

#[test]
fn principals() {
    let invalid = |text: &str| format!("Invalid principal in policy: {}", text.replace('\'', "\""));
    for (principal, expected) in [
        ("'*'", String::new()),
        ("{'AWS':'*'}", String::new()),
        (
            "{'AWS':['111122223333','arn:aws:iam::111122223333:root','arn:aws:iam::111122223333:role/a/b']}",
            String::new(),
        ),
        ("{'AWS':'arn:aws:sts::111122223333:assumed-role/r/s','Federated':'accounts.google.com'}", String::new()),
        ("{'AWS':'AIDAJQABLZS4A3QDU576Q','Service':'ec2.amazonaws.com','CanonicalUser':'79a5'}", String::new()),
        ("'111122223333'", invalid("'111122223333'")),
        ("{'AWS':'1111'}", invalid("'AWS':'1111'")),
        ("{'AWS':'arn:aws:iam::111122223333:user/*'}", invalid("'AWS':'arn:aws:iam::111122223333:user/*'")),
        ("{'AWS':'arn:aws:iam::111122223333:group/g'}", invalid("'AWS':'arn:aws:iam::111122223333:group/g'")),
        ("{'Aws':'*'}", invalid("'Aws':'*'")),
        ("{}", "Missing required field Principal".to_owned()),
        ("['*']", SYNTAX.to_owned()),
    ] {
        let text = format!("'Effect':'Allow','Principal':{principal},'Action':'dynamodb:*','Resource':'*'");
        assert_eq!(verdict(PolicyKind::Resource, &statement(&text)), expected, "{principal}");
    }
}

#[test]
fn kinds() {
    check(
        PolicyKind::Resource,
        &[
            ("'Effect':'Allow','Action':'*','Resource':'*'", "Missing required field Principal"),
            ("'Sid':'two words','Effect':'Deny','NotPrincipal':{'AWS':'*'},'Action':'*','Resource':'*'", ""),
            ("'Effect':'Allow','Principal':'*','Action':'*'", "Policy statement must contain resources."),
        ],
    );
    check(
        PolicyKind::Trust,
        &[
            ("'Effect':'Allow','Principal':'*','Action':['sts:AssumeRole','sts:TagSession']", ""),
            ("'Effect':'Allow','Action':'sts:AssumeRole'", "Missing required field Principal"),
            (
                "'Effect':'Allow','Principal':'*','Action':'sts:AssumeRole','Resource':'*'",
                "Has prohibited field Resource",
            ),
            ("'Effect':'Allow','NotPrincipal':'*','Action':'sts:AssumeRole'", "Has prohibited field NotPrincipal"),
            (
                "'Effect':'Allow','Principal':'*','Action':'dynamodb:GetItem'",
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
        ],
    );
}
