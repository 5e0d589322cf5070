// Tables: the list; below it the pages of one table, and the form of a new one.

import { html, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { readOnly, region } from '../session.js';
import { href, setQuery } from '../router.js';
import { describe, isOnDemand, keyText, makeSample, settled, several, tableNames } from '../tables_data.js';
import { bytes, count } from '../value.js';
import { Badge, Button, Card, ConfirmName, Empty, LinkButton, Loaded, Menu, Page, Table, toast, useAction, useEvery, useLoad } from '../ui.js';
import { CreateTable } from './create_table.js';
import { TablePage } from './table.js';

const PAGE = 100;

export function Tables({ path, query }) {
  if (path[0]) return html`<${TablePage} key=${path[0]} name=${path[0]} tab=${path[1] ?? 'items'} query=${query} />`;
  return query.get('create') ? html`<${CreateTable} />` : html`<${TableList} query=${query} />`;
}

async function describePage(names) {
  const found = await several(names, describe);
  return found.map((one, i) => one.value ?? { TableName: names[i], error: one.error });
}

function TableList({ query }) {
  const filter = query.get('f') ?? '', at = Number(query.get('page') ?? 0);
  const names = useLoad(tableNames, [region.value]);
  const matching = (names.data ?? []).filter((name) => name.toLowerCase().includes(filter.toLowerCase()));
  const shown = matching.slice(at * PAGE, at * PAGE + PAGE);
  const rows = useLoad(() => describePage(shown), [shown.join('\n')]);
  const [chosen, setChosen] = useState(new Set());
  const [deleting, setDeleting] = useState(null);
  const [make, making] = useAction(async () => { await makeSample(); toast('The table Music is there'); names.reload(); });
  useEvery(3000, () => { if (rows.data?.some((table) => table.TableStatus && table.TableStatus !== 'ACTIVE')) { names.reload(true); rows.reload(true); } }, []);
  const reload = () => { names.reload(); rows.reload(); };
  const actions = html`<${Button} icon="refresh" label="Refresh" onClick=${reload} />${!readOnly.value && html`<${LinkButton} kind="primary" icon="plus" href=${href('tables', { create: 1 })}>Create table<//>`}`;
  const columns = [
    { key: 'name', title: 'Name', class: 'name-cell', sort: (table) => table.TableName, show: (table) => html`<a href=${href('tables', table.TableName, 'items')}>${table.TableName}</a>` },
    { key: 'status', title: 'Status', show: (table) => html`<${Badge} kind=${table.error ? 'bad' : undefined}>${table.error ? table.error.name : table.TableStatus}<//>` },
    { key: 'key', title: 'Key', show: (table) => (table.error ? '' : html`<span class="mono">${keyText(table)}</span>`) },
    { key: 'indexes', title: 'Indexes', number: true, show: (table) => (table.GlobalSecondaryIndexes?.length ?? 0) + (table.LocalSecondaryIndexes?.length ?? 0) },
    { key: 'capacity', title: 'Capacity', show: (table) => (table.error ? '' : isOnDemand(table) ? 'On demand' : `${table.ProvisionedThroughput?.ReadCapacityUnits} / ${table.ProvisionedThroughput?.WriteCapacityUnits}`) },
    { key: 'items', title: 'Items', number: true, sort: (table) => table.ItemCount ?? 0, show: (table) => count(table.ItemCount) },
    { key: 'size', title: 'Size', number: true, sort: (table) => table.TableSizeBytes ?? 0, show: (table) => bytes(table.TableSizeBytes) },
    { key: 'more', title: '', class: 'actions-cell', show: (table) => html`<${Menu} label=${`Actions on ${table.TableName}`} kind="quiet" items=${[['Items', null, false, href('tables', table.TableName, 'items')], ['Settings', null, false, href('tables', table.TableName, 'settings')], ['Metrics', null, false, href('metrics', { table: table.TableName })], !readOnly.value && ['Delete…', () => setDeleting(table), true]]} />` },
  ];
  return html`<${Page} title="Tables" actions=${actions}>
    <${Loaded} of=${names} rows="8">${(all) => !all.length ? html`<${Card}><${Empty} icon="table" title="No table yet" actions=${!readOnly.value && html`<${LinkButton} kind="primary" icon="plus" href=${href('tables', { create: 1 })}>Create table<//><${Button} icon="star" busy=${making} onClick=${make}>Make a sample table<//>`}>A table holds items of a partition key, and of a sort key if you like.<//><//>` : html`
      <${Card} flush><div class="bar spread"><div class="row center grow"><input class="input filter" type="search" aria-label="Filter tables by name" placeholder="Filter by name" value=${filter} onInput=${(event) => setQuery({ f: event.currentTarget.value, page: '' })} /><span class="hint" aria-live="polite">${count(matching.length)} ${matching.length === 1 ? 'table' : 'tables'}</span></div>
        ${!readOnly.value && chosen.size > 0 && html`<${Button} icon="trash" onClick=${() => setDeleting([...chosen])}>Delete ${chosen.size}<//>`}</div>
        <${Loaded} of=${rows} rows="6">${(tables) => html`<${Table} caption="Tables" columns=${columns} rows=${tables} of=${(table) => table.TableName} selection=${readOnly.value ? undefined : { chosen, onChange: setChosen }} empty=${html`<${Empty} icon="search" title="No table has this name" />`} />`}<//>
        ${matching.length > PAGE && html`<div class="bar"><${Button} icon="left" label="Previous page" disabled=${at === 0} onClick=${() => setQuery({ page: at - 1 || '' }, false)} /><span class="hint">${at * PAGE + 1} to ${Math.min(matching.length, at * PAGE + PAGE)}</span><${Button} icon="right" label="Next page" disabled=${(at + 1) * PAGE >= matching.length} onClick=${() => setQuery({ page: at + 1 }, false)} /></div>`}<//>`}<//>
    ${deleting && html`<${DeleteTables} tables=${deleting} onClose=${(done) => { setDeleting(null); if (done) { setChosen(new Set()); reload(); } }} />`}<//>`;
}

/** One table, or several names: the name is typed, or their number. */
function DeleteTables({ tables, onClose }) {
  const names = Array.isArray(tables) ? tables : [tables.TableName];
  const one = names.length === 1 ? names[0] : null;
  const remove = async () => {
    const found = await several(names, async (name) => { await dynamodb('DeleteTable', { TableName: name }); await settled(name, { gone: true, timeout: 20000 }); }, 4);
    const failed = found.find((result) => result.error);
    if (failed) throw failed.error;
    toast(one ? `${one} is deleted` : `${names.length} tables are deleted`);
  };
  return html`<${ConfirmName} title=${one ? `Delete ${one}?` : `Delete ${names.length} tables?`} name=${one ?? String(names.length)} action=${remove} onClose=${onClose}><p>All items, indexes and settings are deleted, and cannot be brought back without a backup.</p>${!one && html`<p class="mono">${names.join(', ')}</p>`}<//>`;
}

