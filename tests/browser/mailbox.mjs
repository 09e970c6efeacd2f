// The local mailbox: one .eml file per message.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The newest message to `address`, quoted-printable and base64 parts decoded. */
export function newestLetterTo(dataDirectory, address) {
  const folder = join(dataDirectory, 'mailbox');
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const path of paths) {
    const letter = readFileSync(path, 'utf8');
    if (letter.toLowerCase().includes(address)) return decoded(letter);
  }
  throw new Error(`no letter to ${address} in ${folder}`);
}

/** The first link in a letter whose path starts with `path`. */
export function linkIn(letter, path) {
  const links = letter.match(/https?:\/\/[^\s<>"]+/g) ?? [];
  const link = links.find((candidate) => new URL(candidate).pathname.startsWith(path));
  if (!link) throw new Error(`no link to ${path} in the letter`);
  return link;
}

function decoded(letter) {
  return letter
    .split(/\r?\n--[^\r\n]+\r?\n/)
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
