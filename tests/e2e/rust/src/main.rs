//! The Rust SDK. Expects the environment of tests/e2e/run; with an argument, that every request is refused with the
//! exception of that name.

use std::collections::HashMap;
use std::env;
use std::error::Error;

use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::Builder;

const TEXT: &str = "a b+c/d=é€𐍈 %41 \"\\\n";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name: &str| env::var(name).map_err(|_| format!("{name} is not set"));
    let (key, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
    let config = Config::builder()
        .region(Region::new("us-east-1"))
        .endpoint_url(variable("AWS_ENDPOINT_URL")?)
        .credentials_provider(Credentials::new(key, secret, None, None, "environment"))
        .http_client(Builder::new().build_http())
        .build();
    let client = Client::from_conf(config);
    match env::args().nth(1) {
        Some(exception) => refused(&client, &exception).await,
        None => items(&client).await,
    }
}

async fn items(client: &Client) -> Result<(), Box<dyn Error>> {
    let table = format!("rust-{}", std::process::id());
    let attribute = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S).build()?;
    let element = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build()?;
    let create = client.create_table().table_name(&table).billing_mode(BillingMode::PayPerRequest);
    create.attribute_definitions(attribute).key_schema(element).send().await?;
    let key = AttributeValue::S(TEXT.to_owned());
    let item = HashMap::from([("pk".to_owned(), key.clone()), ("n".to_owned(), AttributeValue::N("1".to_owned()))]);
    client.put_item().table_name(&table).set_item(Some(item.clone())).send().await?;
    let found = client.get_item().table_name(&table).key("pk", key).consistent_read(true).send().await?.item;
    if found.as_ref() != Some(&item) {
        return Err(format!("another item: {found:?}").into());
    }
    client.delete_table().table_name(&table).send().await?;
    Ok(())
}

async fn refused(client: &Client, exception: &str) -> Result<(), Box<dyn Error>> {
    match client.list_tables().send().await {
        Ok(_) => Err("was answered".into()),
        Err(error) if error.code() == Some(exception) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
