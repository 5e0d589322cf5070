// Vitest's set-up starts a server, which its tear-down stops.
import assert from "node:assert";
import { setup, teardown } from "stator-db/vitest";

await setup();
const answer = await fetch(process.env.AWS_ENDPOINT_URL_DYNAMODB);
assert.equal(answer.status, 200);
await teardown();
await assert.rejects(fetch(process.env.AWS_ENDPOINT_URL_DYNAMODB));
console.log("ok vitest");
