import { ActionIcon, Group, Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from '@/format/time';
import classes from './Player.module.css';
import { bars } from './bars';
import { waveformQuery } from './recordings';

const STEP = 5; // seconds by an arrow key

/** Plays a recording; the waveform shows where people talk and is where to seek. */
export function Player({ id, durationMs }: { id: string; durationMs: number }) {
  const { t } = useTranslation();
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [failed, setFailed] = useState(false);
  const { data } = useQuery(waveformQuery(id));
  const total = durationMs / 1000;
  const share = total > 0 ? Math.min(1, at / total) : 0;
  const seek = (seconds: number) => {
    const place = Math.max(0, Math.min(total, seconds));
    if (audio.current) audio.current.currentTime = place;
    setAt(place);
  };
  const click = (event: MouseEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * total);
  };
  const steps: Record<string, number> = { ArrowLeft: at - STEP, ArrowRight: at + STEP, Home: 0, End: total };
  const press = (event: KeyboardEvent) => {
    const place = steps[event.key];
    if (place === undefined) return;
    event.preventDefault();
    seek(place);
  };
  return (
    <div>
      <Group gap="sm" wrap="nowrap">
        <ActionIcon
          radius="xl"
          size={40}
          aria-label={t(playing ? 'recording.pause_play' : 'recording.play')}
          onClick={() => {
            if (playing) audio.current?.pause();
            else void audio.current?.play().catch(() => setFailed(true));
          }}
        >
          {playing ? <IconPlayerPauseFilled size={18} /> : <IconPlayerPlayFilled size={18} />}
        </ActionIcon>
        <div
          className={classes.wave}
          role="slider"
          tabIndex={0}
          aria-label={t('recording.seek')}
          aria-valuemin={0}
          aria-valuemax={Math.round(total)}
          aria-valuenow={Math.round(at)}
          aria-valuetext={clock(at * 1000)}
          onClick={click}
          onKeyDown={press}
        >
          <svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden>
            {bars(data?.channels ?? [], 100).map((height, index) => (
              <rect
                key={index}
                x={index + 0.15}
                width={0.7}
                y={20 - height * 19}
                height={Math.max(0.8, height * 38)}
                className={index / 100 < share ? classes.played : classes.ahead}
              />
            ))}
          </svg>
        </div>
        <Text size="xs" c="dimmed" className="tabular" miw={78} flex="none" ta="right">
          {clock(at * 1000)} / {clock(durationMs)}
        </Text>
        <Select
          size="xs"
          w={70}
          aria-label={t('recording.speed')}
          defaultValue="1"
          allowDeselect={false}
          data={['1', '1.25', '1.5', '2'].map((value) => ({ value, label: `${value}×` }))}
          onChange={(value) => {
            if (audio.current) audio.current.playbackRate = Number(value);
          }}
        />
      </Group>
      {failed && (
        <Text size="sm" c="var(--rc-red)" mt={4} role="alert">
          {t('recording.no_sound')}
        </Text>
      )}
      <audio
        ref={audio}
        preload="none"
        src={`/api/v1/recordings/${id}/audio`}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onError={() => setFailed(true)}
      />
    </div>
  );
}
