//! The query of ListEventSourceMappings.

use super::Refusal;
use super::refusal::broken;
use crate::triggers::function;

/// Source: API Reference, ListEventSourceMappings.
const ITEMS_MAX: usize = 10_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    pub function_name: Option<String>,
    pub event_source_arn: Option<String>,
    pub marker: Option<String>,
    pub items_max: usize,
}

impl Asked {
    /// Parameters of other names mean nothing.
    pub(super) fn read(query: &str) -> Result<Asked, Refusal> {
        let mut asked = Asked { function_name: None, event_source_arn: None, marker: None, items_max: ITEMS_MAX };
        for (name, value) in pairs(query) {
            match &*name {
                "FunctionName" => asked.function_name = Some(value),
                "EventSourceArn" => asked.event_source_arn = Some(value),
                "Marker" => asked.marker = Some(value),
                "MaxItems" => asked.items_max = items_max(&value)?,
                _ => {}
            }
        }
        Ok(asked)
    }
}

fn items_max(value: &str) -> Result<usize, Refusal> {
    let broken = |constraint: String| Refusal::Validation(vec![broken("MaxItems", value, &constraint)]);
    match value.parse::<i64>() {
        Err(_) => Err(Refusal::Serialization("The value of MaxItems has another type".to_owned())),
        Ok(number) if number < 1 => Err(broken("Member must have value greater than or equal to 1".to_owned())),
        Ok(number) => usize::try_from(number)
            .ok()
            .filter(|number| *number <= ITEMS_MAX)
            .ok_or_else(|| broken(format!("Member must have value less than or equal to {ITEMS_MAX}"))),
    }
}

/// All values of a parameter.
pub(super) fn values(query: &str, name: &str) -> Vec<String> {
    pairs(query).filter(|(found, _)| found == name).map(|(_, value)| value).collect()
}

/// Names and values, decoded, however they are spelled.
fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (decoded(name), decoded(value)))
}

/// A broken constraint of a function's name.
pub(super) fn bad_function(name: &str) -> String {
    let constraint = format!("Member must satisfy regular expression pattern: {}", function::PATTERN);
    broken("FunctionName", name, &constraint)
}

/// Takes percent signs and plus signs out. What is no UTF-8 afterwards names nothing that there is.
pub(super) fn decoded(text: &str) -> String {
    base::percent_decoded_text(&text.replace('+', " ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        let asked = Asked::read("FunctionName=f%3AP&EventSourceArn=arn%3aaws+x&MaxItems=7&Marker=m&Other=%").unwrap();
        let expected = Asked {
            function_name: Some("f:P".to_owned()),
            event_source_arn: Some("arn:aws x".to_owned()),
            marker: Some("m".to_owned()),
            items_max: 7,
        };
        assert_eq!(asked, expected);
        let spelled = "%46unctionName=f%3AP&Event%53ource%41rn=arn%3aaws+x&M%61xItems=7&M%61rker=m";
        assert_eq!(Asked::read(spelled).unwrap(), expected);
        assert_eq!(values("tag%4Beys=a&tagKeys=b&tagkeys=c", "tagKeys"), ["a", "b"]);
        assert_eq!(Asked::read("").unwrap().items_max, ITEMS_MAX);
        for (query, name) in [
            ("MaxItems=0", "ValidationException"),
            ("MaxItems=10001", "ValidationException"),
            ("MaxItems=", "SerializationException"),
        ] {
            assert_eq!(Asked::read(query).unwrap_err().name(), name, "{query}");
        }
        for text in ["%", "%4", "%zz", "a%", "%-1"] {
            assert_eq!(decoded(text), text);
        }
    }
}
