# Tables as people declare them. `revision` 2 changes what a second apply must change in place.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "endpoint" {
  type = string
}

variable "revision" {
  type    = number
  default = 1
}

locals {
  later = var.revision > 1
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  max_retries                 = 1
  endpoints {
    appautoscaling = var.endpoint
    dynamodb       = var.endpoint
    lambda         = var.endpoint
  }
}

resource "aws_dynamodb_table" "on_demand" {
  name                        = "terraform-on-demand"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = local.later ? false : true
  table_class                 = local.later ? "STANDARD_INFREQUENT_ACCESS" : "STANDARD"

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "N"
  }
  attribute {
    name = "city"
    type = "S"
  }
  attribute {
    name = "size"
    type = "N"
  }

  global_secondary_index {
    name               = "by-city"
    hash_key           = "city"
    range_key          = "size"
    projection_type    = "INCLUDE"
    non_key_attributes = ["name"]
  }
  dynamic "global_secondary_index" {
    for_each = local.later ? ["by-size"] : []
    content {
      name            = global_secondary_index.value
      hash_key        = "size"
      projection_type = "KEYS_ONLY"
    }
  }
  local_secondary_index {
    name            = "local-size"
    range_key       = "size"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }
  point_in_time_recovery {
    enabled = true
  }
  server_side_encryption {
    enabled = true
  }
  tags = {
    team     = "platform"
    revision = tostring(var.revision)
  }
}

resource "aws_dynamodb_table" "provisioned" {
  name           = "terraform-provisioned"
  billing_mode   = "PROVISIONED"
  read_capacity  = local.later ? 7 : 5
  write_capacity = 5
  hash_key       = "id"

  attribute {
    name = "id"
    type = "B"
  }
  attribute {
    name = "owner"
    type = "S"
  }
  global_secondary_index {
    name            = "by-owner"
    hash_key        = "owner"
    read_capacity   = 3
    write_capacity  = local.later ? 4 : 3
    projection_type = "ALL"
  }
}

resource "aws_dynamodb_table" "plain" {
  name             = "terraform-plain"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_dynamodb_table_item" "row" {
  table_name = aws_dynamodb_table.plain.name
  hash_key   = aws_dynamodb_table.plain.hash_key
  item = jsonencode({
    id    = { S = "setting" }
    value = { N = tostring(var.revision) }
  })
}

# Nothing that this file writes fits its filter.
resource "aws_lambda_event_source_mapping" "trigger" {
  event_source_arn                   = aws_dynamodb_table.plain.stream_arn
  function_name                      = "on-change"
  starting_position                  = "LATEST"
  batch_size                         = local.later ? 20 : 10
  maximum_retry_attempts             = 3
  bisect_batch_on_function_error     = true
  maximum_batching_window_in_seconds = local.later ? 1 : 0
  enabled                            = local.later ? false : true
  function_response_types            = ["ReportBatchItemFailures"]
  filter_criteria {
    filter {
      pattern = jsonencode({ eventName = ["REMOVE"] })
    }
  }
  tags = {
    revision = tostring(var.revision)
  }
}

# Its capacity is Application Auto Scaling's.
resource "aws_dynamodb_table" "scaled" {
  name           = "terraform-scaled"
  billing_mode   = "PROVISIONED"
  read_capacity  = 5
  write_capacity = 5
  hash_key       = "pk"

  attribute {
    name = "pk"
    type = "S"
  }
  lifecycle {
    ignore_changes = [read_capacity, write_capacity]
  }
}

resource "aws_appautoscaling_target" "reads" {
  service_namespace  = "dynamodb"
  resource_id        = "table/${aws_dynamodb_table.scaled.name}"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  min_capacity       = local.later ? 6 : 5
  max_capacity       = 50
  tags = {
    revision = tostring(var.revision)
  }
  suspended_state {
    dynamic_scaling_in_suspended = local.later
  }
}

resource "aws_appautoscaling_policy" "reads" {
  name               = "reads"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.reads.service_namespace
  resource_id        = aws_appautoscaling_target.reads.resource_id
  scalable_dimension = aws_appautoscaling_target.reads.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = local.later ? 60 : 70
    scale_in_cooldown  = 60
    scale_out_cooldown = 30
    predefined_metric_specification {
      predefined_metric_type = "DynamoDBReadCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "nightly" {
  name               = "nightly"
  service_namespace  = aws_appautoscaling_target.reads.service_namespace
  resource_id        = aws_appautoscaling_target.reads.resource_id
  scalable_dimension = aws_appautoscaling_target.reads.scalable_dimension
  schedule           = local.later ? "cron(30 3 ? * MON-FRI *)" : "cron(0 3 * * ? *)"
  timezone           = "Europe/Berlin"
  end_time           = "2199-01-01T00:00:00Z"

  scalable_target_action {
    min_capacity = 5
    max_capacity = local.later ? 40 : 50
  }
}

# Filled from an object, which `run` puts into the server's object store.
resource "aws_dynamodb_table" "imported" {
  name         = "terraform-imported"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  import_table {
    input_format           = "CSV"
    input_compression_type = "NONE"
    input_format_options {
      csv {
        delimiter   = ";"
        header_list = ["pk", "value"]
      }
    }
    s3_bucket_source {
      bucket     = "terraform-import"
      key_prefix = "items"
    }
  }
}

# A table as another one is at the latest restorable time, and an export of it.
resource "aws_dynamodb_table" "recoverable" {
  name         = "terraform-recoverable"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = local.later ? 3 : 7
  }
}

resource "aws_dynamodb_table" "restored" {
  name                   = "terraform-restored"
  billing_mode           = "PAY_PER_REQUEST"
  hash_key               = "pk"
  restore_source_name    = aws_dynamodb_table.recoverable.name
  restore_to_latest_time = true

  attribute {
    name = "pk"
    type = "S"
  }
}

resource "aws_dynamodb_table_export" "full" {
  s3_bucket = "terraform-export"
  s3_prefix = "nightly"
  table_arn = aws_dynamodb_table.recoverable.arn
}

# A global table: the second revision adds a region.
resource "aws_dynamodb_table" "global" {
  name             = "terraform-global"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "pk"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "pk"
    type = "S"
  }

  dynamic "replica" {
    for_each = local.later ? ["eu-west-1", "us-west-2"] : ["eu-west-1"]
    content {
      region_name = replica.value
    }
  }

  tags = {
    revision = var.revision
  }
}
