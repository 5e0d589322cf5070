// Indexes of a table: their keys and progress; global ones can be added, changed and deleted.

import { html, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { readOnly } from '../session.js';
import { go, href } from '../router.js';
import { indexesOf } from '../request.js';
import { isOnDemand, keyText } from '../tables_data.js';
import { bytes, count } from '../value.js';
import { Badge, Button, Card, ConfirmName, Dialog, Empty, Fault, Menu, Notice, Table, Text, toast, useAction } from '../ui.js';
import { IndexForm, INDEX, projection, schema } from './create_table.js';

export function Indexes({ table, reload }) {
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState(null);
  const [deleting, setDeleting] = useState(null);
  const name = table.TableName, indexes = indexesOf(table);
  const filling = indexes.filter((index) => index.Backfilling);
  const columns = [
    { key: 'name', title: 'Name', class: 'name-cell', show: (index) => html`<a href=${href('tables', name, 'items', { i: index.IndexName })}>${index.IndexName}</a>` },
    { key: 'kind', title: 'Kind', show: (index) => index.kind }, { key: 'status', title: 'Status', show: (index) => html`<${Badge}>${index.IndexStatus ?? 'ACTIVE'}<//>` },
    { key: 'key', title: 'Key', show: (index) => html`<span class="mono">${keyText(table, index.KeySchema)}</span>` }, { key: 'projection', title: 'Attributes', show: (index) => ({ ALL: 'All', KEYS_ONLY: 'Keys only' })[index.Projection?.ProjectionType] ?? `Keys, ${(index.Projection?.NonKeyAttributes ?? []).join(', ')}` },
    { key: 'items', title: 'Items', number: true, show: (index) => count(index.ItemCount) }, { key: 'size', title: 'Size', number: true, show: (index) => bytes(index.IndexSizeBytes) },
    { key: 'more', title: '', class: 'actions-cell', show: (index) => html`<${Menu} label=${`Actions on ${index.IndexName}`} kind="quiet" items=${[['Explore', () => go('tables', name, 'items', { i: index.IndexName })], index.kind === 'Global' && !readOnly.value && !isOnDemand(table) && ['Capacity…', () => setEditing(index)], index.kind === 'Global' && !readOnly.value && ['Delete…', () => setDeleting(index), true]]} />` },
  ];
  return html`<div class="stack">${filling.length > 0 && html`<${Notice} title="An index is being filled.">${filling.map((index) => index.IndexName).join(', ')}: it is complete once its status is ACTIVE.<//>`}
    <${Card} flush title="Indexes" actions=${!readOnly.value && html`<${Button} icon="plus" onClick=${() => setAdding(true)}>Add a global index<//>`}><${Table} caption="Indexes" rows=${indexes} of=${(index) => index.IndexName} columns=${columns} empty=${html`<${Empty} icon="table" title="No index">An index answers queries by other attributes than the table’s key.<//>`} /><//>
    ${adding && html`<${AddIndex} table=${table} onClose=${(done) => { setAdding(false); if (done) reload(true); }} />`}${editing && html`<${EditIndex} table=${table} index=${editing} onClose=${(done) => { setEditing(null); if (done) reload(true); }} />`}
    ${deleting && html`<${ConfirmName} title="Delete the index?" name=${deleting.IndexName} onClose=${(done) => { setDeleting(null); if (done) reload(true); }} action=${async () => { await dynamodb('UpdateTable', { TableName: name, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: deleting.IndexName } }] }); toast('The index is being deleted'); }}><p>Queries of it fail from now on. The table’s items stay.</p><//>`}</div>`;
}

function AddIndex({ table, onClose }) {
  const [index, setIndex] = useState(INDEX);
  const provisioned = !isOnDemand(table);
  const [run, busy, error] = useAction(async () => {
    const known = new Map(table.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));
    for (const key of [...index.hash, ...index.range]) if (key.name) known.set(key.name, key.type);
    const used = new Set([...table.KeySchema, ...indexesOf(table).flatMap((one) => one.KeySchema)].map((key) => key.AttributeName).concat([...index.hash, ...index.range].map((key) => key.name)));
    const create = { IndexName: index.name, KeySchema: schema(index.hash, index.range), Projection: projection(index), ...(provisioned ? { ProvisionedThroughput: { ReadCapacityUnits: Number(index.reads), WriteCapacityUnits: Number(index.writes) } } : {}) };
    await dynamodb('UpdateTable', { TableName: table.TableName, AttributeDefinitions: [...known].filter(([name]) => used.has(name)).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })), GlobalSecondaryIndexUpdates: [{ Create: create }] });
    toast(`The index ${index.name} is being made`);
    onClose(true);
  });
  return html`<${Dialog} wide title="Add a global index" lead="It is filled with the items that there are, while the table is in use." onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!index.name || !index.hash[0].name}>Add the index<//>`}><${IndexForm} kind="Global" index=${index} provisioned=${provisioned} onChange=${setIndex} /><${Fault} error=${error} /><//>`;
}

function EditIndex({ table, index, onClose }) {
  const [reads, setReads] = useState(index.ProvisionedThroughput?.ReadCapacityUnits ?? 1);
  const [writes, setWrites] = useState(index.ProvisionedThroughput?.WriteCapacityUnits ?? 1);
  const [run, busy, error] = useAction(async () => { await dynamodb('UpdateTable', { TableName: table.TableName, GlobalSecondaryIndexUpdates: [{ Update: { IndexName: index.IndexName, ProvisionedThroughput: { ReadCapacityUnits: Number(reads), WriteCapacityUnits: Number(writes) } } }] }); toast('The capacity is changed'); onClose(true); });
  return html`<${Dialog} title=${`Capacity of ${index.IndexName}`} onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy}>Save<//>`}><div class="columns"><${Text} label="Read capacity units" type="number" value=${reads} onChange=${setReads} /><${Text} label="Write capacity units" type="number" value=${writes} onChange=${setWrites} /></div><${Fault} error=${error} /><//>`;
}
