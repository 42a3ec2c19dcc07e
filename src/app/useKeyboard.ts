import { useEffect } from 'react';

/**
 * Single keys for commands (product.md §4). They work outside fields only, never with a modifier other than Shift, and not where the
 * key means something to what has the focus: a space presses a focused button.
 */
export function useKeyboard(isOn: boolean, actions: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (target && (isField(target) || (event.key === ' ' && isPressable(target)))) return;
      const key =
        event.shiftKey && event.code === 'Period'
          ? 'Shift .'
          : event.key.length === 1
            ? event.key.toLowerCase()
            : event.key;
      // The list of keys itself, which holds the switch, can always be reached.
      if (!isOn && key !== '?') return;
      const action = actions[key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [isOn, actions]);
}

function isField(element: HTMLElement): boolean {
  return (
    element.isContentEditable ||
    /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) ||
    element.getAttribute('role') === 'slider'
  );
}
function isPressable(element: HTMLElement): boolean {
  return /^(BUTTON|A|SUMMARY)$/.test(element.tagName) || element.getAttribute('role') === 'menuitem';
}
