#!/usr/bin/env node
// `npx stator …`: runs the program of this platform's package with the same arguments, streams and signals.
"use strict";
const { spawn } = require("node:child_process");
const { binary } = require("../binary.js");

let path;
try {
  path = binary();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const child = spawn(path, process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the program as well, and a second one would stop it at once.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("error", (error) => {
  console.error(`stator: ${path} could not be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  // The handlers above would keep this process: it ends by the same signal as the program.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
