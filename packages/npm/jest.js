// Jest's globalSetup: "globalSetup": "stator-db/jest", "globalTeardown": "stator-db/jest-teardown".
// Tests find the server by the environment, which Jest hands on to its workers.
"use strict";
const { start } = require("./index.js");

module.exports = async () => {
  const server = await start();
  Object.assign(process.env, server.env);
  globalThis.__STATOR__ = server;
};
