// The main job as its users do it, in Chromium.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, open, picture, signIn, user } from './browser.mjs';
import { call, outside, phone } from './office.mjs';

const client = 'ООО «Северный ветер»';
let browser, anna, boris;

before(async () => {
  await phone('101', { answer: -1 });
  await phone('102', { answer: -1 });
  await phone('103', { answer: -1 });
  browser = await launch();
  anna = await user(browser, 'u101');
  boris = await user(browser, 'u102');
});

after(async () => {
  await browser?.close();
});

beforeEach(async () => {
  for (const page of [anna, boris]) {
    await page.goto(process.env.BASE + '/');
    await idle(page);
  }
});

afterEach(async (t) => {
  if (t.error) await Promise.all([picture(anna, `${t.name} 101`), picture(boris, `${t.name} 102`)]);
  for (const page of [anna, boris]) assert.deepEqual(page?.errors ?? [], []);
});

const current = (page) => page.getByRole('region', { name: 'Текущий звонок' });
const idle = (page) => page.getByText('Сейчас звонка нет').waitFor();

/** Closes the summary of a call that is over. */
async function done(page) {
  const button = page.getByRole('button', { name: 'Готово' });
  if (await button.isVisible()) await button.click();
  await idle(page);
}

test('a wrong password is refused in plain words', async () => {
  const page = await open(browser);
  await signIn(page, 'u101', 'wrong password');
  await page.getByText('Неверный логин или пароль.').waitFor();
  await page.context().close();
});

test('PU-01 PU-02 PU-03 the pop is on the screen of the one whose phone rings', async () => {
  await phone('102', { answer: 2500 });
  const line = await call('79161234567', '4951000102', 'Ivan Petrov');
  await current(boris).getByText('Иванова Марина Сергеевна').first().waitFor();
  await current(boris).getByText('+7 (916) 123-45-67').first().waitFor();
  assert.equal(await current(anna).count(), 0, 'a colleague got the pop');
  await current(boris).getByText('Разговор', { exact: true }).first().waitFor();
  await boris.getByText(client).first().waitFor();
  await boris.getByPlaceholder('Сохраняется сама').first().fill('Просил перезвонить в среду');
  await line.hangup();
  await current(boris).getByText('Завершён').first().waitFor();
  await done(boris);
  await boris.goto(process.env.BASE + '/clients/1/history');
  await boris.getByText('Просил перезвонить в среду').first().waitFor();
});

test('PU-02 the pop of the others closes and says who answered', async () => {
  await phone('102', { answer: 2500 });
  const line = await call('79161234567', '4951000103');
  await Promise.all([current(anna).waitFor(), current(boris).waitFor()]);
  await anna.getByText(/Ответил.* User 102/).first().waitFor();
  await idle(anna);
  await line.hangup();
  await current(boris).getByText('Завершён').first().waitFor();
  await done(boris);
});

test('LU-05 an unknown caller becomes a client from the pop', async () => {
  await phone('102', { answer: 300 });
  const line = await call('74957654321', '4951000102');
  await current(boris).getByText('Номер не найден в базе').first().waitFor();
  await current(boris).getByRole('button', { name: 'Создать клиента' }).click();
  const form = boris.getByRole('dialog');
  await form.getByLabel(/^(Название|Имя|Имя или название)/).first().fill('ЗАО «Новый клиент»');
  await form.getByRole('button', { name: /^(Создать|Сохранить)/ }).click();
  await current(boris).getByText('ЗАО «Новый клиент»').first().waitFor();
  await line.hangup();
  await current(boris).getByText('Завершён').first().waitFor();
  await done(boris);
});

test('CO-01 CO-06 CO-07 a click on a number rings the own phone, then the client; hang-up from the page', async () => {
  await phone('101', { answer: 1200 });
  await outside('79161234567', { answer: 1200 });
  await anna.goto(process.env.BASE + '/clients?q=северный');
  await anna.getByText(client).first().click();
  await anna.getByRole('tab', { name: /Контактные лица/ }).click();
  await anna.getByRole('button', { name: 'Позвонить +7 (916) 123-45-67' }).first().click();
  await anna.getByText(/снимите трубку 101|Снимите трубку/).first().waitFor();
  await anna.getByText('Разговор', { exact: true }).first().waitFor();
  await anna.getByRole('button', { name: 'Завершить' }).first().click();
  await anna.goto(process.env.BASE + '/calls');
  await anna.getByText('Иванова Марина Сергеевна').first().waitFor();
});

test('CO-01 CO-06 a busy client is told as busy', async () => {
  await phone('101', { answer: 100 });
  await outside('79161234567', { refuse: 486 });
  await anna.getByRole('textbox', { name: 'Номер телефона' }).first().fill('8 916 123-45-67');
  await anna.getByRole('button', { name: 'Позвонить', exact: true }).first().click();
  await current(anna).getByText(/занят/i).first().waitFor();
  await done(anna);
});

test('CO-13 SF-03 Ctrl+K finds a client by a part of the name and by digits', async () => {
  for (const query of ['ветер', '1234567']) {
    await anna.keyboard.press('Control+k');
    const dialog = anna.getByRole('dialog');
    await dialog.getByRole('textbox').or(dialog.getByRole('combobox')).first().fill(query);
    await dialog.getByText(client).first().waitFor();
    await anna.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  }
});

test('OP-09 every screen in both languages, both themes and on a telephone, without a script error or sideways scrolling', async () => {
  const screens = ['/', '/clients', '/clients?view=list', '/clients/1', '/clients/1/history', '/calls', '/team', '/settings',
    '/unsorted', '/missed', '/reports', '/settings/schedule', '/settings/hours', '/settings/results', '/settings/link'];
  for (const [locale, colorScheme] of [['ru-RU', 'dark'], ['en-US', 'light']]) {
    const page = await open(browser, { locale, colorScheme, viewport: { width: 390, height: 844 } });
    await signIn(page, 'u103');
    await page.getByRole('navigation').first().waitFor();
    for (const path of screens) {
      await page.goto(process.env.BASE + path);
      await page.getByRole('navigation').first().waitFor();
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wider <= 0, `${path} is ${wider} px wider than a telephone`);
      const text = await page.locator('body').innerText();
      assert.ok(!/undefined|\[object|NaN|\{\{/.test(text), `${path}: ${text.slice(0, 200)}`);
      if (locale === 'en-US') assert.ok(!/Настройки|Клиенты|Журнал|Команда/.test(text), `${path} has Russian labels`);
    }
    assert.deepEqual(page.errors, []);
    await page.context().close();
  }
});
