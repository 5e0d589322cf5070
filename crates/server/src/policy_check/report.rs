//! What was found, as text for people and as JSON for programs.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use auth::iam::{
    ConditionReport, Decision, Denial, Effect, Element, PolicyType, Question, StatementReport, WorkBudget, reference,
};
use serde_json::{Value, json};

pub(super) struct Report<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) decision: Decision,
    /// Whether the policies take more work than a request may cause.
    pub(super) is_exhausted: bool,
    /// Keys that were given and that the action does not have.
    pub(super) ignored: &'a [&'a str],
    /// Keys that policies name, that every request of the action has, and that were not given.
    pub(super) missing: &'a [&'a str],
    /// Actions of policies that no service has, with their files.
    pub(super) misspelt: &'a [(PathBuf, String)],
    pub(super) statements: &'a [StatementReport],
    pub(super) file: &'a dyn Fn(PolicyType, usize) -> Option<&'a Path>,
}

impl Report<'_> {
    /// What policies, files and the command line hold is theirs: none of it ends a line or is hidden in one.
    pub(super) fn text(&self) -> String {
        let lines = self.lines();
        lines.iter().flat_map(|line| [base::visible(line), "\n".into()]).collect()
    }

    fn lines(&self) -> Vec<String> {
        let action = self.question.action;
        let mut lines = vec![match self.decision {
            Decision::Allowed => "allowed".to_owned(),
            Decision::Denied(denial) => format!("denied: {}", self.message(denial)),
        }];
        if self.is_foreign() {
            lines.push(format!(
                "note: {action} is of a service that Stator does not know, and so are its condition keys"
            ));
        }
        let misspelt = self.misspelt.iter();
        lines.extend(misspelt.map(|(file, action)| format!("note: {action} in {} is no action", file.display())));
        let ignored = self.ignored.iter();
        lines.extend(ignored.map(|key| format!("ignored: {key} is no condition key of {action} on this resource")));
        let missing = self.missing.iter();
        lines.extend(missing.map(|key| {
            format!("note: every request of {action} has {key}, and none was given: add --context {key}=VALUE, once for each value")
        }));
        for statement in self.statements {
            lines.push(String::new());
            lines.extend(self.lines_of(statement));
        }
        lines
    }

    fn lines_of(&self, statement: &StatementReport) -> Vec<String> {
        let applies = if statement.applies { "applies" } else { "does not apply" };
        let mut lines = vec![format!("{}: {}, {applies}", self.name(statement), effect(statement.effect))];
        for (element, fits) in &statement.elements {
            let fits = if *fits { "fits" } else { "does not fit" };
            lines.push(format!("  {}: {fits}", name(*element)));
        }
        lines.extend(statement.conditions.iter().map(|condition| format!("  {}", in_words(condition))));
        for (key, value) in &statement.variables {
            let value = value.as_ref().map_or("has no value".to_owned(), |value| format!("is \"{value}\""));
            lines.push(format!("  ${{{key}}} {value}"));
        }
        lines
    }

    fn misspelt(&self) -> Vec<Value> {
        self.misspelt
            .iter()
            .map(|(file, action)| json!({"action": action, "file": file.display().to_string()}))
            .collect()
    }

    /// Whether the action is none that a server of this program asks for.
    fn is_foreign(&self) -> bool {
        reference::find(self.question.action).is_none()
    }

    /// As `identity-based policy read.json, statement 1 (Read)`.
    fn name(&self, statement: &StatementReport) -> String {
        let mut name = statement.from.name().to_owned();
        if let Some(file) = (self.file)(statement.from, statement.policy) {
            let _ = write!(name, " {}", file.display());
        }
        let _ = write!(name, ", statement {}", statement.statement + 1);
        if let Some(sid) = statement.sid.as_deref().filter(|sid| !sid.is_empty()) {
            let _ = write!(name, " ({sid})");
        }
        name
    }

    pub(super) fn json(&self) -> String {
        let (decision, denial) = match self.decision {
            Decision::Allowed => ("allowed", Value::Null),
            Decision::Denied(denial) => ("denied", self.denial(denial)),
        };
        let statements: Vec<Value> = self.statements.iter().map(|statement| self.statement(statement)).collect();
        let report = format!(
            "{:#}",
            json!({
                "decision": decision, "denial": denial, "ignored": self.ignored, "missing": self.missing, "misspelt": self.misspelt(),
                "statements": statements
            })
        );
        // Lines of JSON's own end as before; in texts the escapes mean what they were.
        report.lines().flat_map(|line| [base::visible(line), "\n".into()]).collect()
    }

    fn denial(&self, denial: Denial) -> Value {
        let (explicit, from) = match denial {
            Denial::Explicit(from) => (true, from),
            Denial::Implicit(from) => (false, from),
        };
        json!({ "explicit": explicit, "by": from.name(), "message": self.message(denial) })
    }

    fn message(&self, denial: Denial) -> String {
        if self.is_exhausted { WorkBudget::REFUSAL.to_owned() } else { self.question.refusal(denial) }
    }

    fn statement(&self, statement: &StatementReport) -> Value {
        let file = (self.file)(statement.from, statement.policy).map(|path| path.display().to_string());
        let elements: serde_json::Map<String, Value> =
            statement.elements.iter().map(|(element, fits)| (name(*element).to_owned(), json!(fits))).collect();
        let conditions: Vec<Value> = statement
            .conditions
            .iter()
            .map(|ConditionReport { operator, key, wanted, found, met }| {
                json!({ "operator": operator, "key": key, "wanted": wanted, "found": found, "met": met })
            })
            .collect();
        let variables: serde_json::Map<String, Value> =
            statement.variables.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        json!({
            "policy": statement.from.name(),
            "file": file,
            "statement": statement.statement + 1,
            "sid": statement.sid,
            "effect": effect(statement.effect),
            "applies": statement.applies,
            "elements": elements,
            "conditions": conditions,
            "variables": variables,
        })
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    }
}

fn name(element: Element) -> &'static str {
    match element {
        Element::Action => "action",
        Element::Principal => "principal",
        Element::Resource => "resource",
    }
}

/// As `StringEquals aws:username: wants "ada" or "bob", the request has "eve": not met`.
fn in_words(condition: &ConditionReport) -> String {
    let quoted = |values: &[String], between| {
        let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        if values.is_empty() { "nothing".to_owned() } else { values.join(between) }
    };
    let found = match &condition.found {
        Some(values) => format!("the request has {}", quoted(values, " and ")),
        None => "the request does not have it".to_owned(),
    };
    let met = if condition.met { "met" } else { "not met" };
    let ConditionReport { operator, key, wanted, .. } = condition;
    format!("{operator} {key}: wants {}, {found}: {met}", quoted(wanted, " or "))
}
