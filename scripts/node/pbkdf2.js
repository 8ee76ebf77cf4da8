// The experiment `uvlab threadpool` as a Node.js program: calls of crypto.pbkdf2 in one turn of the
// loop, each with the instants of its submission and of its callback. The size of the pool comes
// from UV_THREADPOOL_SIZE in the environment. Writes one line of JSON when all have come back: the
// calls in the order in which they did, and the CPU time of the process meanwhile.
//
//     UV_THREADPOOL_SIZE=2 node pbkdf2.js 5 [100000]       (calls, iterations of each)
'use strict';
const crypto = require('crypto');

const calls = [];
let pending = Number(process.argv[2]);
const iterations = Number(process.argv[3] || 100000);
let cpu;

function submit(call) {
  const submitted = process.hrtime.bigint();
  crypto.pbkdf2('a', 'b', iterations, 512, 'sha512', (error) => {
    const calledBack = process.hrtime.bigint();
    if (error) throw error;
    calls.push({ call, submitted, calledBack });
    if (--pending === 0) {
      cpu = process.cpuUsage(cpu);
      report();
    }
  });
}

function report() {
  const start = calls.map((c) => c.submitted).reduce((a, b) => (a < b ? a : b));
  const { node, uv, openssl } = process.versions;
  console.log(JSON.stringify({
    versions: { node, uv, openssl },
    cpu_ns: (cpu.user + cpu.system) * 1000,
    calls: calls.map((c) => ({
      call: c.call,
      submitted_ns: Number(c.submitted - start),
      called_back_ns: Number(c.calledBack - start),
    })),
  }));
}

cpu = process.cpuUsage();
for (let call = 1, all = pending; call <= all; call++) submit(call);
