// Vitest's globalSetup: test: { globalSetup: "stator-db/vitest" }.
// Tests find the server by the environment, which Vitest hands on to its workers.
import stator from "./index.js";

let server;

export async function setup() {
  server = await stator.start();
  Object.assign(process.env, server.env);
}

export async function teardown() {
  await server?.stop();
}
