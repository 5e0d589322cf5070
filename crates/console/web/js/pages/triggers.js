// Triggers: Lambda's event source mappings on the streams of tables.

import { html, useState } from '../deps.js';
import { lambda, streams } from '../api.js';
import { readOnly } from '../session.js';
import { Badge, Button, Card, Check, Choice, Confirm, Dialog, Editor, Empty, Fault, KeyValues, Loaded, Menu, Page, Table, Text, Time, toast, useAction, useEvery, useLoad } from '../ui.js';

const PATH = '/2015-03-31/event-source-mappings';

export function Triggers() {
  return html`<${Page} title="Triggers" lead="Functions and URLs that are called with the changes of tables."><${TriggerList} /><//>`;
}

async function mappings(streamArn) {
  const found = [];
  for (let marker; ; ) {
    const query = [...(streamArn ? [['EventSourceArn', streamArn]] : []), ...(marker ? [['Marker', marker]] : [])];
    const answer = await lambda('ListEventSourceMappings', 'GET', PATH, { query });
    found.push(...(answer.EventSourceMappings ?? []));
    marker = answer.NextMarker;
    if (!marker) return found;
  }
}

export function TriggerList({ streamArn, tableName }) {
  const none = tableName && !streamArn;
  const found = useLoad(() => (none ? Promise.resolve([]) : mappings(streamArn)), [streamArn, none]);
  const [editing, setEditing] = useState(null);
  const [deleting, setDeleting] = useState(null);
  const [shown, setShown] = useState(null);
  useEvery(5000, () => found.reload(true), [streamArn]);
  const [change, , fault] = useAction(async (mapping, body) => { await lambda('UpdateEventSourceMapping', 'PUT', `${PATH}/${mapping.UUID}`, { body }); await found.reload(true); });
  const columns = [
    { key: 'function', title: 'Calls', class: 'name-cell', show: (mapping) => html`<button type="button" class="cell-button" onClick=${() => setShown(mapping)}>${String(mapping.FunctionArn).replace(/^arn:aws:lambda:[^:]*:[^:]*:function:/, '')}</button>` }, ...(tableName ? [] : [{ key: 'table', title: 'Table', show: (mapping) => /table\/([^/]+)/.exec(mapping.EventSourceArn)?.[1] ?? mapping.EventSourceArn }]),
    { key: 'state', title: 'State', show: (mapping) => html`<${Badge} kind=${mapping.State === 'Enabled' ? 'good' : mapping.State === 'Disabled' ? 'none' : 'busy'}>${mapping.State}<//>` }, { key: 'last', title: 'Last result', show: (mapping) => mapping.LastProcessingResult ?? '–' }, { key: 'batch', title: 'Batch', number: true, show: (mapping) => mapping.BatchSize },
    { key: 'x', title: '', class: 'actions-cell', show: (mapping) => !readOnly.value && html`<${Menu} kind="quiet" label="Actions on the trigger" items=${[mapping.State === 'Enabled' ? ['Disable', () => change(mapping, { Enabled: false })] : ['Enable', () => change(mapping, { Enabled: true })], ['Edit…', () => setEditing(mapping)], ['Delete…', () => setDeleting(mapping), true]]} />` },
  ];
  return html`<${Card} flush title="Event source mappings" actions=${!readOnly.value && html`<${Button} icon="plus" disabled=${none} title=${none ? 'The table has no stream' : ''} onClick=${() => setEditing({ EventSourceArn: streamArn })}>Add a trigger<//>`}><${Loaded} of=${found}>${(all) => html`<${Table} caption="Triggers" rows=${all} of=${(mapping) => mapping.UUID} columns=${columns} empty=${html`<${Empty} icon="bolt" title="No trigger">${none ? 'The table needs a stream first.' : 'A function, or a URL, is called with batches of changes.'}<//>`} />`}<//><${Fault} error=${fault} />
    ${editing && html`<${EditTrigger} mapping=${editing} onClose=${(done) => { setEditing(null); if (done) found.reload(); }} />`}
    ${deleting && html`<${Confirm} title="Delete this trigger?" label="Delete" danger onClose=${(done) => { setDeleting(null); if (done) found.reload(); }} action=${async () => { await lambda('DeleteEventSourceMapping', 'DELETE', `${PATH}/${deleting.UUID}`); toast('The trigger is deleted'); }}><p>Changes that were not delivered yet are not delivered any more.</p><//>`}
    ${shown && html`<${TriggerDetail} mapping=${shown} onClose=${() => setShown(null)} />`}<//>`;
}

function TriggerDetail({ mapping, onClose }) {
  const found = useLoad(async () => ({ ...(await lambda('GetEventSourceMapping', 'GET', `${PATH}/${mapping.UUID}`)), tags: (await lambda('ListTags', 'GET', `/2017-03-31/tags/${encodeURIComponent(mapping.EventSourceMappingArn)}`)).Tags ?? {} }), [mapping.UUID]);
  return html`<${Dialog} wide title="Trigger" onClose=${onClose}><${Loaded} of=${found}>${(of) => html`<${KeyValues} columns="2" of=${[['UUID', html`<span class="mono">${of.UUID}</span>`], ['Function', html`<span class="mono">${of.FunctionArn}</span>`], ['Stream', html`<span class="mono">${of.EventSourceArn}</span>`], ['State', html`<${Badge}>${of.State}<//>`], ['Last result', of.LastProcessingResult], ['Changed', html`<${Time} of=${of.LastModified} />`], ['Batch size', of.BatchSize], ['Window, seconds', of.MaximumBatchingWindowInSeconds], ['Retries', of.MaximumRetryAttempts === -1 ? 'without end' : of.MaximumRetryAttempts], ['Parallel', of.ParallelizationFactor], ['On failure', of.DestinationConfig?.OnFailure?.Destination], ['Tags', Object.entries(of.tags).map(([key, value]) => `${key}=${value}`).join(', ') || '–']]} />`}<//><//>`;
}

function EditTrigger({ mapping, onClose }) {
  const isNew = !mapping.UUID;
  const sources = useLoad(async () => (isNew && !mapping.EventSourceArn ? (await streams('ListStreams', {})).Streams : []), []);
  const [form, setForm] = useState({ stream: mapping.EventSourceArn ?? '', target: mapping.FunctionArn ?? '', from: 'LATEST', batch: mapping.BatchSize ?? 100, window: mapping.MaximumBatchingWindowInSeconds ?? 0, retries: mapping.MaximumRetryAttempts ?? -1, age: mapping.MaximumRecordAgeInSeconds ?? -1, parallel: mapping.ParallelizationFactor ?? 1, bisect: mapping.BisectBatchOnFunctionError ?? false, partial: (mapping.FunctionResponseTypes ?? []).length > 0, failure: mapping.DestinationConfig?.OnFailure?.Destination ?? '', filter: mapping.FilterCriteria?.Filters?.[0]?.Pattern ?? '' });
  // The form shows the first of the patterns; the others stay as they are.
  const others = mapping.FilterCriteria?.Filters?.slice(1) ?? [];
  const set = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));
  const [run, busy, error] = useAction(async () => {
    const body = { FunctionName: form.target, BatchSize: Number(form.batch), MaximumBatchingWindowInSeconds: Number(form.window), MaximumRetryAttempts: Number(form.retries), MaximumRecordAgeInSeconds: Number(form.age), ParallelizationFactor: Number(form.parallel), BisectBatchOnFunctionError: form.bisect, FunctionResponseTypes: form.partial ? ['ReportBatchItemFailures'] : [], ...(form.failure || mapping.DestinationConfig ? { DestinationConfig: form.failure ? { OnFailure: { Destination: form.failure } } : {} } : {}), ...(form.filter || mapping.FilterCriteria ? { FilterCriteria: { Filters: [...(form.filter ? [{ Pattern: form.filter }] : []), ...others] } } : {}) };
    if (isNew) await lambda('CreateEventSourceMapping', 'POST', PATH, { body: { ...body, EventSourceArn: form.stream, StartingPosition: form.from } });
    else await lambda('UpdateEventSourceMapping', 'PUT', `${PATH}/${mapping.UUID}`, { body });
    toast(isNew ? 'The trigger is made' : 'The trigger is changed');
    onClose(true);
  });
  return html`<${Dialog} wide title=${isNew ? 'Add a trigger' : 'Edit the trigger'} onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!form.target || !form.stream}>Save<//>`}>
    <${Text} label="Function, or URL" value=${form.target} onChange=${set('target')} mono placeholder="on-change, an ARN, or http://127.0.0.1:9000/changes" autofocus />${isNew && !mapping.EventSourceArn && html`<${Choice} label="Stream" value=${form.stream} onChange=${set('stream')} options=${[['', 'Choose a table'], ...(sources.data ?? []).map((one) => [one.StreamArn, `${one.TableName} · ${one.StreamLabel}`])]} />`}${isNew && html`<${Choice} label="From" value=${form.from} onChange=${set('from')} options=${[['LATEST', 'Changes from now on'], ['TRIM_HORIZON', 'All that the stream has']]} />`}
    <div class="columns"><${Text} label="Batch size" type="number" value=${form.batch} onChange=${set('batch')} /><${Text} label="Window, seconds" type="number" value=${form.window} onChange=${set('window')} /><${Text} label="Retries" type="number" value=${form.retries} onChange=${set('retries')} hint="-1: without end" /><${Text} label="Oldest record, seconds" type="number" value=${form.age} onChange=${set('age')} hint="-1: any" /><${Text} label="Batches at once" type="number" value=${form.parallel} onChange=${set('parallel')} /></div><${Check} label="Split a batch that fails" checked=${form.bisect} onChange=${set('bisect')} /><${Check} label="The function reports how far it came" checked=${form.partial} onChange=${set('partial')} /><${Text} label="Destination of records that fail" optional value=${form.failure} onChange=${set('failure')} mono hint="ARN of an SQS queue, or a URL" /><div class="field"><span class="legend">Filter pattern${others.length > 0 ? `, beside ${others.length} more` : ''}</span><${Editor} label="Filter pattern" rows="3" value=${form.filter} onChange=${set('filter')} /></div><${Fault} error=${error} /><//>`;
}
