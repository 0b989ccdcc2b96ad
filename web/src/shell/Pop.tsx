import { Box, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { useMe } from '@/app/session';
import { clock } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { useNow } from '@/format/useNow';
import { incoming } from '@/live/reduce';
import { myCalls, useLive } from '@/live/store';
import type { Call } from '@/live/types';
import { CallBackOwed } from '@/parts/CallBackOwed';
import { Face } from '@/parts/Face';
import classes from './Shell.module.css';
import { otherSide } from './useHappenings';

/** A call that rings while another screen is open (PU-02, PU-03 in brief). */
export function Pop() {
  const me = useMe();
  const { pathname } = useLocation();
  const calls = useLive((state) => state.calls);
  const dismissed = useLive((state) => state.dismissed);
  if (pathname === '/') return null;
  const ringing = myCalls({ me, calls, dismissed }).filter((call) => incoming(call, me.id));
  const first = ringing[0];
  return first ? <PopCard call={first} more={ringing.length - 1} /> : null;
}

function PopCard({ call, more }: { call: Call; more: number }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const now = useNow();
  const format = useFormat();
  const name = otherSide(call, t('call.anonymous'));
  const second = [call.client?.person_name ? call.client.name : '', call.client ? call.number.display : '']
    .filter(Boolean)
    .join(' · ');
  return (
    <Paper className={classes.pop} p="md" shadow="xl" role="alertdialog" aria-label={`${t('call.incoming')}: ${name}`}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" fw={600} c="var(--rc-orange)">
            {t('call.incoming')}
            {more > 0 && ` · ${t('call.more', { count: more })}`}
          </Text>
          <Text size="sm" fw={600} className="tabular">
            {clock(now - Date.parse(call.started_at))}
          </Text>
        </Group>
        <Group wrap="nowrap" align="center">
          <Face name={name} size={44} />
          <div style={{ minWidth: 0 }}>
            <Text fw={600} className="ellipsis">
              {name}
            </Text>
            {second && (
              <Text size="sm" c="dimmed" className="ellipsis">
                {second}
              </Text>
            )}
            {call.lookup_as_of && (
              <Text size="xs" c="var(--rc-orange)">
                {t('call.as_of', { at: format.moment(call.lookup_as_of) })}
              </Text>
            )}
            {call.queue && (
              <Text size="xs" c="dimmed" className="ellipsis">
                {t('call.queue', { name: call.queue })}
              </Text>
            )}
          </div>
        </Group>
        <CallBackOwed call={call} />
        <Recent call={call} />
        <Button
          fullWidth
          onClick={() => {
            useLive.getState().select(call.id);
            void navigate('/');
          }}
        >
          {t('call.open')}
        </Button>
      </Stack>
    </Paper>
  );
}

/** The last talks and notes, where the window has room for them. */
function Recent({ call }: { call: Call }) {
  const { t } = useTranslation();
  const format = useFormat();
  const contacts = call.client?.recent ?? [];
  if (contacts.length === 0) return null;
  return (
    <Box component="section" visibleFrom="sm" aria-label={t('call.recent')}>
      <Text size="xs" c="dimmed">
        {t('call.recent')}
      </Text>
      {contacts.map((contact) => (
        <Group key={contact.at + contact.subject} justify="space-between" wrap="nowrap" gap="md" mt={4}>
          <Text size="sm" className="ellipsis" title={contact.subject}>
            {contact.subject}
          </Text>
          <Text size="xs" c="dimmed" className="tabular" style={{ flex: 'none' }}>
            {format.moment(contact.at)}
          </Text>
        </Group>
      ))}
    </Box>
  );
}
