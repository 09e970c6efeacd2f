// Usage: journey.mjs BASE_URL DATA_DIR OUT_DIR
//
// A person's whole way through the pages, without JavaScript and by keyboard, in each language:
// subscribe, confirm, leave one topic, leave everything, come back, ask for erasure. Every page on the
// way is judged: accessibility (axe-core), width at 320 pixels, console, cookies, other origins.
// Screenshots go to OUT_DIR. Exits with 1 and the findings when anything is wrong.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { launch } from './browser.mjs';
import { Judge } from './judge.mjs';
import { letterTo, linkIn } from './mailbox.mjs';

const [baseUrl, dataDirectory, outDirectory] = process.argv.slice(2);
assert(outDirectory, 'usage: journey.mjs BASE_URL DATA_DIR OUT_DIR');
mkdirSync(outDirectory, { recursive: true });

/** Presses Tab until `target` has the focus, as somebody without a mouse would. */
async function tabTo(page, target) {
  await target.waitFor();
  for (let presses = 0; presses < 60; presses += 1) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} cannot be reached by keyboard on ${new URL(page.url()).pathname}`);
}

/** Reaches `target` by keyboard and presses Enter, which leads to another page. */
async function press(page, target, status = 200) {
  await tabTo(page, target);
  const [response] = await Promise.all([
    page.waitForNavigation({ waitUntil: 'load' }),
    page.keyboard.press('Enter'),
  ]);
  assert.equal(response.status(), status, `after ${target}`);
}

async function subscribe(page, address, status = 200) {
  await page.goto(baseUrl);
  const field = page.locator('input[name=email]').first();
  await tabTo(page, field);
  await page.keyboard.type(address);
  await press(page, field, status);
}

const kept = (page) => page
  .locator('input[name=topic]:checked')
  .evaluateAll((boxes) => boxes.map(({ value }) => value));

async function journey(browser, language) {
  const context = await browser.newContext({
    javaScriptEnabled: false,
    locale: language,
    viewport: { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  const judge = new Judge(browser, page, { baseUrl, outDirectory, language });
  const address = `journey-${language}@example.org`;
  const button = (action) => page.locator(`button[name=action][value=${action}]`);

  await page.goto(baseUrl);
  await judge.look('home');
  // Browsers let this one pass; no mail could reach it.
  await subscribe(page, 'anna@localhost', 422);
  await judge.look('malformed-address');
  await subscribe(page, address);
  await judge.look('check-your-mail');

  const first = await letterTo(dataDirectory, address, 1);
  await page.goto(`${baseUrl}/dev/mailbox`);
  await judge.look('mailbox');
  const confirmation = linkIn(first, '/confirm/');
  await page.goto(confirmation);
  await judge.look('confirm');
  await press(page, page.locator('main form button').first());
  await judge.look('confirmed');
  await page.goto(confirmation);
  await judge.look('already-confirmed');

  await page.goto(linkIn(first, '/preferences/'));
  const preferences = page.url();
  await judge.look('preferences');
  const toggle = async (topic) => {
    await tabTo(page, page.locator(`input[name=topic][value="${topic}"]`));
    await page.keyboard.press('Space');
    await press(page, button('save'));
  };
  await toggle('demo');
  await judge.look('added-a-topic');
  await toggle('newsletter');
  await judge.look('left-one-topic');
  await page.goto(preferences);
  assert.deepEqual(await kept(page), ['demo'], 'one topic was left, the other stays');

  await press(page, button('unsubscribe-all'));
  await judge.look('left-everything');
  await page.goto(preferences);
  assert.deepEqual(await kept(page), [], 'every topic was left');
  await judge.look('preferences-of-nothing');

  await subscribe(page, address);
  const second = await letterTo(dataDirectory, address, 2);
  await page.goto(linkIn(second, '/confirm/'));
  await press(page, page.locator('main form button').first());
  await judge.look('came-back');
  await page.goto(linkIn(second, '/preferences/'));
  assert.deepEqual(await kept(page), ['newsletter'], 'what was asked for again');
  await press(page, button('erase'));
  await judge.look('erase');

  for (const path of ['/privacy', '/legal', '/rights', '/confirm/unknown', '/no-such-page']) {
    await page.goto(`${baseUrl}${path}`);
    await judge.look(path.slice(1).replace('/', '-'));
  }
  await context.close();
  return judge.findings;
}

const browser = await launch();
try {
  const findings = [];
  for (const language of ['en', 'fr']) {
    findings.push(...await journey(browser, language));
  }
  for (const finding of findings) console.error(finding);
  console.log(`${findings.length} findings; the pages are in ${outDirectory}`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} finally {
  await browser.close();
}
