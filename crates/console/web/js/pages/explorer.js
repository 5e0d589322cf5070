// Query and Scan of a table or an index. The form is in the address, so that Back and links lead to the same result.

import { html, useEffect, useRef, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { readOnly, settings } from '../session.js';
import { go, href, setQuery } from '../router.js';
import { code, LANGUAGES } from '../code.js';
import { EMPTY, FILTER_OPERATORS, FILTER_TYPES, indexesOf, KEY_OPERATORS, keyOf, keysOf, missing, requestOf, WITHOUT_VALUE } from '../request.js';
import { count, plain, plainValue, TYPES, typeOf } from '../value.js';
import { several } from '../tables_data.js';
import { Button, Card, Check, Choice, Code, Confirm, ConfirmName, Dialog, download, Empty, Fault, LinkButton, Menu, Notice, Progress, Segments, Select, Skeleton, Text, toast, useAction } from '../ui.js';
import { Grid } from './grid.js';

/** Rows in memory at once; "all pages" ends there. */
const ROWS_MAX = 200000;

/** A list in an address, which may have anything: only what is of the form's kind is taken. */
const listOf = (text, kind) => {
  try {
    const found = JSON.parse(text ?? '[]');
    return Array.isArray(found) ? found.filter((one) => one !== null && typeof one === kind) : [];
  } catch {
    return [];
  }
};

export function formOf(query) {
  return {
    ...EMPTY, mode: query.get('m') === 'query' ? 'query' : 'scan', index: query.get('i') ?? '', hash: listOf(query.get('h'), 'string'), range: listOf(query.get('r'), 'object'), filters: listOf(query.get('f'), 'object'), joined: query.get('j') === 'OR' ? 'OR' : 'AND', projection: query.get('p') ?? '',
    descending: query.get('d') === '1', limit: query.get('l') ?? '', consistent: query.get('c') === '1', segment: query.get('s') ?? '', segments: query.get('t') ?? '',
  };
}

export function queryOf(form) {
  const list = (found) => (found.length ? JSON.stringify(found) : '');
  return {
    m: form.mode === 'query' ? 'query' : '', i: form.index, h: form.mode === 'query' ? list(form.hash) : '', r: form.mode === 'query' ? list(form.range) : '', f: list(form.filters.filter((filter) => filter.name)), j: form.joined === 'OR' ? 'OR' : '', p: form.projection,
    d: form.descending && '1', l: form.limit, c: form.consistent && '1', s: form.segments && form.segment, t: form.segments,
  };
}

export function Explorer({ table, query }) {
  const name = table.TableName, address = JSON.stringify(queryOf(formOf(query)));
  const [form, setForm] = useState(() => formOf(query));
  const [result, setResult] = useState(null);
  const [chosen, setChosen] = useState(new Set());
  const [dialog, setDialog] = useState(null);
  const [progress, setProgress] = useState(null);
  const stop = useRef(null);
  const change = (changed) => setForm((before) => ({ ...before, ...changed }));
  useEffect(() => setForm(formOf(query)), [address]);

  const [fetchPages, busy, error, setError] = useAction(async (asked, before, max) => {
    stop.current?.abort();
    const control = new AbortController();
    stop.current = control;
    const { operation, body } = requestOf(table, asked);
    const begun = performance.now();
    let state = before ?? { items: [], read: 0, units: 0, calls: 0, ms: 0 };
    try {
      for (let first = true; first || (state.next && max && state.items.length < max); first = false) {
        const page = await dynamodb(operation, { ...body, Limit: body.Limit ?? (max ? undefined : Number(settings.value.pageSize)), ReturnConsumedCapacity: 'TOTAL', ...(state.next ? { ExclusiveStartKey: state.next } : {}) }, { signal: control.signal });
        state = { items: state.items.concat(page.Items ?? []), read: state.read + (page.ScannedCount ?? 0), units: state.units + (page.ConsumedCapacity?.CapacityUnits ?? 0), calls: state.calls + 1, ms: state.ms, next: page.LastEvaluatedKey };
        if (max) { setProgress({ label: `${count(state.items.length)} items read`, stop: () => control.abort() }); setResult(state); }
      }
    } catch (failure) {
      if (!control.signal.aborted) throw failure;
    } finally {
      setProgress(null);
    }
    if (stop.current === control) { setResult({ ...state, ms: state.ms + performance.now() - begun }); if (!before) setChosen(new Set()); }
  });
  const run = () => {
    const fault = missing(table, form);
    if (fault) { setError(Object.assign(new Error(fault), { name: 'The form is not complete' })); return; }
    setQuery(queryOf(form), false);
    fetchPages(form);
  };
  // The address is the query: it runs when it is opened, and a Query only once its key is there.
  useEffect(() => {
    const asked = formOf(query);
    if (!missing(table, asked)) fetchPages(asked);
    else setResult(null);
    return () => stop.current?.abort();
  }, [address, name]);

  const items = result?.items ?? [];
  const picked = [...chosen].map((i) => items[i]).filter(Boolean);
  const whole = !form.index || indexesOf(table).find((index) => index.IndexName === form.index)?.Projection?.ProjectionType === 'ALL';
  const open = (item) => go('tables', name, 'item', { key: JSON.stringify(keyOf(table, item)) });
  return html`<div class="stack"><${Form} table=${table} form=${form} change=${change} run=${run} busy=${busy} onCode=${() => setDialog('code')} onReset=${() => { setForm({ ...EMPTY, mode: form.mode, index: form.index }); }} />
    <${Fault} error=${error} retry=${error?.operation && run} />
    <${Card} flush><div class="bar spread"><div class="row center"><h2>Items</h2><span class="hint" aria-live="polite">${result ? html`<strong>${count(items.length)}</strong> returned of ${count(result.read)} read · ${Number(result.units.toFixed(1))} units · ${Math.round(result.ms)} ms` : busy ? 'Reading…' : 'Not run yet'}</span></div>
      <div class="actions">${picked.length > 0 && !readOnly.value && html`<${Button} icon="trash" onClick=${() => setDialog('delete')}>Delete ${count(picked.length)}<//>`}
        <${Menu} label="Export and more" icon="more" items=${[['Export these as CSV', () => exportItems(name, picked.length ? picked : items, 'csv')], ['Export these as DynamoDB JSON', () => exportItems(name, picked.length ? picked : items, 'dynamodb')], ['Export these as plain JSON', () => exportItems(name, picked.length ? picked : items, 'plain')], result?.next && ['Read all pages', () => fetchPages(formOf(query), result, ROWS_MAX)], !readOnly.value && ['Import items…', () => setDialog('import')], !readOnly.value && ['Delete all that match…', () => setDialog('purge'), true]]} />
        ${!readOnly.value && html`<${LinkButton} kind="primary" icon="plus" href=${href('tables', name, 'new')}>Create item<//>`}</div></div>
      ${progress && html`<div class="bar"><div class="grow"><${Progress} label=${progress.label} /></div><${Button} onClick=${progress.stop}>Stop<//></div>`}
      ${!result && busy ? html`<${Skeleton} />` : items.length ? html`<${Grid} table=${table} items=${items} index=${form.index} chosen=${chosen} onChoose=${setChosen} onOpen=${open} />` : html`<${Empty} icon=${result ? 'search' : 'play'} title=${result ? 'No items' : 'Ready'} actions=${result && !readOnly.value && !form.filters.length && form.mode === 'scan' && !result.next && html`<${LinkButton} icon="plus" href=${href('tables', name, 'new')}>Create item<//>`}>${result ? (result.next ? 'This page has none that match. There are more pages.' : form.filters.length || form.mode === 'query' ? 'Nothing matches this request.' : 'The table is empty.') : 'Give the key’s value and run the query.'}<//>`}
      ${result?.next && html`<div class="bar"><${Button} icon="down" busy=${busy} onClick=${() => fetchPages(formOf(query), result)}>Next page<//><span class="hint">There are more items.</span></div>`}<//>
    ${!whole && html`<${Notice} kind="info">This index has some of the attributes. An item is opened with all of them.<//>`}
    ${dialog === 'code' && html`<${CodeDialog} request=${requestOf(table, form)} onClose=${() => setDialog(null)} />`}
    ${dialog === 'delete' && html`<${DeleteItems} table=${table} items=${picked} onClose=${(done) => { setDialog(null); if (done) { setChosen(new Set()); fetchPages(formOf(query)); } }} />`}
    ${dialog === 'purge' && html`<${Purge} table=${table} form=${formOf(query)} onClose=${() => { setDialog(null); fetchPages(formOf(query)); }} />`}
    ${dialog === 'import' && html`<${ImportItems} table=${table} onClose=${(done) => { setDialog(null); if (done) fetchPages(formOf(query)); }} />`}</div>`;
}

function Form({ table, form, change, run, busy, onCode, onReset }) {
  const indexes = indexesOf(table), keys = keysOf(table, form.index), hashes = keys.filter((key) => !key.range), ranges = keys.filter((key) => key.range);
  const isGlobal = indexes.find((index) => index.IndexName === form.index)?.kind === 'Global';
  const at = (list, i, value, empty) => Object.assign([], list, { [i]: value }).map((found) => found ?? empty);
  const submit = (event) => { event.preventDefault(); run(); };
  const pressed = (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); } };
  const filters = form.filters.length ? form.filters : [];
  return html`<form class="card" onSubmit=${submit} onKeyDown=${pressed} aria-label="Query or scan"><div class="card-body">
    <div class="row"><${Segments} label="Operation" value=${form.mode} onChange=${(mode) => change({ mode })} options=${[['scan', 'Scan'], ['query', 'Query']]} />
      <${Choice} class="source" label="Table or index" value=${form.index} onChange=${(index) => change({ index, hash: [], range: [], consistent: false })} options=${[['', `Table: ${table.TableName}`], ...indexes.map((index) => [index.IndexName, `${index.kind} index: ${index.IndexName}`])]} />
      <${Text} class="grow" label="Attributes" optional value=${form.projection} onChange=${(projection) => change({ projection })} placeholder="All" hint=${undefined} /></div>
    ${form.mode === 'query' && html`<div class="clauses" role="group" aria-label="Key condition">${hashes.map((key, i) => html`<div class="clause key" key=${key.name}><span class="clause-name">${key.name}<small>partition key, ${TYPES[key.type]}</small></span><span class="muted">equals</span><input class="input" aria-label=${`Value of ${key.name}`} placeholder="Value" value=${form.hash[i] ?? ''} onInput=${(event) => change({ hash: at(form.hash, i, event.currentTarget.value, '') })} /></div>`)}
      ${ranges.map((key, i) => { const given = form.range[i] ?? { op: '=', value: '', to: '' }, set = (changed) => change({ range: at(form.range, i, { ...given, ...changed }, { op: '=', value: '' }) }); return html`<div class="clause key" key=${key.name}><span class="clause-name">${key.name}<small>sort key, ${TYPES[key.type]}</small></span><${Select} aria-label=${`Operator for ${key.name}`} value=${given.op} options=${KEY_OPERATORS.filter(([op]) => op !== 'begins_with' || key.type !== 'N')} onChange=${(op) => set({ op })} />
        <div class="pair"><input class="input" aria-label=${`Value of ${key.name}`} placeholder="Any" value=${given.value} onInput=${(event) => set({ value: event.currentTarget.value })} />${given.op === 'between' && html`<span class="muted">and</span><input class="input" aria-label=${`Upper value of ${key.name}`} value=${given.to ?? ''} onInput=${(event) => set({ to: event.currentTarget.value })} />`}</div></div>`; })}</div>`}
    ${filters.length > 0 && html`<div class="clauses" role="group" aria-label="Filters">${filters.map((filter, i) => html`<${Filter} key=${i} filter=${filter} onChange=${(next) => change({ filters: filters.map((one, j) => (j === i ? next : one)) })} onRemove=${() => change({ filters: filters.filter((_, j) => j !== i) })} />`)}</div>`}
    <div class="row center"><${Button} kind="primary" type="submit" icon="play" busy=${busy} title="Ctrl+Enter">Run<//><${Button} icon="plus" onClick=${() => change({ filters: [...filters, { name: '', op: '=', type: 'S', value: '' }] })}>Filter<//>${filters.length > 1 && html`<${Segments} label="Filters are joined by" value=${form.joined} onChange=${(joined) => change({ joined })} options=${[['AND', 'all of them'], ['OR', 'any of them']]} />`}<${Button} icon="code" onClick=${onCode}>Code<//><${Button} kind="quiet" onClick=${onReset}>Reset<//></div>
    <details class="options"><summary>Options${[form.limit && `limit ${form.limit}`, form.consistent && 'consistent', form.descending && form.mode === 'query' && 'descending', form.segments && form.mode === 'scan' && `segment ${form.segment || 0} of ${form.segments}`].filter(Boolean).map((text) => html` <em key=${text}>· ${text}</em>`)}</summary><div class="row options-row"><${Text} label="Limit" class="narrow" type="number" min="1" value=${form.limit} onChange=${(limit) => change({ limit })} placeholder=${settings.value.pageSize} />
      ${form.mode === 'query' ? html`<${Choice} label="Order" value=${form.descending ? 'd' : ''} options=${[['', 'Ascending'], ['d', 'Descending']]} onChange=${(value) => change({ descending: Boolean(value) })} />` : html`<${Text} label="Segments" class="narrow" type="number" min="1" value=${form.segments} onChange=${(segments) => change({ segments })} placeholder="1" /><${Text} label="Segment" class="narrow" type="number" min="0" value=${form.segment} disabled=${!form.segments} onChange=${(segment) => change({ segment })} placeholder="0" />`}
      <${Check} label="Consistent read" checked=${form.consistent} disabled=${isGlobal} onChange=${(consistent) => change({ consistent })} /></div></details>
</div></form>`;
}

function Filter({ filter, onChange, onRemove }) {
  const set = (name) => (value) => onChange({ ...filter, [name]: value });
  const untyped = WITHOUT_VALUE.includes(filter.op) || filter.op === 'type' || filter.op === 'size';
  const value = filter.op === 'type' ? html`<${Select} aria-label="Type" value=${filter.value || 'S'} options=${Object.entries(TYPES)} onChange=${set('value')} />` : filter.type === 'BOOL' && !untyped ? html`<${Select} aria-label="Value" value=${filter.value || 'true'} options=${['true', 'false']} onChange=${set('value')} />`
    : html`<input class="input" aria-label="Value" value=${filter.value ?? ''} placeholder=${filter.op === 'in' ? 'a, b, c' : filter.op === 'size' ? '> 10' : 'Value'} onInput=${(event) => set('value')(event.currentTarget.value)} />${filter.op === 'between' && html`<span class="muted">and</span><input class="input" aria-label="Upper value" value=${filter.to ?? ''} onInput=${(event) => set('to')(event.currentTarget.value)} />`}`;
  const choose = (op) => onChange({ ...filter, op, ...(op === 'type' ? { value: 'S' } : {}) });
  return html`<div class="clause"><input class="input" aria-label="Attribute" placeholder="Attribute, such as a.b[0]" value=${filter.name} onInput=${(event) => set('name')(event.currentTarget.value)} /><${Select} aria-label="Operator" value=${filter.op} options=${FILTER_OPERATORS} onChange=${choose} />
    ${untyped ? html`<span />` : html`<${Select} aria-label="Type of the value" value=${filter.type} options=${FILTER_TYPES.map((type) => [type, TYPES[type]])} onChange=${(type) => onChange({ ...filter, type, value: type === 'BOOL' ? 'true' : filter.value })} />`}<div class="pair">${WITHOUT_VALUE.includes(filter.op) || (filter.type === 'NULL' && !untyped) ? null : value}</div><${Button} kind="quiet" icon="close" label="Remove the filter" onClick=${onRemove} /></div>`;
}

function CodeDialog({ request, onClose }) {
  const [language, set] = useState('cli');
  return html`<${Dialog} wide title="The same request as code" onClose=${onClose}><${Segments} label="Language" value=${language} onChange=${set} options=${LANGUAGES} /><${Code} label="code" text=${code(language, request.operation, request.body)} /><//>`;
}

function DeleteItems({ table, items, onClose }) {
  const remove = async () => { await deleteAll(table, items); toast(`${count(items.length)} ${items.length === 1 ? 'item is' : 'items are'} deleted`); };
  return html`<${Confirm} title=${`Delete ${count(items.length)} ${items.length === 1 ? 'item' : 'items'}?`} label="Delete" danger action=${remove} onClose=${onClose}><p>They cannot be brought back without a backup.</p>${items.length <= 5 && html`<pre class="mono">${items.map((item) => plain(keyOf(table, item), '')).join('\n')}</pre>`}<//>`;
}

/** By BatchWriteItem, 25 at once; what is not processed is sent again. */
export async function writeAll(table, requests, seen, aborted) {
  const batches = [];
  for (let at = 0; at < requests.length; at += 25) batches.push(requests.slice(at, at + 25));
  let done = 0;
  const results = await several(batches, async (batch) => {
    for (let rest = batch, wait = 50; rest.length && !aborted?.(); wait = Math.min(wait * 2, 2000)) {
      const { UnprocessedItems: left } = await dynamodb('BatchWriteItem', { RequestItems: { [table.TableName]: rest } });
      done += rest.length - (left?.[table.TableName]?.length ?? 0);
      rest = left?.[table.TableName] ?? [];
      seen?.(done);
      if (rest.length) await new Promise((wake) => setTimeout(wake, wait));
    }
  }, 4);
  const failed = results.find((result) => result.error);
  if (failed) throw failed.error;
}

const deleteAll = (table, items, seen, aborted) => writeAll(table, items.map((item) => ({ DeleteRequest: { Key: keyOf(table, item) } })), seen, aborted);

function Purge({ table, form, onClose }) {
  const [done, setDone] = useState(null);
  const aborted = useRef(false);
  useEffect(() => () => { aborted.current = true; }, []);
  const purge = async () => {
    const { operation, body } = requestOf(table, { ...form, projection: '', limit: '' });
    let next, gone = 0;
    do {
      const page = await dynamodb(operation, { ...body, ...(next ? { ExclusiveStartKey: next } : {}) });
      await deleteAll(table, page.Items, (now) => setDone(gone + now), () => aborted.current);
      gone += page.Items.length;
      next = page.LastEvaluatedKey;
    } while (next && !aborted.current);
    toast(`${count(gone)} items are deleted`);
  };
  return html`<${ConfirmName} title="Delete all items that match?" name=${table.TableName} label="Delete the items" action=${purge} onClose=${onClose}><p>All pages of the request are read, and their items deleted. The table itself stays. Close this dialog to stop.</p>${done !== null && html`<${Progress} label=${`${count(done)} items deleted`} />`}<//>`;
}

function ImportItems({ table, onClose }) {
  const [text, setText] = useState('');
  const [format, setFormat] = useState('dynamodb');
  const [done, setDone] = useState(null);
  const [run, busy, error] = useAction(async () => {
    const { parseItems } = await import('./import_items.js');
    const items = parseItems(text, format);
    await writeAll(table, items.map((item) => ({ PutRequest: { Item: item } })), setDone);
    toast(`${count(items.length)} items are put`);
    onClose(true);
  });
  const read = async (event) => { const file = event.currentTarget.files[0]; if (file) setText(await file.text()); };
  return html`<${Dialog} wide title="Import items" lead="One item a line, or a list. Items with the same key are replaced." onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!text.trim()}>Put the items<//>`}>
    <div class="row spread"><${Segments} label="Format" value=${format} onChange=${setFormat} options=${[['dynamodb', 'DynamoDB JSON'], ['plain', 'Plain JSON']]} /><input type="file" aria-label="File to import" accept=".json,.jsonl,.ndjson,.txt" onChange=${read} /></div><textarea class="input mono" rows="12" aria-label="Items" value=${text} onInput=${(event) => setText(event.currentTarget.value)} placeholder=${format === 'plain' ? '{"id": "a", "n": 1}' : '{"id": {"S": "a"}, "n": {"N": "1"}}'} />
    ${done !== null && html`<${Progress} label=${`${count(done)} items put`} />`}<${Fault} error=${error} /><//>`;
}

function exportItems(name, items, format) {
  if (format === 'csv') return download(`${name}.csv`, csv(items), 'text/csv');
  const lines = items.map((item) => (format === 'plain' ? plain(item, '') : JSON.stringify({ Item: item })));
  return download(`${name}.${format === 'plain' ? 'plain' : 'dynamodb'}.jsonl`, lines.join('\n') + '\n');
}

/** Values that a spreadsheet would take for a formula are text, with an apostrophe. */
function csv(items) {
  const names = [...new Set(items.flatMap(Object.keys))];
  const cell = (value) => {
    if (value === undefined) return '';
    const type = typeOf(value), text = ['S', 'N', 'B'].includes(type) ? value[type] : plainValue(value, '', '');
    const safe = type === 'S' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  return [names.map((name) => cell({ S: name })).join(','), ...items.map((item) => names.map((name) => cell(Object.hasOwn(item, name) ? item[name] : undefined)).join(','))].join('\r\n') + '\r\n';
}

