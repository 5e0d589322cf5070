//! The shapes of IAM.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use std::collections::BTreeMap;

use crate::shape::*;
use crate::typed::{operations, structures};
use crate::value::Timestamp;

#[rustfmt::skip]
pub(crate) static SHAPES: &[Shape] = &[
    /* 0 AcceptDelegationRequestRequest */ structure("AcceptDelegationRequestRequest", &[required("DelegationRequestId", 436)]),
    /* 1 AccessAdvisorUsageGranularityType */ Shape::Words(&["SERVICE_LEVEL", "ACTION_LEVEL"]),
    /* 2 AccessDetail */ structure("AccessDetail", &[required("ServiceName", 534), required("ServiceNamespace", 536), optional("EntityPath", 472), optional("LastAuthenticatedTime", 434), optional("Region", 544), optional("TotalAuthenticatedEntities", 453)]),
    /* 3 AccessDetails */ list(2, Bounds::NONE),
    /* 4 AccessKey */ structure("AccessKey", &[optional("UserName", 562), required("AccessKeyId", 405), required("Status", 543), required("SecretAccessKey", 407), optional("CreateDate", 434)]),
    /* 5 AccessKeyLastUsed */ structure("AccessKeyLastUsed", &[optional("LastUsedDate", 434), required("ServiceName", 544), required("Region", 544)]),
    /* 6 AccessKeyMetadata */ structure("AccessKeyMetadata", &[optional("UserName", 562), optional("AccessKeyId", 405), optional("Status", 543), optional("CreateDate", 434)]),
    /* 7 AcquireRoleRequest */ structure("AcquireRoleRequest", &[optional("ReplacementValues", 462), required("TemplateArn", 415), optional("TemplateMinorVersion", 453)]),
    /* 8 AcquireRoleResponse */ structure("AcquireRoleResponse", &[required("Role", 322)]),
    /* 9 ActionNameListType */ list(10, Bounds::NONE),
    /* 10 ActionNameType */ text(within(3, 128), ""),
    /* 11 AddClientIDToOpenIDConnectProviderRequest */ structure("AddClientIDToOpenIDConnectProviderRequest", &[required("ClientID", 428), required("OpenIDConnectProviderArn", 415)]),
    /* 12 AddRoleToInstanceProfileRequest */ structure("AddRoleToInstanceProfileRequest", &[required("InstanceProfileName", 452), required("RoleName", 523)]),
    /* 13 AddUserToGroupRequest */ structure("AddUserToGroupRequest", &[required("GroupName", 447), required("UserName", 442)]),
    /* 14 ArnListType */ list(415, Bounds::NONE),
    /* 15 AssociateDelegationRequestRequest */ structure("AssociateDelegationRequestRequest", &[required("DelegationRequestId", 436)]),
    /* 16 AttachGroupPolicyRequest */ structure("AttachGroupPolicyRequest", &[required("GroupName", 447), required("PolicyArn", 415)]),
    /* 17 AttachRolePolicyRequest */ structure("AttachRolePolicyRequest", &[required("PolicyArn", 415), required("RoleName", 523)]),
    /* 18 AttachUserPolicyRequest */ structure("AttachUserPolicyRequest", &[required("PolicyArn", 415), required("UserName", 562)]),
    /* 19 AttachedPermissionsBoundary */ structure("AttachedPermissionsBoundary", &[optional("PermissionsBoundaryType", 274), optional("PermissionsBoundaryArn", 415)]),
    /* 20 AttachedPolicy */ structure("AttachedPolicy", &[optional("PolicyName", 495), optional("PolicyArn", 415)]),
    /* 21 AttachmentName */ text(within(1, 128), ""),
    /* 22 AttachmentType */ Shape::Words(&["user", "group", "role"]),
    /* 23 BootstrapDatum */ Shape::Blob(Bounds::NONE),
    /* 24 CertificationKeyType */ text(within(1, 128), "[\\u0020-\\u00FF]+"),
    /* 25 CertificationMapType */ map(24, 26, Bounds::NONE),
    /* 26 CertificationValueType */ text(within(1, 32), "[\\u0020-\\u00FF]+"),
    /* 27 ChangePasswordRequest */ structure("ChangePasswordRequest", &[required("NewPassword", 482), required("OldPassword", 482)]),
    /* 28 ColumnNumber */ Shape::Integer(Bounds::NONE),
    /* 29 ContextEntry */ structure("ContextEntry", &[optional("ContextKeyName", 31), optional("ContextKeyType", 33), optional("ContextKeyValues", 34)]),
    /* 30 ContextEntryListType */ list(29, Bounds::NONE),
    /* 31 ContextKeyNameType */ text(within(5, 256), ""),
    /* 32 ContextKeyNamesResultListType */ list(31, Bounds::NONE),
    /* 33 ContextKeyTypeEnum */ Shape::Words(&["string", "stringList", "numeric", "numericList", "boolean", "booleanList", "ip", "ipList", "binary", "binaryList", "date", "dateList"]),
    /* 34 ContextKeyValueListType */ list(35, Bounds::NONE),
    /* 35 ContextKeyValueType */ text(Bounds::NONE, ""),
    /* 36 ContextProvider */ structure("ContextProvider", &[optional("KeyDefinitionList", 456), required("SubjectSourceKey", 430), optional("SubjectTypeSourceKey", 430), optional("SubjectTypeValue", 545)]),
    /* 37 ContextProviderKeyDefinition */ structure("ContextProviderKeyDefinition", &[required("SourceKey", 430), optional("TargetKey", 431)]),
    /* 38 CreateAccessKeyRequest */ structure("CreateAccessKeyRequest", &[optional("UserName", 442)]),
    /* 39 CreateAccessKeyResponse */ structure("CreateAccessKeyResponse", &[required("AccessKey", 4)]),
    /* 40 CreateAccountAliasRequest */ structure("CreateAccountAliasRequest", &[required("AccountAlias", 409)]),
    /* 41 CreateDelegationRequestRequest */ structure("CreateDelegationRequestRequest", &[required("Description", 435), required("NotificationChannel", 471), optional("OnlySendByOwner", 422), optional("OwnerAccountId", 410), required("Permissions", 68), optional("RedirectUrl", 511), optional("RequestMessage", 513), required("RequestorWorkflowId", 515), required("SessionDuration", 540)]),
    /* 42 CreateDelegationRequestResponse */ structure("CreateDelegationRequestResponse", &[optional("ConsoleDeepLink", 429), optional("DelegationRequestId", 436)]),
    /* 43 CreateGroupRequest */ structure("CreateGroupRequest", &[required("GroupName", 447), optional("Path", 484)]),
    /* 44 CreateGroupResponse */ structure("CreateGroupResponse", &[required("Group", 181)]),
    /* 45 CreateInstanceProfileRequest */ structure("CreateInstanceProfileRequest", &[required("InstanceProfileName", 452), optional("Path", 484), optional("Tags", 553)]),
    /* 46 CreateInstanceProfileResponse */ structure("CreateInstanceProfileResponse", &[required("InstanceProfile", 185)]),
    /* 47 CreateLoginProfileRequest */ structure("CreateLoginProfileRequest", &[optional("MaxSigninSessionDuration", 466), optional("Password", 482), optional("PasswordResetRequired", 422), optional("UserName", 562)]),
    /* 48 CreateLoginProfileResponse */ structure("CreateLoginProfileResponse", &[required("LoginProfile", 261)]),
    /* 49 CreateOpenIDConnectProviderRequest */ structure("CreateOpenIDConnectProviderRequest", &[optional("ClientIDList", 427), optional("ContextProvider", 36), optional("IdentityCenterInstanceArn", 449), optional("Tags", 553), optional("ThumbprintList", 558), required("Url", 267)]),
    /* 50 CreateOpenIDConnectProviderResponse */ structure("CreateOpenIDConnectProviderResponse", &[optional("OpenIDConnectProviderArn", 415), optional("Tags", 553)]),
    /* 51 CreatePolicyRequest */ structure("CreatePolicyRequest", &[optional("Description", 488), optional("Path", 501), required("PolicyDocument", 490), required("PolicyName", 495), optional("Tags", 553)]),
    /* 52 CreatePolicyResponse */ structure("CreatePolicyResponse", &[optional("Policy", 276)]),
    /* 53 CreatePolicyVersionRequest */ structure("CreatePolicyVersionRequest", &[required("PolicyArn", 415), required("PolicyDocument", 490), optional("SetAsDefault", 422)]),
    /* 54 CreatePolicyVersionResponse */ structure("CreatePolicyVersionResponse", &[optional("PolicyVersion", 294)]),
    /* 55 CreateRoleRequest */ structure("CreateRoleRequest", &[required("AssumeRolePolicyDocument", 490), optional("Description", 518), optional("MaxSessionDuration", 521), optional("MaxSigninSessionDuration", 466), optional("Path", 484), optional("PermissionsBoundary", 415), required("RoleName", 523), optional("Tags", 553)]),
    /* 56 CreateRoleResponse */ structure("CreateRoleResponse", &[required("Role", 322)]),
    /* 57 CreateSAMLProviderRequest */ structure("CreateSAMLProviderRequest", &[optional("AddPrivateKey", 507), optional("AssertionEncryptionMode", 416), optional("ContextProvider", 36), optional("IdentityCenterInstanceArn", 449), required("Name", 335), required("SAMLMetadataDocument", 331), optional("Tags", 553)]),
    /* 58 CreateSAMLProviderResponse */ structure("CreateSAMLProviderResponse", &[optional("SAMLProviderArn", 415), optional("Tags", 553)]),
    /* 59 CreateServiceLinkedRoleRequest */ structure("CreateServiceLinkedRoleRequest", &[required("AWSServiceName", 447), optional("CustomSuffix", 433), optional("Description", 518)]),
    /* 60 CreateServiceLinkedRoleResponse */ structure("CreateServiceLinkedRoleResponse", &[optional("Role", 322)]),
    /* 61 CreateServiceSpecificCredentialRequest */ structure("CreateServiceSpecificCredentialRequest", &[optional("CredentialAgeDays", 432), required("ServiceName", 533), required("UserName", 562)]),
    /* 62 CreateServiceSpecificCredentialResponse */ structure("CreateServiceSpecificCredentialResponse", &[optional("ServiceSpecificCredential", 343)]),
    /* 63 CreateUserRequest */ structure("CreateUserRequest", &[optional("Path", 484), optional("PermissionsBoundary", 415), optional("Tags", 553), required("UserName", 562)]),
    /* 64 CreateUserResponse */ structure("CreateUserResponse", &[optional("User", 402)]),
    /* 65 CreateVirtualMFADeviceRequest */ structure("CreateVirtualMFADeviceRequest", &[optional("Path", 484), optional("Tags", 553), required("VirtualMFADeviceName", 564)]),
    /* 66 CreateVirtualMFADeviceResponse */ structure("CreateVirtualMFADeviceResponse", &[required("VirtualMFADevice", 404)]),
    /* 67 DeactivateMFADeviceRequest */ structure("DeactivateMFADeviceRequest", &[required("SerialNumber", 528), optional("UserName", 442)]),
    /* 68 DelegationPermission */ structure("DelegationPermission", &[optional("Parameters", 497), optional("PolicyTemplateArn", 415)]),
    /* 69 DelegationRequest */ structure("DelegationRequest", &[optional("ApproverId", 415), optional("CreateDate", 434), optional("DelegationRequestId", 436), optional("Description", 435), optional("ExpirationTime", 434), optional("Notes", 470), optional("OnlySendByOwner", 422), optional("OwnerAccountId", 410), optional("OwnerId", 474), optional("PermissionPolicy", 487), optional("Permissions", 68), optional("RedirectUrl", 511), optional("RejectionReason", 470), optional("RequestMessage", 513), optional("RequestorId", 410), optional("RequestorName", 514), optional("RolePermissionRestrictionArns", 525), optional("SessionDuration", 540), optional("State", 542), optional("UpdatedTime", 434)]),
    /* 70 DeleteAccessKeyRequest */ structure("DeleteAccessKeyRequest", &[required("AccessKeyId", 405), optional("UserName", 442)]),
    /* 71 DeleteAccountAliasRequest */ structure("DeleteAccountAliasRequest", &[required("AccountAlias", 409)]),
    /* 72 DeleteGroupPolicyRequest */ structure("DeleteGroupPolicyRequest", &[required("GroupName", 447), required("PolicyName", 495)]),
    /* 73 DeleteGroupRequest */ structure("DeleteGroupRequest", &[required("GroupName", 447)]),
    /* 74 DeleteInstanceProfileRequest */ structure("DeleteInstanceProfileRequest", &[required("InstanceProfileName", 452)]),
    /* 75 DeleteLoginProfileRequest */ structure("DeleteLoginProfileRequest", &[optional("UserName", 562)]),
    /* 76 DeleteOpenIDConnectProviderRequest */ structure("DeleteOpenIDConnectProviderRequest", &[required("OpenIDConnectProviderArn", 415)]),
    /* 77 DeletePolicyRequest */ structure("DeletePolicyRequest", &[required("PolicyArn", 415)]),
    /* 78 DeletePolicyVersionRequest */ structure("DeletePolicyVersionRequest", &[required("PolicyArn", 415), required("VersionId", 504)]),
    /* 79 DeleteRolePermissionsBoundaryRequest */ structure("DeleteRolePermissionsBoundaryRequest", &[required("RoleName", 523)]),
    /* 80 DeleteRolePolicyRequest */ structure("DeleteRolePolicyRequest", &[required("PolicyName", 495), required("RoleName", 523)]),
    /* 81 DeleteRoleRequest */ structure("DeleteRoleRequest", &[required("RoleName", 523)]),
    /* 82 DeleteSAMLProviderRequest */ structure("DeleteSAMLProviderRequest", &[required("SAMLProviderArn", 415)]),
    /* 83 DeleteSSHPublicKeyRequest */ structure("DeleteSSHPublicKeyRequest", &[required("SSHPublicKeyId", 509), required("UserName", 562)]),
    /* 84 DeleteServerCertificateRequest */ structure("DeleteServerCertificateRequest", &[required("ServerCertificateName", 530)]),
    /* 85 DeleteServiceLinkedRoleRequest */ structure("DeleteServiceLinkedRoleRequest", &[required("RoleName", 523)]),
    /* 86 DeleteServiceLinkedRoleResponse */ structure("DeleteServiceLinkedRoleResponse", &[required("DeletionTaskId", 94)]),
    /* 87 DeleteServiceSpecificCredentialRequest */ structure("DeleteServiceSpecificCredentialRequest", &[required("ServiceSpecificCredentialId", 538), optional("UserName", 562)]),
    /* 88 DeleteSigningCertificateRequest */ structure("DeleteSigningCertificateRequest", &[required("CertificateId", 425), optional("UserName", 442)]),
    /* 89 DeleteUserPermissionsBoundaryRequest */ structure("DeleteUserPermissionsBoundaryRequest", &[required("UserName", 562)]),
    /* 90 DeleteUserPolicyRequest */ structure("DeleteUserPolicyRequest", &[required("PolicyName", 495), required("UserName", 442)]),
    /* 91 DeleteUserRequest */ structure("DeleteUserRequest", &[required("UserName", 442)]),
    /* 92 DeleteVirtualMFADeviceRequest */ structure("DeleteVirtualMFADeviceRequest", &[required("SerialNumber", 528)]),
    /* 93 DeletionTaskFailureReasonType */ structure("DeletionTaskFailureReasonType", &[optional("Reason", 303), optional("RoleUsageList", 326)]),
    /* 94 DeletionTaskIdType */ text(within(1, 1000), ""),
    /* 95 DeletionTaskStatusType */ Shape::Words(&["SUCCEEDED", "IN_PROGRESS", "FAILED", "NOT_STARTED"]),
    /* 96 DetachGroupPolicyRequest */ structure("DetachGroupPolicyRequest", &[required("GroupName", 447), required("PolicyArn", 415)]),
    /* 97 DetachRolePolicyRequest */ structure("DetachRolePolicyRequest", &[required("PolicyArn", 415), required("RoleName", 523)]),
    /* 98 DetachUserPolicyRequest */ structure("DetachUserPolicyRequest", &[required("PolicyArn", 415), required("UserName", 562)]),
    /* 99 DisableOrganizationsRootCredentialsManagementRequest */ structure("DisableOrganizationsRootCredentialsManagementRequest", &[]),
    /* 100 DisableOrganizationsRootCredentialsManagementResponse */ structure("DisableOrganizationsRootCredentialsManagementResponse", &[optional("EnabledFeatures", 118), optional("OrganizationId", 269)]),
    /* 101 DisableOrganizationsRootSessionsRequest */ structure("DisableOrganizationsRootSessionsRequest", &[]),
    /* 102 DisableOrganizationsRootSessionsResponse */ structure("DisableOrganizationsRootSessionsResponse", &[optional("EnabledFeatures", 118), optional("OrganizationId", 269)]),
    /* 103 EnableMFADeviceRequest */ structure("EnableMFADeviceRequest", &[required("AuthenticationCode1", 420), required("AuthenticationCode2", 420), required("SerialNumber", 528), required("UserName", 442)]),
    /* 104 EnableOrganizationsRootCredentialsManagementRequest */ structure("EnableOrganizationsRootCredentialsManagementRequest", &[]),
    /* 105 EnableOrganizationsRootCredentialsManagementResponse */ structure("EnableOrganizationsRootCredentialsManagementResponse", &[optional("EnabledFeatures", 118), optional("OrganizationId", 269)]),
    /* 106 EnableOrganizationsRootSessionsRequest */ structure("EnableOrganizationsRootSessionsRequest", &[]),
    /* 107 EnableOrganizationsRootSessionsResponse */ structure("EnableOrganizationsRootSessionsResponse", &[optional("EnabledFeatures", 118), optional("OrganizationId", 269)]),
    /* 108 EnableOutboundWebIdentityFederationResponse */ structure("EnableOutboundWebIdentityFederationResponse", &[optional("IssuerIdentifier", 544)]),
    /* 109 EntityDetails */ structure("EntityDetails", &[required("EntityInfo", 110), optional("LastAuthenticated", 434)]),
    /* 110 EntityInfo */ structure("EntityInfo", &[required("Arn", 415), required("Name", 562), required("Type", 496), required("Id", 448), optional("Path", 484)]),
    /* 111 EntityType */ Shape::Words(&["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]),
    /* 112 ErrorDetails */ structure("ErrorDetails", &[required("Message", 544), required("Code", 544)]),
    /* 113 EvalDecisionDetailsType */ map(114, 278, Bounds::NONE),
    /* 114 EvalDecisionSourceType */ text(within(3, 256), ""),
    /* 115 EvaluationResult */ structure("EvaluationResult", &[required("EvalActionName", 10), optional("EvalResourceName", 318), required("EvalDecision", 278), optional("EvalDecisionDetails", 113), optional("MatchedStatements", 356), optional("MissingContextValues", 32), optional("OrganizationsDecisionDetail", 271), optional("PermissionsBoundaryDecisionDetail", 275), optional("ResourceSpecificResults", 320)]),
    /* 116 EvaluationResultsListType */ list(115, Bounds::NONE),
    /* 117 FeatureType */ Shape::Words(&["RootCredentialsManagement", "RootSessions"]),
    /* 118 FeaturesListType */ list(117, Bounds::NONE),
    /* 119 GenerateCredentialReportResponse */ structure("GenerateCredentialReportResponse", &[optional("Description", 312), optional("State", 313)]),
    /* 120 GenerateOrganizationsAccessReportRequest */ structure("GenerateOrganizationsAccessReportRequest", &[required("EntityPath", 472), optional("OrganizationsPolicyId", 473)]),
    /* 121 GenerateOrganizationsAccessReportResponse */ structure("GenerateOrganizationsAccessReportResponse", &[optional("JobId", 454)]),
    /* 122 GenerateServiceLastAccessedDetailsRequest */ structure("GenerateServiceLastAccessedDetailsRequest", &[required("Arn", 415), optional("Granularity", 1)]),
    /* 123 GenerateServiceLastAccessedDetailsResponse */ structure("GenerateServiceLastAccessedDetailsResponse", &[optional("JobId", 454)]),
    /* 124 GetAccessKeyLastUsedRequest */ structure("GetAccessKeyLastUsedRequest", &[required("AccessKeyId", 405)]),
    /* 125 GetAccessKeyLastUsedResponse */ structure("GetAccessKeyLastUsedResponse", &[optional("UserName", 442), optional("AccessKeyLastUsed", 5)]),
    /* 126 GetAccountAuthorizationDetailsRequest */ structure("GetAccountAuthorizationDetailsRequest", &[optional("Filter", 440), optional("Marker", 463), optional("MaxItems", 464)]),
    /* 127 GetAccountAuthorizationDetailsResponse */ structure("GetAccountAuthorizationDetailsResponse", &[optional("UserDetailList", 560), optional("GroupDetailList", 444), optional("RoleDetailList", 519), optional("Policies", 264), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 128 GetAccountPasswordPolicyResponse */ structure("GetAccountPasswordPolicyResponse", &[required("PasswordPolicy", 273)]),
    /* 129 GetAccountPropertiesRequest */ structure("GetAccountPropertiesRequest", &[]),
    /* 130 GetAccountPropertiesResponse */ structure("GetAccountPropertiesResponse", &[optional("Properties", 411)]),
    /* 131 GetAccountSummaryResponse */ structure("GetAccountSummaryResponse", &[optional("SummaryMap", 548)]),
    /* 132 GetContextKeysForCustomPolicyRequest */ structure("GetContextKeysForCustomPolicyRequest", &[required("PolicyInputList", 353)]),
    /* 133 GetContextKeysForPolicyResponse */ structure("GetContextKeysForPolicyResponse", &[optional("ContextKeyNames", 32)]),
    /* 134 GetContextKeysForPrincipalPolicyRequest */ structure("GetContextKeysForPrincipalPolicyRequest", &[optional("PolicyInputList", 353), required("PolicySourceArn", 415)]),
    /* 135 GetCredentialReportResponse */ structure("GetCredentialReportResponse", &[optional("Content", 310), optional("GeneratedTime", 434), optional("ReportFormat", 311)]),
    /* 136 GetDelegationRequestRequest */ structure("GetDelegationRequestRequest", &[optional("DelegationPermissionCheck", 422), required("DelegationRequestId", 436)]),
    /* 137 GetDelegationRequestResponse */ structure("GetDelegationRequestResponse", &[optional("DelegationRequest", 69), optional("PermissionCheckResult", 485), optional("PermissionCheckStatus", 486)]),
    /* 138 GetGroupPolicyRequest */ structure("GetGroupPolicyRequest", &[required("GroupName", 447), required("PolicyName", 495)]),
    /* 139 GetGroupPolicyResponse */ structure("GetGroupPolicyResponse", &[required("GroupName", 447), required("PolicyName", 495), required("PolicyDocument", 490)]),
    /* 140 GetGroupRequest */ structure("GetGroupRequest", &[required("GroupName", 447), optional("Marker", 463), optional("MaxItems", 464)]),
    /* 141 GetGroupResponse */ structure("GetGroupResponse", &[required("Group", 181), required("Users", 561), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 142 GetHumanReadableSummaryRequest */ structure("GetHumanReadableSummaryRequest", &[required("EntityArn", 415), optional("Locale", 458)]),
    /* 143 GetHumanReadableSummaryResponse */ structure("GetHumanReadableSummaryResponse", &[optional("Locale", 458), optional("SummaryContent", 546), optional("SummaryState", 549)]),
    /* 144 GetInstanceProfileRequest */ structure("GetInstanceProfileRequest", &[required("InstanceProfileName", 452)]),
    /* 145 GetInstanceProfileResponse */ structure("GetInstanceProfileResponse", &[required("InstanceProfile", 185)]),
    /* 146 GetLoginProfileRequest */ structure("GetLoginProfileRequest", &[optional("UserName", 562)]),
    /* 147 GetLoginProfileResponse */ structure("GetLoginProfileResponse", &[required("LoginProfile", 261)]),
    /* 148 GetMFADeviceRequest */ structure("GetMFADeviceRequest", &[required("SerialNumber", 528), optional("UserName", 562)]),
    /* 149 GetMFADeviceResponse */ structure("GetMFADeviceResponse", &[required("SerialNumber", 528), optional("Certifications", 25), optional("EnableDate", 434), optional("UserName", 562)]),
    /* 150 GetOpenIDConnectProviderRequest */ structure("GetOpenIDConnectProviderRequest", &[required("OpenIDConnectProviderArn", 415)]),
    /* 151 GetOpenIDConnectProviderResponse */ structure("GetOpenIDConnectProviderResponse", &[optional("Url", 267), optional("ClientIDList", 427), optional("ThumbprintList", 558), optional("CreateDate", 434), optional("Tags", 553), optional("ContextProvider", 36), optional("IdentityCenterInstanceArn", 449), optional("IdentityStoreArn", 415)]),
    /* 152 GetOrganizationsAccessReportRequest */ structure("GetOrganizationsAccessReportRequest", &[required("JobId", 454), optional("Marker", 463), optional("MaxItems", 464), optional("SortKey", 541)]),
    /* 153 GetOrganizationsAccessReportResponse */ structure("GetOrganizationsAccessReportResponse", &[required("JobStatus", 455), required("JobCreationDate", 434), optional("AccessDetails", 3), optional("ErrorDetails", 112), optional("JobCompletionDate", 434), optional("NumberOfServicesAccessible", 453), optional("NumberOfServicesNotAccessed", 453), optional("IsTruncated", 422), optional("Marker", 463)]),
    /* 154 GetOutboundWebIdentityFederationInfoResponse */ structure("GetOutboundWebIdentityFederationInfoResponse", &[optional("IssuerIdentifier", 544), optional("JwtVendingEnabled", 422)]),
    /* 155 GetPolicyRequest */ structure("GetPolicyRequest", &[required("PolicyArn", 415)]),
    /* 156 GetPolicyResponse */ structure("GetPolicyResponse", &[optional("Policy", 276)]),
    /* 157 GetPolicyVersionRequest */ structure("GetPolicyVersionRequest", &[required("PolicyArn", 415), required("VersionId", 504)]),
    /* 158 GetPolicyVersionResponse */ structure("GetPolicyVersionResponse", &[optional("PolicyVersion", 294)]),
    /* 159 GetRolePolicyRequest */ structure("GetRolePolicyRequest", &[required("PolicyName", 495), required("RoleName", 523)]),
    /* 160 GetRolePolicyResponse */ structure("GetRolePolicyResponse", &[required("RoleName", 523), required("PolicyName", 495), required("PolicyDocument", 490)]),
    /* 161 GetRoleRequest */ structure("GetRoleRequest", &[required("RoleName", 523)]),
    /* 162 GetRoleResponse */ structure("GetRoleResponse", &[required("Role", 322)]),
    /* 163 GetRoleTemplateVersionRequest */ structure("GetRoleTemplateVersionRequest", &[optional("MinorVersion", 469), required("TemplateArn", 415)]),
    /* 164 GetRoleTemplateVersionResponse */ structure("GetRoleTemplateVersionResponse", &[required("RoleTemplateVersion", 325)]),
    /* 165 GetSAMLProviderRequest */ structure("GetSAMLProviderRequest", &[required("SAMLProviderArn", 415)]),
    /* 166 GetSAMLProviderResponse */ structure("GetSAMLProviderResponse", &[optional("AssertionEncryptionMode", 416), optional("ContextProvider", 36), optional("CreateDate", 434), optional("IdentityCenterInstanceArn", 449), optional("IdentityStoreArn", 415), optional("PrivateKeyList", 506), optional("SAMLKeyHashes", 330), optional("SAMLMetadataDocument", 331), optional("SAMLProviderUUID", 505), optional("Tags", 553), optional("ValidUntil", 434)]),
    /* 167 GetSSHPublicKeyRequest */ structure("GetSSHPublicKeyRequest", &[required("Encoding", 438), required("SSHPublicKeyId", 509), required("UserName", 562)]),
    /* 168 GetSSHPublicKeyResponse */ structure("GetSSHPublicKeyResponse", &[optional("SSHPublicKey", 336)]),
    /* 169 GetServerCertificateRequest */ structure("GetServerCertificateRequest", &[required("ServerCertificateName", 530)]),
    /* 170 GetServerCertificateResponse */ structure("GetServerCertificateResponse", &[required("ServerCertificate", 340)]),
    /* 171 GetServiceLastAccessedDetailsRequest */ structure("GetServiceLastAccessedDetailsRequest", &[required("JobId", 454), optional("Marker", 463), optional("MaxItems", 464)]),
    /* 172 GetServiceLastAccessedDetailsResponse */ structure("GetServiceLastAccessedDetailsResponse", &[required("JobStatus", 455), required("JobCreationDate", 434), required("ServicesLastAccessed", 346), required("JobCompletionDate", 434), optional("Error", 112), optional("JobType", 1), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 173 GetServiceLastAccessedDetailsWithEntitiesRequest */ structure("GetServiceLastAccessedDetailsWithEntitiesRequest", &[required("JobId", 454), optional("Marker", 463), optional("MaxItems", 464), required("ServiceNamespace", 536)]),
    /* 174 GetServiceLastAccessedDetailsWithEntitiesResponse */ structure("GetServiceLastAccessedDetailsWithEntitiesResponse", &[required("JobStatus", 455), required("JobCreationDate", 434), required("JobCompletionDate", 434), required("EntityDetailsList", 439), optional("Error", 112), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 175 GetServiceLinkedRoleDeletionStatusRequest */ structure("GetServiceLinkedRoleDeletionStatusRequest", &[required("DeletionTaskId", 94)]),
    /* 176 GetServiceLinkedRoleDeletionStatusResponse */ structure("GetServiceLinkedRoleDeletionStatusResponse", &[required("Status", 95), optional("Reason", 93)]),
    /* 177 GetUserPolicyRequest */ structure("GetUserPolicyRequest", &[required("PolicyName", 495), required("UserName", 442)]),
    /* 178 GetUserPolicyResponse */ structure("GetUserPolicyResponse", &[required("UserName", 442), required("PolicyName", 495), required("PolicyDocument", 490)]),
    /* 179 GetUserRequest */ structure("GetUserRequest", &[optional("UserName", 442)]),
    /* 180 GetUserResponse */ structure("GetUserResponse", &[required("User", 402)]),
    /* 181 Group */ structure("Group", &[required("Path", 484), required("GroupName", 447), required("GroupId", 448), required("Arn", 415), required("CreateDate", 434)]),
    /* 182 GroupDetail */ structure("GroupDetail", &[optional("Path", 484), optional("GroupName", 447), optional("GroupId", 448), optional("Arn", 415), optional("CreateDate", 434), optional("GroupPolicyList", 489), optional("AttachedManagedPolicies", 418)]),
    /* 183 InlinePolicy */ structure("InlinePolicy", &[required("PolicyName", 495), required("PolicyDocument", 490)]),
    /* 184 InlinePolicyIdentifierType */ structure("InlinePolicyIdentifierType", &[required("AttachmentName", 21), required("AttachmentType", 22), required("PolicyName", 495)]),
    /* 185 InstanceProfile */ structure("InstanceProfile", &[required("Path", 484), required("InstanceProfileName", 452), required("InstanceProfileId", 448), required("Arn", 415), required("CreateDate", 434), required("Roles", 520), optional("Tags", 553)]),
    /* 186 KeyHashListType */ list(544, Bounds::NONE),
    /* 187 LineNumber */ Shape::Integer(Bounds::NONE),
    /* 188 ListAccessKeysRequest */ structure("ListAccessKeysRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("UserName", 442)]),
    /* 189 ListAccessKeysResponse */ structure("ListAccessKeysResponse", &[required("AccessKeyMetadata", 406), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 190 ListAccountAliasesRequest */ structure("ListAccountAliasesRequest", &[optional("Marker", 463), optional("MaxItems", 464)]),
    /* 191 ListAccountAliasesResponse */ structure("ListAccountAliasesResponse", &[required("AccountAliases", 408), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 192 ListAttachedGroupPoliciesRequest */ structure("ListAttachedGroupPoliciesRequest", &[required("GroupName", 447), optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 501)]),
    /* 193 ListAttachedGroupPoliciesResponse */ structure("ListAttachedGroupPoliciesResponse", &[optional("AttachedPolicies", 418), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 194 ListAttachedRolePoliciesRequest */ structure("ListAttachedRolePoliciesRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 501), required("RoleName", 523)]),
    /* 195 ListAttachedRolePoliciesResponse */ structure("ListAttachedRolePoliciesResponse", &[optional("AttachedPolicies", 418), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 196 ListAttachedUserPoliciesRequest */ structure("ListAttachedUserPoliciesRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 501), required("UserName", 562)]),
    /* 197 ListAttachedUserPoliciesResponse */ structure("ListAttachedUserPoliciesResponse", &[optional("AttachedPolicies", 418), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 198 ListDelegationRequestsRequest */ structure("ListDelegationRequestsRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("OwnerId", 474)]),
    /* 199 ListDelegationRequestsResponse */ structure("ListDelegationRequestsResponse", &[optional("DelegationRequests", 437), optional("isTruncated", 422), optional("Marker", 463)]),
    /* 200 ListEntitiesForPolicyRequest */ structure("ListEntitiesForPolicyRequest", &[optional("EntityFilter", 111), optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 484), required("PolicyArn", 415), optional("PolicyUsageFilter", 291)]),
    /* 201 ListEntitiesForPolicyResponse */ structure("ListEntitiesForPolicyResponse", &[optional("PolicyGroups", 282), optional("PolicyUsers", 293), optional("PolicyRoles", 289), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 202 ListGroupPoliciesRequest */ structure("ListGroupPoliciesRequest", &[required("GroupName", 447), optional("Marker", 463), optional("MaxItems", 464)]),
    /* 203 ListGroupPoliciesResponse */ structure("ListGroupPoliciesResponse", &[required("PolicyNames", 494), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 204 ListGroupsForUserRequest */ structure("ListGroupsForUserRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("UserName", 442)]),
    /* 205 ListGroupsForUserResponse */ structure("ListGroupsForUserResponse", &[required("Groups", 445), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 206 ListGroupsRequest */ structure("ListGroupsRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 483)]),
    /* 207 ListGroupsResponse */ structure("ListGroupsResponse", &[required("Groups", 445), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 208 ListInstanceProfileTagsRequest */ structure("ListInstanceProfileTagsRequest", &[required("InstanceProfileName", 452), optional("Marker", 463), optional("MaxItems", 464)]),
    /* 209 ListInstanceProfileTagsResponse */ structure("ListInstanceProfileTagsResponse", &[required("Tags", 553), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 210 ListInstanceProfilesForRoleRequest */ structure("ListInstanceProfilesForRoleRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("RoleName", 523)]),
    /* 211 ListInstanceProfilesForRoleResponse */ structure("ListInstanceProfilesForRoleResponse", &[required("InstanceProfiles", 451), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 212 ListInstanceProfilesRequest */ structure("ListInstanceProfilesRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 483)]),
    /* 213 ListInstanceProfilesResponse */ structure("ListInstanceProfilesResponse", &[required("InstanceProfiles", 451), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 214 ListMFADeviceTagsRequest */ structure("ListMFADeviceTagsRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("SerialNumber", 528)]),
    /* 215 ListMFADeviceTagsResponse */ structure("ListMFADeviceTagsResponse", &[required("Tags", 553), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 216 ListMFADevicesRequest */ structure("ListMFADevicesRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("UserName", 442)]),
    /* 217 ListMFADevicesResponse */ structure("ListMFADevicesResponse", &[required("MFADevices", 467), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 218 ListOpenIDConnectProviderTagsRequest */ structure("ListOpenIDConnectProviderTagsRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("OpenIDConnectProviderArn", 415)]),
    /* 219 ListOpenIDConnectProviderTagsResponse */ structure("ListOpenIDConnectProviderTagsResponse", &[required("Tags", 553), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 220 ListOpenIDConnectProvidersRequest */ structure("ListOpenIDConnectProvidersRequest", &[]),
    /* 221 ListOpenIDConnectProvidersResponse */ structure("ListOpenIDConnectProvidersResponse", &[optional("OpenIDConnectProviderList", 266)]),
    /* 222 ListOrganizationsFeaturesRequest */ structure("ListOrganizationsFeaturesRequest", &[]),
    /* 223 ListOrganizationsFeaturesResponse */ structure("ListOrganizationsFeaturesResponse", &[optional("EnabledFeatures", 118), optional("OrganizationId", 269)]),
    /* 224 ListPoliciesGrantingServiceAccessEntry */ structure("ListPoliciesGrantingServiceAccessEntry", &[optional("Policies", 492), optional("ServiceNamespace", 536)]),
    /* 225 ListPoliciesGrantingServiceAccessRequest */ structure("ListPoliciesGrantingServiceAccessRequest", &[required("Arn", 415), optional("Marker", 463), required("ServiceNamespaces", 535)]),
    /* 226 ListPoliciesGrantingServiceAccessResponse */ structure("ListPoliciesGrantingServiceAccessResponse", &[required("PoliciesGrantingServiceAccess", 457), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 227 ListPoliciesRequest */ structure("ListPoliciesRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("OnlyAttached", 422), optional("PathPrefix", 501), optional("PolicyUsageFilter", 291), optional("Scope", 502)]),
    /* 228 ListPoliciesResponse */ structure("ListPoliciesResponse", &[optional("Policies", 493), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 229 ListPolicyTagsRequest */ structure("ListPolicyTagsRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("PolicyArn", 415)]),
    /* 230 ListPolicyTagsResponse */ structure("ListPolicyTagsResponse", &[required("Tags", 553), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 231 ListPolicyVersionsRequest */ structure("ListPolicyVersionsRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("PolicyArn", 415)]),
    /* 232 ListPolicyVersionsResponse */ structure("ListPolicyVersionsResponse", &[optional("Versions", 491), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 233 ListRolePoliciesRequest */ structure("ListRolePoliciesRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("RoleName", 523)]),
    /* 234 ListRolePoliciesResponse */ structure("ListRolePoliciesResponse", &[required("PolicyNames", 494), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 235 ListRoleTagsRequest */ structure("ListRoleTagsRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("RoleName", 523)]),
    /* 236 ListRoleTagsResponse */ structure("ListRoleTagsResponse", &[required("Tags", 553), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 237 ListRolesRequest */ structure("ListRolesRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 483)]),
    /* 238 ListRolesResponse */ structure("ListRolesResponse", &[required("Roles", 520), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 239 ListSAMLProviderTagsRequest */ structure("ListSAMLProviderTagsRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("SAMLProviderArn", 415)]),
    /* 240 ListSAMLProviderTagsResponse */ structure("ListSAMLProviderTagsResponse", &[required("Tags", 553), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 241 ListSAMLProvidersRequest */ structure("ListSAMLProvidersRequest", &[]),
    /* 242 ListSAMLProvidersResponse */ structure("ListSAMLProvidersResponse", &[optional("SAMLProviderList", 334)]),
    /* 243 ListSSHPublicKeysRequest */ structure("ListSSHPublicKeysRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("UserName", 562)]),
    /* 244 ListSSHPublicKeysResponse */ structure("ListSSHPublicKeysResponse", &[optional("SSHPublicKeys", 337), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 245 ListServerCertificateTagsRequest */ structure("ListServerCertificateTagsRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("ServerCertificateName", 530)]),
    /* 246 ListServerCertificateTagsResponse */ structure("ListServerCertificateTagsResponse", &[required("Tags", 553), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 247 ListServerCertificatesRequest */ structure("ListServerCertificatesRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 483)]),
    /* 248 ListServerCertificatesResponse */ structure("ListServerCertificatesResponse", &[required("ServerCertificateMetadataList", 529), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 249 ListServiceSpecificCredentialsRequest */ structure("ListServiceSpecificCredentialsRequest", &[optional("AllUsers", 414), optional("Marker", 463), optional("MaxItems", 464), optional("ServiceName", 533), optional("UserName", 562)]),
    /* 250 ListServiceSpecificCredentialsResponse */ structure("ListServiceSpecificCredentialsResponse", &[optional("ServiceSpecificCredentials", 345), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 251 ListSigningCertificatesRequest */ structure("ListSigningCertificatesRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("UserName", 442)]),
    /* 252 ListSigningCertificatesResponse */ structure("ListSigningCertificatesResponse", &[required("Certificates", 426), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 253 ListUserPoliciesRequest */ structure("ListUserPoliciesRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("UserName", 442)]),
    /* 254 ListUserPoliciesResponse */ structure("ListUserPoliciesResponse", &[required("PolicyNames", 494), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 255 ListUserTagsRequest */ structure("ListUserTagsRequest", &[optional("Marker", 463), optional("MaxItems", 464), required("UserName", 442)]),
    /* 256 ListUserTagsResponse */ structure("ListUserTagsResponse", &[required("Tags", 553), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 257 ListUsersRequest */ structure("ListUsersRequest", &[optional("Marker", 463), optional("MaxItems", 464), optional("PathPrefix", 483)]),
    /* 258 ListUsersResponse */ structure("ListUsersResponse", &[required("Users", 561), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 259 ListVirtualMFADevicesRequest */ structure("ListVirtualMFADevicesRequest", &[optional("AssignmentStatus", 417), optional("Marker", 463), optional("MaxItems", 464)]),
    /* 260 ListVirtualMFADevicesResponse */ structure("ListVirtualMFADevicesResponse", &[required("VirtualMFADevices", 563), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 261 LoginProfile */ structure("LoginProfile", &[required("UserName", 562), required("CreateDate", 434), optional("MaxSigninSessionDuration", 466), optional("PasswordResetRequired", 422)]),
    /* 262 MFADevice */ structure("MFADevice", &[required("UserName", 562), required("SerialNumber", 528), required("EnableDate", 434)]),
    /* 263 ManagedPolicyDetail */ structure("ManagedPolicyDetail", &[optional("PolicyName", 495), optional("PolicyId", 448), optional("Arn", 415), optional("Path", 501), optional("DefaultVersionId", 504), optional("AttachmentCount", 419), optional("PermissionsBoundaryUsageCount", 419), optional("IsAttachable", 422), optional("Description", 488), optional("CreateDate", 434), optional("UpdateDate", 434), optional("PolicyVersionList", 491)]),
    /* 264 ManagedPolicyDetailListType */ list(263, Bounds::NONE),
    /* 265 OpenIDConnectProviderListEntry */ structure("OpenIDConnectProviderListEntry", &[optional("Arn", 415), optional("IsTrustedIdentityPropagationEnabled", 422)]),
    /* 266 OpenIDConnectProviderListType */ list(265, Bounds::NONE),
    /* 267 OpenIDConnectProviderUrlType */ text(within(1, 255), ""),
    /* 268 OrderedOrganizationPolicyType */ structure("OrderedOrganizationPolicyType", &[optional("ServiceControlPolicyInputList", 353)]),
    /* 269 OrganizationIdType */ text(within(i64::MIN, 34), "^o-[a-z0-9]{10,32}$"),
    /* 270 OrganizationPolicyListType */ list(268, within(i64::MIN, 7)),
    /* 271 OrganizationsDecisionDetail */ structure("OrganizationsDecisionDetail", &[optional("AllowedByOrganizations", 422)]),
    /* 272 ParameterDefinition */ structure("ParameterDefinition", &[required("Name", 477), required("Type", 479), optional("DefaultValue", 475), optional("Description", 476), optional("Immutable", 422), optional("IsRequired", 422), optional("SubType", 478)]),
    /* 273 PasswordPolicy */ structure("PasswordPolicy", &[optional("AllowUsersToChangePassword", 422), optional("ExpirePasswords", 422), optional("HardExpiry", 421), optional("MaxPasswordAge", 465), optional("MinimumPasswordLength", 468), optional("PasswordReusePrevention", 481), optional("RequireLowercaseCharacters", 422), optional("RequireNumbers", 422), optional("RequireSymbols", 422), optional("RequireUppercaseCharacters", 422)]),
    /* 274 PermissionsBoundaryAttachmentType */ Shape::Words(&["PermissionsBoundaryPolicy"]),
    /* 275 PermissionsBoundaryDecisionDetail */ structure("PermissionsBoundaryDecisionDetail", &[optional("AllowedByPermissionsBoundary", 422)]),
    /* 276 Policy */ structure("Policy", &[optional("PolicyName", 495), optional("PolicyId", 448), optional("Arn", 415), optional("Path", 501), optional("DefaultVersionId", 504), optional("AttachmentCount", 419), optional("PermissionsBoundaryUsageCount", 419), optional("IsAttachable", 422), optional("Description", 488), optional("CreateDate", 434), optional("UpdateDate", 434), optional("Tags", 553)]),
    /* 277 PolicyDetail */ structure("PolicyDetail", &[optional("PolicyName", 495), optional("PolicyDocument", 490)]),
    /* 278 PolicyEvaluationDecisionType */ Shape::Words(&["allowed", "explicitDeny", "implicitDeny"]),
    /* 279 PolicyExclusionsListType */ list(283, within(i64::MIN, 256)),
    /* 280 PolicyGrantingServiceAccess */ structure("PolicyGrantingServiceAccess", &[required("PolicyName", 495), required("PolicyType", 503), optional("EntityName", 441), optional("EntityType", 496), optional("PolicyArn", 415)]),
    /* 281 PolicyGroup */ structure("PolicyGroup", &[optional("GroupName", 447), optional("GroupId", 448)]),
    /* 282 PolicyGroupListType */ list(281, Bounds::NONE),
    /* 283 PolicyIdentifier */ structure("PolicyIdentifier", &[optional("InlinePolicyIdentifier", 184), optional("PolicyArn", 415), optional("PolicyType", 284)]),
    /* 284 PolicyIdentifierPolicyType */ Shape::Words(&["inline", "aws-managed", "user-managed", "permission-boundary", "scp", "rcp"]),
    /* 285 PolicyIdentifierType */ text(Bounds::NONE, ""),
    /* 286 PolicyParameter */ structure("PolicyParameter", &[optional("Name", 498), optional("Type", 287), optional("Values", 500)]),
    /* 287 PolicyParameterTypeEnum */ Shape::Words(&["string", "stringList"]),
    /* 288 PolicyRole */ structure("PolicyRole", &[optional("RoleName", 523), optional("RoleId", 448)]),
    /* 289 PolicyRoleListType */ list(288, Bounds::NONE),
    /* 290 PolicySourceType */ Shape::Words(&["user", "group", "role", "aws-managed", "user-managed", "resource", "none"]),
    /* 291 PolicyUsageType */ Shape::Words(&["PermissionsPolicy", "PermissionsBoundary"]),
    /* 292 PolicyUser */ structure("PolicyUser", &[optional("UserName", 562), optional("UserId", 448)]),
    /* 293 PolicyUserListType */ list(292, Bounds::NONE),
    /* 294 PolicyVersion */ structure("PolicyVersion", &[optional("Document", 490), optional("VersionId", 504), optional("IsDefaultVersion", 422), optional("CreateDate", 434)]),
    /* 295 Position */ structure("Position", &[optional("Column", 28), optional("Line", 187)]),
    /* 296 PutAccountPropertiesRequest */ structure("PutAccountPropertiesRequest", &[required("Properties", 411)]),
    /* 297 PutAccountPropertiesResponse */ structure("PutAccountPropertiesResponse", &[]),
    /* 298 PutGroupPolicyRequest */ structure("PutGroupPolicyRequest", &[required("GroupName", 447), required("PolicyDocument", 490), required("PolicyName", 495)]),
    /* 299 PutRolePermissionsBoundaryRequest */ structure("PutRolePermissionsBoundaryRequest", &[required("PermissionsBoundary", 415), required("RoleName", 523)]),
    /* 300 PutRolePolicyRequest */ structure("PutRolePolicyRequest", &[required("PolicyDocument", 490), required("PolicyName", 495), required("RoleName", 523)]),
    /* 301 PutUserPermissionsBoundaryRequest */ structure("PutUserPermissionsBoundaryRequest", &[required("PermissionsBoundary", 415), required("UserName", 562)]),
    /* 302 PutUserPolicyRequest */ structure("PutUserPolicyRequest", &[required("PolicyDocument", 490), required("PolicyName", 495), required("UserName", 442)]),
    /* 303 ReasonType */ text(within(i64::MIN, 1000), ""),
    /* 304 RegionNameType */ text(within(1, 100), ""),
    /* 305 RejectDelegationRequestRequest */ structure("RejectDelegationRequestRequest", &[required("DelegationRequestId", 436), optional("Notes", 470)]),
    /* 306 RemoveClientIDFromOpenIDConnectProviderRequest */ structure("RemoveClientIDFromOpenIDConnectProviderRequest", &[required("ClientID", 428), required("OpenIDConnectProviderArn", 415)]),
    /* 307 RemoveRoleFromInstanceProfileRequest */ structure("RemoveRoleFromInstanceProfileRequest", &[required("InstanceProfileName", 452), required("RoleName", 523)]),
    /* 308 RemoveUserFromGroupRequest */ structure("RemoveUserFromGroupRequest", &[required("GroupName", 447), required("UserName", 442)]),
    /* 309 ReplacementValueEntry */ structure("ReplacementValueEntry", &[required("Values", 512)]),
    /* 310 ReportContentType */ Shape::Blob(Bounds::NONE),
    /* 311 ReportFormatType */ Shape::Words(&["text/csv"]),
    /* 312 ReportStateDescriptionType */ text(Bounds::NONE, ""),
    /* 313 ReportStateType */ Shape::Words(&["STARTED", "INPROGRESS", "COMPLETE"]),
    /* 314 ResetServiceSpecificCredentialRequest */ structure("ResetServiceSpecificCredentialRequest", &[required("ServiceSpecificCredentialId", 538), optional("UserName", 562)]),
    /* 315 ResetServiceSpecificCredentialResponse */ structure("ResetServiceSpecificCredentialResponse", &[optional("ServiceSpecificCredential", 343)]),
    /* 316 ResourceHandlingOptionType */ text(within(1, 64), ""),
    /* 317 ResourceNameListType */ list(318, Bounds::NONE),
    /* 318 ResourceNameType */ text(within(1, 2048), ""),
    /* 319 ResourceSpecificResult */ structure("ResourceSpecificResult", &[required("EvalResourceName", 318), required("EvalResourceDecision", 278), optional("EvalDecisionDetails", 113), optional("MatchedStatements", 356), optional("MissingContextValues", 32), optional("PermissionsBoundaryDecisionDetail", 275)]),
    /* 320 ResourceSpecificResultListType */ list(319, Bounds::NONE),
    /* 321 ResyncMFADeviceRequest */ structure("ResyncMFADeviceRequest", &[required("AuthenticationCode1", 420), required("AuthenticationCode2", 420), required("SerialNumber", 528), required("UserName", 442)]),
    /* 322 Role */ structure("Role", &[required("Path", 484), required("RoleName", 523), required("RoleId", 448), required("Arn", 415), required("CreateDate", 434), optional("AssumeRolePolicyDocument", 490), optional("Description", 518), optional("MaxSessionDuration", 521), optional("PermissionsBoundary", 19), optional("Tags", 553), optional("RoleLastUsed", 324), optional("MaxSigninSessionDuration", 466), optional("SourceRoleTemplate", 354)]),
    /* 323 RoleDetail */ structure("RoleDetail", &[optional("Path", 484), optional("RoleName", 523), optional("RoleId", 448), optional("Arn", 415), optional("CreateDate", 434), optional("AssumeRolePolicyDocument", 490), optional("InstanceProfileList", 451), optional("RolePolicyList", 489), optional("AttachedManagedPolicies", 418), optional("PermissionsBoundary", 19), optional("Tags", 553), optional("RoleLastUsed", 324)]),
    /* 324 RoleLastUsed */ structure("RoleLastUsed", &[optional("LastUsedDate", 434), optional("Region", 544)]),
    /* 325 RoleTemplateVersion */ structure("RoleTemplateVersion", &[optional("AssumeRolePolicyDocumentTemplate", 490), optional("CreateTimestamp", 434), optional("DefaultMinorVersion", 469), optional("Description", 526), optional("Enabled", 422), optional("InlinePolicyTemplates", 450), optional("MajorVersion", 453), optional("ManagedByType", 459), optional("ManagedByValue", 460), optional("ManagedPolicyArns", 461), optional("MaxSessionDuration", 521), optional("MinorVersion", 469), optional("ParametersDefinition", 480), optional("PermissionBoundaryArn", 415), optional("RoleDescriptionPattern", 517), optional("RoleNamePattern", 522), optional("RolePathPattern", 524), optional("RoleTagsTemplate", 555), optional("TemplateArn", 415), optional("TemplateName", 527), optional("TemplateVersionId", 448), optional("UpdateTimestamp", 434), optional("VersionEnabled", 422)]),
    /* 326 RoleUsageListType */ list(327, Bounds::NONE),
    /* 327 RoleUsageType */ structure("RoleUsageType", &[optional("Region", 304), optional("Resources", 14)]),
    /* 328 SAMLIssuerURLType */ text(within(1, 1024), ""),
    /* 329 SAMLKeyHashEntry */ structure("SAMLKeyHashEntry", &[optional("IssuerURL", 328), optional("KeyHashes", 186)]),
    /* 330 SAMLKeyHashListType */ list(329, Bounds::NONE),
    /* 331 SAMLMetadataDocumentType */ text(within(1000, 10000000), ""),
    /* 332 SAMLPrivateKey */ structure("SAMLPrivateKey", &[optional("KeyId", 505), optional("Timestamp", 434)]),
    /* 333 SAMLProviderListEntry */ structure("SAMLProviderListEntry", &[optional("Arn", 415), optional("CreateDate", 434), optional("IsTrustedIdentityPropagationEnabled", 422), optional("ValidUntil", 434)]),
    /* 334 SAMLProviderListType */ list(333, Bounds::NONE),
    /* 335 SAMLProviderNameType */ text(within(1, 128), "[\\w._-]+"),
    /* 336 SSHPublicKey */ structure("SSHPublicKey", &[required("UserName", 562), required("SSHPublicKeyId", 509), required("Fingerprint", 508), required("SSHPublicKeyBody", 510), required("Status", 543), optional("UploadDate", 434)]),
    /* 337 SSHPublicKeyListType */ list(338, Bounds::NONE),
    /* 338 SSHPublicKeyMetadata */ structure("SSHPublicKeyMetadata", &[required("UserName", 562), required("SSHPublicKeyId", 509), required("Status", 543), required("UploadDate", 434)]),
    /* 339 SendDelegationTokenRequest */ structure("SendDelegationTokenRequest", &[required("DelegationRequestId", 436)]),
    /* 340 ServerCertificate */ structure("ServerCertificate", &[required("ServerCertificateMetadata", 341), required("CertificateBody", 423), optional("CertificateChain", 424), optional("Tags", 553)]),
    /* 341 ServerCertificateMetadata */ structure("ServerCertificateMetadata", &[required("Path", 484), required("ServerCertificateName", 530), required("ServerCertificateId", 448), required("Arn", 415), optional("Expiration", 434), optional("UploadDate", 434)]),
    /* 342 ServiceLastAccessed */ structure("ServiceLastAccessed", &[required("ServiceName", 534), required("ServiceNamespace", 536), optional("LastAuthenticated", 434), optional("LastAuthenticatedEntity", 415), optional("LastAuthenticatedRegion", 544), optional("TotalAuthenticatedEntities", 453), optional("TrackedActionsLastAccessed", 368)]),
    /* 343 ServiceSpecificCredential */ structure("ServiceSpecificCredential", &[required("CreateDate", 434), required("ServiceName", 533), required("ServiceSpecificCredentialId", 538), required("UserName", 562), required("Status", 543), optional("ExpirationDate", 434), optional("ServiceCredentialAlias", 531), optional("ServiceCredentialSecret", 532), optional("ServicePassword", 537), optional("ServiceUserName", 539)]),
    /* 344 ServiceSpecificCredentialMetadata */ structure("ServiceSpecificCredentialMetadata", &[required("UserName", 562), required("Status", 543), required("CreateDate", 434), required("ServiceSpecificCredentialId", 538), required("ServiceName", 533), optional("ExpirationDate", 434), optional("ServiceCredentialAlias", 531), optional("ServiceUserName", 539)]),
    /* 345 ServiceSpecificCredentialsListType */ list(344, Bounds::NONE),
    /* 346 ServicesLastAccessed */ list(342, Bounds::NONE),
    /* 347 SetDefaultPolicyVersionRequest */ structure("SetDefaultPolicyVersionRequest", &[required("PolicyArn", 415), required("VersionId", 504)]),
    /* 348 SetSecurityTokenServicePreferencesRequest */ structure("SetSecurityTokenServicePreferencesRequest", &[required("GlobalEndpointTokenVersion", 443)]),
    /* 349 SigningCertificate */ structure("SigningCertificate", &[required("UserName", 562), required("CertificateId", 425), required("CertificateBody", 423), required("Status", 543), optional("UploadDate", 434)]),
    /* 350 SimulateCustomPolicyRequest */ structure("SimulateCustomPolicyRequest", &[required("ActionNames", 9), optional("CallerArn", 318), optional("ContextEntries", 30), optional("Marker", 463), optional("MaxItems", 464), optional("OrderedOrganizationPolicyInputList", 270), optional("PermissionsBoundaryPolicyInputList", 353), required("PolicyInputList", 353), optional("ResourceArns", 317), optional("ResourceHandlingOption", 316), optional("ResourceOwner", 318), optional("ResourcePolicy", 490)]),
    /* 351 SimulatePolicyResponse */ structure("SimulatePolicyResponse", &[optional("EvaluationResults", 116), optional("IsTruncated", 422), optional("Marker", 516)]),
    /* 352 SimulatePrincipalPolicyRequest */ structure("SimulatePrincipalPolicyRequest", &[required("ActionNames", 9), optional("CallerArn", 318), optional("ContextEntries", 30), optional("Marker", 463), optional("MaxItems", 464), optional("PermissionsBoundaryPolicyInputList", 353), optional("PolicyExclusionList", 279), optional("PolicyInputList", 353), required("PolicySourceArn", 415), optional("ResourceArns", 317), optional("ResourceHandlingOption", 316), optional("ResourceOwner", 318), optional("ResourcePolicy", 490)]),
    /* 353 SimulationPolicyListType */ list(490, Bounds::NONE),
    /* 354 SourceRoleTemplate */ structure("SourceRoleTemplate", &[required("TemplateArn", 415), required("TemplateMinorVersion", 453)]),
    /* 355 Statement */ structure("Statement", &[optional("SourcePolicyId", 285), optional("SourcePolicyType", 290), optional("StartPosition", 295), optional("EndPosition", 295)]),
    /* 356 StatementListType */ list(355, Bounds::NONE),
    /* 357 Tag */ structure("Tag", &[required("Key", 552), required("Value", 557)]),
    /* 358 TagInstanceProfileRequest */ structure("TagInstanceProfileRequest", &[required("InstanceProfileName", 452), required("Tags", 553)]),
    /* 359 TagMFADeviceRequest */ structure("TagMFADeviceRequest", &[required("SerialNumber", 528), required("Tags", 553)]),
    /* 360 TagOpenIDConnectProviderRequest */ structure("TagOpenIDConnectProviderRequest", &[required("OpenIDConnectProviderArn", 415), required("Tags", 553)]),
    /* 361 TagPolicyRequest */ structure("TagPolicyRequest", &[required("PolicyArn", 415), required("Tags", 553)]),
    /* 362 TagRoleRequest */ structure("TagRoleRequest", &[required("RoleName", 523), required("Tags", 553)]),
    /* 363 TagSAMLProviderRequest */ structure("TagSAMLProviderRequest", &[required("SAMLProviderArn", 415), required("Tags", 553)]),
    /* 364 TagServerCertificateRequest */ structure("TagServerCertificateRequest", &[required("ServerCertificateName", 530), required("Tags", 553)]),
    /* 365 TagTemplate */ structure("TagTemplate", &[required("Key", 554), required("Value", 556)]),
    /* 366 TagUserRequest */ structure("TagUserRequest", &[required("Tags", 553), required("UserName", 442)]),
    /* 367 TrackedActionLastAccessed */ structure("TrackedActionLastAccessed", &[optional("ActionName", 544), optional("LastAccessedEntity", 415), optional("LastAccessedRegion", 544), optional("LastAccessedTime", 434)]),
    /* 368 TrackedActionsLastAccessed */ list(367, Bounds::NONE),
    /* 369 UntagInstanceProfileRequest */ structure("UntagInstanceProfileRequest", &[required("InstanceProfileName", 452), required("TagKeys", 551)]),
    /* 370 UntagMFADeviceRequest */ structure("UntagMFADeviceRequest", &[required("SerialNumber", 528), required("TagKeys", 551)]),
    /* 371 UntagOpenIDConnectProviderRequest */ structure("UntagOpenIDConnectProviderRequest", &[required("OpenIDConnectProviderArn", 415), required("TagKeys", 551)]),
    /* 372 UntagPolicyRequest */ structure("UntagPolicyRequest", &[required("PolicyArn", 415), required("TagKeys", 551)]),
    /* 373 UntagRoleRequest */ structure("UntagRoleRequest", &[required("RoleName", 523), required("TagKeys", 551)]),
    /* 374 UntagSAMLProviderRequest */ structure("UntagSAMLProviderRequest", &[required("SAMLProviderArn", 415), required("TagKeys", 551)]),
    /* 375 UntagServerCertificateRequest */ structure("UntagServerCertificateRequest", &[required("ServerCertificateName", 530), required("TagKeys", 551)]),
    /* 376 UntagUserRequest */ structure("UntagUserRequest", &[required("TagKeys", 551), required("UserName", 442)]),
    /* 377 UpdateAccessKeyRequest */ structure("UpdateAccessKeyRequest", &[required("AccessKeyId", 405), required("Status", 543), optional("UserName", 442)]),
    /* 378 UpdateAccountPasswordPolicyRequest */ structure("UpdateAccountPasswordPolicyRequest", &[optional("AllowUsersToChangePassword", 422), optional("HardExpiry", 421), optional("MaxPasswordAge", 465), optional("MinimumPasswordLength", 468), optional("PasswordReusePrevention", 481), optional("RequireLowercaseCharacters", 422), optional("RequireNumbers", 422), optional("RequireSymbols", 422), optional("RequireUppercaseCharacters", 422)]),
    /* 379 UpdateAssumeRolePolicyRequest */ structure("UpdateAssumeRolePolicyRequest", &[required("PolicyDocument", 490), required("RoleName", 523)]),
    /* 380 UpdateDelegationRequestRequest */ structure("UpdateDelegationRequestRequest", &[required("DelegationRequestId", 436), optional("Notes", 470)]),
    /* 381 UpdateGroupRequest */ structure("UpdateGroupRequest", &[required("GroupName", 447), optional("NewGroupName", 447), optional("NewPath", 484)]),
    /* 382 UpdateLoginProfileRequest */ structure("UpdateLoginProfileRequest", &[optional("MaxSigninSessionDuration", 466), optional("Password", 482), optional("PasswordResetRequired", 421), optional("ResetMaxSigninSessionDuration", 421), required("UserName", 562)]),
    /* 383 UpdateOpenIDConnectProviderRequest */ structure("UpdateOpenIDConnectProviderRequest", &[optional("ContextProvider", 36), optional("IdentityCenterInstanceArn", 449), required("OpenIDConnectProviderArn", 415), optional("RemoveContextProvider", 422), optional("RemoveIdentityCenterInstance", 422)]),
    /* 384 UpdateOpenIDConnectProviderThumbprintRequest */ structure("UpdateOpenIDConnectProviderThumbprintRequest", &[required("OpenIDConnectProviderArn", 415), required("ThumbprintList", 558)]),
    /* 385 UpdateRoleDescriptionRequest */ structure("UpdateRoleDescriptionRequest", &[required("Description", 518), required("RoleName", 523)]),
    /* 386 UpdateRoleDescriptionResponse */ structure("UpdateRoleDescriptionResponse", &[optional("Role", 322)]),
    /* 387 UpdateRoleRequest */ structure("UpdateRoleRequest", &[optional("Description", 518), optional("MaxSessionDuration", 521), optional("MaxSigninSessionDuration", 466), optional("ResetMaxSigninSessionDuration", 421), required("RoleName", 523)]),
    /* 388 UpdateRoleResponse */ structure("UpdateRoleResponse", &[]),
    /* 389 UpdateSAMLProviderRequest */ structure("UpdateSAMLProviderRequest", &[optional("AddPrivateKey", 507), optional("AssertionEncryptionMode", 416), optional("ContextProvider", 36), optional("IdentityCenterInstanceArn", 449), optional("RemoveContextProvider", 422), optional("RemoveIdentityCenterInstance", 422), optional("RemovePrivateKey", 505), optional("SAMLMetadataDocument", 331), required("SAMLProviderArn", 415)]),
    /* 390 UpdateSAMLProviderResponse */ structure("UpdateSAMLProviderResponse", &[optional("SAMLProviderArn", 415)]),
    /* 391 UpdateSSHPublicKeyRequest */ structure("UpdateSSHPublicKeyRequest", &[required("SSHPublicKeyId", 509), required("Status", 543), required("UserName", 562)]),
    /* 392 UpdateServerCertificateRequest */ structure("UpdateServerCertificateRequest", &[optional("NewPath", 484), optional("NewServerCertificateName", 530), required("ServerCertificateName", 530)]),
    /* 393 UpdateServiceSpecificCredentialRequest */ structure("UpdateServiceSpecificCredentialRequest", &[required("ServiceSpecificCredentialId", 538), required("Status", 543), optional("UserName", 562)]),
    /* 394 UpdateSigningCertificateRequest */ structure("UpdateSigningCertificateRequest", &[required("CertificateId", 425), required("Status", 543), optional("UserName", 442)]),
    /* 395 UpdateUserRequest */ structure("UpdateUserRequest", &[optional("NewPath", 484), optional("NewUserName", 562), required("UserName", 442)]),
    /* 396 UploadSSHPublicKeyRequest */ structure("UploadSSHPublicKeyRequest", &[required("SSHPublicKeyBody", 510), required("UserName", 562)]),
    /* 397 UploadSSHPublicKeyResponse */ structure("UploadSSHPublicKeyResponse", &[optional("SSHPublicKey", 336)]),
    /* 398 UploadServerCertificateRequest */ structure("UploadServerCertificateRequest", &[required("CertificateBody", 423), optional("CertificateChain", 424), optional("Path", 484), required("PrivateKey", 507), required("ServerCertificateName", 530), optional("Tags", 553)]),
    /* 399 UploadServerCertificateResponse */ structure("UploadServerCertificateResponse", &[optional("ServerCertificateMetadata", 341), optional("Tags", 553)]),
    /* 400 UploadSigningCertificateRequest */ structure("UploadSigningCertificateRequest", &[required("CertificateBody", 423), optional("UserName", 442)]),
    /* 401 UploadSigningCertificateResponse */ structure("UploadSigningCertificateResponse", &[required("Certificate", 349)]),
    /* 402 User */ structure("User", &[optional("Path", 484), optional("UserName", 562), required("UserId", 448), required("Arn", 415), required("CreateDate", 434), optional("PasswordLastUsed", 434), optional("PermissionsBoundary", 19), optional("Tags", 553)]),
    /* 403 UserDetail */ structure("UserDetail", &[optional("Path", 484), optional("UserName", 562), optional("UserId", 448), optional("Arn", 415), optional("CreateDate", 434), optional("UserPolicyList", 489), optional("GroupList", 446), optional("AttachedManagedPolicies", 418), optional("PermissionsBoundary", 19), optional("Tags", 553)]),
    /* 404 VirtualMFADevice */ structure("VirtualMFADevice", &[required("SerialNumber", 528), optional("Base32StringSeed", 23), optional("EnableDate", 434), optional("QRCodePNG", 23), optional("Tags", 553), optional("User", 402)]),
    /* 405 accessKeyIdType */ text(within(16, 128), ""),
    /* 406 accessKeyMetadataListType */ list(6, Bounds::NONE),
    /* 407 accessKeySecretType */ text(Bounds::NONE, ""),
    /* 408 accountAliasListType */ list(409, Bounds::NONE),
    /* 409 accountAliasType */ text(within(3, 63), "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"),
    /* 410 accountIdType */ text(Bounds::NONE, "\\d{12}"),
    /* 411 accountPropertiesMapType */ map(412, 413, Bounds::NONE),
    /* 412 accountPropertyKeyType */ text(within(1, 50), "^[A-Za-z][A-Za-z0-9/_-]*$"),
    /* 413 accountPropertyValueType */ text(within(1, 1024), ""),
    /* 414 allUsers */ Shape::Boolean,
    /* 415 arnType */ text(within(20, 2048), ""),
    /* 416 assertionEncryptionModeType */ Shape::Words(&["Required", "Allowed"]),
    /* 417 assignmentStatusType */ Shape::Words(&["Assigned", "Unassigned", "Any"]),
    /* 418 attachedPoliciesListType */ list(20, Bounds::NONE),
    /* 419 attachmentCountType */ Shape::Integer(Bounds::NONE),
    /* 420 authenticationCodeType */ text(within(6, 6), "[\\d]+"),
    /* 421 booleanObjectType */ Shape::Boolean,
    /* 422 booleanType */ Shape::Boolean,
    /* 423 certificateBodyType */ text(within(1, 16384), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
    /* 424 certificateChainType */ text(within(1, 2097152), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
    /* 425 certificateIdType */ text(within(24, 128), ""),
    /* 426 certificateListType */ list(349, Bounds::NONE),
    /* 427 clientIDListType */ list(428, Bounds::NONE),
    /* 428 clientIDType */ text(within(1, 255), ""),
    /* 429 consoleDeepLinkType */ text(within(1, 255), ""),
    /* 430 contextProviderSourceKeyType */ text(within(1, 128), ""),
    /* 431 contextProviderTargetKeyType */ text(within(1, 128), ""),
    /* 432 credentialAgeDays */ Shape::Integer(within(1, 36600)),
    /* 433 customSuffixType */ text(within(1, 64), ""),
    /* 434 dateType */ Shape::Timestamp,
    /* 435 delegationRequestDescriptionType */ text(within(i64::MIN, 1000), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
    /* 436 delegationRequestIdType */ text(within(16, 128), "[\\w-]+"),
    /* 437 delegationRequestsListType */ list(69, Bounds::NONE),
    /* 438 encodingType */ Shape::Words(&["SSH", "PEM"]),
    /* 439 entityDetailsListType */ list(109, Bounds::NONE),
    /* 440 entityListType */ list(111, Bounds::NONE),
    /* 441 entityNameType */ text(within(1, 128), ""),
    /* 442 existingUserNameType */ text(within(1, 128), ""),
    /* 443 globalEndpointTokenVersion */ Shape::Words(&["v1Token", "v2Token"]),
    /* 444 groupDetailListType */ list(182, Bounds::NONE),
    /* 445 groupListType */ list(181, Bounds::NONE),
    /* 446 groupNameListType */ list(447, Bounds::NONE),
    /* 447 groupNameType */ text(within(1, 128), ""),
    /* 448 idType */ text(within(16, 128), ""),
    /* 449 identityCenterInstanceArnType */ text(within(1, 1224), ""),
    /* 450 inlinePolicyTemplateListType */ list(183, Bounds::NONE),
    /* 451 instanceProfileListType */ list(185, Bounds::NONE),
    /* 452 instanceProfileNameType */ text(within(1, 128), ""),
    /* 453 integerType */ Shape::Integer(Bounds::NONE),
    /* 454 jobIDType */ text(within(36, 36), ""),
    /* 455 jobStatusType */ Shape::Words(&["IN_PROGRESS", "COMPLETED", "FAILED"]),
    /* 456 keyDefinitionListType */ list(37, within(0, 10)),
    /* 457 listPolicyGrantingServiceAccessResponseListType */ list(224, Bounds::NONE),
    /* 458 localeType */ text(within(2, 12), ""),
    /* 459 managedByTypeType */ Shape::Words(&["Service"]),
    /* 460 managedByValueType */ text(within(1, 128), ""),
    /* 461 managedPolicyArnListType */ list(415, Bounds::NONE),
    /* 462 mapStringReplacementValueEntry */ map(544, 309, within(i64::MIN, 30)),
    /* 463 markerType */ text(within(1, 320), "[\\u0020-\\u00FF]+"),
    /* 464 maxItemsType */ Shape::Integer(within(1, 1000)),
    /* 465 maxPasswordAgeType */ Shape::Integer(within(1, 1095)),
    /* 466 maxSigninSessionDurationType */ Shape::Integer(within(3600, 7776000)),
    /* 467 mfaDeviceListType */ list(262, Bounds::NONE),
    /* 468 minimumPasswordLengthType */ Shape::Integer(within(6, 128)),
    /* 469 minorVersionType */ Shape::Integer(Bounds::NONE),
    /* 470 notesType */ text(within(i64::MIN, 500), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
    /* 471 notificationChannelType */ text(within(2, 400), "^[a-zA-Z0-9:_.-]+$"),
    /* 472 organizationsEntityPathType */ text(within(19, 427), "^o-[0-9a-z]{10,32}\\/r-[0-9a-z]{4,32}[0-9a-z-\\/]*"),
    /* 473 organizationsPolicyIdType */ text(Bounds::NONE, "^p-[0-9a-zA-Z_]{8,128}$"),
    /* 474 ownerIdType */ text(within(20, 2048), "^[a-zA-Z0-9:/+=,.@_-]+$"),
    /* 475 parameterDefaultValueType */ text(within(i64::MIN, 1024), ""),
    /* 476 parameterDescriptionType */ text(within(i64::MIN, 1000), ""),
    /* 477 parameterNameType */ text(within(1, 128), ""),
    /* 478 parameterSubTypeType */ text(within(i64::MIN, 256), ""),
    /* 479 parameterTypeType */ Shape::Words(&["String", "StringList", "Number", "NumberList", "Arn", "ArnList"]),
    /* 480 parametersDefinitionListType */ list(272, Bounds::NONE),
    /* 481 passwordReusePreventionType */ Shape::Integer(within(1, 24)),
    /* 482 passwordType */ text(within(1, 128), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
    /* 483 pathPrefixType */ text(within(1, 512), "\\u002F[\\u0021-\\u007F]*"),
    /* 484 pathType */ text(within(1, 512), "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)"),
    /* 485 permissionCheckResultType */ Shape::Words(&["ALLOWED", "DENIED", "UNSURE"]),
    /* 486 permissionCheckStatusType */ Shape::Words(&["COMPLETE", "IN_PROGRESS", "FAILED"]),
    /* 487 permissionType */ text(Bounds::NONE, ""),
    /* 488 policyDescriptionType */ text(within(i64::MIN, 1000), ""),
    /* 489 policyDetailListType */ list(277, Bounds::NONE),
    /* 490 policyDocumentType */ text(within(1, 131072), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
    /* 491 policyDocumentVersionListType */ list(294, Bounds::NONE),
    /* 492 policyGrantingServiceAccessListType */ list(280, Bounds::NONE),
    /* 493 policyListType */ list(276, Bounds::NONE),
    /* 494 policyNameListType */ list(495, Bounds::NONE),
    /* 495 policyNameType */ text(within(1, 128), ""),
    /* 496 policyOwnerEntityType */ Shape::Words(&["USER", "ROLE", "GROUP"]),
    /* 497 policyParameterListType */ list(286, within(i64::MIN, 50)),
    /* 498 policyParameterNameType */ text(within(5, 256), "[ -~]+"),
    /* 499 policyParameterValueType */ text(Bounds::NONE, "[ -~]+"),
    /* 500 policyParameterValuesListType */ list(499, Bounds::NONE),
    /* 501 policyPathType */ text(within(1, 512), "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/"),
    /* 502 policyScopeType */ Shape::Words(&["All", "AWS", "Local"]),
    /* 503 policyType */ Shape::Words(&["INLINE", "MANAGED"]),
    /* 504 policyVersionIdType */ text(Bounds::NONE, "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"),
    /* 505 privateKeyIdType */ text(within(22, 64), "[A-Z0-9]+"),
    /* 506 privateKeyList */ list(332, within(i64::MIN, 2)),
    /* 507 privateKeyType */ text(within(1, 16384), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
    /* 508 publicKeyFingerprintType */ text(within(48, 48), "[:\\w]+"),
    /* 509 publicKeyIdType */ text(within(20, 128), ""),
    /* 510 publicKeyMaterialType */ text(within(1, 16384), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
    /* 511 redirectUrlType */ text(within(1, 255), "^http(s?)://[a-zA-Z0-9._/-]*(\\?[a-zA-Z0-9._=&-]*)?(#[a-zA-Z0-9._/-]*)?$"),
    /* 512 replacementValueListType */ list(544, within(1, 20)),
    /* 513 requestMessageType */ text(within(i64::MIN, 200), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
    /* 514 requestorNameType */ text(within(i64::MIN, 30), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
    /* 515 requestorWorkflowIdType */ text(within(5, 400), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]+"),
    /* 516 responseMarkerType */ text(Bounds::NONE, ""),
    /* 517 roleDescriptionPatternType */ text(within(1, 512), ""),
    /* 518 roleDescriptionType */ text(within(i64::MIN, 1000), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
    /* 519 roleDetailListType */ list(323, Bounds::NONE),
    /* 520 roleListType */ list(322, Bounds::NONE),
    /* 521 roleMaxSessionDurationType */ Shape::Integer(within(3600, 43200)),
    /* 522 roleNamePatternType */ text(within(1, 256), ""),
    /* 523 roleNameType */ text(within(1, 64), ""),
    /* 524 rolePathPatternType */ text(within(1, 256), "/[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*/"),
    /* 525 rolePermissionRestrictionArnListType */ list(415, Bounds::NONE),
    /* 526 roleTemplateDescriptionType */ text(within(i64::MIN, 512), "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
    /* 527 roleTemplateNameType */ text(within(1, 128), "[\\w+=,.\\-]+"),
    /* 528 serialNumberType */ text(within(9, 256), "[\\w+=/:,.@-]+"),
    /* 529 serverCertificateMetadataListType */ list(341, Bounds::NONE),
    /* 530 serverCertificateNameType */ text(within(1, 128), ""),
    /* 531 serviceCredentialAlias */ text(within(0, 200), ""),
    /* 532 serviceCredentialSecret */ text(Bounds::NONE, ""),
    /* 533 serviceName */ text(Bounds::NONE, ""),
    /* 534 serviceNameType */ text(Bounds::NONE, ""),
    /* 535 serviceNamespaceListType */ list(536, within(1, 200)),
    /* 536 serviceNamespaceType */ text(within(1, 64), "[\\w-]*"),
    /* 537 servicePassword */ text(Bounds::NONE, ""),
    /* 538 serviceSpecificCredentialId */ text(within(20, 128), ""),
    /* 539 serviceUserName */ text(within(0, 200), "[\\w+=,.@-]*"),
    /* 540 sessionDurationType */ Shape::Integer(within(300, 43200)),
    /* 541 sortKeyType */ Shape::Words(&["SERVICE_NAMESPACE_ASCENDING", "SERVICE_NAMESPACE_DESCENDING", "LAST_AUTHENTICATED_TIME_ASCENDING", "LAST_AUTHENTICATED_TIME_DESCENDING"]),
    /* 542 stateType */ Shape::Words(&["UNASSIGNED", "ASSIGNED", "PENDING_APPROVAL", "FINALIZED", "ACCEPTED", "REJECTED", "EXPIRED"]),
    /* 543 statusType */ Shape::Words(&["Active", "Inactive"]),
    /* 544 stringType */ text(Bounds::NONE, ""),
    /* 545 subjectTypeValueType */ text(within(0, 128), ""),
    /* 546 summaryContentType */ text(within(0, 10000), ""),
    /* 547 summaryKeyType */ Shape::Words(&["Users", "UsersQuota", "Groups", "GroupsQuota", "ServerCertificates", "ServerCertificatesQuota", "UserPolicySizeQuota", "GroupPolicySizeQuota", "GroupsPerUserQuota", "SigningCertificatesPerUserQuota", "AccessKeysPerUserQuota", "MFADevices", "MFADevicesInUse", "AccountMFAEnabled", "AccountAccessKeysPresent", "AccountPasswordPresent", "AccountSigningCertificatesPresent", "AttachedPoliciesPerGroupQuota", "AttachedPoliciesPerRoleQuota", "AttachedPoliciesPerUserQuota", "Policies", "PoliciesQuota", "PolicySizeQuota", "PolicyVersionsInUse", "PolicyVersionsInUseQuota", "VersionsPerPolicyQuota", "GlobalEndpointTokenVersion", "AssumeRolePolicySizeQuota", "InstanceProfiles", "InstanceProfilesQuota", "Providers", "RolePolicySizeQuota", "Roles", "RolesQuota"]),
    /* 548 summaryMapType */ map(547, 550, Bounds::NONE),
    /* 549 summaryStateType */ Shape::Words(&["AVAILABLE", "NOT_AVAILABLE", "NOT_SUPPORTED", "FAILED"]),
    /* 550 summaryValueType */ Shape::Integer(Bounds::NONE),
    /* 551 tagKeyListType */ list(552, within(i64::MIN, 50)),
    /* 552 tagKeyType */ text(within(1, 128), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+"),
    /* 553 tagListType */ list(357, Bounds::NONE),
    /* 554 tagTemplateKeyType */ text(within(1, 128), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@{}]+"),
    /* 555 tagTemplateListType */ list(365, within(i64::MIN, 50)),
    /* 556 tagTemplateValueType */ text(within(0, 256), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@{}]*"),
    /* 557 tagValueType */ text(within(0, 256), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"),
    /* 558 thumbprintListType */ list(559, Bounds::NONE),
    /* 559 thumbprintType */ text(within(40, 40), ""),
    /* 560 userDetailListType */ list(403, Bounds::NONE),
    /* 561 userListType */ list(402, Bounds::NONE),
    /* 562 userNameType */ text(within(1, 64), ""),
    /* 563 virtualMFADeviceListType */ list(404, Bounds::NONE),
    /* 564 virtualMFADeviceName */ text(within(1, i64::MAX), ""),
];

#[rustfmt::skip]
pub(crate) static ERRORS: &[ErrorModel] = &[
    error("AccountNotManagementOrDelegatedAdministratorException", "AccountNotManagementOrDelegatedAdministratorException", 400, "message"),
    error("CallerIsNotManagementAccountException", "CallerIsNotManagementAccountException", 400, "message"),
    error("ConcurrentModificationException", "ConcurrentModification", 409, "message"),
    error("CredentialReportExpiredException", "ReportExpired", 410, "message"),
    error("CredentialReportNotPresentException", "ReportNotPresent", 410, "message"),
    error("CredentialReportNotReadyException", "ReportInProgress", 404, "message"),
    error("DeleteConflictException", "DeleteConflict", 409, "message"),
    error("DuplicateCertificateException", "DuplicateCertificate", 409, "message"),
    error("DuplicateSSHPublicKeyException", "DuplicateSSHPublicKey", 400, "message"),
    error("EntityAlreadyExistsException", "EntityAlreadyExists", 409, "message"),
    error("EntityTemporarilyUnmodifiableException", "EntityTemporarilyUnmodifiable", 409, "message"),
    error("FeatureDisabledException", "FeatureDisabled", 404, "message"),
    error("FeatureEnabledException", "FeatureEnabled", 409, "message"),
    error("InvalidAuthenticationCodeException", "InvalidAuthenticationCode", 403, "message"),
    error("InvalidCertificateException", "InvalidCertificate", 400, "message"),
    error("InvalidInputException", "InvalidInput", 400, "message"),
    error("InvalidPublicKeyException", "InvalidPublicKey", 400, "message"),
    error("InvalidUserTypeException", "InvalidUserType", 400, "message"),
    error("KeyPairMismatchException", "KeyPairMismatch", 400, "message"),
    error("LimitExceededException", "LimitExceeded", 409, "message"),
    error("MalformedCertificateException", "MalformedCertificate", 400, "message"),
    error("MalformedPolicyDocumentException", "MalformedPolicyDocument", 400, "message"),
    error("NameConflictException", "NameConflict", 409, "message"),
    error("NoSuchEntityException", "NoSuchEntity", 404, "message"),
    error("OpenIdIdpCommunicationErrorException", "OpenIdIdpCommunicationError", 400, "message"),
    error("OrganizationNotFoundException", "OrganizationNotFoundException", 400, "message"),
    error("OrganizationNotInAllFeaturesModeException", "OrganizationNotInAllFeaturesModeException", 400, "message"),
    error("PasswordPolicyViolationException", "PasswordPolicyViolation", 400, "message"),
    error("PolicyEvaluationException", "PolicyEvaluation", 500, "message"),
    error("PolicyNotAttachableException", "PolicyNotAttachable", 400, "message"),
    error("ReportGenerationLimitExceededException", "ReportGenerationLimitExceeded", 409, "message"),
    error("RoleModifiedException", "RoleModified", 409, "message"),
    error("RoleTemplateDisabledException", "RoleTemplateDisabled", 400, "message"),
    error("ServiceAccessNotEnabledException", "ServiceAccessNotEnabledException", 400, "message"),
    error("ServiceFailureException", "ServiceFailure", 500, "message"),
    error("ServiceNotSupportedException", "NotSupportedService", 404, "message"),
    error("UnmodifiableEntityException", "UnmodifiableEntity", 400, "message"),
    error("UnrecognizedPublicKeyEncodingException", "UnrecognizedPublicKeyEncoding", 400, "message"),
];

structures! {
    AcceptDelegationRequestRequest {
        0 delegation_request_id required String;
    }
    AccessDetail {
        0 service_name required String;
        1 service_namespace required String;
        2 entity_path optional String;
        3 last_authenticated_time optional Timestamp;
        4 region optional String;
        5 total_authenticated_entities optional i32;
    }
    AccessKey {
        0 user_name optional String;
        1 access_key_id required String;
        2 status required String;
        3 secret_access_key required String;
        4 create_date optional Timestamp;
    }
    AccessKeyLastUsed {
        0 last_used_date optional Timestamp;
        1 service_name required String;
        2 region required String;
    }
    AccessKeyMetadata {
        0 user_name optional String;
        1 access_key_id optional String;
        2 status optional String;
        3 create_date optional Timestamp;
    }
    AcquireRoleRequest {
        0 replacement_values optional BTreeMap<String, ReplacementValueEntry>;
        1 template_arn required String;
        2 template_minor_version optional i32;
    }
    AcquireRoleResponse {
        0 role required Role;
    }
    AddClientIDToOpenIDConnectProviderRequest {
        0 client_id required String;
        1 open_id_connect_provider_arn required String;
    }
    AddRoleToInstanceProfileRequest {
        0 instance_profile_name required String;
        1 role_name required String;
    }
    AddUserToGroupRequest {
        0 group_name required String;
        1 user_name required String;
    }
    AssociateDelegationRequestRequest {
        0 delegation_request_id required String;
    }
    AttachGroupPolicyRequest {
        0 group_name required String;
        1 policy_arn required String;
    }
    AttachRolePolicyRequest {
        0 policy_arn required String;
        1 role_name required String;
    }
    AttachUserPolicyRequest {
        0 policy_arn required String;
        1 user_name required String;
    }
    AttachedPermissionsBoundary {
        0 permissions_boundary_type optional String;
        1 permissions_boundary_arn optional String;
    }
    AttachedPolicy {
        0 policy_name optional String;
        1 policy_arn optional String;
    }
    ChangePasswordRequest {
        0 new_password required String;
        1 old_password required String;
    }
    ContextEntry {
        0 context_key_name optional String;
        1 context_key_type optional String;
        2 context_key_values optional Vec<String>;
    }
    ContextProvider {
        0 key_definition_list optional Vec<ContextProviderKeyDefinition>;
        1 subject_source_key required String;
        2 subject_type_source_key optional String;
        3 subject_type_value optional String;
    }
    ContextProviderKeyDefinition {
        0 source_key required String;
        1 target_key optional String;
    }
    CreateAccessKeyRequest {
        0 user_name optional String;
    }
    CreateAccessKeyResponse {
        0 access_key required AccessKey;
    }
    CreateAccountAliasRequest {
        0 account_alias required String;
    }
    CreateDelegationRequestRequest {
        0 description required String;
        1 notification_channel required String;
        2 only_send_by_owner optional bool;
        3 owner_account_id optional String;
        4 permissions required DelegationPermission;
        5 redirect_url optional String;
        6 request_message optional String;
        7 requestor_workflow_id required String;
        8 session_duration required i32;
    }
    CreateDelegationRequestResponse {
        0 console_deep_link optional String;
        1 delegation_request_id optional String;
    }
    CreateGroupRequest {
        0 group_name required String;
        1 path optional String;
    }
    CreateGroupResponse {
        0 group required Group;
    }
    CreateInstanceProfileRequest {
        0 instance_profile_name required String;
        1 path optional String;
        2 tags optional Vec<Tag>;
    }
    CreateInstanceProfileResponse {
        0 instance_profile required InstanceProfile;
    }
    CreateLoginProfileRequest {
        0 max_signin_session_duration optional i32;
        1 password optional String;
        2 password_reset_required optional bool;
        3 user_name optional String;
    }
    CreateLoginProfileResponse {
        0 login_profile required LoginProfile;
    }
    CreateOpenIDConnectProviderRequest {
        0 client_id_list optional Vec<String>;
        1 context_provider optional ContextProvider;
        2 identity_center_instance_arn optional String;
        3 tags optional Vec<Tag>;
        4 thumbprint_list optional Vec<String>;
        5 url required String;
    }
    CreateOpenIDConnectProviderResponse {
        0 open_id_connect_provider_arn optional String;
        1 tags optional Vec<Tag>;
    }
    CreatePolicyRequest {
        0 description optional String;
        1 path optional String;
        2 policy_document required String;
        3 policy_name required String;
        4 tags optional Vec<Tag>;
    }
    CreatePolicyResponse {
        0 policy optional Policy;
    }
    CreatePolicyVersionRequest {
        0 policy_arn required String;
        1 policy_document required String;
        2 set_as_default optional bool;
    }
    CreatePolicyVersionResponse {
        0 policy_version optional PolicyVersion;
    }
    CreateRoleRequest {
        0 assume_role_policy_document required String;
        1 description optional String;
        2 max_session_duration optional i32;
        3 max_signin_session_duration optional i32;
        4 path optional String;
        5 permissions_boundary optional String;
        6 role_name required String;
        7 tags optional Vec<Tag>;
    }
    CreateRoleResponse {
        0 role required Role;
    }
    CreateSAMLProviderRequest {
        0 add_private_key optional String;
        1 assertion_encryption_mode optional String;
        2 context_provider optional ContextProvider;
        3 identity_center_instance_arn optional String;
        4 name required String;
        5 saml_metadata_document required String;
        6 tags optional Vec<Tag>;
    }
    CreateSAMLProviderResponse {
        0 saml_provider_arn optional String;
        1 tags optional Vec<Tag>;
    }
    CreateServiceLinkedRoleRequest {
        0 aws_service_name required String;
        1 custom_suffix optional String;
        2 description optional String;
    }
    CreateServiceLinkedRoleResponse {
        0 role optional Role;
    }
    CreateServiceSpecificCredentialRequest {
        0 credential_age_days optional i32;
        1 service_name required String;
        2 user_name required String;
    }
    CreateServiceSpecificCredentialResponse {
        0 service_specific_credential optional ServiceSpecificCredential;
    }
    CreateUserRequest {
        0 path optional String;
        1 permissions_boundary optional String;
        2 tags optional Vec<Tag>;
        3 user_name required String;
    }
    CreateUserResponse {
        0 user optional User;
    }
    CreateVirtualMFADeviceRequest {
        0 path optional String;
        1 tags optional Vec<Tag>;
        2 virtual_mfa_device_name required String;
    }
    CreateVirtualMFADeviceResponse {
        0 virtual_mfa_device required VirtualMFADevice;
    }
    DeactivateMFADeviceRequest {
        0 serial_number required String;
        1 user_name optional String;
    }
    DelegationPermission {
        0 parameters optional Vec<PolicyParameter>;
        1 policy_template_arn optional String;
    }
    DelegationRequest {
        0 approver_id optional String;
        1 create_date optional Timestamp;
        2 delegation_request_id optional String;
        3 description optional String;
        4 expiration_time optional Timestamp;
        5 notes optional String;
        6 only_send_by_owner optional bool;
        7 owner_account_id optional String;
        8 owner_id optional String;
        9 permission_policy optional String;
        10 permissions optional DelegationPermission;
        11 redirect_url optional String;
        12 rejection_reason optional String;
        13 request_message optional String;
        14 requestor_id optional String;
        15 requestor_name optional String;
        16 role_permission_restriction_arns optional Vec<String>;
        17 session_duration optional i32;
        18 state optional String;
        19 updated_time optional Timestamp;
    }
    DeleteAccessKeyRequest {
        0 access_key_id required String;
        1 user_name optional String;
    }
    DeleteAccountAliasRequest {
        0 account_alias required String;
    }
    DeleteGroupPolicyRequest {
        0 group_name required String;
        1 policy_name required String;
    }
    DeleteGroupRequest {
        0 group_name required String;
    }
    DeleteInstanceProfileRequest {
        0 instance_profile_name required String;
    }
    DeleteLoginProfileRequest {
        0 user_name optional String;
    }
    DeleteOpenIDConnectProviderRequest {
        0 open_id_connect_provider_arn required String;
    }
    DeletePolicyRequest {
        0 policy_arn required String;
    }
    DeletePolicyVersionRequest {
        0 policy_arn required String;
        1 version_id required String;
    }
    DeleteRolePermissionsBoundaryRequest {
        0 role_name required String;
    }
    DeleteRolePolicyRequest {
        0 policy_name required String;
        1 role_name required String;
    }
    DeleteRoleRequest {
        0 role_name required String;
    }
    DeleteSAMLProviderRequest {
        0 saml_provider_arn required String;
    }
    DeleteSSHPublicKeyRequest {
        0 ssh_public_key_id required String;
        1 user_name required String;
    }
    DeleteServerCertificateRequest {
        0 server_certificate_name required String;
    }
    DeleteServiceLinkedRoleRequest {
        0 role_name required String;
    }
    DeleteServiceLinkedRoleResponse {
        0 deletion_task_id required String;
    }
    DeleteServiceSpecificCredentialRequest {
        0 service_specific_credential_id required String;
        1 user_name optional String;
    }
    DeleteSigningCertificateRequest {
        0 certificate_id required String;
        1 user_name optional String;
    }
    DeleteUserPermissionsBoundaryRequest {
        0 user_name required String;
    }
    DeleteUserPolicyRequest {
        0 policy_name required String;
        1 user_name required String;
    }
    DeleteUserRequest {
        0 user_name required String;
    }
    DeleteVirtualMFADeviceRequest {
        0 serial_number required String;
    }
    DeletionTaskFailureReasonType {
        0 reason optional String;
        1 role_usage_list optional Vec<RoleUsageType>;
    }
    DetachGroupPolicyRequest {
        0 group_name required String;
        1 policy_arn required String;
    }
    DetachRolePolicyRequest {
        0 policy_arn required String;
        1 role_name required String;
    }
    DetachUserPolicyRequest {
        0 policy_arn required String;
        1 user_name required String;
    }
    DisableOrganizationsRootCredentialsManagementRequest {
    }
    DisableOrganizationsRootCredentialsManagementResponse {
        0 enabled_features optional Vec<String>;
        1 organization_id optional String;
    }
    DisableOrganizationsRootSessionsRequest {
    }
    DisableOrganizationsRootSessionsResponse {
        0 enabled_features optional Vec<String>;
        1 organization_id optional String;
    }
    EnableMFADeviceRequest {
        0 authentication_code1 required String;
        1 authentication_code2 required String;
        2 serial_number required String;
        3 user_name required String;
    }
    EnableOrganizationsRootCredentialsManagementRequest {
    }
    EnableOrganizationsRootCredentialsManagementResponse {
        0 enabled_features optional Vec<String>;
        1 organization_id optional String;
    }
    EnableOrganizationsRootSessionsRequest {
    }
    EnableOrganizationsRootSessionsResponse {
        0 enabled_features optional Vec<String>;
        1 organization_id optional String;
    }
    EnableOutboundWebIdentityFederationResponse {
        0 issuer_identifier optional String;
    }
    EntityDetails {
        0 entity_info required EntityInfo;
        1 last_authenticated optional Timestamp;
    }
    EntityInfo {
        0 arn required String;
        1 name required String;
        2 r#type required String;
        3 id required String;
        4 path optional String;
    }
    ErrorDetails {
        0 message required String;
        1 code required String;
    }
    EvaluationResult {
        0 eval_action_name required String;
        1 eval_resource_name optional String;
        2 eval_decision required String;
        3 eval_decision_details optional BTreeMap<String, String>;
        4 matched_statements optional Vec<Statement>;
        5 missing_context_values optional Vec<String>;
        6 organizations_decision_detail optional OrganizationsDecisionDetail;
        7 permissions_boundary_decision_detail optional PermissionsBoundaryDecisionDetail;
        8 resource_specific_results optional Vec<ResourceSpecificResult>;
    }
    GenerateCredentialReportResponse {
        0 description optional String;
        1 state optional String;
    }
    GenerateOrganizationsAccessReportRequest {
        0 entity_path required String;
        1 organizations_policy_id optional String;
    }
    GenerateOrganizationsAccessReportResponse {
        0 job_id optional String;
    }
    GenerateServiceLastAccessedDetailsRequest {
        0 arn required String;
        1 granularity optional String;
    }
    GenerateServiceLastAccessedDetailsResponse {
        0 job_id optional String;
    }
    GetAccessKeyLastUsedRequest {
        0 access_key_id required String;
    }
    GetAccessKeyLastUsedResponse {
        0 user_name optional String;
        1 access_key_last_used optional AccessKeyLastUsed;
    }
    GetAccountAuthorizationDetailsRequest {
        0 filter optional Vec<String>;
        1 marker optional String;
        2 max_items optional i32;
    }
    GetAccountAuthorizationDetailsResponse {
        0 user_detail_list optional Vec<UserDetail>;
        1 group_detail_list optional Vec<GroupDetail>;
        2 role_detail_list optional Vec<RoleDetail>;
        3 policies optional Vec<ManagedPolicyDetail>;
        4 is_truncated optional bool;
        5 marker optional String;
    }
    GetAccountPasswordPolicyResponse {
        0 password_policy required PasswordPolicy;
    }
    GetAccountPropertiesRequest {
    }
    GetAccountPropertiesResponse {
        0 properties optional BTreeMap<String, String>;
    }
    GetAccountSummaryResponse {
        0 summary_map optional BTreeMap<String, i32>;
    }
    GetContextKeysForCustomPolicyRequest {
        0 policy_input_list required Vec<String>;
    }
    GetContextKeysForPolicyResponse {
        0 context_key_names optional Vec<String>;
    }
    GetContextKeysForPrincipalPolicyRequest {
        0 policy_input_list optional Vec<String>;
        1 policy_source_arn required String;
    }
    GetCredentialReportResponse {
        0 content optional Vec<u8>;
        1 generated_time optional Timestamp;
        2 report_format optional String;
    }
    GetDelegationRequestRequest {
        0 delegation_permission_check optional bool;
        1 delegation_request_id required String;
    }
    GetDelegationRequestResponse {
        0 delegation_request optional DelegationRequest;
        1 permission_check_result optional String;
        2 permission_check_status optional String;
    }
    GetGroupPolicyRequest {
        0 group_name required String;
        1 policy_name required String;
    }
    GetGroupPolicyResponse {
        0 group_name required String;
        1 policy_name required String;
        2 policy_document required String;
    }
    GetGroupRequest {
        0 group_name required String;
        1 marker optional String;
        2 max_items optional i32;
    }
    GetGroupResponse {
        0 group required Group;
        1 users required Vec<User>;
        2 is_truncated optional bool;
        3 marker optional String;
    }
    GetHumanReadableSummaryRequest {
        0 entity_arn required String;
        1 locale optional String;
    }
    GetHumanReadableSummaryResponse {
        0 locale optional String;
        1 summary_content optional String;
        2 summary_state optional String;
    }
    GetInstanceProfileRequest {
        0 instance_profile_name required String;
    }
    GetInstanceProfileResponse {
        0 instance_profile required InstanceProfile;
    }
    GetLoginProfileRequest {
        0 user_name optional String;
    }
    GetLoginProfileResponse {
        0 login_profile required LoginProfile;
    }
    GetMFADeviceRequest {
        0 serial_number required String;
        1 user_name optional String;
    }
    GetMFADeviceResponse {
        0 serial_number required String;
        1 certifications optional BTreeMap<String, String>;
        2 enable_date optional Timestamp;
        3 user_name optional String;
    }
    GetOpenIDConnectProviderRequest {
        0 open_id_connect_provider_arn required String;
    }
    GetOpenIDConnectProviderResponse {
        0 url optional String;
        1 client_id_list optional Vec<String>;
        2 thumbprint_list optional Vec<String>;
        3 create_date optional Timestamp;
        4 tags optional Vec<Tag>;
        5 context_provider optional ContextProvider;
        6 identity_center_instance_arn optional String;
        7 identity_store_arn optional String;
    }
    GetOrganizationsAccessReportRequest {
        0 job_id required String;
        1 marker optional String;
        2 max_items optional i32;
        3 sort_key optional String;
    }
    GetOrganizationsAccessReportResponse {
        0 job_status required String;
        1 job_creation_date required Timestamp;
        2 access_details optional Vec<AccessDetail>;
        3 error_details optional ErrorDetails;
        4 job_completion_date optional Timestamp;
        5 number_of_services_accessible optional i32;
        6 number_of_services_not_accessed optional i32;
        7 is_truncated optional bool;
        8 marker optional String;
    }
    GetOutboundWebIdentityFederationInfoResponse {
        0 issuer_identifier optional String;
        1 jwt_vending_enabled optional bool;
    }
    GetPolicyRequest {
        0 policy_arn required String;
    }
    GetPolicyResponse {
        0 policy optional Policy;
    }
    GetPolicyVersionRequest {
        0 policy_arn required String;
        1 version_id required String;
    }
    GetPolicyVersionResponse {
        0 policy_version optional PolicyVersion;
    }
    GetRolePolicyRequest {
        0 policy_name required String;
        1 role_name required String;
    }
    GetRolePolicyResponse {
        0 role_name required String;
        1 policy_name required String;
        2 policy_document required String;
    }
    GetRoleRequest {
        0 role_name required String;
    }
    GetRoleResponse {
        0 role required Role;
    }
    GetRoleTemplateVersionRequest {
        0 minor_version optional i32;
        1 template_arn required String;
    }
    GetRoleTemplateVersionResponse {
        0 role_template_version required RoleTemplateVersion;
    }
    GetSAMLProviderRequest {
        0 saml_provider_arn required String;
    }
    GetSAMLProviderResponse {
        0 assertion_encryption_mode optional String;
        1 context_provider optional ContextProvider;
        2 create_date optional Timestamp;
        3 identity_center_instance_arn optional String;
        4 identity_store_arn optional String;
        5 private_key_list optional Vec<SAMLPrivateKey>;
        6 saml_key_hashes optional Vec<SAMLKeyHashEntry>;
        7 saml_metadata_document optional String;
        8 saml_provider_uuid optional String;
        9 tags optional Vec<Tag>;
        10 valid_until optional Timestamp;
    }
    GetSSHPublicKeyRequest {
        0 encoding required String;
        1 ssh_public_key_id required String;
        2 user_name required String;
    }
    GetSSHPublicKeyResponse {
        0 ssh_public_key optional SSHPublicKey;
    }
    GetServerCertificateRequest {
        0 server_certificate_name required String;
    }
    GetServerCertificateResponse {
        0 server_certificate required ServerCertificate;
    }
    GetServiceLastAccessedDetailsRequest {
        0 job_id required String;
        1 marker optional String;
        2 max_items optional i32;
    }
    GetServiceLastAccessedDetailsResponse {
        0 job_status required String;
        1 job_creation_date required Timestamp;
        2 services_last_accessed required Vec<ServiceLastAccessed>;
        3 job_completion_date required Timestamp;
        4 error optional ErrorDetails;
        5 job_type optional String;
        6 is_truncated optional bool;
        7 marker optional String;
    }
    GetServiceLastAccessedDetailsWithEntitiesRequest {
        0 job_id required String;
        1 marker optional String;
        2 max_items optional i32;
        3 service_namespace required String;
    }
    GetServiceLastAccessedDetailsWithEntitiesResponse {
        0 job_status required String;
        1 job_creation_date required Timestamp;
        2 job_completion_date required Timestamp;
        3 entity_details_list required Vec<EntityDetails>;
        4 error optional ErrorDetails;
        5 is_truncated optional bool;
        6 marker optional String;
    }
    GetServiceLinkedRoleDeletionStatusRequest {
        0 deletion_task_id required String;
    }
    GetServiceLinkedRoleDeletionStatusResponse {
        0 status required String;
        1 reason optional DeletionTaskFailureReasonType;
    }
    GetUserPolicyRequest {
        0 policy_name required String;
        1 user_name required String;
    }
    GetUserPolicyResponse {
        0 user_name required String;
        1 policy_name required String;
        2 policy_document required String;
    }
    GetUserRequest {
        0 user_name optional String;
    }
    GetUserResponse {
        0 user required User;
    }
    Group {
        0 path required String;
        1 group_name required String;
        2 group_id required String;
        3 arn required String;
        4 create_date required Timestamp;
    }
    GroupDetail {
        0 path optional String;
        1 group_name optional String;
        2 group_id optional String;
        3 arn optional String;
        4 create_date optional Timestamp;
        5 group_policy_list optional Vec<PolicyDetail>;
        6 attached_managed_policies optional Vec<AttachedPolicy>;
    }
    InlinePolicy {
        0 policy_name required String;
        1 policy_document required String;
    }
    InlinePolicyIdentifierType {
        0 attachment_name required String;
        1 attachment_type required String;
        2 policy_name required String;
    }
    InstanceProfile {
        0 path required String;
        1 instance_profile_name required String;
        2 instance_profile_id required String;
        3 arn required String;
        4 create_date required Timestamp;
        5 roles required Vec<Role>;
        6 tags optional Vec<Tag>;
    }
    ListAccessKeysRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 user_name optional String;
    }
    ListAccessKeysResponse {
        0 access_key_metadata required Vec<AccessKeyMetadata>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListAccountAliasesRequest {
        0 marker optional String;
        1 max_items optional i32;
    }
    ListAccountAliasesResponse {
        0 account_aliases required Vec<String>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListAttachedGroupPoliciesRequest {
        0 group_name required String;
        1 marker optional String;
        2 max_items optional i32;
        3 path_prefix optional String;
    }
    ListAttachedGroupPoliciesResponse {
        0 attached_policies optional Vec<AttachedPolicy>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListAttachedRolePoliciesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 path_prefix optional String;
        3 role_name required String;
    }
    ListAttachedRolePoliciesResponse {
        0 attached_policies optional Vec<AttachedPolicy>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListAttachedUserPoliciesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 path_prefix optional String;
        3 user_name required String;
    }
    ListAttachedUserPoliciesResponse {
        0 attached_policies optional Vec<AttachedPolicy>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListDelegationRequestsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 owner_id optional String;
    }
    ListDelegationRequestsResponse {
        0 delegation_requests optional Vec<DelegationRequest>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListEntitiesForPolicyRequest {
        0 entity_filter optional String;
        1 marker optional String;
        2 max_items optional i32;
        3 path_prefix optional String;
        4 policy_arn required String;
        5 policy_usage_filter optional String;
    }
    ListEntitiesForPolicyResponse {
        0 policy_groups optional Vec<PolicyGroup>;
        1 policy_users optional Vec<PolicyUser>;
        2 policy_roles optional Vec<PolicyRole>;
        3 is_truncated optional bool;
        4 marker optional String;
    }
    ListGroupPoliciesRequest {
        0 group_name required String;
        1 marker optional String;
        2 max_items optional i32;
    }
    ListGroupPoliciesResponse {
        0 policy_names required Vec<String>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListGroupsForUserRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 user_name required String;
    }
    ListGroupsForUserResponse {
        0 groups required Vec<Group>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListGroupsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 path_prefix optional String;
    }
    ListGroupsResponse {
        0 groups required Vec<Group>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListInstanceProfileTagsRequest {
        0 instance_profile_name required String;
        1 marker optional String;
        2 max_items optional i32;
    }
    ListInstanceProfileTagsResponse {
        0 tags required Vec<Tag>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListInstanceProfilesForRoleRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 role_name required String;
    }
    ListInstanceProfilesForRoleResponse {
        0 instance_profiles required Vec<InstanceProfile>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListInstanceProfilesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 path_prefix optional String;
    }
    ListInstanceProfilesResponse {
        0 instance_profiles required Vec<InstanceProfile>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListMFADeviceTagsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 serial_number required String;
    }
    ListMFADeviceTagsResponse {
        0 tags required Vec<Tag>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListMFADevicesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 user_name optional String;
    }
    ListMFADevicesResponse {
        0 mfa_devices required Vec<MFADevice>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListOpenIDConnectProviderTagsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 open_id_connect_provider_arn required String;
    }
    ListOpenIDConnectProviderTagsResponse {
        0 tags required Vec<Tag>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListOpenIDConnectProvidersRequest {
    }
    ListOpenIDConnectProvidersResponse {
        0 open_id_connect_provider_list optional Vec<OpenIDConnectProviderListEntry>;
    }
    ListOrganizationsFeaturesRequest {
    }
    ListOrganizationsFeaturesResponse {
        0 enabled_features optional Vec<String>;
        1 organization_id optional String;
    }
    ListPoliciesGrantingServiceAccessEntry {
        0 policies optional Vec<PolicyGrantingServiceAccess>;
        1 service_namespace optional String;
    }
    ListPoliciesGrantingServiceAccessRequest {
        0 arn required String;
        1 marker optional String;
        2 service_namespaces required Vec<String>;
    }
    ListPoliciesGrantingServiceAccessResponse {
        0 policies_granting_service_access required Vec<ListPoliciesGrantingServiceAccessEntry>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListPoliciesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 only_attached optional bool;
        3 path_prefix optional String;
        4 policy_usage_filter optional String;
        5 scope optional String;
    }
    ListPoliciesResponse {
        0 policies optional Vec<Policy>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListPolicyTagsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 policy_arn required String;
    }
    ListPolicyTagsResponse {
        0 tags required Vec<Tag>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListPolicyVersionsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 policy_arn required String;
    }
    ListPolicyVersionsResponse {
        0 versions optional Vec<PolicyVersion>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListRolePoliciesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 role_name required String;
    }
    ListRolePoliciesResponse {
        0 policy_names required Vec<String>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListRoleTagsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 role_name required String;
    }
    ListRoleTagsResponse {
        0 tags required Vec<Tag>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListRolesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 path_prefix optional String;
    }
    ListRolesResponse {
        0 roles required Vec<Role>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListSAMLProviderTagsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 saml_provider_arn required String;
    }
    ListSAMLProviderTagsResponse {
        0 tags required Vec<Tag>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListSAMLProvidersRequest {
    }
    ListSAMLProvidersResponse {
        0 saml_provider_list optional Vec<SAMLProviderListEntry>;
    }
    ListSSHPublicKeysRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 user_name optional String;
    }
    ListSSHPublicKeysResponse {
        0 ssh_public_keys optional Vec<SSHPublicKeyMetadata>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListServerCertificateTagsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 server_certificate_name required String;
    }
    ListServerCertificateTagsResponse {
        0 tags required Vec<Tag>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListServerCertificatesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 path_prefix optional String;
    }
    ListServerCertificatesResponse {
        0 server_certificate_metadata_list required Vec<ServerCertificateMetadata>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListServiceSpecificCredentialsRequest {
        0 all_users optional bool;
        1 marker optional String;
        2 max_items optional i32;
        3 service_name optional String;
        4 user_name optional String;
    }
    ListServiceSpecificCredentialsResponse {
        0 service_specific_credentials optional Vec<ServiceSpecificCredentialMetadata>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListSigningCertificatesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 user_name optional String;
    }
    ListSigningCertificatesResponse {
        0 certificates required Vec<SigningCertificate>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListUserPoliciesRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 user_name required String;
    }
    ListUserPoliciesResponse {
        0 policy_names required Vec<String>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListUserTagsRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 user_name required String;
    }
    ListUserTagsResponse {
        0 tags required Vec<Tag>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListUsersRequest {
        0 marker optional String;
        1 max_items optional i32;
        2 path_prefix optional String;
    }
    ListUsersResponse {
        0 users required Vec<User>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    ListVirtualMFADevicesRequest {
        0 assignment_status optional String;
        1 marker optional String;
        2 max_items optional i32;
    }
    ListVirtualMFADevicesResponse {
        0 virtual_mfa_devices required Vec<VirtualMFADevice>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    LoginProfile {
        0 user_name required String;
        1 create_date required Timestamp;
        2 max_signin_session_duration optional i32;
        3 password_reset_required optional bool;
    }
    MFADevice {
        0 user_name required String;
        1 serial_number required String;
        2 enable_date required Timestamp;
    }
    ManagedPolicyDetail {
        0 policy_name optional String;
        1 policy_id optional String;
        2 arn optional String;
        3 path optional String;
        4 default_version_id optional String;
        5 attachment_count optional i32;
        6 permissions_boundary_usage_count optional i32;
        7 is_attachable optional bool;
        8 description optional String;
        9 create_date optional Timestamp;
        10 update_date optional Timestamp;
        11 policy_version_list optional Vec<PolicyVersion>;
    }
    OpenIDConnectProviderListEntry {
        0 arn optional String;
        1 is_trusted_identity_propagation_enabled optional bool;
    }
    OrderedOrganizationPolicyType {
        0 service_control_policy_input_list optional Vec<String>;
    }
    OrganizationsDecisionDetail {
        0 allowed_by_organizations optional bool;
    }
    ParameterDefinition {
        0 name required String;
        1 r#type required String;
        2 default_value optional String;
        3 description optional String;
        4 immutable optional bool;
        5 is_required optional bool;
        6 sub_type optional String;
    }
    PasswordPolicy {
        0 allow_users_to_change_password optional bool;
        1 expire_passwords optional bool;
        2 hard_expiry optional bool;
        3 max_password_age optional i32;
        4 minimum_password_length optional i32;
        5 password_reuse_prevention optional i32;
        6 require_lowercase_characters optional bool;
        7 require_numbers optional bool;
        8 require_symbols optional bool;
        9 require_uppercase_characters optional bool;
    }
    PermissionsBoundaryDecisionDetail {
        0 allowed_by_permissions_boundary optional bool;
    }
    Policy {
        0 policy_name optional String;
        1 policy_id optional String;
        2 arn optional String;
        3 path optional String;
        4 default_version_id optional String;
        5 attachment_count optional i32;
        6 permissions_boundary_usage_count optional i32;
        7 is_attachable optional bool;
        8 description optional String;
        9 create_date optional Timestamp;
        10 update_date optional Timestamp;
        11 tags optional Vec<Tag>;
    }
    PolicyDetail {
        0 policy_name optional String;
        1 policy_document optional String;
    }
    PolicyGrantingServiceAccess {
        0 policy_name required String;
        1 policy_type required String;
        2 entity_name optional String;
        3 entity_type optional String;
        4 policy_arn optional String;
    }
    PolicyGroup {
        0 group_name optional String;
        1 group_id optional String;
    }
    PolicyIdentifier {
        0 inline_policy_identifier optional InlinePolicyIdentifierType;
        1 policy_arn optional String;
        2 policy_type optional String;
    }
    PolicyParameter {
        0 name optional String;
        1 r#type optional String;
        2 values optional Vec<String>;
    }
    PolicyRole {
        0 role_name optional String;
        1 role_id optional String;
    }
    PolicyUser {
        0 user_name optional String;
        1 user_id optional String;
    }
    PolicyVersion {
        0 document optional String;
        1 version_id optional String;
        2 is_default_version optional bool;
        3 create_date optional Timestamp;
    }
    Position {
        0 column optional i32;
        1 line optional i32;
    }
    PutAccountPropertiesRequest {
        0 properties required BTreeMap<String, String>;
    }
    PutAccountPropertiesResponse {
    }
    PutGroupPolicyRequest {
        0 group_name required String;
        1 policy_document required String;
        2 policy_name required String;
    }
    PutRolePermissionsBoundaryRequest {
        0 permissions_boundary required String;
        1 role_name required String;
    }
    PutRolePolicyRequest {
        0 policy_document required String;
        1 policy_name required String;
        2 role_name required String;
    }
    PutUserPermissionsBoundaryRequest {
        0 permissions_boundary required String;
        1 user_name required String;
    }
    PutUserPolicyRequest {
        0 policy_document required String;
        1 policy_name required String;
        2 user_name required String;
    }
    RejectDelegationRequestRequest {
        0 delegation_request_id required String;
        1 notes optional String;
    }
    RemoveClientIDFromOpenIDConnectProviderRequest {
        0 client_id required String;
        1 open_id_connect_provider_arn required String;
    }
    RemoveRoleFromInstanceProfileRequest {
        0 instance_profile_name required String;
        1 role_name required String;
    }
    RemoveUserFromGroupRequest {
        0 group_name required String;
        1 user_name required String;
    }
    ReplacementValueEntry {
        0 values required Vec<String>;
    }
    ResetServiceSpecificCredentialRequest {
        0 service_specific_credential_id required String;
        1 user_name optional String;
    }
    ResetServiceSpecificCredentialResponse {
        0 service_specific_credential optional ServiceSpecificCredential;
    }
    ResourceSpecificResult {
        0 eval_resource_name required String;
        1 eval_resource_decision required String;
        2 eval_decision_details optional BTreeMap<String, String>;
        3 matched_statements optional Vec<Statement>;
        4 missing_context_values optional Vec<String>;
        5 permissions_boundary_decision_detail optional PermissionsBoundaryDecisionDetail;
    }
    ResyncMFADeviceRequest {
        0 authentication_code1 required String;
        1 authentication_code2 required String;
        2 serial_number required String;
        3 user_name required String;
    }
    Role {
        0 path required String;
        1 role_name required String;
        2 role_id required String;
        3 arn required String;
        4 create_date required Timestamp;
        5 assume_role_policy_document optional String;
        6 description optional String;
        7 max_session_duration optional i32;
        8 permissions_boundary optional AttachedPermissionsBoundary;
        9 tags optional Vec<Tag>;
        10 role_last_used optional RoleLastUsed;
        11 max_signin_session_duration optional i32;
        12 source_role_template optional SourceRoleTemplate;
    }
    RoleDetail {
        0 path optional String;
        1 role_name optional String;
        2 role_id optional String;
        3 arn optional String;
        4 create_date optional Timestamp;
        5 assume_role_policy_document optional String;
        6 instance_profile_list optional Vec<InstanceProfile>;
        7 role_policy_list optional Vec<PolicyDetail>;
        8 attached_managed_policies optional Vec<AttachedPolicy>;
        9 permissions_boundary optional AttachedPermissionsBoundary;
        10 tags optional Vec<Tag>;
        11 role_last_used optional RoleLastUsed;
    }
    RoleLastUsed {
        0 last_used_date optional Timestamp;
        1 region optional String;
    }
    RoleTemplateVersion {
        0 assume_role_policy_document_template optional String;
        1 create_timestamp optional Timestamp;
        2 default_minor_version optional i32;
        3 description optional String;
        4 enabled optional bool;
        5 inline_policy_templates optional Vec<InlinePolicy>;
        6 major_version optional i32;
        7 managed_by_type optional String;
        8 managed_by_value optional String;
        9 managed_policy_arns optional Vec<String>;
        10 max_session_duration optional i32;
        11 minor_version optional i32;
        12 parameters_definition optional Vec<ParameterDefinition>;
        13 permission_boundary_arn optional String;
        14 role_description_pattern optional String;
        15 role_name_pattern optional String;
        16 role_path_pattern optional String;
        17 role_tags_template optional Vec<TagTemplate>;
        18 template_arn optional String;
        19 template_name optional String;
        20 template_version_id optional String;
        21 update_timestamp optional Timestamp;
        22 version_enabled optional bool;
    }
    RoleUsageType {
        0 region optional String;
        1 resources optional Vec<String>;
    }
    SAMLKeyHashEntry {
        0 issuer_url optional String;
        1 key_hashes optional Vec<String>;
    }
    SAMLPrivateKey {
        0 key_id optional String;
        1 timestamp optional Timestamp;
    }
    SAMLProviderListEntry {
        0 arn optional String;
        1 create_date optional Timestamp;
        2 is_trusted_identity_propagation_enabled optional bool;
        3 valid_until optional Timestamp;
    }
    SSHPublicKey {
        0 user_name required String;
        1 ssh_public_key_id required String;
        2 fingerprint required String;
        3 ssh_public_key_body required String;
        4 status required String;
        5 upload_date optional Timestamp;
    }
    SSHPublicKeyMetadata {
        0 user_name required String;
        1 ssh_public_key_id required String;
        2 status required String;
        3 upload_date required Timestamp;
    }
    SendDelegationTokenRequest {
        0 delegation_request_id required String;
    }
    ServerCertificate {
        0 server_certificate_metadata required ServerCertificateMetadata;
        1 certificate_body required String;
        2 certificate_chain optional String;
        3 tags optional Vec<Tag>;
    }
    ServerCertificateMetadata {
        0 path required String;
        1 server_certificate_name required String;
        2 server_certificate_id required String;
        3 arn required String;
        4 expiration optional Timestamp;
        5 upload_date optional Timestamp;
    }
    ServiceLastAccessed {
        0 service_name required String;
        1 service_namespace required String;
        2 last_authenticated optional Timestamp;
        3 last_authenticated_entity optional String;
        4 last_authenticated_region optional String;
        5 total_authenticated_entities optional i32;
        6 tracked_actions_last_accessed optional Vec<TrackedActionLastAccessed>;
    }
    ServiceSpecificCredential {
        0 create_date required Timestamp;
        1 service_name required String;
        2 service_specific_credential_id required String;
        3 user_name required String;
        4 status required String;
        5 expiration_date optional Timestamp;
        6 service_credential_alias optional String;
        7 service_credential_secret optional String;
        8 service_password optional String;
        9 service_user_name optional String;
    }
    ServiceSpecificCredentialMetadata {
        0 user_name required String;
        1 status required String;
        2 create_date required Timestamp;
        3 service_specific_credential_id required String;
        4 service_name required String;
        5 expiration_date optional Timestamp;
        6 service_credential_alias optional String;
        7 service_user_name optional String;
    }
    SetDefaultPolicyVersionRequest {
        0 policy_arn required String;
        1 version_id required String;
    }
    SetSecurityTokenServicePreferencesRequest {
        0 global_endpoint_token_version required String;
    }
    SigningCertificate {
        0 user_name required String;
        1 certificate_id required String;
        2 certificate_body required String;
        3 status required String;
        4 upload_date optional Timestamp;
    }
    SimulateCustomPolicyRequest {
        0 action_names required Vec<String>;
        1 caller_arn optional String;
        2 context_entries optional Vec<ContextEntry>;
        3 marker optional String;
        4 max_items optional i32;
        5 ordered_organization_policy_input_list optional Vec<OrderedOrganizationPolicyType>;
        6 permissions_boundary_policy_input_list optional Vec<String>;
        7 policy_input_list required Vec<String>;
        8 resource_arns optional Vec<String>;
        9 resource_handling_option optional String;
        10 resource_owner optional String;
        11 resource_policy optional String;
    }
    SimulatePolicyResponse {
        0 evaluation_results optional Vec<EvaluationResult>;
        1 is_truncated optional bool;
        2 marker optional String;
    }
    SimulatePrincipalPolicyRequest {
        0 action_names required Vec<String>;
        1 caller_arn optional String;
        2 context_entries optional Vec<ContextEntry>;
        3 marker optional String;
        4 max_items optional i32;
        5 permissions_boundary_policy_input_list optional Vec<String>;
        6 policy_exclusion_list optional Vec<PolicyIdentifier>;
        7 policy_input_list optional Vec<String>;
        8 policy_source_arn required String;
        9 resource_arns optional Vec<String>;
        10 resource_handling_option optional String;
        11 resource_owner optional String;
        12 resource_policy optional String;
    }
    SourceRoleTemplate {
        0 template_arn required String;
        1 template_minor_version required i32;
    }
    Statement {
        0 source_policy_id optional String;
        1 source_policy_type optional String;
        2 start_position optional Position;
        3 end_position optional Position;
    }
    Tag {
        0 key required String;
        1 value required String;
    }
    TagInstanceProfileRequest {
        0 instance_profile_name required String;
        1 tags required Vec<Tag>;
    }
    TagMFADeviceRequest {
        0 serial_number required String;
        1 tags required Vec<Tag>;
    }
    TagOpenIDConnectProviderRequest {
        0 open_id_connect_provider_arn required String;
        1 tags required Vec<Tag>;
    }
    TagPolicyRequest {
        0 policy_arn required String;
        1 tags required Vec<Tag>;
    }
    TagRoleRequest {
        0 role_name required String;
        1 tags required Vec<Tag>;
    }
    TagSAMLProviderRequest {
        0 saml_provider_arn required String;
        1 tags required Vec<Tag>;
    }
    TagServerCertificateRequest {
        0 server_certificate_name required String;
        1 tags required Vec<Tag>;
    }
    TagTemplate {
        0 key required String;
        1 value required String;
    }
    TagUserRequest {
        0 tags required Vec<Tag>;
        1 user_name required String;
    }
    TrackedActionLastAccessed {
        0 action_name optional String;
        1 last_accessed_entity optional String;
        2 last_accessed_region optional String;
        3 last_accessed_time optional Timestamp;
    }
    UntagInstanceProfileRequest {
        0 instance_profile_name required String;
        1 tag_keys required Vec<String>;
    }
    UntagMFADeviceRequest {
        0 serial_number required String;
        1 tag_keys required Vec<String>;
    }
    UntagOpenIDConnectProviderRequest {
        0 open_id_connect_provider_arn required String;
        1 tag_keys required Vec<String>;
    }
    UntagPolicyRequest {
        0 policy_arn required String;
        1 tag_keys required Vec<String>;
    }
    UntagRoleRequest {
        0 role_name required String;
        1 tag_keys required Vec<String>;
    }
    UntagSAMLProviderRequest {
        0 saml_provider_arn required String;
        1 tag_keys required Vec<String>;
    }
    UntagServerCertificateRequest {
        0 server_certificate_name required String;
        1 tag_keys required Vec<String>;
    }
    UntagUserRequest {
        0 tag_keys required Vec<String>;
        1 user_name required String;
    }
    UpdateAccessKeyRequest {
        0 access_key_id required String;
        1 status required String;
        2 user_name optional String;
    }
    UpdateAccountPasswordPolicyRequest {
        0 allow_users_to_change_password optional bool;
        1 hard_expiry optional bool;
        2 max_password_age optional i32;
        3 minimum_password_length optional i32;
        4 password_reuse_prevention optional i32;
        5 require_lowercase_characters optional bool;
        6 require_numbers optional bool;
        7 require_symbols optional bool;
        8 require_uppercase_characters optional bool;
    }
    UpdateAssumeRolePolicyRequest {
        0 policy_document required String;
        1 role_name required String;
    }
    UpdateDelegationRequestRequest {
        0 delegation_request_id required String;
        1 notes optional String;
    }
    UpdateGroupRequest {
        0 group_name required String;
        1 new_group_name optional String;
        2 new_path optional String;
    }
    UpdateLoginProfileRequest {
        0 max_signin_session_duration optional i32;
        1 password optional String;
        2 password_reset_required optional bool;
        3 reset_max_signin_session_duration optional bool;
        4 user_name required String;
    }
    UpdateOpenIDConnectProviderRequest {
        0 context_provider optional ContextProvider;
        1 identity_center_instance_arn optional String;
        2 open_id_connect_provider_arn required String;
        3 remove_context_provider optional bool;
        4 remove_identity_center_instance optional bool;
    }
    UpdateOpenIDConnectProviderThumbprintRequest {
        0 open_id_connect_provider_arn required String;
        1 thumbprint_list required Vec<String>;
    }
    UpdateRoleDescriptionRequest {
        0 description required String;
        1 role_name required String;
    }
    UpdateRoleDescriptionResponse {
        0 role optional Role;
    }
    UpdateRoleRequest {
        0 description optional String;
        1 max_session_duration optional i32;
        2 max_signin_session_duration optional i32;
        3 reset_max_signin_session_duration optional bool;
        4 role_name required String;
    }
    UpdateRoleResponse {
    }
    UpdateSAMLProviderRequest {
        0 add_private_key optional String;
        1 assertion_encryption_mode optional String;
        2 context_provider optional ContextProvider;
        3 identity_center_instance_arn optional String;
        4 remove_context_provider optional bool;
        5 remove_identity_center_instance optional bool;
        6 remove_private_key optional String;
        7 saml_metadata_document optional String;
        8 saml_provider_arn required String;
    }
    UpdateSAMLProviderResponse {
        0 saml_provider_arn optional String;
    }
    UpdateSSHPublicKeyRequest {
        0 ssh_public_key_id required String;
        1 status required String;
        2 user_name required String;
    }
    UpdateServerCertificateRequest {
        0 new_path optional String;
        1 new_server_certificate_name optional String;
        2 server_certificate_name required String;
    }
    UpdateServiceSpecificCredentialRequest {
        0 service_specific_credential_id required String;
        1 status required String;
        2 user_name optional String;
    }
    UpdateSigningCertificateRequest {
        0 certificate_id required String;
        1 status required String;
        2 user_name optional String;
    }
    UpdateUserRequest {
        0 new_path optional String;
        1 new_user_name optional String;
        2 user_name required String;
    }
    UploadSSHPublicKeyRequest {
        0 ssh_public_key_body required String;
        1 user_name required String;
    }
    UploadSSHPublicKeyResponse {
        0 ssh_public_key optional SSHPublicKey;
    }
    UploadServerCertificateRequest {
        0 certificate_body required String;
        1 certificate_chain optional String;
        2 path optional String;
        3 private_key required String;
        4 server_certificate_name required String;
        5 tags optional Vec<Tag>;
    }
    UploadServerCertificateResponse {
        0 server_certificate_metadata optional ServerCertificateMetadata;
        1 tags optional Vec<Tag>;
    }
    UploadSigningCertificateRequest {
        0 certificate_body required String;
        1 user_name optional String;
    }
    UploadSigningCertificateResponse {
        0 certificate required SigningCertificate;
    }
    User {
        0 path optional String;
        1 user_name optional String;
        2 user_id required String;
        3 arn required String;
        4 create_date required Timestamp;
        5 password_last_used optional Timestamp;
        6 permissions_boundary optional AttachedPermissionsBoundary;
        7 tags optional Vec<Tag>;
    }
    UserDetail {
        0 path optional String;
        1 user_name optional String;
        2 user_id optional String;
        3 arn optional String;
        4 create_date optional Timestamp;
        5 user_policy_list optional Vec<PolicyDetail>;
        6 group_list optional Vec<String>;
        7 attached_managed_policies optional Vec<AttachedPolicy>;
        8 permissions_boundary optional AttachedPermissionsBoundary;
        9 tags optional Vec<Tag>;
    }
    VirtualMFADevice {
        0 serial_number required String;
        1 base32_string_seed optional Vec<u8>;
        2 enable_date optional Timestamp;
        3 qr_code_png optional Vec<u8>;
        4 tags optional Vec<Tag>;
        5 user optional User;
    }
}

operations! {
    AcceptDelegationRequest AcceptDelegationRequestRequest ();
    AcquireRole AcquireRoleRequest AcquireRoleResponse;
    AddClientIDToOpenIDConnectProvider AddClientIDToOpenIDConnectProviderRequest ();
    AddRoleToInstanceProfile AddRoleToInstanceProfileRequest ();
    AddUserToGroup AddUserToGroupRequest ();
    AssociateDelegationRequest AssociateDelegationRequestRequest ();
    AttachGroupPolicy AttachGroupPolicyRequest ();
    AttachRolePolicy AttachRolePolicyRequest ();
    AttachUserPolicy AttachUserPolicyRequest ();
    ChangePassword ChangePasswordRequest ();
    CreateAccessKey CreateAccessKeyRequest CreateAccessKeyResponse;
    CreateAccountAlias CreateAccountAliasRequest ();
    CreateDelegationRequest CreateDelegationRequestRequest CreateDelegationRequestResponse;
    CreateGroup CreateGroupRequest CreateGroupResponse;
    CreateInstanceProfile CreateInstanceProfileRequest CreateInstanceProfileResponse;
    CreateLoginProfile CreateLoginProfileRequest CreateLoginProfileResponse;
    CreateOpenIDConnectProvider CreateOpenIDConnectProviderRequest CreateOpenIDConnectProviderResponse;
    CreatePolicy CreatePolicyRequest CreatePolicyResponse;
    CreatePolicyVersion CreatePolicyVersionRequest CreatePolicyVersionResponse;
    CreateRole CreateRoleRequest CreateRoleResponse;
    CreateSAMLProvider CreateSAMLProviderRequest CreateSAMLProviderResponse;
    CreateServiceLinkedRole CreateServiceLinkedRoleRequest CreateServiceLinkedRoleResponse;
    CreateServiceSpecificCredential CreateServiceSpecificCredentialRequest CreateServiceSpecificCredentialResponse;
    CreateUser CreateUserRequest CreateUserResponse;
    CreateVirtualMFADevice CreateVirtualMFADeviceRequest CreateVirtualMFADeviceResponse;
    DeactivateMFADevice DeactivateMFADeviceRequest ();
    DeleteAccessKey DeleteAccessKeyRequest ();
    DeleteAccountAlias DeleteAccountAliasRequest ();
    DeleteAccountPasswordPolicy () ();
    DeleteGroup DeleteGroupRequest ();
    DeleteGroupPolicy DeleteGroupPolicyRequest ();
    DeleteInstanceProfile DeleteInstanceProfileRequest ();
    DeleteLoginProfile DeleteLoginProfileRequest ();
    DeleteOpenIDConnectProvider DeleteOpenIDConnectProviderRequest ();
    DeletePolicy DeletePolicyRequest ();
    DeletePolicyVersion DeletePolicyVersionRequest ();
    DeleteRole DeleteRoleRequest ();
    DeleteRolePermissionsBoundary DeleteRolePermissionsBoundaryRequest ();
    DeleteRolePolicy DeleteRolePolicyRequest ();
    DeleteSAMLProvider DeleteSAMLProviderRequest ();
    DeleteSSHPublicKey DeleteSSHPublicKeyRequest ();
    DeleteServerCertificate DeleteServerCertificateRequest ();
    DeleteServiceLinkedRole DeleteServiceLinkedRoleRequest DeleteServiceLinkedRoleResponse;
    DeleteServiceSpecificCredential DeleteServiceSpecificCredentialRequest ();
    DeleteSigningCertificate DeleteSigningCertificateRequest ();
    DeleteUser DeleteUserRequest ();
    DeleteUserPermissionsBoundary DeleteUserPermissionsBoundaryRequest ();
    DeleteUserPolicy DeleteUserPolicyRequest ();
    DeleteVirtualMFADevice DeleteVirtualMFADeviceRequest ();
    DetachGroupPolicy DetachGroupPolicyRequest ();
    DetachRolePolicy DetachRolePolicyRequest ();
    DetachUserPolicy DetachUserPolicyRequest ();
    DisableOrganizationsRootCredentialsManagement DisableOrganizationsRootCredentialsManagementRequest DisableOrganizationsRootCredentialsManagementResponse;
    DisableOrganizationsRootSessions DisableOrganizationsRootSessionsRequest DisableOrganizationsRootSessionsResponse;
    DisableOutboundWebIdentityFederation () ();
    EnableMFADevice EnableMFADeviceRequest ();
    EnableOrganizationsRootCredentialsManagement EnableOrganizationsRootCredentialsManagementRequest EnableOrganizationsRootCredentialsManagementResponse;
    EnableOrganizationsRootSessions EnableOrganizationsRootSessionsRequest EnableOrganizationsRootSessionsResponse;
    EnableOutboundWebIdentityFederation () EnableOutboundWebIdentityFederationResponse;
    GenerateCredentialReport () GenerateCredentialReportResponse;
    GenerateOrganizationsAccessReport GenerateOrganizationsAccessReportRequest GenerateOrganizationsAccessReportResponse;
    GenerateServiceLastAccessedDetails GenerateServiceLastAccessedDetailsRequest GenerateServiceLastAccessedDetailsResponse;
    GetAccessKeyLastUsed GetAccessKeyLastUsedRequest GetAccessKeyLastUsedResponse;
    GetAccountAuthorizationDetails GetAccountAuthorizationDetailsRequest GetAccountAuthorizationDetailsResponse;
    GetAccountPasswordPolicy () GetAccountPasswordPolicyResponse;
    GetAccountProperties GetAccountPropertiesRequest GetAccountPropertiesResponse;
    GetAccountSummary () GetAccountSummaryResponse;
    GetContextKeysForCustomPolicy GetContextKeysForCustomPolicyRequest GetContextKeysForPolicyResponse;
    GetContextKeysForPrincipalPolicy GetContextKeysForPrincipalPolicyRequest GetContextKeysForPolicyResponse;
    GetCredentialReport () GetCredentialReportResponse;
    GetDelegationRequest GetDelegationRequestRequest GetDelegationRequestResponse;
    GetGroup GetGroupRequest GetGroupResponse;
    GetGroupPolicy GetGroupPolicyRequest GetGroupPolicyResponse;
    GetHumanReadableSummary GetHumanReadableSummaryRequest GetHumanReadableSummaryResponse;
    GetInstanceProfile GetInstanceProfileRequest GetInstanceProfileResponse;
    GetLoginProfile GetLoginProfileRequest GetLoginProfileResponse;
    GetMFADevice GetMFADeviceRequest GetMFADeviceResponse;
    GetOpenIDConnectProvider GetOpenIDConnectProviderRequest GetOpenIDConnectProviderResponse;
    GetOrganizationsAccessReport GetOrganizationsAccessReportRequest GetOrganizationsAccessReportResponse;
    GetOutboundWebIdentityFederationInfo () GetOutboundWebIdentityFederationInfoResponse;
    GetPolicy GetPolicyRequest GetPolicyResponse;
    GetPolicyVersion GetPolicyVersionRequest GetPolicyVersionResponse;
    GetRole GetRoleRequest GetRoleResponse;
    GetRolePolicy GetRolePolicyRequest GetRolePolicyResponse;
    GetRoleTemplateVersion GetRoleTemplateVersionRequest GetRoleTemplateVersionResponse;
    GetSAMLProvider GetSAMLProviderRequest GetSAMLProviderResponse;
    GetSSHPublicKey GetSSHPublicKeyRequest GetSSHPublicKeyResponse;
    GetServerCertificate GetServerCertificateRequest GetServerCertificateResponse;
    GetServiceLastAccessedDetails GetServiceLastAccessedDetailsRequest GetServiceLastAccessedDetailsResponse;
    GetServiceLastAccessedDetailsWithEntities GetServiceLastAccessedDetailsWithEntitiesRequest GetServiceLastAccessedDetailsWithEntitiesResponse;
    GetServiceLinkedRoleDeletionStatus GetServiceLinkedRoleDeletionStatusRequest GetServiceLinkedRoleDeletionStatusResponse;
    GetUser GetUserRequest GetUserResponse;
    GetUserPolicy GetUserPolicyRequest GetUserPolicyResponse;
    ListAccessKeys ListAccessKeysRequest ListAccessKeysResponse;
    ListAccountAliases ListAccountAliasesRequest ListAccountAliasesResponse;
    ListAttachedGroupPolicies ListAttachedGroupPoliciesRequest ListAttachedGroupPoliciesResponse;
    ListAttachedRolePolicies ListAttachedRolePoliciesRequest ListAttachedRolePoliciesResponse;
    ListAttachedUserPolicies ListAttachedUserPoliciesRequest ListAttachedUserPoliciesResponse;
    ListDelegationRequests ListDelegationRequestsRequest ListDelegationRequestsResponse;
    ListEntitiesForPolicy ListEntitiesForPolicyRequest ListEntitiesForPolicyResponse;
    ListGroupPolicies ListGroupPoliciesRequest ListGroupPoliciesResponse;
    ListGroups ListGroupsRequest ListGroupsResponse;
    ListGroupsForUser ListGroupsForUserRequest ListGroupsForUserResponse;
    ListInstanceProfileTags ListInstanceProfileTagsRequest ListInstanceProfileTagsResponse;
    ListInstanceProfiles ListInstanceProfilesRequest ListInstanceProfilesResponse;
    ListInstanceProfilesForRole ListInstanceProfilesForRoleRequest ListInstanceProfilesForRoleResponse;
    ListMFADeviceTags ListMFADeviceTagsRequest ListMFADeviceTagsResponse;
    ListMFADevices ListMFADevicesRequest ListMFADevicesResponse;
    ListOpenIDConnectProviderTags ListOpenIDConnectProviderTagsRequest ListOpenIDConnectProviderTagsResponse;
    ListOpenIDConnectProviders ListOpenIDConnectProvidersRequest ListOpenIDConnectProvidersResponse;
    ListOrganizationsFeatures ListOrganizationsFeaturesRequest ListOrganizationsFeaturesResponse;
    ListPolicies ListPoliciesRequest ListPoliciesResponse;
    ListPoliciesGrantingServiceAccess ListPoliciesGrantingServiceAccessRequest ListPoliciesGrantingServiceAccessResponse;
    ListPolicyTags ListPolicyTagsRequest ListPolicyTagsResponse;
    ListPolicyVersions ListPolicyVersionsRequest ListPolicyVersionsResponse;
    ListRolePolicies ListRolePoliciesRequest ListRolePoliciesResponse;
    ListRoleTags ListRoleTagsRequest ListRoleTagsResponse;
    ListRoles ListRolesRequest ListRolesResponse;
    ListSAMLProviderTags ListSAMLProviderTagsRequest ListSAMLProviderTagsResponse;
    ListSAMLProviders ListSAMLProvidersRequest ListSAMLProvidersResponse;
    ListSSHPublicKeys ListSSHPublicKeysRequest ListSSHPublicKeysResponse;
    ListServerCertificateTags ListServerCertificateTagsRequest ListServerCertificateTagsResponse;
    ListServerCertificates ListServerCertificatesRequest ListServerCertificatesResponse;
    ListServiceSpecificCredentials ListServiceSpecificCredentialsRequest ListServiceSpecificCredentialsResponse;
    ListSigningCertificates ListSigningCertificatesRequest ListSigningCertificatesResponse;
    ListUserPolicies ListUserPoliciesRequest ListUserPoliciesResponse;
    ListUserTags ListUserTagsRequest ListUserTagsResponse;
    ListUsers ListUsersRequest ListUsersResponse;
    ListVirtualMFADevices ListVirtualMFADevicesRequest ListVirtualMFADevicesResponse;
    PutAccountProperties PutAccountPropertiesRequest PutAccountPropertiesResponse;
    PutGroupPolicy PutGroupPolicyRequest ();
    PutRolePermissionsBoundary PutRolePermissionsBoundaryRequest ();
    PutRolePolicy PutRolePolicyRequest ();
    PutUserPermissionsBoundary PutUserPermissionsBoundaryRequest ();
    PutUserPolicy PutUserPolicyRequest ();
    RejectDelegationRequest RejectDelegationRequestRequest ();
    RemoveClientIDFromOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProviderRequest ();
    RemoveRoleFromInstanceProfile RemoveRoleFromInstanceProfileRequest ();
    RemoveUserFromGroup RemoveUserFromGroupRequest ();
    ResetServiceSpecificCredential ResetServiceSpecificCredentialRequest ResetServiceSpecificCredentialResponse;
    ResyncMFADevice ResyncMFADeviceRequest ();
    SendDelegationToken SendDelegationTokenRequest ();
    SetDefaultPolicyVersion SetDefaultPolicyVersionRequest ();
    SetSecurityTokenServicePreferences SetSecurityTokenServicePreferencesRequest ();
    SimulateCustomPolicy SimulateCustomPolicyRequest SimulatePolicyResponse;
    SimulatePrincipalPolicy SimulatePrincipalPolicyRequest SimulatePolicyResponse;
    TagInstanceProfile TagInstanceProfileRequest ();
    TagMFADevice TagMFADeviceRequest ();
    TagOpenIDConnectProvider TagOpenIDConnectProviderRequest ();
    TagPolicy TagPolicyRequest ();
    TagRole TagRoleRequest ();
    TagSAMLProvider TagSAMLProviderRequest ();
    TagServerCertificate TagServerCertificateRequest ();
    TagUser TagUserRequest ();
    UntagInstanceProfile UntagInstanceProfileRequest ();
    UntagMFADevice UntagMFADeviceRequest ();
    UntagOpenIDConnectProvider UntagOpenIDConnectProviderRequest ();
    UntagPolicy UntagPolicyRequest ();
    UntagRole UntagRoleRequest ();
    UntagSAMLProvider UntagSAMLProviderRequest ();
    UntagServerCertificate UntagServerCertificateRequest ();
    UntagUser UntagUserRequest ();
    UpdateAccessKey UpdateAccessKeyRequest ();
    UpdateAccountPasswordPolicy UpdateAccountPasswordPolicyRequest ();
    UpdateAssumeRolePolicy UpdateAssumeRolePolicyRequest ();
    UpdateDelegationRequest UpdateDelegationRequestRequest ();
    UpdateGroup UpdateGroupRequest ();
    UpdateLoginProfile UpdateLoginProfileRequest ();
    UpdateOpenIDConnectProvider UpdateOpenIDConnectProviderRequest ();
    UpdateOpenIDConnectProviderThumbprint UpdateOpenIDConnectProviderThumbprintRequest ();
    UpdateRole UpdateRoleRequest UpdateRoleResponse;
    UpdateRoleDescription UpdateRoleDescriptionRequest UpdateRoleDescriptionResponse;
    UpdateSAMLProvider UpdateSAMLProviderRequest UpdateSAMLProviderResponse;
    UpdateSSHPublicKey UpdateSSHPublicKeyRequest ();
    UpdateServerCertificate UpdateServerCertificateRequest ();
    UpdateServiceSpecificCredential UpdateServiceSpecificCredentialRequest ();
    UpdateSigningCertificate UpdateSigningCertificateRequest ();
    UpdateUser UpdateUserRequest ();
    UploadSSHPublicKey UploadSSHPublicKeyRequest UploadSSHPublicKeyResponse;
    UploadServerCertificate UploadServerCertificateRequest UploadServerCertificateResponse;
    UploadSigningCertificate UploadSigningCertificateRequest UploadSigningCertificateResponse;
}
