// The stream of a table: on and off, its shards, and a tail of what changes while one looks.

import { html, useEffect, useRef, useState } from '../deps.js';
import { dynamodb, streams } from '../api.js';
import { readOnly } from '../session.js';
import { brief, count, pretty } from '../value.js';
import { Badge, Button, Card, Code, Copy, Empty, Fault, KeyValues, Loaded, Segments, Select, Table, Time, toast, useAction, useEvery, useLoad } from '../ui.js';
import { Diff } from './item.js';

const VIEWS = [['NEW_AND_OLD_IMAGES', 'New and old images'], ['NEW_IMAGE', 'New image'], ['OLD_IMAGE', 'Old image'], ['KEYS_ONLY', 'Keys only']];
const RECORDS_MAX = 1000;

export function Stream({ table, reload }) {
  const on = table.StreamSpecification?.StreamEnabled, arn = table.LatestStreamArn;
  const [view, setView] = useState(VIEWS[0][0]);
  const [run, busy, error] = useAction(async (enable) => { await dynamodb('UpdateTable', { TableName: table.TableName, StreamSpecification: enable ? { StreamEnabled: true, StreamViewType: view } : { StreamEnabled: false } }); toast(enable ? 'The stream is on' : 'The stream is off'); await reload(true); });
  if (!on) return html`<${Card}><${Empty} icon="stream" title="No stream" actions=${!readOnly.value && html`<${Select} class="short" aria-label="View type" value=${view} options=${VIEWS} onChange=${setView} /><${Button} kind="primary" busy=${busy} onClick=${() => run(true)}>Turn it on<//>`}>A stream has each change of an item for 24 hours, in order.<//><${Fault} error=${error} /><//>`;
  return html`<div class="stack"><${Card} title="Stream" actions=${!readOnly.value && html`<${Button} busy=${busy} onClick=${() => run(false)}>Turn off<//>`}><${KeyValues} columns="2" of=${[['View', VIEWS.find(([key]) => key === table.StreamSpecification.StreamViewType)?.[1]], ['ARN', html`<span class="mono">${arn}</span> <${Copy} text=${arn} label="Copy the ARN" />`]]} /><${Fault} error=${error} /><//>
    <${Tail} key=${arn} arn=${arn} /><${Shards} arn=${arn} /></div>`;
}

async function shardsOf(arn) {
  const found = [];
  for (let last; ; ) {
    const { StreamDescription: stream } = await streams('DescribeStream', { StreamArn: arn, ...(last ? { ExclusiveStartShardId: last } : {}) });
    found.push(...stream.Shards);
    last = stream.LastEvaluatedShardId;
    if (!last) return found;
  }
}

function Shards({ arn }) {
  const found = useLoad(() => shardsOf(arn), [arn]);
  return html`<${Card} title="Shards" flush actions=${html`<${Button} icon="refresh" label="Refresh the shards" onClick=${() => found.reload()} />`}><${Loaded} of=${found}>${(shards) => html`<${Table} caption="Shards" rows=${shards} of=${(shard) => shard.ShardId} columns=${[{ key: 'ShardId', title: 'Shard', show: (shard) => html`<span class="mono">${shard.ShardId}</span>` }, { key: 'p', title: 'Parent', show: (shard) => html`<span class="mono">${shard.ParentShardId ?? '–'}</span>` }, { key: 's', title: 'First', show: (shard) => html`<span class="mono">${shard.SequenceNumberRange?.StartingSequenceNumber}</span>` }, { key: 'e', title: 'State', show: (shard) => html`<${Badge} kind=${shard.SequenceNumberRange?.EndingSequenceNumber ? 'none' : 'good'}>${shard.SequenceNumberRange?.EndingSequenceNumber ? 'closed' : 'open'}<//>` }]} />`}<//><//>`;
}

/** Reads all shards, of which new ones are found as they come. */
function Tail({ arn }) {
  const [from, setFrom] = useState('TRIM_HORIZON');
  const [running, setRunning] = useState(true);
  const [records, setRecords] = useState([]);
  const [event, setEvent] = useState('');
  const [text, setText] = useState('');
  const [opened, setOpened] = useState(null);
  const [fault, setFault] = useState(null);
  const iterators = useRef(new Map());
  const busy = useRef(false);
  const round = useRef(0);
  useEffect(() => { iterators.current = new Map(); round.current = 0; setRecords([]); }, [arn, from]);
  const poll = async () => {
    if (busy.current) return;
    busy.current = true;
    const own = iterators.current;
    try {
      if (round.current++ % 5 === 0) {
        const first = own.size === 0;
        for (const shard of await shardsOf(arn)) {
          if (own.has(shard.ShardId)) continue;
          if (first && from === 'LATEST' && shard.SequenceNumberRange?.EndingSequenceNumber) { own.set(shard.ShardId, null); continue; }
          const { ShardIterator: iterator } = await streams('GetShardIterator', { StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType: first ? from : 'TRIM_HORIZON' });
          own.set(shard.ShardId, iterator);
        }
      }
      const fresh = [];
      for (const [shard, iterator] of own) {
        if (!iterator) continue;
        try {
          const answer = await streams('GetRecords', { ShardIterator: iterator });
          own.set(shard, answer.NextShardIterator ?? null);
          fresh.push(...(answer.Records ?? []));
        } catch (error) {
          if (!/ExpiredIterator|TrimmedData/.test(error.name)) throw error;
          own.delete(shard);
        }
      }
      if (own === iterators.current && fresh.length) setRecords((before) => [...fresh.reverse(), ...before].slice(0, RECORDS_MAX));
      setFault(null);
    } catch (error) { setFault(error); }
    busy.current = false;
  };
  useEffect(() => { if (running) poll(); }, [arn, from, running]);
  useEvery(running ? 1000 : 0, poll, [arn, from]);
  const shown = records.filter((record) => (!event || record.eventName === event) && (!text || JSON.stringify(record.dynamodb).includes(text)));
  const columns = [
    { key: 'time', title: 'Time', class: 'nowrap', show: (record) => html`<${Time} of=${record.dynamodb.ApproximateCreationDateTime} />` }, { key: 'event', title: 'Event', show: (record) => html`<${Badge} kind=${{ INSERT: 'good', MODIFY: 'busy', REMOVE: 'bad' }[record.eventName]}>${record.eventName}<//>${record.userIdentity && html` <span class="muted">by time to live</span>`}` },
    { key: 'keys', title: 'Key', show: (record) => html`<button type="button" class="cell-button mono" onClick=${() => setOpened(opened === record ? null : record)}>${Object.entries(record.dynamodb.Keys).map(([name, value]) => `${name}: ${brief(value, 40)}`).join(', ')}</button>` }, { key: 'n', title: 'Sequence number', show: (record) => html`<span class="mono">${record.dynamodb.SequenceNumber}</span>` },
  ];
  return html`<${Card} title="Tail" flush actions=${html`<${Segments} label="From" value=${from} onChange=${setFrom} options=${[['TRIM_HORIZON', 'From the start'], ['LATEST', 'From now']]} /><${Button} icon=${running ? 'pause' : 'play'} onClick=${() => setRunning(!running)}>${running ? 'Pause' : 'Go on'}<//>`}>
    <div class="bar"><${Select} class="short" aria-label="Event" value=${event} options=${[['', 'All events'], 'INSERT', 'MODIFY', 'REMOVE']} onChange=${setEvent} /><input class="input filter" type="search" aria-label="Filter records" placeholder="Filter by text" value=${text} onInput=${(changed) => setText(changed.currentTarget.value)} /><span class="hint" aria-live="polite">${count(shown.length)} records${running ? ', live' : ''}</span></div><${Fault} error=${fault} />
    <${Table} caption="Records of the stream" compact rows=${shown.slice(0, 200)} of=${(record) => record.eventID} columns=${columns} empty=${html`<${Empty} icon="stream" title="No record yet">Changes of items appear here within a second.<//>`} />
    ${opened && html`<div class="card-body"><h3>${opened.eventName} ${opened.dynamodb.SequenceNumber}</h3>${opened.dynamodb.NewImage || opened.dynamodb.OldImage ? html`<${Diff} was=${opened.dynamodb.OldImage ?? {}} is=${opened.dynamodb.NewImage ?? {}} />` : html`<${Code} text=${pretty(opened.dynamodb)} />`}</div>`}<//>`;
}

