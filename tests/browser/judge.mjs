// What is demanded of every page.

import { join } from 'node:path';
import axe from 'axe-core';

const WIDE = { width: 1280, height: 800 };
// WCAG 2.2, 1.4.10 Reflow.
const NARROW = { width: 320, height: 640 };
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export class Judge {
  findings = [];

  constructor(browser, page, { baseUrl, outDirectory, language }) {
    Object.assign(this, { browser, page, outDirectory, language });
    this.place = 'start';
    const origin = new URL(baseUrl).origin;
    page.on('request', (request) => {
      if (!request.url().startsWith('data:') && new URL(request.url()).origin !== origin) {
        this.find(`request to another origin: ${request.url()}`);
      }
    });
    page.on('console', (message) => {
      // Chromium reports an answer of 4xx to the navigation itself here too.
      const isStatus = message.text().includes('the server responded with a status of');
      if (message.type() === 'error' && !isStatus) this.find(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.find(`script error: ${error.message}`));
    page.on('response', (response) => {
      const isPage = response.request().isNavigationRequest();
      if (!isPage && response.status() >= 400) this.find(`${response.status()} ${response.url()}`);
    });
  }

  find(what) {
    this.findings.push(`${this.language} ${this.place}: ${what}`);
  }

  /** Judges the page that is open, and takes its pictures. */
  async look(place) {
    const { page } = this;
    this.place = place;
    const language = await page.locator('html').getAttribute('lang');
    if (language !== this.language) this.find(`the page says lang="${language}"`);
    const cookies = await page.context().cookies();
    if (cookies.length > 0) this.find(`cookies: ${cookies.map(({ name }) => name).join(', ')}`);

    for (const viewport of [WIDE, NARROW]) {
      await page.setViewportSize(viewport);
      const path = join(this.outDirectory, `${this.language}-${place}-${viewport.width}.png`);
      await page.screenshot({ path, fullPage: true });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > viewport.width) this.find(`${width} px wide on a screen of ${viewport.width} px`);
    }
    await page.setViewportSize(WIDE);
    await this.accessibility();
  }

  /**
   * axe-core needs scripts, which the page's own context forbids: a second context shows the same
   * markup at the same address. It asks the server for the style sheets only.
   */
  async accessibility() {
    const url = this.page.url();
    const body = await this.page.content();
    const context = await this.browser.newContext({ bypassCSP: true, viewport: WIDE });
    try {
      const copy = await context.newPage();
      await copy.route(url, (route) => route.fulfill({ body, contentType: 'text/html; charset=utf-8' }));
      await copy.goto(url);
      await copy.evaluate(axe.source);
      const { violations } = await copy.evaluate(
        (values) => globalThis.axe.run({ runOnly: { type: 'tag', values } }),
        TAGS,
      );
      for (const { id, help, nodes } of violations) {
        this.find(`axe ${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
      }
    } finally {
      await context.close();
    }
  }
}
