// Cards of clients, their lists and forms.

export const address_kind = { legal: 'Юридический', actual: 'Фактический', postal: 'Почтовый' };

export const client = {
  activity: 'Сфера деятельности',
  add_address: 'Новый адрес',
  add_email: 'Новая почта',
  add_phone: 'Новый телефон',
  address: 'Адрес',
  addresses: 'Адреса',
  card: 'Карточка клиента',
  city: 'Город',
  contact_kind: 'Вид',
  contact_menu: 'Действия: {{name}}',
  created: 'Создан',
  deal_sum: 'Сумма сделок',
  delete_text: 'Карточка «{{name}}» исчезнет из списков. Её можно будет восстановить.',
  delete_title: 'Удалить клиента?',
  deleted: '«{{name}}» удалён',
  edit_address: 'Изменить адрес',
  edit_email: 'Изменить почту',
  edit_phone: 'Изменить телефон',
  email: 'Почта',
  emails: 'Электронная почта',
  first_contact: 'Первое обращение',
  full_name: 'Полное название',
  group: 'Группа',
  history: 'История',
  kind: 'Форма',
  last_contact: 'Последний контакт',
  main_email: 'основная',
  main_phone: 'основной',
  make_main: 'Сделать основным',
  missing: 'Клиент не найден',
  missing_text: 'Карточка удалена, или у вас нет к ней доступа.',
  name: 'Название или имя',
  no_addresses: 'Адресов нет.',
  no_emails: 'Адресов почты нет.',
  no_phones: 'Телефонов нет.',
  note: 'Комментарий',
  not_yours: 'Клиент другого сотрудника',
  not_yours_text: 'Карточка и история видны ответственному и руководителю.',
  open: 'Открыть карточку',
  persons: 'Контактные лица',
  phone: 'Телефон',
  phone_hidden: 'Номер скрыт от вас; изменить его может тот, кто его видит.',
  phones: 'Телефоны',
  potential: 'Потенциал',
  potential_0_100: 'Потенциал, 0–100',
  relation_type: 'Тип отношений',
  responsible: 'Ответственный',
  restore: 'Восстановить',
  source: 'Источник',
  tab_main: 'Главная информация',
  tab_history: 'История',
  tab_persons: 'Контактные лица',
};

export const clients = {
  add: 'Добавить клиента',
  empty: 'Здесь пока пусто',
  empty_text: 'Добавьте первого клиента, или он появится из звонка.',
  nothing_text: 'Попробуйте часть имени, компании или последние цифры номера.',
  search: 'Имя, компания, номер, почта',
  sort: 'Сортировка',
  sort_name: 'По имени',
  sort_potential: 'По потенциалу',
  sort_deal_sum: 'По сумме сделок',
  sort_last_contact: 'По последнему контакту',
  sort_created: 'Сначала новые',
  to_groups: 'К группам',
};

export const conflict = {
  field: 'Поле',
  keep_mine: 'Записать моё',
  mine: 'У вас',
  now: 'Сейчас',
  take_theirs: 'Оставить как сейчас',
  text: 'Пока вы редактировали, другой сотрудник изменил:',
  title: 'Карточка уже изменена',
};

export const duplicate = { phone: 'тот же телефон', email: 'та же почта', name: 'похожее имя', other: 'похожие данные' };

export const field = {
  name: 'Название или имя',
  kind: 'Форма',
  full_name: 'Полное название',
  activity: 'Сфера деятельности',
  responsible_id: 'Ответственный',
  group_id: 'Группа',
  potential: 'Потенциал',
  city: 'Город',
  source: 'Источник',
  relation_type: 'Тип отношений',
  note: 'Комментарий',
};

export const form = {
  add_phone: 'Ещё телефон',
  bad_email: 'Проверьте адрес почты',
  create: 'Создать',
  create_anyway: 'Всё равно создать',
  created: 'Клиент «{{name}}» создан',
  duplicates_one: 'Похоже, такой клиент уже есть',
  duplicates_few: 'Похоже, есть такие клиенты: {{count}}',
  duplicates_many: 'Похоже, есть такие клиенты: {{count}}',
  duplicates_other: 'Похоже, есть такие клиенты: {{count}}',
  need_name: 'Введите название или имя',
  new_client: 'Новый клиент',
  person: 'Контактное лицо',
};

export const groups = {
  a_z: 'А → Я',
  all: 'Все клиенты',
  count_one: '{{shown}} клиент',
  count_few: '{{shown}} клиента',
  count_many: '{{shown}} клиентов',
  count_other: '{{shown}} клиента',
  create: 'Создать группу',
  delete_text: 'Клиенты группы останутся в разделе «Все клиенты».',
  delete_title: 'Удалить группу «{{name}}»?',
  edit: 'Редактировать группу {{name}}',
  name: 'Название группы',
  rename: 'Переименовать',
  z_a: 'Я → А',
};

export const kind = { company: 'Компания', person: 'Физическое лицо', entrepreneur: 'ИП' };

export const person = {
  add: 'Новое контактное лицо',
  edit: 'Изменить контактное лицо',
  make_primary: 'Основное контактное лицо',
  name: 'Фамилия и имя',
  none: 'Контактных лиц нет',
  none_text: 'Добавьте тех, кто звонит от имени клиента.',
  position: 'Должность',
  primary: 'основное',
  unlink: 'Убрать из карточки',
};

export const phone_kind = { mobile: 'Мобильный', work: 'Рабочий', home: 'Домашний', fax: 'Факс', other: 'Другой' };
