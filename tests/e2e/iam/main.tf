# Users, groups, roles and policies as people declare them. `revision` 2 changes what a second apply must change in place.

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

variable "access_key" {
  type = string
}

variable "secret_key" {
  type      = string
  sensitive = true
}

variable "revision" {
  type    = number
  default = 1
}

locals {
  later = var.revision > 1
}

provider "aws" {
  region                  = "us-east-1"
  access_key              = var.access_key
  secret_key              = var.secret_key
  skip_metadata_api_check = true
  max_retries             = 1
  endpoints {
    dynamodb = var.endpoint
    iam      = var.endpoint
    sts      = var.endpoint
  }
}

data "aws_caller_identity" "me" {}

resource "aws_dynamodb_table" "table" {
  for_each     = toset(["open", "closed"])
  name         = "terraform-iam-${each.key}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}

data "aws_iam_policy_document" "reader" {
  statement {
    sid       = "Read"
    actions   = local.later ? ["dynamodb:GetItem", "dynamodb:Query"] : ["dynamodb:GetItem"]
    resources = [aws_dynamodb_table.table["open"].arn]
  }
}

resource "aws_iam_policy" "reader" {
  name        = "reader"
  path        = "/terraform/"
  description = "Reads the open table"
  policy      = data.aws_iam_policy_document.reader.json
  tags = {
    revision = tostring(var.revision)
  }
}

resource "aws_iam_user" "user" {
  name                 = local.later ? "terraform-renamed" : "terraform-user"
  path                 = "/terraform/"
  permissions_boundary = local.later ? "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess" : null
  force_destroy        = true
  # The provider changes tags under the new name before it gives that: they stay when the name changes.
  tags = {
    Team = "platform"
  }
}

resource "aws_iam_access_key" "user" {
  user   = aws_iam_user.user.name
  status = "Active"
}

resource "aws_iam_user_policy_attachment" "user" {
  user       = aws_iam_user.user.name
  policy_arn = aws_iam_policy.reader.arn
}

resource "aws_iam_user_policy" "own" {
  name = "own-rows"
  user = aws_iam_user.user.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "dynamodb:PutItem"
      Resource = aws_dynamodb_table.table["open"].arn
      Condition = {
        "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["$${aws:username}"] }
      }
    }]
  })
}

resource "aws_iam_user" "member" {
  for_each = toset(["a", "b"])
  name     = "terraform-member-${each.key}"
}

resource "aws_iam_group" "group" {
  name = local.later ? "terraform-others" : "terraform-group"
  path = "/terraform/"
}

resource "aws_iam_group_membership" "group" {
  name  = "membership"
  group = aws_iam_group.group.name
  users = local.later ? [aws_iam_user.member["a"].name] : [for user in aws_iam_user.member : user.name]
}

resource "aws_iam_user_group_membership" "user" {
  user   = aws_iam_user.member["b"].name
  groups = [aws_iam_group.second.name]
}

resource "aws_iam_group" "second" {
  name = "terraform-second"
}

resource "aws_iam_group_policy" "group" {
  name   = "reader"
  group  = aws_iam_group.second.name
  policy = data.aws_iam_policy_document.reader.json
}

resource "aws_iam_group_policy_attachment" "group" {
  group      = aws_iam_group.second.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [data.aws_caller_identity.me.account_id]
    }
    dynamic "condition" {
      for_each = local.later ? ["secret"] : []
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "role" {
  name                 = "terraform-role"
  path                 = "/terraform/"
  description          = "Revision ${var.revision}"
  max_session_duration = local.later ? 7200 : 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags = {
    revision = tostring(var.revision)
  }
}

resource "aws_iam_role_policy" "role" {
  name   = "reader"
  role   = aws_iam_role.role.id
  policy = data.aws_iam_policy_document.reader.json
}

resource "aws_iam_role_policy_attachment" "role" {
  role       = aws_iam_role.role.name
  policy_arn = aws_iam_policy.reader.arn
}

resource "aws_iam_policy" "shared" {
  name   = "shared"
  policy = data.aws_iam_policy_document.reader.json
}

resource "aws_iam_policy_attachment" "shared" {
  name       = "shared"
  policy_arn = aws_iam_policy.shared.arn
  users      = [aws_iam_user.member["a"].name]
  roles      = local.later ? [] : [aws_iam_role.role.name]
  groups     = [aws_iam_group.second.name]
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url             = "https://oidc.terraform.example/id/1"
  client_id_list  = local.later ? ["sts.amazonaws.com", "other"] : ["sts.amazonaws.com"]
  thumbprint_list = [local.later ? "abcdefabcdefabcdefabcdefabcdefabcdefabcd" : "0123456789012345678901234567890123456789"]
  tags = {
    revision = tostring(var.revision)
  }
}

resource "aws_iam_account_alias" "alias" {
  account_alias = "terraform-${var.revision}"
}

data "aws_iam_user" "user" {
  user_name = aws_iam_user.user.name
}

data "aws_iam_role" "role" {
  name = aws_iam_role.role.name
}

data "aws_iam_policy" "aws" {
  arn = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
}

output "user_key" {
  value = aws_iam_access_key.user.id
}

output "user_secret" {
  value     = aws_iam_access_key.user.secret
  sensitive = true
}

output "role_arn" {
  value = data.aws_iam_role.role.arn
}

output "user_arn" {
  value = data.aws_iam_user.user.arn
}
