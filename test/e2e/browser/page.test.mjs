// What the page does by itself: lost connections, tabs, filters, conflicts.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch, picture, user } from './browser.mjs';
import { call, phone } from './office.mjs';

const url = process.env.BASE;
const known = '79161234567';
const direct102 = '4951000102';

const second = 'ООО «Ромашка»';

let browser, page;
const pages = [];

before(async () => {
  await phone('102', { answer: -1 });
  browser = await launch();
  page = await signedIn();
});

after(async () => {
  await browser?.close();
  assert.deepEqual(pages.flatMap((each) => each.errors), []);
});

afterEach(async (t) => {
  if (t.error) await picture(page, t.name);
});

async function signedIn(options) {
  const own = await user(browser, 'u102', options);
  pages.push(own);
  return own;
}

/** One more tab of the same browser profile. */
async function tabOf(own) {
  const tab = await own.context().newPage();
  tab.setDefaultTimeout(20_000);
  tab.errors = [];
  tab.on('pageerror', (error) => tab.errors.push(error.stack));
  pages.push(tab);
  return tab;
}

const current = (tab) => tab.getByRole('region', { name: 'Текущий звонок' });
const see = (where, text) => where.getByText(text).first().waitFor();

test('PU-04 after a lost connection the page says so, comes back, and rings once', async () => {
  const tab = await tabOf(page);
  let connections = 0;
  let cut = () => undefined;
  let reachable = true;
  await tab.routeWebSocket(/\/stream/, (socket) => {
    connections++;
    if (!reachable) {
      socket.close({ code: 1001 });
      return;
    }
    const server = socket.connectToServer();
    cut = () => {
      server.close();
      socket.close({ code: 1001 });
    };
  });
  await tab.goto(url);
  await see(tab, 'Телефон 102 на связи');
  reachable = false;
  cut();
  await see(tab, /^Нет связи, восстанавливаем/);
  await see(tab, 'Данные могли устареть');
  const line = await call(known, direct102);
  reachable = true;
  await see(current(tab), 'Иванова Марина Сергеевна');
  await see(tab, 'Телефон 102 на связи');
  await line.hangup();
  await current(tab).waitFor({ state: 'detached' });
  await see(tab, 'Пропущенный звонок');
  assert.ok(connections >= 2);
  await tab.close();
});

test('PU-05 of three tabs one shows the notification, all show the call', async () => {
  const { line, tabs } = await threeTabs();
  for (const tab of tabs) await see(current(tab), 'Иванова Марина Сергеевна');
  const shown = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.shown)));
  assert.equal(
    shown.reduce((sum, each) => sum + each, 0),
    1,
  );
  await line.hangup();
  for (const tab of tabs) await current(tab).waitFor({ state: 'detached' });
});

async function threeTabs() {
  const own = await signedIn();
  await own.context().addInitScript(() => {
    window.shown = 0;
    window.Notification = class {
      static permission = 'granted';
      constructor() {
        window.shown++;
      }
      close() {}
    };
  });
  const tabs = [own, await tabOf(own), await tabOf(own)];
  for (const tab of tabs) {
    await tab.goto(url);
    await see(tab, 'Телефон 102 на связи');
  }
  return { tabs, line: await call(known, direct102) };
}

test('GR-01 AF-03 sections open; filters live in the address', async () => {
  await page.evaluate(
    (name) =>
      fetch('/api/v1/clients', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name, city: 'Москва' }),
      }),
    second,
  );
  await page.getByRole('link', { name: 'Клиенты' }).click();
  await page.getByRole('link', { name: 'Все клиенты' }).click();
  await page.getByRole('row', { name: second }).waitFor();
  await page.getByPlaceholder('Имя, компания, номер, почта').fill('1234567');
  await page.getByRole('row', { name: second }).waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /Северный ветер/ }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('q'), '1234567');
  await page.goto(`${url}/calls?result=missed&period=today`);
  await page.getByRole('row', { name: /Северный ветер/ }).first().click();
  const drawer = page.getByRole('dialog');
  await see(drawer, 'Ход звонка');
  await drawer.getByRole('button', { name: 'Почему так' }).click();
  await see(drawer, 'Кому был показан звонок');
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).search, '?result=missed&period=today');
});

test('AF-03 the journal of one client is found by name and stays in the address', async () => {
  await page.goto(`${url}/calls?period=today`);
  await page.getByRole('row', { name: /Северный ветер/ }).first().waitFor();
  await page.getByRole('button', { name: 'Ещё фильтры' }).click();
  const filter = page.getByRole('combobox', { name: 'Клиент' });
  await filter.fill('ромаш');
  await page.getByRole('option', { name: second }).click();
  await see(page, 'Звонков нет');
  assert.match(new URL(page.url()).searchParams.get('client'), /^\d+$/);
  await filter.fill('ветер');
  await page.getByRole('option', { name: /Северный ветер/ }).click();
  await page.getByRole('row', { name: /Северный ветер/ }).first().waitFor();
  await page.reload();
  await page.waitForFunction(() => document.querySelector('[aria-label="Клиент"]')?.value.includes('Северный ветер'));
  await page.getByRole('button', { name: 'Сбросить' }).click();
  assert.equal(new URL(page.url()).search, '?period=today');
});

test('CC-08 a stale edit shows what another has changed', async () => {
  const id = await page.evaluate(async () => {
    const found = await (await fetch('/api/v1/clients?q=Ромашка')).json();
    return found.items[0].id;
  });
  await page.goto(`${url}/clients/${id}`);
  await page.getByRole('button', { name: 'Изменить' }).first().click();
  await page.getByLabel('Город').fill('Кола');
  const status = await page.evaluate(async (client) => {
    const card = await (await fetch(`/api/v1/clients/${client}`)).json();
    const answer = await fetch(`/api/v1/clients/${client}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json', 'If-Match': `"${card.version}"` },
      body: '{"city":"Апатиты"}',
    });
    return answer.status;
  }, id);
  assert.equal(status, 200);
  await page.getByRole('button', { name: 'Обновить' }).click();
  await see(page, 'Карточка уже изменена');
  await page.getByRole('cell', { name: 'Апатиты' }).waitFor();
  await page.getByRole('button', { name: 'Записать моё' }).click();
  await page.getByRole('button', { name: 'Изменить' }).first().waitFor();
  await see(page.getByRole('region', { name: 'Главная информация' }), 'Кола');
});

test('CC-09 a deleted client can be restored from the toast', async () => {
  await page.getByRole('button', { name: 'Удалить', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Удалить' }).click();
  await see(page, '«ООО «Ромашка»» удалён');
  await page.getByRole('button', { name: 'Восстановить' }).click();
  await page.getByRole('heading', { name: /Ромашка/ }).waitFor();
});

test('OP-09 English and the dark theme stay after a reload', async () => {
  await page.getByRole('button', { name: /^Меню/ }).click();
  const kept = () => page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok());
  await Promise.all([kept(), page.getByRole('menuitem', { name: 'English' }).click()]);
  await page.getByRole('link', { name: 'Clients' }).waitFor();
  await Promise.all([kept(), page.getByRole('button', { name: 'Dark theme' }).click()]);
  await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === 'dark');
  await page.reload();
  await page.getByRole('link', { name: 'Clients' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme), 'dark');
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
});
