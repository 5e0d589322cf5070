//! The tables of a CloudFormation template: `AWS::DynamoDB::Table`, `AWS::DynamoDB::GlobalTable` and SAM's
//! `AWS::Serverless::SimpleTable`. Names may be built of parameters with defaults; what else a template computes is refused by name.

use serde_json::{Map, Value, json};

use super::{Names, SeedTable, object, seed_table, ttl};

/// Properties that are members of CreateTable as they are.
const OF_CREATE: [&str; 10] = [
    "TableName",
    "KeySchema",
    "AttributeDefinitions",
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "DeletionProtectionEnabled",
    "TableClass",
];
/// Intrinsic functions within each other.
const DEPTH_MAX: usize = 64;

pub(super) fn tables(template: &Value, names: &Names<'_>) -> Result<Vec<SeedTable>, String> {
    let context = Context { template, names };
    let mut tables = Vec::new();
    for (id, resource) in object(&template["Resources"], "Resources")? {
        let properties = resource.get("Properties").cloned().unwrap_or_else(|| json!({}));
        let table = match resource["Type"].as_str() {
            Some("AWS::DynamoDB::Table") => context.table(id, &properties),
            Some("AWS::DynamoDB::GlobalTable") => context.global_table(id, &properties),
            Some("AWS::Serverless::SimpleTable") => context.simple_table(id, &properties),
            _ => continue,
        };
        tables.push(table.map_err(|error| format!("resource {id}: {error}"))?);
    }
    if tables.is_empty() { Err("the template has no table".to_owned()) } else { Ok(tables) }
}

struct Context<'a> {
    template: &'a Value,
    names: &'a Names<'a>,
}

impl Context<'_> {
    fn table(&self, id: &str, properties: &Value) -> Result<SeedTable, String> {
        let properties = object(properties, "Properties")?;
        let mut create = Map::new();
        for name in OF_CREATE {
            if let Some(value) = properties.get(name) {
                create.insert(name.to_owned(), self.resolved(value, 0)?);
            }
        }
        numbers(&mut create);
        // CloudFormation would make a name of the stack's and the resource's.
        create.entry("TableName").or_insert_with(|| json!(id));
        if let Some(stream) = properties.get("StreamSpecification") {
            let mut stream = self.resolved(stream, 0)?;
            let members = stream.as_object_mut().ok_or("StreamSpecification is not an object")?;
            members.insert("StreamEnabled".to_owned(), json!(true));
            create.insert("StreamSpecification".to_owned(), stream);
        }
        if let Some(tags) = properties.get("Tags") {
            create.insert("Tags".to_owned(), self.resolved(tags, 0)?);
        }
        let mut table = seed_table(create, Vec::new(), Vec::new())?;
        if let Some(lives) = properties.get("TimeToLiveSpecification") {
            table.settings.push(ttl(&table.name, &self.resolved(lives, 0)?));
        }
        if let Some(recovery) = properties.get("PointInTimeRecoverySpecification") {
            let request =
                json!({"TableName": table.name, "PointInTimeRecoverySpecification": self.resolved(recovery, 0)?});
            table.settings.push(("UpdateContinuousBackups", request));
        }
        Ok(table)
    }

    /// One table, in the server's region: replicas are AWS's.
    fn global_table(&self, id: &str, properties: &Value) -> Result<SeedTable, String> {
        let mut properties = object(properties, "Properties")?.clone();
        // Capacity is a matter of scaling there, and not of the table.
        if properties.get("BillingMode").is_none_or(|mode| mode == "PROVISIONED") {
            properties.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
        }
        for index in properties.get_mut("GlobalSecondaryIndexes").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(index) = index.as_object_mut() {
                index.retain(|name, _| matches!(name.as_str(), "IndexName" | "KeySchema" | "Projection"));
            }
        }
        self.table(id, &Value::Object(properties))
    }

    fn simple_table(&self, id: &str, properties: &Value) -> Result<SeedTable, String> {
        let key = properties.get("PrimaryKey");
        let name = key.and_then(|key| key["Name"].as_str()).unwrap_or("id");
        let kind = match key.and_then(|key| key["Type"].as_str()) {
            Some("Number") => "N",
            Some("Binary") => "B",
            _ => "S",
        };
        let mut table = json!({
            "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind}],
        });
        for member in ["TableName", "ProvisionedThroughput"] {
            if let Some(value) = properties.get(member) {
                table[member] = value.clone();
            }
        }
        self.table(id, &table)
    }

    /// A value without intrinsic functions.
    fn resolved(&self, value: &Value, depth: usize) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err(format!("values are more than {DEPTH_MAX} deep"));
        }
        match value {
            Value::Array(values) => {
                let kept = values.iter().filter(|value| !is_no_value(value));
                Ok(Value::Array(kept.map(|value| self.resolved(value, depth + 1)).collect::<Result<_, _>>()?))
            }
            Value::Object(members) => match function(members) {
                Some((name, argument)) => self.call(name, argument, depth),
                None => {
                    let kept = members.iter().filter(|(_, value)| !is_no_value(value));
                    let resolved = kept.map(|(name, value)| Ok((name.clone(), self.resolved(value, depth + 1)?)));
                    Ok(Value::Object(resolved.collect::<Result<_, String>>()?))
                }
            },
            other => Ok(other.clone()),
        }
    }

    fn call(&self, name: &str, argument: &Value, depth: usize) -> Result<Value, String> {
        match (name, argument) {
            ("Ref", Value::String(of)) => self.reference(of),
            ("Fn::Sub", Value::String(text)) => self.substituted(text, &Map::new(), depth),
            ("Fn::Sub", Value::Array(both)) => match both.as_slice() {
                [Value::String(text), Value::Object(variables)] => self.substituted(text, variables, depth),
                _ => Err("Fn::Sub has a text and variables".to_owned()),
            },
            ("Fn::Join", Value::Array(both)) => match both.as_slice() {
                [Value::String(between), Value::Array(parts)] => {
                    let parts = parts.iter().map(|part| self.text(part, depth + 1));
                    Ok(json!(parts.collect::<Result<Vec<_>, _>>()?.join(between)))
                }
                _ => Err("Fn::Join has a delimiter and a list".to_owned()),
            },
            _ => Err(format!("the function {name} is not supported here: write its value")),
        }
    }

    fn text(&self, value: &Value, depth: usize) -> Result<String, String> {
        match self.resolved(value, depth)? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            _ => Err("a text is made of something that is none".to_owned()),
        }
    }

    /// `${Name}` is a variable or a reference, `${!Name}` stays as `${Name}`.
    fn substituted(&self, text: &str, variables: &Map<String, Value>, depth: usize) -> Result<Value, String> {
        let mut parts = text.split("${");
        let mut made = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').ok_or("a ${ has no }")?;
            match (name.strip_prefix('!'), variables.get(name)) {
                (Some(literal), _) => made.push_str(&format!("${{{literal}}}")),
                (None, Some(value)) => made.push_str(&self.text(value, depth + 1)?),
                (None, None) => made.push_str(&self.text(&self.reference(name)?, depth + 1)?),
            }
            made.push_str(rest);
        }
        Ok(json!(made))
    }

    fn reference(&self, name: &str) -> Result<Value, String> {
        let parameter = &self.template["Parameters"][name];
        match (name, parameter.get("Default")) {
            ("AWS::Region", _) => Ok(json!(self.names.region)),
            ("AWS::AccountId", _) => Ok(json!(self.names.account)),
            ("AWS::Partition", _) => Ok(json!("aws")),
            ("AWS::URLSuffix", _) => Ok(json!("amazonaws.com")),
            ("AWS::StackName", _) => Ok(json!("stator")),
            (_, Some(Value::String(text))) if parameter["Type"] == "Number" => {
                Ok(text.parse::<serde_json::Number>().map_or_else(|_| json!(text), Value::Number))
            }
            (_, Some(value)) => Ok(value.clone()),
            (_, None) if parameter.is_object() => Err(format!("the parameter {name} has no Default")),
            _ => Err(format!("{name} is no parameter of the template")),
        }
    }
}

/// An intrinsic function is an object of one member.
fn function(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    (name == "Ref" || name == "Condition" || name.starts_with("Fn::")).then_some((name, argument))
}

fn is_no_value(value: &Value) -> bool {
    value.get("Ref").is_some_and(|of| of == "AWS::NoValue")
}

/// Templates may have numbers and booleans as texts.
fn numbers(create: &mut Map<String, Value>) {
    let units = |throughput: Option<&mut Value>| {
        for value in throughput.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            if let Some(number) = value.as_str().and_then(|text| text.parse::<i64>().ok()) {
                *value = json!(number);
            }
        }
    };
    units(create.get_mut("ProvisionedThroughput"));
    units(create.get_mut("OnDemandThroughput"));
    for index in create.get_mut("GlobalSecondaryIndexes").and_then(Value::as_array_mut).into_iter().flatten() {
        units(index.get_mut("ProvisionedThroughput"));
        units(index.get_mut("OnDemandThroughput"));
    }
    if let Some(value) = create.get_mut("DeletionProtectionEnabled")
        && let Some(is_on) = value.as_str().and_then(|text| text.parse::<bool>().ok())
    {
        *value = json!(is_on);
    }
}
