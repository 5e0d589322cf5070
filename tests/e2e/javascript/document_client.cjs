// The JavaScript SDK, v3, with its document client. Expects the environment of tests/e2e/run.
"use strict";

const assert = require("node:assert/strict");
const dynamodb = require("@aws-sdk/client-dynamodb");
const lib = require("@aws-sdk/lib-dynamodb");

const TableName = `js-${process.pid}`;
const client = new dynamodb.DynamoDBClient({ maxAttempts: 1 });
const documents = lib.DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

async function refused(name, message, command) {
  await assert.rejects(documents.send(command), (error) => {
    assert.equal(error.name, name, error);
    assert.match(error.message, message);
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.equal(error.$metadata.requestId.length, 52);
    return true;
  });
}

async function tables() {
  await client.send(new dynamodb.CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: ["pk", "sk", "kind"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    GlobalSecondaryIndexes: [{
      IndexName: "by-kind",
      KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
      Projection: { ProjectionType: "ALL" },
    }],
  }));
  const waited = await dynamodb.waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName });
  assert.equal(waited.state, "SUCCESS");
}

async function items() {
  const item = {
    pk: "user#1", sk: "profile", kind: "profile", name: "Ada", age: 36, tags: new Set(["a", "b"]),
    address: { city: "London", lines: ["1", null, true, 2.5] }, bytes: new Uint8Array([0, 127, 255]), empty: "",
  };
  await documents.send(new lib.PutCommand({ TableName, Item: item }));
  const got = await documents.send(new lib.GetCommand({ TableName, Key: { pk: "user#1", sk: "profile" }, ConsistentRead: true }));
  assert.deepEqual(got.Item, item);
  const updated = await documents.send(new lib.UpdateCommand({
    TableName, Key: { pk: "user#1", sk: "profile" }, ReturnValues: "ALL_NEW",
    UpdateExpression: "SET #a.city = :c, age = age + :one, history = list_append(if_not_exists(history, :none), :entry) DELETE tags :gone",
    ConditionExpression: "#a.#l[0] = :first AND size(tags) = :two",
    ExpressionAttributeNames: { "#a": "address", "#l": "lines" },
    ExpressionAttributeValues: {
      ":c": "Paris", ":one": 1, ":none": [], ":entry": [{ moved: true }], ":gone": new Set(["a"]), ":first": "1", ":two": 2,
    },
  }));
  assert.equal(updated.Attributes.address.city, "Paris");
  assert.equal(updated.Attributes.age, 37);
  assert.deepEqual(updated.Attributes.history, [{ moved: true }]);
  assert.deepEqual(updated.Attributes.tags, new Set(["b"]));
  await refused("ConditionalCheckFailedException", /The conditional request failed/, new lib.PutCommand({
    TableName, Item: item, ConditionExpression: "attribute_not_exists(pk)",
  }));
  await refused("ValidationException", /The provided key element does not match the schema/, new lib.GetCommand({
    TableName, Key: { pk: "user#1" },
  }));
  await refused("ResourceNotFoundException", /Requested resource not found/, new lib.GetCommand({
    TableName: "nope", Key: { pk: "user#1" },
  }));
}

async function batchesAndPages() {
  const orders = Array.from({ length: 60 }, (_, n) => ({ pk: "user#2", sk: `order#${String(n).padStart(3, "0")}`, kind: "order", n }));
  for (let start = 0; start < orders.length; start += 25) {
    const requests = orders.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
    const written = await documents.send(new lib.BatchWriteCommand({ RequestItems: { [TableName]: requests } }));
    assert.deepEqual(written.UnprocessedItems, {});
  }
  const read = await documents.send(new lib.BatchGetCommand({
    RequestItems: { [TableName]: { Keys: orders.slice(0, 10).map(({ pk, sk }) => ({ pk, sk })) } },
  }));
  assert.equal(read.Responses[TableName].length, 10);

  const query = (more) => ({
    TableName, KeyConditionExpression: "pk = :p AND begins_with(sk, :o)",
    ExpressionAttributeValues: { ":p": "user#2", ":o": "order#" }, ...more,
  });
  const found = [];
  let pages = 0;
  for await (const page of lib.paginateQuery({ client: documents, pageSize: 25 }, query({ ScanIndexForward: false }))) {
    found.push(...page.Items.map((item) => item.n));
    pages += 1;
  }
  assert.deepEqual(found, orders.map((order) => order.n).reverse());
  assert.equal(pages, 3);
  const byKind = await documents.send(new lib.QueryCommand({
    TableName, IndexName: "by-kind", KeyConditionExpression: "kind = :k", FilterExpression: "n BETWEEN :a AND :b",
    ExpressionAttributeValues: { ":k": "order", ":a": 10, ":b": 19 },
  }));
  assert.deepEqual(byKind.Items.map((item) => item.n), [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  assert.equal(byKind.ScannedCount, 60);
  const segments = await Promise.all([0, 1, 2].map((Segment) =>
    documents.send(new lib.ScanCommand({ TableName, Segment, TotalSegments: 3, Select: "COUNT" }))));
  assert.equal(segments.reduce((sum, segment) => sum + segment.Count, 0), 61);
}

async function transactions() {
  const key = (sk) => ({ pk: "user#3", sk });
  const token = `token-${process.pid}`;
  const write = (n) => new lib.TransactWriteCommand({
    ClientRequestToken: token,
    TransactItems: [
      { Put: { TableName, Item: { ...key("a"), n } } },
      { Update: { TableName, Key: key("b"), UpdateExpression: "ADD n :n", ExpressionAttributeValues: { ":n": n } } },
    ],
  });
  await documents.send(write(1));
  await documents.send(write(1));
  await refused("IdempotentParameterMismatchException", /./, write(2));
  const read = await documents.send(new lib.TransactGetCommand({
    TransactItems: ["a", "b", "c"].map((sk) => ({ Get: { TableName, Key: key(sk) } })),
  }));
  assert.deepEqual(read.Responses.map((response) => response.Item?.n), [1, 1, undefined]);

  const cancelled = new lib.TransactWriteCommand({
    TransactItems: [
      { Delete: { TableName, Key: key("b") } },
      { ConditionCheck: { TableName, Key: key("a"), ConditionExpression: "n = :n", ExpressionAttributeValues: { ":n": 99 } } },
    ],
  });
  await assert.rejects(documents.send(cancelled), (error) => {
    assert.equal(error.name, "TransactionCanceledException");
    assert.deepEqual(error.CancellationReasons.map((reason) => reason.Code), ["None", "ConditionalCheckFailed"]);
    return true;
  });
}

async function partiql() {
  const run = (Statement, ...Parameters) => documents.send(new lib.ExecuteStatementCommand({ Statement, Parameters }));
  await run(`INSERT INTO "${TableName}" VALUE {'pk': ?, 'sk': ?, 'doc': ?}`, "user#4", "x", { steps: [1, { two: 2 }] });
  const found = await run(`SELECT doc.steps[1].two FROM "${TableName}" WHERE pk = ? AND sk = ?`, "user#4", "x");
  assert.deepEqual(found.Items, [{ two: 2 }]);
  await refused("DuplicateItemException", /Duplicate primary key exists in table/, new lib.ExecuteStatementCommand({
    Statement: `INSERT INTO "${TableName}" VALUE {'pk': 'user#4', 'sk': 'x'}`,
  }));
}

/** Many requests at once, over the SDK's own pool of kept-alive connections. */
async function manyAtOnce() {
  await Promise.all(Array.from({ length: 200 }, () => documents.send(new lib.UpdateCommand({
    TableName, Key: { pk: "counter", sk: "c" }, UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": 1 },
  }))));
  const got = await documents.send(new lib.GetCommand({ TableName, Key: { pk: "counter", sk: "c" }, ConsistentRead: true }));
  assert.equal(got.Item.n, 200);
}

async function main() {
  await tables();
  try {
    for (const step of [items, batchesAndPages, transactions, partiql, manyAtOnce]) {
      await step();
      console.log(`${step.name} ok`);
    }
  } finally {
    await client.send(new dynamodb.DeleteTableCommand({ TableName }));
  }
  await dynamodb.waitUntilTableNotExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
