// The classic program: argv[2] calls of pbkdf2 in a row, on a pool of UV_THREADPOOL_SIZE threads.
const crypto = require('crypto');

for (let i = 0; i < Number(process.argv[2]); i++)
  crypto.pbkdf2('a', 'b', 100000, 512, 'sha512', () => {});
