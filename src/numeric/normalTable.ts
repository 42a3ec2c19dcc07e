/**
 * Quantiles of the standard normal distribution, and the integer table from which normal numbers are drawn. Only IEEE
 * operations (through `log` of ./math), so the table has the same integers in every engine.
 */
import { log } from './math';

/**
 * Φ⁻¹(p), the standard normal quantile, with a relative error of about 1e-16. −Infinity at 0, Infinity at 1.
 *
 * @throws RangeError if p is outside [0, 1]
 * @see Wichura 1988, algorithm AS 241 (PPND16), https://doi.org/10.2307/2347330
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`p: expected 0 to 1, got ${p}`);
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(centreNumerator, r)) / polynomial(centreDenominator, r);
  }
  const tail = q < 0 ? p : 1 - p;
  if (tail === 0) return q < 0 ? -Infinity : Infinity;
  const r = Math.sqrt(-log(tail));
  const size =
    r <= 5
      ? polynomial(middleNumerator, r - 1.6) / polynomial(middleDenominator, r - 1.6)
      : polynomial(tailNumerator, r - 5) / polynomial(tailDenominator, r - 5);
  return q < 0 ? -size : size;
}

/** Coefficients, constant first. */
const centreNumerator = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const centreDenominator = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854,
];
const middleNumerator = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
];
const middleDenominator = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const tailNumerator = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
];
const tailDenominator = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548,
  1.421511758316446e-7, 2.0442631033899397e-15,
];

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i];
  return sum;
}

/** The table documented at `normalTable` in ./random. */
export function buildNormalTable(): Int32Array {
  const table = new Int32Array(2048);
  let octave = 2.3283064365386963e-10; // 2⁻³²
  for (let start = 0; start < 1984; start += 64, octave *= 2) {
    for (let segment = 0; segment < 64; segment++) {
      const p = octave * (1 + segment / 64);
      table[start + segment] = Math.floor(-normalQuantile(p) * 1048576 + 0.5);
    }
  }
  return table; // entry 1984, p = ½, is 0 already
}
