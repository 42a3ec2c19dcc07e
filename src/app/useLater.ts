import { useEffect, useState } from 'react';

/**
 * `value`, some milliseconds late. Charts that follow one event draw one after another instead of in one long task; the newest
 * value is never lost.
 */
export function useLater<Value>(value: Value, milliseconds: number): Value {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(() => value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return late;
}
