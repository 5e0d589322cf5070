// Answers of the Query protocol: a small subset of XML (elements and text) to objects. Lists are elements named `member`.

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function text(raw) {
  return raw.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name) => {
    if (name[0] !== '#') return ENTITIES[name] ?? whole;
    const code = name[1] === 'x' || name[1] === 'X' ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The root element's content: a string, an array of members, or an object without a prototype. */
export function parseXml(source) {
  const token = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([^\s/>]+)[^>]*?(\/?)>|([^<]+)/g;
  const root = { children: [], text: '' };
  const stack = [root];
  for (let match; (match = token.exec(source)); ) {
    const [, closes, name, empty, chars] = match, top = stack[stack.length - 1];
    if (chars !== undefined) top.text += text(chars);
    else if (name && closes) stack.length > 1 && stack.pop();
    else if (name) {
      const element = { name, children: [], text: '' };
      top.children.push(element);
      if (!empty) stack.push(element);
    }
  }
  return value(root.children[0] ?? root);
}

function value(element) {
  if (!element.children.length) return element.text.trim() === '' ? '' : element.text;
  if (element.children.every((child) => child.name === 'member')) return element.children.map(value);
  const found = Object.create(null);
  for (const child of element.children) found[child.name] = value(child);
  return found;
}

/** An empty list is an empty element, which has no members to be known by. */
export const list = (found) => (Array.isArray(found) ? found : []);
