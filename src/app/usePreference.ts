import { useState } from 'react';

/** A yes-or-no preference that survives a visit, where storage is allowed; else it lives as long as the page. */
export function usePreference(name: string, initial: boolean): readonly [boolean, (value: boolean) => void] {
  const key = `regime-lab-${name}`;
  const [value, setValue] = useState(() => {
    try {
      const stored = localStorage.getItem(key);
      return stored === null ? initial : stored === 'true';
    } catch {
      return initial;
    }
  });
  return [
    value,
    (next) => {
      setValue(next);
      try {
        localStorage.setItem(key, String(next));
      } catch {
        // Private window: the choice lasts until the tab closes.
      }
    },
  ];
}
