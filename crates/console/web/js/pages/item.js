// One item: a form of typed values, or JSON. What is saved is shown before, and is saved only if the item is as it was read.

import { html, useEffect, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { readOnly } from '../session.js';
import { go, href } from '../router.js';
import { keyOf, unchanged } from '../request.js';
import { brief, bytes, itemFromPlain, itemFromText, itemSize, ITEM_BYTES_MAX, plain, pretty, same } from '../value.js';
import { Button, Card, Check, Confirm, Copy, Dialog, Editor, Empty, Fault, LinkButton, Menu, Notice, Page, Segments, Skeleton, toast, useAction } from '../ui.js';
import { faults, fromItem, toItem, Tree } from './tree.js';

function startOf(table) {
  const keys = table.KeySchema.map(({ AttributeName }) => [AttributeName, table.AttributeDefinitions.find((found) => found.AttributeName === AttributeName).AttributeType]);
  return Object.fromEntries(keys.map(([name, type]) => [name, { [type]: '' }]));
}

export function ItemPage({ table, isNew, query }) {
  const name = table.TableName, keyText = query.get('key'), copied = query.get('copy');
  const [original, setOriginal] = useState(null);
  const [start, setStart] = useState(null);
  const [load, loading, loadFault] = useAction(async () => {
    const from = isNew ? copied : keyText;
    if (!from) { setStart(startOf(table)); return; }
    const { Item: item } = await dynamodb('GetItem', { TableName: name, Key: JSON.parse(from), ConsistentRead: true });
    if (!isNew) setOriginal(item ?? null);
    setStart(item ?? false);
  });
  useEffect(() => { setStart(null); load(); }, [name, keyText, copied, isNew]);
  const title = isNew ? 'Create item' : 'Edit item';
  const crumbs = html`<a href=${href('tables')}>Tables</a><span aria-hidden="true">/</span><a href=${href('tables', name, 'items')}>${name}</a>`;
  const lead = !isNew && keyText && safeKey(keyText);
  return html`<${Page} title=${title} above=${crumbs} lead=${lead && html`<span class="mono">${lead}</span>`} actions=${start && original && !isNew && html`<${ItemMenu} table=${table} item=${original} />`}>
    <${Fault} error=${loadFault} retry=${load} />${start === null && (loading || !loadFault) && html`<${Skeleton} rows="6" />`}
    ${start === false && html`<${Card}><${Empty} icon="search" title="There is no such item" actions=${html`<${LinkButton} href=${href('tables', name, 'items')}>Back to the items<//>`}>It may have been deleted.<//><//>`}
    ${start && (isNew || original) && html`<${ItemEditor} key=${keyText ?? copied ?? 'new'} table=${table} start=${start} original=${original} isNew=${isNew} onSaved=${(item) => { if (isNew) go('tables', name, 'item', { key: JSON.stringify(keyOf(table, item)) }); else { setOriginal(item); setStart(null); load(); } }} />`}<//>`;
}

/** Keys first. */
function ordered(table, item) {
  const keys = table.KeySchema.map((key) => key.AttributeName).filter((name) => Object.hasOwn(item, name));
  return Object.assign(Object.create(null), Object.fromEntries([...keys, ...Object.keys(item).filter((name) => !keys.includes(name))].map((name) => [name, item[name]])));
}

function safeKey(text) {
  try {
    return Object.entries(JSON.parse(text)).map(([name, value]) => `${name} = ${brief(value)}`).join(', ');
  } catch {
    return '';
  }
}

function ItemMenu({ table, item }) {
  const [deleting, setDeleting] = useState(false);
  if (readOnly.value) return null;
  const key = keyOf(table, item);
  return html`<${Menu} label="Actions on the item" items=${[['Duplicate', () => go('tables', table.TableName, 'new', { copy: JSON.stringify(key) })], ['Delete…', () => setDeleting(true), true]]}>Actions<//>
    ${deleting && html`<${Confirm} title="Delete this item?" label="Delete" danger onClose=${(done) => { setDeleting(false); if (done) go('tables', table.TableName, 'items'); }} action=${async () => { await dynamodb('DeleteItem', { TableName: table.TableName, Key: key }); toast('The item is deleted'); }}><pre class="mono">${plain(key)}</pre><//>`}`;
}

function ItemEditor({ table, start, original, isNew, onSaved }) {
  const [view, setView] = useState('form');
  const [tree, setTree] = useState(() => fromItem(ordered(table, start)));
  const [text, setText] = useState('');
  const [fault, setFault] = useState(null);
  const [onlyUnchanged, setOnlyUnchanged] = useState(true);
  const [review, setReview] = useState(null);
  const [conflict, setConflict] = useState(null);
  const keys = table.KeySchema.map((key) => key.AttributeName);

  const read = (from = view) => {
    if (from === 'form') { const found = faults(tree); if (found.length) throw new SyntaxError(found[0]); return toItem(tree); }
    return from === 'plain' ? itemFromPlain(text, original ?? start) : itemFromText(text);
  };
  const show = (next) => {
    try {
      const item = view === 'form' ? toItem(tree) : read();
      if (next === 'form') setTree(fromItem(ordered(table, item))); else setText(next === 'plain' ? plain(item) : pretty(item));
      setView(next);
      setFault(null);
    } catch (error) { setFault(error.message); }
  };
  const item = (() => { try { return view === 'form' ? toItem(tree) : read(); } catch { return null; } })();
  const ask = () => { try { setReview(read()); setFault(null); } catch (error) { setFault(error.message); } };
  const [save, saving, saveFault, setSaveFault] = useAction(async (next, force) => {
    const request = { TableName: table.TableName, Item: next, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
    if (isNew) Object.assign(request, { ConditionExpression: 'attribute_not_exists(#k)', ExpressionAttributeNames: { '#k': keys[0] } });
    else if (onlyUnchanged && !force) Object.assign(request, unchanged(original, next));
    try {
      await dynamodb('PutItem', request);
    } catch (error) {
      if (error.name !== 'ConditionalCheckFailedException') throw error;
      setReview(null);
      setConflict({ mine: next, theirs: error.item });
      return;
    }
    setReview(null);
    setConflict(null);
    toast('The item is saved');
    onSaved(next);
  });
  const size = item ? itemSize(item) : null;
  const changed = item && (isNew || Object.keys({ ...original, ...item }).some((name) => !same(original[name], item[name])));
  const pressed = (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !readOnly.value) { event.preventDefault(); ask(); } };
  return html`<div class="stack" onKeyDown=${pressed}><${Card} flush><div class="bar spread"><${Segments} label="View" value=${view} onChange=${show} options=${[['form', 'Form'], ['dynamodb', 'DynamoDB JSON'], ['plain', 'Plain JSON']]} />
      <div class="row center"><span class="hint" title="As DynamoDB counts it">${size === null ? '' : html`${bytes(size)} of 400 KB`}</span>${item && html`<${Copy} text=${pretty(item)} label="Copy the item" />`}</div></div>
      ${size > ITEM_BYTES_MAX && html`<${Notice} kind="warn" title="The item is too large">It has ${size} bytes; ${ITEM_BYTES_MAX} are allowed.<//>`}
      <div class="card-body">${view === 'form' ? html`<${Tree} nodes=${tree} onChange=${setTree} fixed=${keys} lockedKeys=${isNew ? [] : keys} />` : html`<${Editor} label=${view === 'plain' ? 'The item in plain JSON' : 'The item in DynamoDB JSON'} value=${text} onChange=${(next) => { setText(next); setFault(null); }} rows="22" error=${fault} />${view === 'plain' && html`<p class="hint">Numbers keep all of their digits. Sets and binaries keep their types where they are edited in place.</p>`}`}
      ${fault && html`<${Notice} kind="bad" title="Not a valid item">${fault}<//>`}</div><//>
    ${!readOnly.value && html`<div class="row center"><${Button} kind="primary" onClick=${ask} disabled=${!isNew && item && !changed} title="Ctrl+Enter">${isNew ? 'Create item' : 'Review and save'}<//><${LinkButton} href=${href('tables', table.TableName, 'items')}>Cancel<//>${!isNew && html`<${Check} label="Only if it is unchanged since I read it" checked=${onlyUnchanged} onChange=${setOnlyUnchanged} />`}</div>`}
    ${review && html`<${Dialog} wide title=${isNew ? 'Create this item?' : 'Save these changes?'} onClose=${() => { setReview(null); setSaveFault(null); }} onSubmit=${() => save(review)} actions=${html`<${Button} onClick=${() => setReview(null)}>Back<//><${Button} kind="primary" type="submit" busy=${saving} autofocus>${isNew ? 'Create' : 'Save'}<//>`}><${Diff} was=${isNew ? {} : original} is=${review} />
      ${!isNew && keys.some((key) => !same(original[key], review[key])) && html`<${Notice} kind="warn" title="The key is another one">This writes a second item; the first one stays as it is.<//>`}<${Fault} error=${saveFault} /><//>`}
    ${conflict && html`<${Conflict} of=${conflict} isNew=${isNew} busy=${saving} onForce=${() => save(conflict.mine, true)} onClose=${() => setConflict(null)} />`}</div>`;
}

function Conflict({ of, isNew, busy, onForce, onClose }) {
  const text = isNew ? 'An item with this key is there already. Nothing was written.' : of.theirs ? 'The item was changed since you read it. Nothing was written.' : 'The item was deleted since you read it. Nothing was written.';
  return html`<${Dialog} wide title=${isNew ? 'The key is taken' : 'The item has changed'} lead=${text} onClose=${onClose} actions=${html`<${Button} onClick=${onClose}>Back to my version<//>${!isNew && html`<${Button} kind="danger" busy=${busy} onClick=${onForce}>Overwrite with mine<//>`}`}><${Diff} was=${of.theirs ?? {}} is=${of.mine} titles=${['Stored now', 'Mine']} /><//>`;
}

/** Attributes that differ, side by side. */
export function Diff({ was, is, titles = ['Before', 'After'] }) {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => !same(was[name], is[name]));
  if (!names.length) return html`<p class="muted">Nothing differs.</p>`;
  const side = (value, kind) => (value === undefined ? html`<span class="nil">absent</span>` : html`<code class=${kind}>${JSON.stringify(value, null, 1).slice(0, 20000)}</code>`);
  return html`<div class="diff"><div class="diff-row legend"><span>Attribute</span><span>${titles[0]}</span><span>${titles[1]}</span></div>${names.map((name) => html`<div class="diff-row" key=${name}><strong>${name}</strong>${side(was[name], 'was')}${side(is[name], 'is')}</div>`)}</div>`;
}
