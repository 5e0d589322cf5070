//! The shapes of CloudWatch.
//!
//! Made from the AWS service model by `cargo xtask generate`; not to be edited.

use std::collections::BTreeMap;

use crate::shape::*;
use crate::typed::{operations, structures};
use crate::value::Timestamp;

#[rustfmt::skip]
pub(crate) static SHAPES: &[Shape] = &[
    /* 0 AccountId */ text(within(1, 255), ""),
    /* 1 ActionConfiguration */ structure("ActionConfiguration", &[optional("AlarmTagsPropagation", 24)]),
    /* 2 ActionLogLineCount */ Shape::Integer(Bounds::NONE),
    /* 3 ActionLogLineRoleArn */ text(Bounds::NONE, ""),
    /* 4 ActionPrefix */ text(within(1, 1024), ""),
    /* 5 ActionsEnabled */ Shape::Boolean,
    /* 6 ActionsSuppressedBy */ Shape::Words(&["WaitPeriod", "ExtensionPeriod", "Alarm"]),
    /* 7 ActionsSuppressedReason */ text(within(0, 1024), ""),
    /* 8 AggregationExpression */ text(within(1, 2048), ""),
    /* 9 AlarmArn */ text(within(1, 1600), ""),
    /* 10 AlarmContributor */ structure("AlarmContributor", &[required("ContributorAttributes", 53), required("ContributorId", 54), required("StateReason", 338), optional("StateTransitionedTimestamp", 361)]),
    /* 11 AlarmContributors */ list(10, Bounds::NONE),
    /* 12 AlarmDescription */ text(within(0, 1024), ""),
    /* 13 AlarmHistoryItem */ structure("AlarmHistoryItem", &[optional("AlarmContributorAttributes", 53), optional("AlarmContributorId", 54), optional("AlarmName", 19), optional("AlarmType", 28), optional("HistoryData", 167), optional("HistoryItemType", 168), optional("HistorySummary", 169), optional("Timestamp", 361)]),
    /* 14 AlarmHistoryItems */ list(13, Bounds::NONE),
    /* 15 AlarmMuteRuleStatus */ Shape::Words(&["SCHEDULED", "ACTIVE", "EXPIRED"]),
    /* 16 AlarmMuteRuleStatuses */ list(15, Bounds::NONE),
    /* 17 AlarmMuteRuleSummaries */ list(18, Bounds::NONE),
    /* 18 AlarmMuteRuleSummary */ structure("AlarmMuteRuleSummary", &[optional("AlarmMuteRuleArn", 44), optional("ExpireDate", 361), optional("LastUpdatedTimestamp", 361), optional("MuteType", 274), optional("Status", 15)]),
    /* 19 AlarmName */ text(within(1, 255), ""),
    /* 20 AlarmNamePrefix */ text(within(1, 255), ""),
    /* 21 AlarmNames */ list(19, within(i64::MIN, 100)),
    /* 22 AlarmPromQLCriteria */ structure("AlarmPromQLCriteria", &[optional("PendingPeriod", 286), required("Query", 306), optional("RecoveryPeriod", 313)]),
    /* 23 AlarmRule */ text(within(1, 10240), ""),
    /* 24 AlarmTagsPropagation */ structure("AlarmTagsPropagation", &[required("Enabled", 25), optional("ExcludedTagKeys", 27), optional("IncludedTagKeys", 27)]),
    /* 25 AlarmTagsPropagationEnabled */ Shape::Boolean,
    /* 26 AlarmTagsPropagationTagKey */ text(within(1, 128), ""),
    /* 27 AlarmTagsPropagationTagKeys */ list(26, within(1, 50)),
    /* 28 AlarmType */ Shape::Words(&["CompositeAlarm", "MetricAlarm", "LogAlarm"]),
    /* 29 AlarmTypes */ list(28, Bounds::NONE),
    /* 30 AmazonResourceName */ text(within(1, 1024), ""),
    /* 31 AnomalyDetector */ structure("AnomalyDetector", &[optional("AnomalyDetectorId", 35), optional("Configuration", 33), optional("Dimensions", 110), optional("MetricCharacteristics", 235), optional("MetricMathAnomalyDetector", 250), optional("MetricName", 251), optional("Namespace", 276), optional("SingleMetricAnomalyDetector", 328), optional("Stat", 37), optional("StateValue", 40)]),
    /* 32 AnomalyDetectorAdaptationSpeed */ Shape::Words(&["FAST", "NORMAL", "SLOW"]),
    /* 33 AnomalyDetectorConfiguration */ structure("AnomalyDetectorConfiguration", &[optional("AdaptationSpeed", 32), optional("ExcludedTimeRanges", 34), optional("MetricTimezone", 38), optional("OutlierFilteringStrength", 39)]),
    /* 34 AnomalyDetectorExcludedTimeRanges */ list(311, Bounds::NONE),
    /* 35 AnomalyDetectorId */ text(within(1, 128), "[A-Za-z0-9_./:%()+-]+"),
    /* 36 AnomalyDetectorIds */ list(35, within(i64::MIN, 50)),
    /* 37 AnomalyDetectorMetricStat */ text(within(i64::MIN, 50), "(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tc|tm|ts|wm)(\\d{1,2}(\\.\\d{0,10})?|100)|[ou]\\d+(\\.\\d*)?)(_E|_L|_H)?|(TM|TC|TS|WM)\\(((((\\d{1,2})(\\.\\d{0,10})?|100(\\.0{0,10})?)%)?:((\\d{1,2})(\\.\\d{0,10})?|100(\\.0{0,10})?)%|((\\d{1,2})(\\.\\d{0,10})?|100(\\.0{0,10})?)%:(((\\d{1,2})(\\.\\d{0,10})?|100(\\.0{0,10})?)%)?)\\)|(TM|TC|TS|WM|PR)\\(((\\d+(\\.\\d{0,10})?|(\\d+(\\.\\d{0,10})?[Ee][+-]?\\d+)):((\\d+(\\.\\d{0,10})?|(\\d+(\\.\\d{0,10})?[Ee][+-]?\\d+)))?|((\\d+(\\.\\d{0,10})?|(\\d+(\\.\\d{0,10})?[Ee][+-]?\\d+)))?:(\\d+(\\.\\d{0,10})?|(\\d+(\\.\\d{0,10})?[Ee][+-]?\\d+)))\\)"),
    /* 38 AnomalyDetectorMetricTimezone */ text(within(i64::MIN, 50), ".*"),
    /* 39 AnomalyDetectorOutlierFilteringStrength */ Shape::Words(&["MINIMAL", "MODERATE", "STRICT"]),
    /* 40 AnomalyDetectorStateValue */ Shape::Words(&["PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA", "TRAINED"]),
    /* 41 AnomalyDetectorType */ Shape::Words(&["SINGLE_METRIC", "METRIC_MATH"]),
    /* 42 AnomalyDetectorTypes */ list(41, within(i64::MIN, 2)),
    /* 43 AnomalyDetectors */ list(31, Bounds::NONE),
    /* 44 Arn */ text(within(1, 1600), ""),
    /* 45 AssociateDatasetKmsKeyInput */ structure("AssociateDatasetKmsKeyInput", &[required("DatasetIdentifier", 76), required("KmsKeyArn", 199)]),
    /* 46 AssociateDatasetKmsKeyOutput */ structure("AssociateDatasetKmsKeyOutput", &[]),
    /* 47 AttributeName */ text(within(1, 255), ""),
    /* 48 AttributeValue */ text(within(1, 1024), ""),
    /* 49 BatchFailures */ list(285, Bounds::NONE),
    /* 50 ComparisonOperator */ Shape::Words(&["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold", "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"]),
    /* 51 CompositeAlarm */ structure("CompositeAlarm", &[optional("ActionConfiguration", 1), optional("ActionsEnabled", 5), optional("ActionsSuppressedBy", 6), optional("ActionsSuppressedReason", 7), optional("ActionsSuppressor", 9), optional("ActionsSuppressorExtensionPeriod", 351), optional("ActionsSuppressorWaitPeriod", 351), optional("AlarmActions", 315), optional("AlarmArn", 9), optional("AlarmConfigurationUpdatedTimestamp", 361), optional("AlarmDescription", 12), optional("AlarmName", 19), optional("AlarmRule", 23), optional("InsufficientDataActions", 315), optional("OKActions", 315), optional("StateReason", 338), optional("StateReasonData", 339), optional("StateTransitionedTimestamp", 361), optional("StateUpdatedTimestamp", 361), optional("StateValue", 340)]),
    /* 52 CompositeAlarms */ list(51, Bounds::NONE),
    /* 53 ContributorAttributes */ map(47, 48, within(0, 150)),
    /* 54 ContributorId */ text(within(1, 16), ""),
    /* 55 Counts */ list(69, Bounds::NONE),
    /* 56 CreateResourceMetricsConfigurationInput */ structure("CreateResourceMetricsConfigurationInput", &[optional("MetricSelections", 317), required("ResourceArn", 314)]),
    /* 57 CreateResourceMetricsConfigurationOutput */ structure("CreateResourceMetricsConfigurationOutput", &[required("ResourceMetricsConfiguration", 318)]),
    /* 58 DashboardArn */ text(Bounds::NONE, ""),
    /* 59 DashboardBody */ text(Bounds::NONE, ""),
    /* 60 DashboardEntries */ list(61, Bounds::NONE),
    /* 61 DashboardEntry */ structure("DashboardEntry", &[optional("DashboardArn", 58), optional("DashboardName", 62), optional("LastModified", 201), optional("Size", 329)]),
    /* 62 DashboardName */ text(Bounds::NONE, ""),
    /* 63 DashboardNamePrefix */ text(Bounds::NONE, ""),
    /* 64 DashboardNames */ list(62, Bounds::NONE),
    /* 65 DashboardValidationMessage */ structure("DashboardValidationMessage", &[optional("DataPath", 67), optional("Message", 228)]),
    /* 66 DashboardValidationMessages */ list(65, Bounds::NONE),
    /* 67 DataPath */ text(Bounds::NONE, ""),
    /* 68 Datapoint */ structure("Datapoint", &[optional("Average", 69), optional("ExtendedStatistics", 70), optional("Maximum", 69), optional("Minimum", 69), optional("SampleCount", 69), optional("Sum", 69), optional("Timestamp", 361), optional("Unit", 331)]),
    /* 69 DatapointValue */ Shape::Double,
    /* 70 DatapointValueMap */ map(138, 69, Bounds::NONE),
    /* 71 DatapointValues */ list(69, Bounds::NONE),
    /* 72 Datapoints */ list(68, Bounds::NONE),
    /* 73 DatapointsToAlarm */ Shape::Integer(within(1, i64::MAX)),
    /* 74 DatasetArn */ text(within(1, 2048), "arn:[a-zA-Z0-9-]+:cloudwatch:[a-zA-Z0-9-]*:\\d{12}:dataset/default"),
    /* 75 DatasetId */ text(within(7, 7), "default"),
    /* 76 DatasetIdentifier */ text(within(1, 2048), "(default|arn:[a-zA-Z0-9-]+:cloudwatch:[a-zA-Z0-9-]*:\\d{12}:dataset/default)"),
    /* 77 DefinitionId */ text(within(1, 64), "[a-zA-Z0-9-]{1,64}"),
    /* 78 DefinitionPath */ text(within(1, 1024), "[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}]+"),
    /* 79 DeleteAlarmMuteRuleInput */ structure("DeleteAlarmMuteRuleInput", &[required("AlarmMuteRuleName", 275)]),
    /* 80 DeleteAlarmsInput */ structure("DeleteAlarmsInput", &[required("AlarmNames", 21)]),
    /* 81 DeleteAnomalyDetectorInput */ structure("DeleteAnomalyDetectorInput", &[optional("AnomalyDetectorId", 35), optional("Dimensions", 110), optional("MetricMathAnomalyDetector", 250), optional("MetricName", 251), optional("Namespace", 276), optional("SingleMetricAnomalyDetector", 328), optional("Stat", 37)]),
    /* 82 DeleteAnomalyDetectorOutput */ structure("DeleteAnomalyDetectorOutput", &[]),
    /* 83 DeleteDashboardsInput */ structure("DeleteDashboardsInput", &[required("DashboardNames", 64)]),
    /* 84 DeleteDashboardsOutput */ structure("DeleteDashboardsOutput", &[]),
    /* 85 DeleteInsightRulesInput */ structure("DeleteInsightRulesInput", &[required("RuleNames", 190)]),
    /* 86 DeleteInsightRulesOutput */ structure("DeleteInsightRulesOutput", &[optional("Failures", 49)]),
    /* 87 DeleteMetricDataQueryDefinitionInput */ structure("DeleteMetricDataQueryDefinitionInput", &[required("Id", 77)]),
    /* 88 DeleteMetricDataQueryDefinitionOutput */ structure("DeleteMetricDataQueryDefinitionOutput", &[]),
    /* 89 DeleteMetricStreamInput */ structure("DeleteMetricStreamInput", &[required("Name", 259)]),
    /* 90 DeleteMetricStreamOutput */ structure("DeleteMetricStreamOutput", &[]),
    /* 91 DeleteResourceMetricsConfigurationInput */ structure("DeleteResourceMetricsConfigurationInput", &[required("ResourceArn", 314)]),
    /* 92 DeleteResourceMetricsConfigurationOutput */ structure("DeleteResourceMetricsConfigurationOutput", &[]),
    /* 93 DescribeAlarmContributorsInput */ structure("DescribeAlarmContributorsInput", &[required("AlarmName", 19), optional("NextToken", 277)]),
    /* 94 DescribeAlarmContributorsOutput */ structure("DescribeAlarmContributorsOutput", &[required("AlarmContributors", 11), optional("NextToken", 277)]),
    /* 95 DescribeAlarmHistoryInput */ structure("DescribeAlarmHistoryInput", &[optional("AlarmContributorId", 54), optional("AlarmName", 19), optional("AlarmTypes", 29), optional("EndDate", 361), optional("HistoryItemType", 168), optional("MaxRecords", 225), optional("NextToken", 277), optional("ScanBy", 322), optional("StartDate", 361)]),
    /* 96 DescribeAlarmHistoryOutput */ structure("DescribeAlarmHistoryOutput", &[optional("AlarmHistoryItems", 14), optional("NextToken", 277)]),
    /* 97 DescribeAlarmsForMetricInput */ structure("DescribeAlarmsForMetricInput", &[optional("Dimensions", 110), optional("ExtendedStatistic", 138), required("MetricName", 251), required("Namespace", 276), optional("Period", 287), optional("Statistic", 341), optional("Unit", 331)]),
    /* 98 DescribeAlarmsForMetricOutput */ structure("DescribeAlarmsForMetricOutput", &[optional("MetricAlarms", 234)]),
    /* 99 DescribeAlarmsInput */ structure("DescribeAlarmsInput", &[optional("ActionPrefix", 4), optional("AlarmNamePrefix", 20), optional("AlarmNames", 21), optional("AlarmTypes", 29), optional("ChildrenOfAlarmName", 19), optional("MaxRecords", 225), optional("NextToken", 277), optional("ParentsOfAlarmName", 19), optional("StateValue", 340)]),
    /* 100 DescribeAlarmsOutput */ structure("DescribeAlarmsOutput", &[optional("CompositeAlarms", 52), optional("LogAlarms", 218), optional("MetricAlarms", 234), optional("NextToken", 277)]),
    /* 101 DescribeAnomalyDetectorsInput */ structure("DescribeAnomalyDetectorsInput", &[optional("AnomalyDetectorIds", 36), optional("AnomalyDetectorTypes", 42), optional("Dimensions", 110), optional("MaxResults", 227), optional("MetricName", 251), optional("Namespace", 276), optional("NextToken", 277)]),
    /* 102 DescribeAnomalyDetectorsOutput */ structure("DescribeAnomalyDetectorsOutput", &[optional("AnomalyDetectors", 43), optional("NextToken", 277)]),
    /* 103 DescribeInsightRulesInput */ structure("DescribeInsightRulesInput", &[optional("MaxResults", 184), optional("NextToken", 277)]),
    /* 104 DescribeInsightRulesOutput */ structure("DescribeInsightRulesOutput", &[optional("InsightRules", 198), optional("NextToken", 277)]),
    /* 105 Dimension */ structure("Dimension", &[required("Name", 108), required("Value", 109)]),
    /* 106 DimensionFilter */ structure("DimensionFilter", &[required("Name", 108), optional("Value", 109)]),
    /* 107 DimensionFilters */ list(106, within(i64::MIN, 10)),
    /* 108 DimensionName */ text(within(1, 255), ""),
    /* 109 DimensionValue */ text(within(1, 1024), ""),
    /* 110 Dimensions */ list(105, within(i64::MIN, 30)),
    /* 111 DisableAlarmActionsInput */ structure("DisableAlarmActionsInput", &[required("AlarmNames", 21)]),
    /* 112 DisableInsightRulesInput */ structure("DisableInsightRulesInput", &[required("RuleNames", 190)]),
    /* 113 DisableInsightRulesOutput */ structure("DisableInsightRulesOutput", &[optional("Failures", 49)]),
    /* 114 DisassociateDatasetKmsKeyInput */ structure("DisassociateDatasetKmsKeyInput", &[required("DatasetIdentifier", 76)]),
    /* 115 DisassociateDatasetKmsKeyOutput */ structure("DisassociateDatasetKmsKeyOutput", &[]),
    /* 116 Duration */ text(within(1, 50), ""),
    /* 117 EnableAlarmActionsInput */ structure("EnableAlarmActionsInput", &[required("AlarmNames", 21)]),
    /* 118 EnableInsightRulesInput */ structure("EnableInsightRulesInput", &[required("RuleNames", 190)]),
    /* 119 EnableInsightRulesOutput */ structure("EnableInsightRulesOutput", &[optional("Failures", 49)]),
    /* 120 EndTimeOffset */ Shape::Long(within(0, 2592000)),
    /* 121 Entity */ structure("Entity", &[optional("Attributes", 122), optional("KeyAttributes", 125)]),
    /* 122 EntityAttributesMap */ map(123, 124, within(0, 10)),
    /* 123 EntityAttributesMapKeyString */ text(within(1, 256), ""),
    /* 124 EntityAttributesMapValueString */ text(within(1, 2048), ""),
    /* 125 EntityKeyAttributesMap */ map(126, 127, within(2, 4)),
    /* 126 EntityKeyAttributesMapKeyString */ text(within(1, 32), ""),
    /* 127 EntityKeyAttributesMapValueString */ text(within(1, 2048), ""),
    /* 128 EntityMetricData */ structure("EntityMetricData", &[optional("Entity", 121), optional("MetricData", 236)]),
    /* 129 EntityMetricDataList */ list(128, Bounds::NONE),
    /* 130 EvaluateLowSampleCountPercentile */ text(within(1, 255), ""),
    /* 131 EvaluationCriteria */ structure("EvaluationCriteria", &[optional("PromQLCriteria", 22)]),
    /* 132 EvaluationInterval */ Shape::Integer(within(10, 3600)),
    /* 133 EvaluationPeriods */ Shape::Integer(within(1, i64::MAX)),
    /* 134 EvaluationState */ Shape::Words(&["PARTIAL_DATA", "EVALUATION_FAILURE", "EVALUATION_ERROR"]),
    /* 135 EvaluationWindow */ structure("EvaluationWindow", &[optional("SlidingWindow", 330), optional("WallClockWindow", 372)]),
    /* 136 ExceptionType */ text(Bounds::NONE, ""),
    /* 137 Expression */ text(within(1, 256), ""),
    /* 138 ExtendedStatistic */ text(Bounds::NONE, ""),
    /* 139 ExtendedStatistics */ list(138, within(1, 10)),
    /* 140 FailureCode */ text(Bounds::NONE, ""),
    /* 141 FailureDescription */ text(Bounds::NONE, ""),
    /* 142 FailureResource */ text(Bounds::NONE, ""),
    /* 143 GetAlarmMuteRuleInput */ structure("GetAlarmMuteRuleInput", &[required("AlarmMuteRuleName", 275)]),
    /* 144 GetAlarmMuteRuleOutput */ structure("GetAlarmMuteRuleOutput", &[optional("AlarmMuteRuleArn", 44), optional("Description", 12), optional("ExpireDate", 361), optional("LastUpdatedTimestamp", 361), optional("MuteTargets", 273), optional("MuteType", 274), optional("Name", 275), optional("Rule", 321), optional("StartDate", 361), optional("Status", 15)]),
    /* 145 GetDashboardInput */ structure("GetDashboardInput", &[required("DashboardName", 62)]),
    /* 146 GetDashboardOutput */ structure("GetDashboardOutput", &[optional("DashboardArn", 58), optional("DashboardBody", 59), optional("DashboardName", 62)]),
    /* 147 GetDatasetInput */ structure("GetDatasetInput", &[required("DatasetIdentifier", 76)]),
    /* 148 GetDatasetOutput */ structure("GetDatasetOutput", &[required("Arn", 74), required("DatasetId", 75), optional("KmsKeyArn", 199)]),
    /* 149 GetInsightRuleReportInput */ structure("GetInsightRuleReportInput", &[required("EndTime", 361), optional("MaxContributorCount", 196), optional("Metrics", 187), optional("OrderBy", 192), required("Period", 287), required("RuleName", 189), required("StartTime", 361)]),
    /* 150 GetInsightRuleReportOutput */ structure("GetInsightRuleReportOutput", &[optional("AggregateValue", 195), optional("AggregationStatistic", 173), optional("ApproximateUniqueCount", 197), optional("Contributors", 181), optional("KeyLabels", 179), optional("MetricDatapoints", 186)]),
    /* 151 GetMetricDataInput */ structure("GetMetricDataInput", &[required("EndTime", 361), optional("LabelOptions", 200), optional("MaxDatapoints", 153), required("MetricDataQueries", 237), optional("NextToken", 277), optional("ScanBy", 322), required("StartTime", 361)]),
    /* 152 GetMetricDataLabelTimezone */ text(Bounds::NONE, ""),
    /* 153 GetMetricDataMaxDatapoints */ Shape::Integer(Bounds::NONE),
    /* 154 GetMetricDataOutput */ structure("GetMetricDataOutput", &[optional("Messages", 243), optional("MetricDataResults", 244), optional("NextToken", 277)]),
    /* 155 GetMetricDataQueryDefinitionInput */ structure("GetMetricDataQueryDefinitionInput", &[required("Id", 77)]),
    /* 156 GetMetricDataQueryDefinitionOutput */ structure("GetMetricDataQueryDefinitionOutput", &[required("Arn", 30), required("CreatedAt", 361), required("Expression", 247), required("Id", 77), required("Path", 78), required("Type", 310), required("UpdatedAt", 361)]),
    /* 157 GetMetricStatisticsInput */ structure("GetMetricStatisticsInput", &[optional("Dimensions", 110), required("EndTime", 361), optional("ExtendedStatistics", 139), required("MetricName", 251), required("Namespace", 276), required("Period", 287), required("StartTime", 361), optional("Statistics", 343), optional("Unit", 331)]),
    /* 158 GetMetricStatisticsOutput */ structure("GetMetricStatisticsOutput", &[optional("Datapoints", 72), optional("Label", 249)]),
    /* 159 GetMetricStreamInput */ structure("GetMetricStreamInput", &[required("Name", 259)]),
    /* 160 GetMetricStreamOutput */ structure("GetMetricStreamOutput", &[optional("Arn", 30), optional("CreationDate", 361), optional("ExcludeFilters", 258), optional("FirehoseArn", 30), optional("IncludeFilters", 258), optional("IncludeLinkedAccountsMetrics", 171), optional("LastUpdateDate", 361), optional("Name", 259), optional("OutputFormat", 261), optional("RoleArn", 30), optional("State", 262), optional("StatisticsConfigurations", 266)]),
    /* 161 GetMetricWidgetImageInput */ structure("GetMetricWidgetImageInput", &[required("MetricWidget", 269), optional("OutputFormat", 283)]),
    /* 162 GetMetricWidgetImageOutput */ structure("GetMetricWidgetImageOutput", &[optional("MetricWidgetImage", 270)]),
    /* 163 GetOTelEnrichmentInput */ structure("GetOTelEnrichmentInput", &[]),
    /* 164 GetOTelEnrichmentOutput */ structure("GetOTelEnrichmentOutput", &[optional("CreatedAt", 361), optional("ExcludeFilters", 280), optional("IncludeFilters", 280), required("Status", 281), optional("UpdatedAt", 361)]),
    /* 165 GetResourceMetricsConfigurationInput */ structure("GetResourceMetricsConfigurationInput", &[required("ResourceArn", 314)]),
    /* 166 GetResourceMetricsConfigurationOutput */ structure("GetResourceMetricsConfigurationOutput", &[required("ResourceMetricsConfiguration", 318)]),
    /* 167 HistoryData */ text(within(1, 4095), ""),
    /* 168 HistoryItemType */ Shape::Words(&["ConfigurationUpdate", "StateUpdate", "Action", "AlarmContributorStateUpdate", "AlarmContributorAction"]),
    /* 169 HistorySummary */ text(within(1, 255), ""),
    /* 170 IncludeLinkedAccounts */ Shape::Boolean,
    /* 171 IncludeLinkedAccountsMetrics */ Shape::Boolean,
    /* 172 InsightRule */ structure("InsightRule", &[optional("ApplyOnTransformedLogs", 191), required("Definition", 182), optional("ManagedRule", 183), required("Name", 189), required("Schema", 193), required("State", 194)]),
    /* 173 InsightRuleAggregationStatistic */ text(Bounds::NONE, ""),
    /* 174 InsightRuleContributor */ structure("InsightRuleContributor", &[required("ApproximateAggregateValue", 195), required("Datapoints", 176), required("Keys", 180)]),
    /* 175 InsightRuleContributorDatapoint */ structure("InsightRuleContributorDatapoint", &[required("ApproximateValue", 195), required("Timestamp", 361)]),
    /* 176 InsightRuleContributorDatapoints */ list(175, Bounds::NONE),
    /* 177 InsightRuleContributorKey */ text(Bounds::NONE, ""),
    /* 178 InsightRuleContributorKeyLabel */ text(Bounds::NONE, ""),
    /* 179 InsightRuleContributorKeyLabels */ list(178, Bounds::NONE),
    /* 180 InsightRuleContributorKeys */ list(177, Bounds::NONE),
    /* 181 InsightRuleContributors */ list(174, Bounds::NONE),
    /* 182 InsightRuleDefinition */ text(within(1, 8192), "[\\x00-\\x7F]+"),
    /* 183 InsightRuleIsManaged */ Shape::Boolean,
    /* 184 InsightRuleMaxResults */ Shape::Integer(within(1, 500)),
    /* 185 InsightRuleMetricDatapoint */ structure("InsightRuleMetricDatapoint", &[optional("Average", 195), optional("MaxContributorValue", 195), optional("Maximum", 195), optional("Minimum", 195), optional("SampleCount", 195), optional("Sum", 195), required("Timestamp", 361), optional("UniqueContributors", 195)]),
    /* 186 InsightRuleMetricDatapoints */ list(185, Bounds::NONE),
    /* 187 InsightRuleMetricList */ list(188, Bounds::NONE),
    /* 188 InsightRuleMetricName */ text(within(1, 32), "[\\x20-\\x7E]+"),
    /* 189 InsightRuleName */ text(within(1, 128), "[\\x20-\\x7E]+"),
    /* 190 InsightRuleNames */ list(189, Bounds::NONE),
    /* 191 InsightRuleOnTransformedLogs */ Shape::Boolean,
    /* 192 InsightRuleOrderBy */ text(within(1, 32), "[\\x20-\\x7E]+"),
    /* 193 InsightRuleSchema */ text(Bounds::NONE, ""),
    /* 194 InsightRuleState */ text(within(1, 32), "[\\x20-\\x7E]+"),
    /* 195 InsightRuleUnboundDouble */ Shape::Double,
    /* 196 InsightRuleUnboundInteger */ Shape::Integer(Bounds::NONE),
    /* 197 InsightRuleUnboundLong */ Shape::Long(Bounds::NONE),
    /* 198 InsightRules */ list(172, Bounds::NONE),
    /* 199 KmsKeyArn */ text(within(20, 2048), "arn:[a-zA-Z0-9-]+:kms:[a-zA-Z0-9-]+:\\d{12}:key/[a-f0-9-]+"),
    /* 200 LabelOptions */ structure("LabelOptions", &[optional("Timezone", 152)]),
    /* 201 LastModified */ Shape::Timestamp,
    /* 202 ListAlarmMuteRulesInput */ structure("ListAlarmMuteRulesInput", &[optional("AlarmName", 275), optional("MaxRecords", 225), optional("NextToken", 277), optional("Statuses", 16)]),
    /* 203 ListAlarmMuteRulesOutput */ structure("ListAlarmMuteRulesOutput", &[optional("AlarmMuteRuleSummaries", 17), optional("NextToken", 277)]),
    /* 204 ListDashboardsInput */ structure("ListDashboardsInput", &[optional("DashboardNamePrefix", 63), optional("NextToken", 277)]),
    /* 205 ListDashboardsOutput */ structure("ListDashboardsOutput", &[optional("DashboardEntries", 60), optional("NextToken", 277)]),
    /* 206 ListManagedInsightRulesInput */ structure("ListManagedInsightRulesInput", &[optional("MaxResults", 184), optional("NextToken", 277), required("ResourceARN", 30)]),
    /* 207 ListManagedInsightRulesOutput */ structure("ListManagedInsightRulesOutput", &[optional("ManagedRules", 222), optional("NextToken", 277)]),
    /* 208 ListMetricDataQueryDefinitionsInput */ structure("ListMetricDataQueryDefinitionsInput", &[optional("MaxResults", 226), optional("NextToken", 239)]),
    /* 209 ListMetricDataQueryDefinitionsOutput */ structure("ListMetricDataQueryDefinitionsOutput", &[required("Items", 240), optional("NextToken", 239)]),
    /* 210 ListMetricStreamsInput */ structure("ListMetricStreamsInput", &[optional("MaxResults", 211), optional("NextToken", 277)]),
    /* 211 ListMetricStreamsMaxResults */ Shape::Integer(within(1, 500)),
    /* 212 ListMetricStreamsOutput */ structure("ListMetricStreamsOutput", &[optional("Entries", 254), optional("NextToken", 277)]),
    /* 213 ListMetricsInput */ structure("ListMetricsInput", &[optional("Dimensions", 107), optional("IncludeLinkedAccounts", 170), optional("MetricName", 251), optional("Namespace", 276), optional("NextToken", 277), optional("OwningAccount", 0), optional("RecentlyActive", 312)]),
    /* 214 ListMetricsOutput */ structure("ListMetricsOutput", &[optional("Metrics", 271), optional("NextToken", 277), optional("OwningAccounts", 284)]),
    /* 215 ListTagsForResourceInput */ structure("ListTagsForResourceInput", &[required("ResourceARN", 30)]),
    /* 216 ListTagsForResourceOutput */ structure("ListTagsForResourceOutput", &[optional("Tags", 355)]),
    /* 217 LogAlarm */ structure("LogAlarm", &[optional("ActionConfiguration", 1), optional("ActionLogLineCount", 2), optional("ActionLogLineRoleArn", 3), optional("ActionsEnabled", 5), optional("AlarmActions", 315), optional("AlarmArn", 9), optional("AlarmConfigurationUpdatedTimestamp", 361), optional("AlarmDescription", 12), optional("AlarmName", 19), optional("ComparisonOperator", 50), optional("EvaluationState", 134), optional("InsufficientDataActions", 315), optional("OKActions", 315), optional("QueryResultsToAlarm", 307), optional("QueryResultsToEvaluate", 308), optional("ScheduledQueryConfiguration", 326), optional("StateReason", 338), optional("StateReasonData", 339), optional("StateTransitionedTimestamp", 361), optional("StateUpdatedTimestamp", 361), optional("StateValue", 340), optional("Threshold", 360), optional("TreatMissingData", 364), optional("WarmUpConfiguration", 373)]),
    /* 218 LogAlarms */ list(217, Bounds::NONE),
    /* 219 LogGroupIdentifiers */ list(30, within(1, 50)),
    /* 220 ManagedRule */ structure("ManagedRule", &[required("ResourceARN", 30), optional("Tags", 355), required("TemplateName", 359)]),
    /* 221 ManagedRuleDescription */ structure("ManagedRuleDescription", &[optional("ResourceARN", 30), optional("RuleState", 223), optional("TemplateName", 359)]),
    /* 222 ManagedRuleDescriptions */ list(221, Bounds::NONE),
    /* 223 ManagedRuleState */ structure("ManagedRuleState", &[required("RuleName", 189), required("State", 194)]),
    /* 224 ManagedRules */ list(220, Bounds::NONE),
    /* 225 MaxRecords */ Shape::Integer(within(1, 100)),
    /* 226 MaxResults */ Shape::Integer(within(1, 100)),
    /* 227 MaxReturnedResultsCount */ Shape::Integer(within(1, i64::MAX)),
    /* 228 Message */ text(Bounds::NONE, ""),
    /* 229 MessageData */ structure("MessageData", &[optional("Code", 230), optional("Value", 231)]),
    /* 230 MessageDataCode */ text(Bounds::NONE, ""),
    /* 231 MessageDataValue */ text(Bounds::NONE, ""),
    /* 232 Metric */ structure("Metric", &[optional("Dimensions", 110), optional("MetricName", 251), optional("Namespace", 276)]),
    /* 233 MetricAlarm */ structure("MetricAlarm", &[optional("ActionConfiguration", 1), optional("ActionsEnabled", 5), optional("AlarmActions", 315), optional("AlarmArn", 9), optional("AlarmConfigurationUpdatedTimestamp", 361), optional("AlarmDescription", 12), optional("AlarmName", 19), optional("ComparisonOperator", 50), optional("DatapointsToAlarm", 73), optional("Dimensions", 110), optional("EvaluateLowSampleCountPercentile", 130), optional("EvaluationCriteria", 131), optional("EvaluationInterval", 132), optional("EvaluationPeriods", 133), optional("EvaluationState", 134), optional("EvaluationWindow", 135), optional("ExtendedStatistic", 138), optional("InsufficientDataActions", 315), optional("MetricName", 251), optional("Metrics", 237), optional("Namespace", 276), optional("OKActions", 315), optional("Period", 287), optional("StateReason", 338), optional("StateReasonData", 339), optional("StateTransitionedTimestamp", 361), optional("StateUpdatedTimestamp", 361), optional("StateValue", 340), optional("Statistic", 341), optional("Threshold", 360), optional("ThresholdMetricId", 248), optional("TreatMissingData", 364), optional("Unit", 331), optional("WarmUpConfiguration", 373)]),
    /* 234 MetricAlarms */ list(233, Bounds::NONE),
    /* 235 MetricCharacteristics */ structure("MetricCharacteristics", &[optional("PeriodicSpikes", 288)]),
    /* 236 MetricData */ list(245, Bounds::NONE),
    /* 237 MetricDataQueries */ list(238, Bounds::NONE),
    /* 238 MetricDataQuery */ structure("MetricDataQuery", &[optional("AccountId", 0), optional("Expression", 246), required("Id", 248), optional("Label", 249), optional("MetricStat", 253), optional("Period", 287), optional("ReturnData", 320)]),
    /* 239 MetricDataQueryDefinitionNextToken */ text(within(1, 256), "[A-Za-z0-9_-]+"),
    /* 240 MetricDataQueryDefinitionSummaries */ list(241, Bounds::NONE),
    /* 241 MetricDataQueryDefinitionSummary */ structure("MetricDataQueryDefinitionSummary", &[required("Id", 77), required("Path", 78), required("Type", 310), optional("UpdatedAt", 361)]),
    /* 242 MetricDataResult */ structure("MetricDataResult", &[optional("Id", 248), optional("Label", 249), optional("Messages", 243), optional("StatusCode", 344), optional("Timestamps", 362), optional("Values", 71)]),
    /* 243 MetricDataResultMessages */ list(229, Bounds::NONE),
    /* 244 MetricDataResults */ list(242, Bounds::NONE),
    /* 245 MetricDatum */ structure("MetricDatum", &[optional("Counts", 55), optional("Dimensions", 110), required("MetricName", 251), optional("StatisticValues", 342), optional("StorageResolution", 349), optional("Timestamp", 361), optional("Unit", 331), optional("Value", 69), optional("Values", 371)]),
    /* 246 MetricExpression */ text(within(1, 2048), ""),
    /* 247 MetricExpressionString */ text(within(1, 65536), ""),
    /* 248 MetricId */ text(within(1, 255), ""),
    /* 249 MetricLabel */ text(Bounds::NONE, ""),
    /* 250 MetricMathAnomalyDetector */ structure("MetricMathAnomalyDetector", &[optional("MetricDataQueries", 237)]),
    /* 251 MetricName */ text(within(1, 255), ""),
    /* 252 MetricNameList */ list(251, within(1, 500)),
    /* 253 MetricStat */ structure("MetricStat", &[required("Metric", 232), required("Period", 287), required("Stat", 337), optional("Unit", 331)]),
    /* 254 MetricStreamEntries */ list(255, Bounds::NONE),
    /* 255 MetricStreamEntry */ structure("MetricStreamEntry", &[optional("Arn", 30), optional("CreationDate", 361), optional("FirehoseArn", 30), optional("LastUpdateDate", 361), optional("Name", 259), optional("OutputFormat", 261), optional("State", 262)]),
    /* 256 MetricStreamFilter */ structure("MetricStreamFilter", &[optional("MetricNames", 257), optional("Namespace", 276)]),
    /* 257 MetricStreamFilterMetricNames */ list(251, Bounds::NONE),
    /* 258 MetricStreamFilters */ list(256, Bounds::NONE),
    /* 259 MetricStreamName */ text(within(1, 255), ""),
    /* 260 MetricStreamNames */ list(259, Bounds::NONE),
    /* 261 MetricStreamOutputFormat */ Shape::Words(&["json", "opentelemetry0.7", "opentelemetry1.0"]),
    /* 262 MetricStreamState */ text(Bounds::NONE, ""),
    /* 263 MetricStreamStatistic */ text(Bounds::NONE, ""),
    /* 264 MetricStreamStatisticsAdditionalStatistics */ list(263, Bounds::NONE),
    /* 265 MetricStreamStatisticsConfiguration */ structure("MetricStreamStatisticsConfiguration", &[required("AdditionalStatistics", 264), required("IncludeMetrics", 267)]),
    /* 266 MetricStreamStatisticsConfigurations */ list(265, Bounds::NONE),
    /* 267 MetricStreamStatisticsIncludeMetrics */ list(268, Bounds::NONE),
    /* 268 MetricStreamStatisticsMetric */ structure("MetricStreamStatisticsMetric", &[required("MetricName", 251), required("Namespace", 276)]),
    /* 269 MetricWidget */ text(Bounds::NONE, ""),
    /* 270 MetricWidgetImage */ Shape::Blob(Bounds::NONE),
    /* 271 Metrics */ list(232, Bounds::NONE),
    /* 272 MuteTargetAlarmNameList */ list(275, within(i64::MIN, 100)),
    /* 273 MuteTargets */ structure("MuteTargets", &[required("AlarmNames", 272)]),
    /* 274 MuteType */ text(Bounds::NONE, ""),
    /* 275 Name */ text(within(1, 255), ""),
    /* 276 Namespace */ text(within(1, 255), "[^:].*"),
    /* 277 NextToken */ text(Bounds::NONE, ""),
    /* 278 OTelEnrichmentMetricNameList */ list(251, within(0, 100)),
    /* 279 OTelEnrichmentMetricSelector */ structure("OTelEnrichmentMetricSelector", &[optional("MetricNames", 278), required("Namespace", 276)]),
    /* 280 OTelEnrichmentMetricSelectorList */ list(279, within(0, 100)),
    /* 281 OTelEnrichmentStatus */ Shape::Words(&["Running", "Stopped"]),
    /* 282 OnlyStartEvaluatingAfterWarmUpPeriodEnds */ Shape::Boolean,
    /* 283 OutputFormat */ text(Bounds::NONE, ""),
    /* 284 OwningAccounts */ list(0, Bounds::NONE),
    /* 285 PartialFailure */ structure("PartialFailure", &[optional("ExceptionType", 136), optional("FailureCode", 140), optional("FailureDescription", 141), optional("FailureResource", 142)]),
    /* 286 PendingPeriod */ Shape::Integer(within(0, 86400)),
    /* 287 Period */ Shape::Integer(within(1, i64::MAX)),
    /* 288 PeriodicSpikes */ Shape::Boolean,
    /* 289 PutAlarmMuteRuleInput */ structure("PutAlarmMuteRuleInput", &[optional("Description", 12), optional("ExpireDate", 361), optional("MuteTargets", 273), required("Name", 275), required("Rule", 321), optional("StartDate", 361), optional("Tags", 355)]),
    /* 290 PutAnomalyDetectorInput */ structure("PutAnomalyDetectorInput", &[optional("Configuration", 33), optional("Dimensions", 110), optional("MetricCharacteristics", 235), optional("MetricMathAnomalyDetector", 250), optional("MetricName", 251), optional("Namespace", 276), optional("SingleMetricAnomalyDetector", 328), optional("Stat", 37)]),
    /* 291 PutAnomalyDetectorOutput */ structure("PutAnomalyDetectorOutput", &[optional("AnomalyDetectorId", 35)]),
    /* 292 PutCompositeAlarmInput */ structure("PutCompositeAlarmInput", &[optional("ActionConfiguration", 1), optional("ActionsEnabled", 5), optional("ActionsSuppressor", 9), optional("ActionsSuppressorExtensionPeriod", 351), optional("ActionsSuppressorWaitPeriod", 351), optional("AlarmActions", 315), optional("AlarmDescription", 12), required("AlarmName", 19), required("AlarmRule", 23), optional("InsufficientDataActions", 315), optional("OKActions", 315), optional("Tags", 355)]),
    /* 293 PutDashboardInput */ structure("PutDashboardInput", &[required("DashboardBody", 59), required("DashboardName", 62), optional("Tags", 355)]),
    /* 294 PutDashboardOutput */ structure("PutDashboardOutput", &[optional("DashboardValidationMessages", 66)]),
    /* 295 PutInsightRuleInput */ structure("PutInsightRuleInput", &[optional("ApplyOnTransformedLogs", 191), required("RuleDefinition", 182), required("RuleName", 189), optional("RuleState", 194), optional("Tags", 355)]),
    /* 296 PutInsightRuleOutput */ structure("PutInsightRuleOutput", &[]),
    /* 297 PutLogAlarmInput */ structure("PutLogAlarmInput", &[optional("ActionConfiguration", 1), optional("ActionLogLineCount", 2), optional("ActionLogLineRoleArn", 3), optional("ActionsEnabled", 5), optional("AlarmActions", 315), optional("AlarmDescription", 12), required("AlarmName", 19), required("ComparisonOperator", 50), optional("InsufficientDataActions", 315), optional("OKActions", 315), required("QueryResultsToAlarm", 307), required("QueryResultsToEvaluate", 308), required("ScheduledQueryConfiguration", 326), optional("Tags", 355), required("Threshold", 360), optional("TreatMissingData", 364), optional("WarmUpConfiguration", 373)]),
    /* 298 PutManagedInsightRulesInput */ structure("PutManagedInsightRulesInput", &[required("ManagedRules", 224)]),
    /* 299 PutManagedInsightRulesOutput */ structure("PutManagedInsightRulesOutput", &[optional("Failures", 49)]),
    /* 300 PutMetricAlarmInput */ structure("PutMetricAlarmInput", &[optional("ActionConfiguration", 1), optional("ActionsEnabled", 5), optional("AlarmActions", 315), optional("AlarmDescription", 12), required("AlarmName", 19), optional("ComparisonOperator", 50), optional("DatapointsToAlarm", 73), optional("Dimensions", 110), optional("EvaluateLowSampleCountPercentile", 130), optional("EvaluationCriteria", 131), optional("EvaluationInterval", 132), optional("EvaluationPeriods", 133), optional("EvaluationWindow", 135), optional("ExtendedStatistic", 138), optional("InsufficientDataActions", 315), optional("MetricName", 251), optional("Metrics", 237), optional("Namespace", 276), optional("OKActions", 315), optional("Period", 287), optional("Statistic", 341), optional("Tags", 355), optional("Threshold", 360), optional("ThresholdMetricId", 248), optional("TreatMissingData", 364), optional("Unit", 331), optional("WarmUpConfiguration", 373)]),
    /* 301 PutMetricDataInput */ structure("PutMetricDataInput", &[optional("EntityMetricData", 129), optional("MetricData", 236), required("Namespace", 276), optional("StrictEntityValidation", 350)]),
    /* 302 PutMetricDataQueryDefinitionInput */ structure("PutMetricDataQueryDefinitionInput", &[required("Expression", 247), optional("Id", 77), required("Path", 78), optional("Tags", 355), required("Type", 310)]),
    /* 303 PutMetricDataQueryDefinitionOutput */ structure("PutMetricDataQueryDefinitionOutput", &[required("Arn", 30), required("CreatedAt", 361), required("Expression", 247), required("Id", 77), required("Path", 78), required("Type", 310), required("UpdatedAt", 361)]),
    /* 304 PutMetricStreamInput */ structure("PutMetricStreamInput", &[optional("ExcludeFilters", 258), required("FirehoseArn", 30), optional("IncludeFilters", 258), optional("IncludeLinkedAccountsMetrics", 171), required("Name", 259), required("OutputFormat", 261), required("RoleArn", 30), optional("StatisticsConfigurations", 266), optional("Tags", 355)]),
    /* 305 PutMetricStreamOutput */ structure("PutMetricStreamOutput", &[optional("Arn", 30)]),
    /* 306 Query */ text(within(1, 10000), ""),
    /* 307 QueryResultsToAlarm */ Shape::Integer(within(1, i64::MAX)),
    /* 308 QueryResultsToEvaluate */ Shape::Integer(within(1, i64::MAX)),
    /* 309 QueryString */ text(within(0, 10000), ""),
    /* 310 QueryType */ Shape::Words(&["PROMQL", "SQL", "METRIC_MATH"]),
    /* 311 Range */ structure("Range", &[required("EndTime", 361), required("StartTime", 361)]),
    /* 312 RecentlyActive */ Shape::Words(&["PT3H"]),
    /* 313 RecoveryPeriod */ Shape::Integer(within(0, 86400)),
    /* 314 ResourceArn */ text(within(20, 2048), "arn:[a-zA-Z0-9-]+:[a-zA-Z0-9-]+:[a-zA-Z0-9-]*:\\d{12}:.+"),
    /* 315 ResourceList */ list(319, within(i64::MIN, 5)),
    /* 316 ResourceMetricSelection */ structure("ResourceMetricSelection", &[required("IncludeMetrics", 252)]),
    /* 317 ResourceMetricSelectionList */ list(316, within(1, 1)),
    /* 318 ResourceMetricsConfiguration */ structure("ResourceMetricsConfiguration", &[required("CreatedAt", 361), optional("MetricSelections", 317), required("ResourceArn", 314), required("UpdatedAt", 361)]),
    /* 319 ResourceName */ text(within(1, 1024), ""),
    /* 320 ReturnData */ Shape::Boolean,
    /* 321 Rule */ structure("Rule", &[required("Schedule", 323)]),
    /* 322 ScanBy */ Shape::Words(&["TimestampDescending", "TimestampAscending"]),
    /* 323 Schedule */ structure("Schedule", &[required("Duration", 116), required("Expression", 137), optional("Timezone", 363)]),
    /* 324 ScheduleConfiguration */ structure("ScheduleConfiguration", &[optional("EndTimeOffset", 120), required("ScheduleExpression", 325), required("StartTimeOffset", 336)]),
    /* 325 ScheduleExpression */ text(within(1, 256), ""),
    /* 326 ScheduledQueryConfiguration */ structure("ScheduledQueryConfiguration", &[required("AggregationExpression", 8), optional("LogGroupIdentifiers", 219), optional("QueryARN", 30), required("QueryString", 309), required("ScheduleConfiguration", 324), required("ScheduledQueryRoleARN", 30), optional("Tags", 355)]),
    /* 327 SetAlarmStateInput */ structure("SetAlarmStateInput", &[required("AlarmName", 19), required("StateReason", 338), optional("StateReasonData", 339), required("StateValue", 340)]),
    /* 328 SingleMetricAnomalyDetector */ structure("SingleMetricAnomalyDetector", &[optional("AccountId", 0), optional("Dimensions", 110), optional("MetricName", 251), optional("Namespace", 276), optional("Stat", 37)]),
    /* 329 Size */ Shape::Long(Bounds::NONE),
    /* 330 SlidingWindow */ structure("SlidingWindow", &[]),
    /* 331 StandardUnit */ Shape::Words(&["Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None"]),
    /* 332 StartMetricStreamsInput */ structure("StartMetricStreamsInput", &[required("Names", 260)]),
    /* 333 StartMetricStreamsOutput */ structure("StartMetricStreamsOutput", &[]),
    /* 334 StartOTelEnrichmentInput */ structure("StartOTelEnrichmentInput", &[optional("ExcludeFilters", 280), optional("IncludeFilters", 280)]),
    /* 335 StartOTelEnrichmentOutput */ structure("StartOTelEnrichmentOutput", &[optional("CreatedAt", 361), optional("ExcludeFilters", 280), optional("IncludeFilters", 280), optional("UpdatedAt", 361)]),
    /* 336 StartTimeOffset */ Shape::Long(within(1, 2592000)),
    /* 337 Stat */ text(Bounds::NONE, ""),
    /* 338 StateReason */ text(within(0, 1023), ""),
    /* 339 StateReasonData */ text(within(0, 4000), ""),
    /* 340 StateValue */ Shape::Words(&["OK", "ALARM", "INSUFFICIENT_DATA"]),
    /* 341 Statistic */ Shape::Words(&["SampleCount", "Average", "Sum", "Minimum", "Maximum"]),
    /* 342 StatisticSet */ structure("StatisticSet", &[required("Maximum", 69), required("Minimum", 69), required("SampleCount", 69), required("Sum", 69)]),
    /* 343 Statistics */ list(341, within(1, 5)),
    /* 344 StatusCode */ Shape::Words(&["Complete", "InternalError", "PartialData", "Forbidden"]),
    /* 345 StopMetricStreamsInput */ structure("StopMetricStreamsInput", &[required("Names", 260)]),
    /* 346 StopMetricStreamsOutput */ structure("StopMetricStreamsOutput", &[]),
    /* 347 StopOTelEnrichmentInput */ structure("StopOTelEnrichmentInput", &[]),
    /* 348 StopOTelEnrichmentOutput */ structure("StopOTelEnrichmentOutput", &[]),
    /* 349 StorageResolution */ Shape::Integer(within(1, i64::MAX)),
    /* 350 StrictEntityValidation */ Shape::Boolean,
    /* 351 SuppressorPeriod */ Shape::Integer(Bounds::NONE),
    /* 352 Tag */ structure("Tag", &[required("Key", 353), required("Value", 358)]),
    /* 353 TagKey */ text(within(1, 128), ""),
    /* 354 TagKeyList */ list(353, Bounds::NONE),
    /* 355 TagList */ list(352, Bounds::NONE),
    /* 356 TagResourceInput */ structure("TagResourceInput", &[required("ResourceARN", 30), required("Tags", 355)]),
    /* 357 TagResourceOutput */ structure("TagResourceOutput", &[]),
    /* 358 TagValue */ text(within(0, 256), ""),
    /* 359 TemplateName */ text(within(1, 128), "[0-9A-Za-z][\\-\\.\\_0-9A-Za-z]{0,126}[0-9A-Za-z]"),
    /* 360 Threshold */ Shape::Double,
    /* 361 Timestamp */ Shape::Timestamp,
    /* 362 Timestamps */ list(361, Bounds::NONE),
    /* 363 Timezone */ text(within(1, 50), ""),
    /* 364 TreatMissingData */ text(within(1, 255), ""),
    /* 365 UntagResourceInput */ structure("UntagResourceInput", &[required("ResourceARN", 30), required("TagKeys", 354)]),
    /* 366 UntagResourceOutput */ structure("UntagResourceOutput", &[]),
    /* 367 UpdateOTelEnrichmentInput */ structure("UpdateOTelEnrichmentInput", &[optional("ExcludeFilters", 280), optional("IncludeFilters", 280)]),
    /* 368 UpdateOTelEnrichmentOutput */ structure("UpdateOTelEnrichmentOutput", &[optional("CreatedAt", 361), optional("ExcludeFilters", 280), optional("IncludeFilters", 280), optional("UpdatedAt", 361)]),
    /* 369 UpdateResourceMetricsConfigurationInput */ structure("UpdateResourceMetricsConfigurationInput", &[optional("MetricSelections", 317), required("ResourceArn", 314)]),
    /* 370 UpdateResourceMetricsConfigurationOutput */ structure("UpdateResourceMetricsConfigurationOutput", &[required("ResourceMetricsConfiguration", 318)]),
    /* 371 Values */ list(69, Bounds::NONE),
    /* 372 WallClockWindow */ structure("WallClockWindow", &[optional("Timezone", 363)]),
    /* 373 WarmUpConfiguration */ structure("WarmUpConfiguration", &[optional("OnlyStartEvaluatingAfterWarmUpPeriodEnds", 282), required("WarmUpPeriodDurationInMinutes", 374)]),
    /* 374 WarmUpPeriodDurationInMinutes */ Shape::Integer(within(1, 2880)),
];

#[rustfmt::skip]
pub(crate) static ERRORS: &[ErrorModel] = &[
    error("ConcurrentModificationException", "ConcurrentModificationException", 429, "message"),
    error("ConflictException", "ConflictException", 409, "Message"),
    error("DashboardInvalidInputError", "InvalidParameterInput", 400, "message"),
    error("DashboardNotFoundError", "ResourceNotFound", 404, "message"),
    error("InternalServiceFault", "InternalServiceError", 500, "Message"),
    error("InvalidFormatFault", "InvalidFormat", 400, "message"),
    error("InvalidNextToken", "InvalidNextToken", 400, "message"),
    error("InvalidParameterCombinationException", "InvalidParameterCombination", 400, "message"),
    error("InvalidParameterValueException", "InvalidParameterValue", 400, "message"),
    error("KmsAccessDeniedException", "KmsAccessDeniedException", 400, "Message"),
    error("KmsKeyDisabledException", "KmsKeyDisabledException", 400, "Message"),
    error("KmsKeyNotFoundException", "KmsKeyNotFoundException", 400, "Message"),
    error("LimitExceededException", "LimitExceededException", 400, "message"),
    error("LimitExceededFault", "LimitExceeded", 400, "message"),
    error("MissingRequiredParameterException", "MissingParameter", 400, "message"),
    error("ResourceConflict", "ResourceConflict", 409, "message"),
    error("ResourceNotFound", "ResourceNotFound", 404, "message"),
    error("ResourceNotFoundException", "ResourceNotFoundException", 404, "message"),
    error("ValidationException", "ValidationError", 400, "message"),
];

structures! {
    ActionConfiguration {
        0 alarm_tags_propagation optional AlarmTagsPropagation;
    }
    AlarmContributor {
        0 contributor_attributes required BTreeMap<String, String>;
        1 contributor_id required String;
        2 state_reason required String;
        3 state_transitioned_timestamp optional Timestamp;
    }
    AlarmHistoryItem {
        0 alarm_contributor_attributes optional BTreeMap<String, String>;
        1 alarm_contributor_id optional String;
        2 alarm_name optional String;
        3 alarm_type optional String;
        4 history_data optional String;
        5 history_item_type optional String;
        6 history_summary optional String;
        7 timestamp optional Timestamp;
    }
    AlarmMuteRuleSummary {
        0 alarm_mute_rule_arn optional String;
        1 expire_date optional Timestamp;
        2 last_updated_timestamp optional Timestamp;
        3 mute_type optional String;
        4 status optional String;
    }
    AlarmPromQLCriteria {
        0 pending_period optional i32;
        1 query required String;
        2 recovery_period optional i32;
    }
    AlarmTagsPropagation {
        0 enabled required bool;
        1 excluded_tag_keys optional Vec<String>;
        2 included_tag_keys optional Vec<String>;
    }
    AnomalyDetector {
        0 anomaly_detector_id optional String;
        1 configuration optional AnomalyDetectorConfiguration;
        2 dimensions optional Vec<Dimension>;
        3 metric_characteristics optional MetricCharacteristics;
        4 metric_math_anomaly_detector optional MetricMathAnomalyDetector;
        5 metric_name optional String;
        6 namespace optional String;
        7 single_metric_anomaly_detector optional SingleMetricAnomalyDetector;
        8 stat optional String;
        9 state_value optional String;
    }
    AnomalyDetectorConfiguration {
        0 adaptation_speed optional String;
        1 excluded_time_ranges optional Vec<Range>;
        2 metric_timezone optional String;
        3 outlier_filtering_strength optional String;
    }
    AssociateDatasetKmsKeyInput {
        0 dataset_identifier required String;
        1 kms_key_arn required String;
    }
    AssociateDatasetKmsKeyOutput {
    }
    CompositeAlarm {
        0 action_configuration optional ActionConfiguration;
        1 actions_enabled optional bool;
        2 actions_suppressed_by optional String;
        3 actions_suppressed_reason optional String;
        4 actions_suppressor optional String;
        5 actions_suppressor_extension_period optional i32;
        6 actions_suppressor_wait_period optional i32;
        7 alarm_actions optional Vec<String>;
        8 alarm_arn optional String;
        9 alarm_configuration_updated_timestamp optional Timestamp;
        10 alarm_description optional String;
        11 alarm_name optional String;
        12 alarm_rule optional String;
        13 insufficient_data_actions optional Vec<String>;
        14 ok_actions optional Vec<String>;
        15 state_reason optional String;
        16 state_reason_data optional String;
        17 state_transitioned_timestamp optional Timestamp;
        18 state_updated_timestamp optional Timestamp;
        19 state_value optional String;
    }
    CreateResourceMetricsConfigurationInput {
        0 metric_selections optional Vec<ResourceMetricSelection>;
        1 resource_arn required String;
    }
    CreateResourceMetricsConfigurationOutput {
        0 resource_metrics_configuration required ResourceMetricsConfiguration;
    }
    DashboardEntry {
        0 dashboard_arn optional String;
        1 dashboard_name optional String;
        2 last_modified optional Timestamp;
        3 size optional i64;
    }
    DashboardValidationMessage {
        0 data_path optional String;
        1 message optional String;
    }
    Datapoint {
        0 average optional f64;
        1 extended_statistics optional BTreeMap<String, f64>;
        2 maximum optional f64;
        3 minimum optional f64;
        4 sample_count optional f64;
        5 sum optional f64;
        6 timestamp optional Timestamp;
        7 unit optional String;
    }
    DeleteAlarmMuteRuleInput {
        0 alarm_mute_rule_name required String;
    }
    DeleteAlarmsInput {
        0 alarm_names required Vec<String>;
    }
    DeleteAnomalyDetectorInput {
        0 anomaly_detector_id optional String;
        1 dimensions optional Vec<Dimension>;
        2 metric_math_anomaly_detector optional MetricMathAnomalyDetector;
        3 metric_name optional String;
        4 namespace optional String;
        5 single_metric_anomaly_detector optional SingleMetricAnomalyDetector;
        6 stat optional String;
    }
    DeleteAnomalyDetectorOutput {
    }
    DeleteDashboardsInput {
        0 dashboard_names required Vec<String>;
    }
    DeleteDashboardsOutput {
    }
    DeleteInsightRulesInput {
        0 rule_names required Vec<String>;
    }
    DeleteInsightRulesOutput {
        0 failures optional Vec<PartialFailure>;
    }
    DeleteMetricDataQueryDefinitionInput {
        0 id required String;
    }
    DeleteMetricDataQueryDefinitionOutput {
    }
    DeleteMetricStreamInput {
        0 name required String;
    }
    DeleteMetricStreamOutput {
    }
    DeleteResourceMetricsConfigurationInput {
        0 resource_arn required String;
    }
    DeleteResourceMetricsConfigurationOutput {
    }
    DescribeAlarmContributorsInput {
        0 alarm_name required String;
        1 next_token optional String;
    }
    DescribeAlarmContributorsOutput {
        0 alarm_contributors required Vec<AlarmContributor>;
        1 next_token optional String;
    }
    DescribeAlarmHistoryInput {
        0 alarm_contributor_id optional String;
        1 alarm_name optional String;
        2 alarm_types optional Vec<String>;
        3 end_date optional Timestamp;
        4 history_item_type optional String;
        5 max_records optional i32;
        6 next_token optional String;
        7 scan_by optional String;
        8 start_date optional Timestamp;
    }
    DescribeAlarmHistoryOutput {
        0 alarm_history_items optional Vec<AlarmHistoryItem>;
        1 next_token optional String;
    }
    DescribeAlarmsForMetricInput {
        0 dimensions optional Vec<Dimension>;
        1 extended_statistic optional String;
        2 metric_name required String;
        3 namespace required String;
        4 period optional i32;
        5 statistic optional String;
        6 unit optional String;
    }
    DescribeAlarmsForMetricOutput {
        0 metric_alarms optional Vec<MetricAlarm>;
    }
    DescribeAlarmsInput {
        0 action_prefix optional String;
        1 alarm_name_prefix optional String;
        2 alarm_names optional Vec<String>;
        3 alarm_types optional Vec<String>;
        4 children_of_alarm_name optional String;
        5 max_records optional i32;
        6 next_token optional String;
        7 parents_of_alarm_name optional String;
        8 state_value optional String;
    }
    DescribeAlarmsOutput {
        0 composite_alarms optional Vec<CompositeAlarm>;
        1 log_alarms optional Vec<LogAlarm>;
        2 metric_alarms optional Vec<MetricAlarm>;
        3 next_token optional String;
    }
    DescribeAnomalyDetectorsInput {
        0 anomaly_detector_ids optional Vec<String>;
        1 anomaly_detector_types optional Vec<String>;
        2 dimensions optional Vec<Dimension>;
        3 max_results optional i32;
        4 metric_name optional String;
        5 namespace optional String;
        6 next_token optional String;
    }
    DescribeAnomalyDetectorsOutput {
        0 anomaly_detectors optional Vec<AnomalyDetector>;
        1 next_token optional String;
    }
    DescribeInsightRulesInput {
        0 max_results optional i32;
        1 next_token optional String;
    }
    DescribeInsightRulesOutput {
        0 insight_rules optional Vec<InsightRule>;
        1 next_token optional String;
    }
    Dimension {
        0 name required String;
        1 value required String;
    }
    DimensionFilter {
        0 name required String;
        1 value optional String;
    }
    DisableAlarmActionsInput {
        0 alarm_names required Vec<String>;
    }
    DisableInsightRulesInput {
        0 rule_names required Vec<String>;
    }
    DisableInsightRulesOutput {
        0 failures optional Vec<PartialFailure>;
    }
    DisassociateDatasetKmsKeyInput {
        0 dataset_identifier required String;
    }
    DisassociateDatasetKmsKeyOutput {
    }
    EnableAlarmActionsInput {
        0 alarm_names required Vec<String>;
    }
    EnableInsightRulesInput {
        0 rule_names required Vec<String>;
    }
    EnableInsightRulesOutput {
        0 failures optional Vec<PartialFailure>;
    }
    Entity {
        0 attributes optional BTreeMap<String, String>;
        1 key_attributes optional BTreeMap<String, String>;
    }
    EntityMetricData {
        0 entity optional Entity;
        1 metric_data optional Vec<MetricDatum>;
    }
    EvaluationCriteria {
        0 prom_ql_criteria optional AlarmPromQLCriteria;
    }
    EvaluationWindow {
        0 sliding_window optional SlidingWindow;
        1 wall_clock_window optional WallClockWindow;
    }
    GetAlarmMuteRuleInput {
        0 alarm_mute_rule_name required String;
    }
    GetAlarmMuteRuleOutput {
        0 alarm_mute_rule_arn optional String;
        1 description optional String;
        2 expire_date optional Timestamp;
        3 last_updated_timestamp optional Timestamp;
        4 mute_targets optional MuteTargets;
        5 mute_type optional String;
        6 name optional String;
        7 rule optional Rule;
        8 start_date optional Timestamp;
        9 status optional String;
    }
    GetDashboardInput {
        0 dashboard_name required String;
    }
    GetDashboardOutput {
        0 dashboard_arn optional String;
        1 dashboard_body optional String;
        2 dashboard_name optional String;
    }
    GetDatasetInput {
        0 dataset_identifier required String;
    }
    GetDatasetOutput {
        0 arn required String;
        1 dataset_id required String;
        2 kms_key_arn optional String;
    }
    GetInsightRuleReportInput {
        0 end_time required Timestamp;
        1 max_contributor_count optional i32;
        2 metrics optional Vec<String>;
        3 order_by optional String;
        4 period required i32;
        5 rule_name required String;
        6 start_time required Timestamp;
    }
    GetInsightRuleReportOutput {
        0 aggregate_value optional f64;
        1 aggregation_statistic optional String;
        2 approximate_unique_count optional i64;
        3 contributors optional Vec<InsightRuleContributor>;
        4 key_labels optional Vec<String>;
        5 metric_datapoints optional Vec<InsightRuleMetricDatapoint>;
    }
    GetMetricDataInput {
        0 end_time required Timestamp;
        1 label_options optional LabelOptions;
        2 max_datapoints optional i32;
        3 metric_data_queries required Vec<MetricDataQuery>;
        4 next_token optional String;
        5 scan_by optional String;
        6 start_time required Timestamp;
    }
    GetMetricDataOutput {
        0 messages optional Vec<MessageData>;
        1 metric_data_results optional Vec<MetricDataResult>;
        2 next_token optional String;
    }
    GetMetricDataQueryDefinitionInput {
        0 id required String;
    }
    GetMetricDataQueryDefinitionOutput {
        0 arn required String;
        1 created_at required Timestamp;
        2 expression required String;
        3 id required String;
        4 path required String;
        5 r#type required String;
        6 updated_at required Timestamp;
    }
    GetMetricStatisticsInput {
        0 dimensions optional Vec<Dimension>;
        1 end_time required Timestamp;
        2 extended_statistics optional Vec<String>;
        3 metric_name required String;
        4 namespace required String;
        5 period required i32;
        6 start_time required Timestamp;
        7 statistics optional Vec<String>;
        8 unit optional String;
    }
    GetMetricStatisticsOutput {
        0 datapoints optional Vec<Datapoint>;
        1 label optional String;
    }
    GetMetricStreamInput {
        0 name required String;
    }
    GetMetricStreamOutput {
        0 arn optional String;
        1 creation_date optional Timestamp;
        2 exclude_filters optional Vec<MetricStreamFilter>;
        3 firehose_arn optional String;
        4 include_filters optional Vec<MetricStreamFilter>;
        5 include_linked_accounts_metrics optional bool;
        6 last_update_date optional Timestamp;
        7 name optional String;
        8 output_format optional String;
        9 role_arn optional String;
        10 state optional String;
        11 statistics_configurations optional Vec<MetricStreamStatisticsConfiguration>;
    }
    GetMetricWidgetImageInput {
        0 metric_widget required String;
        1 output_format optional String;
    }
    GetMetricWidgetImageOutput {
        0 metric_widget_image optional Vec<u8>;
    }
    GetOTelEnrichmentInput {
    }
    GetOTelEnrichmentOutput {
        0 created_at optional Timestamp;
        1 exclude_filters optional Vec<OTelEnrichmentMetricSelector>;
        2 include_filters optional Vec<OTelEnrichmentMetricSelector>;
        3 status required String;
        4 updated_at optional Timestamp;
    }
    GetResourceMetricsConfigurationInput {
        0 resource_arn required String;
    }
    GetResourceMetricsConfigurationOutput {
        0 resource_metrics_configuration required ResourceMetricsConfiguration;
    }
    InsightRule {
        0 apply_on_transformed_logs optional bool;
        1 definition required String;
        2 managed_rule optional bool;
        3 name required String;
        4 schema required String;
        5 state required String;
    }
    InsightRuleContributor {
        0 approximate_aggregate_value required f64;
        1 datapoints required Vec<InsightRuleContributorDatapoint>;
        2 keys required Vec<String>;
    }
    InsightRuleContributorDatapoint {
        0 approximate_value required f64;
        1 timestamp required Timestamp;
    }
    InsightRuleMetricDatapoint {
        0 average optional f64;
        1 max_contributor_value optional f64;
        2 maximum optional f64;
        3 minimum optional f64;
        4 sample_count optional f64;
        5 sum optional f64;
        6 timestamp required Timestamp;
        7 unique_contributors optional f64;
    }
    LabelOptions {
        0 timezone optional String;
    }
    ListAlarmMuteRulesInput {
        0 alarm_name optional String;
        1 max_records optional i32;
        2 next_token optional String;
        3 statuses optional Vec<String>;
    }
    ListAlarmMuteRulesOutput {
        0 alarm_mute_rule_summaries optional Vec<AlarmMuteRuleSummary>;
        1 next_token optional String;
    }
    ListDashboardsInput {
        0 dashboard_name_prefix optional String;
        1 next_token optional String;
    }
    ListDashboardsOutput {
        0 dashboard_entries optional Vec<DashboardEntry>;
        1 next_token optional String;
    }
    ListManagedInsightRulesInput {
        0 max_results optional i32;
        1 next_token optional String;
        2 resource_arn required String;
    }
    ListManagedInsightRulesOutput {
        0 managed_rules optional Vec<ManagedRuleDescription>;
        1 next_token optional String;
    }
    ListMetricDataQueryDefinitionsInput {
        0 max_results optional i32;
        1 next_token optional String;
    }
    ListMetricDataQueryDefinitionsOutput {
        0 items required Vec<MetricDataQueryDefinitionSummary>;
        1 next_token optional String;
    }
    ListMetricStreamsInput {
        0 max_results optional i32;
        1 next_token optional String;
    }
    ListMetricStreamsOutput {
        0 entries optional Vec<MetricStreamEntry>;
        1 next_token optional String;
    }
    ListMetricsInput {
        0 dimensions optional Vec<DimensionFilter>;
        1 include_linked_accounts optional bool;
        2 metric_name optional String;
        3 namespace optional String;
        4 next_token optional String;
        5 owning_account optional String;
        6 recently_active optional String;
    }
    ListMetricsOutput {
        0 metrics optional Vec<Metric>;
        1 next_token optional String;
        2 owning_accounts optional Vec<String>;
    }
    ListTagsForResourceInput {
        0 resource_arn required String;
    }
    ListTagsForResourceOutput {
        0 tags optional Vec<Tag>;
    }
    LogAlarm {
        0 action_configuration optional ActionConfiguration;
        1 action_log_line_count optional i32;
        2 action_log_line_role_arn optional String;
        3 actions_enabled optional bool;
        4 alarm_actions optional Vec<String>;
        5 alarm_arn optional String;
        6 alarm_configuration_updated_timestamp optional Timestamp;
        7 alarm_description optional String;
        8 alarm_name optional String;
        9 comparison_operator optional String;
        10 evaluation_state optional String;
        11 insufficient_data_actions optional Vec<String>;
        12 ok_actions optional Vec<String>;
        13 query_results_to_alarm optional i32;
        14 query_results_to_evaluate optional i32;
        15 scheduled_query_configuration optional ScheduledQueryConfiguration;
        16 state_reason optional String;
        17 state_reason_data optional String;
        18 state_transitioned_timestamp optional Timestamp;
        19 state_updated_timestamp optional Timestamp;
        20 state_value optional String;
        21 threshold optional f64;
        22 treat_missing_data optional String;
        23 warm_up_configuration optional WarmUpConfiguration;
    }
    ManagedRule {
        0 resource_arn required String;
        1 tags optional Vec<Tag>;
        2 template_name required String;
    }
    ManagedRuleDescription {
        0 resource_arn optional String;
        1 rule_state optional ManagedRuleState;
        2 template_name optional String;
    }
    ManagedRuleState {
        0 rule_name required String;
        1 state required String;
    }
    MessageData {
        0 code optional String;
        1 value optional String;
    }
    Metric {
        0 dimensions optional Vec<Dimension>;
        1 metric_name optional String;
        2 namespace optional String;
    }
    MetricAlarm {
        0 action_configuration optional ActionConfiguration;
        1 actions_enabled optional bool;
        2 alarm_actions optional Vec<String>;
        3 alarm_arn optional String;
        4 alarm_configuration_updated_timestamp optional Timestamp;
        5 alarm_description optional String;
        6 alarm_name optional String;
        7 comparison_operator optional String;
        8 datapoints_to_alarm optional i32;
        9 dimensions optional Vec<Dimension>;
        10 evaluate_low_sample_count_percentile optional String;
        11 evaluation_criteria optional EvaluationCriteria;
        12 evaluation_interval optional i32;
        13 evaluation_periods optional i32;
        14 evaluation_state optional String;
        15 evaluation_window optional EvaluationWindow;
        16 extended_statistic optional String;
        17 insufficient_data_actions optional Vec<String>;
        18 metric_name optional String;
        19 metrics optional Vec<MetricDataQuery>;
        20 namespace optional String;
        21 ok_actions optional Vec<String>;
        22 period optional i32;
        23 state_reason optional String;
        24 state_reason_data optional String;
        25 state_transitioned_timestamp optional Timestamp;
        26 state_updated_timestamp optional Timestamp;
        27 state_value optional String;
        28 statistic optional String;
        29 threshold optional f64;
        30 threshold_metric_id optional String;
        31 treat_missing_data optional String;
        32 unit optional String;
        33 warm_up_configuration optional WarmUpConfiguration;
    }
    MetricCharacteristics {
        0 periodic_spikes optional bool;
    }
    MetricDataQuery {
        0 account_id optional String;
        1 expression optional String;
        2 id required String;
        3 label optional String;
        4 metric_stat optional MetricStat;
        5 period optional i32;
        6 return_data optional bool;
    }
    MetricDataQueryDefinitionSummary {
        0 id required String;
        1 path required String;
        2 r#type required String;
        3 updated_at optional Timestamp;
    }
    MetricDataResult {
        0 id optional String;
        1 label optional String;
        2 messages optional Vec<MessageData>;
        3 status_code optional String;
        4 timestamps optional Vec<Timestamp>;
        5 values optional Vec<f64>;
    }
    MetricDatum {
        0 counts optional Vec<f64>;
        1 dimensions optional Vec<Dimension>;
        2 metric_name required String;
        3 statistic_values optional StatisticSet;
        4 storage_resolution optional i32;
        5 timestamp optional Timestamp;
        6 unit optional String;
        7 value optional f64;
        8 values optional Vec<f64>;
    }
    MetricMathAnomalyDetector {
        0 metric_data_queries optional Vec<MetricDataQuery>;
    }
    MetricStat {
        0 metric required Metric;
        1 period required i32;
        2 stat required String;
        3 unit optional String;
    }
    MetricStreamEntry {
        0 arn optional String;
        1 creation_date optional Timestamp;
        2 firehose_arn optional String;
        3 last_update_date optional Timestamp;
        4 name optional String;
        5 output_format optional String;
        6 state optional String;
    }
    MetricStreamFilter {
        0 metric_names optional Vec<String>;
        1 namespace optional String;
    }
    MetricStreamStatisticsConfiguration {
        0 additional_statistics required Vec<String>;
        1 include_metrics required Vec<MetricStreamStatisticsMetric>;
    }
    MetricStreamStatisticsMetric {
        0 metric_name required String;
        1 namespace required String;
    }
    MuteTargets {
        0 alarm_names required Vec<String>;
    }
    OTelEnrichmentMetricSelector {
        0 metric_names optional Vec<String>;
        1 namespace required String;
    }
    PartialFailure {
        0 exception_type optional String;
        1 failure_code optional String;
        2 failure_description optional String;
        3 failure_resource optional String;
    }
    PutAlarmMuteRuleInput {
        0 description optional String;
        1 expire_date optional Timestamp;
        2 mute_targets optional MuteTargets;
        3 name required String;
        4 rule required Rule;
        5 start_date optional Timestamp;
        6 tags optional Vec<Tag>;
    }
    PutAnomalyDetectorInput {
        0 configuration optional AnomalyDetectorConfiguration;
        1 dimensions optional Vec<Dimension>;
        2 metric_characteristics optional MetricCharacteristics;
        3 metric_math_anomaly_detector optional MetricMathAnomalyDetector;
        4 metric_name optional String;
        5 namespace optional String;
        6 single_metric_anomaly_detector optional SingleMetricAnomalyDetector;
        7 stat optional String;
    }
    PutAnomalyDetectorOutput {
        0 anomaly_detector_id optional String;
    }
    PutCompositeAlarmInput {
        0 action_configuration optional ActionConfiguration;
        1 actions_enabled optional bool;
        2 actions_suppressor optional String;
        3 actions_suppressor_extension_period optional i32;
        4 actions_suppressor_wait_period optional i32;
        5 alarm_actions optional Vec<String>;
        6 alarm_description optional String;
        7 alarm_name required String;
        8 alarm_rule required String;
        9 insufficient_data_actions optional Vec<String>;
        10 ok_actions optional Vec<String>;
        11 tags optional Vec<Tag>;
    }
    PutDashboardInput {
        0 dashboard_body required String;
        1 dashboard_name required String;
        2 tags optional Vec<Tag>;
    }
    PutDashboardOutput {
        0 dashboard_validation_messages optional Vec<DashboardValidationMessage>;
    }
    PutInsightRuleInput {
        0 apply_on_transformed_logs optional bool;
        1 rule_definition required String;
        2 rule_name required String;
        3 rule_state optional String;
        4 tags optional Vec<Tag>;
    }
    PutInsightRuleOutput {
    }
    PutLogAlarmInput {
        0 action_configuration optional ActionConfiguration;
        1 action_log_line_count optional i32;
        2 action_log_line_role_arn optional String;
        3 actions_enabled optional bool;
        4 alarm_actions optional Vec<String>;
        5 alarm_description optional String;
        6 alarm_name required String;
        7 comparison_operator required String;
        8 insufficient_data_actions optional Vec<String>;
        9 ok_actions optional Vec<String>;
        10 query_results_to_alarm required i32;
        11 query_results_to_evaluate required i32;
        12 scheduled_query_configuration required ScheduledQueryConfiguration;
        13 tags optional Vec<Tag>;
        14 threshold required f64;
        15 treat_missing_data optional String;
        16 warm_up_configuration optional WarmUpConfiguration;
    }
    PutManagedInsightRulesInput {
        0 managed_rules required Vec<ManagedRule>;
    }
    PutManagedInsightRulesOutput {
        0 failures optional Vec<PartialFailure>;
    }
    PutMetricAlarmInput {
        0 action_configuration optional ActionConfiguration;
        1 actions_enabled optional bool;
        2 alarm_actions optional Vec<String>;
        3 alarm_description optional String;
        4 alarm_name required String;
        5 comparison_operator optional String;
        6 datapoints_to_alarm optional i32;
        7 dimensions optional Vec<Dimension>;
        8 evaluate_low_sample_count_percentile optional String;
        9 evaluation_criteria optional EvaluationCriteria;
        10 evaluation_interval optional i32;
        11 evaluation_periods optional i32;
        12 evaluation_window optional EvaluationWindow;
        13 extended_statistic optional String;
        14 insufficient_data_actions optional Vec<String>;
        15 metric_name optional String;
        16 metrics optional Vec<MetricDataQuery>;
        17 namespace optional String;
        18 ok_actions optional Vec<String>;
        19 period optional i32;
        20 statistic optional String;
        21 tags optional Vec<Tag>;
        22 threshold optional f64;
        23 threshold_metric_id optional String;
        24 treat_missing_data optional String;
        25 unit optional String;
        26 warm_up_configuration optional WarmUpConfiguration;
    }
    PutMetricDataInput {
        0 entity_metric_data optional Vec<EntityMetricData>;
        1 metric_data optional Vec<MetricDatum>;
        2 namespace required String;
        3 strict_entity_validation optional bool;
    }
    PutMetricDataQueryDefinitionInput {
        0 expression required String;
        1 id optional String;
        2 path required String;
        3 tags optional Vec<Tag>;
        4 r#type required String;
    }
    PutMetricDataQueryDefinitionOutput {
        0 arn required String;
        1 created_at required Timestamp;
        2 expression required String;
        3 id required String;
        4 path required String;
        5 r#type required String;
        6 updated_at required Timestamp;
    }
    PutMetricStreamInput {
        0 exclude_filters optional Vec<MetricStreamFilter>;
        1 firehose_arn required String;
        2 include_filters optional Vec<MetricStreamFilter>;
        3 include_linked_accounts_metrics optional bool;
        4 name required String;
        5 output_format required String;
        6 role_arn required String;
        7 statistics_configurations optional Vec<MetricStreamStatisticsConfiguration>;
        8 tags optional Vec<Tag>;
    }
    PutMetricStreamOutput {
        0 arn optional String;
    }
    Range {
        0 end_time required Timestamp;
        1 start_time required Timestamp;
    }
    ResourceMetricSelection {
        0 include_metrics required Vec<String>;
    }
    ResourceMetricsConfiguration {
        0 created_at required Timestamp;
        1 metric_selections optional Vec<ResourceMetricSelection>;
        2 resource_arn required String;
        3 updated_at required Timestamp;
    }
    Rule {
        0 schedule required Schedule;
    }
    Schedule {
        0 duration required String;
        1 expression required String;
        2 timezone optional String;
    }
    ScheduleConfiguration {
        0 end_time_offset optional i64;
        1 schedule_expression required String;
        2 start_time_offset required i64;
    }
    ScheduledQueryConfiguration {
        0 aggregation_expression required String;
        1 log_group_identifiers optional Vec<String>;
        2 query_arn optional String;
        3 query_string required String;
        4 schedule_configuration required ScheduleConfiguration;
        5 scheduled_query_role_arn required String;
        6 tags optional Vec<Tag>;
    }
    SetAlarmStateInput {
        0 alarm_name required String;
        1 state_reason required String;
        2 state_reason_data optional String;
        3 state_value required String;
    }
    SingleMetricAnomalyDetector {
        0 account_id optional String;
        1 dimensions optional Vec<Dimension>;
        2 metric_name optional String;
        3 namespace optional String;
        4 stat optional String;
    }
    SlidingWindow {
    }
    StartMetricStreamsInput {
        0 names required Vec<String>;
    }
    StartMetricStreamsOutput {
    }
    StartOTelEnrichmentInput {
        0 exclude_filters optional Vec<OTelEnrichmentMetricSelector>;
        1 include_filters optional Vec<OTelEnrichmentMetricSelector>;
    }
    StartOTelEnrichmentOutput {
        0 created_at optional Timestamp;
        1 exclude_filters optional Vec<OTelEnrichmentMetricSelector>;
        2 include_filters optional Vec<OTelEnrichmentMetricSelector>;
        3 updated_at optional Timestamp;
    }
    StatisticSet {
        0 maximum required f64;
        1 minimum required f64;
        2 sample_count required f64;
        3 sum required f64;
    }
    StopMetricStreamsInput {
        0 names required Vec<String>;
    }
    StopMetricStreamsOutput {
    }
    StopOTelEnrichmentInput {
    }
    StopOTelEnrichmentOutput {
    }
    Tag {
        0 key required String;
        1 value required String;
    }
    TagResourceInput {
        0 resource_arn required String;
        1 tags required Vec<Tag>;
    }
    TagResourceOutput {
    }
    UntagResourceInput {
        0 resource_arn required String;
        1 tag_keys required Vec<String>;
    }
    UntagResourceOutput {
    }
    UpdateOTelEnrichmentInput {
        0 exclude_filters optional Vec<OTelEnrichmentMetricSelector>;
        1 include_filters optional Vec<OTelEnrichmentMetricSelector>;
    }
    UpdateOTelEnrichmentOutput {
        0 created_at optional Timestamp;
        1 exclude_filters optional Vec<OTelEnrichmentMetricSelector>;
        2 include_filters optional Vec<OTelEnrichmentMetricSelector>;
        3 updated_at optional Timestamp;
    }
    UpdateResourceMetricsConfigurationInput {
        0 metric_selections optional Vec<ResourceMetricSelection>;
        1 resource_arn required String;
    }
    UpdateResourceMetricsConfigurationOutput {
        0 resource_metrics_configuration required ResourceMetricsConfiguration;
    }
    WallClockWindow {
        0 timezone optional String;
    }
    WarmUpConfiguration {
        0 only_start_evaluating_after_warm_up_period_ends optional bool;
        1 warm_up_period_duration_in_minutes required i32;
    }
}

operations! {
    AssociateDatasetKmsKey AssociateDatasetKmsKeyInput AssociateDatasetKmsKeyOutput;
    CreateResourceMetricsConfiguration CreateResourceMetricsConfigurationInput CreateResourceMetricsConfigurationOutput;
    DeleteAlarmMuteRule DeleteAlarmMuteRuleInput ();
    DeleteAlarms DeleteAlarmsInput ();
    DeleteAnomalyDetector DeleteAnomalyDetectorInput DeleteAnomalyDetectorOutput;
    DeleteDashboards DeleteDashboardsInput DeleteDashboardsOutput;
    DeleteInsightRules DeleteInsightRulesInput DeleteInsightRulesOutput;
    DeleteMetricDataQueryDefinition DeleteMetricDataQueryDefinitionInput DeleteMetricDataQueryDefinitionOutput;
    DeleteMetricStream DeleteMetricStreamInput DeleteMetricStreamOutput;
    DeleteResourceMetricsConfiguration DeleteResourceMetricsConfigurationInput DeleteResourceMetricsConfigurationOutput;
    DescribeAlarmContributors DescribeAlarmContributorsInput DescribeAlarmContributorsOutput;
    DescribeAlarmHistory DescribeAlarmHistoryInput DescribeAlarmHistoryOutput;
    DescribeAlarms DescribeAlarmsInput DescribeAlarmsOutput;
    DescribeAlarmsForMetric DescribeAlarmsForMetricInput DescribeAlarmsForMetricOutput;
    DescribeAnomalyDetectors DescribeAnomalyDetectorsInput DescribeAnomalyDetectorsOutput;
    DescribeInsightRules DescribeInsightRulesInput DescribeInsightRulesOutput;
    DisableAlarmActions DisableAlarmActionsInput ();
    DisableInsightRules DisableInsightRulesInput DisableInsightRulesOutput;
    DisassociateDatasetKmsKey DisassociateDatasetKmsKeyInput DisassociateDatasetKmsKeyOutput;
    EnableAlarmActions EnableAlarmActionsInput ();
    EnableInsightRules EnableInsightRulesInput EnableInsightRulesOutput;
    GetAlarmMuteRule GetAlarmMuteRuleInput GetAlarmMuteRuleOutput;
    GetDashboard GetDashboardInput GetDashboardOutput;
    GetDataset GetDatasetInput GetDatasetOutput;
    GetInsightRuleReport GetInsightRuleReportInput GetInsightRuleReportOutput;
    GetMetricData GetMetricDataInput GetMetricDataOutput;
    GetMetricDataQueryDefinition GetMetricDataQueryDefinitionInput GetMetricDataQueryDefinitionOutput;
    GetMetricStatistics GetMetricStatisticsInput GetMetricStatisticsOutput;
    GetMetricStream GetMetricStreamInput GetMetricStreamOutput;
    GetMetricWidgetImage GetMetricWidgetImageInput GetMetricWidgetImageOutput;
    GetOTelEnrichment GetOTelEnrichmentInput GetOTelEnrichmentOutput;
    GetResourceMetricsConfiguration GetResourceMetricsConfigurationInput GetResourceMetricsConfigurationOutput;
    ListAlarmMuteRules ListAlarmMuteRulesInput ListAlarmMuteRulesOutput;
    ListDashboards ListDashboardsInput ListDashboardsOutput;
    ListManagedInsightRules ListManagedInsightRulesInput ListManagedInsightRulesOutput;
    ListMetricDataQueryDefinitions ListMetricDataQueryDefinitionsInput ListMetricDataQueryDefinitionsOutput;
    ListMetricStreams ListMetricStreamsInput ListMetricStreamsOutput;
    ListMetrics ListMetricsInput ListMetricsOutput;
    ListTagsForResource ListTagsForResourceInput ListTagsForResourceOutput;
    PutAlarmMuteRule PutAlarmMuteRuleInput ();
    PutAnomalyDetector PutAnomalyDetectorInput PutAnomalyDetectorOutput;
    PutCompositeAlarm PutCompositeAlarmInput ();
    PutDashboard PutDashboardInput PutDashboardOutput;
    PutInsightRule PutInsightRuleInput PutInsightRuleOutput;
    PutLogAlarm PutLogAlarmInput ();
    PutManagedInsightRules PutManagedInsightRulesInput PutManagedInsightRulesOutput;
    PutMetricAlarm PutMetricAlarmInput ();
    PutMetricData PutMetricDataInput ();
    PutMetricDataQueryDefinition PutMetricDataQueryDefinitionInput PutMetricDataQueryDefinitionOutput;
    PutMetricStream PutMetricStreamInput PutMetricStreamOutput;
    SetAlarmState SetAlarmStateInput ();
    StartMetricStreams StartMetricStreamsInput StartMetricStreamsOutput;
    StartOTelEnrichment StartOTelEnrichmentInput StartOTelEnrichmentOutput;
    StopMetricStreams StopMetricStreamsInput StopMetricStreamsOutput;
    StopOTelEnrichment StopOTelEnrichmentInput StopOTelEnrichmentOutput;
    TagResource TagResourceInput TagResourceOutput;
    UntagResource UntagResourceInput UntagResourceOutput;
    UpdateOTelEnrichment UpdateOTelEnrichmentInput UpdateOTelEnrichmentOutput;
    UpdateResourceMetricsConfiguration UpdateResourceMetricsConfigurationInput UpdateResourceMetricsConfigurationOutput;
}
