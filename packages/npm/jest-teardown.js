// Jest's globalTeardown: stops the server that "stator-db/jest" started.
"use strict";

module.exports = async () => {
  await globalThis.__STATOR__?.stop();
};
