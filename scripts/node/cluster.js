// The server of `uvlab cluster` as a Node.js program: worker processes of the module `cluster`, with
// plain `http` or with express. `/` answers after one crypto.pbkdf2 on the pool, of the digest,
// rounds and length that uvlab has as its own; /fast at once; /block?ms=N after busy-waiting on the
// loop. Connections are handed out round-robin, which is the module's own default.
//
//     UV_THREADPOOL_SIZE=1 node cluster.js --workers 2 [--port 3000] [--express] [--scheduling none]
//
// Writes one line of JSON when all workers listen: the port, the versions, the primary and the
// workers. Ends at SIGTERM, at SIGINT and at the end of its input. A worker that dies is replaced.
'use strict';
const cluster = require('cluster');
const crypto = require('crypto');
const http = require('http');

const usage = 'usage: cluster.js [--workers N] [--port N] [--express] [--scheduling rr|none]';

function parse(words) {
  const options = { workers: 1, port: 0, express: false, scheduling: 'rr' };
  for (let i = 0; i < words.length; i++) {
    const name = words[i].replace(/^--/, '');
    if (name === 'express') options.express = true;
    else if (name === 'workers' || name === 'port') options[name] = Number(words[++i]);
    else if (name === 'scheduling') options.scheduling = words[++i];
    else throw new Error(usage);
  }
  if (!Number.isInteger(options.workers) || options.workers < 1 || !Number.isInteger(options.port)
      || options.port < 0 || options.port > 65535 || !['rr', 'none'].includes(options.scheduling)) {
    throw new Error(usage);
  }
  return options;
}

function hash(done) {
  crypto.pbkdf2('a', 'b', 100000, 512, 'sha512', done);
}

// what Node.js would be told not to do
function block(ms) {
  const end = process.hrtime.bigint() + BigInt(Math.round(ms * 1e6));
  while (process.hrtime.bigint() < end);
}

function milliseconds(text) {
  const ms = text === null || text === undefined ? 5000 : Number(text);
  return ms >= 0 && ms <= 600000 ? ms : null;
}

function plain() {
  return http.createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const answer = (status, text) => {
      response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': text.length });
      response.end(text);
    };
    if (url.pathname === '/') {
      hash((error) => answer(error ? 500 : 200, error ? 'failed' : 'Hi there'));
    } else if (url.pathname === '/fast') {
      answer(200, 'This was fast');
    } else if (url.pathname === '/block') {
      const ms = milliseconds(url.searchParams.get('ms'));
      if (ms === null) return answer(400, 'ms');
      block(ms);
      answer(200, 'Blocked');
    } else {
      answer(404, 'Not found');
    }
  });
}

function express() {
  const app = require('express')();
  app.get('/', (request, response) => hash((error) => {
    if (error) response.status(500);
    response.send(error ? 'failed' : 'Hi there');
  }));
  app.get('/fast', (request, response) => response.send('This was fast'));
  app.get('/block', (request, response) => {
    const ms = milliseconds(request.query.ms);
    if (ms === null) return response.status(400).send('ms');
    block(ms);
    response.send('Blocked');
  });
  return http.createServer(app);
}

function primary(options) {
  let listening = 0;
  let port = options.port;
  let ending = false;
  const end = () => {
    ending = true;
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    process.exit(0);
  };

  cluster.schedulingPolicy = options.scheduling === 'none' ? cluster.SCHED_NONE : cluster.SCHED_RR;
  cluster.on('listening', (worker, address) => {
    port = address.port;
    if (++listening !== options.workers) return;
    const { node, uv, openssl } = process.versions;
    console.log(JSON.stringify({
      port,
      versions: { node, uv, openssl },
      primary: process.pid,
      workers: Object.values(cluster.workers).map((w) => w.process.pid),
    }));
  });
  cluster.on('exit', (worker, code) => {
    if (ending) return;
    if (code !== 0 && listening < options.workers) process.exit(1); // it told why
    cluster.fork({ PORT: port });
  });
  for (let i = 0; i < options.workers; i++) cluster.fork({ PORT: options.port });
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.stdin.on('end', end).resume();
}

function worker(options) {
  const server = options.express ? express() : plain();
  server.keepAliveTimeout = 0; // connections may rest, as uvlab's
  server.listen(Number(process.env.PORT), '127.0.0.1');
  process.on('SIGINT', () => {});
}

try {
  const options = parse(process.argv.slice(2));
  if (cluster.isPrimary) primary(options);
  else worker(options);
} catch (error) {
  console.error(`cluster.js: ${error.message.split('\n')[0]}`);
  process.exit(error.message === usage ? 2 : 1);
}
