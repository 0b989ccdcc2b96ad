import { Alert, Button, NumberInput, Select } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconChartBar, IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { CallReport } from '@/api/types';
import { dayKey } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { Screen } from '@/parts/Screen';
import classes from '@/parts/Screen.module.css';
import { Empty, Failure, Lines } from '@/parts/States';
import { useParam } from '@/parts/useParam';
import { periods, rangeOf } from '@/screens/calls/filters';
import { HeatMap } from './HeatMap';
import { ReportTable } from './ReportTable';
import { Totals } from './Totals';

const groups = ['day', 'user', 'hour', 'weekday', 'month', 'queue', 'did', 'source', 'result', 'pbx', 'heat'] as const;
const SLA = 20; // seconds, as the server's default

/** Calls in numbers (AF-04): what is shown is in the address. */
export function Reports() {
  const { t } = useTranslation();
  const { timeZone } = useFormat();
  const { params, set } = useParam();
  const group = groups.find((each) => each === params.get('by')) ?? 'day';
  const period = periods.find((each) => each === params.get('period') && each !== 'all') ?? 'week';
  const sla = Number(params.get('sla')) || SLA;
  const now = new Date();
  const range = rangeOf(period, now, timeZone);
  const query = { group_by: group, from: range.from ?? '', to: range.to ?? endOfHour(now), sla_s: sla };
  const { data, error, refetch } = useQuery({
    queryKey: ['report', group, period, sla, dayKey(now, timeZone), now.getHours()],
    queryFn: ({ signal }) => send(api.GET('/reports/calls', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
  return (
    <Screen
      title={t('report.title')}
      actions={
        <Button
          component="a"
          variant="default"
          leftSection={<IconDownload size={16} />}
          href={`/api/v1/reports/calls.csv?${new URLSearchParams({ ...query, sla_s: String(sla), bom: 'true' }).toString()}`}
          download
        >
          {t('report.export')}
        </Button>
      }
      filters={
        <>
          <Select
            aria-label={t('report.group')}
            allowDeselect={false}
            w={220}
            data={groups.map((value) => ({ value, label: t(`report.by.${value}`) }))}
            value={group}
            onChange={(value) => set({ by: value })}
          />
          <Select
            aria-label={t('calls.period')}
            allowDeselect={false}
            w={160}
            data={periods.filter((value) => value !== 'all').map((value) => ({ value, label: t(`period.${value}`) }))}
            value={period}
            onChange={(value) => set({ period: value })}
          />
          <NumberInput
            aria-label={t('report.sla')}
            prefix={`${t('report.sla')} `}
            w={200}
            min={1}
            max={3600}
            value={sla}
            onChange={(value) => set({ sla: Number(value) === SLA ? null : String(value) })}
          />
        </>
      }
    >
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Lines count={6} />
      ) : (
        <>
          {data.own && (
            <Alert color="indigo" mb="md" p="xs">
              {t('report.own')}
            </Alert>
          )}
          <Totals total={data.total} />
          <div className={classes.card} style={{ marginTop: 16, overflowX: 'auto' }}>
            <Body report={data} />
          </div>
        </>
      )}
    </Screen>
  );
}

function Body({ report }: { report: CallReport }) {
  const { t } = useTranslation();
  const rows = report.rows ?? [];
  if (rows.length === 0) return <Empty icon={IconChartBar} title={t('report.empty')} />;
  return report.group_by === 'heat' ? <HeatMap rows={rows} /> : <ReportTable report={report} />;
}

// whole hours, so that the question stays the same while the page is looked at
function endOfHour(now: Date): string {
  const end = new Date(now);
  end.setMinutes(60, 0, 0);
  return end.toISOString();
}
