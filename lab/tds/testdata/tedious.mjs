// Uses the practice estate's SQL Server as any Node program would. Every line that
// does not come out as it should is printed, and ends the script with 1.
import { Connection, Request, TYPES } from 'tedious';
import fs from 'node:fs';
import assert from 'node:assert/strict';

const { TDS_PORT, TDS_CA, TDS_QUERIES, TDS_PASSWORD } = process.env;
const query = name => fs.readFileSync(`${TDS_QUERIES}/${name}.sql`, 'utf8');

const settings = (options = {}, type = 'default', password = TDS_PASSWORD) => ({
  server: '127.0.0.1',
  authentication: { type, options: { userName: 'itmsbot', password, domain: type === 'ntlm' ? 'LAB' : undefined } },
  options: {
    port: Number(TDS_PORT), database: 'Symantec_CMDB', encrypt: true, serverName: 'localhost',
    connectTimeout: 5000, requestTimeout: 3000,
    cryptoCredentialsDetails: { ca: fs.readFileSync(TDS_CA) }, ...options,
  },
});

const open = s => new Promise((resolve, reject) => {
  const c = new Connection(s);
  c.connect(error => (error ? reject(error) : resolve(c)));
});

const ask = (c, how, text, prepare = () => {}) => new Promise((resolve, reject) => {
  const rows = [];
  const r = new Request(text, error => (error ? reject(error) : resolve(rows)));
  r.on('row', columns => rows.push(columns.map(x => x.value)));
  prepare(r);
  c[how](r);
});

const refused = (promise, code) => assert.rejects(promise, error => (error.number ?? error.code) === code);

const c = await open(settings());
for (const how of ['execSqlBatch', 'execSql']) {
  assert.equal((await ask(c, how, query('server')))[0][1], 'SQL1');
  assert.equal((await ask(c, how, query('queue'))).length, 1);
  assert.equal((await ask(c, how, query('backups'))).length, 6);
  await refused(ask(c, how, 'select * from nosuch'), 208);
  await refused(ask(c, how, 'selec 1'), 102);
}
await refused(ask(c, 'callProcedure', 'sp_who'), 2812);
await ask(c, 'execSql', query('queue'), r => {
  r.addParameter('a', TYPES.Int, 5);
  r.addParameter('b', TYPES.NVarChar, 'x'.repeat(5000));
  r.addParameter('c', TYPES.DateTime2, new Date());
  r.addParameter('d', TYPES.Decimal, 1.5);
  r.addParameter('e', TYPES.UniqueIdentifier, null);
  r.addParameter('f', TYPES.VarBinary, Buffer.from('ab'));
});

const prepared = await new Promise((resolve, reject) => {
  const rows = [];
  const r = new Request(query('queue'), error => { if (error) reject(error); else if (rows.length) resolve(rows); });
  r.on('row', columns => rows.push(columns));
  r.on('prepared', () => c.execute(r, {}));
  c.prepare(r);
});
assert.equal(prepared.length, 1);

await new Promise((resolve, reject) => c.beginTransaction(error => {
  if (error) reject(error);
  else c.commitTransaction(error => (error ? reject(error) : resolve()));
}));
await refused(ask(c, 'execSql', query('sites'), r => r.setTimeout(200)), 'ETIMEOUT');
await new Promise((resolve, reject) => c.reset(error => (error ? reject(error) : resolve())));
assert.equal((await ask(c, 'execSql', query('sites'))).length, 3);
c.close();

const small = await open(settings({ packetSize: 512 }));
assert.equal((await ask(small, 'execSql', query('backups'))).length, 6);
small.close();

const w = await open(settings({}, 'ntlm'));
assert.deepEqual(await ask(w, 'execSqlBatch', 'select suser_sname()'), [['LAB\\itmsbot']]);
w.close();
await refused(open(settings({}, 'default', 'x')), 'ELOGIN');
await refused(open(settings({}, 'ntlm', 'x')), 'ELOGIN');
await refused(open(settings({ encrypt: false })), 'EENCRYPT');
await refused(open(settings({ cryptoCredentialsDetails: {} })), 'ESOCKET');
