/** What is being edited: the recipe of the sentence, the settings panel and the address bar. */
import type { StateCreator } from 'zustand/vanilla';
import type { Problem } from '../spec/problems';
import type { RunSpec } from '../spec/runSpec';

/** A bar of words on the page, until it is closed. */
export interface Message {
  readonly id: number;
  readonly problems: readonly Problem[];
  /** The run it speaks of; null for a link or an edit. */
  readonly runId: string | null;
}

export interface RecipeSlice {
  /** Start values; its `changes` are those of the run it belongs to, if any. */
  readonly recipe: RunSpec;
  /** The digest a shared link promised (its first digits); cleared by the first edit. */
  readonly shared: { readonly digest: string } | null;
  readonly messages: readonly Message[];
  /** Another recipe as a whole: a link, a preset, an edit. */
  recipeReplaced: (recipe: RunSpec, shared?: RecipeSlice['shared']) => void;
  problemsFound: (problems: readonly Problem[], runId?: string | null) => void;
  messageClosed: (id: number) => void;
  /** What was said of a run, or (null) of a link or an edit, no longer matters. */
  messagesCleared: (runId: string | null) => void;
}

export const createRecipeSlice =
  (first: RunSpec): StateCreator<RecipeSlice> =>
  (set) => {
    let nextMessage = 0;
    return {
      recipe: first,
      shared: null,
      messages: [],
      recipeReplaced: (recipe, shared = null) => set({ recipe, shared }),
      problemsFound: (problems, runId = null) => {
        if (problems.length === 0) return;
        const message: Message = { id: nextMessage++, problems, runId };
        set(({ messages }) => ({ messages: [...messages, message] }));
      },
      messagesCleared: (runId) =>
        set(({ messages }) => ({ messages: messages.filter((message) => message.runId !== runId) })),
      messageClosed: (id) => set(({ messages }) => ({ messages: messages.filter((message) => message.id !== id) })),
    };
  };
