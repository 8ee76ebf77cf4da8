// The experiment `uvlab workers` as a Node.js program: requests in one turn of the loop, each of which
// has a worker thread of its own count to a number, by message there and back. Each has the instants
// at which it was asked for, at which its thread began and ended to count, and that of the answer's
// callback; process.hrtime is one clock for all threads. Writes one line of JSON when all have come
// back.
//
//     node workers.js 2 1000000000
'use strict';
const { Worker, isMainThread, parentPort } = require('worker_threads');

function serve() {
  parentPort.on('message', (count) => {
    const started = process.hrtime.bigint();
    let counter = 0;
    while (counter < count) counter++;
    parentPort.postMessage({ started, finished: process.hrtime.bigint(), counter });
  });
}

const calls = [];
let pending = Number(process.argv[2]);
const count = Number(process.argv[3]);

function submit(call) {
  const submitted = process.hrtime.bigint();
  const worker = new Worker(__filename);
  worker.on('message', ({ started, finished, counter }) => {
    const calledBack = process.hrtime.bigint();
    if (counter !== count) throw new Error(`counted to ${counter}`);
    calls.push({ call, submitted, started, finished, calledBack });
    worker.terminate();
    if (--pending === 0) report();
  });
  worker.on('error', (error) => { throw error; });
  worker.postMessage(count);
}

function report() {
  const start = calls.map((c) => c.submitted).reduce((a, b) => (a < b ? a : b));
  const { node, uv, openssl } = process.versions;
  console.log(JSON.stringify({
    versions: { node, uv, openssl },
    // as they came back
    calls: calls.map((c) => ({
      call: c.call,
      started_ns: Number(c.started - start),
      finished_ns: Number(c.finished - start),
      called_back_ns: Number(c.calledBack - start),
    })),
  }));
}

if (isMainThread) for (let call = 1, all = pending; call <= all; call++) submit(call);
else serve();
