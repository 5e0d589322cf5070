// The editor of PartiQL: statements, parameters, transactions and batches, and what was run before.

import { html, useEffect, useRef, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { change, readOnly, region, settings } from '../session.js';
import { setQuery } from '../router.js';
import { describe, tableNames } from '../tables_data.js';
import { indexesOf, typed } from '../request.js';
import { count } from '../value.js';
import { Button, Card, Check, Dialog, Editor, Empty, Fault, Notice, Page, Segments, Select, useAction, useLoad } from '../ui.js';
import { Grid } from './grid.js';


const HISTORY = 'stator.statements';
const HISTORY_MAX = 50;

const stored = () => { try { return JSON.parse(localStorage.getItem(HISTORY)) ?? []; } catch { return []; } };

function remember(text) {
  if (!settings.value.history) return;
  localStorage.setItem(HISTORY, JSON.stringify([text, ...stored().filter((one) => one !== text)].slice(0, HISTORY_MAX)));
}

/** Statements end with a semicolon that is in no quotation marks. */
export function statements(text) {
  const found = [];
  let current = '', quote = '';
  for (const char of text) {
    if (quote) { if (char === quote) quote = ''; } else if (char === "'" || char === '"') quote = char;
    if (char === ';' && !quote) { found.push(current); current = ''; } else current += char;
  }
  return [...found, current].map((one) => one.trim()).filter(Boolean);
}

const holes = (text) => (text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '').match(/\?/g) ?? []).length;

/** Whether a SELECT is answered by keys, as far as its text says. */
function explain(text, table, index) {
  if (!/^\s*select\b/i.test(text) || !table) return null;
  const schema = index ? indexesOf(table).find((one) => one.IndexName === index)?.KeySchema : table.KeySchema;
  const where = /\bwhere\b([\s\S]*)$/i.exec(text)?.[1] ?? '';
  const hash = (schema ?? []).filter((key) => key.KeyType === 'HASH').map((key) => key.AttributeName);
  const given = (name) => new RegExp(`(^|[\\s("])"?${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"?\\s*(=|in\\b)`, 'i').test(where);
  return hash.length && hash.every(given) && !/\bor\b/i.test(where) ? { good: true, text: 'A read by key: the partition key has a value.' } : { good: false, text: `A scan: ${hash.join(' and ')} ${hash.length > 1 ? 'have' : 'has'} no value, so all items are read.` };
}

const SOURCE = /\b(?:from|into|update)\s+"?([\w.-]+)"?(?:\s*\.\s*"?([\w.-]+)"?)?/i;

export function PartiQL({ query }) {
  const [text, setText] = useState(query.get('q') ?? '');
  const [mode, setMode] = useState('single');
  const [parameters, setParameters] = useState([]);
  const [consistent, setConsistent] = useState(false);
  const [results, setResults] = useState(null);
  const [history, setHistory] = useState(stored);
  const [asking, setAsking] = useState(null);
  const area = useRef();
  const names = useLoad(tableNames, [region.value]);
  const [, from, index] = SOURCE.exec(text) ?? [];
  const table = useLoad(() => (from && names.data?.includes(from) ? describe(from) : Promise.resolve(null)), [from, names.data?.length]);
  useEffect(() => { if (query.get('q') !== null && query.get('q') !== text) setText(query.get('q')); }, [query.get('q')]);
  const write = (next) => setText(next);
  const selected = () => { const field = area.current; return field && field.selectionEnd > field.selectionStart ? field.value.slice(field.selectionStart, field.selectionEnd) : text; };
  const needed = holes(text);
  const values = (at, n) => Array.from({ length: n }, (_, i) => { const one = parameters[at + i] ?? { type: 'S', value: '' }; return typed(one.type, one.value); });

  const [run, busy, error] = useAction(async (asked, next) => {
    const all = statements(asked);
    if (!all.length) return;
    let at = 0;
    const withParameters = all.map((Statement) => { const n = holes(Statement), Parameters = values(at, n); at += n; return { Statement, ...(n ? { Parameters } : {}) }; });
    const begun = performance.now();
    let found;
    if (mode === 'transaction') {
      const answer = await dynamodb('ExecuteTransaction', { TransactStatements: withParameters, ReturnConsumedCapacity: 'TOTAL' });
      found = all.map((statement, i) => ({ statement, items: answer.Responses?.[i]?.Item ? [answer.Responses[i].Item] : [], units: i ? 0 : (answer.ConsumedCapacity ?? []).reduce((sum, one) => sum + one.CapacityUnits, 0) }));
    } else if (mode === 'batch') {
      const answer = await dynamodb('BatchExecuteStatement', { Statements: withParameters.map((one) => ({ ...one, ConsistentRead: consistent || undefined })), ReturnConsumedCapacity: 'TOTAL' });
      found = answer.Responses.map((one, i) => ({ statement: all[i], items: one.Item ? [one.Item] : [], units: i ? 0 : (answer.ConsumedCapacity ?? []).reduce((sum, each) => sum + each.CapacityUnits, 0), error: one.Error && Object.assign(new Error(one.Error.Message), { name: one.Error.Code, operation: 'BatchExecuteStatement' }) }));
    } else {
      found = [];
      for (const one of withParameters) {
        const answer = await dynamodb('ExecuteStatement', { ...one, ...(consistent ? { ConsistentRead: true } : {}), ...(next ? { NextToken: next.token } : {}), ReturnConsumedCapacity: 'TOTAL' });
        found.push({ statement: one.Statement, items: [...(next?.items ?? []), ...(answer.Items ?? [])], next: answer.NextToken, units: answer.ConsumedCapacity?.CapacityUnits ?? 0 });
      }
    }
    setResults({ found, ms: performance.now() - begun, asked });
    remember(asked.trim());
    setHistory(stored());
    setQuery({ q: text });
  });
  const start = () => { const asked = selected(); if (/(^|;)\s*(delete|update)\b/i.test(asked) && !readOnly.value) setAsking(asked); else run(asked); };
  const why = explain(statements(text)[0] ?? '', table.data, index);
  return html`<${Page} title="PartiQL" wide lead="Statements in SQL’s manner; several are separated by semicolons.">
    <div class="partiql"><div class="stack"><${Card}><div class="row center spread"><${Segments} label="Mode" value=${mode} onChange=${setMode} options=${[['single', 'One by one'], ['batch', 'Batch'], ['transaction', 'Transaction']]} />${mode !== 'transaction' && html`<${Check} label="Consistent read" checked=${consistent} onChange=${setConsistent} />`}</div>
        <${Editor} label="Statements" language="sql" value=${text} onChange=${write} onRun=${start} rows="8" inputRef=${area} />
        <${Completion} text=${text} names=${names.data ?? []} table=${table.data} area=${area} onPick=${write} />
        ${needed > 0 && html`<div class="clauses" role="group" aria-label="Parameters">${Array.from({ length: needed }, (_, i) => { const one = parameters[i] ?? { type: 'S', value: '' }, set = (next) => setParameters(Object.assign([], parameters, { [i]: { ...one, ...next } })); return html`<div class="pair" key=${i}><span class="muted nowrap">Parameter ${i + 1}</span><${Select} class="short" aria-label=${`Type of parameter ${i + 1}`} value=${one.type} options=${['S', 'N', 'B', 'BOOL', 'NULL']} onChange=${(type) => set({ type })} /><input class="input" aria-label=${`Value of parameter ${i + 1}`} value=${one.value} onInput=${(event) => set({ value: event.currentTarget.value })} /></div>`; })}</div>`}
        ${why && html`<${Notice} kind=${why.good ? 'good' : 'warn'}>${why.text}<//>`}
        <div class="row center"><${Button} kind="primary" icon="play" busy=${busy} disabled=${!text.trim()} title="Ctrl+Enter" onClick=${start}>Run<//><span class="hint">Runs what is selected, or all.</span></div><//>
      <${Fault} error=${error} />${error?.reasons && html`<${Card} title="Why the transaction was cancelled"><ol class="stack tight">${error.reasons.map((reason, i) => html`<li key=${i}><strong>${reason.Code}</strong> ${reason.Message}</li>`)}</ol><//>`}
      ${results?.found.map((one, i) => html`<${Result} key=${i} one=${one} ms=${i ? null : results.ms} onNext=${() => run(one.statement, { token: one.next, items: one.items })} busy=${busy} />`)}</div>
    <div class="stack"><${Card} title="Tables" class="side-card"><${TableTree} names=${names.data ?? []} onPick=${(name, one) => write(`SELECT * FROM "${name}"${one ? `."${one}"` : ''}`)} /><//><${Card} title="History" class="side-card" actions=${html`<${Button} kind="quiet" icon="trash" label="Forget the history" onClick=${() => { localStorage.removeItem(HISTORY); setHistory([]); }} />`}><${Check} label="Keep the last statements in this browser" checked=${settings.value.history} onChange=${(on) => { change({ history: on }); if (!on) { localStorage.removeItem(HISTORY); setHistory([]); } }} />${history.length ? html`<div class="statement-list">${history.map((one) => html`<button type="button" key=${one} onClick=${() => write(one)}>${one.slice(0, 300)}</button>`)}</div>` : html`<p class="muted">Nothing yet.</p>`}<//></div></div>
    ${asking && html`<${Dialog} title="Run this change?" onClose=${() => setAsking(null)} onSubmit=${() => { run(asking); setAsking(null); }} actions=${html`<${Button} onClick=${() => setAsking(null)}>Cancel<//><${Button} kind="primary" type="submit" autofocus>Run<//>`}><pre class="mono wrap">${asking}</pre><//>`}<//>`;
}

function TableTree({ names, onPick }) {
  const [text, setText] = useState('');
  const shown = names.filter((name) => name.toLowerCase().includes(text.toLowerCase())).slice(0, 100);
  return html`${names.length > 8 && html`<input class="input" type="search" aria-label="Filter tables" placeholder="Filter" value=${text} onInput=${(event) => setText(event.currentTarget.value)} />`}<div class="statement-list">${shown.map((name) => html`<button type="button" key=${name} onClick=${() => onPick(name)}>${name}</button>`)}</div>${!names.length && html`<p class="muted">No tables.</p>`}`;
}

/** Tables, indexes and key attributes that begin with the word at the end. */
function Completion({ text, names, table, area, onPick }) {
  const word = /[\w.-]+$/.exec(text)?.[0] ?? '';
  const known = [...names, ...(table ? indexesOf(table).map((one) => one.IndexName) : []), ...(table?.AttributeDefinitions ?? []).map((one) => one.AttributeName), 'SELECT', 'FROM', 'WHERE', 'INSERT INTO', 'UPDATE', 'DELETE FROM', 'begins_with', 'BETWEEN'];
  const found = word.length > 0 ? [...new Set(known)].filter((one) => one.toLowerCase().startsWith(word.toLowerCase()) && one.toLowerCase() !== word.toLowerCase()).slice(0, 8) : [];
  const pick = (one) => { const quoted = names.includes(one) && !/"$/.test(text.slice(0, -word.length)) ? `"${one}"` : one; onPick(text.slice(0, text.length - word.length) + quoted + ' '); area.current?.focus(); };
  if (!found.length) return null;
  return html`<div class="completions">${found.map((one) => html`<button type="button" class="button small" key=${one} onClick=${() => pick(one)}>${one}</button>`)}</div>`;
}

function Result({ one, ms, onNext, busy }) {
  const table = { KeySchema: [], AttributeDefinitions: [] };
  return html`<${Card} flush><div class="bar spread"><code class="cut">${one.statement.slice(0, 160)}</code><span class="hint" aria-live="polite">${one.error ? 'failed' : html`<strong>${count(one.items.length)}</strong> items · ${Number(one.units.toFixed(1))} units${ms === null ? '' : ` · ${Math.round(ms)} ms`}`}</span></div>
    ${one.error ? html`<${Fault} error=${one.error} />` : one.items.length ? html`<${Grid} table=${table} items=${one.items} index="" chosen=${new Set()} onChoose=${() => {}} onOpen=${() => {}} plain />` : html`<${Empty} icon="check" title=${/^\s*select/i.test(one.statement) ? 'No items' : 'Done'} />`}${one.next && html`<div class="bar"><${Button} icon="down" busy=${busy} onClick=${onNext}>Next page<//></div>`}<//>`;
}

