// Attribute values, as DynamoDB JSON has them. Numbers are text from the first byte to the last, so that all 38 digits survive;
// sets and binaries keep their types.

import { utf8 } from './sha256.js';

export const TYPES = {
  S: 'String', N: 'Number', BOOL: 'Boolean', NULL: 'Null', B: 'Binary', M: 'Map', L: 'List', SS: 'String set', NS: 'Number set', BS: 'Binary set',
};
export const KEY_TYPES = ['S', 'N', 'B'];
export const ITEM_BYTES_MAX = 409600;

export const typeOf = (value) => Object.keys(value)[0];

/** A decimal number as DynamoDB takes it: at most 38 significant digits, magnitude from 1e-130 to 9.99e125. */
export function numberFault(text) {
  const match = /^[+-]?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (!match || !(match[1] || match[2])) return 'Not a number';
  const digits = (match[1] + (match[2] ?? '')).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant.length > 38) return `More than 38 significant digits (${significant.length})`;
  if (!significant) return null;
  const exponent = Number(match[3] ?? 0) - (match[2] ?? '').length + digits.length - 1;
  if (exponent > 125) return 'Larger than 9.99e125';
  if (exponent < -130) return 'Smaller than 1e-130';
  return null;
}

export function base64Fault(text) {
  try {
    return btoa(atob(text)) === text.replace(/\s/g, '') ? null : 'Not Base64 in its canonical form';
  } catch {
    return 'Not Base64';
  }
}

export const binarySize = (base64) => Math.floor((base64.length * 3) / 4) - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);

/** One line of text, for a cell. Long values are cut. */
export function brief(value, max = 120) {
  const text = line(value, max * 2);
  return text.length > max ? text.slice(0, max) + '…' : text;
}

function line(value, budget) {
  const type = typeOf(value), found = value[type];
  switch (type) {
    case 'S': return found.slice(0, budget);
    case 'N': return found;
    case 'BOOL': return String(found);
    case 'NULL': return 'null';
    case 'B': return `${found.slice(0, 24)}${found.length > 24 ? '…' : ''} (${bytes(binarySize(found))})`;
    case 'SS': case 'NS': return `{ ${joined(found, (entry) => entry, budget)} }`;
    case 'BS': return `{ ${joined(found, (entry) => entry.slice(0, 12), budget)} }`;
    case 'L': return `[ ${joined(found, (entry) => line(entry, budget / 4), budget)} ]`;
    case 'M': return `{ ${joined(Object.entries(found), ([name, entry]) => `${name}: ${line(entry, budget / 4)}`, budget)} }`;
    default: return JSON.stringify(value);
  }
}

function joined(entries, show, budget) {
  let out = '';
  for (const entry of entries) {
    if (out.length > budget) return out + ', …';
    out += (out ? ', ' : '') + show(entry);
  }
  return out;
}

/** The size that DynamoDB counts. Unit: bytes. */
export function itemSize(item) {
  return Object.entries(item).reduce((sum, [name, value]) => sum + utf8(name).length + valueSize(value), 0);
}

function numberSize(text) {
  const digits = text.replace(/[eE].*$/, '').replace(/[^0-9]/g, '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil((digits.length || 1) / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

function valueSize(value) {
  const type = typeOf(value), found = value[type];
  switch (type) {
    case 'S': return utf8(found).length;
    case 'N': return numberSize(found);
    case 'B': return binarySize(found);
    case 'SS': return found.reduce((sum, entry) => sum + utf8(entry).length, 0);
    case 'NS': return found.reduce((sum, entry) => sum + numberSize(entry), 0);
    case 'BS': return found.reduce((sum, entry) => sum + binarySize(entry), 0);
    case 'L': return 3 + found.reduce((sum, entry) => sum + 1 + valueSize(entry), 0);
    case 'M': return 3 + Object.keys(found).length + itemSize(found);
    default: return 1;
  }
}

/** Equal as DynamoDB compares: sets without their order, numbers by value where their text differs only in form. */
export function same(a, b) {
  if (a === undefined || b === undefined) return a === b;
  return canonical(a) === canonical(b);
}

export function canonical(value) {
  const type = typeOf(value), found = value[type];
  if (type === 'N') return `N${plainNumber(found)}`;
  if (type === 'SS' || type === 'BS') return type + JSON.stringify([...found].sort());
  if (type === 'NS') return type + JSON.stringify(found.map(plainNumber).sort());
  if (type === 'L') return `L[${found.map(canonical).join(',')}]`;
  if (type === 'M') return `M{${Object.keys(found).sort().map((name) => JSON.stringify(name) + canonical(found[name])).join(',')}}`;
  return type + JSON.stringify(found);
}

function plainNumber(text) {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (!match) return text;
  const digits = (match[2] + (match[3] ?? '')).replace(/^0+/, ''), kept = digits.replace(/0+$/, '');
  if (!kept) return '0';
  const exponent = Number(match[4] ?? 0) - (match[3] ?? '').length + digits.length - kept.length;
  return `${match[1] === '-' ? '-' : ''}${kept}e${exponent}`;
}

/** DynamoDB JSON with indents. */
export const pretty = (item) => JSON.stringify(item, null, 2);

/** Plain JSON: numbers with all of their digits, sets as lists, binaries as Base64. */
export function plain(item, indent = '  ') {
  return plainMap(item, '', indent);
}

function plainMap(map, pad, indent) {
  const names = Object.keys(map);
  if (!names.length) return '{}';
  const inner = pad + indent, gap = indent ? '\n' : '';
  return `{${gap}${names.map((name) => `${inner}${JSON.stringify(name)}:${indent ? ' ' : ''}${plainValue(map[name], inner, indent)}`).join(',' + gap)}${gap}${pad}}`;
}

export function plainValue(value, pad = '', indent = '  ') {
  const type = typeOf(value), found = value[type];
  switch (type) {
    case 'N': return jsonNumber(found);
    case 'NULL': return 'null';
    case 'M': return plainMap(found, pad, indent);
    case 'L': return plainList(found.map((entry) => plainValue(entry, pad + indent, indent)), pad, indent);
    case 'NS': return plainList(found.map(jsonNumber), pad, indent);
    case 'SS': case 'BS': return plainList(found.map((entry) => JSON.stringify(entry)), pad, indent);
    default: return JSON.stringify(found);
  }
}

// JSON has no leading plus, no bare point and no leading zeros.
const jsonNumber = (text) => (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? text : JSON.stringify(text));

function plainList(entries, pad, indent) {
  if (!entries.length) return '[]';
  const gap = indent ? '\n' : '';
  return `[${gap}${entries.map((entry) => pad + indent + entry).join(',' + gap)}${gap}${pad}]`;
}

class PlainNumber {
  constructor(text) { this.text = text; }
}

/** A parser of JSON that keeps the digits of numbers, and names such as `__proto__` as names. */
export function parseExact(source) {
  let at = 0;
  const fault = (what) => { throw new SyntaxError(`${what} at character ${at + 1}`); };
  const blank = () => { while (at < source.length && ' \t\r\n'.includes(source[at])) at++; };
  const string = () => {
    const begin = at++;
    while (source[at] !== '"') {
      if (at >= source.length) fault('A string is not closed');
      at += source[at] === '\\' ? 2 : 1;
    }
    at++;
    try { return JSON.parse(source.slice(begin, at)); } catch { at = begin; return fault('Not a string'); }
  };
  const value = (depth) => {
    if (depth > 64) fault('Too deep');
    blank();
    const char = source[at];
    if (char === '"') return string();
    if (char === '{') return object(depth);
    if (char === '[') return array(depth);
    for (const [word, meaning] of [['true', true], ['false', false], ['null', null]]) {
      if (source.startsWith(word, at)) { at += word.length; return meaning; }
    }
    const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(source.slice(at, at + 400));
    if (!number) return fault(at >= source.length ? 'The text ends too early' : `Unexpected '${char}'`);
    at += number[0].length;
    return new PlainNumber(number[0]);
  };
  const object = (depth) => {
    const found = Object.create(null);
    at++;
    for (blank(); source[at] !== '}'; ) {
      blank();
      if (source[at] !== '"') fault('A name in quotation marks is missing');
      const name = string();
      blank();
      if (source[at++] !== ':') { at--; fault('A colon is missing'); }
      if (name in found) fault(`The name ${JSON.stringify(name)} is there twice`);
      found[name] = value(depth + 1);
      blank();
      if (source[at] === ',') { at++; blank(); if (source[at] === '}') fault('A comma too many'); } else if (source[at] !== '}') fault('A comma or a closing brace is missing');
    }
    at++;
    return found;
  };
  const array = (depth) => {
    const found = [];
    at++;
    for (blank(); source[at] !== ']'; ) {
      found.push(value(depth + 1));
      blank();
      if (source[at] === ',') { at++; blank(); if (source[at] === ']') fault('A comma too many'); } else if (source[at] !== ']') fault('A comma or a closing bracket is missing');
    }
    at++;
    return found;
  };
  const found = value(0);
  blank();
  if (at < source.length) fault('Text behind the end');
  return found;
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof PlainNumber);

/** Plain JSON to attribute values. Where `original` has a set or a binary and the new value can be one, it stays one. */
export function fromPlain(value, original) {
  const type = original ? typeOf(original) : '';
  if (value === null) return { NULL: true };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof PlainNumber) return { N: value.text };
  if (typeof value === 'string') {
    if (type === 'B' && !base64Fault(value)) return { B: value };
    if (type === 'N' && !numberFault(value)) return { N: value };
    return { S: value };
  }
  if (Array.isArray(value)) {
    const strings = value.length && value.every((entry) => typeof entry === 'string');
    if (type === 'SS' && strings) return { SS: value };
    if (type === 'BS' && strings && value.every((entry) => !base64Fault(entry))) return { BS: value };
    if (type === 'NS' && value.length && value.every((entry) => entry instanceof PlainNumber)) return { NS: value.map((entry) => entry.text) };
    return { L: value.map((entry, i) => fromPlain(entry, type === 'L' ? original.L[i] : undefined)) };
  }
  return { M: mapFromPlain(value, type === 'M' ? original.M : undefined) };
}

function mapFromPlain(value, original) {
  const map = Object.create(null);
  for (const name of Object.keys(value)) map[name] = fromPlain(value[name], original && Object.hasOwn(original, name) ? original[name] : undefined);
  return map;
}

export function itemFromPlain(source, original) {
  const found = parseExact(source);
  if (!isObject(found)) throw new SyntaxError('An item is an object: { … }');
  return mapFromPlain(found, original);
}

/** An item in DynamoDB JSON, checked: each value has one type that there is, and what belongs to it. */
export function itemFromText(source) {
  const found = parseExact(source);
  if (!isObject(found)) throw new SyntaxError('An item is an object: { … }');
  const map = Object.create(null);
  for (const name of Object.keys(found)) map[name] = checked(found[name], name);
  return map;
}

function checked(value, path) {
  const fault = (what) => { throw new SyntaxError(`${path}: ${what}`); };
  if (!isObject(value) || Object.keys(value).length !== 1) fault('a value is an object with one type, such as {"S": "text"}');
  const type = typeOf(value), found = value[type];
  const text = (entry) => (typeof entry === 'string' ? entry : fault(`${type} needs text in quotation marks`));
  const number = (entry) => { const why = numberFault(text(entry)); return why ? fault(why) : entry; };
  const binary = (entry) => { const why = base64Fault(text(entry)); return why ? fault(why) : entry; };
  const entries = (each) => (Array.isArray(found) ? found.map(each) : fault(`${type} needs a list`));
  switch (type) {
    case 'S': return { S: text(found) };
    case 'N': return { N: number(found) };
    case 'B': return { B: binary(found) };
    case 'BOOL': return typeof found === 'boolean' ? { BOOL: found } : fault('BOOL is true or false');
    case 'NULL': return found === true ? { NULL: true } : fault('NULL is true');
    case 'SS': return { SS: entries(text) };
    case 'NS': return { NS: entries(number) };
    case 'BS': return { BS: entries(binary) };
    case 'L': return { L: entries((entry, i) => checked(entry, `${path}[${i}]`)) };
    case 'M': {
      if (!isObject(found)) fault('M needs an object');
      const map = Object.create(null);
      for (const name of Object.keys(found)) map[name] = checked(found[name], `${path}.${name}`);
      return { M: map };
    }
    default: return fault(`there is no type ${JSON.stringify(type)}`);
  }
}

// Figures for people.

export function bytes(count) {
  if (count === undefined || count === null) return '–';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0, value = count;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit++; }
  return `${unit === 0 ? value : value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const count = (value) => (value === undefined || value === null ? '–' : Number(value).toLocaleString('en-US'));
