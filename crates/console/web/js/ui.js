// Components on native HTML, with one look. Pages are made of these alone.

import { html, signal, useEffect, useLayoutEffect, useId, useRef, useState } from './deps.js';
import { Icon } from './icons.js';
import { settings } from './session.js';

export { Icon };

const words = (...names) => names.filter(Boolean).join(' ');

export function Button({ kind = 'plain', icon, busy, children, class: more, label, ...rest }) {
  return html`<button type="button" ...${rest} class=${words('button', kind, !children && 'only-icon', more)} disabled=${rest.disabled || busy} aria-busy=${busy ? 'true' : undefined} aria-label=${label} title=${rest.title ?? (children ? undefined : label)}>
    ${busy ? html`<span class="spinner" aria-hidden="true" />` : icon && html`<${Icon} name=${icon} />`}${children && html`<span>${children}</span>`}</button>`;
}

export function LinkButton({ kind = 'plain', icon, children, class: more, label, ...rest }) {
  return html`<a ...${rest} class=${words('button', kind, !children && 'only-icon', more)} aria-label=${label} title=${children ? undefined : label}>${icon && html`<${Icon} name=${icon} />`}${children && html`<span>${children}</span>`}</a>`;
}

/** Loads with each change of `deps`: { data, error, loading, reload }. What was there stays until what is new is there. */
export function useLoad(load, deps) {
  const [state, set] = useState({ loading: true });
  const latest = useRef(0);
  const reload = async (quiet) => {
    const own = ++latest.current;
    if (!quiet) set((before) => ({ ...before, loading: true }));
    try {
      const data = await load();
      if (latest.current === own) set({ data, loading: false });
      return data;
    } catch (error) {
      if (latest.current === own) set((before) => ({ data: before.data, error, loading: false }));
    }
  };
  useEffect(() => {
    set({ loading: true });
    reload();
    return () => { latest.current++; };
  }, deps);
  return { ...state, reload };
}

/** Calls again and again while the page is seen. */
export function useEvery(ms, call, deps = []) {
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    if (!ms) return undefined;
    const timer = setInterval(() => { if (!document.hidden) latest.current(); }, ms);
    return () => clearInterval(timer);
  }, [ms, ...deps]);
}

/** A form's action: [run, busy, error]. */
export function useAction(action) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const run = async (...given) => {
    setBusy(true);
    setError(null);
    try {
      return await action(...given);
    } catch (failure) {
      setError(failure);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return [run, busy, error, setError];
}

export function Page({ title, above, lead, actions, children, wide, badge }) {
  useEffect(() => { document.title = `${title} · Stator`; }, [title]);
  return html`<div class=${words('page', wide && 'wide')}>
    <header class="page-head"><div class="page-title">${above && html`<nav class="crumbs" aria-label="Breadcrumbs">${above}</nav>`}
      <div class="title-row"><h1 tabindex="-1" id="title">${title}</h1>${badge}</div>${lead && html`<p class="lead">${lead}</p>`}</div>
      ${actions && html`<div class="actions">${actions}</div>`}</header>
    ${children}</div>`;
}

export function Card({ title, lead, actions, children, class: more, flush, id }) {
  return html`<section class=${words('card', flush && 'flush', more)} id=${id}>
    ${title && html`<header class="card-head"><div><h2>${title}</h2>${lead && html`<p class="lead">${lead}</p>`}</div>${actions && html`<div class="actions">${actions}</div>`}</header>`}
    <div class="card-body">${children}</div></section>`;
}

export function Notice({ kind = 'info', title, children, actions }) {
  return html`<div class=${`notice ${kind}`} role=${kind === 'bad' ? 'alert' : 'status'}><${Icon} name=${kind === 'info' ? 'info' : kind === 'good' ? 'check' : 'warn'} />
    <div class="notice-text">${title && html`<strong>${title}</strong>`}${children && html`<div>${children}</div>`}</div>${actions && html`<div class="actions">${actions}</div>`}</div>`;
}

/** A refusal in the API's own words. What is not built yet is no fault. */
export function Fault({ error, retry }) {
  if (!error) return null;
  if (error.isNotBuilt) return html`<${NotBuilt} error=${error} />`;
  const title = error.isDenied ? `You are not allowed to do this (${error.operation})` : error.operation ? `${error.operation}: ${error.name}` : error.name;
  return html`<${Notice} kind="bad" title=${title} actions=${retry && html`<${Button} icon="refresh" onClick=${retry}>Try again<//>`}>${error.message}<//>`;
}

export function NotBuilt({ error }) {
  return html`<${Empty} icon="gear" title="Not in this version yet">${error.message}<//>`;
}

export function Empty({ icon = 'table', title, children, actions }) {
  return html`<div class="empty"><div class="empty-icon"><${Icon} name=${icon} size="26" /></div><p class="empty-title">${title}</p>${children && html`<p>${children}</p>`}${actions && html`<div class="actions">${actions}</div>`}</div>`;
}

export function Skeleton({ rows = 5 }) {
  return html`<div class="skeleton" role="status"><span class="sr">Loading</span>${Array.from({ length: rows }, (_, i) => html`<div key=${i} />`)}</div>`;
}

/** Loading, refused, or there. */
export function Loaded({ of, children, rows }) {
  if (of.error && !of.data) return html`<${Fault} error=${of.error} retry=${() => of.reload()} />`;
  if (of.data === undefined) return html`<${Skeleton} rows=${rows} />`;
  return html`${of.error && html`<${Fault} error=${of.error} retry=${() => of.reload()} />`}${children(of.data)}`;
}

const GOOD = /^(ACTIVE|ENABLED|OK|AVAILABLE|COMPLETED|Active|Enabled|INSERT|allowed|ok)$/;
const BUSY = /(ING|ing|IN_PROGRESS|INSUFFICIENT_DATA|MODIFY)$/;
const BAD = /(FAIL|ALARM|REMOVE|INACCESSIBLE|CANCELLED|Deny|denied|Problem)/i;

export function Badge({ children, kind }) {
  const text = String(children ?? '');
  const shown = kind ?? (GOOD.test(text) ? 'good' : BAD.test(text) ? 'bad' : BUSY.test(text) ? 'busy' : 'none');
  return html`<span class=${`badge ${shown}`}><i aria-hidden="true" />${text}</span>`;
}

export function KeyValues({ of, columns = 3 }) {
  return html`<dl class=${`key-values columns-${columns}`}>${of.filter(Boolean).map(([name, value]) => html`<div key=${name} class=${/ARN$/.test(name) ? 'long' : undefined}><dt>${name}</dt><dd>${value ?? '–'}</dd></div>`)}</dl>`;
}

export function Stat({ label, value, note, href: to, children, kind }) {
  const inner = html`<span class="stat-label">${label}</span><span class="stat-value">${value}</span>${note && html`<span class="stat-note">${note}</span>`}${children}`;
  return to ? html`<a class=${words('stat', kind)} href=${to}>${inner}</a>` : html`<div class=${words('stat', kind)}>${inner}</div>`;
}

// Fields.

export function Field({ label, hint, error, children, optional, class: more }) {
  const id = useId();
  return html`<div class=${words('field', more)}><label for=${id}>${label}${optional && html`<em>optional</em>`}</label>${children({ id, 'aria-describedby': hint || error ? `${id}-hint` : undefined, 'aria-invalid': error ? 'true' : undefined })}
    ${(hint || error) && html`<p class=${error ? 'hint bad' : 'hint'} id=${`${id}-hint`}>${error || hint}</p>`}</div>`;
}

export function Text({ label, hint, error, optional, value, onChange, area, mono, class: more, ...rest }) {
  const tag = area ? 'textarea' : 'input';
  return html`<${Field} label=${label} hint=${hint} error=${error} optional=${optional} class=${more}>${(named) =>
    html`<${tag} ...${named} ...${rest} class=${words('input', mono && 'mono')} value=${value} spellcheck=${false} autocomplete=${rest.autocomplete ?? 'off'} onInput=${(event) => onChange(event.currentTarget.value)} />`}<//>`;
}

export function Choice({ label, hint, error, value, options, onChange, class: more, ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error} class=${more}>${(named) =>
    html`<${Select} ...${named} ...${rest} value=${value} options=${options} onChange=${onChange} />`}<//>`;
}

/** Options are texts or pairs. */
export function Select({ value, options, onChange, class: more, ...rest }) {
  return html`<select ...${rest} class=${words('input', 'select', more)} onChange=${(event) => onChange(event.currentTarget.value)}>
    ${options.map((option) => { const [key, text] = Array.isArray(option) ? option : [option, option]; return html`<option key=${key} value=${key} selected=${String(key) === String(value)}>${text}</option>`; })}</select>`;
}

export function Check({ label, hint, checked, onChange, disabled }) {
  const id = useId();
  return html`<div class="check"><input type="checkbox" id=${id} checked=${checked} disabled=${disabled} aria-describedby=${hint ? `${id}-hint` : undefined} onChange=${(event) => onChange(event.currentTarget.checked)} />
    <div><label for=${id}>${label}</label>${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}</div></div>`;
}

/** A few choices of which one is seen to be made. */
export function Segments({ label, value, options, onChange, class: more }) {
  const name = useId();
  return html`<fieldset class=${words('segments', more)}><legend class="sr">${label}</legend>${options.map(([key, text]) =>
    html`<label key=${key} class=${key === value ? 'on' : ''}><input type="radio" name=${name} value=${key} checked=${key === value} onChange=${() => onChange(key)} /><span>${text}</span></label>`)}</fieldset>`;
}

export function Tabs({ label, tabs, at }) {
  return html`<nav class="tabs" aria-label=${label}>${tabs.filter(Boolean).map(([key, text, to, count]) => html`<a key=${key} href=${to} aria-current=${key === at ? 'page' : undefined}>${text}${count !== undefined && html`<span class="count">${count}</span>`}</a>`)}</nav>`;
}

// Tables.

/** Columns: { key, title, show, number, sort, class }. Selection: { chosen: Set, onChange, of: row → key }. */
export function Table({ caption, columns, rows, of = (row, i) => i, empty, selection, compact }) {
  const [sort, setSort] = useState(null);
  if (!rows.length && empty) return empty;
  let shown = rows;
  if (sort) {
    const column = columns.find((found) => found.key === sort.key);
    const value = column.sort ?? ((row) => row[column.key]);
    shown = [...rows].sort((a, b) => { const [x, y] = [value(a), value(b)]; return (x > y ? 1 : x < y ? -1 : 0) * (sort.down ? -1 : 1); });
  }
  const toggle = (key) => setSort((before) => (before?.key === key ? (before.down ? null : { key, down: true }) : { key, down: false }));
  const all = selection && shown.length > 0 && shown.every((row, i) => selection.chosen.has(of(row, i)));
  return html`<div class=${words('table-frame', compact && 'compact')} tabindex="0" role="region" aria-label=${caption}><table class="table"><caption class="sr">${caption}</caption><thead><tr>
    ${selection && html`<th scope="col" class="pick"><input type="checkbox" aria-label="Select all" checked=${all} onChange=${() => selection.onChange(all ? new Set() : new Set(shown.map(of)))} /></th>`}
    ${columns.map((column) => html`<th key=${column.key} scope="col" class=${words(column.number && 'number', column.class)} aria-sort=${sort?.key === column.key ? (sort.down ? 'descending' : 'ascending') : undefined}>
      ${column.sort || column.sortable ? html`<button type="button" class="sort" onClick=${() => toggle(column.key)}>${column.title}<${Icon} name=${sort?.key === column.key && sort.down ? 'down' : 'up'} size="13" /></button>` : column.title || html`<span class="sr">Actions</span>`}</th>`)}
    </tr></thead><tbody>${shown.map((row, i) => html`<tr key=${of(row, i)} class=${selection?.chosen.has(of(row, i)) ? 'chosen' : ''}>
      ${selection && html`<td class="pick"><input type="checkbox" aria-label=${`Select ${of(row, i)}`} checked=${selection.chosen.has(of(row, i))} onChange=${() => { const next = new Set(selection.chosen), key = of(row, i); next.has(key) ? next.delete(key) : next.add(key); selection.onChange(next); }} /></td>`}
      ${columns.map((column, j) => { const tag = j === 0 && column.head !== false ? 'th' : 'td'; return html`<${tag} key=${column.key} scope=${tag === 'th' ? 'row' : undefined} class=${words(column.number && 'number', column.class)}>${column.show ? column.show(row) : row[column.key]}<//>`; })}</tr>`)}</tbody></table></div>`;
}

// Dialogs.

export function Dialog({ title, lead, onClose, children, actions, wide, onSubmit }) {
  const box = useRef(), id = useId();
  // With the render: what is typed behind the key that opens a dialog is meant for it.
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => { before?.isConnected && before.focus(); };
  }, []);
  return html`<dialog ref=${box} class=${words('dialog', wide && 'wide')} aria-labelledby=${id} onCancel=${(event) => { event.preventDefault(); onClose?.(); }} onClick=${(event) => event.target === box.current && onClose?.()}>
    <form method="dialog" onSubmit=${(event) => { event.preventDefault(); onSubmit?.(); }}><header><div><h2 id=${id}>${title}</h2>${lead && html`<p class="lead">${lead}</p>`}</div>${onClose && html`<${Button} icon="close" kind="quiet" label="Close" onClick=${onClose} />`}</header>
    <div class="dialog-body">${children}</div>${actions && html`<footer>${actions}</footer>`}</form></dialog>`;
}

/** What cannot be undone: the name is typed. */
export function ConfirmName({ title, name, what, action, label = 'Delete', onClose, children }) {
  const [typed, setTyped] = useState('');
  const [run, busy, error] = useAction(async () => { await action(); onClose(true); });
  const submit = () => typed === name && run();
  return html`<${Dialog} title=${title} onClose=${() => onClose(false)} onSubmit=${submit} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="danger" type="submit" disabled=${typed !== name} busy=${busy}>${label}<//>`}>
    ${children}<${Text} label=${html`Type <strong class="mono">${name}</strong> to confirm`} value=${typed} onChange=${setTyped} autofocus mono hint=${what} /><${Fault} error=${error} /><//>`;
}

export function Confirm({ title, children, label, danger, action, onClose }) {
  const [run, busy, error] = useAction(async () => { await action(); onClose(true); });
  return html`<${Dialog} title=${title} onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind=${danger ? 'danger' : 'primary'} type="submit" busy=${busy} autofocus>${label}<//>`}>${children}<${Fault} error=${error} /><//>`;
}

// Toasts.

const toasts = signal([]);
let toastId = 0;

export function toast(text, kind = 'good') {
  const id = ++toastId;
  toasts.value = [...toasts.value.slice(-3), { id, text, kind }];
  setTimeout(() => dismiss(id), kind === 'bad' ? 12000 : 5000);
}

const dismiss = (id) => { toasts.value = toasts.value.filter((found) => found.id !== id); };

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">${toasts.value.map(({ id, text, kind }) => html`<div key=${id} class=${`toast ${kind}`}><${Icon} name=${kind === 'bad' ? 'warn' : 'check'} /><span>${text}</span><${Button} kind="quiet" icon="close" label="Dismiss" onClick=${() => dismiss(id)} /></div>`)}</div>`;
}

// Text and code.

export function Copy({ text, label = 'Copy', children }) {
  const [done, set] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = Object.assign(document.createElement('textarea'), { value: text, className: 'sr' });
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
    }
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return html`<${Button} kind="quiet" icon=${done ? 'check' : 'copy'} label=${done ? 'Copied' : label} onClick=${copy}>${children}<//>`;
}

export function Code({ text, label = 'Code' }) {
  return html`<div class="code"><pre tabindex="0" aria-label=${label}>${text}</pre><${Copy} text=${text} label=${`Copy ${label}`} /></div>`;
}

const TOKENS = {
  json: /("(?:\\.|[^"\\])*"\s*:)|("(?:\\.|[^"\\])*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g,
  sql: /("(?:[^"]|"")*")|('(?:[^']|'')*')|\b(\d+(?:\.\d+)?)\b|\b(SELECT|FROM|WHERE|AND|OR|NOT|INSERT|INTO|VALUE|UPDATE|SET|REMOVE|DELETE|RETURNING|ALL|OLD|NEW|MODIFIED|EXISTS|IN|BETWEEN|IS|MISSING|NULL|TRUE|FALSE|ORDER|BY|ASC|DESC|begins_with|contains|size|attribute_type)\b/gi,
};
const CLASSES = ['name', 'text', 'figure', 'word'];
/** More than this is shown without colours, so that each key stroke stays fast. Unit: characters. */
const COLOURED_MAX = 20000;

function coloured(text, language) {
  if (text.length > COLOURED_MAX || !TOKENS[language]) return text;
  const out = [];
  let at = 0;
  for (const match of text.matchAll(TOKENS[language])) {
    if (match.index > at) out.push(text.slice(at, match.index));
    const kind = match.slice(1).findIndex((group) => group !== undefined);
    out.push(html`<b class=${CLASSES[kind]}>${match[0]}</b>`);
    at = match.index + match[0].length;
  }
  out.push(text.slice(at));
  return out;
}

/** A text area with colours behind it. Tab moves the focus, as in any field. */
export function Editor({ value, onChange, language = 'json', label, rows = 12, onRun, error, inputRef, readOnly }) {
  const back = useRef();
  const scroll = (event) => { back.current.scrollTop = event.currentTarget.scrollTop; back.current.scrollLeft = event.currentTarget.scrollLeft; };
  return html`<div class=${words('editor', error && 'bad')}><pre ref=${back} aria-hidden="true">${coloured(value, language)}${'\n'}</pre>
    <textarea ref=${inputRef} aria-label=${label} rows=${rows} value=${value} spellcheck=${false} autocomplete="off" autocapitalize="off" wrap="off" readonly=${readOnly} aria-invalid=${error ? 'true' : undefined} onScroll=${scroll} onInput=${(event) => onChange?.(event.currentTarget.value)}
      onKeyDown=${(event) => { if (onRun && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); onRun(); } }} /></div>`;
}

export function Menu({ label, icon = 'more', items, kind = 'plain', children }) {
  const box = useRef(), id = useId();
  const close = () => box.current?.hidePopover?.();
  const place = (event) => {
    if (event.newState !== 'open') return;
    const anchor = document.getElementById(`${id}-button`).getBoundingClientRect(), menu = box.current;
    menu.style.top = `${Math.min(anchor.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
    menu.style.left = `${Math.max(8, Math.min(anchor.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  };
  return html`<${Button} id=${`${id}-button`} kind=${kind} icon=${icon} label=${children ? undefined : label} popovertarget=${id} aria-haspopup="true">${children}<//>
    <div ref=${box} id=${id} popover="auto" class="menu" aria-label=${label} onToggle=${place}>${items.filter(Boolean).map(([text, action, danger, to]) => to ? html`<a href=${to} onClick=${close}>${text}</a>` : html`<button type="button" key=${text} class=${danger ? 'danger' : ''} onClick=${() => { close(); action(); }}>${text}</button>`)}</div>`;
}

export function Time({ of }) {
  if (of === undefined || of === null || of === '') return '–';
  const date = of instanceof Date ? of : typeof of === 'number' ? new Date(of * 1000) : new Date(of);
  if (Number.isNaN(date.getTime())) return String(of);
  const utc = settings.value.timeZone === 'utc';
  const text = date.toLocaleString('sv-SE', { timeZone: utc ? 'UTC' : undefined }) + (utc ? ' UTC' : '');
  return html`<time datetime=${date.toISOString()} title=${date.toISOString()}>${text}</time>`;
}

export function Progress({ label, value, max }) {
  const id = useId();
  return html`<div class="progress"><label for=${id}>${label}</label><progress id=${id} value=${max ? value : undefined} max=${max || undefined} /></div>`;
}

export function download(name, text, type = 'application/json') {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
