// Makes the guide's pictures of the console, docs/console/*.webp: each page in one theme, a few in both.
//
//   STATOR_ENDPOINT=http://127.0.0.1:8000 NODE_PATH=target/e2e/node_modules node tests/e2e/console/pictures.cjs
//
// The server has the sample table of the overview's page; a while of traffic makes plots worth looking at.

'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const OUT = path.join(__dirname, '../../../docs/console');
const BYTES_MAX = 60 * 1024;
const KEY = encodeURIComponent('{"Artist":{"S":"Nina Simone"},"Song":{"S":"Sinnerman"}}');
const QUERY = `m=query&i=ByGenre&h=${encodeURIComponent('["Jazz"]')}&r=${encodeURIComponent('[{"op":"between","value":"1950","to":"1966"}]')}`;
const BOTH = ['light', 'dark'];
const PICTURES = [
  ['overview', '#/', BOTH], ['tables', '#/tables', BOTH], ['create-table', '#/tables?create=1', BOTH], ['items', `#/tables/Music/items?${QUERY}`, BOTH], ['item', `#/tables/Music/item?key=${KEY}`, BOTH], ['partiql', `#/partiql?q=${encodeURIComponent(`SELECT Song, "Year", Plays FROM "Music"\nWHERE Artist = 'Nina Simone' AND begins_with(Song, 'F')`)}`, BOTH],
  ['indexes', '#/tables/Music/indexes', BOTH], ['stream', '#/tables/Music/stream', BOTH], ['backups', '#/tables/Music/backups', BOTH], ['metrics', '#/metrics?table=Music', BOTH], ['deliveries', '#/tables/Music/deliveries', BOTH], ['permissions', '#/tables/Music/permissions', BOTH], ['settings-of-a-table', '#/tables/Music/settings', BOTH],
  ['alarms', '#/alarms', BOTH], ['insights', '#/insights?table=Music', BOTH], ['transfers', '#/transfers', BOTH], ['triggers', '#/triggers', BOTH], ['activity', '#/activity', BOTH], ['settings', '#/settings', BOTH],
];

/** The browser itself writes WebP. */
async function webp(page, png) {
  for (const quality of [0.86, 0.75, 0.6, 0.45]) {
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

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  fs.mkdirSync(OUT, { recursive: true });
  const blank = await (await browser.newContext()).newPage();
  for (const colorScheme of BOTH) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme, timezoneId: 'UTC' });
    const page = await context.newPage();
    await page.goto(`${process.env.STATOR_ENDPOINT}/console/`);
    await page.evaluate(() => localStorage.setItem('stator.settings', JSON.stringify({ hideOpen: true })));
    await page.reload();
    for (const [name, hash] of PICTURES) {
      await page.evaluate((next) => { location.hash = next; }, hash);
      await page.waitForTimeout(1500);
      if (name === 'partiql') { await page.getByRole('button', { name: 'Run' }).click(); await page.waitForTimeout(800); await page.mouse.move(5, 795); }
      const bytes = await webp(blank, await page.screenshot());
      fs.writeFileSync(path.join(OUT, `${name}${colorScheme === 'dark' ? '-dark' : ''}.webp`), bytes);
    }
    await context.close();
  }
  await browser.close();
}

main();
