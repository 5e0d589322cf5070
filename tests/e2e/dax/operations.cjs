// The ten operations of DAX with the client for JavaScript, by version 2's interface or version 3's.
const assert = require("node:assert");
const [, , version, url, table] = process.argv;
const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY };
let dax;
if (version === "2") {
  const AmazonDaxClient = require("amazon-dax-client");
  const AWS = require("aws-sdk");
  const client = new AmazonDaxClient({ endpoints: [url], region: "us-east-1", credentials: new AWS.Credentials(credentials) });
  dax = new Proxy(client, { get: (it, name) => name === "shutdown" ? () => it.shutdown() : (p) => it[name](p).promise() });
} else {
  const { Dax } = require("@amazon-dax-sdk/client-dax");
  dax = new Dax({ endpoint: url, region: "us-east-1", credentials });
}
const alive = setInterval(() => {}, 1000);
const key = (sk) => ({ pk: { S: "js" + version }, sk: { N: String(sk) } });
async function refused(name, promise) {
  try { await promise; } catch (error) { assert.ok([error.code, error.name].includes(name), String(error.code) + error.name + error.message); return error; }
  assert.fail("not refused");
}
(async () => {
  const full = { ...key(1), s: { S: "text" }, n: { N: "1.5" }, d: { N: "1.50" }, big: { N: "12345678901234567890123456789012345678" }, t: { BOOL: true }, nul: { NULL: true },
    b: { B: Buffer.from([0, 255]) }, ss: { SS: ["a", "b"] }, ns: { NS: ["1", "2.5"] }, g: { S: "g1" }, l: { L: [{ S: "x" }, { N: "2" }, { M: { k: { S: "v" } } }] } };
  await dax.putItem({ TableName: table, Item: full, ReturnConsumedCapacity: "TOTAL" });
  const got = (await dax.getItem({ TableName: table, Key: key(1) })).Item;
  assert.deepStrictEqual(Object.keys(got).sort(), Object.keys(full).sort());
  assert.strictEqual(got.n.N, "1.5"); assert.strictEqual(got.s.S, "text");
  const part = (await dax.getItem({ TableName: table, Key: key(1), ProjectionExpression: "s, l[2].k, #n", ExpressionAttributeNames: { "#n": "n" } })).Item;
  assert.deepStrictEqual(Object.keys(part).sort(), ["l", "n", "s"]);
  assert.strictEqual((await dax.getItem({ TableName: table, Key: key(99) })).Item, undefined);
  let up = await dax.updateItem({ TableName: table, Key: key(1), UpdateExpression: "SET n = n + :o, x = :o REMOVE b", ConditionExpression: "attribute_exists(pk) AND n < :m",
    ExpressionAttributeValues: { ":o": { N: "1" }, ":m": { N: "100.25" } }, ReturnValues: "UPDATED_NEW" });
  assert.strictEqual(up.Attributes.n.N, "2.5");
  up = await dax.updateItem({ TableName: table, Key: key(1), UpdateExpression: "SET n = :o", ExpressionAttributeValues: { ":o": { N: "7" } }, ReturnValues: "ALL_NEW" });
  assert.strictEqual(up.Attributes.n.N, "7"); assert.ok(up.Attributes.pk);
  await refused("ConditionalCheckFailedException", dax.putItem({ TableName: table, Item: key(1), ConditionExpression: "attribute_not_exists(pk)" }));
  await refused("ResourceNotFoundException", dax.getItem({ TableName: "NoSuchTable", Key: key(1) }));
  const written = await dax.batchWriteItem({ RequestItems: { [table]: [2, 3].map((v) => ({ PutRequest: { Item: { ...key(v), v: { N: String(v) }, g: { S: "j" + version } } } })).concat([{ DeleteRequest: { Key: key(98) } }]) } });
  assert.deepStrictEqual(written.UnprocessedItems, {});
  const gets = await dax.batchGetItem({ RequestItems: { [table]: { Keys: [key(2), key(3), key(77)] } } });
  assert.strictEqual(gets.Responses[table].length, 2);
  const gets2 = await dax.batchGetItem({ RequestItems: { [table]: { Keys: [key(2), key(3)], ProjectionExpression: "v" } } });
  assert.deepStrictEqual(gets2.Responses[table].map((i) => i.v.N).sort(), ["2", "3"]);
  let page = await dax.query({ TableName: table, KeyConditionExpression: "pk = :p AND sk > :s", ExpressionAttributeValues: { ":p": key(1).pk, ":s": { N: "0" } }, Limit: 2, ReturnConsumedCapacity: "TOTAL" });
  assert.strictEqual(page.Count, 2); assert.ok(page.LastEvaluatedKey);
  page = await dax.query({ TableName: table, KeyConditionExpression: "pk = :p", ProjectionExpression: "v", ExpressionAttributeValues: { ":p": key(1).pk }, ExclusiveStartKey: page.LastEvaluatedKey });
  assert.deepStrictEqual(page.Items, [{ v: { N: "3" } }]);
  page = await dax.query({ TableName: table, IndexName: "index", KeyConditionExpression: "g = :g", ExpressionAttributeValues: { ":g": { S: "j" + version } }, Limit: 1 });
  assert.strictEqual(Object.keys(page.LastEvaluatedKey).length, 3);
  page = await dax.query({ TableName: table, IndexName: "index", KeyConditionExpression: "g = :g", ExpressionAttributeValues: { ":g": { S: "j" + version } }, ExclusiveStartKey: page.LastEvaluatedKey });
  assert.strictEqual(page.Count, 1);
  const scan = await dax.scan({ TableName: table, FilterExpression: "attribute_exists(v) AND pk = :p", ExpressionAttributeValues: { ":p": key(1).pk } });
  assert.strictEqual(scan.Count, 2);
  await dax.transactWriteItems({ TransactItems: [
    { Put: { TableName: table, Item: { ...key(5), v: { N: "5" } } } },
    { Update: { TableName: table, Key: key(2), UpdateExpression: "SET v = :v", ExpressionAttributeValues: { ":v": { N: "22" } } } },
    { ConditionCheck: { TableName: table, Key: key(3), ConditionExpression: "attribute_exists(pk)" } },
    { Delete: { TableName: table, Key: key(97) } }], ReturnConsumedCapacity: "TOTAL" });
  const tget = await dax.transactGetItems({ TransactItems: [{ Get: { TableName: table, Key: key(5) } }, { Get: { TableName: table, Key: key(96) } }, { Get: { TableName: table, Key: key(2), ProjectionExpression: "v" } }], ReturnConsumedCapacity: "TOTAL" });
  assert.strictEqual(tget.Responses[0].Item.v.N, "5"); assert.deepStrictEqual(tget.Responses[2].Item, { v: { N: "22" } });
  const error = await refused("TransactionCanceledException", dax.transactWriteItems({ TransactItems: [
    { Put: { TableName: table, Item: key(6) } },
    { ConditionCheck: { TableName: table, Key: key(3), ConditionExpression: "v = :v", ExpressionAttributeValues: { ":v": { N: "4" } }, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } }] }));
  const reasons = error.cancellationReasons || error.CancellationReasons;
  assert.strictEqual(reasons[1].Code, "ConditionalCheckFailed"); assert.strictEqual(reasons[1].Item.v.N, "3");
  const old = await dax.deleteItem({ TableName: table, Key: key(3), ReturnValues: "ALL_OLD" });
  assert.strictEqual(old.Attributes.v.N, "3");
  console.log("ok");
  clearInterval(alive); dax.shutdown && dax.shutdown(); process.exit(0);
})().catch((error) => { console.error(error); process.exit(1); });
