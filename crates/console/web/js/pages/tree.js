// An item as a form: one row a value, with a field for its type; maps and lists have rows of their own.

import { html } from '../deps.js';
import { base64Fault, binarySize, bytes, numberFault, TYPES, typeOf } from '../value.js';
import { Button, Icon, Select } from '../ui.js';

let ids = 0;
/** Deeper values are edited as JSON. DynamoDB allows 32 levels. */
const LEVELS_MAX = 32;
/** Children that are shown at once. */
const CHILDREN_SHOWN = 200;

/** A node: { id, name, type, value }; the value of a map or a list is nodes, and that of a set is texts. */
const nodeOf = (name, found) => {
  const type = typeOf(found), value = found[type];
  const inner = type === 'M' ? Object.entries(value).map(([key, one]) => nodeOf(key, one)) : type === 'L' ? value.map((one) => nodeOf('', one)) : type === 'NULL' ? true : value;
  return { id: ++ids, name, type, value: inner };
};

export const fromItem = (item) => Object.entries(item).map(([name, value]) => nodeOf(name, value));

export function toItem(nodes) {
  const item = Object.create(null);
  for (const node of nodes) item[node.name] = valueOf(node);
  return item;
}

function valueOf({ type, value }) {
  if (type === 'M') return { M: toItem(value) };
  if (type === 'L') return { L: value.map(valueOf) };
  if (type === 'N') return { N: value.trim() };
  if (type === 'NS') return { NS: value.map((text) => text.trim()) };
  return { [type]: value };
}

/** What keeps the form from being an item, in words. */
export function faults(nodes, path = '') {
  const names = new Set();
  return nodes.flatMap((node, i) => {
    const at = path && !node.name ? `${path}[${i}]` : path ? `${path}.${node.name}` : node.name || 'An attribute';
    const twice = node.name && names.has(node.name);
    names.add(node.name);
    const own = twice ? `${at} is there twice` : !node.name && !path ? 'An attribute has no name' : faultOf(node);
    return [...(own ? [own === twice || own.startsWith(at) || own.startsWith('An attribute') ? own : `${at}: ${own}`] : []), ...(node.type === 'M' || node.type === 'L' ? faults(node.value, at) : [])];
  });
}

function faultOf({ type, value }) {
  if (type === 'N') return numberFault(value);
  if (type === 'B') return base64Fault(value);
  if (type === 'SS' || type === 'NS' || type === 'BS') {
    if (!value.length) return 'A set has at least one element';
    const check = type === 'NS' ? numberFault : type === 'BS' ? base64Fault : () => null;
    return value.map(check).find(Boolean) ?? (new Set(value).size < value.length ? 'An element is there twice' : null);
  }
  return null;
}

/** Takes along what the new type can hold. */
function converted(node, type) {
  const { value } = node;
  const text = typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : '';
  if (['S', 'N', 'B'].includes(type)) return text;
  if (type === 'BOOL') return /^true$/i.test(text);
  if (type === 'NULL') return true;
  if (type.endsWith('S')) return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : text ? [text] : [''];
  if (Array.isArray(value) && (node.type === 'M' || node.type === 'L')) return value.map((one, i) => ({ ...one, name: type === 'M' ? one.name || `item${i}` : '' }));
  return [];
}

export function Tree({ nodes, onChange, fixed = [], lockedKeys = [], isList, level = 0, path = '' }) {
  const set = (i, next) => onChange(nodes.map((node, j) => (j === i ? next : node)));
  const add = () => onChange([...nodes, { id: ++ids, name: '', type: 'S', value: '' }]);
  return html`<div class="tree">${nodes.slice(0, CHILDREN_SHOWN).map((node, i) => html`<${Node} key=${node.id} node=${node} label=${isList ? `${path}[${i}]` : path ? `${path}.${node.name}` : node.name} index=${isList ? i : undefined} isKey=${fixed.includes(node.name)} isLocked=${lockedKeys.includes(node.name)} level=${level} onChange=${(next) => set(i, next)} onRemove=${() => onChange(nodes.filter((_, j) => j !== i))} />`)}
    ${nodes.length > CHILDREN_SHOWN && html`<p class="hint">${nodes.length - CHILDREN_SHOWN} more are in the JSON views.</p>`}
    <div><${Button} class="small" icon="plus" onClick=${add}>${isList ? 'Element' : 'Attribute'}<//></div></div>`;
}

function Node({ node, label, index, isKey, isLocked, level, onChange, onRemove }) {
  const set = (changed) => onChange({ ...node, ...changed });
  const nested = node.type === 'M' || node.type === 'L';
  const name = isKey ? html`<div class="node-name">${node.name}<small>key</small></div>` : index !== undefined ? html`<div class="node-name muted">${index}</div>` : html`<input class="input" aria-label="Name of the attribute" placeholder="Name" value=${node.name} onInput=${(event) => set({ name: event.currentTarget.value })} />`;
  const types = Object.entries(TYPES).filter(([type]) => level < LEVELS_MAX - 1 || (type !== 'M' && type !== 'L'));
  return html`<div class="node">${name}<${Select} aria-label=${`Type of ${label || 'the attribute'}`} value=${node.type} options=${isKey ? [[node.type, TYPES[node.type]]] : types} disabled=${isKey} onChange=${(type) => set({ type, value: converted(node, type) })} />
      <div class="node-value"><${Value} node=${node} label=${label || 'the attribute'} isLocked=${isLocked} onChange=${(value) => set({ value })} /></div>
      ${isKey ? html`<span class="button quiet only-icon" aria-hidden="true"><${Icon} name=${isLocked ? 'lock' : 'key'} size="15" /></span>` : html`<${Button} kind="quiet" icon="trash" label=${`Remove ${label || 'the attribute'}`} onClick=${onRemove} />`}</div>
    ${nested && html`<${Tree} nodes=${node.value} isList=${node.type === 'L'} level=${level + 1} path=${label} onChange=${(value) => set({ value })} />`}`;
}

function Value({ node: { type, value }, label, isLocked, onChange }) {
  const named = { 'aria-label': `Value of ${label}` };
  const input = (event) => onChange(event.currentTarget.value);
  if (type === 'M' || type === 'L') return html`<div class="node-name muted">${value.length} ${type === 'M' ? (value.length === 1 ? 'attribute' : 'attributes') : value.length === 1 ? 'element' : 'elements'}</div>`;
  if (type === 'NULL') return html`<div class="node-name muted">null</div>`;
  if (type === 'BOOL') return html`<${Select} ...${named} value=${String(value)} options=${['true', 'false']} onChange=${(text) => onChange(text === 'true')} />`;
  if (Array.isArray(value)) return html`<${SetValue} value=${value} type=${type} label=${label} onChange=${onChange} />`;
  if (type === 'S') return html`<textarea ...${named} class=${value.length > 60 || value.includes('\n') ? 'input long' : 'input'} rows="1" spellcheck=${false} value=${value} disabled=${isLocked} onInput=${input} />`;
  const fault = value === '' ? null : type === 'N' ? numberFault(value) : base64Fault(value);
  const date = type === 'N' && /^1[0-9]{9}$/.test(value) && !isLocked ? new Date(Number(value) * 1000).toISOString().replace('.000Z', 'Z') : null;
  return html`<input ...${named} class="input mono" inputmode=${type === 'N' ? 'decimal' : undefined} spellcheck=${false} value=${value} disabled=${isLocked} aria-invalid=${fault ? 'true' : undefined} onInput=${input} />${fault ? html`<p class="hint bad">${fault}</p>` : type === 'B' && value ? html`<p class="hint">Base64, ${bytes(binarySize(value))}</p>` : date && html`<p class="hint">As seconds: ${date}</p>`}`;
}

function SetValue({ value, type, label, onChange }) {
  const check = type === 'NS' ? numberFault : type === 'BS' ? base64Fault : () => null;
  return html`<div class="set">${value.map((text, i) => html`<div class="pair" key=${i}><input class=${type === 'SS' ? 'input' : 'input mono'} aria-label=${`Element ${i + 1} of ${label}`} value=${text} aria-invalid=${text !== '' && check(text) ? 'true' : undefined} spellcheck=${false} onInput=${(event) => onChange(value.map((one, j) => (j === i ? event.currentTarget.value : one)))} /><${Button} kind="quiet" icon="close" label=${`Remove element ${i + 1}`} onClick=${() => onChange(value.filter((_, j) => j !== i))} /></div>`)}
    <${Button} kind="quiet" icon="plus" label=${`Add an element to ${label}`} onClick=${() => onChange([...value, ''])} /></div>`;
}
