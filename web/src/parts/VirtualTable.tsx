import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type ReactNode } from 'react';
import classes from './VirtualTable.module.css';

export interface Column<T> {
  key: string;
  header: ReactNode;
  /** A CSS grid track, as `minmax(0, 2fr)` or `120px`. */
  width: string;
  align?: 'right';
  render: (row: T) => ReactNode;
}

interface Props<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string | number;
  onOpen: (row: T) => void;
  rowLabel: (row: T) => string;
  rowHeight?: number;
  hasMore: boolean;
  onMore: () => void;
}

/** Dense table that draws only the rows in view and asks for more near its end. */
export function VirtualTable<T>(props: Props<T>) {
  const { rows, columns, rowKey, onOpen, rowLabel, rowHeight = 52, hasMore, onMore, label } = props;
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- its state is not memoised here
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 10) onMore();
  }, [last, rows.length, hasMore, onMore]);

  const template = { gridTemplateColumns: columns.map((column) => column.width).join(' ') };
  return (
    <div ref={scroller} className={classes.scroller} role="table" aria-label={label} aria-rowcount={rows.length}>
      <div role="rowgroup" className={classes.head}>
        <div role="row" className={classes.row} style={template}>
          {columns.map((column) => (
            <div role="columnheader" key={column.key} className={classes.cell} data-align={column.align}>
              {column.header}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              role="row"
              key={rowKey(row)}
              tabIndex={0}
              aria-label={rowLabel(row)}
              aria-rowindex={item.index + 2}
              className={`${classes.row} ${classes.body}`}
              style={{ ...template, height: rowHeight, transform: `translateY(${item.start}px)` }}
              onClick={() => onOpen(row)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && event.target === event.currentTarget) onOpen(row);
              }}
            >
              {columns.map((column) => (
                <div role="cell" key={column.key} className={classes.cell} data-align={column.align}>
                  {column.render(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
