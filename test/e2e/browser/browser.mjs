import { chromium } from 'playwright-core';

const base = process.env.BASE;
const password = process.env.PASSWORD;

/** Debian's Chromium; the flags keep it from calling home. */
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });

/** A page of its own session; an error of the page's script fails the test. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 }, locale: 'ru-RU', colorScheme: 'light', ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.errors = [];
  page.on('pageerror', (e) => page.errors.push(e.message));
  await page.goto(base + '/');
  return page;
}

export async function signIn(page, login, secret = password) {
  await page.getByLabel(/^(Логин|Login)/).fill(login);
  await page.getByLabel(/^(Пароль|Password)/).first().fill(secret);
  await page.getByRole('button', { name: /^(Войти|Sign in)$/ }).click();
}

export async function user(browser, login, options) {
  const page = await open(browser, options);
  await signIn(page, login);
  await page.getByText(/Телефон \d+ на связи/).first().waitFor();
  return page;
}

/** Keeps what a failed test saw, where PICTURES says so. */
export async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name.replaceAll(/[^\w-]+/g, '_').slice(0, 60)}.png` });
}
