//! The parameters of a request of the Query protocol: `Action=CreateUser&Tags.member.1.Key=…`, in a body or in a query
//! string.
//!
//! All names and values are in one text, and a parameter is two ranges of it: a form in memory is at most three times as large as its
//! bytes, and 32 KB more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

/// More than the largest request of IAM needs: a policy of 131,072 characters, percent-encoded; and as much as the largest of
/// CloudWatch: 1 MB (API Reference, PutMetricData). Unit: bytes.
const SIZE_BYTES_MAX: usize = 1 << 20;
/// A form of any size may have so many parameters.
const PARAMETERS_MIN: usize = 2_000;
/// A larger form may have one parameter for so many of its bytes: those of CloudWatch's PutMetricData, the operation with the most, are
/// longer (`MetricData.member.1.Value=1`). Unit: bytes.
const PARAMETER_BYTES_MIN: usize = 16;

// A range of the text is 32 bits wide at each end.
const _: () = assert!(SIZE_BYTES_MAX <= u32::MAX as usize);

/// Of an operation's name. Unit: bytes.
const ACTION_SIZE_MAX: usize = 128;

/// Why a form cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormError {
    TooLarge,
    TooManyParameters,
    Malformed,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FormError::TooLarge => "Request body is too large.",
            FormError::TooManyParameters => "The request has too many parameters.",
            FormError::Malformed => "The query string contains a syntax error.",
        })
    }
}

impl std::error::Error for FormError {}

/// Names and values, decoded. Each name comes once: an intermediary that reads another one of two values than the server would
/// see another request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameters {
    text: String,
    /// In the order of their names, each once.
    pairs: Vec<Pair>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Pair {
    name: Range<u32>,
    value: Range<u32>,
}

impl Parameters {
    /// # Errors
    /// If the form is too large or no form, or names a parameter twice.
    pub fn parse(form: &[u8]) -> Result<Parameters, FormError> {
        if form.len() > SIZE_BYTES_MAX {
            return Err(FormError::TooLarge);
        }
        let pairs_max = PARAMETERS_MIN.max(form.len() / PARAMETER_BYTES_MIN);
        let mut parameters = Parameters::default();
        for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if parameters.pairs.len() >= pairs_max {
                return Err(FormError::TooManyParameters);
            }
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            parameters.push(&decoded(name)?, &decoded(value)?);
        }
        match parameters.sort() {
            true => Ok(parameters),
            false => Err(FormError::Malformed),
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        let pair = Pair { name: self.append(name), value: self.append(value) };
        self.pairs.push(pair);
    }

    fn append(&mut self, text: &str) -> Range<u32> {
        // Decoded, a form is no longer than it was, which is within 32 bits.
        let start = self.text.len() as u32;
        self.text.push_str(text);
        start..self.text.len() as u32
    }

    /// Puts the pairs in the order of their names; returns whether each name comes once.
    fn sort(&mut self) -> bool {
        let Parameters { text, pairs } = self;
        let name = |pair: &Pair| range(text, &pair.name);
        pairs.sort_by(|one, other| name(one).cmp(name(other)));
        pairs.windows(2).all(|pair| name(&pair[0]) != name(&pair[1]))
    }

    /// As a request to the API of this version.
    #[must_use]
    pub fn of_version(mut self, version: &str) -> Parameters {
        self.push("Version", version);
        self.sort();
        self
    }

    /// The parameters whose names begin so, in the order of their names.
    fn below<'p>(&'p self, prefix: &str) -> impl Iterator<Item = (&'p str, &'p str)> {
        let first = self.pairs.partition_point(|pair| range(&self.text, &pair.name) < prefix);
        let pairs = self.pairs[first..].iter();
        let pairs = pairs.map(|pair| (range(&self.text, &pair.name), range(&self.text, &pair.value)));
        pairs.map_while(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
    }

    /// The operation that is asked for, if the text can be an operation's name.
    pub fn action(&self) -> Option<&str> {
        let action = self.get("Action")?;
        let is_name = action.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ((1..=ACTION_SIZE_MAX).contains(&action.len()) && is_name).then_some(action)
    }

    /// Whether a query string has a parameter of this name, however that is spelled.
    pub fn has(query: &str, name: &str) -> bool {
        let names = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
        names.filter_map(|found| decoded(found.as_bytes()).ok()).any(|found| found == name)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.pairs.binary_search_by(|pair| range(&self.text, &pair.name).cmp(name)).ok()?;
        Some(range(&self.text, &self.pairs[at].value))
    }

    /// Whether there is a parameter below a name: `Tags.member.1.Key` is below `Tags`.
    pub(crate) fn has_below(&self, name: &str) -> bool {
        self.below(&format!("{name}.")).next().is_some()
    }

    /// Whether all parameters below a name are `below` and a position in a list, from 1 on and without leading zeros.
    pub(crate) fn has_numbers_below(&self, name: &str, below: &str) -> bool {
        let prefix = format!("{name}.");
        let is_number = |(rest, _): (&str, &str)| {
            let number = rest.strip_prefix(below).map(|rest| rest.split('.').next().unwrap_or_default());
            number.is_some_and(|number| position(number).is_some())
        };
        self.below(&prefix).all(is_number)
    }

    /// The numbers that come behind a prefix, which ends in a dot, in their order.
    pub(crate) fn numbers_below(&self, prefix: &str) -> BTreeSet<u32> {
        self.below(prefix).filter_map(|(rest, _)| position(rest.split('.').next().unwrap_or(rest))).collect()
    }

    /// The values of `Name.member.1`, `Name.member.2` and so on, in the order of their numbers.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.members(name).values().filter_map(|member| member.get("").copied()).collect()
    }

    /// The members of `Name.member.1.Key`, `Name.member.1.Value` and so on, by their number and then by their name, which
    /// is empty for a plain value.
    pub fn members(&self, name: &str) -> BTreeMap<u32, BTreeMap<&str, &str>> {
        let prefix = format!("{name}.member.");
        let mut members = BTreeMap::<u32, BTreeMap<&str, &str>>::new();
        for (rest, value) in self.below(&prefix) {
            let (number, member) = rest.split_once('.').unwrap_or((rest, ""));
            if let Some(number) = position(number) {
                members.entry(number).or_default().insert(member, value);
            }
        }
        members
    }
}

fn range<'t>(text: &'t str, range: &Range<u32>) -> &'t str {
    &text[range.start as usize..range.end as usize]
}

/// A member's number in the one spelling that it has: `01` and `+1` would be others for it.
fn position(digits: &str) -> Option<u32> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_plain)
}

fn decoded(text: &[u8]) -> Result<String, FormError> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    base::percent_decoded_strict(&spaced).ok_or(FormError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_values_and_lists() {
        let form = "Action=CreateUser&UserName=a%2Bb+c&Empty=&Bare&Tags.member.2.Key=k2&Tags.member.10.Key=k10&\
                    Tags.member.2.Value=v%C3%A9&Arns.member.1=x&Arns.member.3=z&Arns.member.x=n";
        let parameters = Parameters::parse(form.as_bytes()).unwrap();
        assert_eq!(parameters.get("UserName"), Some("a+b c"));
        assert_eq!(
            (parameters.get("Empty"), parameters.get("Bare"), parameters.get("None")),
            (Some(""), Some(""), None)
        );
        assert_eq!(parameters.list("Arns"), ["x", "z"]);
        let tags = parameters.members("Tags");
        assert_eq!(tags.keys().copied().collect::<Vec<_>>(), [2, 10]);
        assert_eq!((tags[&2]["Key"], tags[&2]["Value"], tags[&10].get("Value")), ("k2", "vé", None));
        assert!(parameters.list("Tag").is_empty());
    }

    #[test]
    fn names_are_found_in_any_order() {
        let parameters = Parameters::parse(b"b=1&Version=x&a=2").unwrap();
        assert_eq!((parameters.get("a"), parameters.get("b"), parameters.get("c")), (Some("2"), Some("1"), None));
        let parameters = parameters.of_version("y");
        assert_eq!((parameters.get("Version"), parameters.get("b")), (Some("y"), Some("1")));
        assert_eq!(Parameters::default().of_version("z").get("Version"), Some("z"));
    }

    #[test]
    fn numbers_have_one_spelling() {
        let form = "T.member.01.Key=a&T.member.%2B1.Key=b&T.member.0.Key=c&T.member.1.Key=d&T.entry.1.Key=e&\
                    T.member.4294967296.Key=f&T.member.1=g&T.member..Key=h&t.member.2.Key=i";
        let parameters = Parameters::parse(form.as_bytes()).unwrap();
        let members = parameters.members("T");
        assert_eq!(members.keys().copied().collect::<Vec<_>>(), [1]);
        assert_eq!(members[&1], BTreeMap::from([("", "g"), ("Key", "d")]));
    }

    #[test]
    fn queries_with_an_action() {
        for query in ["Action=a", "a=b&Action=c", "%41ction=", "x=%zz&A%63tion", "Action"] {
            assert!(Parameters::has(query, "Action"), "{query}");
        }
        for query in ["", "action=a", "Actions=a", "a=Action", "&&", "%zzAction=a"] {
            assert!(!Parameters::has(query, "Action"), "{query}");
        }
    }

    #[test]
    fn what_is_no_form() {
        for form in ["a=%", "a=%2", "a=%zz", "%+1=a", "a=%ff", "a=1&a=1", "a=1&%61=2", "a&b&a"] {
            assert_eq!(Parameters::parse(form.as_bytes()), Err(FormError::Malformed), "{form}");
        }
        let many = |count: usize| (0..count).map(|at| format!("a{at}=1&")).collect::<String>();
        assert!(Parameters::parse(many(PARAMETERS_MIN).as_bytes()).is_ok());
        assert_eq!(Parameters::parse(many(PARAMETERS_MIN + 1).as_bytes()), Err(FormError::TooManyParameters));
        let many = "a&".repeat(SIZE_BYTES_MAX / 2);
        assert_eq!(Parameters::parse(many.as_bytes()), Err(FormError::TooManyParameters));
        assert!(Parameters::parse(&vec![b'a'; SIZE_BYTES_MAX + 1]).is_err());
        assert!(Parameters::parse(&vec![b'&'; SIZE_BYTES_MAX]).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_form_or_refused(form in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(parameters) = Parameters::parse(&form) {
                parameters.list("Tags");
            }
        }
    }
}
