// The frame around all screens, the team, and words that every screen uses.

export const action = {
  add: 'Добавить',
  back: 'Назад',
  cancel: 'Отмена',
  clear: 'Очистить',
  close: 'Закрыть',
  delete: 'Удалить',
  edit: 'Изменить',
  more: 'Показать ещё',
  retry: 'Повторить',
  save: 'Сохранить',
  undo: 'Вернуть',
  update: 'Обновить',
};

export const account = { label: 'Меню: {{name}}', logout: 'Выйти', profile: 'Профиль и настройки' };

export const aside = {
  label: 'Сегодня и команда',
  missed_one: 'Пропущен {{count}} звонок',
  missed_few: 'Пропущено {{count}} звонка',
  missed_many: 'Пропущено {{count}} звонков',
  missed_other: 'Пропущено {{count}} звонка',
  missed_open_one: 'Не перезвонили {{count}} клиенту',
  missed_open_few: 'Не перезвонили {{count}} клиентам',
  missed_open_many: 'Не перезвонили {{count}} клиентам',
  missed_open_other: 'Не перезвонили {{count}} клиента',
  share: 'Принято звонков',
  share_label: 'Принято {{share}}% входящих звонков',
  today_all: 'Сегодня в офисе',
  today_mine: 'Мои звонки сегодня',
};

export const error = {
  network: 'Нет связи с сервером. Проверьте сеть и повторите.',
  unauthorized: 'Сеанс закончился, войдите снова.',
  forbidden: 'У вас нет на это прав.',
  not_found: 'Запись не найдена: возможно, её удалили.',
  invalid: 'Проверьте введённые данные.',
  conflict: 'Запись уже изменена другим сотрудником.',
  duplicate: 'Такой клиент уже есть.',
  gone: 'Этого больше нет.',
  too_many: 'Слишком много попыток, подождите минуту.',
  unavailable: 'Сервер временно недоступен, повторите позже.',
  no_device: 'За вами не закреплён телефон. Обратитесь к администратору.',
  device_busy: 'Ваш телефон занят.',
  device_unregistered: 'Ваш телефон не в сети.',
  pbx_unreachable: 'Станция не отвечает.',
  pbx_refused: 'Станция отклонила звонок.',
  pbx_access_denied: 'Станция не пускает Ringcard: проверьте логин и пароль ARI.',
  expired: 'Запрос устарел, нажмите ещё раз.',
  pbx_conflict: 'АТС сейчас не может этого сделать с этим звонком. Попробуйте ещё раз.',
  recording_state: 'Запись разговора сейчас в другом состоянии; обновите страницу.',
  call_not_found: 'Звонок уже закончился.',
  unknown: 'Что-то пошло не так.',
};

export const find = {
  by_name: 'имя',
  by_number: 'номер',
  by_email: 'почта',
  by_person: 'контактное лицо',
  dial: 'Позвонить {{number}}',
  help: 'Введите имя, компанию, почту или номер телефона.',
  hint: 'Найти клиента или номер',
  nothing: 'Ничего не найдено',
};

export const link = {
  lost: 'Нет связи, восстанавливаем… Данные на экране могут быть устаревшими.',
  pbx_lost: 'Нет связи со станцией «{{name}}»: звонки сейчас не видны.',
  reload: 'Страница устарела и больше не получает звонки.',
  reload_button: 'Обновить страницу',
  retry: 'Подключить сейчас',
  too_many: 'Открыто слишком много вкладок. Закройте лишние.',
};

export const login = {
  login: 'Логин',
  need_login: 'Введите логин',
  need_password: 'Введите пароль',
  password: 'Пароль',
  show_password: 'Показать пароль',
  submit: 'Войти',
  version: 'Версия {{version}}',
  wrong: 'Неверный логин или пароль.',
};

export const nav = {
  answered: 'Принято',
  average: 'Ср. разговор',
  calls: 'Журнал звонков',
  calls_short: 'Журнал',
  clients: 'Клиенты',
  label: 'Разделы',
  missed_one: '{{count}} пропущенный без ответа',
  missed_few: '{{count}} пропущенных без ответа',
  missed_many: '{{count}} пропущенных без ответа',
  missed_other: '{{count}} пропущенных без ответа',
  missed_callers: 'Пропущенные',
  reports: 'Отчёты',
  settings: 'Настройки',
  team: 'Команда',
  today: 'Сегодня',
  workspace: 'Разговор',
};

export const period = { today: 'Сегодня', yesterday: 'Вчера', week: '7 дней', month: '30 дней', all: 'Всё время' };

export const phone = {
  connecting: 'Подключаемся…',
  no_link: 'Нет связи',
  no_pbx: 'Станция не на связи',
  none: 'Телефон не назначен',
  none_hint: 'Администратор может закрепить за вами телефон в настройках.',
  offline: 'Телефон {{number}} не в сети',
  offline_hint: 'Телефон не зарегистрирован на станции: звонки на него не придут.',
  online: 'Телефон {{number}} на связи',
  online_hint: 'Телефон зарегистрирован, звонки приходят.',
  unknown: 'Телефон {{number}}: неизвестно',
  unknown_hint: 'Станция не сообщила состояние телефона.',
};

export const presence = {
  talking: 'Разговор',
  ringing: 'Вызов',
  break: 'Перерыв',
  wrap_up: 'Обработка',
  free: 'Свободен',
  free_female: 'Свободна',
  offline: 'Не в сети',
  unknown: 'Неизвестно',
};

export const state = {
  broken: 'Страница сломалась',
  broken_text: 'Возможно, вышла новая версия. Обновите страницу.',
  failed: 'Не удалось загрузить',
  loading: 'Загружаем…',
  missing: 'Такой страницы нет',
  to_workspace: 'На главную',
};

export const status = { label: 'Мой статус', free: 'Свободен', free_female: 'Свободна', break: 'Перерыв', wrap_up: 'Обработка' };

export const team = {
  call: 'Позвонить: {{name}}, {{number}}',
  empty: 'Никого нет',
  extension: 'Внутренний {{number}}',
  filter: 'Кого показать',
  filter_all: 'Все',
  filter_free: 'Свободны',
  filter_busy: 'Заняты',
  filter_offline: 'Не в сети',
  no_extension: 'Без телефона',
  stale: 'Данные могли устареть',
  stale_since: 'Связь потеряна в {{time}}. Показано, что было известно тогда.',
  with: 'с: {{name}}',
  transfer: 'Перевести разговор: {{name}}, {{number}}',
  not_callable_talking: 'Разговаривает: позвоните, когда освободится',
  not_callable_ringing: 'Ему сейчас звонят',
  not_callable_offline: 'Телефон не в сети',
  not_callable_unknown: 'Состояние телефона неизвестно',
  not_callable_stale: 'Нет связи с сервером',
  you: '(вы)',
};

export const theme = {
  label: 'Оформление',
  auto: 'Как в системе',
  light: 'Светлое',
  dark: 'Тёмное',
  to_dark: 'Тёмное оформление',
  to_light: 'Светлое оформление',
};

export const time = {
  h_m: '{{hours}} ч {{minutes}} мин',
  m_s: '{{minutes}} мин {{seconds}} с',
  s: '{{seconds}} с',
  today: 'Сегодня, {{clock}}',
  yesterday: 'Вчера, {{clock}}',
};
