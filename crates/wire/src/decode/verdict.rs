//! The answer to a body that was read to its end: which of what was found the client reads, by the row of its operation.

use api::Exception;
use api::validation::{Broken, JSON_DEPTH_MAX, MemberRule, MemberWords, Stage, Standing, Validation, ValuePhase};

use super::context::{Context, PlacedDefect, Step, Violation, lower_camel};
use super::json_text;

const OVERFULL: &str = "The request has too many elements for its size";

impl Context {
    /// The verdict. `check` validates one stage of one action of the request.
    ///
    /// # Errors
    /// The gravest of what was found.
    pub(super) fn finish(
        mut self,
        body: &str,
        check: impl Fn(Stage, usize) -> Result<(), Exception>,
    ) -> Result<(), Exception> {
        if self.violations.is_empty() && self.defects.is_empty() {
            return if self.overfull || self.unlisted { Err(Exception::validation(OVERFULL)) } else { Ok(()) };
        }
        self.row = self.row_of_reader(body);
        if !self.violations.is_empty() {
            return Err(self.members_refused(body));
        }
        match self.row.values {
            ValuePhase::First => Err(self.first_defect(&self.defects)),
            ValuePhase::ByAction => self.by_action(check),
        }
    }

    /// The operation's row, or the older layer's for a request that the current layer cannot read.
    fn row_of_reader(&self, body: &str) -> &'static Validation {
        let Some(older) = self.row.older else { return self.row };
        let lacks_member = self.violations.iter().any(|found| found.broken == Broken::Null && found.path.len() == 1);
        if lacks_member || json_text::depth(body) > JSON_DEPTH_MAX { older } else { self.row }
    }

    fn members_refused(mut self, body: &str) -> Exception {
        let row = self.row;
        self.violations.sort_by(|a, b| rank_of(a, row).cmp(&rank_of(b, row)));
        let rules: Vec<Option<(usize, &MemberRule)>> =
            self.violations.iter().map(|violation| violation.rule(row.members)).collect();
        let standing = |rule: &Option<(usize, &MemberRule)>| rule.map_or(Standing::Joined, |(_, rule)| rule.standing);
        let alone = |standing| matches!(standing, Standing::Alone | Standing::AloneAsValue);
        let first_alone = rules.iter().flatten().filter(|(_, rule)| alone(rule.standing)).map(|(at, _)| *at).min();
        let yields = |rule| standing(rule) == Standing::Yields;
        let all_yield = rules.iter().all(yields);
        let listed: Vec<(&Violation, Option<&MemberRule>)> = self
            .violations
            .iter()
            .zip(&rules)
            .filter(|(_, rule)| match first_alone {
                Some(first) => rule.is_some_and(|(at, _)| at == first),
                None => all_yield || !yields(rule),
            })
            .map(|(violation, rule)| (violation, rule.map(|(_, rule)| rule)))
            .collect();
        let texts: Vec<String> = listed.iter().map(|(violation, rule)| self.sentence(violation, *rule, body)).collect();
        match listed.first() {
            Some((_, Some(rule))) if rule.words.are_whole() => Exception::validation(&*texts[0]),
            Some((_, Some(rule))) if rule.standing == Standing::AloneAsValue => {
                Exception::Validation(row.request.around(&texts[0]))
            }
            _ => {
                let plural = if texts.len() == 1 { "" } else { "s" };
                Exception::Validation(format!(
                    "{} validation error{plural} detected: {}",
                    texts.len(),
                    texts.join("; ")
                ))
            }
        }
    }

    fn sentence(&self, violation: &Violation, rule: Option<&MemberRule>, body: &str) -> String {
        let words = rule.map_or(MemberWords::Echoed, |rule| rule.words);
        let name = || violation.path.first().map_or(String::new(), |step| step.name(true));
        let unechoed = words == MemberWords::Unechoed;
        let value = match (words, &violation.value) {
            (MemberWords::Unnamed(set), _) => {
                return format!("Failed to satisfy constraint: Member must satisfy enum value set: {set}");
            }
            (MemberWords::Required, _) => {
                return format!("The {} parameter is required for {}", lower_camel(&name()), self.operation);
            }
            (MemberWords::NotPresent, _) => {
                return format!("The parameter '{}' is required but was not present in the request", name());
            }
            (MemberWords::Text(text), _) => return text.to_owned(),
            (MemberWords::Unechoed, _) => String::new(),
            (MemberWords::Echoed | MemberWords::EchoedJson, None) => "null ".to_owned(),
            (MemberWords::Echoed, Some(value)) => format!("'{value}' "),
            (MemberWords::EchoedJson, Some(value)) => {
                let json = json_text::member(body, &name());
                format!("'{}' ", json.as_ref().unwrap_or(value))
            }
        };
        let steps: Vec<String> = violation.path.iter().rev().map(|step| step.name(unechoed)).collect();
        format!("Value {value}at '{}' failed to satisfy constraint: {}", steps.join("."), violation.constraint)
    }

    /// Each action by itself: the values of its expressions, its expressions, then its key or item.
    fn by_action(&self, check: impl Fn(Stage, usize) -> Result<(), Exception>) -> Result<(), Exception> {
        let last = self.defects.iter().map(PlacedDefect::action).max().unwrap_or(0);
        for action in 0..=last {
            let (of_expressions, others): (Vec<_>, Vec<_>) = self
                .defects
                .iter()
                .filter(|defect| defect.action() == action)
                .partition(|defect| defect.placeholder().is_some());
            check(Stage::Parameters, action)?;
            self.refuse(of_expressions)?;
            check(Stage::Expressions, action)?;
            self.refuse(others)?;
        }
        Ok(())
    }

    fn refuse(&self, defects: Vec<&PlacedDefect>) -> Result<(), Exception> {
        if defects.is_empty() { Ok(()) } else { Err(self.first_defect(defects)) }
    }

    /// The first defect of the first pass.
    fn first_defect<'d>(&self, defects: impl IntoIterator<Item = &'d PlacedDefect>) -> Exception {
        let first = defects.into_iter().min_by_key(|found| found.defect.pass());
        let text = first.map_or(String::new(), |found| found.sentence(self.row));
        Exception::Validation(self.row.request.around(&text))
    }
}

/// The order of refusals: members as the row lists them, then as the model does; elements as the request has them.
fn rank_of<'v>(violation: &'v Violation, row: &'static Validation) -> Vec<(usize, &'v str)> {
    violation.path.iter().rev().map(|step| step.rank(row.order)).collect()
}

impl Violation {
    /// The first rule that fits, with its place. What is alone is so as a member of the request itself.
    fn rule<'r>(&self, rules: &'r [MemberRule]) -> Option<(usize, &'r MemberRule)> {
        let Some(Step::Member(_, member)) = self.path.first() else { return None };
        rules.iter().enumerate().find(|(_, rule)| {
            let fits = match rule.broken {
                Broken::Any => true,
                Broken::Present => self.broken != Broken::Null,
                broken => broken == self.broken,
            };
            let is_own = self.path.len() == 1 || rule.standing == Standing::Joined;
            rule.member == member.name && fits && is_own
        })
    }
}

impl PlacedDefect {
    /// The action that it is in, from 0: an element of the list that a member of the request is.
    fn action(&self) -> usize {
        match self.path.iter().rev().nth(1) {
            Some(Step::Element(at)) => at - 1,
            _ => 0,
        }
    }

    /// The member that is a map of attribute values, and the key in it.
    fn place(&self) -> Option<(&'static str, &str)> {
        self.path.windows(2).find_map(|pair| match pair {
            [Step::Key(key), Step::Member(_, member)] => Some((member.name, key.as_str())),
            _ => None,
        })
    }

    /// The placeholder of the expression value that it is in.
    fn placeholder(&self) -> Option<&str> {
        self.place().filter(|(member, _)| *member == "ExpressionAttributeValues").map(|(_, key)| key)
    }

    fn sentence(&self, row: &Validation) -> String {
        let text = self.defect.text(row.layer);
        match (self.place(), self.placeholder()) {
            (_, Some(key)) if row.layer.names_placeholder => {
                format!("ExpressionAttributeValues contains invalid value: {text} for key {key}")
            }
            (Some(("ExclusiveStartKey", _)), _) if row.layer.names_start_key => {
                format!("The provided starting key is invalid: {text}")
            }
            _ => text.into_owned(),
        }
    }
}

impl Step {
    fn rank(&self, order: &[&str]) -> (usize, &str) {
        match self {
            Step::Member(at, member) => {
                (order.iter().position(|name| *name == member.name).unwrap_or(order.len() + at), "")
            }
            Step::Element(at) => (*at, ""),
            Step::Key(key) => (0, key),
        }
    }

    fn name(&self, as_sent: bool) -> String {
        match self {
            Step::Member(_, member) if as_sent => member.name.to_owned(),
            Step::Member(_, member) => lower_camel(member.name),
            Step::Element(at) => format!("{at}.member"),
            Step::Key(key) => format!("{key}.member"),
        }
    }
}
