// What a principal may do: SimulatePrincipalPolicy, and SimulateCustomPolicy for a document that is not stored.

import { html, useState } from '../deps.js';
import { iam, list } from '../api.js';
import { Badge, Button, Card, Editor, Fault, Segments, Table, Text, useAction } from '../ui.js';

export function Simulator({ query }) {
  const [form, setForm] = useState({ kind: query.get('doc') ? 'document' : 'principal', arn: query.get('arn') ?? '', document: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' }] }, null, 2), actions: 'dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:DeleteTable', resources: '*' });
  const set = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));
  const [results, setResults] = useState(null);
  const split = (text) => text.split(/[\s,]+/).filter(Boolean);
  const [run, busy, error] = useAction(async () => {
    const asked = { ActionNames: split(form.actions), ResourceArns: split(form.resources) };
    const answer = form.kind === 'principal' ? await iam('SimulatePrincipalPolicy', { PolicySourceArn: form.arn, ...asked }) : await iam('SimulateCustomPolicy', { PolicyInputList: [form.document], ...asked });
    setResults(list(answer.EvaluationResults));
  });
  return html`<${Card} title="What may it do?" lead="The server decides as it would for the request, and does nothing."><form class="stack" onSubmit=${(event) => { event.preventDefault(); run(); }}><div><${Segments} label="Of" value=${form.kind} onChange=${set('kind')} options=${[['principal', 'User, group or role'], ['document', 'A policy document']]} /></div>
      ${form.kind === 'principal' ? html`<${Text} label="ARN" value=${form.arn} onChange=${set('arn')} mono placeholder="arn:aws:iam::123456789012:user/alice" />` : html`<${Editor} label="Policy document" value=${form.document} onChange=${set('document')} rows="9" />`}
      <div class="columns two"><${Text} label="Actions" area value=${form.actions} onChange=${set('actions')} mono /><${Text} label="Resources" area value=${form.resources} onChange=${set('resources')} mono hint="ARNs, or *" /></div><div><${Button} kind="primary" type="submit" icon="play" busy=${busy} disabled=${form.kind === 'principal' && !form.arn}>Simulate<//></div><${Fault} error=${error} /></form>
    ${results && html`<${Table} compact caption="Decisions" rows=${results} columns=${[{ key: 'a', title: 'Action', show: (one) => html`<span class="mono">${one.EvalActionName}</span>` }, { key: 'r', title: 'Resource', show: (one) => html`<span class="mono">${one.EvalResourceName}</span>` }, { key: 'd', title: 'Decision', show: (one) => html`<${Badge} kind=${one.EvalDecision === 'allowed' ? 'good' : 'bad'}>${one.EvalDecision}<//>` }, { key: 'm', title: 'By', show: (one) => list(one.MatchedStatements).map((statement) => statement.SourcePolicyId).join(', ') || '–' }]} />`}<//>`;
}
