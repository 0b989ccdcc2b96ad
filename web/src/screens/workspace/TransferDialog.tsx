import { Badge, Button, Group, Modal, ScrollArea, Stack, Text, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/app/session';
import { genderOf } from '@/format/text';
import { useLive } from '@/live/store';
import type { Presence } from '@/live/types';
import { Face } from '@/parts/Face';
import { callable, presenceColor, presenceInk, sorted } from '@/parts/presence';
import type { ActionName, Can } from '@/parts/useControl';
import classes from './Workspace.module.css';

interface Props {
  mode: 'transfer' | 'redirect' | 'conference';
  can: Can;
  why: (action: ActionName) => string | undefined;
  pending: boolean;
  onOrder: (action: ActionName, body: { to?: string; user_id?: number }) => void;
  onClose: () => void;
}

/** A number someone could dial: digits, and what people write between them. */
const number = /^[+\d*#][\d\s()*#-]*$/;

/** To whom the call goes: a colleague, with his state, or any number. */
export default function TransferDialog({ mode, can, why, pending, onOrder, onClose }: Props) {
  const { t } = useTranslation();
  const me = useMe();
  const presence = useLive((state) => state.presence);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<Presence | null>(null);
  const typed = text.trim();
  const wanted = typed.toLocaleLowerCase();
  const team = sorted(Object.values(presence)).filter(
    (each) =>
      each.user_id !== me.id &&
      each.extension &&
      (!wanted || each.name.toLocaleLowerCase().includes(wanted) || each.extension.includes(wanted)),
  );
  const target = chosen ? { user_id: chosen.user_id } : number.test(typed) ? { to: typed } : null;
  const actions: ('transfer' | 'consult' | 'redirect' | 'conference')[] = mode === 'transfer' ? ['consult', 'transfer'] : [mode];
  const main = actions[actions.length - 1] ?? mode;
  return (
    <Modal opened onClose={onClose} title={t(`control.${mode}_title`)} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (target && can[main]?.allowed) onOrder(main, target);
        }}
      >
        <Stack>
          <TextInput
            data-autofocus
            aria-label={t('control.to')}
            placeholder={t('control.to')}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setChosen(null);
            }}
          />
          <ScrollArea.Autosize mah={280} type="auto">
            <div role="listbox" aria-label={t('nav.team')}>
              {team.map((each) => (
                <UnstyledButton
                  key={each.user_id}
                  role="option"
                  aria-selected={chosen?.user_id === each.user_id}
                  className={classes.member}
                  data-chosen={chosen?.user_id === each.user_id || undefined}
                  onClick={() => setChosen(each)}
                >
                  <Face name={each.name} size={34} dot={presenceColor[each.state]} />
                  <span style={{ minWidth: 0, flex: 1 }}>
                    <Text size="sm" fw={500} className="ellipsis" lh={1.3}>
                      {each.name}
                    </Text>
                    <Text size="xs" c={presenceInk[each.state]} lh={1.3}>
                      {t(`presence.${each.state}`, { context: genderOf(each.name) })}
                    </Text>
                  </span>
                  <Badge color={callable(each.state) ? 'indigo' : 'gray'} radius="md" miw={36}>
                    {each.extension}
                  </Badge>
                </UnstyledButton>
              ))}
              {team.length === 0 && (
                <Text size="sm" c="dimmed" py="xs">
                  {t(number.test(typed) ? 'control.number_ready' : 'control.nobody', { number: typed })}
                </Text>
              )}
            </div>
          </ScrollArea.Autosize>
          <Group justify="flex-end">
            {actions.map((action) => {
              const hint = why(action);
              const button = (
                <Button
                  key={action}
                  type={action === main ? 'submit' : 'button'}
                  variant={action === main ? 'filled' : 'default'}
                  loading={pending}
                  disabled={!target || !can[action]?.allowed}
                  onClick={action === main ? undefined : () => target && onOrder(action, target)}
                >
                  {t(`control.${action}_do`)}
                </Button>
              );
              return hint ? (
                <Tooltip key={action} label={hint} multiline maw={280}>
                  <span>{button}</span>
                </Tooltip>
              ) : (
                button
              );
            })}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
