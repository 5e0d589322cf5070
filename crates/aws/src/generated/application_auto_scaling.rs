//! The shapes of Application Auto Scaling.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use std::collections::BTreeMap;

use crate::shape::*;
use crate::typed::{operations, structures};
use crate::value::Timestamp;

#[rustfmt::skip]
pub(crate) static SHAPES: &[Shape] = &[
    /* 0 AdjustmentType */ Shape::Words(&["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]),
    /* 1 Alarm */ structure("Alarm", &[required("AlarmARN", 81), required("AlarmName", 81)]),
    /* 2 Alarms */ list(1, Bounds::NONE),
    /* 3 AmazonResourceName */ text(within(1, 1011), "^arn:.+:application-autoscaling:.+:[0-9]+:scalable-target\\/[a-zA-Z0-9-]+$"),
    /* 4 CapacityForecast */ structure("CapacityForecast", &[required("Timestamps", 50), required("Values", 51)]),
    /* 5 Cooldown */ Shape::Integer(Bounds::NONE),
    /* 6 CustomizedMetricSpecification */ structure("CustomizedMetricSpecification", &[optional("Dimensions", 36), optional("MetricName", 37), optional("Metrics", 112), optional("Namespace", 38), optional("Statistic", 40), optional("Unit", 42)]),
    /* 7 DeleteScalingPolicyRequest */ structure("DeleteScalingPolicyRequest", &[required("PolicyName", 82), required("ResourceId", 82), required("ScalableDimension", 86), required("ServiceNamespace", 100)]),
    /* 8 DeleteScalingPolicyResponse */ structure("DeleteScalingPolicyResponse", &[]),
    /* 9 DeleteScheduledActionRequest */ structure("DeleteScheduledActionRequest", &[required("ResourceId", 82), required("ScalableDimension", 86), required("ScheduledActionName", 82), required("ServiceNamespace", 100)]),
    /* 10 DeleteScheduledActionResponse */ structure("DeleteScheduledActionResponse", &[]),
    /* 11 DeregisterScalableTargetRequest */ structure("DeregisterScalableTargetRequest", &[required("ResourceId", 82), required("ScalableDimension", 86), required("ServiceNamespace", 100)]),
    /* 12 DeregisterScalableTargetResponse */ structure("DeregisterScalableTargetResponse", &[]),
    /* 13 DescribeScalableTargetsRequest */ structure("DescribeScalableTargetsRequest", &[optional("MaxResults", 31), optional("NextToken", 126), optional("ResourceIds", 83), optional("ScalableDimension", 86), required("ServiceNamespace", 100)]),
    /* 14 DescribeScalableTargetsResponse */ structure("DescribeScalableTargetsResponse", &[optional("NextToken", 126), optional("ScalableTargets", 89)]),
    /* 15 DescribeScalingActivitiesRequest */ structure("DescribeScalingActivitiesRequest", &[optional("IncludeNotScaledActivities", 26), optional("MaxResults", 31), optional("NextToken", 126), optional("ResourceId", 82), optional("ScalableDimension", 86), required("ServiceNamespace", 100)]),
    /* 16 DescribeScalingActivitiesResponse */ structure("DescribeScalingActivitiesResponse", &[optional("NextToken", 126), optional("ScalingActivities", 90)]),
    /* 17 DescribeScalingPoliciesRequest */ structure("DescribeScalingPoliciesRequest", &[optional("MaxResults", 31), optional("NextToken", 126), optional("PolicyNames", 83), optional("ResourceId", 82), optional("ScalableDimension", 86), required("ServiceNamespace", 100)]),
    /* 18 DescribeScalingPoliciesResponse */ structure("DescribeScalingPoliciesResponse", &[optional("NextToken", 126), optional("ScalingPolicies", 94)]),
    /* 19 DescribeScheduledActionsRequest */ structure("DescribeScheduledActionsRequest", &[optional("MaxResults", 31), optional("NextToken", 126), optional("ResourceId", 82), optional("ScalableDimension", 86), optional("ScheduledActionNames", 83), required("ServiceNamespace", 100)]),
    /* 20 DescribeScheduledActionsResponse */ structure("DescribeScheduledActionsResponse", &[optional("NextToken", 126), optional("ScheduledActions", 99)]),
    /* 21 DisableScaleIn */ Shape::Boolean,
    /* 22 Expression */ text(within(1, 2048), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 23 GetPredictiveScalingForecastRequest */ structure("GetPredictiveScalingForecastRequest", &[required("EndTime", 123), required("PolicyName", 46), required("ResourceId", 82), required("ScalableDimension", 86), required("ServiceNamespace", 100), required("StartTime", 123)]),
    /* 24 GetPredictiveScalingForecastResponse */ structure("GetPredictiveScalingForecastResponse", &[optional("CapacityForecast", 4), optional("LoadForecast", 30), optional("UpdateTime", 123)]),
    /* 25 Id */ text(within(1, 255), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 26 IncludeNotScaledActivities */ Shape::Boolean,
    /* 27 ListTagsForResourceRequest */ structure("ListTagsForResourceRequest", &[required("ResourceARN", 3)]),
    /* 28 ListTagsForResourceResponse */ structure("ListTagsForResourceResponse", &[optional("Tags", 107)]),
    /* 29 LoadForecast */ structure("LoadForecast", &[required("MetricSpecification", 63), required("Timestamps", 50), required("Values", 51)]),
    /* 30 LoadForecasts */ list(29, Bounds::NONE),
    /* 31 MaxResults */ Shape::Integer(Bounds::NONE),
    /* 32 MetricAggregationType */ Shape::Words(&["Average", "Minimum", "Maximum"]),
    /* 33 MetricDimension */ structure("MetricDimension", &[required("Name", 34), required("Value", 35)]),
    /* 34 MetricDimensionName */ text(Bounds::NONE, ""),
    /* 35 MetricDimensionValue */ text(Bounds::NONE, ""),
    /* 36 MetricDimensions */ list(33, Bounds::NONE),
    /* 37 MetricName */ text(Bounds::NONE, ""),
    /* 38 MetricNamespace */ text(Bounds::NONE, ""),
    /* 39 MetricScale */ Shape::Double,
    /* 40 MetricStatistic */ Shape::Words(&["Average", "Minimum", "Maximum", "SampleCount", "Sum"]),
    /* 41 MetricType */ Shape::Words(&["DynamoDBReadCapacityUtilization", "DynamoDBWriteCapacityUtilization", "ALBRequestCountPerTarget", "RDSReaderAverageCPUUtilization", "RDSReaderAverageDatabaseConnections", "EC2SpotFleetRequestAverageCPUUtilization", "EC2SpotFleetRequestAverageNetworkIn", "EC2SpotFleetRequestAverageNetworkOut", "SageMakerVariantInvocationsPerInstance", "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "AppStreamAverageCapacityUtilization", "ComprehendInferenceUtilization", "LambdaProvisionedConcurrencyUtilization", "CassandraReadCapacityUtilization", "CassandraWriteCapacityUtilization", "KafkaBrokerStorageUtilization", "ElastiCacheEngineCPUUtilization", "ElastiCacheDatabaseMemoryUsagePercentage", "ElastiCachePrimaryEngineCPUUtilization", "ElastiCacheReplicaEngineCPUUtilization", "ElastiCacheDatabaseMemoryUsageCountedForEvictPercentage", "NeptuneReaderAverageCPUUtilization", "SageMakerVariantProvisionedConcurrencyUtilization", "ElastiCacheDatabaseCapacityUsageCountedForEvictPercentage", "SageMakerInferenceComponentInvocationsPerCopy", "WorkSpacesAverageUserSessionsCapacityUtilization", "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution", "SageMakerVariantConcurrentRequestsPerModelHighResolution", "ECSServiceAverageCPUUtilizationHighResolution", "ECSServiceAverageMemoryUtilizationHighResolution"]),
    /* 42 MetricUnit */ text(Bounds::NONE, ""),
    /* 43 MinAdjustmentMagnitude */ Shape::Integer(Bounds::NONE),
    /* 44 NotScaledReason */ structure("NotScaledReason", &[required("Code", 126), optional("CurrentCapacity", 80), optional("MaxCapacity", 80), optional("MinCapacity", 80)]),
    /* 45 NotScaledReasons */ list(44, Bounds::NONE),
    /* 46 PolicyName */ text(within(1, 256), "\\p{Print}+"),
    /* 47 PolicyType */ Shape::Words(&["StepScaling", "TargetTrackingScaling", "PredictiveScaling"]),
    /* 48 PredefinedMetricSpecification */ structure("PredefinedMetricSpecification", &[required("PredefinedMetricType", 41), optional("ResourceLabel", 84)]),
    /* 49 PredictiveScalingCustomizedMetricSpecification */ structure("PredictiveScalingCustomizedMetricSpecification", &[required("MetricDataQueries", 55)]),
    /* 50 PredictiveScalingForecastTimestamps */ list(123, Bounds::NONE),
    /* 51 PredictiveScalingForecastValues */ list(39, Bounds::NONE),
    /* 52 PredictiveScalingMaxCapacityBreachBehavior */ Shape::Words(&["HonorMaxCapacity", "IncreaseMaxCapacity"]),
    /* 53 PredictiveScalingMaxCapacityBuffer */ Shape::Integer(within(0, 100)),
    /* 54 PredictiveScalingMetric */ structure("PredictiveScalingMetric", &[optional("Dimensions", 60), optional("MetricName", 61), optional("Namespace", 62)]),
    /* 55 PredictiveScalingMetricDataQueries */ list(56, Bounds::NONE),
    /* 56 PredictiveScalingMetricDataQuery */ structure("PredictiveScalingMetricDataQuery", &[optional("Expression", 22), required("Id", 25), optional("Label", 126), optional("MetricStat", 65), optional("ReturnData", 85)]),
    /* 57 PredictiveScalingMetricDimension */ structure("PredictiveScalingMetricDimension", &[required("Name", 58), required("Value", 59)]),
    /* 58 PredictiveScalingMetricDimensionName */ text(within(1, 255), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 59 PredictiveScalingMetricDimensionValue */ text(within(1, 1024), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 60 PredictiveScalingMetricDimensions */ list(57, Bounds::NONE),
    /* 61 PredictiveScalingMetricName */ text(within(1, 255), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 62 PredictiveScalingMetricNamespace */ text(within(1, 255), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 63 PredictiveScalingMetricSpecification */ structure("PredictiveScalingMetricSpecification", &[optional("CustomizedCapacityMetricSpecification", 49), optional("CustomizedLoadMetricSpecification", 49), optional("CustomizedScalingMetricSpecification", 49), optional("PredefinedLoadMetricSpecification", 70), optional("PredefinedMetricPairSpecification", 71), optional("PredefinedScalingMetricSpecification", 72), required("TargetValue", 39)]),
    /* 64 PredictiveScalingMetricSpecifications */ list(63, Bounds::NONE),
    /* 65 PredictiveScalingMetricStat */ structure("PredictiveScalingMetricStat", &[required("Metric", 54), required("Stat", 126), optional("Unit", 67)]),
    /* 66 PredictiveScalingMetricType */ text(within(1, 128), ""),
    /* 67 PredictiveScalingMetricUnit */ text(within(1, 1023), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 68 PredictiveScalingMode */ Shape::Words(&["ForecastOnly", "ForecastAndScale"]),
    /* 69 PredictiveScalingPolicyConfiguration */ structure("PredictiveScalingPolicyConfiguration", &[optional("MaxCapacityBreachBehavior", 52), optional("MaxCapacityBuffer", 53), required("MetricSpecifications", 64), optional("Mode", 68), optional("SchedulingBufferTime", 73)]),
    /* 70 PredictiveScalingPredefinedLoadMetricSpecification */ structure("PredictiveScalingPredefinedLoadMetricSpecification", &[required("PredefinedMetricType", 66), optional("ResourceLabel", 84)]),
    /* 71 PredictiveScalingPredefinedMetricPairSpecification */ structure("PredictiveScalingPredefinedMetricPairSpecification", &[required("PredefinedMetricType", 66), optional("ResourceLabel", 84)]),
    /* 72 PredictiveScalingPredefinedScalingMetricSpecification */ structure("PredictiveScalingPredefinedScalingMetricSpecification", &[required("PredefinedMetricType", 66), optional("ResourceLabel", 84)]),
    /* 73 PredictiveScalingSchedulingBufferTime */ Shape::Integer(within(0, 3600)),
    /* 74 PutScalingPolicyRequest */ structure("PutScalingPolicyRequest", &[required("PolicyName", 46), optional("PolicyType", 47), optional("PredictiveScalingPolicyConfiguration", 69), required("ResourceId", 82), required("ScalableDimension", 86), required("ServiceNamespace", 100), optional("StepScalingPolicyConfiguration", 103), optional("TargetTrackingScalingPolicyConfiguration", 122)]),
    /* 75 PutScalingPolicyResponse */ structure("PutScalingPolicyResponse", &[optional("Alarms", 2), required("PolicyARN", 82)]),
    /* 76 PutScheduledActionRequest */ structure("PutScheduledActionRequest", &[optional("EndTime", 123), required("ResourceId", 82), required("ScalableDimension", 86), optional("ScalableTargetAction", 88), optional("Schedule", 82), required("ScheduledActionName", 98), required("ServiceNamespace", 100), optional("StartTime", 123), optional("Timezone", 82)]),
    /* 77 PutScheduledActionResponse */ structure("PutScheduledActionResponse", &[]),
    /* 78 RegisterScalableTargetRequest */ structure("RegisterScalableTargetRequest", &[optional("MaxCapacity", 80), optional("MinCapacity", 80), required("ResourceId", 82), optional("RoleARN", 82), required("ScalableDimension", 86), required("ServiceNamespace", 100), optional("SuspendedState", 104), optional("Tags", 107)]),
    /* 79 RegisterScalableTargetResponse */ structure("RegisterScalableTargetResponse", &[optional("ScalableTargetARN", 126)]),
    /* 80 ResourceCapacity */ Shape::Integer(Bounds::NONE),
    /* 81 ResourceId */ text(Bounds::NONE, "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 82 ResourceIdMaxLen1600 */ text(within(1, 1600), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 83 ResourceIdsMaxLen1600 */ list(82, within(i64::MIN, 50)),
    /* 84 ResourceLabel */ text(within(1, 1023), ""),
    /* 85 ReturnData */ Shape::Boolean,
    /* 86 ScalableDimension */ Shape::Words(&["ecs:service:DesiredCount", "ec2:spot-fleet-request:TargetCapacity", "elasticmapreduce:instancegroup:InstanceCount", "appstream:fleet:DesiredCapacity", "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits", "dynamodb:index:ReadCapacityUnits", "dynamodb:index:WriteCapacityUnits", "rds:cluster:ReadReplicaCount", "sagemaker:variant:DesiredInstanceCount", "custom-resource:ResourceType:Property", "comprehend:document-classifier-endpoint:DesiredInferenceUnits", "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits", "lambda:function:ProvisionedConcurrency", "cassandra:table:ReadCapacityUnits", "cassandra:table:WriteCapacityUnits", "kafka:broker-storage:VolumeSize", "elasticache:cache-cluster:Nodes", "elasticache:replication-group:NodeGroups", "elasticache:replication-group:Replicas", "neptune:cluster:ReadReplicaCount", "sagemaker:variant:DesiredProvisionedConcurrency", "sagemaker:inference-component:DesiredCopyCount", "workspaces:workspacespool:DesiredUserSessions"]),
    /* 87 ScalableTarget */ structure("ScalableTarget", &[required("CreationTime", 123), required("MaxCapacity", 80), required("MinCapacity", 80), optional("PredictedCapacity", 80), required("ResourceId", 82), required("RoleARN", 82), required("ScalableDimension", 86), optional("ScalableTargetARN", 126), required("ServiceNamespace", 100), optional("SuspendedState", 104)]),
    /* 88 ScalableTargetAction */ structure("ScalableTargetAction", &[optional("MaxCapacity", 80), optional("MinCapacity", 80)]),
    /* 89 ScalableTargets */ list(87, Bounds::NONE),
    /* 90 ScalingActivities */ list(91, Bounds::NONE),
    /* 91 ScalingActivity */ structure("ScalingActivity", &[required("ActivityId", 81), required("Cause", 126), required("Description", 126), optional("Details", 126), optional("EndTime", 123), optional("NotScaledReasons", 45), required("ResourceId", 82), required("ScalableDimension", 86), required("ServiceNamespace", 100), required("StartTime", 123), required("StatusCode", 92), optional("StatusMessage", 126)]),
    /* 92 ScalingActivityStatusCode */ Shape::Words(&["Pending", "InProgress", "Successful", "Overridden", "Unfulfilled", "Failed"]),
    /* 93 ScalingAdjustment */ Shape::Integer(Bounds::NONE),
    /* 94 ScalingPolicies */ list(95, Bounds::NONE),
    /* 95 ScalingPolicy */ structure("ScalingPolicy", &[optional("Alarms", 2), required("CreationTime", 123), required("PolicyARN", 82), required("PolicyName", 46), required("PolicyType", 47), optional("PredictiveScalingPolicyConfiguration", 69), required("ResourceId", 82), required("ScalableDimension", 86), required("ServiceNamespace", 100), optional("StepScalingPolicyConfiguration", 103), optional("TargetTrackingScalingPolicyConfiguration", 122)]),
    /* 96 ScalingSuspended */ Shape::Boolean,
    /* 97 ScheduledAction */ structure("ScheduledAction", &[required("CreationTime", 123), optional("EndTime", 123), required("ResourceId", 82), optional("ScalableDimension", 86), optional("ScalableTargetAction", 88), required("Schedule", 82), required("ScheduledActionARN", 82), required("ScheduledActionName", 98), required("ServiceNamespace", 100), optional("StartTime", 123), optional("Timezone", 82)]),
    /* 98 ScheduledActionName */ text(within(1, 256), "(?!((^[ ]+.*)|(.*([\\u0000-\\u001f]|[\\u007f-\\u009f]|[:/|])+.*)|(.*[ ]+$))).+"),
    /* 99 ScheduledActions */ list(97, Bounds::NONE),
    /* 100 ServiceNamespace */ Shape::Words(&["ecs", "elasticmapreduce", "ec2", "appstream", "dynamodb", "rds", "sagemaker", "custom-resource", "comprehend", "lambda", "cassandra", "kafka", "elasticache", "neptune", "workspaces"]),
    /* 101 StepAdjustment */ structure("StepAdjustment", &[optional("MetricIntervalLowerBound", 39), optional("MetricIntervalUpperBound", 39), required("ScalingAdjustment", 93)]),
    /* 102 StepAdjustments */ list(101, Bounds::NONE),
    /* 103 StepScalingPolicyConfiguration */ structure("StepScalingPolicyConfiguration", &[optional("AdjustmentType", 0), optional("Cooldown", 5), optional("MetricAggregationType", 32), optional("MinAdjustmentMagnitude", 43), optional("StepAdjustments", 102)]),
    /* 104 SuspendedState */ structure("SuspendedState", &[optional("DynamicScalingInSuspended", 96), optional("DynamicScalingOutSuspended", 96), optional("ScheduledScalingSuspended", 96)]),
    /* 105 TagKey */ text(within(1, 128), ""),
    /* 106 TagKeyList */ list(105, within(0, 200)),
    /* 107 TagMap */ map(105, 110, Bounds::NONE),
    /* 108 TagResourceRequest */ structure("TagResourceRequest", &[required("ResourceARN", 3), required("Tags", 107)]),
    /* 109 TagResourceResponse */ structure("TagResourceResponse", &[]),
    /* 110 TagValue */ text(within(0, 256), ""),
    /* 111 TargetTrackingMetric */ structure("TargetTrackingMetric", &[optional("Dimensions", 117), optional("MetricName", 118), optional("Namespace", 119)]),
    /* 112 TargetTrackingMetricDataQueries */ list(113, Bounds::NONE),
    /* 113 TargetTrackingMetricDataQuery */ structure("TargetTrackingMetricDataQuery", &[optional("Expression", 22), required("Id", 25), optional("Label", 126), optional("MetricStat", 120), optional("ReturnData", 85)]),
    /* 114 TargetTrackingMetricDimension */ structure("TargetTrackingMetricDimension", &[required("Name", 115), required("Value", 116)]),
    /* 115 TargetTrackingMetricDimensionName */ text(within(1, 255), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 116 TargetTrackingMetricDimensionValue */ text(within(1, 1024), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 117 TargetTrackingMetricDimensions */ list(114, Bounds::NONE),
    /* 118 TargetTrackingMetricName */ text(within(1, 255), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 119 TargetTrackingMetricNamespace */ text(within(1, 255), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 120 TargetTrackingMetricStat */ structure("TargetTrackingMetricStat", &[required("Metric", 111), required("Stat", 126), optional("Unit", 121)]),
    /* 121 TargetTrackingMetricUnit */ text(within(1, 1023), "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
    /* 122 TargetTrackingScalingPolicyConfiguration */ structure("TargetTrackingScalingPolicyConfiguration", &[optional("CustomizedMetricSpecification", 6), optional("DisableScaleIn", 21), optional("PredefinedMetricSpecification", 48), optional("ScaleInCooldown", 5), optional("ScaleOutCooldown", 5), required("TargetValue", 39)]),
    /* 123 TimestampType */ Shape::Timestamp,
    /* 124 UntagResourceRequest */ structure("UntagResourceRequest", &[required("ResourceARN", 3), required("TagKeys", 106)]),
    /* 125 UntagResourceResponse */ structure("UntagResourceResponse", &[]),
    /* 126 XmlString */ text(Bounds::NONE, "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"),
];

#[rustfmt::skip]
pub(crate) static ERRORS: &[ErrorModel] = &[
    error("ConcurrentUpdateException", "ConcurrentUpdateException", 400, "Message"),
    error("FailedResourceAccessException", "FailedResourceAccessException", 400, "Message"),
    error("InternalServiceException", "InternalServiceException", 400, "Message"),
    error("InvalidNextTokenException", "InvalidNextTokenException", 400, "Message"),
    error("LimitExceededException", "LimitExceededException", 400, "Message"),
    error("ObjectNotFoundException", "ObjectNotFoundException", 400, "Message"),
    error("ResourceNotFoundException", "ResourceNotFoundException", 400, "Message"),
    error("TooManyTagsException", "TooManyTagsException", 400, "Message"),
    error("ValidationException", "ValidationException", 400, "Message"),
];

structures! {
    Alarm {
        0 alarm_arn required String;
        1 alarm_name required String;
    }
    CapacityForecast {
        0 timestamps required Vec<Timestamp>;
        1 values required Vec<f64>;
    }
    CustomizedMetricSpecification {
        0 dimensions optional Vec<MetricDimension>;
        1 metric_name optional String;
        2 metrics optional Vec<TargetTrackingMetricDataQuery>;
        3 namespace optional String;
        4 statistic optional String;
        5 unit optional String;
    }
    DeleteScalingPolicyRequest {
        0 policy_name required String;
        1 resource_id required String;
        2 scalable_dimension required String;
        3 service_namespace required String;
    }
    DeleteScalingPolicyResponse {
    }
    DeleteScheduledActionRequest {
        0 resource_id required String;
        1 scalable_dimension required String;
        2 scheduled_action_name required String;
        3 service_namespace required String;
    }
    DeleteScheduledActionResponse {
    }
    DeregisterScalableTargetRequest {
        0 resource_id required String;
        1 scalable_dimension required String;
        2 service_namespace required String;
    }
    DeregisterScalableTargetResponse {
    }
    DescribeScalableTargetsRequest {
        0 max_results optional i32;
        1 next_token optional String;
        2 resource_ids optional Vec<String>;
        3 scalable_dimension optional String;
        4 service_namespace required String;
    }
    DescribeScalableTargetsResponse {
        0 next_token optional String;
        1 scalable_targets optional Vec<ScalableTarget>;
    }
    DescribeScalingActivitiesRequest {
        0 include_not_scaled_activities optional bool;
        1 max_results optional i32;
        2 next_token optional String;
        3 resource_id optional String;
        4 scalable_dimension optional String;
        5 service_namespace required String;
    }
    DescribeScalingActivitiesResponse {
        0 next_token optional String;
        1 scaling_activities optional Vec<ScalingActivity>;
    }
    DescribeScalingPoliciesRequest {
        0 max_results optional i32;
        1 next_token optional String;
        2 policy_names optional Vec<String>;
        3 resource_id optional String;
        4 scalable_dimension optional String;
        5 service_namespace required String;
    }
    DescribeScalingPoliciesResponse {
        0 next_token optional String;
        1 scaling_policies optional Vec<ScalingPolicy>;
    }
    DescribeScheduledActionsRequest {
        0 max_results optional i32;
        1 next_token optional String;
        2 resource_id optional String;
        3 scalable_dimension optional String;
        4 scheduled_action_names optional Vec<String>;
        5 service_namespace required String;
    }
    DescribeScheduledActionsResponse {
        0 next_token optional String;
        1 scheduled_actions optional Vec<ScheduledAction>;
    }
    GetPredictiveScalingForecastRequest {
        0 end_time required Timestamp;
        1 policy_name required String;
        2 resource_id required String;
        3 scalable_dimension required String;
        4 service_namespace required String;
        5 start_time required Timestamp;
    }
    GetPredictiveScalingForecastResponse {
        0 capacity_forecast optional CapacityForecast;
        1 load_forecast optional Vec<LoadForecast>;
        2 update_time optional Timestamp;
    }
    ListTagsForResourceRequest {
        0 resource_arn required String;
    }
    ListTagsForResourceResponse {
        0 tags optional BTreeMap<String, String>;
    }
    LoadForecast {
        0 metric_specification required PredictiveScalingMetricSpecification;
        1 timestamps required Vec<Timestamp>;
        2 values required Vec<f64>;
    }
    MetricDimension {
        0 name required String;
        1 value required String;
    }
    NotScaledReason {
        0 code required String;
        1 current_capacity optional i32;
        2 max_capacity optional i32;
        3 min_capacity optional i32;
    }
    PredefinedMetricSpecification {
        0 predefined_metric_type required String;
        1 resource_label optional String;
    }
    PredictiveScalingCustomizedMetricSpecification {
        0 metric_data_queries required Vec<PredictiveScalingMetricDataQuery>;
    }
    PredictiveScalingMetric {
        0 dimensions optional Vec<PredictiveScalingMetricDimension>;
        1 metric_name optional String;
        2 namespace optional String;
    }
    PredictiveScalingMetricDataQuery {
        0 expression optional String;
        1 id required String;
        2 label optional String;
        3 metric_stat optional PredictiveScalingMetricStat;
        4 return_data optional bool;
    }
    PredictiveScalingMetricDimension {
        0 name required String;
        1 value required String;
    }
    PredictiveScalingMetricSpecification {
        0 customized_capacity_metric_specification optional PredictiveScalingCustomizedMetricSpecification;
        1 customized_load_metric_specification optional PredictiveScalingCustomizedMetricSpecification;
        2 customized_scaling_metric_specification optional PredictiveScalingCustomizedMetricSpecification;
        3 predefined_load_metric_specification optional PredictiveScalingPredefinedLoadMetricSpecification;
        4 predefined_metric_pair_specification optional PredictiveScalingPredefinedMetricPairSpecification;
        5 predefined_scaling_metric_specification optional PredictiveScalingPredefinedScalingMetricSpecification;
        6 target_value required f64;
    }
    PredictiveScalingMetricStat {
        0 metric required PredictiveScalingMetric;
        1 stat required String;
        2 unit optional String;
    }
    PredictiveScalingPolicyConfiguration {
        0 max_capacity_breach_behavior optional String;
        1 max_capacity_buffer optional i32;
        2 metric_specifications required Vec<PredictiveScalingMetricSpecification>;
        3 mode optional String;
        4 scheduling_buffer_time optional i32;
    }
    PredictiveScalingPredefinedLoadMetricSpecification {
        0 predefined_metric_type required String;
        1 resource_label optional String;
    }
    PredictiveScalingPredefinedMetricPairSpecification {
        0 predefined_metric_type required String;
        1 resource_label optional String;
    }
    PredictiveScalingPredefinedScalingMetricSpecification {
        0 predefined_metric_type required String;
        1 resource_label optional String;
    }
    PutScalingPolicyRequest {
        0 policy_name required String;
        1 policy_type optional String;
        2 predictive_scaling_policy_configuration optional PredictiveScalingPolicyConfiguration;
        3 resource_id required String;
        4 scalable_dimension required String;
        5 service_namespace required String;
        6 step_scaling_policy_configuration optional StepScalingPolicyConfiguration;
        7 target_tracking_scaling_policy_configuration optional TargetTrackingScalingPolicyConfiguration;
    }
    PutScalingPolicyResponse {
        0 alarms optional Vec<Alarm>;
        1 policy_arn required String;
    }
    PutScheduledActionRequest {
        0 end_time optional Timestamp;
        1 resource_id required String;
        2 scalable_dimension required String;
        3 scalable_target_action optional ScalableTargetAction;
        4 schedule optional String;
        5 scheduled_action_name required String;
        6 service_namespace required String;
        7 start_time optional Timestamp;
        8 timezone optional String;
    }
    PutScheduledActionResponse {
    }
    RegisterScalableTargetRequest {
        0 max_capacity optional i32;
        1 min_capacity optional i32;
        2 resource_id required String;
        3 role_arn optional String;
        4 scalable_dimension required String;
        5 service_namespace required String;
        6 suspended_state optional SuspendedState;
        7 tags optional BTreeMap<String, String>;
    }
    RegisterScalableTargetResponse {
        0 scalable_target_arn optional String;
    }
    ScalableTarget {
        0 creation_time required Timestamp;
        1 max_capacity required i32;
        2 min_capacity required i32;
        3 predicted_capacity optional i32;
        4 resource_id required String;
        5 role_arn required String;
        6 scalable_dimension required String;
        7 scalable_target_arn optional String;
        8 service_namespace required String;
        9 suspended_state optional SuspendedState;
    }
    ScalableTargetAction {
        0 max_capacity optional i32;
        1 min_capacity optional i32;
    }
    ScalingActivity {
        0 activity_id required String;
        1 cause required String;
        2 description required String;
        3 details optional String;
        4 end_time optional Timestamp;
        5 not_scaled_reasons optional Vec<NotScaledReason>;
        6 resource_id required String;
        7 scalable_dimension required String;
        8 service_namespace required String;
        9 start_time required Timestamp;
        10 status_code required String;
        11 status_message optional String;
    }
    ScalingPolicy {
        0 alarms optional Vec<Alarm>;
        1 creation_time required Timestamp;
        2 policy_arn required String;
        3 policy_name required String;
        4 policy_type required String;
        5 predictive_scaling_policy_configuration optional PredictiveScalingPolicyConfiguration;
        6 resource_id required String;
        7 scalable_dimension required String;
        8 service_namespace required String;
        9 step_scaling_policy_configuration optional StepScalingPolicyConfiguration;
        10 target_tracking_scaling_policy_configuration optional TargetTrackingScalingPolicyConfiguration;
    }
    ScheduledAction {
        0 creation_time required Timestamp;
        1 end_time optional Timestamp;
        2 resource_id required String;
        3 scalable_dimension optional String;
        4 scalable_target_action optional ScalableTargetAction;
        5 schedule required String;
        6 scheduled_action_arn required String;
        7 scheduled_action_name required String;
        8 service_namespace required String;
        9 start_time optional Timestamp;
        10 timezone optional String;
    }
    StepAdjustment {
        0 metric_interval_lower_bound optional f64;
        1 metric_interval_upper_bound optional f64;
        2 scaling_adjustment required i32;
    }
    StepScalingPolicyConfiguration {
        0 adjustment_type optional String;
        1 cooldown optional i32;
        2 metric_aggregation_type optional String;
        3 min_adjustment_magnitude optional i32;
        4 step_adjustments optional Vec<StepAdjustment>;
    }
    SuspendedState {
        0 dynamic_scaling_in_suspended optional bool;
        1 dynamic_scaling_out_suspended optional bool;
        2 scheduled_scaling_suspended optional bool;
    }
    TagResourceRequest {
        0 resource_arn required String;
        1 tags required BTreeMap<String, String>;
    }
    TagResourceResponse {
    }
    TargetTrackingMetric {
        0 dimensions optional Vec<TargetTrackingMetricDimension>;
        1 metric_name optional String;
        2 namespace optional String;
    }
    TargetTrackingMetricDataQuery {
        0 expression optional String;
        1 id required String;
        2 label optional String;
        3 metric_stat optional TargetTrackingMetricStat;
        4 return_data optional bool;
    }
    TargetTrackingMetricDimension {
        0 name required String;
        1 value required String;
    }
    TargetTrackingMetricStat {
        0 metric required TargetTrackingMetric;
        1 stat required String;
        2 unit optional String;
    }
    TargetTrackingScalingPolicyConfiguration {
        0 customized_metric_specification optional CustomizedMetricSpecification;
        1 disable_scale_in optional bool;
        2 predefined_metric_specification optional PredefinedMetricSpecification;
        3 scale_in_cooldown optional i32;
        4 scale_out_cooldown optional i32;
        5 target_value required f64;
    }
    UntagResourceRequest {
        0 resource_arn required String;
        1 tag_keys required Vec<String>;
    }
    UntagResourceResponse {
    }
}

operations! {
    DeleteScalingPolicy DeleteScalingPolicyRequest DeleteScalingPolicyResponse;
    DeleteScheduledAction DeleteScheduledActionRequest DeleteScheduledActionResponse;
    DeregisterScalableTarget DeregisterScalableTargetRequest DeregisterScalableTargetResponse;
    DescribeScalableTargets DescribeScalableTargetsRequest DescribeScalableTargetsResponse;
    DescribeScalingActivities DescribeScalingActivitiesRequest DescribeScalingActivitiesResponse;
    DescribeScalingPolicies DescribeScalingPoliciesRequest DescribeScalingPoliciesResponse;
    DescribeScheduledActions DescribeScheduledActionsRequest DescribeScheduledActionsResponse;
    GetPredictiveScalingForecast GetPredictiveScalingForecastRequest GetPredictiveScalingForecastResponse;
    ListTagsForResource ListTagsForResourceRequest ListTagsForResourceResponse;
    PutScalingPolicy PutScalingPolicyRequest PutScalingPolicyResponse;
    PutScheduledAction PutScheduledActionRequest PutScheduledActionResponse;
    RegisterScalableTarget RegisterScalableTargetRequest RegisterScalableTargetResponse;
    TagResource TagResourceRequest TagResourceResponse;
    UntagResource UntagResourceRequest UntagResourceResponse;
}
