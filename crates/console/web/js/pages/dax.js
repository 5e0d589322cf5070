// DAX: clusters, their nodes, parameter groups and events, once the server has its API.

import { html } from '../deps.js';
import { dax } from '../api.js';
import { region } from '../session.js';
import { Badge, Card, Empty, Loaded, Page, Table, Time, useLoad } from '../ui.js';

export function Dax() {
  const clusters = useLoad(async () => (await dax('DescribeClusters', {})).Clusters ?? [], [region.value]);
  return html`<${Page} title="DAX" lead="Caches in front of tables."><${Card} flush=${Boolean(clusters.data)}><${Loaded} of=${clusters}>${(all) => html`<${Table} caption="Clusters" rows=${all} of=${(one) => one.ClusterArn} columns=${[{ key: 'ClusterName', title: 'Cluster' }, { key: 's', title: 'Status', show: (one) => html`<${Badge}>${String(one.Status).toUpperCase()}<//>` }, { key: 'n', title: 'Nodes', number: true, show: (one) => `${one.ActiveNodes} of ${one.TotalNodes}` }, { key: 'NodeType', title: 'Type' }, { key: 'e', title: 'Endpoint', show: (one) => html`<span class="mono">${one.ClusterDiscoveryEndpoint?.URL ?? one.ClusterDiscoveryEndpoint?.Address ?? '–'}</span>` }]} empty=${html`<${Empty} icon="star" title="No cluster" />`} />`}<//><//>
    ${clusters.data && html`<div class="columns two"><${Events} /><${Groups} /></div>`}<//>`;
}

function Events() {
  const found = useLoad(async () => (await dax('DescribeEvents', {})).Events ?? [], []);
  return html`<${Card} flush title="Events"><${Loaded} of=${found}>${(all) => html`<${Table} compact caption="Events" rows=${all} columns=${[{ key: 't', title: 'Time', show: (one) => html`<${Time} of=${one.Date} />` }, { key: 'SourceName', title: 'Of' }, { key: 'Message', title: 'What' }]} empty=${html`<${Empty} icon="history" title="Nothing yet" />`} />`}<//><//>`;
}

function Groups() {
  const found = useLoad(async () => (await dax('DescribeParameterGroups', {})).ParameterGroups ?? [], []);
  return html`<${Card} flush title="Parameter groups"><${Loaded} of=${found}>${(all) => html`<${Table} compact caption="Parameter groups" rows=${all} columns=${[{ key: 'ParameterGroupName', title: 'Name' }, { key: 'Description', title: 'Description' }]} empty=${html`<${Empty} icon="gear" title="None" />`} />`}<//><//>`;
}
