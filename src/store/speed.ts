/** The speed test's own store: it has nothing to do with runs, and its screen is loaded on demand. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  type BenchWorker,
  createBenchWorker,
  type SpeedOptions,
  type SpeedReport,
  type SpeedRow,
  type SpeedSkip,
  type SpeedStage,
  SpeedTest,
} from '../../workers/bench/client';

export type { LocalExecutor, SpeedReport, SpeedRow, SpeedSkip, SpeedStage } from '../../workers/bench/client';

export interface SpeedState {
  readonly status: 'idle' | 'running' | 'finished' | 'cancelled' | 'failed';
  /** Of the whole test, 0 to 1. */
  readonly share: number;
  readonly stage: SpeedStage | null;
  /** What was found so far; kept when the test is cancelled or fails. */
  readonly rows: readonly SpeedRow[];
  readonly skipped: readonly SpeedSkip[];
  readonly report: SpeedReport | null;
  /** Why it failed. */
  readonly reason: string;
}
const idle: SpeedState = {
  status: 'idle',
  share: 0,
  stage: null,
  rows: [],
  skipped: [],
  report: null,
  reason: '',
};

export class SpeedBench {
  readonly store: StoreApi<SpeedState> = createStore<SpeedState>()(() => idle);
  private readonly test: SpeedTest;
  private round = 0;

  constructor(createWorker: () => BenchWorker = createBenchWorker) {
    this.test = new SpeedTest(createWorker);
  }

  /** Resolves when the test is over, however it ended. A second start ends the first. */
  async start(options: SpeedOptions = {}): Promise<void> {
    const round = ++this.round;
    this.test.cancel();
    this.store.setState({ ...idle, status: 'running' }, true);
    await this.test.start(options, (event) => {
      // The end of the test before is told after this one has begun.
      if (round !== this.round) return;
      switch (event.kind) {
        case 'progress':
          return this.store.setState({ share: event.share, stage: event.stage });
        case 'rows':
          return this.store.setState({ rows: event.rows });
        case 'skipped':
          return this.store.setState(({ skipped }) => ({ skipped: [...skipped, event.skip] }));
        case 'finished':
          return this.store.setState({ status: 'finished', share: 1, stage: null, report: event.report });
        case 'cancelled':
          return this.store.setState({ status: 'cancelled', stage: null });
        case 'failed':
          return this.store.setState({ status: 'failed', stage: null, reason: event.reason });
        default:
          return event satisfies never;
      }
    });
  }

  cancel(): void {
    this.test.cancel();
  }
}
