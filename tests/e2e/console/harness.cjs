// A real Chromium on the console of a real server. What a page may never do is watched in each test: errors in its console, breaches of the
// content security policy, requests to other origins.

'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PATIENCE_MS = 15000;

/** Development: files of this folder in place of those that are compiled in. */
const FILES = process.env.CONSOLE_FILES;
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

function fromDisk(route) {
  const name = new URL(route.request().url()).pathname.replace(/^\/console\/assets-[^/]+\//, '');
  return route.fulfill({ contentType: TYPES[path.extname(name)], body: fs.readFileSync(path.join(FILES, name)) });
}

const tests = [];
const test = (name, run) => tests.push({ name, run });

class Console {
  constructor(browser, endpoint) {
    Object.assign(this, { browser, endpoint, problems: [] });
  }

  /** A context of its own: `bypassCSP` for axe, which is injected. */
  async open(hash = '#/', options = {}) {
    this.context = await this.browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
    this.context.setDefaultTimeout(PATIENCE_MS);
    this.page = await this.context.newPage();
    this.page.on('console', (message) => {
      // Chromium reports each answer of 400 and more, which refusals of an API are.
      const isAnswer = /Failed to load resource: .* (4\d\d|50[03]) /.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !isAnswer) this.problems.push(message.text());
    });
    this.page.on('pageerror', (error) => this.problems.push(error.stack));
    this.page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(this.endpoint) && !/^(data|blob):/.test(url)) this.problems.push(`a foreign request: ${url}`);
    });
    if (FILES) await this.context.route('**/console/assets-*/**', (route) => fromDisk(route));
    await this.page.goto(`${this.endpoint}/console/${hash}`);
    return this.page;
  }

  async at(hash) {
    await this.page.evaluate((next) => { location.hash = next; }, hash);
  }

  async close() {
    await this.context.close();
    assert.deepEqual(this.problems, []);
  }

  async accessible(what) {
    // The state of loading is not looked at: it ends.
    await this.page.locator('.skeleton').first().waitFor({ state: 'detached', timeout: 3000 }).catch(() => {});
    await this.page.evaluate(`${AXE};0`);
    const { violations } = await this.page.evaluate((rules) => axe.run(document, { runOnly: rules }), RULES);
    const shown = violations.map((found) => `${what}: ${found.id}: ${found.nodes.map((node) => node.html.slice(0, 200)).join(' ')}`);
    assert.deepEqual(shown, []);
  }
}

async function run() {
  const only = process.env.CONSOLE_ONLY;
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: FLAGS });
  let failed = 0;
  for (const { name, run: body } of tests) {
    if (only && !name.includes(only)) continue;
    const started = Date.now(), console_ = [];
    const open = (endpoint) => { const one = new Console(browser, endpoint); console_.push(one); return one; };
    try {
      await body(open);
      console.log(`ok ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      failed++;
      console.error(`FAILED ${name}: ${error.stack}`);
      for (const one of console_) {
        if (one.problems.length) console.error(one.problems);
        const picture = `${process.env.E2E_WORK || '/tmp'}/console-failure-${failed}.png`;
        await one.page?.screenshot({ path: picture }).then(() => console.error(`picture: ${picture}`)).catch(() => {});
      }
    }
    for (const one of console_) await one.context?.close().catch(() => {});
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
}

module.exports = { assert, fromDisk, run, test };
