import { CloseButton, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  value: string;
  label: string;
  onChange: (value: string) => void;
}

const PAUSE_MS = 250;

/** Search box that tells its text after a pause in typing. */
export function SearchField({ value, label, onChange }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // the address changed by other means: back button, a link
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string, pause: number) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setKnown(next.trim());
      onChange(next.trim());
    }, pause);
  };
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={text && <CloseButton size="sm" aria-label={t('action.clear')} onClick={() => change('', 0)} />}
      value={text}
      onChange={(event) => change(event.currentTarget.value, PAUSE_MS)}
      style={{ flex: '1 1 220px', maxWidth: 380 }}
    />
  );
}
