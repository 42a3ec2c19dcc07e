/** Replicas share a memory and a dataset, and nothing else: each is a lone session to the last bit. */
import { expect, test } from 'vitest';
import { algorithms } from '../../algorithms/registry';
import { environmentOf } from '../../datasets/dataset';
import { sha256Hex } from '../../numeric/digest';
import { stream } from '../../numeric/random';
import { defaultsOf } from '../../schema/fields';
import { assemble } from '../../training/assemble';
import { specWith } from '../../training/testing';
import type { Session } from '../executor';
import type { Plan } from '../program/plan';
import type { ProgramSet } from '../program/program';
import { wasmExecutor } from './session';
import { randomFloats } from './testing';

const seeds = [7, 0, 123_456];
const capacities = { dataCapacity: 40, replayCapacity: 9 };

/** A small learner of the algorithm, in an environment whose actions it knows. */
function programsOf(id: string): ProgramSet {
  const { capabilities, params } = algorithms[id];
  const spec = specWith('stitching', {
    'environment.id': capabilities.actions.includes('box') ? 'pointMaze' : 'cartPole',
    'network.hiddenSize': 16,
    'network.batch': 16,
  });
  const { environment } = environmentOf(spec.environment);
  return assemble(
    { ...spec, offline: { algorithm: id, params: defaultsOf(params), updates: 1 } },
    'offline',
    environment,
  );
}

/** Digests of the arrays in an answer: quick to compare. */
function fingerprint(answer: unknown): unknown {
  if (answer instanceof Float32Array || answer instanceof Uint8Array)
    return sha256Hex(new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength));
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, fingerprint(value)]));
}

/** What one learner does, one thing after another. */
function life(replica: number, { record: { stride }, batch, entries }: Plan) {
  const replay = randomFloats(9 * stride, 50 + replica);
  const ask = (session: Session, query: string, counter: number) => {
    const { rows, columns } = entries[query].inputs['observation'].shape;
    return session.query(query, { observation: randomFloats(rows * columns, 90 + replica) }, counter);
  };
  return [
    async (session: Session) => session.setScalar('learningRate', 1e-3 * (replica + 1)),
    (session: Session) => session.run(2),
    (session: Session) => session.writeRecords('replay', 0, replay.subarray(0, 4 * stride), 4),
    async (session: Session) => session.setBatchSplit({ offlineColumns: batch / 2 + replica }),
    (session: Session) => ask(session, 'explore', replica),
    (session: Session) => session.run(3 + replica, true),
    (session: Session) => session.writeRecords('replay', 4, replay.subarray(4 * stride), 9),
    async (session: Session) => session.setBatchSplit({ offlineColumns: replica === 1 ? 'proportional' : 2 }),
    (session: Session) => ask(session, 'judge', 0),
    (session: Session) => session.run(2),
    (session: Session) => session.readReplay(9),
    (session: Session) => session.readState(),
  ];
}

test.each(Object.keys(algorithms))('%s: three replicas in any order are three lone sessions', async (id) => {
  const programs = programsOf(id);
  const data = randomFloats(40 * programs.record.stride, 2);
  const expected: unknown[][] = [];
  const lives: ReturnType<typeof life>[] = [];
  for (const [replica, seed] of seeds.entries()) {
    const session = await wasmExecutor.open(programs, { seed, ...capacities });
    lives.push(life(replica, session.plan));
    await session.writeRecords('data', 0, data, 40);
    const said: unknown[] = [];
    for (const act of lives[replica]) said.push(fingerprint(await act(session)));
    expected.push(said);
  }
  for (const order of [1, 2, 3]) {
    const random = stream(order, 'test');
    const sessions = await wasmExecutor.openReplicas(programs, { seeds, ...capacities });
    await sessions[order % 3].writeRecords('data', 0, data, 40);
    const said: unknown[][] = seeds.map(() => []);
    for (;;) {
      const living = seeds
        .map((_, replica) => replica)
        .filter((replica) => said[replica].length < expected[replica].length);
      if (living.length === 0) break;
      const replica = living[random.index(living.length)];
      said[replica].push(fingerprint(await lives[replica][said[replica].length](sessions[replica])));
    }
    expect(said).toEqual(expected);
  }
});
