// What the form of "Explore items" means: the request of a Query or a Scan, with placeholders for all names and values.

import { KEY_TYPES } from './value.js';

export const KEY_OPERATORS = [['=', 'equals'], ['<', 'less than'], ['<=', 'at most'], ['>', 'greater than'], ['>=', 'at least'], ['between', 'between'], ['begins_with', 'begins with']];
export const FILTER_OPERATORS = [
  ['=', 'equals'], ['<>', 'is not'], ['<', 'less than'], ['<=', 'at most'], ['>', 'greater than'], ['>=', 'at least'], ['between', 'between'], ['in', 'is one of'],
  ['begins_with', 'begins with'], ['contains', 'contains'], ['not_contains', 'does not contain'], ['exists', 'exists'], ['not_exists', 'does not exist'], ['type', 'has the type'], ['size', 'size is'],
];
/** Operators that take no value, and whose value has no type of its own. */
export const WITHOUT_VALUE = ['exists', 'not_exists'];
export const FILTER_TYPES = ['S', 'N', 'B', 'BOOL', 'NULL'];

export const EMPTY = { mode: 'scan', index: '', hash: [], range: [], filters: [], joined: 'AND', projection: '', descending: false, limit: '', consistent: false, segment: '', segments: '' };

/** Keys of the table or of one of its indexes: [{ name, type, range }]. Multi-attribute keys have several of each. */
export function keysOf(table, index) {
  const schema = index ? indexesOf(table).find((found) => found.IndexName === index)?.KeySchema ?? [] : table.KeySchema;
  return schema.map(({ AttributeName, KeyType }) => ({
    name: AttributeName,
    range: KeyType === 'RANGE',
    type: table.AttributeDefinitions.find((found) => found.AttributeName === AttributeName)?.AttributeType ?? 'S',
  }));
}

export function indexesOf(table) {
  const kinds = [['Global', table.GlobalSecondaryIndexes], ['Local', table.LocalSecondaryIndexes]];
  return kinds.flatMap(([kind, found]) => (found ?? []).map((index) => ({ ...index, kind })));
}

/** A path such as `a.b[2]`, in placeholders. A backslash keeps the point behind it in the name. */
class Names {
  constructor() { this.names = {}; this.values = {}; this.count = { n: 0, v: 0 }; this.known = new Map(); }
  path(text) {
    const parts = text.trim().match(/(?:\\.|[^.[\\])+|\[\d+\]/g) ?? [];
    return parts.map((part, i) => (/^\[\d+\]$/.test(part) ? part : (i ? '.' : '') + this.name(part.replace(/\\(.)/g, '$1')))).join('');
  }
  name(name) {
    if (!this.known.has(name)) {
      const placeholder = `#n${this.count.n++}`;
      this.known.set(name, placeholder);
      this.names[placeholder] = name;
    }
    return this.known.get(name);
  }
  value(type, text) {
    const placeholder = `:v${this.count.v++}`;
    this.values[placeholder] = typed(type, text);
    return placeholder;
  }
}

export function typed(type, text) {
  if (type === 'BOOL') return { BOOL: /^(true|1|yes)$/i.test(text.trim()) };
  if (type === 'NULL') return { NULL: true };
  if (type === 'N') return { N: text.trim() };
  return { [type]: text };
}

function keyCondition(names, key, { op = '=', value = '', to = '' }) {
  const name = names.path(key.name.replace(/[.[\\]/g, '\\$&'));
  if (op === 'between') return `${name} BETWEEN ${names.value(key.type, value)} AND ${names.value(key.type, to)}`;
  if (op === 'begins_with') return `begins_with(${name}, ${names.value(key.type, value)})`;
  return `${name} ${op} ${names.value(key.type, value)}`;
}

export function filterText(names, { name, op, type, value = '', to = '' }) {
  const path = names.path(name);
  switch (op) {
    case 'exists': return `attribute_exists(${path})`;
    case 'not_exists': return `attribute_not_exists(${path})`;
    case 'type': return `attribute_type(${path}, ${names.value('S', value)})`;
    case 'size': return `size(${path}) ${/^(<=|>=|<>|<|>|=)/.exec(value.trim())?.[0] ?? '='} ${names.value('N', value.replace(/^\s*(<=|>=|<>|<|>|=)/, ''))}`;
    case 'between': return `${path} BETWEEN ${names.value(type, value)} AND ${names.value(type, to)}`;
    case 'in': return `${path} IN (${value.split(',').map((part) => names.value(type, part.trim())).join(', ')})`;
    case 'begins_with': return `begins_with(${path}, ${names.value(type, value)})`;
    case 'contains': return `contains(${path}, ${names.value(type, value)})`;
    case 'not_contains': return `NOT contains(${path}, ${names.value(type, value)})`;
    default: return `${path} ${op} ${names.value(type, value)}`;
  }
}

/** { operation, body } of a form; `table` is its description. */
export function requestOf(table, form) {
  const names = new Names();
  const body = { TableName: table.TableName };
  if (form.index) body.IndexName = form.index;
  if (form.mode === 'query') {
    const keys = keysOf(table, form.index), hashes = keys.filter((key) => !key.range), ranges = keys.filter((key) => key.range);
    const conditions = hashes.map((key, i) => keyCondition(names, key, { op: '=', value: form.hash[i] ?? '' }));
    ranges.forEach((key, i) => {
      const given = form.range[i];
      if (given && given.op && (given.value !== '' && given.value !== undefined)) conditions.push(keyCondition(names, key, given));
    });
    body.KeyConditionExpression = conditions.join(' AND ');
    if (form.descending) body.ScanIndexForward = false;
  } else if (form.segments) {
    body.Segment = Number(form.segment || 0);
    body.TotalSegments = Number(form.segments);
  }
  const filters = form.filters.filter((filter) => filter.name.trim());
  if (filters.length) body.FilterExpression = filters.map((filter) => filterText(names, filter)).join(` ${form.joined} `);
  const projection = form.projection.split(',').map((name) => name.trim()).filter(Boolean);
  if (projection.length) body.ProjectionExpression = projection.map((name) => names.path(name)).join(', ');
  if (Object.keys(names.names).length) body.ExpressionAttributeNames = names.names;
  if (Object.keys(names.values).length) body.ExpressionAttributeValues = names.values;
  if (form.limit) body.Limit = Number(form.limit);
  if (form.consistent) body.ConsistentRead = true;
  return { operation: form.mode === 'query' ? 'Query' : 'Scan', body };
}

/** What is missing before a form can be sent, if anything is. */
export function missing(table, form) {
  if (form.mode !== 'query') return null;
  const hashes = keysOf(table, form.index).filter((key) => !key.range);
  const empty = hashes.find((_, i) => (form.hash[i] ?? '') === '');
  return empty ? `A Query needs a value of ${empty.name}` : null;
}

/** A condition that holds only while the item is as it was read. */
export function unchanged(original, next) {
  const names = new Names();
  const conditions = Object.entries(original).map(([name, value]) => {
    const placeholder = `:v${names.count.v++}`;
    names.values[placeholder] = value;
    return `${names.name(name)} = ${placeholder}`;
  });
  for (const name of Object.keys(next)) if (!Object.hasOwn(original, name)) conditions.push(`attribute_not_exists(${names.name(name)})`);
  return {
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: names.names,
    ...(Object.keys(names.values).length ? { ExpressionAttributeValues: names.values } : {}),
  };
}

export const keyOf = (table, item) => Object.fromEntries(table.KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName]]));

export { KEY_TYPES };
