import { SegmentedControl } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { clock } from '@/format/time';
import { useMe } from '@/app/session';
import { useNow } from '@/format/useNow';
import { stageOf } from '@/live/stage';
import { useLive } from '@/live/store';
import type { Call } from '@/live/types';
import { otherSide } from '@/shell/useHappenings';

/** Several calls at once: one tab for each. */
export function CallTabs({ calls, current }: { calls: Call[]; current?: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const now = useNow();
  return (
    <SegmentedControl
      aria-label={t('call.mine')}
      value={current ?? ''}
      onChange={(id) => useLive.getState().select(id)}
      data={calls.slice(0, 5).map((call) => ({
        value: call.id,
        label: `${otherSide(call, t('call.anonymous'))} · ${
          call.state === 'ended'
            ? t('stage.ended_badge')
            : `${t(`stage.${stageOf(call, me.id)}_badge`)} ${clock(now - Date.parse(call.answered_at ?? call.started_at))}`
        }`,
      }))}
      styles={{ root: { flex: 'none', overflowX: 'auto' } }}
    />
  );
}
