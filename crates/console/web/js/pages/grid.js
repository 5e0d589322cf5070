// Items in rows. Only the rows that are seen exist, so that a hundred thousand of them scroll as ten do.

import { html, useEffect, useMemo, useRef, useState } from '../deps.js';
import { keysOf } from '../request.js';
import { brief, typeOf } from '../value.js';

const ROW = 33;
const COLUMNS_MAX = 40;
const LOOKED_AT = 2000;

/** The names of attributes: of keys first, then as they are found. */
export function columnsOf(table, index, items) {
  const names = new Set([...table.KeySchema.map((key) => key.AttributeName), ...keysOf(table, index).map((key) => key.name)]);
  for (const item of items.slice(0, LOOKED_AT)) {
    for (const name of Object.keys(item)) names.add(name);
    if (names.size >= COLUMNS_MAX) break;
  }
  return [...names].slice(0, COLUMNS_MAX);
}

/** `plain`: without a choice of rows, and without a page of their own. */
export function Grid({ table, items, index, chosen, onChoose, onOpen, plain }) {
  const box = useRef();
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(700);
  const columns = useMemo(() => columnsOf(table, index, items), [table, index, items]);
  useEffect(() => {
    const seen = new ResizeObserver(() => setHeight(box.current?.clientHeight ?? 700));
    seen.observe(box.current);
    return () => seen.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / ROW) - 8), last = Math.min(items.length, Math.ceil((top + height) / ROW) + 8);
  const toggle = (i) => { const next = new Set(chosen); next.has(i) ? next.delete(i) : next.add(i); onChoose(next); };
  const all = items.length > 0 && chosen.size === items.length;
  const keys = new Set(table.KeySchema.map((key) => key.AttributeName));
  const rows = [];
  for (let i = first; i < last; i++) {
    const item = items[i];
    rows.push(html`<tr key=${i} aria-rowindex=${i + 2} class=${chosen.has(i) ? 'chosen' : ''}>${!plain && html`<td class="pick"><input type="checkbox" aria-label=${`Select item ${i + 1}`} checked=${chosen.has(i)} onChange=${() => toggle(i)} /></td>`}
      ${columns.map((name, j) => html`<${Cell} key=${name} value=${Object.hasOwn(item, name) ? item[name] : undefined} isKey=${keys.has(name)} isFirst=${j === 0 && !plain} onOpen=${() => onOpen(item)} />`)}</tr>`);
  }
  return html`<div class="grid" ref=${box} tabindex="0" role="region" aria-label="Items" onScroll=${(event) => setTop(event.currentTarget.scrollTop)}><table class="table" aria-rowcount=${items.length + 1}><caption class="sr">Items</caption><thead><tr aria-rowindex="1">${!plain && html`<th scope="col" class="pick"><input type="checkbox" aria-label="Select all items" checked=${all} onChange=${() => onChoose(all ? new Set() : new Set(items.keys()))} /></th>`}
    ${columns.map((name) => html`<th key=${name} scope="col">${name}${keys.has(name) && html`<span class="type">key</span>`}</th>`)}</tr></thead>
    <tbody>${first > 0 && html`<tr class="gap" aria-hidden="true"><td colspan=${columns.length + 1} style=${{ height: `${first * ROW}px` }} /></tr>`}${rows}${last < items.length && html`<tr class="gap" aria-hidden="true"><td colspan=${columns.length + 1} style=${{ height: `${(items.length - last) * ROW}px` }} /></tr>`}</tbody></table></div>`;
}

function Cell({ value, isKey, isFirst, onOpen }) {
  if (value === undefined) return html`<td class="absent" aria-label="absent">–</td>`;
  const type = typeOf(value), text = brief(value, 80), plain = type === 'S' || type === 'N';
  const inner = text === '' ? html`<span class="absent">empty</span>` : text;
  const shown = isFirst ? html`<button type="button" class="cell-button" onClick=${onOpen}>${inner}</button>` : inner;
  const tag = isFirst ? 'th' : 'td';
  return html`<${tag} scope=${isFirst ? 'row' : undefined} class=${`${type === 'S' ? '' : 'mono'} v-${type}`} title=${isKey ? undefined : type === 'S' && text.length > 40 ? text : undefined}><bdi>${shown}</bdi>${!plain && html`<span class="type">${type}</span>`}<//>`;
}
