// Items in text: one a line, or one list of them; in DynamoDB JSON, with `Item` around each or not, or in plain JSON.

import { itemFromPlain, itemFromText, parseExact } from '../value.js';

export function parseItems(text, format) {
  const read = format === 'plain' ? (source) => itemFromPlain(source) : itemFromText;
  return texts(text.trim()).map((source, i) => {
    try {
      return read(source);
    } catch (error) {
      throw new SyntaxError(`Item ${i + 1}: ${error.message}`);
    }
  });
}

/** Each item's own text: numbers must not pass through JSON.parse. */
function texts(text) {
  const whole = text.startsWith('[') ? text.slice(1, text.lastIndexOf(']')) : text;
  const found = [];
  let depth = 0, begin = -1, quoted = false;
  for (let at = 0; at < whole.length; at++) {
    const char = whole[at];
    if (quoted) { if (char === '\\') at++; else if (char === '"') quoted = false; } else if (char === '"') quoted = true;
    else if (char === '{') { if (depth++ === 0) begin = at; } else if (char === '}' && --depth === 0) found.push(unwrapped(whole.slice(begin, at + 1)));
  }
  if (depth || quoted) throw new SyntaxError('The text ends within an item');
  if (!found.length) throw new SyntaxError('There is no item');
  return found;
}

function unwrapped(source) {
  const match = /^\{\s*"Item"\s*:\s*(\{[\s\S]*\})\s*\}$/.exec(source);
  if (!match) return source;
  // An attribute may have this name, too: then the inner object has one type, and not attributes.
  const inner = parseExact(match[1]), names = Object.keys(inner);
  return names.length === 1 && /^(S|N|B|BOOL|NULL|M|L|SS|NS|BS)$/.test(names[0]) ? source : match[1];
}
