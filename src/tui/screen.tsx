/** The lines of a scene as rows that Ink lays out. Ink gets no key, no signal, no mode and no cursor of the terminal. */
import { Writable } from 'node:stream';
import { type Instance, render, Text } from 'ink';
import { Component, memo, type ReactNode } from 'react';

export interface Picture {
  /** The rows as the terminal shows them, of lines that are painted and not wider than `columns`. */
  rowsOf(lines: readonly string[], columns: number): readonly string[];
  /** Takes Ink away. */
  remove(): void;
}

export interface PictureOptions {
  /** A component threw; told behind its turn. */
  readonly onError: (error: unknown) => void;
  /** Ink was taken away by a signal that ends the process, or by its end: told before that happens. */
  readonly onGone: () => void;
}

export type NewPicture = (options: PictureOptions) => Picture;

const Row = memo(function Row({ text }: { readonly text: string }): ReactNode {
  return <Text wrap="truncate">{text}</Text>;
});

interface RowsProps extends PictureOptions {
  readonly lines: readonly string[];
}

class Rows extends Component<RowsProps, { readonly broken: boolean }> {
  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override state = { broken: false };

  override componentDidCatch(error: unknown): void {
    // React is not to be taken down while it works.
    queueMicrotask(() => this.props.onError(error));
  }

  override componentWillUnmount(): void {
    this.props.onGone();
  }

  override render(): ReactNode {
    if (this.state.broken) return null;
    // A row is what stands at its place: the place is its key. Ink gives no height to an empty text.
    return this.props.lines.map((text, index) => <Row key={index} text={text === '' ? ' ' : text} />);
  }
}

/** What Ink takes for its output: keeps the last frame. */
class Canvas extends Writable {
  columns = 80;
  frame = '';

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    // Ink asks with an empty text whether everything is out.
    if (chunk !== '') this.frame = String(chunk);
    done();
  }
}

/**
 * A picture without anything on it. Ink's `debug` hands over each frame whole and at once, and so is free of its own ways
 * to get it on a terminal: its incremental one writes a row too low (6.8), the other writes every row every time.
 */
export const newPicture: NewPicture = ({ onError, onGone }) => {
  const canvas = new Canvas();
  let ink: Instance | undefined;
  let removed = false;
  const tellGone = (): void => {
    if (!removed) onGone();
  };

  return {
    rowsOf: (lines, columns) => {
      // Without any text Ink has nothing to say.
      if (lines.length === 0) return [];
      canvas.columns = columns;
      const rows = <Rows lines={lines} onError={onError} onGone={tellGone} />;
      if (ink === undefined) {
        ink = render(rows, {
          // Ink asks for a terminal's stream, and uses what there is here.
          // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
          stdout: canvas as Writable as NodeJS.WriteStream,
          debug: true,
          exitOnCtrlC: false,
          patchConsole: false,
          isScreenReaderEnabled: false,
        });
      } else {
        ink.rerender(rows);
      }
      return canvas.frame.split('\n');
    },
    remove: () => {
      removed = true;
      ink?.unmount();
    },
  };
};
