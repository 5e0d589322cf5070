// What this tab has asked the server, as a hint for policies and for the audit log.

import { html, useState } from '../deps.js';
import { calls } from '../api.js';
import { keys } from '../session.js';
import { count } from '../value.js';
import { Badge, Card, Code, Empty, KeyValues, Page, Segments, Table, Time } from '../ui.js';

export function Activity() {
  const [only, set] = useState('all');
  const rows = calls.value.filter((call) => only === 'all' || (only === 'writes' ? !call.read : call.outcome !== 'ok'));
  const actions = [...new Set(calls.value.map((call) => `${call.service === 'monitoring' ? 'cloudwatch' : call.service}:${call.operation}`))].sort();
  return html`<${Page} title="Activity" lead="The last calls of this tab. Each is an event of the server’s audit log, if it has one (--audit-log)." actions=${html`<${Segments} label="Show" value=${only} onChange=${set} options=${[['all', 'All'], ['writes', 'Writes'], ['failed', 'Refused']]} />`}>
    <${Card} flush><${Table} compact caption="Calls" rows=${rows} columns=${[{ key: 't', title: 'Time', class: 'nowrap', show: (call) => html`<${Time} of=${call.at} />` }, { key: 'op', title: 'Operation', show: (call) => html`<strong>${call.operation}</strong> <span class="muted">${call.service}</span>` }, { key: 'table', title: 'Table', show: (call) => call.table ?? '–' }, { key: 'outcome', title: 'Outcome', show: (call) => html`<${Badge} kind=${call.outcome === 'ok' ? 'good' : 'bad'}>${call.outcome}<//>` }, { key: 'ms', title: 'Time', number: true, show: (call) => `${Math.round(call.ms)} ms` }]} empty=${html`<${Empty} icon="history" title="Nothing yet" />`} /><//>
    <div class="columns two"><${Card} title="Caller"><${KeyValues} columns="1" of=${[['Access key', html`<span class="mono">${keys.value?.accessKeyId}</span>`], ['Principal', html`<span class="mono">${keys.value?.arn ?? keys.value?.name}</span>`], ['Calls', count(calls.value.length)]]} /><//>
      <${Card} title="A policy for what was done here" lead="The actions of this tab’s calls, for a start."><${Code} label="policy" text=${JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] }, null, 2)} /><//></div><//>`;
}
