import { describe, expect, test } from 'vitest';
import { HiddenTab } from './hiddenTab';

const minute = 60_000;
/** A tab whose clock and visibility the test moves. */
function tab() {
  let time = 1000;
  let hidden = false;
  let listener = () => {};
  const watch = new HiddenTab({
    now: () => time,
    isHidden: () => hidden,
    onChange: (told) => {
      listener = told;
      return () => {
        listener = () => {};
      };
    },
  });
  const show = (visible: boolean) => {
    hidden = !visible;
    listener();
  };
  const wait = (milliseconds: number) => {
    time += milliseconds;
  };
  return { watch, show, wait };
}

describe('a hidden tab', () => {
  test('that goes on training says nothing', () => {
    const { watch, show, wait } = tab();
    watch.begin();
    show(false);
    for (let second = 0; second < 600; second++) {
      wait(1000);
      expect(watch.heard()).toBeNull();
    }
  });
  test('whose workers fell silent is said once, in whole minutes', () => {
    const { watch, show, wait } = tab();
    watch.begin();
    show(false);
    wait(6.2 * minute);
    expect(watch.heard()).toBe(6);
    wait(100);
    expect(watch.heard()).toBeNull();
  });
  test('is said too where it is seen again before its workers are heard', () => {
    const { watch, show, wait } = tab();
    watch.begin();
    show(false);
    wait(40_000);
    show(true);
    wait(50);
    expect(watch.heard()).toBe(1);
  });
  test('that was paused by hand says nothing after Run', () => {
    const { watch, show, wait } = tab();
    watch.begin();
    watch.rest();
    expect(watch.heard()).toBeNull();
    show(false);
    wait(10 * minute);
    watch.begin();
    wait(100);
    expect(watch.heard()).toBeNull();
  });
});

test('a silence in a tab that was never hidden is no matter of the browser', () => {
  const { watch, wait } = tab();
  watch.begin();
  wait(5 * minute);
  expect(watch.heard()).toBeNull();
});

test('a tab that is no longer watched is not listened to', () => {
  const { watch, show, wait } = tab();
  watch.begin();
  watch.dispose();
  show(false);
  show(true);
  wait(5 * minute);
  expect(watch.heard()).toBeNull();
});
