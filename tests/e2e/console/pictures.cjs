// Makes the guide's pictures of the console, docs/console/*.webp: each page in both themes.
//
//   STATOR_ENDPOINT=http://127.0.0.1:8000 NODE_PATH=target/e2e/node_modules node tests/e2e/console/pictures.cjs
//
// With IDENTITY_ENDPOINT, ACCESS_KEY_ID and SECRET_ACCESS_KEY, pages of a server with --auth, too.
//
// The server has the sample table of the overview's page; a while of traffic makes plots worth looking at.

'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');
const { fromDisk } = require('./harness.cjs');

const OUT = path.join(__dirname, '../../../docs/console');
const BYTES_MAX = 60 * 1024;
const KEY = encodeURIComponent('{"Artist":{"S":"Nina Simone"},"Song":{"S":"Sinnerman"}}');
const QUERY = `m=query&i=ByGenre&h=${encodeURIComponent('["Jazz"]')}&r=${encodeURIComponent('[{"op":"between","value":"1950","to":"1966"}]')}`;
const BOTH = ['light', 'dark'];
const PICTURES = [
  ['overview', '#/'], ['tables', '#/tables'], ['create-table', '#/tables?create=1'], ['items', `#/tables/Music/items?${QUERY}`], ['item', `#/tables/Music/item?key=${KEY}`], ['partiql', `#/partiql?q=${encodeURIComponent(`SELECT Song, "Year", Plays FROM "Music"\nWHERE Artist = 'Nina Simone' AND begins_with(Song, 'F')`)}`],
  ['indexes', '#/tables/Music/indexes'], ['stream', '#/tables/Music/stream'], ['backups', '#/tables/Music/backups'], ['metrics', '#/metrics?table=Music'], ['deliveries', '#/tables/Music/deliveries'], ['permissions', '#/tables/Music/permissions'], ['settings-of-a-table', '#/tables/Music/settings'],
  ['alarms', '#/alarms'], ['insights', '#/insights?table=Music'], ['transfers', '#/transfers'], ['triggers', '#/triggers'], ['activity', '#/activity'], ['settings', '#/settings'],
];

/** The browser itself writes WebP. */
async function webp(page, png) {
  for (const quality of [0.72, 0.6, 0.45]) {
    const url = await page.evaluate(async ([data, quality]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
      canvas.getContext('2d').drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', quality);
    }, [png.toString('base64'), quality]);
    const bytes = Buffer.from(url.split(',')[1], 'base64');
    if (bytes.length <= BYTES_MAX) return bytes;
  }
  throw new Error('the picture is too large');
}

async function picture(blank, page, name, colorScheme) {
  const bytes = await webp(blank, await page.screenshot());
  fs.writeFileSync(path.join(OUT, `${name}${colorScheme === 'dark' ? '-dark' : ''}.webp`), bytes);
}

async function identity(blank, page, colorScheme) {
  await page.goto(`${process.env.IDENTITY_ENDPOINT}/console/#/identity`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await picture(blank, page, 'sign-in', colorScheme);
  await page.getByLabel('Access key ID').fill(process.env.ACCESS_KEY_ID);
  await page.getByLabel('Secret access key').fill(process.env.SECRET_ACCESS_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.name-cell a').first().waitFor();
  await picture(blank, page, 'users', colorScheme);
  await page.locator('.name-cell a').first().click();
  await page.waitForTimeout(1500);
  await picture(blank, page, 'user', colorScheme);
  await page.evaluate(() => { location.hash = '#/identity/simulator'; });
  await page.getByRole('radio', { name: 'A policy document' }).check();
  await page.getByRole('button', { name: 'Simulate' }).click();
  await page.getByRole('region', { name: 'Decisions' }).waitFor();
  await picture(blank, page, 'simulator', colorScheme);
}

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  fs.mkdirSync(OUT, { recursive: true });
  const blank = await (await browser.newContext()).newPage();
  for (const colorScheme of BOTH) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme, timezoneId: 'UTC' });
    const page = await context.newPage();
    if (process.env.CONSOLE_FILES) await context.route('**/console/assets-*/**', (route) => fromDisk(route));
    await page.goto(`${process.env.STATOR_ENDPOINT}/console/`);
    await page.evaluate(() => localStorage.setItem('stator.settings', JSON.stringify({ hideOpen: true })));
    await page.reload();
    for (const [name, hash] of PICTURES) {
      await page.evaluate((next) => { location.hash = next; }, hash);
      await page.waitForTimeout(1500);
      if (name === 'partiql') { await page.getByRole('button', { name: 'Run' }).click(); await page.waitForTimeout(800); await page.mouse.move(5, 795); }
      await picture(blank, page, name, colorScheme);
    }
    if (process.env.IDENTITY_ENDPOINT) await identity(blank, page, colorScheme);
    await context.close();
  }
  await browser.close();
}

main();
