//! The XML of S3's replies. A reply comes from a server that the operator named, and is bounded by its caller; entities and document
//! types are refused by the parser.

use roxmltree::{Document, Node, ParsingOptions};

use crate::options::ObjectInfo;

/// Elements and texts of a reply: a page has a thousand objects, with a dozen members each.
const NODES_MAX: u32 = 100_000;

/// A page of `ListObjectsV2`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListedPage {
    pub(super) objects: Vec<ObjectInfo>,
    /// For the next page, if there is one.
    pub(super) continuation: Option<String>,
}

/// The members of an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) request_id: Option<String>,
    pub(super) host_id: Option<String>,
}

fn parse(text: &str) -> Option<Document<'_>> {
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).ok()
}

pub(super) fn listed(body: &[u8]) -> Option<ListedPage> {
    let text = std::str::from_utf8(body).ok()?;
    let document = parse(text)?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return None;
    }
    let is_encoded = member(root, "EncodingType") == Some("url");
    let key = |text: &str| match is_encoded {
        // As in a form: S3 writes a space as `+`.
        true => base::percent_decoded_strict(text.replace('+', " ").as_bytes()),
        false => Some(text.to_owned()),
    };
    let objects = root.children().filter(|child| child.tag_name().name() == "Contents").map(|object| {
        Some(ObjectInfo {
            key: key(member(object, "Key")?)?,
            size: member(object, "Size")?.trim().parse().ok()?,
            version: unquoted(member(object, "ETag").unwrap_or_default()).to_owned(),
        })
    });
    let continuation = match member(root, "IsTruncated").map(str::trim) {
        Some("true") => Some(member(root, "NextContinuationToken")?.to_owned()),
        _ => None,
    };
    Some(ListedPage { objects: objects.collect::<Option<_>>()?, continuation })
}

/// The text of a member of a reply whose root has this name.
pub(super) fn text(body: &[u8], root: &str, name: &str) -> Option<String> {
    let document = parse(std::str::from_utf8(body).ok()?)?;
    let found = document.root_element();
    (found.tag_name().name() == root).then(|| member(found, name).map(str::to_owned))?
}

pub(super) fn error(body: &[u8]) -> Option<ErrorBody> {
    let document = parse(std::str::from_utf8(body).ok()?)?;
    let root = document.root_element();
    let text = |name| member(root, name).map(str::to_owned);
    (root.tag_name().name() == "Error").then(|| ErrorBody {
        code: text("Code").unwrap_or_default(),
        message: text("Message").unwrap_or_default(),
        request_id: text("RequestId"),
        host_id: text("HostId"),
    })
}

/// The body of `CompleteMultipartUpload`: the ETags of the parts, which are numbered from 1.
pub(super) fn completion(etags: &[String]) -> String {
    let mut body = String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (at, etag) in etags.iter().enumerate() {
        let etag = etag.replace('&', "&amp;").replace('<', "&lt;");
        body += &format!("<Part><PartNumber>{}</PartNumber><ETag>\"{etag}\"</ETag></Part>", at + 1);
    }
    body + "</CompleteMultipartUpload>"
}

/// An ETag without its quotes.
pub(super) fn unquoted(etag: &str) -> &str {
    etag.trim().trim_start_matches("W/").trim_matches('"')
}

/// Of any namespace: servers differ in theirs.
fn member<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let found = node.children().find(|child| child.tag_name().name() == name)?;
    Some(found.text().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let page = listed(
            br#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><EncodingType>url</EncodingType>
            <IsTruncated>true</IsTruncated><NextContinuationToken>t+1=</NextContinuationToken>
            <Contents><Key>a+b%2Bc%25/%C3%BC</Key><Size>12</Size><ETag>&quot;e-1&quot;</ETag></Contents>
            <Contents><ETag>"f"</ETag><Size>0</Size><Key>plain</Key><Owner><ID>x</ID></Owner></Contents>
            <CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes></ListBucketResult>"#,
        );
        let page = page.unwrap();
        assert_eq!(page.continuation.as_deref(), Some("t+1="));
        let object =
            |key: &str, size, version: &str| ObjectInfo { key: key.to_owned(), size, version: version.to_owned() };
        assert_eq!(page.objects, [object("a b+c%/ü", 12, "e-1"), object("plain", 0, "f")]);
        let plain = listed(
            b"<ListBucketResult><Contents><Key>a+b%20&lt;&amp;</Key><Size>1</Size></Contents></ListBucketResult>",
        );
        assert_eq!(plain.unwrap().objects, [object("a+b%20<&", 1, "")]);
        assert_eq!(listed(b"<ListBucketResult/>").unwrap().objects, []);
        for wrong in [
            &b""[..],
            b"<html>",
            b"<Error/>",
            b"\xff",
            b"<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
            b"<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
            b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            b"<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%</Key><Size>1</Size></Contents></ListBucketResult>",
        ] {
            assert_eq!(listed(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn errors() {
        let body = br#"<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>No &amp; none</Message><RequestId>r</RequestId></Error>"#;
        let expected = ErrorBody {
            code: "NoSuchKey".to_owned(),
            message: "No & none".to_owned(),
            request_id: Some("r".to_owned()),
            host_id: None,
        };
        assert_eq!(error(body), Some(expected));
        assert_eq!(error(b"<Error/>"), Some(ErrorBody::default()));
        assert_eq!(error(b"no xml"), None);
        assert_eq!(error(br#"<!DOCTYPE Error [<!ENTITY a "b">]><Error><Code>&a;</Code></Error>"#), None);
        assert_eq!(error("<a>".repeat(100_000).as_bytes()), None);
        assert_eq!(error(format!("<Error>{}</Error>", "<a/>".repeat(100_000)).as_bytes()), None);
    }

    #[test]
    fn completions() {
        let etags = ["a".to_owned(), "b<&".to_owned()];
        let body = completion(&etags);
        assert!(body.ends_with(
            "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>\
             <Part><PartNumber>2</PartNumber><ETag>\"b&lt;&amp;\"</ETag></Part></CompleteMultipartUpload>"
        ));
        assert_eq!(text(b"<R><UploadId>u</UploadId></R>", "R", "UploadId").as_deref(), Some("u"));
        assert_eq!(text(b"<R><UploadId>u</UploadId></R>", "Error", "UploadId"), None);
        for (etag, expected) in [("\"a\"", "a"), ("W/\"a\"", "a"), ("a", "a"), ("", "")] {
            assert_eq!(unquoted(etag), expected);
        }
    }
}
