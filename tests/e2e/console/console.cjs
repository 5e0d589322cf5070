// What people do in the console, with a browser, on the servers of tests/e2e/run. What is in the tables is compared by the SDK.

'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { BatchWriteItemCommand, DynamoDBClient, CreateTableCommand, GetItemCommand, ListTablesCommand, PutItemCommand, UpdateItemCommand, waitUntilTableExists } = require('@aws-sdk/client-dynamodb');
const { assert, run, test } = require('./harness.cjs');

const OPEN = process.env.STATOR_ENDPOINT, SIGNED = process.env.SIGNED_ENDPOINT, IDENTITY = process.env.IDENTITY_ENDPOINT;
const clientOf = (endpoint, credentials = { accessKeyId: 'any', secretAccessKey: 'any' }) => new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
const open = clientOf(OPEN);
const stamp = Date.now().toString(36);
const ODD = `"'<img src=x onerror=alert(1)>`;

async function makeTable(TableName, more = {}) {
  await open.send(new CreateTableCommand({ TableName, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], ...more }));
  await waitUntilTableExists({ client: open, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName });
}

const put = (TableName, Item) => open.send(new PutItemCommand({ TableName, Item }));
const get = async (TableName, id) => (await open.send(new GetItemCommand({ TableName, Key: { id: { S: id } }, ConsistentRead: true }))).Item;
const field = (page, name) => page.getByLabel(name, { exact: true });
const choose = (page, name) => page.getByRole('radio', { name, exact: true }).check();
const button = (page, name) => page.getByRole('button', { name, exact: true });

test('signing: published vectors of SHA-256, HMAC and Signature Version 4', async (consoles) => {
  const one = consoles(OPEN), page = await one.open();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const found = await page.evaluate(async () => {
    const base = document.querySelector('script[type=module]').src.replace(/main\.js$/, '');
    const { hex, hmac, sha256, utf8 } = await import(`${base}sha256.js`), { signed } = await import(`${base}sign.js`);
    const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
    const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
    const vanilla = signed({ method: 'GET', path: '/', headers: {}, body: '', host: 'example.amazonaws.com', service: 'service', region: 'us-east-1', keys, now: Date.UTC(2015, 7, 30, 12, 36) });
    return {
      empty: hex(sha256(utf8(''))), abc: hex(sha256(utf8('abc'))), two: hex(sha256(utf8('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'))), million: hex(sha256(utf8('a'.repeat(1000000)))),
      rfc1: hex(hmac(bytes('0b'.repeat(20)), utf8('Hi There'))), rfc2: hex(hmac(utf8('Jefe'), utf8('what do ya want for nothing?'))), rfc6: hex(hmac(bytes('aa'.repeat(131)), utf8('Test Using Larger Than Block-Size Key - Hash Key First'))),
      vanilla: vanilla.authorization.split('Signature=')[1],
      lengths: await (async () => { for (let n = 0; n < 200; n++) { const data = utf8('x'.repeat(n)); if (hex(sha256(data)) !== hex(new Uint8Array(await crypto.subtle.digest('SHA-256', data)))) return n; } return 'all'; })(),
    };
  });
  assert.deepEqual(found, {
    empty: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', abc: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', two: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1', million: 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
    rfc1: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7', rfc2: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', rfc6: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    vanilla: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31', lengths: 'all',
  });
  await one.close();
});

test('a table with indexes is created, and an item of all types is unchanged after edits', async (consoles) => {
  const one = consoles(OPEN), page = await one.open('#/tables?create=1'), name = `Types-${stamp}`;
  await page.getByText('This server checks no callers.').waitFor();
  await field(page, 'Table name').fill(name);
  await page.getByRole('textbox', { name: 'Partition key' }).fill('id');
  await page.getByRole('textbox', { name: /^Sort key/ }).first().fill('at');
  await page.getByLabel('Type of the sort key').selectOption('N');
  await button(page, 'Global index').click();
  const global = page.getByRole('group', { name: 'Global index' });
  await global.getByLabel('Index name').fill('by-kind');
  await global.getByLabel('Partition key 1', { exact: true }).fill('kind');
  await button(page, 'Local index').click();
  const local = page.getByRole('group', { name: 'Local index' });
  await local.getByLabel('Index name').fill('by-rank');
  await local.getByLabel('Sort key 1', { exact: true }).fill('rank');
  await button(page, 'Create table').click();
  await page.getByText('ACTIVE').first().waitFor();
  const item = { id: { S: 'a' }, at: { N: '9007199254740993' }, s: { S: ODD }, n: { N: '0.12345678901234567890123456789012345678' }, b: { B: 'AAEC/w==' }, t: { BOOL: true }, nil: { NULL: true }, m: { M: { deep: { L: [{ N: '1' }, { M: {} }] } } }, l: { L: [] }, ss: { SS: ['x', 'y'] }, ns: { NS: ['1', '2.5'] }, bs: { BS: ['AA==', '/w=='] } };
  await one.at(`#/tables/${name}/new`);
  await choose(page, 'DynamoDB JSON');
  await field(page, 'The item in DynamoDB JSON').fill(JSON.stringify(item));
  await choose(page, 'Form');
  await button(page, 'Create item').click();
  await button(page, 'Create').click();
  await page.getByRole('heading', { name: 'Edit item' }).waitFor();
  await page.reload();
  await field(page, 'Value of s').waitFor();
  assert.equal(await field(page, 'Value of n').inputValue(), item.n.N);
  await field(page, 'Value of nil').waitFor({ state: 'detached' });
  await field(page, 'Value of t').selectOption('false');
  await button(page, 'Review and save').click();
  await button(page, 'Save').click();
  await page.getByText('The item is saved').waitFor();
  await choose(page, 'Plain JSON');
  const plain = field(page, 'The item in plain JSON');
  const text = await plain.inputValue();
  assert.match(text, /"at": 9007199254740993/);
  await plain.fill(text.replace(/"rank".*\n/, '').replace('"t": false', '"t": true'));
  await button(page, 'Review and save').click();
  await button(page, 'Save').click();
  await page.getByText('The item is saved').last().waitFor();
  const stored = (await open.send(new GetItemCommand({ TableName: name, Key: { id: { S: 'a' }, at: { N: '9007199254740993' } }, ConsistentRead: true }))).Item;
  const shown = JSON.parse(JSON.stringify(stored, (_, value) => (value?.type === 'Buffer' ? Buffer.from(value).toString('base64') : ArrayBuffer.isView(value) ? Buffer.from(value).toString('base64') : value)));
  const binary = (value) => Buffer.from(value).toString('base64');
  assert.deepEqual({ ...shown, b: { B: binary(stored.b.B) }, bs: { BS: stored.bs.BS.map(binary).sort() }, ss: { SS: [...stored.ss.SS].sort() }, ns: { NS: [...stored.ns.NS].sort() } }, { ...item, bs: { BS: [...item.bs.BS].sort() } });
  await one.close();
});

test('a query of an index: operators, filters, pages, and the command that does the same', async (consoles) => {
  const name = `Pages-${stamp}`;
  await makeTable(name, { AttributeDefinitions: [['id', 'S'], ['g', 'S'], ['n', 'N'], ['w', 'S']].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })), GlobalSecondaryIndexes: [['by-n', 'n'], ['by-w', 'w']].map(([IndexName, range]) => ({ IndexName, KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }, { AttributeName: range, KeyType: 'RANGE' }], Projection: { ProjectionType: 'ALL' } })) });
  const items = Array.from({ length: 1000 }, (_, i) => ({ id: { S: `i${i}` }, g: { S: 'all' }, n: { N: String(i) }, w: { S: `${i % 2 ? 'odd' : 'even'}-${i}` }, tag: { S: i % 10 ? 'no' : 'yes' } }));
  for (let at = 0; at < items.length; at += 25) await open.send(new BatchWriteItemCommand({ RequestItems: { [name]: items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } })) } }));
  const one = consoles(OPEN), page = await one.open(`#/tables/${name}/items`);
  await page.getByText('100 returned of 100 read').waitFor();
  await choose(page, 'Query');
  await field(page, 'Table or index').selectOption('by-n');
  await field(page, 'Value of g').fill('all');
  await field(page, 'Operator for n').selectOption('between');
  await field(page, 'Value of n').fill('100');
  await field(page, 'Upper value of n').fill('899');
  await button(page, 'Filter').click();
  await field(page, 'Attribute').fill('tag');
  await field(page, 'Value').fill('yes');
  await button(page, 'Run').click();
  await page.getByText(/10 returned of 100 read/).waitFor();
  await button(page, 'Next page').click();
  await page.getByText(/20 returned of 200 read/).waitFor();
  await button(page, 'Export and more').click();
  await button(page, 'Read all pages').click();
  await page.getByText(/80 returned of 800 read/).waitFor();
  await button(page, 'Code').click();
  const command = await page.locator('dialog pre').textContent();
  const answer = JSON.parse(execFileSync('bash', ['-c', command], { encoding: 'utf8' }));
  assert.equal(answer.Items.length, 80);
  await page.keyboard.press('Escape');
  // The address is the query: it is there after a reload, and Back leads to the one before.
  await page.reload();
  await page.getByText(/10 returned of 100 read/).waitFor();
  await field(page, 'Table or index').selectOption('by-w');
  await field(page, 'Value of g').fill('all');
  await field(page, 'Operator for w').selectOption('begins_with');
  await field(page, 'Value of w').fill('odd-99');
  await button(page, 'Remove the filter').click();
  await page.keyboard.press('Escape');
  await field(page, 'Value of w').press('Control+Enter');
  await page.getByText(/6 returned of 6 read/).waitFor();
  await page.goBack();
  await page.getByText(/10 returned of 100 read/).waitFor();
  await one.close();
});

test('a change behind the editor is a conflict, which shows both versions', async (consoles) => {
  const name = `Conflict-${stamp}`;
  await makeTable(name);
  await put(name, { id: { S: 'a' }, v: { N: '1' } });
  const one = consoles(OPEN), page = await one.open(`#/tables/${name}/item?key=${encodeURIComponent('{"id":{"S":"a"}}')}`);
  await field(page, 'Value of v').fill('2');
  await open.send(new UpdateItemCommand({ TableName: name, Key: { id: { S: 'a' } }, UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': { N: '7' } } }));
  await button(page, 'Review and save').click();
  await button(page, 'Save').click();
  await page.getByRole('heading', { name: 'The item has changed' }).waitFor();
  await page.locator('dialog').getByText('"N": "7"').waitFor();
  assert.equal((await get(name, 'a')).v.N, '7');
  await button(page, 'Overwrite with mine').click();
  await page.getByText('The item is saved').waitFor();
  assert.equal((await get(name, 'a')).v.N, '2');
  await one.close();
});

test('PartiQL: results, refusals in the words of the API, transactions, history', async (consoles) => {
  const name = `Statements-${stamp}`;
  await makeTable(name);
  await put(name, { id: { S: 'a' } });
  const one = consoles(OPEN), page = await one.open('#/partiql');
  const write = async (text) => { await field(page, 'Statements').fill(text); await button(page, 'Run').click(); };
  await write(`SELECT * FROM "${name}" WHERE id = 'a'`);
  await page.getByText('A read by key').waitFor();
  await page.getByText(/1 items/).waitFor();
  await write(`INSERT INTO "${name}" VALUE {'id': 'a'}`);
  await page.getByText('Duplicate primary key exists in table').waitFor();
  await choose(page, 'Transaction');
  await write(`INSERT INTO "${name}" VALUE {'id': 'b'}; INSERT INTO "${name}" VALUE {'id': ?}`);
  await field(page, 'Value of parameter 1').fill('c');
  await button(page, 'Run').click();
  await page.getByText('Done').last().waitFor();
  assert.ok(await get(name, 'c'));
  await page.reload();
  await page.getByRole('button', { name: `SELECT * FROM "${name}" WHERE id = 'a'` }).waitFor();
  await one.close();
});

test('a stream is followed; time to live, tags and deletion protection', async (consoles) => {
  const name = `Stream-${stamp}`;
  await makeTable(name);
  const one = consoles(OPEN), page = await one.open(`#/tables/${name}/stream`);
  await button(page, 'Turn it on').click();
  await page.getByText('No record yet').waitFor();
  await put(name, { id: { S: 'a' }, v: { N: '1' } });
  await put(name, { id: { S: 'a' }, v: { N: '2' } });
  await open.send(new (require('@aws-sdk/client-dynamodb').DeleteItemCommand)({ TableName: name, Key: { id: { S: 'a' } } }));
  const events = page.getByRole('region', { name: 'Records of the stream' }).locator('.badge');
  await events.nth(2).waitFor();
  assert.deepEqual(await events.allTextContents(), ['REMOVE', 'MODIFY', 'INSERT']);
  await one.at(`#/tables/${name}/settings`);
  await field(page, 'Attribute').fill('expires');
  await button(page, 'Turn on').click();
  await page.getByText('Time to live is on').waitFor();
  await page.getByText('expires').waitFor();
  await field(page, 'Key').fill('team');
  await page.getByLabel('Value', { exact: true }).fill('shop');
  await button(page, 'Add').first().click();
  await page.getByRole('rowheader', { name: 'team' }).waitFor();
  await field(page, 'The table cannot be deleted').click();
  await page.getByText('The table cannot be deleted now').waitFor();
  await button(page, 'Actions').click();
  await button(page, 'Delete table…').click();
  await page.locator('dialog input').fill(name);
  await button(page, 'Delete').click();
  await page.locator('dialog').getByText(/deletion protection/i).waitFor();
  await page.keyboard.press('Escape');
  await one.close();
});

/** Text in fields, storage, addresses and the document. */
const everything = (page) => page.evaluate(() => [location.href, JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.documentElement.outerHTML, ...[...document.querySelectorAll('input')].map((input) => input.value)].join('\n'));

test('an alarm that is edited keeps what the form does not show', async (consoles) => {
  const aws = (...command) => execFileSync('aws', ['cloudwatch', ...command, '--output', 'json'], { encoding: 'utf8' });
  const name = `Alarmed-${stamp}`, topic = 'arn:aws:sns:us-east-1:000000000000:pager';
  await makeTable(name);
  aws('put-metric-alarm', '--alarm-name', name, '--alarm-description', 'Wakes the team', '--namespace', 'AWS/DynamoDB', '--metric-name', 'ReadThrottleEvents',
    '--dimensions', `Name=TableName,Value=${name}`, '--statistic', 'Sum', '--period', '60', '--evaluation-periods', '5', '--datapoints-to-alarm', '3', '--threshold', '7.5',
    '--comparison-operator', 'GreaterThanThreshold', '--treat-missing-data', 'ignore', '--unit', 'Count', '--insufficient-data-actions', topic, '--alarm-actions', topic, '--ok-actions', topic, '--no-actions-enabled');
  aws('put-metric-alarm', '--alarm-name', `${name}-other`, '--namespace', 'MyApp/Errors', '--metric-name', 'Errors', '--statistic', 'Sum', '--period', '60', '--evaluation-periods', '1', '--threshold', '1', '--comparison-operator', 'GreaterThanThreshold');
  const described = () => {
    const [alarm] = JSON.parse(aws('describe-alarms', '--alarm-names', name)).MetricAlarms;
    for (const changing of Object.keys(alarm).filter((key) => /Timestamp|^State/.test(key))) delete alarm[changing];
    return alarm;
  };
  const before = described();
  const one = consoles(OPEN), page = await one.open('#/alarms');
  await button(page, `Actions on ${name}`).click();
  await button(page, 'Edit…').click();
  await button(page, 'Save').click();
  await page.getByText('The alarm is stored').waitFor();
  assert.deepEqual(described(), before);
  // An alarm of other metrics has no form here.
  await button(page, `Actions on ${name}-other`).click();
  await button(page, 'History').waitFor();
  assert.equal(await button(page, 'Edit…').count(), 0);
  await one.close();
  aws('delete-alarms', '--alarm-names', name, `${name}-other`);
});

test('an address that names anything is no page, or an empty form', async (consoles) => {
  const name = `Named-${stamp}`;
  await makeTable(name);
  const one = consoles(OPEN), page = await one.open('#/constructor');
  await page.getByRole('heading', { name: 'No such page' }).waitFor();
  for (const path of ['__proto__', 'toString']) {
    await one.at(`#/${path}`);
    await page.getByRole('heading', { name: 'No such page' }).waitFor();
  }
  for (const list of ['{"a":1}', '7', 'null', '[null,7]', '[{"name":{}}]', '{']) {
    await one.at(`#/tables/${name}/items?m=query&f=${encodeURIComponent(list)}&h=${encodeURIComponent(list)}&r=${encodeURIComponent(list)}`);
    await field(page, 'Table or index').waitFor();
  }
  await one.at('#/metrics?span=constructor');
  await page.getByRole('heading', { name: 'Metrics' }).waitFor();
  await one.at(`#/tables/${name}/constructor`);
  await field(page, 'Table or index').waitFor();
  await one.close();
});

test('keys of a file: a wrong secret, the right one, sign-out', async (consoles) => {
  const one = consoles(SIGNED), page = await one.open();
  const signIn = async (id, secret) => { await field(page, 'Access key ID').fill(id); await field(page, 'Secret access key').fill(secret); await button(page, 'Sign in').click(); };
  await signIn('AKIDEXAMPLE', 'wrong');
  await page.getByText(/SignatureDoesNotMatch|InvalidSignature/).first().waitFor();
  await signIn('AKIDEXAMPLE', 'wJalr/EXAMPLE+KEY');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  assert.ok(!(await everything(page)).includes('wJalr/EXAMPLE+KEY'));
  await button(page, 'Account').click();
  await button(page, 'Sign out').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await one.close();
});

function root() {
  const text = fs.readFileSync(`${process.env.E2E_WORK}/root.credentials`, 'utf8');
  const value = (name) => new RegExp(`${name}\\s*=\\s*(\\S+)`).exec(text)[1];
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
}

test('identities: a user, its key and its policy are made, and decide at once', async (consoles) => {
  const one = consoles(IDENTITY), page = await one.open('#/identity'), owner = root(), user = `console-${stamp}`;
  await field(page, 'Access key ID').fill(owner.accessKeyId);
  await field(page, 'Secret access key').fill(owner.secretAccessKey);
  await field(page, 'Stay signed in for this tab').check();
  await button(page, 'Sign in').click();
  await button(page, 'Create user').click();
  await page.locator('dialog').getByLabel('Name').fill(user);
  await button(page, 'Create').click();
  await page.getByRole('heading', { name: user }).waitFor();
  assert.ok(!(await everything(page)).includes(owner.secretAccessKey), 'the secret is nowhere');
  await button(page, 'Create access key').click();
  const made = await page.locator('dialog pre').textContent();
  await button(page, 'I have stored it').click();
  const credentials = { accessKeyId: /ID=(\S+)/.exec(made)[1], secretAccessKey: /KEY=(\S+)/.exec(made)[1] };
  const client = clientOf(IDENTITY, credentials);
  await assert.rejects(client.send(new ListTablesCommand({})), { name: 'AccessDeniedException' });
  await button(page, 'Add').first().click();
  await page.locator('dialog').getByLabel('Name').fill('reads');
  await page.locator('dialog').getByLabel('Policy document').fill(JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['dynamodb:ListTables', 'dynamodb:DescribeTable'], Resource: '*' }] }));
  await button(page, 'Save').click();
  await page.getByText('The policy is stored').waitFor();
  await client.send(new ListTablesCommand({}));
  await page.reload();
  // The tab's temporary keys are no good for IAM, as on AWS: the page asks for the access key.
  await page.getByRole('heading', { name: 'Sign in again' }).waitFor();
  await button(page, 'Close').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await one.close();

  // The user sees which action is denied; a session that has ended is asked for again, on the same page.
  const two = consoles(IDENTITY), own = await two.open('#/alarms');
  await field(own, 'Access key ID').fill(credentials.accessKeyId);
  await field(own, 'Secret access key').fill(credentials.secretAccessKey);
  await button(own, 'Sign in').click();
  await own.getByText('You are not allowed to do this (DescribeAlarms)').waitFor();
  await own.evaluate(async () => { const base = document.querySelector('script[type=module]').src.replace(/main\.js$/, ''); const { keys } = await import(`${base}session.js`); keys.value = { ...keys.value, sessionToken: 'ended' }; });
  await two.at('#/tables');
  await own.getByRole('heading', { name: 'Sign in again' }).waitFor();
  await own.locator('dialog').getByLabel('Access key ID').fill(credentials.accessKeyId);
  await own.locator('dialog').getByLabel('Secret access key').fill(credentials.secretAccessKey);
  await own.locator('dialog').getByRole('button', { name: 'Sign in' }).click();
  await own.getByRole('heading', { name: 'Tables' }).waitFor();
  await own.getByText('Signed in as').first().waitFor();
  await two.close();
});

test('hostile names and values are text, and large ones keep the page quick', async (consoles) => {
  const name = `Hostile-${stamp}`;
  await makeTable(name);
  let deep = { S: 'end' };
  for (let level = 0; level < 30; level++) deep = level % 2 ? { L: [deep] } : { M: { [ODD]: deep } };
  const item = Object.assign(Object.create(null), { id: { S: 'x' }, [ODD]: { S: '<script>window.hacked = 1</script>' }, constructor: { S: 'own' }, rtl: { S: '\u202egnp.exe\u202c' }, large: { S: 'a'.repeat(300000) }, deep });
  Object.defineProperty(item, '__proto__', { value: { S: 'proto' }, enumerable: true });
  // The SDK drops such a name, so the request is written by hand.
  const body = JSON.stringify({ TableName: name, Item: JSON.parse(JSON.stringify({ ...item }).replace('{', '{"__proto__":{"S":"proto"},')) });
  const raw = body.includes('__proto__') ? body : body.replace('"Item":{', '"Item":{"__proto__":{"S":"proto"},');
  const answer = await fetch(OPEN, { method: 'POST', headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem', 'x-amz-date': '20260101T000000Z', authorization: 'AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=s' }, body: raw });
  assert.equal(answer.status, 200, await answer.text());
  const one = consoles(OPEN), page = await one.open(`#/tables/${name}/items`);
  await page.getByRole('columnheader', { name: '__proto__' }).waitFor();
  await page.getByRole('button', { name: 'x', exact: true }).click();
  await field(page, 'Value of __proto__').waitFor();
  assert.equal(await page.evaluate(() => window.hacked ?? document.querySelectorAll('img').length), 0);
  const value = field(page, 'Value of constructor');
  const started = Date.now();
  await value.pressSequentially('0123456789');
  const perKey = (Date.now() - started) / 10;
  assert.ok(perKey < 100, `${perKey} ms a key stroke`);
  await button(page, 'Review and save').click();
  await button(page, 'Save').click();
  await page.getByText('The item is saved').waitFor();
  const stored = await get(name, 'x');
  assert.equal(stored.large.S.length, 300000);
  await one.close();
});

test('a server that is away for a moment is asked again', async (consoles) => {
  const one = consoles(OPEN), page = await one.open('#/settings');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  let refused = 0;
  await one.context.route(`${OPEN}/`, (route) => (refused++ < 2 ? route.abort() : route.continue()));
  await one.at('#/tables');
  await page.getByText(/\d tables?/).waitFor();
  assert.ok(refused > 2);
  await one.context.route(`${OPEN}/`, (route) => route.abort());
  await one.at('#/alarms');
  await page.getByText('The server did not answer').waitFor();
  one.problems = one.problems.filter((text) => !/ERR_FAILED/.test(text));
  await one.close();
});

test('a hundred thousand items scroll: only rows that are seen exist', async (consoles) => {
  const name = `Many-${stamp}`;
  await makeTable(name);
  const one = consoles(OPEN), page = await one.open('#/settings');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  const Items = Array.from({ length: 100000 }, (_, i) => ({ id: { S: `row-${i}` }, n: { N: String(i) }, text: { S: 'x'.repeat(20) } }));
  await one.context.route(`${OPEN}/`, (route) => (/\.Scan$/.test(route.request().headers()['x-amz-target'] ?? '') ? route.fulfill({ json: { Items, ScannedCount: Items.length, Count: Items.length } }) : route.continue()));
  await one.at(`#/tables/${name}/items`);
  await page.getByText('100,000 returned').waitFor();
  const found = await page.evaluate(async () => {
    const box = document.querySelector('.grid'), step = box.scrollHeight / 120;
    let frames = 0, rows = 0;
    const started = performance.now();
    while (box.scrollTop + box.clientHeight < box.scrollHeight - 1) {
      box.scrollTop += step;
      await new Promise((done) => requestAnimationFrame(done));
      frames++;
      rows = Math.max(rows, box.querySelectorAll('tbody tr').length);
    }
    await new Promise((done) => setTimeout(done, 300));
    return { rows, perFrame: (performance.now() - started - 300) / frames, last: box.textContent.includes('row-99999') };
  });
  console.log(`   ${found.rows} rows at most, ${found.perFrame.toFixed(1)} ms a frame`);
  assert.ok(found.rows < 100 && found.last, JSON.stringify(found));
  await one.close();
});

test('a read-only console has nothing that changes data', async (consoles) => {
  const name = `Reads-${stamp}`;
  await makeTable(name);
  await put(name, { id: { S: 'a' } });
  const one = consoles(OPEN);
  await one.open();
  await one.context.route('**/console/config.json', async (route) => { const answer = await route.fetch(); route.fulfill({ json: { ...(await answer.json()), readOnly: true } }); });
  await one.page.reload();
  const page = one.page;
  await page.getByText('This console sends no request that changes something.').waitFor();
  for (const hash of PAGES(name).filter((hash) => !/create=1|\/new$/.test(hash))) {
    await one.at(hash);
    await page.waitForTimeout(250);
    assert.equal(await page.getByRole('button', { name: /^(Create|Delete|Save|Add|Turn o)/ }).count(), 0, hash);
  }
  await one.at('#/partiql');
  await field(page, 'Statements').fill(`DELETE FROM "${name}" WHERE id = 'a'`);
  await button(page, 'Run').click();
  await page.getByText('This console is read-only').waitFor();
  assert.ok(await get(name, 'a'));
  await one.close();
});

const PAGES = (table) => ['#/', '#/tables', '#/tables?create=1', `#/tables/${table}/items`, `#/tables/${table}/items?m=query&h=${encodeURIComponent('["a"]')}&f=${encodeURIComponent('[{"name":"v","op":"=","type":"N","value":"1"}]')}`, `#/tables/${table}/item?key=${encodeURIComponent('{"id":{"S":"a"}}')}`, `#/tables/${table}/new`, ...['indexes', 'stream', 'backups', 'metrics', 'replicas', 'deliveries', 'permissions', 'settings'].map((tab) => `#/tables/${table}/${tab}`), `#/explore/${table}`, '#/partiql', '#/metrics', '#/alarms', '#/insights', '#/backups', '#/transfers', '#/transfers/imports', '#/transfers/bulk', '#/triggers', '#/dax', '#/identity', '#/activity', '#/settings', '#/nowhere'];
const IDENTITY_PAGES = ['#/identity', '#/identity/groups', '#/identity/roles', '#/identity/policies', '#/identity/policies/arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FAmazonDynamoDBReadOnlyAccess', '#/identity/simulator', '#/identity/account', '#/settings'];

for (const colorScheme of ['light', 'dark']) {
  test(`accessibility of each page, ${colorScheme}`, async (consoles) => {
    const name = `Axe-${colorScheme}-${stamp}`;
    await makeTable(name, { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } });
    await put(name, { id: { S: 'a' }, v: { N: '1' }, m: { M: { l: { L: [{ BOOL: true }] } } }, s: { SS: ['a'] } });
    const one = consoles(OPEN), page = await one.open('#/', { colorScheme, bypassCSP: true });
    for (const hash of PAGES(name)) {
      await one.at(hash);
      await page.waitForTimeout(500);
      await one.accessible(hash);
    }
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
    await one.accessible('help');
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.getByRole('heading', { name: 'Jump to' }).waitFor();
    await one.accessible('jump');
    await one.close();
    const two = consoles(IDENTITY), owner = root(), other = await two.open('#/identity', { colorScheme, bypassCSP: true });
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await two.accessible('sign in');
    await field(other, 'Access key ID').fill(owner.accessKeyId);
    await field(other, 'Secret access key').fill(owner.secretAccessKey);
    await button(other, 'Sign in').click();
    await other.getByRole('heading', { name: 'Identity' }).waitFor();
    for (const hash of IDENTITY_PAGES) {
      await two.at(hash);
      await other.waitForTimeout(500);
      await two.accessible(hash);
    }
    await two.close();
  });
}

test('320 pixels are enough, and so is the keyboard', async (consoles) => {
  const name = `Narrow-${stamp}`;
  await makeTable(name);
  const one = consoles(OPEN), page = await one.open('#/', { viewport: { width: 320, height: 640 } });
  for (const hash of PAGES(name)) {
    await one.at(hash);
    await page.waitForTimeout(250);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const what = await page.evaluate(() => [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.table-frame, .grid, .tabs, pre, .editor')).slice(0, 3).map((one) => one.outerHTML.slice(0, 160)));
    assert.ok(wide <= 0, `${hash} is ${wide} pixels too wide: ${what}`);
  }
  await one.close();
  const two = consoles(OPEN), keys = await two.open('#/settings');
  await keys.getByRole('heading', { name: 'Settings' }).waitFor();
  await keys.keyboard.press('g');
  await keys.keyboard.press('t');
  await keys.getByRole('heading', { name: 'Tables' }).waitFor();
  await keys.keyboard.press('/');
  await keys.getByRole('combobox', { name: 'Table or page' }).waitFor();
  await keys.keyboard.type(name);
  await keys.getByRole('option', { name }).waitFor();
  await keys.keyboard.press('Enter');
  await keys.getByRole('heading', { name }).waitFor();
  // The skip link is the first stop.
  await keys.reload();
  await keys.getByRole('heading', { name }).waitFor();
  await keys.keyboard.press('Tab');
  assert.equal(await keys.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await two.close();
});

run();
