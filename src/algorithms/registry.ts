/** Every algorithm the lab offers. A new one is its file and a line here. */
import type { Algorithm } from './algorithm';
import { bc } from './bc';
import { cql } from './cql';
import { iql } from './iql';
import { sac } from './sac';
import { td3bc } from './td3bc';

export const algorithms: Readonly<Record<string, Algorithm>> = Object.fromEntries(
  ([bc, td3bc, iql, sac, cql] as unknown as Algorithm[]).map((algorithm) => [algorithm.id, algorithm]),
);
