/** Hosts the view of one recipe: its stage, maps and viewing episodes. A new recipe gets a new worker. */
import type { View } from '../src/metrics/view';
import { chooseExecutor } from '../src/training/executors';
import { openView } from '../src/training/view';
import { type FromViewer, type ToViewer, transferables } from './protocol';

const scope = self as unknown as DedicatedWorkerGlobalScope;
let view: Promise<View> | null = null;

function post(message: FromViewer): void {
  scope.postMessage(message, transferables(message));
}

async function answer(message: ToViewer): Promise<void> {
  const { request } = message;
  if (message.kind === 'open') {
    const { executor } = await chooseExecutor('auto');
    view = openView(message.spec, executor, (what, done, of) => post({ kind: 'preparing', request, what, done, of }));
    post({ kind: 'opened', request, stage: (await view).stage });
    return;
  }
  if (view === null) throw new Error(`expected “open” before “${message.kind}”`);
  const { snapshot, at } = message;
  const opened = await view;
  switch (message.kind) {
    case 'map':
      post({ kind: 'map', request, map: await opened.map(snapshot, at) });
      return;
    case 'episode':
      post({ kind: 'episode', request, episode: await opened.episode(snapshot, at, message.seed, message.start) });
      return;
    default:
      message satisfies never;
  }
}

// One at a time and in order: a view answers its calls in turn.
let last = Promise.resolve();
scope.onmessage = ({ data: message }: MessageEvent<ToViewer>) => {
  last = last.then(() =>
    answer(message).catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : String(error);
      post({ kind: 'failed', request: message.request, detail });
    }),
  );
};
