// The npm package: a server, its reset and its end, with the AWS SDK; Jest's set-up; errors.
"use strict";
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const stator = require("stator-db");
const { CreateTableCommand, DynamoDBClient, ListTablesCommand } = createRequire(join(process.env.SDK, "x.js"))(
  "@aws-sdk/client-dynamodb",
);

const orders = {
  TableName: "orders",
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
};
const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function serverIsResetAndStopped() {
  const server = await stator.start({ args: ["--regions", "eu-west-1"] });
  const client = new DynamoDBClient(server.config);
  await client.send(new CreateTableCommand(orders));
  assert.deepEqual((await client.send(new ListTablesCommand({}))).TableNames, ["orders"]);
  await server.reset();
  assert.deepEqual((await client.send(new ListTablesCommand({}))).TableNames, []);
  client.destroy();
  await server.stop();
  assert(!isAlive(server.pid));
  await server.stop();
}

async function failureHasTheLog() {
  await assert.rejects(stator.start({ args: ["--no-such-flag"] }), /did not start: it ended with status 2[^]*--no-such-flag/);
}

async function jestsSetUpAndTearDown() {
  await require("stator-db/jest")();
  const { endpoint, pid } = globalThis.__STATOR__;
  assert.equal(process.env.AWS_ENDPOINT_URL_DYNAMODB, endpoint);
  const client = new DynamoDBClient({});
  assert.deepEqual((await client.send(new ListTablesCommand({}))).TableNames, []);
  client.destroy();
  await require("stator-db/jest-teardown")();
  assert(!isAlive(pid));
}

// A process that is killed leaves no server behind; one that forgets to stop it ends all the same.
async function serverEndsWithItsProcess() {
  for (const ending of ["process.kill(process.pid, 'SIGKILL')", ""]) {
    const program = `require("stator-db").start().then((server) => { console.log(server.pid); ${ending} })`;
    const ended = spawnSync(process.execPath, ["-e", program], { encoding: "utf8", timeout: 60_000 });
    const pid = Number(ended.stdout);
    assert(pid > 0, ended.stderr);
    for (let looks = 0; isAlive(pid); looks++) {
      assert(looks < 6_000, "the server is still there");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

(async () => {
  for (const test of [serverIsResetAndStopped, failureHasTheLog, jestsSetUpAndTearDown, serverEndsWithItsProcess]) {
    await test();
    console.log(`ok ${test.name}`);
  }
})();
