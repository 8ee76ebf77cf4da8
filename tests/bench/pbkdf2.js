// The classic program: argv[2] calls of pbkdf2 in a row, on a pool of UV_THREADPOOL_SIZE threads. Prints
// the nanoseconds from the first submission to the last callback, as bare_pool does.
const crypto = require('crypto');

const calls = Number(process.argv[2]);
const begun = process.hrtime.bigint();
let left = calls;

function calledBack() {
  if (--left === 0) console.log(String(process.hrtime.bigint() - begun));
}

for (let i = 0; i < calls; i++) crypto.pbkdf2('a', 'b', 100000, 512, 'sha512', calledBack);
