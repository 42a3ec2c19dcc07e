/** All facts the page draws, in one store. Slices are independent; commands live in `laboratory.ts`. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { RunSpec } from '../spec/runSpec';
import { createRecipeSlice, type RecipeSlice } from './recipeSlice';
import { createRunsSlice, type RunsSlice } from './runsSlice';
import { createStageSlice, type StageSlice } from './stageSlice';

export type LabState = RecipeSlice & RunsSlice & StageSlice;
export type LabStore = StoreApi<LabState>;

export function createLabStore(recipe: RunSpec): LabStore {
  return createStore<LabState>()((...api) => ({
    ...createRecipeSlice(recipe)(...api),
    ...createRunsSlice(...api),
    ...createStageSlice(...api),
  }));
}
