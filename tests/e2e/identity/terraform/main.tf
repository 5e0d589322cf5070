# Identities as people declare them. `revision` 2 changes what a second apply must change in place.

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

# As for AWS itself: the account is asked for, and the credentials are checked.
provider "aws" {
  region                  = "us-east-1"
  skip_metadata_api_check = true
  max_retries             = 1
  endpoints {
    dynamodb = var.endpoint
    iam      = var.endpoint
    sts      = var.endpoint
  }
}

data "aws_caller_identity" "me" {}

resource "aws_dynamodb_table" "orders" {
  name         = "terraform-orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  attribute {
    name = "pk"
    type = "S"
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    actions   = local.later ? ["dynamodb:GetItem", "dynamodb:Query"] : ["dynamodb:GetItem"]
    resources = [aws_dynamodb_table.orders.arn]
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_user.app.arn]
    }
  }
}

resource "aws_iam_policy" "read" {
  name        = "terraform-read"
  path        = "/shop/"
  description = "Reads orders"
  policy      = data.aws_iam_policy_document.read.json
  tags        = { team = "shop" }
}

resource "aws_iam_user" "app" {
  name                 = "terraform-app"
  path                 = "/shop/"
  permissions_boundary = local.later ? aws_iam_policy.read.arn : null
  tags                 = local.later ? { team = "shop", later = "yes" } : { team = "shop" }
}

resource "aws_iam_access_key" "app" {
  user   = aws_iam_user.app.name
  status = local.later ? "Inactive" : "Active"
}

resource "aws_iam_user_policy" "own" {
  name   = "own"
  user   = aws_iam_user.app.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_group" "readers" {
  name = "terraform-readers"
}

resource "aws_iam_group_policy_attachment" "readers" {
  group      = aws_iam_group.readers.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_user_group_membership" "app" {
  user   = aws_iam_user.app.name
  groups = [aws_iam_group.readers.name]
}

resource "aws_iam_role" "worker" {
  name                 = "terraform-worker"
  description          = local.later ? "Works later" : "Works"
  max_session_duration = local.later ? 7200 : 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = { team = "shop" }
}

resource "aws_iam_role_policy" "own" {
  name   = "own"
  role   = aws_iam_role.worker.id
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = local.later ? aws_iam_policy.read.arn : "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url             = "https://oidc.cluster.example/id/1"
  client_id_list  = local.later ? ["sts.amazonaws.com", "more"] : ["sts.amazonaws.com"]
  thumbprint_list = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
}

output "account" {
  value = data.aws_caller_identity.me.account_id
}

output "key" {
  value = aws_iam_access_key.app.id
}

output "secret" {
  value     = aws_iam_access_key.app.secret
  sensitive = true
}
