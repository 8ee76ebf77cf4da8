// The experiment `uvlab multitask` as a Node.js program: one https.request(), one fs.readFile() and
// calls of crypto.pbkdf2(), in this order and in one turn of the loop, each with the instants of its
// submission and of its callback. The size of the pool comes from UV_THREADPOOL_SIZE in the
// environment. Writes one line of JSON when all have come back.
//
//     NODE_EXTRA_CA_CERTS=certificate.pem node multitask.js https://localhost:8443/ FILE 4
//
// A fourth argument is the address to go to: no name is then looked up.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const https = require('https');

const [url, file, hashes, address] = process.argv.slice(2);
const calls = [];
let pending = 2 + Number(hashes);

// Called when a call is submitted; what it returns, when the call has come back.
function submit(kind) {
  const submitted = process.hrtime.bigint();
  return (error) => {
    const calledBack = process.hrtime.bigint();
    if (error) throw error;
    calls.push({ kind, submitted, calledBack });
    if (--pending === 0) report();
  };
}

function report() {
  const start = calls.map((c) => c.submitted).reduce((a, b) => (a < b ? a : b));
  const { node, uv, openssl } = process.versions;
  console.log(JSON.stringify({
    versions: { node, uv, openssl },
    // as they came back
    calls: calls.map((c) => ({ kind: c.kind, called_back_ns: Number(c.calledBack - start) })),
  }));
}

const options = {
  agent: new https.Agent({ keepAlive: false }),
  // for hosts on which the name of the server does not resolve
  ...(address && {
    lookup: (name, { all }, done) => process.nextTick(() => {
      if (all) done(null, [{ address, family: 4 }]);
      else done(null, address, 4);
    }),
  }),
};
const requested = submit('request');
https.request(url, options, (response) => {
  response.on('data', () => {});
  response.on('end', () => requested());
}).end();
fs.readFile(file, submit('read'));
for (let i = 0; i < Number(hashes); i++) {
  crypto.pbkdf2('a', 'b', 100000, 512, 'sha512', submit('hash'));
}
