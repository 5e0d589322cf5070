// Users, groups, roles, policies and access keys, and a test of what a principal may do. IAM's API does all of it.

import { html, useEffect, useState } from '../deps.js';
import { iam, list, pages } from '../api.js';
import { config, keys, readOnly } from '../session.js';
import { entryOf, go, href } from '../router.js';
import { Badge, Button, Card, Choice, Code, Confirm, Copy, Dialog, Editor, Empty, Fault, KeyValues, Loaded, Menu, Page, Table, Tabs, Text, Time, toast, useAction, useLoad } from '../ui.js';
import { Simulator } from './simulator.js';

/** All pages of one of IAM's lists. */
export const all = (operation, member, body = {}) => pages(async (sent) => { const answer = await iam(operation, sent); return { [member]: list(answer[member]), Marker: answer.IsTruncated === 'true' ? answer.Marker : undefined }; }, body, member, ['Marker', 'Marker']);

const DOCUMENT = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan'], Resource: '*' }] };
const text = (document) => { try { return JSON.stringify(JSON.parse(decodeURIComponent(document)), null, 2); } catch { return String(document); } };

/** What users, groups and roles have in common: names of operations and members. */
const KINDS = {
  users: { one: 'User', title: 'Users', icon: 'users', list: 'ListUsers', member: 'Users', lead: 'People and programs that sign requests.' },
  groups: { one: 'Group', title: 'Groups', icon: 'users', list: 'ListGroups', member: 'Groups', lead: 'Policies of a group are those of its users.' },
  roles: { one: 'Role', title: 'Roles', icon: 'key', list: 'ListRoles', member: 'Roles', lead: 'Permissions that are assumed for a while.' },
};

export function Identity({ path, query }) {
  if (config.value.callers !== 'identities') return html`<${Page} title="Identity"><${Card}><${Empty} icon="users" title="Callers have no identities here">Start the server with <code>--auth</code>, after <code>stator init</code>: then users, roles and policies decide who may do what.<//><//><//>`;
  const [kind = 'users', name] = path;
  if (entryOf(KINDS, kind) && name) return html`<${Principal} key=${kind + name} kind=${kind} name=${name} />`;
  if (kind === 'policies' && name) return html`<${PolicyPage} key=${name} arn=${name} />`;
  const tabs = [...Object.entries(KINDS).map(([key, { title }]) => [key, title, href('identity', key)]), ['policies', 'Policies', href('identity', 'policies')], ['simulator', 'Simulator', href('identity', 'simulator')], ['account', 'Account', href('identity', 'account')]];
  const Shown = entryOf({ policies: Policies, simulator: Simulator, account: Account }, kind);
  return html`<${Page} title="Identity"><${Tabs} label="Identity" at=${kind} tabs=${tabs} />${Shown ? html`<${Shown} query=${query} />` : html`<${Principals} key=${kind} kind=${entryOf(KINDS, kind) ? kind : 'users'} />`}<//>`;
}

function Principals({ kind }) {
  const of = KINDS[kind];
  const found = useLoad(() => all(of.list, of.member), [kind]);
  const [filter, setFilter] = useState('');
  const [making, setMaking] = useState(false);
  const [deleting, setDeleting] = useState(null);
  const nameOf = (entry) => entry[`${of.one}Name`];
  const columns = [
    { key: 'name', title: of.one, class: 'name-cell', sort: nameOf, show: (entry) => html`<a href=${href('identity', kind, nameOf(entry))}>${nameOf(entry)}</a>` }, { key: 'path', title: 'Path', show: (entry) => html`<span class="mono">${entry.Path}</span>` }, { key: 'arn', title: 'ARN', show: (entry) => html`<span class="mono">${entry.Arn}</span>` }, { key: 'created', title: 'Created', sort: (entry) => entry.CreateDate, show: (entry) => html`<${Time} of=${entry.CreateDate} />` },
    { key: 'x', title: '', class: 'actions-cell', show: (entry) => !readOnly.value && html`<${Button} kind="quiet" icon="trash" label=${`Delete ${nameOf(entry)}`} onClick=${() => setDeleting(entry)} />` },
  ];
  return html`<${Card} flush><div class="bar spread"><div class="row center grow"><input class="input filter" type="search" aria-label=${`Filter ${of.title.toLowerCase()}`} placeholder="Filter by name" value=${filter} onInput=${(event) => setFilter(event.currentTarget.value)} /><span class="hint">${of.lead}</span></div>${!readOnly.value && html`<${Button} kind="primary" icon="plus" onClick=${() => setMaking(true)}>Create ${of.one.toLowerCase()}<//>`}</div>
    <${Loaded} of=${found}>${(entries) => html`<${Table} caption=${of.title} columns=${columns} rows=${entries.filter((entry) => nameOf(entry).toLowerCase().includes(filter.toLowerCase()))} of=${nameOf} empty=${html`<${Empty} icon=${of.icon} title=${`No ${of.title.toLowerCase()}`} />`} />`}<//>
    ${making && html`<${Create} kind=${kind} onClose=${(name) => { setMaking(false); if (name) go('identity', kind, name); }} />`}
    ${deleting && html`<${Confirm} title=${`Delete ${nameOf(deleting)}?`} label="Delete" danger onClose=${(done) => { setDeleting(null); if (done) found.reload(); }} action=${() => removePrincipal(kind, nameOf(deleting))}><p>Its keys, memberships and policies are taken away first.</p><//>`}<//>`;
}

/** IAM deletes nothing that something hangs on. */
async function removePrincipal(kind, name) {
  const { one } = KINDS[kind], id = { [`${one}Name`]: name };
  for (const policy of await all(`ListAttached${one}Policies`, 'AttachedPolicies', id)) await iam(`Detach${one}Policy`, { ...id, PolicyArn: policy.PolicyArn });
  for (const policy of await all(`List${one}Policies`, 'PolicyNames', id)) await iam(`Delete${one}Policy`, { ...id, PolicyName: policy });
  if (kind === 'users') {
    for (const key of await all('ListAccessKeys', 'AccessKeyMetadata', id)) await iam('DeleteAccessKey', { ...id, AccessKeyId: key.AccessKeyId });
    for (const group of await all('ListGroupsForUser', 'Groups', id)) await iam('RemoveUserFromGroup', { ...id, GroupName: group.GroupName });
    await iam('DeleteUser', id);
  } else if (kind === 'groups') {
    for (const user of await all('GetGroup', 'Users', id)) await iam('RemoveUserFromGroup', { ...id, UserName: user.UserName });
    await iam('DeleteGroup', id);
  } else {
    await iam('DeleteRole', id);
  }
  toast(`${name} is deleted`);
}

/** The caller's own account: a new role trusts its users, and no other account, until someone decides on more. */
const ownAccount = () => `arn:aws:iam::${String(keys.value?.arn ?? '').split(':')[4] ?? ''}:root`;

function Create({ kind, onClose }) {
  const { one } = KINDS[kind];
  const [form, setForm] = useState({ name: '', path: '/', trust: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: ownAccount() }, Action: 'sts:AssumeRole' }] }, null, 2) });
  const set = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));
  const [run, busy, error] = useAction(async () => { await iam(`Create${one}`, { [`${one}Name`]: form.name, Path: form.path, ...(kind === 'roles' ? { AssumeRolePolicyDocument: form.trust } : {}) }); toast(`${form.name} is created`); onClose(form.name); });
  return html`<${Dialog} wide=${kind === 'roles'} title=${`Create ${one.toLowerCase()}`} onClose=${() => onClose()} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose()}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!form.name}>Create<//>`}><${Text} label="Name" value=${form.name} onChange=${set('name')} autofocus /><${Text} label="Path" value=${form.path} onChange=${set('path')} mono />${kind === 'roles' && html`<div class="field"><span class="legend">Who may assume it</span><${Editor} label="Trust policy" value=${form.trust} onChange=${set('trust')} rows="10" /></div>`}<${Fault} error=${error} /><//>`;
}

function Principal({ kind, name }) {
  const { one, title } = KINDS[kind], id = { [`${one}Name`]: name };
  const found = useLoad(async () => (await iam(`Get${one}`, id))[one], [kind, name]);
  return html`<${Page} title=${name} above=${html`<a href=${href('identity', kind)}>${title}</a>`} actions=${html`<${Button} icon="shield" onClick=${() => go('identity', 'simulator', { arn: found.data?.Arn })} disabled=${!found.data || kind === 'groups'}>Simulate<//>`}><${Loaded} of=${found}>${(of) => html`
    <${Card} title=${one}><${KeyValues} of=${[['ARN', html`<span class="mono">${of.Arn}</span> <${Copy} text=${of.Arn} label="Copy the ARN" />`], ['ID', html`<span class="mono">${of[`${one}Id`]}</span>`], ['Created', html`<${Time} of=${of.CreateDate} />`], of.MaxSessionDuration && ['Longest session', `${of.MaxSessionDuration} s`], of.PermissionsBoundary && ['Boundary', html`<span class="mono">${of.PermissionsBoundary.PermissionsBoundaryArn}</span>`]]} /><//>
    ${kind === 'users' && html`<${AccessKeys} name=${name} />`}<div class="columns two"><${Attached} one=${one} id=${id} /><${Inline} one=${one} id=${id} />${kind === 'users' && html`<${Groups} name=${name} />`}${kind === 'groups' && html`<${Members} name=${name} />`}${kind !== 'groups' && html`<${Tags} one=${one} id=${id} /><${Boundary} one=${one} id=${id} of=${of} reload=${found.reload} />`}</div>
    ${kind === 'roles' && html`<${Trust} name=${name} document=${of.AssumeRolePolicyDocument} reload=${found.reload} />`}`}<//><//>`;
}

function AccessKeys({ name }) {
  const found = useLoad(async () => {
    const keys = await all('ListAccessKeys', 'AccessKeyMetadata', { UserName: name });
    return Promise.all(keys.map(async (key) => ({ ...key, used: (await iam('GetAccessKeyLastUsed', { AccessKeyId: key.AccessKeyId })).AccessKeyLastUsed })));
  }, [name]);
  const [made, setMade] = useState(null);
  const [deleting, setDeleting] = useState(null);
  const [create, busy, error] = useAction(async () => { setMade((await iam('CreateAccessKey', { UserName: name })).AccessKey); await found.reload(); });
  const [update, , fault] = useAction(async (key) => { await iam('UpdateAccessKey', { UserName: name, AccessKeyId: key.AccessKeyId, Status: key.Status === 'Active' ? 'Inactive' : 'Active' }); await found.reload(); });
  return html`<${Card} flush title="Access keys" actions=${!readOnly.value && html`<${Button} icon="plus" busy=${busy} onClick=${create}>Create access key<//>`}><${Fault} error=${error ?? fault} /><${Loaded} of=${found} rows="2">${(keys) => html`<${Table} compact caption="Access keys" rows=${keys} of=${(key) => key.AccessKeyId} columns=${[{ key: 'id', title: 'ID', show: (key) => html`<span class="mono">${key.AccessKeyId}</span>` }, { key: 's', title: 'Status', show: (key) => html`<${Badge} kind=${key.Status === 'Active' ? 'good' : 'none'}>${key.Status}<//>` }, { key: 'c', title: 'Created', show: (key) => html`<${Time} of=${key.CreateDate} />` }, { key: 'u', title: 'Last used', show: (key) => (key.used?.LastUsedDate ? html`<${Time} of=${key.used.LastUsedDate} /> <span class="muted">${key.used.ServiceName}</span>` : 'never') }, { key: 'x', title: '', class: 'actions-cell', show: (key) => !readOnly.value && html`<${Menu} kind="quiet" label=${`Actions on ${key.AccessKeyId}`} items=${[[key.Status === 'Active' ? 'Make inactive' : 'Make active', () => update(key)], ['Delete…', () => setDeleting(key), true]]} />` }]} empty=${html`<${Empty} icon="key" title="No access key">A key signs requests for this user.<//>`} />`}<//>
    ${made && html`<${Dialog} title="The new access key" lead="The secret is shown now, and never again." actions=${html`<${Button} kind="primary" onClick=${() => setMade(null)}>I have stored it<//>`}><${Code} label="access key" text=${`AWS_ACCESS_KEY_ID=${made.AccessKeyId}\nAWS_SECRET_ACCESS_KEY=${made.SecretAccessKey}`} /><//>`}
    ${deleting && html`<${Confirm} title="Delete the access key?" label="Delete" danger onClose=${(done) => { setDeleting(null); if (done) found.reload(); }} action=${() => iam('DeleteAccessKey', { UserName: name, AccessKeyId: deleting.AccessKeyId })}><p class="mono">${deleting.AccessKeyId}</p><p>Requests that it signs are refused from now on.</p><//>`}<//>`;
}

function Attached({ one, id }) {
  const found = useLoad(() => all(`ListAttached${one}Policies`, 'AttachedPolicies', id), [one, JSON.stringify(id)]);
  const policies = useLoad(() => all('ListPolicies', 'Policies'), []);
  const [arn, setArn] = useState('');
  const [run, busy, error] = useAction(async (operation, PolicyArn) => { await iam(`${operation}${one}Policy`, { ...id, PolicyArn }); setArn(''); await found.reload(); });
  return html`<${Card} title="Managed policies"><${Loaded} of=${found} rows="2">${(attached) => html`${attached.length ? html`<ul class="stack tight">${attached.map((policy) => html`<li class="row center spread" key=${policy.PolicyArn}><a href=${href('identity', 'policies', policy.PolicyArn)}>${policy.PolicyName}</a>${!readOnly.value && html`<${Button} kind="quiet" icon="close" label=${`Detach ${policy.PolicyName}`} onClick=${() => run('Detach', policy.PolicyArn)} />`}</li>`)}</ul>` : html`<p class="muted">None attached.</p>`}
    ${!readOnly.value && html`<div class="row"><${Choice} class="grow" label="Policy" value=${arn} options=${[['', 'Choose a policy'], ...(policies.data ?? []).map((policy) => [policy.Arn, policy.PolicyName])]} onChange=${setArn} /><${Button} busy=${busy} disabled=${!arn} onClick=${() => run('Attach', arn)}>Attach<//></div>`}`}<//><${Fault} error=${error} /><//>`;
}

function Inline({ one, id }) {
  const found = useLoad(() => all(`List${one}Policies`, 'PolicyNames', id), [one, JSON.stringify(id)]);
  const [editing, setEditing] = useState(null);
  const [open, , fault] = useAction(async (PolicyName) => setEditing({ name: PolicyName, text: text((await iam(`Get${one}Policy`, { ...id, PolicyName })).PolicyDocument) }));
  const [remove] = useAction(async (PolicyName) => { await iam(`Delete${one}Policy`, { ...id, PolicyName }); await found.reload(); });
  return html`<${Card} title="Inline policies" actions=${!readOnly.value && html`<${Button} icon="plus" onClick=${() => setEditing({ name: '', text: JSON.stringify(DOCUMENT, null, 2) })}>Add<//>`}><${Loaded} of=${found} rows="2">${(names) => (names.length ? html`<ul class="stack tight">${names.map((name) => html`<li class="row center spread" key=${name}><button type="button" class="text-button" onClick=${() => open(name)}>${name}</button>${!readOnly.value && html`<${Button} kind="quiet" icon="trash" label=${`Delete ${name}`} onClick=${() => remove(name)} />`}</li>`)}</ul>` : html`<p class="muted">None.</p>`)}<//><${Fault} error=${fault} />
    ${editing && html`<${EditPolicy} title=${editing.name ? `Policy ${editing.name}` : 'Add an inline policy'} start=${editing} fixed=${Boolean(editing.name)} onClose=${(done) => { setEditing(null); if (done) found.reload(); }} save=${(name, document) => iam(`Put${one}Policy`, { ...id, PolicyName: name, PolicyDocument: document })} />`}<//>`;
}

/** A document, checked as JSON here and as a policy by the server. */
function EditPolicy({ title, start, fixed, save, onClose }) {
  const [name, setName] = useState(start.name);
  const [document, setDocument] = useState(start.text);
  const fault = (() => { try { JSON.parse(document); return null; } catch (error) { return error.message; } })();
  const [run, busy, error] = useAction(async () => { await save(name, document); toast('The policy is stored'); onClose(true); });
  return html`<${Dialog} wide title=${title} onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//>${!readOnly.value && html`<${Button} kind="primary" type="submit" busy=${busy} disabled=${!name || Boolean(fault)}>Save<//>`}`}>${!fixed && html`<${Text} label="Name" value=${name} onChange=${setName} autofocus />`}<${Editor} label="Policy document" value=${document} onChange=${setDocument} rows="16" error=${fault} readOnly=${readOnly.value} />${fault && html`<p class="hint bad">${fault}</p>`}<${Fault} error=${error} /><//>`;
}

function Groups({ name }) {
  const found = useLoad(() => all('ListGroupsForUser', 'Groups', { UserName: name }), [name]);
  const groups = useLoad(() => all('ListGroups', 'Groups'), []);
  const [chosen, setChosen] = useState('');
  const [run, busy, error] = useAction(async (operation, GroupName) => { await iam(operation, { UserName: name, GroupName }); setChosen(''); await found.reload(); });
  return html`<${Card} title="Groups"><${Loaded} of=${found} rows="2">${(of) => (of.length ? html`<ul class="stack tight">${of.map((group) => html`<li class="row center spread" key=${group.GroupName}><a href=${href('identity', 'groups', group.GroupName)}>${group.GroupName}</a>${!readOnly.value && html`<${Button} kind="quiet" icon="close" label=${`Leave ${group.GroupName}`} onClick=${() => run('RemoveUserFromGroup', group.GroupName)} />`}</li>`)}</ul>` : html`<p class="muted">In no group.</p>`)}<//>${!readOnly.value && html`<div class="row"><${Choice} class="grow" label="Group" value=${chosen} options=${[['', 'Choose a group'], ...(groups.data ?? []).map((group) => group.GroupName)]} onChange=${setChosen} /><${Button} busy=${busy} disabled=${!chosen} onClick=${() => run('AddUserToGroup', chosen)}>Join<//></div>`}<${Fault} error=${error} /><//>`;
}

function Members({ name }) {
  const found = useLoad(() => all('GetGroup', 'Users', { GroupName: name }), [name]);
  return html`<${Card} title="Members"><${Loaded} of=${found} rows="2">${(users) => (users.length ? html`<ul class="stack tight">${users.map((user) => html`<li key=${user.UserName}><a href=${href('identity', 'users', user.UserName)}>${user.UserName}</a></li>`)}</ul>` : html`<p class="muted">None yet.</p>`)}<//><//>`;
}

function Tags({ one, id }) {
  const found = useLoad(() => all(`List${one}Tags`, 'Tags', id), [one, JSON.stringify(id)]);
  const [form, setForm] = useState({ Key: '', Value: '' });
  const [run, busy, error] = useAction(async (operation, body) => { await iam(`${operation}${one}`, { ...id, ...body }); setForm({ Key: '', Value: '' }); await found.reload(); });
  return html`<${Card} title="Tags"><${Loaded} of=${found} rows="1">${(tags) => (tags.length ? html`<ul class="stack tight">${tags.map((tag) => html`<li class="row center spread" key=${tag.Key}><span>${tag.Key} = ${tag.Value}</span>${!readOnly.value && html`<${Button} kind="quiet" icon="close" label=${`Remove the tag ${tag.Key}`} onClick=${() => run('Untag', { TagKeys: [tag.Key] })} />`}</li>`)}</ul>` : html`<p class="muted">No tags.</p>`)}<//>${!readOnly.value && html`<form class="row" onSubmit=${(event) => { event.preventDefault(); run('Tag', { Tags: [form] }); }}><${Text} class="grow" label="Key" value=${form.Key} onChange=${(Key) => setForm({ ...form, Key })} /><${Text} class="grow" label="Value" value=${form.Value} onChange=${(Value) => setForm({ ...form, Value })} /><${Button} type="submit" busy=${busy} disabled=${!form.Key}>Add<//></form>`}<${Fault} error=${error} /><//>`;
}

function Boundary({ one, id, of, reload }) {
  const arn = of.PermissionsBoundary?.PermissionsBoundaryArn;
  const policies = useLoad(() => all('ListPolicies', 'Policies'), []);
  const [chosen, setChosen] = useState('');
  const [run, busy, error] = useAction(async (operation, body) => { await iam(`${operation}${one}PermissionsBoundary`, { ...id, ...body }); await reload(); });
  return html`<${Card} title="Permissions boundary" lead="The most that the policies can allow."><p class=${arn ? 'mono' : 'muted'}>${arn ?? 'None.'}</p>${!readOnly.value && (arn ? html`<div><${Button} busy=${busy} onClick=${() => run('Delete', {})}>Remove<//></div>` : html`<div class="row"><${Choice} class="grow" label="Policy" value=${chosen} options=${[['', 'Choose a policy'], ...(policies.data ?? []).map((policy) => [policy.Arn, policy.PolicyName])]} onChange=${setChosen} /><${Button} busy=${busy} disabled=${!chosen} onClick=${() => run('Put', { PermissionsBoundary: chosen })}>Set<//></div>`)}<${Fault} error=${error} /><//>`;
}

function Trust({ name, document, reload }) {
  const [value, setValue] = useState(text(document));
  const fault = (() => { try { JSON.parse(value); return null; } catch (error) { return error.message; } })();
  const [run, busy, error] = useAction(async () => { await iam('UpdateAssumeRolePolicy', { RoleName: name, PolicyDocument: value }); toast('The trust policy is stored'); await reload(); });
  return html`<${Card} title="Trust policy" lead="Who may assume the role."><${Editor} label="Trust policy" value=${value} onChange=${setValue} rows="12" error=${fault} readOnly=${readOnly.value} />${!readOnly.value && html`<div><${Button} kind="primary" busy=${busy} disabled=${Boolean(fault)} onClick=${run}>Save<//></div>`}<${Fault} error=${error} /><//>`;
}

function Policies() {
  const [scope, setScope] = useState('All');
  const found = useLoad(() => all('ListPolicies', 'Policies', { Scope: scope }), [scope]);
  const [making, setMaking] = useState(false);
  const [deleting, setDeleting] = useState(null);
  const remove = async (arn) => {
    for (const version of await all('ListPolicyVersions', 'Versions', { PolicyArn: arn })) if (version.IsDefaultVersion !== 'true') await iam('DeletePolicyVersion', { PolicyArn: arn, VersionId: version.VersionId });
    await iam('DeletePolicy', { PolicyArn: arn });
  };
  const isOwn = (policy) => !policy.Arn.includes('::aws:');
  return html`<${Card} flush><div class="bar spread"><${Choice} label="Of" value=${scope} options=${[['All', 'Everything'], ['Local', 'This account'], ['AWS', 'AWS']]} onChange=${setScope} />${!readOnly.value && html`<${Button} kind="primary" icon="plus" onClick=${() => setMaking(true)}>Create policy<//>`}</div><${Loaded} of=${found}>${(policies) => html`<${Table} caption="Policies" rows=${policies} of=${(policy) => policy.Arn} columns=${[{ key: 'name', title: 'Policy', class: 'name-cell', sort: (policy) => policy.PolicyName, show: (policy) => html`<a href=${href('identity', 'policies', policy.Arn)}>${policy.PolicyName}</a>` }, { key: 'arn', title: 'ARN', show: (policy) => html`<span class="mono">${policy.Arn}</span>` }, { key: 'n', title: 'Attached', number: true, show: (policy) => policy.AttachmentCount }, { key: 'u', title: 'Changed', show: (policy) => html`<${Time} of=${policy.UpdateDate} />` }, { key: 'x', title: '', class: 'actions-cell', show: (policy) => isOwn(policy) && !readOnly.value && html`<${Button} kind="quiet" icon="trash" label=${`Delete ${policy.PolicyName}`} onClick=${() => setDeleting(policy)} />` }]} empty=${html`<${Empty} icon="shield" title="No policy" />`} />`}<//>
    ${making && html`<${EditPolicy} title="Create policy" start=${{ name: '', text: JSON.stringify(DOCUMENT, null, 2) }} onClose=${(done) => { setMaking(false); if (done) found.reload(); }} save=${(name, document) => iam('CreatePolicy', { PolicyName: name, PolicyDocument: document })} />`}${deleting && html`<${Confirm} title=${`Delete ${deleting.PolicyName}?`} label="Delete" danger onClose=${(done) => { setDeleting(null); if (done) found.reload(); }} action=${() => remove(deleting.Arn)} />`}<//>`;
}

function PolicyPage({ arn }) {
  const found = useLoad(async () => ({ policy: (await iam('GetPolicy', { PolicyArn: arn })).Policy, versions: await all('ListPolicyVersions', 'Versions', { PolicyArn: arn }), entities: await iam('ListEntitiesForPolicy', { PolicyArn: arn }) }), [arn]);
  const [version, setVersion] = useState('');
  const [value, setValue] = useState('');
  const isOwn = !arn.includes('::aws:') && !readOnly.value;
  const at = version || found.data?.policy.DefaultVersionId;
  const document = useLoad(async () => (at ? (await iam('GetPolicyVersion', { PolicyArn: arn, VersionId: at })).PolicyVersion.Document : ''), [at]);
  useEffect(() => { if (document.data) setValue(text(document.data)); }, [document.data]);
  const [run, busy, error] = useAction(async (operation, body) => { await iam(operation, { PolicyArn: arn, ...body }); setVersion(''); toast('The policy is changed'); await found.reload(); });
  const names = (member, name) => list(found.data?.entities[member]).map((entity) => entity[name]);
  return html`<${Page} title=${arn.split('/').pop()} above=${html`<a href=${href('identity', 'policies')}>Policies</a>`}><${Loaded} of=${found}>${({ policy, versions }) => html`<${Card} title="Policy"><${KeyValues} of=${[['ARN', html`<span class="mono">${arn}</span>`], ['Attached to', [...names('PolicyUsers', 'UserName'), ...names('PolicyGroups', 'GroupName'), ...names('PolicyRoles', 'RoleName')].join(', ') || 'nothing'], ['Changed', html`<${Time} of=${policy.UpdateDate} />`]]} /><//>
    <${Card} title="Document" actions=${html`<${Choice} label="Version" value=${at} options=${versions.map((one) => [one.VersionId, `${one.VersionId}${one.IsDefaultVersion === 'true' ? ', in force' : ''}`])} onChange=${setVersion} />${isOwn && at !== policy.DefaultVersionId && html`<${Button} onClick=${() => run('SetDefaultPolicyVersion', { VersionId: at })}>Put in force<//><${Button} icon="trash" label="Delete this version" onClick=${() => run('DeletePolicyVersion', { VersionId: at })} />`}`}><${Editor} label="Policy document" value=${value} onChange=${setValue} rows="18" readOnly=${!isOwn} />${isOwn && html`<div><${Button} kind="primary" busy=${busy} onClick=${() => run('CreatePolicyVersion', { PolicyDocument: value, SetAsDefault: true })}>Save as a new version<//></div>`}<${Fault} error=${error} /><//>`}<//><//>`;
}

function Account() {
  const found = useLoad(async () => ({ summary: (await iam('GetAccountSummary')).SummaryMap, aliases: list((await iam('ListAccountAliases')).AccountAliases) }), []);
  const providers = useLoad(async () => list((await iam('ListOpenIDConnectProviders')).OpenIDConnectProviderList), []);
  const [alias, setAlias] = useState('');
  const [adding, setAdding] = useState(null);
  const [shown, setShown] = useState(null);
  const [run, busy, error] = useAction(async (operation, body) => { await iam(operation, body); setAdding(null); setAlias(''); await found.reload(); await providers.reload(); });
  const entries = (map) => Object.values(map ?? {}).flat().filter((entry) => entry?.key).map((entry) => [entry.key, entry.value]);
  return html`<div class="stack"><${Card} title="Account"><${Loaded} of=${found}>${({ summary, aliases }) => html`<${KeyValues} of=${[['Alias', aliases.join(', ') || 'none'], ...entries(summary).filter(([name]) => /^(Users|Groups|Roles|Policies)$/.test(name))]} />${!readOnly.value && html`<div class="row"><${Text} label="Alias" value=${alias} onChange=${setAlias} /><${Button} busy=${busy} disabled=${!alias} onClick=${() => run('CreateAccountAlias', { AccountAlias: alias })}>Set<//>${aliases[0] && html`<${Button} onClick=${() => run('DeleteAccountAlias', { AccountAlias: aliases[0] })}>Remove<//>`}</div>`}`}<//><${Fault} error=${error} /><//>
    <${Card} title="OpenID Connect providers" flush actions=${!readOnly.value && html`<${Button} icon="plus" onClick=${() => setAdding({ url: '', clients: '' })}>Add<//>`}><${Loaded} of=${providers}>${(all) => html`<${Table} compact caption="OpenID Connect providers" rows=${all} of=${(one) => one.Arn} columns=${[{ key: 'Arn', title: 'Provider', show: (one) => html`<button type="button" class="cell-button mono" onClick=${() => setShown(one.Arn)}>${one.Arn}</button>` }, { key: 'x', title: '', class: 'actions-cell', show: (one) => !readOnly.value && html`<${Button} kind="quiet" icon="trash" label="Delete the provider" onClick=${() => run('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn: one.Arn })} />` }]} empty=${html`<${Empty} icon="globe" title="No provider">A provider’s tokens can be exchanged for a role’s keys.<//>`} />`}<//><//>
    ${adding && html`<${Dialog} title="Add a provider" onClose=${() => setAdding(null)} onSubmit=${() => run('CreateOpenIDConnectProvider', { Url: adding.url, ClientIDList: adding.clients.split(',').map((one) => one.trim()).filter(Boolean) })} actions=${html`<${Button} onClick=${() => setAdding(null)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!adding.url}>Add<//>`}><${Text} label="URL" value=${adding.url} onChange=${(url) => setAdding({ ...adding, url })} mono /><${Text} label="Client IDs" value=${adding.clients} onChange=${(clients) => setAdding({ ...adding, clients })} hint="Separated by commas" /><${Fault} error=${error} /><//>`}${shown && html`<${Provider} arn=${shown} onClose=${() => setShown(null)} />`}</div>`;
}

function Provider({ arn, onClose }) {
  const found = useLoad(() => iam('GetOpenIDConnectProvider', { OpenIDConnectProviderArn: arn }), [arn]);
  const [client, setClient] = useState('');
  const [run, busy, error] = useAction(async (operation, ClientID) => { await iam(operation, { OpenIDConnectProviderArn: arn, ClientID }); setClient(''); await found.reload(); });
  return html`<${Dialog} title="Provider" onClose=${onClose}><${Loaded} of=${found}>${(of) => html`<${KeyValues} columns="1" of=${[['URL', of.Url], ['Thumbprints', list(of.ThumbprintList).join(', ')]]} /><h3>Client IDs</h3><ul class="stack tight">${list(of.ClientIDList).map((one) => html`<li class="row center spread" key=${one}>${one}<${Button} kind="quiet" icon="close" label=${`Remove ${one}`} onClick=${() => run('RemoveClientIDFromOpenIDConnectProvider', one)} /></li>`)}</ul><div class="row"><${Text} class="grow" label="Client ID" value=${client} onChange=${setClient} /><${Button} busy=${busy} disabled=${!client} onClick=${() => run('AddClientIDToOpenIDConnectProvider', client)}>Add<//></div>`}<//><${Fault} error=${error} /><//>`;
}

