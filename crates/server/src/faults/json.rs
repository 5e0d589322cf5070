//! From JSON to rules. A rule that is not understood whole is refused, with the name of the member.

use std::fmt;

use api::{Exception, Operation};
use ops::faults::{
    Effect, FaultRule, InjectedError, LATENCY_MS_MAX, Latency, Moment, PERCENTILES_MAX, RULES_MAX, THROTTLING_REASONS,
};
use serde_json::{Map, Value};

/// A name's or a prefix's. Unit: bytes.
const TEXT_BYTES_MAX: usize = 2048;
const ID_BYTES_MAX: usize = 128;
/// Of one transaction.
const CODES_MAX: usize = 100;

/// What a rule's member has instead of a value that it can have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Invalid {
    /// With its place: `rules[0].probability`. Empty for the whole.
    pub(crate) member: String,
    pub(crate) message: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member.is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "{}: {}", self.member, self.message),
        }
    }
}

fn invalid(member: impl Into<String>, message: impl Into<String>) -> Invalid {
    Invalid { member: member.into(), message: message.into() }
}

/// A rule, or `{"rules": [...]}`.
///
/// # Errors
/// [`Invalid`], for the first member that is wrong.
pub(crate) fn rules(value: &Value) -> Result<Vec<FaultRule>, Invalid> {
    let whole = value.as_object().ok_or_else(|| invalid("", "a rule, or an object with the member rules"))?;
    let Some(listed) = whole.get("rules") else { return Ok(vec![rule(whole)?]) };
    if let Some(other) = whole.keys().find(|name| *name != "rules") {
        return Err(invalid(other, "beside rules there is no other member"));
    }
    let listed = listed.as_array().ok_or_else(|| invalid("rules", "a list of rules"))?;
    if listed.len() > RULES_MAX {
        return Err(invalid("rules", format!("there may be {RULES_MAX} rules at once")));
    }
    let of = |(at, value): (usize, &Value)| {
        let place = format!("rules[{at}]");
        let members = value.as_object().ok_or_else(|| invalid(&place, "a rule is an object"))?;
        rule(members).map_err(|error| invalid(format!("{place}.{}", error.member), error.message))
    };
    listed.iter().enumerate().map(of).collect()
}

const MEMBERS: [&str; 17] = [
    "id",
    "table",
    "index",
    "operation",
    "key_prefix",
    "error",
    "message",
    "throttling_reasons",
    "cancellation_codes",
    "drop_connection",
    "wrong_crc32",
    "unprocessed",
    "when",
    "latency",
    "probability",
    "count",
    "seed",
];

fn rule(members: &Map<String, Value>) -> Result<FaultRule, Invalid> {
    if let Some(other) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(invalid(other, format!("no such member; a rule has {}", MEMBERS.join(", "))));
    }
    let members = Members(members);
    let (effect, latency) = (effect(&members)?, members.get("latency").map(latency).transpose()?);
    if effect.is_none() && latency.is_none() {
        let effects = "error, drop_connection, wrong_crc32, unprocessed or latency";
        return Err(invalid("error", format!("the rule does nothing; name one of {effects}")));
    }
    let probability =
        members.number("probability", |share| share > 0.0 && share <= 1.0, "a number above 0, up to 1")?;
    let rule = FaultRule {
        id: members.id()?,
        table: members.text("table", TEXT_BYTES_MAX)?,
        index: members.text("index", TEXT_BYTES_MAX)?,
        operations: members.get("operation").map(operations).transpose()?.unwrap_or_default(),
        key_prefix: members.text("key_prefix", TEXT_BYTES_MAX)?,
        effect,
        latency,
        probability: probability.unwrap_or(1.0),
        count: members.whole("count", 1..=u64::from(u32::MAX))?,
        // Shown with the rule, so that a sequence can be repeated.
        seed: members.whole("seed", 0..=u64::from(u32::MAX))?.unwrap_or_else(|| base::random::u64() >> 32),
    };
    check_batches(&rule)?;
    Ok(rule)
}

/// A rule for operations that cannot have its fault would never fire.
fn check_batches(rule: &FaultRule) -> Result<(), Invalid> {
    let (of, member) = match &rule.effect {
        Some(Effect::Unprocessed(_)) => (&[Operation::BatchGetItem, Operation::BatchWriteItem][..], "unprocessed"),
        Some(Effect::Error(InjectedError { exception: Exception::TransactionCanceled { .. }, .. }, _)) => {
            (&[Operation::TransactWriteItems, Operation::TransactGetItems, Operation::ExecuteTransaction][..], "error")
        }
        _ => return Ok(()),
    };
    match rule.operations.iter().find(|operation| !of.contains(operation)) {
        Some(other) => Err(invalid(member, format!("{other} has no such answer"))),
        None => Ok(()),
    }
}

struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// Null is as good as absent.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str, bytes_max: usize) -> Result<Option<String>, Invalid> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_str().filter(|text| (1..=bytes_max).contains(&text.len()));
        let text = text.ok_or_else(|| invalid(name, format!("a text of 1 to {bytes_max} bytes")))?;
        Ok(Some(text.to_owned()))
    }

    /// It is a part of a path.
    fn id(&self) -> Result<Option<String>, Invalid> {
        let id = self.text("id", ID_BYTES_MAX)?;
        let is_good = |id: &String| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        match id {
            Some(id) if !is_good(&id) => Err(invalid("id", "letters, digits, hyphens, underscores and dots")),
            id => Ok(id),
        }
    }

    fn number(&self, name: &str, is_good: fn(f64) -> bool, what: &str) -> Result<Option<f64>, Invalid> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_f64().filter(|number| is_good(*number));
        number.map(Some).ok_or_else(|| invalid(name, what))
    }

    fn whole(&self, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, Invalid> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().filter(|number| range.contains(number));
        let what = || invalid(name, format!("a whole number from {} to {}", range.start(), range.end()));
        number.map(Some).ok_or_else(what)
    }

    /// False is as good as absent.
    fn is_true(&self, name: &str) -> Result<bool, Invalid> {
        let Some(value) = self.get(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| invalid(name, "true or false"))
    }

    fn texts(&self, name: &str, is_good: fn(&str) -> bool, what: &str) -> Result<Vec<String>, Invalid> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let listed = value.as_array().filter(|listed| (1..=CODES_MAX).contains(&listed.len()));
        let text = |value: &Value| value.as_str().filter(|text| is_good(text)).map(str::to_owned);
        let texts = listed.and_then(|listed| listed.iter().map(text).collect::<Option<Vec<String>>>());
        texts.ok_or_else(|| invalid(name, what))
    }

    fn moment(&self) -> Result<Option<Moment>, Invalid> {
        let Some(value) = self.get("when") else { return Ok(None) };
        match value.as_str() {
            Some("before") => Ok(Some(Moment::Before)),
            Some("after") => Ok(Some(Moment::After)),
            _ => Err(invalid("when", "before or after")),
        }
    }
}

/// What the rule does beside a delay: one thing at most.
fn effect(members: &Members<'_>) -> Result<Option<Effect>, Invalid> {
    let moment = members.moment()?;
    let given = moment.unwrap_or(Moment::Before);
    let share =
        members.number("unprocessed", |share| share > 0.0 && share <= 1.0, "a share of the items above 0, up to 1")?;
    let effects = [
        ("error", error(members)?.map(|error| Effect::Error(error, given))),
        ("drop_connection", members.is_true("drop_connection")?.then_some(Effect::DropConnection(given))),
        ("wrong_crc32", members.is_true("wrong_crc32")?.then_some(Effect::WrongCrc32)),
        ("unprocessed", share.map(Effect::Unprocessed)),
    ];
    let mut effects = effects.into_iter().filter_map(|(name, effect)| Some((name, effect?)));
    let first = effects.next();
    if let (Some((first, _)), Some((second, _))) = (&first, effects.next()) {
        return Err(invalid(second, format!("a rule has one of {first} and {second}; make two rules")));
    }
    let has_moment = matches!(first, Some((_, Effect::Error(..) | Effect::DropConnection(_))));
    if moment.is_some() && !has_moment {
        return Err(invalid("when", "only error and drop_connection are before or after the operation"));
    }
    Ok(first.map(|(_, effect)| effect))
}

fn error(members: &Members<'_>) -> Result<Option<InjectedError>, Invalid> {
    let message = members.text("message", TEXT_BYTES_MAX)?;
    let reasons = members.texts(
        "throttling_reasons",
        |reason| THROTTLING_REASONS.contains(&reason),
        "a list of reasons such as TableWriteKeyRangeThroughputExceeded",
    )?;
    let is_code = |code: &str| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let codes = members.texts("cancellation_codes", is_code, "a list of codes such as TransactionConflict or None")?;
    let beside = [
        ("message", message.is_some()),
        ("throttling_reasons", !reasons.is_empty()),
        ("cancellation_codes", !codes.is_empty()),
    ];
    let Some(name) = members.text("error", TEXT_BYTES_MAX)? else {
        return match beside.iter().find(|(_, is_given)| *is_given) {
            Some((member, _)) => Err(invalid(*member, "it is part of an error; name one with error")),
            None => Ok(None),
        };
    };
    let exception = wire::named(&name, message.as_deref()).map_err(|error| match error {
        wire::NameError::Unknown => invalid("error", error.to_string()),
        wire::NameError::FixedMessage => invalid("message", error.to_string()),
    })?;
    let throttles = matches!(
        exception,
        Exception::ProvisionedThroughputExceeded { .. }
            | Exception::RequestLimitExceeded { .. }
            | Exception::Throttling { .. }
    );
    if !reasons.is_empty() && !throttles {
        return Err(invalid("throttling_reasons", format!("{name} has none")));
    }
    match (matches!(exception, Exception::TransactionCanceled { .. }), codes.is_empty()) {
        (false, false) => return Err(invalid("cancellation_codes", format!("{name} has none"))),
        (true, true) => return Err(invalid("cancellation_codes", "the codes of the actions, or the one of an action")),
        _ => {}
    }
    Ok(Some(InjectedError { exception, reasons, codes }))
}

fn operations(value: &Value) -> Result<Vec<Operation>, Invalid> {
    let listed = match value {
        Value::Array(listed) => listed.iter().collect(),
        one => vec![one],
    };
    let of = |value: &Value| value.as_str().and_then(Operation::from_name);
    let operations: Option<Vec<Operation>> = listed.into_iter().map(of).collect();
    let operations = operations.filter(|operations| !operations.is_empty());
    operations
        .ok_or_else(|| invalid("operation", "the name of an operation of DynamoDB or its Streams, or a list of them"))
}

fn latency(value: &Value) -> Result<Latency, Invalid> {
    let ms = |name: &str, value: &Value| {
        let ms = value.as_u64().filter(|ms| *ms <= LATENCY_MS_MAX);
        ms.ok_or_else(|| invalid(name, format!("a whole number of milliseconds up to {LATENCY_MS_MAX}")))
    };
    let Value::Object(members) = value else { return Ok(Latency::Uniform { ms: ms("latency", value)?, jitter_ms: 0 }) };
    match members.keys().find(|name| !["ms", "jitter_ms", "percentiles"].contains(&name.as_str())) {
        Some(other) => {
            return Err(invalid(format!("latency.{other}"), "no such member; there are ms, jitter_ms, percentiles"));
        }
        None if members.len() > 1 && members.contains_key("percentiles") => {
            return Err(invalid("latency.percentiles", "a delay has percentiles, or ms with jitter_ms"));
        }
        None => {}
    }
    let Some(points) = members.get("percentiles") else {
        let of = |name: &str| members.get(name).map_or(Ok(0), |value| ms(&format!("latency.{name}"), value));
        return Ok(Latency::Uniform { ms: of("ms")?, jitter_ms: of("jitter_ms")? });
    };
    let wrong = || {
        invalid(
            "latency.percentiles",
            format!(r#"up to {PERCENTILES_MAX} percents and milliseconds, such as {{"50": 10, "99": 300}}"#),
        )
    };
    let points = points.as_object().filter(|points| (1..=PERCENTILES_MAX).contains(&points.len())).ok_or_else(wrong)?;
    let point = |(percent, value): (&String, &Value)| {
        let percent: Option<f64> = percent.parse().ok();
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(wrong)?;
        Ok((percent, ms("latency.percentiles", value)?))
    };
    let mut points: Vec<(f64, u64)> = points.iter().map(point).collect::<Result<_, Invalid>>()?;
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    let is_rising = points.windows(2).all(|pair| pair[0].1 <= pair[1].1);
    if is_rising {
        Ok(Latency::Percentiles(points))
    } else {
        Err(invalid("latency.percentiles", "a higher percentile is not shorter"))
    }
}
