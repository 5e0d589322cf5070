//! Looks into a reply without parsing it: the client shares the machine with the server. Names are found as text, which
//! is safe here because the values that the load writes are letters and digits only.

use memchr::memmem;

/// The end of a reply, where most servers say what they have to say about the whole of it. Unit: bytes.
const TAIL_SIZE_BYTES: usize = 512;

/// The text after `"name":`, blanks skipped. The end is looked at first: a page of 1 MB need not be searched then.
fn after<'a>(reply: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let tail = &reply[reply.len().saturating_sub(TAIL_SIZE_BYTES)..];
    first_after(tail, name).or_else(|| first_after(reply, name))
}

fn first_after<'a>(reply: &'a [u8], name: &str) -> Option<&'a [u8]> {
    memmem::find_iter(reply, name.as_bytes()).find_map(|at| {
        let quoted = at.checked_sub(1).is_some_and(|before| reply[before] == b'"');
        let rest = reply[at + name.len()..].strip_prefix(b"\"").filter(|_| quoted)?;
        rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start)
    })
}

pub(crate) fn contains(reply: &[u8], name: &str) -> bool {
    after(reply, name).is_some()
}

pub(crate) fn number(reply: &[u8], name: &str) -> Option<u64> {
    let value = after(reply, name)?;
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&value[..digits]).ok()?.parse().ok()
}

/// The object of that name, unchanged, to be sent back.
pub(crate) fn object<'a>(reply: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let value = after(reply, name).filter(|value| value.starts_with(b"{"))?;
    let (mut depth, mut in_text, mut escaped) = (0, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' if !in_text => depth += 1,
            b'}' if !in_text => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&value[..=at]);
        }
    }
    None
}

/// Whether the object of that name holds nothing, or is not there at all.
pub(crate) fn is_empty(reply: &[u8], name: &str) -> bool {
    object(reply, name).is_none_or(|object| object[1..].trim_ascii_start().starts_with(b"}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check =
            |reply: &str, expected: Option<u64>| assert_eq!(number(reply.as_bytes(), "Count"), expected, "{reply}");
        check(r#"{"Count":100,"ScannedCount":200}"#, Some(100));
        check(r#"{"ScannedCount" : 200, "Count" : 100 }"#, Some(100));
        check(r#"{"ScannedCount":200}"#, None);
        check(r#"{"Count":"x"}"#, None);
        check("Count", None);
        check(&format!(r#"{{"Count":7,"Items":["{}"]}}"#, "x".repeat(2_000)), Some(7));
        check("", None);
    }

    #[test]
    fn objects() {
        let check = |reply: &str, expected: Option<&str>| {
            let found = object(reply.as_bytes(), "Key").map(|found| std::str::from_utf8(found).unwrap());
            assert_eq!(found, expected, "{reply}");
        };
        check(r#"{"Key":{"pk":{"S":"a"}},"x":{}}"#, Some(r#"{"pk":{"S":"a"}}"#));
        check(r#"{"Key" : {"pk":{"S":"}\"}"}}}"#, Some(r#"{"pk":{"S":"}\"}"}}"#));
        check(r#"{"Key":{"pk":"#, None);
        check(r#"{"Key":1}"#, None);
        check(r#"{"LastKey":{}}"#, None);
    }

    #[test]
    fn emptiness() {
        for (reply, expected) in
            [("{}", true), (r#"{"Left":{}}"#, true), (r#"{"Left": { }}"#, true), (r#"{"Left":{"t":[]}}"#, false)]
        {
            assert_eq!(is_empty(reply.as_bytes(), "Left"), expected, "{reply}");
        }
    }
}
