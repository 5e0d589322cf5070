// Calls of the public APIs: DynamoDB, Streams, CloudWatch, Application Auto Scaling (AWS JSON), IAM, STS (Query), Lambda (REST). This is the only
// module that sends requests; each of them is signed by the caller's keys.

import { signal } from './deps.js';
import { encode, signed } from './sign.js';
import { list, parseXml } from './xml.js';
import { askedToSignIn, config, keys, readOnly, region } from './session.js';

const TARGETS = {
  dynamodb: { target: 'DynamoDB_20120810', type: 'application/x-amz-json-1.0', name: 'dynamodb' },
  streams: { target: 'DynamoDBStreams_20120810', type: 'application/x-amz-json-1.0', name: 'dynamodb' },
  cloudwatch: { target: 'GraniteServiceVersion20100801', type: 'application/x-amz-json-1.0', name: 'monitoring' },
  scaling: { target: 'AnyScaleFrontendService', type: 'application/x-amz-json-1.1', name: 'application-autoscaling' },
  dax: { target: 'AmazonDAXV3', type: 'application/x-amz-json-1.1', name: 'dax' },
};
const VERSIONS = { iam: '2010-05-08', sts: '2011-06-15' };
const READS = /^(Get|List|Describe|Query$|Scan$|BatchGet|TransactGet|Simulate|Search|AssumeRole$|Decode)/;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|UnrecognizedClientException|InvalidClientTokenId|MissingAuthenticationToken\w*|IncompleteSignature\w*|InvalidSignatureException|SignatureDoesNotMatch|MissingAuthenticationTokenException)$/;
const BUSY = /Throttl|ProvisionedThroughputExceeded|ServiceUnavailable|InternalServerError|RequestLimitExceeded/;
const CALLS_MAX = 300;

/** The last calls of this tab, newest first, for the page of activity. Answers and secrets are not in it. */
export const calls = signal([]);

export class ApiError extends Error {
  constructor(operation, name, message, extra = {}) {
    super(message || name);
    Object.assign(this, { operation, name, ...extra });
  }
  /** The operation does not exist in this version. */
  get isNotBuilt() {
    return /^(UnknownOperationException|InvalidAction|UnknownOperation)$/.test(this.name) || /not built/.test(this.message);
  }
  get isDenied() {
    return /AccessDenied|NotAuthorized|UnauthorizedOperation/.test(this.name);
  }
}

export const dynamodb = (operation, body = {}, options) => json('dynamodb', operation, body, options);
export const streams = (operation, body = {}, options) => json('streams', operation, body, options);
export const cloudwatch = (operation, body = {}, options) => json('cloudwatch', operation, body, options);
export const scaling = (operation, body = {}, options) => json('scaling', operation, body, options);
export const dax = (operation, body = {}, options) => json('dax', operation, body, options);
export const iam = (operation, body = {}, options) => query('iam', operation, body, options);
export const sts = (operation, body = {}, options) => query('sts', operation, body, options);

/** Lambda: the operation is a method and a path. */
export function lambda(operation, method, path, { body, query: parameters = [] } = {}) {
  const text = body === undefined ? '' : JSON.stringify(body);
  return call({ service: 'lambda', operation, method, path, query: parameters, body: text, headers: text ? { 'content-type': 'application/json' } : {}, read: readJson });
}

/** All pages of a list: `next` names the member that continues it, in the answer and in the request. */
export async function pages(send, body, member, [from, to], max = 10000) {
  const found = [];
  for (let token; found.length < max; ) {
    const answer = await send({ ...body, ...(token === undefined ? {} : { [to]: token }) });
    found.push(...(answer[member] ?? []));
    token = answer[from];
    if (token === undefined || token === null || token === '') break;
  }
  return found;
}

function json(service, operation, body, options = {}) {
  const { target, type, name } = TARGETS[service];
  const headers = { 'content-type': type, 'x-amz-target': `${target}.${operation}` };
  return call({ service: name, operation, method: 'POST', path: '/', body: JSON.stringify(body), headers, read: readJson, sent: body, ...options });
}

/** Lists and structures become the numbered parameters of the Query protocol. */
export function parameters(value, name = '', out = []) {
  if (Array.isArray(value)) value.forEach((entry, i) => parameters(entry, `${name}.member.${i + 1}`, out));
  else if (value !== null && typeof value === 'object') for (const key of Object.keys(value)) parameters(value[key], name ? `${name}.${key}` : key, out);
  else if (value !== undefined && value !== null) out.push([name, String(value)]);
  return out;
}

function query(service, operation, body, options = {}) {
  const pairs = [['Action', operation], ['Version', VERSIONS[service]], ...parameters(body)];
  const text = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  return call({ service, operation, method: 'POST', path: '/', body: text, headers, read: readQuery, sent: body, ...options });
}

async function readJson(response, operation) {
  const text = await response.text();
  let body = {};
  try {
    body = text ? JSON.parse(text) : {};
  } catch {
    body = { message: text.slice(0, 500) };
  }
  if (response.ok) return body;
  const name = String(body.__type ?? response.headers.get('x-amzn-errortype') ?? `HTTP ${response.status}`).split('#').pop().split(':')[0];
  throw new ApiError(operation, name, body.message ?? body.Message, { status: response.status, item: body.Item, reasons: body.CancellationReasons });
}

async function readQuery(response, operation) {
  const body = parseXml(await response.text());
  if (response.ok) return body[`${operation}Result`] || {};
  const error = body.Error ?? body.Errors?.Error ?? {};
  throw new ApiError(operation, error.Code ?? `HTTP ${response.status}`, error.Message, { status: response.status });
}

function isRead(operation, sent) {
  if (operation === 'GetSessionToken') return true;
  if (operation === 'ExecuteStatement') return /^\s*select\b/i.test(sent?.Statement ?? '');
  return READS.test(operation);
}

/** Sends, and tries a read again that met a busy or restarting server. A caller that is not known is asked for, once. */
async function call(request) {
  if (readOnly.value && !isRead(request.operation, request.sent)) {
    throw new ApiError(request.operation, 'ReadOnlyConsole', 'This console is read-only: the server was started with --console read-only.');
  }
  const attempts = isRead(request.operation, request.sent) ? 4 : 1;
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(request);
    } catch (error) {
      if (request.signal?.aborted) throw error;
      if (EXPIRED.test(error.name) && config.value?.callers !== 'any' && !request.keys) {
        await asked(error);
        attempt = 0;
      } else if (attempt >= attempts || !(error.name === 'NetworkError' || BUSY.test(error.name))) {
        throw error;
      } else {
        await new Promise((done) => setTimeout(done, 150 * 2 ** attempt));
      }
    }
  }
}

/** Done when the user has signed in again. The page stays as it is meanwhile. */
function asked(error) {
  if (!askedToSignIn.value) {
    let done;
    const signedIn = new Promise((resolve) => { done = resolve; });
    askedToSignIn.value = { message: error.message, signedIn, done };
  }
  return askedToSignIn.value.signedIn;
}

async function send({ service, operation, method, path, query: pairs = [], body, headers, read, sent, signal: aborted, keys: own, region: elsewhere }) {
  const begun = performance.now();
  const at = new Date();
  let outcome = 'ok';
  try {
    const signedHeaders = signed({ method, path, query: pairs, headers, body, host: location.host, service, region: elsewhere ?? region.value, keys: own ?? keys.value ?? { accessKeyId: 'none', secretAccessKey: 'none' } });
    const search = pairs.length ? '?' + pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&') : '';
    let response;
    try {
      response = await fetch(path + search, { method, headers: signedHeaders, body: method === 'GET' ? undefined : body, signal: aborted, cache: 'no-store', credentials: 'omit', redirect: 'error' });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new ApiError(operation, 'NetworkError', 'The server did not answer. It may be restarting, or the connection was lost.');
    }
    return await read(response, operation);
  } catch (error) {
    outcome = error.name;
    throw error;
  } finally {
    const ms = performance.now() - begun;
    calls.value = [{ at, service, operation, table: sent?.TableName, ms, outcome, read: isRead(operation, sent) }, ...calls.value].slice(0, CALLS_MAX);
  }
}

export { list };
