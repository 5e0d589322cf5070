// The form of a new table, with everything that CreateTable takes, and what other operations set afterwards.

import { html, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { go, href } from '../router.js';
import { settled } from '../tables_data.js';
import { Button, Card, Check, Choice, Code, Dialog, Editor, Fault, LinkButton, Page, Segments, Select, Text, toast, useAction } from '../ui.js';

const TYPES = [['S', 'String'], ['N', 'Number'], ['B', 'Binary']];
const KEYS_MAX = 4;
const START = {
  name: '', hash: { name: '', type: 'S' }, range: { name: '', type: 'S' }, global: [], local: [], billing: 'PAY_PER_REQUEST', reads: '5', writes: '5', maxReads: '', maxWrites: '', stream: '', protection: false,
  encryption: 'AWS_OWNED', kmsKey: '', ttl: '', recovery: false, tags: [], policy: '', tableClass: 'STANDARD',
};
const INDEX = { name: '', hash: [{ name: '', type: 'S' }], range: [], projection: 'ALL', include: '', reads: '5', writes: '5' };

export const named = (name) => (/^[a-zA-Z0-9_.-]{3,255}$/.test(name) ? null : 'From 3 to 255 letters, digits, and _ . -');

const projection = (index) => ({ ProjectionType: index.projection, ...(index.projection === 'INCLUDE' ? { NonKeyAttributes: index.include.split(',').map((name) => name.trim()).filter(Boolean) } : {}) });
const schema = (hash, range) => [...hash.map(({ name }) => ({ AttributeName: name, KeyType: 'HASH' })), ...range.filter(({ name }) => name).map(({ name }) => ({ AttributeName: name, KeyType: 'RANGE' }))];

/** The request of a form. */
export function createRequest(form) {
  const provisioned = form.billing === 'PROVISIONED';
  const throughput = (from) => (provisioned ? { ProvisionedThroughput: { ReadCapacityUnits: Number(from.reads), WriteCapacityUnits: Number(from.writes) } } : {});
  const keys = [form.hash, form.range, ...form.global.flatMap((index) => [...index.hash, ...index.range]), ...form.local.flatMap((index) => index.range)].filter((key) => key.name);
  const types = new Map(keys.map((key) => [key.name, key.type]));
  const body = { TableName: form.name, AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })), KeySchema: schema([form.hash], [form.range]), BillingMode: form.billing, ...throughput(form) };
  if (form.global.length) body.GlobalSecondaryIndexes = form.global.map((index) => ({ IndexName: index.name, KeySchema: schema(index.hash, index.range), Projection: projection(index), ...throughput(index) }));
  if (form.local.length) body.LocalSecondaryIndexes = form.local.map((index) => ({ IndexName: index.name, KeySchema: schema([form.hash], index.range), Projection: projection(index) }));
  if (!provisioned && (form.maxReads || form.maxWrites)) body.OnDemandThroughput = { ...(form.maxReads ? { MaxReadRequestUnits: Number(form.maxReads) } : {}), ...(form.maxWrites ? { MaxWriteRequestUnits: Number(form.maxWrites) } : {}) };
  if (form.stream) body.StreamSpecification = { StreamEnabled: true, StreamViewType: form.stream };
  if (form.protection) body.DeletionProtectionEnabled = true;
  if (form.encryption !== 'AWS_OWNED') body.SSESpecification = { Enabled: true, SSEType: 'KMS', ...(form.kmsKey ? { KMSMasterKeyId: form.kmsKey } : {}) };
  if (form.tableClass !== 'STANDARD') body.TableClass = form.tableClass;
  const tags = form.tags.filter((tag) => tag.Key);
  if (tags.length) body.Tags = tags;
  if (form.policy.trim()) body.ResourcePolicy = form.policy;
  return body;
}

export function CreateTable() {
  const [form, setForm] = useState(START);
  const [shown, setShown] = useState(false);
  const [step, setStep] = useState('');
  const set = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));
  const [run, busy, error] = useAction(async () => {
    setStep('Creating the table…');
    await dynamodb('CreateTable', createRequest(form));
    if (form.ttl || form.recovery) {
      setStep('Waiting until it is active…');
      await settled(form.name);
      if (form.ttl) await dynamodb('UpdateTimeToLive', { TableName: form.name, TimeToLiveSpecification: { Enabled: true, AttributeName: form.ttl } });
      if (form.recovery) await dynamodb('UpdateContinuousBackups', { TableName: form.name, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } });
    }
    toast(`${form.name} is created`);
    go('tables', form.name, 'items');
  });
  const fault = form.name ? named(form.name) : null;
  const ready = form.name && !fault && form.hash.name && [...form.global, ...form.local].every((index) => index.name && [...(index.hash ?? []), ...index.range].every((key) => key.name));
  const provisioned = form.billing === 'PROVISIONED';
  return html`<${Page} title="Create table" above=${html`<a href=${href('tables')}>Tables</a>`}><form class="stack" onSubmit=${(event) => { event.preventDefault(); if (ready) run(); }}>
    <${Card} title="Name and key" lead="The key cannot be changed afterwards."><div class="columns"><${Text} label="Table name" value=${form.name} onChange=${set('name')} error=${fault} required autofocus /></div>
      <div class="columns"><${KeyField} label="Partition key" value=${form.hash} onChange=${set('hash')} required /><${KeyField} label="Sort key" value=${form.range} onChange=${set('range')} optional /></div><//>
    <${Card} title="Capacity"><${Segments} label="Capacity mode" value=${form.billing} onChange=${set('billing')} options=${[['PAY_PER_REQUEST', 'On demand'], ['PROVISIONED', 'Provisioned']]} />
      <div class="columns">${provisioned ? html`<${Text} label="Read capacity units" type="number" min="1" value=${form.reads} onChange=${set('reads')} /><${Text} label="Write capacity units" type="number" min="1" value=${form.writes} onChange=${set('writes')} />` : html`<${Text} label="Maximum read request units" optional type="number" min="1" value=${form.maxReads} onChange=${set('maxReads')} /><${Text} label="Maximum write request units" optional type="number" min="1" value=${form.maxWrites} onChange=${set('maxWrites')} />`}</div><//>
    <${Card} title="Indexes" lead="A global index has a key of its own; a local one has the table's partition key and another sort key, and exists from the start." actions=${html`<${Button} icon="plus" onClick=${() => set('global')([...form.global, INDEX])}>Global index<//><${Button} icon="plus" disabled=${!form.range.name} title=${form.range.name ? '' : 'Local indexes need a table with a sort key'} onClick=${() => set('local')([...form.local, { ...INDEX, hash: [], range: [{ name: '', type: 'S' }] }])}>Local index<//>`}>
      ${!form.global.length && !form.local.length && html`<p class="muted">No index. Global ones can be added at any time.</p>`}
      ${form.global.map((index, i) => html`<${IndexForm} key=${`g${i}`} kind="Global" index=${index} provisioned=${provisioned} onChange=${(next) => set('global')(form.global.map((one, j) => (j === i ? next : one)))} onRemove=${() => set('global')(form.global.filter((_, j) => j !== i))} />`)}
      ${form.local.map((index, i) => html`<${IndexForm} key=${`l${i}`} kind="Local" index=${index} onChange=${(next) => set('local')(form.local.map((one, j) => (j === i ? next : one)))} onRemove=${() => set('local')(form.local.filter((_, j) => j !== i))} />`)}<//>
    <div class="columns two"><${Card} title="Changes and lifetime"><${Choice} label="Stream" value=${form.stream} onChange=${set('stream')} options=${[['', 'No stream'], ['KEYS_ONLY', 'Keys only'], ['NEW_IMAGE', 'New image'], ['OLD_IMAGE', 'Old image'], ['NEW_AND_OLD_IMAGES', 'New and old images']]} /><${Text} label="Time to live attribute" optional value=${form.ttl} onChange=${set('ttl')} hint="A number: seconds since 1970. Items are deleted after it." /><//>
      <${Card} title="Safety"><${Check} label="Deletion protection" checked=${form.protection} onChange=${set('protection')} hint="The table cannot be deleted while it is on." /><${Check} label="Point-in-time recovery" checked=${form.recovery} onChange=${set('recovery')} hint="Each second of the last 35 days can be restored." /><//>
      <${Card} title="Encryption"><${Choice} label="Key" value=${form.encryption} onChange=${set('encryption')} options=${[['AWS_OWNED', 'The server’s own'], ['KMS', 'A key of a KMS']]} />${form.encryption === 'KMS' && html`<${Text} label="Key ID or ARN" optional value=${form.kmsKey} onChange=${set('kmsKey')} mono hint="Without it, the account’s key alias/aws/dynamodb" />`}<${Choice} label="Table class" value=${form.tableClass} onChange=${set('tableClass')} options=${[['STANDARD', 'Standard'], ['STANDARD_INFREQUENT_ACCESS', 'Infrequent access']]} /><//>
      <${Card} title="Tags" actions=${html`<${Button} icon="plus" onClick=${() => set('tags')([...form.tags, { Key: '', Value: '' }])}>Tag<//>`}>${!form.tags.length && html`<p class="muted">No tags.</p>`}${form.tags.map((tag, i) => html`<div class="pair" key=${i}><input class="input" aria-label="Tag key" placeholder="Key" value=${tag.Key} onInput=${(event) => set('tags')(form.tags.map((one, j) => (j === i ? { ...one, Key: event.currentTarget.value } : one)))} /><input class="input" aria-label="Tag value" placeholder="Value" value=${tag.Value} onInput=${(event) => set('tags')(form.tags.map((one, j) => (j === i ? { ...one, Value: event.currentTarget.value } : one)))} /><${Button} kind="quiet" icon="close" label="Remove the tag" onClick=${() => set('tags')(form.tags.filter((_, j) => j !== i))} /></div>`)}<//></div>
    <details class="card"><summary class="card-head summary"><h2>Resource policy</h2></summary><div class="card-body"><${Editor} label="Resource policy" value=${form.policy} onChange=${set('policy')} rows="8" /></div></details>
    <${Fault} error=${error} /><div class="actions"><${Button} kind="primary" type="submit" disabled=${!ready} busy=${busy}>${busy ? step : 'Create table'}<//><${LinkButton} href=${href('tables')}>Cancel<//><span class="grow" /><${Button} icon="code" disabled=${!ready} onClick=${() => setShown(true)}>Show the request<//></div></form>
    ${shown && html`<${Dialog} wide title="CreateTable" lead="The request in JSON, as the AWS CLI takes it with --cli-input-json." onClose=${() => setShown(false)}><${Code} label="request" text=${JSON.stringify(createRequest(form), null, 2)} /><//>`}<//>`;
}

export function KeyField({ label, value, onChange, optional, required }) {
  return html`<div class="row"><${Text} class="grow" label=${label} optional=${optional} required=${required} value=${value.name} onChange=${(name) => onChange({ ...value, name })} /><${Choice} class="key-type" label="Type" aria-label=${`Type of the ${label.toLowerCase()}`} value=${value.type} options=${TYPES} onChange=${(type) => onChange({ ...value, type })} /></div>`;
}

export function IndexForm({ kind, index, provisioned, onChange, onRemove }) {
  const set = (name) => (value) => onChange({ ...index, [name]: value });
  const keys = (name, label) => html`<div class="stack tight">${index[name].map((key, i) => html`<div class="pair" key=${i}><input class="input" aria-label=${`${label} ${i + 1}`} placeholder=${label} value=${key.name} onInput=${(event) => set(name)(index[name].map((one, j) => (j === i ? { ...one, name: event.currentTarget.value } : one)))} /><${Select} class="short" aria-label=${`Type of ${label.toLowerCase()} ${i + 1}`} value=${key.type} options=${TYPES} onChange=${(type) => set(name)(index[name].map((one, j) => (j === i ? { ...one, type } : one)))} />${(index[name].length > 1 || name === 'range') && kind === 'Global' && html`<${Button} kind="quiet" icon="close" label=${`Remove ${label.toLowerCase()} ${i + 1}`} onClick=${() => set(name)(index[name].filter((_, j) => j !== i))} />`}</div>`)}
    ${kind === 'Global' && index[name].length < KEYS_MAX && html`<button type="button" class="text-button" onClick=${() => set(name)([...index[name], { name: '', type: 'S' }])}>Add ${label.toLowerCase()}</button>`}</div>`;
  return html`<fieldset class="index-form"><legend class="legend">${kind} index</legend><div class="columns"><${Text} label="Index name" value=${index.name} onChange=${set('name')} />
      ${kind === 'Global' && html`<div class="field"><span class="legend">Partition key</span>${keys('hash', 'Partition key')}</div>`}<div class="field"><span class="legend">Sort key</span>${keys('range', 'Sort key')}</div>
      <div class="stack tight"><${Choice} label="Projected attributes" value=${index.projection} onChange=${set('projection')} options=${[['ALL', 'All'], ['KEYS_ONLY', 'Keys only'], ['INCLUDE', 'Some']]} />${index.projection === 'INCLUDE' && html`<${Text} label="Attributes" value=${index.include} onChange=${set('include')} hint="Separated by commas" />`}</div>
      ${provisioned && kind === 'Global' && html`<${Text} label="Read capacity units" type="number" min="1" value=${index.reads} onChange=${set('reads')} /><${Text} label="Write capacity units" type="number" min="1" value=${index.writes} onChange=${set('writes')} />`}</div>
    ${onRemove && html`<${Button} icon="trash" onClick=${onRemove}>Remove the index<//>`}</fieldset>`;
}

export { INDEX, projection, schema };
