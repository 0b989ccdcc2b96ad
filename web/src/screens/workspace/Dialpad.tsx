import { Button, Modal, SimpleGrid, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/** Digits for the other side's voice menu; the keyboard works too. */
export default function Dialpad({ onDigits, onClose }: { onDigits: (digits: string) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const [sent, setSent] = useState('');
  const press = (digits: string) => {
    setSent((before) => (before + digits).slice(-24));
    onDigits(digits);
  };
  return (
    <Modal opened onClose={onClose} size="xs" title={t('control.dtmf')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <TextInput
        data-autofocus
        aria-label={t('control.digits')}
        placeholder={t('control.digits')}
        value={sent}
        onChange={(event) => {
          const added = event.currentTarget.value.slice(sent.length).replace(/[^\d*#]/g, '');
          if (added) press(added);
        }}
        mb="sm"
      />
      <SimpleGrid cols={3} spacing="xs">
        {keys.map((each) => (
          <Button key={each} variant="default" size="lg" onClick={() => press(each)}>
            {each}
          </Button>
        ))}
      </SimpleGrid>
    </Modal>
  );
}
