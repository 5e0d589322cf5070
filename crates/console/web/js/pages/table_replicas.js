// Replicas of a global table. Their lag is a metric.

import { html, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { readOnly } from '../session.js';
import { Badge, Button, Card, ConfirmName, Dialog, Empty, Fault, Table, Text, Time, toast, useAction } from '../ui.js';

export function Replicas({ table, reload }) {
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState(null);
  const [region, setRegion] = useState('');
  const update = (change) => dynamodb('UpdateTable', { TableName: table.TableName, ReplicaUpdates: [change] });
  const [run, busy, error] = useAction(async () => { await update({ Create: { RegionName: region } }); setAdding(false); toast('The replica is being made'); await reload(true); });
  const replicas = table.Replicas ?? [];
  return html`<${Card} flush title="Replicas" lead="The same table in other regions, written in each of them." actions=${!readOnly.value && html`<${Button} icon="plus" onClick=${() => setAdding(true)}>Add a replica<//>`}><${Table} caption="Replicas" rows=${replicas} of=${(replica) => replica.RegionName} columns=${[{ key: 'RegionName', title: 'Region' }, { key: 's', title: 'Status', show: (replica) => html`<${Badge}>${replica.ReplicaStatus}<//>` }, { key: 'd', title: '', show: (replica) => replica.ReplicaStatusDescription ?? '' }, { key: 't', title: 'Inaccessible since', show: (replica) => html`<${Time} of=${replica.ReplicaInaccessibleDateTime} />` }, { key: 'x', title: '', class: 'actions-cell', show: (replica) => !readOnly.value && html`<${Button} kind="quiet" icon="trash" label=${`Delete the replica in ${replica.RegionName}`} onClick=${() => setDeleting(replica)} />` }]} empty=${html`<${Empty} icon="globe" title="Not a global table">A table of one region has no replicas.<//>`} />
    ${adding && html`<${Dialog} title="Add a replica" onClose=${() => setAdding(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => setAdding(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!region}>Add<//>`}><${Text} label="Region" value=${region} onChange=${setRegion} placeholder="eu-west-3" autofocus /><${Fault} error=${error} /><//>`}
    ${deleting && html`<${ConfirmName} title="Delete the replica?" name=${deleting.RegionName} onClose=${(done) => { setDeleting(null); if (done) reload(true); }} action=${() => update({ Delete: { RegionName: deleting.RegionName } })} />`}<//>`;
}
