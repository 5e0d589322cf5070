//! Tags through their life, on the engine in memory.

use api::*;
use storage::Memory;

use crate::catalog::tests::{caller, open, simple};
use crate::service::Service;

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/tagged";

fn tags(range: std::ops::Range<u32>) -> Vec<Tag> {
    range.map(|at| Tag { key: format!("key {at:02}"), value: format!("ключ:{at}") }).collect()
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

    let tag_keys = tags(10..30).into_iter().map(|tag| tag.key).collect();
    let request = UntagResourceInput { resource_arn: ARN.to_owned(), tag_keys };
    service.untag_resource(&caller(), request).await.unwrap();
    assert_eq!(all(&service).await, (tags(0..10), 1));

    let request = TagResourceInput { resource_arn: ARN.to_owned(), tags: tags(20..61) };
    let refused = service.tag_resource(&caller(), request).await.unwrap_err();
    assert_eq!(refused, Exception::validation("Number of tags exceeds the limit of 50 for a resource: 51"));
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
    let invalid =
        |arn: &str| Exception::validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}"));
    for (arn, expected) in [
        ("tagged", Some(invalid("tagged"))),
        ("arn:aws:s3:::tagged", Some(denied("arn:aws:s3:::tagged"))),
        (
            "arn:aws:dynamodb:us-east-1:000000000000:global-table/x",
            Some(invalid("arn:aws:dynamodb:us-east-1:000000000000:global-table/x")),
        ),
        (
            "arn:aws:dynamodb:us-east-1:000000000000:table/none",
            Some(denied("arn:aws:dynamodb:us-east-1:000000000000:table/none")),
        ),
        (ARN, None),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/tagged", None),
    ] {
        let request = ListTagsOfResourceInput { next_token: None, resource_arn: arn.to_owned() };
        assert_eq!(service.list_tags_of_resource(&caller(), request).await.err(), expected);
    }
    for token in ["", "zz", "6", "ff"] {
        let next_token = Some(token.to_owned());
        let request = ListTagsOfResourceInput { next_token, resource_arn: ARN.to_owned() };
        let found = service.list_tags_of_resource(&caller(), request).await;
        assert_eq!(found.is_ok(), token.is_empty(), "{token}");
    }
}
