// The experiment `uvlab os-delegation` as a Node.js program: requests of https.request() in one turn
// of the loop, each on a connection of its own, with the instants of its submission and of the
// callback at its end. Writes one line of JSON when all have come back.
//
//     NODE_EXTRA_CA_CERTS=certificate.pem node os-delegation.js https://localhost:8443/ 7
//
// A third argument is the address to go to: no name is then looked up.
'use strict';
const https = require('https');

const [url, count, address] = process.argv.slice(2);
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

const calls = [];
let pending = Number(count);

function submit(call) {
  const submitted = process.hrtime.bigint();
  https.request(url, options, (response) => {
    let bytes = 0;
    response.on('data', (data) => { bytes += data.length; });
    response.on('end', () => {
      const calledBack = process.hrtime.bigint();
      calls.push({ call, submitted, calledBack, status: response.statusCode, bytes });
      if (--pending === 0) report();
    });
  }).end();
}

function report() {
  const start = calls.map((c) => c.submitted).reduce((a, b) => (a < b ? a : b));
  const { node, uv, openssl } = process.versions;
  console.log(JSON.stringify({
    versions: { node, uv, openssl },
    // as they came back
    calls: calls.map((c) => ({
      call: c.call, called_back_ns: Number(c.calledBack - start), status: c.status, bytes: c.bytes,
    })),
  }));
}

for (let call = 1, all = pending; call <= all; call++) submit(call);
