import { useEffect, useRef } from 'react';
import { decodeLink, encodeLink } from '../spec/link';
import type { Laboratory } from '../store/laboratory';

/** Browsers refuse more than about a hundred writes in half a minute. */
const writeMilliseconds = 300;

/**
 * The address bar always holds the current recipe, so that a reload restores it and copying the address shares it. Another preset
 * makes an entry in the history: Back undoes it. A fragment pasted over ours is opened like any link.
 */
export function useAddress(laboratory: Laboratory): void {
  const written = useRef(location.hash);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let preset = laboratory.store.getState().recipe.preset;
    const write = () => {
      const { recipe, shared } = laboratory.store.getState();
      const fragment = encodeLink(recipe, shared?.digest ? { digest: shared.digest } : {});
      if (fragment === written.current) return;
      written.current = fragment;
      if (recipe.preset === preset) history.replaceState(null, '', fragment);
      else history.pushState(null, '', fragment);
      preset = recipe.preset;
    };
    const unsubscribe = laboratory.store.subscribe((state, before) => {
      if (state.recipe === before.recipe && state.shared === before.shared) return;
      clearTimeout(timer);
      timer = setTimeout(write, state.recipe.preset === preset ? writeMilliseconds : 0);
    });
    const open = () => {
      if (location.hash === written.current) return;
      written.current = location.hash;
      const { spec, problems, digest } = decodeLink(location.hash);
      preset = spec.preset;
      laboratory.store.getState().messagesCleared(null);
      laboratory.replaceRecipe(spec, digest ? { digest } : null);
      laboratory.store.getState().problemsFound(problems);
    };
    // Back and a pasted fragment both change the hash.
    window.addEventListener('hashchange', open);
    window.addEventListener('popstate', open);
    write();
    return () => {
      clearTimeout(timer);
      unsubscribe();
      window.removeEventListener('hashchange', open);
      window.removeEventListener('popstate', open);
    };
  }, [laboratory]);
}
