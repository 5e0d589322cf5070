//! Managed policies that AWS has and every account knows: those that are about what this server does.
//!
//! Source: AWS Managed Policy Reference Guide. What they say of services that are not here is left out.

use std::sync::LazyLock;

use auth::iam::PolicyKind;

use crate::store::PolicyDocument;

pub(crate) struct AwsPolicy {
    pub name: &'static str,
    pub path: &'static str,
    pub document: PolicyDocument,
}

impl AwsPolicy {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }
}

static POLICIES: LazyLock<Vec<AwsPolicy>> = LazyLock::new(|| {
    let texts = [("AdministratorAccess", "/", ADMINISTRATOR)];
    let policy = |(name, path, text)| {
        let document = PolicyDocument::parse(PolicyKind::Identity, text).ok()?;
        Some(AwsPolicy { name, path, document })
    };
    texts.into_iter().filter_map(policy).collect()
});

pub(crate) fn find(arn: &str) -> Option<&'static AwsPolicy> {
    POLICIES.iter().find(|policy| policy.arn() == arn)
}

const ADMINISTRATOR: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
