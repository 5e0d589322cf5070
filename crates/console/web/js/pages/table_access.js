// Permissions: policies of the table and its stream. Deliveries: Kinesis data streams and triggers.

import { html, useEffect, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { readOnly } from '../session.js';
import { Badge, Button, Card, Check, Choice, Confirm, Dialog, Editor, Empty, Fault, Loaded, Menu, Segments, Table, Text, toast, useAction, useLoad } from '../ui.js';
import { TriggerList } from './triggers.js';

const example = (arn) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: ['dynamodb:GetItem', 'dynamodb:Query'], Resource: arn }] }, null, 2);

export function Permissions({ table }) {
  const [of, setOf] = useState('table');
  const arn = of === 'table' ? table.TableArn : table.LatestStreamArn;
  return html`<div class="stack">${table.LatestStreamArn && html`<div><${Segments} label="Policy of" value=${of} onChange=${setOf} options=${[['table', 'Table'], ['stream', 'Stream']]} /></div>`}<${Policy} key=${arn} arn=${arn} /></div>`;
}

function Policy({ arn }) {
  const found = useLoad(async () => {
    try { return await dynamodb('GetResourcePolicy', { ResourceArn: arn }); } catch (error) { if (error.name === 'PolicyNotFoundException') return { Policy: '' }; throw error; }
  }, [arn]);
  const [text, setText] = useState('');
  const [sure, setSure] = useState(false);
  const [deleting, setDeleting] = useState(false);
  useEffect(() => { if (found.data) { try { setText(JSON.stringify(JSON.parse(found.data.Policy), null, 2)); } catch { setText(found.data.Policy ?? ''); } } }, [found.data]);
  const fault = (() => { try { if (text.trim()) JSON.parse(text); return null; } catch (error) { return error.message; } })();
  const [run, busy, error] = useAction(async () => { await dynamodb('PutResourcePolicy', { ResourceArn: arn, Policy: text, ...(found.data.RevisionId ? { ExpectedRevisionId: found.data.RevisionId } : {}), ...(sure ? { ConfirmRemoveSelfResourceAccess: true } : {}) }); toast('The policy is stored'); await found.reload(); });
  return html`<${Card} title="Resource policy" lead="Allows or denies actions on this table to principals, those of other accounts included." actions=${!readOnly.value && found.data?.Policy && html`<${Button} icon="trash" onClick=${() => setDeleting(true)}>Delete<//>`}>
    <${Loaded} of=${found}>${(policy) => html`${!policy.Policy && !text && !readOnly.value ? html`<${Empty} icon="shield" title="No policy" actions=${html`<${Button} icon="plus" onClick=${() => setText(example(arn))}>Begin with an example<//>`}>Who may use the table follows from the callers’ own policies.<//>` : html`<${Editor} label="Resource policy" value=${text} onChange=${setText} rows="16" error=${fault} readOnly=${readOnly.value} />${fault && html`<p class="hint bad">${fault}</p>`}
      ${!readOnly.value && html`<${Check} label="The policy may take my own access away" checked=${sure} onChange=${setSure} /><div><${Button} kind="primary" busy=${busy} disabled=${!text.trim() || Boolean(fault)} onClick=${run}>Save the policy<//></div>`}`}`}<//><${Fault} error=${error} />
    ${deleting && html`<${Confirm} title="Delete the policy?" label="Delete" danger onClose=${(done) => { setDeleting(false); if (done) { setText(''); found.reload(); } }} action=${() => dynamodb('DeleteResourcePolicy', { ResourceArn: arn })}><p>Principals of other accounts lose their access.</p><//>`}<//>`;
}

export function Deliveries({ table }) {
  return html`<div class="stack"><${Kinesis} table=${table} /><${TriggerList} streamArn=${table.LatestStreamArn} tableName=${table.TableName} /></div>`;
}

function Kinesis({ table }) {
  const TableName = table.TableName;
  const found = useLoad(async () => (await dynamodb('DescribeKinesisStreamingDestination', { TableName })).KinesisDataStreamDestinations ?? [], [TableName]);
  const [adding, setAdding] = useState(false);
  const [form, setForm] = useState({ arn: '', precision: 'MILLISECOND' });
  const [run, busy, error] = useAction(async (operation, body) => { await dynamodb(operation, { TableName, ...body }); setAdding(false); toast('The destination is changed'); await found.reload(); });
  const other = (precision) => (precision === 'MICROSECOND' ? 'MILLISECOND' : 'MICROSECOND');
  const columns = [
    { key: 'arn', title: 'Data stream', show: (one) => html`<span class="mono">${one.StreamArn}</span>` }, { key: 'status', title: 'Status', show: (one) => html`<${Badge} kind=${one.DestinationStatus === 'DISABLED' ? 'none' : undefined}>${one.DestinationStatus}<//>` }, { key: 'd', title: '', show: (one) => one.DestinationStatusDescription ?? '' }, { key: 'p', title: 'Time stamps', show: (one) => one.ApproximateCreationDateTimePrecision ?? 'MILLISECOND' },
    { key: 'x', title: '', class: 'actions-cell', show: (one) => !readOnly.value && html`<${Menu} kind="quiet" label="Actions on the destination" items=${one.DestinationStatus === 'ACTIVE' ? [[`Time stamps in ${other(one.ApproximateCreationDateTimePrecision).toLowerCase()}s`, () => run('UpdateKinesisStreamingDestination', { StreamArn: one.StreamArn, UpdateKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: other(one.ApproximateCreationDateTimePrecision) } })], ['Disable', () => run('DisableKinesisStreamingDestination', { StreamArn: one.StreamArn }), true]] : [['Enable', () => run('EnableKinesisStreamingDestination', { StreamArn: one.StreamArn })]]} />` },
  ];
  return html`<${Card} flush title="Kinesis data streams" lead="Each change of an item is put into them." actions=${!readOnly.value && html`<${Button} icon="plus" onClick=${() => setAdding(true)}>Add<//>`}><${Loaded} of=${found}>${(all) => html`<${Table} caption="Kinesis data streams" rows=${all} of=${(one) => one.StreamArn} columns=${columns} empty=${html`<${Empty} icon="stream" title="No destination">The server delivers to the endpoint of --kinesis-endpoint.<//>`} />`}<//><${Fault} error=${error} />
    ${adding && html`<${Dialog} title="Add a data stream" onClose=${() => setAdding(false)} onSubmit=${() => run('EnableKinesisStreamingDestination', { StreamArn: form.arn, EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: form.precision } })} actions=${html`<${Button} onClick=${() => setAdding(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!form.arn}>Enable<//>`}><${Text} label="ARN of the data stream" value=${form.arn} onChange=${(arn) => setForm({ ...form, arn })} mono placeholder="arn:aws:kinesis:us-east-1:000000000000:stream/changes" /><${Choice} label="Time stamps" value=${form.precision} options=${['MILLISECOND', 'MICROSECOND']} onChange=${(precision) => setForm({ ...form, precision })} /><${Fault} error=${error} /><//>`}<//>`;
}
