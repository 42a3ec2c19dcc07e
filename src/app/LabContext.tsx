/** The laboratory, handed down: commands by `useLaboratory`, facts by `useLab` with a selector for the one value a part draws. */
import { createContext, type ReactNode, use } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { RunSpec } from '../spec/runSpec';
import { currentRun, currentRuns, knobsOf, type Laboratory } from '../store/laboratory';
import type { RunView } from '../store/runsSlice';
import type { LabState } from '../store/store';

const LabContext = createContext<Laboratory | null>(null);

export function LabProvider({ laboratory, children }: { laboratory: Laboratory; children: ReactNode }) {
  return <LabContext value={laboratory}>{children}</LabContext>;
}

export function useLaboratory(): Laboratory {
  const laboratory = use(LabContext);
  if (!laboratory) throw new Error('expected a LabProvider above');
  return laboratory;
}

export function useLab<Value>(select: (state: LabState) => Value): Value {
  return useStore(useLaboratory().store, select);
}

/** The run that the transport steers, while the recipe still is its own. */
export function useCurrentRun(): RunView | null {
  return useLab(currentRun);
}

/** All runs the transport steers: one, or those of a sweep in the order of values. */
export function useCurrentRuns(): readonly RunView[] {
  return useStore(useLaboratory().store, useShallow(currentRuns));
}

const knobs = new WeakMap<RunSpec, { run: RunView | null; place: string; spec: RunSpec }>();
/** The recipe as its knobs stand now. The same object as long as nothing moved. */
export function useKnobs(): RunSpec {
  return useLab((state) => {
    const run = currentRun(state);
    // Only recipes with changes depend on where the run stands.
    if (state.recipe.changes.length === 0) return state.recipe;
    const place = JSON.stringify(run?.seeds.map(({ at }) => at));
    const known = knobs.get(state.recipe);
    if (known && known.run?.id === run?.id && known.place === place) return known.spec;
    const spec = knobsOf(state.recipe, run);
    const same = known && JSON.stringify(known.spec) === JSON.stringify(spec) ? known.spec : spec;
    knobs.set(state.recipe, { run, place, spec: same });
    return same;
  });
}
