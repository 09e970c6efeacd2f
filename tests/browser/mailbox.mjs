// The local mailbox: one .eml file per message.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Waits for message number `count` (from 1) to `address`; quoted-printable and base64 parts decoded. */
export async function letterTo(dataDirectory, address, count) {
  const folder = join(dataDirectory, 'mailbox');
  for (let waits = 0; waits < 300; waits += 1) {
    const letters = readdirSync(folder)
      .filter((name) => name.endsWith('.eml'))
      .sort() // the names begin with the time
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .filter((letter) => letter.includes(`To: <${address}>`));
    if (letters.length >= count) return decoded(letters[count - 1]);
    await setTimeout(100);
  }
  throw new Error(`no letter ${count} to ${address} in ${folder}`);
}

/** The first link in a letter whose path starts with `path`. */
export function linkIn(letter, path) {
  const links = letter.match(/https?:\/\/[^\s<>"]+/g) ?? [];
  const link = links.find((candidate) => new URL(candidate).pathname.startsWith(path));
  if (!link) throw new Error(`no link to ${path} in the letter`);
  return link;
}

function decoded(letter) {
  const [, boundary] = letter.match(/boundary="([^"]+)"/) ?? [];
  return letter
    .split(`--${boundary}`)
    .map((part) => {
      const [head, ...body] = part.split(/\r?\n\r?\n/);
      const text = body.join('\n\n');
      if (/^content-transfer-encoding:\s*base64/im.test(head)) {
        return Buffer.from(text, 'base64').toString('utf8');
      }
      if (/^content-transfer-encoding:\s*quoted-printable/im.test(head)) {
        return text
          .replace(/=\r?\n/g, '')
          .replace(/=([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
      }
      return text;
    })
    .join('\n');
}
