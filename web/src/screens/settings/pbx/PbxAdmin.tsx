import { Anchor, Group, Tabs, Title } from '@mantine/core';
import { IconArrowLeft, IconDeviceLandlinePhone, IconFileText, IconPhoneRinging, IconPlayerRecord, IconStethoscope } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCan } from '@/app/session';
import { useLive } from '@/live/store';
import { useParam } from '@/parts/useParam';
import { Capture } from './Capture';
import { Examination } from './Examination';
import { Phones } from './Phones';
import { Snippets } from './Snippets';
import { TestCall } from './TestCall';

/** One PBX: is all well, a test call, whose telephones are whose, its files (PB-08 to PB-11). */
export function PbxAdmin({ name }: { name: string }) {
  const { t } = useTranslation();
  const can = useCan();
  const { params, set } = useParam();
  // only what comes over ARI can be captured
  const overSIP = useLive((state) => state.pbx.some((each) => each.name === name && each.limits));
  const tabs = [
    { value: 'doctor', icon: IconStethoscope, shown: true, view: <Examination pbx={name} /> },
    { value: 'test', icon: IconPhoneRinging, shown: true, view: <TestCall pbx={name} /> },
    { value: 'phones', icon: IconDeviceLandlinePhone, shown: can('users.manage'), view: <Phones pbx={name} /> },
    { value: 'capture', icon: IconPlayerRecord, shown: !overSIP, view: <Capture pbx={name} /> },
    { value: 'snippets', icon: IconFileText, shown: true, view: <Snippets pbx={name} /> },
  ] as const;
  const current = tabs.find((each) => each.value === params.get('view') && each.shown)?.value ?? 'doctor';
  return (
    <>
      <Group mb="sm" gap="md">
        <Anchor component={Link} to="/settings/pbx" size="sm">
          <Group gap={4}>
            <IconArrowLeft size={16} aria-hidden />
            {t('pbx_admin.back')}
          </Group>
        </Anchor>
        <Title order={2} fz={18}>
          {name}
        </Title>
      </Group>
      <Tabs value={current} variant="pills" keepMounted={false} onChange={(value) => set({ view: value })}>
        <Tabs.List mb="md">
          {tabs
            .filter((each) => each.shown)
            .map(({ value, icon: Glyph }) => (
              <Tabs.Tab key={value} value={value} leftSection={<Glyph size={16} aria-hidden />}>
                {t(`pbx_admin.tab_${value}`)}
              </Tabs.Tab>
            ))}
        </Tabs.List>
        {tabs.map(({ value, view }) => (
          <Tabs.Panel key={value} value={value}>
            {view}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
