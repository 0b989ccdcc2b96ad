import type { Icon } from '@tabler/icons-react';
import { createElement, type ReactNode } from 'react';
import classes from './Notice.module.css';

interface Props {
  icon: Icon;
  /** CSS colour of the icon. */
  color: string;
  children: ReactNode;
}

/** One calm line that says how things stand; read out when it changes. */
export function Notice({ icon, color, children }: Props) {
  return (
    <div className={classes.notice} role="status">
      {createElement(icon, { size: 20, stroke: 1.8, color, 'aria-hidden': true, style: { flex: 'none' } })}
      <span>{children}</span>
    </div>
  );
}
