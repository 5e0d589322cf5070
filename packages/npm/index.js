// Starts a server for tests, with its tables in memory, and stops it.
"use strict";
const { spawn } = require("node:child_process");
const { closeSync, mkdtempSync, openSync, readFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { binary } = require("./binary.js");

// How long a server may take until it serves, in milliseconds. It takes some ten; a machine that swaps takes longer.
const START_MS = 30_000;
// How long it may take to stop, in milliseconds.
const STOP_MS = 30_000;
// How often its start is looked at, in milliseconds.
const LOOK_MS = 5;
// The server may be reset by tests, and ends with the process that started it.
const SERVED_FOR_TESTS = ["--test-state", "--until-stdin-closes"];
// The last characters of the log that an error shows.
const LOG_SHOWN = 4_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The port that the server wrote, or undefined while it has not: the file appears whole.
function portIn(file) {
  try {
    return Number(readFileSync(file, "utf8").trim());
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function start(options = {}) {
  const { port = 0, args = [], env = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), "stator-"));
  const portFile = join(folder, "port");
  const logFile = join(folder, "log");
  const log = openSync(logFile, "w");
  let child;
  try {
    child = spawn(
      binary(),
      ["serve", "--memory", "--listen", `127.0.0.1:${port}`, "--port-file", portFile, ...SERVED_FOR_TESTS, ...args],
      // The pipe ends with this process, however it ends, and the server ends with the pipe.
      { stdio: ["pipe", "ignore", log], env: { ...process.env, ...env } },
    );
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    closeSync(log);
  }
  let failure;
  const ended = new Promise((resolve) => {
    child.once("error", (error) => {
      failure = error.message;
      resolve();
    });
    child.once("exit", (code, signal) => {
      failure ??= `it ended with ${signal ?? `status ${code}`}`;
      resolve();
    });
  });

  const stop = async () => {
    // What waits for the end must not end before it.
    child.ref();
    // Ends a program that runs, and does nothing to one that has ended or never began.
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + START_MS;
  let served;
  while ((served = portIn(portFile)) === undefined) {
    if (failure === undefined && Date.now() > until) failure = `it did not serve within ${START_MS} ms`;
    if (failure !== undefined) {
      const shown = readFileSync(logFile, "utf8").slice(-LOG_SHOWN);
      await stop();
      throw new Error(`stator: the server did not start: ${failure}\n${shown}`);
    }
    await sleep(LOOK_MS);
  }
  // The server does not keep a test runner from ending.
  child.unref();
  child.stdin.unref();
  return server(served, child.pid, stop);
}

// What `start` gives: where the server is, and what a test does with it.
function server(port, pid, stop) {
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    port,
    pid,
    // What SDKs, the AWS CLI and Terraform read. Keys are needed for a signature, and any will do.
    env: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_ENDPOINT_URL_DYNAMODB_STREAMS: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
    },
    // A client's configuration: new DynamoDBClient(server.config).
    config: {
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    reset: () => reset(endpoint),
    stop,
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: stop }),
  };
}

// Deletes all tables, in milliseconds.
async function reset(endpoint) {
  const answer = await fetch(`${endpoint}/admin/reset`, { method: "POST" });
  if (!answer.ok) throw new Error(`stator: the server could not be reset: ${answer.status} ${await answer.text()}`);
}

module.exports = { start, reset, binary };
