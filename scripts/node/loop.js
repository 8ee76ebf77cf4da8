// The order of timers, immediates and 'close' in Node.js, as `uvlab loop` shows that of libuv.
//
//     node loop.js main       from the main program, once: a process of its own for every trial
//     node loop.js io N       from inside I/O callbacks, N times each
//
// Writes one line of JSON: {"from": ..., "orders": [["setImmediate", "setTimeout(0)"], ...]}, one
// for each origin.
'use strict';
const fs = require('fs');
const net = require('net');

// Arms a timer and then an immediate; `closing` (optional) is told where to report a 'close'.
// Calls done with the order, when all have come.
function arm(done, closing) {
  const order = [];
  const all = closing ? 3 : 2;
  const came = (name) => {
    order.push(name);
    if (order.length === all) done(order);
  };
  setTimeout(() => came('setTimeout(0)'), 0);
  setImmediate(() => came('setImmediate'));
  if (closing) closing(() => came("'close'"));
}

function report(from, orders) {
  console.log(JSON.stringify({ from, orders }));
}

// Asks `origin` for an order `times` times, one after another.
function repeat(from, times, origin, finished) {
  const orders = [];
  const next = () => origin((order) => {
    orders.push(order);
    if (orders.length < times) return next();
    report(from, orders);
    finished();
  });
  next();
}

function fromReadFile(done) {
  fs.readFile(__filename, (error) => {
    if (error) throw error;
    arm(done);
  });
}

// A byte arrives on a socket, whose 'data' callback also destroys it.
function fromData(done) {
  const server = net.createServer((peer) => peer.end('x'));
  server.listen(0, '127.0.0.1', () => {
    const socket = net.connect(server.address().port, '127.0.0.1');
    socket.once('data', () => {
      arm((order) => server.close(() => done(order)), (closed) => {
        socket.once('close', closed);
        socket.destroy();
      });
    });
  });
}

const [mode, times] = process.argv.slice(2);
if (mode === 'main') {
  arm((order) => report('the main program', [order]));
} else {
  repeat('an fs.readFile callback', Number(times), fromReadFile, () => {
    repeat("a socket's 'data' callback", Number(times), fromData, () => {});
  });
}
