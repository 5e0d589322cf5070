// Signature Version 4 of a request, as AWS documents it. The secret is used here and nowhere else.

import { hex, hmac, sha256, utf8 } from './sha256.js';

/** RFC 3986, as signatures need it. */
export const encode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => '%' + char.charCodeAt(0).toString(16).toUpperCase());

export function amzDate(now) {
  return new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/**
 * The headers that sign a request. `path` is as it is sent; `query` a list of pairs; `headers` have small letters. Every
 * header that is given is signed, and the host, which the browser adds itself.
 */
export function signed({ method, path, query = [], headers, body, host, service, region, keys, now = Date.now() }) {
  const date = amzDate(now), day = date.slice(0, 8);
  const all = { ...headers, host, 'x-amz-date': date };
  if (keys.sessionToken) all['x-amz-security-token'] = keys.sessionToken;
  const names = Object.keys(all).sort();
  const canonical = [
    method,
    path.split('/').map((part) => encode(part)).join('/'),
    query.map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join('&'),
    ...names.map((name) => `${name}:${all[name].trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    hex(sha256(utf8(body))),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hex(sha256(utf8(canonical)))}`;
  let key = utf8('AWS4' + keys.secretAccessKey);
  for (const part of [day, region, service, 'aws4_request']) key = hmac(key, utf8(part));
  const signature = hex(hmac(key, utf8(text)));
  const sent = { ...all, authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}` };
  delete sent.host;
  return sent;
}
