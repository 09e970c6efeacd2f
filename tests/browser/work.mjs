// Usage: work.mjs BASE_URL
//
// The form of a site that asks for work: a browser that runs the script does it in the background
// and the form goes its usual way; one without JavaScript is asked to wait, by keyboard as well.
// Nothing goes elsewhere, nothing is refused by the content policy, no cookie is set.

import assert from 'node:assert/strict';
import { launch } from './browser.mjs';

const [baseUrl] = process.argv.slice(2);
assert(baseUrl, 'usage: work.mjs BASE_URL');

async function open(browser, javaScriptEnabled) {
  const context = await browser.newContext({ javaScriptEnabled, locale: 'en' });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(baseUrl)) complaints.push(`elsewhere: ${request.url()}`);
  });
  const close = async () => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(await context.cookies(), []);
    await context.close();
  };
  return { page, close };
}

async function submit(page) {
  await Promise.all([
    page.waitForNavigation({ waitUntil: 'load', timeout: 120_000 }),
    page.keyboard.press('Enter'),
  ]);
  return new URL(page.url()).pathname;
}

async function withScript(browser) {
  const { page, close } = await open(browser, true);
  await page.goto(baseUrl);
  const posted = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') posted.push(request.postData());
  });
  await page.locator('input[name=email]').first().focus();
  await page.keyboard.type('script@example.org');
  assert.equal(await submit(page), '/subscribe/thanks');
  assert.equal(posted.length, 1);
  assert.match(posted[0], /&challenge=[\w-]+&solution=\d+/);

  // The page that the browser kept asks for new work.
  await page.goBack();
  const field = page.locator('input[name=email]').first();
  await field.fill('again@example.org');
  await field.focus();
  assert.equal(await submit(page), '/subscribe/thanks');

  // A malformed address comes back in a form that works as well.
  await page.goto(baseUrl);
  await page.locator('input[name=email]').first().focus();
  await page.keyboard.type('anna@localhost');
  assert.equal(await submit(page), '/subscribe');
  await page.locator('input[name=email]').first().fill('mended@example.org');
  await page.locator('input[name=email]').first().focus();
  assert.equal(await submit(page), '/subscribe/thanks');
  await page.context().clearCookies();
  await close().catch((error) => {
    // The browser itself reports the status 422 of the malformed address.
    if (!/422/.test(String(error.message))) throw error;
  });
}

async function withoutScript(browser) {
  const { page, close } = await open(browser, false);
  await page.goto(baseUrl);
  await page.locator('input[name=email]').first().focus();
  await page.keyboard.type('patient@example.org');
  assert.equal(await submit(page), '/subscribe');
  const button = page.locator('main form button');
  await button.focus();
  assert.equal(await submit(page), '/subscribe', 'too early: the same page once more');
  await page.waitForTimeout(11_000);
  await button.focus();
  assert.equal(await submit(page), '/subscribe/thanks');
  await close();
}

const browser = await launch();
try {
  await Promise.all([withScript(browser), withoutScript(browser)]);
} finally {
  await browser.close();
}
