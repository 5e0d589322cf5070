//! The shapes of STS.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use std::collections::BTreeMap;

use crate::shape::*;
use crate::typed::{operations, structures};
use crate::value::Timestamp;

#[rustfmt::skip]
pub(crate) static SHAPES: &[Shape] = &[
    /* 0 AssumeRoleRequest */ structure("AssumeRoleRequest", &[optional("DurationSeconds", 63), optional("ExternalId", 54), optional("MinimumSessionTokenSize", 57), optional("Policy", 84), optional("PolicyArns", 62), optional("ProvidedContexts", 33), required("RoleArn", 46), required("RoleSessionName", 64), optional("SerialNumber", 69), optional("SourceIdentity", 73), optional("Tags", 76), optional("TokenCode", 78), optional("TransitiveTagKeys", 74)]),
    /* 1 AssumeRoleResponse */ structure("AssumeRoleResponse", &[optional("AssumedRoleUser", 8), optional("Credentials", 10), optional("PackedPolicySize", 58), optional("SessionTokenSize", 71), optional("SessionTokenUtilization", 72), optional("SourceIdentity", 73)]),
    /* 2 AssumeRoleWithSAMLRequest */ structure("AssumeRoleWithSAMLRequest", &[optional("DurationSeconds", 63), optional("MinimumSessionTokenSize", 57), optional("Policy", 70), optional("PolicyArns", 62), required("PrincipalArn", 46), required("RoleArn", 46), required("SAMLAssertion", 35)]),
    /* 3 AssumeRoleWithSAMLResponse */ structure("AssumeRoleWithSAMLResponse", &[optional("AssumedRoleUser", 8), optional("Audience", 9), optional("Credentials", 10), optional("Issuer", 28), optional("NameQualifier", 29), optional("PackedPolicySize", 58), optional("SessionTokenSize", 71), optional("SessionTokenUtilization", 72), optional("SourceIdentity", 73), optional("Subject", 37), optional("SubjectType", 38), optional("TrustedIdentityPropagationContext", 42)]),
    /* 4 AssumeRoleWithWebIdentityRequest */ structure("AssumeRoleWithWebIdentityRequest", &[optional("DurationSeconds", 63), optional("MinimumSessionTokenSize", 57), optional("Policy", 70), optional("PolicyArns", 62), optional("ProviderId", 85), required("RoleArn", 46), required("RoleSessionName", 64), required("WebIdentityToken", 48)]),
    /* 5 AssumeRoleWithWebIdentityResponse */ structure("AssumeRoleWithWebIdentityResponse", &[optional("AssumedRoleUser", 8), optional("Audience", 9), optional("Credentials", 10), optional("PackedPolicySize", 58), optional("Provider", 28), optional("SessionTokenSize", 71), optional("SessionTokenUtilization", 72), optional("SourceIdentity", 73), optional("SubjectFromWebIdentityToken", 88), optional("TrustedIdentityPropagationContext", 42)]),
    /* 6 AssumeRootRequest */ structure("AssumeRootRequest", &[optional("DurationSeconds", 34), optional("MinimumSessionTokenSize", 57), required("TargetPrincipal", 40), required("TaskPolicyArn", 31)]),
    /* 7 AssumeRootResponse */ structure("AssumeRootResponse", &[optional("Credentials", 10), optional("SessionTokenSize", 71), optional("SessionTokenUtilization", 72), optional("SourceIdentity", 73)]),
    /* 8 AssumedRoleUser */ structure("AssumedRoleUser", &[required("Arn", 46), required("AssumedRoleId", 47)]),
    /* 9 Audience */ text(Bounds::NONE, ""),
    /* 10 Credentials */ structure("Credentials", &[required("AccessKeyId", 43), required("Expiration", 50), required("SecretAccessKey", 44), required("SessionToken", 79)]),
    /* 11 DecodeAuthorizationMessageRequest */ structure("DecodeAuthorizationMessageRequest", &[required("EncodedMessage", 53)]),
    /* 12 DecodeAuthorizationMessageResponse */ structure("DecodeAuthorizationMessageResponse", &[optional("DecodedMessage", 51)]),
    /* 13 FederatedUser */ structure("FederatedUser", &[required("Arn", 46), required("FederatedUserId", 55)]),
    /* 14 GetAccessKeyInfoRequest */ structure("GetAccessKeyInfoRequest", &[required("AccessKeyId", 43)]),
    /* 15 GetAccessKeyInfoResponse */ structure("GetAccessKeyInfoResponse", &[optional("Account", 45)]),
    /* 16 GetCallerIdentityRequest */ structure("GetCallerIdentityRequest", &[]),
    /* 17 GetCallerIdentityResponse */ structure("GetCallerIdentityResponse", &[optional("Account", 45), optional("Arn", 46), optional("UserId", 86)]),
    /* 18 GetDelegatedAccessTokenRequest */ structure("GetDelegatedAccessTokenRequest", &[required("TradeInToken", 80)]),
    /* 19 GetDelegatedAccessTokenResponse */ structure("GetDelegatedAccessTokenResponse", &[optional("AssumedPrincipal", 46), optional("Credentials", 10), optional("PackedPolicySize", 58)]),
    /* 20 GetFederationTokenRequest */ structure("GetFederationTokenRequest", &[optional("DurationSeconds", 52), optional("MinimumSessionTokenSize", 57), required("Name", 87), optional("Policy", 70), optional("PolicyArns", 62), optional("Tags", 76)]),
    /* 21 GetFederationTokenResponse */ structure("GetFederationTokenResponse", &[optional("Credentials", 10), optional("FederatedUser", 13), optional("PackedPolicySize", 58), optional("SessionTokenSize", 71), optional("SessionTokenUtilization", 72)]),
    /* 22 GetScopedCredentialsRequest */ structure("GetScopedCredentialsRequest", &[optional("DurationSeconds", 65), optional("MinimumSessionTokenSize", 57), optional("Policy", 70), optional("ScopedSessionDescription", 67)]),
    /* 23 GetScopedCredentialsResponse */ structure("GetScopedCredentialsResponse", &[optional("Credentials", 10), optional("ScopedPoliciesCount", 66), optional("SessionInfo", 36), optional("SessionTokenSize", 71), optional("SessionTokenUtilization", 72), optional("SourceIdentity", 73)]),
    /* 24 GetSessionTokenRequest */ structure("GetSessionTokenRequest", &[optional("DurationSeconds", 52), optional("MinimumSessionTokenSize", 57), optional("SerialNumber", 69), optional("TokenCode", 78)]),
    /* 25 GetSessionTokenResponse */ structure("GetSessionTokenResponse", &[optional("Credentials", 10), optional("SessionTokenSize", 71), optional("SessionTokenUtilization", 72)]),
    /* 26 GetWebIdentityTokenRequest */ structure("GetWebIdentityTokenRequest", &[required("Audience", 89), optional("DurationSeconds", 91), optional("Scope", 92), required("SigningAlgorithm", 56), optional("SubjectMode", 93), optional("Tags", 76)]),
    /* 27 GetWebIdentityTokenResponse */ structure("GetWebIdentityTokenResponse", &[optional("Expiration", 50), optional("WebIdentityToken", 94)]),
    /* 28 Issuer */ text(Bounds::NONE, ""),
    /* 29 NameQualifier */ text(Bounds::NONE, ""),
    /* 30 OriginIdentity */ structure("OriginIdentity", &[optional("FederatedProviderArn", 46), optional("Issuer", 59), optional("Subject", 60), optional("SubjectType", 61)]),
    /* 31 PolicyDescriptorType */ structure("PolicyDescriptorType", &[optional("arn", 46)]),
    /* 32 ProvidedContext */ structure("ProvidedContext", &[optional("ContextAssertion", 49), optional("ProviderArn", 46)]),
    /* 33 ProvidedContextsListType */ list(32, within(1, 5)),
    /* 34 RootDurationSecondsType */ Shape::Integer(within(0, 900)),
    /* 35 SAMLAssertionType */ text(within(4, 100000), ""),
    /* 36 ScopedSession */ structure("ScopedSession", &[required("Arn", 46), required("ScopedSessionId", 68)]),
    /* 37 Subject */ text(Bounds::NONE, ""),
    /* 38 SubjectType */ text(Bounds::NONE, ""),
    /* 39 Tag */ structure("Tag", &[required("Key", 75), required("Value", 77)]),
    /* 40 TargetPrincipalType */ text(within(12, 2048), ""),
    /* 41 TransactionContext */ structure("TransactionContext", &[optional("IdentityProvider", 81)]),
    /* 42 TrustedIdentityPropagationContext */ structure("TrustedIdentityPropagationContext", &[optional("OriginIdentity", 30), optional("TransactionContext", 41)]),
    /* 43 accessKeyIdType */ text(within(16, 128), "[\\w]*"),
    /* 44 accessKeySecretType */ text(Bounds::NONE, ""),
    /* 45 accountType */ text(Bounds::NONE, ""),
    /* 46 arnType */ text(within(20, 2048), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+"),
    /* 47 assumedRoleIdType */ text(within(2, 193), "[\\w+=,.@:-]*"),
    /* 48 clientTokenType */ text(within(4, 20000), ""),
    /* 49 contextAssertionType */ text(within(4, 3072), ""),
    /* 50 dateType */ Shape::Timestamp,
    /* 51 decodedMessageType */ text(Bounds::NONE, ""),
    /* 52 durationSecondsType */ Shape::Integer(within(900, 129600)),
    /* 53 encodedMessageType */ text(within(1, 10240), ""),
    /* 54 externalIdType */ text(within(2, 1224), "[\\w+=,.@:\\/-]*"),
    /* 55 federatedIdType */ text(within(2, 193), "[\\w+=,.@\\:-]*"),
    /* 56 jwtAlgorithmType */ text(within(5, 5), ""),
    /* 57 minimumSessionTokenSizeType */ Shape::Integer(within(0, 4096)),
    /* 58 nonNegativeIntegerType */ Shape::Integer(within(0, i64::MAX)),
    /* 59 originIdentityIssuerType */ text(Bounds::NONE, ""),
    /* 60 originIdentitySubjectType */ text(Bounds::NONE, ""),
    /* 61 originIdentitySubjectTypeType */ text(Bounds::NONE, ""),
    /* 62 policyDescriptorListType */ list(31, Bounds::NONE),
    /* 63 roleDurationSecondsType */ Shape::Integer(within(900, 43200)),
    /* 64 roleSessionNameType */ text(within(2, 64), "[\\w+=,.@-]*"),
    /* 65 scopedCredentialDurationSecondsType */ Shape::Integer(within(1, 129600)),
    /* 66 scopedPoliciesCountType */ Shape::Integer(within(0, i64::MAX)),
    /* 67 scopedSessionDescriptionType */ text(within(2, 256), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
    /* 68 scopedSessionIdType */ text(within(2, 193), "[\\w+=,.@:-]*"),
    /* 69 serialNumberType */ text(within(9, 256), "[\\w+=/:,.@-]*"),
    /* 70 sessionPolicyDocumentType */ text(within(1, 2048), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
    /* 71 sessionTokenSizeType */ Shape::Integer(within(0, i64::MAX)),
    /* 72 sessionTokenUtilizationType */ Shape::Integer(within(0, i64::MAX)),
    /* 73 sourceIdentityType */ text(within(2, 256), "[\\w+=,.@-]*"),
    /* 74 tagKeyListType */ list(75, within(i64::MIN, 50)),
    /* 75 tagKeyType */ text(within(1, 128), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+"),
    /* 76 tagListType */ list(39, within(i64::MIN, 50)),
    /* 77 tagValueType */ text(within(0, 256), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"),
    /* 78 tokenCodeType */ text(within(6, 6), "[\\d]*"),
    /* 79 tokenType */ text(Bounds::NONE, ""),
    /* 80 tradeInTokenType */ text(Bounds::NONE, ""),
    /* 81 transactionContextIdentityProviderMapType */ map(82, 83, Bounds::NONE),
    /* 82 transactionContextKeyType */ text(Bounds::NONE, ""),
    /* 83 transactionContextValueType */ text(within(i64::MIN, 128), ""),
    /* 84 unrestrictedSessionPolicyDocumentType */ text(within(1, i64::MAX), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
    /* 85 urlType */ text(within(4, 2048), ""),
    /* 86 userIdType */ text(Bounds::NONE, ""),
    /* 87 userNameType */ text(within(2, 32), "[\\w+=,.@-]*"),
    /* 88 webIdentitySubjectType */ text(within(6, 255), ""),
    /* 89 webIdentityTokenAudienceListType */ list(90, within(1, 10)),
    /* 90 webIdentityTokenAudienceStringType */ text(within(1, 1000), ""),
    /* 91 webIdentityTokenDurationSecondsType */ Shape::Integer(within(60, 3600)),
    /* 92 webIdentityTokenScopeType */ text(within(1, 256), "[\\x21\\x23-\\x2B\\x2D-\\x5B\\x5D-\\x7E]+( [\\x21\\x23-\\x2B\\x2D-\\x5B\\x5D-\\x7E]+)*"),
    /* 93 webIdentityTokenSubjectModeType */ Shape::Words(&["AWSIdentity", "OriginIdentity"]),
    /* 94 webIdentityTokenType */ text(Bounds::NONE, ""),
];

#[rustfmt::skip]
pub(crate) static ERRORS: &[ErrorModel] = &[
    error("ExpiredTokenException", "ExpiredTokenException", 400, "message"),
    error("ExpiredTradeInTokenException", "ExpiredTradeInTokenException", 400, "message"),
    error("IDPCommunicationErrorException", "IDPCommunicationError", 400, "message"),
    error("IDPRejectedClaimException", "IDPRejectedClaim", 403, "message"),
    error("InsufficientSessionLifetimeException", "InsufficientSessionLifetime", 400, "message"),
    error("InvalidAuthorizationMessageException", "InvalidAuthorizationMessageException", 400, "message"),
    error("InvalidContextAssertionException", "InvalidContextAssertion", 400, "message"),
    error("InvalidIdentityTokenException", "InvalidIdentityToken", 400, "message"),
    error("InvalidSubjectCredentialsException", "InvalidSubjectCredentials", 400, "message"),
    error("JWTPayloadSizeExceededException", "JWTPayloadSizeExceededException", 400, "message"),
    error("MalformedPolicyDocumentException", "MalformedPolicyDocument", 400, "message"),
    error("OutboundWebIdentityFederationDisabledException", "OutboundWebIdentityFederationDisabledException", 403, "message"),
    error("PackedPolicyTooLargeException", "PackedPolicyTooLarge", 400, "message"),
    error("RegionDisabledException", "RegionDisabledException", 403, "message"),
    error("SessionDurationEscalationException", "SessionDurationEscalationException", 403, "message"),
];

structures! {
    AssumeRoleRequest {
        0 duration_seconds optional i32;
        1 external_id optional String;
        2 minimum_session_token_size optional i32;
        3 policy optional String;
        4 policy_arns optional Vec<PolicyDescriptorType>;
        5 provided_contexts optional Vec<ProvidedContext>;
        6 role_arn required String;
        7 role_session_name required String;
        8 serial_number optional String;
        9 source_identity optional String;
        10 tags optional Vec<Tag>;
        11 token_code optional String;
        12 transitive_tag_keys optional Vec<String>;
    }
    AssumeRoleResponse {
        0 assumed_role_user optional AssumedRoleUser;
        1 credentials optional Credentials;
        2 packed_policy_size optional i32;
        3 session_token_size optional i32;
        4 session_token_utilization optional i32;
        5 source_identity optional String;
    }
    AssumeRoleWithSAMLRequest {
        0 duration_seconds optional i32;
        1 minimum_session_token_size optional i32;
        2 policy optional String;
        3 policy_arns optional Vec<PolicyDescriptorType>;
        4 principal_arn required String;
        5 role_arn required String;
        6 saml_assertion required String;
    }
    AssumeRoleWithSAMLResponse {
        0 assumed_role_user optional AssumedRoleUser;
        1 audience optional String;
        2 credentials optional Credentials;
        3 issuer optional String;
        4 name_qualifier optional String;
        5 packed_policy_size optional i32;
        6 session_token_size optional i32;
        7 session_token_utilization optional i32;
        8 source_identity optional String;
        9 subject optional String;
        10 subject_type optional String;
        11 trusted_identity_propagation_context optional TrustedIdentityPropagationContext;
    }
    AssumeRoleWithWebIdentityRequest {
        0 duration_seconds optional i32;
        1 minimum_session_token_size optional i32;
        2 policy optional String;
        3 policy_arns optional Vec<PolicyDescriptorType>;
        4 provider_id optional String;
        5 role_arn required String;
        6 role_session_name required String;
        7 web_identity_token required String;
    }
    AssumeRoleWithWebIdentityResponse {
        0 assumed_role_user optional AssumedRoleUser;
        1 audience optional String;
        2 credentials optional Credentials;
        3 packed_policy_size optional i32;
        4 provider optional String;
        5 session_token_size optional i32;
        6 session_token_utilization optional i32;
        7 source_identity optional String;
        8 subject_from_web_identity_token optional String;
        9 trusted_identity_propagation_context optional TrustedIdentityPropagationContext;
    }
    AssumeRootRequest {
        0 duration_seconds optional i32;
        1 minimum_session_token_size optional i32;
        2 target_principal required String;
        3 task_policy_arn required PolicyDescriptorType;
    }
    AssumeRootResponse {
        0 credentials optional Credentials;
        1 session_token_size optional i32;
        2 session_token_utilization optional i32;
        3 source_identity optional String;
    }
    AssumedRoleUser {
        0 arn required String;
        1 assumed_role_id required String;
    }
    Credentials {
        0 access_key_id required String;
        1 expiration required Timestamp;
        2 secret_access_key required String;
        3 session_token required String;
    }
    DecodeAuthorizationMessageRequest {
        0 encoded_message required String;
    }
    DecodeAuthorizationMessageResponse {
        0 decoded_message optional String;
    }
    FederatedUser {
        0 arn required String;
        1 federated_user_id required String;
    }
    GetAccessKeyInfoRequest {
        0 access_key_id required String;
    }
    GetAccessKeyInfoResponse {
        0 account optional String;
    }
    GetCallerIdentityRequest {
    }
    GetCallerIdentityResponse {
        0 account optional String;
        1 arn optional String;
        2 user_id optional String;
    }
    GetDelegatedAccessTokenRequest {
        0 trade_in_token required String;
    }
    GetDelegatedAccessTokenResponse {
        0 assumed_principal optional String;
        1 credentials optional Credentials;
        2 packed_policy_size optional i32;
    }
    GetFederationTokenRequest {
        0 duration_seconds optional i32;
        1 minimum_session_token_size optional i32;
        2 name required String;
        3 policy optional String;
        4 policy_arns optional Vec<PolicyDescriptorType>;
        5 tags optional Vec<Tag>;
    }
    GetFederationTokenResponse {
        0 credentials optional Credentials;
        1 federated_user optional FederatedUser;
        2 packed_policy_size optional i32;
        3 session_token_size optional i32;
        4 session_token_utilization optional i32;
    }
    GetScopedCredentialsRequest {
        0 duration_seconds optional i32;
        1 minimum_session_token_size optional i32;
        2 policy optional String;
        3 scoped_session_description optional String;
    }
    GetScopedCredentialsResponse {
        0 credentials optional Credentials;
        1 scoped_policies_count optional i32;
        2 session_info optional ScopedSession;
        3 session_token_size optional i32;
        4 session_token_utilization optional i32;
        5 source_identity optional String;
    }
    GetSessionTokenRequest {
        0 duration_seconds optional i32;
        1 minimum_session_token_size optional i32;
        2 serial_number optional String;
        3 token_code optional String;
    }
    GetSessionTokenResponse {
        0 credentials optional Credentials;
        1 session_token_size optional i32;
        2 session_token_utilization optional i32;
    }
    GetWebIdentityTokenRequest {
        0 audience required Vec<String>;
        1 duration_seconds optional i32;
        2 scope optional String;
        3 signing_algorithm required String;
        4 subject_mode optional String;
        5 tags optional Vec<Tag>;
    }
    GetWebIdentityTokenResponse {
        0 expiration optional Timestamp;
        1 web_identity_token optional String;
    }
    OriginIdentity {
        0 federated_provider_arn optional String;
        1 issuer optional String;
        2 subject optional String;
        3 subject_type optional String;
    }
    PolicyDescriptorType {
        0 arn optional String;
    }
    ProvidedContext {
        0 context_assertion optional String;
        1 provider_arn optional String;
    }
    ScopedSession {
        0 arn required String;
        1 scoped_session_id required String;
    }
    Tag {
        0 key required String;
        1 value required String;
    }
    TransactionContext {
        0 identity_provider optional BTreeMap<String, String>;
    }
    TrustedIdentityPropagationContext {
        0 origin_identity optional OriginIdentity;
        1 transaction_context optional TransactionContext;
    }
}

operations! {
    AssumeRole AssumeRoleRequest AssumeRoleResponse;
    AssumeRoleWithSAML AssumeRoleWithSAMLRequest AssumeRoleWithSAMLResponse;
    AssumeRoleWithWebIdentity AssumeRoleWithWebIdentityRequest AssumeRoleWithWebIdentityResponse;
    AssumeRoot AssumeRootRequest AssumeRootResponse;
    DecodeAuthorizationMessage DecodeAuthorizationMessageRequest DecodeAuthorizationMessageResponse;
    GetAccessKeyInfo GetAccessKeyInfoRequest GetAccessKeyInfoResponse;
    GetCallerIdentity GetCallerIdentityRequest GetCallerIdentityResponse;
    GetDelegatedAccessToken GetDelegatedAccessTokenRequest GetDelegatedAccessTokenResponse;
    GetFederationToken GetFederationTokenRequest GetFederationTokenResponse;
    GetScopedCredentials GetScopedCredentialsRequest GetScopedCredentialsResponse;
    GetSessionToken GetSessionTokenRequest GetSessionTokenResponse;
    GetWebIdentityToken GetWebIdentityTokenRequest GetWebIdentityTokenResponse;
}
