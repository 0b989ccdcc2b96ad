// What an administrator and a user set, and the list of unknown numbers.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch, picture, user } from './browser.mjs';
import { call, phone } from './office.mjs';

const url = process.env.BASE;
const stranger = '79264440011';
const shown = '+7 (926) 444-00-11';
const direct102 = '4951000102';

let browser, page;

before(async () => {
  await phone('102', { answer: -1 });
  await phone('104', { answer: -1 });
  browser = await launch();
  page = await user(browser, 'u104');
});

after(async () => {
  await browser?.close();
  assert.deepEqual(page?.errors, []);
});

afterEach(async (t) => {
  if (t.error) await picture(page, t.name);
});

const see = (where, text) => where.getByText(text).first().waitFor();

test('LU-05 an unknown number is spam, is not, and belongs to a client', async () => {
  await (await call(stranger, direct102)).hangup();
  await page.waitForFunction(async () => (await (await fetch('/api/v1/unsorted?q=0011')).json()).items.length === 1);
  await page.goto(`${url}/unsorted?q=0011`);
  const row = page.getByRole('listitem').filter({ hasText: shown });
  await row.getByRole('button', { name: /^Ещё действия/ }).click();
  await page.getByRole('menuitem', { name: 'Это спам' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Это спам' }).click();
  await see(page, 'Ничего не найдено');
  await page.getByRole('button', { name: 'Вернуть' }).click();
  await row.getByRole('button', { name: 'Привязать' }).click();
  await page.getByPlaceholder('Имя, компания или номер клиента').fill('Северный');
  await page.getByRole('dialog').getByRole('button', { name: /Северный ветер/ }).first().click();
  await see(page, 'Ничего не найдено');
});

test('LU-07 hours of the office and an absence of one’s own', async () => {
  await page.goto(`${url}/settings/hours`);
  const office = page.getByRole('region', { name: 'Часы работы офиса' });
  await office.getByText('По часам').click();
  await office.getByLabel('Вторник: конец').fill('8');
  await office.getByLabel('Вторник: начало').fill('8:00');
  await see(office, 'Начало и конец совпадают');
  assert.ok(await office.getByRole('button', { name: 'Сохранить' }).isDisabled());
  await office.getByLabel('Вторник: конец').fill('17');
  await office.getByLabel('Вторник: начало').focus();
  await office.getByRole('button', { name: 'Сохранить' }).click();
  await see(page, 'Сохранено');
  await page.goto(`${url}/settings/schedule`);
  await page.getByRole('button', { name: 'Добавить отсутствие' }).click();
  await page.getByLabel('Первый день').fill('2027-03-01');
  await page.getByLabel('Последний день').fill('2027-03-14');
  await page.getByRole('dialog').getByRole('button', { name: 'Сохранить' }).click();
  await see(page, '01.03.2027 – 14.03.2027');
  const { hours, absences } = await page.evaluate(async () => {
    const get = async (path) => (await fetch(`/api/v1${path}`)).json();
    const me = await get('/me');
    return { hours: (await get('/office-hours')).hours, absences: (await get(`/users/${me.id}/absences`)).items };
  });
  assert.deepEqual(hours[1], { day: 2, from: '08:00', to: '17:00' });
  assert.equal(hours.length, 5);
  assert.equal(absences.length, 1);
  await page.evaluate(() => fetch('/api/v1/office-hours', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"hours":[]}' }));
});

test('PU-10 PU-07 a link is checked, previewed and kept beside the other settings', async () => {
  await page.goto(`${url}/settings/profile`);
  await page.getByLabel('Звук звонка на этой странице').uncheck();
  const own = page.getByRole('region', { name: 'Моя ссылка' });
  const address = own.getByRole('textbox', { name: 'Адрес' });
  await address.fill('mycrm:{telephone}');
  await see(own, 'Поля {telephone} нет');
  await address.fill('mycrm:call?n=');
  await own.getByRole('button', { name: /^Вставить digits/ }).click();
  await see(own, 'mycrm:call?n=79211234567');
  await own.getByRole('button', { name: 'Сохранить' }).click();
  await see(page, 'Сохранено');
  const kept = await page.evaluate(async () => (await fetch('/api/v1/me/settings')).json());
  assert.deepEqual([kept.link, kept.sound, kept.mode], ['mycrm:call?n={digits}', false, 'ring']);
});

test('PB-08 PB-13 the examination is in the user’s language; a capture starts and stops', async () => {
  const name = await page.evaluate(async () => (await (await fetch('/api/v1/pbx')).json()).items[0].name);
  await page.goto(`${url}/settings/pbx?name=${name}`);
  await page.getByRole('button', { name: 'Проверить' }).click();
  await see(page, 'Станция отвечает, пароль принят');
  await page.getByRole('tab', { name: 'Запись обмена' }).click();
  await page.getByRole('button', { name: 'Начать запись' }).click();
  await page.getByRole('link', { name: 'Скачать файл' }).waitFor();
  await page.getByRole('button', { name: 'Остановить' }).click();
  await see(page, 'остановлена');
});
