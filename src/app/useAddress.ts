import { useCallback, useEffect, useRef, useState } from 'react';
import { decodeLink, encodeLink } from '../spec/link';
import type { Laboratory } from '../store/laboratory';
import { readAddress, type Screen, writeAddress } from './address';

/** Browsers refuse more than about a hundred writes in half a minute. */
const writeMilliseconds = 300;

/**
 * The address bar always holds the current recipe, so that a reload restores it and copying the address shares it, and before it the
 * screen that is shown. Another preset or screen makes an entry in the history: Back undoes it. A fragment pasted over ours is opened
 * like any link. Gives the screen and the way to another one.
 */
export function useAddress(laboratory: Laboratory): readonly [Screen, (screen: Screen) => void] {
  const [screen, setScreen] = useState(() => readAddress(location.hash).screen);
  const shown = useRef(screen);
  const written = useRef(location.hash);
  /** Screens this page has put on top of the Lab in the history. */
  const above = useRef(0);

  const recipeFragment = useCallback(() => {
    const { recipe, shared } = laboratory.store.getState();
    return encodeLink(recipe, shared?.digest ? { digest: shared.digest } : {});
  }, [laboratory]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let preset = laboratory.store.getState().recipe.preset;
    const write = () => {
      const { recipe } = laboratory.store.getState();
      const fragment = writeAddress({ screen: shown.current, experiment: recipeFragment() });
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
      const { experiment: before } = readAddress(written.current);
      const { screen: next, experiment } = readAddress(location.hash);
      written.current = location.hash;
      if (next === 'lab') above.current = 0;
      shown.current = next;
      setScreen(next);
      // A screen's word alone leaves the experiment as it is.
      if (experiment === before || (next !== 'lab' && experiment === '')) return write();
      const { spec, problems, digest } = decodeLink(experiment);
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
  }, [laboratory, recipeFragment]);

  const go = useCallback(
    (next: Screen) => {
      if (next === shown.current) return;
      // Closing a screen that was opened here is Back, so that Back does not open it again.
      if (next === 'lab' && above.current > 0) return history.back();
      if (next !== 'lab') above.current++;
      shown.current = next;
      written.current = writeAddress({ screen: next, experiment: recipeFragment() });
      history.pushState(null, '', written.current);
      setScreen(next);
    },
    [recipeFragment],
  );
  return [screen, go];
}
