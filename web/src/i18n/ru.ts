import * as calls from './ru/calls';
import * as clients from './ru/clients';
import { doctor } from './ru/doctor';
import * as office from './ru/settings';
import * as shell from './ru/shell';
import { number_test, queue, wrapup } from './ru/work';
import { pbx_admin } from './ru/pbx_admin';
import { missed, report } from './ru/after';
import { recording } from './ru/recording';
import { control, reason, supervision } from './ru/control';
import { why } from './ru/why';

// Russian is the first language of the product; its keys are the type of all
// translations. Plurals: _one 1, 21; _few 2–4; _many 5–20; _other fractions.
export const ru = {
  ...calls,
  ...clients,
  doctor,
  ...office,
  ...shell,
  pbx: {
    last_error: 'Последняя ошибка: {{error}}',
    limits: {
      cause: 'причина завершения, кто положил трубку, дождался ли звонивший',
      control: 'управление звонком со страницы: только набор и отмена',
      desk_calls: 'звонки, набранные на самом телефоне: видно лишь, что он занят',
      did: 'на какой номер звонили',
      queue: 'очередь',
      refused_ring: 'звонки, отклонённые до вызова',
      registration: 'включён ли телефон',
      transfer: 'перевод: он записывается как два звонка',
    },
    limits_title: 'Станция подключена по SIP. Недоступно:',
    lost_since: 'Нет связи: {{time}}',
    none: 'Станции не подключены',
    none_text: 'Укажите адрес ARI в настройках сервера.',
    off: 'Нет связи',
    on: 'На связи',
    since: 'На связи: {{time}}',
  },
  role: { admin: 'Администратор', supervisor: 'Супервизор', manager: 'Менеджер', operator: 'Оператор', agent: 'Внешний агент (номера скрыты)' },
  settings: {
    calls: 'Входящие звонки',
    desktop: 'Уведомления на рабочем столе',
    desktop_insecure: 'Браузер разрешает уведомления только по HTTPS.',
    desktop_refused: 'Браузер запретил уведомления. Разрешите их в его настройках.',
    language: 'Язык',
    look: 'Вид',
    me: 'Мой профиль',
    open_card: 'Открывать раздел «Разговор»',
    open_ring: 'Сразу, когда телефон звонит',
    open_answer: 'Когда я ответил',
    open_never: 'Не открывать',
    pop_mode: 'Когда показывать карточку',
    pop_ring: 'Когда телефон звонит',
    pop_answer: 'Когда я ответил',
    pop_never: 'Не показывать',
    sound: 'Звук звонка на этой странице',
    tab_profile: 'Профиль',
    tab_users: 'Сотрудники',
    tab_number: 'Проверка номера',
    tab_results: 'Итоги разговора',
    tab_schedule: 'Расписание',
    tab_hours: 'Часы и сроки',
    tab_link: 'Другая CRM',
    tab_pbx: 'Станция',
    zone: 'Часовой пояс {{zone}} · версия {{version}}',
  },
  users: {
    active: 'Может входить',
    add: 'Добавить сотрудника',
    bad_endpoint: 'Укажите вместе с видом: PJSIP/101',
    devices: 'Телефон',
    edit: 'Изменить: {{name}}',
    endpoint: 'Телефон на станции',
    extension: 'Внутренний номер',
    inactive: 'отключён',
    name: 'Имя',
    need_name: 'Введите имя',
    new_password: 'Новый пароль (пусто — не менять)',
    role: 'Роль',
    short_password_one: 'Не короче {{count}} символа',
    short_password_few: 'Не короче {{count}} символов',
    short_password_many: 'Не короче {{count}} символов',
    short_password_other: 'Не короче {{count}} символов',
    tab_account: 'Учётная запись',
    text: 'Кто входит в Ringcard и на каком телефоне отвечает.',
  },
  control,
  reason,
  supervision,
  recording,
  missed,
  report,
  pbx_admin,
  number_test,
  queue,
  wrapup,
  why,
};
