// Uses the lab's SQL Server as any Node program would. Ends with 1 at the first
// thing that does not come out as on a real one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Connection, Request } from 'tedious';
import { lab, versionOf } from './lab.mjs';

console.log(`version tedious ${versionOf('tedious')} (Node ${process.versions.node})`);

const { address, ca, database, user: userName, password } = lab.cmdb;
const [server, port] = address.split(':');
const query = (name) => fs.readFileSync(new URL(`../estate/sqlserver/queries/${name}.sql`, import.meta.url), 'utf8');

const settings = (options = {}, login = { userName, password }) => ({
  server,
  authentication: { type: 'default', options: login },
  options: {
    port: Number(port), database, encrypt: true, serverName: 'localhost', connectTimeout: 5000, requestTimeout: 5000,
    cryptoCredentialsDetails: { ca }, ...options,
  },
});

const open = (s) => new Promise((resolve, reject) => {
  const c = new Connection(s);
  c.connect((error) => (error ? reject(error) : resolve(c)));
});

const ask = (c, how, words) => new Promise((resolve, reject) => {
  const rows = [];
  const r = new Request(words, (error) => (error ? reject(error) : resolve(rows)));
  r.on('row', (columns) => rows.push(Object.fromEntries(columns.map((x) => [x.metadata.colName, x.value]))));
  c[how](r);
});

const refused = (promise, code) => assert.rejects(promise, (error) => (error.number ?? error.code) === code);

console.log('encrypted, with a certificate that is looked at');
const c = await open(settings());
for (const how of ['execSqlBatch', 'execSql']) {
  console.log(`${how}: statements of the product answer rows, others an error`);
  const [now, ...sites] = await ask(c, how, query('sites'));
  assert.ok(now.now instanceof Date);
  assert.deepEqual(sites.map((r) => r.name), ['SITE1', 'SMP1']);
  assert.ok((await ask(c, how, query('backups'))).length > 1);
  await refused(ask(c, how, 'select * from nosuch'), 208);
  await refused(ask(c, how, 'selec 1'), 102);
}
await refused(ask(c, 'callProcedure', 'sp_who'), 2812);
c.close();

console.log('answers are cut into packets of any size');
const small = await open(settings({ packetSize: 512 }));
assert.ok((await ask(small, 'execSql', query('backups'))).length > 1);
small.close();

console.log('a wrong password, no encryption and an unknown certificate are refused');
await refused(open(settings({}, { userName, password: 'x' })), 'ELOGIN');
await refused(open(settings({ encrypt: false })), 'EENCRYPT');
await refused(open(settings({ cryptoCredentialsDetails: {} })), 'ESOCKET');
