// Replicas of a global table. Their lag is a metric.

import { html, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { change, config, readOnly, region as here } from '../session.js';
import { Badge, Button, Card, Choice, ConfirmName, Dialog, Empty, Fault, Table, Text, Time, toast, useAction } from '../ui.js';

export function Replicas({ table, reload }) {
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState(null);
  const [region, setRegion] = useState('');
  const update = (change) => dynamodb('UpdateTable', { TableName: table.TableName, ReplicaUpdates: [change] });
  const [run, busy, error] = useAction(async () => { await update({ Create: { RegionName: region } }); setAdding(false); toast('The replica is being made'); await reload(true); });
  const replicas = table.Replicas ?? [];
  const others = (config.value.regions ?? []).filter((name) => name !== here.value && !replicas.some((replica) => replica.RegionName === name));
  return html`<${Card} flush title="Replicas" lead="The same table in other regions, written in each of them." actions=${!readOnly.value && html`<${Button} icon="plus" onClick=${() => setAdding(true)}>Add a replica<//>`}><${Table} caption="Replicas" rows=${replicas} of=${(replica) => replica.RegionName} columns=${[{ key: 'RegionName', title: 'Region', show: (replica) => (replica.RegionName === here.value ? html`<strong>${replica.RegionName}</strong>` : html`<button type="button" class="cell-button" onClick=${() => change({ region: replica.RegionName })}>${replica.RegionName}</button>`) }, { key: 's', title: 'Status', show: (replica) => html`<${Badge}>${replica.ReplicaStatus}<//>` }, { key: 'd', title: '', show: (replica) => replica.ReplicaStatusDescription ?? '' }, { key: 't', title: 'Inaccessible since', show: (replica) => html`<${Time} of=${replica.ReplicaInaccessibleDateTime} />` }, { key: 'x', title: '', class: 'actions-cell', show: (replica) => !readOnly.value && html`<${Button} kind="quiet" icon="trash" label=${`Delete the replica in ${replica.RegionName}`} onClick=${() => setDeleting(replica)} />` }]} empty=${html`<${Empty} icon="globe" title="Not a global table">A table of one region has no replicas.<//>`} />
    ${adding && html`<${Dialog} title="Add a replica" onClose=${() => setAdding(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => setAdding(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!region}>Add<//>`}>${others.length ? html`<${Choice} label="Region" value=${region} options=${[['', 'Choose a region'], ...others]} onChange=${setRegion} />` : html`<${Text} label="Region" value=${region} onChange=${setRegion} placeholder="eu-west-3" autofocus />`}<${Fault} error=${error} /><//>`}
    ${deleting && html`<${ConfirmName} title="Delete the replica?" name=${deleting.RegionName} onClose=${(done) => { setDeleting(null); if (done) reload(true); }} action=${() => update({ Delete: { RegionName: deleting.RegionName } })} />`}<//>`;
}
