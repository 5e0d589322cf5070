//! The life cycle of tags, on the engine in memory.

use api::*;
use storage::Memory;

use crate::service::Service;
use crate::tests::catalog::{caller, open, simple};

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/tagged";

fn tags(range: std::ops::Range<u32>) -> Vec<Tag> {
    range.map(|at| Tag { key: Some(format!("key {at:02}")), value: Some(format!("ключ:{at}")) }).collect()
}

async fn all(service: &Service) -> (Vec<Tag>, usize) {
    let (mut found, mut pages, mut next_token) = (Vec::new(), 0, None);
    loop {
        let request = ListTagsOfResourceInput { next_token, resource_arn: ARN.to_owned() };
        let page = service.list_tags_of_resource(&caller(), request).await.unwrap();
        found.extend(page.tags.unwrap());
        pages += 1;
        next_token = page.next_token;
        if next_token.is_none() {
            return (found, pages);
        }
    }
}

#[tokio::test]
async fn tags_come_in_pages_and_go_by_key() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), CreateTableInput { tags: Some(tags(0..5)), ..simple("tagged") }).await.unwrap();
    let request = TagResourceInput { resource_arn: ARN.to_owned(), tags: tags(3..25) };
    service.tag_resource(&caller(), request).await.unwrap();
    assert_eq!(all(&service).await, (tags(0..25), 3));

    let tag_keys = tags(10..30).into_iter().filter_map(|tag| tag.key).collect();
    let request = UntagResourceInput { resource_arn: ARN.to_owned(), tag_keys };
    service.untag_resource(&caller(), request).await.unwrap();
    assert_eq!(all(&service).await, (tags(0..10), 1));

    let tag_keys = tags(0..51).into_iter().filter_map(|tag| tag.key).collect();
    let request = UntagResourceInput { resource_arn: ARN.to_owned(), tag_keys };
    let refused = service.untag_resource(&caller(), request).await.unwrap_err();
    assert_eq!(refused, Exception::validation("Number of Tags exceed the current limit for the provided ResourceArn"));

    let request = TagResourceInput { resource_arn: ARN.to_owned(), tags: tags(20..61) };
    let refused = service.tag_resource(&caller(), request).await.unwrap_err();
    assert_eq!(refused, Exception::validation("Number of Tags exceed the current limit for the provided ResourceArn"));
}

#[tokio::test]
async fn arns_are_judged() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("tagged")).await.unwrap();
    let denied = |arn: &str| {
        Exception::AccessDenied(format!(
            "User: arn:aws:iam::000000000000:user/test is not authorized to perform: dynamodb:ListTagsOfResource on \
             resource: {arn}"
        ))
    };
    let invalid = |text: &str| Exception::validation(format!("One or more parameter values were invalid: {text}"));
    let own = "arn:aws:dynamodb:us-east-1:000000000000:";
    for (arn, expected) in [
        ("tagged".to_owned(), Some(invalid("ARNs must start with 'arn:': tagged"))),
        (
            "arn:aws:s3:::tagged".to_owned(),
            Some(invalid("Provided Arn is not a DynamoDB resource arn: arn:aws:s3:::tagged")),
        ),
        (
            format!("{own}global-table/x"),
            Some(invalid(&format!("Provided Arn is not a DynamoDB resource arn: {own}global-table/x"))),
        ),
        (
            format!("{ARN}/backup/x"),
            Some(invalid(&format!("Provided Arn is not a DynamoDB resource arn: {ARN}/backup/x"))),
        ),
        (
            format!("{ARN}/index/x"),
            Some(invalid(&format!(
                "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {ARN}/index/x"
            ))),
        ),
        (
            format!("{own}table/none"),
            Some(Exception::ResourceNotFound(format!(
                "Requested resource not found: ResourcArn: {own}table/none not found"
            ))),
        ),
        (
            "arn:aws:dynamodb:eu-west-1:000000000000:table/none".to_owned(),
            Some(Exception::validation(
                "Invalid TableArn: Invalid ResourceArn provided as input \
                 arn:aws:dynamodb:eu-west-1:000000000000:table/none",
            )),
        ),
        (
            "arn:aws:dynamodb:us-east-1:123456789012:table/none".to_owned(),
            Some(denied("arn:aws:dynamodb:us-east-1:123456789012:table/none")),
        ),
        (ARN.to_owned(), None),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/tagged".to_owned(), None),
    ] {
        let request = ListTagsOfResourceInput { next_token: None, resource_arn: arn };
        assert_eq!(service.list_tags_of_resource(&caller(), request).await.err(), expected);
    }
    for token in ["", "zz", "6", "ff"] {
        let next_token = Some(token.to_owned());
        let request = ListTagsOfResourceInput { next_token, resource_arn: ARN.to_owned() };
        let found = service.list_tags_of_resource(&caller(), request).await;
        assert_eq!(found.is_ok(), token.is_empty(), "{token}");
    }
}
