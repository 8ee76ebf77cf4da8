// What one slow handler does to everyone else, in Node.js with plain `http`: the same as
// `uvlab blocking`. The server is a process of its own; the slow work is done on its loop, on its
// pool (crypto.pbkdf2, of as many rounds as take that long), in a worker thread or in a process, each
// of which is started for its request.
//
//     node blocking.js [--duration 500] [--requests 2] [--rate 100]       (milliseconds; a second)
//
// Writes one line of JSON for each place: what the first and the last slow request took, the fast
// route from when a request for it was due (those that were due meanwhile), and the longest delay of
// the server's loop by perf_hooks.monitorEventLoopDelay, all in milliseconds.
'use strict';
const { fork } = require('child_process');
const crypto = require('crypto');
const http = require('http');
const { monitorEventLoopDelay, performance } = require('perf_hooks');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');

const usage = 'usage: blocking.js [--duration MS] [--requests N] [--rate N]';
const MARGIN_MS = 100;

function busy(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

// rounds a millisecond of pbkdf2, as the pool has to compute something
function calibrate() {
  const rounds = 20000;
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const before = performance.now();
    crypto.pbkdf2Sync('a', 'b', rounds, 64, 'sha512');
    best = Math.min(best, performance.now() - before);
  }
  return rounds / best;
}

function server() {
  const rounds = calibrate();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const slow = {
    '/loop': (ms, done) => { busy(ms); done(); },
    '/pool': (ms, done) => crypto.pbkdf2('a', 'b', Math.ceil(rounds * ms), 64, 'sha512', done),
    '/worker': (ms, done) => new Worker(__filename, { workerData: ms }).once('exit', () => done()),
    '/process': (ms, done) => fork(__filename, ['--work', String(ms)]).once('exit', () => done()),
  };
  http.createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const work = slow[url.pathname];
    if (work) work(Number(url.searchParams.get('ms')), () => response.end('Done'));
    else response.end('This was fast');
  }).listen(0, '127.0.0.1', function listening() {
    process.send({ port: this.address().port });
  });
  process.on('message', (word) => {
    if (word === 'reset') {
      delay.reset();
      delay.enable();
      process.send({ reset: true });
    } else {
      process.send({ delay_ms: delay.max / 1e6 });
    }
  });
  process.on('disconnect', () => process.exit(0));
}

const heard = (child) => new Promise((resolve, reject) => {
  child.once('message', resolve);
  child.once('exit', () => reject(new Error('the server ended')));
});

function ask(port, path, agent) {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path, agent }, (response) => {
      response.resume().on('end', () => resolve(performance.now()));
    }).on('error', reject);
  });
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const percentile = (sorted, p) => sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)];
const round = (ms) => (ms === undefined ? null : Number(ms.toFixed(3)));

async function run(child, port, where, options) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const begin = performance.now();
  const fast = [];
  let next = 0;
  child.send('reset');
  await heard(child);
  const timer = setInterval(() => { // what is due is asked for, late or not
    for (; begin + next * 1000 / options.rate <= performance.now(); next++) {
      const due = begin + next * 1000 / options.rate;
      fast.push(ask(port, '/fast', agent).then((end) => ({ due, ms: end - due })));
    }
  }, 1);
  await sleep(MARGIN_MS);
  const from = performance.now();
  const path = `/${where}?ms=${options.duration}`;
  const slow = await Promise.all(Array.from({ length: options.requests },
    () => ask(port, path, new http.Agent()).then((end) => end - from)));
  const to = performance.now();
  await sleep(MARGIN_MS);
  clearInterval(timer);
  const during = (await Promise.all(fast)).filter((f) => f.due >= from && f.due < to)
    .map((f) => f.ms).sort((a, b) => a - b);
  agent.destroy();
  child.send('delay');
  const { delay_ms } = await heard(child);
  return {
    where,
    slow: { first_ms: round(Math.min(...slow)), last_ms: round(Math.max(...slow)) },
    fast: {
      count: during.length,
      p50_ms: round(percentile(during, 0.5)),
      p99_ms: round(percentile(during, 0.99)),
      max_ms: round(during[during.length - 1]),
    },
    loop_delay_ms: round(delay_ms),
  };
}

function parse(words) {
  const options = { duration: 500, requests: 2, rate: 100 };
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i].replace(/^--/, '');
    options[name] = Number(words[i + 1]);
    if (!['duration', 'requests', 'rate'].includes(name) || !Number.isInteger(options[name])
        || options[name] < 1) {
      throw new Error(usage);
    }
  }
  return options;
}

async function main(words) {
  const options = parse(words);
  const child = fork(__filename, ['--server']);
  const { port } = await heard(child);
  for (const where of ['loop', 'pool', 'worker', 'process']) {
    console.log(JSON.stringify(await run(child, port, where, options)));
  }
  child.disconnect();
}

if (!isMainThread) {
  busy(workerData);
  parentPort.close();
} else if (process.argv[2] === '--server') {
  server();
} else if (process.argv[2] === '--work') {
  busy(Number(process.argv[3]));
  process.exit(0);
} else {
  main(process.argv.slice(2)).catch((error) => {
    console.error(`blocking.js: ${error.message.split('\n')[0]}`);
    process.exit(error.message === usage ? 2 : 1);
  });
}
