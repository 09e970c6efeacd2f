// The work before a sign-up: finds a number such that SHA-256 of "challenge.number" begins with as
// many zero bits as the server asks for. The page starts it when somebody begins to type, a worker
// does it in the background, and the form goes its usual way. Without this script the server asks
// for a short wait instead.
'use strict';

const ROUND = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const words = new Uint32Array(64);
const state = new Uint32Array(8);

/** SHA-256 of ASCII text (FIPS 180-4), into `state`. */
function hash(text) {
  state.set([
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ]);
  const length = text.length;
  const blocks = ((length + 8) >> 6) + 1;
  for (let block = 0; block < blocks; block += 1) {
    words.fill(0, 0, 16);
    for (let at = 0; at < 64; at += 1) {
      const from = block * 64 + at;
      const byte = from < length ? text.charCodeAt(from) : (from === length ? 0x80 : 0);
      words[at >> 2] |= byte << (24 - 8 * (at & 3));
    }
    if (block === blocks - 1) words[15] = length * 8;
    compress();
  }
}

function compress() {
  for (let at = 16; at < 64; at += 1) {
    const x = words[at - 15];
    const y = words[at - 2];
    const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[at] = words[at - 16] + low + words[at - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let at = 0; at < 64; at += 1) {
    const high = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + high + ((e & f) ^ (~e & g)) + ROUND[at] + words[at]) | 0;
    const low = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, at) => { state[at] += word; });
}

/** The number. No more than 31 bits are ever asked for. */
function solve(challenge, bits) {
  for (let number = 0; ; number += 1) {
    hash(`${challenge}.${number}`);
    if (Math.clz32(state[0]) >= bits) return String(number);
  }
}

/** Lets a worker, which is this same file, solve a challenge of the server. */
async function work(url, script) {
  const answer = await fetch(url, { cache: 'no-store', credentials: 'omit' });
  if (!answer.ok) throw new Error(`no challenge: ${answer.status}`);
  const issued = await answer.json();
  const solution = await new Promise((resolve, reject) => {
    const worker = new Worker(script);
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = reject;
    worker.postMessage(issued);
  });
  return { fields: { challenge: issued.challenge, solution }, at: Date.now() };
}

/** A solution counts for ten minutes; an older one is not sent. */
const FRESH = 8 * 60 * 1000;

function accompany(form, script) {
  let working;
  let isSending = false;
  const start = () => {
    working ??= work(form.dataset.challenge, script);
    working.catch(() => {});
    return working;
  };
  form.addEventListener('input', start);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    form.setAttribute('aria-busy', 'true');
    try {
      let done = await start();
      if (Date.now() - done.at > FRESH) {
        working = undefined;
        done = await start();
      }
      for (const [name, value] of Object.entries(done.fields)) {
        const field = document.createElement('input');
        Object.assign(field, { type: 'hidden', name, value });
        field.dataset.work = '';
        form.append(field);
      }
    } catch {
      // The server asks for a short wait.
    }
    form.submit();
  });
  // A page that the browser kept comes back as it was left: its solution is used up.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    form.querySelectorAll('input[data-work]').forEach((field) => field.remove());
    form.removeAttribute('aria-busy');
    working = undefined;
    isSending = false;
  });
}

if (typeof document === 'undefined') {
  onmessage = ({ data }) => postMessage(solve(data.challenge, data.bits));
} else {
  const script = document.currentScript.src;
  document.querySelectorAll('form[data-challenge]').forEach((form) => accompany(form, script));
}
